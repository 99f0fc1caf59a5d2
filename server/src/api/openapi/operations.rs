//! What each operation takes and answers, by its name in the route table.

use super::schemas::reference;
use crate::domain::{contacts, conversations, groups, messaging, receipts};
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

fn answer(status: u16, description: &'static str, schema: &'static str) -> Answer {
    Answer { status, description, schema: Some(schema) }
}

fn nothing(status: u16, description: &'static str) -> Answer {
    Answer { status, description, schema: None }
}

fn not_allowed() -> Answer {
    answer(403, "not_allowed: the role does not permit it", "ErrorAnswer")
}

fn full() -> Answer {
    answer(409, "group_full", "ErrorAnswer")
}

fn plain(summary: &'static str, answers: impl Into<Vec<Answer>>) -> Operation {
    Operation { summary, parameters: vec![], takes: None, answers: answers.into() }
}

fn with_body(summary: &'static str, takes: &'static str, answers: impl Into<Vec<Answer>>) -> Operation {
    Operation { takes: Some(takes), ..plain(summary, answers) }
}

fn with_query(summary: &'static str, parameters: Vec<Parameter>, answers: impl Into<Vec<Answer>>) -> Operation {
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
    match operation {
        "getOpenApi" => plain("This document", [answer(200, "The document", "OpenApi")]),
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
                text("after", "The last external id of the page before."),
                text("query", "Only those whose name, handle or external id contains it; at most 64 characters."),
            ],
            [answer(200, "One page", "PeoplePage")],
        ),
        "listDepartments" => with_query(
            "The departments of the directory, by external id",
            vec![text("after", "The last external id of the page before.")],
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
                ..text("after", "The last id of the page before.")
            }],
            [answer(200, "One page", "ConflictsPage")],
        ),
        "removeMessage" => plain(
            "Take a message from everybody after an audit",
            [answer(200, "What it said, which is kept; again: the same", "Removal")],
        ),
        "getRemoval" => plain("What was removed", [answer(200, "As it was", "Removal")]),
        "restoreMessage" => plain("Give back what was removed", [nothing(204, "It is there again")]),
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
                answer(201, "The login; its token is also set as a cookie", "Login"),
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
        "listConversations" => with_query(
            "The session list, latest activity first",
            vec![
                text("before", "The `next` of the page before."),
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
        "changeGroup" => with_body(
            "Change what the members of a group share; what is absent stays. For the owner and admins",
            "ChangeGroup",
            [answer(200, "The conversation", "Conversation"), not_allowed()],
        ),
        "changeGroupAvatar" => Operation {
            parameters: square(),
            ..with_body(
                "Give the group a picture, of at most 5 MiB and 40 megapixels. For the owner and admins",
                PICTURE,
                [answer(200, "The conversation", "Conversation"), not_allowed()],
            )
        },
        "dropGroupAvatar" => plain(
            "Take the group's picture away. For the owner and admins",
            [answer(200, "The conversation", "Conversation"), not_allowed()],
        ),
        "getGroup" => plain("How one comes into the group", [answer(200, "The rules", "GroupRules")]),
        "dissolveGroup" => {
            plain("End the group for everybody. For the owner", [nothing(204, "Nobody is a member"), not_allowed()])
        }
        "listMembers" => with_query(
            "The members by user id, or those whose name, nickname or handle contains a text",
            vec![
                position("after", "UserId", "The `next` of the page before."),
                text("query", "At most 64 characters."),
                Parameter {
                    name: "active",
                    required: false,
                    description: "Only those who were not deactivated.".to_owned(),
                    schema: json!({ "type": "boolean", "default": false }),
                },
                limit(groups::LIMIT, groups::LIMIT_MAX),
            ],
            [answer(200, "One page", "Members")],
        ),
        "inviteMembers" => with_body(
            "Bring people into the group",
            "InviteMembers",
            [answer(200, "What became of each", "InviteOutcomes"), not_allowed(), full()],
        ),
        "changeMember" => with_body(
            "Change a member's role or mute it, or one's own nickname; what is absent stays",
            "ChangeMember",
            [nothing(204, "Done"), not_allowed()],
        ),
        "removeMember" => {
            plain("Remove a member whose role is lower, or leave", [nothing(204, "No member any more"), not_allowed()])
        }
        "makeLink" => plain(
            "Make a new link by which people join. For the owner and admins",
            [answer(201, "The one before opens nothing any more", "GroupLink"), not_allowed()],
        ),
        "revokeLink" => plain(
            "Take the link away. For the owner and admins",
            [nothing(204, "It opens nothing any more"), not_allowed()],
        ),
        "answerWaiting" => with_body(
            "Let somebody in who asked to join, or not. For the owner and admins",
            "AnswerWaiting",
            [nothing(204, "Done"), not_allowed(), full()],
        ),
        "getInvitation" => plain("What a group's link leads to", [answer(200, "The invitation", "Invitation")]),
        "joinGroup" => plain(
            "Join by a link, or ask to be let in",
            [answer(200, "How far one has come", "Invitation"), not_allowed(), full()],
        ),
        "getConversation" => {
            plain("A conversation as the member sees it", [answer(200, "The conversation", "Conversation")])
        }
        "deleteConversation" => with_query(
            "Delete the conversation on this device, until somebody writes again",
            vec![Parameter { required: true, ..position("through", "Seq", "The newest message that goes.") }],
            [nothing(204, "Deleted; other devices keep it")],
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
            vec![position("before", "Seq", "The newest ones before this seq.")],
            [answer(200, "One page", "UnreadPage")],
        ),
        "listReaders" => plain(
            "How far the others have read, as far as they let others know",
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
        "sync" => with_query(
            "What moved in the account's logs",
            vec![
                text("since", "The token of the answer before, or of the last sync; everything when absent."),
                page_size(),
            ],
            [answer(200, "One page, or a segment of it", "SyncPage")],
        ),
        "checkCounts" => with_body(
            "Have unread counts counted anew, after a sync",
            "CheckCounts",
            [answer(200, "What the device counts wrongly", "CheckedCounts")],
        ),
        "push" => plain(
            "The push connection: a WebSocket whose text frames are ServerFrame down and ClientFrame up",
            [nothing(101, "Connected; the first frame is `hello`")],
        ),
        "pushEvents" => plain(
            "The push connection as server-sent events, where a WebSocket cannot be had. The first event, `connection`, \
                names it by a number; events without a name are ServerFrame; the last one, `close`, has the code that a \
                WebSocket would be closed with",
            [nothing(200, "Connected, text/event-stream; the first frame is `hello`")],
        ),
        "sayFrame" => with_body(
            "What a device says on its push connection of server-sent events",
            "SaidFrame",
            [nothing(204, "Said"), answer(404, "not_found: it has no such connection any more", "ErrorAnswer")],
        ),
        other => panic!("the operation {other} is not described"),
    }
}

/// What of a file becomes the picture.
fn square() -> Vec<Parameter> {
    vec![
        pixels("x", "Where the square begins."),
        pixels("y", "Where the square begins."),
        pixels("size", "The square's side; when absent, the largest square of the middle is taken."),
    ]
}

fn pixels(name: &'static str, description: &str) -> Parameter {
    let schema = json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX });
    Parameter { name, required: false, description: description.to_owned(), schema }
}

fn text(name: &'static str, description: &str) -> Parameter {
    let schema = json!({ "type": "string" });
    Parameter { name, required: false, description: description.to_owned(), schema }
}

fn position(name: &'static str, kind: &str, description: &str) -> Parameter {
    Parameter { name, required: false, description: description.to_owned(), schema: reference(kind) }
}

fn page_size() -> Parameter {
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": PageSize::MAX });
    let description = "How much the device takes at a time, as `rules` tell; a longer page than fits into an answer comes \
        in several.";
    Parameter { name: "page_size", required: false, description: description.to_owned(), schema }
}

fn limit(default: u32, max: u32) -> Parameter {
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": max, "default": default });
    Parameter { name: "limit", required: false, description: "The page's length at most.".to_owned(), schema }
}
