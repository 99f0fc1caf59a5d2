//! Many devices, a network that loses, repeats, reorders and delays, and crashes: in the end every device shows what the
//! server has. Replay a failure with the seed that proptest prints (`PROPTEST_RNG_SEED`) or keeps.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

mod model;

use model::device::{Device, Disk, Socket};
use model::server::{Server, Who};
use model::{client_id, conversation_id, seq, text, user_id};
use proptest::prelude::*;
use protocol::messaging::{ReportMessage, ReportReason};
use protocol::{ChangePreferences, ConversationId, ConversationKind, Preferences, ReadReportPolicy, Seq, UserId};
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use sync::{Action, Client, Input, Item, LinkState, ReadMark, Row, Session, Shelf};

#[derive(Clone, Debug)]
enum Op {
    Send {
        conversation: u64,
    },
    Open {
        conversation: u64,
    },
    Close,
    See,
    LoadOlder,
    Deliver(usize),
    Duplicate,
    Drop,
    Swap,
    Accept,
    Disconnect,
    Die,
    Serve(usize),
    Receive(usize),
    LoseRequest(usize),
    LoseAnswer(usize),
    Busy(usize),
    Crash {
        open: u64,
    },
    /// The page is loaded anew without a server.
    Revive,
    /// What is not stored yet is stored.
    Keep,
    Leave,
    Wake,
    Change {
        conversation: u64,
        seq: u64,
    },
    /// Somebody else's message, which one member of the group does not see.
    Withhold {
        member: u64,
    },
    Hide {
        nth: usize,
        hidden: bool,
    },
    Report {
        nth: usize,
    },
    Recall {
        nth: usize,
    },
    Delete {
        conversation: u64,
    },
    ReadAll,
    /// Pin, label, mute, archive, mark, or take that back.
    Prefer {
        conversation: u64,
        which: usize,
    },
    /// What stands in a composer now.
    Type {
        conversation: u64,
        text: usize,
    },
    ShowReceipts(bool),
    /// The device's clock is set to be hours ahead, or behind.
    Jump {
        hours: i64,
    },
    /// The server no longer takes the tokens that it gave.
    Expire,
    Create,
    Pass {
        millis: u64,
    },
    /// The network behaves for a moment.
    Flow,
}

/// How the devices get to know what they have missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// By nothing but time.
    Quiet,
    /// By one more thing in every log.
    Poked,
    /// By a new connection.
    Reconnected,
}

/// Devices: two each of the first two accounts, one of the third.
const OWNERS: [u64; 5] = [1, 1, 2, 2, 3];
const DIRECT: u64 = 10;
const GROUP: u64 = 11;
const SELF: u64 = 12;
const LATE: u64 = 13;
const OTHER: u64 = 14;
const POKE: u64 = 15;
const MINUTE: u64 = 60_000;

fn op() -> impl Strategy<Value = Op> {
    let conversation =
        prop_oneof![12 => Just(DIRECT), 3 => Just(GROUP), 1 => Just(SELF), 2 => Just(LATE), 1 => Just(OTHER)];
    let n = 0..8_usize;
    prop_oneof![
        8 => conversation.clone().prop_map(|conversation| Op::Send { conversation }),
        5 => conversation.clone().prop_map(|conversation| Op::Open { conversation }),
        1 => Just(Op::Close),
        3 => Just(Op::See),
        2 => Just(Op::LoadOlder),
        8 => (1..6_usize).prop_map(Op::Deliver),
        2 => Just(Op::Duplicate),
        2 => Just(Op::Drop),
        2 => Just(Op::Swap),
        5 => Just(Op::Accept),
        2 => Just(Op::Disconnect),
        1 => Just(Op::Die),
        10 => n.clone().prop_map(Op::Serve),
        10 => n.clone().prop_map(Op::Receive),
        2 => n.clone().prop_map(Op::LoseRequest),
        2 => n.clone().prop_map(Op::LoseAnswer),
        1 => n.clone().prop_map(Op::Busy),
        2 => conversation.clone().prop_map(|open| Op::Crash { open }),
        1 => Just(Op::Revive),
        4 => Just(Op::Keep),
        1 => Just(Op::Leave),
        1 => Just(Op::Wake),
        2 => (conversation.clone(), 1..12_u64).prop_map(|(conversation, seq)| Op::Change { conversation, seq }),
        2 => (1..4_u64).prop_map(|member| Op::Withhold { member }),
        4 => (n.clone(), any::<bool>()).prop_map(|(nth, hidden)| Op::Hide { nth, hidden }),
        1 => n.clone().prop_map(|nth| Op::Report { nth }),
        4 => n.clone().prop_map(|nth| Op::Recall { nth }),
        2 => conversation.clone().prop_map(|conversation| Op::Delete { conversation }),
        1 => Just(Op::ReadAll),
        4 => (conversation.clone(), n.clone()).prop_map(|(conversation, which)| Op::Prefer { conversation, which }),
        4 => (conversation.clone(), 0..4_usize).prop_map(|(conversation, text)| Op::Type { conversation, text }),
        1 => any::<bool>().prop_map(Op::ShowReceipts),
        1 => (-24..25_i64).prop_map(|hours| Op::Jump { hours }),
        1 => Just(Op::Expire),
        1 => Just(Op::Create),
        6 => Just(Op::Flow),
        6 => prop_oneof![10..600_u64, 600..40_000_u64].prop_map(|millis| Op::Pass { millis }),
    ]
}

