//! Who is in a group: making one, bringing people in, leaving, removing, dissolving.
//!
//! Invariants: whoever comes is told in their own log, with the group as they see it; whoever goes is told that it is
//! gone, keeps no row as a member, and sees nothing that happens from then on. Coming back is a new membership.

use super::conversations::{Reader, create, join, one, only, read_user, tell_joined};
use super::groups::{Scene, members, target};
use super::notices::Actor;
use super::positions::json;
use super::{Store, StoreError, Tx, parse};
use protocol::group::{Action, Crowd};
use protocol::sync::AccountChange;
use protocol::{Conversation, ConversationId, ConversationKind, GroupTitle, Notice, User, UserId};
use sqlx::Row;
use std::sync::Arc;

const STRANGERS: &str = "select a.id, a.handle, a.display_name, a.avatar, a.version
    from account as a where a.id in (select value from json_each($2)) and a.active = 1
    and not exists (select 1 from member as m where m.account = a.id and m.conversation = $1)
    order by a.id";
const NAME: &str = "update conversation set title = $2 where id = $1";
const EVERYBODY: &str = "select account from member where conversation = $1 order by account";
const PART_UPD: &str = "update account set upd = upd + 1 where id in (select value from json_each($2))
    and exists (select 1 from member where member.account = account.id and member.conversation = $1)";
const PART: &str = "insert into former (account, conversation, upd)
    select m.account, m.conversation, a.upd
    from member as m join account as a on a.id = m.account
    where m.conversation = $1 and m.account in (select value from json_each($2))
    on conflict (account, conversation) do update set upd = excluded.upd
    returning account, upd";
const GONE: &str = "delete from member where conversation = $1 and account in (select value from json_each($2))";
const FLOORS: &str = "delete from floor where conversation = $1
    and device in (select id from login where account in (select value from json_each($2)))";
const ANSWERED: &str = "delete from waiting where conversation = $1 and account in (select value from json_each($2))";
const CLOSE: &str = "update conversation set link = null where id = $1";
const NOBODY_WAITS: &str = "delete from waiting where conversation = $1";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] =
    &[STRANGERS, NAME, EVERYBODY, PART_UPD, PART, GONE, FLOORS, ANSWERED, CLOSE, NOBODY_WAITS];

impl Store {
    /// Makes a group of its owner and these others; those who are nobody are passed over (R002-05).
    pub async fn create_group(
        &self,
        reader: Reader,
        owner: Arc<User>,
        title: Option<GroupTitle>,
        others: Vec<UserId>,
        key: protocol::ClientId,
    ) -> Result<Conversation, StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let title = title.as_ref().map(GroupTitle::as_str);
                    let id = create(tx, ConversationKind::Group, title, super::now(), &[owner.id]).await?;
                    let people = strangers(tx, id, &others).await?;
                    if people.is_empty() {
                        return Err(StoreError::NotFound);
                    }
                    if title.is_none() {
                        name(tx, id, &owner, &people).await?;
                    }
                    let actor = Actor { conversation: id, user: owner, key };
                    let owner = actor.user.id;
                    bring(tx, &actor, &people, Notice::Created, Some(owner)).await?;
                    only(one(tx.conn, reader, id).await?)
                })
            })
            .await
    }

    /// Brings people in. Members and those who are nobody are passed over; more than `max` members are `GroupFull`.
    pub async fn invite(&self, actor: Actor, users: Vec<UserId>, max: usize) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let scene = Scene::of(tx, &actor).await?;
                    scene.require(Action::Invite(scene.joining))?;
                    let people = strangers(tx, actor.conversation, &users).await?;
                    if scene.members + people.len() as u64 > max as u64 {
                        return Err(StoreError::GroupFull);
                    }
                    if people.is_empty() {
                        return Ok(());
                    }
                    bring(tx, &actor, &people, Notice::Invited, None).await
                })
            })
            .await
    }

    /// Removes a member, or leaves the group.
    pub async fn remove_member(&self, actor: Actor, account: UserId) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let scene = Scene::of(tx, &actor).await?;
                    let leaves = account == actor.user.id;
                    let (its, user) = target(tx, actor.conversation, account).await?;
                    scene.require(if leaves { Action::Leave } else { Action::Remove(its) })?;
                    part(tx, actor.conversation, &[account]).await?;
                    tx.change_roster(actor.conversation).await?;
                    let roster = members(tx, actor.conversation).await?;
                    let count = roster.members.len() as u64;
                    let notice = match leaves {
                        true => Notice::Left { members: count },
                        false => Notice::Removed(Crowd::new(&[user], count)),
                    };
                    actor.tell_moved(tx, roster, notice).await
                })
            })
            .await
    }

    /// Ends the group: nobody is a member any more.
    pub async fn dissolve(&self, actor: Actor) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    Scene::of(tx, &actor).await?.require(Action::Dissolve)?;
                    let id = actor.conversation;
                    let everybody: Vec<i64> =
                        sqlx::query_scalar(EVERYBODY).bind(id.as_i64()).fetch_all(&mut *tx.conn).await?;
                    let everybody = everybody.into_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
                    part(tx, id, &everybody).await?;
                    tx.change_roster(id).await?;
                    for statement in [CLOSE, NOBODY_WAITS] {
                        sqlx::query(statement).bind(id.as_i64()).execute(&mut *tx.conn).await?;
                    }
                    tx.move_log(id).await?;
                    Ok(())
                })
            })
            .await
    }
}

