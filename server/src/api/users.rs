//! `/users`

use super::extract::{Json, Path, Query};
use crate::auth::CurrentUser;
use crate::domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use protocol::account::Users;
use protocol::{User, UserId};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    query: String,
}

/// `GET /users?query=`
pub async fn search(
    State(state): State<AppState>,
    _: CurrentUser,
    Query(search): Query<Search>,
) -> Result<Json<Users>, Refusal> {
    domain::accounts::search(&state, &search.query).await.map(Json)
}

/// `GET /users/{id}`
pub async fn get(State(state): State<AppState>, _: CurrentUser, Path(id): Path<UserId>) -> Result<Json<User>, Refusal> {
    domain::accounts::user(&state, id).await.map(Json)
}
