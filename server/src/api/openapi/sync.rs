//! The documents of the logs, the frames of the push connection, and the operations on them.

use super::operations::{
    Operation, Parameter, answer, nothing, page_size, position, query_text, with_body, with_query,
};
use super::schemas::{list, number, object, one_of, reference, request, text, variant, word};
use protocol::Greeting;
use protocol::account::ACCOUNT_PARAMETER;
use protocol::sync::{CheckCounts, Count, PageSize};
use serde_json::{Value, json};

pub fn logs() -> Value {
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
            variant("left", [
                ("conversation", reference("ConversationId")),
                ("why?", json!({ "enum": ["removed", "dissolved"], "description": "Absent: the account left." })),
            ]),
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
                ("received", reference("Seq")),
                ("unread", json!({ "type": "integer", "minimum": 0, "maximum": Count::UNREAD_MAX })),
            ]) })),
        ]),
        "CheckedCounts": object([("wrong", list("Conversation")), ("users", list("User"))]),
        "SyncPage": object([
            ("token", text(1, 64, "Opaque; the next `since`.")),
            ("more", json!({ "type": "boolean" })),
            ("left?", json!({ "type": "integer", "minimum": 1, "maximum": PageSize::MAX,
                "description": "How much of the page asked for is to come at most. Absent: it ends here." })),
            ("upd", reference("Upd")),
            ("changes?", list("AccountChange")),
            ("conversations?", list("Conversation")),
            ("users?", list("User")),
            ("older?", json!({ "type": "string", "description": "In a sync from nothing: where listConversations goes on \
                with what is left out." })),
            ("requests?", json!({ "type": "array", "items": reference("WaitingRequest"),
                "description": "In a sync from nothing: whose friend requests wait for an answer." })),
        ]),
        "WaitingRequest": object([("user", reference("UserId")), ("at", reference("Millis"))]),
    })
}

pub fn frames() -> Value {
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
            variant("pong", [("server_time", reference("Millis"))]),
        ]),
        "LogChange": one_of([
            variant("message", [
                ("message", reference("Message")),
                ("sender", reference("User")),
                ("nickname?", reference("Nickname")),
            ]),
            variant("withheld", [("seq", reference("Seq"))]),
            variant("members", [("count", json!({ "type": "integer", "minimum": 0 }))]),
            variant("waiting", [("count", json!({ "type": "integer", "minimum": 0 }))]),
            variant("named", [("nickname", reference("Nickname"))]),
        ]),
        "Rules": object([
            ("read_report_policy", json!({ "enum": ["viewport", "on_leave"] })),
            ("recall_window_s", number(0, "For how long after sending it a message can be recalled, in seconds.")),
            ("sync_page_size", json!({ "type": "integer", "minimum": 1, "maximum": PageSize::MAX,
                "description": "The `page_size` with which a device should sync." })),
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

pub fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "sync" => with_query(
            "What moved in the account's logs",
            vec![
                query_text("since", "The token of the answer before, or of the last sync; everything when absent."),
                page_size(),
            ],
            [answer(200, "One page, or a segment of it", "SyncPage")],
        ),
        "checkCounts" => with_body(
            "Have unread counts counted anew, after a sync",
            "CheckCounts",
            [answer(200, "What the device counts wrongly", "CheckedCounts")],
        ),
        "push" => with_query(
            "The push connection: a WebSocket whose text frames are ServerFrame down and ClientFrame up",
            vec![shown()],
            [nothing(101, "Connected; the first frame is `hello`")],
        ),
        "pushEvents" => with_query(
            "The push connection as server-sent events, where a WebSocket cannot be had. The first event, `connection`, \
                names it by a number; events without a name are ServerFrame; the last one, `close`, has the code that a \
                WebSocket would be closed with",
            vec![shown()],
            [nothing(200, "Connected, text/event-stream; the first frame is `hello`")],
        ),
        "sayFrame" => with_body(
            "What a device says on its push connection of server-sent events",
            "SaidFrame",
            [nothing(204, "Said"), answer(404, "not_found: it has no such connection any more", "ErrorAnswer")],
        ),
        _ => return None,
    })
}

/// Whose page connects.
fn shown() -> Parameter {
    position(ACCOUNT_PARAMETER, "UserId", "What `sixin-account` says, where a browser can set no header.")
}
