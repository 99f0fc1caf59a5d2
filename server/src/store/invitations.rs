//! How people whom the directory made come in for the first time: by a link, once.
//!
//! Invariants: only the link's hash is kept. One link a person: a new one ends the one before. Nobody who can log in, by
//! a password or by a provider, has one, so that it never takes an account over.

use super::logins::TokenHash;
use super::profiles::tell;
use super::{Store, StoreError, parse};
use protocol::{Account, Handle, Millis, User, UserId};
use sqlx::Row;

const PUT: &str = "insert into invitation (account, token_hash, expires_at)
    select id, $2, $3 from account where id = $1 and active = 1 and password_hash is null
    and not exists (select 1 from identity where identity.account = $1 and identity.issuer <> '')
    on conflict (account) do update set token_hash = $2, expires_at = $3 returning account";
const FIND: &str = "select a.id, a.handle, a.display_name, a.avatar, a.version
    from invitation as i join account as a on a.id = i.account and a.active = 1 and a.password_hash is null
    and not exists (select 1 from identity as y where y.account = a.id and y.issuer <> '')
    where i.token_hash = $1 and i.expires_at > $2";
const USE: &str = "delete from invitation where token_hash = $1 and expires_at > $2 returning account";
const LET_IN: &str = "update account
    set handle = $2, password_hash = $3, version = version + 1, upd = upd + 1, profile_upd = upd + 1
    where id = $1 and active = 1 and password_hash is null
    and not exists (select 1 from identity where identity.account = $1 and identity.issuer <> '') returning upd";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[PUT, FIND, USE, LET_IN];

impl Store {
    /// Keeps the account's only invitation. `NotAllowed` when it can log in already, or was deactivated.
    pub async fn invite_person(&self, account: UserId, token: TokenHash, until: Millis) -> Result<(), StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let put = sqlx::query(PUT).bind(account.as_i64()).bind(token.as_slice()).bind(until.cast_signed());
                    put.fetch_optional(&mut *tx.conn).await?.map(drop).ok_or(StoreError::NotAllowed)
                })
            })
            .await
    }

    /// Whom an invitation lets in; `NotFound` when it lets nobody in, or no longer.
    pub async fn invited(&self, token: &TokenHash) -> Result<User, StoreError> {
        let find = sqlx::query(FIND).bind(token.as_slice()).bind(super::now().cast_signed());
        let row = find.fetch_one(&self.reader).await?;
        super::conversations::read_user(&row, 0)?.ok_or(StoreError::NotFound)
    }

    /// Gives the one whom the invitation lets in a handle and a password, and ends it. `Taken` when another has the
    /// handle: then the invitation stays.
    pub async fn let_in(&self, token: TokenHash, handle: Handle, password: String) -> Result<Account, StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let used = sqlx::query(USE).bind(token.as_slice()).bind(super::now().cast_signed());
                    let account: i64 = used.fetch_one(&mut *tx.conn).await?.try_get(0)?;
                    let account: UserId = parse(account)?;
                    tx.forget_upds(&[account]);
                    let upd: i64 = sqlx::query_scalar(LET_IN)
                        .bind(account.as_i64())
                        .bind(handle.as_str())
                        .bind(password)
                        .fetch_one(&mut *tx.conn)
                        .await?;
                    tell(tx, account, upd).await?;
                    Ok(super::profiles::own(tx.conn, account).await?.account)
                })
            })
            .await
    }
}
