//! The client engine: everything a device knows and decides, without I/O.
//!
//! Purpose: one implementation of logs, timelines, outbox, receipts, unread and link state, run unchanged in WASM and
//! under a property tester. Time and randomness come in with every [`Client::step`]; what must happen outside goes out
//! as [`Effect`]s; what the view must redraw is told by [`Client::take_changes`].
//! Invariants: applying anything twice, late or out of order changes nothing; a cursor never moves back; unread is
//! computed by one formula, never counted up and down.
//! Deliberately absent: clocks, randomness, async, storage, the browser.

mod acting;
mod answers;
mod apply;
mod client;
mod counts;
mod link;
mod log;
mod map;
mod opening;
mod order;
mod outbox;
mod preferences;
mod presence;
mod pull;
mod readers;
mod receipts;
mod restored;
mod sessions;
mod stored;
pub mod tabs;
mod timeline;
mod unread;
mod upload;
mod view;
mod weight;
mod window;
mod work;

pub use client::Client;
pub use link::LinkState;
pub use map::Map;
pub use presence::Presence;
pub use stored::{Stored, StoredConversation, StoredDevice, StoredTimeline, Unstored};
pub use timeline::{Item, ReadMark, Row, RowKey};
pub use upload::Upload;
pub use window::{MOUNTED, MOVED, Mounted, Window};

use protocol::group::Silence;
use protocol::messaging::{ChangesPage, Conversations, HistoryPage, Readers, ReportMessage};
use protocol::sync::{CheckedCounts, Count, PageSize, Parting, SyncPage};
use protocol::{
    Account, ApiError, ChangePreferences, ChangedPreferences, ClientFrame, ClientId, Contact, Conversation,
    ConversationId, ErrorCode, Group, Label, Message, MessageBody, Millis, Preferences, ReceiptReport, Relation, Rules,
    Seq, ServerFrame, Upd, User, UserId,
};

/// What a device starts from: the server-rendered page's data, or what it stored, or both.
#[derive(Clone, Debug)]
pub struct Start {
    pub account: Account,
    pub rules: Rules,
    /// The server's time when the page was made, which tells what is muted; 0 where no server made it.
    pub now: Millis,
    /// Whether conversations with unread messages stand above the others (R002-10).
    pub unread_first: bool,
    /// The first page of a sync from nothing. The open conversation is described in it, however old it is.
    pub sync: SyncPage,
    /// The conversation that the page shows, with its newest messages.
    pub open: Option<(ConversationId, HistoryPage)>,
    /// Whether its peer is there, where that is told.
    pub presence: Option<Presence>,
    /// Who has read its messages, where it is a group whose readers are told (R000-20).
    pub readers: Option<Readers>,
}

