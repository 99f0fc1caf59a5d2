//! How the receivers of direct messages stand to the senders, as of the transaction that would store the messages.
//!
//! Invariant: nothing of it is kept. A batch that only sends first takes it that nobody minds, and its own transaction
//! stops it when somebody may ([`doubt!`]); then it comes again and reads how everybody stands. Either way what decides
//! is what is committed (R004-I12), in one statement a batch. Who may write is decided by the rule that comes with the
//! message.

use super::append::NewMessage;
use super::positions::json;
use super::relations::messages_from;
use super::{StoreError, parse};
use protocol::{ConversationId, ErrorCode, MessagesFrom, Relation, UserId};
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;

/// Decides whether a message may be stored.
pub type Rule = fn(&Standing) -> Result<(), ErrorCode>;

/// How the receiver of a direct message stands to its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// False: the receiver was deactivated.
    pub active: bool,
    pub messages_from: MessagesFrom,
    /// What the receiver has the sender as.
    pub relation: Relation,
    /// How many messages the sender has written without any answer; absent once there was one.
    pub unanswered: Option<u64>,
    /// How many a stranger may write before the first answer; 0: as many as they like.
    pub stranger_limit: u64,
}

/// To whom a direct message goes, and what decides whether it may.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    pub receiver: UserId,
    pub stranger_limit: u64,
    pub rule: Rule,
}

/// Stops the transaction when a message of the batch may have to be refused.
macro_rules! doubt {
    ($sends:literal) => {
        concat!(
            "insert into doubt (send) select 1 from json_each(",
            $sends,
            ") as j
            join account as a on a.id = j.value ->> 0
            left join relation as r on r.account = j.value ->> 0 and r.other = j.value ->> 1
            where a.active = 0 or a.messages_from <> 0 or r.blocking = 1 or (j.value ->> 3 > 0 and exists (
                select 1 from member as m
                where m.account = j.value ->> 0 and m.conversation = j.value ->> 2 and m.answered = 0))
            limit 1"
        )
    };
}
pub(super) use doubt;

const STANDINGS: &str = "select j.value ->> 0, j.value ->> 1, a.messages_from, coalesce(r.friend, 0),
        coalesce(r.follow, 0), coalesce(r.fan, 0), coalesce(r.blocking, 0), coalesce(m.answered, 0),
        a.active
    from json_each($1) as j
    join account as a on a.id = j.value ->> 0
    left join relation as r on r.account = j.value ->> 0 and r.other = j.value ->> 1
    left join member as m on m.account = j.value ->> 0 and m.conversation = j.value ->> 2";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[STANDINGS, doubt!("$1")];

type Send = (UserId, UserId, ConversationId, u64);

/// The messages of the batch that have a gate: receiver, sender, conversation, and the limit for strangers. `None`
/// without any.
pub fn sends(batch: &[NewMessage]) -> Result<Option<String>, StoreError> {
    let send = |new: &NewMessage| {
        let gate = new.gate.as_ref()?;
        Some((gate.receiver, new.sender.id, new.conversation, gate.stranger_limit))
    };
    let mut sends: Vec<Send> = batch.iter().filter_map(send).collect();
    if sends.is_empty() {
        return Ok(None);
    }
    sends.sort_unstable();
    sends.dedup();
    json(&sends).map(Some)
}

/// How the receivers of a batch stand to its senders.
#[derive(Default)]
pub struct Standings {
    /// By receiver and sender.
    known: HashMap<(UserId, UserId), Known>,
}

struct Known {
    active: bool,
    messages_from: MessagesFrom,
    relation: Relation,
    /// The receiver has written to the sender.
    answered: bool,
}

impl Standings {
    /// Reads them, if there is anything to decide.
    pub async fn read(conn: &mut SqliteConnection, batch: &[NewMessage]) -> Result<Self, StoreError> {
        let mut standings = Self::default();
        let Some(sends) = sends(batch)? else { return Ok(standings) };
        for row in sqlx::query(STANDINGS).bind(sends).fetch_all(conn).await? {
            let key = (parse(row.try_get::<i64, _>(0)?)?, parse(row.try_get::<i64, _>(1)?)?);
            let relation = Relation {
                friend: row.try_get(3)?,
                follow: row.try_get(4)?,
                fan: row.try_get(5)?,
                blocking: row.try_get(6)?,
            };
            let (messages_from, answered, active) = (messages_from(row.try_get(2)?)?, row.try_get(7)?, row.try_get(8)?);
            standings.known.insert(key, Known { active, messages_from, relation, answered });
        }
        Ok(standings)
    }

    /// Whether a message may follow so many earlier ones of its conversation.
    pub fn admit(&self, new: &NewMessage, earlier: u64) -> Result<(), StoreError> {
        let Some(gate) = &new.gate else { return Ok(()) };
        let known = self.known.get(&(gate.receiver, new.sender.id));
        let &Known { active, messages_from, relation, answered } = known.ok_or(StoreError::NotFound)?;
        let unanswered = (!answered).then_some(earlier);
        let standing = Standing { active, messages_from, relation, unanswered, stranger_limit: gate.stranger_limit };
        (gate.rule)(&standing).map_err(StoreError::Refused)
    }

    /// The member has written to the other, in this very batch.
    pub fn answer(&mut self, new: &NewMessage) {
        let Some(gate) = &new.gate else { return };
        if let Some(known) = self.known.get_mut(&(new.sender.id, gate.receiver)) {
            known.answered = true;
        }
    }

    /// Whether none of the batch is refused, whatever its place.
    pub fn admit_all(&self, batch: &[NewMessage]) -> bool {
        batch.iter().all(|new| self.admit(new, u64::MAX).is_ok())
    }
}
