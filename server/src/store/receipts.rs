//! Reading receipts: the owner's inbox, and who has read what.
//!
//! What an owner was told never falls back (R000-20), and asking tells nothing that was not to be told (R000-19). Groups too
//! large to tell anybody count for whoever asks: how far a member has read while they let others know (`member.shown`), which
//! also stands for what was imported.
//!
//! Between an owner and a reader that is shut while the owner keeps receipts off or one of the two blocks the other.
//! When it shuts, what could be asked for becomes what was told (`settle`); when it opens again, what was read meanwhile is
//! veiled (`veil`): it is told with what is read after it. So it is in the groups that the owner has left, too.
//! A group's readers are its members of now, each from what was sent once they had come.

use super::conversations::{read_nickname, read_user};
use super::cursors::receipt;
use super::positions::from_json;
use super::{Store, StoreError, parse};
use protocol::messaging::{ReadCount, Reader, Readers, Withheld};
use protocol::receipts::ReceiptsPage;
use protocol::{ConversationId, Millis, Nickname, Seq, Upd, User, UserId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};

const UPD: &str = "select upd from account where id = $1";

const INBOX: &str = "select upd, conversation, reader, delivered, read from receipt
    where owner = $1 and upd > $2 order by upd limit $3";

const BEHIND: &str = "select m.conversation, c.head_seq
    from member as m join conversation as c on c.id = m.conversation
    where m.account = $1 and m.conversation > $2 and m.read < c.head_seq order by m.conversation limit $3";

/// Of a reader `m` and what was told of them, `r`: whether an owner `me` may ask how far they have read; `b` is what the two
/// are to each other.
macro_rules! open {
    () => {
        "me.receipts = 1 and coalesce(b.blocking + b.blocked, 0) = 0 and m.shown > coalesce(r.veiled, 0)"
    };
}

/// How far they have read, as the owner may know.
macro_rules! through {
    () => {
        concat!("max(m.sent, coalesce(r.read, 0), case when ", open!(), " then m.shown else 0 end)")
    };
}

/// The other members of the conversation `$2`, for the owner `$1`.
macro_rules! others {
    () => {
        "account as me
        join member as m on m.conversation = $2 and m.account <> me.id
        left join relation as b on b.account = me.id and b.other = m.account
        left join receipt as r on r.owner = me.id and r.conversation = m.conversation and r.reader = m.account"
    };
}

/// They are columns of `read_user`, then the seq through which they have read.
macro_rules! readers {
    ($where:literal) => {
        concat!(
            "select id, handle, display_name, avatar, version, seq, came, nickname, nickname_rev from (
                select a.id, a.handle, a.display_name, a.avatar, a.version, ",
            through!(),
            " as seq, m.came, m.nickname, m.nickname_rev
                from ",
            others!(),
            " join account as a on a.id = m.account
                join member as mine on mine.account = me.id and mine.conversation = m.conversation
                where me.id = $1)
            where ",
            $where
        )
    };
}

/// What the owner `$1` could ask for of the readers who share a conversation, and was not told.
macro_rules! untold {
    ($columns:literal, $where:expr) => {
        concat!(
            "insert into receipt (owner, conversation, reader, delivered, read, upd, veiled)
            select me.id, m.conversation, m.account, ",
            $columns,
            " from account as me
            join (select conversation from member where account = $1
                union select conversation from former where account = $1) as mine
            join member as m on m.conversation = mine.conversation and m.account <> me.id
            left join relation as b on b.account = me.id and b.other = m.account
            left join receipt as r on r.owner = me.id and r.conversation = m.conversation and r.reader = m.account
            where me.id = $1 and m.shown > coalesce(r.read, 0) and ",
            $where,
            " on conflict (owner, conversation, reader) do update set delivered = max(receipt.delivered, excluded.delivered),
                read = max(receipt.read, excluded.read), veiled = max(receipt.veiled, excluded.veiled)"
        )
    };
}

const SETTLE: &str = untold!("m.shown, m.shown, 0, 0", open!());
const SETTLE_ONE: &str = untold!("m.shown, m.shown, 0, 0", concat!("m.account = $2 and ", open!()));
const VEIL: &str = untold!("0, 0, 0, m.shown", "true");
const VEIL_ONE: &str = untold!("0, 0, 0, m.shown", "m.account = $2");

const READERS: &str = readers!("true order by id");

// The newest thousand of them.
const WITHHELD: &str = "select h.seq, json_group_array(h.account order by h.account)
    from hidden as h
    join message as l on l.conversation = h.conversation and l.seq = h.seq and l.sender = $1
    join member as mine on mine.account = $1 and mine.conversation = $2
    where h.conversation = $2 and h.why = 2 group by h.seq order by h.seq desc limit 1000";

const MESSAGE_READERS: &str = readers!(
    "seq >= $3 and came <= $3 and not exists (
        select 1 from hidden as h where h.account = id and h.conversation = $2 and h.seq = $3 and h.why = 2)
    order by id"
);

