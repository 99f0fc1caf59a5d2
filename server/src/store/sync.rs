//! What moved in an account's logs since a token.

use super::conversations::{self, Described, Place, Reader, Since, one, only, there};
use super::membership::parting;
use super::relations::{contact, messages_from, user};
use super::{Store, StoreError, Tx, history, parse, preferences, requests};
use protocol::receipts::{Cursors, Receipt};
use protocol::sync::{AccountChange, PageSize};
use protocol::{Contact, ConversationId, Millis, Seq, Upd};
use sqlx::{Connection, Row, SqliteConnection};

/// Where a device stands: the opaque token, read. No clock is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncCursor {
    /// Commits through this one are known.
    pub version: i64,
    /// Account log positions through this one are known; `None` on a device that knows nothing yet.
    pub upd: Option<Upd>,
    /// Inside a listing: the commit at which it began, and the last place that it gave.
    pub listing: Option<(i64, Place)>,
    /// Inside a page: how much of it is left.
    pub left: u32,
}

impl SyncCursor {
    /// A device without data.
    pub const NOTHING: Self = Self { version: -1, upd: None, listing: None, left: 0 };
}

/// How much one answer holds.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// Conversations, or changes of the account's log, at most.
    pub size: u32,
    /// What the device takes at a time, which comes in as many segments as it takes (R004-G2).
    pub page: Option<PageSize>,
    /// A device that knows nothing is given what was active since, what is unread, and in any case a segment of the
    /// newest, so that nobody finds an empty list after a long pause or an import of old conversations.
    pub active_since: Millis,
}

impl Segment {
    /// How much the answer after `cursor` holds at most, and how much of its page is left after that.
    fn split(self, cursor: SyncCursor) -> (u32, u32) {
        let Some(page) = self.page else { return (self.size, 0) };
        let page = if cursor.left > 0 { page.get().min(cursor.left) } else { page.get() };
        let limit = self.size.min(page);
        (limit, page - limit)
    }
}

/// One segment of what moved.
pub struct Moved {
    pub cursor: SyncCursor,
    pub more: bool,
    pub upd: Upd,
    pub changes: Vec<AccountChange>,
    pub described: Described,
    /// In a listing to a device that knows nothing: what was active only before it is left out.
    pub left_out: Option<Millis>,
}

/// The number of the newest commit that a token can name.
pub(super) const VERSION: &str = "select max(
    (select coalesce(max(version), 0) from conversation), (select coalesce(max(version), 0) from floor),
    (select version from newest where id = 0))";
const KEEP_VERSION: &str = "update newest set version = $1 where id = 0";
const UPD: &str = "select upd from account where id = $1";
const NEWEST: &str = concat!(
    "select c.active_at from member as m join conversation as c on c.id = m.conversation
    left join floor as f on f.device = $3 and f.conversation = c.id
    where m.account = $1 and c.head_seq > coalesce(f.seq, -1) and ",
    there!("m"),
    " order by c.active_at desc limit 1 offset $2"
);
const CHANGES: &str = "select upd, 0, conversation, 0, delivered, read, joined_upd > $2
        from member where account = $1 and upd > $2
    union all
    select upd, 1, conversation, reader, delivered, read, 0 from receipt where owner = $1 and upd > $2
    union all
    select settings_upd, 2, 1, receipts, messages_from, 0, 0 from account where id = $1 and settings_upd > $2
    union all
    select h.upd, 3, h.conversation, h.seq, h.hidden, 0, 0
        from hidden as h join member as m on m.account = h.account and m.conversation = h.conversation
        where h.account = $1 and h.upd > $2 and h.seq >= m.vis_from
    union all
    select upd, 4, other, 0, 0, 0, 0 from relation where account = $1 and upd > $2
    union all
    select asker_upd, 5, asked, 0, 0, 0, 0 from friend_request where asker = $1 and asker_upd > $2
    union all
    select q.asked_upd, 5, q.asker, 1, 0, 0, 0 from friend_request as q where q.asked = $1 and q.asked_upd > $2
        and not exists (select 1 from relation as r where r.account = $1 and r.other = q.asker and r.blocking = 1)
    union all
    select profile_upd, 10, 1, 0, 0, 0, 0 from account where id = $1 and profile_upd > $2
    union all
    select upd, 8, conversation, 0, 0, 0, 0 from preference where account = $1 and upd > $2
    union all
    select upd, 6, conversation, why, 0, 0, 0 from former where account = $1 and upd > $2
    order by upd limit $3";

const SEES: &str = "select 1 from member where account = $1 and conversation = $2 and vis_from <= $3";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[VERSION, KEEP_VERSION, UPD, NEWEST, CHANGES, SEES];

