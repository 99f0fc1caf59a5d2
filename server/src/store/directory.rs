//! The directory of a company: departments as a tree, and the people that its source told of.

use super::accounts::insert;
use super::event::Event;
use super::identities::{BIND, COMPANY, FIND};
use super::imports::{Person as Newcomer, free_handle};
use super::profiles::rename;
use super::writer::Tx;
use super::{Store, StoreError, parse};
use protocol::UserId;
use protocol::directory::{Department, ExternalId, Listed, Outcome, PeoplePage, Person, PersonKind, Stored};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

const DEPARTMENT: &str = "select id from department where external_id = $1";
const PUT_DEPARTMENT: &str = "insert into department (external_id, name, parent, place) values ($1, $2, $3, $4)
    on conflict (external_id) do update set name = $2, parent = $3, place = $4";
// Whether the department stands above the other, or is it.
const ABOVE: &str = "with recursive above (id) as (
        select $2 union select d.parent from above join department as d on d.id = above.id where d.parent is not null)
    select count(*) from above where id = $1";
const VERSION: &str = "select version from person where account = $1";
const PUT_PERSON: &str = "insert into person (account, external_id, title, version) values ($1, $2, $3, $4)
    on conflict (account) do update set title = $3, version = $4, own = 0";
const CLEAR_POSTS: &str = "delete from post where account = $1";
const PUT_POST: &str = "insert into post (department, account) values ($1, $2) on conflict do nothing";
const PUT_ACCOUNT: &str = "update account set kind = $2, active = $3 where id = $1";
const END_LOGINS: &str = "delete from login where account = $1 returning id";
const PEOPLE: &str = "select p.account, p.external_id, p.version, a.display_name, a.kind, p.title, a.active,
        (select json_group_array(d.external_id order by d.external_id) from post as o
            join department as d on d.id = o.department where o.account = p.account)
    from person as p join account as a on a.id = p.account where p.external_id > $1 order by p.external_id limit $2";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] =
    &[DEPARTMENT, PUT_DEPARTMENT, ABOVE, VERSION, PUT_PERSON, CLEAR_POSTS, PUT_POST, PUT_ACCOUNT, END_LOGINS, PEOPLE];

/// A person to be kept, and the account to be made when nobody has the id.
pub struct NewPerson {
    pub person: Person,
    pub newcomer: Newcomer,
}

impl Store {
    /// Keeps departments, each with an outcome of its own, in one transaction.
    pub async fn put_departments(&self, departments: Vec<Department>) -> Result<Vec<Stored>, StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let mut stored = Vec::with_capacity(departments.len());
                    for department in departments {
                        let outcome = put_department(tx.conn, &department).await?;
                        stored.push(Stored { external_id: department.external_id, outcome });
                    }
                    Ok(stored)
                })
            })
            .await
    }

    /// Keeps people, each with an outcome of their own, in one transaction. Tells whose account changed.
    pub async fn put_people(&self, people: Vec<NewPerson>) -> Result<(Vec<Stored>, Vec<UserId>), StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let (mut stored, mut changed) = (Vec::with_capacity(people.len()), Vec::new());
                    for new in people {
                        let external_id = new.person.external_id.clone();
                        let (outcome, account) = put_person(tx, new).await?;
                        changed.extend(account);
                        stored.push(Stored { external_id, outcome });
                    }
                    Ok((stored, changed))
                })
            })
            .await
    }

    /// A page of the people, by external id.
    pub async fn people(&self, after: &str, limit: u32) -> Result<PeoplePage, StoreError> {
        let rows = sqlx::query(PEOPLE).bind(after).bind(limit).fetch_all(&self.reader).await?;
        let people: Vec<_> = rows.iter().map(listed).collect::<Result<_, _>>()?;
        Ok(PeoplePage { more: people.len() as u64 == u64::from(limit), people })
    }
}

async fn department(conn: &mut SqliteConnection, id: &ExternalId) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(DEPARTMENT).bind(id.as_str()).fetch_optional(conn).await?)
}

