//! The headers that tell browsers what an answer of this server may never do. Every answer carries them, errors
//! included; an answer of the API, which is no page, only those that mean something for it: a sync with nothing new is
//! to cost little (R003-15).

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

/// What an answer of the API may do: nothing, and nobody frames it.
const NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// What an answer may do that could be shown as a page and is none: nothing.
const EMPTY_PAGE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
);

const PAGES: [(HeaderName, HeaderValue); 6] = [
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Not "no-referrer": browsers would then send `Origin: null` with the forms of our own pages.
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(NOTHING_PERMITTED)),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), HeaderValue::from_static("none")),
];

const NOTHING_PERMITTED: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
    magnetometer=(), microphone=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), usb=()";

/// Adds the headers. A page brings a policy of its own, a file of the site a cache lifetime.
pub async fn add(request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if api {
        headers.insert(CONTENT_SECURITY_POLICY, NO_PAGE);
    } else {
        headers.extend(PAGES);
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(EMPTY_PAGE);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
