//! Who is in a conversation, and what they may do there: all that a send needs to know of it.

use super::conversations::{kind, read_nickname};
use super::event::{Roster, Special};
use super::{Store, StoreError, parse};
use protocol::group::Role;
use protocol::{ConversationId, ConversationKind, UserId};
use sqlx::{Connection, Row, SqliteConnection};

const ROSTER_HEAD: &str = "select kind, muted_until, roster_rev, head_seq from conversation where id = $1";
const ROSTER: &str = "select account, role, muted_until, nickname, nickname_rev, opened
    from member where conversation = $1 order by account";
const MEMBER: &str = "select 1 from member where account = $1 and conversation = $2";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ROSTER_HEAD, ROSTER, MEMBER];

impl Store {
    /// Who is in the conversation; `None` when there is no such conversation.
    pub async fn roster(&self, id: ConversationId) -> Result<Option<Roster>, StoreError> {
        let mut conn = self.reader.acquire().await?;
        // One snapshot: the members are those of the position.
        let mut tx = conn.begin().await?;
        roster(&mut tx, id).await
    }

    /// Whether the account is a member of the conversation.
    pub async fn is_member(&self, account: UserId, id: ConversationId) -> Result<bool, StoreError> {
        let member = sqlx::query_scalar::<_, i64>(MEMBER).bind(account.as_i64()).bind(id.as_i64());
        Ok(member.fetch_optional(&self.reader).await?.is_some())
    }
}

/// Who is in the conversation as the connection sees it.
pub(super) async fn roster(conn: &mut SqliteConnection, id: ConversationId) -> Result<Option<Roster>, StoreError> {
    let Some(head) = sqlx::query(ROSTER_HEAD).bind(id.as_i64()).fetch_optional(&mut *conn).await? else {
        return Ok(None);
    };
    let rows = sqlx::query(ROSTER).bind(id.as_i64()).fetch_all(conn).await?;
    let mut members = Vec::with_capacity(rows.len());
    let mut special = Vec::new();
    let mut awaiting = None;
    for row in rows {
        let account = parse(row.try_get::<i64, _>(0)?)?;
        let (role, muted_until) = (role(row.try_get(1)?)?, row.try_get::<i64, _>(2)?.unsigned_abs());
        let nickname = read_nickname(&row, account, 3)?;
        if role != Role::Member || muted_until > 0 || nickname.is_some() {
            special.push(Special { account, role, muted_until, nickname });
        }
        if row.try_get::<i64, _>(5)? == 0 {
            awaiting = Some(account);
        }
        members.push(account);
    }
    let (muted_until, rev) = (head.try_get::<i64, _>(1)?.unsigned_abs(), parse(head.try_get::<i64, _>(2)?)?);
    let empty = head.try_get::<i64, _>(3)? == 0;
    Ok(Some(match kind(head.try_get(0)?)? {
        ConversationKind::Direct => Roster::of_two(members, awaiting.filter(|_| empty)),
        ConversationKind::Group => Roster::of_group(members, special, muted_until, rev),
    }))
}

/// A member's role, as it is stored.
pub(super) fn role(number: i64) -> Result<Role, StoreError> {
    match number {
        0 => Ok(Role::Member),
        1 => Ok(Role::Admin),
        2 => Ok(Role::Owner),
        other => Err(StoreError::Corrupt(format!("role {other}"))),
    }
}
