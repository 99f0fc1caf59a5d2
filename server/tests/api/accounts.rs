//! Accounts, logins and devices, over the real binary.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support;
use crate::support::{Answer, PASSWORD, Person, Push, TestServer, fresh_client_id, text_message};
use protocol::account::{ACCOUNT_HEADER, Devices, Users};
use protocol::frame::close;
use protocol::path;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn post(server: &TestServer, path: &str, body: &Value) -> Answer {
    Answer::of(reqwest::Client::new().post(server.url(path)).json(body)).await
}

async fn log_in(server: &TestServer, handle: &str, password: &str) -> Answer {
    post(server, path::LOGINS, &json!({"handle": handle, "password": password})).await
}

#[tokio::test]
async fn an_account_is_registered_once() {
    let server = TestServer::start();
    let request = json!({"handle": "Li.Si", "display_name": " 李四 ", "password": PASSWORD});
    let answer = post(&server, path::ACCOUNTS, &request).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["handle"], "li.si");
    assert_eq!(answer.json()["display_name"], "李四");
    assert!(!answer.text().contains("password"));
    let request = json!({"handle": "li.SI", "display_name": "x", "password": PASSWORD});
    let again = post(&server, path::ACCOUNTS, &request).await;
    assert_eq!((again.status, again.code().as_str()), (409, "handle_taken"));
}

#[tokio::test]
async fn a_field_that_breaks_its_rule_is_named() {
    let server = TestServer::start();
    let valid = json!({"handle": "aa", "display_name": "A", "password": PASSWORD});
    for (field, value) in [
        ("handle", json!("a")),
        ("handle", json!("李四")),
        ("handle", json!(5)),
        ("handle", Value::Null),
        ("display_name", json!("  ")),
        ("display_name", json!("a\u{202e}b")),
        ("password", json!("short")),
        ("password", json!("x".repeat(129))),
        ("unknown", json!(1)),
    ] {
        let mut request = valid.clone();
        request[field] = value.clone();
        let answer = post(&server, path::ACCOUNTS, &request).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "invalid_field"), "{field} {value}");
        assert_eq!(answer.json()["error"]["field"], field, "{value}");
    }
    for field in ["handle", "display_name", "password"] {
        let mut request = valid.clone();
        request.as_object_mut().unwrap().remove(field);
        let answer = post(&server, path::ACCOUNTS, &request).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (422, &json!(field)));
    }
    assert_eq!(post(&server, path::ACCOUNTS, &valid).await.status, 201);
}

/// Enumeration: who asks learns nothing from the bytes of the answer, nor from its time.
#[tokio::test]
async fn an_unknown_handle_is_refused_like_a_wrong_password() {
    let server = TestServer::start();
    server.person("known").await;
    let asked = [("known", "a wrong password"), ("nobody", "a wrong password"), ("no handle!", PASSWORD)];
    let mut answers = Vec::new();
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    // In turn, so that a machine that is busy for a while is so for all of them.
    for _ in 0..15 {
        for ((handle, password), taken) in asked.into_iter().zip(&mut times) {
            let began = Instant::now();
            let answer = log_in(&server, handle, password).await;
            taken.push(began.elapsed());
            let mut headers = answer.headers.clone();
            headers.remove("date");
            answers.push((answer.status, headers, answer.text()));
        }
    }
    let medians = times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    });
    assert_eq!((answers[0].0, answers[0].2.contains("wrong_credentials")), (401, true));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    // Hashing takes most of the time; without it an answer would come at least ten times sooner.
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    assert!(*most < *least * 3, "{medians:?}");
}

#[tokio::test]
async fn a_login_sets_a_cookie_that_scripts_cannot_read() {
    let server = TestServer::start();
    server.person("aa").await;
    let answer = log_in(&server, "AA", PASSWORD).await;
    let cookie = answer.header("set-cookie").to_owned();
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    // 256 random bits.
    assert_eq!(token.len(), 43);
    assert!(cookie.starts_with(&format!("sixin_login={token}; ")), "{cookie}");
    for flag in ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age="] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    // Whose login it is they may read, and that alone.
    let account = answer.headers.get_all("set-cookie").iter().nth(1).unwrap().to_str().unwrap();
    assert!(account.starts_with(&format!("sixin_account={}; ", answer.json()["account"]["id"])), "{account}");
    assert!(!account.contains("HttpOnly"), "{account}");
    let request = reqwest::Client::new().get(server.url(path::ACCOUNT_ME));
    let by_cookie = Answer::of(request.header("cookie", format!("other=1; sixin_login={token}"))).await;
    assert_eq!((by_cookie.status, &by_cookie.json()["handle"]), (200, &json!("aa")));
}

