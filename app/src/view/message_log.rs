//! The messages of the open conversation, and the place in them.

use super::day_section::DaySection;
use super::icon::Icon;
use super::keys;
use super::place::Place;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::chat::{Chat, Edge};
use leptos::prelude::*;
use leptos::{ev, html};
use protocol::{ConversationId, path};

#[component]
pub fn MessageLog(model: Model, chat: Chat, log: NodeRef<html::Div>) -> impl IntoView {
    let words = model.words;
    let id = chat.id;
    let days = RwSignal::from(chat.days);
    let edge = RwSignal::from(chat.edge);
    let heard = RwSignal::from(chat.heard);
    let session = RwSignal::from(chat.session);
    let place = Place::new(id, edge, log);
    place.watch();
    let said = move || heard.get().map(|heard| (words.said)(&heard.author, &heard.text));
    let escape = move |event: ev::KeyboardEvent| {
        if keys::key(&event).as_deref() == Some("Escape") {
            place.jump();
        }
    };
    view! {
        <div class="log-frame">
            // New messages are read out from the line below; history loads in silence.
            <div
                class="log"
                role="log"
                aria-live="off"
                aria-label=move || (words.log_of)(&session.with(|row| row.title(words)))
                tabindex="0"
                node_ref=log
                on:scroll=move |_| place.scrolled()
                on:keydown=escape
            >
                <div class="log-rows">
                    <Older model conversation=id edge />
                    <For each=move || days.get() key=|day| day.day let(day)>
                        <DaySection model conversation=id day />
                    </For>
                    <Newer model conversation=id edge />
                </div>
            </div>
            <p class="unseen" aria-live="polite">
                {said}
            </p>
            <JumpButton model place />
        </div>
    }
}

/// The way to older messages: taken by itself when its end comes near, and a link without scripts.
#[component]
fn Older(model: Model, conversation: ConversationId, edge: RwSignal<Edge>) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let load = move |event| {
        if keys::take(&event) {
            backend.tell(Intent::LoadOlder(conversation));
        }
    };
    let shape = Memo::new(move |_| edge.with(|edge| (edge.can_load_older, edge.loading, edge.oldest)));
    move || match shape.get() {
        (_, true, _) => view! { <p class="edge">{words.loading}</p> }.into_any(),
        (true, _, Some(oldest)) => {
            let href = format!("{}?before={oldest}", path::page(conversation));
            view! { <a class="edge" href=href on:click=load>{words.load_older}</a> }.into_any()
        }
        (_, _, Some(_)) => view! { <p class="edge">{words.beginning}</p> }.into_any(),
        (_, _, None) => view! { <p class="edge">{words.no_message_yet}</p> }.into_any(),
    }
}

/// Back to the newest messages, from an older page without scripts.
#[component]
fn Newer(model: Model, conversation: ConversationId, edge: RwSignal<Edge>) -> impl IntoView {
    let cut_off = Memo::new(move |_| edge.with(|edge| edge.cut_off));
    move || cut_off.get().then(|| view! { <a class="edge" href=path::page(conversation)>{model.words.to_newest}</a> })
}

#[component]
fn JumpButton(model: Model, place: Place) -> impl IntoView {
    let words = model.words;
    let count = Memo::new(move |_| place.missed());
    let label = move || match count.get() {
        0 => words.jump_to_newest.to_owned(),
        count => (words.jump_to_new)(count),
    };
    let shown = move || {
        view! {
            <button type="button" class="jump" aria-label=label title=label on:click=move |_| place.jump()>
                {move || (count.get() > 0).then(|| view! { <span aria-hidden="true">{label}</span> })}
                <Icon name="down" />
            </button>
        }
    };
    move || place.below.get().then(shown)
}
