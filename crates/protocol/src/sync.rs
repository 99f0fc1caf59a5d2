//! What changed while a device was away, and the account's log.

use crate::Millis;
use crate::account::User;
use crate::contacts::{FriendRequest, MessagesFrom, Relation};
use crate::id::{ConversationId, Rev, Seq, Upd, UserId};
use crate::messaging::{Conversation, Message};
use crate::preferences::Preferences;
use crate::receipts::{Cursors, Receipt};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

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

/// How much of a sync a device takes at a time: conversations, or changes of the account's log, 1 to 500. The server says
/// how much that should be (R004-G2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct PageSize(u32);

/// A number is no page size.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected an integer from 1 to {max}", max = PageSize::MAX)]
pub struct NoPageSize;

impl PageSize {
    pub const MAX: u32 = 500;

    /// The number itself.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(200)
    }
}

impl TryFrom<u32> for PageSize {
    type Error = NoPageSize;

    fn try_from(size: u32) -> Result<Self, NoPageSize> {
        if (1..=Self::MAX).contains(&size) { Ok(Self(size)) } else { Err(NoPageSize) }
    }
}

impl FromStr for PageSize {
    type Err = NoPageSize;

    fn from_str(text: &str) -> Result<Self, NoPageSize> {
        text.parse::<u32>().map_err(|_| NoPageSize)?.try_into()
    }
}

impl From<PageSize> for u32 {
    fn from(size: PageSize) -> Self {
        size.0
    }
}

impl fmt::Display for PageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `GET /sync?since=TOKEN&page_size=`: what moved in the account's logs since the token, or everything when it is absent.
///
/// An answer is a segment of at most so much as the server puts into one; a page that is longer comes in as many as it
/// takes. Every answer but the last has `more`; pass its `token` to go on, also after a break: pages resume where they
/// ended. Who names no page size goes on from segment to segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncPage {
    /// Opaque; at most 64 characters. Keep it as the next `since`.
    pub token: String,
    pub more: bool,
    /// How much of the page that was asked for is still to come at most. Absent: it ends here, and with `more` another
    /// follows.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left: u32,
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

fn is_zero(number: &u32) -> bool {
    *number == 0
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
    /// Through which message the account has read.
    pub read: Seq,
    /// Deleting a conversation on a device takes no position: two counts compare only with the same of it.
    pub floor: Seq,
    /// The newest message that the device knows of.
    pub received: Seq,
    /// At most [`Count::UNREAD_MAX`].
    pub unread: u64,
}

impl Count {
    /// A conversation has no more messages.
    pub const UNREAD_MAX: u64 = (1 << 53) - 1;

    /// What is to be counted of a conversation that is described so.
    pub fn of(about: &Conversation) -> Self {
        let Conversation { id: conversation, rev, upd, own, floor, head_seq: received, unread, .. } = *about;
        Self { conversation, rev, upd, read: own.read, floor: floor.unwrap_or_default(), received, unread }
    }

    /// Whether both were counted at the same positions of the same conversation, where there is one right count.
    pub fn compares_with(&self, other: &Self) -> bool {
        Self { received: other.received, unread: other.unread, ..*self } == *other
    }
}

/// `POST /sync/counts`: 200 with [`CheckedCounts`]. The checksum of a device's data after it has synced (R004-B2): the
/// server counts anew, and keeps what the device told last. At most 100; a conversation of others is passed over, and one
/// at other positions not compared.
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
