//! `/conversations/{id}/messages`, and beside it `changes`, `unread` and `hidden`

use super::conversations::limit;
use super::extract::{Address, Json, Path, Query};
use crate::auth::CurrentUser;
use crate::domain::{hiding, messaging as domain};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::history::Span;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::messaging::{ChangesPage, HideMessages, HistoryPage, ReportMessage, SendRequest, UnreadPage};
use protocol::{ConversationId, Message, Rev, Seq};
use serde::Deserialize;

pub async fn send(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(request): Json<SendRequest>,
) -> Result<(StatusCode, Json<Message>), Refusal> {
    state.limits.send(current.account.id)?;
    let appended = domain::send(&state, current.user.clone(), id, request).await?;
    Ok((if appended.replay { StatusCode::OK } else { StatusCode::CREATED }, Json(appended.message)))
}

pub async fn hide(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(request): Json<HideMessages>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    hiding::hide(&state, current.account.id, id, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn recall(
    State(state): State<AppState>,
    current: CurrentUser,
    Address(id, seq): Address,
) -> Result<Json<Message>, Refusal> {
    state.limits.send(current.account.id)?;
    Ok(Json(hiding::recall(&state, current.user.clone(), id, seq).await?))
}

pub async fn report(
    State(state): State<AppState>,
    current: CurrentUser,
    Address(id, seq): Address,
    Json(request): Json<ReportMessage>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    hiding::report(&state, current.account.id, id, seq, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    before: Option<Seq>,
    after: Option<Seq>,
    limit: Option<u32>,
}

pub async fn history(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<HistoryPage>, Refusal> {
    let limit = limit(query.limit, domain::HISTORY_LIMIT, domain::HISTORY_LIMIT_MAX)?;
    let span = match (query.before, query.after) {
        (None, None) => Span::Newest,
        (Some(before), None) => Span::Before(before),
        (None, Some(after)) => Span::After(after),
        (Some(_), Some(_)) => return Err(Refusal::field("after", "not together with before")),
    };
    Ok(Json(domain::history(&state, current.reader(), id, span, limit).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangesQuery {
    after_rev: Rev,
    limit: Option<u32>,
}

pub async fn changes(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<ChangesPage>, Refusal> {
    let limit = limit(query.limit, domain::CHANGES_LIMIT, domain::CHANGES_LIMIT_MAX)?;
    Ok(Json(domain::changes(&state, current.reader(), id, query.after_rev, limit).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnreadQuery {
    before: Option<Seq>,
    naming: Option<bool>,
}

pub async fn unread(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Query(query): Query<UnreadQuery>,
) -> Result<Json<UnreadPage>, Refusal> {
    Ok(Json(match (query.naming, query.before) {
        (Some(true), Some(_)) => return Err(Refusal::field("before", "not together with naming")),
        (Some(true), None) => domain::naming(&state, current.reader(), id).await?,
        (_, before) => domain::unread(&state, current.reader(), id, before).await?,
    }))
}
