//! Appending messages: one statement a table for the whole batch, however many senders and conversations it has.

use super::event::{Event, Roster};
use super::hidden::WITHHELD;
use super::media::{self, Carried, Claims};
use super::mentions;
use super::positions::{Positions, from_json, json};
use super::standings::{self, Gate, Standings, doubt};
use super::{Store, StoreError, parse};
use protocol::{ClientId, ConversationId, ConversationKind, Message, MessageBody, Millis, Seq, User, UserId};
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;
use std::sync::Arc;

/// A message on its way into the log; membership was checked against `roster`.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub conversation: ConversationId,
    pub sender: Arc<User>,
    pub roster: Arc<Roster>,
    pub client_id: ClientId,
    pub body: MessageBody,
    /// Members who do not see it (R001-14), each once and never the sender.
    pub invisible: Vec<UserId>,
    /// When it was sent, for an import; the commit's own time when absent.
    pub at: Option<Millis>,
    /// Who must let it in: the other side of a direct conversation. Absent in groups, with oneself, in an import.
    pub gate: Option<Gate>,
    /// When the auditor is to be asked about its picture, if that is sent before its verdict.
    pub ask_at: Option<Millis>,
}

impl NewMessage {
    /// Whether it is a row of its own and nothing else: withheld from nobody, naming nobody, carrying nothing.
    pub fn plain(&self) -> bool {
        self.invisible.is_empty() && self.body.mentions().is_none() && self.body.medium().is_none()
    }
}

/// What became of a [`NewMessage`].
#[derive(Clone, Debug)]
pub struct Appended {
    pub message: Message,
    /// The key had been used for this very message before: this is the original (R001-12).
    pub replay: bool,
}

type Outcome = Result<Appended, StoreError>;
type Key = (UserId, ClientId);

const KNOWN: &str = "select m.sender, m.client_id, m.conversation, m.seq, m.rev, m.at, m.type, m.body
    from json_each($1) as j
    join message as m on m.sender = j.value ->> 0 and m.client_id = unhex(j.value ->> 1)";

macro_rules! insert {
    ($rows:literal) => {
        concat!(
            "insert into message (conversation, seq, rev, sender, client_id, at, type, body)
            select value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4), value ->> 5, value ->> 6,
                value ->> 7
            from json_each(",
            $rows,
            ")"
        )
    };
}

macro_rules! heads {
    ($heads:literal, $version:literal) => {
        concat!(
            "update conversation
            set head_seq = j.value ->> 1, rev = j.value ->> 2, active_at = j.value ->> 3, version = ",
            $version,
            " from json_each(",
            $heads,
            ") as j where conversation.id = j.value ->> 0"
        )
    };
}

// Sending is reading (R004-B6) and receiving (R000-06). The devices derive it from the message itself, so it takes no
// position of the account's log.
macro_rules! senders {
    ($senders:literal) => {
        concat!(
            "update member
            set delivered = max(member.delivered, j.value ->> 2), read = max(member.read, j.value ->> 2),
                sent = max(member.sent, j.value ->> 3), answered = 1
            from json_each(",
            $senders,
            ") as j where member.account = j.value ->> 0 and member.conversation = j.value ->> 1"
        )
    };
}

const WITHHOLD: &str = "insert into hidden (account, conversation, seq, why, upd)
    select value ->> 0, value ->> 1, value ->> 2, $2, 0 from json_each($1)";

const INSERT: &str = insert!("$1");
const HEADS: &str = heads!("$1", "$2");
const SENDERS: &str = senders!("$1");

/// The whole transaction of a batch that only sends, in one hop to the connection's thread: each hop costs more than a
/// row does.
const SEND: &str =
    concat!("begin immediate; ", insert!("$1"), "; ", heads!("$2", "$4"), "; ", senders!("$3"), "; commit");

/// The same with direct messages in it: it fails when somebody may have to be refused.
const SEND_DIRECT: &str = concat!(
    "begin immediate; ",
    doubt!("$5"),
    "; ",
    insert!("$1"),
    "; ",
    heads!("$2", "$4"),
    "; ",
    senders!("$3"),
    "; commit"
);

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[KNOWN, WITHHOLD, INSERT, HEADS, SENDERS];

/// Whether the batch must look for keys that were used before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Assume that all are new; the unique constraint refuses the batch when one is not.
    New,
    /// Ask first.
    Ask,
}

