//! Who is in a group: making one, bringing people in, leaving, removing, dissolving.
//!
//! Invariants: whoever comes is told in their own log, with the group as they see it; whoever goes is told that it is
//! gone, keeps no row as a member, and sees nothing that happens from then on. Coming back is a new membership.

use super::avatars::show_by_group;
use super::conversations::{Reader, create, join, one, only, read_user, tell_joined};
use super::groups::{Scene, members, target};
use super::joining::tell_waiting;
use super::notices::Actor;
use super::positions::json;
use super::relations::{messages_from, read_relation};
use super::standings::{Rule, Standing};
use super::{Store, StoreError, Tx, parse};
use protocol::ErrorCode::NotAccepted;
use protocol::group::{Action, Crowd, InviteOutcome, InviteOutcomes, Outcome};
use protocol::sync::{AccountChange, Parting};
use protocol::{Conversation, ConversationId, ConversationKind, GroupTitle, Notice, User, UserId};
use sqlx::Row;
use std::collections::HashMap;
use std::sync::Arc;

const INVITED: &str = "select a.id, a.handle, a.display_name, a.avatar, a.version,
        exists (select 1 from member as m where m.account = a.id and m.conversation = $1), a.messages_from,
        coalesce(r.friend, 0), coalesce(r.follow, 0), coalesce(r.fan, 0), coalesce(r.blocking, 0)
    from account as a left join relation as r on r.account = a.id and r.other = $3
    where a.id in (select value from json_each($2)) and a.active = 1 order by a.id";
const NAME: &str = "update conversation set title = $2 where id = $1";
const EVERYBODY: &str = "select account from member where conversation = $1 order by account";
const PART_UPD: &str = "update account set upd = upd + 1 where id in (select value from json_each($2))
    and exists (select 1 from member where member.account = account.id and member.conversation = $1)";
const PART: &str = "insert into former (account, conversation, upd, why)
    select m.account, m.conversation, a.upd, $3
    from member as m join account as a on a.id = m.account
    where m.conversation = $1 and m.account in (select value from json_each($2))
    on conflict (account, conversation) do update set upd = excluded.upd, why = excluded.why
    returning account, upd";
const GONE: &str = "delete from member where conversation = $1 and account in (select value from json_each($2))";
const FLOORS: &str = "delete from floor where conversation = $1
    and device in (select id from login where account in (select value from json_each($2)))";
const COUNTED: &str = "delete from counted where conversation = $1
    and device in (select id from login where account in (select value from json_each($2)))";
const ANSWERED: &str = "delete from waiting where conversation = $1 and account in (select value from json_each($2))";
const CLOSE: &str = "update conversation set link = null where id = $1";
const NOBODY_WAITS: &str = "delete from waiting where conversation = $1";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] =
    &[INVITED, NAME, EVERYBODY, PART_UPD, PART, GONE, FLOORS, COUNTED, ANSWERED, CLOSE, NOBODY_WAITS];

impl Store {
    /// Makes a group of its owner and those of these others whom `rule` lets in (R002-05); tells what became of each.
    /// `Refused` when it lets in nobody.
    pub async fn create_group(
        &self,
        reader: Reader,
        (owner, key): (Arc<User>, protocol::ClientId),
        title: Option<GroupTitle>,
        others: Vec<UserId>,
        rule: Rule,
    ) -> Result<(Conversation, InviteOutcomes), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let title = title.as_ref().map(GroupTitle::as_str);
                    let id = create(tx, ConversationKind::Group, title, super::now(), &[owner.id]).await?;
                    let (people, outcomes) = invited(tx, id, owner.id, &others, rule).await?;
                    if people.is_empty() {
                        let refused = outcomes.refused().next().is_some();
                        return Err(if refused { StoreError::Refused(NotAccepted) } else { StoreError::NotFound });
                    }
                    if title.is_none() {
                        name(tx, id, &owner, &people).await?;
                    }
                    let actor = Actor { conversation: id, user: owner, key };
                    let owner = actor.user.id;
                    bring(tx, &actor, &people, Notice::Created, Some(owner)).await?;
                    Ok((only(one(tx.conn, reader, id).await?)?, outcomes))
                })
            })
            .await
    }

    /// Brings in those whom `rule` lets in, and tells what became of each; more than `max` members are `GroupFull`.
    pub async fn invite(
        &self,
        actor: Actor,
        users: Vec<UserId>,
        max: usize,
        rule: Rule,
    ) -> Result<InviteOutcomes, StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let scene = Scene::of(tx, &actor).await?;
                    scene.require(Action::Invite(scene.joining))?;
                    let (people, outcomes) = invited(tx, actor.conversation, actor.user.id, &users, rule).await?;
                    if scene.members + people.len() as u64 > max as u64 {
                        return Err(StoreError::GroupFull);
                    }
                    if !people.is_empty() {
                        bring(tx, &actor, &people, Notice::Invited, None).await?;
                    }
                    Ok(outcomes)
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
                    let why = if leaves { Parting::Left } else { Parting::Removed };
                    part(tx, actor.conversation, &[account], why).await?;
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
                    part(tx, id, &everybody, Parting::Dissolved).await?;
                    tx.change_roster(id).await?;
                    for statement in [CLOSE, NOBODY_WAITS] {
                        sqlx::query(statement).bind(id.as_i64()).execute(&mut *tx.conn).await?;
                    }
                    show_by_group(tx, id, None).await?;
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
    let answered = sqlx::query(ANSWERED).bind(id.as_i64()).bind(json(&accounts)?).execute(&mut *tx.conn).await?;
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
    if answered.rows_affected() > 0 {
        tell_waiting(tx, id).await?;
    }
    Ok(())
}

