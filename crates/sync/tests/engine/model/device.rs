//! One device and the network between it and the server. Every step is checked for what must hold at any time.

use super::server::{Server, Who};
use super::{picture, text};
use protocol::{
    ClientFrame, ClientId, ConversationId, ConversationKind, Cursors, DeviceId, ErrorCode, MessageBody, Millis, Seq,
    ServerFrame, User, UserId,
};
use std::collections::{BTreeMap, VecDeque};
use sync::{
    Acted, Answer, Client, Effect, Failure, Input, Item, ReadMark, Request, RequestId, RowKey, Shelf, Start, Stored,
    StoredConversation, StoredDevice, StoredTimeline, Unsent, Unstored, UntoldDraft, Upload,
};

#[derive(Clone, Debug, Default)]
pub enum Socket {
    #[default]
    Closed,
    Asked,
    Open(VecDeque<ServerFrame>),
    /// It looks open, but nothing comes through any more.
    Dead,
}

#[derive(Clone, Debug)]
pub struct Device {
    pub me: UserId,
    /// What the server tells it from the account's other devices by.
    pub key: u64,
    /// How far its clock is ahead of the server's, in milliseconds.
    pub skew: i64,
    pub client: Client,
    pub socket: Socket,
    pub requests: Vec<(RequestId, Request)>,
    pub answers: Vec<(RequestId, Result<Answer, Failure>)>,
    pub wake: Option<Millis>,
    /// What survives a crash.
    pub outbox: BTreeMap<ClientId, Unsent>,
    pub reads: BTreeMap<ConversationId, Seq>,
    pub drafts: BTreeMap<ConversationId, UntoldDraft>,
    /// Of which drafts the other pages were told that the server knows them.
    pub drafts_known: Vec<(ConversationId, String)>,
    /// What is stored besides; absent where the device stores nothing.
    pub disk: Option<Disk>,
    /// Messages written here, in order.
    pub written: Vec<(ConversationId, ClientId)>,
    pub logged_out: bool,
    pub frames_sent: Vec<ClientFrame>,
    /// What became of what was asked for.
    pub acted: Vec<Acted>,
    random: u64,
    marks: BTreeMap<RowKey, ReadMark>,
    seen: BTreeMap<ConversationId, Seq>,
    reported: BTreeMap<ConversationId, (Cursors, Millis)>,
}

/// A device's storage.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    device: Option<StoredDevice>,
    users: BTreeMap<UserId, User>,
    conversations: BTreeMap<ConversationId, StoredConversation>,
    timelines: BTreeMap<ConversationId, StoredTimeline>,
}

impl Disk {
    pub fn write(&mut self, unstored: Unstored) {
        if unstored.anew {
            *self = Self::default();
        }
        self.device = unstored.device.or(self.device.take());
        self.users.extend(unstored.users.into_iter().map(|user| (user.id, user)));
        self.conversations.extend(unstored.conversations.into_iter().map(|stored| (stored.about.id, stored)));
        self.timelines.extend(unstored.timelines.into_iter().map(|stored| (stored.conversation, stored)));
        self.timelines.retain(|id, _| !unstored.dropped.contains(id));
        self.conversations.retain(|id, _| !unstored.gone.contains(id));
    }

    pub fn stored(&self) -> Option<Stored> {
        Some(Stored {
            device: self.device.clone()?,
            users: self.users.values().cloned().collect(),
            conversations: self.conversations.values().cloned().collect(),
            timelines: self.timelines.values().cloned().collect(),
        })
    }
}

impl Device {
    pub fn new(server: &Server, me: UserId, open: Option<ConversationId>) -> Self {
        Self {
            me,
            key: 0,
            skew: 0,
            client: Client::new(server.start(me, open)),
            socket: Socket::Closed,
            requests: Vec::new(),
            answers: Vec::new(),
            wake: None,
            outbox: BTreeMap::new(),
            reads: BTreeMap::new(),
            drafts: BTreeMap::new(),
            drafts_known: Vec::new(),
            disk: None,
            seen: BTreeMap::new(),
            written: Vec::new(),
            logged_out: false,
            frames_sent: Vec::new(),
            acted: Vec::new(),
            random: me.get(),
            marks: BTreeMap::new(),
            reported: BTreeMap::new(),
        }
    }

    pub fn who(&self) -> Who {
        Who { me: self.me, device: self.key }
    }

