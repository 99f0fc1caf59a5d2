//! The people that the directory's source told of, by its ids and versions.
//!
//! Invariants: a version that the source has told is told once: telling it again changes nothing. What the source tells
//! goes to nobody but the devices; it never comes back to the source ([`super::outbound`]).

use super::accounts::insert;
use super::conflicts::{self, Known, Verdict};
use super::departments;
use super::event::Event;
use super::identities::{BIND, COMPANY, FIND};
use super::imports::{Person as Newcomer, free_handle};
use super::outbound::correct_name;
use super::patterns::containing;
use super::profiles::{rename, spell_person};
use super::sync::keep_version;
use super::writer::Tx;
use super::{Store, StoreError, parse};
use protocol::directory::{ExternalId, Listed, Outcome, PeoplePage, Person, PersonKind, Stored};
use protocol::{DeviceId, UserId};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// The most that stands on one page of the directory.
pub(super) const PAGE: u32 = 500;

const KNOWN: &str = "select w.told, w.own, a.display_name,
        exists (select 1 from outbound as q where q.account = w.account and q.body ->> 'changed' = 'display_name')
    from person as w join account as a on a.id = w.account where w.account = $1";
// A picture that was changed here may have counted further.
const PUT_PERSON: &str = "insert into person (account, external_id, title, version, told) values ($1, $2, $3, $4, $4)
    on conflict (account) do update set title = $3, version = max(person.version, $4), told = $4, own = 0";
// What was changed here is the later version, and goes on.
const PUT_BEHIND: &str = "update person set title = $3, told = $4 where account = $1 and external_id = $2";
const CLEAR_POSTS: &str = "delete from post where account = $1";
const PUT_POST: &str = "insert into post (department, account) values ($1, $2) on conflict do nothing";
const PUT_ACCOUNT: &str = "update account set kind = $2, active = $3 where id = $1";
const END_LOGINS: &str = "delete from login where account = $1 returning id";
const BY_ID: &str = "select account from person where external_id = $1";

macro_rules! people {
    ($which:literal) => {
        concat!(
            "select w.account, w.external_id, w.version, a.display_name, a.kind, w.title, a.active,
                (select json_group_array(d.external_id order by d.external_id) from post as o
                    join department as d on d.id = o.department where o.account = w.account)
            from person as w join account as a on a.id = w.account where ",
            $which
        )
    };
}
const PEOPLE: &str = people!("w.external_id > $1 order by w.external_id limit $2");
const PERSON: &str = people!("w.external_id = $1");
// A containing match cannot use an index; a directory is at most some ten thousands.
const QUERY: &str = people!(
    "w.external_id > $1 and (w.external_id glob $3 or a.handle glob $3 or a.display_name glob $3)
    order by w.external_id limit $2"
);

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] =
    &[KNOWN, PUT_PERSON, PUT_BEHIND, CLEAR_POSTS, PUT_POST, PUT_ACCOUNT, END_LOGINS, BY_ID, PEOPLE, PERSON, QUERY];

/// A person to be kept, and the account to be made when nobody has the id.
pub struct NewPerson {
    pub person: Person,
    pub newcomer: Newcomer,
}

/// What became of people whom the source told of.
#[derive(Default)]
pub struct Kept {
    pub results: Vec<Stored>,
    /// Whose account changed.
    pub changed: Vec<UserId>,
    /// The logins that ended because their account was deactivated.
    pub ended: Vec<(UserId, DeviceId)>,
}

