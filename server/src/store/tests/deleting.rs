//! Conversations deleted on one device.

use super::hiding::ALWAYS;
use super::*;
use protocol::DeviceName;
use protocol::sync::Count;

impl Fixture {
    pub(super) async fn device(&self, account: &User) -> Reader {
        let mut token = [0; 32];
        getrandom::fill(&mut token).unwrap();
        let name = DeviceName::try_from("device").unwrap();
        Reader { account: account.id, device: self.store.begin_login(account.id, token, name).await.unwrap() }
    }

    pub(super) async fn on(&self, device: Reader, id: ConversationId) -> Conversation {
        only(self.store.conversation(device, id).await.unwrap()).unwrap()
    }

    pub(super) async fn listed(&self, device: Reader) -> Vec<ConversationId> {
        let page = self.store.conversations(device, None, 50).await.unwrap().conversations;
        let synced = self.store.moved(device, SyncCursor::NOTHING, segment(50)).await.unwrap().described.conversations;
        assert_eq!(page, synced);
        page.into_iter().map(|conversation| conversation.id).collect()
    }
}

/// R001-05, R004-H5, R004-B7 (14, 15): deleting a conversation is the device's own: the others keep it, a new one begins
/// without it, and it comes back with what is written later.
#[tokio::test]
async fn a_conversation_is_deleted_on_one_device() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let (one, two) = (fixture.device(&b).await, fixture.device(&b).await);
    for key in 1..=3 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    let before = fixture.on(two, id).await;
    // Further than the newest message there is nothing to delete, and nothing less than before is.
    for through in [99, 1, 0] {
        fixture.store.delete_conversation(one, id, seq(through), false).await.unwrap();
        let seen = fixture.on(one, id).await;
        assert_eq!((seen.floor, seen.vis_from, seen.unread, seen.last), (Some(seq(3)), seq(4), 0, None));
    }
    assert!(fixture.listed(one).await.is_empty());
    assert_eq!((fixture.listed(two).await, fixture.on(two, id).await), (vec![id], before.clone()));
    let new = fixture.device(&b).await;
    assert!(fixture.listed(new).await.is_empty());
    let page = fixture.store.history(one, id, Span::Newest, 10).await.unwrap();
    assert_eq!((page.messages.len(), page.from, page.through, page.vis_from), (0, seq(4), seq(3), seq(4)));
    // Nothing is told of it, and a recall of what is gone brings nothing back.
    fixture.recall(&a, id, 3, ALWAYS).await.unwrap();
    assert!(fixture.listed(one).await.is_empty());
    assert_eq!(fixture.seen(&b, id).await.upd, before.upd);

    fixture.send(id, &a, 4, "x").await.unwrap();
    for device in [one, new] {
        let seen = fixture.on(device, id).await;
        assert_eq!((seen.unread, seen.last.unwrap().seq), (1, seq(4)));
        assert_eq!(fixture.listed(device).await, [id]);
        let changes = fixture.store.changes(device, id, protocol::Rev::ZERO, 10, 100).await.unwrap();
        assert_eq!(seqs(&changes.messages), [4]);
    }
    assert_eq!(fixture.on(two, id).await.unread, 3);
    let mut pages = 0;
    while let Ok(committed) = fixture.committed.try_recv() {
        let joined = |event: &Event| matches!(event, Event::Account { changes, .. } if !matches!(changes[..], [AccountChange::Joined { .. }]));
        assert!(!committed.events.iter().any(joined), "no downlink");
        let own = |event: &&Event| matches!(event, Event::Deleted { device, floor, .. } if (*device, *floor) == (one.device, seq(3)));
        pages += committed.events.iter().filter(own).count();
    }
    assert_eq!(pages, 1, "the other pages of the device");
    // Another device that deletes more moves where a new one begins; one that was ended deletes nothing.
    fixture.store.delete_conversation(two, id, seq(4), false).await.unwrap();
    assert!(fixture.listed(fixture.device(&b).await).await.is_empty());
    fixture.store.end_login(b.id, one.device).await.unwrap();
    fixture.store.delete_conversation(one, id, seq(4), false).await.unwrap();
    assert_eq!(fixture.on(one, id).await.floor, None);
}