const MESSAGE_COUNT: &str = concat!(
    "select count(*) from ",
    others!(),
    " where me.id = $1 and m.came <= $3 and ",
    through!(),
    " >= $3 and not exists (select 1 from hidden as h
        where h.account = m.account and h.conversation = $2 and h.seq = $3 and h.why = 2)"
);

// Of the newest thousand messages those that the sender sees.
const OWN: &str = "select l.seq from member as m
    join conversation as c on c.id = m.conversation
    join message as l on l.conversation = c.id and l.seq > max(c.head_seq - 1000, m.vis_from - 1) and l.sender = $1
        and l.type < 100
    where m.account = $1 and m.conversation = $2 order by l.seq desc limit $3";

// Each member once, however many messages are asked about.
const SPANS: &str = concat!(
    "select came, through, count(*) from (
        select m.came, ",
    through!(),
    " as through from ",
    others!(),
    " where me.id = $1)
    where through >= $3 and through >= came group by came, through"
);

// Those who would count, but from whom the message is withheld.
const BLIND: &str = concat!(
    "select h.seq, count(*) from ",
    others!(),
    " join hidden as h on h.conversation = m.conversation and h.account = m.account and h.why = 2 and h.seq >= $3
    join message as l on l.conversation = h.conversation and l.seq = h.seq and l.sender = me.id
    where me.id = $1 and h.seq between m.came and ",
    through!(),
    " group by h.seq"
);

const SENDER: &str = "select l.sender, l.type < 100, l.at
    from member as m join message as l on l.conversation = m.conversation and l.seq = $3 and l.seq >= m.vis_from
    where m.account = $1 and m.conversation = $2 and not exists (
        select 1 from hidden as h
        where h.account = $1 and h.conversation = $2 and h.seq = $3 and h.hidden = 1)";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[
    UPD,
    INBOX,
    BEHIND,
    SETTLE,
    SETTLE_ONE,
    VEIL,
    VEIL_ONE,
    READERS,
    WITHHELD,
    MESSAGE_READERS,
    MESSAGE_COUNT,
    OWN,
    SPANS,
    BLIND,
    SENDER,
];

/// A message as far as its readers depend on it.
pub struct Sent {
    pub sender: UserId,
    /// Whether people wrote it, and it is there still.
    pub countable: bool,
    pub at: Millis,
}

impl Store {
    /// The receipts of the account's log after a position, each in its latest state (R000-13).
    pub async fn receipts(&self, owner: UserId, after: Upd, limit: u32) -> Result<ReceiptsPage, StoreError> {
        let mut conn = self.reader.acquire().await?;
        // One snapshot: the position covers exactly what the page was read from.
        let mut tx = conn.begin().await?;
        let upd: Upd = parse(sqlx::query_scalar::<_, i64>(UPD).bind(owner.as_i64()).fetch_one(&mut *tx).await?)?;
        let rows = sqlx::query(INBOX).bind(owner.as_i64()).bind(after.as_i64()).bind(limit).fetch_all(&mut *tx).await?;
        let more = rows.len() as u64 == u64::from(limit);
        let through = match rows.last() {
            Some(last) if more => parse(last.try_get::<i64, _>(0)?)?,
            _ => upd.max(after),
        };
        let receipts = rows.iter().map(|row| receipt(row, 1)).collect::<Result<_, _>>()?;
        Ok(ReceiptsPage { receipts, through, more })
    }

    /// The account's conversations with messages after its read cursor, and each one's newest message; by id, after
    /// one.
    pub async fn behind(
        &self,
        account: UserId,
        after: Option<ConversationId>,
        limit: u32,
    ) -> Result<Vec<(ConversationId, Seq)>, StoreError> {
        let after = after.map_or(0, ConversationId::as_i64);
        let rows = sqlx::query(BEHIND).bind(account.as_i64()).bind(after).bind(limit).fetch_all(&self.reader).await?;
        rows.iter().map(|row| Ok((parse(row.try_get::<i64, _>(0)?)?, parse(row.try_get::<i64, _>(1)?)?))).collect()
    }

    /// The other members and how far they have read, as far as the account may know.
    pub async fn readers(&self, account: UserId, id: ConversationId) -> Result<Vec<Reader>, StoreError> {
        let rows = sqlx::query(READERS).bind(account.as_i64()).bind(id.as_i64()).fetch_all(&self.reader).await?;
        let seq = |row: &SqliteRow, column: usize| parse(row.try_get::<i64, _>(column)?);
        rows.iter().map(|row| Ok(Reader { user: user(row)?, read: seq(row, 5)?, from: seq(row, 6)? })).collect()
    }

    /// From whom the account has withheld which of its messages.
    pub async fn withheld(&self, account: UserId, id: ConversationId) -> Result<Vec<Withheld>, StoreError> {
        let rows = sqlx::query(WITHHELD).bind(account.as_i64()).bind(id.as_i64()).fetch_all(&self.reader).await?;
        let read = |row: &SqliteRow| {
            Ok(Withheld { seq: parse(row.try_get::<i64, _>(0)?)?, users: from_json(row.try_get(1)?)? })
        };
        rows.iter().map(read).collect()
    }

