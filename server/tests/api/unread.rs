//! The unread count over the real binary: exact, on every device, in every answer that tells it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{PASSWORD, Person, TestServer};
use protocol::messaging::{Conversations, UnreadPage};
use protocol::receipts::Cursors;
use protocol::sync::{AccountChange, SyncPage};
use protocol::{Conversation, ConversationId, LogChange, Seq, ServerFrame, path};
use serde_json::json;
use std::time::{Duration, Instant};

fn seq(number: u64) -> Seq {
    Seq::ZERO.plus(number)
}

/// How many are unread, and each answer that counts or lists them says the same (T9, T14).
async fn unread(person: &Person, id: ConversationId) -> u64 {
    let count = person.conversation(id).await.unread;
    let list: Conversations = person.get(path::CONVERSATIONS).await.read();
    let sync = person.sync(None).await;
    for listed in [&list.conversations, &sync.conversations] {
        assert_eq!(listed.iter().find(|it| it.id == id).map_or(0, |it| it.unread), count);
    }
    let mut before = None;
    let mut listed: Vec<Seq> = Vec::new();
    loop {
        let query = before.map_or(String::new(), |before| format!("?before={before}"));
        let page: UnreadPage = person.get(&format!("{}{query}", path::unread(id))).await.read();
        assert_eq!(page.unread, count);
        assert!(page.messages.iter().all(|it| it.sender != person.id && it.body.countable()));
        assert!(page.messages.iter().all(|it| page.users.iter().any(|user| user.id == it.sender)));
        assert!(page.messages.len() == 99 || !page.more);
        listed.extend(page.messages.iter().map(|it| it.seq));
        before = listed.last().copied();
        if !page.more {
            break;
        }
    }
    assert!(listed.is_sorted_by(|newer, older| newer > older), "newest first, each once");
    assert_eq!(listed.len() as u64, count);
    count
}

async fn send_many(person: &Person, id: ConversationId, count: usize) {
    for _ in 0..count {
        person.send(id, "x").await;
    }
}

/// What a device that held `held` knows after a sync: a description counts for itself, own cursors move the held one.
fn after_sync(held: &Conversation, page: &SyncPage) -> u64 {
    let mut about = page.conversations.iter().find(|it| it.id == held.id).unwrap_or(held).clone();
    for change in &page.changes {
        match change {
            AccountChange::Own { conversation, cursors } if *conversation == held.id => {
                about.own = about.own.max(*cursors);
            }
            _ => {}
        }
    }
    about.head_seq.get() - about.own.read.get()
}

/// R004-B1: N messages are exactly N unread.
#[tokio::test]
async fn n_messages_are_n_unread() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    b.open(&a).await;
    let mut sent = 0;
    for count in [0, 1, 99, 100, 1_000] {
        send_many(&b, id, count - sent).await;
        sent = count;
        assert_eq!(unread(&a, id).await, count as u64);
        assert_eq!(unread(&b, id).await, 0);
    }
}

/// R002-22: A is online; B sends five, which A does not read; A logs out; C sends five; A logs in and has five of each,
/// and the messages. Reading only those of C leaves B's five.
#[tokio::test]
async fn the_worked_example_of_an_absence() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let (with_b, with_c) = (a.open(&b).await, a.open(&c).await);
    let mut online = a.push().await;
    for _ in 0..5 {
        let sent = b.send(with_b, "from b").await;
        loop {
            // A device that shows nothing of it reports at most that it has it.
            if let ServerFrame::Conversation { change: LogChange::Message { message, .. }, .. } = online.frame().await {
                assert_eq!(message, sent);
                break;
            }
        }
    }
    a.report(with_b, 5, 0).await;
    assert_eq!(a.delete(path::LOGIN_CURRENT).await.status, 204);
    send_many(&c, with_c, 5).await;

    let a = Person::log_in(&server.address, "aa", PASSWORD).await;
    let list = a.sync(None).await;
    let counts = |list: &SyncPage| list.conversations.iter().map(|it| (it.id, it.unread)).collect::<Vec<_>>();
    assert_eq!(counts(&list), [(with_c, 5), (with_b, 5)]);
    for id in [with_b, with_c] {
        assert_eq!(a.history(id, Seq::ZERO, 10).await.messages.len(), 5);
        assert_eq!(unread(&a, id).await, 5);
    }
    a.report(with_c, 5, 5).await;
    assert_eq!((unread(&a, with_b).await, unread(&a, with_c).await), (5, 0));
}

