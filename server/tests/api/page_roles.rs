//! Who may see which page: every page and form, by somebody who is not logged in, by strangers of all kinds, by a member, an
//! admin and the owner; and what no page tells to whom.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support;
use crate::support::{Answer, Browser, PASSWORD, Person, TestServer, fresh_client_id};
use protocol::{Conversation, path};
use serde_json::{Value, json};
use server::page::routes;
use std::collections::BTreeSet;

/// Who asks: nobody, somebody who was never in the group, one who was removed, one whom the member blocks, and its member,
/// admin and owner.
const ROLES: [&str; 7] = ["nobody", "stranger", "former", "blocked", "member", "admin", "owner"];

/// What may not be known, and who knows it: by the text, and the roles.
const SECRETS: [(&str, &[&str]); 9] = [
    ("what the group is called", &["member", "admin", "owner"]),
    ("what was said in the group", &["member", "admin", "owner"]),
    ("what is announced in the group", &["member", "admin", "owner"]),
    ("nick of the owner", &["member", "admin", "owner"]),
    ("said between member and owner", &["member", "owner"]),
    ("draft of the member", &["member"]),
    ("12345678901", &["member"]),
    ("Waiter of the group", &["admin", "owner"]),
    ("4 位成员", &["member", "admin", "owner"]),
];

/// How a form or page is asked for, and what each role is answered. `tells`: which of [`SECRETS`], and names, whoever is
/// logged in may find there.
struct Row {
    method: &'static str,
    path: &'static str,
    form: Vec<(&'static str, String)>,
    statuses: [u16; 7],
    tells: &'static [&'static str],
}

/// What whoever is logged in sees, each their own.
const OWN: [u16; 7] = [303, 200, 200, 200, 200, 200, 200];
/// What members of the group see; to all others it does not exist.
const MEMBERS: [u16; 7] = [303, 404, 404, 404, 200, 200, 200];
/// A form that leads on.
const LEADS: [u16; 7] = [303; 7];
const FREE: [u16; 7] = [200; 7];
const ABSENT: [u16; 7] = [404; 7];

#[rustfmt::skip]
fn table(member: &Person) -> Vec<Row> {
    let row = |method, path, statuses, form, tells| Row { method, path, form, statuses, tells };
    let id = member.id.to_string();
    let none = Vec::new;
    vec![
        row("GET",  "/",                    OWN,     none(), &[]),
        row("GET",  "/c/{id}",              MEMBERS, none(), &[]),
        row("POST", "/c/{id}",              [303, 404, 404, 404, 303, 303, 303],
            vec![("text", "x".to_owned()), ("client_id", String::new())], &[]),
        row("GET",  "/c/{id}/group",        MEMBERS, none(), &[]),
        row("POST", "/c/{id}/group",        [303, 404, 404, 404, 403, 303, 303],
            vec![("do", "announce".to_owned()), ("announcement", "what is announced in the group".to_owned())], &[]),
        row("POST", "/c/{id}/picture", [303, 404, 404, 404, 400, 400, 400], none(), &[]),
        row("GET",  "/c/{id}/avatar",       LEADS,   none(), &[]),
        row("POST", "/c/{id}/avatar",       [303, 404, 404, 404, 400, 400, 400], none(), &[]),
        // Whoever has the link is told whose it is.
        row("GET",  "/join/{link}",         OWN,     none(), &["what the group is called", "4 位成员"]),
        row("POST", "/join/{link}",         LEADS,   none(), &[]),
        row("GET",  "/new/group",           OWN,     none(), &[]),
        row("POST", "/new/group",           [303, 422, 422, 422, 422, 422, 422], none(), &[]),
        row("GET",  "/login",               [200, 303, 303, 303, 303, 303, 303], none(), &[]),
        row("POST", "/login",               [401; 7], vec![("handle", "x".to_owned()), ("password", "x".to_owned())], &[]),
        // Nobody else says here who people are.
        row("GET",  "/login/oidc",          ABSENT,  none(), &[]),
        row("GET",  "/login/oidc/callback", ABSENT,  none(), &[]),
        row("GET",  "/register",            [200, 303, 303, 303, 303, 303, 303], none(), &[]),
        row("POST", "/register",            [422; 7],
            vec![("handle", "x".to_owned()), ("display_name", String::new()), ("password", String::new())], &[]),
        row("GET",  "/new",                 OWN,     none(), &[]),
        row("POST", "/new",                 LEADS,   vec![("peer", id.clone())], &[]),
        row("GET",  "/contacts",            OWN,     none(), &[]),
        row("POST", "/contacts",            [303, 303, 303, 303, 404, 303, 303],
            vec![("user", id), ("act", "unfollow".to_owned())], &[]),
        // There is no company.
        row("GET",  "/company",             [303, 404, 404, 404, 404, 404, 404], none(), &[]),
        row("GET",  "/welcome/{link}",      ABSENT,  none(), &[]),
        row("POST", "/welcome/{link}",      ABSENT,
            vec![("handle", "someone".to_owned()), ("password", PASSWORD.to_owned())], &[]),
        row("GET",  "/devices",             OWN,     none(), &[]),
        row("POST", "/devices",             [303, 404, 404, 404, 404, 404, 404], vec![("device", "999999".to_owned())], &[]),
        row("GET",  "/settings",            OWN,     none(), &[]),
        row("POST", "/settings",            LEADS,   vec![("theme", "dark".to_owned())], &[]),
        row("POST", "/settings/identities", [303, 404, 404, 404, 404, 404, 404], vec![("act", "link".to_owned())], &[]),
        row("GET",  "/settings/profile",    OWN,     none(), &[]),
        row("POST", "/settings/profile",    [303, 422, 422, 422, 422, 422, 422], vec![("display_name", String::new())], &[]),
        row("GET",  "/settings/avatar",     LEADS,   none(), &[]),
        row("POST", "/settings/avatar",     [303, 400, 400, 400, 400, 400, 400], none(), &[]),
        row("GET",  "/u/{id}",              OWN,     none(), &["Name of the member"]),
        row("GET",  "/offline",             FREE,    none(), &[]),
        row("GET",  "/service-worker.js",   FREE,    none(), &[]),
        row("GET",  "/favicon.svg",         FREE,    none(), &[]),
        row("GET",  "/pkg/{*name}",         ABSENT,  none(), &[]),
        // The last thing that one does.
        row("POST", "/logout",              LEADS,   none(), &[]),
    ]
}

