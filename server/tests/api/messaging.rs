//! Two people write to each other, over the real binary.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Events, TestServer, fresh_client_id, text_message};
use protocol::frame::close;
use protocol::receipts::Cursors;
use protocol::sync::AccountChange;
use protocol::{ConversationId, LogChange, Message, Seq, ServerFrame, path};
use serde_json::json;

fn seq(number: u64) -> Seq {
    Seq::ZERO.plus(number)
}

/// R001-12, R002-25: a send is answered with its address, a replay with the original, and a reused key is refused.
#[tokio::test]
async fn a_send_is_idempotent() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let request = text_message(fresh_client_id(), "你好 👋");
    let first = a.post(&path::messages(id), &request).await;
    let replay = a.post(&path::messages(id), &request).await;
    assert_eq!((first.status, replay.status), (201, 200));
    assert_eq!(first.body, replay.body);
    let other = json!({"client_id": request["client_id"], "body": {"type": "text", "text": "other"}});
    let reused = a.post(&path::messages(id), &other).await;
    assert_eq!((reused.status, reused.code().as_str()), (409, "client_id_reused"));
    assert_eq!(b.history(id, Seq::ZERO, 10).await.messages, [first.read::<Message>()]);
}

/// R001-04: who opens a direct conversation and writes nothing is in nobody else's list, sync or frames, as if they had
/// not; with the first message the other has it by the ordinary way.
#[tokio::test]
async fn an_empty_conversation_is_nobody_elses_business() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let (mut push, token) = (b.push().await, b.sync(None).await.token);
    let id = a.open_alone(&b).await;
    a.patch(&path::preferences(id), &json!({"pinned": true})).await;
    a.patch(path::ACCOUNT_ME, &json!({"display_name": "Another name"})).await;
    server.settled().await;
    // Whatever the other asks for or does, it is as if there were no such conversation.
    let nowhere = ConversationId::try_from(id.get() + 1_000).unwrap();
    let (one, message) = (seq(1), text_message(fresh_client_id(), "hello"));
    let (mine, group) = (json!({"pinned": true}), json!({"title": "A group"}));
    for (number, told) in [(0, nowhere), (1, id)] {
        for path in [
            path::conversation(told),
            path::messages(told),
            path::unread(told),
            path::changes(told, protocol::Rev::ZERO),
            path::readers(told),
            path::members(told),
            path::message_readers(told, one),
        ] {
            assert_eq!(b.get(&path).await.status, 404, "{number} {path}");
        }
        assert_eq!(b.patch(&path::preferences(told), &mine).await.status, 404);
        assert_eq!(b.patch(&path::conversation(told), &group).await.status, 404);
        assert_eq!(b.delete(&path::group(told)).await.status, 404);
        assert_eq!(b.post(&path::group_link(told), &json!({})).await.status, 404);
        assert_eq!(b.delete(&path::member(told, b.id)).await.status, 404);
        assert_eq!(b.post(&path::messages(told), &message).await.status, 404);
        assert_eq!(b.put(&path::hidden(told), &json!({"seqs": [1], "hidden": true})).await.status, 404);
        assert_eq!(b.post(&path::recall(told, one), &json!({})).await.status, 404);
        assert_eq!(b.post(&path::report(told, one), &json!({"reason": "spam", "hide": false})).await.status, 404);
        assert_eq!(b.delete(&path::conversation_through(told, Seq::ZERO, false)).await.status, 404);
        assert_eq!(b.report(told, 0, 0).await.status, 404);
    }
    assert!(!b.get(path::CONVERSATIONS).await.text().contains("Another name"));
    assert!(b.sync(None).await.conversations.is_empty());
    let moved = b.sync(Some(&token)).await;
    assert!(moved.conversations.is_empty() && moved.changes.is_empty());

    let first = a.send(id, "hello").await;
    assert!(matches!(push.frame().await, ServerFrame::Conversation { conversation, .. } if conversation == id));
    let about = b.conversation(id).await;
    assert_eq!((about.unread, about.last), (1, Some(first)));
    let moved = b.sync(Some(&moved.token)).await;
    assert_eq!(moved.conversations.iter().map(|about| about.id).collect::<Vec<_>>(), [id]);
}