/// The pages of a browser share a cookie: who logs in on one of them takes it from the others, which show somebody else.
#[tokio::test]
async fn a_page_that_shows_another_account_is_not_logged_in() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (own, other) = (a.id.to_string(), b.id.to_string());
    for shown in [own.as_str(), other.as_str(), "999", "0", "x", ""] {
        let status = if shown == own { 200 } else { 401 };
        let request = reqwest::Client::new().get(server.url(path::ACCOUNT_ME));
        let by_cookie = request.header("cookie", format!("sixin_login={}", a.token));
        for request in [by_cookie, a.request("GET", path::ACCOUNT_ME)] {
            let answer = Answer::of(request.header(ACCOUNT_HEADER, shown)).await;
            assert_eq!(answer.status, status, "{shown}");
            assert!(status == 200 || answer.code() == "not_logged_in", "{}", answer.text());
            assert!(answer.header("set-cookie").is_empty(), "the login itself stands");
        }
        let connected = Push::try_connect_to(&format!("{}?account={shown}", path::PUSH), &a, &[]).await;
        assert_eq!(connected.err(), (status == 401).then_some(401), "{shown}");
        let stream = a.request("GET", &format!("{}?account={shown}", path::PUSH_EVENTS)).send().await.unwrap();
        assert_eq!(stream.status().as_u16(), status, "{shown}");
    }
    let send = |shown: &str| {
        let message = text_message(fresh_client_id(), "x");
        Answer::of(a.request("POST", &path::messages(id)).header(ACCOUNT_HEADER, shown).json(&message))
    };
    assert_eq!(send(&other).await.status, 401);
    assert_eq!(a.conversation(id).await.head_seq.get(), 0, "nothing was sent in the name of the other");
    assert_eq!(send(&own).await.status, 201);
}

/// Behind TLS the cookie is bound to it, and to this very host.
#[tokio::test]
async fn behind_tls_the_cookie_is_secure() {
    for (environment, headers) in [
        (("SIXIN_TRUST_PROXY", "true"), [("x-forwarded-proto", "https")]),
        (("SIXIN_PUBLIC_ORIGIN", "https://chat.example.org"), [("host", "chat.example.org")]),
        (("SIXIN_COOKIE_SECURE", "always"), [("accept", "*/*")]),
    ] {
        let server = TestServer::start_with(&[environment]);
        let http = reqwest::Client::new();
        let request =
            |path: &str| headers.iter().fold(http.post(server.url(path)), |r, (name, value)| r.header(*name, *value));
        let new = json!({"handle": "aa", "display_name": "A", "password": PASSWORD});
        assert_eq!(Answer::of(request(path::ACCOUNTS).json(&new)).await.status, 201);
        let answer = Answer::of(request(path::LOGINS).json(&json!({"handle": "aa", "password": PASSWORD}))).await;
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("__Host-sixin_login=") && cookie.ends_with("; Secure"), "{environment:?} {cookie}");
    }
}

#[tokio::test]
async fn logging_out_ends_the_login_everywhere() {
    let server = TestServer::start();
    let phone = server.person("aa").await;
    let laptop = Person::log_in(&server.address, "aa", PASSWORD).await;
    let mut push = phone.push().await;
    let answer = phone.delete(path::LOGIN_CURRENT).await;
    assert_eq!(answer.status, 204);
    assert!(
        answer.header("set-cookie").starts_with("sixin_login=; ") && answer.header("set-cookie").contains("Max-Age=0")
    );
    assert_eq!(push.closed().await, Some(close::REVOKED));
    let after = phone.get(path::ACCOUNT_ME).await;
    assert_eq!((after.status, after.code().as_str()), (401, "not_logged_in"));
    assert_eq!(laptop.get(path::ACCOUNT_ME).await.status, 200);
}

#[tokio::test]
async fn devices_are_listed_with_the_one_that_asks() {
    let server = TestServer::start();
    let first = server.person("aa").await;
    let request = json!({"handle": "aa", "password": PASSWORD, "device_name": " 书房 "});
    let second: protocol::Login = post(&server, path::LOGINS, &request).await.read();
    let Devices { devices } = first.get(path::DEVICES).await.read();
    let seen: Vec<_> = devices.iter().map(|device| (device.id, device.name.as_str(), device.current)).collect();
    assert_eq!((seen[0], seen[1].0, seen[1].2), ((second.device, "书房", false), first.device, true));
    assert!(
        devices.iter().all(|device| device.created_at > 1_700_000_000_000 && device.last_seen_at >= device.created_at)
    );

    // Opening the push connection is being seen.
    let before = devices[1].last_seen_at;
    let _push = first.push().await;
    let Devices { devices } = first.get(path::DEVICES).await.read();
    assert!(devices[1].last_seen_at > before);
}

