//! Who may call what: every route of the router, by somebody who is not logged in, by a stranger, by a member.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, PASSWORD, Person, TestServer, fresh_client_id, text_message};
use protocol::{ConversationId, Seq, path};
use serde_json::{Value, json};
use server::router::{Who, routes};
use std::collections::BTreeSet;

/// Who calls: nobody, somebody who was never in the group, one who was removed, one whom the member blocks, and its member,
/// admin and owner.
const ROLES: [&str; 7] = ["nobody", "stranger", "former", "blocked", "member", "admin", "owner"];

/// How one operation is called, and what each of [`ROLES`] is answered; who is blocked is answered as a stranger is.
struct Row {
    operation: &'static str,
    query: &'static str,
    body: Option<Value>,
    statuses: [u16; 6],
}

impl Row {
    fn status(&self, role: &str) -> u16 {
        let [nobody, stranger, former, member, admin, owner] = self.statuses;
        match role {
            "nobody" => nobody,
            "stranger" | "blocked" => stranger,
            "former" => former,
            "member" => member,
            "admin" => admin,
            _ => owner,
        }
    }
}

fn row(operation: &'static str, query: &'static str, body: Option<Value>, statuses: [u16; 6]) -> Row {
    Row { operation, query, body, statuses }
}

const PUBLIC: [u16; 6] = [200; 6];
const ACCOUNTS: [u16; 6] = [401, 200, 200, 200, 200, 200];
const ACCOUNTS_DO: [u16; 6] = [401, 204, 204, 204, 204, 204];
const OTHERS: [u16; 6] = [401, 200, 200, 404, 200, 200];
const OTHERS_DO: [u16; 6] = [401, 204, 204, 404, 204, 204];
const MEMBERS: [u16; 6] = [401, 404, 404, 200, 200, 200];
const MEMBERS_DO: [u16; 6] = [401, 404, 404, 204, 204, 204];
const ADMINS: [u16; 6] = [401, 404, 404, 403, 200, 200];
const ADMINS_DO: [u16; 6] = [401, 404, 404, 403, 204, 204];

