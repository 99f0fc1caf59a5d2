//! Logging in with an OpenID Connect provider: one that does everything right, and one that does each thing wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod directory;
mod provider;
mod signer;

use crate::support::{ADMIN, Answer, BINARY, Browser, PASSWORD, TestServer, escape};
use protocol::path;
use provider::{CLIENT, Fault, Provider, SECRET};
use serde_json::{Value, json};
use signer::Signer;
use std::io::Read;
use std::process::{Command, Stdio};

fn server(provider: &Provider, more: &[(&str, &str)]) -> TestServer {
    let mut environment = vec![
        ("SIXIN_OIDC_ISSUER", provider.issuer.as_str()),
        ("SIXIN_OIDC_CLIENT_ID", CLIENT),
        ("SIXIN_OIDC_CLIENT_SECRET", SECRET),
        ("SIXIN_OIDC_NAME", "公司账号"),
        ("SIXIN_ADMIN_TOKEN", ADMIN),
    ];
    environment.extend(more);
    TestServer::start_with(&environment)
}

fn location(answer: &Answer) -> String {
    assert!(answer.status == 303 || answer.status == 302, "{} {}", answer.status, answer.text());
    answer.header("location").to_owned()
}

/// Goes to the provider, and comes back with the path that it sends the browser to.
async fn through(url: &str) -> String {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let back = location(&Answer::of(http.get(url)).await);
    let (start, _) = back.match_indices('/').nth(2).unwrap();
    back[start..].to_owned()
}

async fn log_in(browser: &mut Browser) -> Answer {
    let to = location(&browser.get("/login/oidc").await);
    let back = through(&to).await;
    browser.get(&back).await
}

/// What a page's browser is told of its own account.
async fn me(browser: &Browser) -> Value {
    let token = &browser.cookies["sixin_login"];
    let url = format!("http://{}{}", browser.address, path::ACCOUNT_ME);
    Answer::of(reqwest::Client::new().get(url).bearer_auth(token)).await.json()
}

