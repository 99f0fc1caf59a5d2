//! Devices, the model of a server, and the network between them.

mod compare;
mod plan;
mod rest;

use crate::model::device::{Device, Disk, Socket};
use crate::model::server::Server;
use crate::model::{client_id, conversation_id, seq, text, user_id};
pub use plan::{Ending, Op, plan};
use protocol::messaging::{ReportMessage, ReportReason};
use protocol::{ChangePreferences, ConversationId, ConversationKind, MessageBody, Preferences, ReadReportPolicy, Seq};
use sync::{Action, Input, Item, Session};

/// Devices: two each of the first two accounts, one of the third.
pub const OWNERS: [u64; 5] = [1, 1, 2, 2, 3];
pub const DIRECT: u64 = 10;
pub const GROUP: u64 = 11;
pub const SELF: u64 = 12;
pub const LATE: u64 = 13;
pub const OTHER: u64 = 14;
pub const POKE: u64 = 15;
pub const MINUTE: u64 = 60_000;

pub struct World {
    pub server: Server,
    pub devices: Vec<Device>,
    written: u64,
}

impl World {
    pub fn new(policy: ReadReportPolicy) -> Self {
        let mut server = Server::default();
        server.rules.read_report_policy = policy;
        // A segment and a half.
        server.rules.sync_page_size = 3.try_into().unwrap();
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

    pub fn run(&mut self, device: usize, op: Op) {
        let Self { server, devices, written } = self;
        let device = &mut devices[device];
        match op {
            Op::Send { conversation } => {
                *written += 1;
                device.write(server, conversation_id(conversation), client_id(*written));
            }
            Op::Show { conversation } => {
                *written += 1;
                device.show(server, conversation_id(conversation), client_id(*written));
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
            Op::Wipe => device.wipe(server),
            Op::Keep => device.keep(server),
            Op::Leave => device.step(server, Input::Leaving),
            Op::Wake => device.step(server, Input::Woke),
            Op::Change { conversation, seq: at } => {
                *written += 1;
                // Every third is removed by an auditor; it comes back with the next change of it.
                let body = if *written % 3 == 0 { MessageBody::Removed } else { text(&written.to_string()) };
                server.change(conversation_id(conversation), seq(at), body);
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
                    device.step(server, Input::Act(Action::Delete { conversation, through, everywhere: false }));
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
