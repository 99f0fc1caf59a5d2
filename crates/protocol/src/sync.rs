//! What changed while a device was away, and the account's log.

use crate::Millis;
use crate::account::User;
use crate::contacts::{FriendRequest, MessagesFrom, Relation};
use crate::id::{ConversationId, Rev, Seq, Upd, UserId};
use crate::messaging::{Conversation, Message};
use crate::preferences::Preferences;
use crate::receipts::{Cursors, Receipt};
use serde::{Deserialize, Serialize};

/// One object of the account's log in its latest state. Applying it twice, or an older one later, changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountChange {
    /// The account became a member of the conversation.
    Joined { conversation: Box<Conversation> },
    /// Another device of the account moved its own cursors.
    Own { conversation: ConversationId, cursors: Cursors },
    /// Somebody received or read the account's messages.
    Receipt(Receipt),
    /// The account deleted a message for itself, or reported it.
    Hidden { conversation: ConversationId, seq: Seq },
    /// It took that back.
    Shown { conversation: ConversationId, message: Box<Message>, sender: User },
    /// The account is no member of the conversation any more: nothing of it is there for it.
    Left {
        conversation: ConversationId,
        #[serde(default, skip_serializing_if = "Parting::is_own")]
        why: Parting,
    },
    /// The account's own settings.
    Settings { receipts: bool, messages_from: MessagesFrom },
    /// What the account and another are to each other (R003-08e).
    Relation { user: User, relation: Relation },
    /// A friend request of the account, or to it (R003-02).
    Request(Box<FriendRequest>),
    /// What everybody may know of the account itself.
    Profile { user: User },
    /// How the account wants a conversation treated.
    Preferences { conversation: ConversationId, preferences: Box<Preferences> },
}

/// Why an account is no member of a group any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parting {
    /// It left.
    #[default]
    Left,
    /// The owner or an admin removed it.
    Removed,
    /// The owner ended the group.
    Dissolved,
}

impl Parting {
    fn is_own(&self) -> bool {
        *self == Self::Left
    }
}

/// `GET /sync?since=TOKEN`: what moved in the account's logs since the token, or everything when it is absent.
///
/// Every page but the last has `more`; pass its `token` to go on, also after a break: pages resume where they ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncPage {
    /// Opaque; at most 64 characters. Keep it as the next `since`.
    pub token: String,
    pub more: bool,
    /// The account log position that the answer covers through.
    pub upd: Upd,
    /// The account's own changes since the token. Empty in a sync from nothing: the conversations tell it all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<AccountChange>,
    /// The conversations whose log moved, newest activity first; only their description, not their messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversations: Vec<Conversation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<User>,
    /// In a sync from nothing: what was last active before it is left out. `GET /conversations` lists it, with this as its
    /// `before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<String>,
    /// Whose friend requests wait for the account's answer, at most 200; in a sync from nothing only: later ones, and what
    /// became of these, is told by `changes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<WaitingRequest>,
}

/// A friend request that waits for the account's answer until [`crate::FriendRequest::LIFETIME`] after it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRequest {
    pub user: UserId,
    pub at: Millis,
}

/// What a device counts of one conversation, and the positions at which it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    pub conversation: ConversationId,
    pub rev: Rev,
    pub upd: Upd,
    pub read: Seq,
    /// Deleting a conversation on a device takes no position: two counts compare only with the same of it.
    pub floor: Seq,
    pub unread: u64,
}

/// `POST /sync/counts`: 200 with [`CheckedCounts`]. The checksum of a device's data after it has synced (R004-B2): the
/// server counts anew. At most 100; a conversation of others, and one at other positions, is passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckCounts {
    pub counts: Vec<Count>,
}

impl CheckCounts {
    /// The most conversations in one request.
    pub const MAX: usize = 100;
}

/// The conversations that the device counts wrongly, as they are: it takes them over and loads their messages anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedCounts {
    pub wrong: Vec<Conversation>,
    pub users: Vec<User>,
}
