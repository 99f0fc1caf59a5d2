//! Who is told what of receiving and reading, and what of it is kept.

use super::*;
use protocol::messaging::Readers;

impl Fixture {
    /// Everything that was pushed since the last time, in order: whose log, and the change.
    pub(super) fn pushed(&mut self) -> Vec<(UserId, AccountChange)> {
        let mut pushed = Vec::new();
        while let Ok(Committed { events }) = self.committed.try_recv() {
            for event in events {
                if let Event::Account { account, prev, pos, changes } = event {
                    assert_eq!(prev.plus(changes.len() as u64), pos, "a change a position");
                    pushed.extend(changes.into_iter().map(|change| (account, change)));
                }
            }
        }
        pushed
    }

    /// Who was told of a receipt since the last time, and what.
    pub(super) fn receipts(&mut self) -> Vec<(UserId, (u64, u64))> {
        let receipt = |(owner, change)| match change {
            AccountChange::Receipt(it) => Some((owner, (it.cursors.delivered.get(), it.cursors.read.get()))),
            _ => None,
        };
        self.pushed().into_iter().filter_map(receipt).collect()
    }

    pub(super) async fn sql(&self, statement: &'static str) {
        let work = self.store.writer().run(move |tx| {
            Box::pin(async move {
                sqlx::query(statement).execute(&mut *tx.conn).await?;
                Ok(())
            })
        });
        work.await.unwrap();
    }

    pub(super) async fn users(&self, count: usize) -> Vec<Arc<User>> {
        let person = |number: usize| imports::Person {
            name: format!("user {number}"),
            handle: format!("user{number}").try_into().unwrap(),
            display_name: format!("user {number}").try_into().unwrap(),
        };
        let people: Vec<_> = (0..count).map(person).collect();
        let (ids, _) = self.store.import_accounts("many".to_owned(), people.clone(), None).await.unwrap();
        let user = |it: imports::Person| User::new(ids[&it.name], it.handle, it.display_name);
        people.into_iter().map(user).map(Arc::new).collect()
    }
}

