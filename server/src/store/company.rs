//! The company as its own people see it: departments as a tree, and the active people in them.

use super::conversations::read_user;
use super::patterns::containing;
use super::{Store, StoreError, parse};
use protocol::{DisplayName, User, UserId};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

const BELONGS: &str = "select kind = 1 and active = 1 from account where id = $1";
// Everybody in a department or below it is counted once. `$1` is null at the top.
const BELOW: &str = "with recursive below (top, id) as (
        select c.id, c.id from department as c where c.parent is $1
        union select b.top, c.id from below as b join department as c on c.parent = b.id),
    counted (top, people) as (
        select b.top, count(distinct o.account) from below as b join post as o on o.department = b.id
        join account as a on a.id = o.account and a.active = 1 group by b.top)
    select d.id, d.name, coalesce(counted.people, 0) from department as d left join counted on counted.top = d.id
    where d.parent is $1 order by d.place, d.name, d.id limit 1000";
const ABOVE: &str = "with recursive above (id, parent, steps) as (
        select d.id, d.parent, 0 from department as d where d.id = $1
        union all select d.id, d.parent, above.steps + 1 from above join department as d on d.id = above.parent)
    select id from above order by steps desc";

macro_rules! colleagues {
    ($which:literal) => {
        concat!(
            "select a.id, a.handle, a.display_name, a.avatar, a.version, w.title, a.kind,
                (select group_concat(d.name, '、' order by d.name) from post as x
                    join department as d on d.id = x.department where x.account = a.id)
            from person as w join account as a on a.id = w.account and a.active = 1 ",
            $which,
            " order by w.spelled, w.account limit $2"
        )
    };
}
// The page begins after a person ($3), or at the beginning.
const IN: &str = colleagues!(
    "join post as o on o.account = w.account and o.department = $1
    where $3 = 0 or (w.spelled, w.account) > (select y.spelled, y.account from person as y where y.account = $3)"
);
const IN_NONE: &str = colleagues!(
    "where not exists (select 1 from post as o where o.account = w.account) and $1 is null
    and ($3 = 0 or (w.spelled, w.account) > (select y.spelled, y.account from person as y where y.account = $3))"
);
// A containing match cannot use an index; a company is at most some ten thousands.
const FIND: &str = colleagues!(
    "where replace(a.display_name, ' ', '') glob $1 or a.handle glob $1 or w.spelled glob $1 or w.initials glob $1"
);
const ONE: &str = "select w.title, (select group_concat(d.name, '、' order by d.name) from post as x
        join department as d on d.id = x.department where x.account = w.account)
    from person as w where w.account = $1";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[BELONGS, BELOW, ABOVE, IN, IN_NONE, FIND, ONE];

/// A department among its siblings.
#[derive(Clone, Debug)]
pub struct Branch {
    pub id: i64,
    pub name: String,
    /// In it and below.
    pub people: u64,
}

/// Somebody of the company, or somebody external whom the company knows.
#[derive(Clone, Debug)]
pub struct Colleague {
    pub user: User,
    pub title: Option<DisplayName>,
    pub internal: bool,
    /// The names of their departments; empty without any.
    pub departments: String,
}

impl Store {
    /// Whether the account belongs to the company.
    pub async fn belongs(&self, account: UserId) -> Result<bool, StoreError> {
        let belongs = sqlx::query_scalar(BELONGS).bind(account.as_i64()).fetch_optional(&self.reader).await?;
        Ok(belongs.unwrap_or(false))
    }

    /// The departments below one, or those at the top.
    pub async fn branches(&self, department: Option<i64>) -> Result<Vec<Branch>, StoreError> {
        let rows = sqlx::query(BELOW).bind(department).fetch_all(&self.reader).await?;
        let branch = |row: &SqliteRow| {
            let people = row.try_get::<i64, _>(2)?.unsigned_abs();
            Ok(Branch { id: row.try_get(0)?, name: row.try_get(1)?, people })
        };
        rows.iter().map(branch).collect()
    }

    /// The way from the top to a department; empty when there is none.
    pub async fn way_to(&self, department: i64) -> Result<Vec<i64>, StoreError> {
        Ok(sqlx::query_scalar(ABOVE).bind(department).fetch_all(&self.reader).await?)
    }

    /// The people of a department, or of none, by the pinyin of their names, after one of them.
    pub async fn colleagues(
        &self,
        department: Option<i64>,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Colleague>, StoreError> {
        let statement = sqlx::query(if department.is_some() { IN } else { IN_NONE });
        let statement = statement.bind(department).bind(limit).bind(after.map_or(0, UserId::as_i64));
        statement.fetch_all(&self.reader).await?.iter().map(read).collect()
    }

    /// The people whose name, handle, pinyin or initials contain the text.
    pub async fn find_colleagues(&self, text: &str, limit: u32) -> Result<Vec<Colleague>, StoreError> {
        let text: String = text.split_whitespace().collect();
        let rows = sqlx::query(FIND).bind(containing(&text)).bind(limit).fetch_all(&self.reader).await?;
        rows.iter().map(read).collect()
    }

    /// The title and departments of somebody whom the directory knows.
    pub async fn post_of(&self, account: UserId) -> Result<Option<(Option<DisplayName>, String)>, StoreError> {
        let row = sqlx::query(ONE).bind(account.as_i64()).fetch_optional(&self.reader).await?;
        row.map(|row| {
            let title = row.try_get::<Option<String>, _>(0)?.map(parse).transpose()?;
            Ok((title, row.try_get::<Option<String>, _>(1)?.unwrap_or_default()))
        })
        .transpose()
    }
}

fn read(row: &SqliteRow) -> Result<Colleague, StoreError> {
    Ok(Colleague {
        user: read_user(row, 0)?.ok_or(StoreError::NotFound)?,
        title: row.try_get::<Option<String>, _>(5)?.map(parse).transpose()?,
        internal: row.try_get::<i64, _>(6)? == 1,
        departments: row.try_get::<Option<String>, _>(7)?.unwrap_or_default(),
    })
}
