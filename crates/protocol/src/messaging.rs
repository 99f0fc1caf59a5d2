//! Conversations, messages, and the pages in which they are read.

use crate::Millis;
use crate::account::User;
use crate::body::MessageBody;
use crate::id::{ClientId, ConversationId, Rev, Seq, UserId};
use crate::receipts::Cursors;
use serde::{Deserialize, Serialize};

/// A message. Its address is (conversation, `seq`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub seq: Seq,
    /// The conversation's log position at which it last changed.
    pub rev: Rev,
    pub sender: UserId,
    pub client_id: ClientId,
    /// When the server accepted it; never smaller than that of an earlier seq (R002-15).
    pub at: Millis,
    pub body: MessageBody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    Direct,
    Group,
}

/// A conversation as one of its members sees it in the session list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    /// A group's name; a direct conversation is named after `peer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The other side of a direct conversation; absent in a group and in a conversation with oneself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<User>,
    pub member_count: u64,
    /// The log position that this description covers through.
    pub rev: Rev,
    /// The newest message's address; `ZERO` while there is none.
    pub head_seq: Seq,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Message>,
    /// The newest message's time, or the conversation's creation.
    pub active_at: Millis,
    /// The first message that this member may see.
    pub vis_from: Seq,
    /// This member's own cursors.
    pub own: Cursors,
    /// The peer's cursors in a direct conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_cursors: Option<Cursors>,
    /// Unread messages by the one formula of R004-B1, at `rev` and `own`.
    pub unread: u64,
}

/// `POST /conversations`: opens the direct conversation with a user: 201 when it is new, 200 when it stood already.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenConversation {
    pub peer: UserId,
}

/// `GET /conversations?before=&limit=`: one page of the session list, by latest activity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conversations {
    pub conversations: Vec<Conversation>,
    /// The senders of the last messages in it.
    pub users: Vec<User>,
    /// Pass it as `before` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `POST /conversations/{id}/messages`: 201 with the [`Message`]; 200 with the original when the key was used before
/// (R001-12); 409 `client_id_reused` when it was used with another body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendRequest {
    pub client_id: ClientId,
    pub body: MessageBody,
}

/// `GET /conversations/{id}/messages?before=&after=&limit=`: the newest messages, or those before or after a seq
/// (R002-12, R004-G6). `limit` is 1–100, 10 when absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// By ascending seq, each in its latest state.
    pub messages: Vec<Message>,
    /// The seqs that the page covers, both ends included; a seq in it without a message is no gap. `from` is
    /// `through` + 1 when the page covers nothing.
    pub from: Seq,
    pub through: Seq,
    /// The first seq that the reader may see: a page that reaches it is the last one.
    pub vis_from: Seq,
    pub head_seq: Seq,
    /// The log position at which the page was read.
    pub rev: Rev,
    /// The senders of the messages.
    pub users: Vec<User>,
}

/// `GET /conversations/{id}/changes?after_rev=&limit=`: everything that changed after a log position, each object
/// once, in its latest state. `limit` is 1–500, 100 when absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesPage {
    /// The reader's description of the conversation now.
    pub conversation: Conversation,
    /// By ascending `rev`. Empty when `too_long`.
    pub messages: Vec<Message>,
    /// The log position that the page covers through; ask again from it while it is below `conversation.rev`.
    pub through: Rev,
    /// More than `max_gap` changes lie between: take the newest history page instead (R004-G8).
    pub too_long: bool,
    pub users: Vec<User>,
}
