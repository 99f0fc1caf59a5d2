//! What a device keeps across reloads, on a device and a model server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model;
use crate::model::device::Device;
use crate::model::scene::{
    GROUP, cursors, direct, drawn, keeping, live, pass, peer_writes, push, reports, requests, rest, scene, settle,
    stored,
};
use crate::model::server::{Server, Who};
use crate::model::{client_id, conversation_id, seq, text, user_id};
use protocol::group::Named;
use protocol::{ConversationKind, MessageBody, Millis, Notice, Role};
use sync::{Action, Input, Request, Stored};

const MINUTE: Millis = 60_000;

/// Another device of the account deletes the conversation.
fn delete_elsewhere(server: &mut Server) {
    let delete = Action::Delete { conversation: direct(), through: seq(1), everywhere: false };
    server.answer(Who { me: user_id(1), device: 2 }, Request::Act(delete)).unwrap();
}

/// A device that stored a conversation, which another one deleted.
fn deleted_elsewhere() -> (Server, Device) {
    let (mut server, mut device) = keeping();
    device.key = 1;
    peer_writes(&mut server, &mut device, 1);
    settle(&mut server, &mut device);
    delete_elsewhere(&mut server);
    (server, device)
}

/// R004-H5: a device whose storage was cleared is a new one: what another device deleted leaves its list, and comes back
/// with the next message. It stores nothing before the server knows, so that it stays a new one until then.
#[test]
fn a_cleared_device_is_a_new_one() {
    let (mut server, mut device) = deleted_elsewhere();
    let listed = |device: &Device| device.client.sessions().contains(&direct());
    device.revive(&server);
    device.flow(&mut server);
    assert!(listed(&device), "another device's deletion is not its own");
    for _ in 0..2 {
        device.wipe(&server);
        device.keep(&server);
        assert!(listed(&device) && device.disk.as_ref().unwrap().stored().is_none());
    }
    device.flow(&mut server);
    device.keep(&server);
    assert!(!listed(&device) && device.disk.as_ref().unwrap().stored().is_some());
    device.revive(&server);
    assert!(!requests(&device).contains(&&Request::BeginAnew) && !listed(&device));
    device.flow(&mut server);
    peer_writes(&mut server, &mut device, 2);
    device.flow(&mut server);
    assert!(listed(&device));
}

/// R001-17, R004-H1: what another device deleted, or took back, while this one was away is so on its screen from the beginning,
/// as the page has it, whatever is stored, and whether or not something was written since.
#[test]
fn what_the_page_knows_deleted_is_not_restored() {
    for (written, shown) in [(false, false), (true, false), (false, true)] {
        let (mut server, mut device) = keeping();
        device.step(&server, Input::Open(direct()));
        for n in 1..=3 {
            peer_writes(&mut server, &mut device, n);
        }
        device.step(&server, Input::Seen { conversation: direct(), seq: seq(3) });
        server.hide(user_id(1), direct(), &[seq(2)], shown);
        settle(&mut server, &mut device);
        assert_eq!(drawn(&device), if shown { "1 3" } else { "1 2 3" });
        server.hide(user_id(1), direct(), &[seq(2)], !shown);
        if written {
            server.send(user_id(2), direct(), client_id(4), text("4"));
        }
        server.take_frames();
        device.crash(&server, Some(direct()));
        let expected = ["1 3", "1 3 4", "1 2 3"][usize::from(written) + 2 * usize::from(shown)];
        assert_eq!(drawn(&device), expected);
        device.flow(&mut server);
        assert_eq!(drawn(&device), expected);
    }
}

/// R002-17, R004-H5: a page that was rendered before somebody left a group, and is slow to come, does not bring them back to a
/// device that has stored it meanwhile: what either of them missed of the two logs is asked for, whatever is written before.
#[test]
fn a_slow_page_brings_nobody_back() {
    let (mut server, mut device) = keeping();
    // The account's log goes on, and the page is as late in it; what is stored of the group tells of what came before.
    server.create(20, ConversationKind::Direct, &[1, 20]);
    push(&mut server, &mut device);
    let page = server.start(device.who(), None);
    let group = conversation_id(GROUP);
    server.rooms.get_mut(&group).unwrap().members.pop();
    let left = MessageBody::Notice { notice: Box::new(Notice::Left { members: 2 }) };
    server.send(user_id(3), group, client_id(1), left);
    push(&mut server, &mut device);
    device.flow(&mut server);
    device.keep(&server);
    let members = |device: &Device| device.client.session(group).unwrap().member_count;
    assert_eq!(members(&device), 2);
    device.load(&server, page);
    device.write(&server, group, client_id(2));
    device.accept(&server);
    while device.deliver(&server) {}
    // What is written is answered before the sync is, which was at the server first.
    for first in [|request: &Request| matches!(request, Request::Sync { .. }), |_: &Request| true] {
        while let Some(n) = device.requests.iter().position(|(_, request)| first(request)) {
            device.serve(&mut server, n);
        }
    }
    while device.receive(&server, 1) && device.answers.len() > 1 {}
    device.flow(&mut server);
    assert_eq!(members(&device), 2);
}

