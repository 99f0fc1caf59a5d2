//! Tells that the connection is gone, once that has lasted two seconds.

use super::icon::Icon;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::view::boxed::{hear, tracked};
use leptos::prelude::*;

#[component]
pub fn Banner(model: Model) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let banner = move || {
        view! {
            <div class="banner">
                <Icon name="offline" />
                <span>{words.offline}</span>
                <button type="button" on:click=hear(move |_| backend.tell(Intent::Reconnect))>
                    {words.reconnect}
                </button>
            </div>
        }
    };
    view! { <div class="banner-place" role="status">{tracked(move || model.interrupted.get().then(banner))}</div> }
}