/// Appends the batch in its order, in a transaction that is open. `Err(Taken)` under [`Keys::New`] means: roll back and
/// come again with [`Keys::Ask`]. An error of a single message is in its outcome.
pub async fn append(
    conn: &mut SqliteConnection,
    positions: &mut Positions,
    version: i64,
    batch: &[NewMessage],
    keys: Keys,
    events: &mut Vec<Event>,
) -> Result<Vec<Outcome>, StoreError> {
    let mut standings = Standings::read(conn, batch).await?;
    let mut claims = Claims::read(conn, batch).await?;
    // What is refused now may be the replay of what was not.
    let known = match keys {
        Keys::New if standings.admit_all(batch) && claims.admit_all(batch) => HashMap::new(),
        Keys::New | Keys::Ask => {
            let keys: Vec<Key> = batch.iter().map(|new| (new.sender.id, new.client_id)).collect();
            find_known(conn, &keys).await?
        }
    };
    positions.load_heads(conn, batch.iter().map(|new| new.conversation).collect()).await?;
    let (outcomes, rows) = place(
        positions,
        batch,
        known,
        |new, earlier| {
            standings.admit(new, earlier)?;
            claims.admit(new)?;
            standings.answer(new);
            claims.take(new);
            Ok(())
        },
        events,
    )?;
    if let Some(Rows { messages, heads, senders, withheld, named, carried }) = rows {
        sqlx::query(INSERT).bind(messages).execute(&mut *conn).await?;
        sqlx::query(HEADS).bind(heads).bind(version).execute(&mut *conn).await?;
        sqlx::query(SENDERS).bind(senders).execute(&mut *conn).await?;
        if let Some(withheld) = withheld {
            sqlx::query(WITHHOLD).bind(withheld).bind(WITHHELD).execute(&mut *conn).await?;
        }
        if let Some(named) = named {
            mentions::write(conn, &named).await?;
        }
        media::carry(conn, &carried).await?;
    }
    Ok(outcomes)
}

/// Appends a batch of [plain](NewMessage::plain) messages in a transaction of its own, and commits it. After
/// an error the transaction may be open still; `Err(Taken)` means that a key was used before, `Err(Doubtful)` that a message may have
/// to be refused.
pub async fn append_alone(
    conn: &mut SqliteConnection,
    positions: &mut Positions,
    version: i64,
    batch: &[NewMessage],
    events: &mut Vec<Event>,
) -> Result<Vec<Outcome>, StoreError> {
    positions.load_heads(conn, batch.iter().map(|new| new.conversation).collect()).await?;
    let (outcomes, rows) = place(positions, batch, HashMap::new(), |_, _| Ok(()), events)?;
    if let Some(Rows { messages, heads, senders, .. }) = rows {
        let direct = standings::sends(batch)?;
        let send = sqlx::query(if direct.is_some() { SEND_DIRECT } else { SEND });
        let send = send.bind(messages).bind(heads).bind(senders).bind(version);
        let sent = match direct {
            Some(direct) => send.bind(direct).execute(&mut *conn).await,
            None => send.execute(&mut *conn).await,
        };
        sent.map_err(|error| match error.as_database_error().is_some_and(|error| error.is_check_violation()) {
            true => StoreError::Doubtful,
            false => error.into(),
        })?;
    }
    Ok(outcomes)
}

impl Store {
    /// The message that the sender's key was used for before, if it is this very one (R001-12).
    pub async fn original(
        &self,
        (sender, client_id): (UserId, ClientId),
        conversation: ConversationId,
        body: &MessageBody,
    ) -> Result<Option<Appended>, StoreError> {
        let key = (sender, client_id);
        let known = find_known(&mut *self.reader.acquire().await?, &[key]).await?.remove(&key);
        let original = known.filter(|(id, message)| *id == conversation && same(message, body));
        Ok(original.map(|(_, message)| Appended { message, replay: true }))
    }

    /// What would become of a message now: a replay's original, an error, or nothing that anybody could tell before. It
    /// decides nothing: whoever appends the message afterwards is told what holds then.
    pub async fn foresee(&self, new: &NewMessage) -> Result<Option<Appended>, StoreError> {
        let conn = &mut *self.reader.acquire().await?;
        let key = (new.sender.id, new.client_id);
        if let Some((conversation, message)) = find_known(conn, &[key]).await?.get(&key) {
            return replayed(new, *conversation, message).map(Some);
        }
        let mut positions = Positions::default();
        positions.load_heads(conn, vec![new.conversation]).await?;
        let head = positions.head(new.conversation).ok_or(StoreError::NotFound)?;
        if head.roster != new.roster.rev {
            return Err(StoreError::Stale);
        }
        let batch = std::slice::from_ref(new);
        Standings::read(conn, batch).await?.admit(new, head.seq.get())?;
        Claims::read(conn, batch).await?.admit(new)?;
        Ok(None)
    }
}

