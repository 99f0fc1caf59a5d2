//! Sealed bodies over the real binary: what the wire shows, what is refused, and what a device does about it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support;
use crate::support::{
    ADMIN, Answer, PASSWORD, Person, Sealer, TestServer, fresh_client_id, now, say_sealed, text_message,
};
use protocol::sealed::{HEAD, MEDIA_TYPE, OFFER_HEADER, WINDOW_MS};
use protocol::{ConversationId, Seq, path};
use serde_json::{Value, json};
use server::router::{Route, Who, routes};
use std::os::unix::fs::PermissionsExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A day, in milliseconds.
const DAY: i64 = 86_400_000;
/// What a test may take between sealing and being heard, in milliseconds.
const SLACK: u64 = 30_000;

async fn two(server: &TestServer) -> (Person, Person, ConversationId, Sealer) {
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let sealer = Sealer::of(&a).await;
    (a, b, id, sealer)
}

fn message(text: &str) -> String {
    text_message(fresh_client_id(), text).to_string()
}

async fn texts(person: &Person, id: ConversationId) -> Vec<String> {
    let page: Value = person.get(&path::messages_after(id, Seq::ZERO, 100)).await.json();
    let messages = page["messages"].as_array().unwrap().iter();
    messages.map(|message| message["body"]["text"].as_str().unwrap().to_owned()).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// R004-I16: the bytes of a request, as they go over the wire, show nothing of what is sent; it arrives as any message does.
#[tokio::test]
async fn a_sealed_request_shows_nothing_of_its_text() {
    let server = TestServer::start();
    let (a, b, id, sealer) = two(&server).await;
    let (target, text) = (path::messages(id), "谁也不该在路上看见这句话");
    let body = sealer.seal(a.id, "POST", &target, &message(text));
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: {MEDIA_TYPE}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        server.address,
        a.token,
        body.len()
    );
    let request = [head.as_bytes(), &body].concat();
    for part in [text, "client_id", "text"] {
        assert!(!contains(&body, part) && !contains(&request[head.len() - 4..], part), "{part}");
    }
    assert!(!contains(&request, text));

    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(texts(&b, id).await, [text]);
}

/// R004-I16: whichever part of a sealed body is changed, it is answered 400 and nothing is stored.
#[tokio::test]
async fn a_changed_body_is_refused_and_nothing_is_stored() {
    let server = TestServer::start();
    let (a, b, id, sealer) = two(&server).await;
    let target = path::messages(id);
    let body = sealer.seal(a.id, "POST", &target, &message("x"));
    let end = body.len() - 1;
    for (part, at, code) in [
        ("version", 0, "seal_damaged"),
        ("key id", 1, "seal_unknown_key"),
        ("key", 9, "seal_damaged"),
        ("time", HEAD - 13, "seal_damaged"),
        ("nonce", HEAD - 1, "seal_damaged"),
        ("text", HEAD, "seal_damaged"),
        ("tag", end, "seal_damaged"),
    ] {
        let mut changed = body.clone();
        changed[at] ^= 1;
        let answer = say_sealed(&a, "POST", &target, changed).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{part}");
    }
    for changed in [vec![], body[..end].to_vec(), body[1..].to_vec(), [&body[..], b"x"].concat(), b"{}".to_vec()] {
        assert_eq!(say_sealed(&a, "POST", &target, changed).await.status, 400);
    }
    assert_eq!(b.conversation(id).await.head_seq, Seq::ZERO, "nothing was stored");
    assert_eq!(say_sealed(&a, "POST", &target, body).await.status, 201);
}

/// R004-I16: a sealed body is good for the request that it was sealed for, and for its account.
#[tokio::test]
async fn a_sealed_body_is_good_for_its_own_request_alone() {
    let server = TestServer::start();
    let (a, b, id, sealer) = two(&server).await;
    let other = a.open(&a).await;
    let target = path::messages(id);
    let body = sealer.seal(a.id, "POST", &target, &message("x"));
    let query = format!("{target}?x=1");
    for (person, method, path) in [
        (&a, "POST", path::messages(other)),
        (&a, "POST", query),
        (&a, "PUT", path::RECEIPTS.to_owned()),
        (&b, "POST", target.clone()),
    ] {
        let answer = say_sealed(person, method, &path, body.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "seal_damaged"), "{method} {path}");
    }
    assert!(texts(&a, id).await.is_empty() && texts(&a, other).await.is_empty());
    // Who is nobody costs no decryption.
    let nobody = Person { token: "x".to_owned(), ..a.clone() };
    assert_eq!(say_sealed(&nobody, "POST", &target, body).await.code(), "not_logged_in");
}

