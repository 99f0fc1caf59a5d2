//! `/conversations`

use super::extract::{Json, Path, Query};
use crate::auth::CurrentUser;
use crate::domain::{conversations as domain, hiding, preferences};
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::messaging::{Conversations, OpenConversation, OpenedConversation};
use protocol::{ChangePreferences, ChangedPreferences, Conversation, ConversationId, Seq};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    before: Option<String>,
    limit: Option<u32>,
}

/// The limit that a query names, in `1..=max`.
pub(super) fn limit(asked: Option<u32>, default: u32, max: u32) -> Result<u32, Refusal> {
    match asked {
        None => Ok(default),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(_) => Err(Refusal::field("limit", &format!("must be from 1 to {max}"))),
    }
}

pub async fn list(
    State(state): State<AppState>,
    current: CurrentUser,
    Query(page): Query<Page>,
) -> Result<Json<Conversations>, Refusal> {
    let limit = limit(page.limit, domain::LIMIT, domain::LIMIT_MAX)?;
    Ok(Json(domain::list(&state, current.reader(), page.before.as_deref(), limit).await?))
}

pub async fn open(
    State(state): State<AppState>,
    current: CurrentUser,
    Json(request): Json<OpenConversation>,
) -> Result<(StatusCode, Json<OpenedConversation>), Refusal> {
    let (conversation, new) = domain::begin(&state, current.reader(), current.user.clone(), request).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(conversation)))
}

pub async fn get(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
) -> Result<Json<Conversation>, Refusal> {
    Ok(Json(domain::get(&state, current.reader(), id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteQuery {
    through: Seq,
    #[serde(default)]
    everywhere: bool,
}

pub async fn delete(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Query(query): Query<DeleteQuery>,
) -> Result<StatusCode, Refusal> {
    state.limits.send(current.account.id)?;
    hiding::delete(&state, current.reader(), id, query.through, query.everywhere).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn prefer(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(change): Json<ChangePreferences>,
) -> Result<Json<ChangedPreferences>, Refusal> {
    Ok(Json(preferences::change(&state, current.account.id, id, change).await?))
}
