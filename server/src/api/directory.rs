//! `/admin/directory`: for the program that keeps the directory, which proves itself with the admin token.

use super::extract::{Json, Query, Raw, parameters};
use crate::auth::extract::Admin;
use crate::domain::{directory, invitations};
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::request::Parts;
use protocol::directory::{
    ConflictsPage, DepartmentsPage, ExternalId, Invite, Invited, Listed, PeoplePage, PutDepartments, PutPeople,
    RemoveDepartments, Results,
};
use serde::Deserialize;

/// The person whom the `{id}` of a path names: an external id. What is none names nobody.
pub struct Named(ExternalId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let parameters = parameters(parts, state).await?;
        let id = parameters.iter().find(|(name, _)| *name == "id").map(|(_, text)| text.to_owned());
        let id = id.and_then(|text| ExternalId::try_from(text).ok());
        id.map(Self).ok_or_else(Refusal::not_found)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    #[serde(default)]
    after: String,
}

/// `PUT /admin/directory/departments`
pub async fn put_departments(
    State(state): State<AppState>,
    _: Admin,
    Json(request): Json<PutDepartments>,
) -> Result<Json<Results>, Refusal> {
    directory::put_departments(&state, request).await.map(Json)
}

/// `PUT /admin/directory/departments/removed`
pub async fn remove_departments(
    State(state): State<AppState>,
    _: Admin,
    Json(request): Json<RemoveDepartments>,
) -> Result<Json<Results>, Refusal> {
    directory::remove_departments(&state, request).await.map(Json)
}

/// `GET /admin/directory/departments?after=`
pub async fn departments(
    State(state): State<AppState>,
    _: Admin,
    Query(place): Query<Place>,
) -> Result<Json<DepartmentsPage>, Refusal> {
    directory::departments(&state, &place.after).await.map(Json)
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
pub struct Search {
    #[serde(default)]
    after: String,
    #[serde(default)]
    query: String,
}

/// `GET /admin/directory/people?after=&query=`
pub async fn people(
    State(state): State<AppState>,
    _: Admin,
    Query(Search { after, query }): Query<Search>,
) -> Result<Json<PeoplePage>, Refusal> {
    directory::people(&state, &after, &query).await.map(Json)
}

/// `GET /admin/directory/people/{id}`
pub async fn person(State(state): State<AppState>, _: Admin, Named(id): Named) -> Result<Json<Listed>, Refusal> {
    directory::get(&state, &id).await.map(Json)
}

/// `PUT /admin/directory/people/{id}/avatar`: the file itself is the body.
pub async fn put_avatar(
    State(state): State<AppState>,
    _: Admin,
    Named(id): Named,
    Raw(file): Raw,
) -> Result<StatusCode, Refusal> {
    directory::give_avatar(&state, &id, file.into()).await.map(|()| StatusCode::NO_CONTENT)
}

/// `GET /admin/directory/people/{id}/avatar`
pub async fn avatar(
    State(state): State<AppState>,
    _: Admin,
    Named(id): Named,
) -> Result<([(HeaderName, &'static str); 2], Vec<u8>), Refusal> {
    let file = directory::avatar(&state, &id).await?;
    Ok(([(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, "no-store")], file))
}

/// `POST /admin/directory/people/{id}/invitation`
pub async fn invite(
    State(state): State<AppState>,
    _: Admin,
    Named(id): Named,
    Json(request): Json<Invite>,
) -> Result<(StatusCode, Json<Invited>), Refusal> {
    invitations::invite(&state, &id, request).await.map(|invited| (StatusCode::CREATED, Json(invited)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    #[serde(default)]
    after: u64,
}

/// `GET /admin/directory/conflicts?after=`
pub async fn conflicts(
    State(state): State<AppState>,
    _: Admin,
    Query(After { after }): Query<After>,
) -> Result<Json<ConflictsPage>, Refusal> {
    directory::conflicts(&state, after).await.map(Json)
}
