//! The messages of one conversation that a device holds: rows by seq, and what lies between them as data.
//!
//! Invariants: a seq inside a covered span without a message is no gap (R002-16); whatever is not covered is shown as
//! a gap, never as contiguous (R004-G7, T17); a message gives way only to a later state of itself.

use crate::map::Map;
use crate::stored::StoredTimeline;
use protocol::messaging::HistoryPage;
use protocol::{
    ClientId, ConversationId, ErrorCode, LogChange, Message, MessageBody, MessageText, Millis, Rev, Seq, UserId,
};
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
    /// Only of one's own messages, and of those that were not recalled.
    pub mark: Option<ReadMark>,
    /// How many members of a group have read one's own message; absent where that is not told (R000-20).
    pub readers: Option<u64>,
    /// It failed, and is older than a day: a person is asked before it is sent after all.
    pub expired: bool,
    /// Why it failed (R004-I10).
    pub refused: Option<ErrorCode>,
    /// The text of one's own message that this device recalled less than five minutes ago, to be edited anew (R001-18).
    pub former: Option<MessageText>,
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
    messages: Map<Seq, Message>,
    /// What is held, ascending, never empty, no two touching. The last one reaches the log's cursor.
    covered: Vec<Span>,
    vis_from: Seq,
    /// Changes of messages outside of `covered` that came while a page with them may be on its way.
    aside: Option<Map<Seq, Aside>>,
    /// What the account shows again and the log has not come to yet: the changes on their way may not have it.
    ahead: Map<Seq, Message>,
    /// While the log is pulled in pages: not every message from here on was told of yet.
    untold: Option<Seq>,
    /// Messages in it may have been hidden, or shown again, without a word: another one is to take its place.
    pub doubtful: bool,
}

#[derive(Clone, Debug)]
struct Aside {
    message: Message,
    /// The account shows it again: the page may not know.
    shown: bool,
}

impl Timeline {
    fn covering(covered: Vec<Span>, vis_from: Seq) -> Self {
        let (messages, ahead) = (Map::new(), Map::new());
        Self { messages, covered, vis_from, aside: None, ahead, untold: None, doubtful: false }
    }

    /// Starts from the newest page.
    pub fn new(page: HistoryPage) -> Self {
        let end = page.through.max(page.head_seq).next();
        let mut timeline = Self::covering(vec![(page.from.min(end), end)], page.vis_from);
        timeline.store(page.messages);
        timeline
    }

    /// What was stored, from the first message on that may be seen now; nothing if it makes no sense.
    pub fn stored(stored: StoredTimeline, vis_from: Seq) -> Option<Self> {
        let StoredTimeline { mut covered, messages, .. } = stored;
        let touching = covered.iter().zip(covered.iter().skip(1)).any(|(before, after)| before.1 >= after.0);
        let (_, end) = covered.last().copied()?;
        if touching || covered.iter().any(|span| span.0 > span.1) {
            return None;
        }
        // The last one stays, even if it is empty.
        covered.retain(|span| span.1 > vis_from || span.1 == end);
        for span in &mut covered {
            *span = (span.0.max(vis_from), span.1.max(vis_from));
        }
        let mut timeline = Self::covering(covered, vis_from);
        let seen: Vec<Message> = messages.into_iter().filter(|message| timeline.covers(message.seq)).collect();
        timeline.store(seen);
        Some(timeline)
    }

    /// The same without some of the messages.
    pub fn without(mut self, hidden: impl Fn(Seq) -> bool) -> Self {
        self.messages.retain(|seq, _| !hidden(*seq));
        self
    }

    /// The newest `keep` messages, to be stored with the log's cursor.
    pub fn to_store(&self, conversation: ConversationId, rev: Rev, keep: usize) -> StoredTimeline {
        let beyond = self.messages.len() > keep;
        let first = self.messages.keys().nth_back(keep.saturating_sub(1)).filter(|_| beyond);
        let first = first.copied().unwrap_or(Seq::ZERO);
        let covered = self.covered.iter().filter(|span| span.1 > first).map(|span| (span.0.max(first), span.1));
        let messages = self.messages.range(first..).map(|(_, message)| message.clone()).collect();
        StoredTimeline { conversation, rev, vis_from: self.vis_from, covered: covered.collect(), messages }
    }

    /// Takes in what another one holds. What neither covers is a gap.
    pub fn join(&mut self, other: Self) {
        other.covered.into_iter().for_each(|span| self.cover(span));
        self.store(other.messages.into_values());
    }

    /// A change from the log, in order. `head` is the newest seq at that position. A message that is missing where all
    /// are held is one that the account does not see, and so is one that is known to be `hidden`: its change shows nothing.
    pub fn apply(&mut self, change: LogChange, head: Seq, hidden: bool) {
        match change {
            LogChange::Message { message, .. } if self.misses(message.seq) => {}
            LogChange::Message { message, .. } if !hidden => self.store_change(message, head),
            LogChange::Message { .. }
            | LogChange::Withheld { .. }
            | LogChange::Members { .. }
            | LogChange::Waiting { .. }
            | LogChange::Named { .. } => self.reach(head.next()),
        }
    }

