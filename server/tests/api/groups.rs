//! Groups over HTTP and the push connection, against the real server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Heard, Person, Push, TestServer, fresh_client_id, text_message};
use protocol::group::{GroupLink, Invitation, Invited, Members, Notice, Role};
use protocol::messaging::{MessageReaders, Readers, UnreadPage, Withheld};
use protocol::sync::{AccountChange, Parting};
use protocol::{Conversation, ConversationId, LogChange, MessageBody, Seq, ServerFrame, path};
use serde_json::{Value, json};
use std::time::Duration;

async fn make(owner: &Person, title: &str, members: &[&Person]) -> Conversation {
    let members: Vec<_> = members.iter().map(|person| person.id).collect();
    owner.post(path::CONVERSATIONS, &json!({"title": title, "members": members})).await.read()
}

/// What a connection brings until it brings the message with this text.
async fn until(push: &mut Push, text: &str) -> Vec<ServerFrame> {
    let mut frames = Vec::new();
    loop {
        let frame = push.frame().await;
        if let ServerFrame::Conversation { change: LogChange::Message { message, .. }, .. } = &frame
            && let MessageBody::Text { text: said, .. } = &message.body
            && said.as_str() == text
        {
            return frames;
        }
        frames.push(frame);
    }
}

/// R002-05: whoever adds a third to a direct chat makes a group of all three; the direct chat stays as it was, and
/// nothing of it is in the group.
#[tokio::test]
async fn a_third_person_makes_a_group() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let direct = a.open(&b).await;
    a.send(direct, "between us two").await;
    let before = a.conversation(direct).await;
    let group = make(&a, "三人行", &[&b, &c]).await;
    assert_ne!(group.id, direct);
    assert_eq!((group.title.as_deref(), group.member_count), (Some("三人行"), 3));
    for person in [&a, &b, &c] {
        let page = person.history(group.id, Seq::ZERO, 100).await;
        let [only] = page.messages.as_slice() else { panic!("{page:?}") };
        assert!(matches!(&only.body, MessageBody::Notice { notice } if matches!(**notice, Notice::Created(_))));
        assert_eq!(person.conversation(group.id).await.unread, 0);
    }
    assert_eq!(c.get(&path::conversation(direct)).await.status, 404);
    let after = a.conversation(direct).await;
    assert_eq!((after.rev, after.last, after.member_count), (before.rev, before.last, before.member_count));
}

/// R002-05: a group is made of as many as it can have, who makes it among them, and of no more.
#[tokio::test]
async fn a_group_is_made_of_as_many_as_it_can_have() {
    let server = TestServer::start_with(&[("SIXIN_GROUP_MEMBERS", "3")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let (c, d) = (server.person("cc").await, server.person("dd").await);
    let made = async |members: Value| a.post(path::CONVERSATIONS, &json!({"title": "群", "members": members})).await;
    let refused = made(json!([b.id, c.id, d.id])).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "group_full"));
    let full = made(json!([a.id, b.id, c.id])).await;
    assert_eq!(full.read::<Conversation>().member_count, 3);
}