/// What happens on which device, printed in one line.
#[derive(Clone)]
struct Plan {
    policy: ReadReportPolicy,
    steps: Vec<(usize, Op)>,
    ending: Ending,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|(device, op)| write!(f, "{device}:{op:?}; "))?;
        write!(f, "{:?}, {:?}", self.ending, self.policy)
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    let device = prop_oneof![5 => Just(0_usize), 2 => Just(1), 4 => Just(2), 1 => Just(3), 2 => Just(4)];
    let ending = prop_oneof![Just(Ending::Quiet), Just(Ending::Poked), Just(Ending::Reconnected)];
    let policy = prop_oneof![Just(ReadReportPolicy::Viewport), Just(ReadReportPolicy::OnLeave)];
    let steps = prop::collection::vec((device, op()), 1..200);
    (policy, steps, ending).prop_map(|(policy, steps, ending)| Plan { policy, steps, ending })
}

struct World {
    server: Server,
    devices: Vec<Device>,
    written: u64,
}

impl World {
    fn new(policy: ReadReportPolicy) -> Self {
        let mut server = Server::default();
        server.rules.read_report_policy = policy;
        server.now = 1_000_000_000;
        server.create(DIRECT, ConversationKind::Direct, &[1, 2]);
        server.create(GROUP, ConversationKind::Group, &[1, 2, 3]);
        server.create(SELF, ConversationKind::Direct, &[1]);
        server.create(OTHER, ConversationKind::Direct, &[2, 3]);
        for n in 0..6 {
            server.send(user_id(1 + n % 2), conversation_id(DIRECT), client_id(900 + n), text("before"));
        }
        server.take_frames();
        let devices = OWNERS.map(|owner| Device::new(&server, user_id(owner), None)).into();
        let mut world = Self { server, devices, written: 1_000 };
        for n in 0..world.devices.len() {
            world.devices[n].key = 1 + n as u64;
            // Every other one keeps its data.
            if n % 2 == 0 {
                world.devices[n].disk = Some(Disk::default());
                world.devices[n].step(&world.server, Input::Restored(None));
            }
            world.devices[n].step(&world.server, Input::Started);
        }
        world
    }

