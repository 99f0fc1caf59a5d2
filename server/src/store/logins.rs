//! Logins, each of one device.

use super::accounts::account;
use super::event::Event;
use super::floors;
use super::sync::keep_version;
use super::{Store, StoreError, parse};
use protocol::{Account, Device, DeviceId, DeviceName, Millis, UserId};
use sqlx::Row;

/// The SHA-256 of a token, all that is kept of it.
pub type TokenHash = [u8; 32];

// A device's number is not given again when its login has ended: what still speaks of it must not mean another one. Whoever
// was deactivated since they said who they are gets none.
const INSERT: &str = "insert into login (id, account, token_hash, device_name, created_at, last_seen_at)
    select max($4, (select coalesce(max(l.id), 0) + 1 from login as l)), a.id, $2, $3, $4, $4
    from account as a where a.id = $1 and a.active = 1 returning id";

const BY_TOKEN: &str =
    "select a.id, a.handle, a.display_name, a.avatar, a.version, a.created_at, a.receipts, a.messages_from, a.show_last_seen, l.id
    from login as l join account as a on a.id = l.account and a.active = 1 where l.token_hash = $1";

const OF_ACCOUNT: &str =
    "select id, device_name, created_at, last_seen_at from login where account = $1 order by id desc";

const DELETE: &str = "delete from login where id = $1 and account = $2 returning token_hash";

const SEEN: &str = "update login set last_seen_at = max(login.last_seen_at, j.value ->> 2)
    from json_each($1) as j where login.id = j.value ->> 0";

// Its last device may have ended its login when it went.
const SEEN_ACCOUNT: &str = "update account set seen_at = max(account.seen_at, s.at)
    from (select value ->> 1 as whose, max(value ->> 2) as at from json_each($1) group by 1) as s
    where account.id = s.whose";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, BY_TOKEN, OF_ACCOUNT, DELETE, SEEN, SEEN_ACCOUNT];

impl Store {
    /// The account and device of a token.
    pub async fn login(&self, token: &TokenHash) -> Result<Option<(Account, DeviceId)>, StoreError> {
        let row = sqlx::query(BY_TOKEN).bind(token.as_slice()).fetch_optional(&self.reader).await?;
        row.map(|row| Ok((account(&row)?, parse(row.try_get::<i64, _>(9)?)?))).transpose()
    }

    /// Keeps a new login. `NotFound` when the account was deactivated.
    pub async fn begin_login(
        &self,
        account: UserId,
        token: TokenHash,
        name: DeviceName,
    ) -> Result<DeviceId, StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let id: i64 = sqlx::query_scalar(INSERT)
                        .bind(account.as_i64())
                        .bind(token.as_slice())
                        .bind(name.as_str())
                        .bind(super::now().cast_signed())
                        .fetch_one(&mut *tx.conn)
                        .await?;
                    let device = parse(id)?;
                    floors::inherit(tx, account, device).await?;
                    Ok(device)
                })
            })
            .await
    }

    /// The account's logins, the newest first; none is marked as the current one.
    pub async fn devices(&self, account: UserId) -> Result<Vec<Device>, StoreError> {
        let rows = sqlx::query(OF_ACCOUNT).bind(account.as_i64()).fetch_all(&self.reader).await?;
        let device = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Device {
                id: parse(row.try_get::<i64, _>(0)?)?,
                name: parse(row.try_get::<String, _>(1)?)?,
                created_at: row.try_get::<i64, _>(2)?.unsigned_abs(),
                last_seen_at: row.try_get::<i64, _>(3)?.unsigned_abs(),
                current: false,
            })
        };
        rows.iter().map(device).collect()
    }

    /// Ends a login of the account, tells its connections, and returns its token's hash. `NotFound` without one.
    pub async fn end_login(&self, account: UserId, device: DeviceId) -> Result<TokenHash, StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let hash: Vec<u8> = sqlx::query_scalar(DELETE)
                        .bind(device.as_i64())
                        .bind(account.as_i64())
                        .fetch_one(&mut *tx.conn)
                        .await?;
                    // With the login goes what its device deleted.
                    keep_version(tx).await?;
                    tx.publish(Event::LoginEnded { account, device });
                    TokenHash::try_from(hash).map_err(|_| StoreError::Corrupt("token hash".to_owned()))
                })
            })
            .await
    }

    /// Writes when devices of accounts were last seen; of a login that was ended meanwhile only the account's.
    pub async fn write_seen(&self, seen: Vec<(DeviceId, UserId, Millis)>) -> Result<(), StoreError> {
        let seen = super::positions::json(&seen)?;
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    for statement in [SEEN, SEEN_ACCOUNT] {
                        sqlx::query(statement).bind(&seen).execute(&mut *tx.conn).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
