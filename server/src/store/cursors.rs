//! Moving a member's own cursors, and telling the other side of a direct conversation.

use super::event::Event;
use super::positions::{Positions, json};
use super::{StoreError, parse};
use protocol::receipts::{Cursors, Receipt};
use protocol::sync::AccountChange;
use protocol::{ConversationId, Seq, UserId};
use sqlx::{Row, SqliteConnection};
use std::collections::{BTreeMap, HashMap};

/// One member's report about one conversation; membership was checked.
#[derive(Clone, Copy, Debug)]
pub struct NewReport {
    pub account: UserId,
    pub conversation: ConversationId,
    pub cursors: Cursors,
}

const CURRENT: &str = "select m.account, m.conversation, m.delivered, m.read, c.head_seq,
        case when c.low = m.account then c.high else c.low end
    from json_each($1) as j
    join member as m on m.account = j.value ->> 0 and m.conversation = j.value ->> 1
    join conversation as c on c.id = m.conversation";

const MEMBERS: &str = "update member set delivered = j.value ->> 2, read = j.value ->> 3, upd = j.value ->> 4
    from json_each($1) as j where member.account = j.value ->> 0 and member.conversation = j.value ->> 1";

const RECEIPTS: &str = "insert into receipt (owner, conversation, reader, delivered, read, upd)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 from json_each($1) where true
    on conflict (owner, conversation, reader)
    do update set delivered = excluded.delivered, read = excluded.read, upd = excluded.upd";

const ACCOUNTS: &str = "update account set upd = j.value ->> 1
    from json_each($1) as j where account.id = j.value ->> 0";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[CURRENT, MEMBERS, RECEIPTS, ACCOUNTS];

/// Applies the reports as max-registers (T1, T7): a lower value is ignored, a higher one than the newest message is
/// taken as the newest (R000-16). In a direct conversation the other side gets one compacted receipt (R000-12).
pub async fn report(
    conn: &mut SqliteConnection,
    positions: &mut Positions,
    reports: &[NewReport],
    events: &mut Vec<Event>,
) -> Result<(), StoreError> {
    let mut wanted: BTreeMap<(UserId, ConversationId), Cursors> = BTreeMap::new();
    for report in reports {
        let cursors = wanted.entry((report.account, report.conversation)).or_default();
        *cursors = cursors.max(report.cursors);
    }
    let keys: Vec<_> = wanted.keys().collect();
    let mut moved = Vec::new();
    for row in sqlx::query(CURRENT).bind(json(&keys)?).fetch_all(&mut *conn).await? {
        let account: UserId = parse(row.try_get::<i64, _>(0)?)?;
        let conversation: ConversationId = parse(row.try_get::<i64, _>(1)?)?;
        let old = Cursors { delivered: parse(row.try_get::<i64, _>(2)?)?, read: parse(row.try_get::<i64, _>(3)?)? };
        let head: Seq = parse(row.try_get::<i64, _>(4)?)?;
        let peer = row.try_get::<Option<i64>, _>(5)?.map(parse::<UserId, _>).transpose()?;
        let Some(asked) = wanted.get(&(account, conversation)) else { continue };
        let new = old.max(Cursors { delivered: asked.delivered.min(head), read: asked.read.min(head) });
        if new != old {
            moved.push((account, conversation, new, peer.filter(|peer| *peer != account)));
        }
    }
    if moved.is_empty() {
        return Ok(());
    }
    let concerned = moved.iter().flat_map(|(account, _, _, peer)| [Some(*account), *peer]).flatten().collect();
    positions.load_upds(conn, concerned).await?;

    let mut members = Vec::new();
    let mut receipts = Vec::new();
    let mut heads = HashMap::new();
    for (account, conversation, cursors, peer) in moved {
        let Cursors { delivered, read } = cursors;
        let own = positions.next_upd(account).ok_or(StoreError::NotFound)?;
        heads.insert(account, own);
        members.push((account, conversation, delivered, read, own));
        events.push(Event::account(account, own, vec![AccountChange::Own { conversation, cursors }]));
        if let Some(peer) = peer {
            let upd = positions.next_upd(peer).ok_or(StoreError::NotFound)?;
            heads.insert(peer, upd);
            receipts.push((peer, conversation, account, delivered, read, upd));
            let receipt = Receipt { conversation, reader: account, cursors };
            events.push(Event::account(peer, upd, vec![AccountChange::Receipt(receipt)]));
        }
    }
    sqlx::query(MEMBERS).bind(json(&members)?).execute(&mut *conn).await?;
    if !receipts.is_empty() {
        sqlx::query(RECEIPTS).bind(json(&receipts)?).execute(&mut *conn).await?;
    }
    sqlx::query(ACCOUNTS).bind(json(&heads.into_iter().collect::<Vec<_>>())?).execute(&mut *conn).await?;
    Ok(())
}
