//! The pages and their forms as a browser without scripts uses them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support;
use crate::support::{Answer, Browser, PASSWORD, TestServer};
use protocol::path;

/// An address that names its file's version never changes its content; any other is asked for again each time.
#[tokio::test]
async fn files_of_the_site_are_kept_by_their_version() {
    let server = TestServer::start();
    let page = Browser::new(&server.address).get("/login").await.text();
    let url = attribute(&page, "rel=\"stylesheet\"", "href");
    let Some((path, _)) = url.split_once("?v=") else {
        support::skipped("the site was not built before the server");
        return;
    };
    let http = reqwest::Client::new();
    let get = |path: &str, headers: &[(&str, &str)]| {
        let request = http.get(server.url(path));
        Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
    };
    let plain = get(&url, &[]).await;
    assert_eq!((plain.status, plain.header("content-encoding")), (200, ""));
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(plain.header("content-type"), "text/css; charset=utf-8");
    assert_eq!((plain.header("vary"), plain.header("x-content-type-options")), ("accept-encoding", "nosniff"));
    let small = get(&url, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!((small.status, small.header("content-encoding")), (200, "br"));
    assert!(small.body.len() < plain.body.len());
    assert_ne!(small.header("etag"), plain.header("etag"));

    for path in [path, &format!("{path}?v=0000000000000000")] {
        assert_eq!(get(path, &[]).await.header("cache-control"), "no-cache");
    }
    let known = get(path, &[("if-none-match", plain.header("etag"))]).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(get("/pkg/sixin.css.br", &[]).await.status, 404);
    assert_eq!(get("/favicon.svg", &[]).await.header("content-type"), "image/svg+xml");
}

/// The value of an attribute of the first tag that holds `mark`.
fn attribute(html: &str, mark: &str, name: &str) -> String {
    let tag = html.split('<').find(|tag| tag.contains(mark)).unwrap_or_else(|| panic!("no {mark} in {html}"));
    let value = tag.split(&format!("{name}=\"")).nth(1).unwrap_or_else(|| panic!("no {name} in {tag}"));
    value.split('"').next().unwrap().to_owned()
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").to_owned()
}

#[tokio::test]
async fn two_people_write_without_scripts() {
    let server = TestServer::start();
    let bob = server.person("bob").await;
    let mut alice = Browser::new(&server.address);
    assert_eq!(location(&alice.get("/").await), "/login");
    let form = [("handle", "alice"), ("display_name", "爱丽丝"), ("password", PASSWORD)];
    assert_eq!(location(&alice.post("/register", &form).await), "/");
    assert!(alice.get("/").await.text().contains("爱丽丝"));

    let found = alice.get("/new?query=bob").await.text();
    let peer = attribute(&found, "name=\"peer\"", "value");
    assert_eq!(peer, bob.id.to_string());
    let chat = location(&alice.post("/new", &[("peer", &peer)]).await);

    let page = alice.get(&chat).await.text();
    let client_id = attribute(&page, "name=\"client_id\"", "value");
    let message = [("client_id", client_id.as_str()), ("text", "第一行\r\n<b>第二行</b> 😀")];
    // Sent twice, as by an impatient click: one message.
    assert_eq!(location(&alice.post(&chat, &message).await), chat);
    assert_eq!(location(&alice.post(&chat, &message).await), chat);
    let page = alice.get(&chat).await.text();
    assert!(page.contains("&lt;b>第二行") || page.contains("&lt;b&gt;第二行"), "{page}");
    assert!(!page.contains("<b>第二行"));
    assert_ne!(attribute(&page, "name=\"client_id\"", "value"), client_id);

    let sync = bob.sync(None).await;
    let last = sync.conversations[0].last.clone().unwrap();
    assert_eq!(serde_json::to_value(&last.body).unwrap()["text"], "第一行\n<b>第二行</b> 😀");
    assert_eq!((sync.conversations[0].unread, sync.conversations[0].head_seq.get()), (1, 1));

    // The list tells Bob that a stranger wrote, and leads him there (R001-04).
    let mut browser = Browser::new(&server.address);
    assert_eq!(location(&browser.log_in("bob", PASSWORD).await), "/");
    let list = browser.get("/").await.text();
    assert!(list.contains("陌生人消息") && list.contains("href=\"/contacts#strangers\""));
    let strangers = browser.get("/contacts").await.text();
    let shown = ["爱丽丝", "第一行", &format!("href=\"{chat}\"")];
    assert!(shown.iter().all(|text| strangers.contains(text)), "{strangers}");
    // Once he has answered, it stands in the list itself.
    bob.send(sync.conversations[0].id, "好").await;
    let list = browser.get("/").await.text();
    assert!(!list.contains("陌生人消息") && list.contains("爱丽丝") && list.contains(&format!("href=\"{chat}\"")));
}

#[tokio::test]
async fn a_refused_message_is_shown_again_with_what_was_written() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let chat = path::page(a.open(&b).await);
    let mut browser = Browser::new(&server.address);
    browser.log_in("aa", PASSWORD).await;
    let client_id = attribute(&browser.get(&chat).await.text(), "name=\"client_id\"", "value");
    let long = format!("begin{}", "x".repeat(2_048));
    for (text, status, shown) in [("", 422, ""), (long.as_str(), 422, "begin")] {
        let answer = browser.post(&chat, &[("client_id", &client_id), ("text", text)]).await;
        assert_eq!(answer.status, status);
        assert!(answer.text().contains(shown) && answer.text().contains("name=\"client_id\""));
    }
    assert_eq!(location(&browser.post(&chat, &[("client_id", &client_id), ("text", "one")]).await), chat);
    // A page from the browser's memory still has the old key: nothing is lost, the text is offered again with a new one.
    let reused = browser.post(&chat, &[("client_id", &client_id), ("text", "quite another")]).await;
    assert_eq!(reused.status, 409);
    assert!(reused.text().contains("quite another"));
    let fresh = attribute(&reused.text(), "name=\"client_id\"", "value");
    assert_eq!(location(&browser.post(&chat, &[("client_id", &fresh), ("text", "quite another")]).await), chat);
    assert_eq!(browser.post(&chat, &[("client_id", "nonsense"), ("text", "x")]).await.status, 400);
    assert_eq!(browser.post(&chat, &[("text", "x")]).await.status, 400);
}

