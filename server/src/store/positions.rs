//! The hot heads of logs, owned by the writer: a send needs no read before its write.
//!
//! Invariants: an entry equals its row as of the open transaction. A rolled-back transaction forgets every entry that
//! it touched. Bounded: a full cache is emptied, and the heads are read again.

use super::{StoreError, parse};
use protocol::{ConversationId, Millis, Rev, Seq, Upd, UserId};
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;

const CAPACITY: usize = 100_000;

#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub seq: Seq,
    pub rev: Rev,
    pub active_at: Millis,
    /// Where the members last changed: a [`super::Roster`] from before is refused.
    pub roster: Rev,
}

#[derive(Default)]
pub struct Positions {
    heads: HashMap<ConversationId, Head>,
    upds: HashMap<UserId, Upd>,
}

const HEADS: &str =
    "select id, head_seq, rev, active_at, roster_rev from conversation where id in (select value from json_each($1))";
const MOVE_REV: &str = "update conversation set rev = $2, version = $3 where id = $1";
const MOVE_UPD: &str = "update account set upd = $2 where id = $1";
const UPDS: &str = "select id, upd from account where id in (select value from json_each($1))";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[HEADS, UPDS, MOVE_REV, MOVE_UPD];

impl Positions {
    /// Makes sure that the heads of these conversations are held, those that exist.
    pub async fn load_heads(
        &mut self,
        conn: &mut SqliteConnection,
        wanted: Vec<ConversationId>,
    ) -> Result<(), StoreError> {
        if self.heads.len() > CAPACITY {
            self.heads.clear();
        }
        let missing: Vec<u64> =
            wanted.into_iter().filter(|id| !self.heads.contains_key(id)).map(ConversationId::get).collect();
        if missing.is_empty() {
            return Ok(());
        }
        for row in sqlx::query(HEADS).bind(json(&missing)?).fetch_all(conn).await? {
            let head = Head {
                seq: parse(row.try_get::<i64, _>(1)?)?,
                rev: parse(row.try_get::<i64, _>(2)?)?,
                active_at: row.try_get::<i64, _>(3)?.unsigned_abs(),
                roster: parse(row.try_get::<i64, _>(4)?)?,
            };
            self.heads.insert(parse(row.try_get::<i64, _>(0)?)?, head);
        }
        Ok(())
    }

    /// Makes sure that the log heads of these accounts are held, those that exist.
    pub async fn load_upds(&mut self, conn: &mut SqliteConnection, wanted: Vec<UserId>) -> Result<(), StoreError> {
        if self.upds.len() > CAPACITY {
            self.upds.clear();
        }
        let missing: Vec<u64> = wanted.into_iter().filter(|id| !self.upds.contains_key(id)).map(UserId::get).collect();
        if missing.is_empty() {
            return Ok(());
        }
        for row in sqlx::query(UPDS).bind(json(&missing)?).fetch_all(conn).await? {
            self.upds.insert(parse(row.try_get::<i64, _>(0)?)?, parse(row.try_get::<i64, _>(1)?)?);
        }
        Ok(())
    }

    pub fn head(&mut self, id: ConversationId) -> Option<&mut Head> {
        self.heads.get_mut(&id)
    }

    /// Takes the next position of the account's log.
    pub fn next_upd(&mut self, id: UserId) -> Option<Upd> {
        let upd = self.upds.get_mut(&id)?;
        *upd = upd.next();
        Some(*upd)
    }

    /// Moves the conversation's log by one position, in memory and in its row.
    pub async fn move_rev(
        &mut self,
        conn: &mut SqliteConnection,
        version: i64,
        id: ConversationId,
    ) -> Result<(Rev, Head), StoreError> {
        self.load_heads(conn, vec![id]).await?;
        let head = self.head(id).ok_or(StoreError::NotFound)?;
        let prev = head.rev;
        head.rev = prev.next();
        let head = *head;
        sqlx::query(MOVE_REV).bind(id.as_i64()).bind(head.rev.as_i64()).bind(version).execute(conn).await?;
        Ok((prev, head))
    }

    /// Moves the account's log by `count` positions, in memory and in its row; tells the last. `None`: by none.
    pub async fn move_upd(
        &mut self,
        conn: &mut SqliteConnection,
        id: UserId,
        count: usize,
    ) -> Result<Option<Upd>, StoreError> {
        self.load_upds(conn, vec![id]).await?;
        let mut last = None;
        for _ in 0..count {
            last = Some(self.next_upd(id).ok_or(StoreError::NotFound)?);
        }
        if let Some(last) = last {
            sqlx::query(MOVE_UPD).bind(id.as_i64()).bind(last.as_i64()).execute(conn).await?;
        }
        Ok(last)
    }

    /// Another statement of the transaction moved the account's log.
    pub fn forget_upd(&mut self, id: UserId) {
        self.upds.remove(&id);
    }

    /// The transaction was rolled back: nothing held can be trusted.
    pub fn forget_all(&mut self) {
        self.heads.clear();
        self.upds.clear();
    }
}

/// Reads a list that a statement made with `json_group_array`.
pub fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// A batch as the one JSON parameter that a statement reads through `json_each`.
pub fn json<T: serde::Serialize>(rows: &T) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|error| StoreError::Corrupt(error.to_string()))
}