/// Something happened outside. Every step also carries the time and a random number.
#[derive(Clone, Debug)]
pub enum Input {
    /// The page is live: connect.
    Started,
    /// The timer asked for by [`Effect::Wake`] rang. An early or late ring is harmless.
    Tick,
    SocketOpened,
    SocketFrame(ServerFrame),
    /// A frame came that a later version knows: the server is there.
    SocketHeard,
    SocketClosed {
        code: u16,
    },
    /// The page became visible, the network came back, or a timer found that the machine slept: probe the link
    /// (R004-G9). Whether somebody sees the page it does not say.
    Woke,
    /// Whether the page can be seen: one in the background asks for nothing that only somebody who looks wants.
    Visible(bool),
    /// The answer to an [`Effect::Request`].
    Answered {
        request: RequestId,
        answer: Result<Answer, Failure>,
    },
    /// This device keeps its data across reloads. What it kept, if anything: tell it before [`Input::Started`].
    Restored(Option<Box<Stored>>),
    /// Nothing at all was kept, though the device can keep its data: the login is new, or the storage was cleared, which
    /// makes a new device of it (R004-H5). Tell it after [`Input::Restored`]; not where what was kept could not be read.
    StorageEmpty,
    /// What [`Client::take_unstored`] gave is stored, with these conversations through these messages (R000-04).
    Stored(Vec<(ConversationId, Seq)>),
    /// The device cannot keep anything any more.
    StorageLost,
    /// Messages that were composed before a reload and are not known to have been sent.
    OutboxRestored(Vec<Unsent>),
    /// Messages that other pages of this device wrote and are about to post. This page does if they do not.
    OutboxElsewhere(Vec<Unsent>),
    /// Some of this message's picture or file has left on the way that [`Request::Upload`] began. An upload that ends without an
    /// answer after this broke: of those only a few are made.
    UploadMoves(ClientId),
    /// Another page of this device is uploading this message's picture or file. Say so every few seconds: this page uploads it when
    /// it is not told so any more.
    UploadingElsewhere(ClientId),
    /// A person gave a message up in another page of this device.
    DiscardedElsewhere(ClientId),
    /// A person read so far in another page of this device, which reports it, and says so again while it holds that back. This
    /// page does if that one does not.
    ReadElsewhere(Vec<(ConversationId, Seq)>),
    /// Another page of this device had the shared connection watch somebody, and no longer whom this one watches.
    WatchedElsewhere,
    /// A person typed in a composer: all that stands in it now.
    Typed {
        conversation: ConversationId,
        text: String,
    },
    /// A person typed in another page of this device, which tells the server. This page does if that one does not.
    TypedElsewhere(UntoldDraft),
    /// Another page of this device has nothing more to tell of what was typed, which is this.
    DraftKnownElsewhere {
        conversation: ConversationId,
        text: String,
    },
    /// What was typed before a reload and is not known to have been told.
    DraftsRestored(Vec<UntoldDraft>),
    /// What was read before a reload and is not known to have been reported (T13), where no other page may be at it.
    ReadsRestored(Vec<(ConversationId, Seq)>),

    /// A person opened a conversation; its newest page is loaded if it is not held.
    Open(ConversationId),
    /// A person left the open conversation.
    Close,
    /// A person wrote a message. A picture or a file is kept on the device under the message's key by then, and its body
    /// says what the device knows of it; what the upload is answered takes its place.
    Send {
        conversation: ConversationId,
        client_id: ClientId,
        body: MessageBody,
    },
    /// A person chose several at once: they are sent as [`Input::Send`] says, in this order and, unless one of them takes
    /// long, with nothing between them (R002-07).
    SendTogether {
        conversation: ConversationId,
        messages: Vec<(ClientId, MessageBody)>,
    },
    /// A person asked for another attempt at a message: a failed one moves to the bottom (R004-A2) and keeps its key (A4), one
    /// that waits is tried at once where it is (A1).
    Retry(ClientId),
    /// A person gave a failed message up.
    Discard(ClientId),
    /// A person scrolled to the oldest rows held: load the page before them.
    LoadOlder(ConversationId),
    /// A person reached the end of the session list: load what follows.
    LoadOlderSessions,
    /// A person reached a gap: fill it.
    LoadGap {
        conversation: ConversationId,
        before: Seq,
    },
    /// Rows through `seq` are on screen in a visible, focused page (R000-08, T15).
    Seen {
        conversation: ConversationId,
        seq: Seq,
    },
    /// A person asked for a change that the server must make first; told by [`Input::Answered`].
    Act(Action),
    /// The page is about to be hidden: report at once what is held back (R000-08e).
    Leaving,
    /// A person chose somebody to write to, and the server answered with the conversation.
    Joined(Conversation),
    /// People met outside of a log, in a search for instance.
    Met(Vec<User>),
}

