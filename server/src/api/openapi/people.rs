//! The documents of the directory and of contacts.

use super::schemas::{list, number, object, reference, request, text};
use protocol::directory::{BATCH, ExternalId, Invite, Person};
use protocol::{DisplayName, Greeting};
use serde_json::{Value, json};

pub fn directory() -> Value {
    let name = text(1, DisplayName::MAX, "One visible line.");
    let departments = json!({ "type": "array", "items": reference("ExternalId") });
    let version = json!({ "type": "integer", "minimum": 0, "maximum": Person::VERSION_LIMIT - 1,
        "description": "The source's count of changes." });
    let kind = json!({ "enum": ["internal", "external"] });
    let batch = |item: &str| json!({ "type": "array", "maxItems": BATCH, "items": reference(item) });
    json!({
        "ExternalId": text(1, ExternalId::MAX, "The source's own name for it."),
        "Department": request([
            ("external_id", reference("ExternalId")),
            ("name", name.clone()),
            ("parent?", reference("ExternalId")),
            ("place?", number(0, "Among its siblings.")),
        ]),
        "PutDepartments": request([("departments", batch("Department"))]),
        "Person": request([
            ("external_id", reference("ExternalId")),
            ("version", version.clone()),
            ("display_name", name.clone()),
            ("kind?", kind.clone()),
            ("title?", name.clone()),
            ("departments?", departments.clone()),
            ("active?", json!({ "type": "boolean", "default": true })),
        ]),
        "PutPeople": request([("people", batch("Person"))]),
        "Results": object([("results", json!({ "type": "array", "items": object([
            ("external_id", reference("ExternalId")),
            ("outcome", json!({ "enum": ["stored", "known", "removed", "unknown_department", "circle"] })),
        ]) }))]),
        "DepartmentsPage": object([("departments", list("Department")), ("more", json!({ "type": "boolean" }))]),
        "RemoveDepartments": request([("departments", batch("ExternalId"))]),
        "Listed": object([
            ("account", reference("UserId")),
            ("external_id", reference("ExternalId")),
            ("version", version.clone()),
            ("display_name", name.clone()),
            ("kind", kind),
            ("title?", name.clone()),
            ("departments", departments),
            ("active", json!({ "type": "boolean" })),
        ]),
        "PeoplePage": object([("people", list("Listed")), ("more", json!({ "type": "boolean" }))]),
        "Invite": request([("valid_s?", json!({ "type": "integer", "minimum": Invite::VALID_S_MIN,
            "maximum": Invite::VALID_S_MAX, "default": Invite::VALID_S }))]),
        "Invited": object([
            ("path", json!({ "type": "string", "description": "To be put behind the server's origin." })),
            ("expires_at", reference("Millis")),
        ]),
        "Claim": object([
            ("by", json!({ "enum": ["source", "person"] })),
            ("version", version),
            ("display_name", name),
        ]),
        "Conflict": object([
            ("id", json!({ "type": "integer", "minimum": 1 })),
            ("external_id", reference("ExternalId")),
            ("at", reference("Millis")),
            ("kept", reference("Claim")),
            ("lost", reference("Claim")),
        ]),
        "ConflictsPage": object([("conflicts", list("Conflict")), ("more", json!({ "type": "boolean" }))]),
    })
}

pub fn contacts() -> Value {
    let flag = |description| json!({ "type": "boolean", "default": false, "description": description });
    let flags = || {
        [
            ("friend?", flag("The account has the other as a friend.")),
            ("follow?", flag("The account follows the other.")),
            ("fan?", flag("The other follows the account.")),
            ("blocking?", flag("The account blocks the other.")),
        ]
    };
    let [friend, follow, fan, blocking] = flags();
    json!({
        "MessagesFrom": { "enum": ["everyone", "followed", "followers", "nobody"], "description": "From whom an account \
            accepts messages; friends are followed and followers." },
        "Relation": object(flags()),
        "Contact": object([
            ("user", reference("User")),
            friend,
            follow,
            fan,
            blocking,
            ("upd", reference("Upd")),
        ]),
        "Contacts": object([("contacts", list("Contact")), ("next?", reference("UserId"))]),
        "AskFriend": request([("greeting?", text(1, Greeting::MAX, "One visible line."))]),
        "FriendRequest": object([
            ("user", reference("User")),
            ("incoming", json!({ "type": "boolean", "description": "The other asks; otherwise the account does." })),
            ("greeting?", text(1, Greeting::MAX, "One visible line.")),
            ("at", reference("Millis")),
            ("state", json!({ "enum": ["waiting", "accepted", "refused", "withdrawn", "expired"] })),
        ]),
        "FriendRequests": object([("incoming", list("FriendRequest")), ("outgoing", list("FriendRequest"))]),
    })
}
