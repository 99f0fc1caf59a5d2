//! Messages that one account does not see: deleted for oneself, reported, or withheld by their sender.
//!
//! Deleting is the account's own affair: it takes positions of the account's own log, and moves nothing that others
//! see. The row stays when a deletion is taken back, so that the other devices hear of that as well.

use super::append::decode_message;
use super::conversations::read_user;
use super::positions::json;
use super::{Store, StoreError, Tx, parse};
use protocol::sync::AccountChange;
use protocol::{ConversationId, Seq, Upd, UserId};

/// Why a row stands: the account deleted the message for itself.
pub(super) const DELETED: i64 = 0;
/// The account reported it. That cannot be taken back.
pub(super) const REPORTED: i64 = 1;
/// The sender withheld it. The account is never told of it.
pub(super) const WITHHELD: i64 = 2;

// What is not there for the account is passed over, and so is what it does not see already.
const SEEN: &str = "select q.seq from json_each($3) as j
    join member as m on m.account = $1 and m.conversation = $2
    join message as q on q.conversation = m.conversation and q.seq = j.value and q.seq >= m.vis_from
    where not exists (
        select 1 from hidden as h
        where h.account = m.account and h.conversation = m.conversation and h.seq = q.seq and h.hidden = 1
    )
    order by q.seq";

const DELETED_BEFORE: &str = "select q.seq, q.rev, q.sender, q.client_id, q.at, q.type, q.body,
        s.id, s.handle, s.display_name, s.avatar, s.version
    from json_each($3) as j
    join member as m on m.account = $1 and m.conversation = $2
    join hidden as h on h.account = m.account and h.conversation = m.conversation and h.seq = j.value
        and h.hidden = 1 and h.why = $4
    join message as q on q.conversation = h.conversation and q.seq = h.seq and q.seq >= m.vis_from
    join account as s on s.id = q.sender
    order by q.seq";

const WRITE: &str = "insert into hidden (account, conversation, seq, why, hidden, upd)
    select $1, $2, value ->> 0, $4, $5, value ->> 1 from json_each($3) where true
    on conflict (account, conversation, seq)
    do update set why = excluded.why, hidden = excluded.hidden, upd = excluded.upd";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[SEEN, DELETED_BEFORE, WRITE];

impl Store {
    /// Deletes messages for the account alone (R001-17). Nothing happens to one that it does not see.
    pub async fn hide(&self, account: UserId, id: ConversationId, seqs: Vec<Seq>) -> Result<(), StoreError> {
        self.writer().run(move |tx| Box::pin(async move { hide(tx, account, id, &seqs, DELETED).await })).await
    }

    /// Takes deletions back. Nothing happens to a message that the account did not delete, nor to one of a membership that
    /// is over.
    pub async fn show(&self, account: UserId, id: ConversationId, seqs: Vec<Seq>) -> Result<(), StoreError> {
        self.writer().run(move |tx| Box::pin(async move { show(tx, account, id, &seqs).await })).await
    }
}

/// Hides what of the messages the account sees, and tells its devices in one frame (R004-H7).
pub(super) async fn hide(
    tx: &mut Tx<'_>,
    account: UserId,
    id: ConversationId,
    seqs: &[Seq],
    why: i64,
) -> Result<(), StoreError> {
    let seen: Vec<i64> = sqlx::query_scalar(SEEN)
        .bind(account.as_i64())
        .bind(id.as_i64())
        .bind(json(&seqs)?)
        .fetch_all(&mut *tx.conn)
        .await?;
    let mut seen = seen.into_iter().map(parse).collect::<Result<Vec<Seq>, _>>()?;
    seen.dedup();
    let changes = seen.iter().map(|&seq| AccountChange::Hidden { conversation: id, seq }).collect();
    write(tx, account, id, &seen, (why, true), changes).await
}

async fn show(tx: &mut Tx<'_>, account: UserId, id: ConversationId, seqs: &[Seq]) -> Result<(), StoreError> {
    let rows = sqlx::query(DELETED_BEFORE)
        .bind(account.as_i64())
        .bind(id.as_i64())
        .bind(json(&seqs)?)
        .bind(DELETED)
        .fetch_all(&mut *tx.conn)
        .await?;
    let mut shown: Vec<Seq> = Vec::with_capacity(rows.len());
    let mut changes = Vec::with_capacity(rows.len());
    for row in &rows {
        let message = Box::new(decode_message(row, 0)?);
        if shown.last() == Some(&message.seq) {
            continue;
        }
        let sender = read_user(row, 7)?.ok_or(StoreError::NotFound)?;
        shown.push(message.seq);
        changes.push(AccountChange::Shown { conversation: id, message, sender });
    }
    write(tx, account, id, &shown, (DELETED, false), changes).await
}

/// Writes the rows, each with a position of its own in the account's log.
async fn write(
    tx: &mut Tx<'_>,
    account: UserId,
    id: ConversationId,
    seqs: &[Seq],
    (why, hidden): (i64, bool),
    changes: Vec<AccountChange>,
) -> Result<(), StoreError> {
    let Some(last) = tx.take_upds(account, seqs.len()).await? else { return Ok(()) };
    let first = last.minus(seqs.len() as u64).next();
    let rows: Vec<(Seq, Upd)> = seqs.iter().zip(0..).map(|(seq, nth)| (*seq, first.plus(nth))).collect();
    sqlx::query(WRITE)
        .bind(account.as_i64())
        .bind(id.as_i64())
        .bind(json(&rows)?)
        .bind(why)
        .bind(hidden)
        .execute(&mut *tx.conn)
        .await?;
    tx.publish_changes(account, last, changes);
    Ok(())
}
