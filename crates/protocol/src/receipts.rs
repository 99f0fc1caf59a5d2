//! Receipts: how far a member has received and read a conversation.

use crate::id::{ConversationId, Seq, UserId};
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

/// How far one's own messages have come with one reader. In a direct conversation only (R000-01): groups have no
/// delivery receipts.
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