/// R002-17: members learn of every change by the log, as data; who comes learns the group, who goes learns that it is
/// gone, and hears nothing more of it.
#[tokio::test]
async fn frames_follow_membership() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let stranger = server.person("stranger").await;
    let (mut at_b, mut at_c, mut at_stranger) = (b.push().await, c.push().await, stranger.push().await);
    let id = make(&a, "一", &[&b]).await.id;
    a.send(id, "one").await;
    let frames = until(&mut at_b, "one").await;
    let ServerFrame::Account { changes, .. } = &frames[0] else { panic!("{frames:?}") };
    let [AccountChange::Joined { conversation }] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((conversation.id, conversation.unread), (id, 0));

    // c joins late, and is removed: two account frames, and of the log only what lies between.
    assert_eq!(a.post(&path::members(id), &json!({"users": [c.id]})).await.status, 200);
    a.send(id, "two").await;
    assert_eq!(a.patch(&path::conversation(id), &json!({"title": "二"})).await.status, 200);
    assert_eq!(a.delete(&path::member(id, c.id)).await.status, 204);
    a.send(id, "three").await;
    let own = c.open(&c).await;
    c.send(own, "the end").await;
    let mut joined = false;
    let mut left = false;
    for frame in until(&mut at_c, "the end").await {
        match frame {
            ServerFrame::Account { changes, .. } => {
                for change in changes {
                    match change {
                        AccountChange::Joined { conversation } if conversation.id == id => {
                            assert_eq!(conversation.vis_from, conversation.head_seq);
                            joined = true;
                        }
                        AccountChange::Left { conversation, why } => {
                            left = (conversation, why) == (id, Parting::Removed)
                        }
                        _ => {}
                    }
                }
            }
            ServerFrame::Conversation { conversation, change, .. } if conversation == id => {
                assert!(joined && !left, "{change:?}");
                let text = serde_json::to_string(&change).unwrap();
                assert!(!text.contains("\"one\"") && !text.contains("three"), "{text}");
            }
            _ => {}
        }
    }
    assert!(joined && left);
    let told: Vec<_> = until(&mut at_b, "three").await.into_iter().filter_map(notice).collect();
    assert!(
        matches!(told.as_slice(), [Notice::Invited(came), Notice::Renamed { .. }, Notice::Removed(went)]
            if came.members == 3 && went.members == 2),
        "{told:?}"
    );
    assert!(matches!(at_stranger.hear(Duration::from_millis(200)).await, Heard::Nothing));
}

fn notice(frame: ServerFrame) -> Option<Notice> {
    match frame {
        ServerFrame::Conversation { change: LogChange::Message { message, .. }, .. } => match message.body {
            MessageBody::Notice { notice } => Some(*notice),
            _ => None,
        },
        _ => None,
    }
}

/// Who is muted, or in a group that is, is told so by a code of its own; admins write on, and everybody does afterwards.
#[tokio::test]
async fn the_muted_are_refused() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = make(&a, "群", &[&b, &c]).await.id;
    let send = async |person: &Person| {
        let answer = person.post(&path::messages(id), &text_message(fresh_client_id(), "x")).await;
        if answer.status == 201 { "sent".to_owned() } else { answer.code() }
    };
    a.patch(&path::member(id, b.id), &json!({"mute_ms": 3_600_000})).await;
    assert_eq!((send(&a).await, send(&b).await, send(&c).await), ("sent".into(), "muted".into(), "sent".into()));
    a.patch(&path::member(id, b.id), &json!({"mute_ms": 0})).await;
    a.patch(&path::member(id, c.id), &json!({"role": "admin"})).await;
    a.patch(&path::conversation(id), &json!({"mute_ms": 3_600_000})).await;
    assert_eq!((send(&a).await, send(&b).await, send(&c).await), ("sent".into(), "muted".into(), "sent".into()));
    c.patch(&path::conversation(id), &json!({"mute_ms": 0})).await;
    assert_eq!(send(&b).await, "sent");
}

/// R001-12: who is muted after a message was stored, and sends it again because the answer was lost, is answered with it;
/// nothing else gets through.
#[tokio::test]
async fn a_replay_of_the_muted_is_answered() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = make(&a, "群", &[&b]).await.id;
    let message = text_message(fresh_client_id(), "x");
    let first = b.post(&path::messages(id), &message).await;
    a.patch(&path::member(id, b.id), &json!({"mute_ms": 3_600_000})).await;
    let again = b.post(&path::messages(id), &message).await;
    assert_eq!((again.status, again.text()), (200, first.text()));
    let other = b.post(&path::messages(id), &text_message(fresh_client_id(), "x")).await;
    assert_eq!(other.code(), "muted");
}

