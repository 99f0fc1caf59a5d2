//! A gateway that says who people are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support;
use crate::support::{Answer, Sealer, TestServer, fresh_client_id, text_message};
use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, Mac};
use protocol::account::ACCOUNT_HEADER;
use protocol::sealed::MEDIA_TYPE;
use protocol::{Conversation, path};
use serde_json::json;
use sha2::Sha256;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const SECRET: &str = "the gateway and the server share it";

fn server() -> TestServer {
    TestServer::start_with(&[("SIXIN_AUTH_MODE", "gateway"), ("SIXIN_GATEWAY_SECRET", SECRET)])
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The header of a request at a time, signed with a secret.
fn signed_at(secret: &str, at: u64, id: &str, method: &str, path: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let nonce = NEXT.fetch_add(1, Ordering::Relaxed);
    let (id, name) =
        (Base64UrlUnpadded::encode_string(id.as_bytes()), Base64UrlUnpadded::encode_string("张三".as_bytes()));
    let text = format!("sixin-identity-1\n{at}\n{nonce}\n{method}\n{path}\n{id}\n{name}");
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(text.as_bytes()).finalize();
    let sig: String = mac.into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={at},n={nonce},id={id},name={name},sig={sig}")
}

fn signed(id: &str, method: &str, path: &str) -> String {
    signed_at(SECRET, now(), id, method, path)
}

async fn call(
    server: &TestServer,
    method: &str,
    path: &str,
    header: Option<&str>,
    body: Option<serde_json::Value>,
) -> Answer {
    let mut request = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
        .request(method.parse().unwrap(), server.url(path));
    if let Some(header) = header {
        request = request.header("sixin-identity", header);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    Answer::of(request).await
}

async fn ask(server: &TestServer, id: &str, method: &str, path: &str, body: Option<serde_json::Value>) -> Answer {
    call(server, method, path, Some(&signed(id, method, path)), body).await
}

/// R002-03: whoever the gateway names has an account from first sight, with a device of its own; what is sent and read
/// is theirs.
#[tokio::test]
async fn the_gateway_says_who_people_are() {
    let server = server();
    let zhang = ask(&server, "E-1", "GET", path::ACCOUNT_ME, None).await;
    assert_eq!((zhang.status, &zhang.json()["display_name"]), (200, &json!("张三")), "{}", zhang.text());
    let again = ask(&server, "E-1", "GET", path::ACCOUNT_ME, None).await;
    assert_eq!(again.json()["id"], zhang.json()["id"]);
    let li = ask(&server, "E-2", "GET", path::ACCOUNT_ME, None).await;
    assert_ne!(li.json()["id"], zhang.json()["id"]);
    let devices = ask(&server, "E-1", "GET", path::DEVICES, None).await.json();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 1, "one device a browser");

    let opened = ask(&server, "E-1", "POST", path::CONVERSATIONS, Some(json!({"peer": li.json()["id"]}))).await;
    let conversation: Conversation = opened.read();
    let messages = path::messages(conversation.id);
    let sent = ask(&server, "E-1", "POST", &messages, Some(text_message(fresh_client_id(), "hello"))).await;
    assert_eq!(sent.status, 201);
    assert!(ask(&server, "E-2", "GET", &messages, None).await.text().contains("hello"));
    assert_eq!(ask(&server, "E-3", "GET", &messages, None).await.status, 404);
    let page = ask(&server, "E-2", "GET", "/", None).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("hello"));
}

/// R004-I16: a sealed body goes by the gateway's word as any other does, which is taken once.
#[tokio::test]
async fn a_sealed_body_goes_by_the_gateways_word() {
    let server = server();
    let me = ask(&server, "E-1", "GET", path::ACCOUNT_ME, None).await.json();
    let account = serde_json::from_value(me["id"].clone()).unwrap();
    let page = ask(&server, "E-1", "GET", "/", None).await;
    let sealer = Sealer::told_by(&page);
    let body = sealer.seal(account, "PATCH", path::ACCOUNT_ME, &json!({"receipts": false}).to_string());
    let word = signed("E-1", "PATCH", path::ACCOUNT_ME);
    let say = |body: Vec<u8>| {
        let request = reqwest::Client::new().patch(server.url(path::ACCOUNT_ME)).header("content-type", MEDIA_TYPE);
        Answer::of(request.header("sixin-identity", &word).body(body))
    };
    let answer = say(body.clone()).await;
    assert_eq!((answer.status, &answer.json()["receipts"]), (200, &json!(false)), "{}", answer.text());
    assert_eq!(say(body).await.status, 401);
}

/// R002-03: a page that shows somebody else than whom the gateway names speaks for nobody.
#[tokio::test]
async fn a_page_that_shows_another_account_is_refused() {
    let server = server();
    for (shown, status) in [("E-1", 200), ("E-2", 401)] {
        let account = ask(&server, shown, "GET", path::ACCOUNT_ME, None).await.json()["id"].to_string();
        let word = signed("E-1", "GET", path::ACCOUNT_ME);
        let request = reqwest::Client::new().get(server.url(path::ACCOUNT_ME)).header("sixin-identity", word);
        assert_eq!(Answer::of(request.header(ACCOUNT_HEADER, account)).await.status, status, "{shown}");
    }
}

