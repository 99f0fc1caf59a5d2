//! The people, their devices, and the server: running a plan.

use crate::backend::{Backend, Login};
use crate::device::{Arriving, DAYS, Device, Socket};
use crate::kept::{Disk, Kept};
use crate::oracle::{Oracle, text};
use crate::plan::{DIRECT, Ending, GROUP, LATE, OTHER, OWNERS, Op, Plan, SELF};
use crate::wire;
use axum::http::Method;
use protocol::messaging::{OpenConversation, ReportMessage, ReportReason, SendRequest};
use protocol::{
    Account, ApiError, ClientId, Conversation, ConversationId, ConversationKind, ErrorCode, Message, Millis, Rules,
    path,
};
use std::collections::BTreeMap;
use std::rc::Rc;
use sync::{Action, Answer, Failure, Input, Request, Start};

pub const MINUTE: Millis = 60_000;
/// More than a device pulls one by one.
const FLOOD: usize = 1_010;
/// When every run begins.
const BEGINNING: Millis = 1_700_000_000_000;

pub struct World<'a> {
    pub backend: &'a mut Backend,
    pub oracle: Oracle,
    pub devices: Vec<Device>,
    pub rooms: BTreeMap<usize, ConversationId>,
    pub rules: Rules,
    pub now: Millis,
    people: Vec<Account>,
    /// How each person acts without the simulated devices: a program with a login of its own.
    programs: Vec<Login>,
    seed: u64,
    written: u64,
    /// How far the server's clock is ahead of the true time, in milliseconds.
    skew: i64,
}

impl<'a> World<'a> {
    pub async fn new(backend: &'a mut Backend, plan: &Plan) -> Self {
        backend.runs += 1;
        backend.set_clock(BEGINNING);
        let rules = Rules { read_report_policy: plan.policy, ..Rules::default() };
        let mut world = Self {
            oracle: Oracle::default(),
            devices: Vec::new(),
            rooms: BTreeMap::new(),
            rules,
            now: BEGINNING,
            people: Vec::new(),
            programs: Vec::new(),
            seed: plan.seed,
            written: 0,
            skew: 0,
            backend,
        };
        for n in 0..3 {
            let account = world.backend.register(&format!("p{n}r{}", world.backend.runs)).await;
            world.programs.push(world.backend.log_in(&account).await);
            world.people.push(account);
        }
        world.create(DIRECT, ConversationKind::Direct, &[0, 1]).await;
        world.create(GROUP, ConversationKind::Group, &[0, 1, 2]).await;
        world.create(SELF, ConversationKind::Direct, &[0]).await;
        world.create(OTHER, ConversationKind::Direct, &[1, 2]).await;
        for n in 0..3 {
            world.post(n % 2, DIRECT, false).await;
        }
        for n in 0..plan.devices {
            let login = world.backend.log_in(&world.people[OWNERS[n]]).await;
            let start = world.start(&login, None).await;
            world.devices.push(Device::new(login, start.clone(), plan.seed + n as u64, plan.keeping));
            world.devices[n].reload(world.now, start);
        }
        if plan.tab {
            let login = world.devices[0].login.clone();
            let start = world.start(&login, None).await;
            let mut tab = Device::new(login, start.clone(), plan.seed + 99, false);
            tab.kept = world.devices[0].kept.clone();
            tab.leads = false;
            tab.reload(world.now, start);
            world.devices.push(tab);
        }
        world
    }

    async fn create(&mut self, room: usize, kind: ConversationKind, people: &[usize]) {
        let members: Vec<_> = people.iter().map(|&person| self.people[person].id).collect();
        let name = format!("{}:{room}", self.backend.runs);
        let id = self.backend.create(name, kind, members.clone()).await;
        self.rooms.insert(room, id);
        self.oracle.create(id, kind, members);
    }