/// R001-12: a replay that names the same members, in whatever order and however often, is answered with the original, also
/// when one of them is no member any more.
#[tokio::test]
async fn a_replay_names_members_in_any_order() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = make(&a, "群", &[&b, &c]).await.id;
    let mut message = text_message(fresh_client_id(), "@");
    message["body"]["mentions"] = json!({"users": [c.id, b.id, c.id]});
    let first = a.post(&path::messages(id), &message).await;
    assert_eq!(first.status, 201);
    assert_eq!(c.delete(&path::member(id, c.id)).await.status, 204);
    let again = a.post(&path::messages(id), &message).await;
    assert_eq!((again.status, again.text()), (200, first.text()));
}

/// R002-17: a request that changes several things of a member changes all of them, or nothing when one is refused.
#[tokio::test]
async fn a_member_is_changed_in_all_or_nothing() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = make(&a, "群", &[&b, &c]).await.id;
    a.patch(&path::member(id, b.id), &json!({"role": "admin"})).await;
    let change = json!({"mute_ms": 3_600_000, "role": "admin"});
    let before = c.conversation(id).await;
    let refused = b.patch(&path::member(id, c.id), &change).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "not_allowed"));
    assert_eq!(c.conversation(id).await, before);
    assert_eq!(a.patch(&path::member(id, c.id), &change).await.status, 204);
    let after = c.conversation(id).await;
    let group = after.group.unwrap();
    assert_eq!((group.role, group.own_muted_until > 0, after.head_seq), (Role::Admin, true, before.head_seq.plus(2)));
}

/// A message names members only, and everybody only where its sender may.
#[tokio::test]
async fn mentions_name_members() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = make(&a, "群", &[&b]).await.id;
    let direct = a.open(&b).await;
    let send = async |person: &Person, to: ConversationId, mentions: Value| {
        let mut message = text_message(fresh_client_id(), "@");
        message["body"]["mentions"] = mentions;
        person.post(&path::messages(to), &message).await.status
    };
    assert_eq!(send(&a, id, json!({"users": [b.id, b.id]})).await, 201);
    assert_eq!(send(&a, id, json!({"users": [c.id]})).await, 422);
    assert_eq!(send(&a, direct, json!({"users": [b.id]})).await, 422);
    assert_eq!(send(&b, id, json!({"all": true})).await, 403);
    assert_eq!(send(&a, id, json!({"all": true})).await, 201);
    assert_eq!(send(&a, id, json!({})).await, 201);
    let about = b.conversation(id).await;
    assert_eq!(about.mentions, [Seq::ZERO.plus(2), Seq::ZERO.plus(3)]);
}

/// The link of a group: approval, being let in, taking it away; a nickname and the members by name, whatever its case (R003-03).
#[tokio::test]
async fn one_joins_by_a_link() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = make(&a, "群", &[&b]).await.id;
    a.patch(&path::conversation(id), &json!({"joining": "approval"})).await;
    let link = a.post(&path::group_link(id), &Value::Null).await.read::<GroupLink>().link;
    let join = async || c.post(&path::join(&link), &Value::Null).await.read::<Invitation>();
    assert_eq!(join().await.state, Invited::Waiting);
    assert_eq!(c.get(&path::conversation(id)).await.status, 404);
    assert_eq!(a.put(&path::waiting(id, c.id), &json!({"accept": true})).await.status, 204);
    assert_eq!(join().await.state, Invited::Member(id));
    c.send(id, "I am here").await;
    assert_eq!(c.patch(&path::member(id, b.id), &json!({"nickname": "?"})).await.status, 403);
    for (nickname, query) in [("小丙", "小丙"), ("Ёжик", "Ёжик"), ("Ёжик", "ёЖ")] {
        assert_eq!(c.patch(&path::member(id, c.id), &json!({ "nickname": nickname })).await.status, 204);
        let found: Members = b.get(&format!("{}?query={query}", path::members(id))).await.read();
        assert_eq!(found.members.iter().map(|member| member.user.id).collect::<Vec<_>>(), [c.id], "{query}");
    }
    assert_eq!(a.delete(&path::group_link(id)).await.status, 204);
    assert_eq!(b.get(&path::join(&link)).await.status, 404);
}