/// R000-01, R000-07: in a group, receiving is told to nobody and kept by nobody; reading is told.
#[tokio::test]
async fn groups_have_no_delivery_receipts() {
    let mut fixture = Fixture::new().await;
    let users = fixture.users(50).await;
    let id = fixture.group("group", &users.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    fixture.send(id, &users[0], 1, "x").await.unwrap();
    for user in &users {
        fixture.report(user, id, 1, 0).await;
    }
    assert_eq!(fixture.pushed(), []);
    assert_eq!(fixture.store.receipts(users[0].id, Upd::ZERO, 500).await.unwrap().receipts, []);
    fixture.report(&users[1], id, 0, 1).await;
    assert_eq!(fixture.receipts(), [(users[0].id, (1, 1))]);
}

/// R000-10, R000-09: three senders among 200 members, the most of whom anybody is told, are three who are told: never the reader, never one who has left,
/// and nobody again of what they know.
#[tokio::test]
async fn only_the_senders_concerned_are_told() {
    let mut fixture = Fixture::new().await;
    let users = fixture.users(Readers::LISTED_MAX).await;
    let id = fixture.group("group", &users.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    let (reader, left) = (&users[10], &users[13]);
    for (key, sender) in [&users[20], reader, &users[11], left, &users[12], &users[11], &users[20]].iter().enumerate() {
        fixture.send(id, sender, key as u64, "x").await.unwrap();
    }
    // Whoever has left; an imported group has no owner who could remove them.
    let gone = left.id.as_i64();
    let leave = fixture.store.writer().run(move |tx| {
        Box::pin(async move {
            sqlx::query("delete from member where account = $1").bind(gone).execute(&mut *tx.conn).await?;
            Ok(())
        })
    });
    leave.await.unwrap();
    // The reader has answered the first message: it is read already.
    fixture.report(reader, id, 0, 6).await;
    assert_eq!(fixture.receipts(), [(users[11].id, (6, 6)), (users[12].id, (6, 6))]);
    fixture.report(reader, id, 0, 7).await;
    assert_eq!(fixture.receipts(), [(users[20].id, (7, 7))]);
    fixture.report(reader, id, 0, 7).await;
    assert_eq!(fixture.receipts(), []);
    let third = &users[40];
    fixture.report(third, id, 0, 7).await;
    let told: Vec<UserId> = fixture.receipts().into_iter().map(|(owner, _)| owner).collect();
    assert_eq!(told, [reader.id, users[11].id, users[12].id, users[20].id]);
}

/// R000-11, R000-12, R000-17: a thousand reports of one pair leave one row, in its newest state, a thousand steps on.
#[tokio::test]
async fn receipts_are_compacted() {
    let mut fixture = Fixture::new().await;
    // Nobody is connected.
    fixture.committed.close();
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let batch = (1..=1_000).map(|key| new(id, &a, key, "x")).collect();
    fixture.store.writer().append(batch).await.unwrap();
    let start = fixture.store.receipts(a.id, Upd::ZERO, 1).await.unwrap().through;
    for read in 1..=1_000 {
        fixture.report(&b, id, read, read).await;
    }
    let page = fixture.store.receipts(a.id, Upd::ZERO, 100).await.unwrap();
    assert_eq!(page.receipts.iter().map(|it| it.cursors).collect::<Vec<_>>(), [Cursors::at(seq(1_000))]);
    assert_eq!((page.through.get(), page.more), (start.get() + 1_000, false));
}

/// R000-13: the inbox pages by position, each receipt once and in its newest state, whatever was pushed.
#[tokio::test]
async fn the_inbox_pages_by_position() {
    let fixture = Fixture::new().await;
    let users = fixture.users(8).await;
    let a = &users[0];
    let mut expected = Vec::new();
    for (key, peer) in users[1..].iter().enumerate() {
        let id = fixture.direct(a, peer).await.id;
        fixture.send(id, a, key as u64, "x").await.unwrap();
        fixture.report(peer, id, 1, 0).await;
        expected.push(id);
    }
    // The first is read as well, and moves to the end.
    fixture.report(&users[1], expected[0], 1, 1).await;
    expected.rotate_left(1);
    let (mut after, mut listed) = (Upd::ZERO, Vec::new());
    loop {
        let page = fixture.store.receipts(a.id, after, 3).await.unwrap();
        listed.extend(page.receipts.iter().map(|it| it.conversation));
        after = page.through;
        if !page.more {
            break;
        }
    }
    assert_eq!(listed, expected);
    assert_eq!(after, fixture.seen(a, expected[0]).await.upd);
    assert_eq!(fixture.store.receipts(a.id, after, 3).await.unwrap().receipts, []);
}

/// R000-19: nothing is told of what was recalled, withheld or hidden, nor where either side keeps receipts off; the
/// reader's own devices hear all the same, and what was told stays told.
#[tokio::test]
async fn nothing_private_is_told() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    for key in 1..=9 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    fixture.sql("update message set type = 100, body = '1' where seq = 1").await;
    for statement in [
        "insert into hidden (account, conversation, seq, why, upd) select max(id), 1, 2, 0, 1 from account",
        "insert into hidden (account, conversation, seq, why, upd) select max(id), 1, 3, 2, 0 from account",
    ] {
        fixture.sql(statement).await;
    }
    fixture.pushed();
    let own = |cursors| (b.id, AccountChange::Own { conversation: id, cursors });
    fixture.report(&b, id, 3, 3).await;
    assert_eq!(fixture.pushed(), [own(Cursors::at(seq(3)))]);
    fixture.report(&b, id, 4, 4).await;
    assert_eq!(fixture.receipts(), [(a.id, (4, 4))]);

    for (who, on, through) in [(&b, false, 5), (&a, false, 6), (&b, true, 7)] {
        fixture.store.change_account(who.id, receipts(on)).await.unwrap();
        fixture.pushed();
        fixture.report(&b, id, through, through).await;
        assert_eq!(fixture.pushed(), [own(Cursors::at(seq(through)))], "{through}");
        let seen = fixture.seen(&a, id).await;
        assert_eq!(seen.peer_cursors, Some(Cursors::at(seq(4))), "what was told stays told");
        assert_eq!(fixture.store.readers(a.id, id).await.unwrap()[0].read, seq(4));
    }
    // Both give and get them again: receiving alone does not give away what was read meanwhile.
    fixture.store.change_account(a.id, receipts(true)).await.unwrap();
    fixture.pushed();
    fixture.report(&b, id, 8, 7).await;
    assert_eq!(fixture.receipts(), [(a.id, (8, 4))]);
    fixture.report(&b, id, 9, 9).await;
    assert_eq!(fixture.receipts(), [(a.id, (9, 9))]);
}

/// R000-19: whose account is no longer active is told nothing: nobody reads it there.
#[tokio::test]
async fn who_is_not_active_is_told_nothing() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.send(id, &a, 1, "x").await.unwrap();
    fixture.send(id, &a, 2, "y").await.unwrap();
    fixture.sql("update account set active = 0 where handle = 'aa'").await;
    fixture.pushed();
    fixture.report(&b, id, 1, 1).await;
    assert_eq!(fixture.receipts(), []);
    fixture.sql("update account set active = 1 where handle = 'aa'").await;
    fixture.report(&b, id, 2, 2).await;
    assert_eq!(fixture.receipts(), [(a.id, (2, 2))]);
}

