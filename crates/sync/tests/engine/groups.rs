//! Groups on a device: what notices tell, whom messages name, and what is left of a group that one has left.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model;
use crate::model::device::Device;
use crate::model::scene::{GROUP, live, pass, push, rest, scene};
use crate::model::server::Server;
use crate::model::{client_id, conversation_id, seq, text, user_id};
use protocol::group::{Crowd, Named, Silence};
use protocol::sync::{AccountChange, Parting};
use protocol::{
    AvatarHash, Conversation, ConversationId, ConversationKind, ErrorCode, Group, LogChange, Mentions, MessageBody,
    Nickname, Notice, Rev, Role, Seq, ServerFrame, Upd,
};
use sync::{Input, Request, Unsent, Upload};

fn group() -> ConversationId {
    conversation_id(GROUP)
}

/// The device hears of a notice. What it asks the server, which describes the group as it was made, has no answer yet.
fn told(server: &mut Server, device: &mut Device, key: u64, notice: Notice) {
    let body = MessageBody::Notice { notice: Box::new(notice) };
    server.send(user_id(2), group(), client_id(key), body);
    push(server, device);
    while device.deliver(server) {}
}

fn named(id: u64) -> Named {
    Named { id: user_id(id), name: "somebody".try_into().unwrap() }
}

/// What the device would store of the group.
fn about(device: &mut Device) -> Conversation {
    device.client.store_anew();
    let unstored = device.client.take_unstored().unwrap();
    let stored = unstored.conversations.into_iter().find(|stored| stored.about.id == group());
    stored.unwrap().about
}

fn account(device: &mut Device, server: &Server, pos: Upd, change: AccountChange) {
    device.step(server, Input::SocketFrame(ServerFrame::Account { prev: pos.prev(), pos, changes: vec![change] }));
}

/// R001-05: what is told to be deleted in a group may be of a membership that is over: only its description tells.
#[test]
fn a_deletion_told_in_a_group_is_looked_up() {
    let (mut server, mut device) = live();
    server.send(user_id(2), group(), client_id(1), text("1"));
    push(&mut server, &mut device);
    device.flow(&mut server);
    let floor = about_head(&server);
    device.step(&server, Input::SocketFrame(ServerFrame::Deleted { conversation: group(), floor }));
    let asks = |device: &Device| {
        device.requests.iter().any(|(_, asked)| *asked == Request::Conversation { conversation: group() })
    };
    assert!(device.client.sessions().contains(&group()) && asks(&device));
    device.flow(&mut server);
    assert!(device.client.session(group()).is_some_and(|session| session.last.is_some()));
}

/// R002-17: a device takes what members share from the notices in the log, and none of them counts.
#[test]
fn notices_change_what_is_shared() {
    let (mut server, mut device) = live();
    let crowd = Crowd { people: vec![named(9)], count: 1, members: 4 };
    for (key, notice) in [
        Notice::Renamed { title: "新名".try_into().unwrap() },
        Notice::Pictured { avatar: Some(picture('1')) },
        Notice::Announced { text: "欢迎".try_into().unwrap() },
        Notice::Invited(crowd),
        Notice::Appointed { person: named(1), role: Role::Admin },
        Notice::Appointed { person: named(3), role: Role::Admin },
        Notice::Muted { person: None, until: 7 },
        Notice::Muted { person: Some(named(1)), until: 8 },
    ]
    .into_iter()
    .enumerate()
    {
        told(&mut server, &mut device, key as u64, notice);
    }
    let shared = about(&mut device);
    let its = shared.group.unwrap();
    assert_eq!((shared.title.as_deref(), shared.member_count), (Some("新名"), 4));
    assert_eq!((its.role, its.muted_until, its.own_muted_until), (Role::Admin, 7, 8));
    assert_eq!(its.avatar, Some(picture('1')));
    let announcement = its.announcement.unwrap();
    assert_eq!((announcement.text.as_str(), announcement.by), ("欢迎", user_id(2)));
    assert_eq!(device.client.session(group()).unwrap().unread, 0);
    told(&mut server, &mut device, 90, Notice::HandedOver { person: named(1) });
    told(&mut server, &mut device, 91, Notice::Announced { text: "".try_into().unwrap() });
    told(&mut server, &mut device, 92, Notice::Pictured { avatar: None });
    let its = about(&mut device).group.unwrap();
    assert_eq!((its.role, its.owner, its.announcement), (Role::Owner, Some(user_id(1)), None));
    assert_eq!(its.own_muted_until, 0, "an owner is not muted");
    assert_eq!(its.avatar, None);
}

