//! Conformance of the store, over a real database file.

mod building;
mod counting;
mod deleting;
mod emptying;
mod groups;
mod hiding;
mod interleaving;
mod joining;
mod media;
mod opening;
mod overload;

use super::conversations::{Place, only};
use super::history::Span;
use super::sync::{Segment, SyncCursor};
use super::*;
use protocol::profile::ChangeAccount;
use protocol::receipts::Cursors;
use protocol::sync::AccountChange;
use protocol::{ClientId, Conversation, ConversationId, MessageBody, Seq, Upd, User, UserId};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

mod people;
mod pictures;
mod preferring;
mod syncing;
mod telling;

struct Fixture {
    path: tempfile::TempDir,
    store: Store,
    task: JoinHandle<Result<(), StoreError>>,
    committed: mpsc::Receiver<Committed>,
}

impl Fixture {
    async fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap()).await
    }

    async fn open(path: tempfile::TempDir) -> Self {
        let (store, mut task) = Store::open(Folder::take(path.path()).unwrap()).await.unwrap();
        let committed = task.take_committed().unwrap();
        Self { path, store, task: tokio::spawn(task.run()), committed }
    }

    /// Ends the writer and opens the folder again.
    async fn reopen(self) -> Self {
        let Self { path, store, task, committed } = self;
        store.close().await;
        drop((store, committed));
        task.await.unwrap().unwrap();
        Self::open(path).await
    }

    /// From now on there is one connection that reads, and nobody waits for it long.
    async fn one_reader(&mut self) {
        let options = (*self.store.reader.connect_options()).clone();
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_millis(300));
        self.store.reader = pool.connect_with(options).await.unwrap();
    }

    async fn user(&self, handle: &'static str) -> Arc<User> {
        let person = imports::Person {
            name: handle.to_owned(),
            handle: handle.try_into().unwrap(),
            display_name: handle.try_into().unwrap(),
        };
        let (ids, _) = self.store.import_accounts("test".to_owned(), vec![person.clone()], None).await.unwrap();
        Arc::new(User::new(ids[handle], person.handle, person.display_name))
    }

    async fn direct(&self, one: &User, other: &User) -> Conversation {
        self.store.open_direct(reader(one), other.id).await.unwrap().0
    }

    async fn group(&self, name: &str, members: &[&User]) -> ConversationId {
        let chat = imports::Chat {
            name: name.to_owned(),
            kind: protocol::ConversationKind::Group,
            created_at: 1,
            members: members.iter().map(|user| user.id).collect(),
        };
        self.store.import_conversations("test".to_owned(), vec![chat]).await.unwrap().0[name]
    }

    async fn send(&self, to: ConversationId, from: &Arc<User>, key: u64, text: &str) -> Result<Appended, StoreError> {
        self.store.writer().append(vec![new(to, from, key, text)]).await.unwrap().remove(0)
    }

    async fn report(&self, account: &User, conversation: ConversationId, delivered: u64, read: u64) {
        let cursors = Cursors { delivered: seq(delivered), read: seq(read) };
        self.store.writer().report(vec![NewReport { account: account.id, conversation, cursors }]).await.unwrap();
    }

    async fn seen(&self, account: &User, id: ConversationId) -> Conversation {
        only(self.store.conversation(reader(account), id).await.unwrap()).unwrap()
    }
}

fn new(conversation: ConversationId, sender: &Arc<User>, key: u64, text: &str) -> NewMessage {
    let roster = Arc::new(Roster::new(protocol::ConversationKind::Direct, vec![sender.id]));
    NewMessage {
        conversation,
        sender: sender.clone(),
        roster,
        client_id: ClientId::from_parts(key, [7; 10]),
        body: MessageBody::text(text.try_into().unwrap()),
        invisible: Vec::new(),
        at: None,
        gate: None,
        ask_at: None,
    }
}

/// A change of the account's receipts alone.
fn receipts(on: bool) -> ChangeAccount {
    ChangeAccount { receipts: Some(on), ..ChangeAccount::default() }
}

/// One of the account's devices, which has deleted nothing.
fn reader(user: &User) -> Reader {
    Reader { account: user.id, device: 1u64.try_into().unwrap() }
}

fn segment(size: u32) -> Segment {
    Segment { size, page: None, active_since: 0 }
}

fn seq(number: u64) -> Seq {
    Seq::ZERO.plus(number)
}

fn seqs(messages: &[protocol::Message]) -> Vec<u64> {
    messages.iter().map(|message| message.seq.get()).collect()
}