/// R002-12, R004-G6: the newest ten, then older ones by key.
#[tokio::test]
async fn history_is_read_page_by_page() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    for number in 1..=25 {
        a.send(id, &format!("message {number:02}.")).await;
    }
    let mut browser = Browser::new(&server.address);
    browser.log_in("bb", PASSWORD).await;
    let newest = browser.get(&path::page(id)).await.text();
    assert!(newest.contains("message 25.") && newest.contains("message 16."));
    assert!(!newest.contains("message 15."));
    let older = attribute(&newest, "?before=", "href");
    assert_eq!(older, format!("{}?before=16", path::page(id)));
    let older = browser.get(&older).await.text();
    assert!(older.contains("message 15.") && older.contains("message 06.") && !older.contains("message 05."));
    assert_eq!(browser.get(&format!("{}?before=x", path::page(id))).await.status, 400);
}

#[tokio::test]
async fn a_wrong_login_shows_the_form_again_without_the_password() {
    let server = TestServer::start();
    server.person("aa").await;
    let mut browser = Browser::new(&server.address);
    for handle in ["aa", "nobody"] {
        let answer = browser.log_in(handle, "a wrong password").await;
        assert_eq!(answer.status, 401);
        assert!(answer.text().contains(&format!("value=\"{handle}\"")) && !answer.text().contains("a wrong password"));
        assert!(browser.cookies.is_empty());
    }
    let taken = [("handle", "AA"), ("display_name", "x\" onload=\"y"), ("password", PASSWORD)];
    let answer = browser.post("/register", &taken).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("x&quot; onload=&quot;y") && !answer.text().contains(PASSWORD));
    let weak = [("handle", "bb"), ("display_name", "B"), ("password", "short")];
    assert_eq!(browser.post("/register", &weak).await.status, 422);
}

