//! What one account, everybody or one device no longer sees, and what of it counts.

use super::*;
use protocol::Message;
use protocol::messaging::{ReportMessage, ReportReason};
use std::collections::HashSet;
use std::time::Duration;

/// Everything may be recalled.
pub(super) const ALWAYS: Option<u64> = Some(0);

impl Fixture {
    pub(super) async fn recall(
        &self,
        by: &Arc<User>,
        id: ConversationId,
        at: u64,
        since: Option<u64>,
    ) -> Result<Message, StoreError> {
        let roster = Arc::new(self.store.roster(id).await.unwrap().unwrap());
        let recall = Recall { conversation: id, seq: seq(at), by: by.clone(), roster, sent_since: since };
        self.store.recall(recall).await
    }

    async fn hide(&self, account: &User, id: ConversationId, seqs: &[u64]) {
        self.store.hide(account.id, id, seqs.iter().copied().map(seq).collect()).await.unwrap();
    }

    async fn show(&self, account: &User, id: ConversationId, seqs: &[u64]) {
        self.store.show(account.id, id, seqs.iter().copied().map(seq).collect()).await.unwrap();
    }

    async fn withhold(&self, to: ConversationId, from: &Arc<User>, key: u64, from_whom: &[&User]) -> Message {
        let roster = Arc::new(self.store.roster(to).await.unwrap().unwrap());
        let invisible = from_whom.iter().map(|user| user.id).collect();
        let message = NewMessage { invisible, roster, ..new(to, from, key, "a secret") };
        // Beside another in one batch.
        let batch = vec![message, new(to, from, key + 1_000, "for all")];
        self.store.writer().append(batch).await.unwrap().remove(0).unwrap().message
    }

    async fn report_message(&self, by: &User, id: ConversationId, at: u64, hide: bool) -> Result<(), StoreError> {
        let note = Some("look".try_into().unwrap());
        let report = ReportMessage { reason: ReportReason::Fraud, note, hide };
        self.store.report(by.id, id, seq(at), report).await
    }

    /// What the account reads in history, by seq, with what the pages and changes cover.
    async fn read(&self, account: &User, id: ConversationId) -> Vec<u64> {
        let page = self.store.history(reader(account), id, Span::Newest, 100).await.unwrap();
        let changes = self.store.changes(reader(account), id, protocol::Rev::ZERO, 100, 1_000).await.unwrap();
        assert_eq!((page.from, page.through), (seq(1), page.head_seq), "no gap");
        assert_eq!(changes.through, changes.conversation.rev, "no gap");
        let mut changed = changes.messages.clone();
        changed.sort_by_key(|message| message.seq);
        assert_eq!(changed, page.messages);
        assert_eq!(changes.conversation.last, page.messages.last().cloned());
        seqs(&page.messages)
    }

    /// The changes of the account's own log after a position, as a sync tells them, in pages of one.
    async fn told(&self, account: &User, after: Upd) -> Vec<AccountChange> {
        let mut cursor = SyncCursor { version: i64::MAX, upd: Some(after), listing: None, left: 0 };
        let mut changes = Vec::new();
        loop {
            let moved = self.store.moved(reader(account), cursor, segment(1)).await.unwrap();
            changes.extend(moved.changes);
            cursor = moved.cursor;
            if !moved.more {
                return changes;
            }
        }
    }

