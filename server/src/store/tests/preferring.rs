//! What an account wants of its conversations, and who hears of it.

use super::*;
use protocol::preferences::{ChangePreferences, Labels, Preferences};

fn change(change: impl FnOnce(&mut ChangePreferences)) -> ChangePreferences {
    let mut changed = ChangePreferences::default();
    change(&mut changed);
    changed
}

impl Fixture {
    async fn prefer(&self, account: &User, id: ConversationId, change: ChangePreferences) -> (Preferences, Upd) {
        let changed = self.store.change_preferences(account.id, id, change).await.unwrap();
        assert_eq!(changed.conversation, id);
        (changed.preferences, changed.upd)
    }

    async fn upd(&self, account: &User, id: ConversationId) -> Upd {
        self.seen(account, id).await.upd
    }
}

/// R001-19, R001-06: only what is given changes; each change takes one position of the account's own log, and one that
/// changes nothing takes none; the other member and the conversation's log hear nothing.
#[tokio::test]
async fn preferences_change_alone_and_once() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.direct(&b, &a).await;
    let before = (fixture.upd(&a, id).await, fixture.seen(&b, id).await);
    let pin = change(|change| change.pinned = Some(true));
    let (pinned, upd) = fixture.prefer(&a, id, pin.clone()).await;
    assert_eq!((pinned.pinned, upd), (true, before.0.next()));
    assert_eq!(fixture.prefer(&a, id, pin).await, (pinned, upd), "again: nothing");
    assert_eq!(fixture.upd(&a, id).await, upd);

    let labels = Labels::try_from(vec!["客户".try_into().unwrap(), "\"x\"".try_into().unwrap()]).unwrap();
    let all = ChangePreferences {
        pinned: None,
        muted_until: Some(Preferences::ALWAYS),
        labels: Some(labels.clone()),
        archived_until: Some(seq(1)),
        marked_unread: Some(true),
        draft: Some("明天".try_into().unwrap()),
        draft_after: None,
    };
    let (told, upd) = fixture.prefer(&a, id, all).await;
    let expected = Preferences {
        pinned: true,
        muted_until: Preferences::ALWAYS,
        labels,
        archived_until: seq(1),
        marked_unread: true,
        draft: "明天".try_into().unwrap(),
    };
    assert_eq!((told, upd), (expected.clone(), before.0.plus(2)));
    let fixture = fixture.reopen().await;
    assert_eq!(fixture.seen(&a, id).await.preferences, expected);
    assert_eq!(fixture.seen(&b, id).await, before.1, "nobody else's affair");
}

/// R001-06: a draft that is told again is taken only where no other was since then; what else is told with it is.
#[tokio::test]
async fn a_draft_told_again_takes_no_other_away() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let draft = |text: &str, after: Option<Upd>| {
        change(|change| (change.draft, change.draft_after) = (Some(text.try_into().unwrap()), after))
    };
    let known = fixture.upd(&a, id).await;
    // Which is no draft, though there is a row now.
    fixture.prefer(&a, id, change(|change| change.pinned = Some(false))).await;
    fixture.prefer(&a, id, change(|change| change.muted_until = Some(1))).await;
    let (_, first) = fixture.prefer(&a, id, draft("first", Some(known))).await;
    assert_eq!(fixture.prefer(&a, id, draft("first", Some(known))).await.1, first, "again: nothing");
    let (pinned, upd) = fixture.prefer(&a, id, change(|change| change.pinned = Some(true))).await;
    assert_eq!((pinned.draft.as_str(), upd), ("first", first.next()));
    let (told, _) = fixture.prefer(&a, id, draft("second", Some(first))).await;
    assert_eq!(told.draft.as_str(), "second", "another preference is no draft");
    let mut late = draft("first", Some(known));
    late.pinned = Some(false);
    let (told, _) = fixture.prefer(&a, id, late).await;
    assert_eq!((told.draft.as_str(), told.pinned), ("second", false));
    assert_eq!(fixture.prefer(&a, id, draft("third", None)).await.0.draft.as_str(), "third");
}