    /// Its clock is set.
    pub fn jump(&mut self, skew: i64) {
        self.skew = skew;
        // By its own clock more time may have passed.
        self.reported.values_mut().for_each(|(_, at)| *at = 0);
    }

    fn clock(&self, server: &Server) -> Millis {
        server.now.saturating_add_signed(self.skew)
    }

    /// The page is loaded anew: only what was persisted is left.
    pub fn crash(&mut self, server: &Server, open: Option<ConversationId>) {
        self.load(server, server.start(self.who(), open));
    }

    /// The page is loaded anew as the server rendered it at some time.
    pub fn load(&mut self, server: &Server, page: Start) {
        self.begin(server, Client::new(page));
    }

    /// The page is loaded anew without the server's help: what is stored is all there is, and may be older than what
    /// was seen.
    pub fn revive(&mut self, server: &Server) {
        self.marks.clear();
        self.seen.clear();
        let stored = self.disk.as_ref().and_then(Disk::stored);
        self.begin(server, Client::new(stored.map_or_else(|| server.start(self.who(), None), |stored| stored.start())));
    }

    /// What it keeps of what it knows is cleared, and the page loaded anew: the login makes a new device.
    pub fn wipe(&mut self, server: &Server) {
        self.disk = self.disk.take().map(|_| Disk::default());
        self.revive(server);
    }

    /// Stores what is not stored yet.
    pub fn keep(&mut self, server: &Server) {
        let Some(disk) = &mut self.disk else { return };
        if let Some(unstored) = self.client.take_unstored() {
            let through = unstored.through();
            disk.write(unstored);
            self.step(server, Input::Stored(through));
        }
    }

    fn begin(&mut self, server: &Server, client: Client) {
        if self.disk.is_some() && self.client.take_unstored().is_some() {
            // What comes back is older than what was seen.
            self.marks.clear();
            self.seen.clear();
        }
        let fresh = Self { client, ..Self::new(server, self.me, None) };
        let disk = std::mem::take(&mut self.disk);
        let outbox = std::mem::take(&mut self.outbox);
        let written = std::mem::take(&mut self.written);
        let marks = std::mem::take(&mut self.marks);
        let reads = std::mem::take(&mut self.reads);
        let seen = std::mem::take(&mut self.seen);
        let drafts = std::mem::take(&mut self.drafts);
        let (key, skew, random) = (self.key, self.skew, self.random + 1);
        *self = Self { outbox, written, marks, reads, drafts, seen, disk, key, skew, random, ..fresh };
        // Nothing is seen before all of it is restored.
        if let Some(disk) = &self.disk {
            let stored = disk.stored().map(Box::new);
            let empty = stored.is_none();
            self.drive(server, Input::Restored(stored));
            if empty {
                self.drive(server, Input::StorageEmpty);
            }
        }
        self.drive(server, Input::ReadsRestored(self.reads.iter().map(|(&id, &seq)| (id, seq)).collect()));
        self.drive(server, Input::OutboxRestored(self.outbox.values().cloned().collect()));
        let drafts = self.drafts.values().cloned().collect();
        self.drive(server, Input::DraftsRestored(drafts));
        self.step(server, Input::Started);
    }

    pub fn write(&mut self, server: &Server, conversation: ConversationId, id: ClientId) {
        if self.client.session(conversation).is_some() {
            self.written.push((conversation, id));
            self.step(server, Input::Send { conversation, client_id: id, body: text(&id.to_string()) });
        }
    }

    /// A person sends a picture.
    pub fn show(&mut self, server: &Server, conversation: ConversationId, id: ClientId) {
        if self.client.session(conversation).is_some() {
            self.written.push((conversation, id));
            let body = MessageBody::Image(picture(id, false));
            self.step(server, Input::Send { conversation, client_id: id, body });
        }
    }

    pub fn step(&mut self, server: &Server, input: Input) {
        self.drive(server, input);
        self.check_marks();
        self.check_reads();
    }

    fn drive(&mut self, server: &Server, input: Input) {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if matches!(input, Input::Tick) {
            self.wake = None;
        }
        if let Input::Seen { conversation, seq } = input
            && self.client.session(conversation).is_some_and(|session| seq <= session.head_seq)
        {
            let seen = self.seen.entry(conversation).or_default();
            *seen = seq.max(*seen);
        }
        let now = self.clock(server);
        for effect in self.client.step(now, self.random, input) {
            self.perform(server, effect);
        }
        let changes = self.client.take_changes();
        self.acted.extend(changes.acted);
        for id in changes.timelines {
            let _ = self.client.items(id);
        }
    }

