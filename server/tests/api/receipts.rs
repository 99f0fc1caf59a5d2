//! Receipts over the real binary: who is told, on which device, and who may ask.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Browser, PASSWORD, Person, TestServer};
use protocol::messaging::{MessageReaders, Readers};
use protocol::receipts::{Cursors, ReadReportPolicy, ReceiptsPage};
use protocol::sync::AccountChange;
use protocol::{Account, Conversation, MessagesFrom, Seq, ServerFrame, Upd, path};
use serde_json::json;

fn settings(receipts: bool) -> AccountChange {
    AccountChange::Settings { receipts, messages_from: MessagesFrom::Everyone }
}

fn seq(number: u64) -> Seq {
    Seq::ZERO.plus(number)
}

async fn inbox(person: &Person, after: Upd) -> ReceiptsPage {
    person.get(&path::receipts_after(after)).await.read()
}

/// R000-13: with every push lost, one sync tells all receipts, and so does one look into the inbox.
#[tokio::test]
async fn receipts_arrive_without_any_push() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let (with_b, with_c) = (a.open(&b).await, a.open(&c).await);
    let start = a.sync(None).await;
    let after = inbox(&a, Upd::ZERO).await.through;
    for _ in 0..3 {
        a.send(with_b, "x").await;
        a.send(with_c, "x").await;
    }
    for (peer, id, delivered, read) in [(&b, with_b, 1, 0), (&c, with_c, 3, 0), (&b, with_b, 2, 2), (&b, with_b, 3, 2)]
    {
        peer.report(id, delivered, read).await;
    }
    let expected = [
        (with_c, c.id, Cursors { delivered: seq(3), read: seq(0) }),
        (with_b, b.id, Cursors { delivered: seq(3), read: seq(2) }),
    ];
    let page = inbox(&a, after).await;
    let told: Vec<_> = page.receipts.iter().map(|it| (it.conversation, it.reader, it.cursors)).collect();
    assert_eq!(told, expected);
    let synced = a.sync(Some(&start.token)).await;
    let changes = page.receipts.iter().copied().map(AccountChange::Receipt).collect::<Vec<_>>();
    assert_eq!(synced.changes, changes);
    assert_eq!(synced.upd, page.through);
    for (id, _, cursors) in expected {
        assert_eq!(a.conversation(id).await.peer_cursors, Some(cursors));
    }
    assert_eq!(inbox(&a, page.through).await.receipts, []);
}

/// R000-19: turned off on one device, the setting is known on all, and neither side learns anything more; the own
/// devices still agree.
#[tokio::test]
async fn receipts_can_be_turned_off() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let other = Person::log_in(&server.address, "bb", PASSWORD).await;
    let id = a.open(&b).await;
    for _ in 0..4 {
        a.send(id, "x").await;
    }
    b.report(id, 1, 1).await;
    let start = other.sync(None).await;
    server.settled().await;
    let mut devices = [b.push().await, other.push().await];
    let mut sender = a.push().await;
    for _ in 0..2 {
        let changed: Account = b.patch(path::ACCOUNT_ME, &json!({"receipts": false})).await.read();
        assert!(!changed.receipts);
    }
    for device in &mut devices {
        assert_eq!(device.changes().await, [settings(false)]);
    }
    assert!(!other.get(path::ACCOUNT_ME).await.read::<Account>().receipts);
    b.report(id, 3, 2).await;
    let own = AccountChange::Own { conversation: id, cursors: Cursors { delivered: seq(3), read: seq(2) } };
    for device in &mut devices {
        assert_eq!(device.changes().await, std::slice::from_ref(&own));
    }
    assert_eq!(other.conversation(id).await.unread, 2);
    let missed = other.sync(Some(&start.token)).await.changes;
    assert_eq!(missed, [settings(false), own]);

    // What was told before stays told, and nothing more is until it is turned on again.
    let known = |conversation: Conversation| conversation.peer_cursors;
    assert_eq!(known(a.conversation(id).await), Some(Cursors::at(seq(1))));
    let readers = async || {
        let readers: Readers = a.get(&path::readers(id)).await.read();
        let read: MessageReaders = a.get(&path::message_readers(id, seq(2))).await.read();
        (readers.readers.iter().map(|it| it.read).collect::<Vec<_>>(), read.count)
    };
    assert_eq!(readers().await, (vec![seq(1)], 0));
    other.patch(path::ACCOUNT_ME, &json!({"receipts": true})).await;
    assert_eq!(readers().await, (vec![seq(1)], 0), "what was read meanwhile is told with what is read later");
    b.report(id, 4, 4).await;
    let told = sender.changes().await;
    assert!(matches!(&told[..], [AccountChange::Receipt(it)] if it.cursors == Cursors::at(seq(4))), "{told:?}");
    assert_eq!(readers().await, (vec![seq(4)], 1));
    for refused in [json!({"receipts": 1}), json!({"receipts": true, "x": 1})] {
        assert_eq!(b.patch(path::ACCOUNT_ME, &refused).await.status, 422);
    }
}

