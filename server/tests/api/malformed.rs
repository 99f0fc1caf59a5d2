//! What a broken or hostile client can send: bad bodies, bad HTTP, and nothing at all.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, TestServer, fresh_client_id, picture, picture_message, text_message};
use protocol::media::FILE_MAX;
use protocol::path;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes as they are, and reads until the server closes.
async fn raw(server: &TestServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    // A server that has heard enough closes before it has read all of it.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Bad input is a 4xx with a code, never a 5xx, and nothing is half-written.
#[tokio::test]
async fn bad_bodies_are_refused_with_a_code() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(5_000), close.repeat(5_000));
    let client_id = fresh_client_id();
    let send = |text: &str| format!(r#"{{"client_id":"{client_id}","body":{{"type":"text","text":{text}}}}}"#);
    let cases: Vec<(String, u16, &str)> = vec![
        (String::new(), 400, "bad_request"),
        ("{".to_owned(), 400, "bad_request"),
        ("nonsense".to_owned(), 400, "bad_request"),
        ("{} {}".to_owned(), 422, "invalid_field"),
        ("null".to_owned(), 422, "invalid_field"),
        ("[]".to_owned(), 422, "invalid_field"),
        ("5".to_owned(), 422, "invalid_field"),
        ("1e999".to_owned(), 400, "bad_request"),
        (deep("[", "]"), 422, "invalid_field"),
        (deep("{\"body\":", "}"), 400, "bad_request"),
        (send(&deep("[", "]")), 400, "bad_request"),
        (send("\"\""), 422, "invalid_field"),
        (send("null"), 422, "invalid_field"),
        (send("99999999999999999999999999"), 422, "invalid_field"),
        (send("\"a\\u0000b\""), 422, "invalid_field"),
        (send("\"\\ud800\""), 400, "bad_request"),
        (send(&format!("\"{}\"", "好".repeat(2_049))), 422, "invalid_field"),
        (send(&format!("\"{}\"", "x".repeat(70_000))), 413, "too_large"),
        (r#"{"client_id":"x","body":{"type":"text","text":"a"}}"#.to_owned(), 422, "invalid_field"),
        (r#"{"client_id":7,"body":{"type":"text","text":"a"}}"#.to_owned(), 422, "invalid_field"),
        (format!(r#"{{"client_id":"{client_id}","body":{{"type":"nope","text":"a"}}}}"#), 422, "invalid_field"),
        (format!(r#"{{"client_id":"{client_id}","body":{{"text":"a"}}}}"#), 422, "invalid_field"),
        (format!(r#"{{"client_id":"{client_id}","body":{{"type":"text","text":"a","x":1}}}}"#), 422, "invalid_field"),
        (format!(r#"{{"client_id":"{client_id}","body":{{"type":"text","text":"a"}},"x":1}}"#), 422, "invalid_field"),
        (format!(r#"{{"client_id":"{client_id}","client_id":"{client_id}"}}"#), 422, "invalid_field"),
    ];
    for (body, status, code) in cases {
        let short: String = body.chars().take(80).collect();
        let request = a.request("POST", &path::messages(id)).header("content-type", "application/json").body(body);
        let answer = Answer::of(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{short}: {}", answer.text());
    }
    for (body, status) in [(&b"\xff\xfe"[..], 400), (b"{\"client_id\":\"\xff\"}", 400), (b"\0", 400)] {
        let request = a.request("POST", &path::messages(id)).header("content-type", "application/json");
        assert_eq!(Answer::of(request.body(body)).await.status, status);
    }
    for media_type in ["", "text/plain", "application/jsonx", "application/x-www-form-urlencoded", "\u{ff}"] {
        let request = a.request("POST", &path::messages(id)).header("content-type", media_type);
        let answer = Answer::of(request.body(send("\"a\""))).await;
        assert_eq!((answer.status, answer.code().as_str()), (415, "unsupported_media_type"), "{media_type}");
    }
    assert_eq!(a.conversation(id).await.head_seq.get(), 0, "nothing was written");
    // The key that all of them named is still free.
    let request = a.request("POST", &path::messages(id)).header("content-type", "application/json; charset=utf-8");
    assert_eq!(Answer::of(request.body(send("\"a\""))).await.status, 201);
}

/// R002-06: what is no picture, is too large, or names no key is refused, and so is a message with a picture that is not what
/// it says, has words beside it (R002-07), or is nobody's.
#[tokio::test]
async fn bad_pictures_are_refused_with_a_code() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let key = fresh_client_id();
    // A header that promises 65,536 × 65,536 pixels.
    let mut bomb = picture();
    bomb.splice(16..24, [0, 1, 0, 0, 0, 1, 0, 0]);
    for file in [Vec::new(), b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), b"GIF89a".to_vec(), bomb] {
        let answer = a.upload(key, file).await;
        assert_eq!((answer.status, answer.json()["error"]["field"].as_str()), (422, Some("picture")));
    }
    assert_eq!(a.upload(key, picture()[..60].to_vec()).await.code(), "invalid_field");
    assert_eq!(a.upload(key, vec![0; FILE_MAX + 1]).await.code(), "too_large");
    for query in ["", "?client_id=x", "?client_id=", "?key=1"] {
        let answer = Answer::of(a.request("POST", &format!("{}{query}", path::MEDIA)).body(picture())).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{query}");
    }
    for name in ["x", "0", "00000000-0000-7000-8000-000000000001", "%00", "..%2f..%2fsixin.db"] {
        assert_eq!(a.get(&format!("{}/{name}", path::MEDIA)).await.status, 404, "{name}");
        assert_eq!(a.get(&format!("{}/{name}/thumb", path::MEDIA)).await.status, 404, "{name}");
    }
    // The key is free, and what stands under it now is sent only as it is.
    let image: protocol::Image = a.upload(key, picture()).await.read();
    let good = picture_message(key, image);
    for (field, wrong) in [
        ("v", json!(2)),
        ("media", json!("0".repeat(32))),
        ("media", json!("../../sixin.db")),
        ("width", json!(41)),
        ("width", json!(0)),
        ("height", json!(-1)),
        ("bytes", json!(1)),
        ("mime", json!("image/svg+xml")),
        ("text", json!("beside it")),
    ] {
        let mut bad = good.clone();
        bad["body"][field] = wrong;
        let answer = a.post(&path::messages(id), &bad).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "invalid_field"), "{bad}");
    }
    assert_eq!(a.conversation(id).await.head_seq.get(), 0, "nothing was written");
    assert_eq!(a.post(&path::messages(id), &good).await.status, 201);
}

#[tokio::test]
async fn bad_paths_and_queries_are_refused_with_a_code() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    for (path, status) in [
        ("/api/v1/conversations/0".to_owned(), 404),
        ("/api/v1/conversations/-1".to_owned(), 404),
        ("/api/v1/conversations/x".to_owned(), 404),
        ("/api/v1/conversations/9007199254740992".to_owned(), 404),
        ("/api/v1/conversations/99999999999999999999999".to_owned(), 404),
        ("/api/v1/conversations/%ff".to_owned(), 404),
        ("/api/v1/conversations/%00".to_owned(), 404),
        ("/api/v1/conversations/1/".to_owned(), 404),
        ("/api/v1//conversations".to_owned(), 404),
        (format!("{}?limit=0", path::messages(id)), 422),
        (format!("{}?limit=101", path::messages(id)), 422),
        (format!("{}?limit=-1", path::messages(id)), 400),
        (format!("{}?limit=1e3", path::messages(id)), 400),
        (format!("{}?limit=99999999999999999999", path::messages(id)), 400),
        (format!("{}?limit=1&limit=2", path::messages(id)), 400),
        (format!("{}?before=x", path::messages(id)), 400),
        (format!("{}?before=9007199254740992", path::messages(id)), 400),
        (format!("{}?before=1&after=1", path::messages(id)), 422),
        (format!("{}?offset=5", path::messages(id)), 400),
        (format!("{}?%ff=%ff", path::messages(id)), 400),
        (path::changes(id, protocol::Rev::ZERO).replace("after_rev=0", ""), 400),
        (format!("{}?since=x", path::SYNC), 422),
        (format!("{}?since=", path::SYNC), 422),
        (format!("{}?since={}", path::SYNC, "f".repeat(5_000)), 422),
        (format!("{}?before=x", path::CONVERSATIONS), 422),
        (path::USERS.to_owned(), 400),
    ] {
        let answer = a.get(&path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(!answer.code().is_empty());
    }
}

/// A generator of requests that no client sends: mutations of real ones, repeatable by their seed.
struct Mutations(u64);

impl Mutations {
    fn next(&mut self, below: usize) -> usize {
        // Xorshift: good enough to pick, and the same on every machine.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.next(if depth == 0 { 9 } else { 11 }) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-1),
            3 => json!(u64::MAX),
            4 => json!(0.5),
            5 => json!(1e300),
            6 => json!(""),
            7 => json!("\u{0}\u{202e}😀".repeat(self.next(50))),
            8 => json!("x".repeat(self.next(3_000))),
            9 => (0..self.next(4)).map(|_| self.value(depth - 1)).collect(),
            _ => (0..self.next(4)).map(|n| (format!("key{n}"), self.value(depth - 1))).collect(),
        }
    }

    /// Replaces, removes or adds something within the value.
    fn mutate(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let key = fields.keys().nth(self.next(fields.len())).unwrap().clone();
                match self.next(4) {
                    0 => drop(fields.remove(&key)),
                    1 => drop(fields.insert("unknown".to_owned(), json!(1))),
                    2 => drop(fields.insert(key, self.value(3))),
                    _ => self.mutate(fields.get_mut(&key).unwrap()),
                }
            }
            Value::Array(items) if !items.is_empty() && self.next(2) == 0 => {
                let index = self.next(items.len());
                self.mutate(&mut items[index]);
            }
            other => *other = self.value(3),
        }
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.next(4) {
            let at = self.next(bytes.len().max(1)).min(bytes.len());
            match self.next(3) {
                0 => bytes.insert(at, self.next(256) as u8),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
    }
}

/// Whatever is made of a request's body, the answer is a success or a refusal with a code, and the server goes on.
#[tokio::test]
async fn mutated_requests_never_break_the_server() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x5eed_5eed);
    println!("SEED={seed}");
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut mutations = Mutations(seed);
    let report = json!({"reports": [{"conversation": id, "delivered": 1, "read": 1}]});
    for round in 0..1_500 {
        let (method, path, mut body) = match round % 5 {
            0 => ("POST", path::messages(id), text_message(fresh_client_id(), "x")),
            1 => ("PUT", path::RECEIPTS.to_owned(), report.clone()),
            2 => ("POST", path::CONVERSATIONS.to_owned(), json!({"peer": b.id})),
            3 => ("POST", path::LOGINS.to_owned(), json!({"handle": "aa", "password": 5, "device_name": "x"})),
            _ => ("POST", path::ACCOUNTS.to_owned(), json!({"handle": "aa", "display_name": "A", "password": "short"})),
        };
        mutations.mutate(&mut body);
        let mut bytes = body.to_string().into_bytes();
        if mutations.next(3) == 0 {
            mutations.damage(&mut bytes);
        }
        let shown = String::from_utf8_lossy(&bytes).chars().take(200).collect::<String>();
        let request = a.request(method, &path).header("content-type", "application/json").body(bytes);
        let answer = Answer::of(request).await;
        assert!(answer.status < 500, "round {round}: {method} {path} {shown}: {}", answer.text());
        if answer.status >= 400 {
            assert!(!answer.code().is_empty());
        }
    }
    assert_eq!(a.get(path::SYNC).await.status, 200);
}

/// What is no HTTP at all is refused by closing the connection, and harms nobody else.
#[tokio::test]
async fn malformed_http_harms_nobody() {
    let server = TestServer::start();
    let person = server.person("aa").await;
    for (bytes, expected) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), "HTTP/1.1 400"),
        (b"GET\r\n\r\n".to_vec(), "HTTP/1.1 400"),
        (b"GET / HTTP/9.9\r\n\r\n".to_vec(), "HTTP/1.1 400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), ""),
        (format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(70_000)).into_bytes(), "HTTP/1.1 4"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(70_000)).into_bytes(), "HTTP/1.1 431"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(500)).into_bytes(), "HTTP/1.1 431"),
        (b"GET / HTTP/1.1\r\nhost: a\r\nx\0y: z\r\n\r\n".to_vec(), "HTTP/1.1 400"),
        // Two ways to say how long the body is: what smuggling is made of.
        (
            b"POST /api/v1/logins HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello".to_vec(),
            "HTTP/1.1 400",
        ),
    ] {
        let answer = raw(&server, &bytes).await;
        assert!(answer.starts_with(expected), "{:?}: {answer}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
        assert!(!answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"), "{answer}");
    }
    assert_eq!(person.get(path::SYNC).await.status, 200);
}

/// Slow clients: one that sends nothing, one whose head trickles, one whose body never ends. Each is cut off, and holds
/// nobody else up.
#[tokio::test]
async fn slow_clients_are_cut_off() {
    let server = TestServer::start();
    let person = server.person("aa").await;
    let began = Instant::now();
    let silent = async {
        let answer = raw(&server, b"").await;
        (answer, began.elapsed())
    };
    let head = async {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        let mut answer = Vec::new();
        let (mut read, mut write) = stream.split();
        let trickle = async {
            write.write_all(b"GET / HTTP/1.1\r\nx: ").await?;
            loop {
                write.write_all(b"y").await?;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            #[allow(unreachable_code, reason = "it names the type")]
            std::io::Result::Ok(())
        };
        tokio::select! {
            _ = read.read_to_end(&mut answer) => {}
            _ = trickle => {}
        }
        began.elapsed()
    };
    let body = async {
        let start = "POST /api/v1/logins HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
            content-length: 50\r\n\r\n{";
        let answer = raw(&server, start.as_bytes()).await;
        (answer, began.elapsed())
    };
    let (silent, head, body) = tokio::join!(silent, head, body);
    assert!(silent.0.is_empty() && silent.1 < Duration::from_secs(15), "{silent:?}");
    assert!(head < Duration::from_secs(15), "{head:?}");
    assert!(body.0.starts_with("HTTP/1.1 408") && body.0.contains("\"timeout\""), "{body:?}");
    assert!(body.0.contains("nosniff") && body.1 < Duration::from_secs(40), "{body:?}");
    assert_eq!(person.get(path::SYNC).await.status, 200);
}

/// More connections than configured wait their turn; an upgraded one counts until it ends.
#[tokio::test]
async fn connections_are_bounded() {
    let server = TestServer::start_with(&[("SIXIN_MAX_CONNECTIONS", "3")]);
    let person = server.person("aa").await;
    // The person's own client keeps one alive.
    let push = person.push().await;
    let idle = TcpStream::connect(&server.address).await.unwrap();
    let mut waiting = TcpStream::connect(&server.address).await.unwrap();
    waiting.write_all(b"GET /login HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut first = [0; 1];
    let early = tokio::time::timeout(Duration::from_millis(300), waiting.read(&mut first)).await;
    assert!(early.is_err(), "answered beyond the bound");
    drop(push);
    assert_eq!(waiting.read(&mut first).await.unwrap(), 1);
    drop(idle);
}
