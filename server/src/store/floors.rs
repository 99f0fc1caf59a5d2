//! Deleting a conversation on one device, or on all of an account (R001-05): what came so far is gone there, and what comes
//! later shows again.
//!
//! Where it is one device's, the account's others keep the conversation, and only a new one begins where any of them deleted it
//! (R004-H5). A login that lost what it kept is a new device too,
//! and says so. All pages of a device where it is gone hear of it, and as one may miss that, the device's next sync tells it
//! again.

use super::conversations::Reader;
use super::event::Event;
use super::{Store, StoreError, Tx, parse};
use protocol::{ConversationId, DeviceId, Seq, UserId};
use sqlx::Row;

// The newest message bounds it: what has not come yet cannot be deleted. Where there is none, nothing is deleted but the row
// in the list.
macro_rules! delete {
    ($on:literal) => {
        concat!(
            "insert into floor (device, conversation, seq, version)
            select g.id, c.id, min($4, c.head_seq), $5
            from login as g
            join member as m on m.account = g.account and m.conversation = $3
            join conversation as c on c.id = m.conversation
            where g.account = $1 and ",
            $on,
            " on conflict (device, conversation) do update set seq = excluded.seq, version = excluded.version
                where excluded.seq > floor.seq
            returning device, seq"
        )
    };
}
const DEVICE: &str = delete!("g.id = $2");
const EVERYWHERE: &str = delete!("exists (select 1 from login as own where own.id = $2 and own.account = $1)");
const MEMBER: &str = "update member set floor = max(coalesce(member.floor, 0), f.seq)
    from floor as f
    where f.device = $2 and f.conversation = $3 and member.account = $1 and member.conversation = $3";
const INHERIT: &str = "insert into floor (device, conversation, seq, version)
    select g.id, m.conversation, m.floor, $3
    from login as g join member as m on m.account = g.account
    where g.id = $2 and g.account = $1 and m.floor is not null
    on conflict (device, conversation) do update set seq = excluded.seq, version = excluded.version
        where excluded.seq > floor.seq
    returning conversation, seq";

const COUNTED_NOTHING: &str =
    "delete from counted where device in (select id from login where id = $2 and account = $1)";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[DEVICE, EVERYWHERE, MEMBER, INHERIT, COUNTED_NOTHING];

impl Store {
    /// Deletes the conversation through a message: on the reader's device, or on all of the account's.
    pub async fn delete_conversation(
        &self,
        reader: Reader,
        id: ConversationId,
        through: Seq,
        everywhere: bool,
    ) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let Reader { account, device } = reader;
                    let deeper = sqlx::query(if everywhere { EVERYWHERE } else { DEVICE })
                        .bind(account.as_i64())
                        .bind(device.as_i64())
                        .bind(id.as_i64())
                        .bind(through.as_i64())
                        .bind(tx.version)
                        .fetch_all(&mut *tx.conn)
                        .await?;
                    let member = sqlx::query(MEMBER).bind(account.as_i64()).bind(device.as_i64()).bind(id.as_i64());
                    member.execute(&mut *tx.conn).await?;
                    for row in deeper {
                        let (device, floor) = (parse(row.try_get::<i64, _>(0)?)?, parse(row.try_get::<i64, _>(1)?)?);
                        tx.publish(Event::Deleted { account, device, conversation: id, floor });
                    }
                    Ok(())
                })
            })
            .await
    }

    /// The reader's device lost what it kept: it begins as a new one does, which its next sync tells it, and its other pages
    /// at once.
    pub async fn begin_anew(&self, reader: Reader) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let Reader { account, device } = reader;
                    let forget = sqlx::query(COUNTED_NOTHING).bind(account.as_i64()).bind(device.as_i64());
                    forget.execute(&mut *tx.conn).await?;
                    for (conversation, floor) in inherit(tx, account, device).await? {
                        tx.publish(Event::Deleted { account, device, conversation, floor });
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// A new device begins where any other deleted a conversation, or where it did so itself, if that is later. Answers what that
/// changes.
pub(super) async fn inherit(
    tx: &mut Tx<'_>,
    account: UserId,
    device: DeviceId,
) -> Result<Vec<(ConversationId, Seq)>, StoreError> {
    let inherit = sqlx::query(INHERIT).bind(account.as_i64()).bind(device.as_i64()).bind(tx.version);
    let rows = inherit.fetch_all(&mut *tx.conn).await?;
    rows.iter().map(|row| Ok((parse(row.try_get::<i64, _>(0)?)?, parse(row.try_get::<i64, _>(1)?)?))).collect()
}
