//! What a commit tells the push side. Events leave the writer after the commit, in commit order.

use super::append::NewMessage;
use protocol::sync::AccountChange;
use protocol::{ConversationId, Message, Rev, Seq, Upd, User, UserId};
use std::sync::Arc;

/// Who is in a conversation, as far as routing and permission need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    pub kind: protocol::ConversationKind,
    /// Ascending.
    pub members: Vec<UserId>,
}

impl Roster {
    pub fn has(&self, account: UserId) -> bool {
        self.members.binary_search(&account).is_ok()
    }
}

/// One committed change of a log.
#[derive(Clone, Debug)]
pub enum Event {
    /// A message was appended, or changed.
    Message {
        roster: Arc<Roster>,
        conversation: ConversationId,
        prev: Rev,
        head_seq: Seq,
        message: Message,
        sender: Arc<User>,
        /// The members who do not see it.
        withheld: Vec<UserId>,
    },
    /// An account's own log moved from `prev` to `pos`, a change a position.
    Account { account: UserId, prev: Upd, pos: Upd, changes: Vec<AccountChange> },
    /// The conversation was deleted on the device, through a message.
    Deleted { account: UserId, device: protocol::DeviceId, conversation: ConversationId, floor: Seq },
    /// What everybody may know of somebody changed: these others share a conversation with them. A hint, without a place
    /// in any log; who misses it hears with a description, a page or a message.
    Person { user: User, others: Vec<UserId> },
    /// The login was ended: its connections must close.
    LoginEnded { account: UserId, device: protocol::DeviceId },
}

impl Event {
    pub(super) fn message(new: &NewMessage, prev: Rev, message: Message) -> Self {
        Self::Message {
            roster: new.roster.clone(),
            conversation: new.conversation,
            prev,
            head_seq: message.seq,
            message,
            sender: new.sender.clone(),
            withheld: new.invisible.clone(),
        }
    }

    /// Changes of an account's log, the last of them at `pos`.
    pub(super) fn account(account: UserId, pos: Upd, changes: Vec<AccountChange>) -> Self {
        Self::Account { account, prev: pos.minus(changes.len() as u64), pos, changes }
    }
}