/// R003-07: whoever left is told nothing more of the group, not even what it once hid there and showed again.
#[tokio::test]
async fn what_was_shown_again_is_not_told_after_leaving() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = make(&a, "一", &[&b]).await.id;
    let seq = a.send(id, "one").await.seq;
    let known = b.sync(None).await;
    for hidden in [true, false] {
        let hide = b.put(&path::hidden(id), &json!({"seqs": [seq], "hidden": hidden})).await;
        assert!(hide.status < 300, "{hide:?}");
    }
    assert_eq!(b.delete(&path::member(id, b.id)).await.status, 204);
    let changes = b.sync(Some(&known.token)).await.changes;
    assert!(changes.iter().any(|it| matches!(it, AccountChange::Left { .. })), "{changes:?}");
    assert!(!changes.iter().any(|it| matches!(it, AccountChange::Shown { .. })), "{changes:?}");
}

/// R003-07: whoever came later learns nothing of a message from before, not even when it is recalled.
#[tokio::test]
async fn a_recall_of_what_was_before_tells_a_newcomer_nothing() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = make(&a, "一", &[&b]).await.id;
    let seq = a.send(id, "one").await.seq;
    assert_eq!(a.post(&path::members(id), &json!({"users": [c.id]})).await.status, 200);
    server.settled().await;
    let (mut at_b, mut at_c) = (b.push().await, c.push().await);
    assert_eq!(a.post(&path::recall(id, seq), &json!({})).await.status, 200);
    a.send(id, "two").await;
    let told = until(&mut at_b, "two").await;
    let [ServerFrame::Conversation { change: LogChange::Message { message, .. }, .. }] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(message.seq, seq);
    let told = until(&mut at_c, "two").await;
    let [ServerFrame::Conversation { change, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(*change, LogChange::Withheld { seq });
}

/// What members are called in a group reaches every device beside the messages, live and later, and ends with the
/// membership.
#[tokio::test]
async fn nicknames_reach_whoever_shows_them() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = make(&a, "一", &[&b, &c]).await.id;
    a.send(id, "before").await;
    let before = a.conversation(id).await.rev;
    server.settled().await;
    let mut push = a.push().await;
    let call = async |name: &str| b.patch(&path::member(id, b.id), &json!({"nickname": name})).await.status;
    assert_eq!(call("小乙").await, 204);
    let ServerFrame::Conversation { prev, pos, change: LogChange::Named { nickname }, .. } = push.frame().await else {
        panic!("a position of the log")
    };
    assert_eq!((prev, pos, nickname.rev), (before, before.next(), before.next()));
    assert_eq!((nickname.user, nickname.name.as_ref().map(|name| name.as_str())), (b.id, Some("小乙")));
    // Saying the same again is no change.
    assert_eq!(call("小乙").await, 204);
    assert_eq!(a.changes(id, before).await.nicknames, std::slice::from_ref(&nickname));
    assert_eq!(a.changes(id, pos).await.nicknames, []);

    b.send(id, "after").await;
    let ServerFrame::Conversation { change: LogChange::Message { nickname: beside, .. }, .. } = push.frame().await
    else {
        panic!("a message")
    };
    assert_eq!(beside, Some(nickname.clone()));
    assert_eq!(c.history(id, Seq::ZERO, 100).await.nicknames, std::slice::from_ref(&nickname));
    assert_eq!(c.get(&path::unread(id)).await.read::<UnreadPage>().nicknames, std::slice::from_ref(&nickname));
    assert_eq!(c.conversation(id).await.group.unwrap().nicknames, std::slice::from_ref(&nickname));
    assert_eq!(c.sync(None).await.conversations[0].group.as_ref().unwrap().nicknames, std::slice::from_ref(&nickname));
    a.report(id, 3, 3).await;
    b.report(id, 3, 3).await;
    let readers: MessageReaders = a.get(&path::message_readers(id, Seq::ZERO.plus(2))).await.read();
    assert_eq!(readers.nicknames, std::slice::from_ref(&nickname));

    assert_eq!(call("").await, 204);
    let ended = a.conversation(id).await.group.unwrap().nicknames;
    assert!(ended[0].name.is_none() && ended[0].rev > nickname.rev, "{ended:?}");
    assert_eq!(call("小乙").await, 204);
    a.delete(&path::member(id, b.id)).await;
    a.post(&path::members(id), &json!({"users": [b.id]})).await;
    let again = a.history(id, Seq::ZERO, 100).await.nicknames;
    assert!(again.iter().all(|nickname| nickname.name.is_none() && nickname.rev > ended[0].rev), "{again:?}");
}

