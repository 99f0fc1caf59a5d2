//! The front end in the browser: it makes the server-rendered page live.
//!
//! Purpose: everything that needs a browser, and nothing else: HTTP, the socket, storage, time, the address bar.
//! Invariants: one [`driver::Driver`] owns the model; whatever happens becomes one step of it, in order.
//! Deliberately absent: rules and views; they stand in `sync` and `app`.

// The type of a page is as deep as the page.
#![recursion_limit = "256"]

mod browser;
mod driver;
mod events;
mod http;
mod socket;
mod storage;
mod timeout;

use app::backend::Messenger;
use wasm_bindgen::prelude::wasm_bindgen;

/// Hydrates the page. Without a snapshot that this version understands the page stays as the server rendered it.
#[wasm_bindgen]
pub fn hydrate() {
    let snapshot = browser::document().get_element_by_id("snapshot").and_then(|element| element.text_content());
    let Some(messenger) = snapshot.and_then(|json| serde_json::from_str::<Messenger>(&json).ok()) else { return };
    let (account, utc_offset) = (messenger.account.id, messenger.preferences.utc_offset);
    app::hydrate(messenger, move |live| driver::Driver::start(live, account, utc_offset));
}
