//! What becomes of pictures that were sent before their auditor had said anything (R004-I6).
//!
//! Invariants: a verdict changes what stands, or nothing: of a picture that was recalled meanwhile nothing is left to change,
//! and the same verdict again changes nothing (R004-C4). What is withdrawn is there for its sender alone (R004-C1), at one
//! position of the conversation's log, at which every device hears of it.

use super::append::{IMAGE, WITHDRAWN, decode_client_id};
use super::files::Part;
use super::groups::members;
use super::history;
use super::positions::json;
use super::recalls::turn;
use super::{Store, StoreError, Tx, parse};
use protocol::{ClientId, ConversationId, ConversationKind, MediaId, MessageBody, Millis, Seq, UserId};
use sqlx::Row;
use std::sync::Arc;

const DUE: &str =
    "select owed.id, owed.conversation, owed.seq, owed.owner, owed.client_id, owed.width, owed.height, c.kind
    from media as owed join conversation as c on c.id = owed.conversation
    where owed.ask_at <= $1 order by owed.ask_at limit $2";
/// The longer it has none, the longer the next time is put off, by an hour at most.
const ASKED: &str = "update media set ask_at = $2 + min(max($2 - at, 0) / 4, 3600000)
    where ask_at is not null and id in (select value from json_each($1))";
const ANEW: &str = "update media set ask_at = 0 where ask_at > 0";
const PLACE: &str = "select conversation, seq from media where id = $1 and seq is not null";
const AUDITED: &str = "update media set ask_at = null where id = $1";
const KEPT: &str = "update quarantine set type = $4 where conversation = $1 and seq = $2 and type = $3";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[DUE, ASKED, ANEW, PLACE, AUDITED, KEPT];

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
    /// Takes pictures whose auditor is to be asked now, first those that wait for the longest time; who takes them asks by
    /// `until`, or they are to be taken again.
    pub async fn take_unaudited(&self, now: Millis, until: Millis, limit: u32) -> Result<Vec<Unaudited>, StoreError> {
        let rows = sqlx::query(DUE).bind(now.cast_signed()).bind(limit).fetch_all(&self.reader).await?;
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
        let due = rows.iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
        self.ask_again(due.iter().map(|one| one.media).collect(), until).await?;
        Ok(due)
    }

    /// Says when the auditor is to be asked again about what is still without a verdict.
    pub async fn ask_again(&self, media: Vec<MediaId>, at: Millis) -> Result<(), StoreError> {
        if media.is_empty() {
            return Ok(());
        }
        let media = json(&media)?;
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    sqlx::query(ASKED).bind(media).bind(at.cast_signed()).execute(&mut *tx.conn).await?;
                    Ok(())
                })
            })
            .await
    }

    /// Whoever was to be asked later is to be asked now: nobody asks any more who did.
    pub async fn ask_anew(&self) -> Result<(), StoreError> {
        self.writer()
            .run(|tx| {
                Box::pin(async move {
                    sqlx::query(ANEW).execute(&mut *tx.conn).await?;
                    Ok(())
                })
            })
            .await
    }

    /// The file of a picture, for its auditor.
    pub async fn audited_file(&self, id: MediaId) -> Result<Option<Vec<u8>>, StoreError> {
        self.files.read(id, Part::Whole).await
    }

    /// Does what a verdict says: lets the picture be, or withdraws it from everybody but its sender. Answers whether a
    /// message carries it: otherwise there is nothing to do, or not yet.
    pub async fn settle_medium(&self, id: MediaId, allow: bool) -> Result<bool, StoreError> {
        self.writer().run(move |tx| Box::pin(async move { settle(tx, id, allow).await })).await
    }
}

async fn settle(tx: &mut Tx<'_>, id: MediaId, allow: bool) -> Result<bool, StoreError> {
    let place = sqlx::query(PLACE).bind(id.to_string()).fetch_optional(&mut *tx.conn).await?;
    let Some(place) = place else { return Ok(false) };
    if !allow {
        withdraw(tx, parse(place.try_get::<i64, _>(0)?)?, parse(place.try_get::<i64, _>(1)?)?).await?;
    }
    sqlx::query(AUDITED).bind(id.to_string()).execute(&mut *tx.conn).await?;
    Ok(true)
}

async fn withdraw(tx: &mut Tx<'_>, conversation: ConversationId, seq: Seq) -> Result<(), StoreError> {
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
    Ok(())
}