/// R002-03: unsigned, signed with another secret, stale, for another request, and replayed: refused, with the same
/// bytes; and nobody logs in or registers here.
#[tokio::test]
async fn what_the_gateway_did_not_say_is_refused() {
    let server = server();
    assert_eq!(ask(&server, "E-1", "GET", path::ACCOUNT_ME, None).await.status, 200);
    let me = path::ACCOUNT_ME;
    let change = json!({"receipts": true});
    let replayed = signed("E-1", "PATCH", me);
    assert_eq!(call(&server, "PATCH", me, Some(&replayed), Some(change.clone())).await.status, 200);
    let mut refusals = vec![call(&server, "PATCH", me, Some(&replayed), Some(change)).await];
    for header in [
        None,
        Some(String::new()),
        Some(signed_at("another secret of the same length!!", now(), "E-1", "GET", me)),
        Some(signed_at(SECRET, now() - 90, "E-1", "GET", me)),
        Some(signed_at(SECRET, now() + 90, "E-1", "GET", me)),
        Some(signed("E-1", "GET", "/api/v1/devices")),
        Some(signed("E-1", "POST", me)),
        Some(signed("E-1", "GET", me).replace("sig=", "sig=00")),
        Some(signed("", "GET", me)),
    ] {
        refusals.push(call(&server, "GET", me, header.as_deref(), None).await);
    }
    for refusal in &refusals {
        assert_eq!((refusal.status, refusal.text()), (401, refusals[0].text()));
    }
    assert_eq!(call(&server, "GET", "/", None, None).await.status, 401, "a page is no way to log in");
    for path in [path::LOGINS, path::ACCOUNTS] {
        let body = json!({"handle": "aa", "display_name": "aa", "password": "long enough"});
        let body = if path == path::LOGINS { json!({"handle": "aa", "password": "long enough"}) } else { body };
        assert_eq!(call(&server, "POST", path, None, Some(body)).await.status, 403, "{path}");
    }
}

/// R002-03: the push connection is opened by the gateway's word too, and ends with the device.
#[tokio::test]
async fn the_push_connection_needs_the_gateways_word() {
    let server = server();
    let connect = |header: Option<String>| {
        let mut request = format!("ws://{}{}", server.address, path::PUSH).into_client_request().unwrap();
        if let Some(header) = header {
            request.headers_mut().insert("sixin-identity", header.parse().unwrap());
        }
        tokio_tungstenite::connect_async(request)
    };
    let Err(tokio_tungstenite::tungstenite::Error::Http(refused)) = connect(None).await else { panic!("it connected") };
    assert_eq!(refused.status(), 401);
    let header = signed("E-1", "GET", path::PUSH);
    assert!(connect(Some(header.clone())).await.is_ok());
    assert!(connect(Some(header)).await.is_err(), "a replay opens nothing");
}

/// R002-01, R003-06: whom the directory deactivates is logged out everywhere within a second, and stays out.
#[tokio::test]
async fn a_deactivated_person_is_logged_out_at_once() {
    const TOKEN: &str = "the program that keeps the directory";
    let server = TestServer::start_with(&[
        ("SIXIN_AUTH_MODE", "gateway"),
        ("SIXIN_GATEWAY_SECRET", SECRET),
        ("SIXIN_ADMIN_TOKEN", TOKEN),
    ]);
    let put = |version: u64, active: bool| {
        let person = json!({"external_id": "E-1", "version": version, "display_name": "李四", "active": active});
        let request = reqwest::Client::new().put(server.url(path::ADMIN_PEOPLE)).bearer_auth(TOKEN);
        Answer::of(request.json(&json!({"people": [person]})))
    };
    let before = ask(&server, "E-1", "GET", path::ACCOUNT_ME, None).await.json();
    assert_eq!(put(1, true).await.status, 200);
    let after = ask(&server, "E-1", "GET", path::ACCOUNT_ME, None).await.json();
    assert_eq!((&after["id"], &after["display_name"]), (&before["id"], &json!("李四")), "the same person");

    let mut quickest = Duration::MAX;
    // A busy machine may hold one of them up.
    for version in [2, 4, 6] {
        let mut request = format!("ws://{}{}", server.address, path::PUSH).into_client_request().unwrap();
        request.headers_mut().insert("sixin-identity", signed("E-1", "GET", path::PUSH).parse().unwrap());
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        assert_eq!(put(version, false).await.status, 200);
        let answered = Instant::now();
        let code = tokio::time::timeout(support::PATIENCE, async {
            loop {
                match futures::StreamExt::next(&mut socket).await {
                    Some(Ok(tokio_tungstenite::tungstenite::Message::Close(frame))) => {
                        return frame.map(|frame| u16::from(frame.code));
                    }
                    Some(Ok(_)) => {}
                    _ => return None,
                }
            }
        });
        assert_eq!(code.await.unwrap(), Some(protocol::frame::close::REVOKED));
        quickest = quickest.min(answered.elapsed());
        assert_eq!(ask(&server, "E-1", "GET", path::ACCOUNT_ME, None).await.status, 401);
        assert_eq!(put(version + 1, true).await.status, 200);
        assert_eq!(ask(&server, "E-1", "GET", path::ACCOUNT_ME, None).await.status, 200);
    }
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
}