    /// Everything before `end` was told of, from the log's cursor on.
    fn reach(&mut self, end: Seq) {
        if end > self.top()
            && let Some(last) = self.covered.last_mut()
        {
            last.1 = end;
            let beyond = self.ahead.split_off(&end);
            let reached = std::mem::replace(&mut self.ahead, beyond);
            self.store(reached.into_values());
        }
    }

    /// Whether the account does not see the message, as far as was told.
    pub fn misses(&self, seq: Seq) -> bool {
        let told = self.untold.is_none_or(|untold| seq < untold);
        told && self.covers(seq) && !self.messages.contains_key(&seq)
    }

    /// A message from the log, as the server shows it to this account.
    pub fn store_change(&mut self, message: Message, head: Seq) {
        let top = self.top();
        self.reach(message.seq.max(head).next());
        if message.seq >= top || self.covers(message.seq) {
            self.store([message]);
        } else {
            self.put_aside(message, false);
        }
    }

    /// Messages of one page of the log; `whole` unless more of it is to come.
    pub fn store_changes(&mut self, messages: Vec<Message>, head: Seq, whole: bool) {
        let top = self.top();
        for message in messages {
            let head = if whole { head } else { message.seq };
            self.store_change(message, head);
        }
        if whole {
            // What the account does not see was told of as well.
            self.reach(head.next());
        }
        self.untold = if whole { None } else { self.untold.or(Some(top)) };
    }

    /// The account hid a message.
    pub fn hide(&mut self, seq: Seq) {
        self.messages.remove(&seq);
        self.ahead.remove(&seq);
        if let Some(aside) = &mut self.aside {
            aside.remove(&seq);
        }
    }

    /// The account shows a message again.
    pub fn show(&mut self, message: Message) {
        if self.covers(message.seq) {
            self.store([message]);
        } else if message.seq >= self.top() {
            if self.ahead.get(&message.seq).is_none_or(|held| held.rev <= message.rev) {
                self.ahead.insert(message.seq, message);
            }
        } else {
            self.put_aside(message, true);
        }
    }

    fn put_aside(&mut self, message: Message, shown: bool) {
        let Some(aside) = &mut self.aside else { return };
        let held = aside.get(&message.seq);
        let shown = shown || held.is_some_and(|held| held.shown);
        if held.is_none_or(|held| held.message.rev <= message.rev) {
            aside.insert(message.seq, Aside { message, shown });
        }
    }

    /// The history begins later than it did.
    pub fn begin(&mut self, vis_from: Seq) {
        if vis_from <= self.vis_from {
            return;
        }
        self.vis_from = vis_from;
        self.ahead = self.ahead.split_off(&vis_from);
        self.cut(vis_from);
    }

    /// What waits for the log to come to it, for the timeline that takes the place of this one.
    pub fn take_ahead(&mut self) -> impl Iterator<Item = Message> + use<> {
        std::mem::take(&mut self.ahead).into_values()
    }

    /// The newest message, if it is held.
    pub fn newest(&self) -> Option<&Message> {
        let &(from, end) = self.covered.last()?;
        self.messages.range(from..end).next_back().map(|(_, message)| message)
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
        // Nothing lies between the newest message found and `before`, and nothing before `from` that the page leaves out. What is
        // in it may be less than was found: the rest was deleted meanwhile.
        let span = (page.from.min(before), before.max(page.through.next()));
        if !self.covered.iter().any(|&(from, end)| span.0 <= end && from <= span.1) {
            return false;
        }
        self.cover(span);
        self.store(page.messages);
        if let Some(aside) = &self.aside {
            let later =
                aside.range(span.0..span.1).filter(|(seq, aside)| aside.shown || self.messages.contains_key(seq));
            let later: Vec<Message> = later.map(|(_, aside)| aside.message.clone()).collect();
            self.store(later);
        }
        self.begin(page.vis_from);
        self.cut(self.vis_from);
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
    pub fn messages(&self) -> &Map<Seq, Message> {
        &self.messages
    }

    /// Keeps the newest messages only.
    pub fn trim(&mut self, keep: usize) {
        let Some((&first, _)) = self.messages.iter().nth_back(keep.saturating_sub(1)) else { return };
        if self.messages.len() <= keep {
            return;
        }
        self.cut(first);
    }

    /// Drops what lies before `first`.
    fn cut(&mut self, first: Seq) {
        self.messages = self.messages.split_off(&first);
        let top = self.top().max(first);
        self.covered.retain(|span| span.1 > first);
        match self.covered.first_mut() {
            Some(span) => span.0 = span.0.max(first),
            None => self.covered.push((top, top)),
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
        self.covered.insert(self.covered.partition_point(|other| *other < span), span);
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

#[cfg(test)]
mod tests;
