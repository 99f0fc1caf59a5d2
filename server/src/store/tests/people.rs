//! What people are to each other.

use super::super::sync::Moved;
use super::*;
use protocol::{FriendRequest, Millis, RequestState};

const DAY: u64 = 24 * 60 * 60 * 1_000;

/// R003-02: a request that nobody answers within seven days by the server's clock has expired; accepting it then asks
/// anew.
#[tokio::test]
async fn a_friend_request_expires_after_seven_days() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let start = 1_800_000_000_000;
    clock::set(start);
    let greeting = Some("你好".try_into().unwrap());
    fixture.store.ask_friend(a.id, b.id, greeting).await.unwrap();
    let told: Vec<_> = fixture.pushed();
    assert!(matches!(
        told.as_slice(),
        [(to_a, AccountChange::Request(out)), (to_b, AccountChange::Request(inc))]
            if *to_a == a.id && *to_b == b.id && !out.incoming && inc.incoming && inc.greeting.is_some()
    ));
    let waiting = async || fixture.store.friend_requests(b.id).await.unwrap().incoming.len();
    clock::set(start + 7 * DAY - 1);
    assert_eq!(waiting().await, 1);
    clock::set(start + FriendRequest::LIFETIME);
    assert_eq!(waiting().await, 0);
    let change = fixture.store.moved(reader(&b), SyncCursor { upd: Some(Upd::ZERO), ..SyncCursor::NOTHING }, ALL).await;
    let request = change.unwrap().changes.into_iter().find_map(|change| match change {
        AccountChange::Request(request) => Some(request.state),
        _ => None,
    });
    assert_eq!(request, Some(RequestState::Expired));
    // Too late to accept: it is a request of b's own now.
    assert!(!fixture.store.ask_friend(b.id, a.id, None).await.unwrap().relation.friend);
    assert!(fixture.store.ask_friend(a.id, b.id, None).await.unwrap().relation.friend);
    assert!(fixture.store.contact(b.id, a.id).await.unwrap().relation.friend);
}

/// R003-02: who asks again within a day of a refusal is told that the request waits, as ever, and the other hears nothing
/// of it, until they ask themselves; a day after the refusal asking is asking again.
#[tokio::test]
async fn a_refusal_keeps_the_next_request_quiet_for_a_day() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let start = 1_800_000_000_000;
    clock::set(start);
    let ask = async |greeting: &'static str| {
        fixture.store.ask_friend(a.id, b.id, Some(greeting.try_into().unwrap())).await.unwrap().relation
    };
    let refuse = async || fixture.store.refuse_friend(b.id, a.id).await;
    let since = SyncCursor { upd: Some(Upd::ZERO), ..SyncCursor::NOTHING };
    let synced = async |who: &User| {
        let changes = fixture.store.moved(reader(who), since, ALL).await.unwrap().changes;
        changes.into_iter().find_map(|change| match change {
            AccountChange::Request(request) => Some((request.state, request.greeting)),
            _ => None,
        })
    };
    ask("first").await;
    refuse().await.unwrap();
    let refused = synced(&b).await;
    assert_eq!(refused, Some((RequestState::Refused, None)), "asked again or not, it looks the same");

    clock::set(start + DAY - 1);
    assert!(!ask("second").await.friend);
    assert_eq!(synced(&a).await.map(|(state, _)| state), Some(RequestState::Waiting));
    assert_eq!(synced(&b).await, Some((RequestState::Refused, None)));
    let lists = |who: &User| fixture.store.friend_requests(who.id);
    assert_eq!((lists(&a).await.unwrap().outgoing.len(), lists(&b).await.unwrap().incoming.len()), (1, 0));
    assert!(matches!(refuse().await, Err(StoreError::NotFound)));

    // It waits still, and asking now is asking.
    clock::set(start + DAY);
    ask("third").await;
    assert_eq!(synced(&b).await, Some((RequestState::Waiting, Some("third".try_into().unwrap()))));
    refuse().await.unwrap();
    ask("fourth").await;
    // Who asks after all finds that the other wants it.
    assert!(fixture.store.ask_friend(b.id, a.id, None).await.unwrap().relation.friend);
    let between = async |one: &User, other: &User| {
        fixture.store.friend_request(one.id, other.id).await.unwrap().map(|request| request.incoming)
    };
    assert_eq!((between(&a, &b).await, between(&b, &a).await), (None, None));
    // Friends leave nothing of a refusal behind.
    fixture.store.drop_friend(a.id, b.id).await.unwrap();
    fixture.store.drop_friend(b.id, a.id).await.unwrap();
    ask("fifth").await;
    assert_eq!(lists(&b).await.unwrap().incoming.len(), 1);
    let to_b = fixture.pushed().into_iter().filter_map(|(whom, change)| match change {
        AccountChange::Request(request) if whom == b.id => Some(request.state),
        _ => None,
    });
    let [waiting, refused, accepted] = [RequestState::Waiting, RequestState::Refused, RequestState::Accepted];
    assert_eq!(to_b.collect::<Vec<_>>(), [waiting, refused, waiting, refused, accepted, waiting]);
}