/// What a person does with messages and conversations that are on the server. It needs the server: on screen it happens
/// when the server has said so, and a person hears when it has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `PUT …/hidden`: delete messages for oneself on all devices, or take that back (R001-17).
    Hide { conversation: ConversationId, seqs: Vec<Seq>, hidden: bool },
    /// `POST …/recall`: take a message back from everybody (R001-18).
    Recall { conversation: ConversationId, seq: Seq },
    /// `POST …/report` (R004-H6).
    Report { conversation: ConversationId, seq: Seq, report: ReportMessage },
    /// `DELETE /conversations/{id}?through=`: off this device's list, or off those of all devices of the account, until somebody
    /// writes again (R001-05).
    Delete { conversation: ConversationId, through: Seq, everywhere: bool },
    /// `PUT /receipts/all`: everything is read (R001-20).
    ReadAll,
    /// `PATCH …/preferences`: pin, mute, label, archive, mark (R001-19, R001-08).
    Prefer { conversation: ConversationId, change: Box<ChangePreferences> },
    /// `PATCH /accounts/me`: whether to give and get receipts (R000-19).
    ShowReceipts(bool),
    /// `PUT` or `DELETE /contacts/{id}/follow`: follow somebody, and then send the message that was refused for want of
    /// that (R004-I2).
    Follow { user: UserId, follow: bool, retry: Option<ClientId> },
    /// `PUT` or `DELETE /contacts/{id}/block`.
    Block { user: UserId, block: bool },
}

/// Names a request in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// An HTTP call of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// `GET /sync`: a page of at most this length, or what is left of one.
    Sync { since: Option<String>, page: PageSize },
    /// `PUT /devices/current/beginning`
    BeginAnew,
    /// `GET …/messages`: the newest page when both are absent.
    History { conversation: ConversationId, before: Option<Seq>, after: Option<Seq>, limit: u64 },
    /// `GET …/changes`
    Changes { conversation: ConversationId, after: protocol::Rev },
    /// `GET /conversations`: what follows a place in the session list.
    Conversations { before: String, limit: u64 },
    /// `GET /contacts/{id}`, when a person enters a direct conversation (R004-D3).
    Contact { user: UserId },
    /// `GET /conversations/{id}`, for a conversation first met by a frame.
    Conversation { conversation: ConversationId },
    /// `POST /media` or `POST /files`, as the body is: what the device keeps under the key. What it does not keep any more is
    /// refused.
    Upload { client_id: ClientId, body: MessageBody },
    /// `POST …/messages`
    Post { conversation: ConversationId, client_id: ClientId, body: MessageBody },
    /// `PUT /receipts`. `leaving`: must outlive the page (fetch with keepalive).
    Report { reports: Vec<ReceiptReport>, leaving: bool },
    /// `POST /sync/counts`, once the device has caught up (R004-B2).
    Check { counts: Vec<Count> },
    /// `GET /conversations/{id}/readers`
    Readers { conversation: ConversationId },
    /// `PATCH …/preferences` for what the engine itself tells. `leaving`: must outlive the page.
    Prefer { conversation: ConversationId, change: ChangePreferences, leaving: bool },
    /// As the action says.
    Act(Action),
}

/// What a [`Request`] brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Sync(SyncPage),
    History(HistoryPage),
    Changes(ChangesPage),
    Conversation(Conversation),
    Conversations(Conversations),
    Contact(Contact),
    /// The body that is posted: the picture or the file as the server has it.
    Uploaded(MessageBody),
    Posted(Message),
    Reported,
    Checked(CheckedCounts),
    Readers(Readers),
    /// The recalled message.
    Recalled(Message),
    Preferred(ChangedPreferences),
    /// Any other [`Action`] is done, and so is [`Request::BeginAnew`].
    Done,
}

/// Why a [`Request`] brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No answer: whether the server acted is unknown.
    Network,
    /// The server refused.
    Refused(ApiError),
}

