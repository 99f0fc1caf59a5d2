//! Moving members' own cursors, and telling those whose messages were received or read.
//!
//! Invariants: cursors and receipts are max-registers. A receipt is what was told, compacted to one row an owner,
//! conversation and reader (R000-12). Whom to tell follows from the messages that a cursor passed, never from the
//! reader's word (R000-10).

use super::event::Event;
use super::positions::{Positions, json};
use super::{StoreError, parse};
use protocol::messaging::Readers;
use protocol::receipts::{Cursors, Receipt};
use protocol::sync::AccountChange;
use protocol::{ConversationId, Seq, Upd, UserId};
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;

/// One member's report about one conversation; membership was checked.
#[derive(Clone, Copy, Debug)]
pub struct NewReport {
    pub account: UserId,
    pub conversation: ConversationId,
    pub cursors: Cursors,
}

/// Receipts written by one statement (R000-10).
const TOLD_AT_ONCE: usize = 500;

// Above the bound nobody is told, and reading is counted instead (R000-20). Of one who keeps it private neither happens
// (R000-19).
const CURRENT: &str = "select m.account, m.conversation, m.delivered, m.read, c.head_seq,
        a.receipts = 1, c.kind = 1 and c.members > $2, c.kind = 0
    from json_each($1) as j
    join member as m on m.account = j.value ->> 0 and m.conversation = j.value ->> 1
    join conversation as c on c.id = m.conversation
    join account as a on a.id = m.account";

const MEMBERS: &str = "update member set delivered = j.value ->> 2, read = j.value ->> 3,
        shown = max(member.shown, j.value ->> 4), upd = j.value ->> 5
    from json_each($1) as j where member.account = j.value ->> 0 and member.conversation = j.value ->> 1";

// The senders of what a cursor passed: not the reader, no message that counts for nothing or that the reader does not
// see, nobody who has left or is no longer active, nobody who keeps receipts off, nobody across a block (R000-19).
const SENDERS: &str = "with passed (reader, conversation, through, read, sender) as materialized (
        select distinct j.value ->> 0, j.value ->> 1, j.value ->> 3, j.value ->> 4, m.sender
        from json_each($1) as j
        join message as m on m.conversation = j.value ->> 1 and m.seq > j.value ->> 2 and m.seq <= j.value ->> 3
        where m.sender <> j.value ->> 0 and m.type < 100 and not exists (
            select 1 from hidden as h where h.account = j.value ->> 0 and h.conversation = m.conversation
                and h.seq = m.seq and h.hidden = 1)
    )
    select passed.sender, passed.conversation, passed.reader, passed.through, passed.read
    from passed
    join member as told on told.account = passed.sender and told.conversation = passed.conversation
    join account as a on a.id = passed.sender and a.receipts = 1 and a.active = 1
    where not exists (select 1 from relation as r
        where r.account = passed.sender and r.other = passed.reader and r.blocking + r.blocked > 0)";

const RECEIPTS: &str = "insert into receipt (owner, conversation, reader, delivered, read, upd)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 from json_each($1) where true
    on conflict (owner, conversation, reader) do update
    set delivered = max(receipt.delivered, excluded.delivered), read = max(receipt.read, excluded.read),
        upd = excluded.upd
    returning owner, upd, conversation, reader, delivered, read";

const ACCOUNTS: &str = "update account set upd = j.value ->> 1
    from json_each($1) as j where account.id = j.value ->> 0";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[CURRENT, MEMBERS, SENDERS, RECEIPTS, ACCOUNTS];

/// A member's cursors before and after its report.
struct Moved {
    account: UserId,
    conversation: ConversationId,
    old: Cursors,
    new: Cursors,
    /// What others learn of it.
    telling: Telling,
}

/// What others learn of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    /// Nothing: its account keeps it private.
    Private,
    /// Each of those concerned is told.
    Each,
    /// The group is too large for that: it counts for whoever asks.
    Count,
}