/// R002-23: the messages that make the count, newest first, 99 a page; none that was read, or that is one's own.
#[tokio::test]
async fn a_badge_tells_the_messages_that_make_it() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    send_many(&b, id, 20).await;
    a.send(id, "an answer").await;
    send_many(&b, id, 210).await;
    a.report(id, 40, 30).await;
    assert_eq!(unread(&a, id).await, 201);
    let first: UnreadPage = a.get(&path::unread(id)).await.read();
    assert_eq!((first.messages[0].seq, first.messages[98].seq, first.more), (seq(231), seq(133), true));
    let last: UnreadPage = a.get(&format!("{}?before=34", path::unread(id))).await.read();
    assert_eq!(last.messages.iter().map(|it| it.seq.get()).collect::<Vec<_>>(), [33, 32, 31]);
    for (refused, status) in
        [("?before=x", 400), ("?limit=5", 400), ("?naming=x", 400), ("?naming=true&before=34", 422)]
    {
        assert_eq!(a.get(&format!("{}{refused}", path::unread(id))).await.status, status);
    }
}

/// R004-B3, R004-B7 (12), T23: what one device consumed and reported is not unread on the other: not when nothing else
/// changed (c), not when its messages come along (b), whoever reports first; who is online hears of it within two seconds.
#[tokio::test]
async fn what_one_device_read_is_read_on_the_other() {
    let server = TestServer::start();
    let (first, b) = (server.person("aa").await, server.person("bb").await);
    let second = Person::log_in(&server.address, "aa", PASSWORD).await;
    let id = first.open(&b).await;
    send_many(&b, id, 5).await;
    let page = second.sync(None).await;
    let held = page.conversations[0].clone();
    assert_eq!(held.unread, 5);
    first.report(id, 5, 5).await;
    let page = second.sync(Some(&page.token)).await;
    assert!(page.conversations.is_empty(), "the conversation's log did not move");
    assert_eq!(after_sync(&held, &page), 0);

    let held = second.conversation(id).await;
    send_many(&b, id, 3).await;
    first.report(id, 8, 6).await;
    send_many(&b, id, 4).await;
    let page = second.sync(Some(&page.token)).await;
    assert_eq!(after_sync(&held, &page), 6);
    assert_eq!(unread(&second, id).await, 6);

    tokio::join!(first.report(id, 8, 8), second.report(id, 10, 10));
    assert_eq!(first.conversation(id).await.own.read, seq(10));
    second.report(id, 11, 11).await;
    first.report(id, 9, 9).await;
    assert_eq!((unread(&first, id).await, unread(&second, id).await), (1, 1));

    let mut online = second.push().await;
    let begun = Instant::now();
    first.report(id, 12, 12).await;
    let all = AccountChange::Own { conversation: id, cursors: Cursors::at(seq(12)) };
    while !matches!(online.frame().await, ServerFrame::Account { changes, .. } if changes.contains(&all)) {}
    assert!(begun.elapsed() < Duration::from_secs(2), "the other device hears of it {:?} after", begun.elapsed());
    assert_eq!((unread(&first, id).await, unread(&second, id).await), (0, 0));
}

/// R004-B6, R000-06, T2: sending reads what came before, for a device that starts again and for one that is online.
#[tokio::test]
async fn sending_reads_on_every_device() {
    let server = TestServer::start();
    let (first, b) = (server.person("aa").await, server.person("bb").await);
    let second = Person::log_in(&server.address, "aa", PASSWORD).await;
    let id = first.open(&b).await;
    send_many(&b, id, 4).await;
    let page = second.sync(None).await;
    assert_eq!(page.conversations[0].unread, 4);
    let mut online = second.push().await;
    let sent = first.send(id, "an answer").await;
    loop {
        // The own message itself says it: everything before it is read.
        if let ServerFrame::Conversation { head_seq, change: LogChange::Message { message, .. }, .. } =
            online.frame().await
            && message == sent
        {
            assert_eq!((message.sender, head_seq), (second.id, message.seq));
            break;
        }
    }
    let page = second.sync(Some(&page.token)).await;
    assert_eq!(page.conversations[0].unread, 0);
    assert_eq!((unread(&first, id).await, unread(&second, id).await), (0, 0));
    assert_eq!(b.conversation(id).await.unread, 1);
}

