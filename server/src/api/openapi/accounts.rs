//! The documents of accounts, logins and profiles, and the operations on them.

use super::operations::{Operation, PICTURE, Parameter, answer, nothing, plain, square, with_body, with_query};
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

pub fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "getOpenApi" => plain("This document", [answer(200, "The document", "OpenApi")]),
        "getMetrics" => plain(
            "What an operator watches, in the text format of Prometheus: `unread_drift_total`, counts that a device had \
                wrong since the server started, and `push_connections`",
            [nothing(200, "text/plain")],
        ),
        "register" => with_body(
            "Register an account",
            "RegisterRequest",
            [answer(201, "The account", "Account"), answer(409, "handle_taken", "ErrorAnswer")],
        ),
        "getAccount" => plain("The account that asks", [answer(200, "The account", "OwnAccount")]),
        "changeAccount" => with_body(
            "Change the account's own settings and profile; what is absent stays, null takes a field away",
            "ChangeAccount",
            [answer(200, "The account", "OwnAccount")],
        ),
        "changeAvatar" => Operation {
            parameters: square(),
            ..with_body(
                "Give the account a picture, of at most 5 MiB and 40 megapixels",
                PICTURE,
                [answer(200, "The account", "OwnAccount")],
            )
        },
        "dropAvatar" => plain("Take the account's picture away", [answer(200, "The account", "OwnAccount")]),
        "getAvatar" => plain("A picture, 96 or 256 pixels wide", [nothing(200, "A JPEG file, which never changes")]),
        "searchUsers" => with_query(
            "Find users whose handle or display name contains a text",
            vec![Parameter {
                name: "query",
                required: true,
                description: "1 to 64 characters after trimming.".to_owned(),
                schema: json!({ "type": "string", "minLength": 1 }),
            }],
            [answer(200, "At most 20, best match first", "Users")],
        ),
        "getUser" => plain("What the account may know of a user", [answer(200, "The user", "Card")]),
        "logIn" => with_body(
            "Log in",
            "LoginRequest",
            [
                answer(
                    201,
                    "The login; its token is also set as a cookie, and its account's id as one that scripts may read",
                    "Login",
                ),
                answer(401, "wrong_credentials, alike for an unknown handle", "ErrorAnswer"),
            ],
        ),
        "logOut" => plain("Log out: end the login that asks", [nothing(204, "Ended; its connections close")]),
        "listDevices" => plain("The account's logins", [answer(200, "Newest login first", "Devices")]),
        "revokeDevice" => plain("End one of the account's logins", [nothing(204, "Ended; its connections close")]),
        "beginAnew" => plain(
            "Say that this device lost what it kept: what was deleted on another is not there for it then",
            [nothing(204, "Done; the next sync tells it")],
        ),
        _ => return None,
    })
}
