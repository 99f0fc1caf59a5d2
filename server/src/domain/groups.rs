//! Groups: making them, who is in them, and what their members share.
//!
//! Who may do what is one policy ([`protocol::group::Role::may`]), asked by the store in the transaction that does it;
//! here is what a request may ask for at all. After a change the roster in memory is read anew.

use super::contacts::look_at;
use super::policy::may_invite;
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::{Actor, Change, Reader, Roster, StoreError, Wanted, now};
use protocol::group::{
    Action, ChangeGroup, ChangeMember, GroupLink, GroupRules, Invitation, InviteOutcomes, MUTE_MAX, Members, NAMED_MAX,
};
use protocol::messaging::OpenedConversation;
use protocol::profile::Crop;
use protocol::{ClientId, Conversation, ConversationId, DisplayName, ErrorCode, GroupTitle, Millis, User, UserId};
use std::fmt::Write;
use std::sync::Arc;

/// A page of members when the reader names no length, and at most.
pub const LIMIT: u32 = 50;
pub const LIMIT_MAX: u32 = 200;
/// The most Unicode scalars of a search among them.
const QUERY: usize = 64;

/// Makes a group of the user and these others, but for those who do not let the user bring them into one (R002-05).
/// Whoever adds somebody to a direct conversation makes one of all three; the direct one stays.
pub async fn create(
    state: &AppState,
    reader: Reader,
    user: Arc<User>,
    title: Option<GroupTitle>,
    members: Vec<UserId>,
) -> Result<OpenedConversation, Refusal> {
    state.limits.send(user.id)?;
    let others: Vec<UserId> = named(state, "members", members)?.into_iter().filter(|id| *id != user.id).collect();
    if others.is_empty() {
        return Err(Refusal::field("members", "a group is of two at least"));
    }
    if others.len() >= state.config.group_members as usize {
        return Err(StoreError::GroupFull.into());
    }
    for id in &others {
        look_at(state, user.id, *id).await?;
        if !state.store.is_active(*id).await? {
            return Err(Refusal::field("members", "no such user"));
        }
    }
    let made = state.store.create_group(reader, (user, fresh_key()?), title, others, may_invite).await?;
    let (conversation, outcomes) = made;
    Ok(OpenedConversation { conversation, refused: outcomes.refused().collect() })
}

/// Changes what the members share.
pub async fn change(
    state: &AppState,
    reader: Reader,
    user: Arc<User>,
    id: ConversationId,
    change: ChangeGroup,
) -> Result<Conversation, Refusal> {
    change.mute_ms.map_or(Ok(()), |length| muted("mute_ms", length))?;
    let (store, actor) = (state.store.clone(), actor(user, id)?);
    state.rosters.change(async move { Ok((id, store.change_group(reader, actor, change).await?)) }).await
}

/// Gives the group a picture, cut out of a file where one says, or in its middle. Nothing is decoded for whom the role
/// does not permit it.
pub async fn change_avatar(
    state: &AppState,
    reader: Reader,
    user: Arc<User>,
    id: ConversationId,
    file: Vec<u8>,
    crop: Option<Crop>,
) -> Result<Conversation, Refusal> {
    let governs = |roster: Arc<Roster>| roster.role(user.id).may(Action::Govern);
    // Who has just been appointed may not be known yet.
    if !governs(state.rosters.of_member(user.id, id).await?) && !governs(state.rosters.renew(id).await?) {
        return Err(StoreError::NotAllowed.into());
    }
    state.limits.change_profile(user.id)?;
    let picture = state.pictures.make(file, crop).await?;
    Ok(state.store.change_group_avatar(reader, actor(user, id)?, Some(picture)).await?)
}

/// Takes the group's picture away.
pub async fn drop_avatar(
    state: &AppState,
    reader: Reader,
    user: Arc<User>,
    id: ConversationId,
) -> Result<Conversation, Refusal> {
    state.limits.change_profile(user.id)?;
    Ok(state.store.change_group_avatar(reader, actor(user, id)?, None).await?)
}

/// A page of the members, by user id.
pub async fn members(
    state: &AppState,
    account: UserId,
    id: ConversationId,
    wanted: Wanted<'_>,
    limit: u32,
) -> Result<Members, Refusal> {
    let query = wanted.query.map(str::trim).filter(|query| !query.is_empty());
    if query.is_some_and(|query| query.chars().count() > QUERY) {
        return Err(Refusal::field("query", &format!("must have at most {QUERY} characters")));
    }
    Ok(state.store.members(account, id, Wanted { query, ..wanted }, limit).await?)
}

/// Brings people in, those who let the user; tells what became of each.
pub async fn invite(
    state: &AppState,
    user: Arc<User>,
    id: ConversationId,
    users: Vec<UserId>,
) -> Result<InviteOutcomes, Refusal> {
    let users = named(state, "users", users)?;
    for other in &users {
        look_at(state, user.id, *other).await?;
    }
    let max = state.config.group_members as usize;
    let (store, actor) = (state.store.clone(), actor(user, id)?);
    state.rosters.change(async move { Ok((id, store.invite(actor, users, max, may_invite).await?)) }).await
}