/// R004-B7 (13), T7: a report that was kept too long comes after a restart, and nothing is unread again.
#[tokio::test]
async fn a_stale_report_after_a_restart_is_ignored() {
    let mut server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    send_many(&b, id, 6).await;
    a.report(id, 6, 5).await;
    server.kill();
    server.restart();
    let (a, b) = (a.at(&server.address), b.at(&server.address));
    assert_eq!(a.report(id, 3, 2).await.status, 204);
    assert_eq!(unread(&a, id).await, 1);
    assert_eq!(b.conversation(id).await.peer_cursors, Some(a.conversation(id).await.own));
}

/// T22, R000-14, R000-15: reading one conversation changes no other: not its count, not its cursors, not what its peer
/// is told; the second conversation and the second user have one number.
#[tokio::test]
async fn reading_one_changes_no_other() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let (with_b, with_c) = (a.open(&b).await, a.open(&c).await);
    send_many(&b, with_b, 3).await;
    send_many(&c, with_c, 9).await;
    let before = (a.conversation(with_b).await, b.conversation(with_b).await);
    a.report(with_c, 9, 9).await;
    let after = (a.conversation(with_b).await, b.conversation(with_b).await);
    // Only the account's own log moved, in which the report stands.
    assert_eq!(after.0.upd, before.0.upd.next());
    assert_eq!((Conversation { upd: before.0.upd, ..after.0 }, after.1), before);
}

/// T11: the frames, the history in both directions, the changes, the unread and the list tell one order.
#[tokio::test]
async fn every_answer_tells_one_order() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut push = a.push().await;
    let senders = (0..4).map(|_| async {
        for _ in 0..5 {
            b.send(id, "x").await;
        }
    });
    futures::future::join_all(senders).await;
    let mut pushed = Vec::new();
    while pushed.len() < 20 {
        if let ServerFrame::Conversation { change: LogChange::Message { message, .. }, .. } = push.frame().await {
            pushed.push(message);
        }
    }
    assert!(pushed.is_sorted_by_key(|it| (it.seq, it.rev, it.at)));
    assert_eq!(a.history(id, Seq::ZERO, 50).await.messages, pushed);
    let mut older = Vec::new();
    while older.len() < 20 {
        let before = older.first().map_or(seq(21), |it: &protocol::Message| it.seq);
        let page: protocol::messaging::HistoryPage = a.get(&path::messages_before(id, before, 7)).await.read();
        older.splice(0..0, page.messages);
    }
    assert_eq!(older, pushed);
    assert_eq!(a.changes(id, protocol::Rev::ZERO).await.messages, pushed);
    let mut unread = a.get(&path::unread(id)).await.read::<UnreadPage>().messages;
    unread.reverse();
    assert_eq!(unread, pushed);
    assert_eq!(a.conversation(id).await.last, pushed.pop());
}

/// T10, R004-B3 (a), R002-23: what is recalled or deleted makes no badge, though it stands last; the badge's messages
/// are the others. A device that was away is told of what another deleted, and has nothing unread.
#[tokio::test]
async fn what_is_gone_is_not_unread() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let second = Person::log_in(&server.address, "aa", PASSWORD).await;
    let id = a.open(&b).await;
    send_many(&b, id, 6).await;
    let start = second.sync(None).await;
    for gone in [6, 2] {
        assert_eq!(b.post(&path::recall(id, seq(gone)), &json!({})).await.status, 200);
    }
    assert_eq!(a.put(&path::hidden(id), &json!({"seqs": [5, 2], "hidden": true})).await.status, 204);
    assert_eq!((unread(&a, id).await, unread(&second, id).await), (3, 3));
    let page: UnreadPage = a.get(&path::unread(id)).await.read();
    assert_eq!(page.messages.iter().map(|it| it.seq.get()).collect::<Vec<_>>(), [4, 3, 1]);
    // Deleting the rest instead of reading it leaves nothing unread either.
    assert_eq!(a.put(&path::hidden(id), &json!({"seqs": [1, 3, 4], "hidden": true})).await.status, 204);
    assert_eq!((unread(&a, id).await, unread(&second, id).await), (0, 0));
    let synced = second.sync(Some(&start.token)).await;
    let hidden =
        |change: &AccountChange| matches!(change, AccountChange::Hidden { conversation, .. } if *conversation == id);
    assert_eq!((synced.changes.iter().filter(|it| hidden(it)).count(), synced.conversations[0].unread), (5, 0));
}
