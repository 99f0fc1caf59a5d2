//! Friend requests, and the friendships that come of them.
//!
//! Invariants: of each pair and direction only the last request is kept. A request that waits longer than seven days by
//! the server's clock has expired, whoever reads it. One that is blocked is told what everybody is told, and its
//! requests are told to nobody; so it is with what is asked again within a day of a refusal. When a block ends, what became
//! of the last request is told to who ended it.

use super::conversations::read_user;
use super::relations::{self, Pair, contact, pair, user};
use super::{Store, StoreError, Tx, now, parse};
use protocol::contacts::FriendRequests;
use protocol::sync::AccountChange;
use protocol::{Contact, FriendRequest, Greeting, RequestState, User, UserId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};

/// Requests listed each way.
const LISTED: i64 = 200;

const WAITING: &str = "select 1 from friend_request where asker = $1 and asked = $2 and state = 0 and at > $3";
const ASK: &str = "insert into friend_request (asker, asked, greeting, at, state, asker_upd, asked_upd)
    values ($1, $2, $3, $4, 0, 0, 0)
    on conflict (asker, asked) do update
    set greeting = excluded.greeting, at = max(excluded.at, friend_request.refused_at + 1), state = 0";
const CLOSE: &str = "update friend_request
    set state = $3, refused_at = case $3 when 1 then 0 when 2 then $4 else refused_at end
    where asker = $1 and asked = $2";

/// Whether it was asked again within a day of a refusal: the asked one is told as little of it as of what the blocked ask,
/// and the asker cannot tell it from one that waits.
macro_rules! quiet {
    () => {
        "(q.refused_at > 0 and q.at > q.refused_at and q.at < q.refused_at + 86400000)"
    };
}

const QUIET: &str = concat!("select ", quiet!(), " from friend_request as q where q.asker = $1 and q.asked = $2");
const OVER: &str = concat!(
    "select ",
    quiet!(),
    " and $3 >= q.refused_at + 86400000 from friend_request as q where q.asker = $1 and q.asked = $2"
);
const RECONCILE: &str = "update friend_request set refused_at = 0
    where refused_at > 0 and (asker = $1 and asked = $2 or asker = $2 and asked = $1)";
