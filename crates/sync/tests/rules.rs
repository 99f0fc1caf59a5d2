//! The rules of sending, reporting and connecting, one by one, on a device and a model server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

mod model;

use model::device::{Device, Socket};
use model::server::Server;
use model::{client_id, conversation_id, seq, text, user_id};
use protocol::frame::close;
use protocol::{ClientFrame, ConversationId, ConversationKind, Cursors, ErrorCode, ServerFrame};
use sync::{Input, Item, LinkState, ReadMark, Request, Row, Unsent};

const DIRECT: u64 = 10;
const GROUP: u64 = 11;

fn direct() -> ConversationId {
    conversation_id(DIRECT)
}

/// A server where 1 and 2 talk, and a device of 1 that shows their conversation.
fn scene() -> (Server, Device) {
    let mut server = Server::default();
    server.now = 1_000_000_000;
    server.create(DIRECT, ConversationKind::Direct, &[1, 2]);
    server.create(GROUP, ConversationKind::Group, &[1, 2, 3]);
    server.take_frames();
    let device = Device::new(&server, user_id(1), Some(direct()));
    (server, device)
}

/// The same, connected.
fn live() -> (Server, Device) {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    device.flow(&mut server);
    assert_eq!(device.client.link(), LinkState::Live);
    (server, device)
}

fn pass(server: &mut Server, device: &mut Device, millis: u64) {
    let until = server.now + millis;
    while let Some(at) = device.wake.filter(|at| *at <= until) {
        server.now = at;
        device.ring(server);
    }
    server.now = until;
}

/// The same, with a network on which everything arrives.
fn rest(server: &mut Server, device: &mut Device, millis: u64) {
    let until = server.now + millis;
    while let Some(at) = device.wake.filter(|at| *at <= until) {
        let wait = at.saturating_sub(server.now);
        pass(server, device, wait);
        device.flow(server);
    }
    server.now = until;
}

fn push(server: &mut Server, device: &mut Device) {
    for (account, frame) in server.take_frames() {
        if account == device.me {
            device.push(frame);
        }
    }
}

fn write(server: &Server, device: &mut Device, n: u64) {
    device.write(server, direct(), client_id(n));
}

fn rows(device: &Device) -> Vec<Row> {
    let row = |item| match item {
        Item::Row(row) => row,
        Item::Gap { after, before } => panic!("a gap from {after} to {before}"),
    };
    device.client.items(direct()).into_iter().map(row).collect()
}

/// What the open conversation shows: the number each message was written with, and its mark.
fn drawn(device: &Device) -> String {
    let number = |row: &Row| u32::from_be_bytes(row.key.client_id.as_bytes()[12..].try_into().unwrap());
    let mark = |row: &Row| row.mark.map_or(String::new(), |mark| format!("{mark:?}"));
    rows(device).iter().map(|row| format!("{}{}", number(row), mark(row))).collect::<Vec<_>>().join(" ")
}

fn posts(device: &Device) -> usize {
    device.requests.iter().filter(|(_, request)| matches!(request, Request::Post { .. })).count()
}

fn reports(device: &Device) -> Vec<Cursors> {
    let reports = device.requests.iter().filter_map(|(_, request)| match request {
        Request::Report { reports, .. } => Some(reports),
        _ => None,
    });
    reports.flatten().map(|report| Cursors { delivered: report.delivered, read: report.read }).collect()
}

fn cursors(delivered: u64, read: u64) -> Cursors {
    Cursors { delivered: seq(delivered), read: seq(read) }
}

fn pings(device: &Device) -> usize {
    device.frames_sent.iter().filter(|frame| **frame == ClientFrame::Ping).count()
}

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

/// R004-A1, R004-G10: without network the bubble appears at once, is tried at once, and waits.
#[test]
fn without_network_messages_wait_in_order() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    write(&server, &mut device, 1);
    assert_eq!((drawn(&device).as_str(), posts(&device)), ("1Sending", 1));
    write(&server, &mut device, 2);
    for _ in 0..20 {
        while !device.requests.is_empty() {
            device.lose_request(&server, 0);
        }
        pass(&mut server, &mut device, 30_000);
        assert!(posts(&device) <= 1);
    }
    assert_eq!(drawn(&device), "1Waiting 2Waiting");
    device.disconnect(&server, 1006);
    pass(&mut server, &mut device, 30_000);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent 2Sent");
}