/// Changes one member: all that the request names, or nothing.
pub async fn change_member(
    state: &AppState,
    user: Arc<User>,
    id: ConversationId,
    target: UserId,
    change: ChangeMember,
) -> Result<(), Refusal> {
    let ChangeMember { role, mute_ms, nickname } = change;
    let mut changes = Vec::new();
    if let Some(nickname) = nickname {
        let name = match nickname.trim() {
            "" => None,
            name => Some(DisplayName::try_from(name).map_err(|why| Refusal::field("nickname", &why.to_string()))?),
        };
        changes.push(Change::Nickname(name));
    }
    if let Some(length) = mute_ms {
        muted("mute_ms", length)?;
        changes.push(Change::MuteUntil(if length == 0 { 0 } else { now() + length }));
    }
    changes.extend(role.map(Change::Role));
    let (store, actor) = (state.store.clone(), actor(user, id)?);
    state.rosters.change(async move { Ok((id, store.change_member(actor, target, changes).await?)) }).await
}

/// Removes a member, or leaves.
pub async fn remove(state: &AppState, user: Arc<User>, id: ConversationId, target: UserId) -> Result<(), Refusal> {
    let (store, actor) = (state.store.clone(), actor(user, id)?);
    state.rosters.change(async move { Ok((id, store.remove_member(actor, target).await?)) }).await
}

/// Ends the group for everybody.
pub async fn dissolve(state: &AppState, user: Arc<User>, id: ConversationId) -> Result<(), Refusal> {
    let (store, actor) = (state.store.clone(), actor(user, id)?);
    state.rosters.change(async move { Ok((id, store.dissolve(actor).await?)) }).await
}

/// How one comes into the group.
pub async fn rules(state: &AppState, account: UserId, id: ConversationId) -> Result<GroupRules, Refusal> {
    Ok(state.store.group_rules(account, id).await?)
}

/// Makes a new link, or takes the one there is away.
pub async fn make_link(state: &AppState, user: Arc<User>, id: ConversationId) -> Result<GroupLink, Refusal> {
    let link = fresh_link()?;
    state.store.set_link(actor(user, id)?, Some(link.clone())).await?;
    Ok(GroupLink { link })
}

pub async fn revoke_link(state: &AppState, user: Arc<User>, id: ConversationId) -> Result<(), Refusal> {
    Ok(state.store.set_link(actor(user, id)?, None).await?)
}

/// What the owner of a link may know of its group.
pub async fn invitation(state: &AppState, account: UserId, link: String) -> Result<Invitation, Refusal> {
    Ok(state.store.invitation(account, link).await?)
}

/// Joins by a link, or asks to be let in.
pub async fn join(state: &AppState, user: Arc<User>, link: String) -> Result<Invitation, Refusal> {
    let max = state.config.group_members as usize;
    let (store, key) = (state.store.clone(), fresh_key()?);
    state.rosters.change(async move { store.join_by_link(user, link, key, max).await }).await
}

/// Lets somebody in who waits, or not.
pub async fn answer_waiting(
    state: &AppState,
    user: Arc<User>,
    id: ConversationId,
    target: UserId,
    accept: bool,
) -> Result<(), Refusal> {
    let max = state.config.group_members as usize;
    let (store, actor) = (state.store.clone(), actor(user, id)?);
    state.rosters.change(async move { Ok((id, store.answer_waiting(actor, target, accept, max).await?)) }).await
}

fn named(state: &AppState, field: &'static str, mut users: Vec<UserId>) -> Result<Vec<UserId>, Refusal> {
    users.sort_unstable();
    users.dedup();
    if !(1..=NAMED_MAX).contains(&users.len()) {
        return Err(Refusal::field(field, &format!("from 1 to {NAMED_MAX} users in one request")));
    }
    if users.len() > state.config.group_members as usize {
        return Err(Refusal::new(ErrorCode::GroupFull, "the group has as many members as it can have"));
    }
    Ok(users)
}

fn muted(field: &'static str, length: Millis) -> Result<(), Refusal> {
    if length <= MUTE_MAX { Ok(()) } else { Err(Refusal::field(field, "at most a year")) }
}

fn actor(user: Arc<User>, conversation: ConversationId) -> Result<Actor, Refusal> {
    Ok(Actor { conversation, user, key: fresh_key()? })
}

fn fresh_key() -> Result<ClientId, Refusal> {
    Ok(ClientId::from_parts(now(), random()?))
}

/// The secret of a link: 128 random bits.
fn fresh_link() -> Result<String, Refusal> {
    let bytes: [u8; 16] = random()?;
    let mut text = String::with_capacity(32);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system has no random numbers");
        Refusal::internal()
    })?;
    Ok(bytes)
}
