//! The list of conversations, with a box that filters it.

use super::asking::{Asked, Asking};
use super::icon::Icon;
use super::keys;
use super::menu::Menus;
use super::panel::{Panel, Panels};
use super::rail::ContactsLink;
use super::session_menu::SessionMenu;
use super::session_row::SessionItem;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::sessions::SessionEntry;
use crate::view::boxed::{hear, tracked};
use crate::words::badge;
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;
use protocol::ConversationId;
use sync::{Action, Shelf};

/// How many rows are mounted at first, and how many more at a time.
const PAGE: usize = 100;

#[component]
pub fn SessionList(model: Model, finding: RwSignal<bool>) -> impl IntoView {
    let words = model.words;
    let filter = RwSignal::new(String::new());
    let find = move |event| {
        if keys::take(&event) {
            finding.set(true);
        }
    };
    view! {
        <section class="sessions" aria-label=words.sessions>
            <header class="sessions-head">
                <p class="sessions-title" aria-hidden="true">
                    {words.messages}
                </p>
                <a class="icon-button only-narrow" href="/settings" title=words.settings aria-label=words.settings>
                    <Icon name="settings" />
                </a>
                <ContactsLink model class="icon-button only-narrow" />
                <ReadAll model />
                <a
                    class="icon-button"
                    href="/new"
                    title=words.new_conversation
                    aria-label=words.new_conversation
                    on:click=hear(find)
                >
                    <Icon name="plus" />
                </a>
            </header>
            <label class="search">
                <Icon name="search" />
                <input
                    type="search"
                    id="filter"
                    aria-label=words.filter_sessions
                    placeholder=words.filter_sessions
                    autocomplete="off"
                    on:input=hear(move |event| filter.set(event_target_value(&event)))
                    on:keydown=hear(|event| to_rows(&event))
                />
            </label>
            <Shelves model />
            <Rows model filter />
        </section>
    }
}

/// Reads everything (R001-20), after asking when that is several conversations.
#[component]
fn ReadAll(model: Model) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let panels = Panels::here();
    let read = move |_| match model.awaiting.get_untracked() {
        0 | 1 => backend.tell(Intent::Act(Action::ReadAll)),
        conversations => panels.open(Panel::MarkAllRead { conversations }),
    };
    view! {
        <button
            type="button"
            class="icon-button only-live"
            title=words.mark_all_read
            aria-label=words.mark_all_read
            disabled=tracked(move || model.awaiting.get() == 0)
            on:click=hear(read)
        >
            <Icon name="checks" />
        </button>
    }
}

/// The parts of the list, as chips.
#[component]
fn Shelves(model: Model) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let chip = move |shelf: Shelf, name: String| {
        let (chosen, wanted) = (shelf.clone(), shelf);
        view! {
            <button
                type="button"
                class="chip"
                aria-pressed=tracked(move || model.shelf.with(|shelf| *shelf == chosen).to_string())
                on:click=hear(move |_| backend.tell(Intent::Show(wanted.clone())))
            >
                {name}
            </button>
        }
    };
    let chips = move || {
        let mut shelves =
            vec![(Shelf::All, words.shelf_all.to_owned()), (Shelf::Unread, words.shelf_unread.to_owned())];
        shelves.extend(model.labels.get().into_iter().map(|label| (Shelf::Labelled(label.clone()), label.to_string())));
        if model.archived.get() || model.shelf.with(|shelf| *shelf == Shelf::Archived) {
            shelves.push((Shelf::Archived, words.shelf_archived.to_owned()));
        }
        shelves.into_iter().map(|(shelf, name)| chip(shelf, name)).collect_view()
    };
    view! {
        <div class="chips only-live" role="group" aria-label=words.shelves>
            {tracked(chips)}
        </div>
    }
}

/// From the filter, ↓ leads to what it has found.
fn to_rows(event: &KeyboardEvent) {
    if keys::key(event).as_deref() == Some("ArrowDown") && keys::plain(event) {
        event.prevent_default();
        let first = document().query_selector(".session-rows [tabindex='0']").ok().flatten();
        keys::focus(first);
    }
}

