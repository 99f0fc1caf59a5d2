//! What a device is told that was away, or that has nothing yet.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod support;

use protocol::path;
use support::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The bytes of one answer on a connection that stays open: status line, headers and body.
async fn answer(connection: &mut TcpStream, request: &str) -> String {
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    loop {
        connection.read_buf(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            return text;
        }
    }
}

/// R003-15, R004-G4: a sync with nothing new is at most 300 bytes, everything counted, and lists no conversation.
#[tokio::test]
async fn a_sync_with_nothing_new_is_300_bytes_in_all() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    for _ in 0..300 {
        a.send(id, "x").await;
    }
    b.report(id, 300, 300).await;
    let page = a.sync(None).await;
    let token = page.token;
    let mut connection = TcpStream::connect(&server.address).await.unwrap();
    // What a browser asks for: it takes compressed answers, and keeps the connection.
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: {}\r\naccept-encoding: gzip, deflate, br\r\ncookie: sixin_login={}\r\n\r\n",
        path::sync(&token),
        server.address,
        a.token
    );
    for _ in 0..2 {
        let answer = answer(&mut connection, &request).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && !answer.contains("conversations"), "{answer}");
        // Positions grow: billions of commits and a hundred million changes of one account must fit as well.
        let to_come = "ffffffff.5f5e100".len() - token.len() + "100000000".len() - page.upd.to_string().len();
        assert!(answer.len() + to_come <= 300, "{} bytes and {to_come} to come: {answer}", answer.len());
    }
}