/// R000-19: what is read across a block is told to neither side, whoever asks, nor by lifting it: it comes with what is
/// read after. What was told before stays told, and nobody is missing from the list, which would tell of the block.
#[tokio::test]
async fn reading_across_a_block_is_listed_nowhere() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    for _ in 0..4 {
        a.send(id, "x").await;
    }
    let told = async || {
        let listed: Readers = a.get(&path::readers(id)).await.read();
        let [third, fourth] = [3, 4].map(|at| path::message_readers(id, seq(at)));
        let [third, fourth]: [MessageReaders; 2] = [a.get(&third).await.read(), a.get(&fourth).await.read()];
        (listed.readers.iter().map(|it| it.read.get()).collect::<Vec<_>>(), third.count, fourth.count)
    };
    assert_eq!(b.put(&path::block(a.id), &json!({})).await.status, 200);
    assert_eq!(told().await, (vec![0], 0, 0));
    assert_eq!(b.delete(&path::block(a.id)).await.status, 204);
    b.report(id, 1, 1).await;
    assert_eq!(b.put(&path::block(a.id), &json!({})).await.status, 200);
    b.report(id, 3, 3).await;
    assert_eq!(told().await, (vec![1], 0, 0));
    assert_eq!(b.delete(&path::block(a.id)).await.status, 204);
    assert_eq!(told().await, (vec![1], 0, 0));
    b.report(id, 4, 4).await;
    assert_eq!(told().await, (vec![4], 1, 1));
}

/// R000-20: the sender of a message learns who has read it, and nobody else does.
#[tokio::test]
async fn only_the_sender_learns_who_read() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    a.send(id, "x").await;
    let nobody: MessageReaders = a.get(&path::message_readers(id, seq(1))).await.read();
    assert_eq!((nobody.count, nobody.readers), (0, vec![]));
    b.report(id, 1, 1).await;
    let read: MessageReaders = a.get(&path::message_readers(id, seq(1))).await.read();
    assert_eq!((read.count, read.readers[0].id), (1, b.id));
    let refused = b.get(&path::message_readers(id, seq(1))).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "not_allowed"));
    for absent in [0, 2, 99] {
        assert_eq!(a.get(&path::message_readers(id, seq(absent))).await.status, 404);
    }
    for malformed in ["x", "-1", "1.5", "9007199254740992"] {
        assert_eq!(a.get(&format!("{}/{malformed}/readers", path::messages(id))).await.status, 404);
    }
}

/// T21: two devices that report the same tell the sender once, and lower ones nothing at all (T7).
#[tokio::test]
async fn two_devices_tell_once() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let other = Person::log_in(&server.address, "bb", PASSWORD).await;
    let id = a.open(&b).await;
    a.send(id, "x").await;
    a.send(id, "y").await;
    server.settled().await;
    let mut sender = a.push().await;
    let after = inbox(&a, Upd::ZERO).await.through;
    tokio::join!(b.report(id, 2, 1), other.report(id, 2, 1));
    other.report(id, 1, 0).await;
    b.report(id, 2, 2).await;
    let told = |it: Vec<AccountChange>| match it[..] {
        [AccountChange::Receipt(receipt)] => (receipt.cursors.delivered.get(), receipt.cursors.read.get()),
        _ => panic!("{it:?}"),
    };
    assert_eq!(told(sender.changes().await), (2, 1));
    assert_eq!(told(sender.changes().await), (2, 2));
    assert_eq!(inbox(&a, after).await.through, after.plus(2));
}