/// The message in the paths is the member's own, the user in them an ordinary member; somebody waits to be let in.
#[rustfmt::skip]
fn table(conversation: ConversationId, member: &Person, target: &Person) -> Vec<Row> {
    let text = Some(text_message(fresh_client_id(), "x"));
    let report = json!({"reports": [{"conversation": conversation, "delivered": 0, "read": 0}]});
    vec![
        row("getOpenApi",        "",             None,   PUBLIC),
        row("register",          "",             Some(json!({})), [422; 6]),
        row("logIn",             "",             Some(json!({"handle": "x", "password": "x"})), [401; 6]),
        row("getAccount",        "",             None,   ACCOUNTS),
        row("changeAccount",     "",             Some(json!({"receipts": true})), ACCOUNTS),
        row("putDepartments",    "",             Some(json!({"departments": []})), [401; 6]),
        row("putPeople",         "",             Some(json!({"people": []})), [401; 6]),
        row("listPeople",        "",             None,   [401; 6]),
        row("listDepartments",   "",             None,   [401; 6]),
        row("removeDepartments", "",             Some(json!({"departments": []})), [401; 6]),
        row("getPerson",         "",             None,   [401; 6]),
        row("getPersonAvatar",   "",             None,   [401; 6]),
        row("putPersonAvatar",   "",             Some(json!("no picture")), [401; 6]),
        row("invitePerson",      "",             Some(json!({})), [401; 6]),
        row("listConflicts",     "",             None,   [401; 6]),
        row("getMetrics",        "",             None,   [401; 6]),
        row("removeMessage",     "",             None,   [401; 6]),
        row("getRemoval",        "",             None,   [401; 6]),
        row("restoreMessage",    "",             None,   [401; 6]),
        row("recallAsAdmin",     "",             None,   [401; 6]),
        row("changeAvatar",      "",             Some(json!("no picture")), [401, 422, 422, 422, 422, 422]),
        row("dropAvatar",        "",             None,   ACCOUNTS),
        row("getAvatar",         "",             None,   [401, 404, 404, 404, 404, 404]),
        row("uploadMedium",      "?client_id=00000000-0000-7000-8000-000000000001", Some(json!("no picture")),
            [401, 422, 422, 422, 422, 422]),
        row("uploadFile",        "?client_id=00000000-0000-7000-8000-000000000002&name=", Some(json!("no name")),
            [401, 400, 400, 400, 400, 400]),
        row("getMedium",         "",             None,   MEMBERS),
        row("getThumb",          "",             None,   MEMBERS),
        row("searchUsers",       "?query=a",     None,   ACCOUNTS),
        row("getUser",           "",             None,   ACCOUNTS),
        row("listDevices",       "",             None,   ACCOUNTS),
        row("beginAnew",         "",             None,   ACCOUNTS_DO),
        // The device in the path is the member's own.
        row("revokeDevice",      "",             None,   [401, 404, 404, 204, 404, 404]),
        row("listConversations", "",             None,   ACCOUNTS),
        row("openConversation",  "",             Some(json!({"peer": member.id})), [401, 201, 201, 201, 201, 201]),
        row("getConversation",   "",             None,   MEMBERS),
        row("changePreferences", "",             Some(json!({"pinned": true})), MEMBERS),
        row("listMessages",      "",             None,   MEMBERS),
        row("listChanges",       "?after_rev=0", None,   MEMBERS),
        row("listUnread",        "",             None,   MEMBERS),
        row("listReaders",       "",             None,   MEMBERS),
        row("listMessageReaders", "",            None,   [401, 404, 404, 200, 403, 403]),
        row("sendMessage",       "",             text,   [401, 404, 404, 201, 201, 201]),
        row("listReceipts",      "",             None,   ACCOUNTS),
        row("readAll",           "",             None,   ACCOUNTS_DO),
        row("hideMessages",      "",             Some(json!({"seqs": [1], "hidden": false})), MEMBERS_DO),
        row("reportMessage",     "",             Some(json!({"reason": "spam", "hide": false})),
            [401, 404, 404, 403, 204, 204]),
        row("recallMessage",     "",             None,   MEMBERS),
        row("deleteConversation", "?through=1",  None,   MEMBERS_DO),
        row("reportReceipts",    "",             Some(report), MEMBERS_DO),
        row("listContacts",      "",             None,   ACCOUNTS),
        // The other in the path is the member: nobody has to do with themselves.
        row("getContact",        "",             None,   ACCOUNTS),
        row("addFriend",         "",             Some(json!({})), OTHERS),
        row("listRequests",      "",             None,   ACCOUNTS),
        row("refuseRequest",     "",             None,   [401, 404, 404, 404, 404, 404]),
        row("removeFriend",      "",             None,   OTHERS_DO),
        row("follow",            "",             None,   OTHERS),
        row("unfollow",          "",             None,   OTHERS_DO),
        row("block",             "",             None,   OTHERS),
        row("unblock",           "",             None,   OTHERS_DO),
        row("sync",              "",             None,   ACCOUNTS),
        row("checkCounts",       "",             Some(json!({"counts": []})), ACCOUNTS),
        // Without the headers of a WebSocket, who may connect is told what is missing.
        row("push",              "",             None,   [401, 400, 400, 400, 400, 400]),
        row("pushEvents",        "",             None,   ACCOUNTS),
        row("sayFrame",          "",             Some(json!({"connection": 0, "frame": "ping"})), [401, 404, 404, 404, 404, 404]),
        row("getGroup",          "",             None,   MEMBERS),
        row("listMembers",       "",             None,   MEMBERS),
        row("changeGroup",       "",             Some(json!({"title": "x"})), ADMINS),
        row("changeGroupAvatar", "",             Some(json!("no picture")), [401, 404, 404, 403, 422, 422]),
        row("dropGroupAvatar",   "",             None,   ADMINS),
        // People come in only if the owner or an admin wants them.
        row("inviteMembers",     "",             Some(json!({"users": [target.id]})), ADMINS),
        row("changeMember",      "",             Some(json!({"mute_ms": 1})), ADMINS_DO),
        row("removeMember",      "",             None,   ADMINS_DO),
        row("answerWaiting",     "",             Some(json!({"accept": false})), ADMINS_DO),
        row("getInvitation",     "",             None,   ACCOUNTS),
        row("joinGroup",         "",             None,   ACCOUNTS),
        row("makeLink",          "",             None,   [401, 404, 404, 403, 201, 201]),
        row("revokeLink",        "",             None,   ADMINS_DO),
        row("dissolveGroup",     "",             None,   [401, 404, 404, 403, 403, 204]),
        row("logOut",            "",             None,   ACCOUNTS_DO),
    ]
}

