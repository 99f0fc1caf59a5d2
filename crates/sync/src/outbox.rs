//! What this device has written and the server has not confirmed: sent in order, one at a time a conversation.
//!
//! Invariants: an attempt repeats the same client id, so that it can never become two messages (R001-12, T20); nothing
//! is posted before it is persisted (R004-A5); a message that was refused waits for a person (R004-A1).

use crate::link::backoff;
use crate::map::Map;
use crate::timeline::{ReadMark, Row, RowKey};
use crate::upload::Upload;
use crate::{RequestId, Unsent};
use protocol::{ClientId, ConversationId, ErrorCode, Message, Millis, Seq, UserId};
use std::collections::BTreeSet;

/// After this long nobody expects a message to be sent by itself any more: a person is asked.
const STALE: Millis = 24 * 60 * 60 * 1_000;

/// How long a message is left to the page of this device that wrote it, and one whose picture is to be uploaded.
const ELSEWHERE: Millis = 8_000;
const UPLOADED_ELSEWHERE: Millis = 90_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Queued {
        at: Millis,
    },
    /// Its picture is on its way, and nothing else of it yet.
    Uploading(RequestId),
    Posted(RequestId),
    Failed,
    /// The server has it, but the conversation's log has not come that far.
    Confirmed(Message),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub unsent: Unsent,
    pub state: State,
    pub failures: u32,
    /// Another page of this device wrote it.
    elsewhere: bool,
}

impl State {
    /// Whether the answer to this request is about it.
    fn waits_for(&self, request: RequestId) -> bool {
        matches!(self, Self::Posted(waits) | Self::Uploading(waits) if *waits == request)
    }
}

/// What [`Outbox::next`] asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Its picture comes first.
    Upload(Unsent),
    Post(Unsent),
    /// It became too old; it is failed now.
    Persist(Unsent),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    /// In the order in which they are shown and sent.
    pub(crate) entries: Map<Place, Entry>,
    end: u64,
}

/// Messages that two tabs wrote at the same place stand by their ids.
pub(crate) type Place = (u64, ClientId);

impl Outbox {
    /// The place after everything written so far. It is made of the clock, so that places of tabs that do not know of
    /// each other follow on; one that was set back does not move it back.
    pub fn end(&self, clock: Millis) -> u64 {
        self.end.max(clock)
    }

    /// Puts a message at its place, to be sent now unless it is marked as failed.
    pub fn put(&mut self, unsent: Unsent) {
        let state = if unsent.failed.is_some() { State::Failed } else { State::Queued { at: 0 } };
        self.enter(Entry { unsent, state, failures: 0, elsewhere: false });
    }

    /// Puts a message at its place that another page wrote, or follows what that page has made of it.
    pub fn mirror(&mut self, unsent: Unsent, now: Millis) {
        if let Some(place) = self.find(unsent.client_id) {
            let mirrored = |entry: &Entry| {
                let flying = matches!(entry.state, State::Confirmed(_) | State::Posted(_) | State::Uploading(_));
                entry.elsewhere && !flying
            };
            if !self.entries.get(&place).is_some_and(mirrored) {
                return;
            }
            self.entries.remove(&place);
        }
        let wait = if unsent.upload == Upload::Done { ELSEWHERE } else { UPLOADED_ELSEWHERE };
        let state = if unsent.failed.is_some() { State::Failed } else { State::Queued { at: now + wait } };
        self.enter(Entry { unsent, state, failures: 0, elsewhere: true });
    }

    pub(crate) fn enter(&mut self, entry: Entry) {
        self.end = self.end.max(entry.unsent.place.saturating_add(1));
        self.entries.insert((entry.unsent.place, entry.unsent.client_id), entry);
    }

    pub fn has(&self, id: ClientId) -> bool {
        self.find(id).is_some()
    }

    /// Moves a failed message to the end, as if it were written now. It keeps its client id. One with a picture stays where
    /// it is until that is uploaded (R004-A3).
    pub fn retry(&mut self, now: Millis, id: ClientId) -> Option<Unsent> {
        let place = self.find(id).filter(|place| self.entries.get(place).is_some_and(|e| e.state == State::Failed))?;
        let mut unsent = self.entries.remove(&place)?.unsent;
        unsent.failed = None;
        unsent.at = now;
        match Upload::of(&unsent.body) {
            Upload::Done => unsent.place = self.end(now),
            Upload::First | Upload::Again => unsent.upload = Upload::Again,
        }
        self.put(unsent.clone());
        Some(unsent)
    }