/// R001-04: who opens what the other has opened already hears that it is new, and the other hears nothing of it.
#[tokio::test]
async fn both_may_open_an_empty_conversation() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open_alone(&b).await;
    server.settled().await;
    let mut push = a.push().await;
    for (status, conversations) in [(201, 1), (200, 1)] {
        assert_eq!(b.post(path::CONVERSATIONS, &json!({"peer": a.id})).await.status, status);
        assert_eq!(b.sync(None).await.conversations.len(), conversations);
    }
    server.settled().await;
    a.send(id, "hello").await;
    assert!(matches!(push.frame().await, ServerFrame::Conversation { .. }), "nothing else came before");
}

/// R004-G8: frames carry their log's positions, in order, to every device of both sides.
#[tokio::test]
async fn frames_carry_positions() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let mut devices = [a.push().await, b.push().await];
    let id = a.open_alone(&b).await;
    let mut sent = Vec::new();
    for number in 0..20 {
        let from = if number % 2 == 0 { &a } else { &b };
        sent.push(from.send(id, &format!("message {number}")).await);
    }
    assert!(matches!(devices[0].frame().await, ServerFrame::Account { .. }), "first of all who opened it is a member");
    for device in &mut devices {
        for expected in &sent {
            match device.frame().await {
                ServerFrame::Conversation {
                    conversation,
                    prev,
                    pos,
                    head_seq,
                    change: LogChange::Message { message, sender, .. },
                } => {
                    assert_eq!((conversation, prev.next(), pos), (id, message.rev, message.rev));
                    assert_eq!((head_seq, sender.id, &message), (message.seq, message.sender, expected));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// R000-03, R000-05, R000-06, R000-20, T1, T3: the sender is told what the peer received and read; reading implies
/// receiving, stale reports are accepted and ignored, and nobody's unread but the reader's moves.
#[tokio::test]
async fn receipts_reach_the_sender() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = a.open(&b).await;
    for _ in 0..3 {
        a.send(id, "x").await;
    }
    // What others have read is subtracted from nothing that one has not.
    let unread = c.open(&a).await;
    for _ in 0..2 {
        c.send(unread, "y").await;
    }
    server.settled().await;
    let (mut device, mut other) = (a.push().await, b.push().await);
    for ((delivered, read), expected) in
        [((2, 0), Some((2, 0))), ((1, 0), None), ((0, 3), Some((3, 3))), ((99, 1), None)]
    {
        assert_eq!(b.report(id, delivered, read).await.status, 204);
        let Some((delivered, read)) = expected else { continue };
        let cursors = Cursors { delivered: seq(delivered), read: seq(read) };
        let told = device.changes().await;
        assert!(matches!(&told[..], [AccountChange::Receipt(r)] if (r.cursors, r.reader) == (cursors, b.id)));
        assert_eq!(other.changes().await, [AccountChange::Own { conversation: id, cursors }]);
    }
    let (seen_by_a, seen_by_b) = (a.conversation(id).await, b.conversation(id).await);
    assert_eq!((seen_by_a.unread, seen_by_b.unread), (0, 0));
    assert_eq!(seen_by_a.peer_cursors, Some(seen_by_b.own));
    b.send(id, "z").await;
    b.send(id, "z").await;
    assert_eq!((a.conversation(id).await.unread, a.conversation(unread).await.unread), (2, 2));
    assert_eq!(a.sync(None).await.conversations.iter().map(|about| about.unread).sum::<u64>(), 4);
}

/// R000-13, T18: without any push, one sync tells everything; from its token on, only what moved.
#[tokio::test]
async fn sync_tells_what_push_did_not() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let start = a.sync(None).await;
    assert_eq!(start.conversations.iter().map(|c| c.id).collect::<Vec<_>>(), [id]);

    a.send(id, "x").await;
    b.report(id, 1, 1).await;
    let moved = a.sync(Some(&start.token)).await;
    assert_eq!(moved.conversations.len(), 1);
    assert!(matches!(&moved.changes[..], [AccountChange::Receipt(r)] if r.cursors == Cursors::at(seq(1))));
    let nothing = a.sync(Some(&moved.token)).await;
    assert!(nothing.conversations.is_empty() && nothing.changes.is_empty() && !nothing.more);
    for refused in ["x", "1", "1.2.0", &"9".repeat(100)] {
        assert_eq!(a.get(&path::sync(refused)).await.status, 422, "{refused}");
    }
}

/// R004-G8: a gap is pulled from the conversation's log; one that is too long is told.
#[tokio::test]
async fn a_gap_is_pulled() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(a.send(id, "x").await);
    }
    let page = b.changes(id, sent[1].rev).await;
    assert_eq!(page.messages, sent[2..]);
    assert_eq!((page.through, page.conversation.rev, page.too_long), (sent[4].rev, sent[4].rev, false));
}

