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
        session.with(|row| match row.kind {
            ConversationKind::Group => Some((words.members)(row.members)),
            ConversationKind::Direct => (words.relation)(row.relation).map(str::to_owned),
        })
    };
    let menu = SessionMenu { model, menus: Menus::here(), panels: Panels::here(), backend };
    let more = move |event: MouseEvent| {
        menu.open(&session.get_untracked(), (event.client_x(), event.client_y()));
    };
    view! {
        <header class="chat-head">
            <a class="icon-button only-narrow" href="/" title=words.back aria-label=words.back on:click=back>
                <Icon name="back" />
            </a>
            // A group has no card.
            <a class="chat-face" href=card aria-label=move || card().map(|_| title())>
                {move || session.with(|row| view! { <Avatar name=row.title(words) tint=row.tint picture=row.avatar.clone() notes=row.notes /> })}
            </a>
            <div class="chat-title">
                <h2 dir="auto">{title}</h2>
                {move || about().map(|about| view! { <p>{about}</p> })}
            </div>
            <button
                type="button"
                class="icon-button only-live"
                title=words.conversation_menu
                aria-label=words.conversation_menu
                aria-haspopup="menu"
                on:click=more
            >
                <Icon name="more" />
            </button>
        </header>
    }
}
