//! `/contacts`

use super::conversations::limit;
use super::extract::{Json, Path, Query};
use crate::auth::CurrentUser;
use crate::domain::contacts as domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::contacts::{AskFriend, Contacts, FriendRequests};
use protocol::{Contact, UserId};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    after: Option<UserId>,
    limit: Option<u32>,
}

pub async fn list(
    State(state): State<AppState>,
    current: CurrentUser,
    Query(page): Query<Page>,
) -> Result<Json<Contacts>, Refusal> {
    let limit = limit(page.limit, domain::LIMIT, domain::LIMIT_MAX)?;
    Ok(Json(domain::list(&state, current.account.id, page.after, limit).await?))
}

pub async fn get(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(other): Path<UserId>,
) -> Result<Json<Contact>, Refusal> {
    Ok(Json(domain::get(&state, current.account.id, other).await?))
}

pub async fn requests(State(state): State<AppState>, current: CurrentUser) -> Result<Json<FriendRequests>, Refusal> {
    Ok(Json(domain::requests(&state, current.account.id).await?))
}

pub async fn refuse(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(other): Path<UserId>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    domain::refuse_friend(&state, current.account.id, other).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn ask_friend(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(other): Path<UserId>,
    Json(request): Json<AskFriend>,
) -> Result<Json<Contact>, Refusal> {
    state.limits.send(current.account.id)?;
    Ok(Json(domain::ask_friend(&state, current.account.id, other, request).await?))
}

pub async fn drop_friend(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(other): Path<UserId>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    domain::drop_friend(&state, current.account.id, other).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn follow(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(other): Path<UserId>,
) -> Result<Json<Contact>, Refusal> {
    state.limits.send(current.account.id)?;
    Ok(Json(domain::follow(&state, current.account.id, other, true).await?))
}

pub async fn unfollow(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(other): Path<UserId>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    domain::follow(&state, current.account.id, other, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn block(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(other): Path<UserId>,
) -> Result<Json<Contact>, Refusal> {
    state.limits.send(current.account.id)?;
    Ok(Json(domain::block(&state, current.account.id, other, true).await?))
}

pub async fn unblock(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(other): Path<UserId>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    domain::block(&state, current.account.id, other, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
