//! Receipts: how far a member has received and read a conversation.

use crate::id::{ConversationId, Seq, Upd, UserId};
use crate::sync::PageSize;
use serde::{Deserialize, Serialize};

/// A member's two cursors. Max-registers: `read ≤ delivered ≤ head_seq` (R000-06, R000-16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursors {
    /// The highest seq that any device of the member has stored.
    pub delivered: Seq,
    /// The highest seq that the member has seen on screen.
    pub read: Seq,
}

impl Cursors {
    /// The later of both, each cursor for itself; reading implies delivery (R000-06).
    pub fn max(self, other: Self) -> Self {
        let read = self.read.max(other.read);
        Self { read, delivered: self.delivered.max(other.delivered).max(read) }
    }

    /// Both cursors at `seq`: what sending a message, or reading it, makes of them.
    pub fn at(seq: Seq) -> Self {
        Self { delivered: seq, read: seq }
    }
}

/// How far one's own messages have come with one reader. In a group `delivered` only follows `read`: groups have no
/// delivery receipts (R000-01, R000-07).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub conversation: ConversationId,
    pub reader: UserId,
    #[serde(flatten)]
    pub cursors: Cursors,
}

/// One conversation's report. A lower value than known is accepted and ignored; a higher one than the newest message
/// is taken as the newest (R000-16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptReport {
    pub conversation: ConversationId,
    pub delivered: Seq,
    pub read: Seq,
}

/// `PUT /receipts`: 204. At most 100 reports; one about a conversation that the reporter is not a member of refuses
/// them all with 404, and nothing moves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportReceipts {
    pub reports: Vec<ReceiptReport>,
}

impl ReportReceipts {
    /// The most reports in one request.
    pub const MAX: usize = 100;
}

/// `GET /receipts?after=&limit=`: the receipts about the account's own messages that changed after a position of its
/// log, each in its latest state (R000-13). `limit` is 1–500, 100 when absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptsPage {
    pub receipts: Vec<Receipt>,
    /// The position that the page covers through: the next `after`.
    pub through: Upd,
    pub more: bool,
}

/// When reading is reported (R000-08).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadReportPolicy {
    /// As soon as messages are on screen.
    #[default]
    Viewport,
    /// When the conversation is left, the page is hidden, or a message is sent in it.
    OnLeave,
}

/// What a device must know of the server's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    pub read_report_policy: ReadReportPolicy,
    /// How long after sending a message its sender may recall it, in seconds; 0: never (R001-18).
    pub recall_window_s: u64,
    /// How much a device should take in one page of a sync (R004-G2).
    #[serde(default)]
    pub sync_page_size: PageSize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            read_report_policy: ReadReportPolicy::Viewport,
            recall_window_s: 120,
            sync_page_size: PageSize::default(),
        }
    }
}
