//! What a push connection tells whom, field by field: every frame that a set of deeds sends to each role, held against a
//! table. A field or kind of frame that is not in it fails.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod support;

use protocol::{ClientFrame, Conversation, ConversationId, path};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::{Person, Push, TestServer, fresh_client_id};

/// Who listens, by letter: somebody who was never in the group; one who was removed from it; one whom the doer blocks; its
/// member, admin and owner. The first two have written to the doer, who never answered; the next two were answered.
const ROLES: [(char, &str); 6] =
    [('s', "stranger"), ('f', "former"), ('b', "blocked"), ('m', "member"), ('a', "admin"), ('o', "owner")];

/// Which field which role may hear, and does. `group` and `direct` stand for the conversation that it is about, the latter
/// being the role's own with the doer.
#[rustfmt::skip]
const TABLE: &[(&str, &str)] = &[
    ("account.pos", "sfmao"),
    ("account.prev", "sfmao"),
    ("account.relation.relation.fan", "sfmao"),
    ("account.relation.user.display_name", "sfmao"),
    ("account.relation.user.handle", "sfmao"),
    ("account.relation.user.id", "sfmao"),
    ("account.relation.user.version", "sfmao"),
    ("account.request.at", "sfmao"),
    ("account.request.incoming", "sfmao"),
    ("account.request.state", "sfmao"),
    ("account.request.user.display_name", "sfmao"),
    ("account.request.user.handle", "sfmao"),
    ("account.request.user.id", "sfmao"),
    ("account.request.user.version", "sfmao"),
    ("direct account.receipt.conversation", "sfm"),
    ("direct account.receipt.delivered", "sfm"),
    ("direct account.receipt.read", "sfm"),
    ("direct account.receipt.reader", "sfm"),
    ("direct conversation.change.message.message.at", "m"),
    ("direct conversation.change.message.message.body.text", "m"),
    ("direct conversation.change.message.message.body.type", "m"),
    ("direct conversation.change.message.message.client_id", "m"),
    ("direct conversation.change.message.message.rev", "m"),
    ("direct conversation.change.message.message.sender", "m"),
    ("direct conversation.change.message.message.seq", "m"),
    ("direct conversation.change.message.sender.display_name", "m"),
    ("direct conversation.change.message.sender.handle", "m"),
    ("direct conversation.change.message.sender.id", "m"),
    ("direct conversation.conversation", "m"),
    ("direct conversation.head_seq", "m"),
    ("direct conversation.pos", "m"),
    ("direct conversation.prev", "m"),
    ("direct typing.conversation", "sfm"),
    ("direct typing.user", "sfm"),
    ("group account.left.conversation", "mao"),
    ("group account.left.why", "mao"),
    ("group account.own.conversation", "mao"),
    ("group account.own.cursors.delivered", "mao"),
    ("group account.own.cursors.read", "mao"),
    ("group account.preferences.conversation", "m"),
    ("group account.preferences.preferences.draft", "m"),
    ("group account.preferences.preferences.pinned", "m"),
    ("group account.receipt.conversation", "mao"),
    ("group account.receipt.delivered", "mao"),
    ("group account.receipt.read", "mao"),
    ("group account.receipt.reader", "mao"),
    ("group conversation.change.members.count", "m"),
    ("group conversation.change.message.message.at", "mao"),
    ("group conversation.change.message.message.body.by", "mao"),
    ("group conversation.change.message.message.body.bytes", "mao"),
    ("group conversation.change.message.message.body.height", "mao"),
    ("group conversation.change.message.message.body.media", "mao"),
    ("group conversation.change.message.message.body.mentions.users[]", "mao"),
    ("group conversation.change.message.message.body.mime", "mao"),
    ("group conversation.change.message.message.body.notice.announced.text", "mao"),
    ("group conversation.change.message.message.body.notice.appointed.person.id", "mao"),
    ("group conversation.change.message.message.body.notice.appointed.person.name", "mao"),
    ("group conversation.change.message.message.body.notice.appointed.role", "mao"),
    ("group conversation.change.message.message.body.notice.joined.members", "mao"),
    ("group conversation.change.message.message.body.notice.muted.person.id", "mao"),
    ("group conversation.change.message.message.body.notice.muted.person.name", "mao"),
    ("group conversation.change.message.message.body.notice.muted.until", "mao"),
    ("group conversation.change.message.message.body.notice.removed.count", "mao"),
    ("group conversation.change.message.message.body.notice.removed.members", "mao"),
    ("group conversation.change.message.message.body.notice.removed.people[].id", "mao"),
    ("group conversation.change.message.message.body.notice.removed.people[].name", "mao"),
    ("group conversation.change.message.message.body.notice.renamed.title", "mao"),
    ("group conversation.change.message.message.body.text", "mao"),
    ("group conversation.change.message.message.body.type", "mao"),
    ("group conversation.change.message.message.body.v", "mao"),
    ("group conversation.change.message.message.body.width", "mao"),
    ("group conversation.change.message.message.client_id", "mao"),
    ("group conversation.change.message.message.rev", "mao"),
    ("group conversation.change.message.message.sender", "mao"),
    ("group conversation.change.message.message.seq", "mao"),
    ("group conversation.change.message.sender.display_name", "mao"),
    ("group conversation.change.message.sender.handle", "mao"),
    ("group conversation.change.message.sender.id", "mao"),
    ("group conversation.change.named.nickname.name", "mao"),
    ("group conversation.change.named.nickname.rev", "mao"),
    ("group conversation.change.named.nickname.user", "mao"),
    ("group conversation.change.waiting.count", "ao"),
    ("group conversation.change.withheld.seq", "m"),
    ("group conversation.conversation", "mao"),
    ("group conversation.head_seq", "mao"),
    ("group conversation.pos", "mao"),
    ("group conversation.prev", "mao"),
    ("group typing.conversation", "mao"),
    ("group typing.user", "mao"),
    ("hello.device", "sfbmao"),
    ("hello.heartbeat_s", "sfbmao"),
    ("hello.rules.read_report_policy", "sfbmao"),
    ("hello.rules.recall_window_s", "sfbmao"),
    ("hello.rules.sync_page_size", "sfbmao"),
    ("hello.server_time", "sfbmao"),
    ("person.user.display_name", "sfbmao"),
    ("person.user.handle", "sfbmao"),
    ("person.user.id", "sfbmao"),
    ("person.user.version", "sfbmao"),
    ("presence.online", "m"),
    ("presence.seen_at", "m"),
    ("presence.user", "m"),
];

