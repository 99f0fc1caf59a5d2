//! Opens the sealed body of a request (R004-I16): what comes after it sees JSON, as if it had come so.
//!
//! Who is not logged in is told so first: nobody else costs a decryption, and a body is good for its own account alone. Limits
//! and parsing come after, and take the text as any other.

use crate::api::extract::{Raw, is_media_type};
use crate::auth::CurrentUser;
use crate::config::SealedBodies;
use crate::error::Refusal;
use crate::sealing::{Addressed, Sealing};
use crate::state::AppState;
use crate::store;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;
use protocol::sealed::{MEDIA_TYPE, OFFER_HEADER};

const JSON: &str = "application/json";

/// Hands a sealed body on as JSON. Where bodies must be sealed, others are refused.
pub async fn open(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Some(sealing) = &state.sealing else { return next.run(request).await };
    let is_sealed = is_media_type(request.headers(), MEDIA_TYPE);
    let must_be = state.config.sealed_bodies == SealedBodies::Required && is_media_type(request.headers(), JSON);
    if !is_sealed && !must_be {
        return next.run(request).await;
    }
    match opened(&state, sealing, request, is_sealed).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refuse(sealing, refusal),
    }
}

async fn opened(state: &AppState, sealing: &Sealing, request: Request, is_sealed: bool) -> Result<Request, Refusal> {
    let (mut parts, body) = request.into_parts();
    let user = <CurrentUser as FromRequestParts<AppState>>::from_request_parts(&mut parts, state).await?;
    if !is_sealed {
        return Err(Refusal::new(ErrorCode::SealRequired, "this server takes sealed bodies only"));
    }
    let Raw(sealed) = Raw::from_request(Request::from_parts(parts.clone(), body), state).await?;
    let addressed = Addressed {
        method: parts.method.as_str(),
        target: parts.uri.path_and_query().map_or("/", |target| target.as_str()),
        account: user.account.id,
    };
    let text = sealing.open(&sealed, addressed, store::now())?;
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    parts.headers.insert(CONTENT_LENGTH, text.len().into());
    parts.extensions.insert(user);
    Ok(Request::from_parts(parts, Body::from(text)))
}

/// Where sealing again may help, the answer tells with what.
fn refuse(sealing: &Sealing, refusal: Refusal) -> Response {
    let again = matches!(
        refusal.code,
        ErrorCode::SealUnknownKey | ErrorCode::SealExpired | ErrorCode::SealReplayed | ErrorCode::SealRequired
    );
    let mut response = refusal.into_response();
    if again && let Ok(offer) = sealing.offer(Some(store::now())).to_string().parse() {
        response.headers_mut().insert(HeaderName::from_static(OFFER_HEADER), offer);
    }
    response
}
