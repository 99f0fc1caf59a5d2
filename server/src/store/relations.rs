//! What accounts are to each other.
//!
//! Invariants: the two rows of a pair change in one transaction, and each account is told in its own log of what it may
//! know (R003-08e). That one is blocked nobody is told: it takes no position and leaves no trace on the wire.

use super::conversations::{read_user, there};
use super::receipts;
use super::{Store, StoreError, Tx, parse};
use protocol::contacts::Contacts;
use protocol::sync::AccountChange;
use protocol::{Contact, MessagesFrom, Relation, Upd, User, UserId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};

const READ: &str = "select friend, follow, fan, blocking, blocked, upd from relation where account = $1 and other = $2";
const WRITE: &str = "insert into relation (account, other, friend, follow, fan, blocking, blocked, upd)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (account, other) do update set friend = excluded.friend, follow = excluded.follow, fan = excluded.fan,
        blocking = excluded.blocking, blocked = excluded.blocked, upd = excluded.upd";
const USER: &str = "select id, handle, display_name, avatar, version from account where id = $1";
const UPD: &str = "select upd from account where id = $1";
const CONTACT: &str =
    "select u.id, u.handle, u.display_name, u.avatar, u.version, r.friend, r.follow, r.fan, r.blocking
    from account as u left join relation as r on r.account = $1 and r.other = u.id where u.id = $2";
const CONTACTS: &str =
    "select u.id, u.handle, u.display_name, u.avatar, u.version, r.friend, r.follow, r.fan, r.blocking
    from relation as r join account as u on u.id = r.other
    where r.account = $1 and r.other > $2 and r.friend + r.follow + r.fan + r.blocking > 0
    order by r.other limit $3";
const BLOCKED: &str = "select 1 from relation where account = $1 and other = $2 and blocking + blocked > 0";

// Who is in the directory sees everybody there.
const KNOWS: &str = concat!(
    "select exists (select 1 from relation where account = $1 and other = $2)
    or exists (select 1 from friend_request where asker = $1 and asked = $2 or asker = $2 and asked = $1)
    or exists (select 1 from person as me join person as they on they.account = $2 where me.account = $1)
    or exists (select 1 from member as me
        join member as they on they.conversation = me.conversation and they.account = $2 where me.account = $1 and ",
    there!("me"),
    ")"
);

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[READ, WRITE, USER, UPD, CONTACT, CONTACTS, BLOCKED, KNOWS];

/// One side of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Side {
    pub relation: Relation,
    /// The other blocks it.
    pub blocked: bool,
    upd: i64,
}

/// Both sides of a pair, as one of them changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub mine: Side,
    pub theirs: Side,
}

impl Store {
    /// Follows another, or ends that.
    pub async fn follow(&self, account: UserId, other: UserId, follow: bool) -> Result<Contact, StoreError> {
        self.relate(account, other, move |pair| {
            pair.mine.relation.follow = follow;
            pair.theirs.relation.fan = follow;
        })
        .await
    }

    /// Ends a friendship that the receiver of a refused message has ended: its sender finds out now (R003-08b).
    pub async fn find_out(&self, account: UserId, other: UserId) -> Result<(), StoreError> {
        let found = self.relate(account, other, |pair| pair.mine.relation.friend &= pair.theirs.relation.friend).await;
        found.map(drop)
    }

    async fn relate(
        &self,
        account: UserId,
        other: UserId,
        change: impl FnOnce(&mut Pair) + Send + 'static,
    ) -> Result<Contact, StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let (me, them) = (user(tx.conn, account).await?, user(tx.conn, other).await?);
                    let old = pair(tx.conn, account, other).await?;
                    let mut new = old;
                    change(&mut new);
                    write(tx, &me, &them, old, new).await?;
                    contact(tx.conn, account, other).await
                })
            })
            .await
    }

    /// What the account and another are to each other; `NotFound` when there is nobody with this id.
    pub async fn contact(&self, account: UserId, other: UserId) -> Result<Contact, StoreError> {
        let mut conn = self.reader.acquire().await?;
        let mut tx = conn.begin().await?;
        contact(&mut tx, account, other).await
    }

    /// Whether the account has to do with another already: it may be told anew who that is.
    pub async fn knows(&self, account: UserId, other: UserId) -> Result<bool, StoreError> {
        let knows = sqlx::query_scalar(KNOWS).bind(account.as_i64()).bind(other.as_i64());
        Ok(account == other || knows.fetch_one(&self.reader).await?)
    }

    /// A page of those whom the account has to do with, by user id.
    pub async fn contacts(&self, account: UserId, after: Option<UserId>, limit: u32) -> Result<Contacts, StoreError> {
        let mut conn = self.reader.acquire().await?;
        let mut tx = conn.begin().await?;
        let upd = own_upd(&mut tx, account).await?;
        let rows = sqlx::query(CONTACTS)
            .bind(account.as_i64())
            .bind(after.map_or(0, UserId::as_i64))
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?;
        let contacts = rows.iter().map(|row| read_contact(row, upd)).collect::<Result<Vec<_>, _>>()?;
        let full = contacts.len() as u64 == u64::from(limit);
        let next = contacts.last().filter(|_| full).map(|last| last.user.id);
        Ok(Contacts { contacts, next })
    }

    /// Whether one of the two blocks the other.
    pub async fn blocked_between(&self, one: UserId, other: UserId) -> Result<bool, StoreError> {
        let found = sqlx::query_scalar::<_, i64>(BLOCKED).bind(one.as_i64()).bind(other.as_i64());
        Ok(found.fetch_optional(&self.reader).await?.is_some())
    }
}