fn picture(digit: char) -> AvatarHash {
    digit.to_string().repeat(32).try_into().unwrap()
}

/// R002-17: of two states of a group's picture the one at the later position of its log stands, whatever comes first.
#[test]
fn a_later_picture_stands() {
    let (mut server, mut device) = live();
    let before = about(&mut device);
    told(&mut server, &mut device, 1, Notice::Pictured { avatar: Some(picture('1')) });
    let shown = |device: &Device| device.client.session(group()).unwrap().group.unwrap().avatar;
    assert_eq!(shown(&device), Some(picture('1')));
    // A description that was read before, and one that was read after.
    device.step(&server, Input::Joined(before));
    assert_eq!(shown(&device), Some(picture('1')));
    let now = about(&mut device);
    let its = now.group.clone().map(|its| Group { avatar: Some(picture('2')), ..its });
    let later = Conversation { rev: now.rev.next(), group: its, ..now };
    device.step(&server, Input::Joined(later));
    assert_eq!(shown(&device), Some(picture('2')));
    server.take_frames();
}

/// R004-I13: whom the group does not let write knows why, and that it is over when its time is, though nothing comes and
/// the device's clock is wrong. Of two reasons the one that lasts longer is told.
#[test]
fn who_is_muted_knows_until_when() {
    let (mut server, mut device) = live();
    device.jump(-7 * 60 * 60_000);
    device.disconnect(&server, 1006);
    rest(&mut server, &mut device, 60_000);
    let silence = |device: &Device| device.client.session(group()).unwrap().silence;
    assert_eq!(silence(&device), None);
    let seconds = |count: u64| count * 1_000;
    let (own, all) = (server.now + seconds(20), server.now + seconds(10));
    told(&mut server, &mut device, 1, Notice::Muted { person: None, until: all });
    assert_eq!(silence(&device), Some(Silence::Everybody));
    told(&mut server, &mut device, 2, Notice::Muted { person: Some(named(1)), until: own });
    assert_eq!(silence(&device), Some(Silence::Reader { until: own }));
    let soon = server.now + seconds(5);
    told(&mut server, &mut device, 3, Notice::Muted { person: Some(named(1)), until: soon });
    assert_eq!(silence(&device), Some(Silence::Everybody));
    rest(&mut server, &mut device, seconds(9));
    assert_eq!(silence(&device), Some(Silence::Everybody));
    rest(&mut server, &mut device, seconds(2));
    assert_eq!(silence(&device), None);
    let again = server.now + seconds(10);
    told(&mut server, &mut device, 4, Notice::Muted { person: None, until: again });
    told(&mut server, &mut device, 5, Notice::Appointed { person: named(1), role: Role::Admin });
    assert_eq!(silence(&device), None);
}