/// A revoked device's sockets close within 1 s, and its token is worth nothing from the answer on.
#[tokio::test]
async fn revoking_a_device_closes_its_sockets_within_a_second() {
    let server = TestServer::start();
    let laptop = server.person("aa").await;
    let mut kept = laptop.push().await;
    let mut quickest = Duration::MAX;
    // A busy machine may hold one of them up.
    for _ in 0..3 {
        let phone = Person::log_in(&server.address, "aa", PASSWORD).await;
        let mut lost = [phone.push().await, phone.push().await];
        let began = Instant::now();
        assert_eq!(laptop.delete(&path::device(phone.device)).await.status, 204);
        assert_eq!(phone.get(path::ACCOUNT_ME).await.status, 401);
        for push in &mut lost {
            assert_eq!(push.closed().await, Some(close::REVOKED));
        }
        quickest = quickest.min(began.elapsed());
        assert_eq!(support::Push::try_connect(&phone, &[]).await.err(), Some(401));
        kept.ping().await;
        assert!(matches!(kept.frame().await, protocol::ServerFrame::Pong { .. }));
        assert_eq!(laptop.delete(&path::device(phone.device)).await.status, 404);
    }
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
}

/// A token that is asked for again and again while it is revoked never comes back to life.
#[tokio::test]
async fn a_revoked_token_stays_dead_under_load() {
    let server = TestServer::start();
    let laptop = server.person("aa").await;
    for _ in 0..10 {
        let phone = Person::log_in(&server.address, "aa", PASSWORD).await;
        let asking: Vec<_> = (0..4)
            .map(|_| {
                let phone = phone.clone();
                tokio::spawn(async move { while phone.get(path::ACCOUNT_ME).await.status == 200 {} })
            })
            .collect();
        assert_eq!(laptop.delete(&path::device(phone.device)).await.status, 204);
        assert_eq!(phone.get(path::ACCOUNT_ME).await.status, 401);
        for asking in asking {
            asking.await.unwrap();
        }
        assert_eq!(phone.get(path::ACCOUNT_ME).await.status, 401);
    }
}

#[tokio::test]
async fn nobody_ends_the_login_of_another() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let answer = a.delete(&path::device(b.device)).await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    assert_eq!(b.get(path::ACCOUNT_ME).await.status, 200);
}

#[tokio::test]
async fn a_login_survives_a_crash_and_its_end_does_too() {
    let mut server = TestServer::start();
    let kept = server.person("aa").await;
    let ended = Person::log_in(&server.address, "aa", PASSWORD).await;
    assert_eq!(ended.delete(path::LOGIN_CURRENT).await.status, 204);
    server.kill();
    server.restart();
    assert_eq!(kept.at(&server.address).get(path::ACCOUNT_ME).await.status, 200);
    assert_eq!(ended.at(&server.address).get(path::ACCOUNT_ME).await.status, 401);
}

/// Who reads the data folder learns neither passwords nor tokens.
#[tokio::test]
async fn the_data_folder_holds_no_password_and_no_token() {
    let server = TestServer::start();
    let person = server.person("aa").await;
    for file in std::fs::read_dir(server.data()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [PASSWORD, &person.token] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[tokio::test]
async fn attempts_to_log_in_are_limited_for_a_handle() {
    let server = TestServer::start_with(&[("SIXIN_LOGINS_PER_HANDLE", "3")]);
    let person = server.person("aa").await;
    server.person("bb").await;
    for _ in 0..2 {
        assert_eq!(log_in(&server, "aa", "a wrong password").await.status, 401);
    }
    // The right password is not tried any more either, however the handle is written.
    let refused = log_in(&server, "AA", PASSWORD).await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "rate_limited"));
    assert_eq!(refused.json()["error"]["retryable"], true);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=21).contains(&wait), "{wait}");
    assert_eq!(log_in(&server, "bb", PASSWORD).await.status, 201);
    assert_eq!(person.get(path::ACCOUNT_ME).await.status, 200);
    // An unknown handle is limited alike.
    for status in [401, 401, 401, 429] {
        assert_eq!(log_in(&server, "nobody", PASSWORD).await.status, status);
    }
}

