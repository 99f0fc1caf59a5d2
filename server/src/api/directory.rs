//! `/admin/directory`: for the program that keeps the directory, which proves itself with the admin token.

use super::extract::{Json, Query};
use crate::auth::extract::Admin;
use crate::domain::directory;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use protocol::directory::{PeoplePage, PutDepartments, PutPeople, Results};
use serde::Deserialize;

/// `PUT /admin/directory/departments`
pub async fn put_departments(
    State(state): State<AppState>,
    _: Admin,
    Json(request): Json<PutDepartments>,
) -> Result<Json<Results>, Refusal> {
    directory::put_departments(&state, request).await.map(Json)
}

/// `PUT /admin/directory/people`
pub async fn put_people(
    State(state): State<AppState>,
    _: Admin,
    Json(request): Json<PutPeople>,
) -> Result<Json<Results>, Refusal> {
    directory::put_people(&state, request).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    #[serde(default)]
    after: String,
}

/// `GET /admin/directory/people?after=`
pub async fn people(
    State(state): State<AppState>,
    _: Admin,
    Query(place): Query<Place>,
) -> Result<Json<PeoplePage>, Refusal> {
    directory::people(&state, &place.after, directory::LIMIT).await.map(Json)
}
