//! Files in messages: how they come in, who sends them, who saves them, and when they are gone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, PATIENCE, Person, TestServer, fresh_client_id, picture};
use protocol::file::FileBytes;
use protocol::{ClientId, File, MessageBody, Seq, path};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn upload(person: &Person, key: ClientId, name: &str, bytes: &[u8]) -> Answer {
    let path = path::upload_file(key, &name.parse().unwrap());
    Answer::of(person.request("POST", &path).body(bytes.to_vec())).await
}

fn message(client_id: ClientId, file: &File) -> Value {
    json!({"client_id": client_id, "body": MessageBody::File(file.clone())})
}

/// The files in the data folder.
fn files(data: &Path) -> usize {
    let shelves = std::fs::read_dir(data.join("media")).into_iter().flatten();
    shelves.map(|shelf| std::fs::read_dir(shelf.unwrap().path()).unwrap().count()).sum()
}

/// R002-06, R001-12: a file is uploaded, sent, listed and saved as it came; the same upload and the same send again are
/// answered with the original, other ones under their keys are mistakes.
#[tokio::test]
async fn a_file_goes_from_one_to_another() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let key = fresh_client_id();
    // Several of the pieces in which it is written.
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let name = "年度报告 \"v2\";.html";
    let uploaded = upload(&a, key, name, &bytes).await;
    assert_eq!(uploaded.status, 201, "{}", uploaded.text());
    let file: File = uploaded.read();
    assert_eq!((file.name.as_str(), file.bytes.get()), (name, bytes.len() as u64));
    let again = upload(&a, key, name, &bytes).await;
    assert_eq!((again.status, again.text()), (200, uploaded.text()));
    for (name, bytes) in [(name, &b"other"[..]), ("other", &bytes)] {
        let other = upload(&a, key, name, bytes).await;
        assert_eq!((other.status, other.code().as_str()), (409, "client_id_reused"));
    }
    assert_eq!(a.upload(key, picture()).await.code(), "client_id_reused");
    assert_eq!(files(server.data()), 1);

    let sent = a.post(&path::messages(id), &message(key, &file)).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    let replay = a.post(&path::messages(id), &message(key, &file)).await;
    assert_eq!((replay.status, replay.text()), (200, sent.text()));
    let about = b.conversation(id).await;
    assert_eq!((about.unread, about.last.unwrap().body), (1, MessageBody::File(file.clone())));
    assert_eq!(b.history(id, Seq::ZERO, 10).await.messages.len(), 1);

    let place = path::medium(file.media);
    for person in [&a, &b] {
        let saved = person.get(&place).await;
        assert_eq!((saved.status, saved.body == bytes), (200, true));
        assert_eq!(saved.header("content-type"), "application/octet-stream");
        let told = "attachment; filename*=UTF-8''%E5%B9%B4%E5%BA%A6%E6%8A%A5%E5%91%8A%20%22v2%22%3B.html";
        assert_eq!(saved.header("content-disposition"), told);
        assert_eq!(saved.header("cache-control"), "private, no-cache");
        assert_eq!(saved.header("x-content-type-options"), "nosniff");
        assert_eq!(saved.header("cross-origin-resource-policy"), "same-origin");
        assert!(saved.header("content-security-policy").starts_with("default-src 'none'"));
        // A picture of it there is none.
        assert_eq!(person.get(&path::thumb(file.media)).await.status, 404);
    }
    let part = Answer::of(b.request("GET", &place).header("range", "bytes=4-11")).await;
    assert_eq!((part.status, &part.body[..]), (206, &bytes[4..12]));
    let known = Answer::of(b.request("GET", &place).header("if-none-match", format!("\"{}\"", file.media))).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
}