/// Applies the reports as max-registers (T1, T7): a lower value is ignored, a higher one than the newest message is
/// taken as the newest (R000-16). Whoever sent what was passed gets one compacted receipt (R000-12).
pub async fn report(
    conn: &mut SqliteConnection,
    positions: &mut Positions,
    reports: &[NewReport],
    events: &mut Vec<Event>,
) -> Result<(), StoreError> {
    let moved = moved(conn, reports).await?;
    if moved.is_empty() {
        return Ok(());
    }
    let told = told(conn, &moved).await?;
    let accounts = moved.iter().map(|moved| moved.account);
    positions.load_upds(conn, accounts.chain(told.keys().map(|(owner, ..)| *owner)).collect()).await?;
    let mut heads = BTreeMap::new();
    move_own(conn, positions, &moved, &mut heads, events).await?;
    tell(conn, positions, told, &mut heads, events).await?;
    sqlx::query(ACCOUNTS).bind(json(&heads.into_iter().collect::<Vec<_>>())?).execute(&mut *conn).await?;
    Ok(())
}

/// What the reports move, by account.
async fn moved(conn: &mut SqliteConnection, reports: &[NewReport]) -> Result<Vec<Moved>, StoreError> {
    let mut wanted: BTreeMap<(UserId, ConversationId), Cursors> = BTreeMap::new();
    for report in reports {
        let cursors = wanted.entry((report.account, report.conversation)).or_default();
        *cursors = cursors.max(report.cursors);
    }
    let keys: Vec<_> = wanted.keys().collect();
    let rows = sqlx::query(CURRENT).bind(json(&keys)?).bind(Readers::LISTED_MAX as i64).fetch_all(conn).await?;
    let mut moved = Vec::with_capacity(rows.len());
    for row in rows {
        let account: UserId = parse(row.try_get::<i64, _>(0)?)?;
        let conversation: ConversationId = parse(row.try_get::<i64, _>(1)?)?;
        let old = Cursors { delivered: parse(row.try_get::<i64, _>(2)?)?, read: parse(row.try_get::<i64, _>(3)?)? };
        let head: Seq = parse(row.try_get::<i64, _>(4)?)?;
        let telling = match (row.try_get(5)?, row.try_get(6)?) {
            (false, _) => Telling::Private,
            (true, false) => Telling::Each,
            (true, true) => Telling::Count,
        };
        let Some(asked) = wanted.get(&(account, conversation)) else { continue };
        // Groups have no delivery receipts (R000-01): there the delivered cursor only follows the read one.
        let delivered = if row.try_get(7)? { asked.delivered } else { asked.read };
        let new = old.max(Cursors { delivered: delivered.min(head), read: asked.read.min(head) });
        if new != old {
            moved.push(Moved { account, conversation, old, new, telling });
        }
    }
    moved.sort_by_key(|moved| (moved.account, moved.conversation));
    Ok(moved)
}

type Told = BTreeMap<(UserId, ConversationId, UserId), Cursors>;

/// What each owner of messages is to be told, by owner, conversation and reader: of each cursor, only where it passed
/// a message of the owner.
async fn told(conn: &mut SqliteConnection, moved: &[Moved]) -> Result<Told, StoreError> {
    let mut ranges = Vec::new();
    for Moved { account, conversation, old, new, .. } in moved.iter().filter(|moved| moved.telling == Telling::Each) {
        if new.read > old.read {
            ranges.push((account, conversation, old.read, new.read, true));
        }
        if new.delivered > old.delivered && new.delivered > new.read {
            ranges.push((account, conversation, old.delivered, new.delivered, false));
        }
    }
    let mut told = Told::new();
    if ranges.is_empty() {
        return Ok(told);
    }
    for row in sqlx::query(SENDERS).bind(json(&ranges)?).fetch_all(conn).await? {
        let key =
            (parse(row.try_get::<i64, _>(0)?)?, parse(row.try_get::<i64, _>(1)?)?, parse(row.try_get::<i64, _>(2)?)?);
        let through: Seq = parse(row.try_get::<i64, _>(3)?)?;
        let cursors = match row.try_get(4)? {
            true => Cursors::at(through),
            false => Cursors { delivered: through, read: Seq::ZERO },
        };
        let known = told.entry(key).or_default();
        *known = known.max(cursors);
    }
    Ok(told)
}

