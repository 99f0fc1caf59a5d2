//! Friends, followers and blocks over the API, and the page of contacts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, Browser, PASSWORD, Person, Push, TestServer};
use protocol::account::Users;
use protocol::contacts::{Contacts, FriendRequests};
use protocol::sync::{AccountChange, SyncPage};
use protocol::{Contact, Relation, RequestState, path};
use serde_json::json;

async fn befriend(person: &Person, other: &Person, greeting: Option<&str>) -> Contact {
    person.put(&path::friend(other.id), &json!({"greeting": greeting})).await.read()
}

async fn relation(person: &Person, other: &Person) -> Relation {
    person.get(&path::contact(other.id)).await.read::<Contact>().relation
}

async fn requests(person: &Person) -> FriendRequests {
    person.get(path::REQUESTS).await.read()
}

const FRIEND: Relation = Relation { friend: true, ..Relation::NONE };

/// The relation that the next frame tells, or the state of a request.
async fn told(push: &mut Push) -> (Option<Relation>, Option<RequestState>) {
    match push.changes().await.as_slice() {
        [AccountChange::Relation { relation, .. }] => (Some(*relation), None),
        [AccountChange::Request(request)] => (None, Some(request.state)),
        other => panic!("{other:?}"),
    }
}

/// R003-02, R003-08a, R003-08e: a request is told to both at once and comes with a sync; accepted, it makes both friends.
#[tokio::test]
async fn a_friend_request_makes_friends() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let since = b.sync(None).await.token;
    let mut devices = [a.push().await, b.push().await];
    assert_eq!(befriend(&a, &b, Some("我是甲")).await.relation, Relation::NONE);
    for device in &mut devices {
        assert_eq!(told(device).await, (None, Some(RequestState::Waiting)));
    }
    // A duplicate changes nothing.
    befriend(&a, &b, Some("又是我")).await;
    let waiting = requests(&b).await;
    assert_eq!((waiting.incoming.len(), waiting.outgoing.len()), (1, 0));
    assert_eq!(waiting.incoming[0].greeting.as_ref().unwrap().as_str(), "我是甲");
    assert_eq!(befriend(&b, &a, None).await.relation, FRIEND);
    for device in &mut devices {
        assert_eq!(told(device).await, (Some(FRIEND), None));
        assert_eq!(told(device).await, (None, Some(RequestState::Accepted)));
    }
    assert_eq!((relation(&a, &b).await, relation(&b, &a).await), (FRIEND, FRIEND));
    let missed = b.sync(Some(&since)).await.changes;
    let [AccountChange::Relation { user, relation: FRIEND }, AccountChange::Request(request)] = missed.as_slice()
    else {
        panic!("each object once, in its latest state: {missed:?}");
    };
    assert_eq!((user.id, request.state, request.incoming), (a.id, RequestState::Accepted, true));
}

/// R003-02: two who ask each other are friends at once; a refused request is gone, and can be made again.
#[tokio::test]
async fn crossed_requests_make_friends_at_once() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    assert_eq!(b.delete(&path::request(a.id)).await.status, 404);
    befriend(&a, &b, None).await;
    assert_eq!(b.delete(&path::request(a.id)).await.status, 204);
    assert!(requests(&a).await.outgoing.is_empty() && requests(&b).await.incoming.is_empty());
    befriend(&a, &b, None).await;
    befriend(&b, &a, None).await;
    assert_eq!((relation(&a, &b).await, relation(&b, &a).await), (FRIEND, FRIEND));
    assert!(requests(&a).await.outgoing.is_empty() && requests(&b).await.incoming.is_empty());
}

/// R003-08d, R003-08c, R003-09: following is mirrored, flags stand beside each other, a block takes none of them away.
#[tokio::test]
async fn relations_are_flags_beside_each_other() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    befriend(&a, &b, None).await;
    befriend(&b, &a, None).await;
    let follow = |person: &Person, other: &Person| person.request("PUT", &path::follow(other.id));
    for (person, other) in [(&a, &b), (&b, &a)] {
        assert_eq!(Answer::of(follow(person, other)).await.status, 200);
    }
    let all = Relation { friend: true, follow: true, fan: true, blocking: false };
    assert_eq!((relation(&a, &b).await, relation(&b, &a).await), (all, all));
    a.put(&path::block(b.id), &json!({})).await;
    assert_eq!(relation(&a, &b).await, Relation { blocking: true, ..all });
    assert_eq!(relation(&b, &a).await, all);
    b.delete(&path::follow(a.id)).await;
    a.delete(&path::block(b.id)).await;
    assert_eq!(relation(&a, &b).await, Relation { fan: false, ..all });
    // R003-08b: ending a friendship moves one's own side alone.
    a.delete(&path::friend(b.id)).await;
    assert_eq!((relation(&a, &b).await.friend, relation(&b, &a).await.friend), (false, true));
    assert_eq!(a.put(&path::follow(a.id), &json!({})).await.status, 404, "nobody is their own contact");
}

