//! Reading conversations as their members see them, and making them.

use super::append::decode_message;
use super::hidden::WITHHELD;
use super::positions::{from_json, json};
use super::relations::read_relation;
use super::rosters::role;
use super::{Store, StoreError, Tx, parse, preferences};
use protocol::group::Announcement;
use protocol::sync::AccountChange;
use protocol::{
    Conversation, ConversationId, ConversationKind, Cursors, DeviceId, Group, Millis, Nickname, Seq, User, UserId,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

const DIRECT: i64 = 0;
const GROUP: i64 = 1;

pub(super) fn kind_number(kind: ConversationKind) -> i64 {
    match kind {
        ConversationKind::Direct => DIRECT,
        ConversationKind::Group => GROUP,
    }
}

pub(super) fn kind(number: i64) -> Result<ConversationKind, StoreError> {
    match number {
        DIRECT => Ok(ConversationKind::Direct),
        GROUP => Ok(ConversationKind::Group),
        other => Err(StoreError::Corrupt(format!("conversation kind {other}"))),
    }
}

/// Who reads. What a member sees depends on the device too: a conversation is deleted on one device alone (R001-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    pub account: UserId,
    pub device: DeviceId,
}

/// A place in the session list: every page begins after the last one's last key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub active_at: Millis,
    pub id: ConversationId,
}

/// Which conversations a page takes in: those that changed in a commit after `version`, and were active since `active`,
/// are unread, or are pinned, marked or drafted in; and those that the reader's device deleted after it, unless that
/// knows nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    pub version: i64,
    pub active: Millis,
}

impl Since {
    pub const EVER: Self = Self { version: -1, active: 0 };
}

/// A page of descriptions with the senders of their last messages.
pub struct Described {
    pub conversations: Vec<Conversation>,
    pub users: Vec<User>,
}

/// Whether a conversation is there for its member: to whom another opened a direct one, not before somebody wrote in it.
macro_rules! there {
    ($member:literal) => {
        concat!(
            "(",
            $member,
            ".opened = 1 or (select h.head_seq from conversation as h where h.id = ",
            $member,
            ".conversation) > 0)"
        )
    };
}
pub(super) use there;

/// Describes the conversations that a query (`$1` is the account, `$2` the device or null) chooses.
macro_rules! describe {
    ($($chosen:tt)*) => {
        concat!(
            "with chosen (id) as (",
            $($chosen)*,
            ") select c.id, c.kind, c.title, c.members, c.rev, c.head_seq, c.active_at,
                max(m.vis_from, coalesce(f.seq, 0) + 1), m.delivered, m.read,
                p.id, p.handle, p.display_name, p.avatar, p.version,
                max(coalesce(told.delivered, 0), coalesce(pm.sent, 0)), max(coalesce(told.read, 0), coalesce(pm.sent, 0)),
                l.seq, l.rev, l.sender, l.client_id, l.at, l.type, l.body,
                s.id, s.handle, s.display_name, s.avatar, s.version,
                me.upd, f.seq,
                (select json_group_array(q.seq order by q.seq) from message as q
                    where q.conversation = c.id and q.type >= 100
                    and q.seq > max(m.read, m.vis_from - 1, coalesce(f.seq, 0))),
                (select json_group_array(json_array(h.seq, h.why) order by h.seq) from hidden as h
                    where h.account = $1 and h.conversation = c.id and h.hidden = 1
                    and h.seq > max(m.read, m.vis_from - 1, coalesce(f.seq, 0))),
                m.answered, r.friend, r.follow, r.fan, r.blocking,
                w.pinned, w.muted_until, w.labels, w.archived_until, w.marked_unread, w.draft,
                m.joined_upd, c.announcement, c.announced_by, c.announced_at, c.muted_until, m.role, m.muted_until,
                case c.kind when 1 then (select o.account from member as o where o.conversation = c.id and o.role = 2) end,
                (select json_group_array(named.seq order by named.seq) from (
                    select x.seq from mention as x
                    where x.conversation = c.id and x.account in (0, $1)
                    and x.seq > max(m.read, m.vis_from - 1, coalesce(f.seq, 0))
                    and not exists (select 1 from hidden as h where h.account = $1 and h.conversation = c.id
                        and h.seq = x.seq and h.hidden = 1)
                    order by x.seq desc limit 100) as named),
                sm.nickname, coalesce(sm.nickname_rev, 0),
                case when m.role > 0 then (select count(*) from waiting as q
                    join account as u on u.id = q.account and u.active = 1 where q.conversation = c.id) else 0 end,
                c.avatar
            from chosen
            join account as me on me.id = $1
            join conversation as c on c.id = chosen.id
            join member as m on m.account = $1 and m.conversation = c.id and ",
            there!("m"),
            " left join floor as f on f.device = $2 and f.conversation = c.id
            left join account as p
                on p.id = case when c.low = m.account then c.high else c.low end and c.low <> c.high
            left join relation as r on r.account = m.account and r.other = p.id
            left join member as pm on pm.account = p.id and pm.conversation = c.id
            left join receipt as told on told.owner = $1 and told.conversation = c.id and told.reader = p.id
            left join message as l on l.conversation = c.id and l.seq = (
                select n.seq from message as n
                where n.conversation = c.id and n.seq >= max(m.vis_from, coalesce(f.seq, 0) + 1)
                and not exists (select 1 from hidden as h where h.account = $1 and h.conversation = c.id
                    and h.seq = n.seq and h.hidden = 1)
                order by n.seq desc limit 1)
            left join account as s on s.id = l.sender
            left join member as sm on sm.account = l.sender and sm.conversation = c.id
            left join preference as w on w.account = $1 and w.conversation = c.id
            order by c.active_at desc, c.id desc"
        )
    };
}

