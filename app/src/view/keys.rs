//! What a key or a click means. One place for the rules that protect input methods.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

/// The code of a key that an input method is taking.
const TAKEN: u32 = 229;

/// The key, unless an input method is composing: then no key means anything to us, Enter, Escape and arrows alike.
pub fn key(event: &KeyboardEvent) -> Option<String> {
    (!event.is_composing() && event.key_code() != TAKEN).then(|| event.key())
}

/// Whether no modifier is held.
pub fn plain(event: &KeyboardEvent) -> bool {
    !(event.ctrl_key() || event.alt_key() || event.meta_key() || event.shift_key())
}

/// Whether a click on a link is ours to follow; one with a modifier opens a tab or a window.
pub fn follows(event: &MouseEvent) -> bool {
    event.button() == 0 && !(event.ctrl_key() || event.alt_key() || event.meta_key() || event.shift_key())
}

/// Takes a click on a link that the application follows itself.
pub fn take(event: &MouseEvent) -> bool {
    let ours = follows(event);
    if ours {
        event.prevent_default();
    }
    ours
}

/// Moves the focus.
pub fn focus(element: Option<impl JsCast>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// What has the focus may be gone in a moment: if that is in the log, the log takes it.
pub fn stay_in_log() {
    let log = document().active_element().and_then(|focused| focused.closest("[role=log]").ok().flatten());
    focus(log);
}

/// Whether list and conversation stand side by side, as in the style sheet.
pub fn wide() -> bool {
    let width = leptos::prelude::window().inner_width();
    width.ok().and_then(|width| width.as_f64()).is_some_and(|width| width > 760.0)
}
