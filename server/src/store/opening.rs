//! Opening direct conversations.
//!
//! Invariant: to the other of the two a conversation does not exist until somebody wrote in it, or they open it
//! themselves: no position of their log tells of it, and whoever opens it hears that it is new.

use super::accounts::is_active;
use super::conversations::{Reader, insert, join, one, only, tell_joined, there};
use super::{Store, StoreError, Tx, parse};
use protocol::{Conversation, ConversationId, ConversationKind, UserId};
use sqlx::SqliteConnection;

const FIND_DIRECT: &str = "select id from conversation where low = $1 and high = $2";
// No position of its log tells the other side of what it knows nothing of.
const AWAIT: &str = "insert into member (account, conversation, upd, joined_upd, opened) values ($1, $2, 0, 0, 0)";
const THERE: &str = concat!("select ", there!("m"), " from member as m where m.account = $1 and m.conversation = $2");
const ENTER: &str = "update member set opened = 1, upd = $3, joined_upd = $3 where account = $1 and conversation = $2";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[FIND_DIRECT, AWAIT, THERE, ENTER];

impl Store {
    /// Opens the direct conversation of the two, who may be one; tells whether it is new to who opens it. `NotFound` when
    /// it would be new and the other was deactivated. The other hears of it with the first message.
    pub async fn open_direct(&self, reader: Reader, peer: UserId) -> Result<(Conversation, bool), StoreError> {
        let account = reader.account;
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let (low, high) = (account.min(peer), account.max(peer));
                    let found: Option<i64> = sqlx::query_scalar(FIND_DIRECT)
                        .bind(low.as_i64())
                        .bind(high.as_i64())
                        .fetch_optional(&mut *tx.conn)
                        .await?;
                    let found: Option<ConversationId> = found.map(parse).transpose()?;
                    if let Some(id) = found
                        && is_there(tx.conn, account, id).await?
                    {
                        return Ok((only(one(tx.conn, reader, id).await?)?, false));
                    }
                    if !is_active(tx.conn, peer).await? {
                        return Err(StoreError::NotFound);
                    }
                    let id = match found {
                        Some(id) => enter(tx, account, id).await?,
                        None => begin(tx, account, peer).await?,
                    };
                    tell_joined(tx, account, id).await?;
                    Ok((only(one(tx.conn, reader, id).await?)?, true))
                })
            })
            .await
    }
}

/// Makes the direct conversation of the two, of which the other knows nothing yet.
async fn begin(tx: &mut Tx<'_>, account: UserId, peer: UserId) -> Result<ConversationId, StoreError> {
    let id = insert(tx, ConversationKind::Direct, None, super::now(), &[account.min(peer), account.max(peer)]).await?;
    if peer != account {
        sqlx::query(AWAIT).bind(peer.as_i64()).bind(id.as_i64()).execute(&mut *tx.conn).await?;
    }
    join(tx, id, &[account], true).await?;
    Ok(id)
}

/// The account opens a direct conversation, too, in which nobody has written yet.
async fn enter(tx: &mut Tx<'_>, account: UserId, id: ConversationId) -> Result<ConversationId, StoreError> {
    let upd = tx.take_upds(account, 1).await?.ok_or(StoreError::NotFound)?;
    let entered = sqlx::query(ENTER).bind(account.as_i64()).bind(id.as_i64()).bind(upd.as_i64());
    entered.execute(&mut *tx.conn).await?;
    Ok(id)
}

/// Whether the conversation is there for its member.
async fn is_there(conn: &mut SqliteConnection, account: UserId, id: ConversationId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(THERE).bind(account.as_i64()).bind(id.as_i64()).fetch_one(conn).await?)
}
