//! The signals that views read.

use super::chat::Chat;
use super::emoji::EmojiData;
use super::sessions::SessionEntry;
use crate::backend::Form;
use crate::preferences::{SendKey, Theme};
use crate::words::Words;
use crate::words::time::Clock;
use leptos::prelude::RwSignal;
use protocol::{ClientId, ErrorCode, User};

/// The signals that views read. Made under the reactive owner of the page, so it may be copied anywhere.
#[derive(Clone, Copy)]
pub struct Model {
    pub words: &'static Words,
    pub send_key: SendKey,
    pub account: RwSignal<User>,
    pub theme: RwSignal<Theme>,
    pub clock: RwSignal<Clock>,
    pub sessions: RwSignal<Vec<SessionEntry>>,
    pub open: RwSignal<Option<Chat>>,
    /// The connection has been gone long enough to say so.
    pub interrupted: RwSignal<bool>,
    /// Unread messages of all conversations (R004-B7.18).
    pub total: RwSignal<u64>,
    pub toast: RwSignal<Option<Toast>>,
    pub people: RwSignal<People>,
    pub emoji: RwSignal<EmojiData>,
    pub recent_emoji: RwSignal<Vec<String>>,
    /// The skin tone of emoji that take one: 0 none, 1 light to 5 dark.
    pub skin_tone: RwSignal<usize>,
    /// What the composer's plain form starts from.
    pub client_id: ClientId,
    pub form: RwSignal<Form>,
}

/// Something to be told for about two seconds (R004-I9). Each has a number, so that the same one can be told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Toast {
    pub number: u64,
    pub what: Complaint,
}

/// Why something a person asked for did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// R004-I7
    NoNetwork,
    Refused(ErrorCode),
}

/// The people found for a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct People {
    pub query: String,
    /// Absent while the answer is on its way, or nothing was asked.
    pub found: Option<Vec<User>>,
}