    fn perform(&mut self, server: &Server, effect: Effect) {
        match effect {
            Effect::Connect => self.socket = Socket::Asked,
            Effect::Disconnect => self.socket = Socket::Closed,
            Effect::Frame(frame) => {
                if let Socket::Open(queue) = &mut self.socket
                    && frame == ClientFrame::Ping
                {
                    queue.push_back(ServerFrame::Pong { server_time: server.now });
                }
                self.frames_sent.push(frame);
            }
            Effect::Request { id, request } => {
                self.check_request(server, &request);
                self.requests.push((id, request));
            }
            Effect::Wake { at } => {
                assert!(at > self.clock(server), "a timer for the past never ends");
                self.wake = Some(server.now + (at - self.clock(server)));
            }
            Effect::Persist(unsent) => drop(self.outbox.insert(unsent.client_id, unsent)),
            Effect::Forget(id) => drop(self.outbox.remove(&id)),
            Effect::KeepRead { conversation, seq } => drop(self.reads.insert(conversation, seq)),
            Effect::ForgetRead(conversation) => drop(self.reads.remove(&conversation)),
            Effect::KeepDraft(draft) => drop(self.drafts.insert(draft.conversation, draft)),
            Effect::ForgetDraft(conversation) => drop(self.drafts.remove(&conversation)),
            Effect::DraftKnown { conversation, text } => self.drafts_known.push((conversation, text)),
            Effect::LoggedOut => self.logged_out = true,
        }
    }

    fn check_request(&mut self, server: &Server, request: &Request) {
        match request {
            Request::Upload { client_id, .. } => {
                let unsent = self.outbox.get(client_id).expect("uploaded before it was persisted");
                assert_ne!(unsent.upload, Upload::Done, "uploaded twice");
                let again = |(_, other): &(RequestId, Request)| other == request;
                assert!(!self.requests.iter().any(again), "two uploads of one picture at once");
            }
            Request::Post { conversation, client_id, .. } => {
                let uploaded = |unsent: &Unsent| unsent.upload == Upload::Done;
                assert!(
                    self.outbox.get(client_id).is_none_or(uploaded),
                    "posted before its picture was kept as uploaded"
                );
                assert!(self.outbox.contains_key(client_id), "posted before it was persisted");
                // A frame may confirm a message before its answer comes; then the next one may go.
                let unconfirmed = |(_, other): &(RequestId, Request)| {
                    matches!(other, Request::Post { conversation: id, client_id, .. }
                        if id == conversation && self.outbox.contains_key(client_id))
                };
                assert!(!self.requests.iter().any(unconfirmed), "two posts at once in a conversation");
            }
            Request::Report { reports, leaving } => {
                for report in reports {
                    let cursors = Cursors { delivered: report.delivered, read: report.read };
                    let room = &server.rooms[&report.conversation];
                    assert!(cursors.read <= cursors.delivered && cursors.delivered <= room.head());
                    let direct = room.kind == ConversationKind::Direct && room.members.len() == 2;
                    assert!(direct || cursors.delivered == cursors.read, "R000-01: a group has no delivery receipts");
                    if let Some((before, at)) = self.reported.insert(report.conversation, (cursors, server.now)) {
                        assert!(before.read <= cursors.read && before.delivered <= cursors.delivered, "went back");
                        assert!(*leaving || at + 1_000 <= server.now, "R000-08: more than one report a second");
                    }
                }
            }
            _ => {}
        }
    }

