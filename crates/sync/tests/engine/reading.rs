//! The rules of receipts and unread, one by one, on a device and a model server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model;
use crate::model::device::Device;
use crate::model::scene::{GROUP, act, cursors, direct, drawn, live, pass, push, reports, rest, rows, scene, write};
use crate::model::server::Server;
use crate::model::{client_id, conversation_id, seq, text, user_id};
use protocol::receipts::ReportReceipts;
use protocol::{ConversationKind, ErrorCode};
use sync::{Action, Input, Request};

/// R000-20: 发送中 → 已发送 → 已送达 → 已读, each from the peer's cursors by seq.
#[test]
fn marks_follow_the_peer() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    write(&server, &mut device, 2);
    assert_eq!(drawn(&device), "1Sending 2Sending");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent 2Sent");
    for (cursors, expected) in [
        (cursors(1, 0), "1Delivered 2Sent"),
        (cursors(2, 1), "1Read 2Delivered"),
        (cursors(2, 2), "1Read 2Read"),
        (cursors(1, 1), "1Read 2Read"),
    ] {
        let report =
            protocol::ReceiptReport { conversation: direct(), delivered: cursors.delivered, read: cursors.read };
        server.report(user_id(2), report);
        push(&mut server, &mut device);
        device.flow(&mut server);
        assert_eq!(drawn(&device), expected);
    }
}

/// R000-06, R004-B6: who answers has read what came before.
#[test]
fn an_answer_is_a_receipt() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    device.flow(&mut server);
    server.send(user_id(2), direct(), client_id(2), text("answer"));
    server.send(user_id(1), direct(), client_id(3), text("from another device"));
    server.take_frames();
    rest(&mut server, &mut device, 20 * 60_000);
    assert_eq!(drawn(&device), "1Read 2 3Sent");
    assert_eq!(device.client.total_unread(), 0);
}

/// R000-01: what arrives in a direct conversation is reported as delivered, in a group it is not.
#[test]
fn delivery_is_reported_in_direct_conversations_only() {
    let (mut server, mut device) = live();
    server.send(user_id(2), direct(), client_id(1), text("a"));
    server.send(user_id(2), conversation_id(GROUP), client_id(2), text("b"));
    push(&mut server, &mut device);
    while device.deliver(&server) {}
    assert_eq!(reports(&device), [cursors(1, 0)]);
}

/// R000-08: at most one report a second a conversation, R000-08e: at once when the page is left.
#[test]
fn reports_are_coalesced() {
    let (mut server, mut device) = live();
    for n in 1..=3 {
        server.send(user_id(2), direct(), client_id(n), text("a"));
        push(&mut server, &mut device);
        while device.deliver(&server) {}
        device.step(&server, Input::Seen { conversation: direct(), seq: seq(n) });
    }
    assert_eq!(device.client.total_unread(), 0, "one's own reading counts at once");
    assert_eq!(reports(&device), [cursors(1, 0)]);
    device.flow(&mut server);
    device.step(&server, Input::Leaving);
    assert_eq!(reports(&device), [cursors(3, 3)]);
    assert!(matches!(device.requests.last(), Some((_, Request::Report { leaving: true, .. }))));
    device.flow(&mut server);
    pass(&mut server, &mut device, 5_000);
    assert_eq!(reports(&device), []);
}

/// R000-08: reports go together, at most 100 in one request, and every one of them goes.
#[test]
fn reports_go_in_batches() {
    let (mut server, mut device) = scene();
    let peers = 10..=ReportReceipts::MAX as u64 + 10;
    for peer in peers.clone() {
        server.create(1_000 + peer, ConversationKind::Direct, &[1, peer]);
        server.send(user_id(peer), conversation_id(1_000 + peer), client_id(peer), text("text"));
    }
    server.take_frames();
    device.step(&server, Input::Started);
    let mut batches = Vec::new();
    for _ in 0..60 {
        while !device.requests.is_empty() {
            batches.extend(device.requests.iter().filter_map(|(_, request)| match request {
                Request::Report { reports, .. } => Some(reports.len()),
                _ => None,
            }));
            device.flow(&mut server);
        }
        pass(&mut server, &mut device, 1_000);
    }
    assert!(batches.iter().all(|batch| *batch <= ReportReceipts::MAX), "{batches:?}");
    assert!(batches.len() < 10, "{batches:?}");
    for peer in peers {
        assert_eq!(server.rooms[&conversation_id(1_000 + peer)].cursors[&user_id(1)], cursors(1, 0), "{peer}");
    }
}

