//! What this device has written and the server has not confirmed: sent in order, one at a time a conversation.
//!
//! Invariants: an attempt repeats the same client id, so that it can never become two messages (R001-12, T20); nothing
//! is posted before it is persisted (R004-A5); a message that was refused waits for a person (R004-A1).

use crate::link::backoff;
use crate::map::Map;
use crate::timeline::{ReadMark, Row, RowKey};
use crate::upload::Upload;
use crate::{RequestId, Unsent};
use protocol::{ClientId, ConversationId, ErrorCode, Message, MessageBody, Millis, Seq, UserId};
use std::collections::BTreeSet;

/// After this long nobody expects a message to be sent by itself any more: a person is asked.
const STALE: Millis = 24 * 60 * 60 * 1_000;

/// How long a message is left to another page of this device after that was last heard to be at it.
const ELSEWHERE: Millis = 8_000;

/// After so many refusals for a moment an upload holds up nothing more: some ten seconds.
const PASSING_MAX: u32 = 4;
/// So many faults of the server in a row are borne before one is its answer: half a minute at most. What is long to send is sent
/// but once more.
const FAULTS_MAX: u32 = 5;
const UPLOAD_FAULTS_MAX: u32 = 1;
/// A picture or a file of which so many uploads broke on their way waits for a person: what was written after it goes on.
const BROKEN_MAX: u32 = 5;

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Queued {
        at: Millis,
    },
    /// Its picture or file is on its way, and nothing else of it yet. `moving`: some of it is known to have left.
    Uploading {
        request: RequestId,
        moving: bool,
    },
    Posted(RequestId),
    Failed,
    /// The server has it, but the conversation's log has not come that far.
    Confirmed(Message),
}

#[derive(Clone, Debug)]
struct Entry {
    unsent: Unsent,
    state: State,
    failures: u32,
    /// How many attempts in a row ended by a fault of the server.
    faults: u32,
    /// The last attempt had no answer: the next waits for the network.
    unheard: bool,
    /// How many uploads ended without an answer after some of it had left.
    broken: u32,
    /// Another page of this device wrote it.
    elsewhere: bool,
    /// Until when it is left to another page of this device.
    theirs: Millis,
    /// A person gave it up while it was on its way: it is not tried again, nor shown unless it has arrived.
    given_up: bool,
}

impl Entry {
    fn new(unsent: Unsent, elsewhere: bool) -> Self {
        let state = if unsent.failed.is_some() { State::Failed } else { State::Queued { at: 0 } };
        let (failures, faults, broken, theirs) = (0, 0, 0, 0);
        Self { unsent, state, failures, faults, unheard: false, broken, elsewhere, theirs, given_up: false }
    }

    /// When it may be tried, if it waits for that.
    fn due(&self) -> Option<Millis> {
        match self.state {
            State::Queued { at } => Some(at.max(self.theirs)),
            _ => None,
        }
    }
}

impl State {
    /// Whether the answer to this request is about it.
    fn waits_for(&self, request: RequestId) -> bool {
        match self {
            Self::Posted(waits) | Self::Uploading { request: waits, .. } => *waits == request,
            _ => false,
        }
    }
}

/// What [`Outbox::next`] asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Its picture or file comes first.
    Upload(Unsent),
    Post(Unsent),
    /// It became too old; it is failed now.
    Persist(Unsent),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    /// In the order in which they are shown and sent.
    entries: Map<Place, Entry>,
    end: u64,
}

/// Messages that two tabs wrote at the same place stand by their ids.
type Place = (u64, ClientId);

impl Outbox {
    /// The place after everything written so far. It is made of the clock, so that places of tabs that do not know of
    /// each other follow on; one that was set back does not move it back.
    pub fn end(&self, clock: Millis) -> u64 {
        self.end.max(clock)
    }

    /// Puts a message at its place, to be sent now unless it is marked as failed.
    pub fn put(&mut self, unsent: Unsent) {
        self.enter(Entry::new(unsent, false));
    }

    /// Puts a message at its place that another page wrote, or follows what that page has made of it.
    pub fn mirror(&mut self, unsent: Unsent, now: Millis) {
        if let Some(place) = self.find(unsent.client_id) {
            let mirrored = |entry: &Entry| match entry.state {
                State::Queued { .. } => entry.elsewhere,
                // What failed here waits for a person, who has asked for another attempt there.
                State::Failed => entry.elsewhere || unsent.failed.is_none(),
                State::Uploading { .. } | State::Posted(_) | State::Confirmed(_) => false,
            };
            if !self.entries.get(&place).is_some_and(mirrored) {
                return;
            }
            self.entries.remove(&place);
        }
        let conversation = unsent.conversation;
        self.enter(Entry::new(unsent, true));
        self.leave_elsewhere(conversation, now);
    }