/// R004-A2, R004-A4: a person's retry moves the bubble to the bottom and keeps its key, so that it stays one message.
#[test]
fn a_retry_moves_to_the_bottom_and_keeps_its_key() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    let answer = Err(Server::refuse(ErrorCode::InvalidField, false));
    let (request, _) = device.requests.remove(0);
    device.step(&server, Input::Answered { request, answer });
    write(&server, &mut device, 2);
    assert_eq!(drawn(&device), "1Failed 2Sending");
    let key = rows(&device)[0].key;
    assert!(device.outbox[&client_id(1)].failed, "it is kept as failed across reloads");
    device.step(&server, Input::Retry(client_id(1)));
    assert_eq!(drawn(&device), "2Sending 1Sending");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "2Sent 1Sent");
    assert_eq!(rows(&device)[1].key, key);
    assert!(device.outbox.is_empty());
}

/// A person may give a failed message up, and only such a one as is not on its way.
#[test]
fn a_failed_message_can_be_given_up() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    device.step(&server, Input::Discard(client_id(1)));
    assert_eq!(drawn(&device), "1Sending");
    let (request, _) = device.requests.remove(0);
    let answer = Err(Server::refuse(ErrorCode::ClientIdReused, false));
    device.step(&server, Input::Answered { request, answer });
    device.step(&server, Input::Discard(client_id(1)));
    device.flow(&mut server);
    assert_eq!(drawn(&device), "");
    assert!(device.outbox.is_empty());
}

/// R004-A5: unsent messages survive a reload; T20: what had arrived before it is no second message.
#[test]
fn the_outbox_survives_a_reload() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    write(&server, &mut device, 2);
    device.serve(&mut server, 0);
    device.crash(&server, Some(direct()));
    assert_eq!(drawn(&device), "1Sent 2Sending");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent 2Sent");
    assert!(device.outbox.is_empty());
}

/// A message that has waited for more than a day is not sent behind a person's back.
#[test]
fn a_stale_message_asks_first() {
    let (mut server, mut device) = scene();
    let unsent =
        |n, at, failed| Unsent { conversation: direct(), client_id: client_id(n), body: text("late"), at, failed };
    let day = 24 * 60 * 60_000;
    let restored = vec![unsent(2, server.now - day + 1, false), unsent(1, server.now - day - 1, false)];
    device.outbox = restored.iter().map(|unsent| (unsent.client_id, unsent.clone())).collect();
    device.step(&server, Input::OutboxRestored(restored));
    device.step(&server, Input::Started);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "2Sent 1Failed");
    assert!(device.outbox[&client_id(1)].failed);
}

/// A refusal that says "later" is tried again by itself, with growing pauses.
#[test]
fn a_busy_server_is_tried_again() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        device.refuse(&server, 0);
        assert_eq!(drawn(&device), "1Waiting");
        pauses.push(device.wake.unwrap() - server.now);
        pass(&mut server, &mut device, 30_000);
        while device.deliver(&server) {}
        assert_eq!(posts(&device), 1);
    }
    assert!(pauses[0] >= 500 && pauses[0] <= 1_000, "{pauses:?}");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent");
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

/// R004-G8: a frame from ahead waits half a second for the one before it, then the log is pulled.
#[test]
fn a_gap_is_pulled_after_half_a_second() {
    let (mut server, mut device) = live();
    for n in 1..=2 {
        server.send(user_id(2), direct(), client_id(n), text("a"));
    }
    push(&mut server, &mut device);
    device.queue().unwrap().pop_front();
    while device.deliver(&server) {}
    assert_eq!(drawn(&device), "");
    pass(&mut server, &mut device, 499);
    assert!(!device.requests.iter().any(|(_, request)| matches!(request, Request::Changes { .. })));
    pass(&mut server, &mut device, 1);
    assert!(device.requests.iter().any(|(_, request)| matches!(request, Request::Changes { .. })));
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1 2");
}

/// R004-G8: when too much has passed by, the newest page takes the timeline's place; the outbox stays.
#[test]
fn too_long_an_absence_starts_anew() {
    let (mut server, mut device) = live();
    server.send(user_id(2), direct(), client_id(1), text("a"));
    push(&mut server, &mut device);
    device.flow(&mut server);
    device.disconnect(&server, 1006);
    for n in 2..=20 {
        server.send(user_id(2), direct(), client_id(n), text("a"));
    }
    write(&server, &mut device, 30);
    device.lose_request(&server, 0);
    device.step(&server, Input::Woke);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "18 19 20 30Sent");
    assert!(device.client.can_load_older(direct()));
}

