//! The few things of the browser that everything here needs.

use app::preferences::Preferences;
use app::wide;
use js_sys::{Promise, Reflect};
use protocol::{ClientId, ConversationId, Millis};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Clipboard, Document, HtmlDocument, HtmlElement, HtmlTextAreaElement, ServiceWorkerContainer, VisibilityState,
    Window,
};

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

/// What the browser keeps under a name, where scripts may read it.
pub fn cookie(name: &str) -> Option<String> {
    let found = cookies();
    found
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|pair| pair.0 == name)
        .map(|pair| pair.1.to_owned())
}

fn cookies() -> String {
    document().unchecked_into::<HtmlDocument>().cookie().unwrap_or_default()
}

/// Whether anybody sees the page.
pub fn visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// The path of the page.
fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// The conversation that the address names.
pub fn conversation() -> Option<ConversationId> {
    path().strip_prefix("/c/")?.parse().ok()
}

/// The state of an entry of the history that was made from the list.
const FROM_LIST: &str = "list";

/// Shows a path in the address bar, as a new entry of the history. Another place on the same page is none.
pub fn visit(to: &str) {
    let path = path();
    if path == to {
        return;
    }
    let Ok(history) = window().history() else { return };
    let _ = match to.split('#').next() == Some(path.as_str()) {
        true => history.replace_state_with_url(&history.state().unwrap_or_default(), "", Some(to)),
        false => {
            let from_list = if path == "/" { JsValue::from_str(FROM_LIST) } else { JsValue::NULL };
            history.push_state_with_url(&from_list, "", Some(to))
        }
    };
}

/// Shows the list in the address bar. Where list and conversation take turns, going back from the list never leads to a
/// conversation that one has just left. Answers whether the address shows it already; else the browser tells when it does.
pub fn back() -> bool {
    let Ok(history) = window().history() else { return false };
    if wide() || path() == "/" {
        visit("/");
        return true;
    }
    let from_list = history.state().is_ok_and(|state| state.as_string().as_deref() == Some(FROM_LIST));
    if from_list && history.back().is_ok() {
        return false;
    }
    history.replace_state_with_url(&JsValue::NULL, "", Some("/")).is_ok()
}

/// Shows the list in the address bar in the place of a conversation that is gone: a reload would not find it.
pub fn leave(id: ConversationId) {
    if conversation() == Some(id)
        && let Ok(history) = window().history()
    {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some("/"));
    }
}

/// Where the page's emoji are.
pub fn emoji_url() -> String {
    let meta = document().query_selector("meta[name=emoji]").ok().flatten();
    meta.and_then(|meta| meta.get_attribute("content")).unwrap_or_default()
}

/// Puts a text on the clipboard, and tells whether it is there.
pub fn copy(text: &str, told: impl FnOnce(bool) + 'static) {
    let navigator = window().navigator();
    // Browsers have it in secure contexts only.
    let clipboard = Reflect::get(&navigator, &"clipboard".into()).ok().filter(JsValue::is_object);
    match clipboard {
        Some(clipboard) => {
            let written = clipboard.unchecked_into::<Clipboard>().write_text(text);
            // A browser that refuses keeps what was on the clipboard.
            spawn_local(async move { told(JsFuture::from(written).await.is_ok()) });
        }
        None => {
            let copied = copy_by_command(text) == Some(true);
            spawn_local(async move { told(copied) });
        }
    }
}

/// The old way: copies what is selected in a text area of the document.
fn copy_by_command(text: &str) -> Option<bool> {
    let document: HtmlDocument = document().unchecked_into();
    let focused = document.active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
    let area: HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    area.set_value(text);
    area.set_class_name("unseen");
    document.body()?.append_child(&area).ok()?;
    area.select();
    let copied = document.exec_command("copy");
    area.remove();
    if let Some(focused) = focused {
        let _ = focused.focus();
    }
    copied.ok()
}

/// A promise that is kept after so many milliseconds.
pub fn after(millis: u64) -> Promise {
    let millis = i32::try_from(millis).unwrap_or(i32::MAX);
    Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    })
}

/// Lets the browser start the messenger without a network, where it can.
pub fn register_service_worker() {
    let container = Reflect::get(&window().navigator(), &"serviceWorker".into()).ok();
    if let Some(container) = container.and_then(|it| it.dyn_into::<ServiceWorkerContainer>().ok()) {
        let registered = container.register("/service-worker.js");
        spawn_local(async move { drop(JsFuture::from(registered).await) });
    }
}

/// Takes away what the page says while it has nothing to show, and sets it as the person has it.
pub fn clear_shell(preferences: &Preferences) {
    let document = document();
    if let Some(shell) = document.get_element_by_id("shell") {
        shell.remove();
    }
    if let Some(root) = document.document_element() {
        // The only failure is a malformed attribute name.
        let _ = root.set_attribute("lang", preferences.language.tag());
        let _ = root.set_attribute("data-theme", preferences.theme.name());
    }
}

/// What this browser is set to, as the server would have read it from a request.
pub fn preferences() -> Preferences {
    let languages = window().navigator().languages().join(",");
    let mut preferences = Preferences::from_headers(&cookies(), &String::from(languages), now());
    preferences.utc_offset = utc_offset();
    preferences
}

/// Leaves for another page.
pub fn leave_for(path: &str) {
    let _ = window().location().assign(path);
}

/// Reads JSON with the browser's own parser. Reading the types of the protocol from its values takes much less code than
/// reading them from text; numbers are below 2^53 by contract.
pub fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_wasm_bindgen::from_value(js_sys::JSON::parse(text).ok()?).ok()
}
