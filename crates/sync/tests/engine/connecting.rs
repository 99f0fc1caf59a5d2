//! The rules of catching up and of the connection, one by one, on a device and a model server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::{Device, Socket};
use crate::model::scene::{direct, drawn, live, pass, pings, posts, push, rest, scene, write};
use crate::model::server::Server;
use crate::model::{client_id, conversation_id, seq, text, user_id};
use protocol::frame::close;
use protocol::{ConversationKind, ErrorCode};
use sync::{Input, LinkState, Request};

/// A device that lost its connection, and five people with whom its account has a conversation.
fn away() -> (Server, Device) {
    let (mut server, mut device) = scene();
    for id in 20..25 {
        server.create(id, ConversationKind::Direct, &[1, id]);
    }
    server.take_frames();
    device.step(&server, Input::Started);
    device.flow(&mut server);
    device.disconnect(&server, 1006);
    (server, device)
}

/// Each of the five writes.
fn five_write(server: &mut Server) {
    for id in 20..25 {
        server.now += 1;
        server.send(user_id(id), conversation_id(id), client_id(id), text("text"));
    }
}

/// A device to which the second of two messages has come, and not the first.
fn missing_one() -> (Server, Device) {
    let (mut server, mut device) = live();
    for n in 1..=2 {
        server.send(user_id(2), direct(), client_id(n), text("a"));
    }
    push(&mut server, &mut device);
    device.queue().unwrap().pop_front();
    while device.deliver(&server) {}
    (server, device)
}

/// R004-G8: a frame from ahead waits half a second for the one before it, then the log is pulled.
#[test]
fn a_gap_is_pulled_after_half_a_second() {
    let (mut server, mut device) = missing_one();
    assert_eq!(drawn(&device), "");
    pass(&mut server, &mut device, 499);
    assert!(!device.requests.iter().any(|(_, request)| matches!(request, Request::Changes { .. })));
    pass(&mut server, &mut device, 1);
    assert!(device.requests.iter().any(|(_, request)| matches!(request, Request::Changes { .. })));
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1 2");
}

/// R004-G8: when too much has passed by, the newest page takes the timeline's place; the outbox stays, and so does what was
/// typed, which the server is told.
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
    device.step(&server, Input::Typed { conversation: direct(), text: "half a word".to_owned() });
    while !device.requests.is_empty() {
        device.lose_request(&server, 0);
    }
    let draft = |device: &Device| device.client.session(direct()).map(|it| it.draft).unwrap_or_default();
    assert_eq!((draft(&device), device.drafts.len()), ("half a word".to_owned(), 1), "nobody else has it");
    device.step(&server, Input::Woke);
    device.accept(&server);
    let mut asked = Vec::new();
    while device.deliver(&server) || !device.requests.is_empty() {
        asked.extend(device.requests.first().and_then(|(_, request)| match request {
            Request::Changes { .. } => Some("changes"),
            Request::History { .. } => Some("history"),
            _ => None,
        }));
        device.serve(&mut server, 0);
        device.receive(&server, 0);
    }
    assert_eq!(asked, ["changes", "history"], "each once");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "18 19 20 30Sent");
    assert!(device.client.can_load_older(direct()));
    assert_eq!(draft(&device), "half a word");
    rest(&mut server, &mut device, 10_000);
    assert_eq!((draft(&device), device.drafts.len()), ("half a word".to_owned(), 0), "the server has it");
    assert_eq!(server.preferences[&(user_id(1), direct())].draft.as_str(), "half a word");
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

/// The attempt fails, and what was asked for too. How long the device waits; it has tried again then.
fn lose(server: &mut Server, device: &mut Device) -> u64 {
    device.disconnect(server, 1006);
    while !device.requests.is_empty() {
        device.lose_request(server, 0);
    }
    let LinkState::Waiting { retry_at, .. } = device.client.link() else { panic!("not waiting") };
    let pause = retry_at - server.now;
    pass(server, device, pause);
    pause
}

/// R004-G10: pauses between attempts grow from half a second to thirty, and shrink only after a connection that held.
#[test]
fn reconnecting_backs_off() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    let mut pauses = Vec::new();
    for _ in 0..9 {
        pauses.push(lose(&mut server, &mut device));
    }
    assert!((500..=1_000).contains(&pauses[0]), "{pauses:?}");
    assert!(pauses.iter().all(|pause| *pause <= 30_000), "{pauses:?}");
    assert!(pauses[8] >= 15_000, "{pauses:?}");
    device.flow(&mut server);
    pass(&mut server, &mut device, 4_000);
    assert!(lose(&mut server, &mut device) >= 15_000, "a server that takes and drops connections is not stable");
    device.flow(&mut server);
    pass(&mut server, &mut device, 5_000);
    assert!(lose(&mut server, &mut device) <= 1_000);
}

