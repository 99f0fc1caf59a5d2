//! One device, or one page of it: the real engine, what the browser keeps for it, the other pages of the browser, and the
//! network between it and the server. Every step is checked for what must hold at any time.

mod checks;
mod pages;

use crate::backend::Login;
use crate::dice::Dice;
use crate::kept::{Disk, Kept};
use crate::oracle::Oracle;
use protocol::{
    ChangePreferences, ClientFrame, ClientId, ConversationId, Cursors, MessageBody, Millis, Preferences, Seq, UserId,
};
use server::push::Connected;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use sync::tabs::{Role, Share, Word};
use sync::{Action, Answer, Client, Effect, Failure, Input, Item, ReadMark, Request, RequestId, RowKey, Start, Stored};

#[derive(Default)]
pub enum Socket {
    #[default]
    Closed,
    Asked,
    Open {
        connected: Connected,
        arriving: VecDeque<Arriving>,
    },
    /// It looks open, but nothing comes through any more.
    Dead,
}

#[derive(Clone, Debug)]
pub enum Arriving {
    Frame(String),
    Closed(u16),
}

pub struct Device {
    pub login: Login,
    pub client: Client,
    pub socket: Socket,
    pub requests: Vec<(RequestId, Request)>,
    pub answers: Vec<(RequestId, Result<Answer, Failure>)>,
    /// Requests that the server has answered, which a network may bring once more.
    pub past: Vec<Request>,
    /// What the device has said over its connection, and has not arrived.
    pub said: Vec<ClientFrame>,
    /// The true time at which the timer rings: a timer counts, whatever the device's clock is set to meanwhile.
    pub wake: Option<Millis>,
    /// Shared by the tabs of one browser.
    pub kept: Rc<RefCell<Kept>>,
    /// How this page stands among those of its browser.
    share: Share,
    /// What it has said to the others, and what it has not heard yet of what they said.
    telling: Vec<String>,
    heard: VecDeque<String>,
    /// How far the device's clock is ahead of the true time, in milliseconds.
    pub skew: i64,
    /// The same of the server's clock.
    pub servers_skew: i64,
    /// Messages written here, in order, that must be on the server in the end.
    pub written: Vec<(ConversationId, ClientId)>,
    /// The same of long files, for which nothing waits.
    pub rising: Vec<(ConversationId, ClientId)>,
    pub logged_out: bool,
    /// Messages that this page knows a person has given up.
    given_up: BTreeSet<ClientId>,
    /// A page that the server has made for this login, and that has not come yet.
    pub rendered: Option<(String, Start)>,
    dice: Dice,
    marks: BTreeMap<RowKey, (ConversationId, ReadMark)>,
    reported: BTreeMap<ConversationId, (Cursors, Millis)>,
}

/// A clock can be so far ahead or behind.
pub const DAYS: i64 = 3 * 24 * 60 * 60 * 1_000;

impl Device {
    pub fn new(login: Login, start: Start, seed: u64, keeping: bool) -> Self {
        let disk = keeping.then(Disk::default);
        Self {
            login,
            client: Client::new(start),
            socket: Socket::Closed,
            requests: Vec::new(),
            answers: Vec::new(),
            past: Vec::new(),
            said: Vec::new(),
            wake: None,
            kept: Rc::new(RefCell::new(Kept { disk, ..Kept::default() })),
            share: Share::new(0, Role::Leader),
            telling: Vec::new(),
            heard: VecDeque::new(),
            skew: 0,
            servers_skew: 0,
            written: Vec::new(),
            rising: Vec::new(),
            logged_out: false,
            given_up: BTreeSet::new(),
            rendered: None,
            dice: Dice::new(seed),
            marks: BTreeMap::new(),
            reported: BTreeMap::new(),
        }
    }

    pub fn me(&self) -> UserId {
        self.login.account.id
    }

    /// The page is loaded anew: only what was kept is left, and what the server put into the page.
    /// `late`: it was made some time ago.
    pub fn reload(&mut self, now: Millis, start: Start, role: Role, late: bool) {
        if late {
            // What it shows may be older than what was seen.
            self.marks.clear();
        } else if start.sync.more && self.kept.borrow().disk.is_some() {
            // What the page does not list yet comes back as it was stored, which may be older than what was seen.
            let listed = |id: &ConversationId| start.sync.conversations.iter().any(|about| about.id == *id);
            self.marks.retain(|_, (id, _)| listed(id));
        }
        self.begin(now, start, role);
    }