/// What is told of a message whose key was used before.
fn replayed(new: &NewMessage, conversation: ConversationId, message: &Message) -> Outcome {
    match conversation == new.conversation && same(message, &new.body) {
        true => Ok(Appended { message: message.clone(), replay: true }),
        false => Err(StoreError::ClientIdReused),
    }
}

/// Whether a message was sent with this body, as far as one can still tell: what it became since is no matter of the key.
fn same(message: &Message, body: &MessageBody) -> bool {
    message.body == *body || !message.body.countable()
}

/// What is to be written, a parameter a table.
struct Rows {
    messages: String,
    heads: String,
    senders: String,
    withheld: Option<String>,
    named: Option<String>,
    carried: Vec<Carried>,
}

/// Gives every new message its place, unless `admit` refuses it after so many others. `None`: there is nothing to write.
fn place(
    positions: &mut Positions,
    batch: &[NewMessage],
    mut known: HashMap<Key, (ConversationId, Message)>,
    mut admit: impl FnMut(&NewMessage, u64) -> Result<(), StoreError>,
    events: &mut Vec<Event>,
) -> Result<(Vec<Outcome>, Option<Rows>), StoreError> {
    let now = super::now();
    let mut rows = Vec::with_capacity(batch.len());
    let mut heads = HashMap::new();
    let mut senders: HashMap<_, (Seq, Seq)> = HashMap::new();
    let mut withheld = Vec::new();
    let mut named = Vec::new();
    let mut carried = Vec::new();
    let mut outcomes = Vec::with_capacity(batch.len());
    for new in batch {
        let key = (new.sender.id, new.client_id);
        if let Some((conversation, message)) = known.get(&key) {
            outcomes.push(replayed(new, *conversation, message));
            continue;
        }
        let Some(head) = positions.head(new.conversation) else {
            outcomes.push(Err(StoreError::NotFound));
            continue;
        };
        // Whoever left meanwhile neither sends nor hears any more. During an import nobody comes or goes.
        if new.at.is_none() && head.roster != new.roster.rev {
            outcomes.push(Err(StoreError::Stale));
            continue;
        }
        if let Err(refused) = admit(new, head.seq.get()) {
            outcomes.push(Err(refused));
            continue;
        }
        let prev = head.rev;
        head.seq = head.seq.next();
        head.rev = head.rev.next();
        head.active_at = head.active_at.max(new.at.unwrap_or(now));
        let message = Message {
            seq: head.seq,
            rev: head.rev,
            sender: new.sender.id,
            client_id: new.client_id,
            at: head.active_at,
            body: new.body.clone(),
        };
        heads.insert(new.conversation, (new.conversation, head.seq, head.rev, head.active_at));
        // Whoever changes a group has not read what was written in it.
        if new.body.countable() {
            let (seq, sent) = senders.entry((new.sender.id, new.conversation)).or_insert((Seq::ZERO, Seq::ZERO));
            *seq = head.seq;
            // The other side of a direct conversation learns nothing from a message that it does not see.
            if new.roster.kind == ConversationKind::Group || new.invisible.is_empty() {
                *sent = head.seq;
            }
        }
        named.extend(mentions::rows(new.conversation, head.seq, &new.body));
        carried.extend(new.body.medium().map(|media| (media, new.conversation, head.seq, new.ask_at)));
        withheld.extend(new.invisible.iter().map(|account| (*account, new.conversation, head.seq)));
        rows.push(row(new, &message)?);
        known.insert(key, (new.conversation, message.clone()));
        events.push(Event::message(new, prev, message.clone()));
        outcomes.push(Ok(Appended { message, replay: false }));
    }
    if rows.is_empty() {
        return Ok((outcomes, None));
    }
    let heads = json(&heads.values().collect::<Vec<_>>())?;
    let senders: Vec<_> =
        senders.iter().map(|((account, conversation), (seq, sent))| (account, conversation, seq, sent)).collect();
    let withheld = if withheld.is_empty() { None } else { Some(json(&withheld)?) };
    let named = if named.is_empty() { None } else { Some(json(&named)?) };
    let rows = Rows { messages: json(&rows)?, heads, senders: json(&senders)?, withheld, named, carried };
    Ok((outcomes, Some(rows)))
}

fn row(new: &NewMessage, message: &Message) -> Result<impl serde::Serialize + use<>, StoreError> {
    let (kind, body) = encode_body(&message.body)?;
    Ok((new.conversation, message.seq, message.rev, message.sender, hex(&message.client_id), message.at, kind, body))
}