impl Store {
    /// Keeps people, each with an outcome of their own, in one transaction.
    pub async fn put_people(&self, people: Vec<NewPerson>) -> Result<Kept, StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let mut kept = Kept::default();
                    for new in people {
                        let external_id = new.person.external_id.clone();
                        let outcome = put_person(tx, new, &mut kept).await?;
                        kept.results.push(Stored { external_id, outcome });
                    }
                    Ok(kept)
                })
            })
            .await
    }

    /// A page of the people, by external id; with a query those whose name, handle or external id contains it.
    pub async fn people(&self, after: &str, query: Option<&str>) -> Result<PeoplePage, StoreError> {
        let statement = sqlx::query(if query.is_some() { QUERY } else { PEOPLE }).bind(after).bind(PAGE);
        let statement = match query {
            Some(query) => statement.bind(containing(query)),
            None => statement,
        };
        let rows = statement.fetch_all(&self.reader).await?;
        let people: Vec<_> = rows.iter().map(listed).collect::<Result<_, _>>()?;
        Ok(PeoplePage { more: people.len() as u64 == u64::from(PAGE), people })
    }

    /// One person; `NotFound` when nobody has the id.
    pub async fn listed(&self, id: &ExternalId) -> Result<Listed, StoreError> {
        listed(&sqlx::query(PERSON).bind(id.as_str()).fetch_one(&self.reader).await?)
    }

    /// The account of a person; `NotFound` when nobody has the id.
    pub async fn account_of(&self, id: &ExternalId) -> Result<UserId, StoreError> {
        parse(sqlx::query_scalar::<_, i64>(BY_ID).bind(id.as_str()).fetch_one(&self.reader).await?)
    }
}

async fn put_person(tx: &mut Tx<'_>, new: NewPerson, kept: &mut Kept) -> Result<Outcome, StoreError> {
    let NewPerson { person, newcomer } = new;
    let mut posts = Vec::with_capacity(person.departments.len());
    for id in &person.departments {
        let Some(found) = departments::find(tx.conn, id).await? else { return Ok(Outcome::UnknownDepartment) };
        posts.push(found);
    }
    let account = account_of(tx, &person, newcomer).await?;
    let known = known(tx, account).await?;
    let verdict = known.as_ref().map_or(Verdict::Source { conflict: false }, |known| known.weigh(&person));
    let (conflict, statement) = match verdict {
        Verdict::Told => {
            spell_person(tx, account).await?;
            return Ok(Outcome::Known);
        }
        Verdict::Source { conflict } => (conflict, PUT_PERSON),
        Verdict::Own { conflict } => (conflict, PUT_BEHIND),
    };
    if let Some(known) = known.filter(|_| conflict) {
        conflicts::keep(tx, known, &person, statement == PUT_PERSON).await?;
    }
    sqlx::query(statement)
        .bind(account.as_i64())
        .bind(person.external_id.as_str())
        .bind(person.title.as_ref().map(|title| title.as_str()))
        .bind(person.version.cast_signed())
        .execute(&mut *tx.conn)
        .await?;
    tx.forget_upds(&[account]);
    if statement == PUT_PERSON && rename(tx, account, &person.display_name).await? {
        correct_name(tx, account, &person.display_name).await?;
    }
    spell_person(tx, account).await?;
    sqlx::query(CLEAR_POSTS).bind(account.as_i64()).execute(&mut *tx.conn).await?;
    for department in posts {
        sqlx::query(PUT_POST).bind(department).bind(account.as_i64()).execute(&mut *tx.conn).await?;
    }
    let internal = person.kind == PersonKind::Internal;
    let update = sqlx::query(PUT_ACCOUNT).bind(account.as_i64()).bind(internal).bind(person.active);
    update.execute(&mut *tx.conn).await?;
    if !person.active {
        let devices = sqlx::query_scalar::<_, i64>(END_LOGINS).bind(account.as_i64()).fetch_all(&mut *tx.conn).await?;
        keep_version(tx).await?;
        for device in devices {
            let device = parse(device)?;
            tx.publish(Event::LoginEnded { account, device });
            kept.ended.push((account, device));
        }
    }
    kept.changed.push(account);
    Ok(Outcome::Stored)
}

async fn known(tx: &mut Tx<'_>, account: UserId) -> Result<Option<Known>, StoreError> {
    let row = sqlx::query(KNOWN).bind(account.as_i64()).fetch_optional(&mut *tx.conn).await?;
    row.map(|row| {
        Ok(Known {
            told: row.try_get::<i64, _>(0)?.unsigned_abs(),
            own: Some(row.try_get::<i64, _>(1)?.unsigned_abs()).filter(|own| *own > 0),
            display_name: parse(row.try_get::<String, _>(2)?)?,
            untold: row.try_get(3)?,
        })
    })
    .transpose()
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
