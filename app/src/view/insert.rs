//! Puts text where somebody writes.

use leptos::web_sys::{Event, HtmlTextAreaElement};

/// Puts text at the caret, which stays behind it, and lets the text area's listeners know.
pub fn insert(field: &HtmlTextAreaElement, text: &str) {
    let start = field.selection_start().ok().flatten().unwrap_or_default();
    let end = start + u32::try_from(text.encode_utf16().count()).unwrap_or_default();
    // A text area takes any text and any place within it.
    let _ = field.set_range_text(text);
    let _ = field.set_selection_range(end, end);
    if let Ok(event) = Event::new("input") {
        let _ = field.dispatch_event(&event);
    }
}
