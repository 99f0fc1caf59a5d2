//! One message: its text in a bubble, when it was sent, and how far one's own has come.

use super::avatar::Avatar;
use super::icon::Icon;
use super::read_mark::ReadMarkIcon;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::chat::MessageRow;
use crate::words::time::iso;
use leptos::prelude::*;
use protocol::ClientId;
use sync::ReadMark;

#[component]
pub fn Message(model: Model, row: RwSignal<MessageRow>) -> impl IntoView {
    let (own, key) = row.with_untracked(|row| (row.own, row.key));
    let failed = Memo::new(move |_| row.with(|row| row.mark == Some(ReadMark::Failed)));
    view! {
        <article
            class="message"
            class:is-own=own
            class:is-first=move || row.with(|row| row.first)
            class:is-last=move || row.with(|row| row.last)
            id=move || row.with(|row| row.seq.map(|seq| seq.to_string()))
            data-seq=move || row.with(|row| row.seq.map(|seq| seq.to_string()))
        >
            {(!own).then(|| view! { <Sender row /> })}
            <div class="bubble">
                <Author model row />
                <span class="text" dir="auto">
                    {move || row.with(|row| row.text.clone())}
                </span>
                <Meta model row />
            </div>
            {move || failed.get().then(|| view! { <Failed model client_id=key.client_id /> })}
        </article>
    }
}

/// The sender's picture, at the last message of a group.
#[component]
fn Sender(row: RwSignal<MessageRow>) -> impl IntoView {
    let last = Memo::new(move |_| row.with(|row| row.last));
    move || {
        let (name, tint) = row.with_untracked(|row| (row.author.clone(), row.sender.get()));
        last.get().then(|| view! { <Avatar name tint small=true /> })
    }
}

/// The sender's name: seen in groups, and always there for a screen reader where a group of messages begins.
#[component]
fn Author(model: Model, row: RwSignal<MessageRow>) -> impl IntoView {
    let named = Memo::new(move |_| row.with(|row| (row.first, row.named)));
    move || {
        let (first, seen) = named.get();
        first.then(|| {
            let name = row.with_untracked(|row| row.author.clone());
            let name = if row.with_untracked(|row| row.own) { model.words.me.to_owned() } else { name };
            let class = if seen { "author" } else { "author unseen" };
            view! {
                <strong class=class dir="auto">
                    {name}
                </strong>
            }
        })
    }
}

#[component]
fn Meta(model: Model, row: RwSignal<MessageRow>) -> impl IntoView {
    let at = Memo::new(move |_| row.with(|row| row.at));
    let time = move || model.clock.get().time(at.get());
    let full = move || model.clock.get().full(model.words, at.get());
    let mark = Memo::new(move |_| row.with(|row| row.mark));
    view! {
        <span class="meta">
            <time datetime=move || iso(at.get()) title=full>
                {time}
            </time>
            {move || mark.get().map(|mark| view! { <ReadMarkIcon words=model.words mark /> })}
        </span>
    }
}

/// What a person can do about a message that was not sent.
#[component]
fn Failed(model: Model, client_id: ClientId) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    view! {
        <div class="failed">
            <button type="button" class="failed-retry" on:click=move |_| backend.tell(Intent::Retry(client_id))>
                <Icon name="failed" />
                {words.retry}
            </button>
            <button
                type="button"
                class="icon-button"
                title=words.discard
                aria-label=words.discard
                on:click=move |_| backend.tell(Intent::Discard(client_id))
            >
                <Icon name="close" />
            </button>
        </div>
    }
}