/// After every greeting the device asks what has passed by, in pages, and is live only then.
#[test]
fn a_greeting_is_followed_by_a_sync() {
    let (mut server, mut device) = scene();
    for id in 20..26 {
        server.create(id, ConversationKind::Direct, &[1, id]);
    }
    device.step(&server, Input::Started);
    device.accept(&server);
    assert!(matches!(device.client.link(), LinkState::Resyncing { .. }));
    device.flow(&mut server);
    assert_eq!(device.client.link(), LinkState::Live);
    assert_eq!(device.client.sessions().len(), 8);
}

/// A listing that the page's first paint began does not cover what happened until the greeting.
#[test]
fn a_listing_from_before_the_greeting_is_not_enough() {
    let (mut server, _) = scene();
    for id in 20..26 {
        server.create(id, ConversationKind::Direct, &[1, id]);
    }
    let mut device = Device::new(&server, user_id(1), None);
    server.send(user_id(2), direct(), client_id(1), text("a"));
    server.take_frames();
    device.step(&server, Input::Started);
    device.flow(&mut server);
    assert_eq!(device.client.total_unread(), 1);
}

/// R004-G10: pauses between attempts grow from half a second to thirty, and shrink only after a connection that held.
#[test]
fn reconnecting_backs_off() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    let mut pauses = Vec::new();
    let fail = |server: &mut Server, device: &mut Device| {
        device.disconnect(server, 1006);
        while !device.requests.is_empty() {
            device.lose_request(server, 0);
        }
        let LinkState::Waiting { retry_at, .. } = device.client.link() else { panic!("not waiting") };
        let pause = retry_at - server.now;
        pass(server, device, pause);
        pause
    };
    for _ in 0..9 {
        pauses.push(fail(&mut server, &mut device));
    }
    assert!((500..=1_000).contains(&pauses[0]), "{pauses:?}");
    assert!(pauses.iter().all(|pause| *pause <= 30_000), "{pauses:?}");
    assert!(pauses[8] >= 15_000, "{pauses:?}");
    device.flow(&mut server);
    pass(&mut server, &mut device, 4_000);
    assert!(fail(&mut server, &mut device) >= 15_000, "a server that takes and drops connections is not stable");
    device.flow(&mut server);
    pass(&mut server, &mut device, 5_000);
    assert!(fail(&mut server, &mut device) <= 1_000);
}

/// R004-G10: a ping every 25 s; no answer in 10 s, and the connection is replaced.
#[test]
fn the_heartbeat_finds_a_dead_connection() {
    let (mut server, mut device) = live();
    for n in 1..=3 {
        pass(&mut server, &mut device, 25_000);
        assert_eq!(pings(&device), n);
        device.flow(&mut server);
    }
    device.socket = Socket::Dead;
    pass(&mut server, &mut device, 34_999);
    assert!(matches!(device.socket, Socket::Dead));
    pass(&mut server, &mut device, 1);
    assert!(matches!(device.socket, Socket::Asked));
}

/// R004-G9, T16: a page that wakes up probes the connection and replaces it after 3 s, whatever it looks like.
#[test]
fn waking_up_probes_the_connection() {
    let (mut server, mut device) = live();
    device.step(&server, Input::Woke);
    device.flow(&mut server);
    pass(&mut server, &mut device, 4_000);
    assert_eq!(device.client.link(), LinkState::Live);
    device.socket = Socket::Dead;
    device.step(&server, Input::Woke);
    pass(&mut server, &mut device, 2_999);
    assert!(matches!(device.socket, Socket::Dead));
    pass(&mut server, &mut device, 1);
    assert!(matches!(device.socket, Socket::Asked));
}

/// A timer that rings an hour late says nothing about the connection: the answer may be there, unread.
#[test]
fn a_sleep_is_not_taken_for_silence() {
    let (mut server, mut device) = live();
    pass(&mut server, &mut device, 25_000);
    assert_eq!(pings(&device), 1);
    server.now += 3_600_000;
    device.ring(&server);
    assert!(matches!(device.socket, Socket::Open(_)));
    device.flow(&mut server);
    pass(&mut server, &mut device, 10_000);
    assert_eq!(device.client.link(), LinkState::Live);
}

/// The network's return ends the waiting.
#[test]
fn waking_up_ends_the_waiting() {
    let (server, mut device) = live();
    device.disconnect(&server, close::GOING_AWAY);
    assert!(matches!(device.client.link(), LinkState::Waiting { .. }));
    device.step(&server, Input::Woke);
    assert!(matches!(device.client.link(), LinkState::Connecting { .. }));
}

/// The banner comes after two seconds without connection, and not for the blink of a server's restart.
#[test]
fn an_interruption_is_told_after_two_seconds() {
    let (mut server, mut device) = live();
    device.disconnect(&server, 1006);
    pass(&mut server, &mut device, 1_999);
    assert!(!device.client.interrupted());
    pass(&mut server, &mut device, 1);
    assert!(device.client.interrupted());
    device.flow(&mut server);
    assert!(!device.client.interrupted());
}