/// R001-06: a sync tells a device the latest state, once, whatever came between.
#[tokio::test]
async fn a_sync_tells_the_latest_preferences() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let after = fixture.upd(&a, id).await;
    for draft in ["1", "2", "3"] {
        fixture.prefer(&a, id, change(|change| change.draft = Some(draft.try_into().unwrap()))).await;
    }
    let cursor = SyncCursor { version: i64::MAX, upd: Some(after), listing: None, left: 0 };
    let moved = fixture.store.moved(reader(&a), cursor, segment(10)).await.unwrap();
    let preferences = Box::new(Preferences { draft: "3".try_into().unwrap(), ..Preferences::default() });
    let change = AccountChange::Preferences { conversation: id, preferences };
    assert_eq!((moved.changes, moved.upd), (vec![change.clone()], after.plus(3)));
    let mut told = Vec::new();
    while told.len() < 3 {
        for event in fixture.committed.recv().await.unwrap().events {
            if let Event::Account { account, prev, pos, changes } = event
                && matches!(changes[..], [AccountChange::Preferences { .. }])
            {
                assert_eq!((account, prev.next()), (a.id, pos));
                told.extend(changes);
            }
        }
    }
    assert_eq!(told.last(), Some(&change));
}

/// What is archived comes back with the next message at the latest, whatever a device asked for.
#[tokio::test]
async fn nothing_is_archived_beyond_the_next_message() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.send(id, &b, 1, "x").await.unwrap();
    let (told, _) = fixture.prefer(&a, id, change(|change| change.archived_until = Some(seq(99)))).await;
    assert_eq!(told.archived_until, seq(2));
}

/// R001-20: all marks go, each with a position of its own.
#[tokio::test]
async fn marks_are_cleared_one_by_one() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let ids = [fixture.direct(&a, &b).await.id, fixture.direct(&a, &a).await.id, fixture.group("g", &[&a, &b]).await];
    for id in [ids[0], ids[2]] {
        fixture.prefer(&a, id, change(|change| change.marked_unread = Some(true))).await;
    }
    let before = fixture.upd(&a, ids[0]).await;
    fixture.store.clear_marks(a.id).await.unwrap();
    fixture.store.clear_marks(a.id).await.unwrap();
    assert_eq!(fixture.upd(&a, ids[0]).await, before.plus(2));
    for id in ids {
        assert!(!fixture.seen(&a, id).await.preferences.marked_unread);
    }
}

/// R004-G1: a device without data is given what is pinned, marked or drafted in, however old it is.
#[tokio::test]
async fn a_new_device_is_given_what_somebody_set_apart() {
    let fixture = Fixture::new().await;
    let a = fixture.user("aa").await;
    let mut ids = Vec::new();
    for (handle, at) in ["b1", "b2", "b3", "b4", "b5"].into_iter().zip(1_000..) {
        // Of two begun in one millisecond neither is the newest.
        clock::set(at);
        let peer = fixture.user(handle).await;
        ids.push(fixture.direct(&a, &peer).await.id);
    }
    fixture.prefer(&a, ids[0], change(|change| change.pinned = Some(true))).await;
    fixture.prefer(&a, ids[1], change(|change| change.marked_unread = Some(true))).await;
    fixture.prefer(&a, ids[2], change(|change| change.draft = Some("x".try_into().unwrap()))).await;
    fixture.prefer(&a, ids[3], change(|change| change.draft = Some("".try_into().unwrap()))).await;
    let segment = Segment { size: 1, page: None, active_since: u64::MAX >> 1 };
    let mut listed = Vec::new();
    let mut cursor = SyncCursor::NOTHING;
    loop {
        let moved = fixture.store.moved(reader(&a), cursor, segment).await.unwrap();
        listed.extend(moved.described.conversations.iter().map(|conversation| conversation.id));
        cursor = moved.cursor;
        if !moved.more {
            break;
        }
    }
    listed.sort();
    assert_eq!(listed, [ids[0], ids[1], ids[2], ids[4]], "these, and the newest");
}
