//! Conversations, messages, and the pages in which they are read.

use crate::Millis;
use crate::account::User;
use crate::body::{self, MessageBody};
use crate::contacts::Relation;
use crate::group::{Group, Nickname};
use crate::id::{ClientId, ConversationId, Rev, Seq, Upd, UserId};
use crate::preferences::{Preferences, is_default};
use crate::receipts::Cursors;
use crate::text::{GroupTitle, ReportNote};
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
    /// The position of the reader's own log that it covers through.
    pub upd: Upd,
    /// The newest message's address; `ZERO` while there is none.
    pub head_seq: Seq,
    /// The newest message that the reader sees: not hidden, and after `floor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Message>,
    /// The newest message's time, or the conversation's creation.
    pub active_at: Millis,
    /// The first message that this member may see on this device.
    pub vis_from: Seq,
    /// The conversation was deleted on this device through this message, which is `ZERO` where there was none yet (R001-05);
    /// absent, never. It is listed again when a later one comes; `vis_from` is beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Seq>,
    /// Seqs after the own read cursor that count for nothing: recalled, or not addressed to this member. Ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<Seq>,
    /// Seqs after the own read cursor that the reader deleted for themselves, or reported. Ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Seq>,
    /// This member's own cursors.
    pub own: Cursors,
    /// The peer's cursors in a direct conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_cursors: Option<Cursors>,
    /// Unread messages by the one formula of R004-B1, at `rev`, `upd` and `own`.
    pub unread: u64,
    /// What the member and the peer of a direct conversation are to each other, at `upd` (R004-D1).
    #[serde(default, skip_serializing_if = "Relation::is_none")]
    pub relation: Relation,
    /// Whether the member has ever written in it (R001-04).
    #[serde(default = "yes")]
    pub answered: bool,
    /// How this member wants it treated, at `upd`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub preferences: Preferences,
    /// Where the reader became a member, in its own log: what is told of an earlier membership is of the past.
    #[serde(default)]
    pub joined: Upd,
    /// In a group only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// The newest unread messages that name the reader, at most 100, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Seq>,
}

/// What a device has kept since before it was told of answers.
fn yes() -> bool {
    true
}

impl Conversation {
    /// The most unread messages that name the reader of which a description tells.
    pub const MENTIONS: usize = 100;
    /// The most of them that count in the total. Fewer than are told: a device that follows still counts what a new one
    /// does when some of those told were hidden or recalled, though it was not told of older ones.
    pub const MENTIONS_COUNTED: usize = 50;

    /// Whether the device's session list shows it: not while it is deleted there and nothing later has come (R001-05).
    pub fn listed(&self) -> bool {
        self.floor.is_none_or(|floor| self.head_seq > floor)
    }

    /// Whether it stands among the messages of strangers: somebody has written to the member who never answered, and
    /// who neither follows them nor has them as a friend (R001-04).
    pub fn stranger(&self) -> bool {
        let Relation { friend, follow, .. } = self.relation;
        self.peer.is_some() && !self.head_seq.is_zero() && !(self.answered || friend || follow)
    }
}

/// `POST /conversations`: opens the direct conversation with a user, 201 when it is new, 200 when it stood already; or
/// makes a group, 201 (R002-05). Either `peer` or `members`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenConversation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<UserId>,
    /// What the group is called; by its members when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<GroupTitle>,
    /// Who is in the group beside the one who makes it, from 1 to [`crate::group::NAMED_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<UserId>,
}

impl OpenConversation {
    pub fn with(peer: UserId) -> Self {
        Self { peer: Some(peer), ..Self::default() }
    }
}

/// The answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedConversation {
    #[serde(flatten)]
    pub conversation: Conversation,
    /// Those named for a group who are not in it, because they do not accept that from whoever makes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<UserId>,
}

/// `GET /conversations?before=&limit=`: one page of the session list, by latest activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(deserialize_with = "body::composed")]
    pub body: MessageBody,
    /// Members to whom the message stays invisible (R001-14); at most 500, never the sender.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invisible_list: Vec<UserId>,
}

