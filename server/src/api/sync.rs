//! `/sync`

use super::extract::{Json, Query};
use crate::auth::CurrentUser;
use crate::domain::sync as domain;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use protocol::sync::{CheckCounts, CheckedCounts, PageSize, SyncPage};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncQuery {
    since: Option<String>,
    page_size: Option<String>,
}

pub async fn get(
    State(state): State<AppState>,
    current: CurrentUser,
    Query(query): Query<SyncQuery>,
) -> Result<Json<SyncPage>, Refusal> {
    let page = query.page_size.map(|text| text.parse::<PageSize>()).transpose();
    let page = page.map_err(|error| Refusal::field("page_size", &error.to_string()))?;
    Ok(Json(domain::page(&state, current.reader(), query.since.as_deref(), page).await?))
}

pub async fn check(
    State(state): State<AppState>,
    current: CurrentUser,
    Json(request): Json<CheckCounts>,
) -> Result<Json<CheckedCounts>, Refusal> {
    Ok(Json(domain::check(&state, current.reader(), request).await?))
}
