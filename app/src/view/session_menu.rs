//! What one can do about a conversation in the list.

use super::menu::{Choice, Menu, Menus};
use super::panel::{Panel, Panels};
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::sessions::SessionRow;

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
            let why = move || self.panels.why(self.backend, id, title.clone());
            choices.push(Choice::new("messages", (words.show_unread)(row.unread), why));
            let read = move || self.backend.tell(Intent::MarkRead(id));
            choices.push(Choice::new("checks", words.mark_read, read));
        }
        let title = name.clone();
        let delete = move || self.panels.open(Panel::DeleteConversation { conversation: id, name: title.clone() });
        choices.push(Choice::new("delete", words.delete_conversation, delete).dangerous());
        self.menus.open(Menu { label: (words.session_menu)(&name), at, choices });
    }
}