    fn run(&mut self, device: usize, op: Op) {
        let Self { server, devices, written } = self;
        let device = &mut devices[device];
        match op {
            Op::Send { conversation } => {
                *written += 1;
                device.write(server, conversation_id(conversation), client_id(*written));
            }
            Op::Open { conversation } => {
                if server.member(device.me, conversation_id(conversation)) {
                    device.step(server, Input::Open(conversation_id(conversation)));
                }
            }
            Op::Close => device.step(server, Input::Close),
            Op::See => device.see(server),
            Op::LoadOlder => {
                if let Some(open) = device.client.open() {
                    device.step(server, Input::LoadOlder(open));
                }
            }
            Op::Deliver(times) => {
                for _ in 0..times {
                    device.deliver(server);
                }
            }
            Op::Duplicate => {
                if let Some(queue) = device.queue() {
                    let frame = queue[0].clone();
                    queue.push_back(frame);
                }
            }
            Op::Drop => drop(device.queue().map(|queue| queue.pop_front())),
            Op::Swap => {
                if let Some(queue) = device.queue().filter(|queue| queue.len() > 1) {
                    let last = queue.len() - 1;
                    queue.swap(0, last);
                }
            }
            Op::Accept => device.accept(server),
            Op::Disconnect => device.disconnect(server, 1006),
            Op::Die => {
                if matches!(device.socket, Socket::Open(_)) {
                    device.socket = Socket::Dead;
                }
            }
            Op::Serve(n) => drop(device.serve(server, n)),
            Op::Receive(n) => drop(device.receive(server, n)),
            Op::LoseRequest(n) => device.lose_request(server, n),
            Op::LoseAnswer(n) => device.lose_answer(server, n),
            Op::Busy(n) => device.refuse(server, n),
            Op::Crash { open } => device.crash(server, Some(conversation_id(open))),
            Op::Revive => device.revive(server),
            Op::Keep => device.keep(server),
            Op::Leave => device.step(server, Input::Leaving),
            Op::Wake => device.step(server, Input::Woke),
            Op::Change { conversation, seq: at } => {
                *written += 1;
                server.change(conversation_id(conversation), seq(at), text(&written.to_string()));
            }
            Op::Withhold { member } => {
                *written += 1;
                let sender = user_id(1 + member % 3);
                server.send_without(
                    sender,
                    conversation_id(GROUP),
                    client_id(*written),
                    text("withheld"),
                    &[user_id(member)],
                );
            }
            Op::Hide { nth, hidden } => {
                let hide = |(conversation, seq)| Action::Hide { conversation, seqs: vec![seq], hidden };
                // What was hidden is shown no more, and so is taken back by its number.
                let shown = if hidden { shown(device, nth) } else { open_seq(device, nth) };
                shown.map(hide).into_iter().for_each(|action| device.step(server, Input::Act(action)));
            }
            Op::Report { nth } => {
                if let Some((conversation, seq)) = shown(device, nth) {
                    let report = ReportMessage { reason: ReportReason::Spam, note: None, hide: true };
                    device.step(server, Input::Act(Action::Report { conversation, seq, report }));
                }
            }
            Op::Recall { nth } => {
                if let Some((conversation, seq)) = shown(device, nth)
                    && device.client.can_recall(conversation, seq, server.now.saturating_add_signed(device.skew))
                {
                    device.step(server, Input::Act(Action::Recall { conversation, seq }));
                }
            }
            Op::Delete { conversation } => {
                let conversation = conversation_id(conversation);
                if let Some(through) = device.client.session(conversation).map(|session| session.head_seq) {
                    device.step(server, Input::Act(Action::Delete { conversation, through }));
                }
            }
            Op::ReadAll => device.step(server, Input::Act(Action::ReadAll)),
            Op::Prefer { conversation, which } => {
                let conversation = conversation_id(conversation);
                if let Some(session) = device.client.session(conversation) {
                    let change = Box::new(preference(&session, which));
                    device.step(server, Input::Act(Action::Prefer { conversation, change }));
                }
            }
            Op::Type { conversation, text } => {
                let conversation = conversation_id(conversation);
                if server.member(device.me, conversation) {
                    let text = ["", "a", "ab", "abc"][text].to_owned();
                    device.step(server, Input::Typed { conversation, text });
                }
            }
            Op::ShowReceipts(receipts) => device.step(server, Input::Act(Action::ShowReceipts(receipts))),
            Op::Jump { hours } => device.jump(hours * 60 * MINUTE as i64),
            Op::Expire => server.epoch += 1,
            Op::Create => drop(server.create(LATE, ConversationKind::Direct, &[1, 3])),
            Op::Flow => device.flow(server),
            Op::Pass { millis } => {
                server.now += millis;
                for device in devices.iter_mut() {
                    device.ring(server);
                }
            }
        }
        self.publish();
    }

    fn publish(&mut self) {
        for (account, frame) in self.server.take_frames() {
            for device in self.devices.iter_mut().filter(|device| device.me == account) {
                device.push(frame.clone());
            }
        }
    }

    /// The network is whole from now on, and people try again what failed because a clock ran ahead.
    fn heal(&mut self, ending: Ending) {
        self.recover(ending);
        for n in 0..self.devices.len() {
            let device = &mut self.devices[n];
            for unsent in device.outbox.clone().into_values().filter(|unsent| unsent.failed.is_some()) {
                device.written.retain(|(_, id)| *id != unsent.client_id);
                device.written.push((unsent.conversation, unsent.client_id));
                device.step(&self.server, Input::Retry(unsent.client_id));
            }
        }
        self.rest(MINUTE);
    }

    fn recover(&mut self, ending: Ending) {
        match ending {
            Ending::Quiet => self.rest(20 * MINUTE),
            Ending::Poked => {
                // Until dead connections are found out.
                self.rest(MINUTE);
                self.server.create(POKE, ConversationKind::Group, &[1, 2, 3]);
                let rooms: Vec<_> = self.server.rooms.values().map(|room| (room.id, room.members[0])).collect();
                for (id, member) in rooms {
                    self.written += 1;
                    self.server.send(member, id, client_id(self.written), text("poke"));
                }
                self.publish();
                self.rest(MINUTE / 2);
            }
            Ending::Reconnected => {
                for device in &mut self.devices {
                    if matches!(device.socket, Socket::Dead) {
                        device.socket = Socket::Open(VecDeque::new());
                    }
                    device.disconnect(&self.server, 1006);
                }
                self.rest(MINUTE);
            }
        }
    }

