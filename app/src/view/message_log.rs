//! The messages of the open conversation, and the place in them.

use super::asking::{Asked, Asking};
use super::day_section::DaySection;
use super::icon::Icon;
use super::menu::Menus;
use super::message_menu::MessageMenu;
use super::panel::Panels;
use super::picked::{self, Picked};
use super::place::Place;
use super::{keys, scroll};
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::chat::{Chat, Day, Edge, Entry, MessageRow};
use crate::view::boxed::{hear, tracked};
use leptos::either::Either;
use leptos::prelude::*;
use leptos::web_sys::Element;
use leptos::{ev, html};
use protocol::{ConversationId, path};

#[component]
pub fn MessageLog(model: Model, chat: Chat, log: NodeRef<html::Div>, picked: Picked) -> impl IntoView {
    let words = model.words;
    let id = chat.id;
    let days = RwSignal::from(chat.days);
    let edge = RwSignal::from(chat.edge);
    let heard = RwSignal::from(chat.heard);
    let session = RwSignal::from(chat.session);
    let place = Place::new(model, id, edge, log);
    place.watch();
    // The same words once more are another text, or nobody would hear them.
    let odd = StoredValue::new(false);
    let said = move || {
        odd.update_value(|odd| *odd = !*odd);
        let end = if odd.get_value() { "" } else { "\u{a0}" };
        heard.get().map(|heard| (words.said)(&heard.author, &heard.text.said(words)) + end)
    };
    // Where the list and the conversation take turns, what had the focus is out of sight.
    Effect::new(move || {
        if chat.entered && !keys::wide() {
            keys::focus(log.get());
        }
    });
    let menu = MessageMenu {
        model,
        conversation: id,
        kind: session.with_untracked(|row| row.kind),
        picked,
        menus: Menus::here(),
        panels: Panels::here(),
        backend: Backend::here(),
    };
    let open = move |(item, at): Asked| {
        if let Some(row) = row_of(days, &item).filter(|_| !picked.picking_now()) {
            menu.open(&row, at);
        }
    };
    let asking = Asking::new(".message", ".message-more", Callback::new(open));
    let press = move |event: ev::KeyboardEvent| {
        if asking.key(&event) {
            return;
        }
        match keys::key(&event).as_deref() {
            Some("Escape") if picked.picking_now() => picked::leave(picked, log),
            Some("Escape") => to_newest(menu.backend, log),
            Some(key) => walk(log, &event, key),
            None => {}
        }
    };
    view! {
        <div class="log-frame">
            // New messages are read out from the line below; history loads in silence.
            <div
                class="log"
                role="log"
                aria-live="off"
                aria-label=tracked(move || (words.log_of)(&session.with(|row| row.title(words))))
                tabindex="0"
                node_ref=log
                on:scroll=hear(move |_| place.scrolled())
                on:keydown=hear(press)
                on:contextmenu=hear(move |event| asking.menu(&event))
                on:pointerdown=hear(move |event| asking.down(&event))
                on:pointermove=hear(move |event| asking.moved(&event))
                on:pointerup=hear(move |_| asking.ended())
                on:pointercancel=hear(move |_| asking.ended())
                on:click:capture=move |event| asking.clicked(&event)
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
                {tracked(said)}
            </p>
            <JumpButton model place log />
        </div>
    }
}

/// What the row of a message shows.
fn row_of(days: RwSignal<Vec<Day>>, item: &Element) -> Option<MessageRow> {
    let key = item.get_attribute("data-key")?;
    days.get_untracked().iter().find_map(|day| {
        let entries = day.entries.get_untracked();
        entries.iter().find_map(|entry| match entry {
            Entry::Message(row, id) if id.to_string() == key => Some(row.get_untracked()),
            _ => None,
        })
    })
}

/// Arrow keys move the focus from message to message, from the newest on screen on.
fn walk(log: NodeRef<html::Div>, event: &ev::KeyboardEvent, key: &str) {
    let up = match key {
        "ArrowUp" => true,
        "ArrowDown" => false,
        _ => return,
    };
    let Some(log) = log.get_untracked().filter(|_| keys::plain(event)) else { return };
    if let Some(row) = scroll::neighbour(&log, document().active_element().as_ref(), up) {
        event.prevent_default();
        keys::focus(Some(row));
    }
}

/// The way to older messages: taken by itself when its end comes near, and a link without scripts.
#[component]
fn Older(model: Model, conversation: ConversationId, edge: RwSignal<Edge>) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let load = move |event| {
        if keys::take(&event) {
            keys::stay_in_log();
            backend.tell(Intent::LoadOlder(conversation));
        }
    };
    let shape = Memo::new(move |_| edge.with(|edge| (edge.can_load_older, edge.loading, edge.oldest)));
    tracked(move || match shape.get() {
        (true, false, Some(oldest)) => {
            let href = format!("{}?before={oldest}", path::page(conversation));
            Either::Left(view! { <a class="edge" href=href on:click=hear(load)>{words.load_older}</a> })
        }
        (_, loading, oldest) => {
            let text = match (loading, oldest) {
                (true, _) => words.loading,
                (false, Some(_)) => words.beginning,
                (false, None) => words.no_message_yet,
            };
            Either::Right(view! { <p class="edge">{text}</p> })
        }
    })
}

/// What has the focus goes: the log takes it.
fn to_newest(backend: Backend, log: NodeRef<html::Div>) {
    keys::focus(log.get_untracked());
    backend.tell(Intent::ShowNewest);
}

/// Back to the newest messages, from an older page without scripts.
#[component]
fn Newer(model: Model, conversation: ConversationId, edge: RwSignal<Edge>) -> impl IntoView {
    let cut_off = Memo::new(move |_| edge.with(|edge| edge.cut_off));
    tracked(move || {
        cut_off.get().then(|| view! { <a class="edge" href=path::page(conversation)>{model.words.to_newest}</a> })
    })
}

#[component]
fn JumpButton(model: Model, place: Place, log: NodeRef<html::Div>) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let count = Memo::new(move |_| place.missed());
    let label = move || match count.get() {
        0 => words.jump_to_newest.to_owned(),
        count => (words.jump_to_new)(count),
    };
    let shown = move || {
        view! {
            <button type="button" class="jump" aria-label=tracked(label) title=tracked(label) on:click=hear(move |_| to_newest(backend, log))>
                {tracked(move || (count.get() > 0).then(|| view! { <span aria-hidden="true">{label}</span> }))}
                <Icon name="down" />
            </button>
        }
    };
    tracked(move || place.below.get().then(shown))
}
