//! The directory of a company, kept current by another program.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support;
use crate::support::{
    ADMIN as TOKEN, Admin, Answer, Browser, Heard, PASSWORD, Person, TestServer, fresh_client_id, text_message,
};
use protocol::group::Members;
use protocol::path;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn server() -> TestServer {
    Admin::server(&[])
}

async fn call(server: &TestServer, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
    let mut request = reqwest::Client::new().request(method.parse().unwrap(), server.url(path)).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(body);
    }
    Answer::of(request).await
}

async fn put(server: &TestServer, path: &str, body: Value) -> Vec<String> {
    Admin::of(server).put(path, body).await
}

fn employee(id: &str, version: u64, name: &str) -> Value {
    json!({"external_id": id, "version": version, "display_name": name})
}

/// R002-01, R002-02: departments and people come in by the source's own ids, each with an outcome of its own; telling
/// them again changes nothing, and the later version wins.
#[tokio::test]
async fn the_directory_is_kept_current() {
    let server = server();
    let departments = json!({"departments": [
        {"external_id": "d1", "name": "总部"},
        {"external_id": "d2", "name": "研发", "parent": "d1", "place": 1},
        {"external_id": "d3", "name": "无主", "parent": "nowhere"},
    ]});
    let outcomes = ["stored", "stored", "unknown_department"];
    assert_eq!(put(&server, path::ADMIN_DEPARTMENTS, departments.clone()).await, outcomes);
    assert_eq!(put(&server, path::ADMIN_DEPARTMENTS, departments).await, outcomes);
    let circle = json!({"departments": [{"external_id": "d1", "name": "总部", "parent": "d2"}]});
    assert_eq!(put(&server, path::ADMIN_DEPARTMENTS, circle).await, ["circle"]);

    let person = |id: &str, version: u64, name: &str| json!({"external_id": id, "version": version, "display_name": name, "departments": ["d2"], "title": "工程师"});
    let stray = json!({"external_id": "e9", "version": 1, "display_name": "x", "departments": ["nowhere"]});
    let people = json!({"people": [person("e1", 5, "张三"), person("e2", 1, "李四"), stray]});
    assert_eq!(put(&server, path::ADMIN_PEOPLE, people).await, ["stored", "stored", "unknown_department"]);
    let again = json!({"people": [person("e1", 5, "别名"), person("e2", 2, "李四四")]});
    assert_eq!(put(&server, path::ADMIN_PEOPLE, again).await, ["known", "stored"]);

    let page = call(&server, "GET", path::ADMIN_PEOPLE, TOKEN, None).await.json();
    let listed: Vec<_> = page["people"].as_array().unwrap().iter().map(|it| &it["display_name"]).collect();
    assert_eq!(listed, [&json!("张三"), &json!("李四四")]);
    assert_eq!((&page["people"][0]["departments"], &page["people"][0]["kind"]), (&json!(["d2"]), &json!("internal")));
    let rest = call(&server, "GET", &format!("{}?after=e1", path::ADMIN_PEOPLE), TOKEN, None).await.json();
    assert_eq!(rest["people"].as_array().unwrap().len(), 1);

    let many: Vec<_> = (0..1_001).map(|n| json!({"external_id": format!("x{n}"), "name": "x"})).collect();
    let answer = call(&server, "PUT", path::ADMIN_DEPARTMENTS, TOKEN, Some(&json!({ "departments": many }))).await;
    assert_eq!(answer.status, 422);
}

/// R002-02: a version that the server could not count on from is refused, and says so.
#[tokio::test]
async fn a_version_has_its_limit() {
    let server = server();
    let admin = Admin::of(&server);
    for version in [1_u64 << 62, u64::MAX] {
        let body = json!({"people": [employee("e1", version, "张三")]});
        let refused = call(&server, "PUT", path::ADMIN_PEOPLE, TOKEN, Some(&body)).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid_field".to_owned()), "{version}");
        let text = refused.text();
        assert!(text.contains("people[0].version") && text.contains("below 2^62"), "{text}");
    }
    assert_eq!(admin.put_person(employee("e1", (1 << 62) - 1, "张三")).await, "stored");
    let listed = admin.get(&path::ADMIN_PERSON.replace("{id}", "e1")).await.json();
    assert_eq!(listed["version"], json!((1_u64 << 62) - 1));
}

