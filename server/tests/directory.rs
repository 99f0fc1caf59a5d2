//! The directory of a company, kept current by another program.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod support;

use protocol::path;
use serde_json::{Value, json};
use support::{Answer, TestServer};

const TOKEN: &str = "the program that keeps the directory";

fn server() -> TestServer {
    TestServer::start_with(&[("SIXIN_ADMIN_TOKEN", TOKEN)])
}

async fn call(server: &TestServer, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
    let mut request = reqwest::Client::new().request(method.parse().unwrap(), server.url(path)).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(body);
    }
    Answer::of(request).await
}

async fn put(server: &TestServer, path: &str, body: Value) -> Vec<String> {
    let answer = call(server, "PUT", path, TOKEN, Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let results = answer.json()["results"].as_array().unwrap().clone();
    results.iter().map(|result| result["outcome"].as_str().unwrap().to_owned()).collect()
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