/// T13: a report that failed is made again, and what was read stays read meanwhile, across a reload too.
#[test]
fn reports_are_made_again() {
    let (mut server, mut device) = live();
    server.send(user_id(2), direct(), client_id(1), text("a"));
    push(&mut server, &mut device);
    while device.deliver(&server) {}
    device.step(&server, Input::Seen { conversation: direct(), seq: seq(1) });
    device.lose_request(&server, 0);
    pass(&mut server, &mut device, 1_000);
    assert_eq!(reports(&device), [cursors(1, 1)]);
    device.crash(&server, None);
    assert_eq!(device.client.total_unread(), 0);
    assert_eq!(reports(&device), [cursors(1, 1)]);
    device.flow(&mut server);
    assert!(device.reads.is_empty());
    assert_eq!(server.rooms[&direct()].cursors[&user_id(1)], cursors(1, 1));
}

/// One report that the server will never take does not keep the others from it.
#[test]
fn a_refused_report_does_not_block_the_others() {
    let (mut server, mut device) = scene();
    let group = conversation_id(GROUP);
    server.send(user_id(2), direct(), client_id(1), text("a"));
    server.send(user_id(2), group, client_id(2), text("b"));
    device.crash(&server, None);
    device.step(&server, Input::Seen { conversation: group, seq: seq(1) });
    device.step(&server, Input::Seen { conversation: direct(), seq: seq(1) });
    for _ in 0..20 {
        while !device.requests.is_empty() {
            let (request, refused) = device.requests.remove(0);
            let bad = |report: &protocol::ReceiptReport| report.conversation == group;
            let answer = match refused {
                Request::Report { reports, .. } if reports.iter().any(bad) => {
                    Err(Server::refuse(ErrorCode::NotFound, false))
                }
                other => server.answer(device.me, other),
            };
            device.step(&server, Input::Answered { request, answer });
        }
        pass(&mut server, &mut device, 1_000);
    }
    assert_eq!(server.rooms[&direct()].cursors[&user_id(1)], cursors(1, 1));
}

/// T15, R004-B7.3: nothing is read by arriving; only what a person has seen is.
#[test]
fn arriving_is_not_reading() {
    let (mut server, mut device) = live();
    server.send(user_id(2), direct(), client_id(1), text("a"));
    push(&mut server, &mut device);
    device.flow(&mut server);
    device.crash(&server, Some(direct()));
    device.flow(&mut server);
    pass(&mut server, &mut device, 60_000);
    device.flow(&mut server);
    assert_eq!(device.client.total_unread(), 1);
    assert_eq!(server.rooms[&direct()].cursors[&user_id(1)], cursors(1, 0));
}

/// The divider stands where reading ended when the conversation was opened, and the page reaches back to it.
#[test]
fn the_divider_stays_while_the_conversation_is_open() {
    let (mut server, mut device) = live();
    for n in 1..=9 {
        server.send(user_id(2), direct(), client_id(n), text("a"));
    }
    device.step(&server, Input::Close);
    device.crash(&server, None);
    device.flow(&mut server);
    device.step(&server, Input::Open(direct()));
    device.flow(&mut server);
    assert_eq!(rows(&device).len(), 9, "the newest page, and older ones up to the first unread");
    device.see(&server);
    assert_eq!(device.client.first_unread(direct()), Some(seq(1)));
    device.step(&server, Input::Open(direct()));
    assert_eq!(device.client.first_unread(direct()), Some(seq(1)));
    device.step(&server, Input::Close);
    device.step(&server, Input::Open(direct()));
    assert_eq!(device.client.first_unread(direct()), None);
}

