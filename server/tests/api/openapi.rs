//! The published document against the routes and against real requests and answers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support;
use crate::support::{ADMIN, Admin, Answer, Events, PASSWORD, Person, TestServer, fresh_client_id, text_message};
use protocol::path;
use serde_json::{Value, json};
use server::router::routes;
use std::collections::BTreeSet;

async fn document(server: &TestServer) -> Value {
    Answer::of(reqwest::Client::new().get(server.url(path::OPENAPI))).await.json()
}

#[tokio::test]
async fn the_document_names_every_route_and_nothing_else() {
    let server = TestServer::start();
    let document = document(&server).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            documented.insert((method.to_uppercase(), path.clone(), name));
        }
    }
    let routed: BTreeSet<_> = routes()
        .iter()
        .map(|route| (route.method.to_string(), route.path.to_owned(), route.operation.to_owned()))
        .collect();
    assert_eq!(documented, routed);
    assert_eq!(documented.iter().map(|(.., name)| name).collect::<BTreeSet<_>>().len(), routed.len());

    // Every reference leads somewhere, and every schema is a valid one.
    references(&document, &mut |name| assert!(document.pointer(&name[1..]).is_some(), "{name}"));
    for schema in document["components"]["schemas"].as_object().unwrap().values() {
        assert!(jsonschema::meta::is_valid(schema), "{schema}");
    }
}

fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(name)) = fields.get("$ref") {
                found(name);
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// The document, strict: here an answer may not hold a field that the document does not name.
struct Checker {
    document: Value,
    /// Operations and statuses that the document promises and no answer has shown yet.
    unseen: BTreeSet<(String, String)>,
}

impl Checker {
    fn new(mut document: Value) -> Self {
        close(&mut document["components"]["schemas"]);
        let mut unseen = BTreeSet::new();
        for operation in
            document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
        {
            let name = operation["operationId"].as_str().unwrap();
            let statuses = operation["responses"].as_object().unwrap().keys().filter(|status| *status != "default");
            unseen.extend(statuses.map(|status| (name.to_owned(), status.clone())));
        }
        Self { document, unseen }
    }

    fn operation(&self, name: &str) -> &Value {
        let paths = self.document["paths"].as_object().unwrap().values();
        paths
            .flat_map(|path| path.as_object().unwrap().values())
            .find(|operation| operation["operationId"] == name)
            .unwrap()
    }

    fn check(&self, schema: &Value, value: &Value, what: &str) {
        let mut root = schema.clone();
        root["components"] = self.document["components"].clone();
        let validator = jsonschema::validator_for(&root).unwrap();
        let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{what}: {errors:?} in {value}");
    }

    fn check_named(&self, schema: &str, value: &Value) {
        self.check(&json!({"$ref": format!("#/components/schemas/{schema}")}), value, schema);
    }

    async fn call(&mut self, person: &Person, name: &str, suffix: &str, body: Option<Value>) -> Value {
        let route = routes().into_iter().find(|route| route.operation == name).unwrap();
        // "7+?x" is "7", the rest of the path, "?x"; "7@3+" has a user in it.
        let (suffix, user) = match suffix.trim_end_matches('+').split_once('@') {
            Some((id, user)) => (format!("{id}+"), user),
            None => (suffix.to_owned(), ""),
        };
        let path = match route.path.split_once("{id}") {
            Some((start, end)) => {
                let end = end.replace("{seq}", "1").replace("{user}", user);
                format!("{start}{}", suffix.replacen('+', &end, 1))
            }
            None if route.path.contains("{link}") => route.path.replace("{link}", &suffix),
            None => format!("{}{suffix}", route.path),
        };
        let mut request = person.request(route.method.as_str(), &path);
        if let Some(body) = &body {
            request = request.json(body);
            let schema = &self.operation(name)["requestBody"]["content"]["application/json"]["schema"];
            self.check(schema, body, name);
        }
        self.answered(name, &Answer::of(request).await)
    }

    fn answered(&mut self, name: &str, answer: &Answer) -> Value {
        let status = answer.status.to_string();
        let responses = &self.operation(name)["responses"];
        let response = match responses.get(&status) {
            Some(response) => response,
            None if answer.status >= 400 => &self.document["components"]["responses"]["Refusal"],
            None => panic!("{name} answered {status}, which the document does not name"),
        };
        let value = match response.get("content") {
            Some(content) => {
                assert_eq!(answer.header("content-type"), "application/json", "{name}");
                let value = answer.json();
                self.check(&content["application/json"]["schema"], &value, name);
                value
            }
            None => {
                let other = ["image/jpeg", "application/octet-stream", "text/plain; version=0.0.4"];
                let file = || other.contains(&answer.header("content-type"));
                assert!(answer.body.is_empty() || file(), "{name}");
                Value::Null
            }
        };
        self.unseen.remove(&(name.to_owned(), status));
        value
    }
}

/// Closes every object schema that does not say otherwise.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("type") == Some(&json!("object")) && fields.contains_key("properties") {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Everything about contacts, and a message that is refused for what they are.
async fn people(checker: &mut Checker, a: &Person, b: &Person, id: protocol::ConversationId) {
    let since = checker.call(a, "sync", "", None).await["token"].as_str().unwrap().to_owned();
    let of = |person: &Person| format!("{}+", person.id);
    checker.call(a, "addFriend", &of(b), Some(json!({"greeting": "你好"}))).await;
    checker.call(b, "listRequests", "", None).await;
    checker.call(b, "refuseRequest", &of(a), None).await;
    checker.call(a, "addFriend", &of(b), Some(json!({}))).await;
    checker.call(b, "addFriend", &of(a), Some(json!({}))).await;
    for operation in ["follow", "unfollow", "follow", "block"] {
        checker.call(a, operation, &of(b), None).await;
    }
    checker.call(b, "sendMessage", &format!("{id}+"), Some(text_message(fresh_client_id(), "x"))).await;
    checker.call(a, "listContacts", "?limit=1", None).await;
    checker.call(a, "getContact", &of(b), None).await;
    checker.call(a, "getConversation", &id.to_string(), None).await;
    checker.call(a, "sync", &format!("?since={since}"), None).await;
    for operation in ["unblock", "removeFriend"] {
        checker.call(a, operation, &of(b), None).await;
    }
}

fn picture() -> Vec<u8> {
    let mut picture = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(8, 8).write_to(&mut picture, image::ImageFormat::Png).unwrap();
    picture.into_inner()
}

/// A file in a message: uploaded, again, another under its key; sent, read and saved.
async fn files_match(checker: &mut Checker, a: &Person) {
    let key = fresh_client_id();
    let upload = path::upload_file(key, &"notes.txt".parse().unwrap());
    let mut file = Value::Null;
    for bytes in ["notes", "notes", "others"] {
        let answer = Answer::of(a.request("POST", &upload).body(bytes)).await;
        checker.answered("uploadFile", &answer);
        file = if answer.status == 201 { answer.json() } else { file };
    }
    let name: protocol::MediaId = serde_json::from_value(file["media"].clone()).unwrap();
    let id = a.open(a).await;
    file["type"] = json!("file");
    checker.call(a, "sendMessage", &format!("{id}+"), Some(json!({"client_id": key, "body": file}))).await;
    checker.call(a, "listMessages", &format!("{id}+"), None).await;
    for (part, status) in [("bytes=0-1", 206), ("bytes=9-", 416)] {
        let answer = Answer::of(a.request("GET", &path::medium(name)).header("range", part)).await;
        assert_eq!(answer.status, status);
        checker.answered("getMedium", &answer);
    }
}

/// A picture in a message: uploaded, again, another under its key; sent, read and fetched.
async fn pictures_match(checker: &mut Checker, a: &Person, picture: &[u8]) {
    let key = fresh_client_id();
    let mut image = Value::Null;
    for file in [picture.to_vec(), picture.to_vec(), support::picture()] {
        let answer = a.upload(key, file).await;
        checker.answered("uploadMedium", &answer);
        image = if answer.status == 201 { answer.json() } else { image };
    }
    let name: protocol::MediaId = serde_json::from_value(image["media"].clone()).unwrap();
    let id = a.open(a).await;
    image["type"] = json!("image");
    checker.call(a, "sendMessage", &format!("{id}+"), Some(json!({"client_id": key, "body": image}))).await;
    checker.call(a, "listMessages", &format!("{id}+"), None).await;
    for (operation, path) in [("getMedium", path::medium(name)), ("getThumb", path::thumb(name))] {
        checker.answered(operation, &a.get(&path).await);
        let known = a.request("GET", &path).header("if-none-match", format!("\"{name}\""));
        checker.answered(operation, &support::Answer::of(known).await);
    }
}

/// Everything that a group may answer, on a server whose groups have three members at most.
async fn a_group_matches(server: &TestServer, checker: &mut Checker, a: &Person, b: &Person) {
    let (d, e) = (server.person("dd").await, server.person("ee").await);
    let since = checker.call(a, "sync", "", None).await["token"].as_str().unwrap().to_owned();
    let group = json!({"title": "群", "members": [b.id]});
    let id = checker.call(a, "openConversation", "", Some(group)).await["id"].to_string();
    let of = |user: &Person| format!("{id}@{}", user.id);
    let here = format!("{id}+");
    let everything = json!({"title": "新名", "announcement": "欢迎", "joining": "approval", "history": {"last": 5},
        "mute_ms": 0});
    for who in [a, b] {
        checker.call(who, "changeGroup", &id, Some(everything.clone())).await;
        checker.call(who, "makeLink", &here, None).await;
        checker.call(who, "getGroup", &here, None).await;
    }
    let avatar = path::group_avatar(id.parse().unwrap());
    for who in [b, a] {
        checker.call(who, "dropGroupAvatar", &here, None).await;
        let upload = who.request("PUT", &format!("{avatar}?x=0&y=0&size=8")).body(picture());
        checker.answered("changeGroupAvatar", &Answer::of(upload).await);
    }
    checker.call(a, "listMembers", &format!("{id}+?query=b"), None).await;
    let link = checker.call(a, "makeLink", &here, None).await["link"].as_str().unwrap().to_owned();
    checker.call(&d, "getInvitation", &link, None).await;
    for who in [&d, &e] {
        checker.call(who, "joinGroup", &link, None).await;
    }
    let accept = Some(json!({"accept": true}));
    checker.call(b, "answerWaiting", &of(&d), accept.clone()).await;
    for who in [&d, &e] {
        checker.call(a, "answerWaiting", &of(who), accept.clone()).await;
    }
    checker.call(a, "getGroup", &here, None).await;
    let invite = Some(json!({"users": [e.id]}));
    checker.call(b, "inviteMembers", &here, invite.clone()).await;
    checker.call(a, "inviteMembers", &here, invite.clone()).await;
    for joining in ["free", "closed"] {
        checker.call(a, "changeGroup", &id, Some(json!({"joining": joining}))).await;
        checker.call(&e, "joinGroup", &link, None).await;
    }
    for who in [b, a] {
        checker.call(who, "removeMember", &of(&d), None).await;
    }
    checker.call(a, "inviteMembers", &here, invite).await;
    for change in [json!({"role": "admin"}), json!({"mute_ms": 60_000})] {
        checker.call(a, "changeMember", &of(b), Some(change)).await;
    }
    checker.call(b, "changeMember", &of(a), Some(json!({"mute_ms": 1}))).await;
    checker.call(b, "changeMember", &of(b), Some(json!({"nickname": "小b"}))).await;
    checker.call(b, "sendMessage", &here, Some(text_message(fresh_client_id(), "muted"))).await;
    let mut naming = text_message(fresh_client_id(), "@bb");
    naming["body"]["mentions"] = json!({"users": [b.id]});
    checker.call(a, "sendMessage", &here, Some(naming)).await;
    checker.call(a, "changeMember", &of(b), Some(json!({"role": "owner"}))).await;
    checker.call(b, "listMessages", &format!("{id}+?limit=100"), None).await;
    checker.call(b, "getConversation", &id, None).await;
    for who in [&e, a] {
        checker.call(who, "revokeLink", &here, None).await;
    }
    for who in [a, b] {
        checker.call(who, "dissolveGroup", &here, None).await;
    }
    let changes = checker.call(a, "sync", &format!("?since={since}"), None).await;
    assert!(changes["changes"].as_array().unwrap().iter().any(|change| change.get("left").is_some()));
}

/// Everything that is answered to the program that keeps the directory.
async fn the_directory_matches(server: &TestServer, checker: &mut Checker, picture: &[u8]) {
    let admin = Admin::of(server);
    for (operation, path) in [
        ("listDepartments", path::ADMIN_DEPARTMENTS),
        ("listPeople", path::ADMIN_PEOPLE),
        ("getPerson", "/api/v1/admin/directory/people/e"),
        ("getMetrics", path::ADMIN_METRICS),
        ("listConflicts", path::ADMIN_CONFLICTS),
    ] {
        checker.answered(operation, &admin.get(path).await);
    }
    let avatar = path::ADMIN_PERSON_AVATAR.replace("{id}", "e");
    let upload = admin.request("PUT", &avatar).body(picture.to_vec());
    checker.answered("putPersonAvatar", &Answer::of(upload).await);
    checker.answered("getPersonAvatar", &admin.get(&avatar).await);
    let invited = admin.invite("e").await;
    checker.answered("invitePerson", &invited);
    let chosen = [("handle", "zhangsan"), ("password", PASSWORD)];
    let page = invited.json()["path"].as_str().unwrap().to_owned();
    assert_eq!(support::Browser::new(&server.address).post(&page, &chosen).await.status, 303);
    checker.answered("invitePerson", &admin.invite("e").await);
    let gone = admin.request("PUT", path::ADMIN_DEPARTMENTS_REMOVED).json(&json!({"departments": ["d"]}));
    checker.answered("removeDepartments", &Answer::of(gone).await);
    let claim = |by: &str| json!({"by": by, "version": 7, "display_name": "张三"});
    let conflict = json!({"id": 1, "external_id": "e", "at": 7, "kept": claim("source"), "lost": claim("person")});
    checker.check_named("Conflict", &conflict);
}

/// Every operation is called, with everything it may answer, and each document is held against its schema.
#[tokio::test]
async fn real_requests_and_answers_match_the_document() {
    let server = TestServer::start_with(&[("SIXIN_GROUP_MEMBERS", "3"), ("SIXIN_ADMIN_TOKEN", ADMIN)]);
    let mut checker = Checker::new(document(&server).await);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let new = json!({"handle": "cc", "display_name": "丙", "password": PASSWORD});
    checker.call(&a, "getOpenApi", "", None).await;
    checker.call(&a, "register", "", Some(new.clone())).await;
    checker.call(&a, "register", "", Some(new)).await;
    checker.call(&a, "logIn", "", Some(json!({"handle": "cc", "password": "wrong"}))).await;
    let login = json!({"handle": "aa", "password": PASSWORD, "device_name": "书房"});
    let login = checker.call(&a, "logIn", "", Some(login)).await;
    checker.call(&a, "getAccount", "", None).await;
    checker.call(&a, "changeAccount", "", Some(json!({"receipts": true}))).await;
    for (operation, path, body) in [
        ("putDepartments", path::ADMIN_DEPARTMENTS, json!({"departments": [{"external_id": "d", "name": "总部"}]})),
        (
            "putPeople",
            path::ADMIN_PEOPLE,
            json!({"people": [{"external_id": "e", "version": 1, "display_name": "张三",
            "title": "工程师", "departments": ["d"]}]}),
        ),
    ] {
        let request = reqwest::Client::new().put(server.url(path)).bearer_auth(ADMIN).json(&body);
        checker.answered(operation, &Answer::of(request).await);
    }
    let (own, seq) = (a.open(&a).await, a.send(a.open(&a).await, "x").await.seq);
    for (method, operation) in [("POST", "removeMessage"), ("GET", "getRemoval")] {
        let url = server.url(&path::removal(own, seq));
        let request = reqwest::Client::new().request(method.parse().unwrap(), url).bearer_auth(ADMIN);
        checker.answered(operation, &Answer::of(request).await);
    }
    checker.call(&a, "listMessages", &format!("{own}+"), None).await;
    let request = reqwest::Client::new().delete(server.url(&path::removal(own, seq))).bearer_auth(ADMIN);
    checker.answered("restoreMessage", &Answer::of(request).await);
    let request = reqwest::Client::new().post(server.url(&path::admin_recall(own, seq))).bearer_auth(ADMIN);
    checker.answered("recallAsAdmin", &Answer::of(request).await);
    checker.call(&a, "listMessages", &format!("{own}+"), None).await;
    let picture = picture();
    the_directory_matches(&server, &mut checker, &picture).await;
    pictures_match(&mut checker, &a, &picture).await;
    files_match(&mut checker, &a).await;
    let upload = a.request("PUT", &format!("{}?x=0&y=0&size=8", path::ACCOUNT_AVATAR)).body(picture);
    checker.answered("changeAvatar", &Answer::of(upload).await);
    let hash = serde_json::from_value(checker.call(&a, "getAccount", "", None).await["avatar"].clone()).unwrap();
    checker.answered("getAvatar", &a.get(&path::avatar(&hash, 96)).await);
    checker.call(&a, "dropAvatar", "", None).await;
    checker.call(&a, "searchUsers", "?query=b", None).await;
    checker.call(&a, "getUser", &b.id.to_string(), None).await;
    checker.call(&a, "listDevices", "", None).await;
    checker.call(&a, "beginAnew", "", None).await;
    checker.call(&a, "revokeDevice", &login["device"].to_string(), None).await;

    let events = Events::connect(&a).await;
    for connection in [events.connection, 0] {
        checker.call(&a, "sayFrame", "", Some(json!({"connection": connection, "frame": "ping"}))).await;
    }
    drop(events);
    let mut push = b.push_values().await;
    checker.check_named("ServerFrame", &push.next().await);
    for status in [201, 200] {
        let peer = Some(json!({"peer": b.id}));
        checker.call(&a, "openConversation", "", peer).await;
        assert!(!checker.unseen.contains(&("openConversation".to_owned(), status.to_string())));
    }
    let id = b.open(&a).await;
    let first = text_message(fresh_client_id(), "你好 👋");
    for _ in 0..2 {
        checker.call(&a, "sendMessage", &format!("{id}+"), Some(first.clone())).await;
    }
    let reused = json!({"client_id": first["client_id"], "body": {"type": "text", "text": "other"}});
    checker.call(&a, "sendMessage", &format!("{id}+"), Some(reused)).await;
    b.send(id, "hi").await;
    for query in ["", "?naming=true"] {
        checker.call(&a, "listUnread", &format!("{id}+{query}"), None).await;
    }
    let since = checker.call(&a, "sync", "", None).await["token"].as_str().unwrap().to_owned();
    let report = json!({"reports": [{"conversation": id, "delivered": 2, "read": 2}]});
    checker.call(&a, "reportReceipts", "", Some(report.clone())).await;
    checker.call(&b, "reportReceipts", "", Some(report)).await;
    checker.call(&a, "sync", &format!("?since={since}"), None).await;
    let about = a.conversation(id).await;
    let count = json!(protocol::sync::Count { unread: 7, ..protocol::sync::Count::of(&about) });
    checker.call(&a, "checkCounts", "", Some(json!({"counts": [count]}))).await;
    checker.call(&a, "listReceipts", "?after=0&limit=1", None).await;
    checker.call(&a, "listReaders", &format!("{id}+"), None).await;
    checker.call(&a, "listMessageReaders", &format!("{id}+"), None).await;
    checker.call(&b, "listMessageReaders", &format!("{id}+"), None).await;
    let wish = json!({"pinned": true, "muted_until": 9_007_199_254_740_991_u64, "labels": ["客户"], "archived_until": 1,
        "marked_unread": true, "draft": "还没写完"});
    checker.call(&a, "changePreferences", &format!("{id}+"), Some(wish)).await;
    checker.call(&a, "sync", &format!("?since={since}"), None).await;
    checker.call(&a, "readAll", "", None).await;
    checker.call(&a, "listConversations", "?limit=1", None).await;
    checker.call(&a, "getConversation", &id.to_string(), None).await;
    checker.call(&a, "listMessages", &format!("{id}+?limit=5"), None).await;
    checker.call(&a, "listChanges", &format!("{id}+?after_rev=0"), None).await;

    // Joined, two messages, and the own cursors and receipts of both reports.
    for _ in 0..4 {
        checker.check_named("ServerFrame", &push.next().await);
    }

    // Hidden, shown, hidden by a report; recalled; and one that b may not see.
    for hidden in [true, false] {
        checker.call(&b, "hideMessages", &format!("{id}+"), Some(json!({"seqs": [1], "hidden": hidden}))).await;
    }
    checker.call(&b, "recallMessage", &format!("{id}+"), None).await;
    let report = json!({"reason": "spam", "note": "广告", "hide": true});
    checker.call(&b, "reportMessage", &format!("{id}+"), Some(report.clone())).await;
    checker.call(&a, "reportMessage", &format!("{id}+"), Some(report)).await;
    checker.call(&b, "sync", &format!("?since={since}"), None).await;
    checker.call(&a, "recallMessage", &format!("{id}+"), None).await;
    checker.call(&a, "listMessages", &format!("{id}+"), None).await;
    let mut withheld = text_message(fresh_client_id(), "not for b");
    withheld["invisible_list"] = json!([b.id]);
    checker.call(&a, "sendMessage", &format!("{id}+"), Some(withheld)).await;
    checker.call(&b, "getConversation", &id.to_string(), None).await;
    checker.call(&a, "deleteConversation", &format!("{id}?through=1"), None).await;
    checker.call(&a, "getConversation", &id.to_string(), None).await;
    loop {
        let frame = push.next().await;
        checker.check_named("ServerFrame", &frame);
        if frame["conversation"]["change"].get("withheld").is_some() {
            break;
        }
    }
    people(&mut checker, &a, &b, id).await;
    a_group_matches(&server, &mut checker, &a, &b).await;
    let late = TestServer::start_with(&[("SIXIN_RECALL_WINDOW", "0")]);
    let c = late.person("cc").await;
    let own = c.open(&c).await;
    c.send(own, "x").await;
    checker.call(&c, "recallMessage", &format!("{own}+"), None).await;
    let typing = protocol::ClientFrame::Typing { conversation: id };
    let watch = protocol::ClientFrame::Watch { conversation: Some(id) };
    for frame in [protocol::ClientFrame::Ping, typing, watch] {
        checker.check_named("ClientFrame", &serde_json::to_value(frame).unwrap());
    }
    let typing = protocol::ServerFrame::Typing { conversation: id, user: a.id };
    let presence = protocol::ServerFrame::Presence { user: a.id, online: false, seen_at: 7 };
    for frame in [typing, presence] {
        checker.check_named("ServerFrame", &serde_json::to_value(frame).unwrap());
    }

    // Refusals of every kind are the one document.
    checker.call(&a, "getConversation", "999", None).await;
    let refused = Answer::of(a.request("POST", path::CONVERSATIONS).body("x")).await;
    checker.answered("openConversation", &refused);
    checker.call(&a, "logOut", "", None).await;
    checker.call(&a, "getAccount", "", None).await;

    // Connections were made above; what they are answered is no document.
    for (operation, status) in [("push", "101"), ("pushEvents", "200")] {
        checker.unseen.remove(&(operation.to_owned(), status.to_owned()));
    }
    assert!(checker.unseen.is_empty(), "promised and never seen: {:?}", checker.unseen);
}