/// R001-05, X7: a conversation is deleted on all devices of the account where a person wants that: those that are there hear of
/// it, the next sync tells the others, and nobody else loses anything.
#[tokio::test]
async fn a_conversation_is_deleted_on_all_devices() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let (one, two, three) = (fixture.device(&b).await, fixture.device(&b).await, fixture.device(&b).await);
    let others = fixture.device(&a).await;
    for key in 1..=3 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    let known = fixture.store.moved(three, SyncCursor::NOTHING, segment(50)).await.unwrap().cursor;
    fixture.store.delete_conversation(two, id, seq(3), false).await.unwrap();
    while fixture.committed.try_recv().is_ok() {}
    fixture.store.delete_conversation(one, id, seq(2), true).await.unwrap();
    for (device, floor) in [(one, 2), (two, 3), (three, 2)] {
        assert_eq!(fixture.on(device, id).await.floor, Some(seq(floor)));
    }
    let told = fixture.committed.recv().await.unwrap().events;
    let devices = told.iter().map(|event| match event {
        Event::Deleted { account, device, floor, .. } => (*account, *device, floor.get()),
        event => panic!("{event:?}"),
    });
    assert_eq!(devices.collect::<Vec<_>>(), [(b.id, one.device, 2), (b.id, three.device, 2)]);
    let moved = fixture.store.moved(three, known, segment(50)).await.unwrap();
    assert_eq!(moved.described.conversations.iter().map(|about| about.floor).collect::<Vec<_>>(), [Some(seq(2))]);
    assert_eq!(fixture.on(others, id).await.floor, None);
    fixture.store.end_login(b.id, one.device).await.unwrap();
    fixture.store.delete_conversation(one, id, seq(3), true).await.unwrap();
    assert_eq!(fixture.on(three, id).await.floor, Some(seq(2)), "a login that was ended deletes nothing");
}

/// R004-H5: a login that lost what it kept is a new device: what another device deleted is not there for it, its next sync
/// tells that once, and the other devices keep theirs.
#[tokio::test]
async fn a_device_that_lost_its_data_is_a_new_one() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let (one, two, three) = (fixture.device(&b).await, fixture.device(&b).await, fixture.device(&b).await);
    for key in 1..=3 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    fixture.store.delete_conversation(one, id, seq(3), false).await.unwrap();
    fixture.store.delete_conversation(two, id, seq(1), false).await.unwrap();
    let known = fixture.store.moved(two, SyncCursor::NOTHING, segment(50)).await.unwrap().cursor;
    assert_eq!(fixture.listed(two).await, [id]);
    while fixture.committed.try_recv().is_ok() {}
    fixture.store.begin_anew(two).await.unwrap();
    let told = fixture.committed.recv().await.unwrap().events;
    assert!(matches!(told[..], [Event::Deleted { device, floor, .. }] if (device, floor) == (two.device, seq(3))));
    assert!(fixture.listed(two).await.is_empty());
    let told = async |cursor| {
        let moved = fixture.store.moved(two, cursor, segment(50)).await.unwrap();
        (moved.described.conversations.iter().map(|about| about.floor).collect::<Vec<_>>(), moved.cursor)
    };
    let (floors, later) = told(known).await;
    assert_eq!(floors, [Some(seq(3))]);
    // Again, it is new only in what was deleted since; what it deleted itself is no less gone.
    fixture.store.begin_anew(two).await.unwrap();
    assert_eq!(told(later).await.0, []);
    fixture.send(id, &a, 4, "x").await.unwrap();
    assert_eq!((fixture.listed(two).await, fixture.listed(three).await), (vec![id], vec![id]));
    fixture.store.delete_conversation(two, id, seq(4), false).await.unwrap();
    fixture.store.begin_anew(two).await.unwrap();
    assert_eq!((fixture.on(two, id).await.floor, fixture.on(three, id).await.floor), (Some(seq(4)), None));
    fixture.store.end_login(b.id, three.device).await.unwrap();
    fixture.store.begin_anew(three).await.unwrap();
    assert_eq!(fixture.on(three, id).await.floor, None);
}

