//! The browser's files, carried inside the binary, each beside a Brotli copy of itself.
//!
//! An address with `?v=` of the file's own hash never changes its content, so browsers keep it for good.

use crate::error::Refusal;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};
use std::sync::LazyLock;

#[derive(Embed)]
#[folder = "../target/site"]
struct Site;

/// The addresses that a page names.
pub struct Urls {
    pub css: String,
    pub js: String,
    pub wasm: String,
    pub emoji: String,
    pub icon: String,
}

pub static URLS: LazyLock<Urls> = LazyLock::new(|| {
    let url = |path: &str, name: &str| match Site::get(name) {
        Some(file) => format!("{path}?v={}", version(&file)),
        None => path.to_owned(),
    };
    Urls {
        css: url("/pkg/sixin.css", "sixin.css"),
        js: url("/pkg/sixin.js", "sixin.js"),
        wasm: url("/pkg/sixin_bg.wasm", "sixin_bg.wasm"),
        emoji: url("/pkg/emoji.json", "emoji.json"),
        icon: url("/favicon.svg", "favicon.svg"),
    }
});

/// `GET /pkg/{*name}`
pub async fn file(
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // A name that is no text names nothing.
    let Path(name) = name.map_err(|_| Refusal::not_found())?;
    send(&name, query.as_deref(), &headers)
}

/// `GET /favicon.svg`
pub async fn icon(RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response, Refusal> {
    send("favicon.svg", query.as_deref(), &headers)
}

/// `GET /service-worker.js`: the worker, with the files of this build. Whatever changes in one of them makes another
/// worker, which the browser then takes in the place of the former.
pub async fn service_worker() -> Result<Response, Refusal> {
    let worker = Site::get("service-worker.js").ok_or_else(Refusal::not_found)?;
    let files = [&URLS.css, &URLS.js, &URLS.wasm, &URLS.emoji, &URLS.icon];
    let site = serde_json::json!({ "shell": "/offline", "files": files });
    let script = format!("const SITE = {site};\n{}", String::from_utf8_lossy(&worker.data));
    let policy = "default-src 'none'; connect-src 'self'";
    let headers = [
        (CONTENT_TYPE, media_type("service-worker.js")),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    Ok((headers, script).into_response())
}

fn send(name: &str, query: Option<&str>, headers: &HeaderMap) -> Result<Response, Refusal> {
    let file = Site::get(name).filter(|_| !name.ends_with(".br")).ok_or_else(Refusal::not_found)?;
    let version = version(&file);
    let asked = query.and_then(|query| query.strip_prefix("v="));
    let lifetime = if asked == Some(&version) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let small = accepts_brotli(headers).then(|| Site::get(&format!("{name}.br"))).flatten();
    let (encoding, content) = match small {
        Some(small) => (Some((CONTENT_ENCODING, "br")), small.data),
        None => (None, file.data),
    };
    let tag = format!("\"{version}{}\"", if encoding.is_some() { "-br" } else { "" });
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let common: [(HeaderName, &str); 3] = [(CACHE_CONTROL, lifetime), (ETAG, &tag), (VARY, "accept-encoding")];
    if known.split(',').any(|known| known.trim() == tag) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let mut response = (common, [(CONTENT_TYPE, media_type(name))], content).into_response();
    response.headers_mut().extend(encoding.map(|(name, value)| (name, value.parse().expect("it is valid"))));
    Ok(response)
}

/// As many digits of the hash as make a collision impossible in practice.
fn version(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|encoding| {
        let mut parts = encoding.split(';').map(str::trim);
        parts.next() == Some("br") && parts.all(|weight| !matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_sent_to_those_who_take_it() {
        let accepts = |value: &str| accepts_brotli(&HeaderMap::from_iter([(ACCEPT_ENCODING, value.parse().unwrap())]));
        assert!(accepts("gzip, deflate, br, zstd") && accepts("br;q=0.5"));
        assert!(!accepts("gzip") && !accepts("br;q=0, gzip") && !accepts("") && !accepts_brotli(&HeaderMap::new()));
    }
}