    /// R000-20: what a person has seen of a mark never goes back, across reloads neither.
    fn check_marks(&mut self) {
        let Some(open) = self.client.open() else { return };
        let mut keys = Vec::new();
        for item in self.client.items(open) {
            let Item::Row(row) = item else { continue };
            keys.push(row.key);
            if !row.body.countable() {
                continue;
            }
            let Some(mark) = row.mark.filter(|mark| *mark >= ReadMark::Sent) else {
                assert!(!self.marks.contains_key(&row.key), "a sent message looks unsent");
                continue;
            };
            let before = self.marks.insert(row.key, mark);
            assert!(before.is_none_or(|before| before <= mark), "{:?} went back from {before:?} to {mark:?}", row.key);
        }
        let rows = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), rows, "a message is shown twice");
    }

    /// Architecture invariant 4, T1, T7: what a person has seen is never unread again, across reloads neither; T9,
    /// R004-B7.18: the total is the sum of the rows that are not of somebody who is blocked, of muted ones what names the account.
    fn check_reads(&mut self) {
        let mut total = 0;
        for id in self.listed() {
            let session = self.client.session(id).expect("it is listed");
            let seen = self.seen.get(&id).copied().unwrap_or_default();
            assert!(session.unread <= session.head_seq.get().saturating_sub(seen.get()), "{id}: read, then unread");
            total += match session.relation.blocking {
                true => 0,
                false if session.muted => session.mentions,
                false => session.unread,
            };
        }
        assert_eq!(self.client.total_unread(), total);
    }

    /// The session list, and what is archived.
    pub fn listed(&self) -> Vec<ConversationId> {
        [Shelf::All, Shelf::Archived].iter().flat_map(|shelf| self.client.shelf(shelf)).collect()
    }

    /// The server accepts the connection that was asked for.
    pub fn accept(&mut self, server: &Server) {
        if matches!(self.socket, Socket::Asked) {
            self.socket = Socket::Open(VecDeque::new());
            self.step(server, Input::SocketOpened);
            let device = DeviceId::try_from(1_u64).unwrap();
            let hello = ServerFrame::Hello { device, server_time: server.now, heartbeat_s: 25, rules: server.rules };
            self.step(server, Input::SocketFrame(hello));
        }
    }

    pub fn disconnect(&mut self, server: &Server, code: u16) {
        if matches!(self.socket, Socket::Open(_) | Socket::Asked) {
            self.socket = Socket::Closed;
            self.step(server, Input::SocketClosed { code });
        }
    }

    pub fn push(&mut self, frame: ServerFrame) {
        if let Socket::Open(queue) = &mut self.socket {
            queue.push_back(frame);
        }
    }

    pub fn queue(&mut self) -> Option<&mut VecDeque<ServerFrame>> {
        match &mut self.socket {
            Socket::Open(queue) if !queue.is_empty() => Some(queue),
            _ => None,
        }
    }

    pub fn deliver(&mut self, server: &Server) -> bool {
        let Some(frame) = self.queue().and_then(VecDeque::pop_front) else { return false };
        self.step(server, Input::SocketFrame(frame));
        true
    }

    /// The server answers one of the requests on their way; the answer is on its way then.
    pub fn serve(&mut self, server: &mut Server, n: usize) -> bool {
        if self.requests.is_empty() {
            return false;
        }
        let (id, request) = self.requests.remove(n % self.requests.len());
        let answer = server.answer(self.who(), request);
        self.answers.push((id, answer));
        true
    }

    pub fn receive(&mut self, server: &Server, n: usize) -> bool {
        if self.answers.is_empty() {
            return false;
        }
        let (request, answer) = self.answers.remove(n % self.answers.len());
        self.step(server, Input::Answered { request, answer });
        true
    }

    pub fn lose_request(&mut self, server: &Server, n: usize) {
        if !self.requests.is_empty() {
            let (request, _) = self.requests.remove(n % self.requests.len());
            self.step(server, Input::Answered { request, answer: Err(Failure::Network) });
        }
    }

    pub fn lose_answer(&mut self, server: &Server, n: usize) {
        if !self.answers.is_empty() {
            let (request, _) = self.answers.remove(n % self.answers.len());
            self.step(server, Input::Answered { request, answer: Err(Failure::Network) });
        }
    }

    pub fn refuse(&mut self, server: &Server, n: usize) {
        if !self.requests.is_empty() {
            let (request, _) = self.requests.remove(n % self.requests.len());
            let answer = Err(Server::refuse(ErrorCode::Unavailable, true));
            self.step(server, Input::Answered { request, answer });
        }
    }

    /// Everything on its way arrives, and what that brings about too.
    pub fn flow(&mut self, server: &mut Server) {
        self.accept(server);
        while self.deliver(server) || self.serve(server, 0) || self.receive(server, 0) {}
    }

    pub fn ring(&mut self, server: &Server) {
        if self.wake.is_some_and(|at| at <= server.now) {
            self.step(server, Input::Tick);
        }
    }

    pub fn see(&mut self, server: &Server) {
        let Some(open) = self.client.open() else { return };
        let rows = self.client.items(open);
        let newest = rows.iter().rev().find_map(|item| match item {
            Item::Row(row) => row.seq,
            Item::Gap { .. } => None,
        });
        if let Some(seq) = newest {
            self.step(server, Input::Seen { conversation: open, seq });
        }
    }
}
