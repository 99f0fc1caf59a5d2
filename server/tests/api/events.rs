//! The push connection as server-sent events, where WebSockets are refused: the same frames, by the same rules.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, Events, PASSWORD, Person, TestServer};
use protocol::frame::close;
use protocol::{ClientFrame, ServerFrame, path};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// R004-G5: of whatever happens, a device hears the very same frames either way, and neither is packed nor kept.
#[tokio::test]
async fn the_same_frames_come_either_way() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let mut socket = b.push().await;
    let mut events = Events::try_connect(&b, &[("accept-encoding", "gzip, br")]).await.unwrap();
    let ServerFrame::Hello { device, heartbeat_s, .. } = events.frame().await else { panic!("no greeting") };
    assert_eq!((device, heartbeat_s), (b.device, 25));
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert_eq!((events.header("content-encoding"), events.header("x-accel-buffering")), ("", "no"));
    assert_eq!(events.header("cache-control"), "no-store, no-transform");

    let id = a.open(&b).await;
    let at_a = Events::connect(&a).await;
    for text in ["一\n二", "<b>\u{2028}data: x\r\n\r\n", &"长".repeat(2_000)] {
        a.send(id, text).await;
    }
    b.send(id, "an answer").await;
    b.report(id, 3, 2).await;
    a.report(id, 4, 4).await;
    assert_eq!(at_a.say(&a, ClientFrame::Typing { conversation: id }).await.status, 204);
    b.patch(path::ACCOUNT_ME, &json!({ "receipts": false })).await;
    a.post(&path::recall(id, protocol::Seq::ZERO.next()), &json!({})).await;
    b.put(&path::hidden(id), &json!({ "seqs": [2], "hidden": true })).await;
    b.delete(&path::conversation_through(id, protocol::Seq::ZERO.plus(4), false)).await;
    a.send(id, "the end").await;

    let (mut by_socket, mut by_events): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    let over = |frames: &Vec<Value>| frames.last().is_some_and(|frame| frame.to_string().contains("the end"));
    while !over(&by_socket) {
        by_socket.push(socket.next().await);
    }
    while !over(&by_events) {
        by_events.push(events.next().await);
    }
    // Typing is whispered when it is heard, which may be a moment later.
    let lasting = |frames: Vec<Value>| frames.into_iter().filter(|it| it.get("typing").is_none()).collect::<Vec<_>>();
    let (by_socket, by_events) = (lasting(by_socket), lasting(by_events));
    assert!(by_socket.len() >= 9, "{by_socket:?}");
    assert_eq!(by_socket, by_events);
}

/// R004-G5, R004-G10: what the device says is heard on its own connection, and answered there: a heartbeat, that a person
/// writes, and whose presence is wanted.
#[tokio::test]
async fn a_device_is_heard_on_its_stream() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    b.send(id, "hello").await;
    a.send(id, "hi").await;
    server.settled().await;
    let (mut events, mut socket) = (Events::connect(&a).await, a.push().await);
    let mut at_b = b.push().await;
    assert_eq!(events.say(&a, ClientFrame::Ping).await.status, 204);
    assert!(matches!(events.frame().await, ServerFrame::Pong { .. }));
    assert_eq!(events.say(&a, ClientFrame::Watch { conversation: Some(id) }).await.status, 204);
    assert_eq!(events.frame().await, ServerFrame::Presence { user: b.id, online: true, seen_at: 0 });
    assert_eq!(events.say(&a, ClientFrame::Typing { conversation: id }).await.status, 204);
    assert_eq!(at_b.frame().await, ServerFrame::Typing { conversation: id, user: a.id });
    // The other connection of the device has said nothing and hears nothing of it.
    socket.ping().await;
    assert!(matches!(socket.frame().await, ServerFrame::Pong { .. }));

    let other = Person::log_in(&server.address, "aa", PASSWORD).await;
    for stranger in [&b, &other] {
        assert_eq!(events.say(stranger, ClientFrame::Ping).await.status, 404);
    }
    let frames = path::PUSH_FRAMES;
    let wrong = a.post(frames, &json!({ "connection": events.connection, "frame": "nope" })).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (422, "invalid_field"));
    let long =
        a.post(frames, &json!({ "connection": events.connection, "frame": { "ping": "x".repeat(5_000) } })).await;
    assert_eq!(long.status, 413);
    let connection = events.connection;
    drop(events);
    // The server notices the end of the connection by itself.
    while a.post(frames, &json!({ "connection": connection, "frame": "ping" })).await.status == 204 {}
}

/// R004-G5: nobody listens without a login, and no page of another site in a person's name.
#[tokio::test]
async fn a_stream_is_for_who_is_logged_in_here() {
    let server = TestServer::start();
    let a = server.person("aa").await;
    let nobody = Person { token: "x".to_owned(), ..a.clone() };
    assert_eq!(Events::try_connect(&nobody, &[]).await.err(), Some(401));
    let by_cookie = |headers: &[(&'static str, String)]| {
        let request = reqwest::Client::new().get(server.url(path::PUSH_EVENTS));
        let request = request.header("cookie", format!("sixin_login={}", a.token));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, value)).send()
    };
    let own = format!("http://{}/", server.address);
    for (header, value, status) in [
        ("sec-fetch-site", "same-origin", 200),
        ("referer", own.as_str(), 200),
        ("sec-fetch-site", "same-site", 403),
        ("origin", "http://evil.example", 403),
        ("x-nothing", "said", 403),
    ] {
        assert_eq!(by_cookie(&[(header, value.to_owned())]).await.unwrap().status(), status, "{header} {value}");
    }
    let say =
        reqwest::Client::new().post(server.url(path::PUSH_FRAMES)).json(&json!({ "connection": 1, "frame": "ping" }));
    assert_eq!(Answer::of(say).await.status, 401);
}

/// R004-G5: the end of a login and that of the server are told on the stream by the codes of a WebSocket.
#[tokio::test]
async fn a_stream_ends_with_a_reason() {
    let mut server = TestServer::start();
    let laptop = server.person("aa").await;
    let mut kept = Events::connect(&laptop).await;
    let mut quickest = Duration::MAX;
    // A busy machine may hold one of them up.
    for _ in 0..3 {
        let phone = Person::log_in(&server.address, "aa", PASSWORD).await;
        let mut lost = Events::connect(&phone).await;
        let began = Instant::now();
        assert_eq!(laptop.delete(&path::device(phone.device)).await.status, 204);
        assert_eq!(lost.closed().await, (0, Some(close::REVOKED)));
        quickest = quickest.min(began.elapsed());
        assert_eq!(lost.say(&phone, ClientFrame::Ping).await.status, 401);
        assert_eq!(kept.say(&laptop, ClientFrame::Ping).await.status, 204);
        assert!(matches!(kept.frame().await, ServerFrame::Pong { .. }));
    }
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(kept.closed().await, (0, Some(close::GOING_AWAY)));
    assert_eq!(server.wait(), Some(0));
}
