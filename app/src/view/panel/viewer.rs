//! A picture as large as the window allows, for as long as its message shows it.

use super::head::PanelHead;
use crate::live::Model;
use crate::view::boxed::{hear, tracked};
use leptos::either::Either;
use leptos::ev;
use leptos::prelude::*;
use protocol::path;
use sync::RowKey;

#[component]
pub fn Viewer(model: Model, message: RowKey, title: String, close: Callback<()>) -> impl IntoView {
    let words = model.words;
    // The picture's sides, and where it is.
    let picture = Memo::new(move |_| {
        let row = model.open.with(|chat| chat.as_ref().and_then(|chat| chat.row(message)))?;
        let (picture, own, sent) = row.with(|row| (row.picture, row.own, row.seq.is_some()));
        let picture = picture?;
        // What this device sends it has.
        let local = model.pictures.with(|pictures| pictures.get(&message.client_id).filter(|_| own).cloned());
        let source = local.or_else(|| sent.then(|| path::medium(picture.media)));
        Some((picture.whole, source.unwrap_or_default()))
    });
    // Nobody looks on at what was taken back.
    Effect::new(move || {
        if picture.with(Option::is_none) {
            close.run(());
        }
    });
    let broken = RwSignal::new(false);
    Effect::new(move || {
        picture.track();
        broken.set(false);
    });
    let shown = move || match picture.get().filter(|_| !broken.get()) {
        Some(((width, height), source)) => {
            let ratio = f64::from(width) / f64::from(height);
            // Its place has its size before it is there.
            let wide = format!("min({width}px, 100vw - 26px, (100dvh - 120px) * {ratio})");
            Either::Left(view! {
                <img
                    src=source
                    alt=words.picture
                    style:inline-size=wide
                    style:aspect-ratio=ratio.to_string()
                    on:error=hear(move |_: ev::ErrorEvent| broken.set(true))
                />
            })
        }
        None => Either::Right(view! { <p class="viewer-broken">{words.picture_broken}</p> }),
    };
    view! {
        <PanelHead words title close />
        <div class="viewer">{tracked(shown)}</div>
    }
}
