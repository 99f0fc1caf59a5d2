//! How long a request may take, and what becomes of a handler that panics.

use crate::error::Refusal;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;
use std::any::Any;
use std::time::Duration;

/// From the request's head to its answer; a body that trickles in counts.
const REQUEST: Duration = Duration::from_secs(30);

/// Refuses what takes too long. The writer finishes what it was given.
pub async fn time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(ErrorCode::Timeout, "the request took too long").into_response(),
    }
}

/// The answer of a handler that panicked; the panic's own report stands in the log.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    Refusal::internal().into_response()
}