    /// Lets everything arrive while time passes.
    fn rest(&mut self, millis: u64) {
        let until = self.server.now + millis;
        for _ in 0..20_000 {
            let mut busy = false;
            for device in &mut self.devices {
                device.accept(&self.server);
                while device.deliver(&self.server) {
                    busy = true;
                }
                while device.serve(&mut self.server, 0) {
                    busy = true;
                }
                while device.receive(&self.server, 0) {
                    busy = true;
                }
            }
            self.publish();
            if busy {
                continue;
            }
            let Some(next) = self.devices.iter().filter_map(|device| device.wake).min().filter(|at| *at <= until)
            else {
                self.server.now = until;
                return;
            };
            self.server.now = next;
            for device in &mut self.devices {
                device.ring(&self.server);
            }
        }
        panic!("the devices never come to rest");
    }

    /// Opens every conversation on every device and scrolls to its beginning.
    fn load_everything(&mut self) {
        for n in 0..self.devices.len() {
            let me = self.devices[n].me;
            let ids: Vec<ConversationId> =
                self.server.rooms.keys().copied().filter(|id| self.server.member(me, *id)).collect();
            for id in ids {
                self.devices[n].step(&self.server, Input::Open(id));
                self.settle();
                while self.devices[n].client.can_load_older(id) {
                    self.devices[n].step(&self.server, Input::LoadOlder(id));
                    self.settle();
                }
                while let Some(before) = self.gap(n, id) {
                    self.devices[n].step(&self.server, Input::LoadGap { conversation: id, before });
                    self.settle();
                }
                self.compare_timeline(n, id);
            }
            self.devices[n].step(&self.server, Input::Close);
        }
    }

    fn gap(&self, n: usize, id: ConversationId) -> Option<Seq> {
        self.devices[n].client.items(id).into_iter().find_map(|item| match item {
            Item::Gap { before, .. } => Some(before),
            Item::Row(_) => None,
        })
    }

    fn settle(&mut self) {
        let mut busy = true;
        while busy {
            busy = false;
            for device in &mut self.devices {
                while device.deliver(&self.server)
                    || device.serve(&mut self.server, 0)
                    || device.receive(&self.server, 0)
                {
                    busy = true;
                }
            }
            self.publish();
        }
    }

    fn compare_timeline(&self, n: usize, id: ConversationId) {
        let device = &self.devices[n];
        let room = &self.server.rooms[&id];
        let expected: Vec<_> = room
            .messages
            .iter()
            .filter(|message| {
                message.seq >= self.server.vis_from(device.who(), id) && room.shows(device.me, message.seq)
            })
            .map(|message| (Some(message.seq), message.sender, message.body.clone(), self.mark(device.me, id, message)))
            .collect();
        let shown: Vec<_> = device
            .client
            .items(id)
            .into_iter()
            .map(|item| match item {
                Item::Row(row) => {
                    self.compare_readers(n, id, &row);
                    (row.seq, row.sender, row.body, row.mark)
                }
                Item::Gap { after, before } => panic!("a gap from {after} to {before} in {id}"),
            })
            .collect();
        assert_eq!(shown.len(), expected.len(), "device {n}, conversation {id}");
        for (shown, expected) in shown.iter().zip(&expected) {
            assert!(shown == expected, "device {n}, conversation {id}: {shown:?} for {expected:?}");
        }
    }

    fn mark(&self, me: UserId, id: ConversationId, message: &protocol::Message) -> Option<ReadMark> {
        let told = self.server.describe(me, id).peer_cursors;
        (message.sender == me && message.body.countable()).then(|| match told {
            Some(peer) if message.seq <= peer.read => ReadMark::Read,
            Some(peer) if message.seq <= peer.delivered => ReadMark::Delivered,
            _ => ReadMark::Sent,
        })
    }

    /// R000-20: "n 人已读" of one's own messages in a group, and nowhere else. It does not fall when somebody hides their
    /// reading.
    fn compare_readers(&self, n: usize, id: ConversationId, row: &Row) {
        let me = self.devices[n].me;
        let group = self.server.rooms[&id].kind == ConversationKind::Group;
        let told = (group && row.sender == me && row.body.countable()).then(|| {
            let readers = self.server.readers(me, id).readers;
            readers.iter().filter(|reader| row.seq.is_some_and(|seq| seq <= reader.read)).count() as u64
        });
        let private = self.server.ever_private;
        assert!(row.readers == told || private && row.readers >= told, "{:?} for {told:?}", row.readers);
    }

