//! The page that somebody wanted who had to log in first.

/// A path of our own, with its query; "/" in place of anything else. It never leads to another site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    const LONGEST: usize = 512;

    /// Browsers take "//host" and "/\host" for other sites, and leave out control characters.
    pub fn parse(said: Option<&str>) -> Self {
        let said = said.unwrap_or_default();
        let own = said.starts_with('/') && !said.starts_with("//") && said.len() <= Self::LONGEST;
        let plain = said.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        // These are no places to be.
        let nowhere = ["/login", "/logout", "/register", "/api/"].iter().any(|path| said.starts_with(path));
        Self(if own && plain && !nowhere { said.to_owned() } else { "/".to_owned() })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a form carries on: nothing for the start page.
    pub fn carried(&self) -> Option<String> {
        (self.0 != "/").then(|| self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R002-03: whoever logs in goes on to a page of this server, whatever a link says.
    #[test]
    fn one_returns_to_no_other_site() {
        for own in ["/", "/c/5", "/c/5?before=3", "/join/abc", "/contacts?query=%E5%BC%A0"] {
            assert_eq!(ReturnTo::parse(Some(own)).as_str(), own);
        }
        let long = format!("/{}", "x".repeat(ReturnTo::LONGEST));
        for other in [
            "",
            "c/5",
            "//evil",
            "///evil",
            "/\\evil",
            "\\\\evil",
            "https://evil",
            "javascript:alert(1)",
            "/\t/evil",
            "/a b",
            "/a\r\nset-cookie: x",
            "/login?to=/login",
            "/logout",
            "/api/v1/sync",
            &long,
            "/张",
        ] {
            assert_eq!(ReturnTo::parse(Some(other)).as_str(), "/", "{other:?}");
        }
        assert_eq!(ReturnTo::parse(None).carried(), None);
    }
}
