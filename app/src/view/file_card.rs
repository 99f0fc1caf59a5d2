//! A file in a bubble: what it is called, how long it is, and the way to save it. The link says all of it without scripts.

use super::icon::Icon;
use super::picked::Picked;
use super::uploading::Uploading;
use crate::live::Model;
use crate::live::attachment::SentFile;
use crate::live::chat::MessageRow;
use crate::view::boxed::{hear, tracked};
use leptos::ev;
use leptos::prelude::*;
use protocol::path;

#[component]
pub fn FileCard(model: Model, row: RwSignal<MessageRow>, file: SentFile) -> impl IntoView {
    let picked = Picked::here();
    let id = row.with_untracked(|row| row.key.client_id);
    let SentFile { media, name, size } = file;
    let (place, saved) = (path::medium(media), name.clone());
    let href = move || row.with(|row| row.seq.is_some()).then(|| place.clone());
    let click = move |event: ev::MouseEvent| {
        // The click chooses the message then.
        if picked.picking_now() {
            event.prevent_default();
        }
    };
    view! {
        <a class="file" href=tracked(href) download=saved on:click=hear(click)>
            <Icon name="file" />
            <span class="file-name" dir="auto">
                {name}
            </span>
            <span class="file-size">{size}</span>
        </a>
        <Uploading model id />
    }
}
