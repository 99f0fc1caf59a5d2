//! The company's page, as a browser without scripts shows it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support;
use crate::support::{Admin, Browser, PASSWORD, TestServer};
use serde_json::{Value, json};

fn employee(id: &str, name: &str, departments: &[&str]) -> Value {
    json!({"external_id": id, "version": 1, "display_name": name, "title": "工程师", "departments": departments})
}

async fn company(admin: &Admin) {
    let departments = json!([
        {"external_id": "d1", "name": "总部"},
        {"external_id": "d2", "name": "研发中心", "parent": "d1", "place": 1},
        {"external_id": "d3", "name": "后端组", "parent": "d2"},
        {"external_id": "d4", "name": "市场部", "parent": "d1", "place": 2},
    ]);
    admin.put_departments(departments).await;
    for person in [
        employee("e1", "张三", &["d3"]),
        employee("e2", "李四", &["d2"]),
        employee("e3", "王五", &["d3", "d4"]),
        employee("e4", "无处", &[]),
    ] {
        assert_eq!(admin.put_person(person).await, "stored");
    }
}

async fn browser(server: &TestServer, handle: &str) -> Browser {
    let mut browser = Browser::new(&server.address);
    assert_eq!(browser.log_in(handle, PASSWORD).await.status, 303);
    browser
}

/// The address behind a department's name on the page.
fn link_of(page: &str, name: &str) -> String {
    let before = page.split(&format!(">{name}</strong>")).next().unwrap();
    let start = before.rfind("/company?department=").unwrap();
    before[start..].split('"').next().unwrap().to_owned()
}

/// R002-01: an internal person sees the company as a tree that opens level by level, with how many people there are, and
/// finds colleagues by name and pinyin; from each one reaches their card.
#[tokio::test]
async fn the_company_is_a_tree() {
    let server = Admin::server(&[]);
    let admin = Admin::of(&server);
    company(&admin).await;
    admin.let_in("e1", "zhangsan").await;
    let mut zhang = browser(&server, "zhangsan").await;
    assert!(zhang.get("/contacts").await.text().contains("href=\"/company\""));
    let top = zhang.get("/company").await.text();
    assert!(top.contains("总部") && top.contains("3 人") && top.contains("无处"), "{top}");
    assert!(!top.contains("研发中心"), "the levels below are closed");
    let head = zhang.get(&link_of(&top, "总部")).await.text();
    assert!(head.find("研发中心").unwrap() < head.find("市场部").unwrap(), "by place");
    assert!(!head.contains("后端组") && !head.contains("张三"));
    let lab = zhang.get(&link_of(&head, "研发中心")).await.text();
    assert!(lab.contains("后端组") && lab.contains("李四") && lab.contains("工程师"));
    let team = zhang.get(&link_of(&lab, "后端组")).await.text();
    // By pinyin: wang before zhang.
    assert!(team.find("王五").unwrap() < team.find("张三").unwrap());
    let card = team.split("href=\"/u/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let card = zhang.get(&format!("/u/{card}")).await.text();
    assert!(card.contains("王五") && card.contains("工程师") && card.contains("后端组、市场部"), "{card}");

    for query in ["王", "wangwu", "ww", "e3"] {
        let found = zhang.get(&format!("/company?query={}", support::escape(query))).await.text();
        assert!(found.contains("王五") && found.contains("后端组、市场部"), "{query}");
        assert!(!found.contains("李四"), "{query}");
    }
    let none = zhang.get("/company?query=xyz").await;
    assert_eq!(none.status, 200);
    assert!(none.text().contains("没有找到同事"));
    for absent in ["/company?department=999", "/company?department=x"] {
        assert_eq!(zhang.get(absent).await.status, 404, "{absent}");
    }
}

/// R002-01: who is external, and who is nobody of the directory, sees nobody of the company.
#[tokio::test]
async fn the_company_is_for_its_own_people() {
    let server = Admin::server(&[]);
    let admin = Admin::of(&server);
    company(&admin).await;
    let mut guest = employee("g1", "访客", &["d4"]);
    guest["kind"] = json!("external");
    admin.put_person(guest).await;
    admin.let_in("g1", "guest").await;
    let zhang = admin.let_in("e1", "zhangsan").await;
    server.person("outsider").await;
    for handle in ["guest", "outsider"] {
        let mut browser = browser(&server, handle).await;
        assert!(!browser.get("/contacts").await.text().contains("/company"), "{handle}");
        for path in ["/company", "/company?department=1", "/company?query=zhang"] {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, 404, "{handle}: {path}");
            assert!(!answer.text().contains("总部") && !answer.text().contains("张三"), "{handle}: {path}");
        }
        let card = browser.get(&format!("/u/{}", zhang.id)).await.text();
        assert!(card.contains("张三") && !card.contains("工程师"), "{handle}");
    }
    let mut anonymous = Browser::new(&server.address);
    assert_eq!(anonymous.get("/company").await.header("location"), "/login?to=%2Fcompany");
    // Colleagues are told who is external; who was deactivated is gone.
    let mut inside = browser(&server, "zhangsan").await;
    let market = link_of(&inside.get("/company?department=1").await.text(), "市场部");
    assert!(inside.get(&market).await.text().contains("外部"));
    let mut gone = employee("e3", "王五", &["d3", "d4"]);
    (gone["active"], gone["version"]) = (json!(false), json!(2));
    admin.put_person(gone).await;
    assert!(!inside.get(&market).await.text().contains("王五"));
    assert!(inside.get("/company?department=1").await.text().contains("3 人"), "the guest, Zhang and Li");
    assert!(!inside.get("/company?query=wang").await.text().contains("王五"));
}

/// R002-01: the people of a large department come page by page, each once, in order.
#[tokio::test]
async fn a_large_department_comes_in_pages() {
    let server = Admin::server(&[]);
    let admin = Admin::of(&server);
    admin.put_departments(json!([{"external_id": "d1", "name": "大部门"}])).await;
    let people: Vec<_> = (0..250).map(|n| employee(&format!("p{n:03}"), &format!("Person {n:03}"), &["d1"])).collect();
    let outcomes = admin.put(protocol::path::ADMIN_PEOPLE, json!({ "people": people })).await;
    assert!(outcomes.iter().all(|outcome| outcome == "stored"));
    admin.let_in("p000", "first").await;
    let mut first = browser(&server, "first").await;
    let mut path = link_of(&first.get("/company").await.text(), "大部门");
    let mut seen = Vec::new();
    for last in [false, false, true] {
        let page = first.get(&path).await.text();
        seen.extend(page.split("Person ").skip(1).map(|rest| rest[..3].to_owned()));
        let next = page.split("&amp;after=").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        assert_eq!(next.is_none(), last);
        path = format!("{}&after={}", path.split('&').next().unwrap(), next.unwrap_or_default());
    }
    seen.dedup();
    let all: Vec<_> = (0..250).map(|n| format!("{n:03}")).collect();
    let mut shown: Vec<_> = seen.clone();
    shown.sort();
    shown.dedup();
    assert_eq!(shown, all);
    assert!(seen.is_sorted(), "{seen:?}");
}
