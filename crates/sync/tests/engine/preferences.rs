//! How conversations are treated, on two devices of one account: what each shows.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::Device;
use crate::model::scene::{GROUP, direct, live, pass, push, rest};
use crate::model::server::Server;
use crate::model::{client_id, conversation_id, text, user_id};
use protocol::{ChangePreferences, ConversationId};
use sync::{Action, Input, Request, Session};

pub(crate) fn group() -> ConversationId {
    conversation_id(GROUP)
}

/// A second device of the same account.
pub(crate) fn other(server: &mut Server) -> Device {
    let mut device = Device::new(server, user_id(1), None);
    device.key = 2;
    device.step(server, Input::Started);
    device.flow(server);
    device
}

pub(crate) fn prefer(server: &Server, device: &mut Device, conversation: ConversationId, change: ChangePreferences) {
    device.step(server, Input::Act(Action::Prefer { conversation, change: Box::new(change) }));
}

pub(crate) fn change(change: impl FnOnce(&mut ChangePreferences)) -> ChangePreferences {
    let mut changed = ChangePreferences::default();
    change(&mut changed);
    changed
}

pub(crate) fn session(device: &Device, id: ConversationId) -> Session {
    device.client.session(id).unwrap()
}

/// Everything arrives on both.
pub(crate) fn agree(server: &mut Server, devices: [&mut Device; 2]) {
    let [one, two] = devices;
    for _ in 0..8 {
        one.flow(server);
        two.flow(server);
        for (account, frame) in server.take_frames() {
            for device in [&mut *one, &mut *two] {
                if device.me == account {
                    device.push(frame.clone());
                }
            }
        }
    }
}

/// R001-07, R001-19: pin A and B; a message to A, then to B: the order is B, A, on both devices.
#[test]
fn pinned_conversations_order_by_activity() {
    let (mut server, mut one) = live();
    let mut two = other(&mut server);
    one.step(&server, Input::Close);
    for id in [direct(), group()] {
        prefer(&server, &mut one, id, change(|change| change.pinned = Some(true)));
    }
    for (n, id) in [direct(), group()].into_iter().enumerate() {
        server.now += 1_000;
        server.send(user_id(2), id, client_id(n as u64), text("x"));
    }
    agree(&mut server, [&mut one, &mut two]);
    for device in [&one, &two] {
        assert_eq!(device.client.sessions(), [group(), direct()]);
        assert!(session(device, direct()).preferences.pinned);
    }
}

/// R004-B7.9, R004-B7.18: what is muted stays out of the total, and comes back when its time is over by the server's
/// clock, though the device's is wrong.
#[test]
fn a_mute_ends_by_itself() {
    let (mut server, mut device) = live();
    device.jump(-7 * 60 * 60_000);
    device.disconnect(&server, 1006);
    rest(&mut server, &mut device, 60_000);
    device.step(&server, Input::Close);
    server.send(user_id(2), direct(), client_id(1), text("x"));
    push(&mut server, &mut device);
    let until = server.now + 60 * 60_000;
    prefer(&server, &mut device, direct(), change(|change| change.muted_until = Some(until)));
    device.flow(&mut server);
    assert_eq!((device.client.total_unread(), session(&device, direct()).unread), (0, 1));
    rest(&mut server, &mut device, 59 * 60_000);
    assert_eq!(device.client.total_unread(), 0);
    rest(&mut server, &mut device, 2 * 60_000);
    assert_eq!(device.client.total_unread(), 1);
    assert!(!session(&device, direct()).muted);
}

/// R004-B7.11: a mark moves no cursor, is no unread message, and goes when the conversation is opened on any device, for
/// which the network may be away.
#[test]
fn a_mark_goes_when_it_is_opened() {
    let (mut server, mut one) = live();
    let mut two = other(&mut server);
    one.step(&server, Input::Close);
    prefer(&server, &mut one, direct(), change(|change| change.marked_unread = Some(true)));
    agree(&mut server, [&mut one, &mut two]);
    for device in [&one, &two] {
        let about = session(device, direct());
        assert_eq!((about.marked, about.unread, device.client.total_unread()), (true, 0, 0));
    }
    two.disconnect(&server, 1006);
    two.step(&server, Input::Open(direct()));
    assert!(!session(&two, direct()).marked, "at once");
    while !two.requests.is_empty() {
        two.lose_request(&server, 0);
    }
    agree(&mut server, [&mut one, &mut two]);
    assert!(session(&one, direct()).marked);
    rest(&mut server, &mut two, 60_000);
    agree(&mut server, [&mut one, &mut two]);
    assert!(!session(&one, direct()).marked);
    assert!(!server.preferences[&(user_id(1), direct())].marked_unread);
}

