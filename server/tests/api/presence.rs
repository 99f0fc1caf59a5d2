//! Who writes and who is there, over real push connections: told to those who may know it, and kept nowhere.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Browser, PASSWORD, Person, Push, TestServer};
use protocol::{ClientFrame, ConversationId, ServerFrame, UserId, path};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

async fn say(push: &mut Push, frame: ClientFrame) {
    push.send(Message::Text(serde_json::to_string(&frame).unwrap().into())).await;
    // The answer comes after everything that the frame brings about.
    push.ping().await;
    while !matches!(push.frame().await, ServerFrame::Pong { .. }) {}
}

/// What a connection has heard of people; everything else is passed over.
async fn heard(push: &mut Push) -> Vec<ServerFrame> {
    push.ping().await;
    let mut heard = Vec::new();
    loop {
        match push.frame().await {
            ServerFrame::Pong { .. } => return heard,
            frame @ (ServerFrame::Typing { .. } | ServerFrame::Presence { .. }) => heard.push(frame),
            _ => {}
        }
    }
}

fn typing(conversation: ConversationId, person: &Person) -> ServerFrame {
    ServerFrame::Typing { conversation, user: person.id }
}

/// The log's positions of two people and of their conversation.
async fn positions(a: &Person, b: &Person, id: ConversationId) -> [u64; 3] {
    let (a, b) = (a.conversation(id).await, b.conversation(id).await);
    [a.upd.get(), b.upd.get(), a.rev.get()]
}

/// R002-04: the other side hears that somebody writes, unless a block or strangeness is between them; no log moves, and
/// nobody else hears it.
#[tokio::test]
async fn typing_is_heard_by_those_who_may_and_kept_nowhere() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = a.open(&b).await;
    a.send(id, "hi").await;
    let (mut at_a, mut at_b, mut at_c) = (a.push().await, b.push().await, c.push().await);
    say(&mut at_a, ClientFrame::Typing { conversation: id }).await;
    assert_eq!(heard(&mut at_b).await, [], "of a stranger");
    b.send(id, "hello").await;
    let before = positions(&a, &b, id).await;
    say(&mut at_a, ClientFrame::Typing { conversation: id }).await;
    assert_eq!(heard(&mut at_b).await, [typing(id, &a)]);
    assert_eq!(heard(&mut at_a).await, [], "oneself");
    say(&mut at_c, ClientFrame::Typing { conversation: id }).await;
    assert_eq!((heard(&mut at_a).await, heard(&mut at_b).await), (vec![], vec![]), "of somebody from outside");
    assert_eq!(positions(&a, &b, id).await, before);

    for who in [&a, &b] {
        let accept = async |from: &str| who.patch(path::ACCOUNT_ME, &json!({ "messages_from": from })).await.status;
        assert_eq!(accept("nobody").await, 200);
        say(&mut at_a, ClientFrame::Typing { conversation: id }).await;
        say(&mut at_b, ClientFrame::Typing { conversation: id }).await;
        assert_eq!((heard(&mut at_a).await, heard(&mut at_b).await), (vec![], vec![]), "as across a block");
        assert_eq!(accept("everyone").await, 200);
    }
    assert_eq!(b.put(&path::block(a.id), &json!({})).await.status / 100, 2);
    say(&mut at_a, ClientFrame::Typing { conversation: id }).await;
    say(&mut at_b, ClientFrame::Typing { conversation: id }).await;
    assert_eq!((heard(&mut at_a).await, heard(&mut at_b).await), (vec![], vec![]), "across a block");
}