/// R002-22, X4: five from each of two while away; reading one leaves the other.
#[tokio::test]
async fn unread_is_counted_by_conversation() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let (with_b, with_c) = (a.open(&b).await, a.open(&c).await);
    for _ in 0..5 {
        b.send(with_b, "from b").await;
        c.send(with_c, "from c").await;
    }
    let page = a.sync(None).await;
    assert_eq!(page.conversations.iter().map(|c| (c.id, c.unread)).collect::<Vec<_>>(), [(with_c, 5), (with_b, 5)]);
    a.report(with_c, 5, 5).await;
    let page = a.sync(None).await;
    assert_eq!(page.conversations.iter().map(|c| (c.id, c.unread)).collect::<Vec<_>>(), [(with_c, 0), (with_b, 5)]);
}

/// A reader that stops reading is cut off with "resync", by whatever it is carried; the others hear everything
/// (invariant 9, R004-G5).
#[tokio::test]
async fn a_slow_reader_is_cut_off() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (mut slow, mut slow_stream) = (b.push().await, Events::connect(&b).await);
    let mut quick = a.push().await;
    let text = "长".repeat(2048);
    let reading = tokio::spawn(async move {
        let mut last = 0;
        while last < 4_000 {
            if let ServerFrame::Conversation { change: LogChange::Message { message, .. }, .. } = quick.frame().await {
                assert_eq!(message.seq, seq(last + 1));
                last += 1;
            }
        }
    });
    // 4,000 frames of 6 KiB are more than the sockets' buffers and the queue hold.
    let senders = (0..8).map(|_| async {
        for _ in 0..500 {
            a.send(id, &text).await;
        }
    });
    futures::future::join_all(senders).await;
    reading.await.unwrap();
    // The farewell may not get through to one who did not read for so long; the connection ends all the same.
    assert!(matches!(slow.closed().await, None | Some(close::RESYNC)));
    let (frames, code) = slow_stream.closed().await;
    assert!(frames < 4_000 && matches!(code, None | Some(close::RESYNC)), "{frames} {code:?}");
    assert_eq!(b.conversation(id).await.head_seq, seq(4_000));
}

/// R004-G10: a heartbeat is answered; what is no frame ends the connection.
#[tokio::test]
async fn the_socket_answers_frames_and_refuses_the_rest() {
    use tokio_tungstenite::tungstenite::Message as Frame;
    let server = TestServer::start();
    let a = server.person("aa").await;
    let mut push = a.push().await;
    push.ping().await;
    assert!(matches!(push.frame().await, ServerFrame::Pong { .. }));
    let refused = [
        (Frame::Text("{".into()), close::REFUSED),
        (Frame::Text(r#"{"type":"nope"}"#.into()), close::REFUSED),
        (Frame::Binary(vec![0, 255].into()), close::REFUSED),
        (Frame::Text("x".repeat(5_000).into()), close::TOO_BIG),
    ];
    for (frame, code) in refused {
        let mut push = a.push().await;
        push.send(frame).await;
        assert_eq!(push.closed().await, Some(code));
    }
    assert_eq!(a.get(path::ACCOUNT_ME).await.status, 200);
}