const ALL: Segment = Segment { size: 100, page: None, active_since: 0 };

/// R003-08c, R003-08e: a block stands beside the other flags, is told to the one who blocks, and to nobody else.
#[tokio::test]
async fn a_block_is_told_to_the_blocker_alone() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    fixture.store.follow(b.id, a.id, true).await.unwrap();
    fixture.store.follow(a.id, b.id, true).await.unwrap();
    fixture.pushed();
    let before = fixture.store.contact(b.id, a.id).await.unwrap();
    let blocked = fixture.store.block(a.id, b.id, true).await.unwrap().relation;
    assert!(blocked.blocking && blocked.follow && blocked.fan);
    let told = fixture.pushed();
    assert!(matches!(told.as_slice(), [(whom, AccountChange::Relation { .. })] if *whom == a.id));
    assert_eq!(fixture.store.contact(b.id, a.id).await.unwrap(), before, "position and flags are the same");
    for (one, other) in [(&a, &b), (&b, &a)] {
        assert!(fixture.store.blocked_between(one.id, other.id).await.unwrap());
    }
    fixture.store.block(a.id, b.id, true).await.unwrap();
    assert!(fixture.pushed().is_empty(), "what stands already changes nothing");
    let free = fixture.store.block(a.id, b.id, false).await.unwrap().relation;
    assert!(!free.blocking && free.follow && free.fan);
    assert!(!fixture.store.blocked_between(b.id, a.id).await.unwrap());
}

/// R003-02: what one that is blocked asks is told to nobody, in a sync neither.
#[tokio::test]
async fn a_blocked_request_is_in_no_sync() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let asked = async || {
        let since = SyncCursor { upd: Some(Upd::ZERO), ..SyncCursor::NOTHING };
        let changes = fixture.store.moved(reader(&b), since, ALL).await.unwrap().changes;
        changes.iter().filter(|change| matches!(change, AccountChange::Request(_))).count()
    };
    fixture.store.ask_friend(a.id, b.id, None).await.unwrap();
    assert_eq!(asked().await, 1);
    fixture.store.block(b.id, a.id, true).await.unwrap();
    assert_eq!(asked().await, 0);
}

