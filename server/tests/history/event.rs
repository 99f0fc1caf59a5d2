//! What a history consists of: who asked what, what came back, and which frames came by themselves.

use protocol::group::InviteOutcomes;
use protocol::messaging::{ChangesPage, HistoryPage, Readers, UnreadPage};
use protocol::receipts::{ReceiptReport, ReceiptsPage};
use protocol::sync::SyncPage;
use protocol::{
    ClientId, Contact, Conversation, ConversationId, ConversationKind, DeviceId, ErrorCode, Message, MessageBody,
    MessagesFrom, Rev, Role, Seq, ServerFrame, Upd, UserId,
};
use serde::{Deserialize, Serialize};

/// One device of one account: a process of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Process {
    pub account: UserId,
    pub device: DeviceId,
}

/// Something that happened; one line of a saved history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Nanoseconds since the recording began, never smaller than those of an earlier event. No clock of the server's.
    pub at: u64,
    pub what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The recording knows who is in a conversation. Messages through `head` were there before it began.
    /// `later`: it is a direct one that was opened during it, and to each of the two not there before they open it or
    /// somebody writes in it.
    Known {
        conversation: ConversationId,
        kind: ConversationKind,
        members: Vec<Membership>,
        head: Seq,
        #[serde(default)]
        later: bool,
    },
    /// How many bytes the server's process holds, while so many connections stand, for each of which at most `queue` bytes
    /// may wait.
    Memory { resident: u64, connections: u64, queue: u64 },
    /// How many messages a stranger may write before the first answer; 0, and unless this is said: as many as they like.
    Strangers { limit: u64 },
    /// A call is about to be made.
    Invoke { call: u64, process: Process, op: Op },
    /// It did what was asked.
    Ok { call: u64, answer: Box<Answer> },
    /// It was refused, and did nothing.
    Fail { call: u64, status: u16, code: ErrorCode },
    /// Nobody knows: no answer, a broken one, or a 5xx.
    Info { call: u64 },
    /// A push connection stands and was greeted.
    Opened { link: u64, process: Process },
    /// It carried a frame.
    Frame { link: u64, frame: Box<ServerFrame> },
    /// It ended; the code, when the server said one.
    Closed { link: u64, code: Option<u16> },
    /// The faults are over: from here on everything must converge.
    Healed,
    /// The device has pulled whatever it knows of and wants nothing more.
    Settled { process: Process },
    /// Nobody changes anything from here on: what is asked later reads the final state.
    Quiet,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Membership {
    pub account: UserId,
    /// The first message that the member may see.
    pub vis_from: Seq,
    #[serde(default)]
    pub role: Role,
}

/// What one account does to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Asks to be friends, or accepts that the other asks.
    Befriend,
    Unfriend,
    Refuse,
    Follow,
    Unfollow,
    Block,
    Unblock,
}

/// A call of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Send {
        conversation: ConversationId,
        client_id: ClientId,
        body: MessageBody,
        invisible: Vec<UserId>,
    },
    Report {
        reports: Vec<ReceiptReport>,
    },
    ReadAll,
    Hide {
        conversation: ConversationId,
        seqs: Vec<Seq>,
        hidden: bool,
    },
    /// A report to the moderators, which may hide the message.
    Denounce {
        conversation: ConversationId,
        seq: Seq,
        hide: bool,
    },
    Recall {
        conversation: ConversationId,
        seq: Seq,
    },
    /// Deletes a conversation on the device.
    Delete {
        conversation: ConversationId,
        through: Seq,
    },
    /// Whether the account gives and gets receipts.
    Privacy {
        receipts: bool,
    },
    /// From whom the account accepts messages.
    Accept {
        from: MessagesFrom,
    },
    /// Ends a login of the account.
    EndLogin {
        device: DeviceId,
    },
    /// Opens the direct conversation with somebody.
    Open {
        peer: UserId,
    },
    Relate {
        other: UserId,
        act: Act,
    },
    /// Asks what the account and another are to each other.
    Contact {
        other: UserId,
    },
    Invite {
        conversation: ConversationId,
        users: Vec<UserId>,
    },
    /// Removes a member of a group; oneself: leaves it.
    Remove {
        conversation: ConversationId,
        user: UserId,
    },
    Dissolve {
        conversation: ConversationId,
    },
    /// Gives a member another role; `Owner` hands the group over.
    Appoint {
        conversation: ConversationId,
        user: UserId,
        role: Role,
    },
    /// Mutes a member, or everybody, for longer than a history lasts; or ends that.
    Mute {
        conversation: ConversationId,
        user: Option<UserId>,
        muted: bool,
    },
    /// Tells, over the push connection, that the person writes.
    Typing {
        conversation: ConversationId,
    },
    /// Asks, over the push connection, for the presence of the peer of a direct conversation.
    Watch {
        conversation: ConversationId,
    },
    Sync {
        since: Option<String>,
    },
    Describe {
        conversation: ConversationId,
    },
    History {
        conversation: ConversationId,
        before: Option<Seq>,
        after: Option<Seq>,
        limit: u64,
    },
    Changes {
        conversation: ConversationId,
        after: Rev,
    },
    Unread {
        conversation: ConversationId,
        before: Option<Seq>,
    },
    Receipts {
        after: Upd,
    },
    Readers {
        conversation: ConversationId,
    },
    /// The page that a person sees, as HTML: of a conversation, or only the list.
    Page {
        conversation: Option<ConversationId>,
    },
}