    /// The other members who have read a message of the account, as far as it may know, and what they are called there.
    pub async fn message_readers(
        &self,
        account: UserId,
        id: ConversationId,
        seq: Seq,
    ) -> Result<(Vec<User>, Vec<Nickname>), StoreError> {
        let query = sqlx::query(MESSAGE_READERS).bind(account.as_i64()).bind(id.as_i64()).bind(seq.as_i64());
        let (mut users, mut nicknames) = (Vec::new(), Vec::new());
        for row in query.fetch_all(&self.reader).await? {
            let user = user(&row)?;
            nicknames.extend(read_nickname(&row, user.id, 7)?);
            users.push(user);
        }
        Ok((users, nicknames))
    }

    /// How many they are, in a group that is too large to list them.
    pub async fn count_message_readers(
        &self,
        account: UserId,
        id: ConversationId,
        seq: Seq,
    ) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar::<_, i64>(MESSAGE_COUNT);
        let count = query.bind(account.as_i64()).bind(id.as_i64()).bind(seq.as_i64()).fetch_one(&self.reader).await?;
        Ok(count.unsigned_abs())
    }

    /// How many have read each of the account's newest messages, in a group that is too large to list them.
    pub async fn read_counts(&self, account: UserId, id: ConversationId) -> Result<Vec<ReadCount>, StoreError> {
        let mut conn = self.reader.acquire().await?;
        // One snapshot: what is withheld is taken from what was counted.
        let mut tx = conn.begin().await?;
        let bind = |statement| sqlx::query(statement).bind(account.as_i64()).bind(id.as_i64());
        let own = bind(OWN).bind(Readers::COUNTED_MAX as i64).fetch_all(&mut *tx).await?;
        let mut own = own.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
        own.reverse();
        let Some(&first) = own.first() else { return Ok(Vec::new()) };
        let spans = bind(SPANS).bind(first).fetch_all(&mut *tx).await?;
        let blind = bind(BLIND).bind(first).fetch_all(&mut *tx).await?;
        // By how much the count differs from that of the message before.
        let mut steps = vec![0; own.len() + 1];
        let mut step = |at: usize, by: i64| steps.get_mut(at).into_iter().for_each(|step| *step += by);
        for row in &spans {
            let (from, through, members): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            step(own.partition_point(|seq| *seq < from), members);
            step(own.partition_point(|seq| *seq <= through), -members);
        }
        for row in &blind {
            let (seq, members): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            if let Ok(at) = own.binary_search(&seq) {
                step(at, -members);
                step(at + 1, members);
            }
        }
        let mut count = 0;
        let counts = own.into_iter().zip(steps).map(|(seq, step): (i64, i64)| {
            count += step;
            Ok(ReadCount { seq: parse(seq)?, count: count.unsigned_abs() })
        });
        counts.collect()
    }

    /// A message that the member sees; `NotFound` for every other.
    pub async fn sent(&self, account: UserId, id: ConversationId, seq: Seq) -> Result<Sent, StoreError> {
        let query = sqlx::query(SENDER).bind(account.as_i64()).bind(id.as_i64()).bind(seq.as_i64());
        let row = query.fetch_one(&self.reader).await?;
        let (sender, at) = (parse(row.try_get::<i64, _>(0)?)?, row.try_get::<i64, _>(2)?.unsigned_abs());
        Ok(Sent { sender, countable: row.try_get(1)?, at })
    }
}

/// The owner is about to keep receipts off, or the two to be parted: what could be asked for of all readers, or of one, stays
/// told.
pub(super) async fn settle(
    conn: &mut SqliteConnection,
    owner: UserId,
    reader: Option<UserId>,
) -> Result<(), StoreError> {
    untold(conn, if reader.is_some() { SETTLE_ONE } else { SETTLE }, owner, reader).await
}

/// The owner may be told again of all readers, or of one: not of what was read meanwhile, until more is read.
pub(super) async fn veil(conn: &mut SqliteConnection, owner: UserId, reader: Option<UserId>) -> Result<(), StoreError> {
    untold(conn, if reader.is_some() { VEIL_ONE } else { VEIL }, owner, reader).await
}

async fn untold(
    conn: &mut SqliteConnection,
    statement: &'static str,
    owner: UserId,
    reader: Option<UserId>,
) -> Result<(), StoreError> {
    let query = sqlx::query(statement).bind(owner.as_i64());
    let query = reader.iter().fold(query, |query, reader| query.bind(reader.as_i64()));
    query.execute(conn).await?;
    Ok(())
}

fn user(row: &SqliteRow) -> Result<User, StoreError> {
    read_user(row, 0)?.ok_or(StoreError::NotFound)
}