    /// A person sends without any of the simulated devices, and may withhold it from another.
    async fn post(&mut self, person: usize, room: usize, withhold: bool) {
        let login = self.programs[person].clone();
        let me = login.account.id;
        let Some(&conversation) = self.rooms.get(&room).filter(|id| self.oracle.member(me, **id)) else { return };
        self.written += 1;
        let client_id = ClientId::from_parts(self.written, [0; 10]);
        let others = self.oracle.rooms[&conversation].members.iter().copied().filter(|member| *member != me);
        let invisible_list = if withhold { others.last().into_iter().collect() } else { Vec::new() };
        let request = SendRequest { client_id, body: text(self.written), invisible_list };
        let call = wire::with_body(Method::POST, path::messages(conversation), &request);
        let (status, body) = self.backend.call(&login.token, call).await;
        assert!(status.is_success(), "{status}: {body}");
        self.oracle.posted(me, conversation, request, &wire::read::<Message>(&body));
        self.collect();
    }

    /// What a page loaded now has in it.
    pub async fn start(&mut self, login: &Login, open: Option<ConversationId>) -> Start {
        let Ok(Answer::Sync(mut sync)) = self.ask(login, &Request::Sync { since: None }).await else {
            panic!("no page without a login")
        };
        let mut opened = None;
        if let Some(conversation) = open.filter(|id| self.oracle.member(login.account.id, *id)) {
            if let Ok(Answer::Conversation(about)) = self.ask(login, &Request::Conversation { conversation }).await
                && !sync.conversations.iter().any(|listed| listed.id == conversation)
            {
                sync.conversations.push(about);
            }
            let newest = Request::History { conversation, before: None, after: None, limit: 10 };
            if let Ok(Answer::History(page)) = self.ask(login, &newest).await {
                opened = Some((conversation, page));
            }
        }
        let (account, rules, now) = (login.account.clone(), self.rules, self.now);
        Start { account, rules, now, unread_first: true, sync, open: opened }
    }

    /// The server answers; what it has done is noted, and what it says is listened to.
    async fn ask(&mut self, login: &Login, request: &Request) -> Result<Answer, Failure> {
        let (answer, said) = self.backend.answer(&login.token, request).await;
        if let Ok(answer) = &answer {
            self.oracle.acknowledge(login, request, answer);
            match request {
                Request::Post { .. } => self.oracle.hear_own(login.account.id, &said),
                _ => self.oracle.hear(login.account.id, &said),
            }
        }
        self.collect();
        answer
    }

    /// What the hub has handed over since goes on its way.
    fn collect(&mut self) {
        for device in &mut self.devices {
            device.collect(&self.oracle);
        }
    }