/// R003-03: everybody whom one has to do with, page by page.
#[tokio::test]
async fn contacts_page_by_key() {
    let server = TestServer::start();
    let me = server.person("me").await;
    let mut followed = Vec::new();
    for number in 0..5 {
        let other = server.person(&format!("person{number}")).await;
        me.put(&path::follow(other.id), &json!({})).await;
        followed.push(other.id);
    }
    let mut listed = Vec::new();
    let mut next = None;
    loop {
        let after = next.map_or(String::new(), |next| format!("&after={next}"));
        let page: Contacts = me.get(&format!("{}?limit=2{after}", path::CONTACTS)).await.read();
        listed.extend(page.contacts.iter().map(|contact| contact.user.id));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(listed, followed);
}

/// R002-02 [G]: where the server is so configured, only who knows a whole handle finds somebody, and nobody asks more
/// often than it allows.
#[tokio::test]
async fn people_cannot_be_enumerated() {
    let limits = [("SIXIN_PEOPLE_SEARCH", "exact"), ("SIXIN_SEARCHES_PER_HOUR", "5")];
    let server = TestServer::start_with(&limits);
    let (a, b) = (server.person("alice").await, server.person("bobby").await);
    let search = |query: &str| format!("{}?query={query}", path::USERS);
    for (query, found) in [("bobby", 1), ("BOBBY", 1), ("bobb", 0), ("obby", 0), ("nobody", 0)] {
        let answer: Users = a.get(&search(query)).await.read();
        assert_eq!(answer.users.len(), found, "{query}");
    }
    assert_eq!(a.get(&search("bobby")).await.status, 429);
    assert_eq!(b.get(&search("alice")).await.status, 200, "each account for itself");
}

/// R003-02, R003-03: the page of contacts asks, accepts, follows and blocks without scripts.
#[tokio::test]
async fn contacts_are_kept_without_scripts() {
    let server = TestServer::start();
    let (a, b) = (server.person("zhang").await, server.person("lisi").await);
    let mut browsers = Vec::new();
    for handle in ["zhang", "lisi"] {
        let mut browser = Browser::new(&server.address);
        browser.log_in(handle, PASSWORD).await;
        browsers.push(browser);
    }
    let [mine, theirs] = &mut browsers[..] else { panic!("two browsers") };
    assert!(mine.get("/contacts?query=lisi").await.text().contains("@lisi"), "people of the server are found");
    let ask = [("user", b.id.to_string()), ("act", "befriend".to_owned()), ("greeting", "我是张三".to_owned())];
    let ask: Vec<(&str, &str)> = ask.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(mine.post("/contacts", &ask).await.header("location"), "/contacts");
    assert!(theirs.get("/contacts").await.text().contains("我是张三"));
    let my_id = a.id.to_string();
    for (act, expected) in [
        ("befriend", FRIEND),
        ("follow", Relation { follow: true, ..FRIEND }),
        ("block", Relation { follow: true, blocking: true, ..FRIEND }),
        ("unblock", Relation { follow: true, ..FRIEND }),
        ("unfollow", FRIEND),
        ("unfriend", Relation::NONE),
    ] {
        assert_eq!(theirs.post("/contacts", &[("user", &my_id), ("act", act)]).await.status, 303, "{act}");
        assert_eq!(relation(&b, &a).await, expected, "{act}");
    }
    let long = "长".repeat(101);
    let refused =
        mine.post("/contacts", &[("user", &b.id.to_string()), ("act", "befriend"), ("greeting", &long)]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("role=\"alert\""));
}

/// R004-I15: the settings page sets from whom one accepts messages.
#[tokio::test]
async fn the_settings_say_who_may_write() {
    let server = TestServer::start();
    let person = server.person("person").await;
    let mut browser = Browser::new(&server.address);
    browser.log_in("person", PASSWORD).await;
    assert_eq!(browser.post("/settings", &[("messages_from", "followers")]).await.status, 303);
    let account: protocol::Account = person.get(path::ACCOUNT_ME).await.read();
    assert_eq!(account.messages_from, protocol::MessagesFrom::Followers);
    let page = browser.get("/settings").await.text();
    assert!(page.contains("name=\"messages_from\" value=\"followers\" checked"));
    assert_eq!(browser.post("/settings", &[("messages_from", "nonsense")]).await.status, 400);
}

/// R003-02: a device begins with the requests that wait, and the account's log tells of every later one and of every
/// answer, so that all devices count the same.
#[tokio::test]
async fn waiting_requests_are_counted_on_every_device() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    befriend(&a, &b, None).await;
    let start = b.sync(None).await;
    let asking = |page: &SyncPage| page.requests.iter().map(|request| request.user).collect::<Vec<_>>();
    assert_eq!(asking(&start), [a.id]);
    assert_eq!(a.sync(None).await.requests, []);
    befriend(&c, &b, None).await;
    b.delete(&path::request(a.id)).await;
    let later = b.sync(Some(&start.token)).await;
    assert_eq!(later.requests, []);
    let states: Vec<_> = later
        .changes
        .iter()
        .filter_map(|change| match change {
            AccountChange::Request(request) => Some((request.user.id, request.incoming, request.state)),
            _ => None,
        })
        .collect();
    assert_eq!(states, [(c.id, true, RequestState::Waiting), (a.id, true, RequestState::Refused)]);
    assert_eq!(asking(&b.sync(None).await), [c.id]);
}
