//! Accounts and the search for users.

use super::conversations::read_user;
use super::relations::{messages_from, messages_from_number};
use super::writer::Tx;
use super::{Store, StoreError, parse, patterns, receipts};
use protocol::profile::ChangeAccount;
use protocol::sync::AccountChange;
use protocol::{Account, DisplayName, Handle, MessagesFrom, User, UserId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

const INSERT: &str = "insert into account (handle, display_name, password_hash, created_at) values ($1, $2, $3, $4)
    returning id";

const BY_HANDLE: &str =
    "select id, handle, display_name, avatar, version, created_at, receipts, messages_from, show_last_seen,
        case active when 1 then password_hash end
    from account where handle = $1";

const USER: &str = "select id, handle, display_name, avatar, version from account where id = $1";

const USER_BY_HANDLE: &str =
    "select id, handle, display_name, avatar, version from account where handle = $1 and active = 1";

const ACTIVE: &str = "select active from account where id = $1";

// A containing match cannot use an index; the table is as small as the number of people of one server.
const SEARCH: &str = "select id, handle, display_name, avatar, version from account
    where active = 1 and (handle glob $1 or display_name glob $1)
    order by handle glob $2 desc, display_name glob $2 desc, handle glob $3 desc, display_name glob $3 desc, handle
    limit $4";

// What is null stays. Nothing returns when nothing changes.
const CHANGE: &str =
    "update account set receipts = coalesce($2, receipts), messages_from = coalesce($3, messages_from),
        show_last_seen = coalesce($4, show_last_seen), upd = upd + 1, settings_upd = upd + 1
    where id = $1 and (receipts, messages_from, show_last_seen)
        <> (coalesce($2, receipts), coalesce($3, messages_from), coalesce($4, show_last_seen))
    returning upd";

pub(super) const ACCOUNT: &str =
    "select id, handle, display_name, avatar, version, created_at, receipts, messages_from, show_last_seen
    from account where id = $1";

const RECEIPTS: &str = "select receipts from account where id = $1";

/// Every statement of this file but the search, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, BY_HANDLE, USER, USER_BY_HANDLE, ACTIVE, CHANGE, ACCOUNT, RECEIPTS];

impl Store {
    /// Creates an account; `Taken` when another one has the handle.
    pub async fn create_account(
        &self,
        handle: Handle,
        display_name: DisplayName,
        password_hash: String,
    ) -> Result<Account, StoreError> {
        self.writer
            .run(move |tx| Box::pin(async move { insert(tx.conn, handle, display_name, Some(&password_hash)).await }))
            .await
    }

    /// The account of a handle, and its password's hash if it can log in.
    pub async fn account_by_handle(&self, handle: &Handle) -> Result<Option<(Account, Option<String>)>, StoreError> {
        let row = sqlx::query(BY_HANDLE).bind(handle.as_str()).fetch_optional(&self.reader).await?;
        row.map(|row| Ok((account(&row)?, row.try_get(9)?))).transpose()
    }

    /// What everybody may know of an account.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(USER).bind(id.as_i64()).fetch_optional(&self.reader).await?;
        row.as_ref().map(user).transpose()
    }

    /// Whether there is somebody with the id who was not deactivated.
    pub async fn is_active(&self, id: UserId) -> Result<bool, StoreError> {
        is_active(&mut *self.reader.acquire().await?, id).await
    }

    /// The user of a handle, unless it was deactivated.
    pub async fn user_by_handle(&self, handle: &Handle) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(USER_BY_HANDLE).bind(handle.as_str()).fetch_optional(&self.reader).await?;
        row.as_ref().map(user).transpose()
    }

    /// Active users whose handle or display name contains the text, whatever the case: equal ones first, then those that
    /// begin with it.
    pub async fn search_users(&self, text: &str, limit: u32) -> Result<Vec<User>, StoreError> {
        sqlx::query(SEARCH)
            .bind(patterns::containing(text))
            .bind(patterns::equal(text))
            .bind(patterns::beginning(text))
            .bind(limit)
            .fetch_all(&self.reader)
            .await?
            .iter()
            .map(user)
            .collect()
    }
}

pub(super) async fn is_active(conn: &mut SqliteConnection, id: UserId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(ACTIVE).bind(id.as_i64()).fetch_optional(conn).await?.unwrap_or(false))
}

/// Changes the account's own settings (R000-19, R004-I15), and tells its devices if that changes anything.
pub(super) async fn change_settings(tx: &mut Tx<'_>, id: UserId, change: &ChangeAccount) -> Result<(), StoreError> {
    let told: bool = sqlx::query_scalar(RECEIPTS).bind(id.as_i64()).fetch_one(&mut *tx.conn).await?;
    match (told, change.receipts) {
        (true, Some(false)) => receipts::settle(tx.conn, id, None).await?,
        (false, Some(true)) => receipts::veil(tx.conn, id, None).await?,
        _ => {}
    }
    let upd: Option<i64> = sqlx::query_scalar(CHANGE)
        .bind(id.as_i64())
        .bind(change.receipts)
        .bind(change.messages_from.map(messages_from_number))
        .bind(change.show_last_seen)
        .fetch_optional(&mut *tx.conn)
        .await?;
    if let Some(upd) = upd {
        let row = sqlx::query(ACCOUNT).bind(id.as_i64()).fetch_one(&mut *tx.conn).await?;
        let Account { receipts, messages_from, .. } = account(&row)?;
        tx.publish_changes(id, parse(upd)?, vec![AccountChange::Settings { receipts, messages_from }]);
    }
    Ok(())
}

/// Inserts an account; without a password nobody can log in.
pub(super) async fn insert(
    conn: &mut SqliteConnection,
    handle: Handle,
    display_name: DisplayName,
    password_hash: Option<&str>,
) -> Result<Account, StoreError> {
    let created_at = super::now();
    let id: i64 = sqlx::query_scalar(INSERT)
        .bind(handle.as_str())
        .bind(display_name.as_str())
        .bind(password_hash)
        .bind(created_at.cast_signed())
        .fetch_one(conn)
        .await?;
    Ok(Account {
        id: parse(id)?,
        handle,
        display_name,
        avatar: None,
        version: 0,
        created_at,
        receipts: true,
        messages_from: MessagesFrom::Everyone,
        show_last_seen: true,
    })
}

/// The account of a row that begins with id, handle, display_name, avatar, version, created_at, receipts, messages_from,
/// show_last_seen.
pub(super) fn account(row: &SqliteRow) -> Result<Account, StoreError> {
    let User { id, handle, display_name, avatar, version } = user(row)?;
    let (created_at, receipts) = (row.try_get::<i64, _>(5)?.unsigned_abs(), row.try_get(6)?);
    let (messages_from, show_last_seen) = (messages_from(row.try_get(7)?)?, row.try_get(8)?);
    Ok(Account { id, handle, display_name, avatar, version, created_at, receipts, messages_from, show_last_seen })
}

fn user(row: &SqliteRow) -> Result<User, StoreError> {
    read_user(row, 0)?.ok_or(StoreError::NotFound)
}