/// R002-03: nobody but who has the admin token keeps the directory, and without one configured nobody does.
#[tokio::test]
async fn only_the_admin_token_opens_the_directory() {
    let (with, without) = (server(), TestServer::start());
    let person = with.person("aa").await;
    let body = json!({"people": []});
    for token in ["", "wrong", &person.token, &TOKEN[1..]] {
        assert_eq!(call(&with, "PUT", path::ADMIN_PEOPLE, token, Some(&body)).await.status, 401, "{token}");
    }
    assert_eq!(call(&without, "PUT", path::ADMIN_PEOPLE, TOKEN, Some(&body)).await.status, 401);
    assert_eq!(call(&with, "PUT", path::ADMIN_PEOPLE, TOKEN, Some(&body)).await.status, 200);
}

/// R002-01: departments are listed by key; one that goes leaves its people and departments to the one above it, and what
/// is not there is passed over.
#[tokio::test]
async fn departments_come_and_go() {
    let server = server();
    let admin = Admin::of(&server);
    let departments = json!([
        {"external_id": "d1", "name": "总部"},
        {"external_id": "d2", "name": "研发", "parent": "d1", "place": 3},
        {"external_id": "d3", "name": "后端", "parent": "d2"},
    ]);
    admin.put_departments(departments.clone()).await;
    let listed = admin.get(path::ADMIN_DEPARTMENTS).await.json();
    assert_eq!((listed["departments"].as_array().unwrap().len(), &listed["more"]), (3, &json!(false)));
    assert_eq!(listed["departments"][1], json!({"external_id": "d2", "name": "研发", "parent": "d1", "place": 3}));
    let rest = admin.get(&format!("{}?after=d2", path::ADMIN_DEPARTMENTS)).await.json();
    assert_eq!(rest["departments"].as_array().unwrap().len(), 1);

    let mut person = employee("e1", 1, "张三");
    person["departments"] = json!(["d2", "d3"]);
    admin.put_person(person).await;
    let remove = async |ids: Value| admin.put(path::ADMIN_DEPARTMENTS_REMOVED, json!({ "departments": ids })).await;
    assert_eq!(remove(json!(["d2", "nowhere"])).await, ["removed", "known"]);
    assert_eq!(remove(json!(["d2"])).await, ["known"], "again");
    let listed = admin.get(path::ADMIN_DEPARTMENTS).await.json();
    assert_eq!(listed["departments"][1], json!({"external_id": "d3", "name": "后端", "parent": "d1", "place": 0}));
    let path = path::ADMIN_PERSON.replace("{id}", "e1");
    let person = admin.get(&path).await;
    assert_eq!((person.status, &person.json()["departments"]), (200, &json!(["d1", "d3"])));
    assert_eq!(remove(json!(["d1", "d3"])).await, ["removed", "removed"]);
    assert_eq!(admin.get(&path).await.json()["departments"], json!([]));
    assert_eq!(admin.get(&path::ADMIN_PERSON.replace("{id}", "e2")).await.status, 404);
}

