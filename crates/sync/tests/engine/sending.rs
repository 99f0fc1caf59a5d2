//! The rules of the outbox, one by one, on a device and a model server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::Device;
use crate::model::scene::{direct, drawn, live, pass, pings, posts, rest, rows, scene, write};
use crate::model::server::Server;
use crate::model::{client_id, text};
use protocol::ErrorCode;
use sync::{Failure, Input, ReadMark, Request, Unsent, Upload};

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

/// R004-G10: what is written while an earlier message waits for its next attempt does not wait with it: both go at once, in order.
#[test]
fn what_is_written_hastens_what_waits() {
    let (mut server, mut device) = live();
    device.disconnect(&server, 1006);
    write(&server, &mut device, 1);
    for _ in 0..8 {
        while !device.requests.is_empty() {
            device.lose_request(&server, 0);
        }
        pass(&mut server, &mut device, 20_000);
    }
    while !device.requests.is_empty() {
        device.lose_request(&server, 0);
    }
    assert_eq!((drawn(&device).as_str(), posts(&device)), ("1Waiting", 0));
    write(&server, &mut device, 2);
    assert_eq!(posts(&device), 1);
    while device.serve(&mut server, 0) || device.receive(&server, 0) {}
    assert_eq!(drawn(&device), "1Sent 2Sent");
}

/// R004-A1: a person's retry of what waits tries it at once, where it stands, and the connection too.
#[test]
fn a_retry_of_what_waits_is_an_attempt_at_once() {
    let (mut server, mut device) = live();
    device.disconnect(&server, 1006);
    for n in [1, 2] {
        write(&server, &mut device, n);
    }
    for _ in 0..6 {
        while !device.requests.is_empty() {
            device.lose_request(&server, 0);
        }
        device.disconnect(&server, 1006);
        pass(&mut server, &mut device, 20_000);
    }
    while !device.requests.is_empty() {
        device.lose_request(&server, 0);
    }
    device.disconnect(&server, 1006);
    assert_eq!((drawn(&device).as_str(), posts(&device)), ("1Waiting 2Waiting", 0));
    device.step(&server, Input::Retry(client_id(2)));
    assert_eq!((drawn(&device).as_str(), posts(&device)), ("1Waiting 2Waiting", 1));
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
    assert_eq!(
        device.outbox[&client_id(1)].failed,
        Some(ErrorCode::InvalidField),
        "it is kept as failed across reloads"
    );
    device.step(&server, Input::Retry(client_id(1)));
    assert_eq!(drawn(&device), "2Sending 1Sending");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "2Sent 1Sent");
    assert_eq!(rows(&device)[1].key, key);
    assert!(device.outbox.is_empty());
}

/// A person may give a failed message up.
#[test]
fn a_failed_message_can_be_given_up() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    let (request, _) = device.requests.remove(0);
    let answer = Err(Server::refuse(ErrorCode::ClientIdReused, false));
    device.step(&server, Input::Answered { request, answer });
    device.step(&server, Input::Discard(client_id(1)));
    device.flow(&mut server);
    assert_eq!(drawn(&device), "");
    assert!(device.outbox.is_empty());
}

/// R004-A1: a message that is given up while it is on its way is not tried again, whatever becomes of the attempt, in this page
/// and in another that tries it; if it has arrived, it is there.
#[test]
fn what_is_given_up_on_its_way_is_not_tried_again() {
    for elsewhere in [false, true] {
        for code in [None, Some((ErrorCode::NotAllowed, false)), Some((ErrorCode::Unavailable, true))] {
            let (mut server, mut device) = live();
            write(&server, &mut device, 1);
            write(&server, &mut device, 2);
            device.step(
                &server,
                if elsewhere { Input::DiscardedElsewhere(client_id(1)) } else { Input::Discard(client_id(1)) },
            );
            assert_eq!((drawn(&device).as_str(), posts(&device)), ("2Sending", 1), "one goes after the other");
            let (request, _) = device.requests.remove(0);
            let answer = code.map_or(Failure::Network, |(code, passes)| Server::refuse(code, passes));
            device.step(&server, Input::Answered { request, answer: Err(answer) });
            rest(&mut server, &mut device, 60_000);
            assert_eq!((drawn(&device).as_str(), server.rooms[&direct()].messages.len()), ("2Sent", 1));
            assert!(device.outbox.is_empty());
        }
        let (mut server, mut device) = live();
        write(&server, &mut device, 1);
        device.step(&server, Input::Discard(client_id(1)));
        device.flow(&mut server);
        assert_eq!(drawn(&device), "1Sent");
    }
}

/// R004-I4, R004-I10: a text that failed its audit stays failed, whatever time passes, across a reload too; a person's retry
/// asks again, and giving it up ends it.
#[test]
fn a_text_that_failed_its_audit_waits_for_a_person() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    let refuse = |server: &Server, device: &mut Device| {
        let (request, _) = device.requests.remove(0);
        device.step(server, Input::Answered { request, answer: Err(Server::refuse(ErrorCode::Sensitive, false)) });
    };
    refuse(&server, &mut device);
    pass(&mut server, &mut device, 60_000);
    assert_eq!((drawn(&device).as_str(), posts(&device)), ("1Failed", 0));
    device.crash(&server, Some(direct()));
    device.flow(&mut server);
    assert_eq!((drawn(&device).as_str(), rows(&device)[0].refused), ("1Failed", Some(ErrorCode::Sensitive)));
    device.step(&server, Input::Retry(client_id(1)));
    assert_eq!((drawn(&device).as_str(), posts(&device)), ("1Sending", 1));
    refuse(&server, &mut device);
    assert_eq!(drawn(&device), "1Failed");
    device.step(&server, Input::Discard(client_id(1)));
    assert_eq!((drawn(&device).as_str(), device.outbox.len()), ("", 0));
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

