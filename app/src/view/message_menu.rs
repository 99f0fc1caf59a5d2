//! What one can do about a message: copy, delete, recall, report, choose several, see who read it.

use super::keys;
use super::menu::{Choice, Menu, Menus};
use super::panel::{Panel, Panels};
use super::picked::Picked;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::chat::MessageRow;
use leptos::prelude::*;
use protocol::{ClientId, ConversationId, ConversationKind, Seq};
use sync::{Action, ReadMark, RowKey};

/// Everything that the menu of a message acts on.
#[derive(Clone, Copy)]
pub struct MessageMenu {
    pub model: Model,
    pub conversation: ConversationId,
    pub kind: ConversationKind,
    pub picked: Picked,
    pub menus: Menus,
    pub panels: Panels,
    pub backend: Backend,
}

impl MessageMenu {
    pub fn open(self, row: &MessageRow, at: (i32, i32)) {
        let (standing, picture) = (row.tip.is_none(), row.picture.is_some());
        let carries = picture || row.file.is_some();
        let mut choices: Vec<Choice> = Vec::new();
        if picture {
            choices.push(self.view(row.clone()));
        } else if standing {
            choices.push(self.copy(row.key));
        }
        choices.extend((row.mark == Some(ReadMark::Waiting)).then(|| self.retry(row.key.client_id)));
        let waits = row.seq.is_none() && (carries || row.mark != Some(ReadMark::Sending));
        choices.extend(waits.then(|| self.give_up(row.key.client_id)));
        if let Some(seq) = row.seq {
            let (conversation, model) = (self.conversation, self.model);
            self.backend.tell(Intent::AskAbout { conversation, seq });
            let recallable = model.recallable.get_untracked() == Some(seq);
            let read = standing && row.own && self.kind == ConversationKind::Group;
            choices.extend(read.then(|| self.readers(seq)));
            choices.extend(recallable.then(|| self.recall(seq)));
            choices.push(self.select(seq));
            choices.extend(row.reportable().then(|| self.report(seq, row.key)));
            choices.push(self.delete(seq));
        }
        self.menus.open(Menu { label: self.model.words.message_menu.to_owned(), at, choices });
    }

    fn copy(self, message: RowKey) -> Choice {
        Choice::new("copy", self.model.words.copy, move || self.backend.tell(Intent::Copy(message)))
    }

    fn view(self, row: MessageRow) -> Choice {
        Choice::new("picture", self.model.words.view_picture, move || self.panels.picture(self.model, &row))
    }

    fn retry(self, id: ClientId) -> Choice {
        Choice::new("retry", self.model.words.retry, move || self.backend.tell(Intent::Retry(id)))
    }

    fn give_up(self, id: ClientId) -> Choice {
        let give_up = move || {
            keys::stay_in_log();
            self.backend.tell(Intent::Discard(id));
        };
        Choice::new("close", self.model.words.give_up, give_up).dangerous()
    }

    fn readers(self, seq: Seq) -> Choice {
        Choice::new("checks", self.model.words.readers, move || {
            self.backend.tell(Intent::Readers { conversation: self.conversation, seq });
            self.panels.open(Panel::Readers);
        })
    }

    fn recall(self, seq: Seq) -> Choice {
        let action = Action::Recall { conversation: self.conversation, seq };
        Choice::new("undo", self.model.words.recall, move || self.backend.tell(Intent::Act(action.clone())))
    }

    fn select(self, seq: Seq) -> Choice {
        Choice::new("select", self.model.words.select, move || self.picked.begin(seq))
    }

    fn report(self, seq: Seq, message: RowKey) -> Choice {
        Choice::new("flag", self.model.words.report, move || {
            self.panels.open(Panel::Report { conversation: self.conversation, seq, message });
        })
    }

    fn delete(self, seq: Seq) -> Choice {
        let action = Action::Hide { conversation: self.conversation, seqs: vec![seq], hidden: true };
        let delete = move || {
            super::keys::stay_in_log();
            self.backend.tell(Intent::Act(action.clone()));
        };
        Choice::new("delete", self.model.words.delete, delete).dangerous()
    }
}
