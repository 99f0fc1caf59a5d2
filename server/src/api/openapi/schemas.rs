//! The documents of the API as JSON Schemas, one for each type of [`protocol`] that travels.

#![expect(clippy::indexing_slicing, reason = "the documents that are added to are objects, made right here")]

use super::{accounts, groups, messages, people, sync};
use serde_json::{Value, json};

pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

pub fn list(name: &str) -> Value {
    json!({ "type": "array", "items": reference(name) })
}

pub fn number(min: u64, description: &str) -> Value {
    json!({ "type": "integer", "minimum": min, "maximum": (1_u64 << 53) - 1, "description": description })
}

pub fn text(min: usize, max: usize, description: &str) -> Value {
    json!({ "type": "string", "minLength": min, "maxLength": max, "description": description })
}

/// An object; the names that end in "?" are optional.
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).filter(|name| !name.ends_with('?')).collect();
    let properties: serde_json::Map<String, Value> =
        fields.into_iter().map(|(name, schema)| (name.trim_end_matches('?').to_owned(), schema)).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// An object that a request carries: unknown fields are refused.
pub fn request<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let mut schema = object(fields);
    schema["additionalProperties"] = json!(false);
    schema
}

pub fn one_of<const N: usize>(variants: [Value; N]) -> Value {
    json!({ "oneOf": variants.to_vec() })
}

/// One of several kinds of object: its only field names the kind.
pub fn variant<const N: usize>(kind: &str, fields: [(&str, Value); N]) -> Value {
    let mut schema = object([(kind, object(fields))]);
    schema["additionalProperties"] = json!(false);
    schema
}

pub fn word(word: impl Into<Value>) -> Value {
    json!({ "const": word.into() })
}

pub fn all() -> Value {
    let mut all = json!({});
    let parts = [
        numbers(),
        accounts::accounts(),
        accounts::profiles(),
        people::directory(),
        people::contacts(),
        messages::messages(),
        groups::all(),
        messages::preferences(),
        sync::logs(),
        sync::frames(),
        errors(),
    ];
    for part in parts {
        let Value::Object(part) = part else { continue };
        for (name, schema) in part {
            all[name] = schema;
        }
    }
    all
}

fn numbers() -> Value {
    json!({
        "UserId": number(1, "An account."),
        "DeviceId": number(1, "One login of an account."),
        "ConversationId": number(1, "A conversation, direct or group."),
        "Seq": number(0, "A message's address in its conversation, and the only order. 0 is before the first."),
        "Rev": number(0, "A position in a conversation's log."),
        "Upd": number(0, "A position in an account's log."),
        "Version": number(0, "How often what everybody may know of an account changed; 0 when absent."),
        "Millis": number(0, "Milliseconds since the Unix epoch by the server's clock."),
        "ClientId": { "type": "string", "format": "uuid", "description": "The idempotency key of a send, made by the \
            device; a version 7 UUID by preference." },
    })
}

fn errors() -> Value {
    json!({
        "ErrorCode": { "enum": ["bad_request", "not_logged_in", "wrong_credentials", "foreign_origin", "not_found",
            "method_not_allowed", "timeout", "handle_taken", "client_id_reused", "too_large",
            "unsupported_media_type", "seal_damaged", "seal_unknown_key", "seal_expired", "seal_replayed",
            "seal_required", "invalid_field", "recall_expired", "not_allowed", "muted", "group_full", "not_followed",
            "followers_only", "not_accepted", "awaiting_answer", "sensitive", "rate_limited", "internal", "unavailable", "storage_full"] },
        "ErrorAnswer": object([(
            "error",
            object([
                ("code", reference("ErrorCode")),
                ("message", json!({ "type": "string", "description": "English, for developers." })),
                ("retryable", json!({ "type": "boolean", "description": "The same request may succeed later." })),
                ("field?", json!({ "type": "string", "description": "The field that broke its rule." })),
            ]),
        )]),
        "OpenApi": { "type": "object", "required": ["openapi", "info", "paths", "components"] },
    })
}
