//! Who has read a message, for whoever asks.

use super::*;
use protocol::Mentions;
use protocol::messaging::{ReadCount, Readers, Withheld};

/// R000-20: in a group of more than 200 nobody is told anything and nothing is kept; who asks gets the number.
#[tokio::test]
async fn a_large_group_counts_its_readers() {
    let mut fixture = Fixture::new().await;
    let users = fixture.users(Readers::LISTED_MAX + 1).await;
    let id = fixture.group("group", &users.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    fixture.send(id, &users[0], 1, "x").await.unwrap();
    for user in &users[1..=20] {
        fixture.report(user, id, 0, 1).await;
    }
    fixture.store.change_account(users[1].id, receipts(false)).await.unwrap();
    assert_eq!(fixture.receipts(), []);
    assert_eq!(fixture.store.receipts(users[0].id, Upd::ZERO, 500).await.unwrap().receipts, []);
    // One keeps it private now, one answers.
    fixture.send(id, &users[30], 2, "y").await.unwrap();
    assert_eq!(fixture.store.count_message_readers(users[0].id, id, seq(1)).await.unwrap(), 21);
    // The same of all that one wrote last: who came later and from whom it was withheld have not read it.
    let withheld = NewMessage { invisible: vec![users[2].id, users[30].id], ..new(id, &users[0], 3, "z") };
    fixture.store.writer().append(vec![withheld]).await.unwrap().remove(0).unwrap();
    for user in &users[1..=20] {
        fixture.report(user, id, 0, 3).await;
    }
    let counts = fixture.store.read_counts(users[0].id, id).await.unwrap();
    assert_eq!(counts, [(1, 21), (3, 18)].map(|(at, count)| ReadCount { seq: seq(at), count }));
    for ReadCount { seq, count } in counts {
        assert_eq!(fixture.store.count_message_readers(users[0].id, id, seq).await.unwrap(), count);
    }
    assert_eq!(fixture.store.read_counts(users[5].id, id).await.unwrap(), []);
    // Who lets others know again tells what they read while they did before, not what they read in private.
    fixture.store.change_account(users[1].id, receipts(true)).await.unwrap();
    let counts = fixture.store.read_counts(users[0].id, id).await.unwrap();
    assert_eq!(counts.iter().map(|it| it.count).collect::<Vec<_>>(), [21, 18]);
    assert_eq!(fixture.store.count_message_readers(users[0].id, id, seq(3)).await.unwrap(), 18);
}

/// R000-19, R000-20: what is read while one of two blocks the other, or the sender keeps receipts off, is not counted, then or
/// later, until more is read; what was counted before stays, also once the group has shrunk enough to list it.
#[tokio::test]
async fn what_is_read_apart_is_not_counted() {
    let mut fixture = Fixture::new().await;
    let users = fixture.users(Readers::LISTED_MAX + 1).await;
    let id = fixture.group("group", &users[1..].iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    let [last, a, open, blocks, blocked, told_of, ..] = &users[..] else { panic!("201") };
    fixture.send(id, a, 1, "x").await.unwrap();
    // What was told while the group was small is counted once it has grown.
    fixture.report(told_of, id, 0, 1).await;
    assert_eq!(fixture.receipts().len(), 1);
    fixture.group("group", &[last]).await;
    fixture.send(id, a, 2, "y").await.unwrap();
    fixture.send(id, a, 3, "z").await.unwrap();
    let counted = async || {
        let counts = fixture.store.read_counts(a.id, id).await.unwrap();
        for ReadCount { seq, count } in &counts {
            assert_eq!(fixture.store.count_message_readers(a.id, id, *seq).await.unwrap(), *count);
            let readers = fixture.store.message_readers(a.id, id, *seq).await.unwrap().0;
            assert_eq!(readers.len() as u64, *count, "as it would be listed");
        }
        counts.iter().map(|it| it.count).collect::<Vec<_>>()
    };
    let read = async |through| {
        for user in [open, blocks, blocked] {
            fixture.report(user, id, 0, through).await;
        }
    };
    read(1).await;
    assert_eq!(counted().await, [4, 0, 0]);
    let block = async |on| {
        fixture.store.block(blocks.id, a.id, on).await.unwrap();
        fixture.store.block(a.id, blocked.id, on).await.unwrap();
    };
    block(true).await;
    assert_eq!(counted().await, [4, 0, 0]);
    read(2).await;
    assert_eq!(counted().await, [4, 1, 0]);
    block(false).await;
    assert_eq!(counted().await, [4, 1, 0]);
    fixture.report(blocks, id, 0, 3).await;
    assert_eq!(counted().await, [4, 2, 1]);
    // The sender learns nothing meanwhile either.
    for on in [false, false, true, true] {
        fixture.store.change_account(a.id, receipts(on)).await.unwrap();
        assert_eq!(counted().await, [4, 2, 1]);
        fixture.report(open, id, 0, if on { 2 } else { 3 }).await;
        assert_eq!(counted().await, [4, 2, 1]);
    }
    fixture.send(id, a, 4, "u").await.unwrap();
    // Who read in private comes with what is read after it as well.
    fixture.store.change_account(blocked.id, receipts(false)).await.unwrap();
    read(4).await;
    assert_eq!(counted().await, [4, 2, 2, 2]);
    fixture.store.change_account(blocked.id, receipts(true)).await.unwrap();
    assert_eq!(counted().await, [4, 2, 2, 2]);
    let told = async || {
        let inbox = fixture.store.receipts(a.id, Upd::ZERO, 10).await.unwrap().receipts;
        inbox.iter().map(|it| (it.reader, it.cursors.read.get())).collect::<Vec<_>>()
    };
    assert_eq!(told().await, [(told_of.id, 1)], "what is settled or veiled is in no log");

    // It shrinks: whoever was counted is named, and everybody is in the list.
    fixture.remove(last, id, last).await.unwrap();
    assert_eq!(counted().await, [4, 2, 2, 2]);
    let listed = fixture.store.readers(a.id, id).await.unwrap();
    let named: Vec<_> = listed.iter().filter(|it| !it.read.is_zero()).map(|it| (it.user.id, it.read.get())).collect();
    assert_eq!(named, [(open.id, 4), (blocks.id, 4), (blocked.id, 1), (told_of.id, 1)]);
    assert_eq!(listed.len(), Readers::LISTED_MAX - 1);
    fixture.say(id, a, Mentions::default()).await.unwrap();
    block(true).await;
    fixture.report(blocked, id, 0, 6).await;
    block(false).await;
    assert_eq!(counted().await, [4, 2, 2, 2, 0]);
    fixture.say(id, a, Mentions::default()).await.unwrap();
    fixture.report(blocked, id, 0, 7).await;
    assert_eq!(told().await, [(told_of.id, 1), (blocked.id, 7)]);
    assert_eq!(counted().await, [4, 3, 3, 3, 1, 1]);
}

/// R000-19, R000-20: what was imported is told to be read, by those who let others know, and a block takes none of it away.
#[tokio::test]
async fn imported_groups_are_read() {
    let fixture = Fixture::new().await;
    let users = fixture.users(4).await;
    let id = fixture.group("group", &users.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    let [a, b, c, d] = &users[..] else { panic!("four") };
    fixture.send(id, a, 1, "x").await.unwrap();
    fixture.store.change_account(c.id, receipts(false)).await.unwrap();
    fixture.store.block(a.id, d.id, true).await.unwrap();
    fixture.store.import_read(vec![(id, seq(1))]).await.unwrap();
    let readers = async || {
        let readers = fixture.store.message_readers(a.id, id, seq(1)).await.unwrap().0;
        readers.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(readers().await, [b.id]);
    fixture.store.block(b.id, a.id, true).await.unwrap();
    fixture.store.block(a.id, d.id, false).await.unwrap();
    assert_eq!(readers().await, [b.id]);
    fixture.store.block(b.id, a.id, false).await.unwrap();
    assert_eq!(readers().await, [b.id]);
}

/// R000-20, R003-07: the counts of many messages are those of each, whoever came when and has read how far; who left and
/// came back is told nothing of what they wrote before.
#[tokio::test]
async fn counts_of_many_are_those_of_each() {
    let mut fixture = Fixture::new().await;
    // Nobody is connected.
    fixture.committed.close();
    let users = fixture.users(Readers::LISTED_MAX + 1).await;
    let id = fixture.group("group", &users.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    for key in 1..=12 {
        let invisible = users.iter().skip(20).step_by(key as usize + 3).map(|user| user.id).collect();
        let message = NewMessage { invisible, ..new(id, &users[(key % 3 == 0) as usize], key, "x") };
        fixture.store.writer().append(vec![message]).await.unwrap().remove(0).unwrap();
    }
    for (n, user) in users.iter().enumerate().skip(2).filter(|(n, _)| n % 5 > 0) {
        fixture.report(user, id, 0, n as u64 % 13).await;
    }
    fixture.store.change_account(users[7].id, receipts(false)).await.unwrap();
    // As for those who came in the middle; one has not read a message since.
    let came = |who: Vec<i64>, from: i64| {
        fixture.store.writer().run(move |tx| {
            Box::pin(async move {
                for account in who {
                    let came = sqlx::query("update member set came = $1, vis_from = $1 where account = $2").bind(from);
                    came.bind(account).execute(&mut *tx.conn).await?;
                }
                Ok(())
            })
        })
    };
    came(users.iter().skip(3).step_by(7).map(|user| user.id.as_i64()).collect(), 5).await.unwrap();
    let seqs = |counts: &[ReadCount]| counts.iter().map(|count| count.seq.get()).collect::<Vec<_>>();
    for (from, expected) in [(1, vec![1, 2, 4, 5, 7, 8, 10, 11]), (6, vec![7, 8, 10, 11]), (13, vec![])] {
        came(vec![users[0].id.as_i64()], from).await.unwrap();
        let counts = fixture.store.read_counts(users[0].id, id).await.unwrap();
        assert_eq!(seqs(&counts), expected);
        for ReadCount { seq, count } in counts {
            assert_eq!(fixture.store.count_message_readers(users[0].id, id, seq).await.unwrap(), count, "{seq}");
        }
    }
}

/// R000-20: who has read a message: those who were told of, those who answered, nobody from whom it was withheld.
#[tokio::test]
async fn readers_are_those_who_let_others_know() {
    let fixture = Fixture::new().await;
    let users = fixture.users(6).await;
    let id = fixture.group("group", &users.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    let [a, reader, off, answers, withheld, _] = &users[..] else { panic!("six") };
    fixture.send(id, a, 1, "x").await.unwrap();
    fixture.store.change_account(off.id, receipts(false)).await.unwrap();
    for user in [reader, off, withheld] {
        fixture.report(user, id, 0, 1).await;
    }
    fixture.send(id, answers, 2, "y").await.unwrap();
    let who = async || {
        let readers = fixture.store.message_readers(a.id, id, seq(1)).await.unwrap();
        readers.0.into_iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(who().await, [reader.id, answers.id, withheld.id]);
    fixture
        .sql("insert into hidden (account, conversation, seq, why, upd) select max(id) - 1, 1, 1, 2, 0 from account")
        .await;
    assert_eq!(who().await, [reader.id, answers.id]);
    let blind = fixture.store.withheld(a.id, id).await.unwrap();
    assert_eq!(blind, [Withheld { seq: seq(1), users: vec![withheld.id] }]);
    assert_eq!(fixture.store.withheld(reader.id, id).await.unwrap(), []);
    let listed = fixture.store.readers(a.id, id).await.unwrap();
    let listed: Vec<_> = listed.into_iter().map(|it| (it.user.id, it.read.get())).collect();
    assert_eq!(listed, [(reader.id, 1), (off.id, 0), (answers.id, 2), (withheld.id, 1), (users[5].id, 0)]);
    // Turned off later, what was told stays.
    fixture.store.change_account(reader.id, receipts(false)).await.unwrap();
    assert_eq!(who().await, [reader.id, answers.id]);
    assert!(matches!(fixture.store.sent(a.id, id, seq(3)).await, Err(StoreError::NotFound)));
    assert_eq!(fixture.store.sent(a.id, id, seq(2)).await.unwrap().sender, answers.id);
}
