//! The documents of the API as JSON Schemas, one for each type of [`protocol`] that travels.

#![expect(clippy::indexing_slicing, reason = "the documents that are added to are objects, made right here")]

use protocol::directory::{BATCH, ExternalId, Invite};
use protocol::group::NAMED_MAX;
use protocol::messaging::{HideMessages, SendRequest};
use protocol::profile::{Audience, Bio, Gender};
use protocol::receipts::ReportReceipts;
use protocol::sync::CheckCounts;
use protocol::{
    DeviceName, DisplayName, DraftText, Greeting, GroupTitle, Handle, Label, MessageText, Password, Preferences,
    ReportNote,
};
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

pub fn word(text: &str) -> Value {
    json!({ "const": text })
}

pub fn all() -> Value {
    let mut all = json!({});
    let groups = super::groups::all();
    let parts = [
        numbers(),
        accounts(),
        profiles(),
        directory(),
        contacts(),
        messages(),
        groups,
        preferences(),
        logs(),
        frames(),
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

fn accounts() -> Value {
    let handle = json!({ "type": "string", "pattern": "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", "minLength": Handle::MIN,
        "maxLength": Handle::MAX, "description": "Capitals are folded." });
    let display_name = text(1, DisplayName::MAX, "One visible line.");
    let device_name = text(1, DeviceName::MAX, "One visible line.");
    json!({
        "Handle": handle,
        "User": object([
            ("id", reference("UserId")),
            ("handle", reference("Handle")),
            ("display_name", display_name.clone()),
            ("avatar?", reference("AvatarHash")),
            ("version?", reference("Version")),
        ]),
        "AvatarHash": { "type": "string", "pattern": "^[0-9a-f]{32}$",
            "description": "A picture, under /api/v1/avatars." },
        "AvatarSize": { "enum": [96, 256] },
        "Users": object([("users", list("User"))]),
        "Account": object([
            ("id", reference("UserId")),
            ("handle", reference("Handle")),
            ("display_name", display_name.clone()),
            ("avatar?", reference("AvatarHash")),
            ("version?", reference("Version")),
            ("created_at", reference("Millis")),
            ("receipts", json!({ "type": "boolean", "description": "Whether it gives and gets receipts." })),
            ("messages_from", reference("MessagesFrom")),
            ("show_last_seen", json!({ "type": "boolean", "description": "Whether it shows when it was last there, and sees it of others." })),
        ]),
        "RegisterRequest": request([
            ("handle", reference("Handle")),
            ("display_name", display_name),
            ("password", text(Password::MIN, Password::MAX, "Never trimmed.")),
        ]),
        "LoginRequest": request([
            ("handle", json!({ "type": "string" })),
            ("password", json!({ "type": "string" })),
            ("device_name?", device_name.clone()),
        ]),
        "Login": object([
            ("account", reference("Account")),
            ("device", reference("DeviceId")),
            ("token", json!({ "type": "string", "description": "For `Authorization: Bearer`." })),
        ]),
        "Device": object([
            ("id", reference("DeviceId")),
            ("name", device_name),
            ("created_at", reference("Millis")),
            ("last_seen_at", reference("Millis")),
            ("current", json!({ "type": "boolean", "description": "Whether it is the device that asks." })),
        ]),
        "Devices": object([("devices", list("Device"))]),
    })
}

fn contacts() -> Value {
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

fn directory() -> Value {
    let name = text(1, DisplayName::MAX, "One visible line.");
    let departments = json!({ "type": "array", "items": reference("ExternalId") });
    let version = number(0, "The source's count of changes.");
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

fn profiles() -> Value {
    let display_name = text(1, DisplayName::MAX, "One visible line.");
    let optional = |name: &str| json!({ "anyOf": [reference(name), { "type": "null" }] });
    json!({
        "Gender": { "enum": Gender::ALL.map(Gender::name) },
        "Birthday": { "type": "string", "format": "date", "description": "From 1900 on, not in the future." },
        "Phone": { "type": "string", "description": "5 to 15 digits, perhaps after a plus; spaces, dots, dashes and \
            brackets are left out." },
        "Bio": text(1, Bio::MAX, "Trimmed; on several lines."),
        "Audience": { "enum": Audience::ALL.map(Audience::name) },
        "Audiences": request([
            ("gender", reference("Audience")),
            ("birthday", reference("Audience")),
            ("phone", reference("Audience")),
            ("bio", reference("Audience")),
        ]),
        "Card": object([
            ("id", reference("UserId")),
            ("handle", reference("Handle")),
            ("display_name", display_name.clone()),
            ("avatar?", reference("AvatarHash")),
            ("version?", reference("Version")),
            ("gender?", reference("Gender")),
            ("birthday?", reference("Birthday")),
            ("phone?", reference("Phone")),
            ("bio?", reference("Bio")),
        ]),
        "OwnAccount": object([
            ("id", reference("UserId")),
            ("handle", reference("Handle")),
            ("display_name", display_name.clone()),
            ("avatar?", reference("AvatarHash")),
            ("version?", reference("Version")),
            ("created_at", reference("Millis")),
            ("receipts", json!({ "type": "boolean" })),
            ("messages_from", reference("MessagesFrom")),
            ("show_last_seen", json!({ "type": "boolean", "description": "Whether it shows when it was last there, and sees it of others." })),
            ("gender?", reference("Gender")),
            ("birthday?", reference("Birthday")),
            ("phone?", reference("Phone")),
            ("bio?", reference("Bio")),
            ("audiences", reference("Audiences")),
        ]),
        "ChangeAccount": request([
            ("receipts?", json!({ "type": "boolean" })),
            ("messages_from?", reference("MessagesFrom")),
            ("show_last_seen?", json!({ "type": "boolean" })),
            ("display_name?", display_name),
            ("gender?", optional("Gender")),
            ("birthday?", optional("Birthday")),
            ("phone?", optional("Phone")),
            ("bio?", optional("Bio")),
            ("audiences?", reference("Audiences")),
        ]),
    })
}

fn messages() -> Value {
    let users = json!({ "type": "array", "items": reference("User"), "description": "The senders." });
    let written = request([
        ("type", word("text")),
        ("text", text(1, MessageText::MAX, "Any Unicode text but U+0000.")),
        ("mentions?", reference("Mentions")),
    ]);
    json!({
        "MessageBody": one_of([
            written.clone(),
            object([("type", word("recalled")), ("by", reference("UserId"))]),
            object([("type", word("notice")), ("notice", reference("Notice"))]),
        ]),
        "Message": object([
            ("seq", reference("Seq")),
            ("rev", reference("Rev")),
            ("sender", reference("UserId")),
            ("client_id", reference("ClientId")),
            ("at", reference("Millis")),
            ("body", reference("MessageBody")),
        ]),
        "SendRequest": request([
            ("client_id", reference("ClientId")),
            ("body", written),
            ("invisible_list?", json!({ "type": "array", "items": reference("UserId"),
                "maxItems": SendRequest::INVISIBLE_MAX, "description": "Members who do not see the message." })),
        ]),
        "Cursors": object([("delivered", reference("Seq")), ("read", reference("Seq"))]),
        "Conversation": object([
            ("id", reference("ConversationId")),
            ("kind", json!({ "enum": ["direct", "group"] })),
            ("title?", json!({ "type": "string", "description": "A group's name." })),
            ("peer?", reference("User")),
            ("member_count", json!({ "type": "integer", "minimum": 1 })),
            ("rev", reference("Rev")),
            ("upd", reference("Upd")),
            ("head_seq", reference("Seq")),
            ("last?", reference("Message")),
            ("active_at", reference("Millis")),
            ("vis_from", reference("Seq")),
            ("floor?", reference("Seq")),
            ("silent?", list("Seq")),
            ("hidden?", list("Seq")),
            ("own", reference("Cursors")),
            ("peer_cursors?", reference("Cursors")),
            ("unread", json!({ "type": "integer", "minimum": 0 })),
            ("relation?", reference("Relation")),
            ("answered", json!({ "type": "boolean", "description": "Whether the member has ever written in it." })),
            ("preferences?", reference("Preferences")),
            ("joined", reference("Upd")),
            ("group?", reference("Group")),
            ("mentions?", list("Seq")),
        ]),
        "OpenConversation": request([
            ("peer?", reference("UserId")),
            ("title?", text(1, GroupTitle::MAX, "One visible line.")),
            ("members?", json!({ "type": "array", "items": reference("UserId"), "minItems": 1,
                "maxItems": NAMED_MAX })),
        ]),
        "Conversations": object([
            ("conversations", list("Conversation")),
            ("users", users.clone()),
            ("next?", json!({ "type": "string", "description": "Pass it as `before`; absent on the last page." })),
        ]),
        "HistoryPage": object([
            ("messages", list("Message")),
            ("from", reference("Seq")),
            ("through", reference("Seq")),
            ("vis_from", reference("Seq")),
            ("head_seq", reference("Seq")),
            ("rev", reference("Rev")),
            ("upd", reference("Upd")),
            ("users", users.clone()),
        ]),
        "ChangesPage": object([
            ("conversation", reference("Conversation")),
            ("messages", list("Message")),
            ("through", reference("Rev")),
            ("too_long", json!({ "type": "boolean", "description": "Take the newest history page instead." })),
            ("users", users.clone()),
        ]),
        "UnreadPage": object([
            ("unread", json!({ "type": "integer", "minimum": 0 })),
            ("messages", list("Message")),
            ("users", users),
            ("more", json!({ "type": "boolean" })),
        ]),
        "HideMessages": request([
            ("seqs", json!({ "type": "array", "items": reference("Seq"), "minItems": 1,
                "maxItems": HideMessages::MAX })),
            ("hidden", json!({ "type": "boolean", "description": "False takes the deletion back." })),
        ]),
        "ReportMessage": request([
            ("reason", json!({ "enum": ["spam", "fraud", "harassment", "indecent", "other"] })),
            ("note?", text(1, ReportNote::MAX, "Any Unicode text but U+0000.")),
            ("hide", json!({ "type": "boolean", "description": "Hide it from the reporter as well." })),
        ]),
        "Readers": object([
            ("readers", json!({ "type": "array",
                "items": object([("user", reference("User")), ("read", reference("Seq"))]) })),
            ("listed", json!({ "type": "boolean", "description": "Whether the group is small enough." })),
        ]),
        "MessageReaders": object([
            ("count", json!({ "type": "integer", "minimum": 0 })),
            ("readers", list("User")),
        ]),
        "ReceiptReport": request([
            ("conversation", reference("ConversationId")),
            ("delivered", reference("Seq")),
            ("read", reference("Seq")),
        ]),
        "ReportReceipts": request([
            ("reports", json!({ "type": "array", "items": reference("ReceiptReport"),
                "maxItems": ReportReceipts::MAX })),
        ]),
        "ReceiptsPage": object([
            ("receipts", list("Receipt")),
            ("through", reference("Upd")),
            ("more", json!({ "type": "boolean" })),
        ]),
    })
}

fn preferences() -> Value {
    let until = json!({ "type": "integer", "minimum": 0, "maximum": Preferences::ALWAYS, "description": "By the \
        server's clock, in milliseconds since the Unix epoch; 0: not muted; the maximum: always." });
    let labels = json!({ "type": "array", "items": text(1, Label::MAX, "One visible line."), "description": "Each once; \
        at most 512 bytes as JSON." });
    let archived =
        number(0, "Off the main list until a message at this seq comes; 0: not archived. Never beyond the next.");
    let fields = || {
        [
            ("pinned?", json!({ "type": "boolean" })),
            ("muted_until?", until.clone()),
            ("labels?", labels.clone()),
            ("archived_until?", archived.clone()),
            ("marked_unread?", json!({ "type": "boolean", "description": "A dot that counts nothing." })),
            ("draft?", text(0, DraftText::MAX, "What stands in the composer.")),
        ]
    };
    json!({
        "Preferences": object(fields()),
        "ChangePreferences": request(fields()),
        "ChangedPreferences": object([
            ("conversation", reference("ConversationId")),
            ("preferences", reference("Preferences")),
            ("upd", reference("Upd")),
        ]),
    })
}

fn logs() -> Value {
    json!({
        "AccountChange": one_of([
            variant("joined", [("conversation", reference("Conversation"))]),
            variant("own", [
                ("conversation", reference("ConversationId")),
                ("cursors", reference("Cursors")),
            ]),
            variant("receipt", [
                ("conversation", reference("ConversationId")),
                ("reader", reference("UserId")),
                ("delivered", reference("Seq")),
                ("read", reference("Seq")),
            ]),
            variant("hidden", [
                ("conversation", reference("ConversationId")),
                ("seq", reference("Seq")),
            ]),
            variant("shown", [
                ("conversation", reference("ConversationId")),
                ("message", reference("Message")),
                ("sender", reference("User")),
            ]),
            variant("left", [("conversation", reference("ConversationId"))]),
            variant("settings", [
                ("receipts", json!({ "type": "boolean" })),
                ("messages_from", reference("MessagesFrom")),
            ]),
            variant("profile", [("user", reference("User"))]),
            variant("preferences", [
                ("conversation", reference("ConversationId")),
                ("preferences", reference("Preferences")),
            ]),
            variant("relation", [("user", reference("User")), ("relation", reference("Relation"))]),
            variant("request", [
                ("user", reference("User")),
                ("incoming", json!({ "type": "boolean" })),
                ("greeting?", text(1, Greeting::MAX, "One visible line.")),
                ("at", reference("Millis")),
                ("state", json!({ "enum": ["waiting", "accepted", "refused", "withdrawn", "expired"] })),
            ]),
        ]),
        "Receipt": object([
            ("conversation", reference("ConversationId")),
            ("reader", reference("UserId")),
            ("delivered", reference("Seq")),
            ("read", reference("Seq")),
        ]),
        "CheckCounts": request([
            ("counts", json!({ "type": "array", "maxItems": CheckCounts::MAX, "items": request([
                ("conversation", reference("ConversationId")),
                ("rev", reference("Rev")),
                ("upd", reference("Upd")),
                ("read", reference("Seq")),
                ("floor", reference("Seq")),
                ("unread", json!({ "type": "integer", "minimum": 0 })),
            ]) })),
        ]),
        "CheckedCounts": object([("wrong", list("Conversation")), ("users", list("User"))]),
        "SyncPage": object([
            ("token", text(1, 64, "Opaque; the next `since`.")),
            ("more", json!({ "type": "boolean" })),
            ("upd", reference("Upd")),
            ("changes?", list("AccountChange")),
            ("conversations?", list("Conversation")),
            ("users?", list("User")),
            ("older?", json!({ "type": "string", "description": "In a sync from nothing: where listConversations goes on \
                with what is left out." })),
        ]),
    })
}

fn frames() -> Value {
    json!({
        "ServerFrame": one_of([
            variant("hello", [
                ("device", reference("DeviceId")),
                ("server_time", reference("Millis")),
                ("heartbeat_s", json!({ "type": "integer", "minimum": 1 })),
                ("rules", reference("Rules")),
            ]),
            variant("conversation", [
                ("conversation", reference("ConversationId")),
                ("prev", reference("Rev")),
                ("pos", reference("Rev")),
                ("head_seq", reference("Seq")),
                ("change", reference("LogChange")),
            ]),
            variant("account", [
                ("prev", reference("Upd")),
                ("pos", reference("Upd")),
                ("changes", list("AccountChange")),
            ]),
            variant("deleted", [("conversation", reference("ConversationId")), ("floor", reference("Seq"))]),
            variant("person", [("user", reference("User"))]),
            variant("typing", [("conversation", reference("ConversationId")), ("user", reference("UserId"))]),
            variant("presence", [
                ("user", reference("UserId")),
                ("online", json!({ "type": "boolean" })),
                ("seen_at", reference("Millis")),
            ]),
            word("pong"),
        ]),
        "LogChange": one_of([
            variant("message", [("message", reference("Message")), ("sender", reference("User"))]),
            variant("withheld", [("seq", reference("Seq"))]),
            variant("members", [("count", json!({ "type": "integer", "minimum": 0 }))]),
        ]),
        "Rules": object([
            ("read_report_policy", json!({ "enum": ["viewport", "on_leave"] })),
            ("recall_window_s", number(0, "For how long after sending it a message can be recalled, in seconds.")),
        ]),
        "SaidFrame": object([
            ("connection", number(0, "As the stream's first event names it.")),
            ("frame", reference("ClientFrame")),
        ]),
        "ClientFrame": one_of([
            word("ping"),
            variant("typing", [("conversation", reference("ConversationId"))]),
            variant("watch", [("conversation?", reference("ConversationId"))]),
        ]),
    })
}

fn errors() -> Value {
    json!({
        "ErrorCode": { "enum": ["bad_request", "not_logged_in", "wrong_credentials", "foreign_origin", "not_found",
            "method_not_allowed", "timeout", "handle_taken", "client_id_reused", "too_large",
            "unsupported_media_type", "invalid_field", "recall_expired", "not_allowed", "muted", "group_full", "not_followed",
            "followers_only", "not_accepted", "awaiting_answer", "rate_limited", "internal", "unavailable", "storage_full"] },
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
