//! `GET /openapi.json`: what the API takes and answers, built from the routes themselves.
//!
//! Invariant: every route is described, and nothing else; a test holds real requests and answers against it.

#![expect(clippy::indexing_slicing, reason = "the documents that are added to are objects, made right here")]

mod accounts;
mod groups;
mod messages;
mod operations;
mod people;
mod schemas;
mod sync;

use crate::router::{Route, Who, routes};
use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use operations::{Operation, describe};
use protocol::account::ACCOUNT_HEADER;
use protocol::sealed::{MEDIA_TYPE, OFFER_HEADER};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());

/// `GET /openapi.json`
pub async fn get() -> ([(HeaderName, &'static str); 1], Bytes) {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.clone())
}

fn document() -> Value {
    let mut paths = Map::new();
    for route in routes() {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_ascii_lowercase()] = operation(&route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sixin",
            "version": "1",
            "description": "Ids are numbers below 2^53, times are milliseconds since the Unix epoch by the server's \
                clock. Lists page by key. Every refusal is the one document `ErrorAnswer`. Unknown fields and \
                parameters are refused. Browsers log in by cookie, and what they change must come from a page of the \
                server's own origin; programs send `Authorization: Bearer`. A body may be sealed for the server beyond TLS, \
                as `application/vnd.sixin.sealed`; unless it is refused for that, it is taken as the JSON in it. It is the \
                byte 1; the key's id (8 bytes); an X25519 public key made for this body alone (32); the time by the \
                server's clock (8); a nonce (12); then the JSON by AES-256-GCM with its tag of 16 bytes. Numbers have \
                their highest byte first. The key of AES is HKDF-SHA256 of what the two keys agree on, without salt, with \
                the info `sixin-sealed-1`, a line feed, the public key of the body and the server's as it is told. The tag \
                also covers the method, a space, the path with its query, a line feed, the account's id, a line feed, \
                and all that stands before the ciphertext. What to seal with is told by the header `sixin-sealing` of a \
                refusal: the key's id, the server's public key in unpadded base64url, and the server's time, with \
                spaces between them. A body is taken once, and within five minutes of its time: whoever asks again \
                seals again.",
            "license": { "name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "parameters": { "Account": account() },
            "responses": { "Refusal": refusal() },
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "admin": { "type": "http", "scheme": "bearer", "description": "The server's --admin-token." },
                "cookie": { "type": "apiKey", "in": "cookie", "name": "sixin_login",
                    "description": "Named __Host-sixin_login over TLS." },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let Operation { summary, parameters, takes, answers } = describe(route.operation);
    let in_path = [
        ("id", operations::path_id(route.path)),
        ("seq", "Seq"),
        ("user", "UserId"),
        ("link", "Link"),
        ("hash", "AvatarHash"),
        ("size", "AvatarSize"),
        ("media", "MediaId"),
    ]
    .into_iter()
    .filter(|(name, _)| route.path.contains(&format!("{{{name}}}")))
    .map(|(name, kind)| json!({ "name": name, "in": "path", "required": true, "schema": schemas::reference(kind) }));
    let in_query = parameters.iter().map(|parameter| {
        json!({ "name": parameter.name, "in": "query", "required": parameter.required,
            "description": parameter.description, "schema": parameter.schema })
    });
    let by_login = matches!(route.who, Who::Account | Who::Member);
    let in_header = by_login.then(|| json!({ "$ref": "#/components/parameters/Account" }));
    let mut responses: Map<String, Value> = answers
        .iter()
        .map(|answer| {
            let mut response = json!({ "description": answer.description });
            if let Some(schema) = answer.schema {
                response["content"] = content(schema);
            }
            (answer.status.to_string(), response)
        })
        .collect();
    responses.insert("default".to_owned(), json!({ "$ref": "#/components/responses/Refusal" }));
    let mut operation = json!({
        "operationId": route.operation,
        "summary": summary,
        "parameters": in_path.chain(in_query).chain(in_header).collect::<Vec<_>>(),
        "responses": responses,
        "security": match route.who {
            Who::Anyone => json!([]),
            Who::Admin => json!([{ "admin": [] }]),
            Who::Account | Who::Member => json!([{ "bearer": [] }, { "cookie": [] }]),
        },
    });
    if let Some(schema) = takes {
        let content = match schema {
            operations::PICTURE => json!({ "image/jpeg": {}, "image/png": {}, "image/webp": {} }),
            operations::FILE => json!({ "application/octet-stream": {} }),
            schema => {
                let mut content = content(schema);
                if route.sealable() {
                    content[MEDIA_TYPE] = json!({});
                }
                content
            }
        };
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": schemas::reference(schema) } })
}

fn account() -> Value {
    json!({
        "name": ACCOUNT_HEADER, "in": "header", "required": false,
        "description": "The account shown by the page that asks. Where the login is another's, because somebody logged in \
            on another page of the browser, nobody is logged in: 401 not_logged_in.",
        "schema": schemas::reference("UserId"),
    })
}

fn refusal() -> Value {
    json!({
        "description": "A refusal. `code` is stable; `message` is for developers. Beside the codes of the operation: \
            400 bad_request, 400 seal_damaged, seal_unknown_key, seal_expired, seal_replayed and seal_required (about sealed \
            bodies; but for the first they come with what to seal with), 401 not_logged_in, 403 foreign_origin, 404 not_found (also for what the account may not \
            see), 405 method_not_allowed, 408 timeout, 413 too_large, 415 unsupported_media_type, 422 invalid_field, \
            429 rate_limited (with Retry-After), 500 internal, 503 unavailable, 507 storage_full.",
        "content": content("ErrorAnswer"),
        "headers": {
            OFFER_HEADER: { "schema": { "type": "string" },
                "description": "What to seal with from now on, where the refusal is about that." },
        },
    })
}
