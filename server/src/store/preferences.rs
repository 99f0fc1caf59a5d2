//! How an account wants its conversations treated: one row for each that it ever set something of.
//!
//! Invariant: every change takes one position of the account's own log, and one that changes nothing takes none.

use super::positions::{from_json, json};
use super::{Store, StoreError, Tx, parse};
use protocol::preferences::{ChangePreferences, ChangedPreferences, Preferences};
use protocol::sync::AccountChange;
use protocol::{ConversationId, Seq, Upd, UserId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

const HELD: &str =
    "select p.pinned, p.muted_until, p.labels, p.archived_until, p.marked_unread, p.draft, p.upd, c.head_seq, p.drafted
    from conversation as c
    left join preference as p on p.account = $1 and p.conversation = c.id
    where c.id = $2";

const WRITE: &str = "insert into preference
        (account, conversation, pinned, muted_until, labels, archived_until, marked_unread, draft, upd, drafted)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $8 = '' then 0 else $9 end)
    on conflict (account, conversation) do update set pinned = excluded.pinned, muted_until = excluded.muted_until,
        labels = excluded.labels, archived_until = excluded.archived_until, marked_unread = excluded.marked_unread,
        draft = excluded.draft, upd = excluded.upd,
        drafted = case when preference.draft = excluded.draft then preference.drafted else excluded.upd end";

const MARKED: &str =
    "select conversation from preference where account = $1 and marked_unread = 1 order by conversation";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[HELD, WRITE, MARKED];

impl Store {
    /// Changes what is given of a conversation's preferences, whose member the account is.
    pub async fn change_preferences(
        &self,
        account: UserId,
        id: ConversationId,
        change: ChangePreferences,
    ) -> Result<ChangedPreferences, StoreError> {
        self.writer().run(move |tx| Box::pin(async move { change_one(tx, account, id, change).await })).await
    }

    /// Takes the account's marks off all its conversations (R001-20).
    pub async fn clear_marks(&self, account: UserId) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let marked: Vec<i64> =
                        sqlx::query_scalar(MARKED).bind(account.as_i64()).fetch_all(&mut *tx.conn).await?;
                    for id in marked {
                        let change = ChangePreferences { marked_unread: Some(false), ..ChangePreferences::default() };
                        change_one(tx, account, parse(id)?, change).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

async fn change_one(
    tx: &mut Tx<'_>,
    account: UserId,
    id: ConversationId,
    mut change: ChangePreferences,
) -> Result<ChangedPreferences, StoreError> {
    let row = sqlx::query(HELD).bind(account.as_i64()).bind(id.as_i64()).fetch_one(&mut *tx.conn).await?;
    let mut preferences = read(&row, 0)?;
    // The next message brings it back, whatever was asked for.
    let next = parse::<Seq, _>(row.try_get::<i64, _>(7)?)?.next();
    change.archived_until = change.archived_until.map(|until| until.min(next));
    let drafted: Upd = parse(row.try_get::<Option<i64>, _>(8)?.unwrap_or_default())?;
    change.draft = change.draft.filter(|_| change.draft_after.is_none_or(|after| drafted <= after));
    if !preferences.take(change) {
        let upd = parse(row.try_get::<Option<i64>, _>(6)?.unwrap_or_default())?;
        return Ok(ChangedPreferences { conversation: id, preferences, upd });
    }
    let upd = tx.take_upds(account, 1).await?.ok_or(StoreError::NotFound)?;
    write(tx.conn, account, id, &preferences, upd).await?;
    let change = AccountChange::Preferences { conversation: id, preferences: Box::new(preferences.clone()) };
    tx.publish_changes(account, upd, vec![change]);
    Ok(ChangedPreferences { conversation: id, preferences, upd })
}

async fn write(
    conn: &mut SqliteConnection,
    account: UserId,
    id: ConversationId,
    preferences: &Preferences,
    upd: Upd,
) -> Result<(), StoreError> {
    sqlx::query(WRITE)
        .bind(account.as_i64())
        .bind(id.as_i64())
        .bind(preferences.pinned)
        .bind(preferences.muted_until.cast_signed())
        .bind(json(&preferences.labels)?)
        .bind(preferences.archived_until.as_i64())
        .bind(preferences.marked_unread)
        .bind(preferences.draft.as_str())
        .bind(upd.as_i64())
        .execute(conn)
        .await?;
    Ok(())
}

/// The account's preferences about one conversation, in their latest state.
pub(super) async fn one(
    conn: &mut SqliteConnection,
    account: UserId,
    id: ConversationId,
) -> Result<Preferences, StoreError> {
    read(&sqlx::query(HELD).bind(account.as_i64()).bind(id.as_i64()).fetch_one(conn).await?, 0)
}

/// The preferences that stand in six columns from `first` on: pinned, muted_until, labels, archived_until,
/// marked_unread, draft. All are null where nothing was ever set.
pub(super) fn read(row: &SqliteRow, first: usize) -> Result<Preferences, StoreError> {
    let Some(pinned) = row.try_get(first)? else { return Ok(Preferences::default()) };
    Ok(Preferences {
        pinned,
        muted_until: row.try_get::<i64, _>(first + 1)?.unsigned_abs(),
        labels: from_json(row.try_get(first + 2)?)?,
        archived_until: parse(row.try_get::<i64, _>(first + 3)?)?,
        marked_unread: row.try_get(first + 4)?,
        draft: parse(row.try_get::<String, _>(first + 5)?)?,
    })
}
