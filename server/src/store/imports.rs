//! Accounts and conversations that an import brings, found again by the names of their source.

use super::conversations::{create, join};
use super::positions::json;
use super::{Store, StoreError, parse};
use protocol::{ConversationId, ConversationKind, DisplayName, Handle, Millis, Seq, UserId};
use sqlx::{Row, SqliteConnection};
use std::collections::{HashMap, HashSet};

const ACCOUNT: i64 = 0;
const CONVERSATION: i64 = 1;

const FIND: &str = "select name, id from imported
    where source = $1 and kind = $2 and name in (select value from json_each($3))";
const REMEMBER: &str = "insert into imported (source, kind, name, id)
    select $1, $2, value ->> 0, value ->> 1 from json_each($3)";
const TAKEN: &str = "select handle from account where handle in (select value from json_each($1))";
const INSERT: &str = "insert into account (handle, display_name, password_hash, created_at)
    select value ->> 0, value ->> 1, $2, $3 from json_each($1) returning id, handle";
const FIND_DIRECT: &str = "select id from conversation where low = $1 and high = $2";
// Whoever has gone stays away, and everybody does from a group that was dissolved.
const COMING: &str = "select j.value from json_each($2) as j
    where exists (select 1 from member where conversation = $1)
        and not exists (select 1 from former where account = j.value and conversation = $1)";
// Nobody is told of one who keeps it private (R000-19).
const READ: &str = "update member
    set delivered = max(member.delivered, j.value ->> 1), read = max(member.read, j.value ->> 1),
        shown = case when c.kind = 1 and a.receipts = 1 then max(member.shown, j.value ->> 1) else member.shown end
    from json_each($1) as j
    join conversation as c on c.id = j.value ->> 0, account as a
    where member.conversation = c.id and a.id = member.account";
// What was read in a direct conversation was told (R000-20): a row and a stamp each, as a report makes them.
const RECEIPTS: &str = "insert into receipt (owner, conversation, reader, delivered, read, upd)
    select owner.id, c.id, m.account, j.value ->> 1, j.value ->> 1,
        owner.upd + row_number() over (partition by owner.id order by c.id)
    from json_each($1) as j
    join conversation as c on c.id = j.value ->> 0 and c.kind = 0
    join member as m on m.conversation = c.id
    join member as other on other.conversation = c.id and other.account <> m.account
    join account as owner on owner.id = other.account
    where true
    on conflict (owner, conversation, reader) do update
    set delivered = max(receipt.delivered, excluded.delivered), read = max(receipt.read, excluded.read),
        upd = excluded.upd
    returning owner";
const UPDS: &str =
    "update account set upd = max(upd, (select max(receipt.upd) from receipt where receipt.owner = account.id))
    where id in (select value from json_each($1))";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[FIND, REMEMBER, TAKEN, INSERT, FIND_DIRECT, COMING, READ, RECEIPTS, UPDS];

/// A person of the source who has no account yet, or has one from an earlier import.
#[derive(Clone, Debug)]
pub struct Person {
    /// As the source names them, exactly.
    pub name: String,
    /// What to call them by preference; made unique with a number where it is taken.
    pub handle: Handle,
    pub display_name: DisplayName,
}

/// A chat of the source.
#[derive(Clone, Debug)]
pub struct Chat {
    pub name: String,
    pub kind: ConversationKind,
    pub created_at: Millis,
    /// A direct chat has one or two.
    pub members: Vec<UserId>,
}

impl Store {
    /// The accounts of these people by name, made where they are new; tells how many are.
    pub async fn import_accounts(
        &self,
        source: String,
        people: Vec<Person>,
        password_hash: Option<String>,
    ) -> Result<(HashMap<String, UserId>, usize), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let names: Vec<_> = people.iter().map(|person| &person.name).collect();
                    let mut ids: HashMap<String, UserId> = find(tx.conn, &source, ACCOUNT, &json(&names)?).await?;
                    let new: Vec<_> = people.into_iter().filter(|person| !ids.contains_key(&person.name)).collect();
                    let handles = free_handles(tx.conn, &new).await?;
                    let rows: Vec<_> =
                        new.iter().zip(&handles).map(|(person, handle)| (handle, &person.display_name)).collect();
                    let made = sqlx::query(INSERT)
                        .bind(json(&rows)?)
                        .bind(password_hash)
                        .bind(i64::try_from(super::now()).unwrap_or(i64::MAX))
                        .fetch_all(&mut *tx.conn)
                        .await?;
                    let mut by_handle: HashMap<String, UserId> = HashMap::with_capacity(made.len());
                    for row in made {
                        by_handle.insert(row.try_get(1)?, parse(row.try_get::<i64, _>(0)?)?);
                    }
                    let mut remembered = Vec::with_capacity(new.len());
                    for (person, handle) in new.into_iter().zip(&handles) {
                        let id = *by_handle.get(handle.as_str()).ok_or(StoreError::NotFound)?;
                        remembered.push((person.name.clone(), id));
                        ids.insert(person.name, id);
                    }
                    remember(tx.conn, &source, ACCOUNT, &json(&remembered)?).await?;
                    Ok((ids, remembered.len()))
                })
            })
            .await
    }

    /// The conversations of these chats by name, made where they are new, with these members; tells how many are. Nobody
    /// comes back to a group that they have gone from.
    pub async fn import_conversations(
        &self,
        source: String,
        chats: Vec<Chat>,
    ) -> Result<(HashMap<String, ConversationId>, usize), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let names: Vec<_> = chats.iter().map(|chat| &chat.name).collect();
                    let mut ids: HashMap<String, ConversationId> =
                        find(tx.conn, &source, CONVERSATION, &json(&names)?).await?;
                    let mut remembered = Vec::new();
                    for mut chat in chats {
                        chat.members.sort_unstable();
                        chat.members.dedup();
                        if let Some(id) = ids.get(&chat.name) {
                            if chat.kind == ConversationKind::Group {
                                let coming = coming(tx.conn, *id, &chat.members).await?;
                                join(tx, *id, &coming, true).await?;
                            }
                            continue;
                        }
                        let id = match direct(tx.conn, &chat).await? {
                            Some(id) => id,
                            None => {
                                let title = (chat.kind == ConversationKind::Group).then_some(chat.name.as_str());
                                create(tx, chat.kind, title, chat.created_at, &chat.members).await?
                            }
                        };
                        remembered.push((chat.name.clone(), id));
                        ids.insert(chat.name, id);
                    }
                    remember(tx.conn, &source, CONVERSATION, &json(&remembered)?).await?;
                    Ok((ids, remembered.len()))
                })
            })
            .await
    }

    /// Takes the imported history as read by all its members, and told to be: nobody starts with years of unread
    /// messages.
    pub async fn import_read(&self, through: Vec<(ConversationId, Seq)>) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let through = json(&through)?;
                    sqlx::query(READ).bind(&through).execute(&mut *tx.conn).await?;
                    let mut told: Vec<i64> =
                        sqlx::query_scalar(RECEIPTS).bind(&through).fetch_all(&mut *tx.conn).await?;
                    told.sort_unstable();
                    told.dedup();
                    sqlx::query(UPDS).bind(json(&told)?).execute(&mut *tx.conn).await?;
                    tx.forget_upds(&told.into_iter().map(parse).collect::<Result<Vec<_>, _>>()?);
                    Ok(())
                })
            })
            .await
    }
}

