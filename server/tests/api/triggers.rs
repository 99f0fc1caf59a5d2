//! What makes the server speak: each change that concerns an account, and nothing else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, PASSWORD, Person, Push, TestServer};
use protocol::sync::AccountChange;
use protocol::{ConversationId, LogChange, MessageBody, Seq, ServerFrame, path};
use serde_json::json;

/// The next frame is of the conversation's log; the message in it.
async fn message(push: &mut Push) -> (ConversationId, MessageBody) {
    match push.frame().await {
        ServerFrame::Conversation { conversation, change: LogChange::Message { message, .. }, .. } => {
            (conversation, message.body)
        }
        other => panic!("{other:?}"),
    }
}

/// Passes over everything through the message at `seq`: an answer comes before the frames of what it tells.
async fn through(push: &mut Push, seq: Seq) {
    let reached = |frame| matches!(frame, ServerFrame::Conversation { change: LogChange::Message { message, .. }, .. } if message.seq == seq);
    while !reached(push.frame().await) {}
}

/// The next frame is of the account's log; the one change in it.
async fn change(push: &mut Push) -> AccountChange {
    match push.frame().await {
        ServerFrame::Account { changes, .. } if changes.len() == 1 => changes[0].clone(),
        other => panic!("{other:?}"),
    }
}

/// R004-G3: a message, a recall, a deletion, a report that hides, reading and a setting each make one frame for those whom
/// they concern, and what only asks makes none.
#[tokio::test]
async fn each_change_makes_a_frame_and_nothing_else_does() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let other = Person::log_in(&server.address, "bb", PASSWORD).await;
    let (mut sender, mut device) = (a.push().await, other.push().await);
    let id = a.open(&b).await;
    let mut earlier = Seq::ZERO;
    for _ in 0..3 {
        earlier = a.send(id, "earlier").await.seq;
    }
    for push in [&mut sender, &mut device] {
        through(push, earlier).await;
    }

    let sent = a.send(id, "x").await;
    for push in [&mut sender, &mut device] {
        assert_eq!(message(push).await, (id, sent.body.clone()));
    }
    // Nobody hears of asking: the next frame is that of the deletion.
    b.sync(None).await;
    b.history(id, Seq::ZERO, 10).await;
    b.conversation(id).await;
    for asked in [path::CONVERSATIONS, path::DEVICES, &path::unread(id), &path::readers(id), path::ACCOUNT_ME] {
        assert_eq!(b.get(asked).await.status, 200, "{asked}");
    }
    assert_eq!(b.report(id, 0, 0).await.status, 204);

    assert_eq!(b.put(&path::hidden(id), &json!({"seqs": [1], "hidden": true})).await.status, 204);
    assert_eq!(change(&mut device).await, AccountChange::Hidden { conversation: id, seq: Seq::ZERO.plus(1) });
    // Again is no change, and neither is a report that hides nothing.
    assert_eq!(b.put(&path::hidden(id), &json!({"seqs": [1], "hidden": true})).await.status, 204);
    for (seq, hide) in [(3, false), (2, true)] {
        let seq = Seq::ZERO.plus(seq);
        assert_eq!(b.post(&path::report(id, seq), &json!({"reason": "spam", "hide": hide})).await.status, 204);
    }
    assert_eq!(change(&mut device).await, AccountChange::Hidden { conversation: id, seq: Seq::ZERO.plus(2) });

    assert_eq!(b.report(id, 4, 4).await.status, 204);
    assert!(matches!(change(&mut device).await, AccountChange::Own { cursors, .. } if cursors.read == sent.seq));
    assert!(matches!(change(&mut sender).await, AccountChange::Receipt(told) if told.cursors.read == sent.seq));

    let recalled = Answer::of(a.request("POST", &path::recall(id, sent.seq))).await;
    assert_eq!(recalled.status, 200);
    for push in [&mut sender, &mut device] {
        assert_eq!(message(push).await, (id, MessageBody::Recalled { by: Some(a.id) }));
    }
    assert_eq!(b.patch(path::ACCOUNT_ME, &json!({"receipts": false})).await.status, 200);
    assert!(matches!(change(&mut device).await, AccountChange::Settings { receipts: false, .. }));
}