/// R002-01, R003-06: the first log-in makes the account, with a name and a free handle after the provider's; the next ones
/// find it again, whatever they are called by then; each is a device that can be revoked.
#[tokio::test]
async fn the_provider_says_who_people_are() {
    let provider = Provider::start().await;
    let server = server(&provider, &[]);
    server.person("zhang.san").await;
    provider.is(json!({"sub": "1", "preferred_username": "Zhang.San@example.org", "name": "张三"}));
    let mut browser = Browser::new(&server.address);
    let page = browser.get("/login").await.text();
    assert!(
        page.contains("使用 公司账号 登录")
            && page.contains("href=\"/login/oidc\"")
            && page.contains("name=\"password\"")
    );
    assert_eq!(location(&log_in(&mut browser).await), "/");
    let account = me(&browser).await;
    assert_eq!((&account["handle"], &account["display_name"]), (&json!("zhang.san-2"), &json!("张三")));
    assert!(browser.get("/").await.text().contains("张三"));
    let asked = provider.inside().asked.clone();
    assert_eq!(asked["redirect_uri"], server.url("/login/oidc/callback"));
    assert_eq!(asked["scope"], "openid profile");

    provider.is(json!({"sub": "1", "preferred_username": "another", "name": "李四"}));
    let mut other = Browser::new(&server.address);
    log_in(&mut other).await;
    assert_eq!(me(&other).await["id"], account["id"]);
    assert_eq!(me(&other).await["display_name"], "张三", "a name is the account's own from then on");
    let devices = browser.get("/devices").await.text();
    assert_eq!(devices.matches("name=\"device\"").count(), 1, "another device, and this one");
    let device = devices.split("name=\"device\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(location(&browser.post("/devices", &[("device", &device)]).await), "/devices");
    assert_eq!(location(&other.get("/").await), "/login", "revoked");

    provider.is(json!({"sub": "2"}));
    let mut third = Browser::new(&server.address);
    log_in(&mut third).await;
    assert_eq!(me(&third).await["handle"], "user", "without any name");
    provider.is(json!({"sub": "3", "preferred_username": "李", "name": "\u{7}".repeat(3)}));
    let mut fourth = Browser::new(&server.address);
    log_in(&mut fourth).await;
    assert_eq!((&me(&fourth).await["handle"], &me(&fourth).await["display_name"]), (&json!("user-2"), &json!("李")));
}

/// R002-03: an ID token counts with each of the usual signatures, and after the provider has changed its keys; names that
/// stand apart are asked for. Keys are fetched again for an unknown one, but not over and over.
#[tokio::test]
async fn every_usual_signature_counts_and_keys_may_change() {
    let provider = Provider::start().await;
    for signer in [Signer::rsa("rsa"), Signer::ecdsa("ec"), Signer::eddsa("ed")] {
        let algorithm = signer.algorithm();
        provider.inside().signer = signer;
        provider.is(json!({"sub": algorithm, "name": algorithm}));
        // A server of its own, which has fetched no keys yet.
        let server = server(&provider, &[]);
        let mut browser = Browser::new(&server.address);
        assert_eq!(location(&log_in(&mut browser).await), "/", "{algorithm}");
        assert_eq!(me(&browser).await["display_name"], algorithm);
    }

    let server = server(&provider, &[]);
    let fetched = || provider.inside().keys_fetched;
    let mut browser = Browser::new(&server.address);
    assert_eq!(location(&log_in(&mut browser).await), "/");
    let before = fetched();
    provider.inside().signer = Signer::ecdsa("new");
    let mut browser = Browser::new(&server.address);
    assert_eq!(location(&log_in(&mut browser).await), "/");
    assert_eq!(fetched(), before + 1, "once for the new key");
    for _ in 0..3 {
        provider.fail(Fault::UnknownKey);
        assert_eq!(log_in(&mut Browser::new(&server.address)).await.status, 403);
    }
    assert_eq!(fetched(), before + 1, "not again so soon");
    provider.fail(Fault::NamesApart);
    provider.is(json!({"sub": "apart", "preferred_username": "lisi", "name": "李四"}));
    let mut browser = Browser::new(&server.address);
    assert_eq!(location(&log_in(&mut browser).await), "/");
    assert_eq!((&me(&browser).await["handle"], &me(&browser).await["display_name"]), (&json!("lisi"), &json!("李四")));
}

/// R002-03: a provider that does not name its keys may change them too; what none of them has signed makes the server fetch
/// them again, but not over and over.
#[tokio::test]
async fn keys_without_names_may_change() {
    let provider = Provider::start().await;
    let server = server(&provider, &[]);
    provider.is(json!({"sub": "1", "name": "张三"}));
    for changes in 0..2 {
        provider.inside().signer = Signer::ecdsa("");
        let answer = log_in(&mut Browser::new(&server.address)).await;
        assert_eq!(location(&answer), "/", "after {changes} changes");
    }
    let fetched = provider.inside().keys_fetched;
    for _ in 0..3 {
        provider.fail(Fault::BadSignature);
        assert_eq!(log_in(&mut Browser::new(&server.address)).await.status, 403);
    }
    assert_eq!(provider.inside().keys_fetched, fetched, "not again so soon");
}

/// R002-03: providers of renown write times and truths as texts; nobody is kept out for that.
#[tokio::test]
async fn claims_of_another_spelling_count() {
    let provider = Provider::start().await;
    let server = server(&provider, &[]);
    let spelled = json!({"updated_at": "2026-01-31T08:00:00.000Z", "email": "a@example.org", "email_verified": "true"});
    for (sub, fault) in [("1", Fault::None), ("2", Fault::NamesApart)] {
        let mut who = spelled.clone();
        (who["sub"], who["name"]) = (json!(sub), json!("张三"));
        provider.is(who);
        provider.fail(fault);
        let mut browser = Browser::new(&server.address);
        assert_eq!(location(&log_in(&mut browser).await), "/", "{fault:?}");
        assert_eq!(me(&browser).await["display_name"], "张三", "{fault:?}");
    }
}

/// R002-03: whatever a token says wrongly, or says without the provider's signature, lets nobody in; the page says so, and
/// the next attempt is as good as the first.
#[tokio::test]
async fn no_wrong_token_lets_anybody_in() {
    let provider = Provider::start().await;
    let server = server(&provider, &[]);
    provider.is(json!({"sub": "1", "name": "张三"}));
    let (untrusted, away) = ((403, "公司账号 的答复未通过验证"), (503, "公司账号 暂时没有响应"));
    for (fault, (status, text)) in [
        (Fault::WrongNonce, untrusted),
        (Fault::NoNonce, untrusted),
        (Fault::WrongAudience, untrusted),
        (Fault::OneMoreAudience, untrusted),
        (Fault::OtherParty, untrusted),
        (Fault::WrongIssuer, untrusted),
        (Fault::Expired, untrusted),
        (Fault::IssuedInTheFuture, untrusted),
        (Fault::OtherAccessToken, untrusted),
        (Fault::BadSignature, untrusted),
        (Fault::OtherClaims, untrusted),
        (Fault::AlgNone, untrusted),
        (Fault::HmacWithPublicKey, untrusted),
        (Fault::HmacWithSecret, untrusted),
        (Fault::UnknownKey, untrusted),
        (Fault::NoSubject, untrusted),
        (Fault::NoToken, untrusted),
        (Fault::NoJson, untrusted),
        (Fault::RefusesTheCode, untrusted),
        (Fault::Fails, untrusted),
        (Fault::Huge, away),
        (Fault::Slow, away),
    ] {
        provider.fail(fault);
        let mut browser = Browser::new(&server.address);
        let answer = log_in(&mut browser).await;
        assert_eq!(answer.status, status, "{fault:?}");
        assert!(answer.text().contains(text) && answer.text().contains("href=\"/login\""), "{fault:?}");
        assert!(!browser.cookies.contains_key("sixin_login"), "{fault:?}");
        provider.fail(Fault::None);
        assert_eq!(location(&log_in(&mut browser).await), "/", "after {fault:?}");
    }
}

/// R002-03: a provider that is away is said to be so, in the person's language, and it is asked again the next time.
#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be() {
    let provider = Provider::start().await;
    // Nobody listens there; a port that was free a moment ago may be somebody's by now.
    let server = server(&provider, &[("SIXIN_OIDC_ISSUER", "http://127.0.0.1:1/realms/company")]);
    let mut browser = Browser::new(&server.address);
    let answer = browser.get("/login/oidc").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("公司账号 暂时没有响应"));
    browser.cookies.insert("language".to_owned(), "en".to_owned());
    let answer = browser.get("/login/oidc").await;
    assert!(answer.text().contains("公司账号 does not answer just now"));
    assert_eq!(browser.get("/login").await.status, 200, "the page itself asks nobody");
}

