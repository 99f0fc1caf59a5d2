//! What becomes of pictures that were sent before their auditor had said anything (R004-I6).
//!
//! Invariants: a verdict changes what stands, or nothing: of a picture that was recalled meanwhile nothing is left to change,
//! and the same verdict again changes nothing (R004-C4). What is withdrawn is there for its sender alone (R004-C1), at one
//! position of the conversation's log, at which every device hears of it.

use super::append::{IMAGE, WITHDRAWN, decode_client_id};
use super::groups::members;
use super::history;
use super::recalls::turn;
use super::{Store, StoreError, Tx, parse};
use protocol::{ClientId, ConversationId, ConversationKind, MediaId, MessageBody, Seq, UserId};
use sqlx::Row;
use std::sync::Arc;

const UNAUDITED: &str =
    "select owed.id, owed.conversation, owed.seq, owed.owner, owed.client_id, owed.width, owed.height, c.kind
    from media as owed join conversation as c on c.id = owed.conversation
    where owed.unaudited = 1 order by owed.at limit $1";
const PLACE: &str = "select conversation, seq from media where id = $1 and seq is not null";
const AUDITED: &str = "update media set unaudited = 0 where id = $1";
const KEPT: &str = "update quarantine set type = $4 where conversation = $1 and seq = $2 and type = $3";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[UNAUDITED, PLACE, AUDITED, KEPT];

/// A picture that its auditor is still to be asked about.
#[derive(Clone, Debug)]
pub struct Unaudited {
    pub media: MediaId,
    pub client_id: ClientId,
    pub conversation: ConversationId,
    pub kind: ConversationKind,
    pub sender: UserId,
    pub width: u32,
    pub height: u32,
}

impl Store {
    /// The pictures without a verdict, the oldest first.
    pub async fn unaudited(&self, limit: u32) -> Result<Vec<Unaudited>, StoreError> {
        let rows = sqlx::query(UNAUDITED).bind(limit).fetch_all(&self.reader).await?;
        let read = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Unaudited {
                media: parse(row.try_get::<String, _>(0)?)?,
                conversation: parse(row.try_get::<i64, _>(1)?)?,
                sender: parse(row.try_get::<i64, _>(3)?)?,
                client_id: decode_client_id(row.try_get(4)?)?,
                width: row.try_get(5)?,
                height: row.try_get(6)?,
                kind: super::conversations::kind(row.try_get(7)?)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The file of a picture, for its auditor.
    pub async fn audited_file(&self, id: MediaId) -> Result<Option<Vec<u8>>, StoreError> {
        self.files.read(id, false).await
    }

    /// The auditor has nothing against the picture.
    pub async fn pass_medium(&self, id: MediaId) -> Result<(), StoreError> {
        self.writer().run(move |tx| Box::pin(async move { audited(tx, id).await })).await
    }

    /// Withdraws the picture from everybody but its sender. Of one that is not there any more nothing is left to do.
    pub async fn withdraw_medium(&self, id: MediaId) -> Result<(), StoreError> {
        self.writer().run(move |tx| Box::pin(async move { withdraw(tx, id).await })).await
    }
}

async fn withdraw(tx: &mut Tx<'_>, id: MediaId) -> Result<(), StoreError> {
    let place = sqlx::query(PLACE).bind(id.to_string()).fetch_optional(&mut *tx.conn).await?;
    let Some(place) = place else { return Ok(()) };
    let conversation = parse(place.try_get::<i64, _>(0)?)?;
    let seq: Seq = parse(place.try_get::<i64, _>(1)?)?;
    let (message, sender) = history::message(tx.conn, conversation, seq).await?;
    match message.body {
        MessageBody::Image(image) => {
            let roster = members(tx, conversation).await?;
            turn(tx, conversation, message, MessageBody::Withdrawn { image }, (roster, Arc::new(sender))).await?;
        }
        // An auditor has taken it away otherwise: should it come back, it is withdrawn.
        MessageBody::Removed => {
            sqlx::query(KEPT)
                .bind(conversation.as_i64())
                .bind(seq.as_i64())
                .bind(IMAGE)
                .bind(WITHDRAWN)
                .execute(&mut *tx.conn)
                .await?;
        }
        _ => {}
    }
    audited(tx, id).await
}

async fn audited(tx: &mut Tx<'_>, id: MediaId) -> Result<(), StoreError> {
    sqlx::query(AUDITED).bind(id.to_string()).execute(&mut *tx.conn).await?;
    Ok(())
}
