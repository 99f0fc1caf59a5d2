//! Exactly the messages that make a badge, newest first; each leads to its place.

use super::head::PanelHead;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::lists::{Asked, Unread, Why};
use crate::view::boxed::{hear, tracked};
use crate::view::keys;
use crate::words::time::iso;
use leptos::prelude::*;
use protocol::{ConversationId, Seq, path};

#[component]
pub fn WhyList(
    model: Model,
    /// What the conversation is called.
    name: String,
    close: Callback<()>,
) -> impl IntoView {
    let words = model.words;
    let title = Signal::derive(move || match told(model) {
        Some((unread, true, true)) if unread > 0 => (words.naming)(unread),
        Some((unread, false, true)) if unread > 0 => (words.unread)(unread),
        _ => words.unread_messages.to_owned(),
    });
    let note = move || match model.why.with(|why| why.as_ref().map(|why| (why.state, why.messages.is_empty()))) {
        Some((Asked::Waiting, true)) => Some(words.loading),
        Some((Asked::Failed, true)) => Some(words.unread_failed),
        Some((Asked::Answered, true)) => Some(words.unread_none),
        _ => None,
    };
    let messages = Memo::new(move |_| model.why.with(|why| why.as_ref().map(listed)).unwrap_or_default());
    let backend = Backend::here();
    let stale = Memo::new(move |_| model.why.with(|why| why.as_ref().is_some_and(Why::stale)));
    // Nobody reads on in what was taken back.
    Effect::new(move || {
        if stale.get() {
            backend.tell(Intent::UnreadAnew);
        }
    });
    view! {
        <PanelHead words title close />
        <p class="aside" dir="auto">
            {name}
        </p>
        <p class="people-none" role="status">
            {tracked(note)}
        </p>
        <ul class="people" role="list">
            <For each=move || messages.get() key=|(_, message)| message.seq let((conversation, message))>
                <WhyItem model conversation message close />
            </For>
            <More model />
        </ul>
    }
}

/// How many are unread, whether those that name the reader, and whether the server has said so.
fn told(model: Model) -> Option<(u64, bool, bool)> {
    let said = |why: &Why| why.state == Asked::Answered || !why.messages.is_empty();
    model.why.with(|why| why.as_ref().map(|why| (why.unread, why.naming, said(why))))
}

fn listed(why: &Why) -> Vec<(ConversationId, Unread)> {
    why.messages.iter().map(|message| (why.conversation, message.clone())).collect()
}

#[component]
fn WhyItem(model: Model, conversation: ConversationId, message: Unread, close: Callback<()>) -> impl IntoView {
    let backend = Backend::here();
    let (seq, at, words) = (message.seq, message.at, model.words);
    let jump = move |event| {
        if keys::take(&event) {
            close.run(());
            backend.tell(Intent::Jump { conversation, seq });
        }
    };
    view! {
        <li>
            <a class="why" href=format!("{}#{seq}", path::page(conversation)) on:click=hear(jump)>
                <strong dir="auto">{message.author}</strong>
                <time datetime=iso(at)>{tracked(move || model.clock.get().brief(model.words, at))}</time>
                <span class="why-text" dir="auto">
                    {message.digest.said(words).into_owned()}
                </span>
            </a>
        </li>
    }
}

/// The way to older ones; those that name the reader are on one page.
#[component]
fn More(model: Model) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let next = Memo::new(move |_| model.why.with(|why| why.as_ref().and_then(next)));
    tracked(move || {
        next.get().map(|(conversation, before)| {
            let more = move |_| backend.tell(Intent::Unread { conversation, naming: false, before: Some(before) });
            view! {
                <li>
                    <button type="button" class="plain is-wide" on:click=hear(more)>
                        {words.unread_more}
                    </button>
                </li>
            }
        })
    })
}

fn next(why: &Why) -> Option<(ConversationId, Seq)> {
    let last = why.messages.last().filter(|_| why.more && why.state != Asked::Waiting)?;
    Some((why.conversation, last.seq))
}