/// Architecture invariant 6: what was sent from another device counts as reading, also when it passed this one by and
/// lies before the page that the conversation opens with.
#[test]
fn opening_brings_the_cursors_that_passed_by() {
    let (mut server, mut device) = live();
    device.step(&server, Input::Close);
    device.crash(&server, None);
    device.flow(&mut server);
    server.send(user_id(1), direct(), client_id(1), text("from another device"));
    for n in 2..=7 {
        server.send(user_id(2), direct(), client_id(n), text("a"));
    }
    server.take_frames();
    device.step(&server, Input::Open(direct()));
    device.flow(&mut server);
    assert_eq!(device.client.total_unread(), 6);
}

/// R000-08: with `on_leave`, reading is told when the conversation is left or its page hidden, and not before.
#[test]
fn reading_is_told_on_leaving() {
    for leave in [Input::Close, Input::Leaving, Input::Open(conversation_id(GROUP))] {
        let (mut server, mut device) = live();
        server.rules.read_report_policy = protocol::ReadReportPolicy::OnLeave;
        device.disconnect(&server, 1006);
        device.step(&server, Input::Woke);
        device.flow(&mut server);
        server.send(user_id(2), direct(), client_id(1), text("text"));
        push(&mut server, &mut device);
        device.flow(&mut server);
        device.step(&server, Input::Seen { conversation: direct(), seq: seq(1) });
        rest(&mut server, &mut device, 10_000);
        let read = |server: &Server| server.rooms[&direct()].cursors[&user_id(1)].read;
        assert_eq!((device.client.total_unread(), read(&server)), (0, seq(0)));
        assert_eq!(device.reads.get(&direct()), Some(&seq(1)), "it is kept across reloads");
        device.step(&server, leave);
        device.flow(&mut server);
        rest(&mut server, &mut device, 2_000);
        assert_eq!(read(&server), seq(1));
        assert!(device.reads.is_empty());
    }
}

/// A page in whose open conversation a message was read, which is told on leaving.
fn reading_on_leave() -> (Server, Device) {
    let (mut server, mut device) = live();
    server.rules.read_report_policy = protocol::ReadReportPolicy::OnLeave;
    server.send(user_id(2), direct(), client_id(1), text("text"));
    device.crash(&server, Some(direct()));
    device.flow(&mut server);
    device.step(&server, Input::Seen { conversation: direct(), seq: seq(1) });
    (server, device)
}

/// R000-08: two pages of a device that see a message at the same moment do not leave it to each other.
#[test]
fn what_was_read_in_two_tabs_is_told_by_the_one_that_is_left() {
    for leave in [Input::Close, Input::Leaving] {
        let (mut server, mut device) = reading_on_leave();
        device.step(&server, Input::ReadElsewhere(vec![(direct(), seq(1))]));
        rest(&mut server, &mut device, 10_000);
        device.step(&server, leave);
        device.flow(&mut server);
        rest(&mut server, &mut device, 2_000);
        assert_eq!(server.rooms[&direct()].cursors[&user_id(1)].read, seq(1));
    }
}

/// T13: a report that the server fails at holds up no other: they go one by one, and that one goes last.
#[test]
fn one_report_that_fails_holds_up_no_other() {
    let (mut server, mut device) = live();
    let rooms = [direct(), conversation_id(GROUP)];
    for (n, room) in (1..).zip(rooms) {
        server.send(user_id(2), room, client_id(n), text("text"));
    }
    push(&mut server, &mut device);
    device.flow(&mut server);
    let of = |request: &Request, room| match request {
        Request::Report { reports, .. } => reports.iter().any(|report| report.conversation == room),
        _ => false,
    };
    let read = |server: &Server, room| server.rooms[&room].cursors[&user_id(1)].read;
    device.step(&server, Input::Seen { conversation: rooms[0], seq: seq(1) });
    device.step(&server, Input::Open(rooms[1]));
    for n in 1..=2 {
        device.step(&server, Input::Seen { conversation: rooms[1], seq: seq(n) });
        for _ in 0..120 {
            while let Some((request, asked)) = device.requests.first().cloned() {
                if of(&asked, rooms[0]) {
                    device.requests.remove(0);
                    let answer = Err(Server::refuse(ErrorCode::Internal, false));
                    device.step(&server, Input::Answered { request, answer });
                } else {
                    device.serve(&mut server, 0);
                    device.receive(&server, 0);
                }
            }
            while device.deliver(&server) {}
            pass(&mut server, &mut device, 1_000);
        }
        assert_eq!((read(&server, rooms[0]), read(&server, rooms[1])), (seq(0), seq(n)));
        server.send(user_id(2), rooms[1], client_id(2 + n), text("text"));
        push(&mut server, &mut device);
        while device.deliver(&server) {}
    }
    device.flow(&mut server);
    rest(&mut server, &mut device, 60_000);
    assert_eq!(read(&server, rooms[0]), seq(1), "it is made again");
}

