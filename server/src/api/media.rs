//! `/media`

use super::extract::{Json, Query, Raw, parameters};
use crate::auth::CurrentUser;
use crate::domain::media as domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
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
    let place = state.pictures.receive(current.account.id)?;
    let Raw(file) = Raw::from_request(request, &()).await?;
    let upload = domain::upload(&state, current.account.id, key.client_id, file.into(), place).await?;
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

/// `GET /media/{media}`
pub async fn get(
    State(state): State<AppState>,
    current: CurrentUser,
    Name(id): Name,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    file(&state, &current, id, false, &headers).await
}

/// `GET /media/{media}/thumb`
pub async fn thumb(
    State(state): State<AppState>,
    current: CurrentUser,
    Name(id): Name,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    file(&state, &current, id, true, &headers).await
}

/// What stands under a name never changes, but who sees it does: so a browser keeps it, and asks each time whether it may
/// still be shown (R004-C3). No other site shows it.
async fn file(
    state: &AppState,
    current: &CurrentUser,
    id: MediaId,
    thumb: bool,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let tag = format!("\"{id}\"");
    let has = names(headers, &tag);
    let head = [
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (ETAG, HeaderValue::try_from(tag).map_err(|_| Refusal::internal())?),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok(match domain::file(state, current.reader(), id, thumb, has).await? {
        None => (StatusCode::NOT_MODIFIED, head).into_response(),
        Some(bytes) => (head, [(CONTENT_TYPE, "image/jpeg")], bytes).into_response(),
    })
}

/// Whether `If-None-Match` names the tag, which a proxy may have made a weak one.
fn names(headers: &HeaderMap, tag: &str) -> bool {
    let named = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|list| list.split(',')).map(str::trim).any(|one| one.strip_prefix("W/").unwrap_or(one) == tag)
}