    /// The next event that is no message.
    async fn account_event(&mut self) -> (UserId, u64, u64, Vec<AccountChange>) {
        loop {
            for event in self.committed.recv().await.unwrap().events {
                match event {
                    Event::Account { account, prev, pos, changes }
                        if !matches!(changes[..], [AccountChange::Joined { .. }]) =>
                    {
                        return (account, prev.get(), pos.get(), changes);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn numbers(seqs: &[Seq]) -> Vec<u64> {
    seqs.iter().map(|seq| seq.get()).collect()
}

/// R001-17, R004-H2, R004-H3, R004-B4, R004-B5, R004-B7 (4): deleting what is unread counts one less, once; what was read
/// nothing; the message is gone from every page of the account, and nobody else's.
#[tokio::test]
async fn a_deletion_counts_only_while_unread() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    for key in 1..=6 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    fixture.report(&b, id, 6, 3).await;
    let before = fixture.seen(&a, id).await;
    fixture.hide(&b, id, &[2]).await;
    assert_eq!(fixture.seen(&b, id).await.unread, 3);
    for _ in 0..2 {
        fixture.hide(&b, id, &[6, 6, 99]).await;
        let seen = fixture.seen(&b, id).await;
        assert_eq!((seen.unread, numbers(&seen.hidden), numbers(&seen.silent)), (2, vec![6], vec![]));
        assert_eq!(seen.last.unwrap().seq, seq(5));
    }
    assert_eq!(fixture.read(&b, id).await, [1, 3, 4, 5]);
    assert_eq!(fixture.read(&a, id).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(fixture.seen(&a, id).await, before);

    // Another's deletion cannot be taken back, one's own can.
    fixture.show(&a, id, &[2, 6]).await;
    fixture.show(&b, id, &[2, 6, 5]).await;
    assert_eq!(fixture.read(&b, id).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(fixture.seen(&b, id).await.unread, 3);
}

/// R004-B7 (1, 12, 13, 16): own messages never count; two devices' reports end at the higher one, whatever comes late or
/// after a restart; who joins a group has nothing unread in it.
#[tokio::test]
async fn nothing_counts_that_is_own_or_older() {
    let fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let id = fixture.group("group", &[&a, &b]).await;
    for key in 1..=12 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    assert_eq!(fixture.seen(&a, id).await.unread, 0);
    tokio::join!(fixture.report(&b, id, 10, 10), fixture.report(&b, id, 8, 8));
    assert_eq!(fixture.seen(&b, id).await.unread, 2);
    let fixture = fixture.reopen().await;
    fixture.report(&b, id, 9, 9).await;
    assert_eq!(fixture.seen(&b, id).await.unread, 2);
    assert_eq!(fixture.group("group", &[&a, &b, &c]).await, id);
    assert_eq!(fixture.seen(&c, id).await.unread, 0);
    fixture.send(id, &a, 99, "x").await.unwrap();
    assert_eq!((fixture.seen(&c, id).await.unread, fixture.seen(&b, id).await.unread), (1, 3));
}

/// R004-H1, R004-H7: deleting several is one downlink, which covers a position each; a sync tells each in its latest
/// state, and nothing is told of what changed nothing.
#[tokio::test]
async fn deleting_several_is_one_downlink() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    for key in 1..=3 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    let start = fixture.seen(&b, id).await;
    fixture.hide(&b, id, &[3, 1, 2]).await;
    let hidden = |at| AccountChange::Hidden { conversation: id, seq: seq(at) };
    let upd = start.upd.get();
    assert_eq!(fixture.account_event().await, (b.id, upd, upd + 3, vec![hidden(1), hidden(2), hidden(3)]));
    assert_eq!(fixture.told(&b, start.upd).await, [hidden(1), hidden(2), hidden(3)]);

    fixture.hide(&b, id, &[1, 2]).await;
    fixture.show(&b, id, &[2]).await;
    let message = fixture.seen(&b, id).await.last.unwrap();
    assert_eq!(message.seq, seq(2));
    let shown = AccountChange::Shown { conversation: id, message: Box::new(message), sender: User::clone(&a) };
    assert_eq!(fixture.account_event().await, (b.id, upd + 3, upd + 4, vec![shown.clone()]));
    assert_eq!(fixture.told(&b, start.upd).await, [hidden(1), hidden(3), shown]);
    let seen = fixture.seen(&b, id).await;
    assert_eq!((seen.upd.get(), seen.rev, seen.unread), (upd + 4, start.rev, 1));
    assert!(fixture.told(&b, seen.upd).await.is_empty());
    assert_eq!(fixture.told(&a, Upd::ZERO).await.len(), 1, "the other side has only joined");
}

/// R001-18, R004-B7 (5): a recall leaves a tip that counts for nothing; what was read counts no less. The log moves on by
/// one, and the conversation's time does not.
#[tokio::test]
async fn a_recall_leaves_a_tip_that_counts_for_nothing() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    for key in 1..=4 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    fixture.report(&b, id, 4, 2).await;
    let before = fixture.seen(&b, id).await;
    let version = fixture.store.moved(reader(&b), SyncCursor::NOTHING, segment(50)).await.unwrap().cursor.version;
    for at in [1, 4] {
        let left = fixture.recall(&a, id, at, ALWAYS).await.unwrap();
        assert_eq!(left.body, MessageBody::Recalled { by: Some(a.id) });
        // Again: the same, and nothing moves.
        assert_eq!(fixture.recall(&a, id, at, None).await.unwrap(), left);
    }
    let seen = fixture.seen(&b, id).await;
    assert_eq!((seen.rev, seen.active_at, seen.head_seq), (before.rev.plus(2), before.active_at, before.head_seq));
    assert_eq!((seen.unread, numbers(&seen.silent)), (1, vec![4]));
    assert_eq!(seen.last.unwrap().body, MessageBody::Recalled { by: Some(a.id) });
    let changes = fixture.store.changes(reader(&b), id, before.rev, 10, 100).await.unwrap();
    assert_eq!(seqs(&changes.messages), [1, 4]);
    let cursor = SyncCursor { version, upd: Some(seen.upd), listing: None, left: 0 };
    assert_eq!(fixture.store.moved(reader(&b), cursor, segment(50)).await.unwrap().described.conversations.len(), 1);
    // The log goes on behind it, in memory as in the database.
    let sent = fixture.send(id, &a, 9, "y").await.unwrap().message;
    assert_eq!((sent.seq, sent.rev), (seq(5), seen.rev.next()));
    let fixture = fixture.reopen().await;
    assert_eq!(fixture.send(id, &a, 10, "y").await.unwrap().message.rev, seen.rev.plus(2));
}

/// R001-18: one's own messages only, and only within the window by the server's clock.
#[tokio::test]
async fn a_recall_is_the_senders_and_in_time() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let at = fixture.send(id, &a, 1, "x").await.unwrap().message.at;
    let before = fixture.seen(&a, id).await;
    assert!(matches!(fixture.recall(&b, id, 1, ALWAYS).await, Err(StoreError::NotAllowed)));
    assert!(matches!(fixture.recall(&a, id, 2, ALWAYS).await, Err(StoreError::NotFound)));
    assert!(matches!(fixture.recall(&a, id, 1, None).await, Err(StoreError::TooLate)));
    assert!(matches!(fixture.recall(&a, id, 1, Some(at + 1)).await, Err(StoreError::TooLate)));
    assert_eq!(fixture.seen(&a, id).await, before);
    // What the account does not see it cannot find out about.
    fixture.hide(&b, id, &[1]).await;
    assert!(matches!(fixture.recall(&b, id, 1, ALWAYS).await, Err(StoreError::NotFound)));
    assert!(fixture.recall(&a, id, 1, Some(at)).await.is_ok());
}

/// R001-12: a replay of the send after the recall is answered with what is left of it, alone and in a batch.
#[tokio::test]
async fn a_replay_after_a_recall_brings_nothing_back() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.send(id, &a, 1, "the text").await.unwrap();
    let left = fixture.recall(&a, id, 1, ALWAYS).await.unwrap();
    let replay = fixture.send(id, &a, 1, "the text").await.unwrap();
    assert_eq!((replay.replay, replay.message), (true, left.clone()));
    let batch = vec![new(id, &a, 2, "y"), new(id, &a, 1, "the text")];
    let outcomes = fixture.store.writer().append(batch).await.unwrap();
    assert_eq!(outcomes[1].as_ref().unwrap().message, left);
    let own = fixture.direct(&a, &a).await.id;
    assert!(matches!(fixture.send(own, &a, 1, "the text").await, Err(StoreError::ClientIdReused)));
}

/// R004-B1: a message that is recalled and deleted at once counts once less, in whatever order the two come.
#[tokio::test]
async fn hidden_and_recalled_counts_once() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    for key in 1..=20 {
        fixture.send(id, &a, key, "x").await.unwrap();
    }
    for at in 1..=10 {
        let hidden = [at];
        let recalled = if at % 2 == 0 {
            tokio::join!(fixture.hide(&b, id, &hidden), fixture.recall(&a, id, at, ALWAYS)).1
        } else {
            tokio::join!(fixture.recall(&a, id, at, ALWAYS), fixture.hide(&b, id, &hidden)).0
        };
        recalled.unwrap();
        assert_eq!(fixture.seen(&b, id).await.unread, 20 - at);
    }
    let seen = fixture.seen(&b, id).await;
    assert_eq!(numbers(&seen.silent), (1..=10).collect::<Vec<_>>());
    assert_eq!(seen.hidden, seen.silent);
    // Taken back, it is a tip, which counts for nothing still.
    fixture.show(&b, id, &[1]).await;
    assert_eq!(fixture.seen(&b, id).await.unread, 10);
}

/// R001-14, invariant 11: a withheld message is on no page of those whom it is withheld from, counts for nothing there,
/// and moves their log all the same; recalling it tells them nothing either.
#[tokio::test]
async fn a_withheld_message_never_shows() {
    let mut fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let id = fixture.group("group", &[&a, &b, &c]).await;
    let message = fixture.withhold(id, &a, 1, &[&b]).await;
    assert_eq!(message.seq, seq(1));
    let before = [fixture.seen(&b, id).await, fixture.seen(&c, id).await];
    assert_eq!([before[0].unread, before[1].unread], [1, 2]);
    assert_eq!((numbers(&before[0].silent), before[0].hidden.len()), (vec![1], 0));
    assert_eq!((fixture.read(&b, id).await, fixture.read(&c, id).await), (vec![2], vec![1, 2]));
    assert!(matches!(fixture.recall(&b, id, 1, ALWAYS).await, Err(StoreError::NotFound)));
    assert!(matches!(fixture.report_message(&b, id, 1, false).await, Err(StoreError::NotFound)));
    // Nobody is told of it by deleting it, or gets it back.
    let upd = fixture.seen(&b, id).await.upd;
    fixture.hide(&b, id, &[1]).await;
    fixture.show(&b, id, &[1]).await;
    assert_eq!(fixture.seen(&b, id).await.upd, upd);
    fixture.recall(&a, id, 1, ALWAYS).await.unwrap();
    let seen = fixture.seen(&b, id).await;
    assert_eq!((seen.rev, seen.unread, numbers(&seen.silent)), (before[0].rev.next(), 1, vec![1]));
    assert_eq!((fixture.read(&b, id).await, fixture.read(&c, id).await), (vec![2], vec![1, 2]));
    let mut withheld = Vec::new();
    while withheld.len() < 3 {
        for event in fixture.committed.recv().await.unwrap().events {
            if let Event::Message { message, withheld: from, head_seq, .. } = event {
                assert!(head_seq >= message.seq);
                withheld.push((message.seq.get(), from));
            }
        }
    }
    assert_eq!(withheld, [(1, vec![b.id]), (2, vec![]), (1, vec![b.id])]);
}

/// R000-06: who does not see a message learns nothing from it about its sender's cursors.
#[tokio::test]
async fn a_withheld_message_implies_nothing() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.send(id, &b, 1, "x").await.unwrap();
    let roster = Arc::new(fixture.store.roster(id).await.unwrap().unwrap());
    let message = NewMessage { invisible: vec![b.id], roster, ..new(id, &a, 2, "x") };
    fixture.store.writer().append(vec![message]).await.unwrap().remove(0).unwrap();
    let sent: i64 = sqlx::query_scalar("select sent from member where account = $1 and conversation = $2")
        .bind(a.id.as_i64())
        .bind(id.as_i64())
        .fetch_one(&fixture.store.reader)
        .await
        .unwrap();
    assert_eq!((sent, fixture.seen(&a, id).await.own), (0, Cursors::at(seq(2))));
}

/// R004-H6: a report keeps what the reporter saw, hides the message like a deletion, and cannot be taken back.
#[tokio::test]
async fn a_report_keeps_its_evidence() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    for key in 1..=9 {
        fixture.send(id, &a, key, &format!("text {key}")).await.unwrap();
    }
    fixture.hide(&b, id, &[6]).await;
    fixture.account_event().await;
    assert!(matches!(fixture.report_message(&a, id, 8, true).await, Err(StoreError::NotAllowed)));
    for at in [6, 10] {
        assert!(matches!(fixture.report_message(&b, id, at, true).await, Err(StoreError::NotFound)));
    }
    fixture.report_message(&b, id, 8, true).await.unwrap();
    let (_, _, _, changes) = fixture.account_event().await;
    assert_eq!(changes, [AccountChange::Hidden { conversation: id, seq: seq(8) }]);
    assert_eq!(fixture.seen(&b, id).await.unread, 7);
    fixture.recall(&a, id, 8, ALWAYS).await.unwrap();
    fixture.report_message(&b, id, 8, true).await.unwrap();
    fixture.show(&b, id, &[8]).await;
    assert_eq!(fixture.read(&b, id).await, [1, 2, 3, 4, 5, 7, 9]);

