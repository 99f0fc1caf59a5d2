//! Keys that work anywhere in the messenger: Alt+↑↓ for the next conversation, with Shift for the next unread one,
//! Ctrl+K or ⌘K for the filter, Ctrl+/ for the list of them all.

use super::keys;
use super::panel::{Panel, Panels};
use crate::backend::{Backend, Intent};
use crate::live::Model;
use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use protocol::ConversationId;
use sync::Shelf;

/// Hears them while the messenger is mounted.
pub fn listen(model: Model, backend: Backend, panels: Panels) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, move |event| hear(model, backend, panels, &event));
        on_cleanup(move || listener.remove());
    });
}

fn hear(model: Model, backend: Backend, panels: Panels, event: &KeyboardEvent) {
    let Some(key) = keys::key(event) else { return };
    // What is open over the messenger is dealt with first.
    if document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some()) {
        return;
    }
    let command = (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key();
    let alt = event.alt_key() && !event.ctrl_key() && !event.meta_key();
    match key.as_str() {
        "k" | "K" if command => {
            event.prevent_default();
            keys::focus(document().get_element_by_id("filter"));
        }
        "/" if command => {
            event.prevent_default();
            panels.open(Panel::Shortcuts);
        }
        "ArrowUp" | "ArrowDown" if alt => {
            event.prevent_default();
            if let Some(id) = neighbour(model, key == "ArrowDown", event.shift_key()) {
                backend.tell(Intent::Open(id));
            }
        }
        _ => {}
    }
}

/// The next conversation in the list, from the open one. Where strangers stand in a box, from one of them to another alone.
fn neighbour(model: Model, down: bool, unread: bool) -> Option<ConversationId> {
    let open = model.open.with_untracked(|chat| chat.as_ref().map(|chat| chat.id));
    model.sessions.with_untracked(|sessions| {
        let boxes = model.shelf.with_untracked(|shelf| *shelf == Shelf::All);
        let inside = sessions.iter().any(|entry| Some(entry.id) == open && entry.stranger);
        let sessions: Vec<_> = sessions.iter().filter(|entry| !boxes || entry.stranger == inside).collect();
        let at = open.and_then(|open| sessions.iter().position(|entry| entry.id == open));
        let (before, after) = match at {
            Some(at) => (sessions.get(..at)?, sessions.get(at + 1..)?),
            None => (sessions.as_slice(), sessions.as_slice()),
        };
        let wanted =
            |entry: &&&crate::live::sessions::SessionEntry| !unread || entry.row.with_untracked(|row| row.unread > 0);
        let next = if down { after.iter().find(wanted) } else { before.iter().rev().find(wanted) };
        next.map(|entry| entry.id)
    })
}