/// T13: a report that is refused moves nothing at all, and made again without its fault arrives.
#[tokio::test]
async fn a_refused_report_moves_nothing() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let (mine, theirs) = (a.open(&b).await, b.open(&c).await);
    b.send(mine, "x").await;
    b.send(theirs, "x").await;
    let report = |conversation, read: i64| json!({"conversation": conversation, "delivered": read, "read": read});
    let before = (a.conversation(mine).await, c.conversation(theirs).await);
    for (body, status) in [
        (json!({"reports": [report(mine, 1), report(theirs, 1)]}), 404),
        (json!({"reports": [report(mine, 1), report(mine, -1)]}), 422),
        (json!({"reports": vec![report(mine, 1); 101]}), 422),
    ] {
        assert_eq!(a.put(path::RECEIPTS, &body).await.status, status);
        assert_eq!((a.conversation(mine).await, c.conversation(theirs).await), before);
    }
    assert_eq!(a.report(mine, 1, 1).await.status, 204);
    assert_eq!(a.conversation(mine).await.unread, 0);
}

/// R001-20, R004-B7 (18), T5, T9: everything is read in one request: one frame to each own device with a change for
/// each conversation that had something, one receipt to each peer; again, nothing moves.
#[tokio::test]
async fn reading_everything_is_one_frame() {
    let server = TestServer::start();
    let a = server.person("aa").await;
    let other = Person::log_in(&server.address, "aa", PASSWORD).await;
    let mut peers = Vec::new();
    for handle in ["bb", "cc", "dd"] {
        let peer = server.person(handle).await;
        let id = a.open(&peer).await;
        for _ in 0..3 {
            peer.send(id, "x").await;
        }
        server.settled().await;
        let push = peer.push().await;
        peers.push((peer, id, push));
    }
    let quiet = a.open(&a).await;
    a.send(quiet, "a note").await;
    server.settled().await;
    let mut devices = [a.push().await, other.push().await];
    let start = other.sync(None).await;
    assert_eq!(a.put(path::RECEIPTS_ALL, &json!({})).await.status, 204);
    let own: Vec<_> = peers
        .iter()
        .map(|(_, conversation, _)| AccountChange::Own { conversation: *conversation, cursors: Cursors::at(seq(3)) })
        .collect();
    for device in &mut devices {
        assert_eq!(device.changes().await, own);
    }
    for (_, id, push) in &mut peers {
        let told = push.changes().await;
        assert!(matches!(&told[..], [AccountChange::Receipt(it)] if it.cursors == Cursors::at(seq(3))), "{told:?}");
        assert_eq!(a.conversation(*id).await.unread, 0);
    }
    let synced = other.sync(Some(&start.token)).await;
    assert_eq!((synced.changes, synced.upd), (own, start.upd.plus(3)));

    assert_eq!(a.put(path::RECEIPTS_ALL, &json!({})).await.status, 204);
    let list = a.sync(None).await;
    assert_eq!(list.conversations.iter().map(|it| it.unread).sum::<u64>(), 0);
    assert_eq!(list.upd, synced.upd, "reading it again moves nothing");
}

/// R000-08: when reading is reported is the server's to say: in every greeting, and in the page.
#[tokio::test]
async fn devices_are_told_when_to_report() {
    for (policy, told) in [("viewport", ReadReportPolicy::Viewport), ("on-leave", ReadReportPolicy::OnLeave)] {
        let server = TestServer::start_with(&[("SIXIN_READ_REPORT_POLICY", policy)]);
        let a = server.person("aa").await;
        let hello = serde_json::from_value(a.push_values().await.next().await).unwrap();
        let ServerFrame::Hello { rules, .. } = hello else { panic!("no greeting") };
        assert_eq!(rules.read_report_policy, told);
        let mut browser = Browser::new(&server.address);
        browser.log_in("aa", PASSWORD).await;
        let page = browser.get("/").await.text();
        let said = format!("\"read_report_policy\":{}", serde_json::to_string(&told).unwrap());
        assert!(page.contains(&said), "{policy}");
    }
}
