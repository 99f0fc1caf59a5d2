//! Reading messages: pages by key, and what changed after a log position.

use super::append::decode_message;
use super::conversations::{Described, Reader, one, only, read_nickname, read_user, there};
use super::{Store, StoreError, parse};
use protocol::messaging::{ChangesPage, HistoryPage};
use protocol::{ConversationId, Message, Nickname, Rev, Seq, User, UserId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};

/// Where a history page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The newest messages.
    Newest,
    /// The newest ones before this seq.
    Before(Seq),
    /// The oldest ones after this seq.
    After(Seq),
}

macro_rules! messages {
    ($where:literal) => {
        concat!(
            "select m.seq, m.rev, m.sender, m.client_id, m.at, m.type, m.body, a.id, a.handle, a.display_name, a.avatar, a.version,
                w.nickname, coalesce(w.nickname_rev, 0)
            from message as m join account as a on a.id = m.sender
            left join member as w on w.account = m.sender and w.conversation = m.conversation
            where m.conversation = $1 and m.seq >= $2 and not exists (
                select 1 from hidden as h
                where h.account = $5 and h.conversation = $1 and h.seq = m.seq and h.hidden = 1
            ) and ",
            $where
        )
    };
}

const BEFORE: &str = messages!("m.seq < $3 order by m.seq desc limit $4");
const AFTER: &str = messages!("m.seq > $3 order by m.seq limit $4");
const CHANGED: &str = messages!("m.rev > $3 order by m.rev limit $4");

const ONE: &str = "select m.seq, m.rev, m.sender, m.client_id, m.at, m.type, m.body, a.id, a.handle, a.display_name, a.avatar, a.version
    from message as m join account as a on a.id = m.sender where m.conversation = $1 and m.seq = $2";

// Without the second condition, which the first implies, the index of nicknames could not serve it.
const NAMED: &str = "select account, nickname, nickname_rev from member
    where conversation = $1 and nickname_rev > $2 and nickname_rev > 0";

const VIS_FROM: &str = "select vis_from from member where account = $1 and conversation = $2";

const HEAD: &str = concat!(
    "select c.head_seq, c.rev, max(m.vis_from, coalesce(f.seq, 0) + 1), a.upd
    from member as m join conversation as c on c.id = m.conversation join account as a on a.id = m.account
    left join floor as f on f.device = $3 and f.conversation = c.id
    where m.account = $1 and m.conversation = $2 and ",
    there!("m")
);

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[BEFORE, AFTER, CHANGED, NAMED, ONE, VIS_FROM, HEAD];

impl Store {
    /// A page of history as the member sees it; `NotFound` for everybody else. Key-set paging: its cost is the page's,
    /// however deep it lies (R002-12).
    pub async fn history(
        &self,
        reader: Reader,
        id: ConversationId,
        span: Span,
        limit: u32,
    ) -> Result<HistoryPage, StoreError> {
        let mut conn = self.reader.acquire().await?;
        // One snapshot for the head and the page.
        let mut tx = conn.begin().await?;
        let head = sqlx::query(HEAD)
            .bind(reader.account.as_i64())
            .bind(id.as_i64())
            .bind(reader.device.as_i64())
            .fetch_one(&mut *tx)
            .await?;
        let head_seq: Seq = parse(head.try_get::<i64, _>(0)?)?;
        let rev = parse(head.try_get::<i64, _>(1)?)?;
        let vis_from: Seq = parse(head.try_get::<i64, _>(2)?)?;
        let upd = parse(head.try_get::<i64, _>(3)?)?;

        let (sql, key) = match span {
            Span::Newest => (BEFORE, head_seq.next()),
            Span::Before(seq) => (BEFORE, seq.min(head_seq.next())),
            Span::After(seq) => (AFTER, seq),
        };
        let rows = select(&mut tx, sql, reader.account, (id, vis_from), key.as_i64(), limit).await?;
        let Selected { mut messages, users, nicknames } = read(&rows)?;
        messages.sort_by_key(|message| message.seq);
        let full = rows.len() as u64 == u64::from(limit);
        let (from, through) = match span {
            Span::Newest | Span::Before(_) => {
                let first = messages.first().map_or(key, |message| message.seq);
                (if full { first } else { vis_from.min(key) }, key.prev())
            }
            Span::After(_) => {
                let last = messages.last().map_or(head_seq, |message| message.seq);
                (key.next().max(vis_from), if full { last } else { head_seq })
            }
        };
        let through = through.max(from.prev());
        Ok(HistoryPage { messages, from, through, vis_from, head_seq, rev, upd, users, nicknames })
    }

