//! What each operation takes and answers, by its name in the route table.

use super::schemas::reference;
use super::{accounts, groups, messages, people, sync};
use protocol::sync::PageSize;
use serde_json::{Value, json};

pub struct Operation {
    pub summary: &'static str,
    pub parameters: Vec<Parameter>,
    /// The schema of the body.
    pub takes: Option<&'static str>,
    pub answers: Vec<Answer>,
}

pub struct Parameter {
    pub name: &'static str,
    pub required: bool,
    pub description: String,
    pub schema: Value,
}

pub struct Answer {
    pub status: u16,
    pub description: &'static str,
    /// The schema of the document.
    pub schema: Option<&'static str>,
}

/// A body that is a picture and no document.
pub const PICTURE: &str = "a picture";
/// A body that is a file.
pub const FILE: &str = "a file";

pub fn answer(status: u16, description: &'static str, schema: &'static str) -> Answer {
    Answer { status, description, schema: Some(schema) }
}

pub fn nothing(status: u16, description: &'static str) -> Answer {
    Answer { status, description, schema: None }
}

pub fn not_allowed() -> Answer {
    answer(403, "not_allowed: the role does not permit it", "ErrorAnswer")
}

pub fn full() -> Answer {
    answer(409, "group_full", "ErrorAnswer")
}

pub fn plain(summary: &'static str, answers: impl Into<Vec<Answer>>) -> Operation {
    Operation { summary, parameters: vec![], takes: None, answers: answers.into() }
}

pub fn with_body(summary: &'static str, takes: &'static str, answers: impl Into<Vec<Answer>>) -> Operation {
    Operation { takes: Some(takes), ..plain(summary, answers) }
}

pub fn with_query(summary: &'static str, parameters: Vec<Parameter>, answers: impl Into<Vec<Answer>>) -> Operation {
    Operation { parameters, ..plain(summary, answers) }
}

/// The schema of the `{id}` in a path.
pub fn path_id(path: &str) -> &'static str {
    if path.contains("/directory/") {
        "ExternalId"
    } else if path.contains("/users/") || path.contains("/contacts/") {
        "UserId"
    } else if path.contains("/devices/") {
        "DeviceId"
    } else {
        "ConversationId"
    }
}

/// # Panics
/// When the operation is not described: the test of the document meets it before anybody else.
pub fn describe(operation: &str) -> Operation {
    [accounts::operation, people::operation, groups::operation, messages::operation, sync::operation]
        .into_iter()
        .find_map(|of| of(operation))
        .unwrap_or_else(|| panic!("the operation {operation} is not described"))
}

/// What of a file becomes the picture.
pub fn square() -> Vec<Parameter> {
    vec![
        pixels("x", "Where the square begins."),
        pixels("y", "Where the square begins."),
        pixels("size", "The square's side; when absent, the largest square of the middle is taken."),
    ]
}

pub fn pixels(name: &'static str, description: &str) -> Parameter {
    let schema = json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX });
    Parameter { name, required: false, description: description.to_owned(), schema }
}

pub fn flag(name: &'static str, description: &str) -> Parameter {
    let schema = json!({ "type": "boolean", "default": false });
    Parameter { name, required: false, description: description.to_owned(), schema }
}

pub fn query_text(name: &'static str, description: &str) -> Parameter {
    let schema = json!({ "type": "string" });
    Parameter { name, required: false, description: description.to_owned(), schema }
}

pub fn position(name: &'static str, kind: &str, description: &str) -> Parameter {
    Parameter { name, required: false, description: description.to_owned(), schema: reference(kind) }
}

pub fn page_size() -> Parameter {
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": PageSize::MAX });
    let description = "How much the device takes at a time, as `rules` tell; a longer page than fits into an answer comes \
        in several.";
    Parameter { name: "page_size", required: false, description: description.to_owned(), schema }
}

pub fn limit(default: u32, max: u32) -> Parameter {
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": max, "default": default });
    Parameter { name: "limit", required: false, description: "The page's length at most.".to_owned(), schema }
}