/// R002-02, R003-03: people are found by a part of their name or id, whatever the case, and one whose id needs escaping is
/// reached by it.
#[tokio::test]
async fn people_of_the_directory_are_found() {
    let server = server();
    let admin = Admin::of(&server);
    for (id, name) in [("a/1 %", "张三"), ("b2", "李四"), ("b3", "张小明"), ("d4", "Élodie")] {
        assert_eq!(admin.put_person(employee(id, 1, name)).await, "stored");
    }
    let found = async |query: &str| {
        let path = format!("{}?query={}", path::ADMIN_PEOPLE, support::escape(query));
        let people = admin.get(&path).await.json()["people"].as_array().unwrap().clone();
        people.iter().map(|it| it["external_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("张").await, ["a/1 %", "b3"]);
    assert_eq!(found("b").await, ["b2", "b3"]);
    assert_eq!(found("%").await, ["a/1 %"]);
    for query in ["Élo", "éLO", "D4"] {
        assert_eq!(found(query).await, ["d4"], "{query}");
    }
    let one = admin.get(&path::ADMIN_PERSON.replace("{id}", "a%2F1%20%25")).await;
    assert_eq!((one.status, &one.json()["display_name"]), (200, &json!("张三")));
}

/// R002-01: a person whom the directory made comes in by a link, once, with a handle and a password of their own; the
/// link ends with its time, with another link, and with the person.
#[tokio::test]
async fn an_invitation_lets_in_once() {
    let server = server();
    let admin = Admin::of(&server);
    admin.put_person(employee("e1", 1, "张三")).await;
    let other = server.person("taken").await;
    let page = async || admin.invite("e1").await.json()["path"].as_str().unwrap().to_owned();
    let (first, link) = (page().await, page().await);
    let mut browser = Browser::new(&server.address);
    assert_eq!(browser.get(&first).await.status, 404, "another link ends it");
    assert_eq!(browser.get("/welcome/guessed").await.status, 404);
    let shown = browser.get(&link).await;
    assert_eq!(shown.status, 200);
    assert!(shown.text().contains("张三"));
    for (handle, password, status) in [("taken", PASSWORD, 409), ("?", PASSWORD, 422), ("zhangsan", "short", 422)] {
        let refused = browser.post(&link, &[("handle", handle), ("password", password)]).await;
        assert_eq!(refused.status, status, "{handle}: the link stays");
    }
    let welcome = browser.post(&link, &[("handle", "zhangsan"), ("password", PASSWORD)]).await;
    assert_eq!((welcome.status, welcome.header("location")), (303, "/"));
    assert_eq!(browser.get("/").await.status, 200, "logged in");
    let again = browser.post(&link, &[("handle", "thief"), ("password", "another password")]).await;
    assert_eq!(again.status, 404, "used up");
    let zhang = Person::log_in(&server.address, "zhangsan", PASSWORD).await;
    let listed = admin.get(&path::ADMIN_PERSON.replace("{id}", "e1")).await.json();
    assert_eq!(listed["account"], json!(zhang.id));
    let sent = zhang.open(&other).await;
    zhang.send(sent, "第一条消息").await;

    let refused = admin.invite("e1").await;
    assert_eq!((refused.status, refused.code()), (403, "not_allowed".to_owned()), "who can log in is not taken over");
    assert_eq!(admin.invite("nobody").await.status, 404);
    admin.put_person(employee("e2", 1, "李四")).await;
    let link = admin.invite("e2").await.json()["path"].as_str().unwrap().to_owned();
    let mut gone = employee("e2", 2, "李四");
    gone["active"] = json!(false);
    admin.put_person(gone).await;
    assert_eq!(browser.get(&link).await.status, 404, "deactivated");
    assert_eq!(admin.invite("e2").await.status, 403);
    let path = path::ADMIN_INVITATION.replace("{id}", "e2");
    for valid in [0, 59, 2_592_001] {
        let answer = Answer::of(admin.request("POST", &path).json(&json!({"valid_s": valid}))).await;
        assert_eq!(answer.status, 422, "{valid}");
    }
}

/// R002-01, R003-01: who was deactivated gets no message, which their sender is told as a block is told; they can neither
/// log in, be found, nor be brought into a group. Coming back brings all back.
#[tokio::test]
async fn a_deactivated_person_is_out_of_reach() {
    let server = server();
    let admin = Admin::of(&server);
    let person = |version: u64, active: bool| {
        let mut person = employee("e1", version, "张三");
        person["active"] = json!(active);
        person
    };
    admin.put_person(person(1, true)).await;
    let zhang = admin.let_in("e1", "zhangsan").await;
    let (friend, blocking) = (server.person("friend").await, server.person("blocking").await);
    let (id, blocked) = (friend.open(&zhang).await, friend.open(&blocking).await);
    for (asker, asked) in [(&friend, &zhang), (&zhang, &friend)] {
        assert_eq!(asker.put(&path::friend(asked.id), &json!({})).await.status, 200);
    }
    let group = json!({"title": "群", "members": [zhang.id, blocking.id]});
    let group: protocol::Conversation = friend.post(path::CONVERSATIONS, &group).await.read();
    blocking.put(&path::block(friend.id), &json!({})).await;
    let mut push = zhang.push().await;

    assert_eq!(admin.put_person(person(2, false)).await, "stored");
    let ended = Instant::now();
    loop {
        match push.hear(Duration::from_secs(5)).await {
            Heard::End(code) => break assert_eq!(code, Some(protocol::frame::close::REVOKED)),
            Heard::Frame(_) => assert!(ended.elapsed() < Duration::from_secs(1), "logged out within a second"),
            Heard::Nothing => panic!("still connected"),
        }
    }
    let message = || text_message(fresh_client_id(), "在吗");
    let refused = friend.post(&path::messages(id), &message()).await;
    let as_blocked = friend.post(&path::messages(blocked), &message()).await;
    assert_eq!((refused.status, refused.code()), (403, "not_accepted".to_owned()));
    assert_eq!(refused.text(), as_blocked.text());
    friend.send(group.id, "大家好").await;
    let credentials = json!({"handle": "zhangsan", "password": PASSWORD});
    let log_in = Answer::of(reqwest::Client::new().post(server.url(path::LOGINS)).json(&credentials)).await;
    assert_eq!((log_in.status, log_in.code()), (401, "wrong_credentials".to_owned()));
    assert_eq!(zhang.get(path::ACCOUNT_ME).await.status, 401);
    for query in ["zhang", "%E5%BC%A0"] {
        let found = friend.get(&format!("{}?query={query}", path::USERS)).await.json();
        assert_eq!(found["users"], json!([]), "{query}");
    }
    let opened = |peer| json!({ "peer": peer });
    assert_eq!(blocking.post(path::CONVERSATIONS, &opened(zhang.id)).await.status, 422, "nobody opens a new one");
    assert_eq!(friend.post(path::CONVERSATIONS, &opened(zhang.id)).await.status, 200, "what there is stays");
    let with = json!({"title": "x", "members": [zhang.id]});
    assert_eq!(friend.post(path::CONVERSATIONS, &with).await.status, 422);
    let other = server.person("other").await;
    let alone: protocol::Conversation =
        friend.post(path::CONVERSATIONS, &json!({"title": "y", "members": [other.id]})).await.read();
    friend.post(&path::members(alone.id), &json!({"users": [zhang.id]})).await;
    assert_eq!(friend.conversation(alone.id).await.member_count, 2);
    assert_eq!(friend.conversation(group.id).await.member_count, 3, "a membership stays");

    assert_eq!(admin.put_person(person(3, true)).await, "stored");
    let back = Person::log_in(&server.address, "zhangsan", PASSWORD).await;
    assert_eq!(back.conversation(group.id).await.head_seq, friend.conversation(group.id).await.head_seq);
    friend.send(id, "欢迎回来").await;
    let last = back.conversation(id).await.last.unwrap();
    assert_eq!(last.body, protocol::MessageBody::text("欢迎回来".try_into().unwrap()));
}

/// R002-01: a member who was deactivated is marked so among the members and not offered for a mention; what they wrote
/// keeps their name.
#[tokio::test]
async fn a_deactivated_member_is_marked_and_not_offered() {
    let server = server();
    let admin = Admin::of(&server);
    admin.put_person(employee("e1", 1, "张三")).await;
    let zhang = admin.let_in("e1", "zhangsan").await;
    let owner = server.person("owner").await;
    let group = json!({"title": "群", "members": [zhang.id]});
    let group: protocol::Conversation = owner.post(path::CONVERSATIONS, &group).await.read();
    zhang.send(group.id, "我来了").await;
    let members = async |query: &str| {
        let members: Members = owner.get(&format!("{}?{query}", path::members(group.id))).await.read();
        members.members.into_iter().map(|it| (it.user.id, it.deactivated)).collect::<Vec<_>>()
    };
    let (query, name) = (format!("query={}", support::escape("张")), format!("{}/group", path::page(group.id)));
    assert_eq!(members(&format!("{query}&active=true")).await, [(zhang.id, false)]);
    let mut browser = Browser::new(&server.address);
    browser.log_in("owner", PASSWORD).await;
    let page = browser.get(&name).await.text();
    assert!(!page.contains("已停用") && page.contains("value=\"hand-over\""), "{page}");

    let mut gone = employee("e1", 2, "张三");
    gone["active"] = json!(false);
    admin.put_person(gone).await;
    assert_eq!(members(&query).await, [(zhang.id, true)]);
    assert_eq!(members(&format!("{query}&active=true")).await, []);
    assert_eq!(members("active=true").await, [(owner.id, false)]);
    assert_eq!(members("").await, [(zhang.id, true), (owner.id, false)]);
    let page = browser.get(&name).await.text();
    assert!(page.contains("已停用") && page.contains("value=\"remove\""), "{page}");
    assert!(!page.contains("value=\"hand-over\"") && !page.contains("value=\"promote\""), "{page}");
    let chat = browser.get(&path::page(group.id)).await.text();
    assert!(chat.contains("我来了") && chat.contains("张三"), "{chat}");
    assert_eq!(owner.get(&format!("{}?active=x", path::members(group.id))).await.status, 400);
}

/// R002-01: what the directory says of a name reaches those who show it at once.
#[tokio::test]
async fn a_name_from_the_directory_reaches_devices_at_once() {
    let server = server();
    let admin = Admin::of(&server);
    admin.put_person(employee("e1", 1, "张三")).await;
    let zhang = admin.let_in("e1", "zhangsan").await;
    let other = server.person("other").await;
    other.open(&zhang).await;
    let mut push = other.push().await;
    let told = Instant::now();
    admin.put_person(employee("e1", 2, "张三丰")).await;
    loop {
        if let protocol::ServerFrame::Person { user } = push.frame().await {
            break assert_eq!(user.display_name.as_str(), "张三丰");
        }
    }
    assert!(told.elapsed() < Duration::from_secs(5));
}