/// R002-17: how many wait to be let in is known to those who govern the group: whoever begins to asks, since it was not
/// told before, and whoever ceases to knows it no more.
#[test]
fn who_begins_to_govern_learns_who_waits() {
    let (mut server, mut device) = live();
    let role = |role| Notice::Appointed { person: named(1), role };
    for (key, begins) in [(10, role(Role::Admin)), (20, Notice::HandedOver { person: named(1) })] {
        told(&mut server, &mut device, key, role(Role::Member));
        told(&mut server, &mut device, key + 1, begins);
        let asked = |(_, request): &(_, Request)| *request == Request::Conversation { conversation: group() };
        assert!(device.requests.iter().any(asked), "{key}");
        device.flow(&mut server);
        let mut later = about(&mut device);
        let its = later.group.as_mut().unwrap();
        (its.role, its.waiting) = (Role::Admin, 3);
        later.rev = later.rev.next();
        device.step(&server, Input::Joined(later));
        // The log of the model is one behind what was just described.
        server.send(user_id(2), group(), client_id(key + 2), text("x"));
        told(&mut server, &mut device, key + 3, role(Role::Member));
        assert_eq!(device.client.session(group()).unwrap().group.unwrap().waiting, 0, "{key}");
    }
}

/// R001-18: who governs a group may recall what others wrote, however old, and nobody else may.
#[test]
fn who_governs_may_recall() {
    let (mut server, mut device) = live();
    server.send(user_id(3), group(), client_id(1), text("text"));
    push(&mut server, &mut device);
    device.step(&server, Input::Open(group()));
    device.flow(&mut server);
    let written = about_head(&server);
    server.now += 7 * 24 * 60 * 60_000;
    assert!(!device.client.can_recall(group(), written, server.now));
    told(&mut server, &mut device, 2, Notice::Appointed { person: named(1), role: Role::Admin });
    assert!(device.client.can_recall(group(), written, server.now));
    assert!(!device.client.can_recall(group(), about_head(&server), server.now), "a notice is nobody's");
}

/// A message that names the account is told apart until it is read or recalled.
#[test]
fn a_mention_stands_until_it_is_read() {
    let (mut server, mut device) = live();
    let naming = |users: &[u64], all| {
        let users = users.iter().map(|id| user_id(*id)).collect();
        MessageBody::Text { text: "@".try_into().unwrap(), mentions: Mentions { users, all } }
    };
    for (key, body) in [naming(&[1], false), naming(&[3], false), naming(&[], true), text("x")].into_iter().enumerate()
    {
        server.send(user_id(2), group(), client_id(key as u64), body);
    }
    push(&mut server, &mut device);
    device.flow(&mut server);
    let mentioned = |device: &Device| device.client.session(group()).unwrap().mentions > 0;
    assert!(mentioned(&device));
    assert_eq!(about(&mut device).mentions, [seq(1), seq(3)]);
    server.change(group(), seq(3), MessageBody::Recalled { by: Some(user_id(2)) });
    push(&mut server, &mut device);
    device.flow(&mut server);
    assert!(mentioned(&device));
    device.step(&server, Input::Seen { conversation: group(), seq: seq(2) });
    assert!(!mentioned(&device));
    assert_eq!(device.client.session(group()).unwrap().unread, 1);
}

