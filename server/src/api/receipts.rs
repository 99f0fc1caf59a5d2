//! `/receipts`

use super::extract::Json;
use crate::auth::CurrentUser;
use crate::domain::receipts as domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::receipts::ReportReceipts;

pub async fn report(
    State(state): State<AppState>,
    current: CurrentUser,
    Json(request): Json<ReportReceipts>,
) -> Result<StatusCode, Refusal> {
    domain::report(&state, current.account.id, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