/// What the outside must do. Effects of one step are performed in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open the push connection; a connection still open is dropped first.
    Connect,
    /// Drop the push connection without telling [`Input::SocketClosed`].
    Disconnect,
    /// Send a frame over the push connection.
    Frame(ClientFrame),
    /// Make the call, then tell [`Input::Answered`].
    Request { id: RequestId, request: Request },
    /// Ring [`Input::Tick`] at this time by the device's clock; replaces the earlier timer.
    Wake { at: Millis },
    /// Keep this message in the outbox across reloads, before it is posted.
    Persist(Unsent),
    /// The message is on the server, or was given up: what is kept of it, a picture or a file too, is needed no more.
    Forget(ClientId),
    /// Keep across reloads how far this conversation was read: the server does not know yet.
    KeepRead { conversation: ConversationId, seq: Seq },
    /// The server knows how far this conversation was read.
    ForgetRead(ConversationId),
    /// Keep across reloads what stands in a composer: the server does not know yet. Tell this device's other pages, unless
    /// it is only that a call took it along.
    KeepDraft(UntoldDraft),
    /// The server knows what stands in the composer.
    ForgetDraft(ConversationId),
    /// Tell this device's other pages that the server knows this, which was typed or told here, and that nothing is to be told of
    /// it any more.
    DraftKnown { conversation: ConversationId, text: String },
    /// The login was ended: show the login page.
    LoggedOut,
}

/// What stands in a composer and the server may not know, as it is kept across reloads.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UntoldDraft {
    pub conversation: ConversationId,
    pub text: String,
    /// A call took it along of which no answer is known, when the device knew the account's log through here.
    #[serde(default)]
    pub told_after: Option<Upd>,
}

/// A message in the outbox, as it is kept across reloads.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unsent {
    pub conversation: ConversationId,
    pub client_id: ClientId,
    pub body: MessageBody,
    /// When it was composed, or last retried, by the device's clock; shown, never compared with the server's.
    pub at: Millis,
    /// Where it stands among what this device has written: the larger, the further down, whatever the clock said.
    pub place: u64,
    /// Why the attempts ended, and it waits for a person: the server's refusal (R004-I10), or `timeout` when it waited
    /// for too long.
    #[serde(default, deserialize_with = "outbox::read_failed")]
    pub failed: Option<ErrorCode>,
    /// Whether a picture or a file is to be uploaded first.
    #[serde(default)]
    pub upload: Upload,
}

/// What changed since the view last asked. Everything not named looks as before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Conversations whose row in the session list looks different.
    pub sessions: std::collections::BTreeSet<ConversationId>,
    /// The list's order or membership differs.
    pub order: bool,
    /// Conversations whose timeline differs.
    pub timelines: std::collections::BTreeSet<ConversationId>,
    /// The link's state differs.
    pub link: bool,
    /// The total of unread messages differs.
    pub total: bool,
    /// The account's settings differ.
    pub account: bool,
    /// The open conversation is not there any more, by another's doing.
    pub parted: Option<(ConversationId, Parting)>,
    /// What became of what a person asked for, in the order of the answers.
    pub acted: Vec<Acted>,
}

/// The end of an [`Action`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted {
    pub action: Action,
    pub outcome: Result<(), Failure>,
}

/// One row of the session list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: ConversationId,
    pub kind: protocol::ConversationKind,
    pub title: Option<String>,
    pub peer: Option<User>,
    pub member_count: u64,
    /// The newest message, an unsent one of this device included.
    pub last: Option<Row>,
    pub active_at: Millis,
    /// The newest message's address, whether it is shown or not.
    pub head_seq: Seq,
    pub unread: u64,
    /// What the account and the peer are to each other.
    pub relation: Relation,
    pub preferences: Preferences,
    /// Muted now: what is unread counts for nothing outside of the row.
    pub muted: bool,
    /// Off the main list.
    pub archived: bool,
    /// A dot reminds of it.
    pub marked: bool,
    /// What stands in the composer.
    pub draft: String,
    /// How many unread messages name the account, as far as a description tells.
    pub mentions: u64,
    /// In a group only.
    pub group: Option<Group>,
    /// Why the account may not write in the group now.
    pub silence: Option<Silence>,
}

/// A part of the session list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shelf {
    /// Everything that is not archived.
    #[default]
    All,
    /// What has unread messages or a mark, of that.
    Unread,
    /// What has a label, of that.
    Labelled(Label),
    Archived,
}