/// Invariant 8: a route that this table does not know fails the test, and so does an answer that gives away more, whatever
/// the caller's role is or was.
#[tokio::test]
async fn every_route_knows_who_may_call_it() {
    let server = TestServer::start();
    let mut people = Vec::new();
    for role in &ROLES[1..] {
        people.push(server.person(role).await);
    }
    let [_, former, blocked, member, admin, owner] = people.as_slice() else { panic!() };
    let (target, waiter) = (server.person("target").await, server.person("waiter").await);
    let group = json!({"members": [former.id, member.id, admin.id, target.id]});
    let group: protocol::Conversation = owner.post(path::CONVERSATIONS, &group).await.read();
    let id = group.id;
    owner.patch(&path::member(id, admin.id), &json!({"role": "admin"})).await;
    owner.patch(&path::conversation(id), &json!({"joining": "approval", "history": "all"})).await;
    owner.delete(&path::member(id, former.id)).await;
    member.put(&path::block(blocked.id), &json!({})).await;
    let secret = member.send(id, "the secret of the group").await.seq;
    let (_, picture) = owner.send_picture(id).await;
    let table = table(id, member, &target);

    let named: BTreeSet<_> = table.iter().map(|row| row.operation).collect();
    let routed: BTreeSet<_> = routes().iter().map(|route| route.operation).collect();
    assert_eq!(named, routed, "every route needs a row, and every row a route");
    assert_eq!(named.len(), table.len(), "one row an operation");

    for row in &table {
        let route = routes().into_iter().find(|route| route.operation == row.operation).unwrap();
        let [anonymous, stranger, former, ..] = row.statuses;
        match route.who {
            Who::Anyone => assert_eq!(anonymous, stranger, "{}", row.operation),
            Who::Account => assert_eq!(anonymous, 401, "{}", row.operation),
            Who::Admin => assert_eq!(row.statuses, [401; 6], "{}", row.operation),
            Who::Member => assert_eq!((anonymous, stranger), (401, 404), "{}", row.operation),
        }
        assert_eq!(stranger, former, "{}: who was a member is a stranger", row.operation);
        let mut told = Vec::new();
        for who in ROLES {
            let expected = row.status(who);
            // The target is in the group and somebody waits, whatever the call before did.
            if row.operation == "removeMember" {
                owner.post(&path::members(id), &json!({"users": [target.id]})).await;
            }
            let mut link = String::new();
            if route.path == path::JOIN || route.path == path::WAITING {
                let made = owner.post(&path::group_link(id), &Value::Null).await;
                link = made.read::<protocol::group::GroupLink>().link;
                assert_eq!(waiter.post(&path::join(&link), &Value::Null).await.status, 200);
            }
            // Each caller has a device that it can do without.
            let caller = match who {
                "nobody" => None,
                who => Some(Person::log_in(&server.address, who, PASSWORD).await),
            };
            let spare = Person::log_in(&server.address, "member", PASSWORD).await;
            let named = match route.path {
                path::USER => member.id.to_string(),
                path if path.starts_with(path::CONTACTS) => member.id.to_string(),
                path::DEVICE => spare.device.to_string(),
                _ => id.to_string(),
            };
            let user = if route.path == path::WAITING { waiter.id } else { target.id };
            let path = route.path.replace("{id}", &named).replace("{seq}", &secret.to_string());
            let path = path.replace("{user}", &user.to_string()).replace("{link}", &link);
            let path = path.replace("{hash}", &"0".repeat(32)).replace("{size}", "96");
            let path = path.replace("{media}", &picture.media.to_string());
            let url = server.url(&format!("{path}{}", row.query));
            let mut request = reqwest::Client::new().request(route.method.clone(), url);
            if let Some(caller) = &caller {
                request = request.bearer_auth(&caller.token);
            }
            if let Some(body) = &row.body {
                request = request.json(body);
            }
            // A stream has no end.
            if row.operation == "pushEvents" {
                assert_eq!(request.send().await.unwrap().status(), expected, "pushEvents by {who}");
                continue;
            }
            let answer = Answer::of(request).await;
            let said = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status, expected, "{} by {who}: {said}", row.operation);
            if !["member", "admin", "owner"].contains(&who) {
                assert!(!said.contains("the secret of the group"), "{} tells {who} the secret", row.operation);
            }
            // R004-I11: what a read tells of the member who blocks is what it tells a stranger.
            if ["getUser", "getContact"].contains(&row.operation) && ["stranger", "blocked"].contains(&who) {
                let mut about = answer.json();
                about.as_object_mut().unwrap().remove("upd");
                told.push(about);
            }
        }
        assert!(told.iter().all(|about| *about == told[0]), "{} tells of a block: {told:?}", row.operation);
        if row.operation == "sendMessage" {
            let page = owner.history(id, Seq::ZERO, 100).await;
            let outsiders = people.iter().take(3).map(|person| person.id).collect::<Vec<_>>();
            assert!(page.messages.iter().all(|message| !outsiders.contains(&message.sender)));
        }
    }
}

/// A conversation of others cannot be told from one that does not exist.
#[tokio::test]
async fn a_conversation_of_others_looks_absent() {
    let server = TestServer::start();
    let (a, b, stranger) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let theirs = a.open(&b).await;
    let absent = ConversationId::try_from(999_999u64).unwrap();
    for path in [path::conversation, path::messages, |id| path::changes(id, protocol::Rev::ZERO), path::page] {
        let mut answers = Vec::new();
        for id in [theirs, absent] {
            let answer = match path(id).starts_with("/api") {
                true => stranger.get(&path(id)).await,
                false => {
                    let cookie = format!("sixin_login={}", stranger.token);
                    let request = reqwest::Client::new().get(server.url(&path(id))).header("cookie", cookie);
                    Answer::of(request).await
                }
            };
            answers.push((answer.status, answer.text()));
        }
        assert_eq!(answers[0].0, 404);
        assert_eq!(answers[0], answers[1]);
    }
}
