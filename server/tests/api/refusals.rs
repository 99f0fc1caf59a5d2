//! Who may write to whom, over the API: the refusal matrix, and what the refused learn.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, Person, TestServer, fresh_client_id, text_message};
use protocol::{Contact, ConversationId, Seq, path};
use serde_json::json;

const SETTINGS: [&str; 4] = ["everyone", "followed", "followers", "nobody"];

async fn accept_from(person: &Person, setting: &str) {
    assert_eq!(person.patch(path::ACCOUNT_ME, &json!({"messages_from": setting})).await.status, 200);
}

async fn try_send(person: &Person, to: ConversationId) -> Answer {
    person.post(&path::messages(to), &text_message(fresh_client_id(), "你好")).await
}

/// The code of a refusal; "" for a message that came in.
fn outcome(answer: &Answer) -> String {
    match answer.status {
        201 => String::new(),
        403 => answer.code(),
        other => panic!("{other}: {}", answer.text()),
    }
}

async fn befriend(one: &Person, other: &Person) {
    for (asker, asked) in [(one, other), (other, one)] {
        let _: Contact = asker.put(&path::friend(asked.id), &json!({})).await.read();
    }
}

/// R004-I1, R004-I2, R004-I3, R004-I11, R004-I15: privacy × relation × block, by status and code. Every cell is decided
/// by what was committed just before (R004-I12), and a refused message leaves nothing.
#[tokio::test]
async fn the_refusal_matrix_over_the_api() {
    let server = TestServer::start();
    let receiver = server.person("receiver").await;
    let kinds = ["stranger", "followed", "fan", "friend", "mutual"];
    let expected = |kind: &str, setting: &str| match (setting, kind) {
        ("nobody", _) => "not_accepted",
        ("followed", "stranger" | "fan") => "not_followed",
        ("followers", "stranger" | "followed") => "followers_only",
        _ => "",
    };
    for kind in kinds {
        let sender = server.person(kind).await;
        let id = sender.open(&receiver).await;
        if matches!(kind, "followed" | "mutual") {
            assert_eq!(receiver.put(&path::follow(sender.id), &json!({})).await.status, 200);
        }
        if matches!(kind, "fan" | "mutual") {
            assert_eq!(sender.put(&path::follow(receiver.id), &json!({})).await.status, 200);
        }
        if kind == "friend" {
            befriend(&sender, &receiver).await;
        }
        let mut sent = 0;
        for setting in SETTINGS {
            accept_from(&receiver, setting).await;
            let answer = outcome(&try_send(&sender, id).await);
            assert_eq!(answer, expected(kind, setting), "{kind} to {setting}");
            sent += u64::from(answer.is_empty());
            assert_eq!(receiver.put(&path::block(sender.id), &json!({})).await.status, 200);
            assert_eq!(outcome(&try_send(&sender, id).await), "not_accepted", "{kind} to {setting}, blocked");
            assert_eq!(receiver.delete(&path::block(sender.id)).await.status, 204);
        }
        assert_eq!(receiver.conversation(id).await.head_seq, Seq::ZERO.plus(sent), "{kind}");
        // The receiver writes whatever it accepts itself.
        receiver.send(id, "x").await;
    }
}

/// R004-I3, R004-I11: nothing of the answer, the sync and the descriptions tells a block from 不接受.
#[tokio::test]
async fn a_block_cannot_be_told_from_accepting_nobody() {
    let server = TestServer::start();
    let (blocking, closed) = (server.person("blocking").await, server.person("closed00").await);
    let sender = server.person("sender").await;
    let before = sender.sync(None).await;
    let mut seen = Vec::new();
    for (receiver, by_block) in [(&blocking, true), (&closed, false)] {
        let id = sender.open(receiver).await;
        let since = sender.sync(None).await.token;
        if by_block {
            assert_eq!(receiver.put(&path::block(sender.id), &json!({})).await.status, 200);
        } else {
            accept_from(receiver, "nobody").await;
        }
        let answer = try_send(&sender, id).await;
        let missed = sender.sync(Some(&since)).await;
        assert!(missed.changes.is_empty() && missed.conversations.is_empty());
        let contact: Contact = sender.get(&path::contact(receiver.id)).await.read();
        let about = sender.conversation(id).await;
        let listed = sender.get(path::CONTACTS).await.text();
        let asked: Contact = sender.put(&path::friend(receiver.id), &json!({"greeting": "你好"})).await.read();
        assert_eq!(asked.relation, contact.relation);
        seen.push((answer.status, answer.text(), contact.relation, about.relation, listed));
    }
    assert_eq!(seen[0], seen[1]);
    assert!(before.changes.is_empty());
    // The one who blocks is not asked.
    let requests = |person: &Person| person.clone().get_requests();
    assert_eq!(requests(&blocking).await, 0);
    assert_eq!(requests(&closed).await, 1);
}

trait Requests {
    async fn get_requests(self) -> usize;
}

impl Requests for Person {
    async fn get_requests(self) -> usize {
        let requests: protocol::contacts::FriendRequests = self.get(path::REQUESTS).await.read();
        requests.incoming.len()
    }
}

/// R004-I13, R004-I14: groups and the conversation with oneself know no such refusal.
#[tokio::test]
async fn oneself_is_never_refused() {
    let server = TestServer::start();
    let person = server.person("person").await;
    accept_from(&person, "nobody").await;
    let own = person.open(&person).await;
    person.send(own, "x").await;
}

/// R001-12, R004-A4: the retry of a message that had come in is answered with the original, whatever holds now.
#[tokio::test]
async fn a_replay_is_answered_whatever_holds_now() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let message = text_message(fresh_client_id(), "x");
    let first = a.post(&path::messages(id), &message).await;
    assert_eq!(first.status, 201);
    b.put(&path::block(a.id), &json!({})).await;
    let again = a.post(&path::messages(id), &message).await;
    assert_eq!((again.status, again.text()), (200, first.text()));
    assert_eq!(outcome(&try_send(&a, id).await), "not_accepted");
}

/// R003-08b: who was removed as a friend still has the other as one, and finds out when a message is refused.
#[tokio::test]
async fn a_removed_friend_finds_out_on_sending() {
    let server = TestServer::start();
    let (zhang, li) = (server.person("zhangsan").await, server.person("lisi").await);
    befriend(&zhang, &li).await;
    accept_from(&zhang, "followed").await;
    let id = li.open(&zhang).await;
    li.send(id, "x").await;
    assert_eq!(zhang.delete(&path::friend(li.id)).await.status, 204);
    let friend = |contact: Contact| contact.relation.friend;
    assert!(!friend(zhang.get(&path::contact(li.id)).await.read()));
    assert!(friend(li.get(&path::contact(zhang.id)).await.read()));
    assert_eq!(outcome(&try_send(&li, id).await), "not_followed");
    assert!(!friend(li.get(&path::contact(zhang.id)).await.read()));
}

/// R001-04: with a limit, a stranger waits for the first answer; the answer lets them go on.
#[tokio::test]
async fn a_stranger_may_write_so_much_before_an_answer() {
    let server = TestServer::start_with(&[("SIXIN_STRANGER_MSG_LIMIT", "3")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    for _ in 0..3 {
        a.send(id, "x").await;
    }
    assert!(b.conversation(id).await.stranger());
    assert_eq!(outcome(&try_send(&a, id).await), "awaiting_answer");
    b.send(id, "an answer").await;
    assert!(!b.conversation(id).await.stranger());
    for _ in 0..5 {
        a.send(id, "x").await;
    }
}
