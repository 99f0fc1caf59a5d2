//! Who may learn that somebody is there, or writes. None of it is kept but when an account was last there.

use super::conversations::there;
use super::positions::json;
use super::{Store, StoreError, parse};
use protocol::{ConversationId, Millis, UserId};

// Nobody across a block learns of it, nor of or while they accept nobody: in a group too, else one could be told from the
// other (R004-I11). In a direct conversation no stranger does: the hearer has written, or follows, or is a friend (R001-04).
// Of who is no member any more nobody learns.
const HEARERS: &str = concat!(
    "select m.account from json_each($3) as j
    join member as m on m.account = j.value and m.conversation = $2 and ",
    there!("m"),
    " join conversation as c on c.id = m.conversation
    join member as mine on mine.account = $1 and mine.conversation = $2
    join account as p on p.id = m.account join account as me on me.id = $1
    left join relation as r on r.account = m.account and r.other = $1
    where m.account <> $1 and coalesce(r.blocking, 0) = 0 and coalesce(r.blocked, 0) = 0
        and p.messages_from <> 3 and me.messages_from <> 3
        and (c.kind <> 0 or m.answered = 1 or r.friend = 1 or r.follow = 1)"
);

// Who hides when they were last there does not see it of others, and a stranger does not either. Who accepts nobody's
// messages hides like who blocks: else one could be told from the other (R004-I11).
macro_rules! seen {
    ($conversation:literal) => {
        concat!(
            "select p.seen_at from account as p
            join account as me on me.id = $1 and me.show_last_seen = 1 and me.messages_from <> 3
            join member as m on m.account = p.id and m.conversation = ",
            $conversation,
            " left join relation as r on r.account = p.id and r.other = $1
            where p.id = $2 and p.active = 1 and p.show_last_seen = 1 and p.messages_from <> 3
                and coalesce(r.blocking, 0) = 0 and coalesce(r.blocked, 0) = 0
                and (m.answered = 1 or r.friend = 1 or r.follow = 1)"
        )
    };
}
const SEEN: &str = seen!("$3");
const SEES: &str = seen!("(select c.id from conversation as c where c.low = min($1, $2) and c.high = max($1, $2))");

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[HEARERS, SEEN, SEES];

impl Store {
    /// Those of some members who may learn that the account writes.
    pub async fn hearers(
        &self,
        account: UserId,
        id: ConversationId,
        members: &[UserId],
    ) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<i64> = sqlx::query_scalar(HEARERS)
            .bind(account.as_i64())
            .bind(id.as_i64())
            .bind(json(&members)?)
            .fetch_all(&self.reader)
            .await?;
        rows.into_iter().map(parse).collect()
    }

    /// When the peer of a direct conversation was last there, as far as is written; `None` where the account may not
    /// know.
    pub async fn seen_at(
        &self,
        account: UserId,
        id: ConversationId,
        peer: UserId,
    ) -> Result<Option<Millis>, StoreError> {
        let seen: Option<i64> = sqlx::query_scalar(SEEN)
            .bind(account.as_i64())
            .bind(peer.as_i64())
            .bind(id.as_i64())
            .fetch_optional(&self.reader)
            .await?;
        Ok(seen.map(i64::unsigned_abs))
    }

    /// Whether the account may know that of the peer of their direct conversation.
    pub async fn sees(&self, account: UserId, peer: UserId) -> Result<bool, StoreError> {
        let seen = sqlx::query_scalar::<_, i64>(SEES).bind(account.as_i64()).bind(peer.as_i64());
        Ok(seen.fetch_optional(&self.reader).await?.is_some())
    }
}
