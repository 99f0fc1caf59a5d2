//! The documents of groups, and the operations on them.

use super::operations::{
    Operation, PICTURE, answer, flag, full, limit, not_allowed, nothing, plain, position, query_text, square,
    with_body, with_query,
};
use super::schemas::{list, number, object, one_of, reference, request, text, variant};
use crate::domain::groups;
use protocol::group::{Crowd, MUTE_MAX, Mentions, NAMED_MAX};
use protocol::{AnnouncementText, DisplayName, GroupTitle};
use serde_json::{Value, json};

pub fn all() -> Value {
    let role = json!({ "enum": ["member", "admin", "owner"] });
    let joining = json!({ "enum": ["free", "approval", "closed"] });
    let history = json!({ "oneOf": [
        { "enum": ["nothing", "all"] },
        { "type": "object", "required": ["last"], "properties": { "last": { "type": "integer", "minimum": 0,
            "maximum": u16::MAX } } },
    ] });
    let members = json!({ "type": "integer", "minimum": 0, "description": "How many members there are now." });
    let until = number(0, "Milliseconds since the Unix epoch; 0: not muted.");
    let mute = json!({ "type": "integer", "minimum": 0, "maximum": MUTE_MAX,
        "description": "For so many milliseconds from now; 0: no longer." });
    let name = text(1, DisplayName::MAX, "One visible line.");
    let title = text(1, GroupTitle::MAX, "One visible line.");
    let announcement = text(0, AnnouncementText::MAX, "Empty: there is none.");
    let users = json!({ "type": "array", "items": reference("UserId"), "minItems": 1, "maxItems": NAMED_MAX });
    let crowd = |change: &str| {
        variant(
            change,
            [
                ("people", json!({ "type": "array", "items": reference("Named"), "maxItems": Crowd::SHOWN })),
                ("count", json!({ "type": "integer", "minimum": 0 })),
                ("members", members.clone()),
            ],
        )
    };
    json!({
        "Link": { "type": "string", "description": "The secret of a group's link." },
        "Role": role,
        "Joining": joining,
        "History": history,
        "Named": object([("id", reference("UserId")), ("name", name.clone())]),
        "Mentions": request([
            ("users?", json!({ "type": "array", "items": reference("UserId"), "maxItems": Mentions::MAX })),
            ("all?", json!({ "type": "boolean", "description": "Everybody. For the owner and admins." })),
        ]),
        "Group": object([
            ("owner?", reference("UserId")),
            ("role", reference("Role")),
            ("avatar?", reference("AvatarHash")),
            ("announcement?", object([
                ("text", announcement.clone()),
                ("by", reference("UserId")),
                ("at", reference("Millis")),
            ])),
            ("muted_until", until.clone()),
            ("own_muted_until", until.clone()),
            ("waiting?", json!({ "type": "integer", "minimum": 0,
                "description": "How many wait to be let in, for the owner and admins." })),
            ("nicknames?", list("Nickname")),
        ]),
        "Nickname": object([
            ("user", reference("UserId")),
            ("name?", name.clone()),
            ("rev", reference("Rev")),
        ]),
        "InviteOutcomes": object([
            ("outcomes", json!({ "type": "array", "items": object([
                ("user", reference("UserId")),
                ("outcome", json!({ "enum": ["joined", "member", "not_accepted", "unknown"] })),
            ]) })),
        ]),
        "Notice": one_of([
            crowd("created"),
            crowd("invited"),
            crowd("removed"),
            variant("joined", [("members", members.clone())]),
            variant("left", [("members", members.clone())]),
            variant("renamed", [("title", title.clone())]),
            variant("pictured", [("avatar?", reference("AvatarHash"))]),
            variant("announced", [("text", announcement.clone())]),
            variant("appointed", [("person", reference("Named")), ("role", reference("Role"))]),
            variant("handed_over", [("person", reference("Named"))]),
            variant("muted", [("person?", reference("Named")), ("until", until.clone())]),
        ]),
        "ChangeGroup": request([
            ("title?", title),
            ("announcement?", announcement),
            ("joining?", reference("Joining")),
            ("history?", reference("History")),
            ("mute_ms?", mute.clone()),
        ]),
        "Members": object([
            ("members", json!({ "type": "array", "items": object([
                ("user", reference("User")),
                ("role", reference("Role")),
                ("nickname?", name),
                ("muted_until", until),
                ("deactivated?", json!({ "type": "boolean", "default": false,
                    "description": "Nobody can log in as the member, and nothing reaches it." })),
            ]) })),
            ("next?", reference("UserId")),
        ]),
        "InviteMembers": request([("users", users)]),
        "ChangeMember": request([
            ("role?", reference("Role")),
            ("mute_ms?", mute),
            ("nickname?", json!({ "type": "string", "description": "Of oneself. Empty: the usual name." })),
        ]),
        "GroupRules": object([
            ("joining", reference("Joining")),
            ("history", reference("History")),
            ("link?", reference("Link")),
            ("waiting?", list("User")),
        ]),
        "GroupLink": object([("link", reference("Link"))]),
        "AnswerWaiting": request([("accept", json!({ "type": "boolean" }))]),
        "Invitation": object([
            ("title?", json!({ "type": "string" })),
            ("avatar?", reference("AvatarHash")),
            ("member_count", json!({ "type": "integer", "minimum": 0 })),
            ("joining", reference("Joining")),
            ("state", json!({ "oneOf": [
                { "enum": ["outside", "waiting"] },
                { "type": "object", "required": ["member"], "properties": { "member": reference("ConversationId") } },
            ] })),
        ]),
    })
}

pub fn operation(name: &str) -> Option<Operation> {
    Some(match name {
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
                query_text("query", "At most 64 characters."),
                flag("active", "Only those who were not deactivated."),
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
        _ => return None,
    })
}