/// A role's connection, and the fields that it heard.
struct Listener {
    letter: char,
    push: Push,
    direct: Option<ConversationId>,
    heard: Vec<Value>,
}

impl Listener {
    /// Hears everything that was said up to now.
    async fn catch_up(&mut self) {
        self.push.ping().await;
        loop {
            let frame = self.push.next().await;
            if frame.get("pong").is_some() {
                return;
            }
            self.heard.push(frame);
        }
    }

    async fn tell(&mut self, frame: ClientFrame) {
        self.push.tell(&frame).await;
        self.catch_up().await;
    }
}

/// The names of a value's fields, from the outermost on.
fn fields(at: String, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            inner.iter().for_each(|(name, value)| fields(format!("{at}.{name}"), value, found));
        }
        Value::Array(inner) if !inner.is_empty() => {
            inner.iter().for_each(|value| fields(format!("{at}[]"), value, found))
        }
        _ => drop(found.insert(at)),
    }
}

/// The same of a frame, with the conversation that it is about in place of its number.
fn fields_of(frame: &Value, group: ConversationId, direct: Option<ConversationId>, found: &mut BTreeSet<String>) {
    let about = |content: &Value| match content["conversation"].as_u64().or(content["conversation"]["id"].as_u64()) {
        None => "",
        Some(id) if id == group.get() => "group ",
        Some(id) if direct.is_some_and(|direct| direct.get() == id) => "direct ",
        Some(_) => "another ",
    };
    let (kind, content) = frame.as_object().unwrap_or_else(|| panic!("{frame}")).iter().next().unwrap();
    if kind != "account" {
        return fields(format!("{}{kind}", about(content)), content, found);
    }
    for (name, value) in content.as_object().unwrap() {
        if name != "changes" {
            fields(format!("account.{name}"), value, found);
            continue;
        }
        for change in value.as_array().unwrap() {
            let (kind, content) = change.as_object().unwrap().iter().next().unwrap();
            fields(format!("{}account.{kind}", about(content)), content, found);
        }
    }
}

