//! A model server and devices on a bad network, in one thread and virtual time: a seed yields a history.
//!
//! Requests and answers are delayed and lost, connections cut, the server crashes once, a login is ended. Devices send
//! through an outbox, one message at a time, until they know; otherwise they do what their replica wants.

mod acting;
mod bug;
mod choosing;
mod crew;
mod long;
mod people;
mod read;
mod sending;
mod server;
mod telling;

pub use bug::{BUGS, Bug};
pub use long::long;

use super::dice::Dice;
use super::event::{Answer, Event, History, Membership, Op, Process, What};
use super::replica::Replica;
use protocol::frame::close;
use protocol::{ConversationId, ConversationKind, Role, ServerFrame, Upd, UserId};
pub use server::Server;
use server::{Refused, number};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// What one device does.
const ACTIONS: u32 = 36;
/// Attempts after which the network behaves, and after which a device gives up.
const ATTEMPTS: [u32; 2] = [3, 8];
/// A broken server may keep its devices pulling for ever.
const EVENTS: usize = 20_000;
const MS: u64 = 1_000_000;
/// Bytes that the server holds without any frame, and for each; and how many frames may wait for a connection.
const BASE: u64 = 10 << 20;
const FRAME: u64 = 4 << 10;
const QUEUED: u64 = 100;

/// A whole run.
pub fn run(seed: u64, bug: Option<Bug>) -> History {
    let mut world = World::new(seed, bug);
    while let Some(Reverse((at, _, step))) = world.steps.pop().filter(|_| world.events.len() < EVENTS) {
        world.now = at;
        world.step(step);
    }
    world.finish();
    History { events: world.events }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Act(usize),
    Arrive(usize, u64),
    /// The answer to a call reaches its device, or the device stops waiting.
    Answer(usize, u64),
    GiveUp(usize, u64),
    Deliver(u64, usize),
    Cut(u64),
    Crash,
}

struct World {
    now: u64,
    count: u64,
    steps: BinaryHeap<Reverse<(u64, u64, Step)>>,
    dice: Dice,
    server: Server,
    devices: Vec<Device>,
    links: HashMap<u64, Link>,
    calls: HashMap<u64, (Op, Option<Result<Answer, Refused>>)>,
    /// The calls whose answer a bug keeps back, while their devices go on.
    slow: HashSet<u64>,
    events: Vec<Event>,
    healed: bool,
}

struct Device {
    process: Process,
    replica: Replica,
    link: Option<u64>,
    /// The call under way.
    waiting: Option<u64>,
    /// The send that is not known to be done, and how often it was tried.
    outbox: Option<(Op, u32)>,
    left: u32,
    sent: u64,
    last: Option<Op>,
    /// The login was ended.
    dead: bool,
}

struct Link {
    device: usize,
    /// Frames in order; each delivery takes its own.
    frames: Vec<Result<ServerFrame, u16>>,
    /// When the last of them arrives.
    last: u64,
    open: bool,
}

impl World {
    fn new(seed: u64, bug: Option<Bug>) -> Self {
        let mut server = Server::new(seed, bug);
        let (direct, group) = (ConversationKind::Direct, ConversationKind::Group);
        server.found(direct, &[(1, 0), (2, 0)], 0);
        server.found(direct, &[(1, 0), (3, 0)], 2);
        server.found(direct, &[(3, 0), (4, 0)], 0);
        server.found(group, &[(1, 0), (2, 0), (3, 0), (4, 0)], 0);
        // The fourth account joined when three messages had been written.
        server.found(group, &[(1, 0), (2, 0), (4, 4)], 3);
        // Here members come and go, and nobody knows the second one's rights by heart.
        let crew = server.found(group, &[(1, 0), (2, 0), (3, 0)], 0);
        server.appoint(crew, &[(1, Role::Owner), (2, Role::Admin)]);
        server.found(direct, &[(2, 0), (4, 0)], 0);
        // Nobody has opened this one yet.
        let later = server.found(direct, &[(2, 0), (3, 0)], 0);
        server.conversations.get_mut(&later).unwrap().awaiting.extend([2, 3].map(number::<UserId>));
        server.strangers = if seed.is_multiple_of(2) { 3 } else { 0 };
        let accounts = [1, 1, 2, 2, 3, 3, 4, 4, 5].map(number::<UserId>);
        let devices: Vec<Device> = accounts.iter().map(|account| Device::new(server.log_in(*account))).collect();
        let mut world = Self {
            now: 0,
            count: 0,
            steps: BinaryHeap::new(),
            dice: Dice::new(seed),
            server,
            devices,
            links: HashMap::new(),
            calls: HashMap::new(),
            slow: HashSet::new(),
            events: Vec::new(),
            healed: false,
        };
        world.introduce();
        world.weigh();
        for device in 0..world.devices.len() {
            world.later(10, Step::Act(device));
        }
        world.later(3_000, Step::Crash);
        world
    }