const STAMP_ASKER: &str = "update friend_request set asker_upd = $3 where asker = $1 and asked = $2";
const STAMP_ASKED: &str = "update friend_request set asked_upd = $3 where asker = $1 and asked = $2";
// What the asked one was told of once is told again whatever came of it, so that it tells nothing of what is quiet.
const TOLD: &str = concat!(
    "select 1 from friend_request as q
    where q.asker = $1 and q.asked = $2 and (q.asked_upd > 0 or q.state = 0 and not ",
    quiet!(),
    ")"
);
// What was refused looks the same to who refused it, whether it was asked again or not.
const ONE: &str = concat!(
    "select id, handle, display_name, avatar, version, case when past then null else greeting end,
        case when past then refused_at else at end, case when past then 2 else state end
    from (select u.id, u.handle, u.display_name, u.avatar, u.version, q.greeting, q.at, q.state, q.refused_at,
            $3 and (q.refused_at > 0 and q.state = 2 or ",
    quiet!(),
    ") as past from friend_request as q join account as u on u.id = case when $3 then q.asker else q.asked end
        where q.asker = $1 and q.asked = $2)"
);
const INCOMING: &str = concat!(
    "select u.id, u.handle, u.display_name, u.avatar, u.version, q.greeting, q.at, q.state
    from friend_request as q join account as u on u.id = q.asker
    left join relation as r on r.account = $1 and r.other = q.asker
    where q.asked = $1 and q.state = 0 and q.at > $2 and coalesce(r.blocking, 0) = 0 and not ",
    quiet!(),
    " order by q.at desc, u.id limit $3"
);
const OUTGOING: &str = "select u.id, u.handle, u.display_name, u.avatar, u.version, q.greeting, q.at, q.state
    from friend_request as q join account as u on u.id = q.asked
    where q.asker = $1 and q.state = 0 and q.at > $2 order by q.at desc, u.id limit $3";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] =
    &[WAITING, ASK, CLOSE, QUIET, STAMP_ASKER, STAMP_ASKED, TOLD, ONE, INCOMING, OUTGOING, OVER, RECONCILE];

impl Store {
    /// Makes two accounts friends if the other has asked, or has the account as a friend still; else asks the other.
    pub async fn ask_friend(
        &self,
        account: UserId,
        other: UserId,
        greeting: Option<Greeting>,
    ) -> Result<Contact, StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let both = Both::read(tx.conn, account, other).await?;
                    let Both { me, them, pair: old } = &both;
                    let (mine, theirs) = (old.mine.relation.friend, old.theirs.relation.friend);
                    if mine && theirs {
                        return contact(tx.conn, account, other).await;
                    }
                    let asked_by_them = waits(tx.conn, other, account).await?;
                    if theirs || asked_by_them {
                        let mut new = *old;
                        (new.mine.relation.friend, new.theirs.relation.friend) = (true, true);
                        relations::write(tx, me, them, *old, new).await?;
                        let reconciled = sqlx::query(RECONCILE).bind(account.as_i64()).bind(other.as_i64());
                        reconciled.execute(&mut *tx.conn).await?;
                        for (asker, asked) in [(them, me), (me, them)] {
                            if waits(tx.conn, asker.id, asked.id).await? {
                                close(tx, &both, asker, asked, RequestState::Accepted).await?;
                            }
                        }
                    } else if !waits(tx.conn, account, other).await? || is_over(tx.conn, account, other).await? {
                        sqlx::query(ASK)
                            .bind(account.as_i64())
                            .bind(other.as_i64())
                            .bind(greeting.as_ref().map(Greeting::as_str))
                            .bind(now().cast_signed())
                            .execute(&mut *tx.conn)
                            .await?;
                        tell(tx, &both, me, them).await?;
                    }
                    contact(tx.conn, account, other).await
                })
            })
            .await
    }

    /// The account has the other as a friend no more, nor asks it. The other keeps the account (R003-08b).
    pub async fn drop_friend(&self, account: UserId, other: UserId) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let both = Both::read(tx.conn, account, other).await?;
                    let mut new = both.pair;
                    new.mine.relation.friend = false;
                    relations::write(tx, &both.me, &both.them, both.pair, new).await?;
                    if waits(tx.conn, account, other).await? {
                        close(tx, &both, &both.me, &both.them, RequestState::Withdrawn).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Refuses the other's request; `NotFound` when none waits.
    pub async fn refuse_friend(&self, account: UserId, other: UserId) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let both = Both::read(tx.conn, account, other).await?;
                    if !waits(tx.conn, other, account).await? || is_quiet(tx.conn, other, account).await? {
                        return Err(StoreError::NotFound);
                    }
                    close(tx, &both, &both.them, &both.me, RequestState::Refused).await
                })
            })
            .await
    }

    /// Blocks another, or ends that: then the account's devices are told anew of a request of the other's that they know, or
    /// may not know.
    /// Nothing else between the two changes (R003-08c).
    pub async fn block(&self, account: UserId, other: UserId, block: bool) -> Result<Contact, StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let both = Both::read(tx.conn, account, other).await?;
                    let mut new = both.pair;
                    (new.mine.relation.blocking, new.theirs.blocked) = (block, block);
                    relations::write(tx, &both.me, &both.them, both.pair, new).await?;
                    if both.blocks(account) && !block {
                        tell_again(tx, other, account).await?;
                    }
                    contact(tx.conn, account, other).await
                })
            })
            .await
    }

    /// The request that waits between the two, the other's before the account's own. That of somebody blocked is not shown.
    pub async fn friend_request(&self, account: UserId, other: UserId) -> Result<Option<FriendRequest>, StoreError> {
        let mut conn = self.reader.acquire().await?;
        let mut tx = conn.begin().await?;
        let blocks = pair(&mut tx, account, other).await?.mine.relation.blocking;
        for (asker, asked, incoming) in [(other, account, true), (account, other, false)] {
            let waits = waits(&mut tx, asker, asked).await?;
            if waits && !(incoming && (blocks || is_quiet(&mut tx, asker, asked).await?)) {
                return one(&mut tx, asker, asked, incoming).await.map(Some);
            }
        }
        Ok(None)
    }

    /// The requests that wait for an answer. Those of blocked people are not shown.
    pub async fn friend_requests(&self, account: UserId) -> Result<FriendRequests, StoreError> {
        let mut conn = self.reader.acquire().await?;
        let mut tx = conn.begin().await?;
        let mut lists = Vec::with_capacity(2);
        for (statement, incoming) in [(INCOMING, true), (OUTGOING, false)] {
            let query = sqlx::query(statement).bind(account.as_i64()).bind(oldest()).bind(LISTED);
            let rows = query.fetch_all(&mut *tx).await?;
            lists.push(rows.iter().map(|row| read(row, incoming)).collect::<Result<Vec<_>, _>>()?);
        }
        let mut lists = lists.into_iter();
        let (incoming, outgoing) = (lists.next().unwrap_or_default(), lists.next().unwrap_or_default());
        Ok(FriendRequests { incoming, outgoing })
    }
}

/// Two accounts, and what they are to each other.
struct Both {
    me: User,
    them: User,
    pair: Pair,
}

impl Both {
    async fn read(conn: &mut SqliteConnection, me: UserId, them: UserId) -> Result<Self, StoreError> {
        Ok(Self { me: user(conn, me).await?, them: user(conn, them).await?, pair: pair(conn, me, them).await? })
    }

    /// Whether this one of the two blocks the other.
    fn blocks(&self, account: UserId) -> bool {
        if account == self.me.id { &self.pair.mine } else { &self.pair.theirs }.relation.blocking
    }
}

