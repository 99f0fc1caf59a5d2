//! What one account, everybody or one device no longer sees: over the API, on every surface, on every device.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, BINARY, PASSWORD, Person, Push, TestServer, fresh_client_id, text_message};
use protocol::sync::AccountChange;
use protocol::{ConversationId, LogChange, Message, MessageBody, Rev, Seq, ServerFrame, Upd, path};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn seq(number: u64) -> Seq {
    Seq::ZERO.plus(number)
}

fn hide(seqs: &[u64], hidden: bool) -> Value {
    json!({"seqs": seqs, "hidden": hidden})
}

async fn recall(person: &Person, id: ConversationId, at: u64) -> Answer {
    Answer::of(person.request("POST", &path::recall(id, seq(at)))).await
}

/// A message from whose sight some members are kept.
async fn withhold(person: &Person, id: ConversationId, text: &str, from: &[&Person]) -> Answer {
    let mut request = text_message(fresh_client_id(), text);
    request["invisible_list"] = from.iter().map(|person| json!(person.id)).collect();
    person.post(&path::messages(id), &request).await
}

/// The next change of the account's own log.
async fn own(push: &mut Push) -> Vec<AccountChange> {
    loop {
        match push.frame().await {
            ServerFrame::Account { prev, pos, changes } => {
                assert_eq!(prev.plus(changes.len() as u64), pos);
                if !matches!(changes[..], [AccountChange::Joined { .. }]) {
                    return changes;
                }
            }
            ServerFrame::Conversation { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The next change of a conversation's log.
async fn shared(push: &mut Push) -> (Rev, Rev, Seq, LogChange) {
    loop {
        match push.frame().await {
            ServerFrame::Conversation { prev, pos, head_seq, change, .. } => return (prev, pos, head_seq, change),
            ServerFrame::Account { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A group of these handles, made by an import, and its members logged in.
async fn group(handles: &[&str], environment: &[(&str, &str)]) -> (TestServer, ConversationId, Vec<Person>) {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("group.jsonl");
    let line = |handle: &&str| {
        json!({"chat": "group", "kind": "group", "at": 1, "sender": handle, "text": "before"}).to_string()
    };
    std::fs::write(&file, handles.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap();
    import(data.path(), &file);
    let server = TestServer::start_on(data, Command::new(BINARY), environment);
    let mut members = Vec::new();
    for handle in handles {
        members.push(Person::log_in(&server.address, handle, PASSWORD).await);
    }
    let id = members[0].sync(None).await.conversations[0].id;
    (server, id, members)
}

fn import(data: &Path, file: &Path) {
    let mut command = Command::new(BINARY);
    command.arg("import").arg(file).arg("--data").arg(data).args(["--password", PASSWORD]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// R004-B4, R004-B5, R004-H4, R004-H7: what one device deletes leaves the other at once, in one frame, and counts one
/// less where it was unread; a device that was away hears of it by its next sync; the peer hears nothing.
#[tokio::test]
async fn a_deletion_reaches_the_other_devices() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let other = Person::log_in(&server.address, "bb", PASSWORD).await;
    let id = a.open(&b).await;
    for _ in 0..4 {
        a.send(id, "x").await;
    }
    b.report(id, 1, 1).await;
    let token = b.sync(None).await.token;
    let peer = a.conversation(id).await;
    server.settled().await;
    let mut push = other.push().await;
    assert_eq!(b.put(&path::hidden(id), &hide(&[1, 3, 4], true)).await.status, 204);
    let hidden = |at| AccountChange::Hidden { conversation: id, seq: seq(at) };
    assert_eq!(own(&mut push).await, [hidden(1), hidden(3), hidden(4)]);
    for device in [&b, &other] {
        let seen = device.conversation(id).await;
        assert_eq!((seen.unread, seen.hidden, seen.last.unwrap().seq), (1, vec![seq(3), seq(4)], seq(2)));
    }
    assert_eq!(b.sync(Some(&token)).await.changes, [hidden(1), hidden(3), hidden(4)]);

    assert_eq!(other.put(&path::hidden(id), &hide(&[4, 2], false)).await.status, 204);
    let taken_back = own(&mut push).await;
    assert!(matches!(&taken_back[..], [AccountChange::Shown { message, .. }] if message.seq == seq(4)));
    let changes = b.sync(Some(&token)).await.changes;
    assert_eq!(changes, [vec![hidden(1), hidden(3)], taken_back].concat());
    assert_eq!(a.conversation(id).await, peer);
    for refused in [hide(&[], true), hide(&[1; 101], true), json!({"seqs": [1]}), json!({"seqs": [-1], "hidden": true})]
    {
        assert_eq!(b.put(&path::hidden(id), &refused).await.status, 422, "{refused}");
    }
}

/// R001-17, R001-18, R004-B7 (5): a recall reaches both sides in its place of the log, lowers the peer's count, leaves a
/// tip, and answers every replay of the send.
#[tokio::test]
async fn a_recall_reaches_everybody() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let request = text_message(fresh_client_id(), "oh no");
    a.post(&path::messages(id), &request).await.read::<Message>();
    server.settled().await;
    let mut pushes = [a.push().await, b.push().await];
    assert_eq!((b.conversation(id).await.unread, recall(&b, id, 1).await.status), (1, 403));
    let left: Message = recall(&a, id, 1).await.read();
    assert_eq!((left.seq, &left.body), (seq(1), &MessageBody::Recalled { by: Some(a.id) }));
    for push in &mut pushes {
        let (prev, pos, head, change) = shared(push).await;
        assert_eq!((prev.next(), pos, head), (left.rev, left.rev, seq(1)));
        assert!(matches!(change, LogChange::Message { message, sender, .. } if message == left && sender.id == a.id));
    }
    let seen = b.conversation(id).await;
    assert_eq!((seen.unread, &seen.silent, seen.last), (0, &vec![seq(1)], Some(left.clone())));
    let replay = a.post(&path::messages(id), &request).await;
    assert_eq!((replay.status, replay.read::<Message>()), (200, left.clone()));
    let again = recall(&a, id, 1).await;
    assert_eq!((again.status, again.read::<Message>()), (200, left.clone()));
    assert_eq!((recall(&a, id, 2).await.status, a.conversation(id).await.rev), (404, left.rev));
}

/// R001-18: the window is the server's, and 0 turns recalling off.
#[tokio::test]
async fn a_recall_comes_too_late() {
    let server = TestServer::start_with(&[("SIXIN_RECALL_WINDOW", "0")]);
    let a = server.person("aa").await;
    let id = a.open(&a).await;
    a.send(id, "x").await;
    let late = recall(&a, id, 1).await;
    assert_eq!((late.status, late.code().as_str()), (400, "recall_expired"));
    let ServerFrame::Hello { rules, .. } = serde_json::from_value(a.push_values().await.next().await).unwrap() else {
        panic!("no greeting");
    };
    assert_eq!(rules.recall_window_s, 0);
}

/// R001-18: the window is as long as it is set: what was sent within it is recalled, and what was sent before it stays.
#[tokio::test]
async fn a_recall_has_a_window() {
    let server = TestServer::start_with(&[("SIXIN_RECALL_WINDOW", "5")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let kept = a.send(id, "kept").await;
    a.send(id, "taken back").await;
    let taken = recall(&a, id, 2).await;
    assert_eq!((taken.status, taken.read::<Message>().body), (200, MessageBody::Recalled { by: Some(a.id) }));
    tokio::time::sleep(Duration::from_millis(5_500)).await;
    let late = recall(&a, id, 1).await;
    assert_eq!((late.status, late.code().as_str()), (400, "recall_expired"));
    assert_eq!(b.history(id, Seq::ZERO, 10).await.messages.first(), Some(&kept));
}

/// R001-14, invariant 11: who may not see a message gets its place in the log and not a byte of it, by push and by pull,
/// when it is sent and when it is recalled.
#[tokio::test]
async fn a_withheld_message_reaches_the_others() {
    let (server, id, members) = group(&["aa", "bb", "cc"], &[]).await;
    let [a, b, c] = &members[..] else { panic!("three members") };
    server.settled().await;
    let (mut kept, mut told, mut sender) = (b.push().await, c.push().await, a.push().await);
    let sent: Message = withhold(a, id, "sentinel", &[b, b]).await.read();
    assert_eq!((sent.seq, recall(a, id, 4).await.status), (seq(4), 200));
    let plain = a.send(id, "for all").await;
    for expected in [sent.rev, sent.rev.next()] {
        let (prev, pos, head, change) = shared(&mut kept).await;
        assert_eq!((prev.next(), pos, head, change), (expected, expected, seq(4), LogChange::Withheld { seq: seq(4) }));
        for push in [&mut told, &mut sender] {
            let (_, pos, _, change) = shared(push).await;
            assert!(
                matches!(change, LogChange::Message { message, .. } if (message.seq, message.rev) == (seq(4), pos))
            );
        }
    }
    assert!(matches!(shared(&mut kept).await.3, LogChange::Message { message, .. } if message == plain));
    let seen = b.conversation(id).await;
    assert_eq!((seen.unread, seen.silent, seen.last.unwrap().seq), (1, vec![seq(4)], seq(5)));
    assert_eq!(b.history(id, seq(3), 10).await.messages, std::slice::from_ref(&plain));
    assert_eq!(b.changes(id, sent.rev.prev()).await.messages, [plain]);

    let nobody = Person { id: 999u64.try_into().unwrap(), ..a.clone() };
    for refused in [vec![a], vec![&nobody], vec![b, &nobody], vec![b; 501]] {
        let answer = withhold(a, id, "x", &refused).await;
        assert_eq!((answer.status, answer.json()["error"]["field"].as_str()), (422, Some("invisible_list")));
    }
}

/// R001-05, R004-H5, R004-B7 (14, 15): a conversation leaves the list of the device that deletes it, and of a new one, until
/// somebody writes; the other device keeps it and is told nothing.
#[tokio::test]
async fn a_deleted_conversation_returns_with_the_next_message() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let other = Person::log_in(&server.address, "bb", PASSWORD).await;
    let id = a.open(&b).await;
    for _ in 0..3 {
        a.send(id, "x").await;
    }
    let before = other.conversation(id).await;
    let (token, quiet) = (b.sync(None).await.token, other.sync(None).await.token);
    assert_eq!(b.delete(&path::conversation_through(id, seq(3), false)).await.status, 204);
    assert_eq!(b.delete(&path::conversation(id)).await.status, 400);
    assert_eq!(other.conversation(id).await, before);
    let new = Person::log_in(&server.address, "bb", PASSWORD).await;
    for device in [&b, &new] {
        let listed: Value = device.get(path::CONVERSATIONS).await.read();
        assert_eq!(listed["conversations"], json!([]));
        assert!(device.sync(None).await.conversations.is_empty());
        assert!(device.history(id, Seq::ZERO, 10).await.messages.is_empty());
    }
    // The device may have missed the answer: it is told once more. Nobody else is.
    let told = b.sync(Some(&token)).await;
    let floors: Vec<Option<Seq>> = told.conversations.iter().map(|about| about.floor).collect();
    assert_eq!((floors, told.changes), (vec![Some(seq(3))], Vec::new()));
    assert!(b.sync(Some(&told.token)).await.conversations.is_empty());
    assert!(other.sync(Some(&quiet)).await.conversations.is_empty());
    a.send(id, "again").await;
    for device in [&b, &new] {
        let [seen] = &device.sync(None).await.conversations[..] else { panic!("one conversation") };
        assert_eq!((seen.floor, seen.vis_from, seen.unread), (Some(seq(3)), seq(4), 1));
        assert_eq!(device.history(id, Seq::ZERO, 10).await.messages.len(), 1);
    }
    assert_eq!(other.conversation(id).await.unread, 4);
}

/// R004-H6: a report hides the message from the reporter alone, whom nobody learns of; one's own cannot be reported.
#[tokio::test]
async fn a_report_is_between_the_reporter_and_the_server() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    a.send(id, "buy my coins").await;
    let before = a.sync(None).await;
    let report = json!({"reason": "fraud", "note": "coins", "hide": true});
    assert_eq!(a.post(&path::report(id, seq(1)), &report).await.code(), "not_allowed");
    for _ in 0..2 {
        assert_eq!(b.post(&path::report(id, seq(1)), &report).await.status, 204);
    }
    let seen = b.conversation(id).await;
    assert_eq!((seen.unread, seen.last), (0, None));
    assert_eq!(b.post(&path::report(id, seq(2)), &report).await.status, 404);
    assert_eq!(b.put(&path::hidden(id), &hide(&[1], false)).await.status, 204);
    assert_eq!(b.conversation(id).await.hidden, [seq(1)], "a report is not taken back");
    let after = a.sync(Some(&before.token)).await;
    assert!(after.changes.is_empty() && after.conversations.is_empty());
    for refused in [
        json!({"reason": "dull", "hide": true}),
        json!({"reason": "spam"}),
        json!({"reason": "spam", "hide": true, "note": ""}),
    ] {
        assert_eq!(b.post(&path::report(id, seq(1)), &refused).await.status, 422, "{refused}");
    }
}

/// Hiding, recalling, reporting and deleting are limited like sending.
#[tokio::test]
async fn actions_are_limited_like_sends() {
    let server = TestServer::start_with(&[("SIXIN_SENDS_PER_SECOND", "1"), ("SIXIN_SENDS_AT_ONCE", "2")]);
    let a = server.person("aa").await;
    let id = a.open(&a).await;
    let began = Instant::now();
    for _ in 0..2 {
        a.send(id, "x").await;
    }
    let report = json!({"reason": "spam", "hide": false});
    let answers = [
        a.put(&path::hidden(id), &hide(&[1], true)).await,
        recall(&a, id, 1).await,
        a.post(&path::report(id, seq(1)), &report).await,
        a.delete(&path::conversation_through(id, seq(2), false)).await,
    ];
    let due = 1 + began.elapsed().as_secs() as usize;
    let accepted = answers.iter().filter(|answer| answer.status != 429).count();
    assert!(accepted <= due, "{accepted} were let in, not {due}: {answers:?}");
}

/// Everything that a device can ask for, as one text.
async fn everything(device: &Person, id: ConversationId, since: &str) -> String {
    let mut all = String::new();
    for asked in [
        path::CONVERSATIONS.to_owned(),
        path::conversation(id),
        path::messages(id),
        path::messages_after(id, Seq::ZERO, 100),
        path::messages_before(id, seq(99), 100),
        path::changes(id, Rev::ZERO),
        path::SYNC.to_owned(),
        path::sync(since),
        path::unread(id),
        path::readers(id),
        path::receipts_after(Upd::ZERO),
        format!("{}?query=sentinel", path::USERS),
        "/".to_owned(),
        path::page(id),
        format!("{}?before=99", path::page(id)),
    ] {
        let cookie = format!("sixin_login={}", device.token);
        let request = reqwest::Client::new().get(format!("http://{}{asked}", device.address)).header("cookie", cookie);
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 200, "{asked}");
        all.push_str(&answer.text());
    }
    all
}

/// T24, R001-10, invariant 11: once a recall is answered its text is on no surface, for the peer, a member of the group, or
/// the sender's other device; within a minute it is in no file either.
#[tokio::test]
async fn a_recalled_text_is_on_no_surface() {
    const TEXT: &str = "sentinel-7f3a";
    let (server, id, members) = group(&["aa", "bb", "cc"], &[]).await;
    let a = &members[0];
    let devices = [&members[..], &[Person::log_in(&server.address, "aa", PASSWORD).await]].concat();
    let direct = a.open(&members[1]).await;
    let mut tokens = Vec::new();
    for device in &devices {
        tokens.push(device.sync(None).await.token);
    }
    let request = text_message(fresh_client_id(), TEXT);
    let sent: Message = a.post(&path::messages(id), &request).await.read();
    let other: Message = a.send(direct, TEXT).await;
    for (conversation, message) in [(id, &sent), (direct, &other)] {
        let answer = recall(a, conversation, message.seq.get()).await;
        assert_eq!((answer.status, answer.text().contains(TEXT)), (200, false));
    }
    // What is generated from now on, by push as well.
    server.settled().await;
    let mut pushes = Vec::new();
    for device in &devices {
        pushes.push(device.push().await);
    }
    assert!(!a.post(&path::messages(id), &request).await.text().contains(TEXT));
    assert!(!recall(a, id, sent.seq.get()).await.text().contains(TEXT));
    a.send(id, "later").await;
    members[1].put(&path::hidden(id), &hide(&[sent.seq.get()], true)).await;
    members[1].put(&path::hidden(id), &hide(&[sent.seq.get()], false)).await;
    for (device, token) in devices.iter().zip(&tokens) {
        let conversations = if device.handle == "cc" { vec![id] } else { vec![id, direct] };
        for conversation in conversations {
            assert!(!everything(device, conversation, token).await.contains(TEXT), "{}", device.handle);
        }
    }
    for push in &mut pushes {
        loop {
            let frame = push.next().await.to_string();
            assert!(!frame.contains(TEXT), "{frame}");
            if frame.contains("later") {
                break;
            }
        }
    }
    let end = Instant::now() + Duration::from_secs(60);
    while files_hold(server.data(), TEXT) {
        assert!(Instant::now() < end, "a file of the data folder still holds it");
        std::thread::park_timeout(Duration::from_millis(200));
    }
}

fn files_hold(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}
