//! The messages that make a conversation's unread count.

use super::conversations::{Reader, one, only};
use super::history::{Selected, read};
use super::positions::json;
use super::{Store, StoreError};
use protocol::messaging::UnreadPage;
use protocol::{Conversation, ConversationId, Seq};
use sqlx::{Connection, SqliteConnection};

macro_rules! chosen {
    ($which:literal) => {
        concat!(
            "select m.seq, m.rev, m.sender, m.client_id, m.at, m.type, m.body, a.id, a.handle, a.display_name, a.avatar,
                a.version, w.nickname, coalesce(w.nickname_rev, 0)
            from message as m join account as a on a.id = m.sender
            left join member as w on w.account = m.sender and w.conversation = m.conversation
            where m.conversation = $2 and ",
            $which
        )
    };
}

// Sending moves the sender's own cursor, so none of the reader's own messages lies beyond it.
const PAGE: &str = chosen!(
    "m.seq > $3 and m.seq < $4 and m.type < 100 and not exists (
        select 1 from hidden as h
        where h.account = $1 and h.conversation = m.conversation and h.seq = m.seq and h.hidden = 1)
    order by m.seq desc limit $5"
);
const NAMING: &str = chosen!("m.seq in (select value from json_each($1)) order by m.seq desc");

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[PAGE, NAMING];

impl Store {
    /// The count as the description has it, and exactly the messages that make it, newest first (R002-23).
    pub async fn unread(
        &self,
        reader: Reader,
        id: ConversationId,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<UnreadPage, StoreError> {
        let mut conn = self.reader.acquire().await?;
        // One snapshot for the count and its messages.
        let mut tx = conn.begin().await?;
        let about = only(one(&mut tx, reader, id).await?)?;
        page(&mut tx, reader, &about, before, limit).await
    }

    /// Of the messages that make the count, exactly those that name the reader, newest first, as far as they are counted
    /// (R004-B7.18).
    pub async fn naming(&self, reader: Reader, id: ConversationId) -> Result<UnreadPage, StoreError> {
        let mut conn = self.reader.acquire().await?;
        let mut tx = conn.begin().await?;
        let about = only(one(&mut tx, reader, id).await?)?;
        let from = about.mentions.len().saturating_sub(Conversation::MENTIONS_COUNTED);
        let seqs = json(&about.mentions.get(from..).unwrap_or_default())?;
        let rows = sqlx::query(NAMING).bind(seqs).bind(id.as_i64()).fetch_all(&mut *tx).await?;
        let Selected { messages, users, nicknames } = read(rows.iter())?;
        Ok(UnreadPage { unread: messages.len() as u64, messages, users, nicknames, more: false })
    }
}

/// The messages that make the count of a description, as the connection sees them.
pub(super) async fn page(
    conn: &mut SqliteConnection,
    reader: Reader,
    about: &Conversation,
    before: Option<Seq>,
    limit: usize,
) -> Result<UnreadPage, StoreError> {
    let rows = sqlx::query(PAGE)
        .bind(reader.account.as_i64())
        .bind(about.id.as_i64())
        .bind(about.own.read.max(about.vis_from.prev()).as_i64())
        .bind(before.unwrap_or(about.head_seq.next()).as_i64())
        .bind(limit as i64 + 1)
        .fetch_all(conn)
        .await?;
    let Selected { messages, users, nicknames } = read(rows.iter().take(limit))?;
    Ok(UnreadPage { unread: about.unread, messages, users, nicknames, more: rows.len() > limit })
}
