//! `/accounts/me/avatar`, `/conversations/{id}/avatar` and `/avatars`

use super::extract::{Json, Path, Query, Raw, parameters};
use crate::auth::CurrentUser;
use crate::domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::{FromRequestParts, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::request::Parts;
use protocol::profile::{Crop, OwnAccount};
use protocol::{AvatarHash, Conversation, ConversationId};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    x: Option<u32>,
    y: Option<u32>,
    size: Option<u32>,
}

impl Place {
    fn crop(self) -> Option<Crop> {
        self.size.map(|size| Crop { x: self.x.unwrap_or(0), y: self.y.unwrap_or(0), size })
    }
}

/// `PUT /accounts/me/avatar?x=&y=&size=`: the file itself is the body.
pub async fn put(
    State(state): State<AppState>,
    user: CurrentUser,
    Query(place): Query<Place>,
    Raw(file): Raw,
) -> Result<Json<OwnAccount>, Refusal> {
    domain::profiles::change_avatar(&state, &user, file.into(), place.crop()).await.map(Json)
}

/// `DELETE /accounts/me/avatar`
pub async fn delete(State(state): State<AppState>, user: CurrentUser) -> Result<Json<OwnAccount>, Refusal> {
    domain::profiles::drop_avatar(&state, &user).await.map(Json)
}

/// `PUT /conversations/{id}/avatar?x=&y=&size=`: the file itself is the body.
pub async fn put_of_group(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<ConversationId>,
    Query(place): Query<Place>,
    Raw(file): Raw,
) -> Result<Json<Conversation>, Refusal> {
    let me = user.user.clone();
    domain::groups::change_avatar(&state, user.reader(), me, id, file.into(), place.crop()).await.map(Json)
}

/// `DELETE /conversations/{id}/avatar`
pub async fn delete_of_group(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<ConversationId>,
) -> Result<Json<Conversation>, Refusal> {
    domain::groups::drop_avatar(&state, user.reader(), user.user.clone(), id).await.map(Json)
}

/// The `{hash}` and `{size}` of a path.
pub struct Address(AvatarHash, u32);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let parameters = parameters(parts, state).await?;
        let text = |name: &str| parameters.iter().find(|(found, _)| *found == name).map(|(_, text)| text);
        let hash = text("hash").and_then(|text| AvatarHash::try_from(text).ok());
        let size = text("size").and_then(|text| text.parse().ok());
        hash.zip(size).map(|(hash, size)| Self(hash, size)).ok_or_else(Refusal::not_found)
    }
}

/// `GET /avatars/{hash}/{size}`: what stands under a name never changes, so a browser keeps it.
pub async fn get(
    State(state): State<AppState>,
    _: CurrentUser,
    Address(hash, size): Address,
) -> Result<([(HeaderName, &'static str); 2], Vec<u8>), Refusal> {
    let file = domain::profiles::avatar(&state, &hash, size).await?;
    Ok(([(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, "private, max-age=31536000, immutable")], file))
}
