//! What the directory's source is yet to be told: what people changed of themselves here.
//!
//! Invariants: a change and the event that tells of it are one transaction, so neither is there without the other. Events of
//! one person leave in the order of their changes: only the oldest is ever told. An event keeps its id until it is told.
//! When more than [`WAITING`] of one person wait, the oldest go whose field a later one tells of. An event of a picture never
//! tells a name that has given way to the source's.

use super::avatars::SHOWN;
use super::positions::json;
use super::writer::Tx;
use super::{Store, StoreError, parse};
use protocol::directory::{PersonChanged, PersonField};
use protocol::{DisplayName, Millis, UserId};
use sqlx::Row;
use std::time::Duration;

/// Events of one person that wait at most.
const WAITING: i64 = 100;

const COUNT: &str = "update person set version = version + 1, own = case when $2 then version + 1 else own end
    where account = $1 returning external_id, version";
const NAME: &str = "select display_name from account where id = $1";
const PUT: &str = "insert into outbound (account, body, due)
    values ($1, json_set($2, '$.id', lower(hex(randomblob(16)))), $3)";
// The last one that tells of a name, and of a picture, stays.
const TRIM: &str = "delete from outbound where account = $1
    and id <= (select q.id from outbound as q where q.account = $1 order by q.id desc limit 1 offset $2)
    and exists (select 1 from outbound as l where l.account = $1 and l.id > outbound.id
        and l.body ->> 'changed' = outbound.body ->> 'changed')";
const CORRECT: &str = "update outbound set body = json_set(body, '$.display_name', $2)
    where account = $1 and body ->> 'changed' = 'avatar'";
const DUE: &str = "select q.id, q.account, q.body ->> 'id', q.body, q.attempts from outbound as q
    where q.due > $1 and q.due <= $2
    and not exists (select 1 from outbound as e where e.account = q.account and e.id < q.id)
    order by q.due limit $3";
const NEXT: &str = "select min(due) from outbound where due > $1";
const TOLD: &str = "delete from outbound where id = $1";
const LATER: &str = "update outbound set attempts = attempts + 1, due = $2 where id = $1";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[COUNT, NAME, PUT, TRIM, CORRECT, DUE, NEXT, TOLD, LATER];

/// An event that is to be told now.
#[derive(Clone, Debug)]
pub struct OutboundEvent {
    /// Its place in the queue.
    pub place: i64,
    pub account: UserId,
    /// Names it, however often it is told.
    pub id: String,
    pub body: String,
    pub attempts: u32,
}

/// Has the source told that a person changed themselves, if it knows them.
pub(super) async fn tell_source(tx: &mut Tx<'_>, account: UserId, changed: PersonField) -> Result<(), StoreError> {
    let renamed = changed == PersonField::DisplayName;
    let counted = sqlx::query(COUNT).bind(account.as_i64()).bind(renamed).fetch_optional(&mut *tx.conn).await?;
    let Some(row) = counted else { return Ok(()) };
    let name: String = sqlx::query_scalar(NAME).bind(account.as_i64()).fetch_one(&mut *tx.conn).await?;
    let avatar: Option<String> = sqlx::query_scalar(SHOWN).bind(account.as_i64()).fetch_one(&mut *tx.conn).await?;
    let at = super::now();
    let event = PersonChanged {
        external_id: parse(row.try_get::<String, _>(0)?)?,
        account,
        version: row.try_get::<i64, _>(1)?.unsigned_abs(),
        at,
        changed,
        display_name: parse(name)?,
        avatar: avatar.map(parse).transpose()?,
    };
    let put = sqlx::query(PUT).bind(account.as_i64()).bind(json(&event)?).bind(at.cast_signed());
    put.execute(&mut *tx.conn).await?;
    sqlx::query(TRIM).bind(account.as_i64()).bind(WAITING).execute(&mut *tx.conn).await?;
    Ok(())
}

/// The source has named a person anew: what it is yet to be told of their picture must not bring the old name back.
pub(super) async fn correct_name(tx: &mut Tx<'_>, account: UserId, name: &DisplayName) -> Result<(), StoreError> {
    sqlx::query(CORRECT).bind(account.as_i64()).bind(name.as_str()).execute(&mut *tx.conn).await?;
    Ok(())
}

impl Store {
    /// From now on what people change of themselves is kept for the directory's source.
    pub fn telling_source(self) -> Self {
        Self { tells_source: true, ..self }
    }

    /// The oldest events of people that are due; none is ever put off by more than `longest`.
    pub async fn due_events(
        &self,
        now: Millis,
        longest: Duration,
        limit: usize,
    ) -> Result<Vec<OutboundEvent>, StoreError> {
        let now = now.cast_signed();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // What is due further ahead than anything can be was put off by a clock that ran ahead.
        let astray = now.saturating_add(i64::try_from(longest.as_millis()).unwrap_or(i64::MAX));
        let mut events = Vec::new();
        for (after, until) in [(-1, now), (astray, i64::MAX)] {
            let rows = sqlx::query(DUE).bind(after).bind(until).bind(limit).fetch_all(&self.reader).await?;
            for row in rows {
                events.push(OutboundEvent {
                    place: row.try_get(0)?,
                    account: parse(row.try_get::<i64, _>(1)?)?,
                    id: row.try_get(2)?,
                    body: row.try_get(3)?,
                    attempts: u32::try_from(row.try_get::<i64, _>(4)?).unwrap_or(u32::MAX),
                });
            }
        }
        Ok(events)
    }

    /// When the next event is due that is not yet.
    pub async fn next_event(&self, now: Millis) -> Result<Option<Millis>, StoreError> {
        let due: Option<i64> = sqlx::query_scalar(NEXT).bind(now.cast_signed()).fetch_one(&self.reader).await?;
        Ok(due.map(i64::unsigned_abs))
    }

    /// The event was told, or given up.
    pub async fn end_event(&self, place: i64) -> Result<(), StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    sqlx::query(TOLD).bind(place).execute(&mut *tx.conn).await?;
                    Ok(())
                })
            })
            .await
    }

    /// The event could not be told: it is to be tried again at a time.
    pub async fn put_off_event(&self, place: i64, due: Millis) -> Result<(), StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    sqlx::query(LATER).bind(place).bind(due.cast_signed()).execute(&mut *tx.conn).await?;
                    Ok(())
                })
            })
            .await
    }
}
