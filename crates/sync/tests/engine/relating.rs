//! What the account and others are to each other, and messages that are refused for it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::Device;
use crate::model::scene::{GROUP, direct, drawn, live, push, rest, rows, scene, write};
use crate::model::server::Server;
use crate::model::{client_id, conversation_id, text, user, user_id};
use protocol::sync::AccountChange;
use protocol::{Contact, ErrorCode, FriendRequest, Relation, RequestState, ServerFrame, Upd};
use sync::{Action, Input, Request, Unsent};

/// Everything arrives, and what is told of that.
fn settle(server: &mut Server, device: &mut Device) {
    for _ in 0..3 {
        push(server, device);
        device.flow(server);
    }
}

fn told(pos: Upd, relation: Relation) -> Input {
    let changes = vec![AccountChange::Relation { user: user(user_id(2)), relation }];
    Input::SocketFrame(ServerFrame::Account { prev: pos.prev(), pos, changes })
}

/// R004-B7.8: what a blocked person wrote stays unread, and is not in the total; unblocking brings it back. R004-D2: what
/// is told at once replaces what was told before, and nothing older replaces it.
#[test]
fn a_block_takes_its_unread_out_of_the_total() {
    let (mut server, mut device) = live();
    let peer = user_id(2);
    for key in 1..=3 {
        server.send(peer, direct(), client_id(100 + key), text("x"));
    }
    settle(&mut server, &mut device);
    assert_eq!(device.client.total_unread(), 3);
    let upd = server.describe(device.who(), direct()).upd;
    let blocking = Relation { blocking: true, ..Relation::NONE };
    device.step(&server, told(upd.next(), blocking));
    assert_eq!((device.client.total_unread(), device.client.session(direct()).unwrap().unread), (0, 3));
    // A description that was read before.
    device.step(&server, Input::Joined(server.describe(device.who(), direct())));
    assert_eq!(device.client.session(direct()).unwrap().relation, blocking);
    device.step(&server, told(upd.plus(2), Relation::NONE));
    assert_eq!(device.client.total_unread(), 3);
}

/// R003-02: a friend request counts for seven days by the server's clock, and not while its asker is blocked.
#[test]
fn a_friend_request_counts_as_long_as_it_waits() {
    let (mut server, mut device) = live();
    let (upd, at) = (server.describe(device.who(), direct()).upd, server.now);
    let request =
        FriendRequest { user: user(user_id(2)), incoming: true, greeting: None, at, state: RequestState::Waiting };
    let changes = vec![AccountChange::Request(Box::new(request))];
    let frame = ServerFrame::Account { prev: upd, pos: upd.next(), changes };
    device.step(&server, Input::SocketFrame(frame));
    assert_eq!(device.client.requests(), 1);
    device.step(&server, told(upd.plus(2), Relation { blocking: true, ..Relation::NONE }));
    assert_eq!(device.client.requests(), 0);
    device.step(&server, told(upd.plus(3), Relation::NONE));
    server.now = at + FriendRequest::LIFETIME - 1;
    device.step(&server, Input::Tick);
    assert_eq!(device.client.requests(), 1);
    server.now += 1;
    device.step(&server, Input::Tick);
    assert_eq!(device.client.requests(), 0);
}

/// R001-04: whom the account never answered is a stranger until it answers, or follows them.
#[test]
fn a_stranger_is_one_until_answered() {
    let (mut server, mut device) = live();
    assert!(!device.client.stranger(direct()), "nothing was written");
    server.send(user_id(2), direct(), client_id(100), text("x"));
    settle(&mut server, &mut device);
    assert!(device.client.stranger(direct()));
    let upd = server.describe(device.who(), direct()).upd;
    device.step(&server, told(upd.next(), Relation { follow: true, ..Relation::NONE }));
    assert!(!device.client.stranger(direct()));
    device.step(&server, told(upd.plus(2), Relation::NONE));
    assert!(device.client.stranger(direct()));
    write(&server, &mut device, 1);
    device.flow(&mut server);
    assert!(!device.client.stranger(direct()));
}

