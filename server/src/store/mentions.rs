//! Whom messages name: rows of their own, so that a session list finds the unread ones without reading messages.

use super::StoreError;
use super::positions::json;
use protocol::group::Mentions;
use protocol::{ConversationId, MessageBody, Seq};
use sqlx::SqliteConnection;

/// Stands for every member.
const EVERYBODY: u64 = 0;

const WRITE: &str = "insert into mention (conversation, account, seq)
    select value ->> 0, value ->> 1, value ->> 2 from json_each($1)";
const ERASE: &str =
    "delete from mention where conversation = $1 and seq = $2 and account in (select value from json_each($3))";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[WRITE, ERASE];

/// The rows of a message: one for everybody, or one for each that it names.
pub fn rows(id: ConversationId, seq: Seq, body: &MessageBody) -> Vec<(ConversationId, u64, Seq)> {
    let named = body.mentions().map(named).unwrap_or_default();
    named.into_iter().map(|account| (id, account, seq)).collect()
}

/// A message that comes back names whom it named.
pub async fn write_of(
    conn: &mut SqliteConnection,
    id: ConversationId,
    seq: Seq,
    body: &MessageBody,
) -> Result<(), StoreError> {
    match rows(id, seq, body) {
        rows if rows.is_empty() => Ok(()),
        rows => write(conn, &json(&rows)?).await,
    }
}

pub async fn write(conn: &mut SqliteConnection, rows: &str) -> Result<(), StoreError> {
    sqlx::query(WRITE).bind(rows).execute(conn).await?;
    Ok(())
}

/// A message that is recalled or removed names nobody any more.
pub async fn erase(
    conn: &mut SqliteConnection,
    id: ConversationId,
    seq: Seq,
    body: &MessageBody,
) -> Result<(), StoreError> {
    if let Some(mentions) = body.mentions() {
        sqlx::query(ERASE).bind(id.as_i64()).bind(seq.as_i64()).bind(json(&named(mentions))?).execute(conn).await?;
    }
    Ok(())
}

fn named(mentions: &Mentions) -> Vec<u64> {
    match mentions.all {
        true => vec![EVERYBODY],
        false => mentions.users.iter().map(|user| user.get()).collect(),
    }
}