/// R004-G10: chance spreads the pauses over the upper half of what they may be, from end to end: devices that lost the
/// same server do not come back together.
#[test]
fn reconnecting_is_spread_by_chance() {
    let [one, other] = [1, 2].map(|id| {
        let (mut server, _) = scene();
        let mut device = Device::new(&server, user_id(id), Some(direct()));
        device.step(&server, Input::Started);
        (0..5).map(|_| lose(&mut server, &mut device)).collect::<Vec<_>>()
    });
    assert_ne!(one, other);

    // The shortest and the longest pause of a device whose attempt fails now, by 5,000 random numbers.
    let ends = |server: &Server, device: &Device| {
        let pauses = (0..5_000).map(|random| {
            let mut client = device.client.clone();
            client.step(server.now, random, Input::SocketClosed { code: 1006 });
            let LinkState::Waiting { retry_at, .. } = client.link() else { panic!("not waiting") };
            retry_at - server.now
        });
        let pauses: Vec<u64> = pauses.collect();
        (*pauses.iter().min().unwrap(), *pauses.iter().max().unwrap())
    };
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    assert_eq!(ends(&server, &device), (500, 1_000));
    for _ in 0..9 {
        lose(&mut server, &mut device);
    }
    let (shortest, longest) = ends(&server, &device);
    assert!((15_000..=15_050).contains(&shortest) && (29_950..=30_000).contains(&longest), "{shortest}, {longest}");
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

/// R004-G2: a device takes a sync in pages as the server says, the rest of each at once. Before the next one a message on
/// its way goes first, for a moment.
#[test]
fn a_person_goes_first_between_two_pages() {
    let sync = |device: &Device| device.requests.iter().position(|(_, asked)| matches!(asked, Request::Sync { .. }));
    let (mut server, mut device) = away();
    // Segments are of two: a page comes in two of them.
    server.rules.sync_page_size = 3.try_into().unwrap();
    five_write(&mut server);
    server.take_frames();
    device.step(&server, Input::Woke);
    device.accept(&server);
    while device.deliver(&server) {}
    write(&server, &mut device, 30);
    for (unread, then) in [(2, true), (3, false)] {
        let asked = sync(&device).unwrap();
        assert!(matches!(&device.requests[asked].1, Request::Sync { page, .. } if page.get() == 3));
        assert!(device.serve(&mut server, asked) && device.receive(&server, 0));
        assert_eq!((device.client.total_unread(), sync(&device).is_some()), (unread, then));
    }
    pass(&mut server, &mut device, 299);
    assert!(sync(&device).is_none() && posts(&device) == 1);
    pass(&mut server, &mut device, 1);
    assert!(sync(&device).is_some(), "a message that hangs does not hold the sync");
    device.flow(&mut server);
    assert_eq!((device.client.total_unread(), device.client.link()), (5, LinkState::Live));
}

/// R004-G2: what moves between the first page of a listing that began before the connection stood and the greeting does
/// not wait for the next sync.
#[test]
fn what_moves_before_the_greeting_is_asked_for() {
    let (mut server, mut device) = away();
    five_write(&mut server);
    device.step(&server, Input::Woke);
    device.step(&server, Input::SocketClosed { code: 1006 });
    let asked = device.requests.iter().position(|(_, request)| matches!(request, Request::Sync { .. })).unwrap();
    assert!(device.serve(&mut server, asked));
    server.now += 1;
    server.send(user_id(24), conversation_id(24), client_id(30), text("text"));
    server.take_frames();
    device.step(&server, Input::Woke);
    device.accept(&server);
    while device.deliver(&server) {}
    assert!(device.receive(&server, 0));
    rest(&mut server, &mut device, 2_000);
    assert_eq!(device.client.total_unread(), 6);
}

/// R004-B7.20: a page that wakes up asks at once what happened, whatever its connection looks like, and so shows it within
/// two seconds; flipping between pages does not ask again and again.
#[test]
fn a_page_that_wakes_up_asks_at_once() {
    let asks = |device: &Device| device.requests.iter().any(|(_, asked)| matches!(asked, Request::Sync { .. }));
    let (mut server, mut device) = live();
    pass(&mut server, &mut device, 20_000);
    server.send(user_id(2), direct(), client_id(1), text("1"));
    server.take_frames();
    device.socket = Socket::Dead;
    device.step(&server, Input::Woke);
    assert!(asks(&device));
    while device.serve(&mut server, 0) && device.receive(&server, 0) {}
    assert_eq!(device.client.total_unread(), 1);
    device.step(&server, Input::Woke);
    assert!(!asks(&device), "it has just asked");
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

/// R004-G9: where every timer rings a minute late, as of a page that nobody sees, a connection on which nothing comes is found
/// out all the same.
#[test]
fn slow_timers_find_a_dead_connection() {
    let (mut server, mut device) = live();
    device.socket = Socket::Dead;
    for _ in 0..4 {
        server.now += 60_000;
        device.ring(&server);
    }
    assert!(!matches!(device.socket, Socket::Dead));
    rest(&mut server, &mut device, 60_000);
    assert_eq!(device.client.link(), LinkState::Live);
}

/// The server answers a request so.
fn fail(server: &Server, device: &mut Device, code: ErrorCode, which: impl Fn(&Request) -> bool) {
    let at = device.requests.iter().position(|(_, request)| which(request)).expect("it is asked");
    let (request, _) = device.requests.remove(at);
    device.step(server, Input::Answered { request, answer: Err(Server::refuse(code, false)) });
}

/// R004-G8: a fault of the server, or what a proxy says in its place, is no word on what was asked for: a gap is asked for
/// again, and a sync goes on with its token.
#[test]
fn a_fault_of_the_server_decides_nothing() {
    for code in [ErrorCode::Internal, ErrorCode::Unknown] {
        let (mut server, mut device) = missing_one();
        pass(&mut server, &mut device, 500);
        fail(&server, &mut device, code, |request| matches!(request, Request::Changes { .. }));
        rest(&mut server, &mut device, 60_000);
        assert_eq!(drawn(&device), "1 2", "{code:?}");

        device.disconnect(&server, 1006);
        pass(&mut server, &mut device, 2_000);
        device.accept(&server);
        while device.deliver(&server) {}
        let sync = |request: &Request| matches!(request, Request::Sync { .. });
        fail(&server, &mut device, code, sync);
        pass(&mut server, &mut device, 2_000);
        let again = device.requests.iter().map(|(_, request)| request).find(|request| sync(request));
        assert!(matches!(again, Some(Request::Sync { since: Some(_), .. })), "{code:?}");
    }
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

/// R004-G5: a connection that the server never greets on is given up, and what passed by is asked for, which tells
/// whether the server answers at all; so too where the page wakes up again and again before the time is over.
#[test]
fn a_silent_server_is_given_up() {
    let asks = |device: &Device| device.requests.iter().any(|(_, asked)| matches!(asked, Request::Sync { .. }));
    let (mut server, mut device) = scene();
    server.send(user_id(2), direct(), client_id(1), text("a"));
    server.take_frames();
    device.step(&server, Input::Started);
    pass(&mut server, &mut device, 9_999);
    assert!(matches!(device.socket, Socket::Asked) && !asks(&device));
    pass(&mut server, &mut device, 1);
    assert!(matches!(device.socket, Socket::Closed));
    assert!(matches!(device.client.link(), LinkState::Waiting { .. }) && asks(&device));
    while device.serve(&mut server, 0) && device.receive(&server, 0) {}
    assert_eq!(drawn(&device), "1");

    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    pass(&mut server, &mut device, 2_999);
    device.step(&server, Input::Woke);
    assert!(!asks(&device), "the attempt goes on");
    pass(&mut server, &mut device, 1);
    device.step(&server, Input::Woke);
    assert!(matches!(device.socket, Socket::Asked) && asks(&device));
}

/// I17: a server that had to drop something says so by closing, and the device asks for it anew.
#[test]
fn resync_asks_anew() {
    let (mut server, mut device) = live();
    server.send(user_id(2), direct(), client_id(1), text("a"));
    server.take_frames();
    device.disconnect(&server, close::RESYNC);
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
    assert!(matches!(asked, Request::Sync { since: Some(_), .. }));
    let answer = Err(Server::refuse(ErrorCode::BadRequest, false));
    device.step(&server, Input::Answered { request, answer });
    pass(&mut server, &mut device, 1_000);
    assert!(matches!(device.requests[0].1, Request::Sync { since: None, .. }));
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

/// A sync that left before the greeting does not cover what passed by until then.
#[test]
fn a_sync_from_before_the_greeting_is_not_enough() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    device.disconnect(&server, 1006);
    device.serve(&mut server, 0);
    server.send(user_id(2), direct(), client_id(1), text("a"));
    server.take_frames();
    pass(&mut server, &mut device, 1_000);
    device.accept(&server);
    device.flow(&mut server);
    assert_eq!(device.client.link(), LinkState::Live);
    assert_eq!(device.client.total_unread(), 1);
}

/// T15, R000-08a: what a sync tells of in the open conversation is not the newest that somebody sees until it is there.
#[test]
fn what_is_not_loaded_is_not_seen() {
    let (mut server, mut device) = live();
    server.send(user_id(2), direct(), client_id(1), text("a"));
    push(&mut server, &mut device);
    device.deliver(&server);
    assert_eq!(device.client.newest(direct()), Some(seq(1)), "with the frame");
    device.disconnect(&server, 1006);
    for n in 2..=4 {
        server.send(user_id(2), direct(), client_id(n), text("a"));
    }
    server.take_frames();
    device.step(&server, Input::Woke);
    device.accept(&server);
    device.deliver(&server);
    let changes =
        |device: &Device| device.requests.iter().any(|(_, request)| matches!(request, Request::Changes { .. }));
    while !changes(&device) {
        device.serve(&mut server, 0);
        device.receive(&server, 0);
    }
    assert_eq!(device.client.session(direct()).map(|it| it.unread), Some(4));
    assert_eq!(device.client.newest(direct()), None);
    device.flow(&mut server);
    assert_eq!(device.client.newest(direct()), Some(seq(4)));
}