/// R004-I11: whom somebody blocks, and everybody while they accept nobody, does not bring them into a group; both look
/// alike, and the others of the invitation come in.
#[tokio::test]
async fn who_blocks_is_brought_into_no_group() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let (blocks, nobody) = (server.person("dd").await, server.person("ee").await);
    blocks.put(&path::block(a.id), &json!({})).await;
    nobody.patch(path::ACCOUNT_ME, &json!({"messages_from": "nobody"})).await;

    let all = json!({"title": "群", "members": [b.id, blocks.id, nobody.id]});
    let made = a.post(path::CONVERSATIONS, &all).await;
    assert_eq!((made.status, &made.json()["refused"]), (201, &json!([blocks.id, nobody.id])));
    let id = made.read::<Conversation>().id;
    assert_eq!(a.conversation(id).await.member_count, 2);
    let only = json!({"title": "群", "members": [blocks.id]});
    assert_eq!(a.post(path::CONVERSATIONS, &only).await.code(), "not_accepted");

    let invite = json!({"users": [b.id, c.id, blocks.id, nobody.id, 999]});
    let outcomes = a.post(&path::members(id), &invite).await.json()["outcomes"].clone();
    let outcome = |user: u64, outcome: &str| json!({"user": user, "outcome": outcome});
    let expected = [
        outcome(b.id.get(), "member"),
        outcome(c.id.get(), "joined"),
        outcome(blocks.id.get(), "not_accepted"),
        outcome(nobody.id.get(), "not_accepted"),
        outcome(999, "unknown"),
    ];
    assert_eq!(outcomes, json!(expected));
    for person in [&blocks, &nobody] {
        assert_eq!(person.get(&path::conversation(id)).await.status, 404);
    }
    // Whom they do not block may.
    let again = b.post(&path::members(id), &json!({"users": [blocks.id]})).await.json();
    assert_eq!(again["outcomes"][0]["outcome"], "joined");
}

/// R001-14, R000-20: the readers of a message leave out those from whom it was withheld, and devices are told whom to.
#[tokio::test]
async fn a_withheld_message_has_no_such_readers() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = make(&a, "一", &[&b, &c]).await.id;
    let mut withheld = text_message(fresh_client_id(), "not for c");
    withheld["invisible_list"] = json!([c.id]);
    let seq = a.post(&path::messages(id), &withheld).await.read::<protocol::Message>().seq;
    a.send(id, "for all").await;
    for person in [&b, &c] {
        person.report(id, 3, 3).await;
    }
    let of = async |seq: Seq| {
        let found: MessageReaders = a.get(&path::message_readers(id, seq)).await.read();
        (found.count, found.readers.iter().map(|user| user.id).collect::<Vec<_>>())
    };
    assert_eq!(of(seq).await, (1, vec![b.id]));
    assert_eq!(of(seq.next()).await, (2, vec![b.id, c.id]));
    let readers: Readers = a.get(&path::readers(id)).await.read();
    assert_eq!(readers.withheld, [Withheld { seq, users: vec![c.id] }]);
    assert_eq!(b.get(&path::readers(id)).await.read::<Readers>().withheld, []);
}

