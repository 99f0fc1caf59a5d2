//! One line a request: what was asked and how it ended. Never bodies, queries, tokens or addresses.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use tracing::{Level, enabled};

pub async fn write(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let response = next.run(request).await;

    let status = response.status();
    if !enabled!(Level::DEBUG) && !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    // The path as the router knows it: a path that it does not know may hold anything.
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    let took_ms = began.elapsed().as_millis();
    match status.as_u16() {
        // Overload is no event that deserves a line for each of its requests.
        503 => tracing::debug!(%method, route, status = 503, took_ms, "request"),
        500.. => tracing::warn!(%method, route, status = status.as_u16(), took_ms, "request"),
        401 | 403 => tracing::info!(%method, route, status = status.as_u16(), took_ms, "request"),
        _ => tracing::debug!(%method, route, status = status.as_u16(), took_ms, "request"),
    }
    response
}