/// R001-17, R004-G2: what was hidden while the device was away, in a conversation that pages do not list, is told by the sync, and
/// heeded also where a later word of the same kind came, and was stored, before its answer did.
#[test]
fn a_later_word_stored_does_not_pass_over_an_earlier_one() {
    let (mut server, mut device) = keeping();
    let group = conversation_id(GROUP);
    for n in 1..=3 {
        server.send(user_id(2), group, client_id(n), text("text"));
    }
    // It counts for nothing, so that no count tells of it.
    server.change(group, seq(3), MessageBody::Recalled { by: None });
    settle(&mut server, &mut device);
    // The next sync goes on after all this.
    device.disconnect(&server, 1006);
    settle(&mut server, &mut device);
    server.hide(user_id(1), group, &[seq(3)], true);
    server.take_frames();
    let page = |server: &Server| {
        let mut page = server.start(user_id(1), None);
        page.sync.conversations.retain(|about| about.id != group);
        page.sync.more = true;
        page
    };
    device.load(&server, page(&server));
    device.accept(&server);
    while device.deliver(&server) {}
    server.hide(user_id(1), group, &[seq(1)], true);
    push(&mut server, &mut device);
    while device.deliver(&server) {}
    device.keep(&server);
    device.load(&server, page(&server));
    device.flow(&mut server);
    let session = device.client.session(group).unwrap();
    assert_eq!((session.last.unwrap().seq, session.unread), (Some(seq(2)), 1));
}

/// R002-17, R004-G2: whoever begins to govern a group does not know who waits to be let in. A device that is begun anew before
/// the group was described to it asks for that then, and only once.
#[test]
fn what_is_not_clear_is_asked_for_after_a_restart() {
    let (mut server, mut device) = keeping();
    let group = conversation_id(GROUP);
    let me = Named { id: user_id(1), name: "me".try_into().unwrap() };
    let notice = Notice::Appointed { person: me, role: Role::Admin };
    server.send(user_id(2), group, client_id(1), MessageBody::Notice { notice: Box::new(notice) });
    push(&mut server, &mut device);
    while device.deliver(&server) {}
    let asks = |device: &Device| requests(device).contains(&&Request::Conversation { conversation: group });
    assert!(asks(&device));
    device.keep(&server);
    for asking in [true, false] {
        device.revive(&server);
        assert_eq!(asks(&device), asking);
        device.flow(&mut server);
        device.keep(&server);
    }
}

/// R001-05, R004-H5: a conversation that is open there, which another device deleted, closes.
#[test]
fn a_cleared_device_closes_what_is_deleted() {
    let (mut server, mut device) = deleted_elsewhere();
    device.wipe(&server);
    device.step(&server, Input::Open(direct()));
    device.flow(&mut server);
    assert_eq!((device.client.listed(direct()), device.client.open()), (false, None));
    device.step(&server, Input::Open(direct()));
    device.flow(&mut server);
    assert_eq!(device.client.open(), Some(direct()), "who opens it all the same writes anew");
}

/// R004-H5: the same while the first page of a listing is on its way: it does not wait for the next sync.
#[test]
fn a_cleared_device_hears_of_deletions_whatever_is_on_its_way() {
    let (mut server, mut device) = keeping();
    device.key = 1;
    device.wipe(&server);
    for id in 20..25 {
        server.create(id, protocol::ConversationKind::Direct, &[1, id]);
        server.send(user_id(id), model::conversation_id(id), client_id(id), text("text"));
    }
    server.now += 1;
    server.send(user_id(2), direct(), client_id(1), text("text"));
    server.take_frames();
    delete_elsewhere(&mut server);
    device.accept(&server);
    while device.deliver(&server) {}
    let asked = |device: &Device, wanted: fn(&Request) -> bool| {
        device.requests.iter().position(|(_, request)| wanted(request)).unwrap()
    };
    let first = asked(&device, |request| matches!(request, Request::Sync { .. }));
    device.serve(&mut server, first);
    let begin = asked(&device, |request| matches!(request, Request::BeginAnew));
    device.serve(&mut server, begin);
    device.receive(&server, 1);
    device.flow(&mut server);
    assert!(!device.client.listed(direct()));
}

/// R004-G2: a device whose token is of no use any more, and that is begun anew before it could ask for everything, asks
/// for everything then.
#[test]
fn a_token_of_no_use_stays_so() {
    let (mut server, mut device) = keeping();
    server.epoch += 1;
    device.disconnect(&server, 1006);
    device.step(&server, Input::Woke);
    device.flow(&mut server);
    device.keep(&server);
    for _ in 0..2 {
        device.revive(&server);
        device.keep(&server);
    }
    device.accept(&server);
    assert!(requests(&device).iter().any(|asked| matches!(asked, Request::Sync { since: None, .. })));
}

