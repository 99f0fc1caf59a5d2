//! `/users`

use super::extract::{Json, Path, Query};
use crate::auth::CurrentUser;
use crate::domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use protocol::UserId;
use protocol::account::Users;
use protocol::profile::Card;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    query: String,
}

/// `GET /users?query=`
pub async fn search(
    State(state): State<AppState>,
    current: CurrentUser,
    Query(search): Query<Search>,
) -> Result<Json<Users>, Refusal> {
    domain::accounts::search(&state, current.account.id, &search.query).await.map(Json)
}

/// `GET /users/{id}`
pub async fn get(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<UserId>,
) -> Result<Json<Card>, Refusal> {
    domain::profiles::card(&state, &user, id).await.map(Json)
}