/// R004-B7.10: a group that one has left is gone from the list and the total at once, from what is stored, and no late
/// answer brings it back; whoever comes back begins anew.
#[test]
fn what_is_left_is_gone() {
    let (mut server, mut device) = live();
    server.send(user_id(2), group(), client_id(1), text("old"));
    push(&mut server, &mut device);
    device.step(&server, Input::Open(group()));
    device.flow(&mut server);
    assert_eq!(device.client.total_unread(), 1);
    device.step(&server, Input::Typed { conversation: group(), text: "draft".to_owned() });
    assert_eq!(device.drafts.len(), 1);
    let before = server.describe(user_id(1), group());
    let upd = before.upd;

    account(&mut device, &server, upd.next(), AccountChange::Left { conversation: group(), why: Parting::Removed });
    assert_eq!((device.client.total_unread(), device.client.open()), (0, None));
    assert!(device.drafts.is_empty());
    assert!(!device.client.sessions().contains(&group()) && device.client.items(group()).is_empty());
    let unstored = device.client.take_unstored().unwrap();
    assert!(unstored.conversations.iter().all(|stored| stored.about.id != group()));
    device.step(&server, Input::Joined(before.clone()));
    assert!(device.client.session(group()).is_none());

    let joined = upd.next().next();
    let again = Conversation { upd: joined, joined, vis_from: seq(2), last: None, unread: 0, ..before.clone() };
    account(&mut device, &server, joined, AccountChange::Joined { conversation: Box::new(again) });
    assert!(device.client.sessions().contains(&group()) && device.client.items(group()).is_empty());
    // What is typed stays in the composer of whoever came back, and is told.
    device.step(&server, Input::Typed { conversation: group(), text: "draft".to_owned() });
    let joined = joined.next();
    let again = Conversation { upd: joined, joined, vis_from: seq(2), last: None, unread: 0, ..before.clone() };
    account(&mut device, &server, joined, AccountChange::Joined { conversation: Box::new(again) });
    assert!(device.requests.iter().any(|(_, request)| matches!(request, Request::Prefer { .. })));
    // What was told of the earlier membership comes too late, and its end as well.
    device.step(&server, Input::Joined(before));
    account(&mut device, &server, upd.next(), AccountChange::Left { conversation: group(), why: Parting::Removed });
    assert_eq!(about(&mut device).vis_from, seq(2));
}

/// Reliability 19: only the server's word that a group is gone takes what was written for it away. What a proxy says in its
/// place does not.
#[test]
fn a_refusal_of_somebody_else_takes_nothing_away() {
    let (mut server, mut device) = live();
    let before = server.describe(user_id(1), group());
    device.write(&server, group(), client_id(7));
    device.lose_request(&server, 0);
    let left = AccountChange::Left { conversation: group(), why: Parting::Removed };
    account(&mut device, &server, before.upd.next(), left);
    for code in [ErrorCode::Unknown, ErrorCode::TooLarge] {
        let place = device.requests.iter().position(|(_, asked)| matches!(asked, Request::Conversation { .. }));
        let (request, _) = device.requests.remove(place.unwrap());
        device.step(&server, Input::Answered { request, answer: Err(Server::refuse(code, false)) });
        assert_eq!(device.outbox.len(), 1, "{code:?}");
        pass(&mut server, &mut device, 60_000);
    }
}

/// Reliability 19: what was written in a group to which one has come back, before the device heard of either, arrives.
#[test]
fn what_is_written_for_a_group_outlives_leaving_and_coming_back() {
    for returned in [true, false] {
        let (mut server, mut device) = live();
        let before = server.describe(user_id(1), group());
        let (left, joined) = (before.upd.next(), before.upd.next().next());
        device.write(&server, group(), client_id(7));
        device.lose_request(&server, 0);
        account(&mut device, &server, left, AccountChange::Left { conversation: group(), why: Parting::Removed });
        if returned {
            let again = Conversation { upd: joined, joined, ..before };
            account(&mut device, &server, joined, AccountChange::Joined { conversation: Box::new(again) });
            device.flow(&mut server);
            rest(&mut server, &mut device, 60_000);
            let arrived = server.rooms[&group()].messages.iter().filter(|it| it.client_id == client_id(7)).count();
            assert_eq!(arrived, 1);
        } else {
            while let Some((request, _)) = device.requests.pop() {
                let answer = Err(Server::refuse(ErrorCode::NotFound, false));
                device.step(&server, Input::Answered { request, answer });
            }
        }
        assert!(device.outbox.is_empty());
    }
}

