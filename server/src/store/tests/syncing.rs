//! What devices are told that were away, or that have nothing yet.

use super::super::sync::{Segment, SyncCursor};
use super::*;

/// R004-G1, R004-G2: a device that knows nothing is given what was active in the window, what is unread whatever its
/// age, and at least a segment of the newest, in segments; one that broke off goes on where it stopped, also after a
/// restart. What moves later is told whatever its age.
#[tokio::test]
async fn a_full_sync_covers_a_window_in_segments() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let mut groups = Vec::new();
    // Active at 1,000, 2,000, … 9,000, everything read but the first and the second.
    for number in 1..=9 {
        let id = fixture.group(&format!("group {number}"), &[&a, &b]).await;
        let message = NewMessage { at: Some(number * 1_000), ..new(id, &b, number, "x") };
        fixture.store.writer().append(vec![message]).await.unwrap().remove(0).unwrap();
        if number > 2 {
            fixture.report(&a, id, 1, 1).await;
        }
        groups.push(id);
    }
    let listed = async |fixture: &Fixture, cursor: SyncCursor, segment: Segment| {
        let moved = fixture.store.moved(reader(&a), cursor, segment).await.unwrap();
        let places =
            moved.described.conversations.iter().map(|it| groups.iter().position(|id| *id == it.id).unwrap() + 1);
        (places.collect::<Vec<_>>(), moved)
    };
    let segment = Segment { size: 2, page: None, active_since: 6_000 };
    let (first, moved) = listed(&fixture, SyncCursor::NOTHING, segment).await;
    let (second, moved) = listed(&fixture, moved.cursor, segment).await;
    assert_eq!((first, second), (vec![9, 8], vec![7, 6]));
    // It breaks off here, the server restarts, and something old moves meanwhile.
    let fixture = fixture.reopen().await;
    fixture.send(groups[3], &b, 100, "old again").await.unwrap();
    let (third, moved) = listed(&fixture, moved.cursor, segment).await;
    assert_eq!(third, [2, 1], "only what is unread is older than the window");
    assert!(!moved.more, "a full segment with nothing behind it is the last");
    let (later, _) = listed(&fixture, moved.cursor, segment).await;
    assert_eq!(later, [4], "what moved is told whatever its age");

    // Nothing at all in the window: a segment of the newest all the same.
    let (newest, moved) =
        listed(&fixture, SyncCursor::NOTHING, Segment { size: 3, page: None, active_since: u64::MAX / 4 }).await;
    assert_eq!((newest, moved.more), (vec![4, 9, 8], true));
}

/// R004-G1, R001-05: the segment of the newest that a device is given in any case is of what is there for it: what was deleted
/// on it takes no place of that.
#[tokio::test]
async fn what_is_deleted_is_none_of_the_newest() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let (one, other) = (fixture.device(&a).await, fixture.device(&a).await);
    let mut groups = Vec::new();
    for number in 1..=4 {
        let id = fixture.group(&format!("group {number}"), &[&a, &b]).await;
        let message = NewMessage { at: Some(number * 1_000), ..new(id, &b, number, "x") };
        fixture.store.writer().append(vec![message]).await.unwrap().remove(0).unwrap();
        fixture.report(&a, id, 1, 1).await;
        groups.push(id);
    }
    for id in &groups[2..] {
        fixture.store.delete_conversation(one, *id, seq(1), false).await.unwrap();
    }
    let segment = Segment { size: 2, page: None, active_since: u64::MAX / 4 };
    for (device, expected) in [(one, [groups[1], groups[0]]), (other, [groups[3], groups[2]])] {
        let moved = fixture.store.moved(device, SyncCursor::NOTHING, segment).await.unwrap();
        assert_eq!(moved.described.conversations.iter().map(|it| it.id).collect::<Vec<_>>(), expected);
    }
}

/// R004-B7.17: nothing moves a message to an archive: one that has waited for longer than thirty days is unread, told of,
/// listed among what makes the badge, and read as any other.
#[tokio::test]
async fn an_old_unread_message_counts_exactly() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.group("group", &[&a, &b]).await;
    let old = crate::store::now() - 31 * 86_400_000;
    for key in 1..=3 {
        let message = NewMessage { at: Some(old + key), ..new(id, &b, key, "x") };
        fixture.store.writer().append(vec![message]).await.unwrap().remove(0).unwrap();
    }
    fixture.send(id, &b, 4, "new").await.unwrap();
    let told = async || {
        let segment = Segment { size: 9, page: None, active_since: crate::store::now() - 86_400_000 };
        let moved = fixture.store.moved(reader(&a), SyncCursor::NOTHING, segment).await.unwrap();
        let page = fixture.store.unread(reader(&a), id, None, 99).await.unwrap();
        (moved.described.conversations[0].unread, page.unread, page.messages.len())
    };
    assert_eq!(told().await, (4, 4, 4));
    fixture.report(&a, id, 0, 2).await;
    assert_eq!(told().await, (2, 2, 2));
    fixture.report(&a, id, 0, 4).await;
    assert_eq!(told().await, (0, 0, 0));
}