/// Invariants 7 and 8, for what is pushed: each role hears what it may know of a group, of a direct conversation and of a
/// person, and not a field more.
#[tokio::test]
async fn every_frame_tells_each_role_what_it_may_know() {
    let server = TestServer::start();
    let mut people = Vec::new();
    for (_, role) in ROLES {
        people.push(server.person(role).await);
    }
    let [stranger, former, blocked, member, admin, owner] = people.as_slice() else { panic!() };
    let (doer, waiter) = (server.person("doer").await, server.person("waiter").await);
    let members = json!({"title": "group", "members": [former.id, member.id, admin.id, doer.id]});
    let group = owner.post(path::CONVERSATIONS, &members).await.read::<Conversation>().id;
    owner.patch(&path::member(group, admin.id), &json!({"role": "admin"})).await;
    owner.patch(&path::conversation(group), &json!({"joining": "approval"})).await;
    owner.delete(&path::member(group, former.id)).await;
    let link = owner.post(&path::group_link(group), &Value::Null).await.read::<protocol::group::GroupLink>().link;
    let mut directs = BTreeMap::new();
    for (person, answered) in [(stranger, false), (former, false), (blocked, true), (member, true)] {
        let direct = person.open(&doer).await;
        person.send(direct, "hello").await;
        if answered {
            doer.send(direct, "hello").await;
            person.send(direct, "how are you").await;
        }
        directs.insert(person.id, direct);
    }
    doer.put(&path::block(blocked.id), &json!({})).await;
    server.settled().await;

    let mut listeners = Vec::new();
    for ((letter, _), person) in ROLES.into_iter().zip(&people) {
        let direct = directs.get(&person.id).copied();
        let mut listener = Listener { letter, push: person.push_values().await, direct, heard: Vec::new() };
        listener.tell(ClientFrame::Watch { conversation: direct }).await;
        listeners.push(listener);
    }

    in_the_group(group, &link, [&doer, member, admin, owner, &waiter]).await;
    as_a_person(&doer, group, &directs, &people, &mut listeners).await;
    owner.delete(&path::group(group)).await;
    server.settled().await;

    let mut heard: BTreeMap<String, String> = BTreeMap::new();
    for listener in &mut listeners {
        listener.catch_up().await;
        let mut found = BTreeSet::new();
        for frame in &listener.heard {
            fields_of(frame, group, listener.direct, &mut found);
            let outside = ['s', 'f', 'b'].contains(&listener.letter);
            assert!(!outside || !frame.to_string().contains("secret"), "{}: {frame}", listener.letter);
        }
        found.into_iter().for_each(|field| heard.entry(field).or_default().push(listener.letter));
    }
    let expected: BTreeMap<String, String> =
        TABLE.iter().map(|(field, roles)| ((*field).to_owned(), (*roles).to_owned())).collect();
    for (field, roles) in &heard {
        let may = expected.get(field).map_or("", String::as_str);
        assert!(roles == may, "{field:?} is heard by {roles:?}, and may be by {may:?}; all: {heard:#?}");
    }
    let unheard: Vec<_> = expected.keys().filter(|field| !heard.contains_key(*field)).collect();
    assert!(unheard.is_empty(), "nobody hears {unheard:?} any more");
}

