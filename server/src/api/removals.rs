//! `/admin/conversations/{id}/messages/{seq}/removal`, and `…/recall`, which cannot be taken back: for auditors and who
//! administers the server, who prove themselves with the admin token.

use super::extract::Address;
use crate::auth::extract::Admin;
use crate::domain::hiding;
use crate::error::Refusal;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::Message;
use protocol::messaging::Removal;

pub async fn remove(
    State(state): State<AppState>,
    _: Admin,
    Address(id, seq): Address,
) -> Result<Json<Removal>, Refusal> {
    Ok(Json(hiding::remove(&state, id, seq).await?))
}

pub async fn get(State(state): State<AppState>, _: Admin, Address(id, seq): Address) -> Result<Json<Removal>, Refusal> {
    Ok(Json(hiding::removal(&state, id, seq).await?))
}

pub async fn restore(
    State(state): State<AppState>,
    _: Admin,
    Address(id, seq): Address,
) -> Result<StatusCode, Refusal> {
    hiding::restore(&state, id, seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn recall(
    State(state): State<AppState>,
    _: Admin,
    Address(id, seq): Address,
) -> Result<Json<Message>, Refusal> {
    Ok(Json(hiding::recall_as_admin(&state, id, seq).await?))
}