/// R004-G2: n conversations, or n changes of the account's log, come in ⌈n / segment⌉ segments: exactly a segment's worth
/// in one, after which no empty one is asked for.
#[tokio::test]
async fn exactly_a_segment_is_one_answer() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    for number in 1..=6 {
        fixture.group(&format!("group {number}"), &[&a, &b]).await;
    }
    // What the answers hold that follow a cursor, one by one.
    let answers = async |mut cursor: SyncCursor, size: u32| {
        let mut answers = Vec::new();
        loop {
            let moved = fixture.store.moved(reader(&a), cursor, segment(size)).await.unwrap();
            answers.push((moved.changes.len(), moved.described.conversations.len()));
            cursor = moved.cursor;
            if !moved.more {
                return answers;
            }
        }
    };
    let synced = fixture.store.moved(reader(&a), SyncCursor::NOTHING, segment(50)).await.unwrap().cursor;
    let known = SyncCursor { upd: Some(Upd::ZERO), ..synced };
    for (size, expected) in [(7, vec![6]), (6, vec![6]), (5, vec![5, 1]), (3, vec![3, 3]), (2, vec![2, 2, 2])] {
        let listed: Vec<_> = expected.iter().map(|count| (0, *count)).collect();
        assert_eq!(answers(SyncCursor::NOTHING, size).await, listed, "in segments of {size}");
        let told: Vec<_> = expected.iter().map(|count| (*count, 0)).collect();
        assert_eq!(answers(known, size).await, told, "in segments of {size}");
    }
}

/// R004-G2: a page that is longer than a segment comes in ⌈page / segment⌉ of them, any other in one. Each answer tells how
/// much of its page is left, so that one that broke off goes on where it stopped; who names no page goes on in segments.
#[tokio::test]
async fn a_page_comes_in_segments() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    for number in 1..=7 {
        fixture.group(&format!("group {number}"), &[&a, &b]).await;
    }
    // What the answers hold that follow a cursor, and what is left of the page after each.
    let answers = async |mut cursor: SyncCursor, page: Option<u32>| {
        let page = page.map(|size| size.try_into().unwrap());
        let mut answers = Vec::new();
        loop {
            let moved = fixture.store.moved(reader(&a), cursor, Segment { page, ..segment(3) }).await.unwrap();
            answers.push((moved.changes.len() + moved.described.conversations.len(), moved.cursor.left));
            cursor = moved.cursor;
            if !moved.more {
                return answers;
            }
        }
    };
    let synced = fixture.store.moved(reader(&a), SyncCursor::NOTHING, segment(50)).await.unwrap().cursor;
    let known = SyncCursor { upd: Some(Upd::ZERO), ..synced };
    for (page, expected) in [
        (Some(2), vec![(2, 0), (2, 0), (2, 0), (1, 0)]),
        (Some(3), vec![(3, 0), (3, 0), (1, 0)]),
        (Some(5), vec![(3, 2), (2, 0), (2, 0)]),
        (Some(6), vec![(3, 3), (3, 0), (1, 0)]),
        (Some(7), vec![(3, 4), (3, 1), (1, 0)]),
        (Some(500), vec![(3, 497), (3, 494), (1, 0)]),
        (None, vec![(3, 0), (3, 0), (1, 0)]),
    ] {
        assert_eq!(answers(SyncCursor::NOTHING, page).await, expected, "conversations in pages of {page:?}");
        assert_eq!(answers(known, page).await, expected, "changes in pages of {page:?}");
    }
    // One that broke off, begun with another length, and without one.
    let broken = SyncCursor { left: 2, ..known };
    for (page, expected) in
        [(Some(5), vec![(2, 0), (3, 2), (2, 0)]), (Some(1), vec![(1, 0); 7]), (None, vec![(3, 0), (3, 0), (1, 0)])]
    {
        assert_eq!(answers(broken, page).await, expected, "changes in pages of {page:?}");
    }
}

/// R004-G2: a token of a commit that there never was, as after a backup was put back, does not tell what moved: everything
/// is listed, once.
#[tokio::test]
async fn a_token_of_no_commit_lists_everything() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    for number in 1..=3 {
        fixture.group(&format!("group {number}"), &[&a, &b]).await;
    }
    let known = fixture.store.moved(reader(&a), SyncCursor::NOTHING, segment(50)).await.unwrap().cursor;
    let mut cursor = SyncCursor { version: known.version + 1, ..known };
    let mut listed = Vec::new();
    loop {
        let moved = fixture.store.moved(reader(&a), cursor, segment(2)).await.unwrap();
        listed.push(moved.described.conversations.len());
        cursor = moved.cursor;
        if !moved.more {
            break;
        }
    }
    assert_eq!((listed, cursor), (vec![2, 1], known));
}
