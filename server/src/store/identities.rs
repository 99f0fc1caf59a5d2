//! Who accounts are elsewhere: by the issuer of OpenID Connect, or by the company's own ids. Never by an address.

use super::accounts::{ACCOUNT, account, insert};
use super::imports::{Person, free_handle};
use super::{Store, StoreError};
use protocol::Account;

/// The issuer of the company's own ids.
pub const COMPANY: &str = "";

pub(super) const FIND: &str = "select account from identity where issuer = $1 and subject = $2";
pub(super) const BIND: &str = "insert into identity (issuer, subject, account) values ($1, $2, $3)";
const ACTIVE: &str = "select active from account where id = $1";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[FIND, BIND, ACTIVE];

impl Store {
    /// The account of somebody whom the issuer names so, made on first sight; nobody can log in to it with a password.
    /// `None` when it was deactivated.
    pub async fn identify(&self, issuer: &str, person: Person) -> Result<Option<Account>, StoreError> {
        let issuer = issuer.to_owned();
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let found: Option<i64> =
                        sqlx::query_scalar(FIND).bind(&issuer).bind(&person.name).fetch_optional(&mut *tx.conn).await?;
                    let Some(id) = found else {
                        let handle = free_handle(tx.conn, &person.handle).await?;
                        let made = insert(tx.conn, handle, person.display_name, None).await?;
                        sqlx::query(BIND)
                            .bind(&issuer)
                            .bind(&person.name)
                            .bind(made.id.as_i64())
                            .execute(&mut *tx.conn)
                            .await?;
                        return Ok(Some(made));
                    };
                    let active: bool = sqlx::query_scalar(ACTIVE).bind(id).fetch_one(&mut *tx.conn).await?;
                    let row = sqlx::query(ACCOUNT).bind(id).fetch_one(&mut *tx.conn).await?;
                    Ok(Some(account(&row)?).filter(|_| active))
                })
            })
            .await
    }
}