impl SendRequest {
    /// The most members from whom one message is withheld.
    pub const INVISIBLE_MAX: usize = 500;
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
    /// The log positions at which the page was read: the conversation's, and the reader's own.
    pub rev: Rev,
    pub upd: Upd,
    /// The senders of the messages.
    pub users: Vec<User>,
    /// What they are called here, in a group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nicknames: Vec<Nickname>,
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
    /// What the senders are called here, and every member whose nickname changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nicknames: Vec<Nickname>,
}

/// `PUT /conversations/{id}/hidden`: 204. Deletes messages for oneself, on all one's devices, or takes that back
/// (R001-17, R004-H2). 1 to 100 seqs; one that is not there for the reader is passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HideMessages {
    pub seqs: Vec<Seq>,
    pub hidden: bool,
}

impl HideMessages {
    /// The most messages in one request (R004-H7).
    pub const MAX: usize = 100;
}

/// `POST /admin/conversations/{id}/messages/{seq}/removal`: 200. Takes a message from everybody after an audit
/// (R004-B7.6); what it said stays in quarantine, for `GET` of the same path. `DELETE`: 204, gives it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// As it was before.
    pub message: Message,
    pub removed_at: Millis,
}

/// `POST /conversations/{id}/messages/{seq}/report`: 204. A ticket with the message and what stands before it; who
/// reported stays hidden from the reported (R004-H6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportMessage {
    pub reason: ReportReason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<ReportNote>,
    /// Hide the message from the reporter as well.
    pub hide: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportReason {
    Spam,
    Fraud,
    Harassment,
    Indecent,
    Other,
}

impl ReportReason {
    pub const ALL: [Self; 5] = [Self::Spam, Self::Fraud, Self::Harassment, Self::Indecent, Self::Other];
}

/// `GET /conversations/{id}/readers`: how far the others have read (R000-20). A group of more than 200 lists nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readers {
    /// The other members, by user id.
    pub readers: Vec<Reader>,
    /// Whether the group is small enough to be listed.
    pub listed: bool,
    /// From whom the thousand newest withheld messages of the one who asks were withheld, newest first: they do not count as
    /// their readers (R001-14).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// In a group that lists nobody: how many have read each of the newest messages of the one who asks, by seq.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<ReadCount>,
}

/// How many have read a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadCount {
    pub seq: Seq,
    pub count: u64,
}

/// The members from whom a message was withheld.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    pub seq: Seq,
    pub users: Vec<UserId>,
}

impl Readers {
    /// The most members of a group whose readers are listed and told.
    pub const LISTED_MAX: usize = 200;
    /// The most messages of one's own whose readers are counted at a time.
    pub const COUNTED_MAX: usize = 50;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    pub user: User,
    /// How far they have read the messages of the one who asks, as far as that may be told (R000-19) or follows from what
    /// they wrote; zero where nothing is known.
    pub read: Seq,
    /// What was sent first once they had come: of what stood there before they are no readers, though they may see it.
    #[serde(default, skip_serializing_if = "Seq::is_zero")]
    pub from: Seq,
}

/// `GET /conversations/{id}/messages/{seq}/readers`: who has read one's own message; 403 about another's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReaders {
    pub count: u64,
    /// Empty in a group of more than 200, and of a message that is older than readers are told apart.
    pub readers: Vec<User>,
    /// What they are called here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nicknames: Vec<Nickname>,
    /// The message is so old that the number alone is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub old: bool,
}

/// `GET /conversations/{id}/unread?before=&naming=`: exactly the messages that make the conversation's unread count, newest
/// first, 99 a page (R002-23). With `naming=true` those of them that name the reader, at most
/// [`Conversation::MENTIONS_COUNTED`]: they make the badge while the conversation is muted (R004-B7.18).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadPage {
    /// How many there are, in this page and others.
    pub unread: u64,
    pub messages: Vec<Message>,
    pub users: Vec<User>,
    /// What they are called here, in a group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nicknames: Vec<Nickname>,
    /// There are more: ask with the last one's seq as `before`.
    pub more: bool,
}