    pub async fn run(&mut self, n: usize, op: Op) {
        let (now, rules) = (self.now, self.rules);
        let Some(device) = self.devices.get_mut(n) else { return };
        match op {
            Op::Send(room) => {
                if let Some(&id) = self.rooms.get(&room) {
                    self.written += 1;
                    device.write(now, id, text(self.written));
                }
            }
            Op::Open(room) => {
                if let Some(&id) = self.rooms.get(&room)
                    && self.oracle.member(device.me(), id)
                {
                    device.step(now, Input::Open(id));
                }
            }
            Op::Close => device.step(now, Input::Close),
            Op::See => device.see(now),
            Op::LoadOlder => {
                if let Some(open) = device.client.open() {
                    device.step(now, Input::LoadOlder(open));
                }
            }
            Op::LoadGap => drop(device.load_gap(now)),
            Op::Retry(at) => {
                let failed = device.failed();
                if let Some(&id) = failed.get(at % failed.len().max(1)) {
                    self.retry(n, id);
                }
            }
            Op::Discard(at) => {
                let failed = device.failed();
                if let Some(&id) = failed.get(at % failed.len().max(1)) {
                    device.step(now, Input::Discard(id));
                    self.forgo(id);
                }
            }
            Op::Hide(at) => {
                if let Some((conversation, seqs)) = device.chosen(at % 2 == 0) {
                    let seqs = seqs.iter().skip(at % seqs.len()).take(1 + at % 2).copied().collect();
                    device.act(now, Action::Hide { conversation, seqs, hidden: true });
                }
            }
            Op::Show(at) => {
                let deleted = self.oracle.deleted(device.me());
                if let Some(&(conversation, seq)) = deleted.get(at % deleted.len().max(1)) {
                    device.act(now, Action::Hide { conversation, seqs: vec![seq], hidden: false });
                }
            }
            Op::Recall(at) => {
                if let Some((conversation, seqs)) = device.chosen(true) {
                    device.act(now, Action::Recall { conversation, seq: seqs[at % seqs.len()] });
                }
            }
            Op::Report(at, hide) => {
                if let Some((conversation, seqs)) = device.chosen(false) {
                    let report = ReportMessage { reason: ReportReason::Spam, note: None, hide };
                    device.act(now, Action::Report { conversation, seq: seqs[at % seqs.len()], report });
                }
            }
            Op::Delete(room) => {
                if let Some(&conversation) = self.rooms.get(&room)
                    && let Some(through) = device.newest(conversation)
                {
                    device.act(now, Action::Delete { conversation, through });
                }
            }
            Op::ReadAll => device.act(now, Action::ReadAll),
            Op::Prefer(room, which) => {
                if let Some(&id) = self.rooms.get(&room) {
                    device.prefer(now, id, which);
                }
            }
            Op::Type(room, which) => {
                if let Some(&conversation) = self.rooms.get(&room)
                    && self.oracle.member(device.me(), conversation)
                {
                    device.step(now, Input::Typed { conversation, text: "draft".repeat(which % 3) });
                }
            }
            Op::ShowReceipts(show) => device.act(now, Action::ShowReceipts(show)),
            Op::Flood => {
                for _ in 0..FLOOD {
                    self.post(OWNERS[n % OWNERS.len()], DIRECT, false).await;
                }
            }
            Op::Withhold(room) => self.post(OWNERS[n % OWNERS.len()], room, true).await,
            Op::Leave => device.step(now, Input::Leaving),
            Op::Wake => device.step(now, Input::Woke),
            Op::Deliver(times) => {
                for _ in 0..times {
                    device.deliver(now);
                }
            }
            Op::Duplicate => {
                if let Some(arriving) = device.arriving() {
                    let again = arriving[0].clone();
                    arriving.push_back(again);
                }
            }
            Op::Drop => {
                if let Some(arriving) = device.arriving()
                    && matches!(&arriving[0], Arriving::Frame(frame) if !frame.contains(DELETED))
                {
                    arriving.pop_front();
                }
            }
            Op::Swap => {
                if let Some(arriving) = device.arriving().filter(|arriving| arriving.len() > 1) {
                    let last = arriving.len() - 1;
                    arriving.swap(0, last);
                }
            }
            Op::Accept => device.accept(now, self.backend, rules).await,
            Op::Disconnect => device.disconnect(now),
            Op::Die => {
                if matches!(device.socket, Socket::Open { .. }) {
                    device.socket = Socket::Dead;
                }
            }
            Op::Serve(at) => drop(self.serve(n, at, false).await),
            Op::Twice(at) => drop(self.serve(n, at, true).await),
            Op::Late(at) => {
                if let Some(request) = device.past.get(at % device.past.len().max(1)).cloned() {
                    let login = device.login.clone();
                    drop(self.ask(&login, &request).await);
                }
            }
            Op::Receive(at) => drop(device.receive(now, at)),
            Op::LoseRequest(at) => device.lose_request(now, at, Failure::Network),
            Op::LoseAnswer(at) => device.lose_answer(now, at),
            Op::Busy(at) => device.lose_request(now, at, busy()),
            Op::Flow => drop(self.flow(n).await),
            Op::Reload(open) => {
                let open = open.and_then(|room| self.rooms.get(&room)).copied();
                self.reload(n, open).await;
            }
            Op::Wipe => {
                let disk = device.kept.borrow().disk.as_ref().map(|_| Disk::default());
                let lost = device.kept.replace(Kept { disk, ..Kept::default() });
                // What was only here, and may never have reached the server, is lost with it.
                for device in &mut self.devices {
                    device.written.retain(|(_, id)| !lost.outbox.contains_key(id));
                }
                self.reload(n, None).await;
            }
            Op::Revive => drop(!device.logged_out && device.revive(now)),
            Op::Keep => drop(device.keep(now)),
            Op::LogOut => {
                if !device.logged_out {
                    let call = wire::Call { method: Method::DELETE, path: path::LOGIN_CURRENT.to_owned(), body: None };
                    let token = device.login.token.clone();
                    self.backend.call(&token, call).await;
                    self.collect();
                }
            }
            Op::LogIn => {
                if device.logged_out {
                    self.reload(n, None).await;
                }
            }
            Op::Jump(minutes) => {
                // Tabs have one clock.
                let kept = device.kept.clone();
                for tab in self.devices.iter_mut().filter(|tab| Rc::ptr_eq(&tab.kept, &kept)) {
                    tab.jump(minutes * MINUTE as i64);
                }
            }
            Op::ServerJump(minutes) => {
                self.skew = (self.skew + minutes * MINUTE as i64).clamp(-DAYS, DAYS);
                self.pass(0);
            }
            Op::Create => self.open_late().await,
            Op::Restart => {
                for device in &mut self.devices {
                    if matches!(device.socket, Socket::Open { .. }) {
                        device.socket = Socket::Dead;
                    }
                }
                self.backend.restart().await;
            }
            Op::Pass(millis) => {
                self.pass(millis);
                for device in &mut self.devices {
                    device.ring(self.now);
                }
            }
        }
    }