/// R002-03: a callback counts in the browser in which the log-in began, once; another's, a made-up and a refused one let
/// nobody in and take nothing from anybody.
#[tokio::test]
async fn a_callback_counts_once_in_its_own_browser() {
    let provider = Provider::start().await;
    let server = server(&provider, &[]);
    provider.is(json!({"sub": "1", "name": "张三"}));
    let (mut mine, mut other) = (Browser::new(&server.address), Browser::new(&server.address));
    let answer = mine.get("/login/oidc").await;
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["sixin_oidc=", "HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let back = through(&location(&answer)).await;
    let stale = |answer: &Answer| {
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("请重新开始") && answer.text().contains("href=\"/login\""), "{}", answer.text());
    };
    stale(&other.get(&back).await);
    other.get("/login/oidc").await;
    stale(&other.get(&back).await);
    assert!(!other.cookies.contains_key("sixin_login"), "another browser is not logged in as the first");
    assert_eq!(location(&mine.get(&back).await), "/", "and took nothing from it");
    stale(&mine.get(&back).await);
    for made_up in ["", "?code=x", "?state=x&code=code-1", "?state=&code="] {
        stale(&other.get(&format!("/login/oidc/callback{made_up}")).await);
    }

    // Two tabs of one browser do not end each other's log-ins.
    let mut tabs = Browser::new(&server.address);
    let (first, second) = (location(&tabs.get("/login/oidc").await), location(&tabs.get("/login/oidc").await));
    let (first, second) = (through(&first).await, through(&second).await);
    assert_eq!(location(&tabs.get(&first).await), "/");
    assert_eq!(location(&tabs.get(&second).await), "/");

    // The provider says no, or another provider answers.
    for (wrong, status) in [("error=access_denied", 403), ("code=code-1&iss=https%3A%2F%2Fevil", 403), ("", 403)] {
        let mut browser = Browser::new(&server.address);
        let to = location(&browser.get("/login/oidc").await);
        let state = to.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let callback = format!("/login/oidc/callback?state={state}&{wrong}");
        assert_eq!(browser.get(&callback).await.status, status, "{wrong}");
        stale(&browser.get(&callback).await);
    }
}

