//! What one can do about a conversation in the list.

use super::menu::{Choice, Menu, Menus};
use super::panel::{Panel, Panels};
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::sessions::SessionRow;
use protocol::{ChangePreferences, Label, Millis, Relation, Seq};
use sync::Action;

const HOUR: Millis = 60 * 60 * 1_000;

/// Everything that the menu of a conversation acts on.
#[derive(Clone, Copy)]
pub struct SessionMenu {
    pub model: Model,
    pub menus: Menus,
    pub panels: Panels,
    pub backend: Backend,
}

impl SessionMenu {
    pub fn open(self, row: &SessionRow, at: (i32, i32)) {
        let words = self.model.words;
        let (id, name) = (row.id, row.title(words));
        let mut choices = Vec::new();
        if row.unread > 0 {
            let title = name.clone();
            let why = move || self.panels.why(self.backend, id, false, title.clone());
            choices.push(Choice::new("messages", (words.show_unread)(row.unread), why));
        }
        let tell = move |icon, text, intent: Intent| Choice::new(icon, text, move || self.backend.tell(intent.clone()));
        let prefer = move |icon, text, change| {
            tell(icon, text, Intent::Act(Action::Prefer { conversation: id, change: Box::new(change) }))
        };
        let change = ChangePreferences::default;
        choices.push(match row.unread > 0 || row.marked {
            true => tell("checks", words.mark_read, Intent::MarkRead(id)),
            false => prefer("unread", words.mark_unread, ChangePreferences { marked_unread: Some(true), ..change() }),
        });
        let pin = ChangePreferences { pinned: Some(!row.pinned), ..change() };
        choices.push(prefer("pin", (words.pin)(row.pinned), pin));
        if row.muted {
            choices.push(prefer("mute", words.unmute, ChangePreferences { muted_until: Some(0), ..change() }));
        } else {
            let waits = [(words.mute_hour, Some(HOUR)), (words.mute_hours, Some(8 * HOUR)), (words.mute_always, None)];
            let mute = |(text, wait)| tell("mute", text, Intent::Mute { conversation: id, wait });
            choices.extend(waits.map(mute));
        }
        let labels: Vec<&str> = row.labels.as_slice().iter().map(Label::as_str).collect();
        let labels = labels.join(", ");
        let edit = move || self.panels.open(Panel::Labels { conversation: id, labels: labels.clone() });
        choices.push(Choice::new("label", words.labels, edit));
        let until = if row.archived { Seq::ZERO } else { row.next };
        let archive = ChangePreferences { archived_until: Some(until), ..change() };
        choices.push(prefer("archive", (words.archive)(row.archived), archive));
        if let Some(user) = row.peer {
            let Relation { follow, blocking, .. } = row.relation;
            let text = if follow { words.unfollow } else { words.follow };
            let action = Action::Follow { user, follow: !follow, retry: None };
            choices.push(tell("people", text, Intent::Act(action)));
            let text = if blocking { words.unblock } else { words.block };
            choices.push(tell("block", text, Intent::Act(Action::Block { user, block: !blocking })));
        }
        let title = name.clone();
        let delete = move || self.panels.open(Panel::DeleteConversation { conversation: id, name: title.clone() });
        choices.push(Choice::new("delete", words.delete_conversation, delete).dangerous());
        self.menus.open(Menu { label: (words.session_menu)(&name), at, choices });
    }
}