impl Op {
    /// A send of a text that names its message.
    pub fn text(conversation: ConversationId, client_id: ClientId) -> Self {
        let body = MessageBody::text(canary(client_id).try_into().unwrap());
        Self::Send { conversation, client_id, body, invisible: Vec::new() }
    }

    /// The conversation that it is about, when it is about one.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Send { conversation, .. }
            | Self::Hide { conversation, .. }
            | Self::Denounce { conversation, .. }
            | Self::Recall { conversation, .. }
            | Self::Delete { conversation, .. }
            | Self::Describe { conversation }
            | Self::History { conversation, .. }
            | Self::Changes { conversation, .. }
            | Self::Unread { conversation, .. }
            | Self::Invite { conversation, .. }
            | Self::Remove { conversation, .. }
            | Self::Dissolve { conversation }
            | Self::Appoint { conversation, .. }
            | Self::Mute { conversation, .. }
            | Self::Typing { conversation }
            | Self::Watch { conversation }
            | Self::Readers { conversation } => Some(*conversation),
            Self::Page { conversation } => *conversation,
            Self::Report { .. }
            | Self::ReadAll
            | Self::Privacy { .. }
            | Self::Accept { .. }
            | Self::Open { .. }
            | Self::Relate { .. }
            | Self::Contact { .. }
            | Self::EndLogin { .. }
            | Self::Sync { .. }
            | Self::Receipts { .. } => None,
        }
    }
}

/// What a call brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// `replay`: the server said that it knew the message (200 instead of 201).
    Sent {
        message: Message,
        replay: bool,
    },
    /// There is nothing to tell but that it is done.
    Done,
    Recalled {
        message: Message,
    },
    Sync(SyncPage),
    Conversation(Conversation),
    History(HistoryPage),
    Changes(ChangesPage),
    Unread(UnreadPage),
    Receipts(ReceiptsPage),
    Readers(Readers),
    Contact(Contact),
    Invited(InviteOutcomes),
    /// The total of unread messages in the title, and the keys of the messages whose text stands in the page.
    Page {
        total: u64,
        texts: Vec<ClientId>,
    },
}

/// A recorded history, in the order of time.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub events: Vec<Event>,
}

impl History {
    /// Reads a history that a recorder wrote. A line cut off by a crash ends it.
    pub fn load(path: &std::path::Path) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        Ok(Self { events: text.lines().map_while(|line| serde_json::from_str(line).ok()).collect() })
    }
}

/// A text that names its message, so that it is found wherever it shows up.
pub fn canary(client_id: ClientId) -> String {
    format!("§{client_id}§")
}

/// The keys of the messages whose text stands in these bytes.
pub fn canaries(text: &str) -> Vec<ClientId> {
    let mut found: Vec<ClientId> = text.split('§').filter_map(|part| part.parse().ok()).collect();
    found.sort();
    found.dedup();
    found
}