    /// Drops a message that is not on its way, though its picture may be.
    pub fn discard(&mut self, id: ClientId) -> Option<Unsent> {
        let place = self.find(id)?;
        let entry = self.entries.get(&place)?;
        match entry.state {
            State::Failed | State::Queued { .. } | State::Uploading(_) => {
                self.entries.remove(&place).map(|entry| entry.unsent)
            }
            State::Posted(_) | State::Confirmed(_) => None,
        }
    }

    /// Drops the messages of a conversation that are not on their way.
    pub fn discard_all(&mut self, conversation: ConversationId) -> Vec<ClientId> {
        let of_it = self.entries.values().filter(|entry| entry.unsent.conversation == conversation);
        let ids: Vec<ClientId> = of_it.map(|entry| entry.unsent.client_id).collect();
        ids.into_iter().filter(|id| self.discard(*id).is_some()).collect()
    }

    /// Where its messages go.
    pub fn conversations(&self) -> impl Iterator<Item = ConversationId> {
        self.entries.values().map(|entry| entry.unsent.conversation)
    }

    /// The next message that may be posted now: the first of each conversation, whatever failed before it aside.
    /// `clock`: the time by the clock that messages are dated with.
    pub fn next(&mut self, now: Millis, clock: Millis) -> Option<Next> {
        let (_, place) =
            self.heads().chain(self.rising()).filter(|&(at, _)| at <= now).min_by_key(|&(_, place)| place)?;
        let entry = self.entries.get_mut(&place)?;
        if entry.unsent.at + STALE < clock {
            entry.state = State::Failed;
            entry.unsent.failed = Some(ErrorCode::Timeout);
            return Some(Next::Persist(entry.unsent.clone()));
        }
        Some(match entry.unsent.upload {
            Upload::Done => Next::Post(entry.unsent.clone()),
            Upload::First | Upload::Again => Next::Upload(entry.unsent.clone()),
        })
    }

    pub fn posted(&mut self, id: ClientId, request: RequestId) {
        if let Some(entry) = self.entry(id) {
            entry.state = State::Posted(request);
        }
    }

    /// The message that the server has given a place, but the conversation's log has not come to.
    pub fn confirmed(&self, conversation: ConversationId, seq: Seq) -> Option<&Message> {
        self.entries.values().find_map(|entry| match &entry.state {
            State::Confirmed(message) if entry.unsent.conversation == conversation && message.seq == seq => {
                Some(message)
            }
            _ => None,
        })
    }

    /// The server has the message. Answers whether that is news.
    pub fn confirm(&mut self, message: &Message) -> bool {
        match self.entry(message.client_id) {
            Some(entry) => {
                let known = match &entry.state {
                    State::Confirmed(known) => Some(known.rev),
                    _ => None,
                };
                if known.is_none_or(|known| known < message.rev) {
                    entry.state = State::Confirmed(message.clone());
                }
                known.is_none()
            }
            None => false,
        }
    }

    /// The attempt brought no answer, or one that says "later".
    pub fn postpone(&mut self, id: ClientId, request: RequestId, now: Millis, random: u64) -> Option<ConversationId> {
        let entry = self.entry(id).filter(|entry| entry.state.waits_for(request))?;
        entry.state = State::Queued { at: now + backoff(entry.failures, random) };
        entry.failures = entry.failures.saturating_add(1);
        Some(entry.unsent.conversation)
    }

    /// The server refused the message for good.
    pub fn fail(&mut self, id: ClientId, request: RequestId, why: ErrorCode) -> Option<Unsent> {
        let entry = self.entry(id).filter(|entry| entry.state.waits_for(request))?;
        entry.state = State::Failed;
        entry.unsent.failed = Some(why);
        Some(entry.unsent.clone())
    }

    /// Drops the confirmed messages of a conversation that `shown` tells to be in its timeline now.
    pub fn settle(&mut self, conversation: ConversationId, shown: impl Fn(&Message) -> bool) {
        self.entries.retain(|_, entry| match &entry.state {
            State::Confirmed(message) => entry.unsent.conversation != conversation || !shown(message),
            _ => true,
        });
    }

