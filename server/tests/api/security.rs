//! What a hostile page can try, and what the server tells nobody, over the real binary.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support;
use crate::support::{Answer, Browser, PASSWORD, Person, Push, TestServer, fresh_client_id};
use protocol::path;
use serde_json::json;
use std::time::{Duration, Instant};

/// Every answer tells browsers what no page of this server may do: also a refusal, also one by the middleware. An
/// answer of the API is no page, and only says that.
#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = TestServer::start();
    let person = server.person("aa").await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let call = |method: &str, path: &str| http.request(method.parse().unwrap(), server.url(path));
    let mine = |method: &str, path: &str| person.request(method, path);
    let json = |request: reqwest::RequestBuilder, body: &'static str| {
        request.header("content-type", "application/json").body(body)
    };
    for (request, status) in [
        (mine("GET", path::SYNC), 200),
        (mine("GET", path::PUSH), 400),
        (call("GET", path::OPENAPI), 200),
        (json(call("POST", path::ACCOUNTS), "{"), 400),
        (call("GET", path::DEVICES), 401),
        (json(call("POST", path::LOGINS), "{}").header("origin", "http://evil.example"), 403),
        (call("GET", "/api/v1/nothing"), 404),
        (call("DELETE", path::ACCOUNTS), 405),
        (json(call("POST", path::ACCOUNTS), "").body("x".repeat(70_000)), 413),
        (call("POST", path::ACCOUNTS).body("x"), 415),
        (json(call("POST", path::ACCOUNTS), "{}"), 422),
    ] {
        let answer = Answer::of(request).await;
        let what = format!("{status} {}", answer.text());
        assert_eq!(answer.status, status, "{what}");
        assert_eq!(answer.header("content-type"), "application/json", "{what}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", "{what}");
        assert!(answer.header("server").is_empty() && answer.header("x-powered-by").is_empty(), "{what}");
    }
    for (request, status) in [
        (call("GET", "/login"), 200),
        (call("GET", "/"), 303),
        (call("GET", "/nothing"), 404),
        (call("PATCH", "/login"), 405),
        (call("GET", "/c/1").header("cookie", format!("sixin_login={}", person.token)), 404),
        (call("GET", "/pkg/nothing.js"), 404),
        (call("GET", "/pkg/..%2f..%2fCargo.toml"), 404),
        (call("HEAD", "/login"), 200),
        (call("OPTIONS", "/login"), 405),
        (call("TRACE", "/login"), 405),
    ] {
        let answer = Answer::of(request).await;
        let policy = answer.header("content-security-policy");
        let what = format!("{status} {}", answer.text());
        assert_eq!(answer.status, status, "{what}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{what}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{what}");
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{what}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{what}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{what}");
        for directive in ["default-src 'none'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(directive), "{policy} of {what}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy} of {what}");
        assert!(answer.header("server").is_empty() && answer.header("x-powered-by").is_empty(), "{what}");
    }
}

/// The nonce is fresh for each answer, and every script of the page carries it; nothing is written inline but those.
#[tokio::test]
async fn a_page_runs_only_the_scripts_that_carry_its_nonce() {
    let server = TestServer::start();
    server.person("aa").await;
    let mut browser = Browser::new(&server.address);
    let mut nonces = std::collections::BTreeSet::new();
    browser.log_in("aa", PASSWORD).await;
    for path in ["/", "/", "/new", "/devices", "/settings", "/nothing"] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy").to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(
            policy.contains("'strict-dynamic' 'wasm-unsafe-eval'") && policy.contains("style-src 'self'"),
            "{policy}"
        );
        assert!(policy.contains(&format!("connect-src 'self' ws://{0} wss://{0}", server.address)), "{policy}");
        assert!(nonce.len() >= 22, "at least 128 bits");
        let html = answer.text();
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")) || tag.contains("type=\"application/json\""), "{tag}");
        }
        assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains("javascript:"));
        assert!(!html.contains(" onclick=") && !html.contains(" onload="));
        assert!(nonces.insert(nonce), "the nonce of {path} was used before");
    }
}

