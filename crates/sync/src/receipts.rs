//! Receipts: which mark a message has earned, and which of one's own cursors are to be reported.
//!
//! Invariants: a conversation is reported at most once a second (R000-08); a report that failed is made again (T13);
//! delivery is reported in direct conversations only (R000-01).

use crate::link::backoff;
use crate::map::Map;
use crate::timeline::ReadMark;
use crate::{Failure, RequestId};
use protocol::receipts::ReportReceipts;
use protocol::{Conversation, ConversationId, ConversationKind, Cursors, Millis, ReceiptReport, Seq};
use std::collections::BTreeSet;

/// How often a conversation is reported at most.
const PAUSE: Millis = 1_000;
/// How long another page of the device has to report what was read there.
pub(crate) const TURN: Millis = 2 * PAUSE;
/// How often a page says again what was read there and it holds back, and how long others leave it to that page since.
pub(crate) const SAID_AGAIN: Millis = 15_000;
pub(crate) const HELD_BACK: Millis = 3 * SAID_AGAIN;

/// What the peer's cursors say of one's own message at `seq`.
pub(crate) fn mark(conversation: Option<&Conversation>, seq: Seq) -> ReadMark {
    match conversation.filter(|about| about.peer.is_some()).and_then(|about| about.peer_cursors) {
        Some(peer) if seq <= peer.read => ReadMark::Read,
        Some(peer) if seq <= peer.delivered => ReadMark::Delivered,
        _ => ReadMark::Sent,
    }
}

