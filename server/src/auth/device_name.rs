//! What a browser is called among the devices of an account.

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use protocol::DeviceName;

/// What to call a device that does not say: its browser and system, as far as they are well known.
pub fn device_name(headers: &HeaderMap) -> DeviceName {
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = |names: &[(&'static str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // The order matters: every browser also claims to be those below it.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    let name = match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => agent.split(['/', ' ']).next().unwrap_or_default().chars().take(DeviceName::MAX).collect(),
    };
    DeviceName::try_from(name).unwrap_or_else(|_| DeviceName::try_from("Browser").expect("it is a valid name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_after_browser_and_system() {
        let name = |agent: &str| {
            let headers = HeaderMap::from_iter([(USER_AGENT, agent.parse().unwrap())]);
            String::from(device_name(&headers))
        };
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        assert_eq!(name(chrome), "Chrome, Linux");
        assert_eq!(name(&format!("{chrome} Edg/140.0")), "Edge, Linux");
        assert_eq!(
            name("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"),
            "Safari, iPhone"
        );
        assert_eq!(name("curl/8.5"), "curl");
        assert_eq!(name(""), "Browser");
        assert_eq!(name(&"x".repeat(500)).len(), 64);
    }
}