/// A connection that the server never greets on is given up.
#[test]
fn a_silent_server_is_given_up() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    pass(&mut server, &mut device, 10_000);
    assert!(matches!(device.socket, Socket::Closed));
    assert!(matches!(device.client.link(), LinkState::Waiting { .. }));
}

/// I17: a server that had to drop something says so, and the device asks for it anew.
#[test]
fn resync_asks_anew() {
    let (mut server, mut device) = live();
    server.send(user_id(2), direct(), client_id(1), text("a"));
    server.take_frames();
    device.push(ServerFrame::Resync);
    device.flow(&mut server);
    pass(&mut server, &mut device, 1_000);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1");
}

/// I15: an ended login shows the login page, by close code or by refusal, and keeps the outbox.
#[test]
fn an_ended_login_logs_out() {
    let (server, mut device) = live();
    device.disconnect(&server, close::REVOKED);
    assert!(device.logged_out);
    let (server, mut device) = live();
    write(&server, &mut device, 1);
    let (request, _) = device.requests.remove(0);
    let answer = Err(Server::refuse(ErrorCode::NotLoggedIn, false));
    device.step(&server, Input::Answered { request, answer });
    assert!(device.logged_out && device.wake.is_none_or(|_| device.requests.is_empty()));
    assert!(device.outbox.contains_key(&client_id(1)));
}

/// T19: a clock that is set back by a day changes no order and stops no timer.
#[test]
fn a_clock_set_back_stops_nothing() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    device.flow(&mut server);
    server.now -= 24 * 60 * 60_000;
    write(&server, &mut device, 2);
    device.lose_request(&server, 0);
    assert_eq!(rows(&device)[1].at, server.now, "messages are dated by the device's clock");
    rest(&mut server, &mut device, 1_000);
    assert_eq!(drawn(&device), "1Sent 2Sent");
    let before = pings(&device);
    rest(&mut server, &mut device, 60_000);
    assert_eq!(pings(&device), before + 2);
}

/// A conversation first met by a frame is asked for.
#[test]
fn an_unknown_conversation_is_asked_for() {
    let (mut server, mut device) = live();
    let new = server.create(30, ConversationKind::Direct, &[1, 3]);
    server.take_frames();
    server.send(user_id(3), new, client_id(1), text("hello"));
    push(&mut server, &mut device);
    device.flow(&mut server);
    let session = device.client.session(new).unwrap();
    assert_eq!((session.unread, session.last.map(|last| last.key.client_id)), (1, Some(client_id(1))));
    assert_eq!(device.client.sessions().first(), Some(&new));
}

/// A token that the server no longer takes starts the sync from nothing.
#[test]
fn a_refused_token_is_dropped() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    device.accept(&server);
    let (request, asked) = device.requests.remove(0);
    assert!(matches!(asked, Request::Sync { since: Some(_) }));
    let answer = Err(Server::refuse(ErrorCode::BadRequest, false));
    device.step(&server, Input::Answered { request, answer });
    pass(&mut server, &mut device, 1_000);
    assert!(matches!(device.requests[0].1, Request::Sync { since: None }));
    device.flow(&mut server);
    assert_eq!(device.client.link(), LinkState::Live);
}

/// The server and the browser make the same first paint of the same data.
#[test]
fn the_first_paint_is_the_same_on_both_sides() {
    let (mut server, _) = scene();
    for n in 1..=9 {
        server.send(user_id(1 + n % 2), direct(), client_id(n), text("a"));
    }
    let paint = || {
        let client = sync::Client::new(server.start(user_id(1), Some(direct())));
        let sessions: Vec<_> = client.sessions().into_iter().map(|id| client.session(id)).collect();
        (sessions, client.items(direct()), client.first_unread(direct()), client.loading(direct()), client.link())
    };
    assert!(paint() == paint());
    assert_eq!(paint().4, LinkState::Idle);
}

/// A lost answer and a lost request look alike: the same message is posted again, and there is one of it.
#[test]
fn a_lost_answer_is_no_second_message() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    device.serve(&mut server, 0);
    device.lose_answer(&server, 0);
    assert_eq!(drawn(&device), "1Waiting");
    pass(&mut server, &mut device, 1_000);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent");
    assert_eq!(server.rooms[&direct()].messages.len(), 1);
    assert_eq!(rows(&device)[0].mark, Some(ReadMark::Sent));
}
