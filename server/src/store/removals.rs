//! Taking a message from everybody after an audit, and giving it back (R004-B7.6).
//!
//! Invariants: what was removed stands in quarantine as it was, where no member's read looks; the message's row, its
//! address and its key stay. Giving it back puts it into its old place, as unread as it was before.

use super::append::{decode_body, encode_body};
use super::groups::members;
use super::history;
use super::recalls::turn;
use super::{Store, StoreError, Tx};
use protocol::messaging::Removal;
use protocol::{ConversationId, Message, MessageBody, Seq};
use sqlx::{Row, SqliteConnection};
use std::sync::Arc;

const KEEP: &str = "insert into quarantine (conversation, seq, type, body, at) values ($1, $2, $3, $4, $5)";
const KEPT: &str = "select type, body, at from quarantine where conversation = $1 and seq = $2";
const RELEASE: &str = "delete from quarantine where conversation = $1 and seq = $2";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[KEEP, KEPT, RELEASE];

impl Store {
    /// Removes what people wrote; again, it answers the same. `NotFound` when there is no such message, or nothing left
    /// of it.
    pub async fn remove_message(&self, id: ConversationId, seq: Seq) -> Result<Removal, StoreError> {
        self.writer().run(move |tx| Box::pin(async move { remove(tx, id, seq).await })).await
    }

    /// Gives back what was removed. `NotFound` when nothing was.
    pub async fn restore_message(&self, id: ConversationId, seq: Seq) -> Result<Message, StoreError> {
        self.writer().run(move |tx| Box::pin(async move { restore(tx, id, seq).await })).await
    }

    /// What was removed, as it was.
    pub async fn removal(&self, id: ConversationId, seq: Seq) -> Result<Removal, StoreError> {
        kept(&mut *self.reader.acquire().await?, id, seq).await
    }
}

async fn remove(tx: &mut Tx<'_>, id: ConversationId, seq: Seq) -> Result<Removal, StoreError> {
    let (message, sender) = history::message(tx.conn, id, seq).await?;
    if message.body == MessageBody::Removed {
        return kept(tx.conn, id, seq).await;
    }
    if !message.body.countable() {
        return Err(StoreError::NotFound);
    }
    let (kind, body) = encode_body(&message.body)?;
    sqlx::query(KEEP)
        .bind(id.as_i64())
        .bind(seq.as_i64())
        .bind(kind)
        .bind(body)
        .bind(super::now().cast_signed())
        .execute(&mut *tx.conn)
        .await?;
    let roster = members(tx, id).await?;
    turn(tx, id, message, MessageBody::Removed, (roster, Arc::new(sender))).await?;
    kept(tx.conn, id, seq).await
}

async fn restore(tx: &mut Tx<'_>, id: ConversationId, seq: Seq) -> Result<Message, StoreError> {
    let Removal { message: Message { body, .. }, .. } = kept(tx.conn, id, seq).await?;
    let (message, sender) = history::message(tx.conn, id, seq).await?;
    release(tx.conn, id, seq).await?;
    let roster = members(tx, id).await?;
    turn(tx, id, message, body, (roster, Arc::new(sender))).await
}

/// Nothing of the message is in quarantine any more.
pub(super) async fn release(conn: &mut SqliteConnection, id: ConversationId, seq: Seq) -> Result<(), StoreError> {
    sqlx::query(RELEASE).bind(id.as_i64()).bind(seq.as_i64()).execute(conn).await?;
    Ok(())
}

async fn kept(conn: &mut SqliteConnection, id: ConversationId, seq: Seq) -> Result<Removal, StoreError> {
    let row = sqlx::query(KEPT).bind(id.as_i64()).bind(seq.as_i64()).fetch_one(&mut *conn).await?;
    let (message, _) = history::message(conn, id, seq).await?;
    let body = decode_body(row.try_get(0)?, row.try_get(1)?)?;
    Ok(Removal { message: Message { body, ..message }, removed_at: row.try_get::<i64, _>(2)?.unsigned_abs() })
}
