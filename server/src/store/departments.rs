//! The departments of the directory, as its source keeps them.

use super::directory::PAGE;
use super::{Store, StoreError, parse};
use protocol::directory::{Department, DepartmentsPage, ExternalId, Outcome, Stored};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

const FIND: &str = "select id from department where external_id = $1";
const PUT: &str = "insert into department (external_id, name, parent, place) values ($1, $2, $3, $4)
    on conflict (external_id) do update set name = $2, parent = $3, place = $4";
// Whether the department stands above the other, or is it.
const ABOVE: &str = "with recursive above (id) as (
        select $2 union select d.parent from above join department as d on d.id = above.id where d.parent is not null)
    select count(*) from above where id = $1";
const LIST: &str = "select d.external_id, d.name, u.external_id, d.place
    from department as d left join department as u on u.id = d.parent
    where d.external_id > $1 order by d.external_id limit $2";
const LIFT_DEPARTMENTS: &str =
    "update department set parent = (select d.parent from department as d where d.id = $1) where parent = $1";
const LIFT_PEOPLE: &str = "insert into post (department, account)
    select d.parent, o.account from post as o join department as d on d.id = o.department
    where o.department = $1 and d.parent is not null on conflict do nothing";
const REMOVE: &str = "delete from department where id = $1";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[FIND, PUT, ABOVE, LIST, LIFT_DEPARTMENTS, LIFT_PEOPLE, REMOVE];

impl Store {
    /// Keeps departments, each with an outcome of its own, in one transaction.
    pub async fn put_departments(&self, departments: Vec<Department>) -> Result<Vec<Stored>, StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let mut stored = Vec::with_capacity(departments.len());
                    for department in departments {
                        let outcome = put(tx.conn, &department).await?;
                        stored.push(Stored { external_id: department.external_id, outcome });
                    }
                    Ok(stored)
                })
            })
            .await
    }

    /// Removes departments, each with an outcome of its own, in one transaction. What is below one moves up.
    pub async fn remove_departments(&self, departments: Vec<ExternalId>) -> Result<Vec<Stored>, StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    let mut stored = Vec::with_capacity(departments.len());
                    for external_id in departments {
                        let outcome = match find(tx.conn, &external_id).await? {
                            Some(id) => remove(tx.conn, id).await?,
                            None => Outcome::Known,
                        };
                        stored.push(Stored { external_id, outcome });
                    }
                    Ok(stored)
                })
            })
            .await
    }

    /// A page of the departments, by external id.
    pub async fn departments(&self, after: &str) -> Result<DepartmentsPage, StoreError> {
        let rows = sqlx::query(LIST).bind(after).bind(PAGE).fetch_all(&self.reader).await?;
        let departments: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(DepartmentsPage { more: departments.len() as u64 == u64::from(PAGE), departments })
    }
}

pub(super) async fn find(conn: &mut SqliteConnection, id: &ExternalId) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(FIND).bind(id.as_str()).fetch_optional(conn).await?)
}

async fn put(conn: &mut SqliteConnection, new: &Department) -> Result<Outcome, StoreError> {
    let mut parent = None;
    if let Some(above) = &new.parent {
        parent = find(conn, above).await?;
        let Some(above) = parent else { return Ok(Outcome::UnknownDepartment) };
        if let Some(known) = find(conn, &new.external_id).await? {
            let circles: i64 = sqlx::query_scalar(ABOVE).bind(known).bind(above).fetch_one(&mut *conn).await?;
            if circles > 0 {
                return Ok(Outcome::Circle);
            }
        }
    }
    sqlx::query(PUT)
        .bind(new.external_id.as_str())
        .bind(new.name.as_str())
        .bind(parent)
        .bind(new.place)
        .execute(&mut *conn)
        .await?;
    Ok(Outcome::Stored)
}

// Its posts go with it.
async fn remove(conn: &mut SqliteConnection, id: i64) -> Result<Outcome, StoreError> {
    for statement in [LIFT_PEOPLE, LIFT_DEPARTMENTS, REMOVE] {
        sqlx::query(statement).bind(id).execute(&mut *conn).await?;
    }
    Ok(Outcome::Removed)
}

fn read(row: &SqliteRow) -> Result<Department, StoreError> {
    Ok(Department {
        external_id: parse(row.try_get::<String, _>(0)?)?,
        name: parse(row.try_get::<String, _>(1)?)?,
        parent: row.try_get::<Option<String>, _>(2)?.map(parse).transpose()?,
        place: u32::try_from(row.try_get::<i64, _>(3)?).unwrap_or(u32::MAX),
    })
}