async fn put_department(conn: &mut SqliteConnection, new: &Department) -> Result<Outcome, StoreError> {
    let mut parent = None;
    if let Some(above) = &new.parent {
        parent = department(conn, above).await?;
        let Some(above) = parent else { return Ok(Outcome::UnknownDepartment) };
        if let Some(known) = department(conn, &new.external_id).await? {
            let circles: i64 = sqlx::query_scalar(ABOVE).bind(known).bind(above).fetch_one(&mut *conn).await?;
            if circles > 0 {
                return Ok(Outcome::Circle);
            }
        }
    }
    sqlx::query(PUT_DEPARTMENT)
        .bind(new.external_id.as_str())
        .bind(new.name.as_str())
        .bind(parent)
        .bind(new.place)
        .execute(conn)
        .await?;
    Ok(Outcome::Stored)
}

async fn put_person(tx: &mut Tx<'_>, new: NewPerson) -> Result<(Outcome, Option<UserId>), StoreError> {
    let NewPerson { person, newcomer } = new;
    let mut departments = Vec::with_capacity(person.departments.len());
    for id in &person.departments {
        let Some(found) = department(tx.conn, id).await? else { return Ok((Outcome::UnknownDepartment, None)) };
        departments.push(found);
    }
    let account = account_of(tx, &person, newcomer).await?;
    let version: Option<i64> = sqlx::query_scalar(VERSION).bind(account.as_i64()).fetch_optional(&mut *tx.conn).await?;
    if version.is_some_and(|known| known >= person.version.cast_signed()) {
        return Ok((Outcome::Known, None));
    }
    tx.forget_upds(&[account]);
    rename(tx, account, &person.display_name).await?;
    sqlx::query(PUT_PERSON)
        .bind(account.as_i64())
        .bind(person.external_id.as_str())
        .bind(person.title.as_ref().map(|title| title.as_str()))
        .bind(person.version.cast_signed())
        .execute(&mut *tx.conn)
        .await?;
    sqlx::query(CLEAR_POSTS).bind(account.as_i64()).execute(&mut *tx.conn).await?;
    for department in departments {
        sqlx::query(PUT_POST).bind(department).bind(account.as_i64()).execute(&mut *tx.conn).await?;
    }
    let internal = person.kind == PersonKind::Internal;
    let update = sqlx::query(PUT_ACCOUNT).bind(account.as_i64()).bind(internal).bind(person.active);
    update.execute(&mut *tx.conn).await?;
    if !person.active {
        let devices = sqlx::query_scalar::<_, i64>(END_LOGINS).bind(account.as_i64()).fetch_all(&mut *tx.conn).await?;
        for device in devices {
            tx.publish(Event::LoginEnded { account, device: parse(device)? });
        }
    }
    Ok((Outcome::Stored, Some(account)))
}

/// The account of the person: whom a gateway names alike, or a new one.
async fn account_of(tx: &mut Tx<'_>, person: &Person, newcomer: Newcomer) -> Result<UserId, StoreError> {
    let id = person.external_id.as_str();
    let found: Option<i64> = sqlx::query_scalar(FIND).bind(COMPANY).bind(id).fetch_optional(&mut *tx.conn).await?;
    if let Some(found) = found {
        return parse(found);
    }
    let handle = free_handle(tx.conn, &newcomer.handle).await?;
    let made = insert(tx.conn, handle, person.display_name.clone(), None).await?;
    sqlx::query(BIND).bind(COMPANY).bind(id).bind(made.id.as_i64()).execute(&mut *tx.conn).await?;
    Ok(made.id)
}

fn listed(row: &SqliteRow) -> Result<Listed, StoreError> {
    let departments: String = row.try_get(7)?;
    let internal = row.try_get::<i64, _>(4)? == 1;
    Ok(Listed {
        account: parse(row.try_get::<i64, _>(0)?)?,
        person: Person {
            external_id: parse(row.try_get::<String, _>(1)?)?,
            version: row.try_get::<i64, _>(2)?.unsigned_abs(),
            display_name: parse(row.try_get::<String, _>(3)?)?,
            kind: if internal { PersonKind::Internal } else { PersonKind::External },
            title: row.try_get::<Option<String>, _>(5)?.map(parse).transpose()?,
            departments: serde_json::from_str(&departments).map_err(|error| StoreError::Corrupt(error.to_string()))?,
            active: row.try_get(6)?,
        },
    })
}