/// R004-I16: a sealed body is taken once; sealed anew, the same message is answered as any retry is, and stands once.
#[tokio::test]
async fn a_sealed_body_is_taken_once() {
    let server = TestServer::start();
    let (a, b, id, mut sealer) = two(&server).await;
    let (target, text) = (path::messages(id), message("一次"));
    let body = sealer.seal(a.id, "POST", &target, &text);
    let first = say_sealed(&a, "POST", &target, body.clone()).await;
    assert_eq!(first.status, 201);
    let again = say_sealed(&a, "POST", &target, body).await;
    assert_eq!((again.status, again.code().as_str()), (400, "seal_replayed"));
    assert_eq!(again.json()["error"]["retryable"], true);
    sealer.learn(&again);
    let retried = say_sealed(&a, "POST", &target, sealer.seal(a.id, "POST", &target, &text)).await;
    assert_eq!(retried.status, 200, "{}", retried.text());
    assert_eq!(retried.json()["seq"], first.json()["seq"]);
    assert_eq!(texts(&b, id).await, ["一次"]);
}

/// R004-I16: a body is good for five minutes by the server's clock, either way.
#[tokio::test]
async fn a_sealed_body_is_good_for_five_minutes() {
    let server = TestServer::start();
    let (a, b, id, sealer) = two(&server).await;
    let target = path::messages(id);
    let within = WINDOW_MS - SLACK;
    for at in [now() - within, now() + within] {
        let body = sealer.seal_at(at, a.id, "POST", &target, &message("ok"));
        assert_eq!(say_sealed(&a, "POST", &target, body).await.status, 201);
    }
    let beyond = WINDOW_MS + SLACK;
    for at in [0, now() - beyond, now() + beyond, u64::MAX] {
        let body = sealer.seal_at(at, a.id, "POST", &target, &message("late"));
        let answer = say_sealed(&a, "POST", &target, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "seal_expired"), "{at}");
    }
    assert_eq!(texts(&b, id).await, ["ok", "ok"]);
}

