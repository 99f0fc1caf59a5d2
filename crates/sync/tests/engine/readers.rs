//! Who has read in a group, on a device and a model server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::{Device, Disk};
use crate::model::scene::{GROUP, live, push, rest, stored};
use crate::model::server::Server;
use crate::model::{client_id, conversation_id, seq, text, user_id};
use protocol::{ConversationKind, MessageBody, Notice};
use sync::{Action, Client, Input, Item, Request, Start};

/// R000-20, R000-07: an own message in a group tells how many have read it, and a withdrawn or foreign one does not.
#[test]
fn a_group_counts_its_readers() {
    let (mut server, mut device) = live();
    let group = conversation_id(GROUP);
    device.write(&server, group, client_id(1));
    device.flow(&mut server);
    server.take_frames();
    device.step(&server, Input::Open(group));
    device.flow(&mut server);
    let read_by = |device: &Device| {
        let items = device.client.items(group);
        let rows = items.into_iter().filter_map(|item| match item {
            Item::Row(row) => Some(row.readers),
            Item::Gap { .. } => None,
        });
        rows.collect::<Vec<_>>()
    };
    assert_eq!(read_by(&device), [Some(0)]);
    let report = |reader, read: u64| {
        (user_id(reader), protocol::ReceiptReport { conversation: group, delivered: seq(read), read: seq(read) })
    };
    for (reader, read, expected) in [(3, 0, 0), (3, 1, 1), (2, 1, 2), (2, 0, 2)] {
        let (reader, report) = report(reader, read);
        server.report(reader, report);
        push(&mut server, &mut device);
        device.flow(&mut server);
        assert_eq!(read_by(&device), [Some(expected)]);
    }
    let names: Vec<_> = device.client.readers(group, seq(1)).unwrap().into_iter().map(|user| user.id).collect();
    assert_eq!(names, [user_id(2), user_id(3)]);
    server.send(user_id(2), group, client_id(2), text("text"));
    push(&mut server, &mut device);
    device.flow(&mut server);
    assert_eq!(read_by(&device), [Some(2), None]);
    device.step(&server, Input::Act(Action::Recall { conversation: group, seq: seq(1) }));
    device.flow(&mut server);
    assert_eq!(read_by(&device), [None, None]);
}

/// R000-20: what was told of readers stands on a page begun anew, from what is stored or from the server, before any answer, and
/// is not lowered by a page that was made before.
#[test]
fn readers_outlive_a_reload() {
    let (mut server, mut device) = live();
    let group = conversation_id(GROUP);
    device.disk = Some(Disk::default());
    device.step(&server, Input::Restored(None));
    device.write(&server, group, client_id(1));
    device.flow(&mut server);
    device.step(&server, Input::Open(group));
    device.flow(&mut server);
    let late = server.readers(user_id(1), group);
    let report = protocol::ReceiptReport { conversation: group, delivered: seq(1), read: seq(1) };
    for reader in [2, 3] {
        server.report(user_id(reader), report);
    }
    push(&mut server, &mut device);
    device.flow(&mut server);
    device.keep(&server);
    let told = |device: &Device| {
        device.client.items(group).into_iter().find_map(|item| match item {
            Item::Row(row) => row.readers,
            Item::Gap { .. } => None,
        })
    };
    assert_eq!(told(&device), Some(2));
    // From what is stored alone.
    let stored = stored(&device);
    device.revive(&server);
    device.step(&server, Input::Open(group));
    assert_eq!(told(&device), Some(2));
    for (readers, before) in [(server.readers(user_id(1), group), 2), (late, 0)] {
        let start = Start { readers: Some(readers), ..server.start(device.who(), Some(group)) };
        let mut again = Device::new(&server, device.me, None);
        again.client = Client::new(start);
        assert_eq!(told(&again), Some(before));
        again.step(&server, Input::Restored(Some(Box::new(stored.clone()))));
        assert_eq!(told(&again), Some(2));
        // Those are asked for all the same.
        again.step(&server, Input::Started);
        again.flow(&mut server);
        assert_eq!(told(&again), Some(2));
    }
}

/// R000-20: who wrote while the readers were on their way has read, though the answer is of before; also where nothing else may
/// be known of them.
#[test]
fn who_writes_while_readers_are_on_their_way_has_read() {
    let (mut server, mut device) = live();
    let group = conversation_id(GROUP);
    server.private.insert(user_id(1));
    device.write(&server, group, client_id(1));
    device.flow(&mut server);
    server.take_frames();
    device.step(&server, Input::Open(group));
    let other =
        |device: &Device| device.requests.iter().position(|(_, request)| !matches!(request, Request::Readers { .. }));
    while let Some(n) = other(&device) {
        device.serve(&mut server, n);
        device.receive(&server, 0);
    }
    device.serve(&mut server, 0);
    server.send(user_id(3), group, client_id(2), text("text"));
    push(&mut server, &mut device);
    device.flow(&mut server);
    let readers = device.client.items(group).into_iter().filter_map(|item| match item {
        Item::Row(row) => row.readers,
        Item::Gap { .. } => None,
    });
    assert_eq!(readers.collect::<Vec<_>>(), [1]);
}

