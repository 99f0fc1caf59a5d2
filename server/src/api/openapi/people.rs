//! The documents of the directory and of contacts, and the operations on them.

use super::operations::{
    Operation, PICTURE, Parameter, answer, limit, nothing, plain, position, query_text, with_body, with_query,
};
use super::schemas::{list, number, object, reference, request, text};
use crate::domain::contacts;
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

pub fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "putDepartments" => with_body(
            "Keep departments of the directory: at most 1,000, parents before children",
            "PutDepartments",
            [answer(200, "What became of each", "Results")],
        ),
        "putPeople" => with_body(
            "Keep people of the directory: at most 1,000, each by the source's id and version",
            "PutPeople",
            [answer(200, "What became of each", "Results")],
        ),
        "listPeople" => with_query(
            "The people of the directory, by external id",
            vec![
                query_text("after", "The last external id of the page before."),
                query_text("query", "Only those whose name, handle or external id contains it; at most 64 characters."),
            ],
            [answer(200, "One page", "PeoplePage")],
        ),
        "listDepartments" => with_query(
            "The departments of the directory, by external id",
            vec![query_text("after", "The last external id of the page before.")],
            [answer(200, "One page", "DepartmentsPage")],
        ),
        "removeDepartments" => with_body(
            "Remove departments: at most 1,000; the people and departments below one move up to the one above it",
            "RemoveDepartments",
            [answer(200, "What became of each", "Results")],
        ),
        "getPerson" => plain("One person of the directory", [answer(200, "The person", "Listed")]),
        "getPersonAvatar" => plain("The picture of a person, 256 pixels wide", [nothing(200, "A JPEG file")]),
        "putPersonAvatar" => with_body(
            "Give a person a picture, of at most 5 MiB and 40 megapixels",
            PICTURE,
            [nothing(204, "It is shown, and not told to the webhook")],
        ),
        "invitePerson" => with_body(
            "Make the only link by which a person who cannot log in comes in, once",
            "Invite",
            [
                answer(201, "The link, which nobody can read again", "Invited"),
                answer(403, "not_allowed: the person can log in, or was deactivated", "ErrorAnswer"),
            ],
        ),
        "listConflicts" => with_query(
            "What gave way when both sides changed a person at once, the oldest first",
            vec![Parameter {
                schema: json!({ "type": "integer", "minimum": 0, "default": 0 }),
                ..query_text("after", "The last id of the page before.")
            }],
            [answer(200, "One page", "ConflictsPage")],
        ),
        "listContacts" => with_query(
            "Everybody whom the account has to do with: friends, followed, followers, blocked",
            vec![
                position("after", "UserId", "The `next` of the page before."),
                limit(contacts::LIMIT, contacts::LIMIT_MAX),
            ],
            [answer(200, "One page, by user id", "Contacts")],
        ),
        "getContact" => plain(
            "What the account and another are to each other",
            [answer(200, "As it is at a position of the account's log", "Contact")],
        ),
        "addFriend" => with_body(
            "Accept the other's friend request, or ask the other; what stands already stays",
            "AskFriend",
            [answer(200, "A friend now, or asked", "Contact")],
        ),
        "removeFriend" => plain(
            "Have the other as a friend no more, and take one's own request back",
            [nothing(204, "Done; the other is not told")],
        ),
        "follow" => plain("Follow another", [answer(200, "Followed", "Contact")]),
        "unfollow" => plain("Follow another no more", [nothing(204, "Done")]),
        "block" => plain(
            "Block another: nothing of theirs arrives any more, and they are not told",
            [answer(200, "Blocked", "Contact")],
        ),
        "unblock" => plain("Block another no more", [nothing(204, "Done")]),
        "listRequests" => plain(
            "The friend requests that wait for an answer",
            [answer(200, "The newest first, at most 200 each way", "FriendRequests")],
        ),
        "refuseRequest" => plain("Refuse the friend request of another", [nothing(204, "Refused")]),
        _ => return None,
    })
}
