//! `/receipts`, and the readers of a conversation and of a message

use super::conversations::limit;
use super::extract::{Address, Json, Path, Query};
use crate::auth::CurrentUser;
use crate::domain::receipts as domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::messaging::{MessageReaders, Readers};
use protocol::receipts::{ReceiptsPage, ReportReceipts};
use protocol::{ConversationId, Upd};
use serde::Deserialize;

pub async fn report(
    State(state): State<AppState>,
    current: CurrentUser,
    Json(request): Json<ReportReceipts>,
) -> Result<StatusCode, Refusal> {
    domain::report(&state, current.account.id, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn read_all(State(state): State<AppState>, current: CurrentUser) -> Result<StatusCode, Refusal> {
    domain::read_all(&state, current.account.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxQuery {
    #[serde(default = "beginning")]
    after: Upd,
    limit: Option<u32>,
}

fn beginning() -> Upd {
    Upd::ZERO
}

pub async fn inbox(
    State(state): State<AppState>,
    current: CurrentUser,
    Query(query): Query<InboxQuery>,
) -> Result<Json<ReceiptsPage>, Refusal> {
    let limit = limit(query.limit, domain::LIMIT, domain::LIMIT_MAX)?;
    Ok(Json(domain::inbox(&state, current.account.id, query.after, limit).await?))
}

pub async fn readers(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
) -> Result<Json<Readers>, Refusal> {
    Ok(Json(domain::readers(&state, current.account.id, id).await?))
}

pub async fn message_readers(
    State(state): State<AppState>,
    current: CurrentUser,
    Address(id, seq): Address,
) -> Result<Json<MessageReaders>, Refusal> {
    Ok(Json(domain::message_readers(&state, current.account.id, id, seq).await?))
}