/// Calls a group that has no title after its first members.
async fn name(tx: &mut Tx<'_>, id: ConversationId, owner: &User, people: &[User]) -> Result<(), StoreError> {
    let names: Vec<&str> =
        std::iter::once(owner).chain(people).take(4).map(|user| user.display_name.as_str()).collect();
    let title: String = names.join("、").chars().take(GroupTitle::MAX).collect();
    sqlx::query(NAME).bind(id.as_i64()).bind(title).execute(&mut *tx.conn).await?;
    Ok(())
}

/// Makes people members and tells everybody: them of the group, the others of them.
async fn bring(
    tx: &mut Tx<'_>,
    actor: &Actor,
    people: &[User],
    notice: impl FnOnce(Crowd) -> Notice,
    founder: Option<UserId>,
) -> Result<(), StoreError> {
    let id = actor.conversation;
    let accounts: Vec<UserId> = people.iter().map(|user| user.id).collect();
    join(tx, id, &accounts, false).await?;
    sqlx::query(ANSWERED).bind(id.as_i64()).bind(json(&accounts)?).execute(&mut *tx.conn).await?;
    tx.change_roster(id).await?;
    let roster = members(tx, id).await?;
    let crowd = Crowd::new(people, roster.members.len() as u64);
    let told = tx.told();
    actor.tell_moved(tx, roster, notice(crowd)).await?;
    for account in founder.iter().chain(&accounts) {
        tell_joined(tx, *account, id).await?;
    }
    // A device meets the group before it hears of it.
    tx.tell_last(told);
    Ok(())
}

/// Makes the actor a member: who came by the link, or was let in.
pub(super) async fn come(tx: &mut Tx<'_>, actor: &Actor) -> Result<(), StoreError> {
    let people = [actor.user.as_ref().clone()];
    bring(tx, actor, &people, |crowd| Notice::Joined { members: crowd.members }, None).await
}

/// Ends memberships, each with a stamp of its account's log.
async fn part(tx: &mut Tx<'_>, id: ConversationId, accounts: &[UserId]) -> Result<(), StoreError> {
    let accounts_json = json(&accounts)?;
    tx.forget_upds(accounts);
    sqlx::query(PART_UPD).bind(id.as_i64()).bind(&accounts_json).execute(&mut *tx.conn).await?;
    let parted = sqlx::query(PART).bind(id.as_i64()).bind(&accounts_json).fetch_all(&mut *tx.conn).await?;
    for statement in [GONE, FLOORS] {
        sqlx::query(statement).bind(id.as_i64()).bind(&accounts_json).execute(&mut *tx.conn).await?;
    }
    for row in parted {
        let change = AccountChange::Left { conversation: id };
        tx.publish_changes(parse(row.try_get::<i64, _>(0)?)?, parse(row.try_get::<i64, _>(1)?)?, vec![change]);
    }
    Ok(())
}

/// Those of the accounts that are active and not in the group.
async fn strangers(tx: &mut Tx<'_>, id: ConversationId, accounts: &[UserId]) -> Result<Vec<User>, StoreError> {
    let rows = sqlx::query(STRANGERS).bind(id.as_i64()).bind(json(&accounts)?).fetch_all(&mut *tx.conn).await?;
    rows.iter().map(|row| read_user(row, 0)?.ok_or(StoreError::NotFound)).collect()
}
