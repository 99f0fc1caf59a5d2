//! The few things of the browser that everything here needs.

use protocol::{ClientId, Millis};
use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlDocument, Window};

pub fn window() -> Window {
    web_sys::window().expect("the front end runs in a page")
}

pub fn document() -> Document {
    window().document().expect("a page has a document")
}

/// Milliseconds since the epoch by this device's clock.
pub fn now() -> Millis {
    js_sys::Date::now() as Millis
}

/// A number for spreading retries; nothing secret depends on it.
pub fn random() -> u64 {
    (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64
}

/// A new idempotency key.
pub fn fresh_client_id() -> ClientId {
    let mut bytes = [0; 10];
    let filled = window().crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    if filled.is_err() {
        bytes.iter_mut().for_each(|byte| *byte = (js_sys::Math::random() * 256.0) as u8);
    }
    ClientId::from_parts(now(), bytes)
}

/// Minutes to add to UTC for local time.
pub fn utc_offset() -> i32 {
    -(js_sys::Date::new_0().get_timezone_offset() as i32)
}

/// Keeps a cookie for a year, for the whole site.
pub fn keep_cookie(name: &str, value: &str) {
    let document: HtmlDocument = document().unchecked_into();
    let secure =
        if window().location().protocol().is_ok_and(|protocol| protocol == "https:") { "; Secure" } else { "" };
    // A browser that keeps no cookies keeps its defaults.
    let _ = document.set_cookie(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax{secure}"));
}

/// The path of the page.
pub fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// Shows a path in the address bar, as a new entry of the history.
pub fn visit(to: &str) {
    if path() != to
        && let Ok(history) = window().history()
    {
        let _ = history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(to));
    }
}

/// Leaves for another page.
pub fn leave_for(path: &str) {
    let _ = window().location().assign(path);
}