/// R004-I11: in a group, too, whom somebody blocks hears as little of their writing as of who accepts nobody, and the
/// other way round.
#[tokio::test]
async fn in_a_group_a_block_and_accepting_nobody_sound_alike() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let group = json!({"title": "group", "members": [b.id, c.id]});
    let id = a.post(path::CONVERSATIONS, &group).await.read::<protocol::Conversation>().id;
    let (mut at_a, mut at_b, mut at_c) = (a.push().await, b.push().await, c.push().await);
    let accept = async |from: &str| b.patch(path::ACCOUNT_ME, &json!({ "messages_from": from })).await.status;
    for hide in [true, false] {
        let hidden = if hide { accept("nobody").await } else { b.put(&path::block(a.id), &json!({})).await.status };
        assert_eq!(hidden, 200);
        say(&mut at_a, ClientFrame::Typing { conversation: id }).await;
        say(&mut at_b, ClientFrame::Typing { conversation: id }).await;
        assert_eq!((heard(&mut at_a).await, heard(&mut at_b).await), (vec![], vec![]), "accepts nobody: {hide}");
        let third = if hide { vec![typing(id, &a)] } else { vec![typing(id, &a), typing(id, &b)] };
        assert_eq!(heard(&mut at_c).await, third);
        assert_eq!(accept("everyone").await, 200);
    }
    assert_eq!(b.delete(&path::block(a.id)).await.status, 204);
    say(&mut at_b, ClientFrame::Typing { conversation: id }).await;
    assert_eq!(heard(&mut at_a).await, [typing(id, &b)]);
}

/// R002-04: too much of it is passed over, and the connection stands.
#[tokio::test]
async fn typing_is_limited() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    b.send(id, "hi").await;
    let (mut at_a, mut at_b) = (a.push().await, b.push().await);
    for _ in 0..40 {
        say(&mut at_a, ClientFrame::Typing { conversation: id }).await;
    }
    assert!((5..20).contains(&heard(&mut at_b).await.len()));
}

/// Asking who is there is limited too: whoever asks more often hears of nobody, and the connection stands.
#[tokio::test]
async fn watching_is_limited() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    b.send(id, "hi").await;
    a.send(id, "hello").await;
    let (mut at_a, _at_b) = (a.push().await, b.push().await);
    let began = std::time::Instant::now();
    for _ in 0..100 {
        let watch = ClientFrame::Watch { conversation: Some(id) };
        at_a.send(Message::Text(serde_json::to_string(&watch).unwrap().into())).await;
    }
    let told = heard(&mut at_a).await.len() as u64;
    assert!((30..=31 + began.elapsed().as_secs()).contains(&told), "{told}");
}

fn online(user: UserId) -> ServerFrame {
    ServerFrame::Presence { user, online: true, seen_at: 0 }
}

/// R002-04: when somebody was there last stands in the first paint, and is told to who watches, as soon as they have gone.
#[tokio::test]
async fn who_has_just_gone_is_said_to_be() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    b.send(id, "hello").await;
    a.send(id, "hi").await;
    let mut at_a = a.push().await;
    let watch = |conversation| ClientFrame::Watch { conversation };
    say(&mut at_a, watch(Some(id))).await;
    let mut browser = Browser::new(&server.address);
    browser.log_in("aa", PASSWORD).await;
    for _ in 0..3 {
        let at_b = b.push().await;
        while at_a.frame().await != online(b.id) {}
        assert!(browser.get(&path::page(id)).await.text().contains("<p>在线</p>"));
        drop(at_b);
        let told = loop {
            if let ServerFrame::Presence { online: false, seen_at, .. } = at_a.frame().await {
                break seen_at;
            }
        };
        let page = browser.get(&path::page(id)).await.text();
        assert!(page.contains("<p>最后上线"), "{page}");
        say(&mut at_a, watch(None)).await;
        at_a.send(Message::Text(serde_json::to_string(&watch(Some(id))).unwrap().into())).await;
        let again = heard(&mut at_a).await;
        assert!(
            matches!(again[..], [ServerFrame::Presence { online: false, seen_at, .. }] if told.abs_diff(seen_at) < 1_000),
            "{told} {again:?}"
        );
    }
}

