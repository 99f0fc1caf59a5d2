//! What people tell of themselves, who sees it, and how others hear that it changed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Browser, PASSWORD, Person, TestServer};
use protocol::sync::AccountChange;
use protocol::{ServerFrame, UserId, path};
use serde_json::{Value, json};

async fn change(person: &Person, change: Value) -> Value {
    let answer = person.patch(path::ACCOUNT_ME, &change).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// R003-06: name, gender, birthday, telephone number and a few words; the last two of the private ones nobody else sees
/// unless their owner says so.
#[tokio::test]
async fn everybody_sees_of_a_profile_what_its_owner_lets_them() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let told = change(
        &a,
        json!({"gender": "female", "birthday": "2000-02-29", "phone": "+86 138-0013-8000", "bio": " 你好\r\n世界 "}),
    )
    .await;
    assert_eq!(told["phone"], "+8613800138000");
    assert_eq!(told["bio"], "你好\n世界");
    assert_eq!(
        told["audiences"],
        json!({"gender": "everyone", "birthday": "nobody", "phone": "nobody", "bio": "everyone"})
    );

    let seen = b.get(&path::user(a.id)).await.json();
    let public = json!({"id": a.id, "handle": "aa", "display_name": "aa", "gender": "female", "bio": "你好\n世界"});
    assert_eq!(seen, public);
    let own = a.get(&path::user(a.id)).await.json();
    assert_eq!(own["birthday"], "2000-02-29");

    // What only friends see, nobody else does.
    change(&a, json!({"audiences": {"gender": "friends", "birthday": "everyone", "phone": "nobody", "bio": "nobody"}}))
        .await;
    let seen = b.get(&path::user(a.id)).await.json();
    assert_eq!(seen, json!({"id": a.id, "handle": "aa", "display_name": "aa", "birthday": "2000-02-29"}));

    let told = change(&a, json!({"birthday": null})).await;
    assert_eq!((told.get("birthday"), &told["gender"]), (None, &json!("female")));
}

/// R003-06: what is no profile is refused, and names the field.
#[tokio::test]
async fn a_profile_holds_its_rules() {
    let server = TestServer::start();
    let a = server.person("aa").await;
    for (field, value) in [
        ("display_name", json!("")),
        ("display_name", json!(null)),
        ("gender", json!("none")),
        ("birthday", json!("2001-02-29")),
        ("birthday", json!("9999-01-01")),
        ("phone", json!("call me")),
        ("bio", json!("好".repeat(201))),
        ("audiences", json!({"gender": "everyone"})),
        ("unknown", json!(1)),
    ] {
        let answer = a.patch(path::ACCOUNT_ME, &json!({ field: value })).await;
        if (field, &value) == ("display_name", &json!(null)) {
            assert_eq!(answer.status, 200, "null is no name, and takes none away");
            continue;
        }
        let refused = answer.json()["error"]["field"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.status, 422, "{field}: {}", answer.text());
        assert!(refused.starts_with(field), "{field}: {refused}");
    }
    assert_eq!(change(&a, json!({"bio": "好".repeat(200)})).await["bio"], "好".repeat(200));
}

/// R002-04: another name reaches one's own devices, whoever shares a conversation at once, and who was away with the
/// next sync.
#[tokio::test]
async fn a_new_name_reaches_everybody_who_shows_it() {
    let server = TestServer::start();
    let (a, b, stranger) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = a.open(&b).await;
    a.send(id, "hello").await;
    let token = b.sync(None).await.token;
    server.settled().await;
    let (mut own, mut peer, mut other) = (a.push().await, b.push().await, stranger.push().await);

    change(&a, json!({"display_name": "新名字"})).await;
    let [AccountChange::Profile { user }] = &own.changes().await[..] else { panic!("the profile alone") };
    assert_eq!((user.display_name.as_str(), user.version), ("新名字", 1));
    let ServerFrame::Person { user: told } = peer.frame().await else { panic!("a person") };
    assert_eq!(&told, user);
    other.ping().await;
    assert!(matches!(other.frame().await, ServerFrame::Pong { .. }), "a stranger is not told");

    let moved = b.sync(Some(&token)).await;
    let [conversation] = &moved.conversations[..] else { panic!("one conversation") };
    assert_eq!(conversation.peer.as_ref(), Some(user));
    assert_eq!(a.send(id, "again").await.seq.get(), 2);
    let page = b.history(id, protocol::Seq::ZERO, 10).await;
    assert!(page.users.contains(user));
    // The same name once more is no change.
    assert_eq!(change(&a, json!({"display_name": "新名字"})).await["version"], 1);
}