/// R000-20: whoever comes is no reader of what was written before, though they may see it and it counts as read to them
/// (R003-07), nor is whoever has gone.
#[tokio::test]
async fn readers_have_come_and_not_gone() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = make(&a, "一", &[&b]).await.id;
    a.patch(&path::conversation(id), &json!({"history": "all"})).await;
    let before = a.send(id, "before").await.seq;
    a.post(&path::members(id), &json!({"users": [c.id]})).await;
    let after = a.send(id, "after").await.seq;
    for person in [&b, &c] {
        person.send(id, "read").await;
    }
    let of = async |seq: Seq| {
        let found: MessageReaders = a.get(&path::message_readers(id, seq)).await.read();
        let readers: Readers = a.get(&path::readers(id)).await.read();
        let listed = readers.readers.iter().filter(|reader| (reader.from..=reader.read).contains(&seq)).count() as u64;
        assert_eq!(found.count, listed);
        found.readers.iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert!(c.history(id, Seq::ZERO, 50).await.messages.iter().any(|message| message.seq == before));
    assert_eq!((of(before).await, of(after).await), (vec![b.id], vec![b.id, c.id]));
    b.delete(&path::member(id, b.id)).await;
    assert_eq!((of(before).await, of(after).await), (vec![], vec![c.id]));
}

/// R002-17: the owner and admins hear in the log that somebody waits to be let in, and that nobody does any more; the
/// others hear that the log went on.
#[tokio::test]
async fn those_who_decide_hear_who_waits() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = make(&a, "一", &[&b]).await.id;
    a.patch(&path::conversation(id), &json!({"joining": "approval"})).await;
    let GroupLink { link } = a.post(&path::group_link(id), &json!({})).await.read();
    let waiting = async |person: &Person| person.conversation(id).await.group.unwrap().waiting;
    server.settled().await;
    let (mut at_a, mut at_b) = (a.push().await, b.push().await);
    let change = async |push: &mut Push| loop {
        if let ServerFrame::Conversation { change, .. } = push.frame().await {
            return change;
        }
    };
    for _ in 0..2 {
        c.post(&path::join(&link), &json!({})).await.read::<Invitation>();
    }
    assert_eq!(change(&mut at_a).await, LogChange::Waiting { count: 1 });
    assert_eq!(change(&mut at_b).await, LogChange::Members { count: 2 });
    assert_eq!((waiting(&a).await, waiting(&b).await), (1, 0));
    assert_eq!(a.sync(None).await.conversations[0].group.as_ref().unwrap().waiting, 1);
    a.put(&path::waiting(id, c.id), &json!({"accept": false})).await;
    assert_eq!(change(&mut at_a).await, LogChange::Waiting { count: 0 });
    assert_eq!(waiting(&a).await, 0);
    // Whoever is invited meanwhile waits no more.
    c.post(&path::join(&link), &json!({})).await.read::<Invitation>();
    a.post(&path::members(id), &json!({"users": [c.id]})).await;
    assert_eq!(waiting(&a).await, 0);
}

/// R004-B7.10: whoever is no member any more is told why, at once and after an absence.
#[tokio::test]
async fn whoever_is_gone_is_told_why() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    for (handle, end, why) in
        [("leaves", 0, Parting::Left), ("removed", 1, Parting::Removed), ("dissolved", 2, Parting::Dissolved)]
    {
        let gone = server.person(handle).await;
        let id = make(&a, handle, &[&b, &gone]).await.id;
        let since = gone.sync(None).await.token;
        server.settled().await;
        let mut push = gone.push().await;
        match end {
            0 => gone.delete(&path::member(id, gone.id)).await,
            1 => a.delete(&path::member(id, gone.id)).await,
            _ => a.delete(&path::group(id)).await,
        };
        let left = [AccountChange::Left { conversation: id, why }];
        assert_eq!(push.changes().await, left, "{handle}");
        assert_eq!(gone.sync(Some(&since)).await.changes, left, "{handle}");
    }
}