/// Invariants 3 and 4: concurrent senders leave one dense order, and it survives reopening.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_appends_are_dense() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let ids = [fixture.direct(&a, &b).await.id, fixture.direct(&a, &a).await.id];
    let sends = (0..400).map(|key| fixture.send(ids[key % 2], &a, key as u64, "x"));
    for sent in futures::future::join_all(sends).await {
        assert!(!sent.unwrap().replay);
    }
    let fixture = fixture.reopen().await;
    for id in ids {
        let page = fixture.store.history(reader(&a), id, Span::After(Seq::ZERO), 500).await.unwrap();
        assert_eq!(seqs(&page.messages), (1..=200).collect::<Vec<_>>());
        assert!(page.messages.is_sorted_by_key(|message| (message.rev, message.at)));
        assert_eq!(fixture.send(id, &a, 9_000 + id.get(), "y").await.unwrap().message.seq, seq(201));
    }
}

/// R001-12, invariant 2: a key yields one message, alone, beside new ones, and twice in one batch.
#[tokio::test]
async fn a_client_id_yields_one_message() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let first = fixture.send(id, &a, 1, "x").await.unwrap();
    let replay = fixture.send(id, &a, 1, "x").await.unwrap();
    assert!(replay.replay);
    assert_eq!(replay.message, first.message);
    assert!(matches!(fixture.send(id, &a, 1, "other").await, Err(StoreError::ClientIdReused)));
    let own = fixture.direct(&a, &a).await.id;
    assert!(matches!(fixture.send(own, &a, 1, "x").await, Err(StoreError::ClientIdReused)));
    // Another sender's keys are its own.
    assert_eq!(fixture.send(id, &b, 1, "x").await.unwrap().message.seq, seq(2));

    let batch = vec![new(id, &a, 2, "y"), new(id, &a, 1, "x"), new(id, &a, 2, "y"), new(id, &a, 2, "z")];
    let outcomes = fixture.store.writer().append(batch).await.unwrap();
    let told: Vec<_> = outcomes.iter().map(|o| o.as_ref().ok().map(|a| (a.message.seq.get(), a.replay))).collect();
    assert_eq!(told, [Some((3, false)), Some((1, true)), Some((3, true)), None]);
    assert_eq!(fixture.seen(&a, id).await.head_seq, seq(3));
}

/// Every Unicode scalar that a message may hold comes back as it was.
#[tokio::test]
async fn texts_come_back_as_they_were() {
    let fixture = Fixture::new().await;
    let a = fixture.user("aa").await;
    let id = fixture.direct(&a, &a).await.id;
    let texts =
        ["\u{1}\u{7f}\u{1c}\t\r\n", "\"\\/'; drop table message; --", "👨‍👩‍👧‍👦🏳️‍🌈", "\u{fffd}\u{feff}\u{202e}", "\u{10ffff}"];
    for (key, text) in texts.iter().enumerate() {
        fixture.send(id, &a, key as u64, text).await.unwrap();
    }
    let page = fixture.store.history(reader(&a), id, Span::Newest, 10).await.unwrap();
    let stored: Vec<_> = page
        .messages
        .iter()
        .map(|m| match &m.body {
            MessageBody::Text { text, .. } => text.as_str(),
            other => panic!("nobody sent {other:?}"),
        })
        .collect();
    assert_eq!(stored, texts);
}

/// T1, T4, T7, R000-16: reports in any order end at their maximum, kept to the newest message, never an error.
#[tokio::test]
async fn reports_are_max_registers() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    for key in 1..=10 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    assert_eq!(fixture.seen(&b, id).await.unread, 10);
    for (report, expected) in [
        ((4, 2), (4, 2)),
        ((3, 3), (4, 3)),
        ((1, 1), (4, 3)),
        ((0, 7), (7, 7)),
        ((99, 8), (10, 8)),
        ((99, 99), (10, 10)),
    ] {
        fixture.report(&b, id, report.0, report.1).await;
        let cursors = fixture.seen(&b, id).await.own;
        assert_eq!((cursors.delivered.get(), cursors.read.get()), expected, "after {report:?}");
        assert_eq!(fixture.seen(&a, id).await.peer_cursors, Some(cursors));
    }
    assert_eq!(fixture.seen(&b, id).await.unread, 0);
    // R000-12: one receipt, however many reports.
    let moved = fixture
        .store
        .moved(reader(&a), SyncCursor { version: 0, upd: Some(Upd::ZERO), listing: None, left: 0 }, segment(50))
        .await
        .unwrap();
    let receipts = moved.changes.iter().filter(|change| matches!(change, AccountChange::Receipt(_))).count();
    assert_eq!(receipts, 1);
}

