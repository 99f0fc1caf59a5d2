//! The audit of texts: what is asked, what a verdict does, and what nobody is asked about.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{
    AUDIT_SECRET, Answer, FORBIDDEN, Listener, Manner, Person, Request, asking, fresh_client_id, text_message,
};
use hmac::{Hmac, Mac};
use protocol::{Contact, Conversation, ConversationId, File, MessageBody, Seq, ServerFrame, path};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

async fn auditor() -> Listener {
    Listener::start_as(Manner::Audit, &[]).await
}

async fn post(person: &Person, to: ConversationId, text: &str) -> Answer {
    person.post(&path::messages(to), &text_message(fresh_client_id(), text)).await
}

async fn group(owner: &Person, members: &[&Person]) -> ConversationId {
    let members: Vec<_> = members.iter().map(|person| person.id).collect();
    let made: Conversation = owner.post(path::CONVERSATIONS, &json!({"title": "群", "members": members})).await.read();
    made.id
}

fn texts(heard: &[Request]) -> Vec<String> {
    let text = |request: &Request| {
        let question: Value = serde_json::from_str(&request.body).unwrap();
        question["text"].as_str().unwrap().to_owned()
    };
    heard.iter().map(text).collect()
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// R004-I4: a text is asked about, signed over time and body; one that is let through is sent.
#[tokio::test]
async fn a_text_is_asked_about_before_it_is_sent() {
    let auditor = auditor().await;
    let server = asking(&auditor.address, &[]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let client_id = fresh_client_id();
    assert_eq!(a.post(&path::messages(id), &text_message(client_id, "你好\n\"再见\"")).await.status, 201);
    assert_eq!(b.conversation(id).await.unread, 1);

    let heard = auditor.heard();
    assert_eq!(heard.len(), 1);
    let request = &heard[0];
    assert_eq!(request.line, "POST /texts?of=sixin HTTP/1.1");
    assert_eq!(request.header("content-type"), "application/json");
    let expected =
        json!({"client_id": client_id, "conversation": id, "kind": "direct", "sender": a.id, "text": "你好\n\"再见\""});
    assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap(), expected);
    let fields: Vec<_> = request.header("sixin-signature").split(',').collect();
    let (at, sig) = (fields[0].strip_prefix("t=").unwrap(), fields[1].strip_prefix("sig=").unwrap());
    let mac = Hmac::<Sha256>::new_from_slice(AUDIT_SECRET.as_bytes()).unwrap();
    let mac = mac.chain_update(format!("sixin-audit-1\n{at}\n{}", request.body)).finalize().into_bytes();
    assert_eq!(sig, mac.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    assert!(seconds().abs_diff(at.parse().unwrap()) < 60);
}

/// R004-I4, R004-I10: a text that is not let through leaves nothing with anybody; the same again is asked about again, and
/// sent once the auditor has nothing against it.
#[tokio::test]
async fn a_text_that_fails_its_audit_reaches_nobody() {
    let auditor = auditor().await;
    let server = asking(&auditor.address, &[]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut push = b.push().await;
    let before = (a.sync(None).await.token, b.sync(None).await.token);
    let message = text_message(fresh_client_id(), FORBIDDEN);
    for asked in 1..=2 {
        let refused = a.post(&path::messages(id), &message).await;
        assert_eq!((refused.status, refused.code()), (403, "sensitive".to_owned()));
        assert_eq!(refused.json()["error"]["retryable"], json!(false));
        assert!(!refused.text().contains(FORBIDDEN));
        assert_eq!(auditor.heard().len(), asked);
    }
    for (person, since) in [(&a, &before.0), (&b, &before.1)] {
        let moved = person.sync(Some(since)).await;
        assert!(moved.conversations.is_empty() && moved.changes.is_empty());
        assert_eq!(person.conversation(id).await.head_seq, Seq::ZERO);
    }
    assert_eq!(b.conversation(id).await.unread, 0);

    auditor.then(&[Manner::Say(r#"{"allow": true, "more": 1}"#)]);
    assert_eq!(a.post(&path::messages(id), &message).await.status, 201);
    // The first that the receiver hears of the conversation is the message that was let through.
    let heard = loop {
        if let ServerFrame::Conversation { pos, head_seq, .. } = push.frame().await {
            break (pos.get(), head_seq);
        }
    };
    assert_eq!(heard, (1, Seq::ZERO.plus(1)));
}

/// R004-I4: what a file is called is asked about, as a text is; what is in it is not.
#[tokio::test]
async fn the_name_of_a_file_is_asked_about() {
    let auditor = auditor().await;
    let server = asking(&auditor.address, &[]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    for (name, content, status) in [(format!("{FORBIDDEN}.txt"), "fair", 403), ("fair.txt".to_owned(), FORBIDDEN, 201)]
    {
        let key = fresh_client_id();
        let upload = path::upload_file(key, &name.parse().unwrap());
        let file: File = Answer::of(a.request("POST", &upload).body(content)).await.read();
        let message = json!({"client_id": key, "body": MessageBody::File(file)});
        assert_eq!(a.post(&path::messages(id), &message).await.status, status, "{name}");
        assert_eq!(texts(&auditor.heard()).last(), Some(&name));
    }
    assert_eq!(b.conversation(id).await.unread, 1);
}

/// R001-12, R004-I12: what is stored already is answered with the original, whatever the auditor would say now; another
/// text under its key is a mistake. Neither is asked about.
#[tokio::test]
async fn a_replay_is_not_asked_about() {
    let auditor = auditor().await;
    let server = asking(&auditor.address, &[]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let client_id = fresh_client_id();
    let first = a.post(&path::messages(id), &text_message(client_id, "x")).await;
    assert_eq!(first.status, 201);
    auditor.then(&[Manner::Say(r#"{"allow": false}"#)]);
    let again = a.post(&path::messages(id), &text_message(client_id, "x")).await;
    assert_eq!((again.status, again.text()), (200, first.text()));
    let other = a.post(&path::messages(id), &text_message(client_id, "y")).await;
    assert_eq!((other.status, other.code()), (409, "client_id_reused".to_owned()));
    assert_eq!(auditor.heard().len(), 1);
}

/// R004-I11: whoever is blocked, refused by a setting, over the limit for strangers, muted, or no member is told so, and
/// nothing of what they wrote reaches the auditor; a block and accepting nobody look the same.
#[tokio::test]
async fn nothing_of_the_refused_reaches_the_auditor() {
    let auditor = auditor().await;
    let server = asking(&auditor.address, &[("SIXIN_STRANGER_MSG_LIMIT", "1")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let accept =
        async |from: &str| assert_eq!(b.patch(path::ACCOUNT_ME, &json!({"messages_from": from})).await.status, 200);
    let refused = async |why: &str| {
        let answer = post(&a, id, FORBIDDEN).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, why));
        answer.text()
    };
    accept("followed").await;
    refused("not_followed").await;
    accept("followers").await;
    refused("followers_only").await;
    accept("nobody").await;
    let closed = refused("not_accepted").await;
    accept("everyone").await;
    let _: Contact = b.put(&path::block(a.id), &json!({})).await.read();
    assert_eq!(refused("not_accepted").await, closed);
    assert_eq!(b.delete(&path::block(a.id)).await.status, 204);

    assert_eq!(post(&a, id, "一").await.status, 201);
    refused("awaiting_answer").await;
    b.send(id, "二").await;
    refused("sensitive").await;

    let c = server.person("cc").await;
    let (all, closed) = (group(&b, &[&a]).await, group(&b, &[&c]).await);
    assert_eq!(b.patch(&path::member(all, a.id), &json!({"mute_ms": 3_600_000})).await.status, 204);
    assert_eq!(post(&a, all, FORBIDDEN).await.code(), "muted");
    assert_eq!(post(&a, closed, FORBIDDEN).await.status, 404);
    assert_eq!(texts(&auditor.heard()), ["一", "二", FORBIDDEN]);
}

/// R004-I12, R004-I11: what the receiver decides while the auditor thinks holds, whatever the verdict.
#[tokio::test]
async fn a_block_during_the_audit_holds() {
    let auditor = Listener::start_as(Manner::Audit, &[Manner::Late(Duration::from_secs(4))]).await;
    let server = asking(&auditor.address, &[]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let sending = tokio::spawn({
        let a = a.clone();
        async move { post(&a, id, "你好").await }
    });
    auditor.hear(1).await;
    let _: Contact = b.put(&path::block(a.id), &json!({})).await.read();
    let answer = sending.await.unwrap();
    assert_eq!((answer.status, answer.code()), (403, "not_accepted".to_owned()));
    assert_eq!(auditor.heard().len(), 1);
}

/// R004-I4, R004-I14: texts in groups are audited, notes to oneself are not.
#[tokio::test]
async fn groups_are_audited_and_notes_to_oneself_are_not() {
    let auditor = auditor().await;
    let server = asking(&auditor.address, &[]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let own = a.open(&a).await;
    assert_eq!(post(&a, own, FORBIDDEN).await.status, 201);
    assert!(auditor.heard().is_empty());
    let all = group(&a, &[&b]).await;
    assert!(auditor.heard().is_empty(), "a title is no message");
    let unread = b.conversation(all).await.unread;
    assert_eq!(post(&a, all, FORBIDDEN).await.code(), "sensitive");
    assert_eq!(b.conversation(all).await.unread, unread);
    assert_eq!(post(&a, all, "大家好").await.status, 201);
    assert_eq!(b.conversation(all).await.unread, unread + 1);
    let heard = auditor.heard();
    assert_eq!(texts(&heard), [FORBIDDEN, "大家好"]);
    let question: Value = serde_json::from_str(&heard[0].body).unwrap();
    assert_eq!((&question["kind"], &question["conversation"]), (&json!("group"), &json!(all)));
}

/// What is no verdict.
const NONE: [Manner; 8] = [
    Manner::Answer(500),
    Manner::Answer(204),
    Manner::Say("{}"),
    Manner::Say(r#"{"allow": "yes"}"#),
    Manner::Redirect,
    Manner::HangUp,
    Manner::Endless,
    Manner::Silent,
];

/// R004-I4: without a verdict a text is refused as by a server that is overloaded, so that its device tries again; then it is
/// asked about again.
#[tokio::test]
async fn a_text_without_a_verdict_is_to_be_sent_later() {
    for manner in NONE {
        let auditor = Listener::start_as(Manner::Audit, &[manner]).await;
        let server = asking(&auditor.address, &[("SIXIN_AUDIT_TIMEOUT_MS", "2000")]);
        let (a, b) = (server.person("aa").await, server.person("bb").await);
        let id = a.open(&b).await;
        let message = text_message(fresh_client_id(), "你好");
        let refused = a.post(&path::messages(id), &message).await;
        assert_eq!((refused.status, refused.code()), (503, "unavailable".to_owned()), "{manner:?}");
        assert_eq!(refused.json()["error"]["retryable"], json!(true));
        assert_eq!(b.conversation(id).await.head_seq, Seq::ZERO);
        assert_eq!(a.post(&path::messages(id), &message).await.status, 201, "{manner:?}");
        assert!(auditor.heard().iter().all(|request| !request.line.contains("elsewhere")));
    }
}

/// R004-I4: where the operator wants it so, a text without a verdict is sent; a verdict counts as ever.
#[tokio::test]
async fn a_text_without_a_verdict_is_sent_where_the_operator_wants_it() {
    for manner in NONE {
        let auditor = Listener::start_as(Manner::Audit, &[manner]).await;
        let more = [("SIXIN_AUDIT_TIMEOUT_MS", "2000"), ("SIXIN_AUDIT_UNANSWERED", "allow")];
        let server = asking(&auditor.address, &more);
        let (a, b) = (server.person("aa").await, server.person("bb").await);
        let id = a.open(&b).await;
        assert_eq!(post(&a, id, FORBIDDEN).await.status, 201, "{manner:?}");
        assert_eq!(post(&a, id, FORBIDDEN).await.code(), "sensitive", "{manner:?}");
    }
}

/// R004-I4: an auditor that is not there at all is one that says nothing.
#[tokio::test]
async fn an_auditor_that_is_away_says_nothing() {
    let address = auditor().await.address.clone();
    for (unanswered, status) in [("refuse", 503), ("allow", 201)] {
        let server = asking(&address, &[("SIXIN_AUDIT_UNANSWERED", unanswered)]);
        let (a, b) = (server.person("aa").await, server.person("bb").await);
        let id = a.open(&b).await;
        assert_eq!(post(&a, id, "你好").await.status, status, "{unanswered}");
    }
}

/// R004-I4: a text that the auditor thinks about keeps nobody else's waiting, nor what nobody is asked about.
#[tokio::test]
async fn a_slow_verdict_keeps_nobody_else_waiting() {
    let auditor = Listener::start_as(Manner::Audit, &[Manner::Silent; 20]).await;
    let server = asking(&auditor.address, &[]);
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let (id, other, own) = (a.open(&b).await, c.open(&b).await, c.open(&c).await);
    let began = Instant::now();
    let slow: Vec<_> = (0..20)
        .map(|_| {
            let a = a.clone();
            tokio::spawn(async move { (post(&a, id, "你好").await.status, Instant::now()) })
        })
        .collect();
    auditor.hear(20).await;
    assert_eq!((post(&c, own, "x").await.status, post(&c, other, "你好").await.status), (201, 201));
    let quick = Instant::now();
    for sent in slow {
        let (status, at) = sent.await.unwrap();
        assert_eq!(status, 503);
        assert!(quick < at && at - began >= Duration::from_secs(5));
    }
}