/// R002-03: one goes on to the page that one wanted, with either way to log in, and to no other site.
#[tokio::test]
async fn one_goes_on_to_the_page_that_one_wanted() {
    let provider = Provider::start().await;
    let server = server(&provider, &[]);
    server.person("aa").await;
    provider.is(json!({"sub": "1", "name": "张三"}));
    let mut browser = Browser::new(&server.address);
    let to_login = location(&browser.get("/u/1?x=1&y=2").await);
    assert_eq!(to_login, format!("/login?to={}", escape("/u/1?x=1&y=2")));
    let page = browser.get(&to_login).await.text();
    assert!(page.contains("name=\"to\" value=\"/u/1?x=1&amp;y=2\""), "{page}");
    let href = page.split("href=\"/login/oidc").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let to = location(&browser.get(&format!("/login/oidc{href}")).await);
    let back = through(&to).await;
    assert_eq!(location(&browser.get(&back).await), "/u/1?x=1&y=2");
    for evil in ["//evil", "https://evil", "/\\evil", "/%09/evil"] {
        let mut browser = Browser::new(&server.address);
        let to = location(&browser.get(&format!("/login/oidc?to={}", escape(evil))).await);
        let back = through(&to).await;
        let to = location(&browser.get(&back).await);
        assert!(to == "/" || to == "/%09/evil", "{evil}: {to}");
        let form = [("handle", "aa"), ("password", PASSWORD), ("to", evil)];
        let to = location(&Browser::new(&server.address).post("/login", &form).await);
        assert!(to == "/" || to == "/%09/evil", "{evil}: {to}");
    }
    let form = [("handle", "aa"), ("password", PASSWORD), ("to", "/devices")];
    assert_eq!(location(&Browser::new(&server.address).post("/login", &form).await), "/devices");
}

/// R002-01: who is logged in links the account with the provider and unlinks it, but never takes the last way in away;
/// nobody is two accounts, and no other site's page links anything.
#[tokio::test]
async fn an_account_is_linked_and_unlinked() {
    let provider = Provider::start().await;
    let server = server(&provider, &[]);
    let person = server.person("aa").await;
    provider.is(json!({"sub": "1", "preferred_username": "zhang", "name": "张三"}));
    let mut browser = Browser::new(&server.address);
    browser.log_in("aa", PASSWORD).await;
    assert!(browser.get("/settings").await.text().contains("关联 公司账号"));

    let link = |browser: &Browser| {
        let cookies = browser.cookies.clone();
        let mut browser = Browser::new(&server.address);
        browser.cookies = cookies;
        async move {
            let answer = browser.post("/settings/identities", &[("act", "link")]).await;
            assert_eq!(answer.status, 200, "a page, because a form may not lead to another site");
            let url = answer.header("refresh").strip_prefix("0; url=").unwrap().to_owned();
            let back = through(&url).await;
            (browser, back)
        }
    };
    let (mut linking, back) = link(&browser).await;
    assert_eq!(location(&linking.get(&back).await), "/settings");
    let page = browser.get("/settings").await.text();
    assert!(page.contains("zhang") && page.contains("取消关联 zhang") && !page.contains("关联 公司账号"), "{page}");
    let mut fresh = Browser::new(&server.address);
    log_in(&mut fresh).await;
    assert_eq!(me(&fresh).await["id"], json!(person.id), "it leads into the account that it was linked with");

    // Whoever is one account does not become another's, and a login that ended meanwhile links nothing.
    server.person("bb").await;
    let mut second = Browser::new(&server.address);
    second.log_in("bb", PASSWORD).await;
    let (mut linking, back) = link(&second).await;
    let answer = linking.get(&back).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("已关联到另一个账号") && answer.text().contains("href=\"/settings\""));
    provider.is(json!({"sub": "2", "preferred_username": "li"}));
    let (mut linking, back) = link(&second).await;
    second.post("/logout", &[]).await;
    assert_eq!(linking.get(&back).await.status, 403);
    second.log_in("bb", PASSWORD).await;
    assert!(!second.get("/settings").await.text().contains("取消关联"));
    let foreign = reqwest::Client::new().post(server.url("/settings/identities")).header("origin", "http://evil");
    let cookie = format!("sixin_login={}", browser.cookies["sixin_login"]);
    let foreign = foreign.header("cookie", cookie).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(Answer::of(foreign.body("act=link")).await.status, 403);

    // A password remains: the link may go. Without one it is the last way in.
    assert_eq!(browser.post("/settings/identities", &[("unlink", "3")]).await.status, 404);
    assert_eq!(location(&browser.post("/settings/identities", &[("unlink", "1")]).await), "/settings");
    assert!(browser.get("/settings").await.text().contains("关联 公司账号"));
    provider.is(json!({"sub": "1", "preferred_username": "zhang"}));
    let mut made = Browser::new(&server.address);
    log_in(&mut made).await;
    assert_ne!(me(&made).await["id"], json!(person.id), "unlinked, it is somebody new");
    assert!(!made.get("/settings").await.text().contains("取消关联 zhang"));
    let answer = made.post("/settings/identities", &[("unlink", "1")]).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("这是登录这个账号的唯一方式"));
}