/// A user; `NotFound` when there is nobody with this id.
pub(super) async fn user(conn: &mut SqliteConnection, id: UserId) -> Result<User, StoreError> {
    let row = sqlx::query(USER).bind(id.as_i64()).fetch_one(conn).await?;
    read_user(&row, 0)?.ok_or(StoreError::NotFound)
}

/// Both sides of two accounts, as the first sees them.
pub(super) async fn pair(conn: &mut SqliteConnection, mine: UserId, theirs: UserId) -> Result<Pair, StoreError> {
    Ok(Pair { mine: side(conn, mine, theirs).await?, theirs: side(conn, theirs, mine).await? })
}

async fn side(conn: &mut SqliteConnection, account: UserId, other: UserId) -> Result<Side, StoreError> {
    let row = sqlx::query(READ).bind(account.as_i64()).bind(other.as_i64()).fetch_optional(conn).await?;
    let Some(row) = row else { return Ok(Side::default()) };
    Ok(Side { relation: read_relation(&row, 0)?, blocked: row.try_get(4)?, upd: row.try_get(5)? })
}

impl Pair {
    /// One of the two blocks the other.
    fn parted(&self) -> bool {
        self.mine.relation.blocking || self.mine.blocked
    }
}

/// Writes what changed of a pair, and tells each account of what it may know.
pub(super) async fn write(tx: &mut Tx<'_>, me: &User, them: &User, old: Pair, new: Pair) -> Result<(), StoreError> {
    let sides = [(me.id, them.id), (them.id, me.id)];
    if new.parted() && !old.parted() {
        for (owner, reader) in sides {
            receipts::settle(tx.conn, owner, Some(reader)).await?;
        }
    }
    if old.parted() && !new.parted() {
        for (owner, reader) in sides {
            receipts::veil(tx.conn, owner, Some(reader)).await?;
        }
    }
    for (account, other, old, mut new) in [(me, them, old.mine, new.mine), (them, me, old.theirs, new.theirs)] {
        if new == old {
            continue;
        }
        let visible = new.relation != old.relation;
        let pos = if visible { tx.take_upds(account.id, 1).await? } else { None };
        if let Some(pos) = pos {
            new.upd = pos.as_i64();
        }
        let Relation { friend, follow, fan, blocking } = new.relation;
        sqlx::query(WRITE)
            .bind(account.id.as_i64())
            .bind(other.id.as_i64())
            .bind(friend)
            .bind(follow)
            .bind(fan)
            .bind(blocking)
            .bind(new.blocked)
            .bind(new.upd)
            .execute(&mut *tx.conn)
            .await?;
        if let Some(pos) = pos {
            let change = AccountChange::Relation { user: other.clone(), relation: new.relation };
            tx.publish_changes(account.id, pos, vec![change]);
        }
    }
    Ok(())
}

pub(super) async fn contact(
    conn: &mut SqliteConnection,
    account: UserId,
    other: UserId,
) -> Result<Contact, StoreError> {
    let upd = own_upd(conn, account).await?;
    let row = sqlx::query(CONTACT).bind(account.as_i64()).bind(other.as_i64()).fetch_one(conn).await?;
    read_contact(&row, upd)
}

async fn own_upd(conn: &mut SqliteConnection, account: UserId) -> Result<Upd, StoreError> {
    parse(sqlx::query_scalar::<_, i64>(UPD).bind(account.as_i64()).fetch_one(conn).await?)
}

fn read_contact(row: &SqliteRow, upd: Upd) -> Result<Contact, StoreError> {
    let user = read_user(row, 0)?.ok_or(StoreError::NotFound)?;
    Ok(Contact { user, relation: read_relation(row, 5)?, upd })
}

/// The relation whose flags stand in four columns from `first` on; none where they are null.
pub(super) fn read_relation(row: &SqliteRow, first: usize) -> Result<Relation, StoreError> {
    let flag = |column: usize| row.try_get::<Option<bool>, _>(first + column).map(Option::unwrap_or_default);
    Ok(Relation { friend: flag(0)?, follow: flag(1)?, fan: flag(2)?, blocking: flag(3)? })
}

pub(super) fn messages_from_number(from: MessagesFrom) -> i64 {
    match from {
        MessagesFrom::Everyone => 0,
        MessagesFrom::Followed => 1,
        MessagesFrom::Followers => 2,
        MessagesFrom::Nobody => 3,
    }
}

pub(super) fn messages_from(number: i64) -> Result<MessagesFrom, StoreError> {
    let known = MessagesFrom::ALL.into_iter().find(|from| messages_from_number(*from) == number);
    known.ok_or_else(|| StoreError::Corrupt(format!("messages from {number}")))
}