    /// What a page without the server's help would begin with.
    pub fn stored(&self) -> Option<Stored> {
        self.kept.borrow().disk.as_ref().and_then(Disk::stored)
    }

    /// The page is loaded anew without the server's help: what is stored is all there is.
    /// `led`: it has stored what it knew.
    pub fn revive(&mut self, now: Millis, stored: &Stored, (led, role): (bool, Role)) {
        if !led || self.client.take_unstored().is_some() {
            // What comes back is older than what was seen.
            self.marks.clear();
        }
        self.begin(now, stored.start(), role);
    }

    fn begin(&mut self, now: Millis, start: Start, role: Role) {
        self.client = Client::new(start);
        self.socket = Socket::Closed;
        self.requests.clear();
        self.answers.clear();
        self.said.clear();
        self.wake = None;
        self.reported.clear();
        self.logged_out = false;
        self.share = Share::new(self.dice.roll(), role);
        self.heard.clear();
        // Nothing is seen before all of it is restored.
        if self.kept.borrow().disk.is_some() {
            let stored = self.stored().map(Box::new);
            let empty = stored.is_none();
            self.drive(now, Input::Restored(stored));
            if empty {
                self.drive(now, Input::StorageEmpty);
            }
        }
        let Kept { reads, drafts, outbox, .. } = self.kept.borrow().clone();
        let (reads, unsent) = (reads.into_iter().collect(), outbox.into_values().collect());
        if role == Role::Follower {
            // Another page may be at all this.
            self.drive(now, Input::ReadElsewhere(reads));
            for draft in drafts.into_values() {
                self.drive(now, Input::TypedElsewhere(draft));
            }
            self.drive(now, Input::OutboxElsewhere(unsent));
        } else {
            self.drive(now, Input::ReadsRestored(reads));
            self.drive(now, Input::DraftsRestored(drafts.into_values().collect()));
            self.drive(now, Input::OutboxRestored(unsent));
        }
        self.step(now, Input::Started);
    }

    /// Stores what is not stored yet.
    pub fn keep(&mut self, now: Millis) -> bool {
        if !self.leads() || self.kept.borrow().disk.is_none() {
            return false;
        }
        let Some(unstored) = self.client.take_unstored() else { return false };
        self.kept.borrow_mut().disk.as_mut().unwrap().write(&unstored);
        self.step(now, Input::Stored(unstored.through()));
        true
    }

    pub fn clock(&self, now: Millis) -> Millis {
        now.saturating_add_signed(self.skew)
    }

    pub fn jump(&mut self, by: i64) {
        self.skew = (self.skew + by).clamp(-DAYS, DAYS);
    }

    pub fn step(&mut self, now: Millis, input: Input) {
        self.drive(now, input);
        self.check_rows();
    }

    fn drive(&mut self, now: Millis, input: Input) {
        if matches!(input, Input::Tick) {
            self.wake = None;
        }
        let discarded = if let Input::Discard(id) = input { Some(id) } else { None };
        let clock = self.clock(now);
        for effect in self.client.step(clock, self.dice.roll(), input) {
            if let Some(id) = discarded.filter(|id| effect == Effect::Forget(*id)) {
                self.given_up.insert(id);
                self.say(&Word::Discarded(id));
            }
            self.perform(now, clock, effect);
        }
        self.client.take_changes();
    }

    fn perform(&mut self, now: Millis, clock: Millis, effect: Effect) {
        if let Some(word) = Word::of(&effect) {
            self.say(&word);
        }
        match effect {
            Effect::Connect => self.connect(),
            Effect::Disconnect => self.hang_up(),
            Effect::Frame(frame) => self.send(now, frame),
            Effect::Request { id, request } => {
                self.check_request(clock, &request);
                if let Request::Upload { client_id, .. } = request {
                    self.say(&Word::Uploading(client_id));
                }
                self.requests.push((id, request));
            }
            Effect::Wake { at } => {
                assert!(at > clock, "a timer for the past never ends");
                self.wake = Some(now + (at - clock));
            }
            Effect::Persist(unsent) => drop(self.kept.borrow_mut().outbox.insert(unsent.client_id, unsent)),
            Effect::Forget(id) => {
                let mut kept = self.kept.borrow_mut();
                kept.outbox.remove(&id);
                kept.pictures.remove(&id);
            }
            Effect::KeepRead { conversation, seq } => drop(self.kept.borrow_mut().reads.insert(conversation, seq)),
            Effect::ForgetRead(conversation) => drop(self.kept.borrow_mut().reads.remove(&conversation)),
            Effect::KeepDraft(draft) => {
                // Of a call the others hear by the log: what they typed since must not give way to it.
                if draft.told_after.is_none() {
                    self.say(&Word::Draft(draft.clone()));
                }
                self.kept.borrow_mut().drafts.insert(draft.conversation, draft);
            }
            Effect::ForgetDraft(conversation) => drop(self.kept.borrow_mut().drafts.remove(&conversation)),
            Effect::DraftKnown { .. } => {}
            Effect::LoggedOut => self.logged_out = true,
        }
    }