    /// Another page of this device is at work on this message: what waits of its conversation here is left to that page for
    /// a while, because one goes after the other there.
    pub fn uploading_elsewhere(&mut self, id: ClientId, now: Millis) {
        if let Some(conversation) = self.entry(id).map(|entry| entry.unsent.conversation) {
            self.leave_elsewhere(conversation, now);
            self.entry(id).into_iter().for_each(|entry| entry.theirs = now + ELSEWHERE);
        }
    }

    /// Leaves what another page wrote in a conversation, and this one has not taken over, to that page for a while.
    fn leave_elsewhere(&mut self, conversation: ConversationId, now: Millis) {
        let theirs = |entry: &&mut Entry| entry.elsewhere && entry.unsent.conversation == conversation;
        for entry in self.entries.values_mut().filter(theirs) {
            entry.theirs = now + ELSEWHERE;
        }
    }

    fn enter(&mut self, entry: Entry) {
        self.end = self.end.max(entry.unsent.place.saturating_add(1));
        self.entries.insert((entry.unsent.place, entry.unsent.client_id), entry);
    }

    pub fn has(&self, id: ClientId) -> bool {
        self.find(id).is_some()
    }

    /// Moves a failed message to the end, as if it were written now. It keeps its client id. One with a picture or a file stays
    /// where it is until that is uploaded (R004-A3).
    pub fn retry(&mut self, now: Millis, id: ClientId) -> Option<Unsent> {
        let place = self.find(id).filter(|place| self.entries.get(place).is_some_and(|e| e.state == State::Failed))?;
        let mut unsent = self.entries.remove(&place)?.unsent;
        unsent.failed = None;
        unsent.at = now;
        unsent.upload = Upload::again(&unsent.body);
        if unsent.upload == Upload::Done {
            unsent.place = self.end(now);
        }
        self.put(unsent.clone());
        Some(unsent)
    }

    /// Whether the message waits for an answer, for its next attempt, or for those before it.
    pub fn waits(&self, id: ClientId) -> bool {
        let entry = self.find(id).and_then(|place| self.entries.get(&place));
        entry.is_some_and(|entry| !entry.given_up && !matches!(entry.state, State::Failed | State::Confirmed(_)))
    }

    /// Drops a message. One that is on its way may arrive, and is dropped if it does not.
    pub fn discard(&mut self, id: ClientId) -> Option<Unsent> {
        let place = self.find(id)?;
        let entry = self.entries.get_mut(&place)?;
        match entry.state {
            State::Failed | State::Queued { .. } | State::Uploading { .. } => {
                self.entries.remove(&place).map(|entry| entry.unsent)
            }
            State::Posted(_) => {
                entry.given_up = true;
                Some(entry.unsent.clone())
            }
            State::Confirmed(_) => None,
        }
    }

    /// An attempt brought no message. Answers whether it was given up meanwhile, and is gone now.
    pub fn drop_given_up(&mut self, id: ClientId, request: RequestId) -> bool {
        let given_up = |entry: &Entry| entry.given_up && entry.state.waits_for(request);
        let place = self.find(id).filter(|place| self.entries.get(place).is_some_and(given_up));
        place.and_then(|place| self.entries.remove(&place)).is_some()
    }

