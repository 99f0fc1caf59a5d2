//! A history, read once: calls with their ends, who sent what, what the final state is.

use super::event::{Answer, Event, History, Op, Process, What};
use super::sighting::{Sighting, tellings};
use super::society::Society;
use super::times::{heads, made};
use protocol::frame::close;
use protocol::{
    ClientId, Conversation, ConversationId, ConversationKind, ErrorCode, Message, MessageBody, Rev, Role, Seq, UserId,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'h> {
    Ok(&'h Answer),
    Fail(u16, ErrorCode),
    /// It may or may not have happened.
    Info,
    /// The history ends before it.
    Open,
}

/// A call from invocation to end, in nanoseconds; `to` is `u64::MAX` while nothing is known of its end.
#[derive(Clone, Copy, Debug)]
pub struct Call<'h> {
    pub process: Process,
    pub op: &'h Op,
    pub from: u64,
    pub to: u64,
    pub outcome: Outcome<'h>,
    /// The indexes of its events.
    pub events: [usize; 2],
}

impl<'h> Call<'h> {
    pub fn ok(&self) -> Option<&'h Answer> {
        match self.outcome {
            Outcome::Ok(answer) => Some(answer),
            _ => None,
        }
    }

    /// Whether it may have had an effect.
    pub fn may_have_happened(&self) -> bool {
        !matches!(self.outcome, Outcome::Fail(..))
    }
}

/// Who is in a conversation.
#[derive(Clone, Debug)]
pub struct Place {
    pub kind: ConversationKind,
    /// Everybody who may ever be a member, and the first message that they may ever see.
    pub members: HashMap<UserId, Seq>,
    /// The members from before the recording.
    pub known: HashMap<UserId, (Seq, Role)>,
    /// Members come and go: [`Society`] says when.
    pub moves: bool,
    /// Messages through this one were there before the recording.
    pub head: Seq,
    /// It was opened during it.
    pub later: bool,
}

/// All attempts at sending one message.
#[derive(Clone, Debug)]
pub struct Sent<'h> {
    pub process: Process,
    pub conversation: ConversationId,
    pub body: &'h MessageBody,
    pub invisible: &'h [UserId],
    /// Indexes of the calls, in the order of invocation.
    pub calls: Vec<usize>,
    /// When the first acknowledgement came, and the message that it named.
    pub acknowledged: Option<(u64, &'h Message)>,
}

/// A push connection.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub process: Process,
    pub opened: u64,
    /// `u64::MAX` while it stands.
    pub closed: u64,
}

/// A recall that may have happened.
#[derive(Clone, Copy, Debug)]
pub struct Recall {
    /// When it was first asked for.
    pub asked: u64,
    /// When it was acknowledged, and at which log position.
    pub done: Option<(u64, Rev)>,
}

/// What one device read of a conversation in the final state.
#[derive(Clone, Debug, Default)]
pub struct Dump<'h> {
    pub messages: BTreeMap<Seq, &'h Message>,
    pub from: Seq,
    pub through: Seq,
    pub vis_from: Seq,
    pub described: Option<&'h Conversation>,
    /// The index of an event that it was read by.
    pub event: usize,
}

pub type Key = (UserId, ClientId);

/// Everything that the checks ask for.
pub struct Facts<'h> {
    pub events: &'h [Event],
    pub places: HashMap<ConversationId, Place>,
    pub calls: Vec<Call<'h>>,
    /// The calls by their numbers in the events.
    pub numbers: HashMap<u64, usize>,
    pub links: HashMap<u64, Link>,
    pub sends: HashMap<Key, Sent<'h>>,
    /// The key of the message at an address: the first that anybody saw there.
    pub keys: HashMap<(ConversationId, Seq), Key>,
    /// By the beginning of a send: the furthest message that it, or an earlier one, can have made.
    heads: HashMap<ConversationId, Vec<(u64, Seq)>>,
    pub recalls: HashMap<(ConversationId, Seq), Recall>,
    /// Calls that hid or showed a message of an account.
    pub hides: HashMap<(UserId, ConversationId, Seq), Vec<usize>>,
    /// Calls that deleted a conversation on a device of the account.
    pub deletes: HashMap<(UserId, ConversationId), Vec<usize>>,
    /// Accounts that may have had their receipts off at some time.
    pub private: HashSet<UserId>,
    pub society: Society,
    strangers: u64,
    /// Of each event that is a frame: the earliest time at which the server can have made it.
    made: HashMap<usize, u64>,
    /// When each device was first heard of.
    seen: HashMap<Process, u64>,
    pub quiet: Option<u64>,
    pub healed: Option<u64>,
    pub settled: HashMap<Process, u64>,
    /// When a device's login was known to be ended.
    pub ended: HashMap<Process, u64>,
    pub end: u64,
    pub dumps: HashMap<(Process, ConversationId), Dump<'h>>,
    /// The final log: what all members read of it together.
    pub logs: HashMap<ConversationId, BTreeMap<Seq, &'h Message>>,
}