/// R002-04: who logs out was there until then, and that is kept.
#[tokio::test]
async fn who_logs_out_was_there_until_then() {
    let mut server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    b.send(id, "hello").await;
    a.send(id, "hi").await;
    let watch = ClientFrame::Watch { conversation: Some(id) };
    let mut at_a = a.push().await;
    say(&mut at_a, watch.clone()).await;
    let mut at_b = b.push().await;
    assert_eq!(b.delete(path::LOGIN_CURRENT).await.status, 204);
    at_b.closed().await;
    let told = loop {
        if let ServerFrame::Presence { online: false, seen_at: told @ 1.., .. } = at_a.frame().await {
            break told;
        }
    };
    server.signal(rustix::process::Signal::TERM);
    server.wait();
    server.restart();
    let mut at_a = a.at(&server.address).push().await;
    at_a.send(Message::Text(serde_json::to_string(&watch).unwrap().into())).await;
    let again = heard(&mut at_a).await;
    assert!(
        matches!(again[..], [ServerFrame::Presence { online: false, seen_at, .. }] if told.abs_diff(seen_at) < 1_000),
        "{told} {again:?}"
    );
}

/// Who watches a direct conversation hears when its peer comes and goes; not across a block, not a stranger, and not who
/// hides themselves.
#[tokio::test]
async fn presence_is_heard_by_those_who_may() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut at_a = a.push().await;
    let watch = || ClientFrame::Watch { conversation: Some(id) };
    say(&mut at_a, watch()).await;
    let at_b = b.push().await;
    assert_eq!(heard(&mut at_a).await, [], "a stranger");
    b.send(id, "hello").await;
    let before = positions(&a, &b, id).await;
    at_a.send(Message::Text(serde_json::to_string(&watch()).unwrap().into())).await;
    assert_eq!(heard(&mut at_a).await, [online(b.id)]);
    drop(at_b);
    loop {
        match at_a.frame().await {
            ServerFrame::Presence { user, online: false, seen_at } => {
                assert!(user == b.id && seen_at > 0);
                break;
            }
            ServerFrame::Presence { .. } => panic!("still there"),
            _ => {}
        }
    }
    let _at_b = b.push().await;
    assert_eq!(heard(&mut at_a).await, [online(b.id)]);
    assert_eq!(positions(&a, &b, id).await, before);

    let hidings =
        [("messages_from", json!("nobody"), json!("everyone")), ("show_last_seen", json!(false), json!(true))];
    for (who, (field, hide, show)) in hidings.iter().flat_map(|hiding| [(&a, hiding), (&b, hiding)]) {
        assert_eq!(who.patch(path::ACCOUNT_ME, &json!({ *field: hide })).await.status, 200);
        let nothing = [ServerFrame::Presence { user: b.id, online: false, seen_at: 0 }];
        assert_eq!(heard(&mut at_a).await, nothing);
        at_a.send(Message::Text(serde_json::to_string(&watch()).unwrap().into())).await;
        assert_eq!(heard(&mut at_a).await, [], "hidden");
        assert_eq!(who.patch(path::ACCOUNT_ME, &json!({ *field: show })).await.status, 200);
        at_a.send(Message::Text(serde_json::to_string(&watch()).unwrap().into())).await;
        assert_eq!(heard(&mut at_a).await, [online(b.id)]);
    }
}

/// R002-04: whom somebody follows, or has as a friend, hears of them until that ends; the other way round nothing changes.
#[tokio::test]
async fn presence_ends_with_a_friendship_and_with_following() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    // Whoever writes lets the other see them.
    a.send(id, "hi").await;
    a.put(&path::friend(b.id), &json!({})).await;
    let (mut at_a, mut at_b) = (a.push().await, b.push().await);
    for bond in [path::follow(a.id), path::friend(a.id)] {
        assert_eq!(b.put(&bond, &json!({})).await.status, 200);
        for (push, peer) in [(&mut at_a, &b), (&mut at_b, &a)] {
            let watch = ClientFrame::Watch { conversation: Some(id) };
            push.send(Message::Text(serde_json::to_string(&watch).unwrap().into())).await;
            assert_eq!(heard(push).await, [online(peer.id)]);
        }
        assert_eq!(b.delete(&bond).await.status, 204);
        let nothing = [ServerFrame::Presence { user: b.id, online: false, seen_at: 0 }];
        assert_eq!(heard(&mut at_a).await, nothing, "{bond}");
        assert_eq!(heard(&mut at_b).await, [], "{bond}");
    }
}