    let rows: Vec<(i64, String, String, String)> = sqlx::query_as("select seq, reason, note, evidence from report")
        .fetch_all(&fixture.store.reader)
        .await
        .unwrap();
    let [(8, reason, note, evidence)] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((reason.as_str(), note.as_str()), ("fraud", "look"));
    let evidence: Vec<Message> = serde_json::from_str(evidence).unwrap();
    assert_eq!(seqs(&evidence), [2, 3, 4, 5, 7, 8]);
    assert!(evidence.iter().all(|message| message.body.countable()));
}

/// A use-case that fails after it took positions gives them back.
#[tokio::test]
async fn positions_that_were_taken_in_vain_are_given_back() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    fixture.direct(&b, &a).await;
    let (account, upd) = (b.id, fixture.seen(&b, id).await.upd);
    let failing = fixture.store.writer().run::<(), _>(move |tx| {
        Box::pin(async move {
            tx.move_log(id).await?;
            tx.take_upds(account, 3).await?;
            Err(StoreError::NotFound)
        })
    });
    assert!(failing.await.is_err());
    assert_eq!(fixture.send(id, &a, 1, "x").await.unwrap().message.rev.get(), 1);
    fixture.hide(&b, id, &[1]).await;
    assert_eq!(fixture.seen(&b, id).await.upd, upd.next());
}