/// R000-06, R000-19: a message says what its sender has read, whatever the settings: it writes no receipt and no log.
#[tokio::test]
async fn an_answer_tells_what_its_sender_read() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.store.change_account(b.id, receipts(false)).await.unwrap();
    fixture.send(id, &a, 1, "x").await.unwrap();
    fixture.pushed();
    fixture.send(id, &b, 2, "y").await.unwrap();
    assert_eq!(fixture.seen(&a, id).await.peer_cursors, Some(Cursors::at(seq(2))));
    assert_eq!(fixture.pushed(), []);
    assert_eq!(fixture.store.receipts(a.id, Upd::ZERO, 10).await.unwrap().receipts, []);
}

/// What an import brings is read by everybody, and told to be, by the inbox too.
#[tokio::test]
async fn imports_count_as_read_and_told() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    for key in 1..=3 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    fixture.store.import_read(vec![(id, seq(3))]).await.unwrap();
    let seen = fixture.seen(&a, id).await;
    assert_eq!((seen.peer_cursors, fixture.seen(&b, id).await.unread), (Some(Cursors::at(seq(3))), 0));
    let inbox = fixture.store.receipts(a.id, Upd::ZERO, 10).await.unwrap();
    assert_eq!((inbox.receipts.len(), inbox.through), (1, seen.upd));
    fixture.send(id, &a, 4, "y").await.unwrap();
    fixture.report(&b, id, 4, 4).await;
    assert_eq!(fixture.seen(&a, id).await.upd, seen.upd.next());
}

/// R004-B7 (16): who joins a group has nothing unread, and then what comes.
#[tokio::test]
async fn joining_leaves_nothing_unread() {
    let fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let id = fixture.group("group", &[&a, &b]).await;
    for key in 1..=5 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    assert_eq!(fixture.group("group", &[&c]).await, id);
    assert_eq!((fixture.seen(&b, id).await.unread, fixture.seen(&c, id).await.unread), (5, 0));
    fixture.send(id, &a, 6, "y").await.unwrap();
    assert_eq!(fixture.seen(&c, id).await.unread, 1);
}

/// T12, R004-B7 (10): nothing counts in a conversation that the account is no longer a member of.
#[tokio::test]
async fn nothing_counts_after_leaving() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.made(&a, &[&b]).await.id;
    fixture.say(id, &a, protocol::Mentions::default()).await.unwrap();
    assert_eq!(fixture.seen(&b, id).await.unread, 1);
    fixture.remove(&a, id, &b).await.unwrap();
    assert!(matches!(fixture.store.conversation(reader(&b), id).await, Err(StoreError::NotFound)));
    assert!(fixture.store.conversations(reader(&b), None, 50).await.unwrap().conversations.is_empty());
    let moved = fixture.store.moved(reader(&b), SyncCursor::NOTHING, segment(50)).await.unwrap();
    assert!(moved.described.conversations.is_empty());
}

