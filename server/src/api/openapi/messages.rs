//! The documents of conversations, messages and preferences.

#![expect(clippy::indexing_slicing, reason = "the document that is added to is an object, made right here")]

use super::schemas::{list, number, object, one_of, reference, request, text, word};
use protocol::file::FileBytes;
use protocol::group::NAMED_MAX;
use protocol::media::Side;
use protocol::messaging::{HideMessages, Readers, SendRequest};
use protocol::receipts::ReportReceipts;
use protocol::{DraftText, FileName, GroupTitle, Label, MessageText, Preferences, ReportNote};
use serde_json::{Value, json};

pub fn messages() -> Value {
    let users = json!({ "type": "array", "items": reference("User"), "description": "The senders." });
    let written = request([
        ("type", word("text")),
        ("text", text(1, MessageText::MAX, "Any Unicode text but U+0000.")),
        ("mentions?", reference("Mentions")),
    ]);
    let picture = || {
        [
            ("type", word("image")),
            ("v", word(1)),
            ("media", reference("MediaId")),
            ("width", reference("Side")),
            ("height", reference("Side")),
            ("bytes", json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })),
            ("mime", word("image/jpeg")),
        ]
    };
    let sent_file = || {
        [
            ("type", word("file")),
            ("v", word(1)),
            ("media", reference("MediaId")),
            ("name", reference("FileName")),
            ("bytes", json!({ "type": "integer", "minimum": 1, "maximum": FileBytes::MAX })),
        ]
    };
    let [_, image @ ..] = picture();
    let [_, file @ ..] = sent_file();
    let conversation = object([
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
    ]);
    let mut opened = conversation.clone();
    opened["properties"]["refused"] = json!({ "type": "array", "items": reference("UserId"),
        "description": "Who does not let themselves be brought into a group by whoever makes it." });
    json!({
        "MessageBody": one_of([
            written.clone(),
            request(picture()),
            request(sent_file()),
            object([("type", word("withdrawn")), ("image", reference("Image"))]),
            object([("type", word("recalled")), ("by", reference("UserId"))]),
            object([("type", word("removed"))]),
            object([("type", word("notice")), ("notice", reference("Notice"))]),
        ]),
        "MediaId": { "type": "string", "pattern": "^[0-9a-f]{32}$", "description": "A picture or a file, under /api/v1/media." },
        "FileName": text(1, FileName::MAX, "Neither `.` nor `..`; no slash or backslash, no control character, none that turns \
            the direction of writing, no white space around it."),
        "File": request(file),
        "Side": { "type": "integer", "minimum": 1, "maximum": Side::MAX, "description": "In pixels." },
        "Image": request(image),
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
            ("body", one_of([written, request(picture()), request(sent_file())])),
            ("invisible_list?", json!({ "type": "array", "items": reference("UserId"),
                "maxItems": SendRequest::INVISIBLE_MAX, "description": "Members who do not see the message." })),
        ]),
        "Cursors": object([("delivered", reference("Seq")), ("read", reference("Seq"))]),
        "Conversation": conversation,
        "OpenConversation": request([
            ("peer?", reference("UserId")),
            ("title?", text(1, GroupTitle::MAX, "One visible line.")),
            ("members?", json!({ "type": "array", "items": reference("UserId"), "minItems": 1,
                "maxItems": NAMED_MAX })),
        ]),
        "OpenedConversation": opened,
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
            ("nicknames?", list("Nickname")),
        ]),
        "ChangesPage": object([
            ("conversation", reference("Conversation")),
            ("messages", list("Message")),
            ("through", reference("Rev")),
            ("too_long", json!({ "type": "boolean", "description": "Take the newest history page instead." })),
            ("users", users.clone()),
            ("nicknames?", list("Nickname")),
        ]),
        "UnreadPage": object([
            ("unread", json!({ "type": "integer", "minimum": 0 })),
            ("messages", list("Message")),
            ("users", users),
            ("nicknames?", list("Nickname")),
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
                "items": object([("user", reference("User")), ("read", reference("Seq")), ("from?", reference("Seq"))]) })),
            ("listed", json!({ "type": "boolean", "description": "Whether the group is small enough." })),
            ("withheld?", json!({ "type": "array", "description": "From whom own messages were withheld.",
                "items": object([("seq", reference("Seq")), ("users", list("UserId"))]) })),
            ("counts?", json!({ "type": "array", "maxItems": Readers::COUNTED_MAX,
                "description": "Where nobody is listed: how many have read the newest own messages.",
                "items": object([("seq", reference("Seq")), ("count", json!({ "type": "integer", "minimum": 0 }))]) })),
        ]),
        "MessageReaders": object([
            ("count", json!({ "type": "integer", "minimum": 0 })),
            ("readers", list("User")),
            ("nicknames?", list("Nickname")),
            ("old?", json!({ "type": "boolean", "description": "So old that the number alone is told." })),
        ]),
        "Removal": object([("message", reference("Message")), ("removed_at", reference("Millis"))]),
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

pub fn preferences() -> Value {
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