/// Makes the actor a member: who came by the link, or was let in.
pub(super) async fn come(tx: &mut Tx<'_>, actor: &Actor) -> Result<(), StoreError> {
    let people = [actor.user.as_ref().clone()];
    bring(tx, actor, &people, |crowd| Notice::Joined { members: crowd.members }, None).await
}

/// Ends memberships, each with a stamp of its account's log.
async fn part(tx: &mut Tx<'_>, id: ConversationId, accounts: &[UserId], why: Parting) -> Result<(), StoreError> {
    let accounts_json = json(&accounts)?;
    tx.forget_upds(accounts);
    sqlx::query(PART_UPD).bind(id.as_i64()).bind(&accounts_json).execute(&mut *tx.conn).await?;
    let parted = sqlx::query(PART).bind(id.as_i64()).bind(&accounts_json).bind(parting_number(why));
    let parted = parted.fetch_all(&mut *tx.conn).await?;
    for statement in [GONE, FLOORS, COUNTED] {
        sqlx::query(statement).bind(id.as_i64()).bind(&accounts_json).execute(&mut *tx.conn).await?;
    }
    for row in parted {
        let change = AccountChange::Left { conversation: id, why };
        tx.publish_changes(parse(row.try_get::<i64, _>(0)?)?, parse(row.try_get::<i64, _>(1)?)?, vec![change]);
    }
    Ok(())
}

fn parting_number(why: Parting) -> i64 {
    match why {
        Parting::Left => 0,
        Parting::Removed => 1,
        Parting::Dissolved => 2,
    }
}

/// Why somebody is no member any more, as it is stored.
pub(super) fn parting(number: i64) -> Result<Parting, StoreError> {
    [Parting::Left, Parting::Removed, Parting::Dissolved]
        .into_iter()
        .find(|why| parting_number(*why) == number)
        .ok_or_else(|| StoreError::Corrupt(format!("parting {number}")))
}

/// Those of the accounts who come into the group when `inviter` brings them, and what becomes of each. Whoever was
/// deactivated is nobody.
async fn invited(
    tx: &mut Tx<'_>,
    id: ConversationId,
    inviter: UserId,
    accounts: &[UserId],
    rule: Rule,
) -> Result<(Vec<User>, InviteOutcomes), StoreError> {
    let invited = sqlx::query(INVITED).bind(id.as_i64()).bind(json(&accounts)?).bind(inviter.as_i64());
    let mut found = HashMap::new();
    let mut people = Vec::new();
    for row in invited.fetch_all(&mut *tx.conn).await? {
        let user = read_user(&row, 0)?.ok_or(StoreError::NotFound)?;
        let standing = Standing {
            active: true,
            messages_from: messages_from(row.try_get(6)?)?,
            relation: read_relation(&row, 7)?,
            unanswered: None,
            stranger_limit: 0,
        };
        let outcome = match rule(&standing) {
            _ if row.try_get(5)? => Outcome::Member,
            Err(_) => Outcome::NotAccepted,
            Ok(()) => Outcome::Joined,
        };
        found.insert(user.id, outcome);
        people.extend((outcome == Outcome::Joined).then_some(user));
    }
    let outcome =
        |user: &UserId| InviteOutcome { user: *user, outcome: found.get(user).copied().unwrap_or(Outcome::Unknown) };
    Ok((people, InviteOutcomes { outcomes: accounts.iter().map(outcome).collect() }))
}
