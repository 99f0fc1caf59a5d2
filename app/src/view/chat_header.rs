//! Whom one writes with, and on a narrow screen the way back.

use super::avatar::Avatar;
use super::icon::Icon;
use super::keys;
use super::menu::Menus;
use super::panel::Panels;
use super::session_menu::SessionMenu;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::sessions::SessionRow;
use crate::view::boxed::{hear, tracked};
use crate::words::Words;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use protocol::ConversationKind;

#[component]
pub fn ChatHeader(model: Model, session: RwSignal<SessionRow>) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let back = move |event| {
        if keys::take(&event) {
            backend.tell(Intent::Back);
        }
    };
    let title = move || session.with(|row| row.title(words));
    let card = move || session.with(|row| (row.kind == ConversationKind::Direct).then(|| format!("/u/{}", row.tint)));
    let about = move || {
        session.with(|row| match (&row.typing, row.presence) {
            (Some(name), _) => Some((words.typing)(name.as_deref())),
            (None, Some(presence)) if presence.online => Some(words.online.to_owned()),
            (None, Some(presence)) => Some((words.last_seen)(&model.clock.get().full(words, presence.seen_at))),
            (None, None) => match row.kind {
                ConversationKind::Group => Some((words.members)(row.members)),
                ConversationKind::Direct => (words.relation)(row.relation).map(str::to_owned),
            },
        })
    };
    let menu = SessionMenu { model, menus: Menus::here(), panels: Panels::here(), backend };
    let more = move |event: MouseEvent| {
        menu.open(&session.get_untracked(), (event.client_x(), event.client_y()));
    };
    view! {
        <header class="chat-head">
            <a class="icon-button only-narrow" href="/" title=words.back aria-label=words.back on:click=hear(back)>
                <Icon name="back" />
            </a>
            // A group has no card.
            <a class="chat-face" href=tracked(card) aria-label=tracked(move || card().map(|_| title()))>
                {tracked(move || session.with(|row| view! { <Avatar name=row.title(words) tint=row.tint picture=row.avatar.clone() notes=row.notes /> }))}
            </a>
            <div class="chat-title">
                <h2 dir="auto">{tracked(title)}</h2>
                {tracked(move || about().map(|about| view! { <p>{about}</p> }))}
            </div>
            <Waiting model session />
            {company(words, session)}
            <button
                type="button"
                class="icon-button only-live"
                title=words.conversation_menu
                aria-label=words.conversation_menu
                aria-haspopup="menu"
                on:click=hear(more)
            >
                <Icon name="more" />
            </button>
        </header>
    }
}

/// The way to a group's settings, or to a group of the two and more.
fn company(words: &'static Words, session: RwSignal<SessionRow>) -> Option<impl IntoView> {
    let (id, kind, peer) = session.with_untracked(|row| (row.id, row.kind, row.peer));
    let (href, label, icon) = match (kind, peer) {
        (ConversationKind::Group, _) => (format!("/c/{id}/group"), words.group_settings, "people"),
        (ConversationKind::Direct, peer) => (format!("/new/group?with={}", peer?), words.add_people, "plus"),
    };
    Some(view! {
        <a class="icon-button" href=href title=label aria-label=label>
            <Icon name=icon />
        </a>
    })
}

/// That somebody waits to be let into the group, for those who decide it. Without scripts it leads to the settings.
#[component]
fn Waiting(model: Model, session: RwSignal<SessionRow>) -> impl IntoView {
    let words = model.words;
    let (backend, panels) = (Backend::here(), Panels::here());
    let id = session.with_untracked(|row| row.id);
    let count = Memo::new(move |_| session.with(|row| row.waiting));
    let open = move |event| {
        if keys::take(&event) {
            panels.waiting(backend, id);
        }
    };
    tracked(move || {
        Some(count.get()).filter(|&count| count > 0).map(|count| {
            view! {
                <a class="chat-waiting" href=format!("/c/{id}/group#waiting") on:click=hear(open)>
                    {(words.waiting)(count)}
                </a>
            }
        })
    })
}

/// What everybody in the group should know, until one has put it away on this page.
#[component]
pub fn Announced(model: Model, session: RwSignal<SessionRow>) -> impl IntoView {
    let words = model.words;
    let id = session.with_untracked(|row| row.id);
    let text = Memo::new(move |_| session.with(|row| row.announcement.clone()));
    let shown = move || text.get().filter(|text| model.announced.with(|seen| seen.get(&id) != Some(text)));
    tracked(move || {
        shown().map(|text| {
            let seen = text.clone();
            let close = move |_| model.announced.update(|all| drop(all.insert(id, seen.clone())));
            view! {
                <aside class="announcement" aria-label=words.announcement>
                    // A long one scrolls, by keyboard too.
                    <p dir="auto" tabindex="0">{text}</p>
                    <button type="button" class="icon-button only-live" title=words.close aria-label=words.close on:click=hear(close)>
                        <Icon name="close" />
                    </button>
                </aside>
            }
        })
    })
}
