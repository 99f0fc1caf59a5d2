//! Nobody else's page may act in a person's name.
//!
//! Rule: what changes something, and the push connection, must come from a page of our own, as the browser says in
//! `Origin`, or else `Sec-Fetch-Site`, or else `Referer`. A request that says nothing of the kind comes from no browser
//! of this decade; it is let through if it carries no login cookie, because then there is no name to act in but the
//! one it proves itself.

use crate::auth::extract::{cookie, is_secure};
use crate::config::{Config, Origin};
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN, REFERER, UPGRADE};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, path};

pub async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    let push = headers.contains_key(UPGRADE) || request.uri().path() == path::PUSH_EVENTS;
    if safe && !push {
        return next.run(request).await;
    }
    let allowed = match says(headers, &state.config) {
        Some(own) => own,
        None => cookie(headers, is_secure(headers, &state)).is_none(),
    };
    if allowed {
        next.run(request).await
    } else {
        Refusal::new(ErrorCode::ForeignOrigin, "the request comes from another site").into_response()
    }
}

/// Whether the request says to come from our own pages; `None` when it says nothing.
fn says(headers: &HeaderMap, config: &Config) -> Option<bool> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(HOST.as_str()).unwrap_or_default();
    if let Some(origin) = text(ORIGIN.as_str()) {
        return Some(is_own(origin, host, config));
    }
    if let Some(site) = text("sec-fetch-site") {
        return Some(site == "same-origin");
    }
    text(REFERER.as_str()).map(|referer| {
        // The origin is what stands before the path.
        let end = referer.match_indices('/').nth(2).map_or(referer.len(), |(at, _)| at);
        is_own(referer.get(..end).unwrap_or_default(), host, config)
    })
}

fn is_own(origin: &str, host: &str, config: &Config) -> bool {
    let Ok(origin) = origin.parse::<Origin>() else { return false };
    if config.public_origins.is_empty() { origin.has_host(host) } else { config.public_origins.contains(&origin) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        config: Config,
    }

    fn check(flags: &[&str], pairs: &[(&'static str, &str)], expected: Option<bool>) {
        let config = CommandLine::parse_from([&["sixin"], flags].concat()).config;
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        assert_eq!(says(&headers, &config), expected, "{flags:?} {pairs:?}");
    }

    #[test]
    fn without_a_configured_origin_the_host_decides() {
        let host = ("host", "127.0.0.1:3000");
        check(&[], &[host], None);
        check(&[], &[host, ("origin", "http://127.0.0.1:3000")], Some(true));
        check(&[], &[host, ("origin", "https://127.0.0.1:3000")], Some(true));
        for foreign in
            ["null", "", "http://127.0.0.1", "http://127.0.0.1:3001", "http://127.0.0.1:3000.evil", "http://evil"]
        {
            check(&[], &[host, ("origin", foreign)], Some(false));
        }
    }

    #[test]
    fn a_configured_origin_decides_alone() {
        let flags = ["--public-origin", "https://chat.example.org"];
        check(&flags, &[("host", "inner:3000"), ("origin", "https://chat.example.org")], Some(true));
        check(&flags, &[("host", "chat.example.org"), ("origin", "http://chat.example.org")], Some(false));
        check(&flags, &[("host", "evil"), ("origin", "https://evil")], Some(false));
    }

    #[test]
    fn older_browsers_say_it_in_other_headers() {
        let host = ("host", "a:1");
        check(&[], &[host, ("sec-fetch-site", "same-origin")], Some(true));
        for foreign in ["same-site", "cross-site", "none"] {
            check(&[], &[host, ("sec-fetch-site", foreign)], Some(false));
        }
        check(&[], &[host, ("referer", "http://a:1/c/5?x=http://b/")], Some(true));
        check(&[], &[host, ("referer", "http://a:1")], Some(true));
        check(&[], &[host, ("referer", "http://b/http://a:1/")], Some(false));
        check(&[], &[host, ("origin", "http://b"), ("sec-fetch-site", "same-origin")], Some(false));
    }
}