/// R004-B6, R000-06, T2: sending is reading; own messages never count.
#[tokio::test]
async fn sending_is_reading() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.send(id, &a, 1, "x").await.unwrap();
    fixture.send(id, &b, 2, "y").await.unwrap();
    assert_eq!(fixture.seen(&b, id).await.own, Cursors::at(seq(2)));
    assert_eq!((fixture.seen(&b, id).await.unread, fixture.seen(&a, id).await.unread), (0, 1));
}

/// R002-12, R004-G6: pages by key cover the history without hole or overlap, and say what they cover.
#[tokio::test]
async fn history_pages_by_key() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.direct(&b, &a).await;
    let empty = fixture.store.history(reader(&b), id, Span::Newest, 10).await.unwrap();
    assert_eq!((empty.messages.len(), empty.from, empty.through), (0, seq(1), seq(0)));
    for key in 1..=25 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    let page = async |span| {
        let page = fixture.store.history(reader(&b), id, span, 10).await.unwrap();
        assert_eq!(page.users.len(), usize::from(!page.messages.is_empty()));
        (seqs(&page.messages), page.from.get(), page.through.get())
    };
    assert_eq!(page(Span::Newest).await, ((16..=25).collect(), 16, 25));
    assert_eq!(page(Span::Before(seq(16))).await, ((6..=15).collect(), 6, 15));
    assert_eq!(page(Span::Before(seq(6))).await, ((1..=5).collect(), 1, 5));
    assert_eq!(page(Span::Before(seq(1))).await, (vec![], 1, 0));
    assert_eq!(page(Span::Before(seq(999))).await, ((16..=25).collect(), 16, 25));
    assert_eq!(page(Span::After(seq(20))).await, ((21..=25).collect(), 21, 25));
    assert_eq!(page(Span::After(seq(3))).await, ((4..=13).collect(), 4, 13));
    assert_eq!(page(Span::After(seq(25))).await, (vec![], 26, 25));
    assert!(matches!(
        fixture.store.history(reader(fixture.user("cc").await.as_ref()), id, Span::Newest, 10).await,
        Err(StoreError::NotFound)
    ));
}

/// R004-G8: changes come by position, in pages, and a gap that is too long is told.
#[tokio::test]
async fn changes_page_by_position() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    for key in 1..=25 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    let rev = |number| protocol::Rev::ZERO.plus(number);
    let page = async |after, max_gap| {
        let page = fixture.store.changes(reader(&b), id, rev(after), 10, max_gap).await.unwrap();
        (seqs(&page.messages), page.through.get(), page.too_long)
    };
    assert_eq!(page(5, 100).await, ((6..=15).collect(), 15, false));
    assert_eq!(page(15, 100).await, ((16..=25).collect(), 25, false));
    assert_eq!(page(25, 100).await, (vec![], 25, false));
    assert_eq!(page(5, 19).await, (vec![], 25, true));
    assert_eq!(page(99, 19).await, (vec![], 99, false));
}

/// R004-G1, G2, G4: a sync from nothing lists every conversation once, in pages, and one from its token nothing.
#[tokio::test]
async fn sync_tells_what_moved() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(fixture.group(&format!("group {number}"), &[&a, &b]).await);
    }
    let mut cursor = SyncCursor::NOTHING;
    let mut listed = Vec::new();
    for page in 0.. {
        let moved = fixture.store.moved(reader(&a), cursor, segment(2)).await.unwrap();
        listed.extend(moved.described.conversations.iter().map(|conversation| conversation.id));
        cursor = moved.cursor;
        if page == 0 {
            // It moves while the listing goes on: the next sync tells it, if this one no longer can.
            fixture.send(ids[0], &b, 1, "meanwhile").await.unwrap();
        }
        if !moved.more {
            break;
        }
    }
    let next = fixture.store.moved(reader(&a), cursor, segment(2)).await.unwrap();
    listed.extend(next.described.conversations.iter().map(|conversation| conversation.id));
    listed.sort();
    listed.dedup();
    assert_eq!(listed, ids);
    let fixture = fixture.reopen().await;
    let nothing = fixture.store.moved(reader(&a), next.cursor, segment(2)).await.unwrap();
    assert!(nothing.changes.is_empty() && nothing.described.conversations.is_empty() && !nothing.more);

    // After a restart too, what is committed next is beyond the token.
    fixture.send(ids[3], &b, 2, "later").await.unwrap();
    fixture.report(&a, ids[3], 1, 1).await;
    let later = fixture.store.moved(reader(&a), nothing.cursor, segment(2)).await.unwrap();
    assert_eq!(later.described.conversations.iter().map(|c| c.id).collect::<Vec<_>>(), [ids[3]]);
    let own = AccountChange::Own { conversation: ids[3], cursors: Cursors::at(seq(1)) };
    assert_eq!(later.changes, [own]);
}