/// R003-14, R001-18, R004-C3: who sees the message has the file, and nobody else, whatever they know; once it is recalled
/// nobody has it, and it is gone from the disk.
#[tokio::test]
async fn who_sees_the_message_has_the_file() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = a.open(&b).await;
    let (first, second) = (fresh_client_id(), fresh_client_id());
    let kept: File = upload(&a, first, "kept.txt", b"kept").await.read();
    let file: File = upload(&a, second, "notes.txt", b"notes").await.read();
    let sees = async |person: &Person| person.get(&path::medium(file.media)).await.status;
    assert_eq!(sees(&a).await, 404, "no message carries it");
    // One sends what one has uploaded oneself, once, and as it is.
    let refused = async |by: &Person, file: &File| {
        let answer = by.post(&path::messages(id), &message(fresh_client_id(), file)).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (422, &json!("body.media")));
    };
    refused(&b, &file).await;
    refused(&a, &File { name: "other.exe".parse().unwrap(), ..file.clone() }).await;
    a.post(&path::messages(id), &message(first, &kept)).await;
    let seq = a.post(&path::messages(id), &message(second, &file)).await.read::<protocol::Message>().seq;
    refused(&a, &file).await;
    assert_eq!((sees(&a).await, sees(&b).await, sees(&c).await), (200, 200, 404));
    b.put(&path::hidden(id), &json!({"seqs": [seq], "hidden": true})).await;
    assert_eq!((sees(&a).await, sees(&b).await), (200, 404));
    b.put(&path::hidden(id), &json!({"seqs": [seq], "hidden": false})).await;
    assert_eq!(sees(&b).await, 200);

    assert_eq!(a.post(&path::recall(id, seq), &json!({})).await.status, 200);
    assert_eq!((sees(&a).await, sees(&b).await), (404, 404));
    let begun = Instant::now();
    while files(server.data()) > 1 {
        assert!(begun.elapsed() < PATIENCE, "a recalled file is on the disk");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(b.get(&path::medium(kept.media)).await.body, b"kept");
}

/// R002-06: what is no file that can be sent is refused with a code, before it comes where its length is told.
#[tokio::test]
async fn bad_files_are_refused_with_a_code() {
    let server = TestServer::start();
    let a = server.person("aa").await;
    let key = fresh_client_id();
    let empty = upload(&a, key, "empty.txt", b"").await;
    assert_eq!((empty.status, empty.json()["error"]["field"].as_str()), (422, Some("file")));
    let valid = path::upload_file(key, &"a".parse().unwrap());
    for query in
        ["", "?client_id=x&name=a", "?name=a", &format!("?client_id={key}"), &format!("?client_id={key}&name=")]
    {
        let answer = Answer::of(a.request("POST", &format!("{}{query}", path::FILES)).body("a")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{query}");
    }
    for name in ["..", "a%2Fb", "a%5Cb", "a%00b", "a%0Ab", "%20a", "a%E2%80%AEb", &"a".repeat(256)] {
        let path = format!("{}?client_id={key}&name={name}", path::FILES);
        let answer = Answer::of(a.request("POST", &path).body("a")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{name}");
    }
    let told = async |length: u64| {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        let (host, token) = (&server.address, &a.token);
        let head = format!(
            "POST {valid} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\nabc"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    let mut stream = told(FileBytes::MAX + 1).await;
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    assert_eq!(files(server.data()), 0);
    // One that breaks off leaves nothing.
    let stream = told(1_000_000).await;
    let begun = Instant::now();
    while files(server.data()) == 0 {
        assert!(begun.elapsed() < PATIENCE, "it does not come in");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    drop(stream);
    while files(server.data()) > 0 {
        assert!(begun.elapsed() < PATIENCE, "a broken upload is on the disk");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(upload(&a, key, "a", b"a").await.status, 201);
}

/// R002-06: an answered file survives the death of the server, as every answer does (invariant 16).
#[tokio::test]
async fn an_answered_file_survives_the_server() {
    let mut server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (sent, waiting) = (fresh_client_id(), fresh_client_id());
    let file: File = upload(&a, sent, "sent.txt", b"sent").await.read();
    a.post(&path::messages(id), &message(sent, &file)).await;
    let unsent: File = upload(&a, waiting, "waiting.txt", b"waiting").await.read();
    server.kill();
    server.restart();
    let (a, b) = (a.at(&server.address), b.at(&server.address));
    assert_eq!(b.get(&path::medium(file.media)).await.body, b"sent");
    assert_eq!(upload(&a, waiting, "waiting.txt", b"waiting").await.status, 200);
    assert_eq!(a.post(&path::messages(id), &message(waiting, &unsent)).await.status, 201);
    assert_eq!(b.get(&path::medium(unsent.media)).await.body, b"waiting");
}

/// R002-06: what was coming in when the server died is gone right after the start; what had come stays.
#[tokio::test]
async fn what_was_coming_in_when_the_server_died_is_gone() {
    let mut server = TestServer::start();
    let a = server.person("aa").await;
    assert_eq!(upload(&a, fresh_client_id(), "a", b"whole").await.status, 201);
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let (valid, token) = (path::upload_file(fresh_client_id(), &"b".parse().unwrap()), &a.token);
    let head = format!(
        "POST {valid} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-length: 1000000\r\n\r\nhalf"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let become_so_many = async |server: &TestServer, number: usize| {
        let begun = Instant::now();
        while files(server.data()) != number {
            assert!(begun.elapsed() < PATIENCE, "there are {} files", files(server.data()));
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    become_so_many(&server, 2).await;
    server.kill();
    assert_eq!(files(server.data()), 2);
    server.restart();
    become_so_many(&server, 1).await;
}
