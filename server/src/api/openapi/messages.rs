//! The documents of conversations, messages and preferences, and the operations on them.

#![expect(clippy::indexing_slicing, reason = "the document that is added to is an object, made right here")]

use super::operations::{
    FILE, Operation, PICTURE, Parameter, answer, flag, limit, nothing, plain, position, query_text, with_body,
    with_query,
};
use super::schemas::{list, number, object, one_of, reference, request, text, word};
use crate::domain::{conversations, messaging, receipts};
use protocol::file::FileBytes;
use protocol::group::NAMED_MAX;
use protocol::media::Side;
use protocol::messaging::{HideMessages, Readers, SendRequest};
use protocol::receipts::ReportReceipts;
use protocol::{Conversation, DraftText, FileName, GroupTitle, Label, MessageText, Preferences, ReportNote};
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
            object([("type", word("recalled")), ("by?", reference("UserId"))]),
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
    let [pinned, muted, labels, archived, marked, draft] = fields();
    let after = json!({
        "allOf": [reference("Upd")],
        "description": "For a draft that was told before, and not answered: it is left as it is where it changed after this \
            position of the account's log.",
    });
    json!({
        "Preferences": object(fields()),
        "ChangePreferences": request([pinned, muted, labels, archived, marked, draft, ("draft_after?", after)]),
        "ChangedPreferences": object([
            ("conversation", reference("ConversationId")),
            ("preferences", reference("Preferences")),
            ("upd", reference("Upd")),
        ]),
    })
}