/// R004-I16: a device whose clock is a day off is told the server's time, and sends with it.
#[tokio::test]
async fn a_device_with_a_wrong_clock_is_told_the_time() {
    let server = TestServer::start();
    let (a, b, id, mut sealer) = two(&server).await;
    let target = path::messages(id);
    for off in [DAY, -DAY] {
        sealer.ahead = off;
        let text = message("时钟不准");
        let answer = say_sealed(&a, "POST", &target, sealer.seal(a.id, "POST", &target, &text)).await;
        assert_eq!(answer.code(), "seal_expired");
        sealer.learn(&answer);
        assert!(sealer.ahead.unsigned_abs() < SLACK);
        let answer = say_sealed(&a, "POST", &target, sealer.seal(a.id, "POST", &target, &text)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    assert_eq!(texts(&b, id).await.len(), 2);
}

/// R004-I16: the key stays, for nobody else of the machine to read; what was sealed before a restart is to be sealed anew.
#[tokio::test]
async fn a_restart_keeps_the_key_and_takes_nothing_from_before() {
    let mut server = TestServer::start();
    let (a, b, id, mut sealer) = two(&server).await;
    let target = path::messages(id);
    let body = sealer.seal(a.id, "POST", &target, &message("x"));
    assert_eq!(say_sealed(&a, "POST", &target, body.clone()).await.status, 201);
    server.kill();
    server.restart();
    let (a, b) = (a.at(&server.address), b.at(&server.address));
    let answer = say_sealed(&a, "POST", &target, body).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "seal_unknown_key"));
    let known = sealer.offer.clone();
    sealer.learn(&answer);
    assert_eq!(sealer.offer.key, known.key);
    assert_ne!(sealer.offer.key_id, known.key_id);
    let body = sealer.seal(a.id, "POST", &target, &message("y"));
    assert_eq!(say_sealed(&a, "POST", &target, body).await.status, 201);
    assert_eq!(texts(&b, id).await, ["x", "y"]);
    let mode = std::fs::metadata(server.data().join("sealing.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// A path of a route, with something in the place of its parameters.
fn some_path(route: &Route) -> String {
    let part = |part: &'static str| if part.starts_with('{') { "1" } else { part };
    route.path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// R004-I16: where bodies must be sealed, no route takes another of whoever is logged in; logging in, registering and the admin
/// API take them, uploads are no JSON, and a sealed one is taken.
#[tokio::test]
async fn where_it_is_required_no_plain_body_is_taken() {
    let server = TestServer::start_with(&[("SIXIN_SEALED_BODIES", "required"), ("SIXIN_ADMIN_TOKEN", ADMIN)]);
    let a = server.person("aa").await;
    for route in routes().iter().filter(|route| route.method != "GET") {
        let answer = Answer::of(a.request(route.method.as_str(), &some_path(route)).json(&json!({}))).await;
        let refused = answer.status == 400 && answer.code() == "seal_required";
        // Logging out is refused as well, so that the login lasts.
        let upload = [path::MEDIA, path::FILES].contains(&route.path);
        let expected = matches!(route.who, Who::Account | Who::Member) && !upload;
        assert_eq!(refused, expected, "{}: {}", route.operation, answer.text());
        assert_eq!(refused, !answer.header(OFFER_HEADER).is_empty(), "{}", route.operation);
    }
    Person::log_in(&server.address, "aa", PASSWORD).await;
    assert_eq!(a.upload(fresh_client_id(), support::picture()).await.status, 201);

    // A program learns from the refusal what to seal with.
    let refused = a.post(path::CONVERSATIONS, &json!({"peer": a.id})).await;
    let mut sealer = Sealer { offer: refused.header(OFFER_HEADER).parse().unwrap(), ahead: 0 };
    sealer.learn(&refused);
    let body = sealer.seal(a.id, "POST", path::CONVERSATIONS, &json!({"peer": a.id}).to_string());
    let opened = say_sealed(&a, "POST", path::CONVERSATIONS, body).await.json();
    let id: ConversationId = serde_json::from_value(opened["id"].clone()).unwrap();
    let target = path::messages(id);
    assert_eq!(a.post(&target, &text_message(fresh_client_id(), "x")).await.code(), "seal_required");
    let body = sealer.seal(a.id, "POST", &target, &message("y"));
    assert_eq!(say_sealed(&a, "POST", &target, body).await.status, 201);
    assert_eq!(texts(&a, id).await, ["y"]);
}

/// R004-I16: unless the operator says otherwise both are taken; where it is off none is sealed.
#[tokio::test]
async fn whether_bodies_are_sealed_is_the_operators_choice() {
    let server = TestServer::start();
    let (a, b, id, sealer) = two(&server).await;
    a.send(id, "plain").await;
    let target = path::messages(id);
    let body = sealer.seal(a.id, "POST", &target, &message("sealed"));
    assert_eq!(say_sealed(&a, "POST", &target, body).await.status, 201);
    assert_eq!(texts(&b, id).await, ["plain", "sealed"]);

    let server = server.restart_with("SIXIN_SEALED_BODIES", "off");
    let (a, b) = (a.at(&server.address), b.at(&server.address));
    let body = sealer.seal(a.id, "POST", &target, &message("sealed"));
    let answer = say_sealed(&a, "POST", &target, body).await;
    assert_eq!((answer.status, answer.code().as_str()), (415, "unsupported_media_type"));
    a.send(id, "plain").await;
    assert_eq!(texts(&b, id).await.len(), 3);
    let page = Answer::of(a.http.get(server.url("/")).header("cookie", format!("sixin_login={}", a.token))).await;
    assert!(page.text().contains("<meta name=\"sealing\" content=\"\">"));
}

/// R004-I16: what is in a sealed body is taken as any body is: limits and refusals are the same.
#[tokio::test]
async fn a_sealed_body_is_parsed_and_limited_as_any_other() {
    let server = TestServer::start();
    let (a, _, id, sealer) = two(&server).await;
    let target = path::messages(id);
    for (text, status, code) in [
        (String::new(), 400, "bad_request"),
        ("{".to_owned(), 400, "bad_request"),
        ("{}".to_owned(), 422, "invalid_field"),
        (message(&"好".repeat(2_049)), 422, "invalid_field"),
        (message(&"x".repeat(70_000)), 413, "too_large"),
    ] {
        let answer = say_sealed(&a, "POST", &target, sealer.seal(a.id, "POST", &target, &text)).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    }
    // Frames have a limit of their own, which the text must keep.
    let text = json!({"connection": 1, "frame": "x".repeat(60_000)}).to_string();
    let answer = say_sealed(&a, "POST", path::PUSH_FRAMES, sealer.seal(a.id, "POST", path::PUSH_FRAMES, &text)).await;
    assert_eq!(answer.code(), "too_large");
    assert_eq!(a.conversation(id).await.head_seq, Seq::ZERO);
}

/// R004-I16: whatever is said to be a sealed body, the answer is a refusal with a code, and the server goes on.
#[tokio::test]
async fn noise_for_a_sealed_body_breaks_nothing() {
    let server = TestServer::start();
    let (a, _, id, sealer) = two(&server).await;
    let target = path::messages(id);
    let mut state = 0x5eed_5eed_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for round in 0..600 {
        let sealed = match round % 3 {
            0 => (0..next(300)).map(|_| next(256) as u8).collect(),
            _ => sealer.seal(a.id, "POST", &target, &message("x")),
        };
        let mut body = sealed.clone();
        for _ in 0..=next(3) {
            let at = next(body.len() + 1);
            match next(3) {
                0 => body.insert(at, next(256) as u8),
                1 if at < body.len() => drop(body.remove(at)),
                _ => body.truncate(at),
            }
        }
        if body == sealed {
            continue;
        }
        let answer = say_sealed(&a, "POST", &target, body).await;
        assert!(answer.status == 400 && answer.code().starts_with("seal_"), "round {round}: {}", answer.text());
    }
    assert_eq!(a.conversation(id).await.head_seq, Seq::ZERO);
    assert_eq!(a.get(path::SYNC).await.status, 200);
}