    /// Drops the messages of a conversation.
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
            Upload::First | Upload::Aside => Next::Upload(entry.unsent.clone()),
        })
    }

    pub fn uploading(&mut self, id: ClientId, request: RequestId) {
        if let Some(entry) = self.entry(id) {
            entry.state = State::Uploading { request, moving: false };
        }
    }

    /// Some of its picture or file has left.
    pub fn moves(&mut self, id: ClientId) {
        if let Some(State::Uploading { moving, .. }) = self.entry(id).map(|entry| &mut entry.state) {
            *moving = true;
        }
    }

    /// The picture or the file is on the server, and the message's body says how: it is posted next, where it stands or from
    /// the bottom. `clock`: the time by the clock that messages are dated with.
    pub fn uploaded(&mut self, id: ClientId, request: RequestId, body: MessageBody, clock: Millis) -> Option<Unsent> {
        let place = self.find(id)?;
        let uploading = |entry: &Entry| entry.state.waits_for(request);
        if !self.entries.get(&place).is_some_and(uploading) {
            return None;
        }
        let mut entry = self.entries.remove(&place)?;
        if entry.unsent.upload == Upload::Aside {
            entry.unsent.at = clock;
            entry.unsent.place = self.end(clock);
        }
        entry.unsent.upload = Upload::Done;
        entry.unsent.body = body;
        entry.state = State::Queued { at: 0 };
        entry.failures = 0;
        let unsent = entry.unsent.clone();
        self.enter(entry);
        Some(unsent)
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
                    entry.given_up = false;
                }
                known.is_none()
            }
            None => false,
        }
    }

    /// The attempt brought no answer. The message is tried again, unless too many uploads of it broke: it fails
    /// then (R004-A1).
    pub fn unanswered(&mut self, id: ClientId, request: RequestId, now: Millis, random: u64) -> Option<Unsent> {
        let entry = self.entry(id).filter(|entry| entry.state.waits_for(request))?;
        entry.broken += u32::from(matches!(entry.state, State::Uploading { moving: true, .. }));
        if entry.broken >= BROKEN_MAX {
            return self.fail(id, request, ErrorCode::Timeout);
        }
        self.postpone(id, request, now, random);
        self.entry(id).into_iter().for_each(|entry| entry.unheard = true);
        None
    }

    /// An attempt has ended, by a fault of the server or not. Tells whether there were so many faults in a row that they
    /// are taken for its answer: what was written after the message would wait for it for good.
    pub fn faulted(&mut self, id: ClientId, fault: bool) -> bool {
        let Some(entry) = self.entry(id) else { return true };
        entry.faults = if fault { entry.faults + 1 } else { 0 };
        let most = if entry.unsent.upload == Upload::Done { FAULTS_MAX } else { UPLOAD_FAULTS_MAX };
        entry.faults > most
    }

    /// The attempt's answer says "later".
    pub fn postpone(&mut self, id: ClientId, request: RequestId, now: Millis, random: u64) {
        if let Some(entry) = self.entry(id).filter(|entry| entry.state.waits_for(request)) {
            entry.state = State::Queued { at: now + backoff(entry.failures, random) };
            entry.unheard = false;
            entry.failures = entry.failures.saturating_add(1);
        }
    }

    /// The server has no room for what is uploaded, and may for what was written after it: that waits no longer. `passing`: it
    /// may be for a moment alone, unless it is so again and again.
    pub fn set_aside(&mut self, id: ClientId, request: RequestId, passing: bool) -> Option<Unsent> {
        let entry = self.entry(id).filter(|entry| entry.state.waits_for(request))?;
        if entry.unsent.upload != Upload::First || passing && entry.failures < PASSING_MAX {
            return None;
        }
        entry.unsent.upload = Upload::Aside;
        Some(entry.unsent.clone())
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

    /// The network is back: do not wait any longer, but for another page that is at it.
    pub fn hurry(&mut self) {
        for entry in self.entries.values_mut() {
            if let State::Queued { at } = &mut entry.state {
                *at = 0;
            }
        }
    }

    /// A person writes: what waits for the network before it is tried at once, and goes before it (R004-G10).
    pub fn hasten(&mut self, conversation: ConversationId) {
        let waits = |entry: &&mut Entry| {
            entry.unsent.conversation == conversation && entry.unheard && entry.unsent.upload == Upload::Done
        };
        for entry in self.entries.values_mut().filter(waits) {
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
        let shown = |entry: &&Entry| entry.unsent.conversation == conversation && !entry.given_up;
        for entry in self.entries.values().filter(shown) {
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
            let pending = matches!(entry.state, State::Queued { .. } | State::Uploading { .. } | State::Posted(_));
            let fails = entry.failures > 0 && pending;
            // Nothing waits for what goes to the bottom, and it for nothing.
            let rises = entry.unsent.upload == Upload::Aside;
            waiting |= fails && !rises;
            match &entry.state {
                State::Confirmed(message) => {
                    let place = rows.partition_point(|row| row.seq.is_some_and(|seq| seq < message.seq));
                    rows.insert(place, confirmed(message));
                }
                State::Failed => rows.push(row(ReadMark::Failed)),
                State::Queued { .. } | State::Uploading { .. } | State::Posted(_) => {
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
            let first = counts && entry.unsent.upload != Upload::Aside && seen.insert(entry.unsent.conversation);
            entry.due().filter(|_| first).map(|at| (at, place))
        })
    }

    /// The first upload of each conversation that nothing waits for, if it waits for an attempt: when that may be made, and
    /// its place.
    fn rising(&self) -> impl Iterator<Item = (Millis, Place)> {
        let mut seen = BTreeSet::new();
        let aside = |entry: &Entry| {
            let over = matches!(entry.state, State::Failed | State::Confirmed(_));
            entry.unsent.upload == Upload::Aside && !over
        };
        let rising = self.entries.iter().filter(move |(_, entry)| aside(entry));
        rising.filter_map(move |(&place, entry)| {
            let first = seen.insert(entry.unsent.conversation);
            entry.due().filter(|_| first).map(|at| (at, place))
        })
    }

    fn find(&self, id: ClientId) -> Option<Place> {
        self.entries.iter().find(|(_, entry)| entry.unsent.client_id == id).map(|(&place, _)| place)
    }

    fn entry(&mut self, id: ClientId) -> Option<&mut Entry> {
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
