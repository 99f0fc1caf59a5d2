//! Messages that auditors take from everybody, and give back.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, Person, Push, TestServer, fresh_client_id, text_message};
use protocol::messaging::{Removal, UnreadPage};
use protocol::{ConversationId, LogChange, Message, MessageBody, Seq, ServerFrame, path};
use serde_json::json;

const TOKEN: &str = "the auditors of this very server, 1";

fn server() -> TestServer {
    TestServer::start_with(&[("SIXIN_ADMIN_TOKEN", TOKEN)])
}

fn seq(n: u64) -> Seq {
    Seq::ZERO.plus(n)
}

async fn audit(server: &TestServer, method: &str, id: ConversationId, seq: Seq) -> Answer {
    let url = server.url(&path::removal(id, seq));
    Answer::of(reqwest::Client::new().request(method.parse().unwrap(), url).bearer_auth(TOKEN)).await
}

/// The message that the next frame of the conversation tells.
async fn told(push: &mut Push) -> Message {
    loop {
        if let ServerFrame::Conversation { change: LogChange::Message { message, .. }, .. } = push.frame().await {
            return message;
        }
    }
}

/// Everything that somebody can read of a conversation, as text.
async fn surfaces(person: &Person, id: ConversationId) -> String {
    let mut read = String::new();
    for at in [
        path::messages(id),
        path::changes(id, protocol::Rev::ZERO),
        path::unread(id),
        path::conversation(id),
        path::CONVERSATIONS.to_owned(),
        path::SYNC.to_owned(),
        path::page(id),
        "/".to_owned(),
    ] {
        read += &person.get(&at).await.text();
    }
    read
}

/// R004-B7.6, R001-10: what an auditor removes is on no surface, counts one less where it was unread, and answers every
/// replay of the send; what was read stays so. Given back, it stands and counts as before, once.
#[tokio::test]
async fn a_removed_message_is_on_no_surface_until_it_is_given_back() {
    let server = server();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let group = json!({"title": "群", "members": [b.id, c.id]});
    let id = a.post(path::CONVERSATIONS, &group).await.read::<protocol::Conversation>().id;
    let mut request = text_message(fresh_client_id(), "sensitive words");
    request["body"]["mentions"] = json!({"users": [b.id]});
    let sent: Message = a.post(&path::messages(id), &request).await.read();
    a.send(id, "harmless").await;
    c.report(id, 3, 3).await;
    assert_eq!((b.conversation(id).await.unread, c.conversation(id).await.unread), (2, 0));
    server.settled().await;
    let mut push = b.push().await;

    let removal: Removal = audit(&server, "POST", id, sent.seq).await.read();
    assert_eq!((removal.message.seq, &removal.message.body), (sent.seq, &sent.body));
    assert_eq!(audit(&server, "POST", id, sent.seq).await.read::<Removal>(), removal, "again: the same");
    assert_eq!(audit(&server, "GET", id, sent.seq).await.read::<Removal>(), removal);
    let tip = told(&mut push).await;
    assert_eq!((tip.seq, &tip.body), (sent.seq, &MessageBody::Removed));
    for person in [&a, &b, &c] {
        assert!(!surfaces(person, id).await.contains("sensitive"), "{}", person.handle);
        assert_eq!(person.history(id, seq(1), 1).await.messages, std::slice::from_ref(&tip));
    }
    let about = b.conversation(id).await;
    assert_eq!((about.unread, about.silent, about.mentions), (1, vec![seq(1), seq(2)], vec![]));
    assert_eq!(c.conversation(id).await.unread, 0);
    let replay = a.post(&path::messages(id), &request).await;
    assert_eq!((replay.status, replay.read::<Message>()), (200, tip));
    assert_eq!(a.post(&path::recall(id, sent.seq), &json!({})).await.code(), "not_allowed");

    assert_eq!(audit(&server, "DELETE", id, sent.seq).await.status, 204);
    assert_eq!(audit(&server, "DELETE", id, sent.seq).await.status, 404);
    assert_eq!(audit(&server, "GET", id, sent.seq).await.status, 404);
    let back = told(&mut push).await;
    assert_eq!((back.seq, &back.body), (sent.seq, &sent.body));
    assert!(back.rev > removal.message.rev);
    let about = b.conversation(id).await;
    assert_eq!((about.unread, about.silent, about.mentions), (2, vec![seq(1)], vec![seq(2)]));
    assert_eq!(c.conversation(id).await.unread, 0);
    let page: UnreadPage = b.get(&path::unread(id)).await.read();
    assert_eq!(page.messages.iter().filter(|message| message.seq == sent.seq).count(), 1);
}

/// R004-B7.6: there is nothing to remove of notices, of what was recalled, and of what never was; what nobody removed
/// cannot be given back.
#[tokio::test]
async fn only_what_people_wrote_is_removed() {
    let server = server();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let group = json!({"title": "群", "members": [b.id]});
    let id = a.post(path::CONVERSATIONS, &group).await.read::<protocol::Conversation>().id;
    let recalled = a.send(id, "x").await.seq;
    a.post(&path::recall(id, recalled), &json!({})).await.read::<Message>();
    let there = a.send(id, "y").await.seq;
    for nothing in [seq(1), recalled, there.next()] {
        assert_eq!(audit(&server, "POST", id, nothing).await.status, 404, "{nothing}");
    }
    assert_eq!(audit(&server, "DELETE", id, there).await.status, 404);
    assert_eq!(audit(&server, "GET", id, there).await.status, 404);
}

/// R001-18, R001-10: who administers the server recalls any message at any time, also one that an audit removed: a tip that counts
/// for nothing remains on every surface, nothing can be given back, and again the answer is the same.
#[tokio::test]
async fn who_administers_the_server_recalls_anything() {
    let server = TestServer::start_with(&[("SIXIN_ADMIN_TOKEN", TOKEN), ("SIXIN_RECALL_WINDOW", "0")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let request = text_message(fresh_client_id(), "sensitive words");
    let sent: Message = a.post(&path::messages(id), &request).await.read();
    let removed = a.send(id, "more sensitive words").await;
    a.send(id, "harmless").await;
    audit(&server, "POST", id, removed.seq).await.read::<Removal>();
    server.settled().await;
    let mut push = b.push().await;
    let recall = async |seq| {
        let url = server.url(&path::admin_recall(id, seq));
        Answer::of(reqwest::Client::new().post(url).bearer_auth(TOKEN)).await
    };
    for seq in [sent.seq, removed.seq] {
        let left: Message = recall(seq).await.read();
        assert_eq!((left.seq, &left.body), (seq, &MessageBody::Recalled { by: None }));
        assert_eq!(recall(seq).await.read::<Message>(), left, "again: the same");
        assert_eq!(told(&mut push).await, left);
        assert_eq!(audit(&server, "DELETE", id, seq).await.status, 404);
    }
    for person in [&a, &b] {
        assert!(!surfaces(person, id).await.contains("sensitive"), "{}", person.handle);
    }
    assert_eq!(b.conversation(id).await.unread, 1);
    let replay = a.post(&path::messages(id), &request).await;
    assert_eq!((replay.status, replay.read::<Message>().body), (200, MessageBody::Recalled { by: None }));
    let group = json!({"title": "群", "members": [b.id]});
    let group = a.post(path::CONVERSATIONS, &group).await.read::<protocol::Conversation>().id;
    let url = server.url(&path::admin_recall(group, seq(1)));
    assert_eq!(Answer::of(reqwest::Client::new().post(url).bearer_auth(TOKEN)).await.status, 404, "a notice");
    assert_eq!(recall(seq(9)).await.status, 404);
}