const ONE: &str = describe!("select $3");

// What was deleted on the device is listed again once there is something newer. Its deletion is told to the device once
// more, which may have missed the answer.
const PAGE: &str = describe!(
    "select c.id from member as m join conversation as c on c.id = m.conversation
    left join floor as f on f.device = $2 and f.conversation = c.id
    where m.account = $1 and (c.active_at, c.id) < ($4, $5) and ",
    there!("m"),
    " and (c.version > $3 and c.head_seq > coalesce(f.seq, -1)
            and (c.active_at >= $7 or c.head_seq > max(m.read, m.vis_from - 1, coalesce(f.seq, 0))
                or exists (select 1 from preference as w where w.account = $1 and w.conversation = c.id
                    and (w.pinned = 1 or w.marked_unread = 1 or w.draft <> '')))
        or $3 >= 0 and f.version > $3)
    order by c.active_at desc, c.id desc limit $6"
);

const THESE: &str = describe!("select value from json_each($3)");

const INSERT: &str = "insert into conversation (kind, low, high, title, created_at, active_at, members, version)
    values ($1, $2, $3, $4, $5, $5, 0, $6) returning id";
const JOIN_UPD: &str = "update account set upd = upd + 1 where id in (select value from json_each($2))
    and not exists (select 1 from member where member.account = account.id and member.conversation = $1)";
// Nothing that was there before somebody joined is unread, and as much of it is seen as the group lets newcomers see.
// Whoever comes back has no nickname any more.
const JOIN: &str =
    "insert into member (account, conversation, delivered, read, upd, joined_upd, came, vis_from, nickname_rev)
    select a.id, c.id, c.head_seq, c.head_seq, a.upd, a.upd, c.head_seq + 1,
        case when $3 or c.history = -1 then 1 else max(1, c.head_seq + 1 - c.history) end,
        case when exists (select 1 from former as f where f.account = a.id and f.conversation = c.id)
            then c.rev + 1 else 0 end
    from conversation as c join account as a on a.id in (select value from json_each($2))
    where c.id = $1
    on conflict (account, conversation) do nothing";
