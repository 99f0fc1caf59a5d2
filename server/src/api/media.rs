//! `/media` and `/files`

use super::extract::{Json, Query, Raw, parameters};
use crate::auth::CurrentUser;
use crate::domain::media::{self as domain, NewFile};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::media::Seen;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use protocol::file::FileBytes;
use protocol::{ClientId, ErrorCode, File, FileName, Image, MediaId, path};
use serde::Deserialize;
use std::path::Path;
use tower::ServiceExt;
use tower_http::services::ServeFile;

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
    domain::admit(&state, current.account.id, key.client_id).await?;
    let place = state.pictures.places.take(current.account.id)?;
    let Raw(file) = Raw::from_request(request, &()).await?;
    let upload = domain::upload(&state, current.account.id, key.client_id, file.into(), place).await?;
    Ok((if upload.replay { StatusCode::OK } else { StatusCode::CREATED }, Json(upload.image)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedKey {
    client_id: ClientId,
    name: FileName,
}

/// `POST /files?client_id=&name=`: the file itself is the body, and goes to the disk as it comes.
pub async fn upload_file(
    State(state): State<AppState>,
    current: CurrentUser,
    Query(NamedKey { client_id, name }): Query<NamedKey>,
    request: Request,
) -> Result<(StatusCode, Json<File>), Refusal> {
    let owner = current.account.id;
    state.limits.upload(owner)?;
    let _place = state.files.take(owner)?;
    let bytes = told_length(request.headers())?;
    let pieces = request.into_body().into_data_stream();
    let (file, replay) = domain::upload_file(&state, owner, NewFile { key: client_id, name, bytes }, pieces).await?;
    Ok((if replay { StatusCode::OK } else { StatusCode::CREATED }, Json(file)))
}

/// How long the body is, if that is told: what cannot be sent is refused before it comes.
fn told_length(headers: &HeaderMap) -> Result<Option<FileBytes>, Refusal> {
    let told = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match told.map(|told| (told, FileBytes::try_from(told))) {
        None => Ok(None),
        Some((_, Ok(bytes))) => Ok(Some(bytes)),
        Some((0, Err(why))) => Err(Refusal::field("file", &why.to_string())),
        Some((_, Err(why))) => Err(Refusal::new(ErrorCode::TooLarge, why.to_string())),
    }
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
    request: Request,
) -> Result<Response, Refusal> {
    match domain::seen(&state, current.reader(), id).await? {
        Seen::Picture => picture(&state, id, false, request.headers()).await,
        Seen::File(name) => file(&state.store.file_path(id), id, &name, request).await,
    }
}

/// `GET /media/{media}/thumb`
pub async fn thumb(
    State(state): State<AppState>,
    current: CurrentUser,
    Name(id): Name,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    match domain::seen(&state, current.reader(), id).await? {
        Seen::Picture => picture(&state, id, true, &headers).await,
        Seen::File(_) => Err(Refusal::not_found()),
    }
}

async fn picture(state: &AppState, id: MediaId, thumb: bool, headers: &HeaderMap) -> Result<Response, Refusal> {
    let (head, has) = head(id, headers)?;
    if has {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    let bytes = domain::picture(state, id, thumb).await?;
    Ok((head, [(CONTENT_TYPE, "image/jpeg")], bytes).into_response())
}

/// A file is saved and never shown: no browser takes it for a page of this server. A part of it can be asked for.
async fn file(place: &Path, id: MediaId, name: &FileName, request: Request) -> Result<Response, Refusal> {
    let (head, has) = head(id, request.headers())?;
    if has {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    // What changed at which time is told by the tag alone.
    let served = ServeFile::new(place).oneshot(request).await.map_err(|_| Refusal::internal())?;
    match served.status() {
        StatusCode::NOT_FOUND => return Err(Refusal::not_found()),
        status if status.is_server_error() => return Err(Refusal::internal()),
        _ => {}
    }
    let name = path::encoded(name.as_str());
    let saved =
        HeaderValue::try_from(format!("attachment; filename*=UTF-8''{name}")).map_err(|_| Refusal::internal())?;
    let kind = (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    Ok((head, [kind, (CONTENT_DISPOSITION, saved)], served).into_response())
}

/// What stands under a name never changes, but who sees it does: so a browser keeps it, and asks each time whether it may
/// still be shown (R004-C3). No other site shows it. Answers whether the browser has it.
fn head(id: MediaId, headers: &HeaderMap) -> Result<([(HeaderName, HeaderValue); 3], bool), Refusal> {
    let tag = format!("\"{id}\"");
    let has = names(headers, &tag);
    let head = [
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (ETAG, HeaderValue::try_from(tag).map_err(|_| Refusal::internal())?),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok((head, has))
}

/// Whether `If-None-Match` names the tag, which a proxy may have made a weak one.
fn names(headers: &HeaderMap, tag: &str) -> bool {
    let named = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|list| list.split(',')).map(str::trim).any(|one| one.strip_prefix("W/").unwrap_or(one) == tag)
}