/// R003-02: when a block ends, every device of who blocked is told what became of the other's request meanwhile, and nothing
/// of what is asked quietly; the asker is told nothing.
#[tokio::test]
async fn a_block_that_ends_tells_what_became_of_a_request() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let store = fixture.store.clone();
    let told = |fixture: &mut Fixture| {
        let told = fixture.pushed().into_iter().filter_map(|(whom, change)| match change {
            AccountChange::Request(request) => Some((whom, request.state)),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    // What a device of b hears that syncs on from a cursor, and where it stands then.
    let synced = async |cursor: SyncCursor| {
        let Moved { changes, cursor, .. } = store.moved(reader(&b), cursor, ALL).await.unwrap();
        let states = changes.into_iter().filter_map(|change| match change {
            AccountChange::Request(request) => Some(request.state),
            _ => None,
        });
        (states.collect::<Vec<_>>(), cursor)
    };
    let block = async |on| store.block(b.id, a.id, on).await.unwrap();
    let ask = async || store.ask_friend(a.id, b.id, None).await.unwrap();
    let begun = SyncCursor { upd: Some(Upd::ZERO), ..SyncCursor::NOTHING };
    let [waiting, withdrawn, refused] = [RequestState::Waiting, RequestState::Withdrawn, RequestState::Refused];

    ask().await;
    assert_eq!(told(&mut fixture), [(a.id, waiting), (b.id, waiting)]);
    block(true).await;
    store.drop_friend(a.id, b.id).await.unwrap();
    let (states, known) = synced(begun).await;
    assert_eq!((told(&mut fixture), states), (vec![(a.id, withdrawn)], vec![]));
    block(false).await;
    assert_eq!((told(&mut fixture), synced(known).await.0), (vec![(b.id, withdrawn)], vec![withdrawn]));
    block(false).await;
    assert_eq!(told(&mut fixture), [], "it had ended");

    block(true).await;
    ask().await;
    let (states, known) = synced(begun).await;
    assert_eq!((told(&mut fixture), states), (vec![(a.id, waiting)], vec![]));
    block(false).await;
    assert_eq!((told(&mut fixture), synced(known).await.0), (vec![(b.id, waiting)], vec![waiting]));

    // Asked again or not, it was refused.
    store.refuse_friend(b.id, a.id).await.unwrap();
    told(&mut fixture);
    for asked_again in [false, true] {
        block(true).await;
        if asked_again {
            ask().await;
            assert_eq!(told(&mut fixture), [(a.id, waiting)]);
        }
        block(false).await;
        assert_eq!(told(&mut fixture), [(b.id, refused)]);
    }

    // Of what was only ever asked across blocks, and refused there, nothing is told.
    let c = fixture.user("cc").await;
    store.block(b.id, c.id, true).await.unwrap();
    store.ask_friend(c.id, b.id, None).await.unwrap();
    store.refuse_friend(b.id, c.id).await.unwrap();
    store.ask_friend(c.id, b.id, None).await.unwrap();
    told(&mut fixture);
    store.block(b.id, c.id, false).await.unwrap();
    assert_eq!(told(&mut fixture), []);
}

/// R002-04: an account was there last when the last of its devices was, whichever is written first, and also when their logins
/// have ended.
#[tokio::test]
async fn the_last_of_the_devices_tells_when_somebody_was_there() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.send(id, &b, 1, "x").await.unwrap();
    let devices = [fixture.device(&b).await.device, fixture.device(&b).await.device];
    let seen = async |times: [Millis; 2]| {
        let seen = devices.iter().zip(times).map(|(device, at)| (*device, b.id, at)).collect();
        fixture.store.write_seen(seen).await.unwrap();
        fixture.store.seen_at(a.id, id, b.id).await.unwrap()
    };
    assert_eq!(seen([2_000, 1_000]).await, Some(2_000));
    assert_eq!(seen([1_000, 3_000]).await, Some(3_000));
    for device in devices {
        fixture.store.end_login(b.id, device).await.unwrap();
    }
    assert_eq!(seen([5_000, 4_000]).await, Some(5_000));
    assert_eq!(seen([1_000, 2_000]).await, Some(5_000));
}

/// R000-19: nobody is told of receiving and reading across a block, in either direction; afterwards they are again.
#[tokio::test]
async fn nothing_is_told_across_a_block() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    for key in 1..=3 {
        fixture.store.writer().append(vec![new(id, &a, key, "x")]).await.unwrap();
    }
    let read = |seq| NewReport { account: b.id, conversation: id, cursors: Cursors::at(Seq::ZERO.plus(seq)) };
    for (blocker, other, seq) in [(&a, &b, 1), (&b, &a, 2)] {
        fixture.store.block(blocker.id, other.id, true).await.unwrap();
        fixture.receipts();
        fixture.store.writer().report(vec![read(seq)]).await.unwrap();
        assert_eq!(fixture.receipts(), []);
        fixture.store.block(blocker.id, other.id, false).await.unwrap();
    }
    fixture.store.writer().report(vec![read(3)]).await.unwrap();
    assert_eq!(fixture.receipts(), [(a.id, (3, 3))]);
}