/// R000-08: with `on_leave`, a page that holds back what was read in it says so again and again, and the others of its device
/// leave it to that page for as long; whatever becomes of that page, it is told in the end.
#[test]
fn what_another_tab_holds_back_is_left_to_it() {
    let (mut server, mut device) = reading_on_leave();
    for _ in 0..4 {
        assert_eq!(device.reads.remove(&direct()), Some(seq(1)));
        rest(&mut server, &mut device, 15_000);
    }

    let read = |server: &Server| server.rooms[&direct()].cursors[&user_id(1)].read;
    let mut other = None;
    for leave in [Input::Close, Input::Leaving] {
        let mut device = Device::new(&server, user_id(1), None);
        device.step(&server, Input::Started);
        device.flow(&mut server);
        let elsewhere = || Input::ReadElsewhere(vec![(direct(), seq(1))]);
        device.step(&server, elsewhere());
        assert_eq!(device.client.total_unread(), 0);
        for _ in 0..4 {
            rest(&mut server, &mut device, 15_000);
            device.step(&server, elsewhere());
        }
        // Neither is this page's leaving that one's.
        device.step(&server, leave);
        rest(&mut server, &mut device, 44_000);
        assert_eq!(read(&server), seq(0));
        other = Some(device);
    }
    rest(&mut server, &mut other.unwrap(), 4_000);
    assert_eq!(read(&server), seq(1));
}

/// R000-08: with `on_leave`, what was read before a crash is told when the page is there again and shows another one.
#[test]
fn reading_is_told_after_a_crash() {
    let (mut server, mut device) = reading_on_leave();
    rest(&mut server, &mut device, 5_000);
    device.crash(&server, None);
    device.flow(&mut server);
    rest(&mut server, &mut device, 2_000);
    assert_eq!(server.rooms[&direct()].cursors[&user_id(1)].read, seq(1));
}

/// R000-08, R004-B7.12: what was told once is not held back with `on_leave`, though the answer was lost and the
/// conversation is open again.
#[test]
fn a_report_is_made_again_as_it_was() {
    let (mut server, mut device) = reading_on_leave();
    rest(&mut server, &mut device, 2_000);
    device.step(&server, Input::Close);
    device.refuse(&server, 0);
    device.step(&server, Input::Open(direct()));
    rest(&mut server, &mut device, 10_000);
    assert_eq!(server.rooms[&direct()].cursors[&user_id(1)].read, seq(1));
}

/// R000-19: the setting follows the account on all its devices, and a late answer undoes nothing.
#[test]
fn the_setting_of_receipts_follows_the_account() {
    let (mut server, mut device) = live();
    device.step(&server, Input::Act(Action::ShowReceipts(false)));
    assert!(device.client.account().receipts, "not before the server has said so");
    while device.serve(&mut server, 0) {}
    let elsewhere = model::server::Who { me: user_id(1), device: 9 };
    server.act(elsewhere, Action::ShowReceipts(true)).unwrap();
    push(&mut server, &mut device);
    device.flow(&mut server);
    assert!(device.client.account().receipts);
    act(&mut server, &mut device, Action::ShowReceipts(false));
    assert!(!device.client.account().receipts);
}