/// Nobody else's page acts in a person's name: not by form, not by script, not by WebSocket.
#[tokio::test]
async fn what_another_site_sends_is_refused() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let own = format!("http://{}", server.address);
    let port = server.address.rsplit_once(':').unwrap().1.to_owned();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let cookie = format!("sixin_login={}", a.token);
    let send = |headers: &[(&str, &str)]| {
        let request = http.post(server.url(path::CONVERSATIONS)).json(&json!({"peer": b.id}));
        Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
    };
    let foreign = [
        "null".to_owned(),
        String::new(),
        "http://evil.example".to_owned(),
        format!("{own}.evil.example"),
        format!("{own}0"),
        "http://127.0.0.1".to_owned(),
        format!("http://localhost:{port}"),
        format!("ftp://{}", server.address),
    ];
    for origin in &foreign {
        let answer = send(&[("cookie", &cookie), ("origin", origin)]).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "foreign_origin"), "{origin}");
        // The rule does not depend on who proves what.
        let bearer = format!("Bearer {}", a.token);
        assert_eq!(send(&[("authorization", &bearer), ("origin", origin)]).await.status, 403, "{origin}");
        let handshake = [("cookie", cookie.clone()), ("origin", origin.clone())];
        assert_eq!(Push::try_connect(&a, &handshake).await.err(), Some(403), "{origin}");
        let form = http.post(server.url("/logout")).header("cookie", &cookie).header("origin", origin);
        assert_eq!(Answer::of(form).await.status, 403, "{origin}");
    }
    assert_eq!(a.get(path::ACCOUNT_ME).await.status, 200, "nobody was logged out");

    for (headers, status) in [
        (&[("origin", own.as_str())][..], 201),
        (&[("sec-fetch-site", "same-origin")], 200),
        (&[("referer", &format!("{own}/c/1"))], 200),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("referer", "http://evil.example/")], 403),
        // Says nothing, and acts by a cookie: no browser of this decade does that.
        (&[], 403),
    ] {
        let headers = [&[("cookie", cookie.as_str())], headers].concat();
        assert_eq!(send(&headers).await.status, status, "{headers:?}");
    }
    assert!(Push::try_connect(&a, &[("origin", own.clone())]).await.is_ok());
    assert!(Push::try_connect(&a, &[]).await.is_ok(), "a program's bearer");
    let bare = [("cookie", cookie.clone()), ("authorization", String::new())];
    assert_eq!(Push::try_connect(&a, &bare).await.err(), Some(403));
}

/// A configured origin is the only one, whatever the Host header says.
#[tokio::test]
async fn a_configured_origin_is_the_only_one() {
    let server = TestServer::start_with(&[("SIXIN_PUBLIC_ORIGIN", "https://chat.example.org, http://inner")]);
    let http = reqwest::Client::new();
    let own = format!("http://{}", server.address);
    for (origin, status) in [
        ("https://chat.example.org", 401),
        ("http://inner", 401),
        (own.as_str(), 403),
        ("http://chat.example.org", 403),
    ] {
        let request = http.post(server.url(path::LOGINS)).header("origin", origin);
        let answer = Answer::of(request.json(&json!({"handle": "x", "password": "x"}))).await;
        assert_eq!(answer.status, status, "{origin}");
    }
}

/// The log tells neither what people write nor what they log in with, even where it tells most.
#[tokio::test]
async fn the_log_holds_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = std::process::Command::new(support::BINARY);
    command.stderr(std::fs::File::create(&log).unwrap());
    let server = TestServer::start_under(command, &[("SIXIN_LOG", "debug")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut push = b.push().await;
    a.send(id, "canary in a message").await;
    push.frame().await;
    a.get(&format!("{}?query=canary", path::USERS)).await;
    let bad = a.request("POST", &path::messages(id)).header("content-type", "application/json").body("canary {");
    assert_eq!(Answer::of(bad).await.status, 400);
    let mut browser = Browser::new(&server.address);
    browser.log_in("aa", PASSWORD).await;
    browser.post(&path::page(id), &[("client_id", &fresh_client_id().to_string()), ("text", "canary in a form")]).await;
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("/api/v1/conversations/{id}/messages"), "it does log: {log}");
    for secret in ["canary", PASSWORD, &a.token, &browser.cookies["sixin_login"]] {
        assert!(!log.contains(secret), "{secret} stands in the log");
    }
}

/// The process is asked to stop: it closes sockets with a reason, finishes, and leaves with success.
#[tokio::test]
async fn a_signal_stops_the_server_in_order() {
    let mut server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut push = a.push().await;
    a.send(id, "before").await;
    let began = Instant::now();
    let status = std::process::Command::new("kill").args(["-TERM", &server.pid().to_string()]).status().unwrap();
    assert!(status.success());
    assert_eq!(push.closed().await, Some(protocol::frame::close::GOING_AWAY));
    assert_eq!(server.wait(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    server.restart();
    let a = Person::at(&a, &server.address);
    assert_eq!(a.conversation(id).await.head_seq.get(), 1);
}