/// R001-05: a device that missed the answer to its deletion hears of it in its next sync, once; so does one whose data are
/// older than its login. Nobody else does.
#[tokio::test]
async fn a_deletion_is_told_to_its_device_again() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let (id, other) = (fixture.direct(&a, &b).await.id, fixture.direct(&b, &b).await.id);
    let (one, two) = (fixture.device(&b).await, fixture.device(&b).await);
    fixture.send(id, &a, 1, "x").await.unwrap();
    let known = fixture.store.moved(one, SyncCursor::NOTHING, segment(50)).await.unwrap().cursor;
    let told = async |fixture: &Fixture, reader, cursor| {
        let moved = fixture.store.moved(reader, cursor, segment(50)).await.unwrap();
        assert!(!moved.more);
        let floors = moved.described.conversations.iter().map(|about| (about.id, about.floor)).collect::<Vec<_>>();
        (floors, moved.cursor)
    };
    assert_eq!(told(&fixture, one, known).await.0, []);
    fixture.store.delete_conversation(one, id, seq(1), false).await.unwrap();
    let (floors, later) = told(&fixture, one, known).await;
    assert_eq!(floors, [(id, Some(seq(1)))]);
    assert_eq!(told(&fixture, one, later).await.0, []);
    assert_eq!(told(&fixture, two, known).await.0, []);
    let new = fixture.device(&b).await;
    assert_eq!(told(&fixture, new, later).await.0, [(id, Some(seq(1)))]);
    // A device that knows nothing is not bothered with what it deleted.
    assert_eq!(told(&fixture, new, SyncCursor::NOTHING).await.0, [(other, None)]);
    // Nor is anything told twice after a restart, which goes on counting commits where they ended.
    let fixture = fixture.reopen().await;
    assert_eq!(told(&fixture, one, later).await.0, []);
    fixture.send(id, &a, 2, "x").await.unwrap();
    assert_eq!(told(&fixture, one, later).await.0, [(id, Some(seq(1)))]);
}

/// R004-B2: what a device told last of what it counts is kept, each device's own, of conversations of its account alone, until the
/// device or the membership ends, or what it kept is lost.
#[tokio::test]
async fn what_a_device_counts_is_kept() {
    let fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let id = fixture.group("group", &[&a, &b]).await;
    let (one, two, other) = (fixture.device(&b).await, fixture.device(&b).await, fixture.device(&c).await);
    for key in 1..=3 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    let kept = async |device: Reader| {
        let counted = fixture.store.counted(device.device, &[id]).await.unwrap();
        counted.iter().map(|it| (it.received.get(), it.read.get(), it.unread)).collect::<Vec<_>>()
    };
    let count = Count::of(&fixture.on(one, id).await);
    for device in [one, two, other] {
        fixture.store.keep_counts(device, vec![count]).await.unwrap();
    }
    let first = fixture.store.counted(one.device, &[id]).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    fixture.store.keep_counts(one, vec![count]).await.unwrap();
    assert_eq!(fixture.store.counted(one.device, &[id]).await.unwrap(), first, "since when it counts so");
    fixture.store.keep_counts(two, vec![Count { read: seq(1), unread: 2, ..count }]).await.unwrap();
    assert_eq!((kept(one).await, kept(two).await, kept(other).await), (vec![(3, 0, 3)], vec![(3, 1, 2)], vec![]));
    fixture.store.begin_anew(one).await.unwrap();
    assert_eq!((kept(one).await, kept(two).await), (vec![], vec![(3, 1, 2)]));
    fixture.store.end_login(b.id, two.device).await.unwrap();
    assert_eq!(kept(two).await, []);
    fixture.store.keep_counts(two, vec![count]).await.unwrap();
    assert_eq!(kept(two).await, [], "of a login that was ended");
    fixture.store.keep_counts(one, vec![count]).await.unwrap();
    fixture.remove(&a, id, &b).await.unwrap();
    assert_eq!(kept(one).await, []);
}