impl<'h> Facts<'h> {
    pub fn of(history: &'h History) -> Self {
        let mut facts = Self {
            events: &history.events,
            places: HashMap::new(),
            calls: Vec::new(),
            numbers: HashMap::new(),
            links: HashMap::new(),
            sends: HashMap::new(),
            keys: HashMap::new(),
            heads: HashMap::new(),
            recalls: HashMap::new(),
            hides: HashMap::new(),
            deletes: HashMap::new(),
            private: HashSet::new(),
            society: Society::default(),
            strangers: 0,
            made: HashMap::new(),
            seen: HashMap::new(),
            quiet: None,
            healed: None,
            settled: HashMap::new(),
            ended: HashMap::new(),
            end: history.events.last().map_or(0, |event| event.at),
            dumps: HashMap::new(),
            logs: HashMap::new(),
        };
        for (index, event) in history.events.iter().enumerate() {
            facts.take(index, event);
        }
        for index in 0..facts.calls.len() {
            facts.tell(index);
        }
        let mut keys = HashMap::new();
        for telling in tellings(&facts) {
            telling.messages(|Sighting { conversation, message, .. }| {
                keys.entry((conversation, message.seq)).or_insert((message.sender, message.client_id));
            });
        }
        facts.keys = keys;
        facts.society = Society::of(&facts, facts.strangers);
        facts.heads = heads(&facts);
        facts.made = made(&facts);
        facts.finish();
        facts
    }

    /// Reads in the final state.
    pub fn is_final(&self, call: &Call<'_>) -> bool {
        self.quiet.is_some_and(|quiet| call.from >= quiet)
    }

    /// Whether it is a member, or may ever be one where members come and go.
    pub fn is_member(&self, account: UserId, conversation: ConversationId) -> bool {
        self.places.get(&conversation).is_none_or(|place| place.members.contains_key(&account))
    }

    /// The first message that the member may see, on whatever device.
    pub fn vis_from(&self, account: UserId, conversation: ConversationId) -> Seq {
        self.places.get(&conversation).and_then(|place| place.members.get(&account)).copied().unwrap_or_default()
    }

    /// The places at which members come and go.
    pub fn moves(&self, conversation: ConversationId) -> bool {
        self.places.get(&conversation).is_some_and(|place| place.moves)
    }

    /// The earliest time at which the server can have made a frame.
    pub fn made(&self, event: usize) -> u64 {
        self.made.get(&event).copied().unwrap_or(0)
    }

