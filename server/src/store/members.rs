//! The members of a group, in pages and by name.

use super::conversations::{read_user, there};
use super::patterns::containing;
use super::rosters::role;
use super::{Store, StoreError, parse};
use protocol::group::{Member, Members};
use protocol::{ConversationId, UserId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row};

const MEMBER: &str =
    concat!("select 1 from member as m where m.account = $1 and m.conversation = $2 and ", there!("m"));
const PAGE: &str =
    "select a.id, a.handle, a.display_name, a.avatar, a.version, m.role, m.nickname, m.muted_until, a.active
    from member as m join account as a on a.id = m.account
    where m.conversation = $1 and m.account > $2 and a.active >= $4 order by m.account limit $3";
// A containing match cannot use an index; a group is at most some thousands.
const FIND: &str =
    "select a.id, a.handle, a.display_name, a.avatar, a.version, m.role, m.nickname, m.muted_until, a.active
    from member as m join account as a on a.id = m.account
    where m.conversation = $1 and m.account > $2 and a.active >= $4
    and (a.handle glob $5 or a.display_name glob $5 or m.nickname glob $5)
    order by m.account limit $3";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[MEMBER, PAGE, FIND];

/// Which members are asked for: all, unless it says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Those after one, by user id.
    pub after: Option<UserId>,
    /// Those whose name, nickname or handle contains it.
    pub query: Option<&'a str>,
    /// Those who were not deactivated.
    pub active: bool,
}

impl Store {
    /// A page of members, by user id. `NotFound` for everybody but members.
    pub async fn members(
        &self,
        account: UserId,
        id: ConversationId,
        wanted: Wanted<'_>,
        limit: u32,
    ) -> Result<Members, StoreError> {
        let Wanted { after, query, active } = wanted;
        let mut conn = self.reader.acquire().await?;
        // One snapshot: who has just left sees nobody.
        let mut tx = conn.begin().await?;
        sqlx::query(MEMBER).bind(account.as_i64()).bind(id.as_i64()).fetch_one(&mut *tx).await?;
        let found = sqlx::query(if query.is_some() { FIND } else { PAGE })
            .bind(id.as_i64())
            .bind(after.map_or(0, UserId::as_i64))
            .bind(limit)
            .bind(active);
        let found = match query {
            Some(query) => found.bind(containing(query)),
            None => found,
        };
        let members: Vec<Member> = found.fetch_all(&mut *tx).await?.iter().map(read).collect::<Result<_, _>>()?;
        let next = members.last().filter(|_| members.len() as u64 == u64::from(limit)).map(|last| last.user.id);
        Ok(Members { members, next })
    }
}

fn read(row: &SqliteRow) -> Result<Member, StoreError> {
    Ok(Member {
        user: read_user(row, 0)?.ok_or(StoreError::NotFound)?,
        role: role(row.try_get(5)?)?,
        nickname: row.try_get::<Option<String>, _>(6)?.map(parse).transpose()?,
        muted_until: row.try_get::<i64, _>(7)?.unsigned_abs(),
        deactivated: !row.try_get::<bool, _>(8)?,
    })
}
