//! Telling the members of a group of a change that they share: a message that counts for nothing, as data.
//!
//! A group that is too large to know everybody is told only how many it has become when somebody comes or goes, so that
//! its log, and what a member leaves unread, does not fill with arrivals.

use super::append::NewMessage;
use super::event::{Event, Roster};
use super::{StoreError, Tx};
use protocol::messaging::Readers;
use protocol::{ClientId, ConversationId, LogChange, Message, MessageBody, Notice, User};
use std::sync::Arc;

/// Who changes a group, and the key of the notice of it.
#[derive(Clone, Debug)]
pub struct Actor {
    pub conversation: ConversationId,
    pub user: Arc<User>,
    pub key: ClientId,
}

impl Actor {
    /// Tells the members as they are now.
    pub(super) async fn tell(
        &self,
        tx: &mut Tx<'_>,
        roster: Arc<Roster>,
        notice: Notice,
    ) -> Result<Message, StoreError> {
        let new = NewMessage {
            conversation: self.conversation,
            sender: self.user.clone(),
            roster,
            client_id: self.key,
            body: MessageBody::Notice { notice: Box::new(notice) },
            invisible: Vec::new(),
            at: None,
            gate: None,
            ask_at: None,
        };
        tx.append(new).await
    }

    /// Tells that somebody came or went.
    pub(super) async fn tell_moved(
        &self,
        tx: &mut Tx<'_>,
        roster: Arc<Roster>,
        notice: Notice,
    ) -> Result<(), StoreError> {
        if roster.members.len() <= Readers::LISTED_MAX {
            self.tell(tx, roster, notice).await?;
            return Ok(());
        }
        let (prev, head) = tx.move_log(self.conversation).await?;
        let change = Box::new(LogChange::Members { count: roster.members.len() as u64 });
        let conversation = self.conversation;
        let (pos, head_seq, governing) = (head.rev, head.seq, None);
        tx.publish(Event::Group { roster, conversation, prev, pos, head_seq, change, governing });
        Ok(())
    }

    /// The same with another key, for another notice of the same act.
    pub(super) fn another(&self, nth: u8) -> Self {
        let mut bytes = *self.key.as_bytes();
        if let Some(last) = bytes.last_mut() {
            *last = last.wrapping_add(nth);
        }
        Self { key: ClientId::from_bytes(bytes), ..self.clone() }
    }
}
