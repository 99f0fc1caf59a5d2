//! What each device told last of what it counts (R004-B2): the newest message that it knows of each conversation, how far the
//! account has read, and how many messages it takes for unread. It is the device's own word, and nothing follows from it.

use super::conversations::Reader;
use super::positions::json;
use super::{Store, StoreError, now, parse};
use protocol::sync::Count;
use protocol::{ConversationId, DeviceId, Millis, Seq};
use sqlx::Row;

const WRITE: &str = "insert into counted (device, conversation, received, read, unread, at)
    select g.id, m.conversation, j.value ->> 1, j.value ->> 2, j.value ->> 3, $4
    from json_each($3) as j
    join login as g on g.id = $2 and g.account = $1
    join member as m on m.account = $1 and m.conversation = j.value ->> 0
    where true
    on conflict (device, conversation) do update
    set received = excluded.received, read = excluded.read, unread = excluded.unread, at = excluded.at
    where (counted.received, counted.read, counted.unread) <> (excluded.received, excluded.read, excluded.unread)";
const READ: &str = "select conversation, received, read, unread, at from counted
    where device = $1 and conversation in (select value from json_each($2)) order by conversation";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[WRITE, READ];

/// What a device told last of one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub conversation: ConversationId,
    pub received: Seq,
    pub read: Seq,
    pub unread: u64,
    /// When it told so first.
    pub at: Millis,
}

impl Store {
    /// Keeps what the reader's device counts; of conversations of others nothing.
    pub async fn keep_counts(&self, reader: Reader, counts: Vec<Count>) -> Result<(), StoreError> {
        if counts.is_empty() {
            return Ok(());
        }
        let row = |count: &Count| (count.conversation, count.received, count.read, count.unread);
        let rows = json(&counts.iter().map(row).collect::<Vec<_>>())?;
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let write = sqlx::query(WRITE).bind(reader.account.as_i64()).bind(reader.device.as_i64());
                    write.bind(rows).bind(now().cast_signed()).execute(&mut *tx.conn).await?;
                    Ok(())
                })
            })
            .await
    }

    /// What a device told last of these conversations.
    pub async fn counted(&self, device: DeviceId, ids: &[ConversationId]) -> Result<Vec<Counted>, StoreError> {
        let rows = sqlx::query(READ).bind(device.as_i64()).bind(json(&ids)?).fetch_all(&self.reader).await?;
        let counted = rows.iter().map(|row| {
            let number = |column: usize| row.try_get::<i64, _>(column);
            Ok(Counted {
                conversation: parse(number(0)?)?,
                received: parse(number(1)?)?,
                read: parse(number(2)?)?,
                unread: number(3)?.unsigned_abs(),
                at: number(4)?.unsigned_abs(),
            })
        });
        counted.collect()
    }
}