    /// The conversations of a member.
    pub fn conversations(&self, account: UserId) -> impl Iterator<Item = ConversationId> + '_ {
        let own = self.places.iter().filter(move |(_, place)| place.members.contains_key(&account));
        own.map(|(conversation, _)| *conversation)
    }

    /// The furthest message that can have stood by `at`.
    pub fn head_by(&self, conversation: ConversationId, at: u64) -> Seq {
        let before = self.places.get(&conversation).map_or(Seq::ZERO, |place| place.head);
        let steps = self.heads.get(&conversation).map_or(&[][..], Vec::as_slice);
        let begun = steps.partition_point(|(from, _)| *from <= at);
        begun.checked_sub(1).and_then(|last| steps.get(last)).map_or(before, |(_, head)| before.max(*head))
    }

    /// Whether the message's sender withheld it from the account.
    pub fn is_withheld(&self, account: UserId, key: Key) -> bool {
        self.sends.get(&key).is_some_and(|sent| sent.invisible.contains(&account))
    }

    /// Whether a message may be hidden, and whether it may be shown, when everything has ended: any call that no
    /// successful one followed may have been the last.
    pub fn hiding(&self, account: UserId, conversation: ConversationId, seq: Seq) -> Hiding {
        let Some(calls) = self.hides.get(&(account, conversation, seq)) else {
            return Hiding { hidden: false, shown: true };
        };
        let latest =
            calls.iter().map(|call| &self.calls[*call]).filter(|call| call.ok().is_some()).map(|call| call.from);
        let latest = latest.max().unwrap_or(0);
        let last = calls.iter().map(|call| &self.calls[*call]).filter(|call| call.to >= latest);
        // What a report hid may stay hidden, whoever asks for it.
        let reported = calls.iter().any(|call| matches!(self.calls[*call].op, Op::Denounce { .. }));
        let mut hiding = Hiding { hidden: reported, shown: latest == 0 };
        for call in last {
            match call.op {
                Op::Hide { hidden: false, .. } => hiding.shown = true,
                _ => hiding.hidden = true,
            }
        }
        hiding
    }

    /// How far the device deleted the conversation, if it did: certainly, and possibly. A device that is new after a deletion begins
    /// where another one of its account deleted.
    pub fn floor(&self, process: Process, conversation: ConversationId) -> (Option<Seq>, Option<Seq>) {
        let (mut certain, mut possible) = (None, None);
        for call in self.deletes.get(&(process.account, conversation)).into_iter().flatten() {
            let call = &self.calls[*call];
            if let Op::Delete { through, .. } = call.op {
                if call.process == process || self.first_seen(process) >= call.from {
                    possible = possible.max(Some(*through));
                }
                if call.process == process && call.ok().is_some() {
                    certain = certain.max(Some(*through));
                }
            }
        }
        (certain, possible)
    }

    fn first_seen(&self, process: Process) -> u64 {
        self.seen.get(&process).copied().unwrap_or(0)
    }

    fn take(&mut self, index: usize, event: &'h Event) {
        match &event.what {
            What::Known { conversation, kind, members, head, later } => {
                let known = members.iter().map(|it| (it.account, (it.vis_from, it.role))).collect();
                let members = members.iter().map(|it| (it.account, it.vis_from)).collect();
                let place = Place { kind: *kind, members, known, moves: false, head: *head, later: *later };
                self.places.insert(*conversation, place);
            }
            What::Strangers { limit } => self.strangers = *limit,
            What::Invoke { call, process, op } => {
                self.numbers.insert(*call, self.calls.len());
                self.seen.entry(*process).or_insert(event.at);
                let outcome = Outcome::Open;
                let call = Call { process: *process, op, from: event.at, to: u64::MAX, outcome, events: [index; 2] };
                self.calls.push(call);
            }
            What::Ok { call, answer } => self.ended(*call, index, event.at, Outcome::Ok(answer)),
            What::Fail { call, status, code } => {
                self.ended(*call, index, event.at, Outcome::Fail(*status, *code));
            }
            // It may still happen at any later time.
            What::Info { call } => self.ended(*call, index, u64::MAX, Outcome::Info),
            What::Opened { link, process } => {
                self.seen.entry(*process).or_insert(event.at);
                self.links.insert(*link, Link { process: *process, opened: event.at, closed: u64::MAX });
            }
            What::Closed { link, code } => {
                if let Some(link) = self.links.get_mut(link) {
                    link.closed = event.at;
                    if *code == Some(close::REVOKED) {
                        self.ended.entry(link.process).or_insert(event.at);
                    }
                }
            }
            What::Healed => self.healed = Some(event.at),
            What::Settled { process } => {
                self.settled.insert(*process, event.at);
            }
            What::Quiet => self.quiet = Some(event.at),
            What::Frame { .. } | What::Memory { .. } => {}
        }
    }

    fn ended(&mut self, call: u64, index: usize, to: u64, outcome: Outcome<'h>) {
        if let Some(call) = self.numbers.get(&call).and_then(|call| self.calls.get_mut(*call)) {
            (call.to, call.outcome, call.events[1]) = (to, outcome, index);
        }
    }

    /// What a call says of sends, recalls, hidings, logins and the final state.
    fn tell(&mut self, index: usize) {
        let call = self.calls[index];
        match call.op {
            Op::Send { conversation, client_id, body, invisible } => {
                let sent = self.sends.entry((call.process.account, *client_id)).or_insert_with(|| Sent {
                    process: call.process,
                    conversation: *conversation,
                    body,
                    invisible,
                    calls: Vec::new(),
                    acknowledged: None,
                });
                sent.calls.push(index);
                if let Some(Answer::Sent { message, .. }) = call.ok()
                    && sent.acknowledged.is_none_or(|(at, _)| call.to < at)
                {
                    sent.acknowledged = Some((call.to, message));
                }
            }
            Op::Recall { conversation, seq } if call.may_have_happened() => {
                let none = Recall { asked: call.from, done: None };
                let recall = self.recalls.entry((*conversation, *seq)).or_insert(none);
                if let Some(Answer::Recalled { message }) = call.ok()
                    && recall.done.is_none_or(|(at, _)| call.to < at)
                {
                    recall.done = Some((call.to, message.rev));
                }
            }
            Op::Hide { conversation, seqs, .. } if call.may_have_happened() => {
                for seq in seqs {
                    self.hides.entry((call.process.account, *conversation, *seq)).or_default().push(index);
                }
            }
            Op::Denounce { conversation, seq, hide: true } if call.may_have_happened() => {
                self.hides.entry((call.process.account, *conversation, *seq)).or_default().push(index);
            }
            Op::Delete { conversation, .. } if call.may_have_happened() => {
                self.deletes.entry((call.process.account, *conversation)).or_default().push(index);
            }
            Op::Invite { .. } | Op::Remove { .. } | Op::Dissolve { .. } if call.may_have_happened() => {
                let place = call.op.conversation().and_then(|id| self.places.get_mut(&id));
                if let Some(place) = place.filter(|place| place.kind == ConversationKind::Group) {
                    place.moves = true;
                    if let Op::Invite { users, .. } = call.op {
                        for user in users {
                            place.members.entry(*user).or_default();
                        }
                    }
                }
            }
            Op::Privacy { receipts: false } if call.may_have_happened() => {
                self.private.insert(call.process.account);
            }
            Op::EndLogin { device } if call.ok().is_some() => {
                let ended = self.ended.entry(Process { device: *device, ..call.process }).or_insert(call.to);
                *ended = call.to.min(*ended);
            }
            _ => {}
        }
        if self.is_final(&call) {
            self.dump(&call);
        }
    }

    fn dump(&mut self, call: &Call<'h>) {
        let (Some(answer), event) = (call.ok(), call.events[1]) else { return };
        let id = match (call.op, answer) {
            (Op::History { conversation, .. }, Answer::History(_)) => *conversation,
            (_, Answer::Conversation(told)) => told.id,
            _ => return,
        };
        let dump = self.dumps.entry((call.process, id)).or_default();
        dump.event = event;
        match answer {
            Answer::History(page) => {
                dump.messages.extend(page.messages.iter().map(|message| (message.seq, message)));
                let first = dump.through.is_zero();
                dump.from = if first { page.from } else { dump.from.min(page.from) };
                dump.through = dump.through.max(page.through);
                dump.vis_from = page.vis_from;
            }
            Answer::Conversation(told) => dump.described = Some(told),
            _ => {}
        }
    }

    fn finish(&mut self) {
        for ((process, conversation), dump) in &self.dumps {
            // What somebody else should not have been shown is no part of the log.
            if self.is_member(process.account, *conversation) {
                let log = self.logs.entry(*conversation).or_default();
                for (seq, message) in &dump.messages {
                    log.entry(*seq).or_insert(message);
                }
            }
        }
    }
}

/// What may be true of a message for an account in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hiding {
    pub hidden: bool,
    pub shown: bool,
}