/// R001-17: what a device doubts, because its token was of no use, it does not keep as if it were known: a deletion whose
/// answer was lost stays one, though the page is begun anew before the messages are there again.
#[test]
fn what_is_doubtful_is_not_stored() {
    let (mut server, mut device) = keeping();
    peer_writes(&mut server, &mut device, 1);
    peer_writes(&mut server, &mut device, 2);
    device.step(&server, Input::Seen { conversation: direct(), seq: seq(2) });
    settle(&mut server, &mut device);
    device.disconnect(&server, 1006);
    server.hide(user_id(1), direct(), &[seq(2)], true);
    server.epoch += 1;
    server.take_frames();
    device.step(&server, Input::Woke);
    device.accept(&server);
    // Everything was asked for, and only the conversations have come.
    while !requests(&device).iter().any(|request| matches!(request, Request::History { .. })) {
        if !(device.serve(&mut server, 0) && device.receive(&server, 0)) {
            pass(&mut server, &mut device, 1_000);
        }
    }
    device.keep(&server);
    device.crash(&server, Some(direct()));
    settle(&mut server, &mut device);
    assert_eq!(drawn(&device), "1");
}

/// Nothing is written that stands there already, neither after a cold start nor in a quiet hour.
#[test]
fn what_is_stored_is_not_written_again() {
    let (mut server, mut device) = keeping();
    peer_writes(&mut server, &mut device, 1);
    settle(&mut server, &mut device);
    assert_eq!(device.client.take_unstored(), None);
    // The first sync lists once more what frames told.
    device.revive(&server);
    settle(&mut server, &mut device);
    device.revive(&server);
    device.flow(&mut server);
    let unstored = device.client.take_unstored().unwrap_or_default();
    assert_eq!((unstored.conversations, unstored.timelines), (Vec::new(), Vec::new()));
    rest(&mut server, &mut device, 14 * MINUTE);
    assert_eq!(device.client.take_unstored(), None);
}

/// What another account or another version kept is of no use; the first write replaces it.
#[test]
fn what_another_account_kept_is_dropped() {
    let (server, device) = keeping();
    let mut other = Device::new(&server, user_id(2), None);
    other.step(&server, Input::Restored(Some(Box::new(stored(&device)))));
    assert!(other.client.take_unstored().unwrap().anew);
    let mut later = serde_json::to_value(&stored(&device).device).unwrap();
    later["version"] = 99.into();
    let later = Stored { device: serde_json::from_value(later).unwrap(), ..stored(&device) };
    let mut again = Device::new(&server, user_id(1), None);
    again.step(&server, Input::Restored(Some(Box::new(later))));
    assert!(again.client.take_unstored().unwrap().anew);
}

/// R000-04: delivered is reported once the message is stored, and at once where the device stores nothing.
#[test]
fn delivered_means_stored() {
    let (mut server, mut device) = keeping();
    peer_writes(&mut server, &mut device, 1);
    pass(&mut server, &mut device, 2_000);
    assert_eq!(reports(&device), []);
    device.keep(&server);
    pass(&mut server, &mut device, 2_000);
    assert_eq!(reports(&device), [cursors(1, 0)]);

    let (mut server, mut device) = live();
    peer_writes(&mut server, &mut device, 1);
    assert_eq!(reports(&device), [cursors(1, 0)]);

    let (mut server, mut device) = keeping();
    peer_writes(&mut server, &mut device, 1);
    device.step(&server, Input::StorageLost);
    pass(&mut server, &mut device, 2_000);
    assert_eq!(reports(&device), [cursors(1, 0)]);
}

/// R000-04: on a device whose storage fails what came is delivered at once, also where it never stored anything.
#[test]
fn delivered_does_not_wait_for_a_storage_that_is_lost() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Restored(None));
    device.step(&server, Input::Started);
    device.flow(&mut server);
    peer_writes(&mut server, &mut device, 1);
    pass(&mut server, &mut device, 2_000);
    assert_eq!(reports(&device), []);
    device.step(&server, Input::StorageLost);
    pass(&mut server, &mut device, 2_000);
    assert_eq!(reports(&device), [cursors(1, 0)]);
}

/// T13: reading that was stored before it was reported is reported after a cold start, and reading that was reported is
/// not reported again.
#[test]
fn stored_reading_is_reported_once() {
    let (mut server, mut device) = keeping();
    peer_writes(&mut server, &mut device, 1);
    device.see(&server);
    device.keep(&server);
    device.revive(&server);
    assert_eq!(device.client.total_unread(), 0);
    device.flow(&mut server);
    assert_eq!(server.unread(user_id(1), direct()), 0);
    device.keep(&server);
    device.revive(&server);
    rest(&mut server, &mut device, MINUTE);
    assert_eq!(reports(&device), []);
}

/// T13: what was read is read, also where the device had stored that before the messages.
#[test]
fn reading_outruns_what_is_stored() {
    let (mut server, mut device) = keeping();
    peer_writes(&mut server, &mut device, 1);
    device.see(&server);
    device.revive(&server);
    device.flow(&mut server);
    assert_eq!((device.client.total_unread(), server.unread(user_id(1), direct())), (0, 0));
}
