//! What an operator watches, in the text format of Prometheus.

use crate::auth::extract::Admin;
use crate::state::AppState;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use std::sync::atomic::Ordering;

/// `GET /admin/metrics`. Counted since the server started.
pub async fn get(State(state): State<AppState>, _: Admin) -> ([(HeaderName, &'static str); 1], String) {
    let (drift, connections) = (state.unread_drift.load(Ordering::Relaxed), state.hub.connections());
    let text = format!(
        "# HELP unread_drift_total Counts that a device had wrong, and took anew. Must stay 0.\n\
         # TYPE unread_drift_total counter\n\
         unread_drift_total {drift}\n\
         # HELP push_connections Push connections that are open.\n\
         # TYPE push_connections gauge\n\
         push_connections {connections}\n"
    );
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
