//! The one error of domain and api: a refusal says to the caller what went wrong, and keeps its cause to itself.
//!
//! Deliberately absent: HTTP. The status and the document of a refusal are made in [`crate::api`].

use crate::store::StoreError;
use protocol::{ApiError, ErrorCode};
use std::borrow::Cow;
use std::time::Duration;

/// Why a request was not served.
#[derive(Debug)]
pub struct Refusal {
    pub code: ErrorCode,
    /// English, for developers, without anything of the inside.
    pub message: Cow<'static, str>,
    /// The field or parameter that broke its rule.
    pub field: Option<String>,
    /// When asking again may succeed.
    pub retry_after: Option<Duration>,
    /// What failed inside; logged once, where the answer is made.
    pub cause: Option<StoreError>,
}

impl Refusal {
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), field: None, retry_after: None, cause: None }
    }

    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// A field breaks its rule.
    pub fn field(field: impl Into<String>, why: &str) -> Self {
        let field = field.into();
        let message = format!("{field}: {why}");
        Self { field: Some(field), ..Self::new(ErrorCode::InvalidField, message) }
    }

    pub fn not_logged_in() -> Self {
        Self::new(ErrorCode::NotLoggedIn, "log in first")
    }

    /// Alike for what is absent and for what the account may not see.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "there is nothing here that you may see")
    }

    pub fn rate_limited(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(ErrorCode::RateLimited, "too many requests; wait before the next one")
        }
    }

    pub fn unavailable() -> Self {
        Self::new(ErrorCode::Unavailable, "the server is overloaded or stopping; try again")
    }

    pub fn internal() -> Self {
        Self::new(ErrorCode::Internal, "the server failed")
    }

    /// Whether the same request may succeed later.
    pub fn retryable(&self) -> bool {
        match self.code {
            ErrorCode::Timeout | ErrorCode::RateLimited | ErrorCode::Unavailable | ErrorCode::StorageFull => true,
            // Sealed again it may.
            ErrorCode::SealUnknownKey | ErrorCode::SealExpired | ErrorCode::SealReplayed => true,
            ErrorCode::BadRequest
            | ErrorCode::NotLoggedIn
            | ErrorCode::WrongCredentials
            | ErrorCode::ForeignOrigin
            | ErrorCode::NotFound
            | ErrorCode::RecallExpired
            | ErrorCode::NotAllowed
            | ErrorCode::NotFollowed
            | ErrorCode::FollowersOnly
            | ErrorCode::NotAccepted
            | ErrorCode::AwaitingAnswer
            | ErrorCode::Sensitive
            | ErrorCode::Muted
            | ErrorCode::GroupFull
            | ErrorCode::MethodNotAllowed
            | ErrorCode::HandleTaken
            | ErrorCode::ClientIdReused
            | ErrorCode::TooLarge
            | ErrorCode::UnsupportedMediaType
            | ErrorCode::SealDamaged
            | ErrorCode::SealRequired
            | ErrorCode::InvalidField
            | ErrorCode::Internal
            | ErrorCode::Unknown => false,
        }
    }

    /// Leaves the cause in the log: once, by who makes the answer.
    pub fn log(&self) {
        if let Some(cause) = &self.cause {
            tracing::error!(%cause, "a request failed");
        }
    }

    /// The same refusal of the request as a whole.
    pub fn without_field(self) -> Self {
        Self { field: None, ..self }
    }

    /// What the caller is told.
    pub fn to_api(&self) -> ApiError {
        ApiError {
            code: self.code,
            message: self.message.clone().into_owned(),
            retryable: self.retryable(),
            field: self.field.clone(),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::new(ErrorCode::StorageFull, "the disk is full; nothing was written"),
            StoreError::Overloaded | StoreError::Stopped | StoreError::Stale => Self::unavailable(),
            StoreError::ClientIdReused => {
                Self::new(ErrorCode::ClientIdReused, "the client_id was used for another message")
            }
            StoreError::NotFound => Self::not_found(),
            StoreError::NoMedium => Self::field("body.media", "names nothing of yours that waits to be sent"),
            StoreError::TooMany => Self::rate_limited(Duration::from_secs(60)),
            StoreError::GroupFull => Self::new(ErrorCode::GroupFull, "the group has as many members as it can have"),
            StoreError::NotAllowed => Self::new(ErrorCode::NotAllowed, "this is another's to do"),
            StoreError::Refused(code) => Self::new(code, "the receiver does not accept this message"),
            StoreError::TooLate => Self::new(ErrorCode::RecallExpired, "the message is too old to be recalled"),
            cause @ (StoreError::Taken
            | StoreError::Doubtful
            | StoreError::Corrupt(_)
            | StoreError::File(_)
            | StoreError::Database(_)) => Self { cause: Some(cause), ..Self::internal() },
        }
    }
}