/// Nobody walks through all accounts: looking people up is limited for each account, and what is absent looks alike.
#[tokio::test]
async fn nobody_enumerates_profiles() {
    let server = TestServer::start_with(&[("SIXIN_LOOK_UPS_PER_ACCOUNT", "5")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let mut statuses = Vec::new();
    for id in 1..=8 {
        statuses.push(a.get(&format!("{}/{id}", path::USERS)).await.status);
    }
    assert_eq!(statuses, [200, 200, 404, 404, 404, 429, 429, 429]);
    assert_eq!(b.get(&path::user(a.id)).await.status, 200, "each account has its own limit");
}

/// R003-06: whatever route tells who somebody is tells it of strangers only so often; of whom one has to do with, always.
#[tokio::test]
async fn nobody_walks_through_everybody() {
    let server = TestServer::start_with(&[("SIXIN_LOOK_UPS_PER_ACCOUNT", "1")]);
    let (known, other, walker) =
        (server.person("known").await, server.person("other").await, server.person("walker").await);
    let group = json!({"title": "群", "members": [walker.id]});
    let made: protocol::Conversation = known.post(path::CONVERSATIONS, &group).await.read();
    let nobody = UserId::try_from(999_u64).unwrap();
    assert_eq!(walker.get(&path::contact(nobody)).await.status, 404, "the one look of this minute");
    let group = json!({"title": "群", "members": [other.id]});
    for tried in [
        walker.get(&path::contact(other.id)).await,
        walker.put(&path::follow(other.id), &json!({})).await,
        walker.put(&path::friend(other.id), &json!({})).await,
        walker.put(&path::block(other.id), &json!({})).await,
        walker.post(path::CONVERSATIONS, &json!({"peer": other.id})).await,
        walker.post(path::CONVERSATIONS, &group).await,
        walker.post(&path::members(made.id), &json!({"users": [other.id]})).await,
        walker.get(&format!("/new/group?with={}", other.id)).await,
        walker.get(&format!("/c/{}/group?refused={}", made.id, other.id)).await,
    ] {
        assert_eq!(tried.status, 429, "{}", tried.text());
    }
    for _ in 0..3 {
        assert_eq!(walker.get(&path::contact(known.id)).await.status, 200);
    }
}

/// What a page's forms let one do about somebody, in their order.
fn acts(page: &str) -> Vec<&str> {
    let acts = page.split("name=\"act\" value=\"").skip(1);
    acts.filter_map(|rest| rest.split_once('"')).map(|(act, _)| act).collect()
}

/// R003-06: contacts, requests and members lead to what somebody tells of themselves, and there one does whatever fits what
/// the two are to each other, without scripts; of oneself there is nothing to do.
#[tokio::test]
async fn a_card_offers_what_fits() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let (mut mine, mut theirs) = (Browser::new(&server.address), Browser::new(&server.address));
    mine.log_in("aa", PASSWORD).await;
    theirs.log_in("bb", PASSWORD).await;
    let (card, back) = (format!("/u/{}", b.id), format!("/u/{}", a.id));
    let (to_b, to_a) = (b.id.to_string(), a.id.to_string());
    assert_eq!(acts(&mine.get(&card).await.text()), ["befriend", "follow", "block"]);
    assert!(acts(&mine.get(&back).await.text()).is_empty(), "of oneself");

    mine.post("/contacts", &[("user", &to_b), ("act", "befriend"), ("greeting", "你好")]).await;
    assert_eq!(acts(&mine.get(&card).await.text()), ["unfriend", "follow", "block"]);
    let page = theirs.get(&back).await.text();
    assert_eq!(acts(&page), ["befriend", "refuse", "follow", "block"]);
    assert!(page.contains("你好"));
    assert!(theirs.get("/contacts").await.text().contains(&format!("href=\"{back}\"")), "from the request");

    theirs.post("/contacts", &[("user", &to_a), ("act", "befriend")]).await;
    mine.post("/contacts", &[("user", &to_b), ("act", "follow")]).await;
    mine.post("/contacts", &[("user", &to_b), ("act", "block")]).await;
    assert_eq!(acts(&mine.get(&card).await.text()), ["unfriend", "unfollow", "unblock"]);
    let page = theirs.get(&back).await.text();
    assert_eq!(acts(&page), ["unfriend", "follow", "block"], "who is blocked sees nothing of it");
    assert!(mine.get("/contacts").await.text().contains(&format!("href=\"{card}\"")));

    let group = json!({"title": "群", "members": [b.id]});
    let c = server.person("cc").await;
    let id = c.post(path::CONVERSATIONS, &group).await.read::<protocol::Conversation>().id;
    let mut other = Browser::new(&server.address);
    other.log_in("cc", PASSWORD).await;
    assert!(other.get(&format!("/c/{id}/group")).await.text().contains(&format!("href=\"{card}\"")));
    b.send(id, "hello").await;
    assert!(other.get(&format!("/c/{id}")).await.text().contains(&format!("href=\"{card}\"")), "from a bubble");
}
