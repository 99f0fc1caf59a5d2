//! How long a request may take, and what becomes of a handler that panics.

use crate::error::Refusal;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, path};
use std::any::Any;
use std::time::Duration;

/// From the request's head to its answer; a body that trickles in counts.
const REQUEST: Duration = Duration::from_secs(30);
/// The same of a picture that is uploaded, over a slow network.
const UPLOAD: Duration = Duration::from_secs(150);

/// Refuses what takes too long. A file that is uploaded has a pace to keep instead. The writer finishes what it was given.
pub async fn time(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == path::FILES {
        return next.run(request).await;
    }
    let limit =
        if path == path::MEDIA || path.starts_with("/c/") && path.ends_with("/picture") { UPLOAD } else { REQUEST };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(ErrorCode::Timeout, "the request took too long").into_response(),
    }
}

/// The answer of a handler that panicked; the panic's own report stands in the log.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    Refusal::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    #[tokio::test]
    async fn a_panic_becomes_an_answer_that_says_nothing_of_the_inside() {
        async fn broken() -> &'static str {
            panic!("the inside")
        }
        let router = Router::new().route("/", get(broken)).layer(CatchPanicLayer::custom(panicked));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), 1_000).await.unwrap();
        assert_eq!(body, r#"{"error":{"code":"internal","message":"the server failed","retryable":false}}"#);
    }
}
