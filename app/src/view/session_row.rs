//! One conversation in the list: who, what was said last, when, and how much of it is unread.

use super::avatar::Avatar;
use super::icon::Icon;
use super::keys;
use super::panel::Panels;
use super::read_mark::ReadMarkIcon;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::sessions::{Badge, SessionEntry, SessionRow};
use crate::view::boxed::{hear, tracked};
use crate::words::time::iso;
use crate::words::{Words, badge};
use leptos::either::Either;
use leptos::prelude::*;
use protocol::{ConversationId, path};

impl SessionRow {
    /// What the conversation is called.
    pub fn title(&self, words: &Words) -> String {
        self.name.clone().unwrap_or_else(|| words.myself.to_owned())
    }
}

#[component]
pub fn SessionItem(
    model: Model,
    entry: SessionEntry,
    /// The row that Tab reaches, once the page is live.
    stop: Memo<Option<ConversationId>>,
    /// The row that had the focus last.
    focused: RwSignal<Option<ConversationId>>,
) -> impl IntoView {
    let id = entry.id;
    let row = RwSignal::from(entry.row);
    let backend = Backend::here();
    let open = move |event| {
        if keys::take(&event) {
            backend.tell(Intent::Open(id));
        }
    };
    let is_open = Memo::new(move |_| model.open.with(|chat| chat.as_ref().is_some_and(|chat| chat.id == id)));
    let tab = move || stop.get().map(|stop| if stop == id { "0" } else { "-1" });
    let title = move || row.with(|row| row.title(model.words));
    view! {
        <li
            class="session-item"
            data-id=id.to_string()
            on:pointerenter=hear(move |_| backend.tell(Intent::Hover(Some(id))))
            on:pointerleave=hear(move |_| backend.tell(Intent::Hover(None)))
        >
            <a
                class="session"
                href=path::page(id)
                aria-current=tracked(move || is_open.get().then_some("page"))
                tabindex=tracked(tab)
                on:click=hear(open)
                on:focus=hear(move |_| focused.set(Some(id)))
            >
                {tracked(move || row.with(|row| view! { <Avatar name=row.title(model.words) tint=row.tint picture=row.avatar.clone() notes=row.notes /> }))}
                <strong class="session-name" dir="auto">
                    {tracked(title)}
                </strong>
                <span class="session-when">
                    <SessionSigns model row />
                    <SessionTime model row />
                </span>
                <SessionDigest model row />
                <SessionUnread model row />
            </a>
            <SessionBadge model row stop focused />
        </li>
    }
}

/// Pinned, muted.
#[component]
fn SessionSigns(model: Model, row: RwSignal<SessionRow>) -> impl IntoView {
    let words = model.words;
    let sign = |name, text| view! { <Icon name /><span class="unseen">{text}</span> };
    let signs = Memo::new(move |_| row.with(|row| (row.pinned, row.muted)));
    tracked(move || {
        let (pinned, muted) = signs.get();
        (pinned.then(|| sign("pin", words.pinned)), muted.then(|| sign("mute", words.muted)))
    })
}

#[component]
fn SessionTime(model: Model, row: RwSignal<SessionRow>) -> impl IntoView {
    let at = move || row.with(|row| row.active_at);
    view! { <time datetime=tracked(move || iso(at()))>{tracked(move || model.clock.get().brief(model.words, at()))}</time> }
}

#[component]
fn SessionDigest(model: Model, row: RwSignal<SessionRow>) -> impl IntoView {
    let words = model.words;
    let digest = move || {
        row.with(|row| match (&row.last, row.draft.trim()) {
            _ if row.typing.is_some() => (words.typing)(row.typing.as_ref().and_then(Option::as_deref)),
            (_, draft) if !draft.is_empty() => draft.to_owned(),
            (Some(last), _) => match (&last.tip, &last.author) {
                (Some(tip), _) => (words.tip)(tip),
                (None, Some(author)) => (words.said)(author, &last.digest.said(words)),
                (None, None) => last.digest.said(words).into_owned(),
            },
            (None, _) => words.no_message_yet.to_owned(),
        })
    };
    let mentioned = move || row.with(|row| row.mentions > 0 && row.typing.is_none());
    let drafted = move || row.with(|row| row.typing.is_none() && !row.draft.trim().is_empty());
    let quiet = |row: &SessionRow| row.draft.is_empty() && row.typing.is_none();
    let mark = move || row.with(|row| row.last.as_ref().and_then(|last| last.mark).filter(|_| quiet(row)));
    view! {
        <span class="session-digest" class:is-typing=tracked(move || row.with(|row| row.typing.is_some())) dir="auto">
            {tracked(move || mentioned().then(|| view! { <em class="mentioned">{words.mentioned}</em> " " }))}
            {tracked(move || drafted().then(|| view! { <em class="session-draft">{words.draft}</em> " " }))}
            {tracked(move || mark().map(|mark| view! { <ReadMarkIcon words mark /> }))}
            {tracked(digest)}
        </span>
    }
}

/// How much is unread, in words for a screen reader.
#[component]
fn SessionUnread(model: Model, row: RwSignal<SessionRow>) -> impl IntoView {
    let unread = Memo::new(move |_| row.with(|row| (row.unread, row.marked)));
    let label = move || match unread.get() {
        (0, false) => None,
        (0, true) => Some(model.words.marked_unread.to_owned()),
        (count, _) => Some((model.words.unread)(count)),
    };
    tracked(move || label().map(|label| view! { <span class="unseen">{label}</span> }))
}

/// How much of it counts; it opens the list of exactly those messages.
#[component]
fn SessionBadge(
    model: Model,
    row: RwSignal<SessionRow>,
    stop: Memo<Option<ConversationId>>,
    focused: RwSignal<Option<ConversationId>>,
) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let panels = Panels::here();
    let id = row.with_untracked(|row| row.id);
    let unread =
        Memo::new(move |_| row.with(|row| (row.unread, row.marked, Badge::new(row.unread, row.mentions, row.muted))));
    let naming = move || matches!(unread.get_untracked().2, Badge::Naming(_));
    let open = move |_| panels.why(backend, id, naming(), row.with_untracked(|row| row.title(words)));
    let tab = move || stop.get().map(|stop| if stop == id { "0" } else { "-1" });
    tracked(move || {
        let (count, marked, made) = unread.get();
        if count == 0 {
            return marked.then(|| Either::Left(view! { <span class="session-dot" aria-hidden="true"></span> }));
        }
        Some(Either::Right({
            let (shown, label) = match made {
                Badge::Unread(shown) | Badge::Quiet(shown) => (shown, (words.show_unread)(shown)),
                Badge::Naming(shown) => (shown, (words.show_naming)(shown)),
            };
            let quiet = matches!(made, Badge::Quiet(_));
            view! {
                <button
                    type="button"
                    class="session-badge"
                    title=label.clone()
                    aria-label=label
                    aria-haspopup="dialog"
                    tabindex=tracked(tab)
                    on:click=hear(open)
                    on:focus=hear(move |_| focused.set(Some(id)))
                >
                    <span class="badge" class:is-quiet=quiet>
                        {badge(shown)}
                    </span>
                </button>
            }
        }))
    })
}