    /// What changed in the conversation after `after`. More than `max_gap` positions are `too_long` (R004-G8).
    pub async fn changes(
        &self,
        reader: Reader,
        id: ConversationId,
        after: Rev,
        limit: u32,
        max_gap: u64,
    ) -> Result<ChangesPage, StoreError> {
        let mut conn = self.reader.acquire().await?;
        let mut tx = conn.begin().await?;
        let described = one(&mut tx, reader, id).await?;
        let mut users = described.users.clone();
        let conversation = only(Described { users: Vec::new(), ..described })?;
        if conversation.rev.get().saturating_sub(after.get()) > max_gap {
            let (through, messages, nicknames) = (conversation.rev, Vec::new(), Vec::new());
            return Ok(ChangesPage { conversation, messages, through, too_long: true, users, nicknames });
        }
        let place = (id, conversation.vis_from);
        let rows = select(&mut tx, CHANGED, reader.account, place, after.as_i64(), limit).await?;
        let Selected { messages, users: senders, mut nicknames } = read(&rows)?;
        for row in sqlx::query(NAMED).bind(id.as_i64()).bind(after.as_i64()).fetch_all(&mut *tx).await? {
            let user = parse(row.try_get::<i64, _>(0)?)?;
            if nicknames.iter().all(|nickname| nickname.user != user) {
                nicknames.extend(read_nickname(&row, user, 1)?);
            }
        }
        let through = match messages.last() {
            Some(last) if rows.len() as u64 == u64::from(limit) => last.rev,
            _ => conversation.rev.max(after),
        };
        for sender in senders {
            if !users.contains(&sender) {
                users.push(sender);
            }
        }
        Ok(ChangesPage { conversation, messages, through, too_long: false, users, nicknames })
    }
}

/// A message and its sender, whoever sees it.
pub(super) async fn message(
    conn: &mut SqliteConnection,
    id: ConversationId,
    seq: Seq,
) -> Result<(Message, User), StoreError> {
    let row = sqlx::query(ONE).bind(id.as_i64()).bind(seq.as_i64()).fetch_one(conn).await?;
    Ok((decode_message(&row, 0)?, read_user(&row, 7)?.ok_or(StoreError::NotFound)?))
}

/// The newest messages through a seq that the account sees, ascending.
pub(super) async fn through(
    conn: &mut SqliteConnection,
    account: UserId,
    id: ConversationId,
    seq: Seq,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let vis_from: i64 =
        sqlx::query_scalar(VIS_FROM).bind(account.as_i64()).bind(id.as_i64()).fetch_one(&mut *conn).await?;
    let rows = select(conn, BEFORE, account, (id, parse(vis_from)?), seq.next().as_i64(), limit).await?;
    let Selected { mut messages, .. } = read(&rows)?;
    messages.reverse();
    Ok(messages)
}

/// The messages that a query finds in the conversation from a seq on; none that is hidden from the account.
async fn select(
    conn: &mut SqliteConnection,
    sql: &'static str,
    account: UserId,
    (id, vis_from): (ConversationId, Seq),
    key: i64,
    limit: u32,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    sqlx::query(sql)
        .bind(id.as_i64())
        .bind(vis_from.as_i64())
        .bind(key)
        .bind(limit)
        .bind(account.as_i64())
        .fetch_all(conn)
        .await
}

/// Messages, their senders, and what those are called in the conversation.
#[derive(Default)]
pub(super) struct Selected {
    pub messages: Vec<Message>,
    pub users: Vec<User>,
    pub nicknames: Vec<Nickname>,
}

/// What a query found.
pub(super) fn read<'r>(rows: impl IntoIterator<Item = &'r SqliteRow>) -> Result<Selected, StoreError> {
    let mut selected = Selected::default();
    for row in rows {
        let message = decode_message(row, 0)?;
        if selected.users.iter().all(|user| user.id != message.sender) {
            selected.users.extend(read_user(row, 7)?);
            selected.nicknames.extend(read_nickname(row, message.sender, 12)?);
        }
        selected.messages.push(message);
    }
    Ok(selected)
}
