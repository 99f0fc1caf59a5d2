//! `/media`

use super::extract::{Json, Query, Raw, parameters};
use crate::auth::CurrentUser;
use crate::domain::media as domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::request::Parts;
use protocol::{ClientId, Image, MediaId};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    client_id: ClientId,
}

/// `POST /media?client_id=`: the file itself is the body. It is read only once the account may upload, and as long as not
/// too many others do.
pub async fn upload(
    State(state): State<AppState>,
    current: CurrentUser,
    Query(key): Query<Key>,
    request: Request,
) -> Result<(StatusCode, Json<Image>), Refusal> {
    state.limits.upload(current.account.id)?;
    let _place = state.pictures.receive()?;
    let Raw(file) = Raw::from_request(request, &()).await?;
    let upload = domain::upload(&state, current.account.id, key.client_id, file.into()).await?;
    Ok((if upload.replay { StatusCode::OK } else { StatusCode::CREATED }, Json(upload.image)))
}

/// The `{media}` of a path.
pub struct Name(MediaId);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let parameters = parameters(parts, state).await?;
        let name = parameters.iter().find(|(found, _)| *found == "media").and_then(|(_, text)| text.parse().ok());
        name.map(Self).ok_or_else(Refusal::not_found)
    }
}

type File = ([(HeaderName, &'static str); 3], Vec<u8>);

/// `GET /media/{media}`
pub async fn get(State(state): State<AppState>, current: CurrentUser, Name(id): Name) -> Result<File, Refusal> {
    Ok(file(domain::file(&state, current.reader(), id, false).await?))
}

/// `GET /media/{media}/thumb`
pub async fn thumb(State(state): State<AppState>, current: CurrentUser, Name(id): Name) -> Result<File, Refusal> {
    Ok(file(domain::file(&state, current.reader(), id, true).await?))
}

/// What stands under a name never changes, so the browser of whoever may see it keeps it; no other site shows it.
fn file(bytes: Vec<u8>) -> File {
    let headers = [
        (CONTENT_TYPE, "image/jpeg"),
        (CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    (headers, bytes)
}
