//! Typed requests: parsing is the validation. What does not parse is refused with the code that says why.

use crate::error::Refusal;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use protocol::{ConversationId, ErrorCode, Seq, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::str::FromStr;

/// A JSON body, of a request and of an answer.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if !is_media_type(request.headers(), "application/json") {
            return Err(Refusal::new(ErrorCode::UnsupportedMediaType, "send the body as application/json"));
        }
        let body = Bytes::from_request(request, state).await.map_err(unreadable)?;
        let mut json = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            refuse_json(path, &error.into_inner())
        })?;
        json.end().map_err(|error| refuse_json(String::new(), &error))?;
        Ok(Self(value))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn refuse_json(path: String, error: &serde_json::Error) -> Refusal {
    if error.classify() != serde_json::error::Category::Data {
        return Refusal::bad_request(format!("the body is not well-formed JSON: {error}"));
    }
    let message = error.to_string();
    let parent = if path == "." { "" } else { path.as_str() };
    match (parent, named_field(&message)) {
        ("", None) => Refusal::new(ErrorCode::InvalidField, message),
        ("", Some(field)) => Refusal::field(field, &message),
        // An unknown field is already the end of the path, a missing one is not.
        (parent, Some(field)) if !parent.ends_with(field) => Refusal::field(format!("{parent}.{field}"), &message),
        (parent, _) => Refusal::field(parent, &message),
    }
}

/// The field of a message such as "missing field `password`".
fn named_field(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("missing field `").or_else(|| message.strip_prefix("unknown field `"))?;
    rest.split('`').next()
}

/// A body as it came.
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        Bytes::from_request(request, state).await.map(Self).map_err(unreadable)
    }
}

/// The fields of a form, in a body that a page without script sent.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        match axum::Form::from_request(request, state).await {
            Ok(axum::Form(value)) => Ok(Self(value)),
            Err(rejection) => Err(match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                    Refusal::new(ErrorCode::UnsupportedMediaType, "send the body as a form")
                }
                _ => Refusal::bad_request(rejection.body_text()),
            }),
        }
    }
}

/// The query's parameters; an unknown one is refused where `T` denies unknown fields.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(query) => Ok(Self(query.0)),
            Err(rejection) => Err(Refusal::bad_request(rejection.body_text())),
        }
    }
}

/// The `{id}` of a path. What is no id names nothing: 404.
pub struct Path<T>(pub T);

impl<T: FromStr<Err: Display>, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Ok(Self(parameter(&parameters(parts, state).await?, "id")?))
    }
}

/// A message's address: the `{id}` and the `{seq}` of a path.
pub struct Address(pub ConversationId, pub Seq);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let parameters = parameters(parts, state).await?;
        Ok(Self(parameter(&parameters, "id")?, parameter(&parameters, "seq")?))
    }
}

/// A member: the `{id}` of a conversation and the `{user}` of a path.
pub struct OfMember(pub ConversationId, pub UserId);

impl<S: Send + Sync> FromRequestParts<S> for OfMember {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let parameters = parameters(parts, state).await?;
        Ok(Self(parameter(&parameters, "id")?, parameter(&parameters, "user")?))
    }
}

/// The `{link}` of a path: any text.
pub struct Link(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Link {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Ok(Self(parameter(&parameters(parts, state).await?, "link")?))
    }
}

pub async fn parameters(parts: &mut Parts, state: &(impl Send + Sync)) -> Result<RawPathParams, Refusal> {
    RawPathParams::from_request_parts(parts, state).await.map_err(|_| Refusal::not_found())
}

fn parameter<T: FromStr>(parameters: &RawPathParams, name: &str) -> Result<T, Refusal> {
    let found = parameters.iter().find(|(found, _)| *found == name).and_then(|(_, text)| text.parse().ok());
    found.ok_or_else(Refusal::not_found)
}

pub fn is_media_type(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
}

fn unreadable(rejection: BytesRejection) -> Refusal {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Refusal::bad_request("the body could not be read"),
    }
}

fn too_large() -> Refusal {
    Refusal::new(ErrorCode::TooLarge, "the body is too large")
}