    fn introduce(&mut self) {
        let known = self.server.conversations.values().map(|log| {
            let members = log.members.iter();
            let members = members.map(|(account, member)| Membership {
                account: *account,
                vis_from: member.vis_from,
                role: member.role,
            });
            let members = members.collect();
            let later = !log.awaiting.is_empty();
            What::Known { conversation: log.id, kind: log.kind, members, head: log.head(), later }
        });
        for what in known.collect::<Vec<_>>() {
            self.record(what);
        }
        self.record(What::Strangers { limit: self.server.strangers });
    }

    fn record(&mut self, what: What) {
        self.events.push(Event { at: self.now, what });
    }

    /// Within so many milliseconds.
    fn later(&mut self, within: u64, step: Step) {
        let at = self.now + 1 + self.dice.below(within * MS);
        self.at(at, step);
    }

    fn at(&mut self, at: u64, step: Step) {
        self.count += 1;
        self.steps.push(Reverse((at, self.count, step)));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Act(device) => self.act(device),
            Step::Arrive(device, call) => {
                let process = self.devices[device].process;
                let op = self.calls[&call].0.clone();
                let answer = self.server.handle(process, &op);
                self.calls.insert(call, (op, Some(answer)));
                self.flush();
            }
            Step::Answer(device, call) => self.answer(device, call),
            Step::GiveUp(device, call) => {
                if self.devices[device].waiting == Some(call) {
                    self.devices[device].waiting = None;
                    self.record(What::Info { call });
                    self.later(50, Step::Act(device));
                }
            }
            Step::Deliver(link, frame) => self.deliver(link, frame),
            Step::Cut(link) => self.cut(link, None),
            Step::Crash => {
                self.server.crash();
                self.flush();
            }
        }
    }

    /// What the server sent goes on its way, in order along each connection.
    fn flush(&mut self) {
        for (id, frame) in std::mem::take(&mut self.server.out) {
            let delay = self.dice.below(30 * MS) + self.held_back(id);
            if let Some(link) = self.links.get_mut(&id) {
                link.last = link.last.max(self.now + delay) + 1;
                link.frames.push(frame);
                let (at, step) = (link.last, Step::Deliver(id, link.frames.len() - 1));
                self.at(at, step);
            }
        }
    }

    /// How long a bug keeps a frame of the connection back, once the faults are over.
    fn held_back(&self, link: u64) -> u64 {
        let first = self.links.get(&link).is_some_and(|link| link.device == 0);
        match self.server.bug.filter(|_| self.healed && first) {
            Some(Bug::BadgesLate) => 3_000 * MS,
            Some(Bug::ConvergesLate) => 12_000 * MS,
            _ => 0,
        }
    }

    /// What the server holds: the frames that wait, which the bug never lets go.
    fn weigh(&mut self) {
        let queue = QUEUED * FRAME;
        let connections = self.links.values().filter(|link| self.devices[link.device].link.is_some()).count() as u64;
        let frames: u64 = self.links.values().map(|link| link.frames.len() as u64).sum();
        let held = if self.server.is(Bug::QueuesWithoutEnd) { frames * 100 } else { frames.min(QUEUED) };
        self.record(What::Memory { resident: BASE + held * FRAME, connections, queue });
    }

    fn deliver(&mut self, id: u64, frame: usize) {
        let link = &self.links[&id];
        let (device, frame, open) = (link.device, link.frames[frame].clone(), link.open);
        if self.devices[device].link != Some(id) {
            return;
        }
        match frame {
            Err(code) => self.cut(id, Some(code)),
            Ok(frame) => {
                if !open {
                    self.links.get_mut(&id).unwrap().open = true;
                    self.record(What::Opened { link: id, process: self.devices[device].process });
                }
                self.devices[device].replica.frame(&frame);
                self.record(What::Frame { link: id, frame: Box::new(frame) });
                self.wake(device);
            }
        }
    }

    fn cut(&mut self, id: u64, code: Option<u16>) {
        let device = self.links[&id].device;
        if self.devices[device].link == Some(id) {
            self.devices[device].link = None;
            self.devices[device].dead |= code == Some(close::REVOKED);
            self.server.disconnect(id);
            if self.links[&id].open {
                self.record(What::Closed { link: id, code });
            }
            self.wake(device);
        }
    }

    fn wake(&mut self, device: usize) {
        if self.devices[device].waiting.is_none() {
            self.later(20, Step::Act(device));
        }
    }

    /// A device that waits for nothing does the next thing.
    fn act(&mut self, index: usize) {
        let stranger = self.devices[index].process.account.get() == 5;
        let device = &mut self.devices[index];
        if device.waiting.is_some() || device.dead {
            return;
        }
        if device.link.is_none() {
            self.count += 1;
            let (link, process) = (self.count, device.process);
            device.link = Some(link);
            self.links.insert(link, Link { device: index, frames: Vec::new(), last: self.now, open: false });
            self.server.connect(link, process);
            self.flush();
            // Connections of devices that still act break now and then.
            if self.devices[index].left > 0 && self.dice.chance(60) {
                self.later(1_000, Step::Cut(link));
            }
        }
        let device = &mut self.devices[index];
        if let Some((op, attempts)) = &mut device.outbox {
            *attempts += 1;
            let (op, attempts) = (op.clone(), *attempts);
            if attempts <= ATTEMPTS[1] {
                return self.call(index, op, attempts > ATTEMPTS[0]);
            }
            device.outbox = None;
        }
        let pull = device.replica.pull();
        if let Some(op) = pull.filter(|_| device.left == 0 || self.dice.chance(85)) {
            return self.call(index, op, false);
        }
        if self.devices[index].left > 0 {
            self.devices[index].left -= 1;
            let op = if stranger { self.intrude() } else { self.choose(index) };
            match op {
                Some(op) if matches!(op, Op::Send { .. }) => {
                    self.devices[index].outbox = Some((op.clone(), 1));
                    self.call(index, op, false);
                }
                Some(op) => self.call(index, op, false),
                None => self.later(100, Step::Act(index)),
            }
        } else if self.healed {
            self.record(What::Settled { process: self.devices[index].process });
        } else if self.devices.iter().all(|device| device.left == 0 || device.dead) {
            self.healed = true;
            self.weigh();
            self.record(What::Healed);
            let idle = self.devices.iter().filter(|device| !device.dead && device.is_idle());
            for process in idle.map(|device| device.process).collect::<Vec<_>>() {
                self.record(What::Settled { process });
            }
        }
    }

    fn call(&mut self, index: usize, op: Op, sure: bool) {
        self.count += 1;
        let call = self.count;
        let device = &mut self.devices[index];
        device.waiting = Some(call);
        device.replica.asked(&op);
        self.record(What::Invoke { call, process: self.devices[index].process, op: op.clone() });
        let never = self.server.is(Bug::NeverAnswers)
            && matches!(&op, Op::Send { client_id, .. } if client_id.as_bytes()[15] == 3);
        self.calls.insert(call, (op, None));
        let reliable = sure || self.devices[index].left == 0;
        let arrives = self.now + 1 + self.dice.below(40 * MS);
        if self.server.is(Bug::AnswersLate)
            && self.devices[index].left == 0
            && matches!(self.calls[&call].0, Op::Send { .. })
        {
            (self.devices[index].waiting, self.devices[index].outbox) = (None, None);
            self.slow.insert(call);
            self.at(arrives, Step::Arrive(index, call));
            self.at(arrives + 12_000 * MS, Step::Answer(index, call));
            return self.later(20, Step::Act(index));
        }
        // A request may be lost, or come so late that nobody waits any more.
        let late = if !reliable && self.dice.chance(5) { 300 * MS } else { 0 };
        if reliable || self.dice.chance(92) {
            self.at(arrives + late, Step::Arrive(index, call));
        }
        if !never && (reliable || self.dice.chance(92)) {
            let back = arrives + late + 1 + self.dice.below(40 * MS);
            self.at(back, Step::Answer(index, call));
        }
        self.at(self.now + 200 * MS, Step::GiveUp(index, call));
    }

    fn answer(&mut self, index: usize, call: u64) {
        let Some((op, Some(answer))) = self.calls.get(&call).cloned() else { return };
        let (device, slow) = (&mut self.devices[index], self.slow.contains(&call));
        if device.waiting != Some(call) && !slow {
            return;
        }
        device.waiting = device.waiting.filter(|waiting| *waiting != call);
        let ends = !matches!(answer, Err((500.., _)));
        if ends && device.outbox.as_ref().is_some_and(|(pending, _)| *pending == op) {
            device.outbox = None;
        }
        match answer {
            Ok(answer) => {
                device.replica.answered(&op, &answer);
                self.record(What::Ok { call, answer: Box::new(answer) });
            }
            // A right device tries again.
            Err((500.., _)) => self.record(What::Info { call }),
            Err((status, code)) => {
                device.dead |= status == 401;
                if status == 404 && !matches!(op, Op::Recall { .. }) {
                    device.replica.missed(&op);
                }
                self.record(What::Fail { call, status, code });
            }
        }
        if !slow {
            self.later(100, Step::Act(index));
        }
    }

    /// Everybody rests; then the final state is read, by every device and by a new one of each account.
    fn finish(&mut self) {
        let alive: Vec<Process> =
            self.devices.iter().filter(|device| !device.dead).map(|device| device.process).collect();
        for process in &alive {
            // Most have said so already.
            let said = |event: &Event| matches!(event.what, What::Settled { process: it } if it == *process);
            if !self.events.iter().any(said) {
                self.record(What::Settled { process: *process });
            }
        }
        self.now += 1;
        self.record(What::Quiet);
        let accounts = [1, 2, 3, 4].map(number::<UserId>);
        let fresh: Vec<Process> = accounts.iter().map(|account| self.server.log_in(*account)).collect();
        for process in alive.into_iter().chain(fresh) {
            let logs = self.server.conversations.values();
            let own: Vec<ConversationId> =
                logs.filter(|log| log.members.contains_key(&process.account)).map(|log| log.id).collect();
            for conversation in own {
                for op in [
                    Op::History { conversation, before: None, after: None, limit: 1_000 },
                    Op::Describe { conversation },
                    Op::Readers { conversation },
                ] {
                    self.ask(process, op);
                }
                self.why(process, conversation);
            }
            for other in accounts.into_iter().filter(|other| *other != process.account) {
                self.ask(process, Op::Contact { other });
            }
            self.ask(process, Op::Receipts { after: Upd::ZERO });
            self.ask(process, Op::Page { conversation: None });
        }
    }

    /// What makes a badge, page by page.
    fn why(&mut self, process: Process, conversation: ConversationId) {
        let mut before = None;
        while let Some(Answer::Unread(page)) = self.ask(process, Op::Unread { conversation, before }) {
            match page.messages.last().filter(|_| page.more) {
                Some(last) => before = Some(last.seq),
                None => break,
            }
        }
    }

    /// A call on a network without faults.
    fn ask(&mut self, process: Process, op: Op) -> Option<Answer> {
        self.count += 1;
        let call = self.count;
        self.now += 1;
        self.record(What::Invoke { call, process, op: op.clone() });
        self.now += 1;
        match self.server.handle(process, &op) {
            Ok(answer) => {
                self.record(What::Ok { call, answer: Box::new(answer.clone()) });
                Some(answer)
            }
            Err((status, code)) => {
                self.record(What::Fail { call, status, code });
                None
            }
        }
    }
}

impl Device {
    fn new(process: Process) -> Self {
        let replica = Replica::new(process.account);
        let (link, waiting, outbox, last) = (None, None, None, None);
        Self { process, replica, link, waiting, outbox, left: ACTIONS, sent: 0, last, dead: false }
    }

    /// Whether it has nothing to do.
    fn is_idle(&self) -> bool {
        self.left == 0 && self.waiting.is_none() && self.outbox.is_none() && self.replica.pull().is_none()
    }
}