    /// The message moves to the bottom.
    fn retry(&mut self, n: usize, id: ClientId) {
        self.devices[n].step(self.now, Input::Retry(id));
        self.forgo(id);
    }

    /// Nobody can say any more in which order the server has met the message, or whether it has.
    fn forgo(&mut self, id: ClientId) {
        for device in &mut self.devices {
            device.written.retain(|(_, written)| *written != id);
        }
    }

    fn pass(&mut self, millis: Millis) {
        self.now += millis;
        self.backend.set_clock(self.now.saturating_add_signed(self.skew));
    }

    /// The first and the third person begin to write to each other.
    async fn open_late(&mut self) {
        let (opener, peer) = (self.programs[0].clone(), self.people[2].id);
        let call = wire::with_body(Method::POST, path::CONVERSATIONS.to_owned(), &OpenConversation::with(peer));
        let (status, body) = self.backend.call(&opener.token, call).await;
        assert!(status.is_success(), "{status}: {body}");
        let id = wire::read::<Conversation>(&body).id;
        self.rooms.insert(LATE, id);
        self.oracle.create(id, ConversationKind::Direct, vec![opener.account.id, peer]);
        self.collect();
    }

    /// The page is loaded anew; where the login was ended, after logging in again.
    async fn reload(&mut self, n: usize, open: Option<ConversationId>) {
        let mut login = self.devices[n].login.clone();
        let stands = self.ask(&login, &Request::Sync { since: None }).await.is_ok();
        if !stands {
            let account = login.account.clone();
            let kept = &self.devices[n].kept;
            let tab = self.devices.iter().find(|tab| Rc::ptr_eq(&tab.kept, kept) && tab.login.token != login.token);
            match tab.map(|tab| tab.login.clone()) {
                // Another tab of the browser has logged in again.
                Some(other) if self.ask(&other, &Request::Sync { since: None }).await.is_ok() => login = other,
                _ => {
                    login = self.backend.log_in(&account).await;
                    self.oracle.logged_in(&login);
                }
            }
        }
        let start = self.start(&login, open).await;
        let now = self.now;
        let device = &mut self.devices[n];
        device.login = login;
        device.past.clear();
        device.reload(now, start);
    }

