//! A device that counts wrongly is told so.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Admin, Person, TestServer};
use protocol::path;
use protocol::sync::{CheckCounts, CheckedCounts, Count};
use protocol::{Conversation, ConversationId, Rev, Seq};
use serde_json::json;

async fn wrong(person: &Person, counts: Vec<Count>) -> Vec<ConversationId> {
    let request = serde_json::to_value(CheckCounts { counts }).unwrap();
    let checked: CheckedCounts = person.post(path::SYNC_COUNTS, &request).await.read();
    checked.wrong.iter().map(|about| about.id).collect()
}

fn count(about: &Conversation, unread: u64) -> Count {
    Count { unread, ..Count::of(about) }
}

/// What the server says of drift.
async fn drift(server: &TestServer) -> String {
    let metrics = Admin::of(server).get(path::ADMIN_METRICS).await;
    assert_eq!((metrics.status, metrics.header("content-type")), (200, "text/plain; version=0.0.4"));
    metrics.text().lines().find(|line| line.starts_with("unread_drift_total ")).unwrap().to_owned()
}

/// R004-B2: what a device counts is compared with what the server counts at the same positions, and only there; what is wrong
/// is counted.
#[tokio::test]
async fn a_wrong_count_is_answered_with_the_conversation() {
    let server = Admin::server(&[]);
    let (a, b, stranger) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = a.open(&b).await;
    for text in ["1", "2", "3"] {
        a.send(id, text).await;
    }
    let about = b.conversation(id).await;
    assert_eq!(drift(&server).await, "unread_drift_total 0");
    assert_eq!(wrong(&b, vec![count(&about, 3)]).await, []);
    assert_eq!(wrong(&b, vec![count(&about, 2)]).await, [id]);
    assert_eq!(wrong(&b, vec![count(&about, 4)]).await, [id]);
    assert_eq!(wrong(&b, vec![Count { received: Seq::ZERO.plus(2), ..count(&about, 3) }]).await, [id]);
    assert_eq!(drift(&server).await, "unread_drift_total 3");

    let elsewhere = [
        Count { rev: Rev::ZERO, ..count(&about, 0) },
        Count { upd: about.upd.next(), ..count(&about, 0) },
        Count { read: Seq::ZERO.plus(2), ..count(&about, 1) },
        Count { floor: Seq::ZERO.plus(1), ..count(&about, 2) },
    ];
    for count in elsewhere {
        assert_eq!(wrong(&b, vec![count]).await, [], "{count:?} is at another place");
    }
    assert_eq!(wrong(&stranger, vec![count(&about, 0)]).await, [], "a conversation of others");
    assert_eq!(drift(&server).await, "unread_drift_total 3");

    let impossible = json!({"counts": [count(&about, Count::UNREAD_MAX + 1)]});
    assert_eq!(b.post(path::SYNC_COUNTS, &impossible).await.code(), "invalid_field");
    let many = vec![json!(count(&about, 3)); CheckCounts::MAX + 1];
    assert_eq!(b.post(path::SYNC_COUNTS, &json!({"counts": many})).await.code(), "invalid_field");
}
