//! The one shape of every refusal: `{"error":{"code":"…","message":"…","retryable":false}}`.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What went wrong, stable across versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: the request is not well-formed: JSON, a query parameter, UTF-8.
    BadRequest,
    /// 401: no login, or one that was ended.
    NotLoggedIn,
    /// 401: no such handle with that password.
    WrongCredentials,
    /// 400: the message is older than the time in which it can be recalled (R001-18).
    RecallExpired,
    /// 403: what was asked for is another's to do.
    NotAllowed,
    /// 403: the group, or this member of it, may not write for now.
    Muted,
    /// 409: the group has as many members as it can have.
    GroupFull,
    /// 403: the request comes from another site.
    ForeignOrigin,
    /// 403: the receiver accepts messages only from those they follow, and does not follow the sender (R004-I1).
    NotFollowed,
    /// 403: the receiver accepts messages only from their followers, and the sender is none (R004-I2).
    FollowersOnly,
    /// 403: the receiver accepts no messages, or none from the sender, which nobody can tell apart (R004-I3).
    NotAccepted,
    /// 403: the receiver has not answered yet, and no more may be written before (R001-04).
    AwaitingAnswer,
    /// 403: the auditor does not let the text through (R004-I4).
    Sensitive,
    /// 404: nothing there that the account may see.
    NotFound,
    /// 405: the path has no such method.
    MethodNotAllowed,
    /// 408: the request took too long to arrive.
    Timeout,
    /// 409: another account has the handle.
    HandleTaken,
    /// 409: the idempotency key was used with another body (R001-12).
    ClientIdReused,
    /// 413: the body is larger than the path takes.
    TooLarge,
    /// 415: the body is not JSON.
    UnsupportedMediaType,
    /// 400: a sealed body was changed on its way, is of another request or account, or of an unknown version (R004-I16).
    SealDamaged,
    /// 400: a body was sealed for another key, or for one of which the server does not remember what it opened (R004-I16).
    SealUnknownKey,
    /// 400: a body was sealed too long ago, or by a clock that is ahead (R004-I16).
    SealExpired,
    /// 400: a sealed body came once more (R004-I16).
    SealReplayed,
    /// 400: the server takes no body that is not sealed (R004-I16).
    SealRequired,
    /// 422: a field breaks its rule; `field` names it.
    InvalidField,
    /// 429: too many requests; wait.
    RateLimited,
    /// 500: the server failed; its log has the cause.
    Internal,
    /// 503: the server is overloaded or stopping.
    Unavailable,
    /// 507: the disk is full; nothing was written.
    StorageFull,
    /// A code this client does not know.
    #[serde(other)]
    Unknown,
}

/// A refusal. `message` is English, for developers; user interfaces speak from `code`.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
#[error("{message}")]
pub struct ApiError {
    pub code: ErrorCode,
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The field that broke its rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The JSON document of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorAnswer {
    pub error: ApiError,
}