/// R004-A5, T19: unsent messages keep their order across a reload, though two are written in one millisecond, and the
/// clock is set back between them.
#[test]
fn a_reload_keeps_the_order_of_writing() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 3);
    write(&server, &mut device, 2);
    server.now -= 24 * 60 * 60_000;
    write(&server, &mut device, 1);
    device.crash(&server, Some(direct()));
    assert_eq!(drawn(&device), "3Sending 2Sending 1Sending");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "3Sent 2Sent 1Sent");
}

/// R004-A5: a message that has waited for more than a day is not sent behind a person's back.
#[test]
fn a_stale_message_asks_first() {
    let (mut server, mut device) = scene();
    let unsent = |n, at| Unsent {
        conversation: direct(),
        client_id: client_id(n),
        body: text("late"),
        at,
        place: at,
        failed: None,
        upload: Upload::Done,
    };
    let day = 24 * 60 * 60_000;
    let restored = vec![unsent(2, server.now - day + 1), unsent(1, server.now - day - 1)];
    device.outbox = restored.iter().map(|unsent| (unsent.client_id, unsent.clone())).collect();
    device.step(&server, Input::OutboxRestored(restored));
    device.step(&server, Input::Started);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "2Sent 1Failed");
    assert_eq!(device.outbox[&client_id(1)].failed, Some(protocol::ErrorCode::Timeout));
    assert_eq!(rows(&device).iter().map(|row| row.expired).collect::<Vec<_>>(), [false, true]);
}

/// A message that had arrived before a reload asks nobody, however late its answer would be.
#[test]
fn what_has_arrived_never_asks() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    device.serve(&mut server, 0);
    server.now += 25 * 60 * 60_000;
    device.crash(&server, None);
    device.flow(&mut server);
    assert!(device.outbox.is_empty());
    let last = device.client.session(direct()).unwrap().last.unwrap();
    assert_eq!(last.mark, Some(ReadMark::Sent));
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

/// R004-I8: a fault of the server fails no message, and what was written after it waits for it; one that meets it again and again
/// does fail, so that the others go on.
#[test]
fn a_fault_of_the_server_fails_no_message_at_once() {
    for code in [ErrorCode::Internal, ErrorCode::Unknown] {
        let (mut server, mut device) = live();
        write(&server, &mut device, 1);
        write(&server, &mut device, 2);
        // An outage before it does not count.
        for _ in 0..8 {
            device.lose_request(&server, 0);
            pass(&mut server, &mut device, 30_000);
            device.requests.retain(|(_, request)| matches!(request, Request::Post { .. }));
        }
        for _ in 0..5 {
            assert_eq!(posts(&device), 1, "{code:?}");
            let (request, _) = device.requests.remove(0);
            device.step(&server, Input::Answered { request, answer: Err(Server::refuse(code, false)) });
            assert_eq!(drawn(&device), "1Waiting 2Waiting", "{code:?}");
            pass(&mut server, &mut device, 30_000);
            device.requests.retain(|(_, request)| matches!(request, Request::Post { .. }));
        }
        let (request, _) = device.requests.remove(0);
        device.step(&server, Input::Answered { request, answer: Err(Server::refuse(code, false)) });
        assert_eq!(drawn(&device), "1Failed 2Sending", "{code:?}");
    }
}

/// T19: whatever a clock was set to while the page stands, once it is set back what time it is on the server is told anew.
#[test]
fn a_clock_set_back_has_the_servers_time_told_anew() {
    const HOUR: i64 = 3_600_000;
    let told = |server: &Server, device: &Device, skew: i64| {
        let clock = server.now.saturating_add_signed(skew);
        device.client.server_time(clock) == server.now
    };
    let (mut server, mut device) = scene();
    device.jump(HOUR);
    device.step(&server, Input::Started);
    device.flow(&mut server);
    assert!(told(&server, &device, HOUR));
    for skew in [0, -HOUR] {
        device.jump(skew);
        device.step(&server, Input::Tick);
        device.flow(&mut server);
        assert!(told(&server, &device, skew));
    }
    // Ahead by mistake, and right again.
    device.jump(0);
    device.step(&server, Input::Tick);
    pass(&mut server, &mut device, 10_000);
    device.jump(-HOUR);
    device.step(&server, Input::Tick);
    device.flow(&mut server);
    assert!(told(&server, &device, -HOUR));
}

/// T19: whatever a clock is set to while the connection stands, the next ping tells what time it is on the server. What comes
/// long after a ping may have waited in the connection, and tells nothing.
#[test]
fn a_ping_tells_the_servers_time() {
    const HOUR: i64 = 3_600_000;
    let (mut server, mut device) = live();
    device.jump(HOUR);
    let time = |server: &Server, device: &Device| {
        device.client.server_time(server.now.saturating_add_signed(HOUR)) as i64 - server.now as i64
    };
    assert_eq!(time(&server, &device), HOUR);
    rest(&mut server, &mut device, 30_000);
    assert_eq!(time(&server, &device), 0);
    rest(&mut server, &mut device, 60_000);
    assert_eq!(time(&server, &device), 0);
    // The machine sleeps with an answer unread, and asks again before it reads that.
    for wakes in [Input::Tick, Input::Woke] {
        pass(&mut server, &mut device, 25_000);
        server.now += 8 * HOUR as u64;
        device.step(&server, wakes);
        while device.deliver(&server) {}
        assert_eq!(time(&server, &device), 0);
        rest(&mut server, &mut device, 60_000);
    }
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
