//! `/logins`

use super::extract::Json;
use crate::auth::CurrentUser;
use crate::auth::device_name::device_name;
use crate::auth::extract::{ClientAddress, is_secure, login_cookies};
use crate::domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use protocol::LoginRequest;

/// `POST /logins`
pub async fn log_in(
    State(state): State<AppState>,
    address: ClientAddress,
    headers: HeaderMap,
    Json(request): Json<LoginRequest>,
) -> Result<impl IntoResponse, Refusal> {
    let login = domain::accounts::log_in(&state, request, device_name(&headers), address.0).await?;
    Ok((StatusCode::CREATED, login_cookies(Some(&login), is_secure(&headers, &state)), Json(login)))
}

/// `DELETE /logins/current`
pub async fn log_out(
    State(state): State<AppState>,
    headers: HeaderMap,
    user: CurrentUser,
) -> Result<impl IntoResponse, Refusal> {
    domain::accounts::end_login(&state, &user, user.device).await?;
    Ok((StatusCode::NO_CONTENT, login_cookies(None, is_secure(&headers, &state))))
}