/// When a request that expires now was made.
fn oldest() -> i64 {
    now().saturating_sub(FriendRequest::LIFETIME).cast_signed()
}

async fn waits(conn: &mut SqliteConnection, asker: UserId, asked: UserId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar::<_, i64>(WAITING).bind(asker.as_i64()).bind(asked.as_i64()).bind(oldest());
    Ok(found.fetch_optional(conn).await?.is_some())
}

async fn is_quiet(conn: &mut SqliteConnection, asker: UserId, asked: UserId) -> Result<bool, StoreError> {
    let quiet = sqlx::query_scalar(QUIET).bind(asker.as_i64()).bind(asked.as_i64());
    Ok(quiet.fetch_one(conn).await?)
}

/// Whether the request was told to nobody after a refusal that is a day ago: asking again then is asking.
async fn is_over(conn: &mut SqliteConnection, asker: UserId, asked: UserId) -> Result<bool, StoreError> {
    let over = sqlx::query_scalar(OVER).bind(asker.as_i64()).bind(asked.as_i64()).bind(now().cast_signed());
    Ok(over.fetch_one(conn).await?)
}

async fn close(
    tx: &mut Tx<'_>,
    both: &Both,
    asker: &User,
    asked: &User,
    state: RequestState,
) -> Result<(), StoreError> {
    sqlx::query(CLOSE)
        .bind(asker.id.as_i64())
        .bind(asked.id.as_i64())
        .bind(number(state))
        .bind(now().cast_signed())
        .execute(&mut *tx.conn)
        .await?;
    tell(tx, both, asker, asked).await
}

/// Stamps a request in both logs, and tells both accounts: the asked one only of those whom it does not block, nor refused
/// a short while before.
async fn tell(tx: &mut Tx<'_>, both: &Both, asker: &User, asked: &User) -> Result<(), StoreError> {
    tell_one(tx, asker.id, asked.id, false).await?;
    if !both.blocks(asked.id) && !is_quiet(tx.conn, asker.id, asked.id).await? {
        tell_one(tx, asker.id, asked.id, true).await?;
    }
    Ok(())
}

/// The asked one blocks the asker no more.
async fn tell_again(tx: &mut Tx<'_>, asker: UserId, asked: UserId) -> Result<(), StoreError> {
    let told = sqlx::query_scalar::<_, i64>(TOLD).bind(asker.as_i64()).bind(asked.as_i64());
    if told.fetch_optional(&mut *tx.conn).await?.is_some() {
        tell_one(tx, asker, asked, true).await?;
    }
    Ok(())
}

/// Stamps a request in the log of one of the two, and tells that one.
async fn tell_one(tx: &mut Tx<'_>, asker: UserId, asked: UserId, incoming: bool) -> Result<(), StoreError> {
    let (account, statement) = if incoming { (asked, STAMP_ASKED) } else { (asker, STAMP_ASKER) };
    let Some(pos) = tx.take_upds(account, 1).await? else { return Ok(()) };
    let stamp = sqlx::query(statement).bind(asker.as_i64()).bind(asked.as_i64()).bind(pos.as_i64());
    stamp.execute(&mut *tx.conn).await?;
    let request = one(tx.conn, asker, asked, incoming).await?;
    tx.publish_changes(account, pos, vec![AccountChange::Request(Box::new(request))]);
    Ok(())
}

/// The last request of one to another, as one of the two sees it.
pub(super) async fn one(
    conn: &mut SqliteConnection,
    asker: UserId,
    asked: UserId,
    incoming: bool,
) -> Result<FriendRequest, StoreError> {
    let row = sqlx::query(ONE).bind(asker.as_i64()).bind(asked.as_i64()).bind(incoming).fetch_one(conn).await?;
    read(&row, incoming)
}

fn read(row: &SqliteRow, incoming: bool) -> Result<FriendRequest, StoreError> {
    let at = row.try_get::<i64, _>(6)?;
    Ok(FriendRequest {
        user: read_user(row, 0)?.ok_or(StoreError::NotFound)?,
        incoming,
        greeting: row.try_get::<Option<String>, _>(5)?.map(parse).transpose()?,
        at: at.unsigned_abs(),
        state: match state(row.try_get(7)?)? {
            RequestState::Waiting if at <= oldest() => RequestState::Expired,
            state => state,
        },
    })
}

fn number(state: RequestState) -> i64 {
    match state {
        RequestState::Waiting | RequestState::Expired => 0,
        RequestState::Accepted => 1,
        RequestState::Refused => 2,
        RequestState::Withdrawn => 3,
    }
}

fn state(number: i64) -> Result<RequestState, StoreError> {
    match number {
        0 => Ok(RequestState::Waiting),
        1 => Ok(RequestState::Accepted),
        2 => Ok(RequestState::Refused),
        3 => Ok(RequestState::Withdrawn),
        other => Err(StoreError::Corrupt(format!("friend request in state {other}"))),
    }
}