/// R002-01, R003-06: with the provider alone nobody logs in or registers with a password, in a page or by the API.
#[tokio::test]
async fn the_provider_alone_decides() {
    let provider = Provider::start().await;
    let server = server(&provider, &[("SIXIN_AUTH_MODE", "oidc")]);
    provider.is(json!({"sub": "1", "name": "张三"}));
    let mut browser = Browser::new(&server.address);
    let page = browser.get("/login").await.text();
    assert!(page.contains("使用 公司账号 登录") && !page.contains("name=\"password\"") && !page.contains("/register"));
    assert_eq!(location(&browser.get("/register").await), "/login");
    let register = [("handle", "aa"), ("display_name", "aa"), ("password", PASSWORD)];
    assert_eq!(browser.post("/register", &register).await.status, 403);
    assert_eq!(browser.log_in("aa", PASSWORD).await.status, 403);
    let http = reqwest::Client::new();
    let login = json!({"handle": "aa", "password": PASSWORD});
    assert_eq!(Answer::of(http.post(server.url(path::LOGINS)).json(&login)).await.code(), "not_allowed");
    let account = json!({"handle": "aa", "display_name": "aa", "password": PASSWORD});
    assert_eq!(Answer::of(http.post(server.url(path::ACCOUNTS)).json(&account)).await.code(), "not_allowed");
    assert_eq!(browser.get("/welcome/x").await.status, 404);
    assert_eq!(location(&log_in(&mut browser).await), "/");
    assert_eq!(location(&browser.post("/logout", &[]).await), "/login");
    assert!(browser.get("/login").await.text().contains("使用 公司账号 登录"), "logging out does not log in again");
}

/// R002-03: behind a proxy the provider sends browsers back to the public origin, and the browser's secret is bound to it.
#[tokio::test]
async fn the_provider_sends_browsers_to_the_public_origin() {
    let provider = Provider::start().await;
    let server = server(&provider, &[("SIXIN_PUBLIC_ORIGIN", "https://chat.example.org,https://a.example.org:8443")]);
    for (host, origin) in [
        ("chat.example.org", "https://chat.example.org"),
        ("a.example.org:8443", "https://a.example.org:8443"),
        ("inner:3000", "https://chat.example.org"),
    ] {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = Answer::of(http.get(server.url("/login/oidc")).header("host", host)).await;
        let expected = format!("redirect_uri={}", escape(&format!("{origin}/login/oidc/callback")));
        let to = location(&answer).replace("%2F", "/").replace('.', "%2E").replace('-', "%2D");
        assert!(to.replace('/', "%2F").contains(&expected), "{host}: {to}");
        let cookie = answer.header("set-cookie").to_owned();
        assert_eq!(
            cookie.starts_with("__Host-sixin_oidc=") && cookie.contains("Secure"),
            host != "inner:3000",
            "{cookie}"
        );
    }
}

/// R002-03: a start with half of the settings fails, and says which is missing.
#[test]
fn a_start_with_half_of_the_provider_fails() {
    for (flags, expected) in [
        (vec!["--auth-mode", "oidc"], "--auth-mode oidc needs --oidc-issuer"),
        (vec!["--oidc-issuer", "https://id.example.org"], "--oidc-issuer needs --oidc-client-id"),
        (vec!["--oidc-client-secret", "x"], "--oidc-client-secret needs --oidc-issuer"),
        (vec!["--oidc-issuer", "http://id.example.org", "--oidc-client-id", "x"], "expected the https:// address"),
        (
            vec!["--oidc-issuer", "https://a", "--oidc-client-id", "x", "--oidc-client-secret", "@/no/such"],
            "No such file",
        ),
    ] {
        let data = tempfile::tempdir().unwrap();
        let mut child = Command::new(BINARY)
            .args(&flags)
            .args(["--listen", "127.0.0.1:0", "--data", data.path().to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(!child.wait().unwrap().success() && said.contains(expected), "{flags:?}: {said}");
    }
}