    /// The network is back: do not wait any longer.
    pub fn hurry(&mut self) {
        for entry in self.entries.values_mut().filter(|entry| !entry.elsewhere || entry.failures > 0) {
            if let State::Queued { at } = &mut entry.state {
                *at = 0;
            }
        }
    }

    pub fn due(&self) -> Option<Millis> {
        self.heads().map(|(at, _)| at).chain(self.rising().map(|(at, _)| at)).min()
    }

    /// The rows of a conversation below its log: confirmed ones by seq, then the others as they were written.
    /// `clock`: the time by the clock that messages are dated with. `confirmed` makes the rows of the former.
    pub fn rows(
        &self,
        conversation: ConversationId,
        me: UserId,
        clock: Millis,
        confirmed: impl Fn(&Message) -> Row,
    ) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let mut waiting = false;
        for entry in self.entries.values().filter(|entry| entry.unsent.conversation == conversation) {
            let Unsent { client_id, body, at, failed, .. } = &entry.unsent;
            let key = RowKey { sender: me, client_id: *client_id };
            let row = |mark| Row {
                key,
                seq: None,
                sender: me,
                at: *at,
                body: body.clone(),
                mark: Some(mark),
                readers: None,
                expired: mark == ReadMark::Failed && *at + STALE < clock,
                refused: failed.filter(|_| mark == ReadMark::Failed),
                former: None,
            };
            let pending = matches!(entry.state, State::Queued { .. } | State::Uploading(_) | State::Posted(_));
            let fails = entry.failures > 0 && pending;
            // Nothing waits for a picture that goes to the bottom, and it for nothing.
            let rises = entry.unsent.upload == Upload::Again;
            waiting |= fails && !rises;
            match &entry.state {
                State::Confirmed(message) => {
                    let place = rows.partition_point(|row| row.seq.is_some_and(|seq| seq < message.seq));
                    rows.insert(place, confirmed(message));
                }
                State::Failed => rows.push(row(ReadMark::Failed)),
                State::Queued { .. } | State::Uploading(_) | State::Posted(_) => {
                    let waits = if rises { fails } else { waiting };
                    rows.push(row(if waits { ReadMark::Waiting } else { ReadMark::Sending }));
                }
            }
        }
        rows
    }

    /// Each conversation's next message that is not on its way: when it may be posted, and its place.
    fn heads(&self) -> impl Iterator<Item = (Millis, Place)> {
        let mut seen = BTreeSet::new();
        self.entries.iter().filter_map(move |(&place, entry)| {
            let counts = !matches!(entry.state, State::Failed | State::Confirmed(_));
            let first = counts && entry.unsent.upload != Upload::Again && seen.insert(entry.unsent.conversation);
            match entry.state {
                State::Queued { at } if first => Some((at, place)),
                _ => None,
            }
        })
    }

    /// The pictures that a person asked for again and that wait for an attempt: when it may be made, and their places.
    fn rising(&self) -> impl Iterator<Item = (Millis, Place)> {
        self.entries.iter().filter_map(|(&place, entry)| match entry.state {
            State::Queued { at } if entry.unsent.upload == Upload::Again => Some((at, place)),
            _ => None,
        })
    }

    pub(crate) fn find(&self, id: ClientId) -> Option<Place> {
        self.entries.iter().find(|(_, entry)| entry.unsent.client_id == id).map(|(&place, _)| place)
    }

    pub(crate) fn entry(&mut self, id: ClientId) -> Option<&mut Entry> {
        self.entries.values_mut().find(|entry| entry.unsent.client_id == id)
    }
}

/// Reads why a message failed. What was kept before reasons were says only whether it did.
pub(crate) fn read_failed<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<ErrorCode>, D::Error> {
    struct Reason;
    impl<'de> serde::de::Visitor<'de> for Reason {
        type Value = Option<ErrorCode>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a code, or nothing")
        }

        fn visit_bool<E>(self, failed: bool) -> Result<Self::Value, E> {
            Ok(failed.then_some(ErrorCode::Unknown))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_str<E: serde::de::Error>(self, code: &str) -> Result<Self::Value, E> {
            serde::Deserialize::deserialize(serde::de::value::StrDeserializer::<E>::new(code)).map(Some)
        }
    }
    deserializer.deserialize_any(Reason)
}