/// R001-18, T24, invariant 11: what was recalled is in no file of the data folder, whatever its length and however many
/// neighbours went before it.
#[tokio::test]
async fn a_recalled_text_is_in_no_file() {
    let mut fixture = Fixture::new().await;
    // Nobody is connected; a queue that nobody empties would hold the writer up.
    fixture.committed.close();
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let sentinel = |key: u64| format!("<sentinel {key}>");
    for key in 1..=300 {
        let length = [0, 1, 40, 400, 2_000][key as usize % 5];
        let text = format!("{}{}", sentinel(key), "信".repeat(length));
        fixture.send(id, &a, key, &text).await.unwrap();
    }
    // Runs of neighbours, forwards and backwards, and all but a few.
    let recalled: Vec<u64> = (1..=100).chain((150..=280).rev()).chain((101..=149).step_by(2)).collect();
    for key in &recalled {
        match key % 4 {
            // By who administers the server, a part of it after an audit had removed it.
            0 => drop(fixture.store.recall_as_admin(id, seq(*key)).await.unwrap()),
            1 => {
                fixture.store.remove_message(id, seq(*key)).await.unwrap();
                fixture.store.recall_as_admin(id, seq(*key)).await.unwrap();
            }
            _ => drop(fixture.recall(&a, id, *key, ALWAYS).await.unwrap()),
        }
    }
    let found = |keys: &[u64]| {
        let files = std::fs::read_dir(fixture.path.path()).unwrap().map(|entry| std::fs::read(entry.unwrap().path()));
        let found = sentinels(&files.flat_map(Result::unwrap).collect::<Vec<u8>>());
        keys.iter().filter(|key| found.contains(key)).count()
    };
    let end = std::time::Instant::now() + Duration::from_secs(30);
    while found(&recalled) > 0 && std::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(found(&recalled), 0);
    let kept: Vec<u64> = (102..=148).step_by(2).chain(281..=300).collect();
    assert_eq!(found(&kept), kept.len());
}

/// The numbers of the sentinels that stand somewhere in the bytes.
fn sentinels(bytes: &[u8]) -> HashSet<u64> {
    const START: &[u8] = b"<sentinel ";
    let starts = (0..bytes.len()).filter(|at| bytes[*at] == START[0] && bytes[*at..].starts_with(START));
    let number = |at: usize| {
        let digits: Vec<u8> =
            bytes[at + START.len()..].iter().copied().take_while(|byte| *byte != b'>').take(4).collect();
        String::from_utf8(digits).ok()?.parse().ok()
    };
    starts.filter_map(number).collect()
}
