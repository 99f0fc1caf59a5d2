//! A device has its counts compared with the server's once it has caught up.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::Device;
use crate::model::scene::{GROUP, direct, drawn, pass, scene};
use crate::model::server::Server;
use crate::model::{client_id, conversation_id, text, user_id};
use protocol::sync::CheckedCounts;
use protocol::{ConversationId, ConversationKind, Seq, ServerFrame};
use std::collections::BTreeSet;
use sync::{Answer, Input, Request};

/// Lets everything arrive. Tells which conversations the device had counted.
fn flow(server: &mut Server, device: &mut Device) -> Vec<ConversationId> {
    flow_but(server, device, |_| false)
}

/// The same, but for requests that get lost.
fn flow_but(server: &mut Server, device: &mut Device, lost: impl Fn(&Request) -> bool) -> Vec<ConversationId> {
    let mut counted = Vec::new();
    device.accept(server);
    while device.deliver(server) {}
    while !device.requests.is_empty() {
        if lost(&device.requests[0].1) {
            device.lose_request(server, 0);
            continue;
        }
        if let Request::Check { counts } = &device.requests[0].1 {
            counted.extend(counts.iter().map(|count| count.conversation));
        }
        device.serve(server, 0);
        device.receive(server, 0);
    }
    counted
}

/// R004-B2: once a login or cold start has caught up, and not again by reconnecting.
#[test]
fn counts_are_checked_once_caught_up() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    assert_eq!(flow(&mut server, &mut device).len(), 2);
    device.disconnect(&server, 1006);
    pass(&mut server, &mut device, 60_000);
    assert!(flow(&mut server, &mut device).is_empty());
}

/// R004-B2: who has more conversations than one request takes has all of them counted in turn, an hour apart, and then again,
/// wherever each of them stands in the list by then.
#[test]
fn every_conversation_has_its_turn() {
    let (mut server, _) = scene();
    for id in 100..348 {
        server.create(id, ConversationKind::Direct, &[1, id]);
    }
    server.take_frames();
    let mut device = Device::new(&server, user_id(1), None);
    device.step(&server, Input::Started);
    let mut seen = BTreeSet::new();
    for (turn, expected) in [100, 100, 50, 100].into_iter().enumerate() {
        let counted = flow(&mut server, &mut device);
        assert_eq!(counted.len(), expected);
        let new = counted.into_iter().filter(|id| seen.insert(*id)).count();
        // One that has waited rises to the top.
        if let Some(id) = (100..348).find(|id| !seen.contains(&conversation_id(*id))) {
            server.send(user_id(id), conversation_id(id), client_id(id), text("a"));
            server.take_frames();
        }
        assert_eq!(new, if turn < 3 { expected } else { 0 });
        device.disconnect(&server, 1006);
        pass(&mut server, &mut device, 60_000);
        assert!(flow(&mut server, &mut device).is_empty(), "an hour is not over");
        device.disconnect(&server, 1006);
        pass(&mut server, &mut device, 3_600_000);
    }
}

/// R001-14, R004-B2: what a page that goes further than the device's knowledge does not show counts for nothing, and until the
/// conversation is described its count is not compared.
#[test]
fn what_a_page_leaves_out_counts_for_nothing() {
    let (mut server, _) = scene();
    let mut device = Device::new(&server, user_id(1), None);
    server.send_without(user_id(2), direct(), client_id(1), text("withheld"), &[user_id(1)]);
    server.take_frames();
    device.step(&server, Input::Started);
    device.accept(&server);
    device.step(&server, Input::Open(direct()));
    let page = device.requests.iter().position(|(_, request)| matches!(request, Request::History { .. })).unwrap();
    device.serve(&mut server, page);
    device.receive(&server, 0);
    assert_eq!(device.client.total_unread(), 0);

    // The sync is answered before the description that the page makes the device ask for.
    let sync = device.requests.iter().position(|(_, request)| matches!(request, Request::Sync { .. })).unwrap();
    device.serve(&mut server, sync);
    device.receive(&server, 0);
    assert_eq!(flow(&mut server, &mut device), [conversation_id(GROUP)]);
}

/// R004-B2: a conversation whose description never comes holds up the checks of no other, and where there is none to check, that
/// is done when the device has caught up the next time.
#[test]
fn an_endless_description_holds_up_no_check() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    assert_eq!(flow(&mut server, &mut device).len(), 2);
    let again = |server: &mut Server, device: &mut Device| {
        device.disconnect(server, 1006);
        pass(server, device, 3_600_000);
        flow_but(server, device, |request| matches!(request, Request::Conversation { .. }))
    };
    // A deletion told in a group, which only its description settles.
    let fails = ServerFrame::Deleted { conversation: conversation_id(GROUP), floor: Seq::ZERO };
    device.step(&server, Input::SocketFrame(fails));
    for _ in 0..2 {
        assert_eq!(again(&mut server, &mut device), [direct()]);
    }
}

/// R004-B2: what the server counts otherwise at the same positions is taken over, and its messages are loaded anew.
#[test]
fn a_wrong_count_is_mended() {
    let (mut server, _) = scene();
    server.send(user_id(2), direct(), client_id(1), text("a"));
    server.take_frames();
    let mut device = Device::new(&server, user_id(1), Some(direct()));
    device.step(&server, Input::Started);
    device.accept(&server);
    while device.deliver(&server) {}
    while !matches!(device.requests[0].1, Request::Check { .. }) {
        device.serve(&mut server, 0);
        device.receive(&server, 0);
    }
    assert_eq!(device.client.total_unread(), 1);

    let about = server.describe(device.me, direct());
    let right = protocol::Conversation { silent: vec![about.head_seq], unread: 0, ..about };
    let (request, _) = device.requests.remove(0);
    let wrong = CheckedCounts { wrong: vec![right], users: Vec::new() };
    device.step(&server, Input::Answered { request, answer: Ok(Answer::Checked(wrong)) });
    assert_eq!(device.client.total_unread(), 0);
    assert!(device.client.loading(direct()), "the open conversation's messages are asked for");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1");
}