    /// These need not be on the server in the end.
    pub fn forgo(&mut self, gone: impl Fn(ConversationId, ClientId) -> bool) {
        self.written.retain(|(to, id)| !gone(*to, *id));
        self.rising.retain(|(to, id)| !gone(*to, *id));
    }

    /// A person writes what is to have the key.
    pub fn write(&mut self, now: Millis, conversation: ConversationId, body: impl FnOnce(ClientId) -> MessageBody) {
        if !self.logged_out && self.client.session(conversation).is_some() {
            let client_id = self.fresh_key(now);
            let body = body(client_id);
            self.note(conversation, &[(client_id, body.clone())]);
            self.step(now, Input::Send { conversation, client_id, body });
        }
    }

    /// A person sends several at once.
    pub fn write_together(
        &mut self,
        now: Millis,
        conversation: ConversationId,
        count: usize,
        body: impl Fn(ClientId) -> MessageBody,
    ) {
        if !self.logged_out && self.client.session(conversation).is_some() {
            let keys: Vec<ClientId> = (0..count).map(|_| self.fresh_key(now)).collect();
            let messages: Vec<_> = keys.into_iter().map(|key| (key, body(key))).collect();
            self.note(conversation, &messages);
            self.step(now, Input::SendTogether { conversation, messages });
        }
    }

    fn fresh_key(&mut self, now: Millis) -> ClientId {
        ClientId::from_parts(self.clock(now), self.dice.bytes())
    }

    /// These must be on the server in the end. Nothing waits for what is sent together with a long file.
    fn note(&mut self, conversation: ConversationId, messages: &[(ClientId, MessageBody)]) {
        let is_long = |body: &MessageBody| matches!(body, MessageBody::File(file) if file.bytes.get() > 4_194_304);
        let long = messages.iter().any(|(_, body)| is_long(body));
        let written = if long { &mut self.rising } else { &mut self.written };
        written.extend(messages.iter().map(|(client_id, _)| (conversation, *client_id)));
        let media = messages.iter().filter(|(_, body)| body.medium().is_some());
        self.kept.borrow_mut().pictures.extend(media.map(|(client_id, _)| *client_id));
    }

    pub fn see(&mut self, now: Millis) {
        let Some(open) = self.client.open() else { return };
        let newest = self.client.items(open).iter().rev().find_map(|item| match item {
            Item::Row(row) => row.seq,
            Item::Gap { .. } => None,
        });
        if let Some(seq) = newest {
            self.step(now, Input::Seen { conversation: open, seq });
        }
    }

    /// The confirmed messages on screen that a person may choose from.
    pub fn chosen(&self, own: bool) -> Option<(ConversationId, Vec<Seq>)> {
        let open = self.client.open()?;
        let rows = self.client.items(open).into_iter().filter_map(|item| match item {
            Item::Row(row) => Some(row),
            Item::Gap { .. } => None,
        });
        let rows = rows.filter(|row| row.body.countable() && (row.sender == self.me()) == own);
        Some((open, rows.filter_map(|row| row.seq).collect())).filter(|(_, seqs): &(_, Vec<Seq>)| !seqs.is_empty())
    }

    /// The newest message that the session list shows.
    pub fn newest(&self, id: ConversationId) -> Option<Seq> {
        Some(self.client.session(id)?.head_seq)
    }

    pub fn act(&mut self, now: Millis, action: Action) {
        self.step(now, Input::Act(action));
    }