pub fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "uploadMedium" => Operation {
            parameters: vec![Parameter {
                name: "client_id",
                required: true,
                description: "The key of the upload, made by the device.".to_owned(),
                schema: reference("ClientId"),
            }],
            ..with_body(
                "Upload a picture for a message, of at most 15 MiB and 40 megapixels; what nobody sends within a day is gone",
                PICTURE,
                [
                    answer(201, "What a message with it says", "Image"),
                    answer(200, "The key was used for this very file before", "Image"),
                    answer(409, "client_id_reused: for another file", "ErrorAnswer"),
                ],
            )
        },
        "uploadFile" => Operation {
            parameters: vec![
                Parameter {
                    name: "client_id",
                    required: true,
                    description: "The key of the upload, made by the device.".to_owned(),
                    schema: reference("ClientId"),
                },
                Parameter {
                    name: "name",
                    required: true,
                    description: "What the file is called.".to_owned(),
                    schema: reference("FileName"),
                },
            ],
            ..with_body(
                "Upload a file for a message, of 1 byte to 100 MiB, at 256 KiB a minute or more; what nobody sends within a \
                 day is gone",
                FILE,
                [
                    answer(201, "What a message with it says", "File"),
                    answer(200, "The key was used for this very file before", "File"),
                    answer(409, "client_id_reused: for another file", "ErrorAnswer"),
                ],
            )
        },
        "getMedium" => plain(
            "A picture or a file, for whoever sees the message that carries it",
            [
                nothing(200, "A JPEG file, or a file as it came, to be saved; it never changes"),
                nothing(206, "The part of a file that `Range` names"),
                nothing(304, "The one that `If-None-Match` names"),
                nothing(416, "A file has no such part"),
            ],
        ),
        "getThumb" => plain(
            "The same, of at most 480 pixels a side",
            [nothing(200, "A JPEG file, which never changes"), nothing(304, "The one that `If-None-Match` names")],
        ),
        "removeMessage" => plain(
            "Take a message from everybody after an audit",
            [answer(200, "What it said, which is kept; again: the same", "Removal")],
        ),
        "getRemoval" => plain("What was removed", [answer(200, "As it was", "Removal")]),
        "restoreMessage" => plain("Give back what was removed", [nothing(204, "It is there again")]),
        "recallAsAdmin" => plain(
            "Take any message back from everybody, for good",
            [answer(200, "What is left of it; again: the same", "Message")],
        ),
        "listConversations" => with_query(
            "The session list, latest activity first",
            vec![
                query_text("before", "The `next` of the page before."),
                limit(conversations::LIMIT, conversations::LIMIT_MAX),
            ],
            [answer(200, "One page", "Conversations")],
        ),
        "openConversation" => with_body(
            "Open the direct conversation with a user, or make a group",
            "OpenConversation",
            [
                answer(201, "It is new, of those who let themselves be brought into it", "OpenedConversation"),
                answer(200, "It stood already", "OpenedConversation"),
            ],
        ),
        "getConversation" => {
            plain("A conversation as the member sees it", [answer(200, "The conversation", "Conversation")])
        }
        "deleteConversation" => with_query(
            "Delete the conversation on this device, or on all of the account's, until somebody writes again",
            vec![
                Parameter { required: true, ..position("through", "Seq", "The newest message that goes.") },
                flag("everywhere", "On all devices of the account; else the others keep it."),
            ],
            [nothing(204, "Deleted")],
        ),
        "changePreferences" => with_body(
            "Pin, mute, label, archive or mark the conversation, or keep its draft; what is absent stays",
            "ChangePreferences",
            [answer(200, "The preferences now; only the account's own devices learn of them", "ChangedPreferences")],
        ),
        "sendMessage" => with_body(
            "Send a message",
            "SendRequest",
            [
                answer(201, "It is stored for good", "Message"),
                answer(200, "The key was used for this message before: the original", "Message"),
                answer(
                    403,
                    "not_accepted, not_followed, followers_only or awaiting_answer: the receiver does not let it in; \
                        muted, or not_allowed to name everybody, in a group; sensitive: the auditor does not",
                    "ErrorAnswer",
                ),
                answer(409, "client_id_reused: the key was used for another message", "ErrorAnswer"),
            ],
        ),
        "listMessages" => with_query(
            "A page of history: the newest messages, or those next to a seq",
            vec![
                position("before", "Seq", "The newest ones before this seq."),
                position("after", "Seq", "The oldest ones after this seq; not together with `before`."),
                limit(messaging::HISTORY_LIMIT, messaging::HISTORY_LIMIT_MAX),
            ],
            [answer(200, "One page", "HistoryPage")],
        ),
        "listChanges" => with_query(
            "What changed after a position of the conversation's log, each object once",
            vec![
                Parameter { required: true, ..position("after_rev", "Rev", "The position held.") },
                limit(messaging::CHANGES_LIMIT, messaging::CHANGES_LIMIT_MAX),
            ],
            [answer(200, "One page", "ChangesPage")],
        ),
        "listUnread" => with_query(
            "The messages that make the conversation's unread count, newest first",
            vec![
                position("before", "Seq", "The newest ones before this seq; not together with `naming`."),
                flag(
                    "naming",
                    &format!(
                        "Only those that name the reader, at most {}, in one page.",
                        Conversation::MENTIONS_COUNTED
                    ),
                ),
            ],
            [answer(200, "One page", "UnreadPage")],
        ),
        "listReaders" => plain(
            "How far the others have read one's own messages, as far as that may be told",
            [answer(200, "By user; in a group of more than 200 only how many have read one's own messages", "Readers")],
        ),
        "listMessageReaders" => plain(
            "Who has read one's own message",
            [
                answer(200, "Only their number in a group of more than 200, and of an old message", "MessageReaders"),
                answer(403, "not_allowed: it is another's message", "ErrorAnswer"),
            ],
        ),
        "listReceipts" => with_query(
            "The receipts about own messages that changed after a position of the account's log, each in its latest state",
            vec![
                position("after", "Upd", "The `through` of the page before; 0 when absent."),
                limit(receipts::LIMIT, receipts::LIMIT_MAX),
            ],
            [answer(200, "One page", "ReceiptsPage")],
        ),
        "readAll" => plain("Read every conversation through its newest message", [nothing(204, "Nothing is unread")]),
        "hideMessages" => with_body(
            "Delete messages for oneself, on all one's devices, or take that back",
            "HideMessages",
            [nothing(204, "Done; what is not there is passed over")],
        ),
        "recallMessage" => plain(
            "Take one's own message back from everybody",
            [
                answer(200, "What is left of it; again: the same", "Message"),
                answer(400, "recall_expired: it is too old", "ErrorAnswer"),
                answer(403, "not_allowed: it is another's message", "ErrorAnswer"),
            ],
        ),
        "reportMessage" => with_body(
            "Report another's message to those who run the server",
            "ReportMessage",
            [
                nothing(204, "Reported; again: the first report stays"),
                answer(403, "not_allowed: it is one's own message", "ErrorAnswer"),
            ],
        ),
        "reportReceipts" => with_body(
            "Report how far conversations were received and read",
            "ReportReceipts",
            [nothing(204, "Taken; lower values than known are ignored")],
        ),
        _ => return None,
    })
}
