//! Who may call what: every route of the router, by somebody who is not logged in, by a stranger, by a member.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod support;

use protocol::{ConversationId, path};
use serde_json::{Value, json};
use server::router::{Who, routes};
use std::collections::BTreeSet;
use support::{Answer, PASSWORD, Person, TestServer, fresh_client_id, text_message};

/// How one operation is called, and what each is answered.
struct Row {
    operation: &'static str,
    query: &'static str,
    body: Option<Value>,
    anonymous: u16,
    stranger: u16,
    member: u16,
}

/// Statuses for somebody anonymous, for an account that is not a member of the conversation, and for a member.
fn row(operation: &'static str, query: &'static str, body: Option<Value>, statuses: [u16; 3]) -> Row {
    let [anonymous, stranger, member] = statuses;
    Row { operation, query, body, anonymous, stranger, member }
}

#[rustfmt::skip]
fn table(conversation: ConversationId, member: &Person) -> Vec<Row> {
    let text = || Some(text_message(fresh_client_id(), "x"));
    let report = json!({"reports": [{"conversation": conversation, "delivered": 0, "read": 0}]});
    vec![
        row("getOpenApi",        "",             None,   [200, 200, 200]),
        row("register",          "",             Some(json!({})), [422, 422, 422]),
        row("logIn",             "",             Some(json!({"handle": "x", "password": "x"})), [401, 401, 401]),
        row("getAccount",        "",             None,   [401, 200, 200]),
        row("changeAccount",     "",             Some(json!({"receipts": true})), [401, 200, 200]),
        row("searchUsers",       "?query=a",     None,   [401, 200, 200]),
        row("getUser",           "",             None,   [401, 200, 200]),
        row("listDevices",       "",             None,   [401, 200, 200]),
        // The device in the path is the member's own.
        row("revokeDevice",      "",             None,   [401, 404, 204]),
        row("listConversations", "",             None,   [401, 200, 200]),
        row("openConversation",  "",             Some(json!({"peer": member.id})), [401, 201, 201]),
        row("getConversation",   "",             None,   [401, 404, 200]),
        row("changePreferences", "",             Some(json!({"pinned": true})), [401, 404, 200]),
        row("sendMessage",       "",             text(), [401, 404, 201]),
        row("listMessages",      "",             None,   [401, 404, 200]),
        row("listChanges",       "?after_rev=0", None,   [401, 404, 200]),
        row("listUnread",        "",             None,   [401, 404, 200]),
        row("listReaders",       "",             None,   [401, 404, 200]),
        row("listMessageReaders", "",            None,   [401, 404, 200]),
        row("listReceipts",      "",             None,   [401, 200, 200]),
        row("readAll",           "",             None,   [401, 204, 204]),
        row("hideMessages",      "",             Some(json!({"seqs": [1], "hidden": false})), [401, 404, 204]),
        row("recallMessage",     "",             None,   [401, 404, 200]),
        // The one message is the member's own.
        row("reportMessage",     "",             Some(json!({"reason": "spam", "hide": true})), [401, 404, 403]),
        row("deleteConversation", "?through=1",  None,   [401, 404, 204]),
        row("reportReceipts",    "",             Some(report), [401, 404, 204]),
        row("listContacts",      "",             None,   [401, 200, 200]),
        // The other in the path is the member: nobody has to do with themselves.
        row("getContact",        "",             None,   [401, 200, 200]),
        row("addFriend",         "",             Some(json!({})), [401, 200, 404]),
        row("listRequests",      "",             None,   [401, 200, 200]),
        row("refuseRequest",     "",             None,   [401, 404, 404]),
        row("removeFriend",      "",             None,   [401, 204, 404]),
        row("follow",            "",             None,   [401, 200, 404]),
        row("unfollow",          "",             None,   [401, 204, 404]),
        row("block",             "",             None,   [401, 200, 404]),
        row("unblock",           "",             None,   [401, 204, 404]),
        row("sync",              "",             None,   [401, 200, 200]),
        row("checkCounts",       "",             Some(json!({"counts": []})), [401, 200, 200]),
        // Without the headers of a WebSocket, who may connect is told what is missing.
        row("push",              "",             None,   [401, 400, 400]),
        row("logOut",            "",             None,   [401, 204, 204]),
    ]
}

/// Invariant 8: a route that this table does not know fails the test, and so does an answer that gives away more.
#[tokio::test]
async fn every_route_knows_who_may_call_it() {
    let server = TestServer::start();
    let (a, b, stranger) = (server.person("aa").await, server.person("bb").await, server.person("stranger").await);
    let conversation = a.open(&b).await;
    a.send(conversation, "the secret of two").await;
    let table = table(conversation, &a);

    let named: BTreeSet<_> = table.iter().map(|row| row.operation).collect();
    let routed: BTreeSet<_> = routes().iter().map(|route| route.operation).collect();
    assert_eq!(named, routed, "every route needs a row, and every row a route");
    assert_eq!(named.len(), table.len(), "one row an operation");

    for row in &table {
        let route = routes().into_iter().find(|route| route.operation == row.operation).unwrap();
        match route.who {
            Who::Anyone => assert_eq!(row.anonymous, row.stranger, "{}", row.operation),
            Who::Account => assert_eq!(row.anonymous, 401, "{}", row.operation),
            Who::Member => assert_eq!((row.anonymous, row.stranger), (401, 404), "{}", row.operation),
        }
        // Each caller has a device that it can do without.
        let devices = [&stranger, &a].map(|person| (person.handle.clone(), person.address.clone()));
        let [stranger, member] =
            devices.map(|(handle, address)| async move { Person::log_in(&address, &handle, PASSWORD).await });
        let (stranger, member) = (stranger.await, member.await);
        let spare = Person::log_in(&server.address, "aa", PASSWORD).await;
        for (caller, expected) in [(None, row.anonymous), (Some(&stranger), row.stranger), (Some(&member), row.member)]
        {
            let id = match route.path {
                path if path.starts_with(path::CONTACTS) => a.id.to_string(),
                path::USER => a.id.to_string(),
                path::DEVICE => spare.device.to_string(),
                _ => conversation.to_string(),
            };
            // The one message so far is the member's own.
            let path = route.path.replace("{id}", &id).replace("{seq}", "1");
            let url = server.url(&format!("{path}{}", row.query));
            let mut request = reqwest::Client::new().request(route.method.clone(), url);
            if let Some(caller) = caller {
                request = request.bearer_auth(&caller.token);
            }
            if let Some(body) = &row.body {
                request = request.json(body);
            }
            let answer = Answer::of(request).await;
            let who = caller.map_or("nobody", |caller| caller.handle.as_str());
            assert_eq!(answer.status, expected, "{} by {who}: {}", row.operation, answer.text());
            if who != "aa" {
                assert!(!answer.text().contains("secret"), "{} tells {who} the secret", row.operation);
            }
        }
    }
    let head = a.conversation(conversation).await.head_seq.get();
    assert_eq!(head, 2, "only the member's message came in");
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