/// R002-20: a group message writes the same rows whatever the group's size, and events leave in commit order.
#[tokio::test]
async fn events_leave_in_order() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.group("group", &[&a, &b]).await;
    futures::future::join_all((0..50).map(|key| fixture.send(id, &a, key, "x"))).await;
    let mut revs = Vec::new();
    while revs.len() < 50 {
        for event in fixture.committed.recv().await.unwrap().events {
            if let Event::Message { prev, message, .. } = event {
                assert_eq!(prev.next(), message.rev);
                revs.push(message.rev.get());
            }
        }
    }
    assert_eq!(revs, (1..=50).collect::<Vec<_>>());
}

/// A command that fails rolls back alone, and the positions stay right.
#[tokio::test]
async fn a_failed_command_rolls_back_alone() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let failing = fixture.store.writer().run::<(), _>(|tx| {
        Box::pin(async move {
            sqlx::query("update conversation set title = 'lost'").execute(&mut *tx.conn).await?;
            Err(StoreError::NotFound)
        })
    });
    let (failed, sent) = tokio::join!(failing, fixture.send(id, &a, 1, "x"));
    assert!(matches!(failed, Err(StoreError::NotFound)));
    assert_eq!(sent.unwrap().message.seq, seq(1));
    assert_eq!(fixture.seen(&a, id).await.title, None);
    let nowhere = new(9_999u64.try_into().unwrap(), &a, 2, "x");
    let outcomes = fixture.store.writer().append(vec![nowhere, new(id, &a, 3, "y")]).await.unwrap();
    assert!(matches!(outcomes[..], [Err(StoreError::NotFound), Ok(_)]));
}

/// Two processes never share a data folder.
#[tokio::test]
async fn a_data_folder_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let held = Folder::take(folder.path()).unwrap();
    assert!(Folder::take(folder.path()).is_err());
    drop(held);
    assert!(Folder::take(folder.path()).is_ok());
}

/// The session list pages by activity.
#[tokio::test]
async fn the_session_list_pages_by_activity() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(fixture.group(&format!("group {number}"), &[&a, &b]).await);
    }
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = fixture.store.conversations(reader(&a), after, 2).await.unwrap();
        let Some(last) = page.conversations.last() else { break };
        after = Some(Place { active_at: last.active_at, id: last.id });
        listed.extend(page.conversations.iter().map(|conversation| conversation.id));
    }
    ids.reverse();
    assert_eq!(listed, ids);
}

/// Every statement prepares on the migrated schema, and none reads a whole table of messages or members.
#[tokio::test]
async fn statements_use_indexes() {
    let fixture = Fixture::new().await;
    let mut conn = fixture.store.reader.acquire().await.unwrap();
    let statements = [
        accounts::STATEMENTS,
        append::STATEMENTS,
        avatars::STATEMENTS,
        company::STATEMENTS,
        conflicts::STATEMENTS,
        conversations::STATEMENTS,
        counts::STATEMENTS,
        cursors::STATEMENTS,
        departments::STATEMENTS,
        directory::STATEMENTS,
        floors::STATEMENTS,
        super::groups::STATEMENTS,
        hidden::STATEMENTS,
        history::STATEMENTS,
        identities::STATEMENTS,
        imports::STATEMENTS,
        invitations::STATEMENTS,
        super::joining::STATEMENTS,
        logins::STATEMENTS,
        preferences::STATEMENTS,
        presence::STATEMENTS,
        profiles::STATEMENTS,
        members::STATEMENTS,
        super::media::STATEMENTS,
        membership::STATEMENTS,
        mentions::STATEMENTS,
        super::opening::STATEMENTS,
        outbound::STATEMENTS,
        receipts::STATEMENTS,
        positions::STATEMENTS,
        recalls::STATEMENTS,
        relations::STATEMENTS,
        removals::STATEMENTS,
        reports::STATEMENTS,
        requests::STATEMENTS,
        rosters::STATEMENTS,
        standings::STATEMENTS,
        sync::STATEMENTS,
        unread::STATEMENTS,
        verdicts::STATEMENTS,
        writer::STATEMENTS,
    ];
    for statement in statements.into_iter().flatten() {
        let explained = sqlx::AssertSqlSafe(format!("explain query plan {statement}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explained).fetch_all(&mut *conn).await.unwrap();
        for (.., step) in plan {
            let tables = ["m", "message", "member", "account", "l", "p", "f", "h", "n", "q", "media", "d", "owed"];
            let scans = |table: &&str| step == format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} "));
            assert!(!tables.iter().any(scans), "{step} in {statement}");
        }
    }
}
