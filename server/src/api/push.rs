//! `/push/frames`: what a device says that hears the push connection as server-sent events.

use super::extract::Json;
use crate::auth::CurrentUser;
use crate::error::Refusal;
use crate::push::Unheard;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::frame::SaidFrame;
use std::time::Duration;

pub async fn say(
    State(state): State<AppState>,
    current: CurrentUser,
    Json(SaidFrame { connection, frame }): Json<SaidFrame>,
) -> Result<StatusCode, Refusal> {
    match state.hub.say((current.account.id, current.device), connection, frame) {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(Unheard::Absent) => Err(Refusal::not_found()),
        Err(Unheard::Full) => Err(Refusal::rate_limited(Duration::ZERO)),
    }
}