/// R004-D3: entering a direct conversation asks what the two are to each other, and the answer wins if it is the newer.
#[test]
fn entering_asks_for_the_relation_and_the_newer_wins() {
    let (mut server, mut device) = live();
    let asked = |device: &Device| -> Vec<_> {
        let requests = device.requests.iter().filter(|(_, request)| matches!(request, Request::Contact { .. }));
        requests.cloned().collect()
    };
    assert_eq!(asked(&device), [], "the page told it");
    let upd = server.describe(device.who(), direct()).upd;
    let relation = |device: &Device| device.client.session(direct()).unwrap().relation;
    let (follow, fan) = (Relation { follow: true, ..Relation::NONE }, Relation { fan: true, ..Relation::NONE });
    let mut enter = |device: &mut Device, upd, relation| {
        device.step(&server, Input::Open(conversation_id(GROUP)));
        device.flow(&mut server);
        device.step(&server, Input::Open(direct()));
        let [(request, Request::Contact { user: peer })] = asked(device)[..] else { panic!("one call") };
        assert_eq!(peer, user_id(2));
        let contact = Contact { user: user(peer), relation, upd };
        device.requests.retain(|(id, _)| *id != request);
        device.step(&server, Input::Answered { request, answer: Ok(sync::Answer::Contact(contact)) });
    };
    enter(&mut device, upd.plus(5), follow);
    assert_eq!(relation(&device), follow);
    enter(&mut device, upd.plus(3), fan);
    assert_eq!(relation(&device), follow, "older than what is known");
    enter(&mut device, upd.plus(6), fan);
    assert_eq!(relation(&device), fan);
    // A call that fails is not made again: the log tells the same.
    device.step(&server, Input::Open(conversation_id(GROUP)));
    device.step(&server, Input::Open(direct()));
    let (request, _) = asked(&device)[0];
    device.requests.retain(|(id, _)| *id != request);
    device.step(&server, Input::Answered { request, answer: Err(sync::Failure::Network) });
    rest(&mut server, &mut device, 60_000);
    assert_eq!((asked(&device), relation(&device)), (vec![], fan));
}

/// R004-I10, R004-A5: a refused message keeps its reason, across a reload too; following sends it again (R004-I2).
#[test]
fn a_refusal_keeps_its_reason() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    let (request, _) = device.requests.remove(0);
    let answer = Err(Server::refuse(ErrorCode::FollowersOnly, false));
    device.step(&server, Input::Answered { request, answer });
    assert_eq!(drawn(&device), "1Failed");
    let kept = device.outbox[&client_id(1)].clone();
    assert_eq!(
        (kept.failed, rows(&device)[0].refused),
        (Some(ErrorCode::FollowersOnly), Some(ErrorCode::FollowersOnly))
    );

    let json = serde_json::to_string(&kept).unwrap();
    let (_, mut reloaded) = scene();
    let kept: Unsent = serde_json::from_str(&json).unwrap();
    reloaded.step(&server, Input::OutboxRestored(vec![kept]));
    assert_eq!(rows(&reloaded)[0].refused, Some(ErrorCode::FollowersOnly));

    let follow = Action::Follow { user: user_id(2), follow: true, retry: Some(client_id(1)) };
    device.step(&server, Input::Act(follow));
    let (request, _) = device.requests.pop().unwrap();
    device.step(&server, Input::Answered { request, answer: Ok(sync::Answer::Done) });
    assert!(device.requests.iter().any(|(_, request)| matches!(request, Request::Post { .. })));
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent");
}

/// What an earlier build kept says only whether a message had failed.
#[test]
fn an_outbox_without_reasons_is_read() {
    let read = |failed: &str| {
        let json = format!(
            r#"{{"conversation":1,"client_id":"00000000-0000-7000-8000-000000000001","body":{{"type":"text","text":"x"}},
            "at":1,"place":1{failed}}}"#
        );
        serde_json::from_str::<Unsent>(&json).unwrap().failed
    };
    assert_eq!(read(r#","failed":true"#), Some(ErrorCode::Unknown));
    assert_eq!(read(r#","failed":false"#), None);
    assert_eq!(read(r#","failed":null"#), None);
    assert_eq!(read(""), None);
    assert_eq!(read(r#","failed":"not_accepted""#), Some(ErrorCode::NotAccepted));
}
