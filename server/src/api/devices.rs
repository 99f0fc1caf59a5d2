//! `/devices`

use super::extract::{Json, Path};
use crate::auth::CurrentUser;
use crate::domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::DeviceId;
use protocol::account::Devices;

/// `GET /devices`
pub async fn list(State(state): State<AppState>, user: CurrentUser) -> Result<Json<Devices>, Refusal> {
    domain::accounts::devices(&state, &user).await.map(Json)
}

/// `DELETE /devices/{id}`
pub async fn revoke(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(device): Path<DeviceId>,
) -> Result<StatusCode, Refusal> {
    domain::accounts::end_login(&state, &user, device).await.map(|()| StatusCode::NO_CONTENT)
}

/// `PUT /devices/current/beginning`
pub async fn begin_anew(State(state): State<AppState>, user: CurrentUser) -> Result<StatusCode, Refusal> {
    domain::hiding::begin_anew(&state, user.reader()).await.map(|()| StatusCode::NO_CONTENT)
}
