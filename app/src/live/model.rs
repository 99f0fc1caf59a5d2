//! The signals that views read.

use super::attachment::Attachment;
use super::chat::Chat;
use super::emoji::EmojiData;
use super::lists::{ReadBy, Waiting, Why};
use super::sessions::SessionEntry;
use crate::backend::Form;
use crate::preferences::{SendKey, Theme};
use crate::words::Words;
use crate::words::time::Clock;
use leptos::prelude::RwSignal;
use protocol::sync::Parting;
use protocol::{ClientId, ConversationId, ErrorCode, Label, Seq, User, UserId};
use sync::{Map, Shelf};

/// A name that was chosen for a draft: where, whose, absent for everybody, and how it was written.
pub type Named = (ConversationId, Option<UserId>, String);

/// The signals that views read. Made under the reactive owner of the page, so it may be copied anywhere.
#[derive(Clone, Copy)]
pub struct Model {
    pub words: &'static Words,
    pub send_key: SendKey,
    pub account: RwSignal<User>,
    /// Friend requests that wait for an answer.
    pub requests: RwSignal<u64>,
    pub theme: RwSignal<Theme>,
    pub clock: RwSignal<Clock>,
    pub sessions: RwSignal<Vec<SessionEntry>>,
    /// Where the list goes on beyond these; absent when nothing follows.
    pub older: RwSignal<Option<String>>,
    /// The part of the session list that is shown.
    pub shelf: RwSignal<Shelf>,
    /// Every label in use.
    pub labels: RwSignal<Vec<Label>>,
    /// Something is archived.
    pub archived: RwSignal<bool>,
    pub open: RwSignal<Option<Chat>>,
    /// The connection has been gone long enough to say so.
    pub interrupted: RwSignal<bool>,
    /// Unread messages of all conversations (R004-B7.18).
    pub total: RwSignal<u64>,
    /// How many conversations reading everything would read, on whatever part of the list they are.
    pub awaiting: RwSignal<usize>,
    pub toast: RwSignal<Option<Toast>>,
    pub people: RwSignal<People>,
    /// The messages that make a badge, since somebody asked.
    pub why: RwSignal<Option<Why>>,
    pub read_by: RwSignal<Option<ReadBy>>,
    /// Who waits to be let into a group, since somebody asked.
    pub waiting: RwSignal<Option<Waiting>>,
    /// The message of the open conversation, among those asked about, that can still be recalled.
    pub recallable: RwSignal<Option<Seq>>,
    /// How often a person went to a message of the open conversation; the address names it.
    pub jumps: RwSignal<u64>,
    pub emoji: RwSignal<EmojiData>,
    pub recent_emoji: RwSignal<Vec<String>>,
    /// The skin tone of emoji that take one: 0 none, 1 light to 5 dark.
    pub skin_tone: RwSignal<usize>,
    /// What the composer's plain form starts from.
    pub client_id: ClientId,
    pub form: RwSignal<Form>,
    /// How often somebody sent something here or went to the newest message, which the log shows then.
    pub went: RwSignal<u64>,
    /// Files are dragged over the open conversation.
    pub dropping: RwSignal<bool>,
    /// How many pictures and files that a person chose are not sent yet, because they are being prepared.
    pub preparing: RwSignal<usize>,
    /// Where this device has the pictures that it sends.
    pub pictures: RwSignal<Map<ClientId, String>>,
    /// How many per cent of them are on the server, for those on their way.
    pub uploads: RwSignal<Map<ClientId, u8>>,
    /// Whom a person chose to name where, by their name then; nobody: everybody. A text that is kept, or written again, names
    /// them still.
    pub named: RwSignal<Vec<Named>>,
    /// Which announcement of a group was put away.
    pub announced: RwSignal<Map<ConversationId, String>>,
}

/// Something to be told for a few seconds (R004-I9). Each has a number, so that the same one can be told again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    pub number: u64,
    pub what: Notice,
}

/// What became of something that a person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// R004-I7
    NoNetwork,
    Refused(ErrorCode),
    /// The same of what carries a picture or a file (R004-I5).
    RefusedUpload(ErrorCode, Attachment),
    Copied,
    /// The browser keeps its clipboard to itself.
    NotCopied,
    Reported,
    /// The conversation that one looked at is not there any more.
    Parted(Parting),
    /// Can be taken back while it is told.
    Deleted {
        conversation: ConversationId,
        seqs: Vec<Seq>,
    },
}

/// The people found for a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct People {
    /// The group among whose members they are looked for; absent where it is everybody.
    pub conversation: Option<ConversationId>,
    pub query: String,
    /// Absent while the answer is on its way, or nothing was asked.
    pub found: Option<Vec<User>>,
    /// There was no answer.
    pub failed: bool,
}