#[tokio::test]
async fn who_is_logged_in_goes_where_that_matters() {
    let server = TestServer::start();
    server.person("aa").await;
    let mut browser = Browser::new(&server.address);
    assert_eq!(location(&browser.get("/").await), "/login");
    for path in ["/c/1", "/new", "/devices", "/settings"] {
        assert_eq!(location(&browser.get(path).await), format!("/login?to={}", path.replace('/', "%2F")), "{path}");
    }
    for path in ["/c/1", "/new", "/devices", "/settings", "/logout"] {
        assert_eq!(location(&browser.post(path, &[("peer", "1")]).await), "/login", "{path}");
    }
    browser.log_in("aa", PASSWORD).await;
    for path in ["/login", "/register"] {
        assert_eq!(location(&browser.get(path).await), "/");
    }
    assert_eq!(location(&browser.post("/logout", &[]).await), "/login");
    assert!(browser.cookies.is_empty());
    assert_eq!(location(&browser.get("/").await), "/login");
}

#[tokio::test]
async fn devices_are_revoked_by_a_form() {
    let server = TestServer::start();
    let phone = server.person("aa").await;
    let mut browser = Browser::new(&server.address);
    browser.log_in("aa", PASSWORD).await;
    let page = browser.get("/devices").await.text();
    assert_eq!(attribute(&page, "name=\"device\"", "value"), phone.device.to_string());
    assert_eq!(location(&browser.post("/devices", &[("device", &phone.device.to_string())]).await), "/devices");
    assert_eq!(phone.get(path::ACCOUNT_ME).await.status, 401);
    assert_eq!(browser.get("/").await.status, 200);
    assert_eq!(browser.post("/devices", &[("device", "x")]).await.status, 404);
}

#[tokio::test]
async fn settings_are_kept_in_cookies() {
    let server = TestServer::start();
    server.person("aa").await;
    let mut browser = Browser::new(&server.address);
    browser.log_in("aa", PASSWORD).await;
    assert_eq!(location(&browser.post("/settings", &[("language", "en"), ("theme", "dark")]).await), "/settings");
    let page = browser.get("/").await.text();
    assert!(page.contains("lang=\"en\"") && page.contains("data-theme=\"dark\""));
    browser.post("/settings", &[("language", "zh-CN")]).await;
    assert!(browser.get("/").await.text().contains("lang=\"zh-CN\""));
    for (name, value) in [("language", "xx"), ("theme", "; Domain=evil"), ("sixin_login", "x"), ("utc_offset", "5")] {
        let before = browser.cookies.clone();
        assert_eq!(browser.post("/settings", &[(name, value)]).await.status, 400, "{name}");
        assert_eq!(browser.cookies, before);
    }
}

#[tokio::test]
async fn what_a_page_cannot_show_is_a_page_too() {
    let server = TestServer::start();
    server.person("aa").await;
    let mut browser = Browser::new(&server.address);
    let refused = [
        (browser.get("/nothing").await, 404),
        (browser.get("/c/x/y").await, 404),
        (browser.post("/", &[]).await, 405),
        (browser.post("/login", &[("handle", &"x".repeat(70_000))]).await, 413),
        (browser.post("/login", &[("handle", "x")]).await, 400),
    ];
    for (answer, status) in refused {
        assert_eq!(answer.status, status);
        assert!(answer.header("content-type").starts_with("text/html"), "{status}");
        assert!(answer.text().starts_with("<!DOCTYPE html>") && answer.text().contains("href=\"/\""));
    }
}