/// R004-B7.10: what was written and read in a group that one left while the page was closed is kept no longer.
#[test]
fn what_is_left_keeps_nothing() {
    let (mut server, mut device) = scene();
    let gone = conversation_id(77);
    let at = server.now;
    let unsent = |n, failed| Unsent {
        conversation: gone,
        client_id: client_id(n),
        body: text("x"),
        at,
        place: n,
        failed,
        upload: Upload::Done,
    };
    let unsent = vec![unsent(5, None), unsent(6, Some(ErrorCode::Muted))];
    device.outbox.extend(unsent.iter().map(|unsent| (unsent.client_id, unsent.clone())));
    device.reads.insert(gone, seq(3));
    device.step(&server, Input::OutboxRestored(unsent));
    device.step(&server, Input::ReadsRestored(vec![(gone, seq(3))]));
    device.step(&server, Input::Started);
    device.accept(&server);
    for _ in 0..20 {
        let about_it = |request: &Request| match request {
            Request::Post { conversation, .. } | Request::Conversation { conversation } => *conversation == gone,
            _ => false,
        };
        let (refused, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut device.requests).into_iter().partition(|(_, it)| about_it(it));
        device.requests = rest;
        for (request, _) in refused {
            let answer = Err(Server::refuse(ErrorCode::NotFound, false));
            device.step(&server, Input::Answered { request, answer });
        }
        device.serve(&mut server, 0);
        device.receive(&server, 0);
    }
    assert!(device.outbox.is_empty() && device.reads.is_empty());
}

/// R001-05, R002-17: a group that the device does not know is asked for, also when the first thing heard of it is a notice,
/// or a message that the account does not see.
#[test]
fn a_notice_makes_a_group_known() {
    for withheld in [false, true] {
        let (mut server, mut device) = live();
        let unknown = server.create(30, ConversationKind::Group, &[1, 2]);
        server.take_frames();
        let left = MessageBody::Notice { notice: Box::new(Notice::Left { members: 2 }) };
        match withheld {
            false => drop(server.send(user_id(2), unknown, client_id(1), left)),
            true => drop(server.send_without(user_id(2), unknown, client_id(1), text("x"), &[user_id(1)])),
        }
        push(&mut server, &mut device);
        while device.deliver(&server) {}
        let asked =
            device.requests.iter().any(|(_, request)| *request == Request::Conversation { conversation: unknown });
        assert!(asked, "{withheld}");
    }
}

/// What members are called: of two states the one at the later position of the log is true, in whatever order they come,
/// and a device keeps it.
#[test]
fn a_later_nickname_stands() {
    let (mut server, mut device) = live();
    let rev = about(&mut device).rev;
    let nickname =
        |name: Option<&str>, rev| Nickname { user: user_id(2), name: name.map(|name| name.try_into().unwrap()), rev };
    let named = |device: &Device| device.client.called(group(), user_id(2)).unwrap().to_string();
    let usual = named(&device);
    let frame = |change, prev: Rev| ServerFrame::Conversation {
        conversation: group(),
        prev,
        pos: prev.next(),
        head_seq: about_head(&server),
        change,
    };
    let change = LogChange::Named { nickname: nickname(Some("later"), rev.next()) };
    device.step(&server, Input::SocketFrame(frame(change, rev)));
    assert_eq!((named(&device), about(&mut device).rev), ("later".to_owned(), rev.next()));
    let direct = device.client.called(conversation_id(model::scene::DIRECT), user_id(2)).unwrap().to_string();
    assert_eq!(direct, usual, "only in the group");
    assert_eq!(about(&mut device).group.unwrap().nicknames, [nickname(Some("later"), rev.next())]);
    // A description that was read before.
    let mut old = about(&mut device);
    old.group = old.group.map(|its| Group { nicknames: vec![nickname(Some("earlier"), rev)], ..its });
    device.step(&server, Input::Joined(old.clone()));
    assert_eq!(named(&device), "later");
    old.group = old.group.map(|its| Group { nicknames: vec![nickname(None, rev.next().next())], ..its });
    device.step(&server, Input::Joined(old));
    assert_eq!(named(&device), usual);
    server.take_frames();
}

fn about_head(server: &Server) -> Seq {
    server.describe(user_id(1), group()).head_seq
}