/// T25: what cannot be read fails the sync and the list; nothing answers "0 unread" instead.
#[tokio::test]
async fn what_cannot_be_read_is_no_zero() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.send(id, &a, 1, "x").await.unwrap();
    fixture.sql("update message set type = 77").await;
    assert!(matches!(fixture.store.conversation(reader(&b), id).await, Err(StoreError::Corrupt(_))));
    assert!(matches!(fixture.store.conversations(reader(&b), None, 50).await, Err(StoreError::Corrupt(_))));
    let moved = fixture.store.moved(reader(&b), SyncCursor::NOTHING, segment(50)).await;
    assert!(matches!(moved, Err(StoreError::Corrupt(_))));
    assert!(matches!(fixture.store.unread(reader(&b), id, None, 99).await, Err(StoreError::Corrupt(_))));
}

/// T1, T4, R000-16: ten thousand random orders of reports, among them lower ones, repeated ones and ones beyond the
/// newest message: each conversation ends at the maximum, and nobody hears of a cursor that falls.
#[tokio::test]
async fn any_order_of_reports_ends_at_the_maximum() {
    const PEERS: u64 = 10_000;
    const ROUNDS: usize = 6;
    const NEWEST: u64 = 10;
    let mut fixture = Fixture::new().await;
    let reader = fixture.user("reader").await;
    for statement in [
        "insert into account (handle, display_name, created_at)
            with recursive n (i) as (select 1 union all select i + 1 from n where i < 10000)
            select 'peer' || i, 'peer', 0 from n",
        "insert into conversation (id, kind, low, high, created_at, active_at, head_seq, rev, members, version)
            select id - 1, 0, 1, id, 0, 0, 10, 10, 2, 1 from account where id > 1",
        "insert into member (account, conversation, upd, joined_upd) select low, id, 0, 0 from conversation
            union all select high, id, 0, 0 from conversation",
        "insert into message (conversation, seq, rev, sender, client_id, at, type, body)
            with recursive n (i) as (select 1 union all select i + 1 from n where i < 10)
            select c.id, i, i, c.high, randomblob(16), 0, 1, 'x' from conversation as c, n",
    ] {
        fixture.sql(statement).await;
    }
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let mut expected = vec![Cursors::default(); PEERS as usize];
    let mut shown = vec![Cursors::default(); PEERS as usize];
    for _ in 0..ROUNDS {
        let mut reports = Vec::new();
        for (place, expected) in expected.iter_mut().enumerate() {
            let cursors = Cursors { delivered: seq(random(NEWEST + 3)), read: seq(random(NEWEST + 3)) };
            let conversation = (place as u64 + 1).try_into().unwrap();
            let clamped =
                Cursors { delivered: cursors.delivered.min(seq(NEWEST)), read: cursors.read.min(seq(NEWEST)) };
            *expected = expected.max(clamped);
            reports.push(NewReport { account: reader.id, conversation, cursors });
        }
        fixture.store.writer().report(reports).await.unwrap();
        for (_, change) in fixture.pushed() {
            if let AccountChange::Receipt(receipt) = change {
                let shown = &mut shown[receipt.conversation.get() as usize - 1];
                assert_eq!(shown.max(receipt.cursors), receipt.cursors, "told of less than before");
                *shown = receipt.cursors;
            }
        }
    }
    assert_eq!(shown, expected, "the seed is {seed:x}");
    let mut after = None;
    let mut listed = 0;
    loop {
        let page = fixture.store.conversations(super::reader(&reader), after, 500).await.unwrap().conversations;
        let Some(last) = page.last() else { break };
        after = Some(Place { active_at: last.active_at, id: last.id });
        for conversation in &page {
            let own = expected[conversation.id.get() as usize - 1];
            assert_eq!((conversation.own, conversation.unread), (own, NEWEST - own.read.get()));
        }
        listed += page.len();
    }
    assert_eq!(listed, expected.len());

    // R001-20: what is behind is found in pages, and reading it all leaves nothing.
    let mut after = None;
    loop {
        let behind = fixture.store.behind(reader.id, after, 500).await.unwrap();
        let Some((last, _)) = behind.last() else { break };
        after = Some(*last);
        let report = |(conversation, head)| NewReport { account: reader.id, conversation, cursors: Cursors::at(head) };
        fixture.store.writer().report(behind.into_iter().map(report).collect()).await.unwrap();
    }
    assert_eq!(fixture.store.behind(reader.id, None, 1).await.unwrap(), []);
}