/// Invariant 8 for pages: a page that this table does not know fails the test, and so does one that tells a role more than
/// it may know, whatever it answers.
#[tokio::test]
async fn every_page_knows_who_may_see_it() {
    let server = TestServer::start();
    let mut people = Vec::new();
    for role in ROLES[1..].iter().chain(&["waiter", "other"]) {
        let person = server.person(role).await;
        let name = match *role {
            "waiter" => "Waiter of the group".to_owned(),
            role => format!("Name of the {role}"),
        };
        assert_eq!(person.patch(path::ACCOUNT_ME, &json!({ "display_name": name })).await.status, 200);
        people.push(person);
    }
    let [_, former, blocked, member, admin, owner, waiter, other] = people.as_slice() else { panic!() };
    let members = json!({"title": "what the group is called", "members": [former.id, member.id, admin.id, other.id]});
    let id = owner.post(path::CONVERSATIONS, &members).await.read::<Conversation>().id;
    owner.patch(&path::member(id, admin.id), &json!({"role": "admin"})).await;
    owner.patch(&path::conversation(id), &json!({"joining": "approval", "history": "all"})).await;
    owner.patch(&path::conversation(id), &json!({"announcement": "what is announced in the group"})).await;
    owner.patch(&path::member(id, owner.id), &json!({"nickname": "nick of the owner"})).await;
    owner.send(id, "what was said in the group").await;
    owner.delete(&path::member(id, former.id)).await;
    member.put(&path::block(blocked.id), &json!({})).await;
    member.patch(path::ACCOUNT_ME, &json!({"phone": "12345678901", "audiences": {"phone": "nobody"}})).await;
    let direct = member.open(owner).await;
    member.send(direct, "said between member and owner").await;
    owner.send(direct, "said between member and owner").await;
    member.patch(&path::preferences(id), &json!({"draft": "draft of the member"})).await;
    // A conversation in which nobody has written tells the other nothing.
    for outsider in people.iter().take(3) {
        outsider.open(other).await;
        other.open(outsider).await;
    }
    let link = owner.post(&path::group_link(id), &Value::Null).await.read::<protocol::group::GroupLink>().link;
    assert_eq!(waiter.post(&path::join(&link), &Value::Null).await.status, 200);

    let table = table(member);
    let rows: BTreeSet<_> = table.iter().map(|row| (row.path, row.method)).collect();
    let routed: BTreeSet<_> =
        routes().iter().flat_map(|route| route.methods.split(' ').map(|method| (route.path, method))).collect();
    assert_eq!(rows, routed, "every page needs a row, and every row a page");

    let mut browsers = Vec::new();
    for role in ROLES {
        let mut browser = Browser::new(&server.address);
        if role != "nobody" {
            assert_eq!(browser.log_in(role, PASSWORD).await.status, 303);
        }
        browsers.push(browser);
    }
    for row in &table {
        for ((role, browser), expected) in ROLES.into_iter().zip(&mut browsers).zip(row.statuses) {
            let named = if row.path == "/u/{id}" { member.id.to_string() } else { id.to_string() };
            let path = row.path.replace("{id}", &named).replace("{link}", &link).replace("{*name}", "nothing.js");
            let client_id = fresh_client_id().to_string();
            let form: Vec<(&str, &str)> = row
                .form
                .iter()
                .map(|(name, value)| (*name, if *name == "client_id" { client_id.as_str() } else { value.as_str() }))
                .collect();
            let answer = ask(browser, row.method, &path, &form).await;
            let what = format!("{} {path} by {role}", row.method);
            assert_eq!(answer.status, expected, "{what}: {}", answer.text());
            let to = answer.header("location");
            if role == "nobody" && expected == 303 {
                let wanted = if row.method == "GET" && path != "/" {
                    format!("?to={}", support::escape(&path))
                } else {
                    String::new()
                };
                assert_eq!(to, format!("/login{wanted}"), "{what}");
            }
            silent(&what, role, row.tells, &format!("{to} {}", answer.text()));
        }
    }
}

