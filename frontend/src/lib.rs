//! The front end in the browser: it makes the server-rendered page live.
//!
//! Purpose: everything that needs a browser, and nothing else: HTTP, the socket, storage, time, the address bar.
//! Invariants: one [`driver::Driver`] owns the model; whatever happens becomes one step of it, in order.
//! Deliberately absent: rules and views; they stand in `sync` and `app`.

// The type of a page is as deep as the page.
#![recursion_limit = "256"]

mod account;
mod attachments;
mod bindings;
mod brought;
mod browser;
mod clock;
mod connection;
mod database;
mod driver;
mod errands;
mod events;
mod http;
mod prepared;
mod sealing;
mod socket;
mod storage;
mod stream;
mod tabs;
mod timeout;
mod upload;

use app::backend::{Form, Messenger};
use app::live::Live;
use protocol::ConversationId;
use storage::{Found, Storage};
use wasm_bindgen::prelude::wasm_bindgen;

/// Brings the page to life. One with a snapshot that this version does not understand stays as the server rendered it; one
/// without shows what this device keeps.
#[wasm_bindgen]
pub fn hydrate() {
    let snapshot = browser::document().get_element_by_id("snapshot").and_then(|element| {
        // What it says may be taken back later (R001-18).
        element.remove();
        element.text_content()
    });
    match snapshot.map(|json| browser::parse::<Messenger>(&json)) {
        Some(Some(messenger)) => {
            let begin = begin(&messenger, None);
            app::hydrate(messenger, begin);
        }
        Some(None) => {}
        None => wasm_bindgen_futures::spawn_local(async {
            // Where nothing is stored, the page says what it says.
            let _ = show_what_is_kept().await;
        }),
    }
}

/// Without a server: the list and the conversations as they are stored.
async fn show_what_is_kept() -> Option<()> {
    let account = storage::last_account()?;
    let (_, Found { stored, .. }) = Storage::open(account).await;
    let start = stored?.start();
    let messenger = Messenger {
        preferences: browser::preferences(),
        account: start.account,
        rules: start.rules,
        older: start.sync.older.clone(),
        sync: start.sync,
        shown: None,
        open: None,
        client_id: browser::fresh_client_id(),
        form: Form::default(),
    };
    browser::clear_shell(&messenger.preferences);
    let begin = begin(&messenger, browser::conversation());
    app::mount(messenger, begin);
    Some(())
}

fn begin(messenger: &Messenger, open: Option<ConversationId>) -> impl FnOnce(Live) -> app::backend::Backend + use<> {
    account::show(messenger.account.id);
    sealing::begin(messenger.account.id, messenger.preferences.now);
    let account = messenger.account.id;
    move |live| driver::Driver::start(live, account, open)
}