#[tokio::test]
async fn attempts_are_limited_for_an_address_that_a_trusted_proxy_names() {
    let limits =
        [("SIXIN_LOGINS_PER_ADDRESS", "2"), ("SIXIN_ACCOUNTS_PER_ADDRESS", "2"), ("SIXIN_TRUST_PROXY", "true")];
    let server = TestServer::start_with(&limits);
    let http = reqwest::Client::new();
    let from = |path: &str, address: &str, body: Value| {
        Answer::of(http.post(server.url(path)).header("x-forwarded-for", format!("9.9.9.9, {address}")).json(&body))
    };
    for (number, address, status) in
        [(1, "1.1.1.1", 201), (2, "1.1.1.1", 201), (3, "1.1.1.1", 429), (4, "2.2.2.2", 201)]
    {
        let new = json!({"handle": format!("user{number}"), "display_name": "x", "password": PASSWORD});
        assert_eq!(from(path::ACCOUNTS, address, new).await.status, status, "{number}");
    }
    for (handle, address, status) in
        [("a", "1.1.1.1", 401), ("b", "1.1.1.1", 401), ("c", "1.1.1.1", 429), ("c", "2.2.2.2", 401)]
    {
        let login = json!({"handle": handle, "password": PASSWORD});
        assert_eq!(from(path::LOGINS, address, login).await.status, status, "{handle}");
    }
}

#[tokio::test]
async fn a_flood_of_logins_leaves_the_rest_of_the_server_alone() {
    let server = TestServer::start();
    let person = server.person("aa").await;
    let flood: Vec<_> = (0..300)
        .map(|number| {
            let (http, url) = (person.http.clone(), server.url(path::LOGINS));
            let body = json!({"handle": format!("nobody{number}"), "password": PASSWORD});
            tokio::spawn(async move { Answer::of(http.post(url).json(&body)).await.status })
        })
        .collect();
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let began = Instant::now();
        assert_eq!(person.get(path::SYNC).await.status, 200);
        slowest = slowest.max(began.elapsed());
    }
    let mut statuses = Vec::new();
    for answer in flood {
        statuses.push(answer.await.unwrap());
    }
    assert!(statuses.iter().all(|status| matches!(status, 401 | 503)), "{statuses:?}");
    assert!(statuses.contains(&503), "the queue of passwords is bounded");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}

/// R003-03: people are found by a part of their handle or name, whatever the case, in any alphabet; those whose whole name it
/// is stand first, then those whose name begins with it.
#[tokio::test]
async fn users_are_found_by_handle_and_by_display_name() {
    let server = TestServer::start();
    let a = server.person("zhangsan").await;
    for (handle, name) in [
        ("lisi", "李四"),
        ("lisi_2", "李四光"),
        ("x100", "100%"),
        ("wang", "Zhang Wang"),
        ("ivan", "Иван Петров"),
        ("pet", "Иван"),
        ("star", "[*]"),
    ] {
        let new = json!({"handle": handle, "display_name": name, "password": PASSWORD});
        assert_eq!(post(&server, path::ACCOUNTS, &new).await.status, 201);
    }
    for (query, expected) in [
        ("LISI", &["lisi", "lisi_2"][..]),
        ("李四", &["lisi", "lisi_2"]),
        ("四光", &["lisi_2"]),
        ("zhang", &["zhangsan", "wang"]),
        ("%", &["x100"]),
        ("_", &["lisi_2"]),
        ("\\", &[]),
        ("Иван", &["pet", "ivan"]),
        ("иван", &["pet", "ivan"]),
        ("ИВАН п", &["ivan"]),
        ("*", &["star"]),
        ("[*", &["star"]),
        ("?", &[]),
        ("nobody", &[]),
    ] {
        let Users { users } = a.get(&format!("{}?query={}", path::USERS, support::escape(query))).await.read();
        let handles: Vec<_> = users.iter().map(|user| user.handle.as_str()).collect();
        assert_eq!(handles, expected, "{query}");
    }
    for query in ["", "%20%20", &"x".repeat(65)] {
        let answer = a.get(&format!("{}?query={query}", path::USERS)).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (422, &json!("query")));
    }
    let user = a.get(&path::user(a.id)).await;
    assert_eq!(user.json(), json!({"id": a.id, "handle": "zhangsan", "display_name": "zhangsan"}));
    assert_eq!(a.get("/api/v1/users/999").await.status, 404);
}

#[tokio::test]
async fn at_most_twenty_users_are_found() {
    let server = TestServer::start();
    let a = server.person("same00").await;
    for number in 1..25 {
        let new = json!({"handle": format!("same{number:02}"), "display_name": "x", "password": PASSWORD});
        assert_eq!(post(&server, path::ACCOUNTS, &new).await.status, 201);
    }
    let Users { users } = a.get(&format!("{}?query=same", path::USERS)).await.read();
    assert_eq!(users.len(), 20);
}