async fn ask(browser: &mut Browser, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    if method == "GET" { browser.get(path).await } else { browser.post(path, form).await }
}

/// A page tells nothing that the role may not know.
fn silent(what: &str, role: &str, tells: &[&str], page: &str) {
    for (secret, knowing) in SECRETS {
        let told = page.contains(secret) && !tells.contains(&secret);
        assert!(!told || knowing.contains(&role), "{what} tells {secret:?}: {page}");
    }
    for other in &ROLES[1..] {
        let name = format!("Name of the {other}");
        let outside = ["nobody", "stranger", "former", "blocked"].contains(&role);
        let told = page.contains(&name) && *other != role && !(role != "nobody" && tells.contains(&name.as_str()));
        assert!(!told || !outside, "{what} names {name:?}: {page}");
    }
}

/// What does not exist for somebody looks as what never existed does, to the byte.
#[tokio::test]
async fn a_page_of_others_looks_absent() {
    let server = TestServer::start();
    let (owner, former, blocked) =
        (server.person("owner").await, server.person("former").await, server.person("blocked").await);
    let group = json!({"title": "group", "members": [former.id]});
    let id = owner.post(path::CONVERSATIONS, &group).await.read::<Conversation>().id;
    owner.delete(&path::member(id, former.id)).await;
    owner.put(&path::block(blocked.id), &json!({})).await;
    let empty = owner.open_alone(&blocked).await;
    for role in ["former", "blocked"] {
        let mut browser = Browser::new(&server.address);
        browser.log_in(role, PASSWORD).await;
        for page in ["/c/{}", "/c/{}/group"] {
            let mut pages = Vec::new();
            for id in [id.to_string(), empty.to_string(), "999999".to_owned()] {
                let answer = browser.get(&page.replace("{}", &id)).await;
                assert_eq!(answer.status, 404);
                let nonce = answer.header("content-security-policy").split("'nonce-").nth(1).unwrap_or_default();
                let nonce = nonce.split('\'').next().unwrap_or_default().to_owned();
                let text = answer.text();
                pages.push(if nonce.is_empty() { text } else { text.replace(&nonce, "") });
            }
            assert!(pages.iter().all(|page| *page == pages[0]), "{role} {page}");
        }
    }
}

/// What a page does not have it refuses, whoever asks.
#[tokio::test]
async fn pages_have_no_other_methods() {
    let server = TestServer::start();
    for route in routes() {
        let path = route.path.replace("{id}", "1").replace("{link}", "x").replace("{*name}", "x");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if !route.methods.split(' ').any(|known| known == method) {
                let http = reqwest::Client::new();
                let request = http.request(method.parse().unwrap(), server.url(&path)).header("origin", server.url(""));
                assert_eq!(Answer::of(request).await.status, 405, "{method} {path}");
            }
        }
    }
}
