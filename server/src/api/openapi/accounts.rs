//! The documents of accounts, logins and profiles.

use super::schemas::{list, object, reference, request, text};
use protocol::profile::{Audience, Bio, Gender};
use protocol::{DeviceName, DisplayName, Handle, Password};
use serde_json::{Value, json};

pub fn accounts() -> Value {
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

pub fn profiles() -> Value {
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