async fn find<T>(
    conn: &mut SqliteConnection,
    source: &str,
    kind: i64,
    names: &str,
) -> Result<HashMap<String, T>, StoreError>
where
    T: TryFrom<i64>,
    T::Error: std::fmt::Display,
{
    let rows = sqlx::query(FIND).bind(source).bind(kind).bind(names).fetch_all(conn).await?;
    rows.into_iter().map(|row| Ok((row.try_get(0)?, parse(row.try_get::<i64, _>(1)?)?))).collect()
}

async fn remember(conn: &mut SqliteConnection, source: &str, kind: i64, rows: &str) -> Result<(), StoreError> {
    sqlx::query(REMEMBER).bind(source).bind(kind).bind(rows).execute(conn).await?;
    Ok(())
}

/// The direct conversation that the two have already, by whatever way.
async fn direct(conn: &mut SqliteConnection, chat: &Chat) -> Result<Option<ConversationId>, StoreError> {
    let (ConversationKind::Direct, Some(low), Some(high)) = (chat.kind, chat.members.first(), chat.members.last())
    else {
        return Ok(None);
    };
    let id: Option<i64> =
        sqlx::query_scalar(FIND_DIRECT).bind(low.as_i64()).bind(high.as_i64()).fetch_optional(conn).await?;
    id.map(parse).transpose()
}

/// Those whom a chat names anew or who are in its group still.
async fn coming(
    conn: &mut SqliteConnection,
    id: ConversationId,
    members: &[UserId],
) -> Result<Vec<UserId>, StoreError> {
    let coming = sqlx::query_scalar::<_, i64>(COMING).bind(id.as_i64()).bind(json(&members)?);
    coming.fetch_all(conn).await?.into_iter().map(parse).collect()
}

/// A free handle for each: the wished one, or the wished one with the first free number behind it.
async fn free_handles(conn: &mut SqliteConnection, people: &[Person]) -> Result<Vec<Handle>, StoreError> {
    let mut chosen: Vec<Option<Handle>> = vec![None; people.len()];
    let mut taken: HashSet<String> = HashSet::new();
    for number in 1u32.. {
        let open: Vec<(usize, Handle)> = people
            .iter()
            .enumerate()
            .filter(|(place, _)| chosen.get(*place).is_some_and(Option::is_none))
            .map(|(place, person)| Ok((place, numbered(&person.handle, number)?)))
            .collect::<Result<_, StoreError>>()?;
        if open.is_empty() {
            break;
        }
        let wished: Vec<_> = open.iter().map(|(_, handle)| handle).collect();
        taken.extend(sqlx::query_scalar::<_, String>(TAKEN).bind(json(&wished)?).fetch_all(&mut *conn).await?);
        for (place, handle) in open {
            if taken.insert(handle.as_str().to_owned())
                && let Some(slot) = chosen.get_mut(place)
            {
                *slot = Some(handle);
            }
        }
    }
    Ok(chosen.into_iter().flatten().collect())
}

/// The wished handle, or one like it that nobody has.
pub(super) async fn free_handle(conn: &mut SqliteConnection, wished: &Handle) -> Result<Handle, StoreError> {
    for number in 1.. {
        let handle = numbered(wished, number)?;
        let taken = sqlx::query(TAKEN).bind(json(&[&handle])?).fetch_optional(&mut *conn).await?;
        if taken.is_none() {
            return Ok(handle);
        }
    }
    Err(StoreError::Taken)
}

fn numbered(handle: &Handle, number: u32) -> Result<Handle, StoreError> {
    if number == 1 {
        return Ok(handle.clone());
    }
    let suffix = format!("-{number}");
    // Handles are ASCII, so every byte is a character.
    let kept = handle.as_str().get(..(Handle::MAX - suffix.len()).min(handle.as_str().len())).unwrap_or_default();
    parse(format!("{kept}{suffix}"))
}
