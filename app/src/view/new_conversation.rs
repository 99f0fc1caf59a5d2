//! Finds somebody to write to, in a dialog over the page.

use super::avatar::Avatar;
use super::icon::Icon;
use super::keys;
use super::people::Person;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::view::boxed::{hear, tracked};
use leptos::either::Either;
use leptos::prelude::*;
use leptos::{ev, html};
use protocol::UserId;
use std::time::Duration;

/// How long a person pauses before the server is asked.
const PAUSE: Duration = Duration::from_millis(200);

#[component]
pub fn NewConversation(model: Model, finding: RwSignal<bool>) -> impl IntoView {
    let words = model.words;
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        if let Some(dialog) = dialog.get().filter(|_| finding.get()) {
            // It fails only where the dialog is open already.
            let _ = dialog.show_modal();
        }
    });
    view! {
        <dialog class="dialog" aria-label=words.new_conversation node_ref=dialog on:close=hear(move |_| finding.set(false))>
            {tracked(move || finding.get().then(|| view! { <Finder model dialog /> }))}
        </dialog>
    }
}

#[component]
fn Finder(model: Model, dialog: NodeRef<html::Dialog>) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let input = NodeRef::<html::Input>::new();
    backend.tell(Intent::Search(String::new()));
    Effect::new(move || keys::focus(input.get()));
    let ask = move |event| {
        let query = event_target_value(&event);
        let ask = move || {
            if input.try_get_untracked().flatten().is_some_and(|input| input.value() == query) {
                backend.tell(Intent::Search(query));
            }
        };
        set_timeout(ask, PAUSE);
    };
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    // A search box with text in it would only empty itself.
    let escape = move |event: ev::KeyboardEvent| {
        if keys::key(&event).as_deref() == Some("Escape") {
            event.prevent_default();
            close();
        }
    };
    let start = Callback::new(move |id: UserId| {
        close();
        backend.tell(Intent::Start(id));
    });
    view! {
        <header class="dialog-head">
            <h2>{words.find_people}</h2>
            <button
                type="button"
                class="icon-button"
                title=words.close
                aria-label=words.close
                on:click=hear(move |_| close())
            >
                <Icon name="close" />
            </button>
        </header>
        <label class="search">
            <Icon name="search" />
            <input
                type="search"
                aria-label=words.find_people_hint
                placeholder=words.find_people_hint
                autocomplete="off"
                node_ref=input
                on:keydown=hear(escape)
                on:input=hear(ask)
            />
        </label>
        <p>
            <a class="plain is-wide" href="/new/group">
                {words.new_group}
            </a>
        </p>
        <Found model start />
    }
}

#[component]
fn Found(model: Model, start: Callback<UserId>) -> impl IntoView {
    let words = model.words;
    let note = move || {
        model.people.with(|people| match &people.found {
            _ if people.query.is_empty() => None,
            Some(found) => found.is_empty().then_some(Either::Left(words.nobody_found)),
            None if people.failed => Some(Either::Left(words.unread_failed)),
            None => Some(Either::Right(view! { <span class="is-late">{words.loading}</span> })),
        })
    };
    // Before anything is asked for, one can write to oneself (R001-09).
    let notes = move || {
        let idle = model.people.with(|people| people.query.is_empty());
        let me = model.account.with(|account| account.id);
        idle.then(|| {
            view! {
                <li>
                    <button type="button" class="person" on:click=hear(move |_| start.run(me))>
                        <Avatar name="" tint=me.get() picture=None notes=true />
                        <span class="person-name">
                            <strong>{words.myself}</strong>
                        </span>
                    </button>
                </li>
            }
        })
    };
    let people = move || {
        let found = model.people.with(|people| people.found.clone()).unwrap_or_default();
        let person = |user: protocol::User| {
            let id = user.id;
            view! {
                <li>
                    <button type="button" class="person" on:click=hear(move |_| start.run(id))>
                        <Person user />
                    </button>
                </li>
            }
        };
        found.into_iter().map(person).collect_view()
    };
    view! {
        <p class="people-none" role="status">
            {tracked(note)}
        </p>
        <ul class="people" role="list">
            {tracked(notes)}
            {tracked(people)}
        </ul>
    }
}
