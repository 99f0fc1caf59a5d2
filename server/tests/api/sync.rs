//! What a device is told that was away, or that has nothing yet.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{BINARY, Browser, PASSWORD, Person, TestServer, now};
use protocol::messaging::Conversations;
use protocol::path;
use protocol::sync::SyncPage;
use std::collections::BTreeSet;
use std::process::Command;
use tempfile::TempDir;
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

/// R004-G2: a device is told how long its pages should be, and names that; a page longer than a segment comes in several,
/// each of which tells what is left, also to one that goes on elsewhere with the token alone.
#[tokio::test]
async fn a_sync_comes_in_pages() {
    let server = TestServer::start_with(&[("SIXIN_SYNC_SEGMENT_SIZE", "2"), ("SIXIN_SYNC_PAGE_SIZE", "3")]);
    let me = server.person("me").await;
    for n in 0..6 {
        me.open(&server.person(&format!("peer{n}")).await).await;
    }
    let hello = me.push_values().await.next().await;
    assert_eq!(hello["hello"]["rules"]["sync_page_size"], 3, "{hello}");
    let (mut since, mut answers) = (None, Vec::new());
    loop {
        let page: SyncPage = me.get(&path::sync_page(since.as_deref(), 3.try_into().unwrap())).await.read();
        answers.push((page.conversations.len(), page.left, page.more));
        since = Some(page.token);
        if !page.more {
            break;
        }
    }
    assert_eq!(answers, [(2, 1, true), (1, 0, true), (2, 1, true), (1, 0, false)]);
    for refused in ["0", "501", "-1", "x", ""] {
        let answer = me.get(&format!("{}?page_size={refused}", path::SYNC)).await;
        assert_eq!(answer.status, 422, "{refused}");
        assert_eq!(answer.json()["error"]["field"], "page_size", "{refused}");
    }
}

/// A data folder with conversations of `me`, which an import brought and everybody has read: each with the peer of this
/// number, the newest message from this time.
fn imported(conversations: impl Iterator<Item = (u64, u64)>) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("old.jsonl");
    let line = |(n, at): (u64, u64)| {
        format!(
            r#"{{"chat":"{n}","kind":"direct","at":{at},"sender":"me","text":"x"}}
{{"chat":"{n}","kind":"direct","at":{at},"sender":"peer{n}","text":"y"}}
"#
        )
    };
    std::fs::write(&file, conversations.map(line).collect::<String>()).unwrap();
    let mut import = Command::new(BINARY);
    import.arg("import").arg(&file).arg("--data").arg(data.path()).args(["--password", PASSWORD]);
    assert!(import.output().unwrap().status.success());
    data
}

/// The peers whose conversations a device without data is given.
async fn first_sync(person: &Person) -> Vec<String> {
    let mut page = person.sync(None).await;
    let mut peers = Vec::new();
    loop {
        peers.extend(page.conversations.iter().map(|it| it.peer.as_ref().unwrap().handle.as_str().to_owned()));
        if !page.more {
            return peers;
        }
        page = person.sync(Some(&page.token)).await;
    }
}

/// R004-G1: a first sync goes back 183 days, or as many as are set; beyond a segment of the newest it gives nothing
/// that rested for longer.
#[tokio::test]
async fn a_first_sync_goes_half_a_year_back() {
    const HOUR: u64 = 3_600_000;
    let hours = [1, 10 * 24 - 1, 10 * 24 + 1, 183 * 24 - 1, 183 * 24 + 1];
    let peers = |hours: &[u64]| hours.iter().map(|hours| format!("peer{hours}")).collect::<Vec<_>>();
    let data = imported(hours.into_iter().map(|hours| (hours, now() - hours * HOUR)));
    let server = TestServer::start_on(data, Command::new(BINARY), &[("SIXIN_SYNC_SEGMENT_SIZE", "1")]);
    let me = Person::log_in(&server.address, "me", PASSWORD).await;
    assert_eq!(first_sync(&me).await, peers(&hours[..4]));
    let server = server.restart_with("SIXIN_SYNC_FULL_DAYS", "10");
    assert_eq!(first_sync(&me.at(&server.address)).await, peers(&hours[..2]));
}

/// R004-G1: what a first sync leaves out, because it rested for long, follows in the session list, page by page; with a
/// page too, without scripts.
#[tokio::test]
async fn what_a_first_sync_leaves_out_follows_in_the_list() {
    let data = imported((1..=60).map(|n| (n, 1_100_000_000_000 + n)));
    let server = TestServer::start_on(data, Command::new(BINARY), &[("SIXIN_SYNC_SEGMENT_SIZE", "4")]);
    let me = Person::log_in(&server.address, "me", PASSWORD).await;
    let mut page = me.sync(None).await;
    let mut ids: Vec<_> = page.conversations.iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), 4, "in any case a segment of the newest");
    let first = page.older.clone().unwrap();
    while page.more {
        page = me.sync(Some(&page.token)).await;
        ids.extend(page.conversations.iter().map(|it| it.id));
    }
    assert_eq!((ids.len(), page.older.as_ref()), (4, Some(&first)));
    assert_eq!(me.sync(Some(&page.token)).await.older, None);
    let mut place = page.older;
    while let Some(before) = place {
        let page: Conversations = me.get(&path::conversations_before(&before, 20)).await.read();
        ids.extend(page.conversations.iter().map(|it| it.id));
        place = page.next;
    }
    assert_eq!(ids.len(), 60);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 60, "each of them once");

    let mut browser = Browser::new(&server.address);
    browser.log_in("me", PASSWORD).await;
    let (mut shown, mut link) = (BTreeSet::new(), "/".to_owned());
    for expected in [4, 54, 60] {
        let html = browser.get(&link).await.text();
        let rows = html.split("data-id=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        shown.extend(rows);
        assert_eq!(shown.len(), expected);
        assert_eq!(html.contains("id=\"snapshot\""), link == "/", "only the head of the list is made live");
        match html.split("href=\"/?before=").nth(1) {
            Some(rest) => link = format!("/?before={}", rest.split('"').next().unwrap()),
            None => assert_eq!(expected, 60),
        }
    }
    let without_older = server.person("new").await.sync(None).await.older;
    assert_eq!(without_older, None);
    assert_eq!(browser.get("/?before=x").await.status, 422);
}
