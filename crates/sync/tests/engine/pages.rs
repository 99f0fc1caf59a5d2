//! Two pages of one device: what one takes over of what is written and read in the other.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::scene::{cursors, direct, drawn, live, pass, posts, push, reports, rest, write};
use crate::model::server::Server;
use crate::model::{client_id, text, user_id};
use protocol::ErrorCode;
use sync::{Input, Unsent, Upload};

/// A message that another page of the device wrote is shown, and posted here only when that page has not done it for
/// some seconds; it stays one message.
#[test]
fn what_another_page_writes_is_left_to_it_for_a_while() {
    let (mut server, mut device) = live();
    let unsent = Unsent {
        conversation: direct(),
        client_id: client_id(1),
        body: text("1"),
        at: server.now,
        place: 1,
        failed: None,
        upload: Upload::Done,
    };
    device.outbox.insert(unsent.client_id, unsent.clone());
    device.step(&server, Input::OutboxElsewhere(vec![unsent.clone()]));
    device.step(&server, Input::Woke);
    assert_eq!((drawn(&device).as_str(), posts(&device)), ("1Sending", 0));
    pass(&mut server, &mut device, 7_000);
    assert_eq!(posts(&device), 0);
    pass(&mut server, &mut device, 2_000);
    assert_eq!(posts(&device), 1);
    server.send(user_id(1), direct(), client_id(1), text("1"));
    device.flow(&mut server);
    assert_eq!((drawn(&device).as_str(), server.rooms[&direct()].messages.len()), ("1Sent", 1));

    let failed = Unsent { client_id: client_id(2), place: 2, failed: Some(ErrorCode::Timeout), ..unsent };
    device.step(&server, Input::OutboxElsewhere(vec![failed.clone()]));
    assert_eq!(drawn(&device), "1Sent 2Failed");
    device.step(&server, Input::DiscardedElsewhere(failed.client_id));
    assert_eq!(drawn(&device), "1Sent");
}

/// R004-A2: what failed here and is tried again in another page is on its way here too, and is posted here where that page does
/// not do it for some seconds.
#[test]
fn what_another_page_tries_again_has_not_failed() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    let (request, _) = device.requests.remove(0);
    let answer = Err(Server::refuse(ErrorCode::NotAllowed, false));
    device.step(&server, Input::Answered { request, answer });
    assert_eq!(drawn(&device), "1Failed");
    let failed = device.outbox[&client_id(1)].clone();
    let again = Unsent { failed: None, at: server.now, place: server.now + 1, ..failed };
    device.outbox.insert(again.client_id, again.clone());
    device.step(&server, Input::OutboxElsewhere(vec![again]));
    assert_eq!(drawn(&device), "1Sending");
    rest(&mut server, &mut device, 10_000);
    assert_eq!((drawn(&device).as_str(), server.rooms[&direct()].messages.len()), ("1Sent", 1));
}

/// R004-A5: a page that has not heard that a message has arrived, or that its conversation is gone, keeps it anew. Nobody does
/// in the end.
#[test]
fn what_another_page_keeps_in_vain_is_forgotten() {
    let (mut server, mut device) = live();
    server.send(user_id(1), direct(), client_id(1), text("1"));
    push(&mut server, &mut device);
    device.flow(&mut server);
    let arrived = Unsent {
        conversation: direct(),
        client_id: client_id(1),
        body: text("1"),
        at: server.now,
        place: 1,
        failed: Some(ErrorCode::Timeout),
        upload: Upload::Done,
    };
    let gone = Unsent { conversation: 99_u64.try_into().unwrap(), client_id: client_id(2), ..arrived.clone() };
    for unsent in [arrived, gone] {
        device.outbox.insert(unsent.client_id, unsent.clone());
        device.step(&server, Input::OutboxElsewhere(vec![unsent]));
        device.flow(&mut server);
        assert!(device.outbox.is_empty(), "{:?}", device.outbox);
    }
}

/// T8: what is read in another page of the device is read here at once, and reported here only if that page does not.
#[test]
fn what_another_page_reads_is_read_at_once() {
    let (mut server, mut device) = live();
    server.send(user_id(2), direct(), client_id(1), text("1"));
    push(&mut server, &mut device);
    device.flow(&mut server);
    device.step(&server, Input::ReadElsewhere(vec![(direct(), 1_u64.try_into().unwrap())]));
    assert_eq!((device.client.total_unread(), reports(&device).len()), (0, 0));
    pass(&mut server, &mut device, 3_000);
    assert_eq!(reports(&device), [cursors(1, 1)]);
}

/// R004-G11, T17: what another page sent, and said so only while its message waited here for one before it, is shown once.
#[test]
fn what_another_page_sent_is_shown_once() {
    let (mut server, mut device) = live();
    server.send(user_id(2), direct(), client_id(1), text("1"));
    let missed = server.take_frames();
    server.send(user_id(1), direct(), client_id(2), text("2"));
    push(&mut server, &mut device);
    while device.deliver(&server) {}
    let unsent = Unsent {
        conversation: direct(),
        client_id: client_id(2),
        place: 1,
        body: text("2"),
        at: server.now,
        failed: None,
        upload: Upload::Done,
    };
    device.step(&server, Input::OutboxElsewhere(vec![unsent]));
    for (_, frame) in missed.into_iter().filter(|(account, _)| *account == device.me).collect::<Vec<_>>() {
        device.push(frame);
    }
    while device.deliver(&server) {}
    assert_eq!(drawn(&device), "1 2Sent");
}