    /// The server answers one of the requests on their way; the answer is on its way then.
    async fn serve(&mut self, n: usize, at: usize, twice: bool) -> bool {
        let device = &mut self.devices[n];
        let Some((id, request)) = device.take_request(at) else { return false };
        let login = device.login.clone();
        if twice {
            drop(self.ask(&login, &request).await);
        }
        let answer = self.ask(&login, &request).await;
        let device = &mut self.devices[n];
        device.past.push(request);
        device.answers.push((id, answer));
        true
    }

    /// Everything on its way arrives, and what that brings about too.
    async fn flow(&mut self, n: usize) -> bool {
        let (now, rules) = (self.now, self.rules);
        self.devices[n].accept(now, self.backend, rules).await;
        let mut moved = false;
        for _ in 0..2_000 {
            if !(self.devices[n].deliver(now) || self.serve(n, 0, false).await || self.devices[n].receive(now, 0)) {
                return moved;
            }
            moved = true;
        }
        panic!("device {n} never comes to rest");
    }

    /// The network is whole from now on, and people look after what failed.
    pub async fn heal(&mut self, ending: Ending) {
        match ending {
            Ending::Quiet => self.rest(20 * MINUTE).await,
            Ending::Poked => {
                // Until dead connections are found out.
                self.rest(MINUTE).await;
                for (person, room) in [(0, DIRECT), (2, GROUP), (0, SELF), (1, OTHER), (2, LATE)] {
                    self.post(person, room, false).await;
                }
                self.rest(MINUTE / 2).await;
            }
            Ending::Reconnected => {
                for device in &mut self.devices {
                    device.disconnect(self.now);
                }
                self.rest(MINUTE).await;
            }
        }
        for n in 0..self.devices.len() {
            if self.devices[n].logged_out {
                self.reload(n, None).await;
            }
        }
        self.rest(MINUTE).await;
        for n in 0..self.devices.len() {
            for id in self.devices[n].failed() {
                self.retry(n, id);
            }
            self.devices[n].step(self.now, Input::Close);
        }
        self.rest(MINUTE).await;
    }

    /// Lets everything arrive while time passes.
    pub async fn rest(&mut self, millis: Millis) {
        let until = self.now + millis;
        for _ in 0..20_000 {
            self.settle().await;
            let next = self.devices.iter().filter_map(|device| device.wake).min().filter(|at| *at <= until);
            let Some(next) = next else {
                self.pass(until.saturating_sub(self.now));
                return;
            };
            self.pass(next.saturating_sub(self.now));
            for device in &mut self.devices {
                device.ring(self.now);
            }
        }
        panic!("the devices never come to rest");
    }

    /// Everything that is on its way arrives, with no time passing.
    pub async fn settle(&mut self) {
        let mut busy = true;
        while busy {
            busy = false;
            for n in 0..self.devices.len() {
                busy |= self.flow(n).await;
                busy |= self.devices[n].keep(self.now);
            }
        }
    }

    /// What a page loaded now shows on the device.
    pub async fn fresh(&mut self, n: usize) -> sync::Client {
        let login = self.devices[n].login.clone();
        let mut client = sync::Client::new(self.start(&login, None).await);
        let mut effects = client.step(self.now, self.seed, Input::Started);
        // The rest of a sync in several pages comes by the engine's own calls.
        while let Some(effect) = effects.pop() {
            if let sync::Effect::Request { id: request, request: asked } = effect {
                let answer = self.ask(&login, &asked).await;
                effects.extend(client.step(self.now, self.seed, Input::Answered { request, answer }));
            }
        }
        client
    }
}

/// What belongs to no log cannot be missed in one, and a connection loses nothing before it ends.
const DELETED: &str = r#"{"deleted":"#;

fn busy() -> Failure {
    let message = String::new();
    Failure::Refused(ApiError { code: ErrorCode::Unavailable, message, retryable: true, field: None })
}