/// R001-20: reading everything takes the marks off too.
#[test]
fn reading_everything_takes_marks_off() {
    let (mut server, mut one) = live();
    let mut two = other(&mut server);
    prefer(&server, &mut one, group(), change(|change| change.marked_unread = Some(true)));
    agree(&mut server, [&mut one, &mut two]);
    two.step(&server, Input::Act(Action::ReadAll));
    agree(&mut server, [&mut one, &mut two]);
    assert!(!session(&one, group()).marked && !session(&two, group()).marked);
}

/// Of two answers to one device the later position is true, in whatever order they come.
#[test]
fn an_older_answer_changes_nothing() {
    let (mut server, mut device) = live();
    for pinned in [true, false] {
        prefer(&server, &mut device, direct(), change(|change| change.pinned = Some(pinned)));
    }
    device.serve(&mut server, 0);
    device.serve(&mut server, 0);
    device.receive(&server, 1);
    assert!(!session(&device, direct()).preferences.pinned);
    device.receive(&server, 0);
    assert!(!session(&device, direct()).preferences.pinned);
}

/// R001-19: what the account's log told while the device could not follow it is asked for, though the conversation moves
/// during the listing that tells of all the others.
#[test]
fn an_expired_token_loses_no_pin() {
    let (mut server, mut device) = live();
    for id in 20..23 {
        server.create(id, protocol::ConversationKind::Group, &[1, id]);
        server.send(user_id(id), conversation_id(id), client_id(id), text("later"));
    }
    push(&mut server, &mut device);
    device.flow(&mut server);
    device.disconnect(&server, 1006);
    server.prefer(user_id(1), group(), change(|change| change.pinned = Some(true)));
    server.epoch += 1;
    server.take_frames();
    device.step(&server, Input::Woke);
    device.accept(&server);
    // The first part of the listing has come, and the group stands in a later one.
    let listing = |request: &Request| matches!(request, Request::Sync { since: Some(token), .. } if token.len() > 8);
    while !device.requests.iter().any(|(_, request)| listing(request)) {
        if !(device.serve(&mut server, 0) && device.receive(&server, 0)) {
            pass(&mut server, &mut device, 1_000);
        }
    }
    server.now += 1;
    server.send(user_id(2), group(), client_id(9), text("first of all"));
    push(&mut server, &mut device);
    rest(&mut server, &mut device, 60_000);
    assert!(session(&device, group()).preferences.pinned);
}

/// R004-B7.11: a conversation that is opened while its mark is on its way is not marked in the end.
#[test]
fn a_mark_on_its_way_goes_when_it_is_opened() {
    let (mut server, mut one) = live();
    one.step(&server, Input::Close);
    prefer(&server, &mut one, direct(), change(|change| change.marked_unread = Some(true)));
    one.step(&server, Input::Open(direct()));
    one.flow(&mut server);
    rest(&mut server, &mut one, 10_000);
    assert!(!session(&one, direct()).marked);
    assert!(!server.preferences[&(user_id(1), direct())].marked_unread);
    // Who marks what is open wants that.
    prefer(&server, &mut one, direct(), change(|change| change.marked_unread = Some(true)));
    one.step(&server, Input::Open(direct()));
    one.flow(&mut server);
    rest(&mut server, &mut one, 10_000);
    assert!(session(&one, direct()).marked);
    // Or marks it again.
    one.step(&server, Input::Close);
    prefer(&server, &mut one, group(), change(|change| change.marked_unread = Some(true)));
    one.step(&server, Input::Open(group()));
    prefer(&server, &mut one, group(), change(|change| change.marked_unread = Some(true)));
    one.flow(&mut server);
    rest(&mut server, &mut one, 10_000);
    assert!(session(&one, group()).marked);
}

/// R004-B7.11: the same where the answer to the mark is lost, whether or not the server has it.
#[test]
fn a_mark_whose_answer_is_lost_goes_when_it_is_opened() {
    for arrived in [false, true] {
        let (mut server, mut one) = live();
        one.step(&server, Input::Close);
        prefer(&server, &mut one, direct(), change(|change| change.marked_unread = Some(true)));
        one.step(&server, Input::Open(direct()));
        let mark = one.requests.iter().position(|(_, request)| matches!(request, Request::Act(_))).unwrap();
        if arrived {
            one.serve(&mut server, mark);
            server.take_frames();
            let answer = one.answers.len() - 1;
            one.lose_answer(&server, answer);
        } else {
            one.lose_request(&server, mark);
        }
        one.flow(&mut server);
        rest(&mut server, &mut one, 60_000);
        assert!(!session(&one, direct()).marked, "{arrived}");
        let marked = server.preferences.get(&(user_id(1), direct())).is_some_and(|told| told.marked_unread);
        assert!(!marked, "{arrived}");
    }
}
