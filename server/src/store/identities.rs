//! Who accounts are elsewhere: by the issuer of OpenID Connect, or by the company's own ids. Never by an address.

use super::accounts::{ACCOUNT, account, insert};
use super::imports::{Person, free_handle};
use super::writer::Tx;
use super::{Store, StoreError};
use protocol::{Account, UserId};
use sqlx::Row;

/// The issuer of the company's own ids.
pub const COMPANY: &str = "";

pub(super) const FIND: &str = "select account from identity where issuer = $1 and subject = $2";
pub(super) const BIND: &str = "insert into identity (issuer, subject, account) values ($1, $2, $3)";
const ACTIVE: &str = "select active from account where id = $1";
const LABEL: &str = "update identity set label = $3 where issuer = $1 and subject = $2 and label is distinct from $3";
const OF_ACCOUNT: &str = "select subject, label from identity where account = $1 and issuer = $2 order by subject";
const HAS_PASSWORD: &str = "select password_hash is not null from account where id = $1";
const UNBIND: &str = "delete from identity where issuer = $1 and subject = $2 and account = $3";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[FIND, BIND, ACTIVE, LABEL, OF_ACCOUNT, HAS_PASSWORD, UNBIND];

/// Somebody whom an issuer vouches for.
#[derive(Clone, Debug)]
pub struct Vouched {
    pub issuer: String,
    /// The issuer's name for them, and the account to be made when nobody has it.
    pub person: Person,
    /// What the issuer calls them.
    pub label: Option<String>,
    /// Their id in the company's directory.
    pub company: Option<String>,
}

/// One way into an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    pub subject: String,
    pub label: Option<String>,
}

/// What the owner of an account can log in with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    pub linked: Vec<Linked>,
    pub password: bool,
}

impl Store {
    /// The account of somebody whom the issuer vouches for, made on first sight; nobody can log in to it with a password.
    /// `None` when it was deactivated.
    pub async fn identify(&self, vouched: Vouched) -> Result<Option<Account>, StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let id = match find(tx, &vouched.issuer, &vouched.person.name).await? {
                        Some(id) => id,
                        None => bind_newcomer(tx, &vouched).await?,
                    };
                    // Whom the directory deactivated stays out, whichever account they are bound to.
                    let person = match &vouched.company {
                        Some(company) => find(tx, COMPANY, company).await?,
                        None => None,
                    };
                    for id in [Some(id), person].into_iter().flatten() {
                        let active: bool = sqlx::query_scalar(ACTIVE).bind(id).fetch_one(&mut *tx.conn).await?;
                        if !active {
                            return Ok(None);
                        }
                    }
                    label(tx, &vouched.issuer, &vouched.person.name, vouched.label.as_deref()).await?;
                    let row = sqlx::query(ACCOUNT).bind(id).fetch_one(&mut *tx.conn).await?;
                    account(&row).map(Some)
                })
            })
            .await
    }

    /// Makes somebody whom the issuer vouches for a way into the account; `Taken` when they are one into another.
    pub async fn link(&self, account: UserId, issuer: String, linked: Linked) -> Result<(), StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    match find(tx, &issuer, &linked.subject).await? {
                        Some(other) if other != account.as_i64() => return Err(StoreError::Taken),
                        Some(_) => {}
                        None => bind(tx, &issuer, &linked.subject, account.as_i64()).await?,
                    }
                    label(tx, &issuer, &linked.subject, linked.label.as_deref()).await
                })
            })
            .await
    }

    /// Takes a way into the account away; `NotAllowed` when it is the last one, `NotFound` when it is none. A password is
    /// a way where people can log in with one.
    pub async fn unlink(
        &self,
        account: UserId,
        issuer: String,
        subject: String,
        passwords: bool,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let id = account.as_i64();
                    let rows = sqlx::query(OF_ACCOUNT).bind(id).bind(&issuer).fetch_all(&mut *tx.conn).await?;
                    let password: bool = sqlx::query_scalar(HAS_PASSWORD).bind(id).fetch_one(&mut *tx.conn).await?;
                    if rows.len() < 2 && !(password && passwords) {
                        return Err(StoreError::NotAllowed);
                    }
                    let done = sqlx::query(UNBIND).bind(&issuer).bind(&subject).bind(id).execute(&mut *tx.conn).await?;
                    if done.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
                })
            })
            .await
    }

    /// What the owner of the account can log in with.
    pub async fn ways(&self, account: UserId, issuer: &str) -> Result<Ways, StoreError> {
        let rows = sqlx::query(OF_ACCOUNT).bind(account.as_i64()).bind(issuer).fetch_all(&self.reader).await?;
        let linked = rows.iter().map(|row| Ok(Linked { subject: row.try_get(0)?, label: row.try_get(1)? }));
        let linked = linked.collect::<Result<_, StoreError>>()?;
        let password = sqlx::query_scalar(HAS_PASSWORD).bind(account.as_i64()).fetch_one(&self.reader).await?;
        Ok(Ways { linked, password })
    }
}

async fn find(tx: &mut Tx<'_>, issuer: &str, subject: &str) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(FIND).bind(issuer).bind(subject).fetch_optional(&mut *tx.conn).await?)
}

async fn bind(tx: &mut Tx<'_>, issuer: &str, subject: &str, account: i64) -> Result<(), StoreError> {
    sqlx::query(BIND).bind(issuer).bind(subject).bind(account).execute(&mut *tx.conn).await?;
    Ok(())
}

async fn label(tx: &mut Tx<'_>, issuer: &str, subject: &str, label: Option<&str>) -> Result<(), StoreError> {
    if label.is_some() {
        sqlx::query(LABEL).bind(issuer).bind(subject).bind(label).execute(&mut *tx.conn).await?;
    }
    Ok(())
}

/// Binds whom the issuer names first to the account of their company's id, or else to a new one.
async fn bind_newcomer(tx: &mut Tx<'_>, vouched: &Vouched) -> Result<i64, StoreError> {
    let person = &vouched.person;
    let company = vouched.company.as_deref();
    let known = match company {
        Some(id) => find(tx, COMPANY, id).await?,
        None => None,
    };
    let id = match known {
        Some(id) => id,
        None => {
            let handle = free_handle(tx.conn, &person.handle).await?;
            let made = insert(tx.conn, handle, person.display_name.clone(), None).await?.id.as_i64();
            if let Some(company) = company {
                bind(tx, COMPANY, company, made).await?;
            }
            made
        }
    };
    bind(tx, &vouched.issuer, &person.name, id).await?;
    Ok(id)
}