const BACK: &str = "delete from former where conversation = $1 and account in (select value from json_each($2))";
const OWN: &str = "update member set role = 2 where conversation = $1 and account = $2";
const JOINED_UPD: &str = "select joined_upd from member where account = $1 and conversation = $2";
const JOIN_COUNT: &str = "update conversation
    set members = (select count(*) from member where conversation = $1) where id = $1 and $2 is not null";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ONE, THESE, PAGE, INSERT, JOIN_UPD, JOIN, BACK, OWN, JOINED_UPD, JOIN_COUNT];

impl Store {
    /// One conversation as its member sees it; `NotFound` for everybody else.
    pub async fn conversation(&self, reader: Reader, id: ConversationId) -> Result<Described, StoreError> {
        one(&mut *self.reader.acquire().await?, reader, id).await
    }

    /// Those of the conversations that the reader is a member of.
    pub async fn conversations_of(&self, reader: Reader, ids: &[ConversationId]) -> Result<Described, StoreError> {
        let rows = sqlx::query(THESE)
            .bind(reader.account.as_i64())
            .bind(reader.device.as_i64())
            .bind(json(&ids)?)
            .fetch_all(&self.reader)
            .await?;
        read(&rows)
    }

    /// A page of the session list, by latest activity. What was deleted on the device is not in it.
    pub async fn conversations(
        &self,
        reader: Reader,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Described, StoreError> {
        Ok(page(&mut *self.reader.acquire().await?, reader, Since::EVER, after, limit).await?.0)
    }
}

/// Makes a conversation. The members of a direct one are its one or two accounts, the smaller first;
/// the first member of a group owns it.
pub(super) async fn create(
    tx: &mut Tx<'_>,
    kind: ConversationKind,
    title: Option<&str>,
    created_at: Millis,
    members: &[UserId],
) -> Result<ConversationId, StoreError> {
    let id = insert(tx, kind, title, created_at, members).await?;
    join(tx, id, members, true).await?;
    if let Some(owner) = members.first().filter(|_| kind == ConversationKind::Group) {
        sqlx::query(OWN).bind(id.as_i64()).bind(owner.as_i64()).execute(&mut *tx.conn).await?;
    }
    Ok(id)
}

/// A conversation that nobody is a member of yet.
pub(super) async fn insert(
    tx: &mut Tx<'_>,
    kind: ConversationKind,
    title: Option<&str>,
    created_at: Millis,
    members: &[UserId],
) -> Result<ConversationId, StoreError> {
    let direct = kind == ConversationKind::Direct;
    let id: i64 = sqlx::query_scalar(INSERT)
        .bind(kind_number(kind))
        .bind(members.first().filter(|_| direct).map(|low| low.as_i64()))
        .bind(members.last().filter(|_| direct).map(|high| high.as_i64()))
        .bind(title)
        .bind(i64::try_from(created_at).unwrap_or(i64::MAX))
        .bind(tx.version)
        .fetch_one(&mut *tx.conn)
        .await?;
    parse(id)
}

/// Makes the accounts members, those that are not yet, each with a stamp of its own log. `all`: they see everything that
/// was written before, whatever the group lets newcomers see.
pub(super) async fn join(
    tx: &mut Tx<'_>,
    id: ConversationId,
    accounts: &[UserId],
    all: bool,
) -> Result<(), StoreError> {
    let accounts_json = json(&accounts)?;
    tx.forget_upds(accounts);
    for statement in [JOIN_UPD, JOIN, BACK, JOIN_COUNT] {
        let query = sqlx::query(statement).bind(id.as_i64()).bind(&accounts_json);
        let query = if statement == JOIN { query.bind(all) } else { query };
        query.execute(&mut *tx.conn).await?;
    }
    Ok(())
}

/// Tells the member's devices of the conversation as it is now.
pub(super) async fn tell_joined(tx: &mut Tx<'_>, member: UserId, id: ConversationId) -> Result<(), StoreError> {
    let upd: i64 =
        sqlx::query_scalar(JOINED_UPD).bind(member.as_i64()).bind(id.as_i64()).fetch_one(&mut *tx.conn).await?;
    // It is new: no device has deleted it.
    let conversation = Box::new(only(describe(tx.conn, member, None, id).await?)?);
    tx.publish_changes(member, parse(upd)?, vec![AccountChange::Joined { conversation }]);
    Ok(())
}

pub(super) async fn one(
    conn: &mut SqliteConnection,
    reader: Reader,
    id: ConversationId,
) -> Result<Described, StoreError> {
    describe(conn, reader.account, Some(reader.device), id).await
}

async fn describe(
    conn: &mut SqliteConnection,
    account: UserId,
    device: Option<DeviceId>,
    id: ConversationId,
) -> Result<Described, StoreError> {
    let rows = sqlx::query(ONE)
        .bind(account.as_i64())
        .bind(device.map(DeviceId::as_i64))
        .bind(id.as_i64())
        .fetch_all(conn)
        .await?;
    if rows.is_empty() {
        return Err(StoreError::NotFound);
    }
    read(&rows)
}

/// A page of the account's conversations, by latest activity, and whether there are more.
pub(super) async fn page(
    conn: &mut SqliteConnection,
    reader: Reader,
    since: Since,
    after: Option<Place>,
    limit: u32,
) -> Result<(Described, bool), StoreError> {
    let (active_at, id) = match after {
        Some(place) => (i64::try_from(place.active_at).unwrap_or(i64::MAX), place.id.as_i64()),
        None => (i64::MAX, i64::MAX),
    };
    // One more tells whether there is more (R004-G2).
    let mut rows = sqlx::query(PAGE)
        .bind(reader.account.as_i64())
        .bind(reader.device.as_i64())
        .bind(since.version)
        .bind(active_at)
        .bind(id)
        .bind(i64::from(limit) + 1)
        .bind(since.active.cast_signed())
        .fetch_all(conn)
        .await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    Ok((read(&rows)?, more))
}

/// The conversation of a description of one.
pub fn only(described: Described) -> Result<Conversation, StoreError> {
    described.conversations.into_iter().next().ok_or(StoreError::NotFound)
}

fn read(rows: &[SqliteRow]) -> Result<Described, StoreError> {
    let mut described = Described { conversations: Vec::with_capacity(rows.len()), users: Vec::new() };
    for row in rows {
        let conversation = read_one(row)?;
        if let Some(user) = read_user(row, 24)?
            && !described.users.contains(&user)
        {
            described.users.push(user);
        }
        described.conversations.push(conversation);
    }
    Ok(described)
}

fn read_one(row: &SqliteRow) -> Result<Conversation, StoreError> {
    let number = |column: usize| row.try_get::<i64, _>(column);
    let head_seq: Seq = parse(number(5)?)?;
    let vis_from: Seq = parse(number(7)?)?;
    let own = Cursors { delivered: parse(number(8)?)?, read: parse(number(9)?)? };
    let (silent, hidden) = exceptions(row)?;
    let peer = read_user(row, 10)?;
    let peer_cursors = match peer {
        Some(_) => Some(Cursors { delivered: parse(number(15)?)?, read: parse(number(16)?)? }),
        None => None,
    };
    Ok(Conversation {
        id: parse(number(0)?)?,
        kind: kind(number(1)?)?,
        title: row.try_get(2)?,
        peer,
        member_count: number(3)?.unsigned_abs(),
        rev: parse(number(4)?)?,
        upd: parse(number(29)?)?,
        head_seq,
        last: match row.try_get::<Option<i64>, _>(17)? {
            Some(_) => Some(decode_message(row, 17)?),
            None => None,
        },
        active_at: number(6)?.unsigned_abs(),
        vis_from,
        floor: row.try_get::<Option<i64>, _>(30)?.map(parse).transpose()?,
        unread: unread(head_seq, vis_from, own.read, &silent, &hidden),
        silent,
        hidden,
        own,
        peer_cursors,
        relation: read_relation(row, 34)?,
        answered: row.try_get(33)?,
        preferences: preferences::read(row, 38)?,
        joined: parse(number(44)?)?,
        group: match kind(number(1)?)? {
            ConversationKind::Direct => None,
            ConversationKind::Group => Some(read_group(row)?),
        },
        mentions: from_json(row.try_get(52)?)?,
    })
}

fn read_group(row: &SqliteRow) -> Result<Group, StoreError> {
    let number = |column: usize| row.try_get::<Option<i64>, _>(column);
    let announcement = match (row.try_get::<Option<String>, _>(45)?, number(46)?, number(47)?) {
        (Some(text), Some(by), Some(at)) => {
            Some(Announcement { text: parse(text)?, by: parse(by)?, at: at.unsigned_abs() })
        }
        _ => None,
    };
    Ok(Group {
        owner: number(51)?.map(parse).transpose()?,
        role: role(number(49)?.unwrap_or_default())?,
        avatar: row.try_get::<Option<String>, _>(56)?.map(parse).transpose()?,
        announcement,
        muted_until: number(48)?.unwrap_or_default().unsigned_abs(),
        own_muted_until: number(50)?.unwrap_or_default().unsigned_abs(),
        waiting: number(55)?.unwrap_or_default().unsigned_abs(),
        nicknames: match number(19)? {
            Some(sender) => read_nickname(row, parse(sender)?, 53)?.into_iter().collect(),
            None => Vec::new(),
        },
    })
}

/// What a member is called whose nickname, and where it last changed, stand in two columns from `first` on.
pub(super) fn read_nickname(row: &SqliteRow, user: UserId, first: usize) -> Result<Option<Nickname>, StoreError> {
    let rev: i64 = row.try_get(first + 1)?;
    if rev == 0 {
        return Ok(None);
    }
    let name = row.try_get::<Option<String>, _>(first)?.map(parse).transpose()?;
    Ok(Some(Nickname { user, name, rev: parse(rev)? }))
}

/// The seqs after the own read cursor that do not count: those that nobody counts or that the reader never saw, and
/// those that the reader deleted or reported.
fn exceptions(row: &SqliteRow) -> Result<(Vec<Seq>, Vec<Seq>), StoreError> {
    let mut silent: Vec<Seq> = from_json(row.try_get(31)?)?;
    let unseen: Vec<(Seq, i64)> = from_json(row.try_get(32)?)?;
    let mut hidden = Vec::new();
    for (seq, why) in unseen {
        if why == WITHHELD { &mut silent } else { &mut hidden }.push(seq);
    }
    silent.sort_unstable();
    silent.dedup();
    Ok((silent, hidden))
}

/// R004-B1: every message counts that another sent after the own read cursor and from `vis_from` on, but for the
/// exceptions, each once. Sending moves the sender's cursor, so none of the reader's own lies beyond it, and the count
/// is a subtraction, whatever its size. Both lists ascend and lie beyond the cursor.
fn unread(head_seq: Seq, vis_from: Seq, read: Seq, silent: &[Seq], hidden: &[Seq]) -> u64 {
    let both = hidden.iter().filter(|seq| silent.binary_search(seq).is_ok()).count();
    let exceptions = silent.len() + hidden.len() - both;
    head_seq.get().saturating_sub(read.max(vis_from.prev()).get()).saturating_sub(exceptions as u64)
}

/// The user whose id, handle, display name, avatar and version stand in five columns from `first` on.
pub(super) fn read_user(row: &SqliteRow, first: usize) -> Result<Option<User>, StoreError> {
    let Some(id) = row.try_get::<Option<i64>, _>(first)? else { return Ok(None) };
    Ok(Some(User {
        id: parse(id)?,
        handle: parse(row.try_get::<String, _>(first + 1)?)?,
        display_name: parse(row.try_get::<String, _>(first + 2)?)?,
        avatar: row.try_get::<Option<String>, _>(first + 3)?.map(parse).transpose()?,
        version: row.try_get::<i64, _>(first + 4)?.unsigned_abs(),
    }))
}