impl Store {
    /// What moved for the account after `cursor`, whatever its age: first its own log, then the conversations.
    pub async fn moved(&self, reader: Reader, cursor: SyncCursor, segment: Segment) -> Result<Moved, StoreError> {
        let mut conn = self.reader.acquire().await?;
        // One snapshot: the cursor given covers exactly what the page was read from.
        let mut tx = conn.begin().await?;
        let account = reader.account.as_i64();
        let (limit, left) = segment.split(cursor);
        let upd: Upd = parse(sqlx::query_scalar::<_, i64>(UPD).bind(account).fetch_one(&mut *tx).await?)?;
        let known = cursor.upd.unwrap_or(upd);
        let (changes, through) = if known < upd && cursor.listing.is_none() {
            changes(&mut tx, reader, known, limit).await?
        } else {
            (Vec::new(), None)
        };
        if let Some(through) = through {
            let cursor = SyncCursor { upd: Some(through), left, ..cursor };
            let described = Described { conversations: Vec::new(), users: Vec::new() };
            return Ok(Moved { cursor, more: true, upd: through, changes, described, left_out: None });
        }
        // A listing keeps the upd at which it began: what moves meanwhile comes with the next sync.
        let upd = if cursor.listing.is_some() { known } else { upd };
        let began = match cursor.listing {
            Some((began, _)) => began,
            None => sqlx::query_scalar(VERSION).fetch_one(&mut *tx).await?,
        };
        // A commit that there never was tells nothing of what moved: as if everything had, since the first.
        let cursor = if cursor.version > began { SyncCursor { version: 0, ..cursor } } else { cursor };
        let after = cursor.listing.map(|(_, place)| place);
        let active = if cursor.version < 0 { window(&mut tx, reader, segment).await? } else { 0 };
        let (described, more) = if began > cursor.version {
            let since = Since { version: cursor.version, active };
            conversations::page(&mut tx, reader, since, after, limit).await?
        } else {
            (Described { conversations: Vec::new(), users: Vec::new() }, false)
        };
        let last = described.conversations.last().map(|last| Place { active_at: last.active_at, id: last.id });
        let cursor = match last.filter(|_| more) {
            Some(place) => SyncCursor { upd: Some(upd), listing: Some((began, place)), left, ..cursor },
            None => SyncCursor { version: began, upd: Some(upd), listing: None, left: 0 },
        };
        let left_out = (active > 0).then_some(active);
        Ok(Moved { cursor, more, upd, changes, described, left_out })
    }
}

/// Keeps the number of the transaction's commit, where a row goes that may name the newest one: tokens name it still.
pub(super) async fn keep_version(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    sqlx::query(KEEP_VERSION).bind(tx.version).execute(&mut *tx.conn).await?;
    Ok(())
}

/// Since when conversations are listed to a device that knows nothing.
async fn window(conn: &mut SqliteConnection, reader: Reader, segment: Segment) -> Result<Millis, StoreError> {
    let last_of_newest: Option<i64> = sqlx::query_scalar(NEWEST)
        .bind(reader.account.as_i64())
        .bind(segment.size.saturating_sub(1))
        .bind(reader.device.as_i64())
        .fetch_optional(conn)
        .await?;
    Ok(segment.active_since.min(last_of_newest.map_or(0, i64::unsigned_abs)))
}

/// The account's own changes, and the position they go through when more remain.
async fn changes(
    conn: &mut SqliteConnection,
    reader: Reader,
    after: Upd,
    limit: u32,
) -> Result<(Vec<AccountChange>, Option<Upd>), StoreError> {
    let account = reader.account.as_i64();
    // One more tells whether there is more (R004-G2).
    let rows = sqlx::query(CHANGES).bind(account).bind(after.as_i64()).bind(i64::from(limit) + 1);
    let mut rows = rows.fetch_all(&mut *conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let mut changes = Vec::with_capacity(rows.len());
    let mut through = after;
    for row in &rows {
        let number = |column: usize| row.try_get::<i64, _>(column);
        through = parse(number(0)?)?;
        let conversation: ConversationId = parse(number(2)?)?;
        let cursors = Cursors { delivered: parse(number(4)?)?, read: parse(number(5)?)? };
        changes.push(match (number(1)?, number(6)?) {
            (0, 0) => AccountChange::Own { conversation, cursors },
            (0, _) => AccountChange::Joined { conversation: Box::new(only(one(conn, reader, conversation).await?)?) },
            (1, _) => AccountChange::Receipt(Receipt { conversation, reader: parse(number(3)?)?, cursors }),
            (2, _) => AccountChange::Settings { receipts: number(3)? == 1, messages_from: messages_from(number(4)?)? },
            (10, _) => AccountChange::Profile { user: user(conn, reader.account).await? },
            (3, _) => hidden(conn, reader, conversation, parse(number(3)?)?, number(4)? == 1).await?,
            (4, _) => {
                let Contact { user, relation, .. } = contact(conn, reader.account, parse(number(2)?)?).await?;
                AccountChange::Relation { user, relation }
            }
            (5, _) => {
                let (me, other, incoming) = (reader.account, parse(number(2)?)?, number(3)? == 1);
                let (asker, asked) = if incoming { (other, me) } else { (me, other) };
                AccountChange::Request(Box::new(requests::one(conn, asker, asked, incoming).await?))
            }
            (8, _) => {
                let preferences = Box::new(preferences::one(conn, reader.account, conversation).await?);
                AccountChange::Preferences { conversation, preferences }
            }
            (6, _) => AccountChange::Left { conversation, why: parting(number(3)?)? },
            (other, _) => return Err(StoreError::Corrupt(format!("change of kind {other}"))),
        });
    }
    Ok((changes, more.then_some(through)))
}

/// A message that the account hid, or one that it hid and shows again: that has not come to its other devices. Whoever
/// left, or came back later, does not see it any more.
async fn hidden(
    conn: &mut SqliteConnection,
    reader: Reader,
    conversation: ConversationId,
    seq: Seq,
    hidden: bool,
) -> Result<AccountChange, StoreError> {
    let sees =
        sqlx::query_scalar::<_, i64>(SEES).bind(reader.account.as_i64()).bind(conversation.as_i64()).bind(seq.as_i64());
    if hidden || sees.fetch_optional(&mut *conn).await?.is_none() {
        return Ok(AccountChange::Hidden { conversation, seq });
    }
    let (message, sender) = history::message(conn, conversation, seq).await?;
    Ok(AccountChange::Shown { conversation, message: Box::new(message), sender })
}