/// What its members do in the group.
async fn in_the_group(group: ConversationId, link: &str, people: [&Person; 5]) {
    let [doer, member, admin, owner, waiter] = people;
    let body = json!({"type": "text", "text": "secret", "mentions": {"users": [member.id]}});
    let sent = doer.post(&path::messages(group), &json!({"client_id": fresh_client_id(), "body": body})).await;
    let sent: protocol::Message = sent.read();
    for person in [member, admin, owner] {
        let said = person.send(group, "secret").await.seq.get();
        for reader in [doer, member, admin, owner] {
            reader.report(group, said, said).await;
        }
    }
    doer.send_picture(group).await;
    let withheld = json!({"type": "text", "text": "not for the member"});
    let request = json!({"client_id": fresh_client_id(), "body": withheld, "invisible_list": [member.id]});
    assert_eq!(doer.post(&path::messages(group), &request).await.status, 201);
    assert_eq!(doer.post(&path::recall(group, sent.seq), &Value::Null).await.status, 200);
    let rename = json!({"title": "secret title", "announcement": "secret announcement"});
    assert_eq!(owner.patch(&path::conversation(group), &rename).await.status, 200);
    for until in [3_600_000, 0] {
        assert_eq!(owner.patch(&path::conversation(group), &json!({"mute_ms": until})).await.status, 200);
        assert_eq!(admin.patch(&path::member(group, member.id), &json!({"mute_ms": until})).await.status, 204);
    }
    assert_eq!(member.patch(&path::member(group, member.id), &json!({"nickname": "secret"})).await.status, 204);
    for role in ["admin", "member"] {
        assert_eq!(owner.patch(&path::member(group, doer.id), &json!({"role": role})).await.status, 204);
    }
    assert_eq!(waiter.post(&path::join(link), &Value::Null).await.status, 200);
    let accept = json!({"accept": true});
    assert_eq!(admin.put(&path::waiting(group, waiter.id), &accept).await.status, 204);
    assert_eq!(admin.delete(&path::member(group, waiter.id)).await.status, 204);
    let preferences = json!({"pinned": true, "draft": "secret"});
    assert_eq!(member.patch(&path::preferences(group), &preferences).await.status, 200);
}

/// What one does as a person: being there, writing, reading, changing one's name, and dealing with others.
async fn as_a_person(
    doer: &Person,
    group: ConversationId,
    directs: &BTreeMap<protocol::UserId, ConversationId>,
    people: &[Person],
    listeners: &mut [Listener],
) {
    let mut there = doer.push().await;
    for conversation in directs.values().copied().chain([group]) {
        there.tell(&ClientFrame::Typing { conversation }).await;
    }
    there.ping().await;
    while there.next().await.get("pong").is_none() {}
    for (person, direct) in directs {
        let head = doer.conversation(*direct).await.head_seq.get();
        doer.report(*direct, head, head).await;
        if people.iter().any(|member| member.id == *person && member.handle == "member") {
            doer.send(*direct, "hello").await;
        }
    }
    assert_eq!(doer.patch(path::ACCOUNT_ME, &json!({"display_name": "Another name"})).await.status, 200);
    for person in people.iter().filter(|person| person.handle != "blocked") {
        for path in [path::follow(person.id), path::friend(person.id)] {
            assert_eq!(doer.put(&path, &json!({})).await.status, 200);
        }
    }
    // Of a block, and that it ends, nobody hears.
    let blocked = people.iter().find(|person| person.handle == "blocked").unwrap();
    let owner = people.iter().find(|person| person.handle == "owner").unwrap();
    for person in [blocked, owner] {
        assert_eq!(doer.delete(&path::block(person.id)).await.status, 204);
        assert_eq!(doer.put(&path::block(person.id), &json!({})).await.status, 200);
    }
    drop(there);
    let watcher = listeners.iter_mut().find(|listener| listener.letter == 'm').unwrap();
    loop {
        let frame = watcher.push.next().await;
        let gone = frame["presence"]["online"] == false;
        watcher.heard.push(frame);
        if gone {
            return;
        }
    }
}