/// Writes the members' own cursors: one frame an account, whatever it reports.
async fn move_own(
    conn: &mut SqliteConnection,
    positions: &mut Positions,
    moved: &[Moved],
    heads: &mut BTreeMap<UserId, Upd>,
    events: &mut Vec<Event>,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(moved.len());
    for moved in moved.chunk_by(|one, next| one.account == next.account) {
        let mut changes = Vec::with_capacity(moved.len());
        for Moved { account, conversation, old, new, telling } in moved {
            // What was read in private stays private until more is read. What each was told needs no counting.
            let counts = *telling == Telling::Count && new.read > old.read;
            let shown = if counts { new.read } else { Seq::ZERO };
            let upd = positions.next_upd(*account).ok_or(StoreError::NotFound)?;
            heads.insert(*account, upd);
            rows.push((account, conversation, new.delivered, new.read, shown, upd));
            changes.push((*account, upd, AccountChange::Own { conversation: *conversation, cursors: *new }));
        }
        publish(changes, events);
    }
    sqlx::query(MEMBERS).bind(json(&rows)?).execute(conn).await?;
    Ok(())
}

/// Writes the receipts, in batches: one frame an owner and batch.
async fn tell(
    conn: &mut SqliteConnection,
    positions: &mut Positions,
    told: Told,
    heads: &mut BTreeMap<UserId, Upd>,
    events: &mut Vec<Event>,
) -> Result<(), StoreError> {
    let told: Vec<_> = told.into_iter().collect();
    for told in told.chunks(TOLD_AT_ONCE) {
        let mut rows = Vec::with_capacity(told.len());
        for ((owner, conversation, reader), cursors) in told {
            let upd = positions.next_upd(*owner).ok_or(StoreError::NotFound)?;
            heads.insert(*owner, upd);
            rows.push((owner, conversation, reader, cursors.delivered, cursors.read, upd));
        }
        let mut changes = Vec::with_capacity(rows.len());
        for row in sqlx::query(RECEIPTS).bind(json(&rows)?).fetch_all(&mut *conn).await? {
            let owner: UserId = parse(row.try_get::<i64, _>(0)?)?;
            changes.push((owner, parse(row.try_get::<i64, _>(1)?)?, AccountChange::Receipt(receipt(&row, 2)?)));
        }
        changes.sort_by_key(|(owner, upd, _)| (*owner, *upd));
        for changes in changes.chunk_by(|one, next| one.0 == next.0) {
            publish(changes.to_vec(), events);
        }
    }
    Ok(())
}

/// Changes at consecutive positions of one account's log.
fn publish(changes: Vec<(UserId, Upd, AccountChange)>, events: &mut Vec<Event>) {
    if let Some((account, pos, _)) = changes.last() {
        let (account, pos) = (*account, *pos);
        events.push(Event::account(account, pos, changes.into_iter().map(|(.., change)| change).collect()));
    }
}

/// The receipt whose conversation, reader, delivered and read stand in four columns from `first` on.
pub(super) fn receipt(row: &sqlx::sqlite::SqliteRow, first: usize) -> Result<Receipt, StoreError> {
    let number = |column: usize| row.try_get::<i64, _>(first + column);
    let cursors = Cursors { delivered: parse(number(2)?)?, read: parse(number(3)?)? };
    Ok(Receipt { conversation: parse(number(0)?)?, reader: parse(number(1)?)?, cursors })
}
