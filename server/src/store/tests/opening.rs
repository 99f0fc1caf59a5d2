//! Opening direct conversations.

use super::*;

/// R001-04: a direct conversation without messages is there for who opened it, and told to nobody else; the other finds it
/// once somebody wrote in it, or by opening it too, which tells the first nothing.
#[tokio::test]
async fn an_empty_conversation_is_there_for_who_opened_it() {
    let mut fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let begun = SyncCursor { version: 0, upd: Some(Upd::ZERO), listing: None, left: 0 };
    let entered = fixture.direct(&b, &a).await.id;
    let written = fixture.direct(&b, &c).await.id;

    for (other, id) in [(&a, entered), (&c, written)] {
        assert!(matches!(fixture.store.conversation(reader(other), id).await, Err(StoreError::NotFound)));
        assert!(matches!(fixture.store.history(reader(other), id, Span::Newest, 9).await, Err(StoreError::NotFound)));
        assert!(fixture.store.conversations(reader(other), None, 9).await.unwrap().conversations.is_empty());
        let moved = fixture.store.moved(reader(other), begun, segment(50)).await.unwrap();
        assert!(moved.changes.is_empty() && moved.described.conversations.is_empty());
        assert_eq!(moved.upd, Upd::ZERO);
        let members = fixture.store.members(other.id, id, Wanted::default(), 9).await;
        assert!(matches!(members, Err(StoreError::NotFound)));
        assert!(!fixture.store.knows(other.id, b.id).await.unwrap());
        assert!(fixture.store.roster(id).await.unwrap().unwrap().awaits(other.id));
    }
    assert_eq!(fixture.store.conversations(reader(&b), None, 9).await.unwrap().conversations.len(), 2);

    let (conversation, fresh) = fixture.store.open_direct(reader(&a), b.id).await.unwrap();
    assert_eq!((conversation.id, fresh, conversation.member_count), (entered, true, 2));
    assert!(!fixture.store.roster(entered).await.unwrap().unwrap().awaits(a.id));
    assert_eq!(fixture.store.open_direct(reader(&a), b.id).await.unwrap(), (conversation.clone(), false));
    let moved = fixture.store.moved(reader(&a), begun, segment(50)).await.unwrap();
    assert!(matches!(&moved.changes[..], [AccountChange::Joined { conversation: c }] if **c == conversation));

    let mut withheld = new(written, &b, 1, "not for you");
    withheld.invisible = vec![c.id];
    fixture.store.writer().append(vec![withheld]).await.unwrap().remove(0).unwrap();
    let empty = fixture.seen(&c, written).await;
    assert_eq!((empty.last, empty.unread), (None, 0));
    fixture.send(written, &b, 2, "hello").await.unwrap();
    assert_eq!(fixture.seen(&c, written).await.unread, 1);
    let listed = fixture.store.moved(reader(&c), begun, segment(50)).await.unwrap();
    assert_eq!(listed.described.conversations.iter().map(|about| about.id).collect::<Vec<_>>(), [written]);
    assert!(!fixture.store.open_direct(reader(&c), b.id).await.unwrap().1);

    fixture.store.writer().run(|_| Box::pin(async { Ok(()) })).await.unwrap();
    let mut joined = Vec::new();
    while let Ok(committed) = fixture.committed.try_recv() {
        joined.extend(committed.events.into_iter().filter_map(|event| match event {
            Event::Account { account, changes, .. } if matches!(changes[..], [AccountChange::Joined { .. }]) => {
                Some(account)
            }
            _ => None,
        }));
    }
    assert_eq!(joined, [b.id, b.id, a.id]);
}