    fn compare_sessions(&self) {
        for (n, device) in self.devices.iter().enumerate() {
            assert_eq!(device.client.link(), LinkState::Live, "device {n}");
            let fresh = self.fresh(device.who());
            for shelf in [Shelf::All, Shelf::Unread, Shelf::Archived] {
                assert_eq!(device.client.shelf(&shelf), fresh.shelf(&shelf), "device {n}, {shelf:?}");
            }
            assert_eq!(device.client.labels(), fresh.labels(), "device {n}");
            assert!(device.drafts.is_empty(), "device {n} keeps drafts that the server has");
            let mut total = 0;
            for id in device.listed() {
                let (session, snapshot) = (device.client.session(id), fresh.session(id));
                assert!(session == snapshot, "device {n}, {id}: {session:?} for {snapshot:?}");
                let unread = self.server.unread(device.who(), id);
                let muted = session.as_ref().is_some_and(|session| session.muted);
                assert_eq!(session.map(|session| session.unread), Some(unread), "device {n}, {id}");
                total += if muted { 0 } else { unread };
            }
            assert_eq!(device.client.total_unread(), total);
        }
    }

    /// What a page loaded now would show.
    fn fresh(&self, who: Who) -> Client {
        let mut start = self.server.start(who, None);
        let rooms = self.server.rooms.keys().filter(|id| self.server.member(who.me, **id));
        start.sync.conversations = rooms.map(|id| self.server.describe(who, *id)).collect();
        Client::new(start)
    }

    fn compare_sent(&self) {
        for (n, device) in self.devices.iter().enumerate() {
            assert!(device.outbox.is_empty(), "device {n} keeps what was sent");
            for (id, room) in &self.server.rooms {
                let sent: Vec<_> =
                    room.messages.iter().filter(|m| m.sender == device.me).map(|m| m.client_id).collect();
                assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), sent.len(), "sent twice");
                let written: Vec<_> =
                    device.written.iter().filter(|(to, _)| to == id).map(|(_, client_id)| *client_id).collect();
                let arrived: Vec<_> = sent.into_iter().filter(|client_id| written.contains(client_id)).collect();
                assert_eq!(arrived, written, "device {n}, conversation {id}: lost, or out of order");
            }
        }
    }
}

/// What a person can want of a conversation.
fn preference(session: &Session, which: usize) -> ChangePreferences {
    let (mut change, told) = (ChangePreferences::default(), &session.preferences);
    match which {
        0 => change.pinned = Some(!told.pinned),
        1 => change.muted_until = Some(if told.muted_until == 0 { Preferences::ALWAYS } else { 0 }),
        2 | 3 => change.labels = told.labels.toggled(&["home", "work"][which - 2].try_into().unwrap()).ok(),
        4 => change.archived_until = Some(session.head_seq.next()),
        5 => change.archived_until = Some(Seq::ZERO),
        6 => change.marked_unread = Some(true),
        _ => change.marked_unread = Some(false),
    }
    change
}

/// One of the messages that a device shows.
fn shown(device: &Device, nth: usize) -> Option<(ConversationId, Seq)> {
    let open = device.client.open()?;
    let items = device.client.items(open);
    let seqs = items.into_iter().filter_map(|item| match item {
        Item::Row(row) => row.seq,
        Item::Gap { .. } => None,
    });
    Some((open, seqs.rev().nth(nth)?))
}

/// One of the newest messages of the open conversation, shown or not.
fn open_seq(device: &Device, nth: usize) -> Option<(ConversationId, Seq)> {
    let open = device.client.open()?;
    Some((open, device.client.session(open)?.head_seq.minus(nth as u64)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// Architecture invariants 1–6; R000-14/-16/-20, R003-12/-13, R004-A4/-A5, R004-B1, R004-G8: whatever is lost,
    /// repeated, reordered or interrupted, hidden, recalled, withheld, deleted or read, every device ends up with what a
    /// fresh snapshot shows, whatever its clock says (T19).
    #[test]
    fn every_device_equals_a_fresh_snapshot(plan in plan()) {
        let mut world = World::new(plan.policy);
        for (device, op) in plan.steps {
            world.run(device, op);
        }
        world.heal(plan.ending);
        for n in 0..world.devices.len() {
            world.devices[n].step(&world.server, Input::Close);
        }
        // What is read is told on leaving.
        world.rest(MINUTE);
        world.compare_sent();
        world.compare_sessions();
        world.load_everything();
        world.rest(MINUTE);
        world.compare_sessions();
    }
}