async fn find_known(
    conn: &mut SqliteConnection,
    keys: &[Key],
) -> Result<HashMap<Key, (ConversationId, Message)>, StoreError> {
    let keys: Vec<_> = keys.iter().map(|(sender, client_id)| (sender, hex(client_id))).collect();
    let mut known = HashMap::new();
    for row in sqlx::query(KNOWN).bind(json(&keys)?).fetch_all(conn).await? {
        let client_id = decode_client_id(row.try_get(1)?)?;
        let sender = parse(row.try_get::<i64, _>(0)?)?;
        let message = Message {
            seq: parse(row.try_get::<i64, _>(3)?)?,
            rev: parse(row.try_get::<i64, _>(4)?)?,
            sender,
            client_id,
            at: row.try_get::<i64, _>(5)?.unsigned_abs(),
            body: decode_body(row.try_get(6)?, row.try_get(7)?)?,
        };
        known.insert((sender, client_id), (parse(row.try_get::<i64, _>(2)?)?, message));
    }
    Ok(known)
}

fn hex(client_id: &ClientId) -> String {
    use std::fmt::Write;
    client_id.as_bytes().iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const TEXT: i64 = 1;
/// A picture, as JSON.
pub(super) const IMAGE: i64 = 2;
/// A file, as JSON.
pub(super) const FILE: i64 = 22;
/// A text that names members, as JSON.
const NAMING: i64 = 25;
/// From 100 on: what the server made, which counts for nothing.
const RECALLED: i64 = 100;
/// A change of a group, as JSON.
const NOTICE: i64 = 102;
/// What an auditor took from everybody: the text is in quarantine.
const REMOVED: i64 = 103;
/// A picture that an audit found wrong after it was sent, as JSON.
pub(super) const WITHDRAWN: i64 = 104;

/// The type and the body as they are stored.
pub fn encode_body(body: &MessageBody) -> Result<(i64, String), StoreError> {
    Ok(match body {
        MessageBody::Text { text, mentions } if mentions.is_empty() => (TEXT, text.as_str().to_owned()),
        MessageBody::Text { .. } => (NAMING, json(body)?),
        MessageBody::Image(image) => (IMAGE, json(image)?),
        MessageBody::File(file) => (FILE, json(file)?),
        MessageBody::Withdrawn { image } => (WITHDRAWN, json(image)?),
        MessageBody::Recalled { by } => (RECALLED, by.map(|by| by.to_string()).unwrap_or_default()),
        MessageBody::Removed => (REMOVED, String::new()),
        MessageBody::Notice { notice } => (NOTICE, json(notice)?),
    })
}

pub fn decode_body(kind: i64, body: String) -> Result<MessageBody, StoreError> {
    match kind {
        TEXT => Ok(MessageBody::text(parse(body)?)),
        NAMING => from_json(&body),
        IMAGE => Ok(MessageBody::Image(from_json(&body)?)),
        FILE => Ok(MessageBody::File(from_json(&body)?)),
        WITHDRAWN => Ok(MessageBody::Withdrawn { image: from_json(&body)? }),
        RECALLED => {
            let by = Some(body).filter(|by| !by.is_empty()).map(|by| by.parse()).transpose();
            let by = by.map_err(|error| StoreError::Corrupt(format!("who recalled a message: {error}")))?;
            Ok(MessageBody::Recalled { by })
        }
        REMOVED => Ok(MessageBody::Removed),
        NOTICE => Ok(MessageBody::Notice { notice: from_json(&body)? }),
        other => Err(StoreError::Corrupt(format!("message type {other}"))),
    }
}

pub fn decode_client_id(bytes: &[u8]) -> Result<ClientId, StoreError> {
    let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| StoreError::Corrupt("client id".to_owned()))?;
    Ok(ClientId::from_bytes(bytes))
}

/// The message of a row whose columns are seq, rev, sender, client_id, at, type, body, from `first` on.
pub fn decode_message(row: &sqlx::sqlite::SqliteRow, first: usize) -> Result<Message, StoreError> {
    Ok(Message {
        seq: parse(row.try_get::<i64, _>(first)?)?,
        rev: parse(row.try_get::<i64, _>(first + 1)?)?,
        sender: parse(row.try_get::<i64, _>(first + 2)?)?,
        client_id: decode_client_id(row.try_get(first + 3)?)?,
        at: row.try_get::<i64, _>(first + 4)?.unsigned_abs(),
        body: decode_body(row.try_get(first + 5)?, row.try_get(first + 6)?)?,
    })
}
