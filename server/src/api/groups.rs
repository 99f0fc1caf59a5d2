//! `/conversations/{id}` of groups, its `members`, `group`, `link` and `waiting`; `/join/{link}`

use super::conversations::limit;
use super::extract::{Json, Link, OfMember, Path, Query};
use crate::auth::CurrentUser;
use crate::domain::groups as domain;
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::Wanted;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::group::{
    AnswerWaiting, ChangeGroup, ChangeMember, GroupLink, GroupRules, Invitation, InviteMembers, InviteOutcomes, Members,
};
use protocol::{Conversation, ConversationId, UserId};
use serde::Deserialize;

pub async fn change(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(request): Json<ChangeGroup>,
) -> Result<Json<Conversation>, Refusal> {
    state.limits.send(current.account.id)?;
    Ok(Json(domain::change(&state, current.reader(), current.user.clone(), id, request).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembersQuery {
    after: Option<UserId>,
    query: Option<String>,
    #[serde(default)]
    active: bool,
    limit: Option<u32>,
}

pub async fn members(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Query(asked): Query<MembersQuery>,
) -> Result<Json<Members>, Refusal> {
    let limit = limit(asked.limit, domain::LIMIT, domain::LIMIT_MAX)?;
    let wanted = Wanted { after: asked.after, query: asked.query.as_deref(), active: asked.active };
    Ok(Json(domain::members(&state, current.account.id, id, wanted, limit).await?))
}

pub async fn invite(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(request): Json<InviteMembers>,
) -> Result<Json<InviteOutcomes>, Refusal> {
    state.limits.send(current.account.id)?;
    Ok(Json(domain::invite(&state, current.user.clone(), id, request.users).await?))
}

pub async fn change_member(
    State(state): State<AppState>,
    current: CurrentUser,
    OfMember(id, user): OfMember,
    Json(request): Json<ChangeMember>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    domain::change_member(&state, current.user.clone(), id, user, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn remove(
    State(state): State<AppState>,
    current: CurrentUser,
    OfMember(id, user): OfMember,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    domain::remove(&state, current.user.clone(), id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn rules(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
) -> Result<Json<GroupRules>, Refusal> {
    Ok(Json(domain::rules(&state, current.account.id, id).await?))
}

pub async fn dissolve(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    domain::dissolve(&state, current.user.clone(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn make_link(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
) -> Result<(StatusCode, Json<GroupLink>), Refusal> {
    state.limits.send(current.account.id)?;
    Ok((StatusCode::CREATED, Json(domain::make_link(&state, current.user.clone(), id).await?)))
}

pub async fn revoke_link(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    domain::revoke_link(&state, current.user.clone(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn answer_waiting(
    State(state): State<AppState>,
    current: CurrentUser,
    OfMember(id, user): OfMember,
    Json(request): Json<AnswerWaiting>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    domain::answer_waiting(&state, current.user.clone(), id, user, request.accept).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn invitation(
    State(state): State<AppState>,
    current: CurrentUser,
    Link(link): Link,
) -> Result<Json<Invitation>, Refusal> {
    Ok(Json(domain::invitation(&state, current.account.id, link).await?))
}

pub async fn join(
    State(state): State<AppState>,
    current: CurrentUser,
    Link(link): Link,
) -> Result<Json<Invitation>, Refusal> {
    state.limits.send(current.account.id)?;
    Ok(Json(domain::join(&state, current.user.clone(), link).await?))
}