    /// Fills the oldest gap on screen.
    pub fn load_gap(&mut self, now: Millis) -> bool {
        let Some(open) = self.client.open() else { return false };
        let gap = self.client.items(open).into_iter().find_map(|item| match item {
            Item::Gap { before, .. } => Some(before),
            Item::Row(_) => None,
        });
        let Some(before) = gap else { return false };
        self.step(now, Input::LoadGap { conversation: open, before });
        true
    }

    /// A person wants something of a conversation, or not any more.
    pub fn prefer(&mut self, now: Millis, conversation: ConversationId, which: usize) {
        let Some(session) = self.client.session(conversation) else { return };
        let (mut change, told) = (ChangePreferences::default(), &session.preferences);
        match which {
            0 => change.pinned = Some(!told.pinned),
            1 => change.muted_until = Some(if told.muted_until == 0 { Preferences::ALWAYS } else { 0 }),
            2 | 3 => change.labels = told.labels.toggled(&["home", "work"][which - 2].try_into().unwrap()).ok(),
            4 => change.archived_until = Some(session.head_seq.next()),
            5 => change.archived_until = Some(Seq::ZERO),
            _ => change.marked_unread = Some(which == 6),
        }
        self.act(now, Action::Prefer { conversation, change: Box::new(change) });
    }

    /// The messages in these conversations that wait for the person.
    pub fn failed(&self, rooms: &BTreeMap<usize, ConversationId>) -> Vec<ClientId> {
        self.marked(rooms, &[ReadMark::Failed])
    }

    /// The messages in these conversations that stand there with one of the marks.
    pub fn marked(&self, rooms: &BTreeMap<usize, ConversationId>, marks: &[ReadMark]) -> Vec<ClientId> {
        let items = rooms.values().flat_map(|id| self.client.items(*id));
        let marked = items.filter_map(|item| match item {
            Item::Row(row) if row.mark.is_some_and(|mark| marks.contains(&mark)) => Some(row.key.client_id),
            _ => None,
        });
        marked.collect()
    }

    /// To whom a message was written that waits for the person.
    pub fn peer_of_failed(&self, id: ClientId) -> Option<UserId> {
        let conversation = self.kept.borrow().outbox.get(&id)?.conversation;
        Some(self.client.session(conversation)?.peer?.id)
    }

    /// Takes what the hub has handed over into the network.
    pub fn collect(&mut self, oracle: &Oracle) {
        let me = self.login.account.id;
        let Socket::Open { connected, arriving } = &mut self.socket else { return };
        while let Ok(frame) = connected.queue.try_recv() {
            oracle.hear_frame(me, &frame);
            arriving.push_back(Arriving::Frame(frame.to_string()));
        }
        if let Ok(code) = connected.cut.try_recv() {
            // What was queued is worthless then.
            *arriving = VecDeque::from([Arriving::Closed(code)]);
        }
    }

    /// How many changes of logs are on their way here.
    pub fn changes_arriving(&self) -> usize {
        let Socket::Open { arriving, .. } = &self.socket else { return 0 };
        let of_a_log = |what: &&Arriving| matches!(what, Arriving::Frame(frame) if frame.contains(r#""pos":"#));
        arriving.iter().filter(of_a_log).count()
    }

    pub fn arriving(&mut self) -> Option<&mut VecDeque<Arriving>> {
        match &mut self.socket {
            Socket::Open { arriving, .. } if !arriving.is_empty() => Some(arriving),
            _ => None,
        }
    }

    pub fn take_request(&mut self, n: usize) -> Option<(RequestId, Request)> {
        (!self.requests.is_empty()).then(|| self.requests.remove(n % self.requests.len()))
    }

    pub fn receive(&mut self, now: Millis, n: usize) -> bool {
        if self.answers.is_empty() {
            return false;
        }
        let (request, answer) = self.answers.remove(n % self.answers.len());
        self.step(now, Input::Answered { request, answer });
        true
    }

    pub fn lose_request(&mut self, now: Millis, n: usize, failure: Failure) {
        if let Some((request, _)) = self.take_request(n) {
            self.step(now, Input::Answered { request, answer: Err(failure) });
        }
    }

    pub fn lose_answer(&mut self, now: Millis, n: usize) {
        if !self.answers.is_empty() {
            let (request, _) = self.answers.remove(n % self.answers.len());
            self.step(now, Input::Answered { request, answer: Err(Failure::Network) });
        }
    }

    pub fn ring(&mut self, now: Millis) {
        self.beat();
        if self.wake.is_some_and(|at| at <= now) {
            self.step(now, Input::Tick);
        }
    }
}
