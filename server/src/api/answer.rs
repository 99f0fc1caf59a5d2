//! The answer that a refusal becomes.

use super::extract::Json;
use crate::error::Refusal;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use protocol::{ErrorAnswer, ErrorCode};

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.log();
        let mut response = (status(self.code), Json(ErrorAnswer { error: self.to_api() })).into_response();
        if let Some(wait) = self.retry_after {
            // Rounded up: who comes at the second told must not come too early.
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().saturating_add(1)));
        }
        // For those who show a refusal in another form.
        response.extensions_mut().insert(self.code);
        response
    }
}

/// The status of a refusal.
pub fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest
        | ErrorCode::RecallExpired
        | ErrorCode::SealDamaged
        | ErrorCode::SealUnknownKey
        | ErrorCode::SealExpired
        | ErrorCode::SealReplayed
        | ErrorCode::SealRequired => StatusCode::BAD_REQUEST,
        ErrorCode::NotLoggedIn | ErrorCode::WrongCredentials => StatusCode::UNAUTHORIZED,
        ErrorCode::ForeignOrigin
        | ErrorCode::NotAllowed
        | ErrorCode::Muted
        | ErrorCode::NotFollowed
        | ErrorCode::FollowersOnly
        | ErrorCode::NotAccepted
        | ErrorCode::AwaitingAnswer
        | ErrorCode::Sensitive => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::Timeout => StatusCode::REQUEST_TIMEOUT,
        ErrorCode::HandleTaken | ErrorCode::ClientIdReused | ErrorCode::GroupFull => StatusCode::CONFLICT,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::InvalidField => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::Internal | ErrorCode::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