/// R000-20: in a group of more than 200 nobody is told who has read: a device asks how many while somebody looks, at most
/// every half minute, and less and less often while nothing moves.
#[test]
fn a_large_group_is_asked_how_many_have_read() {
    let (mut server, mut device) = live();
    let group = server.create(40, protocol::ConversationKind::Group, &(1..=201).collect::<Vec<_>>());
    push(&mut server, &mut device);
    device.flow(&mut server);
    device.write(&server, group, client_id(1));
    device.flow(&mut server);
    server.take_frames();
    let read_by = |device: &Device| match device.client.items(group).last() {
        Some(Item::Row(row)) => row.readers,
        _ => None,
    };
    device.step(&server, Input::Open(group));
    device.flow(&mut server);
    assert_eq!(read_by(&device), Some(0));
    let read = |server: &mut Server, reader| {
        let report = protocol::ReceiptReport { conversation: group, delivered: seq(1), read: seq(1) };
        server.report(user_id(reader), report);
        server.take_frames();
    };
    // It was asked as soon as the group was open, and as nobody had read it, the pause doubles.
    read(&mut server, 2);
    read(&mut server, 3);
    rest(&mut server, &mut device, 59_999);
    assert_eq!(read_by(&device), Some(0));
    rest(&mut server, &mut device, 1);
    assert_eq!(read_by(&device), Some(2));
    // Something moved: half a minute again.
    read(&mut server, 4);
    rest(&mut server, &mut device, 29_999);
    assert_eq!(read_by(&device), Some(2));
    rest(&mut server, &mut device, 1);
    assert_eq!(read_by(&device), Some(3));
    // While nobody sees it, it is not asked; who sees it again is told at once.
    read(&mut server, 5);
    device.step(&server, Input::Leaving);
    device.flow(&mut server);
    rest(&mut server, &mut device, 600_000);
    assert_eq!(read_by(&device), Some(3));
    // Waking up in the background is not being seen.
    device.step(&server, Input::Woke);
    device.flow(&mut server);
    assert_eq!(read_by(&device), Some(3));
    device.step(&server, Input::Visible(true));
    device.flow(&mut server);
    assert_eq!(read_by(&device), Some(4));
    device.step(&server, Input::Visible(false));
    read(&mut server, 6);
    rest(&mut server, &mut device, 600_000);
    assert_eq!(read_by(&device), Some(4));
}

/// R000-20: a group of which so many leave that readers are told again counts them at once, and one that grows again as well.
#[test]
fn a_group_that_shrinks_counts_its_readers() {
    let (mut server, mut device) = live();
    let group = server.create(40, ConversationKind::Group, &(1..=201).collect::<Vec<_>>());
    push(&mut server, &mut device);
    device.flow(&mut server);
    device.write(&server, group, client_id(1));
    device.step(&server, Input::Open(group));
    device.flow(&mut server);
    server.take_frames();
    let readers = |device: &Device| {
        device.client.items(group).into_iter().find_map(|item| match item {
            Item::Row(row) if row.seq == Some(seq(1)) => row.readers,
            _ => None,
        })
    };
    assert_eq!(readers(&device), Some(0));
    server.rooms.get_mut(&group).unwrap().members.retain(|member| *member != user_id(201));
    let notice = MessageBody::Notice { notice: Box::new(Notice::Left { members: 200 }) };
    server.send(user_id(3), group, client_id(2), notice);
    server.report(user_id(2), protocol::ReceiptReport { conversation: group, delivered: seq(1), read: seq(1) });
    push(&mut server, &mut device);
    device.flow(&mut server);
    assert_eq!(device.client.readers(group, seq(1)).map(|readers| readers.len()), readers(&device).map(|n| n as usize));
    assert!(readers(&device) > Some(0));
    // It was asked how many they are a moment ago, and is asked again all the same: who came by writing has read, and one more.
    server.rooms.get_mut(&group).unwrap().members.push(user_id(201));
    let notice = MessageBody::Notice { notice: Box::new(Notice::Joined { members: 201 }) };
    server.send(user_id(201), group, client_id(3), notice);
    server.report(user_id(4), protocol::ReceiptReport { conversation: group, delivered: seq(1), read: seq(1) });
    let before = readers(&device).unwrap();
    push(&mut server, &mut device);
    device.flow(&mut server);
    assert_eq!((readers(&device), device.client.readers(group, seq(1))), (Some(before + 2), None));
}