#[component]
fn Rows(model: Model, filter: RwSignal<String>) -> impl IntoView {
    let list = NodeRef::<html::Ul>::new();
    let limit = RwSignal::new(PAGE);
    let focused = RwSignal::new(None::<ConversationId>);
    let mounted = RwSignal::new(false);
    Effect::new(move || mounted.set(true));
    let backend = Backend::here();
    let box_open = RwSignal::new(false);
    let strangers = Memo::new(move |_| {
        model.shelf.with(|shelf| *shelf == Shelf::All) && model.sessions.with(|all| all.iter().any(|one| one.stranger))
    });
    let boxed = Memo::new(move |_| strangers.get().then(|| box_open.get()));
    let shown = Memo::new(move |_| matching(model, boxed.get(), &filter.get().trim().to_lowercase()));
    let stop = Memo::new(move |_| {
        let open = || model.open.with(|chat| chat.as_ref().map(|chat| chat.id));
        let first = || shown.with(|shown| shown.first().map(|entry| entry.id));
        let there =
            |id: &ConversationId| shown.with(|shown| shown.iter().take(limit.get()).any(|entry| entry.id == *id));
        let stop = || focused.get().filter(there).or_else(|| open().filter(there)).or_else(first);
        mounted.get().then(stop).flatten()
    });
    let scrolled = move |_| {
        let near = list
            .get()
            .is_some_and(|list| list.scroll_height() - list.scroll_top() - list.client_height() < list.client_height());
        if near && limit.get() < shown.with(Vec::len) {
            limit.update(|limit| *limit += PAGE);
        } else if near && model.older.with(Option::is_some) {
            backend.tell(Intent::LoadOlderSessions);
        }
    };
    let empty = move || {
        let words = model.words;
        let all = filter.with(|filter| filter.trim().is_empty()) && model.shelf.with(|shelf| *shelf == Shelf::All);
        let text = if all { words.no_sessions } else { words.no_match };
        (shown.with(Vec::is_empty) && !(all && strangers.get())).then(|| view! { <p class="sessions-empty">{text}</p> })
    };
    let menu = SessionMenu { model, menus: Menus::here(), panels: Panels::here(), backend };
    let open = move |(item, at): Asked| {
        let id = item.get_attribute("data-id").and_then(|id| id.parse::<ConversationId>().ok());
        let row = model.sessions.with_untracked(|all| all.iter().find(|entry| Some(entry.id) == id).cloned());
        if let Some(entry) = row {
            menu.open(&entry.row.get_untracked(), at);
        }
    };
    let asking = Asking::new("li:not(.stranger-box)", ".session-more", Callback::new(open));
    let press = move |event: KeyboardEvent| {
        if !asking.key(&event) {
            walk(&event);
        }
    };
    view! {
        {tracked(empty)}
        <ul
            class="session-rows"
            // Safari takes the role from a list without bullets.
            role="list"
            node_ref=list
            on:scroll=hear(scrolled)
            on:keydown=hear(press)
            on:contextmenu=hear(move |event| asking.menu(&event))
            on:pointerdown=hear(move |event| asking.down(&event))
            on:pointermove=hear(move |event| asking.moved(&event))
            on:pointerup=hear(move |_| asking.ended())
            on:pointercancel=hear(move |_| asking.ended())
            on:click:capture=move |event| asking.clicked(&event)
        >
            {tracked(move || strangers.get().then(|| view! { <StrangerBox model open=box_open /> }))}
            <For
                each=move || shown.get().into_iter().take(limit.get())
                key=|entry| entry.id
                let(entry)
            >
                <SessionItem model entry stop focused />
            </For>
            {tracked(move || (limit.get() >= shown.with(Vec::len)).then(|| view! { <Older model /> }))}
        </ul>
    }
}

/// The way to conversations that have rested for long: taken by itself when the end of the list comes near, and a link
/// without scripts.
#[component]
fn Older(model: Model) -> impl IntoView {
    let backend = Backend::here();
    let load = move |event| {
        if keys::take(&event) {
            backend.tell(Intent::LoadOlderSessions);
        }
    };
    tracked(move || {
        model.older.get().map(|place| {
            let href = format!("/?before={place}");
            view! {
                <li class="sessions-more">
                    <a href=href on:click=hear(load)>
                        {model.words.older_sessions}
                    </a>
                </li>
            }
        })
    })
}

/// The one row that stands for the messages of strangers: it shows them alone, or the others again (R001-04). Without
/// scripts it leads to their list among the contacts.
#[component]
fn StrangerBox(model: Model, open: RwSignal<bool>) -> impl IntoView {
    let words = model.words;
    let unread = move || {
        let count = |entry: &SessionEntry| entry.row.with(|row| row.unread);
        let strangers = |all: &Vec<SessionEntry>| all.iter().filter(|entry| entry.stranger).map(count).sum::<u64>();
        Some(model.sessions.with(strangers)).filter(|&unread| unread > 0)
    };
    let switch = move |event| {
        if keys::take(&event) {
            open.update(|open| *open = !*open);
        }
    };
    view! {
        <li class="session-item stranger-box">
            <a class="stranger-link" href="/contacts#strangers" aria-expanded=tracked(move || open.get().to_string()) on:click=hear(switch)>
                {tracked(move || view! { <Icon name=if open.get() { "back" } else { "people" } /> })}
                <strong>{words.strangers}</strong>
                {tracked(move || unread().map(|count| view! { <span class="unseen">{(words.unread)(count)}</span> }))}
                {tracked(move || unread().map(|count| view! { <span class="badge" aria-hidden="true">{badge(count)}</span> }))}
            </a>
        </li>
    }
}

/// What the list shows: where strangers have a box, them alone or the others; of all of them what the filter finds.
fn matching(model: Model, strangers: Option<bool>, filter: &str) -> Vec<SessionEntry> {
    let mut entries = model.sessions.get();
    if filter.is_empty() {
        entries.retain(|entry| strangers.is_none_or(|strangers| entry.stranger == strangers));
    } else {
        entries.retain(|entry| entry.row.with(|row| row.title(model.words).to_lowercase().contains(filter)));
    }
    entries
}

/// Arrow keys move the focus from row to row.
fn walk(event: &KeyboardEvent) {
    let Some(row) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) else { return };
    let Some(item) = row.parent_element().filter(|_| keys::plain(event)) else { return };
    let list = item.parent_element();
    let to = match keys::key(event).as_deref() {
        Some("ArrowDown") => item.next_element_sibling(),
        Some("ArrowUp") => item.previous_element_sibling(),
        Some("Home") => list.and_then(|list| list.first_element_child()),
        Some("End") => list.and_then(|list| list.last_element_child()),
        _ => return,
    };
    event.prevent_default();
    keys::focus(to.and_then(|item| item.first_element_child()));
}
