//! How far the upload of a message's picture or file has come.

use super::icon::Icon;
use super::keys;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::view::boxed::{hear, tracked};
use leptos::prelude::*;
use protocol::ClientId;

/// How much of one's own picture or file is on the server, and the way to give it up.
#[component]
pub fn Uploading(model: Model, id: ClientId) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let give_up = move |_| {
        keys::stay_in_log();
        backend.tell(Intent::Discard(id));
    };
    let there = Memo::new(move |_| model.uploads.with(|uploads| uploads.contains_key(&id)));
    let percent = Memo::new(move |_| model.uploads.with(|uploads| uploads.get(&id).copied().unwrap_or_default()));
    tracked(move || {
        there.get().then(|| {
            view! {
                <div class="uploading">
                    <progress
                        max="100"
                        value=tracked(move || percent.get().to_string())
                        aria-label=words.uploading
                    ></progress>
                    <button
                        type="button"
                        class="icon-button"
                        title=words.give_up
                        aria-label=words.give_up
                        on:click=hear(give_up)
                    >
                        <Icon name="close" />
                    </button>
                </div>
            }
        })
    })
}
