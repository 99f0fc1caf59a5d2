//! One device and the server, for tests of single rules.

use super::device::{Device, Disk};
use super::server::Server;
use super::{client_id, conversation_id, seq, text, user_id};
use protocol::{ClientFrame, ConversationId, ConversationKind, Cursors, MessageBody};
use sync::{Action, Input, Item, LinkState, Request, Row, Stored};

pub const DIRECT: u64 = 10;
pub const GROUP: u64 = 11;

pub fn direct() -> ConversationId {
    conversation_id(DIRECT)
}

/// A server where 1 and 2 talk, and a device of 1 that shows their conversation.
pub fn scene() -> (Server, Device) {
    let mut server = Server::default();
    server.now = 1_000_000_000;
    server.create(DIRECT, ConversationKind::Direct, &[1, 2]);
    server.create(GROUP, ConversationKind::Group, &[1, 2, 3]);
    server.take_frames();
    let device = Device::new(&server, user_id(1), Some(direct()));
    (server, device)
}

/// The same, connected.
pub fn live() -> (Server, Device) {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    device.flow(&mut server);
    assert_eq!(device.client.link(), LinkState::Live);
    (server, device)
}

pub fn pass(server: &mut Server, device: &mut Device, millis: u64) {
    let until = server.now + millis;
    while let Some(at) = device.wake.filter(|at| *at <= until) {
        server.now = at;
        device.ring(server);
    }
    server.now = until;
}

/// The same, with a network on which everything arrives.
pub fn rest(server: &mut Server, device: &mut Device, millis: u64) {
    let until = server.now + millis;
    while let Some(at) = device.wake.filter(|at| *at <= until) {
        let wait = at.saturating_sub(server.now);
        pass(server, device, wait);
        device.flow(server);
    }
    server.now = until;
}

pub fn push(server: &mut Server, device: &mut Device) {
    for (account, frame) in server.take_frames() {
        if account == device.me {
            device.push(frame);
        }
    }
}

pub fn write(server: &Server, device: &mut Device, n: u64) {
    device.write(server, direct(), client_id(n));
}

pub fn rows(device: &Device) -> Vec<Row> {
    let row = |item| match item {
        Item::Row(row) => row,
        Item::Gap { after, before } => panic!("a gap from {after} to {before}"),
    };
    device.client.items(direct()).into_iter().map(row).collect()
}

/// What the open conversation shows: the number each message was written with, and its mark.
pub fn drawn(device: &Device) -> String {
    let number = |row: &Row| u32::from_be_bytes(row.key.client_id.as_bytes()[12..].try_into().unwrap());
    let mark = |row: &Row| row.mark.map_or(String::new(), |mark| format!("{mark:?}"));
    rows(device).iter().map(|row| format!("{}{}", number(row), mark(row))).collect::<Vec<_>>().join(" ")
}

pub fn posts(device: &Device) -> usize {
    device.requests.iter().filter(|(_, request)| matches!(request, Request::Post { .. })).count()
}

pub fn reports(device: &Device) -> Vec<Cursors> {
    let reports = device.requests.iter().filter_map(|(_, request)| match request {
        Request::Report { reports, .. } => Some(reports),
        _ => None,
    });
    reports.flatten().map(|report| Cursors { delivered: report.delivered, read: report.read }).collect()
}

pub fn cursors(delivered: u64, read: u64) -> Cursors {
    Cursors { delivered: seq(delivered), read: seq(read) }
}

pub fn pings(device: &Device) -> usize {
    device.frames_sent.iter().filter(|frame| **frame == ClientFrame::Ping).count()
}

/// A device that shows `n` messages of the peer.
pub fn showing(n: u64) -> (Server, Device) {
    let (mut server, mut device) = live();
    device.key = 1;
    for n in 1..=n {
        server.send(user_id(2), direct(), client_id(n), text("text"));
    }
    push(&mut server, &mut device);
    device.flow(&mut server);
    (server, device)
}

/// A person asks for something, and everything arrives.
pub fn act(server: &mut Server, device: &mut Device, action: Action) {
    device.step(server, Input::Act(action));
    device.flow(server);
    push(server, device);
    device.flow(server);
}

/// What the session list shows of the newest message: its number, and whether it was recalled.
pub fn last(device: &Device) -> Option<(u64, bool)> {
    let row = device.client.session(direct())?.last?;
    Some((row.seq?.get(), matches!(row.body, MessageBody::Recalled { .. })))
}

/// A device that keeps its data, live, with what it has seen stored.
pub fn keeping() -> (Server, Device) {
    let (mut server, mut device) = scene();
    device.disk = Some(Disk::default());
    device.step(&server, Input::Restored(None));
    device.step(&server, Input::Started);
    device.flow(&mut server);
    device.keep(&server);
    (server, device)
}

/// The peer writes; the frame arrives.
pub fn peer_writes(server: &mut Server, device: &mut Device, n: u64) {
    server.send(user_id(2), direct(), client_id(n), text(&n.to_string()));
    push(server, device);
    while device.deliver(server) {}
}

/// Everything is stored, and the server knows.
pub fn settle(server: &mut Server, device: &mut Device) {
    for _ in 0..2 {
        device.flow(server);
        push(server, device);
        device.flow(server);
        device.keep(server);
        rest(server, device, 2_000);
    }
    device.flow(server);
    device.keep(server);
}

pub fn stored(device: &Device) -> Stored {
    device.disk.as_ref().unwrap().stored().unwrap()
}

pub fn requests(device: &Device) -> Vec<&Request> {
    device.requests.iter().map(|(_, request)| request).collect()
}
