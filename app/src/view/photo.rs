//! A picture in a bubble: its thumbnail in a place that is reserved for it, how far its upload has come, and the way to see
//! it whole. Without scripts it is a link; with them the message's menu is the keyboard's way, because there would be as many
//! stops as there are pictures.

use super::keys;
use super::panel::Panels;
use super::picked::Picked;
use super::uploading::Uploading;
use crate::live::Model;
use crate::live::chat::MessageRow;
use crate::live::picture::Picture;
use crate::view::boxed::{hear, tracked};
use leptos::ev;
use leptos::prelude::*;
use protocol::path;
use std::time::Duration;

/// How long after a failure a picture is fetched again, the first time and later.
const AGAIN: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(60)];

#[component]
pub fn Photo(model: Model, row: RwSignal<MessageRow>, picture: Picture) -> impl IntoView {
    let words = model.words;
    let (panels, picked) = (Panels::here(), Picked::here());
    let (own, id) = row.with_untracked(|row| (row.own, row.key.client_id));
    // What this device sends it has: nothing of it is fetched again.
    let local = Memo::new(move |_| model.pictures.with(|pictures| pictures.get(&id).filter(|_| own).cloned()));
    let sent = Memo::new(move |_| row.with(|row| row.seq.is_some()));
    // What could not be fetched is tried again a few times, and whenever there is a connection again.
    let (broken, tries) = (RwSignal::new(false), StoredValue::new(0));
    let again = move || {
        // The row may be gone.
        if broken.try_get_untracked() == Some(true) {
            broken.set(false);
        }
    };
    Effect::new(move || {
        if !model.interrupted.get() {
            tries.set_value(0);
            again();
        }
    });
    let fail = move |_| {
        broken.set(true);
        if let Some(wait) = AGAIN.get(tries.get_value()) {
            tries.update_value(|tries| *tries += 1);
            set_timeout(again, *wait);
        }
    };
    let fetched = move || (sent.get() && !broken.get()).then(|| path::thumb(picture.media));
    let small = move || local.get().or_else(fetched);
    let whole = move || sent.get().then(|| path::medium(picture.media));
    let live = RwSignal::new(false);
    Effect::new(move || live.set(true));
    let stop = move || live.get().then_some("-1");
    let open = move |event: ev::MouseEvent| {
        if keys::take(&event) && !picked.picking_now() {
            row.with_untracked(|row| panels.picture(model, row));
        }
    };
    view! {
        <a class="photo" href=tracked(whole) tabindex=tracked(stop) aria-label=words.view_picture on:click=hear(open)>
            <img
                src=tracked(small)
                width=picture.width.to_string()
                height=picture.height.to_string()
                alt=words.picture
                loading="lazy"
                decoding="async"
                on:error=hear(fail)
            />
        </a>
        <Uploading model id />
    }
}
