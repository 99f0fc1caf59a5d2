//! The people, their devices, and the server.

mod joining;
mod pages;
mod people;
mod rest;
mod run;

use crate::backend::{Backend, Login};
use crate::device::Device;
use crate::oracle::{Oracle, text};
use crate::plan::{DIRECT, GROUP, OTHER, OWNERS, Plan, SELF};
use crate::wire;
use axum::http::Method;
use protocol::messaging::SendRequest;
use protocol::{
    Account, ClientId, ConversationId, ConversationKind, ErrorAnswer, Message, Millis, Rules, UserId, path,
};
use std::collections::BTreeMap;
use sync::tabs::Role;
use sync::{Action, Answer, Failure, Request, Start};

pub const MINUTE: Millis = 60_000;
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
    pub seed: u64,
    lifted: bool,
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
            oracle: Oracle::new(backend.stranger_limit),
            devices: Vec::new(),
            rooms: BTreeMap::new(),
            rules,
            now: BEGINNING,
            people: Vec::new(),
            programs: Vec::new(),
            seed: plan.seed,
            lifted: plan.lifted,
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
        for (n, owner) in OWNERS.into_iter().take(plan.devices).enumerate() {
            let login = world.backend.log_in(&world.people[owner]).await;
            world.oracle.logged_in(&login);
            let start = world.start(&login, None).await;
            world.devices.push(Device::new(login, start.clone(), plan.seed + n as u64, plan.keeping));
            world.devices[n].reload(world.now, start, Role::Leader, false);
        }
        if plan.tab {
            let login = world.devices[0].login.clone();
            let start = world.start(&login, None).await;
            let mut tab = Device::new(login, start.clone(), plan.seed + 99, false);
            tab.kept = world.devices[0].kept.clone();
            tab.reload(world.now, start, Role::Follower, false);
            world.devices.push(tab);
        }
        world
    }

    async fn create(&mut self, room: usize, kind: ConversationKind, people: &[usize]) {
        let members: Vec<_> = people.iter().map(|&person| self.people[person].id).collect();
        let name = format!("{}:{room}", self.backend.runs);
        let id = self.backend.create(name.clone(), kind, members.clone()).await;
        self.rooms.insert(room, id);
        self.oracle.create(id, kind, members);
        if kind == ConversationKind::Group {
            self.oracle.rooms.get_mut(&id).unwrap().title = Some(name);
        }
    }

    /// What time it is by the server's clock.
    pub fn time(&self) -> Millis {
        self.now.saturating_add_signed(self.skew)
    }

    fn person(&self, id: UserId) -> usize {
        self.people.iter().position(|account| account.id == id).unwrap()
    }

    /// A person sends without any of the simulated devices, and may withhold it from another.
    async fn post(&mut self, person: usize, room: usize, withhold: bool) {
        let login = self.programs[person].clone();
        let me = login.account.id;
        let Some(&conversation) = self.rooms.get(&room).filter(|id| self.oracle.member(me, **id)) else { return };
        self.written += 1;
        let client_id = ClientId::from_parts(self.written, [0; 10]);
        let mut others = self.oracle.rooms[&conversation].members.keys().copied().filter(|member| *member != me);
        let invisible_list = if withhold { others.next_back().into_iter().collect() } else { Vec::new() };
        let request = SendRequest { client_id, body: text(self.written), invisible_list };
        let call = wire::with_body(Method::POST, path::messages(conversation), &request);
        self.collect();
        let (status, body) = self.backend.call(&login.token, call).await;
        let refused = (!status.is_success()).then(|| wire::read::<ErrorAnswer>(&body).error.code);
        self.oracle.decided((me, conversation), &request.body, refused, self.time());
        if refused.is_none() {
            self.oracle.posted(me, conversation, request, &wire::read::<Message>(&body));
        }
        self.collect();
    }

    /// What a page loaded now has in it.
    pub async fn start(&mut self, login: &Login, open: Option<ConversationId>) -> Start {
        let Ok(Answer::Sync(mut sync)) =
            self.ask(login, &Request::Sync { since: None, page: self.rules.sync_page_size }).await
        else {
            panic!("no page without a login")
        };
        let (mut opened, mut readers) = (None, None);
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
            if self.oracle.rooms[&conversation].kind == ConversationKind::Group
                && let Ok(Answer::Readers(told)) = self.ask(login, &Request::Readers { conversation }).await
            {
                readers = Some(told);
            }
        }
        let (account, rules, now) = (login.account.clone(), self.rules, self.time());
        Start { account, rules, now, unread_first: true, sync, open: opened, presence: None, readers }
    }

    /// The server answers; what it has done is noted, and what it says is listened to.
    async fn ask(&mut self, login: &Login, request: &Request) -> Result<Answer, Failure> {
        self.collect();
        let arrived = self.arrived();
        let (answer, said) = self.backend.answer(&login.token, request).await;
        self.oracle.answered(login, request, &answer, self.time());
        if let (Request::Post { client_id, .. } | Request::Upload { client_id, .. }, Err(Failure::Refused(why))) =
            (request, &answer)
            && !why.retryable
        {
            self.forgo(*client_id);
        }
        if answer.is_ok() {
            match request {
                Request::Post { .. } => self.oracle.hear_own(login.account.id, &said),
                _ => self.oracle.hear(login.account.id, &said),
            }
        }
        self.collect();
        if let Request::Act(Action::Block { user, .. }) = request {
            // R004-I3: who is blocked cannot tell, but by what they hear of presence, which is nothing.
            let told = self.devices.iter().zip(&arrived).zip(self.arrived());
            for ((device, before), after) in told.filter(|((device, _), _)| device.me() == *user) {
                assert_eq!(*before, after, "{} hears of a block", device.me());
            }
        }
        answer
    }

    /// How much of the logs is on its way to each device.
    fn arrived(&self) -> Vec<usize> {
        self.devices.iter().map(Device::changes_arriving).collect()
    }

    /// What the hub has handed over since goes on its way.
    fn collect(&mut self) {
        for device in &mut self.devices {
            device.collect(&self.oracle);
        }
    }
}
