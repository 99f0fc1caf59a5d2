//! `/accounts`

use super::extract::Json;
use crate::auth::CurrentUser;
use crate::auth::extract::ClientAddress;
use crate::domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::profile::{ChangeAccount, OwnAccount};
use protocol::{Account, RegisterRequest};

/// `POST /accounts`
pub async fn register(
    State(state): State<AppState>,
    address: ClientAddress,
    Json(request): Json<RegisterRequest>,
) -> Result<(StatusCode, Json<Account>), Refusal> {
    let account = domain::accounts::register(&state, request, address.0).await?;
    Ok((StatusCode::CREATED, Json(account)))
}

/// `GET /accounts/me`
pub async fn me(State(state): State<AppState>, user: CurrentUser) -> Result<Json<OwnAccount>, Refusal> {
    domain::profiles::own(&state, &user).await.map(Json)
}

/// `PATCH /accounts/me`
pub async fn change(
    State(state): State<AppState>,
    user: CurrentUser,
    Json(request): Json<ChangeAccount>,
) -> Result<Json<OwnAccount>, Refusal> {
    domain::profiles::change(&state, &user, request).await.map(Json)
}