/// What the server should know of one's own cursors, when one has read through `read`.
fn wanted(about: &Conversation, read: Seq) -> Cursors {
    let direct = about.kind == ConversationKind::Direct && about.peer.is_some();
    let delivered = if direct { about.head_seq } else { Seq::ZERO };
    Cursors { delivered, read: Seq::ZERO }.max(Cursors::at(read))
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Reports {
    /// Conversations whose cursors may have moved beyond what the server knows.
    open: BTreeSet<ConversationId>,
    /// What the server knows.
    known: Map<ConversationId, Cursors>,
    /// Where that differs from what is stored.
    learned: BTreeSet<ConversationId>,
    /// Through which message conversations are stored; absent where the device stores nothing.
    stored: Option<Map<ConversationId, Seq>>,
    /// Conversations of which it is kept across reloads how far they were read.
    kept: BTreeSet<ConversationId>,
    settled: Vec<ConversationId>,
    sent_at: Map<ConversationId, Millis>,
    /// Conversations whose reading another page of this device reports, until when.
    others: Map<ConversationId, Millis>,
    /// How far reading was told that the server is not known to know.
    told: Map<ConversationId, Seq>,
    flight: Map<RequestId, Vec<ReceiptReport>>,
    failures: u32,
    retry_at: Millis,
    /// The server refused a batch for one of its reports: find it by sending them one by one.
    alone: bool,
    /// The one that was refused last, and may be taken later: the others go first.
    blamed: Option<ConversationId>,
}

impl Reports {
    /// The server has told of these cursors, or they follow from a message.
    pub fn know(&mut self, conversation: ConversationId, cursors: Cursors) {
        let known = self.known.entry(conversation).or_default();
        if known.max(cursors) != *known {
            *known = known.max(cursors);
            self.learned.insert(conversation);
        }
        if self.told.get(&conversation).is_some_and(|read| *read <= cursors.read) {
            self.told.remove(&conversation);
        }
    }

    /// Conversations of which the server has come to know more.
    pub fn take_learned(&mut self) -> BTreeSet<ConversationId> {
        std::mem::take(&mut self.learned)
    }

    /// What the server is known to know.
    pub fn known(&self, conversation: ConversationId) -> Cursors {
        self.known.get(&conversation).copied().unwrap_or_default()
    }

    /// Whether a message counts as delivered only once it is stored (R000-04).
    pub fn await_storage(&mut self, awaits: bool) {
        match (&self.stored, awaits) {
            (None, true) => self.stored = Some(Map::new()),
            (Some(stored), false) => {
                self.open.extend(stored.keys());
                self.stored = None;
            }
            _ => {}
        }
    }

    /// Conversations are stored through these messages.
    pub fn stored(&mut self, through: impl IntoIterator<Item = (ConversationId, Seq)>) {
        let Some(stored) = &mut self.stored else { return };
        for (conversation, seq) in through {
            let known = stored.entry(conversation).or_default();
            *known = seq.max(*known);
            self.open.insert(conversation);
        }
    }

    /// The conversation has moved: there may be something to report.
    pub fn consider(&mut self, conversation: ConversationId) {
        self.open.insert(conversation);
    }

    /// It is kept across reloads how far the conversation was read.
    pub fn keep(&mut self, conversation: ConversationId) {
        self.kept.insert(conversation);
    }

    /// Conversations of which that need not be kept any more.
    pub fn take_settled(&mut self) -> Vec<ConversationId> {
        std::mem::take(&mut self.settled)
    }

    /// What was read in the conversation another page of this device reports, until then.
    pub fn leave_to_another(&mut self, conversation: ConversationId, until: Millis) {
        self.others.insert(conversation, until);
    }

    pub fn left_to_another(&self, conversation: ConversationId) -> bool {
        self.others.contains_key(&conversation)
    }

    /// A person reads the conversation in this page.
    pub fn take_over(&mut self, conversation: ConversationId) {
        self.others.remove(&conversation);
    }

    /// Whether it is this page's to report that the conversation was read so far, and it has not yet.
    pub fn owes(&self, conversation: ConversationId, read: Seq) -> bool {
        let told = self.told.get(&conversation).copied().unwrap_or_default();
        !self.left_to_another(conversation) && told.max(self.known(conversation).read) < read
    }

    /// What to report now. Everything that is not known to have arrived when `leaving`, else what is due. How far the
    /// conversation `back` was read is held back, but for what was told before: consider it again when that ends. So is what
    /// is left to another page.
    pub fn collect<'a>(
        &mut self,
        now: Millis,
        leaving: bool,
        back: Option<ConversationId>,
        about: impl Fn(ConversationId) -> Option<&'a Conversation>,
    ) -> Vec<ReceiptReport> {
        let over = self.others.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id);
        for conversation in over.collect::<Vec<_>>() {
            self.others.remove(&conversation);
            self.open.insert(conversation);
        }
        if !leaving && (!self.flight.is_empty() || now < self.retry_at) {
            return Vec::new();
        }
        let most = if self.alone && !leaving { 1 } else { ReportReceipts::MAX };
        let mut reports = Vec::new();
        let mut open: Vec<ConversationId> = self.open.iter().copied().collect();
        if self.alone {
            open.sort_by_key(|id| Some(*id) == self.blamed);
        }
        for conversation in open {
            let told = self.told.get(&conversation).copied().unwrap_or_default();
            let missing = |held_back: bool| {
                let about = about(conversation)?;
                self.missing(conversation, wanted(about, if held_back { told } else { about.own.read }))
            };
            let Some(cursors) = missing(back == Some(conversation) || self.left_to_another(conversation)) else {
                match missing(false) {
                    Some(_) => drop(self.open.remove(&conversation)),
                    None => self.close(conversation),
                }
                continue;
            };
            let due = self.sent_at.get(&conversation).is_none_or(|at| at + PAUSE <= now);
            if reports.len() < most && (leaving || due) {
                self.sent_at.insert(conversation, now);
                if cursors.read > self.known(conversation).read {
                    self.told.insert(conversation, cursors.read);
                }
                reports.push(ReceiptReport { conversation, delivered: cursors.delivered, read: cursors.read });
            }
        }
        self.sent_at.retain(|_, at| *at + PAUSE > now);
        self.alone &= !self.open.is_empty();
        reports
    }

    pub fn sent(&mut self, request: RequestId, reports: Vec<ReceiptReport>) {
        self.flight.insert(request, reports);
    }

    pub fn arrived(&mut self, request: RequestId) {
        let Some(reports) = self.flight.remove(&request) else { return };
        for report in reports {
            self.know(report.conversation, Cursors { delivered: report.delivered, read: report.read });
        }
        self.failures = 0;
    }

    /// The report did not arrive. It is made again unless the server will never take it.
    pub fn failed(&mut self, request: RequestId, now: Millis, random: u64, failure: &Failure) {
        let Some(reports) = self.flight.remove(&request) else { return };
        if failure.blames() {
            self.blamed = reports.first().map(|report| report.conversation);
            self.alone = reports.len() > 1 || failure.passes();
        }
        if failure.passes() {
            self.retry_at = now + backoff(self.failures, random);
            self.failures += 1;
        } else if let [report] = reports[..] {
            self.close(report.conversation);
        }
    }

    /// The network is back: do not wait any longer.
    pub fn hurry(&mut self) {
        self.retry_at = 0;
        self.failures = 0;
    }

    pub fn due(&self) -> Option<Millis> {
        let others = self.others.values().copied().min();
        if !self.flight.is_empty() {
            return others;
        }
        let next = |id| self.sent_at.get(id).map_or(0, |at| at + PAUSE);
        let open = self.open.iter().map(next).min().map(|at| at.max(self.retry_at));
        open.into_iter().chain(others).min()
    }

    /// There is nothing to report of the conversation.
    fn close(&mut self, conversation: ConversationId) {
        self.open.remove(&conversation);
        self.others.remove(&conversation);
        self.told.remove(&conversation);
        if self.kept.remove(&conversation) {
            self.settled.push(conversation);
        }
    }

    fn missing(&self, conversation: ConversationId, mut wanted: Cursors) -> Option<Cursors> {
        let known = self.known(conversation);
        if let Some(stored) = &self.stored {
            let stored = stored.get(&conversation).copied().unwrap_or_default();
            wanted.delivered = wanted.delivered.min(stored).max(wanted.read);
        }
        (known.max(wanted) != known).then(|| known.max(wanted))
    }
}