/// R001-05, R004-H5: a conversation in which nothing was written yet is deleted like any other, on the device, on one that is
/// new, and on all of them; the first message brings it back.
#[tokio::test]
async fn an_empty_conversation_is_deleted() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&b, &a).await.id;
    let (one, two) = (fixture.device(&b).await, fixture.device(&b).await);
    let known = fixture.store.moved(one, SyncCursor::NOTHING, segment(50)).await.unwrap().cursor;
    assert_eq!((fixture.listed(one).await, fixture.on(one, id).await.floor), (vec![id], None));
    for _ in 0..2 {
        fixture.store.delete_conversation(one, id, Seq::ZERO, false).await.unwrap();
        assert_eq!((fixture.listed(one).await, fixture.on(one, id).await.floor), (vec![], Some(Seq::ZERO)));
    }
    // Its other pages hear of it once, and its next sync tells it again.
    let told = |event: &&Event| matches!(event, Event::Deleted { device, floor, .. } if (*device, *floor) == (one.device, Seq::ZERO));
    assert_eq!(fixture.events().iter().filter(told).count(), 1);
    let moved = fixture.store.moved(one, known, segment(50)).await.unwrap();
    assert_eq!(moved.described.conversations.iter().map(|about| about.floor).collect::<Vec<_>>(), [Some(Seq::ZERO)]);
    assert_eq!((fixture.listed(two).await, fixture.on(two, id).await.floor), (vec![id], None));
    let new = fixture.device(&b).await;
    assert_eq!((fixture.listed(new).await, fixture.on(new, id).await.floor), (vec![], Some(Seq::ZERO)));
    fixture.store.delete_conversation(one, id, Seq::ZERO, true).await.unwrap();
    assert_eq!(fixture.listed(two).await, vec![]);

    fixture.send(id, &a, 1, "x").await.unwrap();
    for device in [one, two, new] {
        let seen = fixture.on(device, id).await;
        assert_eq!((fixture.listed(device).await, seen.unread, seen.vis_from), (vec![id], 1, seq(1)));
    }
    fixture.store.delete_conversation(one, id, seq(1), false).await.unwrap();
    assert_eq!(fixture.on(one, id).await.floor, Some(seq(1)));
}

/// R001-05: with a login goes what its device deleted, and no commit gets the number of that again: what moves after a
/// restart is told to whoever synced before.
#[tokio::test]
async fn an_ended_login_takes_no_commit_back() {
    let fixture = Fixture::new().await;
    let (x, y, z) = (fixture.user("xx").await, fixture.user("yy").await, fixture.user("zz").await);
    let (deleted, moving) = (fixture.direct(&x, &z).await.id, fixture.direct(&z, &y).await.id);
    fixture.send(deleted, &z, 1, "x").await.unwrap();
    // Commits that no row names.
    let mut device = fixture.device(&x).await;
    for _ in 0..5 {
        device = fixture.device(&x).await;
    }
    fixture.store.delete_conversation(device, deleted, seq(1), false).await.unwrap();
    let known = fixture.store.moved(reader(&y), SyncCursor::NOTHING, segment(50)).await.unwrap().cursor;
    fixture.store.end_login(x.id, device.device).await.unwrap();
    let fixture = fixture.reopen().await;
    fixture.send(moving, &z, 2, "x").await.unwrap();
    let moved = fixture.store.moved(reader(&y), known, segment(50)).await.unwrap();
    assert_eq!(moved.described.conversations.iter().map(|about| about.id).collect::<Vec<_>>(), [moving]);
    assert!(moved.cursor.version > known.version);
}
