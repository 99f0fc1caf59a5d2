//! The messages of one conversation that a device holds: rows by seq, and what lies between them as data.
//!
//! Invariants: a seq inside a covered span without a message is no gap (R002-16); whatever is not covered is shown as
//! a gap, never as contiguous (R004-G7, T17); a message gives way only to a later state of itself.

use protocol::messaging::HistoryPage;
use protocol::{ClientId, Message, MessageBody, Millis, Seq, UserId};
use std::collections::BTreeMap;
use std::fmt;

/// The identity of a row on screen. An optimistic row and the confirmed one have the same. The sender is part of it:
/// two people may use the same client id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    pub sender: UserId,
    pub client_id: ClientId,
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.sender, self.client_id)
    }
}

/// How far one's own message has come. Never goes back on screen (R000-20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadMark {
    /// The attempts ended; it waits for a person.
    Failed,
    /// On its way for the first time.
    Sending,
    /// An attempt brought no answer; it is sent as soon as that is possible.
    Waiting,
    /// The server has it. In groups and with oneself there is nothing beyond (R000-01).
    Sent,
    Delivered,
    Read,
}

/// A message as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub key: RowKey,
    /// Its address; absent until the server has given it one.
    pub seq: Option<Seq>,
    pub sender: UserId,
    pub at: Millis,
    pub body: MessageBody,
    /// Only of one's own messages.
    pub mark: Option<ReadMark>,
}

/// One thing in a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Row(Row),
    /// Messages may lie between these two seqs, both exclusive, that the device does not hold.
    Gap {
        after: Seq,
        before: Seq,
    },
}

/// A message or a gap, by reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Message(&'a Message),
    Gap { after: Seq, before: Seq },
}

/// The seqs `from..end`.
type Span = (Seq, Seq);

#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    messages: BTreeMap<Seq, Message>,
    /// What is held, ascending, never empty, no two touching. The last one reaches the log's cursor.
    covered: Vec<Span>,
    vis_from: Seq,
    /// Changes of messages outside of `covered` that came while a page with them may be on its way.
    aside: Option<BTreeMap<Seq, Message>>,
}

impl Timeline {
    /// Starts from the newest page.
    pub fn new(page: HistoryPage) -> Self {
        let end = page.through.max(page.head_seq).next();
        let mut timeline = Self {
            messages: BTreeMap::new(),
            covered: vec![(page.from.min(end), end)],
            vis_from: page.vis_from,
            aside: None,
        };
        timeline.store(page.messages);
        timeline
    }

    /// A change from the log, in order. `head` is the newest seq at that position.
    pub fn apply(&mut self, message: Message, head: Seq) {
        let top = self.top();
        let end = message.seq.max(head).next();
        if end > top
            && let Some(last) = self.covered.last_mut()
        {
            last.1 = end;
        }
        if message.seq >= top || self.covers(message.seq) {
            self.store([message]);
        } else if let Some(aside) = &mut self.aside {
            aside.insert(message.seq, message);
        }
    }

    /// A page of older messages is on its way.
    pub fn expect_page(&mut self) {
        self.aside.get_or_insert_default();
    }

    /// No page is on its way any more.
    pub fn expect_none(&mut self) {
        self.aside = None;
    }

    /// Takes in a page that was asked for with `before`. A page that touches nothing held is dropped: the timeline was
    /// replaced while it was on its way.
    pub fn merge_before(&mut self, page: HistoryPage, before: Seq) -> bool {
        // Nothing lies between the newest message found and `before`, and nothing at all if none was found.
        let from = if page.messages.is_empty() { self.vis_from.min(before) } else { page.from.min(before) };
        let span = (from, before.max(page.through.next()));
        if !self.covered.iter().any(|&(from, end)| span.0 <= end && from <= span.1) {
            return false;
        }
        self.vis_from = page.vis_from;
        self.cover(span);
        self.store(page.messages);
        if let Some(aside) = &self.aside {
            let later: Vec<Message> = aside.range(span.0..span.1).map(|(_, message)| message.clone()).collect();
            self.store(later);
        }
        true
    }

    /// The oldest seq held; everything before it may be loaded.
    pub fn oldest(&self) -> Seq {
        self.covered.first().map_or(Seq::ZERO, |span| span.0)
    }

    pub fn can_load_older(&self) -> bool {
        self.oldest() > self.vis_from.max(Seq::ZERO.next())
    }

    pub fn covers(&self, seq: Seq) -> bool {
        self.covered.iter().any(|&(from, end)| from <= seq && seq < end)
    }

    /// Messages and gaps by ascending seq.
    pub fn pieces(&self) -> impl DoubleEndedIterator<Item = Piece<'_>> {
        self.covered.iter().enumerate().flat_map(|(n, &(from, end))| {
            let gap = n.checked_sub(1).and_then(|n| self.covered.get(n));
            let gap = gap.map(|&(_, end)| Piece::Gap { after: end.prev(), before: from });
            gap.into_iter().chain(self.messages.range(from..end).map(|(_, message)| Piece::Message(message)))
        })
    }

    /// The messages held, by seq.
    pub fn messages(&self) -> &BTreeMap<Seq, Message> {
        &self.messages
    }

    /// Keeps the newest messages only.
    pub fn trim(&mut self, keep: usize) {
        let Some((&first, _)) = self.messages.iter().nth_back(keep.saturating_sub(1)) else { return };
        if self.messages.len() <= keep {
            return;
        }
        self.messages = self.messages.split_off(&first);
        self.covered.retain(|span| span.1 > first);
        if let Some(span) = self.covered.first_mut() {
            span.0 = span.0.max(first);
        }
    }

    /// The seq after the newest covered.
    fn top(&self) -> Seq {
        self.covered.last().map_or(Seq::ZERO, |span| span.1)
    }

    fn store(&mut self, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            let newer = self.messages.get(&message.seq).is_none_or(|held| held.rev < message.rev);
            if newer {
                self.messages.insert(message.seq, message);
            }
        }
    }

    fn cover(&mut self, span: Span) {
        self.covered.push(span);
        self.covered.sort_unstable();
        let mut joined: Vec<Span> = Vec::with_capacity(self.covered.len());
        for &(from, end) in &self.covered {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((from, end)),
            }
        }
        self.covered = joined;
    }
}
