//! What a device begins with: what the page lists, what is stored, and what either leaves out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::Device;
use crate::model::scene::{direct, drawn, keeping, peer_writes, push, requests, rest, settle, stored, write};
use crate::model::server::{Server, Who};
use crate::model::{client_id, seq, text, user_id};
use protocol::Millis;
use protocol::sync::{AccountChange, Parting};
use sync::{Action, Answer, Client, Input, Request, UntoldDraft};

const MINUTE: Millis = 60_000;

/// R004-G2: a page that was made before another one stored more hears what the account's log told in between.
#[test]
fn a_page_older_than_what_is_stored_hears_what_it_missed() {
    let (mut server, mut device) = keeping();
    peer_writes(&mut server, &mut device, 1);
    settle(&mut server, &mut device);
    let mut late = Device::new(&server, device.me, None);
    let hide = Request::Act(Action::ShowReceipts(false));
    server.answer(Who { me: user_id(1), device: 2 }, hide).unwrap();
    device.disconnect(&server, 1006);
    rest(&mut server, &mut device, MINUTE);
    settle(&mut server, &mut device);
    late.step(&server, Input::Restored(Some(Box::new(stored(&device)))));
    late.step(&server, Input::Started);
    late.flow(&mut server);
    assert!(!late.client.account().receipts);
}

/// R004-G2: the same where the other page has stored its own place in the account's log, but has not synced yet.
#[test]
fn a_page_older_than_one_that_has_not_synced_hears_what_it_missed() {
    let (mut server, mut device) = keeping();
    peer_writes(&mut server, &mut device, 1);
    device.see(&server);
    settle(&mut server, &mut device);
    let second = Who { me: user_id(1), device: 2 };
    let hide = Action::Hide { conversation: direct(), seqs: vec![seq(1)], hidden: true };
    server.answer(second, Request::Act(hide)).unwrap();
    let mut late = Device::new(&server, device.me, None);
    server.answer(second, Request::Act(Action::ShowReceipts(false))).unwrap();
    let mut other = Device::new(&server, device.me, None);
    other.disk = device.disk.clone();
    other.step(&server, Input::Restored(Some(Box::new(stored(&device)))));
    other.keep(&server);
    late.step(&server, Input::Restored(Some(Box::new(stored(&other)))));
    late.step(&server, Input::Started);
    late.flow(&mut server);
    late.step(&server, Input::Open(direct()));
    late.flow(&mut server);
    assert_eq!((drawn(&late).as_str(), late.client.account().receipts), ("", false));
}

/// R004-G2: a cold start paints what is stored, then syncs from where the device was, and asks for nothing else.
#[test]
fn a_cold_start_paints_what_is_stored_and_syncs_on() {
    let (mut server, mut device) = keeping();
    for n in 1..4 {
        peer_writes(&mut server, &mut device, n);
    }
    settle(&mut server, &mut device);
    device.revive(&server);
    device.step(&server, Input::Open(direct()));
    assert_eq!(drawn(&device), "1 2 3", "before any answer");
    assert_eq!(requests(&device), Vec::<&Request>::new());
    device.accept(&server);
    assert!(matches!(requests(&device)[..], [Request::Sync { since: Some(_), .. }, ..]), "{:?}", device.requests);
    device.flow(&mut server);
    assert!(!device.requests.iter().any(|(_, request)| matches!(request, Request::History { .. })));
}

/// R004-G2, R004-G7: what came while the device was away is pulled onto what is stored, without a page loaded twice.
#[test]
fn what_came_meanwhile_joins_what_is_stored() {
    let (mut server, mut device) = keeping();
    peer_writes(&mut server, &mut device, 1);
    device.keep(&server);
    for n in 2..5 {
        server.send(user_id(2), direct(), client_id(n), text("later"));
    }
    server.change(direct(), 1_u64.try_into().unwrap(), text("changed"));
    server.take_frames();
    device.revive(&server);
    device.step(&server, Input::Open(direct()));
    assert_eq!(drawn(&device), "1");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1 2 3 4");
    let changed = device.client.items(direct()).remove(0);
    assert!(matches!(changed, sync::Item::Row(row) if row.body == text("changed")));
}

/// A page that is newer than what is stored stays on screen; what was stored joins it.
#[test]
fn older_never_replaces_newer() {
    let (mut server, mut device) = keeping();
    for n in 1..15 {
        peer_writes(&mut server, &mut device, n);
    }
    device.keep(&server);
    server.change(direct(), 12_u64.try_into().unwrap(), text("changed"));
    server.take_frames();
    device.crash(&server, Some(direct()));
    let bodies = |device: &Device| {
        let items = device.client.items(direct()).into_iter();
        items.filter_map(|item| if let sync::Item::Row(row) = item { Some(row.body) } else { None }).collect::<Vec<_>>()
    };
    assert_eq!((bodies(&device).len(), &bodies(&device)[11]), (14, &text("changed")));
    device.flow(&mut server);
    assert_eq!((bodies(&device).len(), &bodies(&device)[11]), (14, &text("changed")));
}

/// T17: the answer to a message that stands far above what the page shows does not put it below that.
#[test]
fn a_late_answer_stays_above_what_came_since() {
    let (mut server, mut device) = keeping();
    peer_writes(&mut server, &mut device, 1);
    device.keep(&server);
    let post = |device: &Device| {
        let post = |(_, request): &(_, Request)| matches!(request, Request::Post { .. });
        device.requests.iter().position(post).unwrap()
    };
    server.send(user_id(2), direct(), client_id(2), text("x"));
    device.write(&server, direct(), client_id(3));
    let place = post(&device);
    assert!(device.serve(&mut server, place));
    for n in 4..40 {
        server.send(user_id(2), direct(), client_id(n), text("x"));
    }
    server.take_frames();
    device.crash(&server, Some(direct()));
    let place = post(&device);
    assert!(device.serve(&mut server, place) && device.receive(&server, 0));
    let newest = device.client.items(direct()).pop();
    assert!(matches!(newest, Some(sync::Item::Row(row)) if row.seq == Some(39_u64.try_into().unwrap())));
    device.flow(&mut server);
}

/// A write that never happened leaves an older state, which is as good: nothing of it is ahead of its cursors.
#[test]
fn every_stored_state_is_a_beginning() {
    let (mut server, mut device) = keeping();
    let mut states = vec![stored(&device)];
    for n in 1..6 {
        peer_writes(&mut server, &mut device, n);
        write(&server, &mut device, 100 + n);
        device.flow(&mut server);
        push(&mut server, &mut device);
        device.flow(&mut server);
        device.keep(&server);
        states.push(stored(&device));
    }
    let expected = drawn(&device);
    for state in states {
        let mut again = Device::new(&server, user_id(1), None);
        again.client = Client::new(state.start());
        again.step(&server, Input::Restored(Some(Box::new(state))));
        again.step(&server, Input::Open(direct()));
        again.step(&server, Input::Started);
        again.flow(&mut server);
        let shown = drawn(&again);
        assert!(shown.ends_with("105Sent") && expected.ends_with(&shown), "{shown}");
    }
}

/// The page of a device is loaded anew, and leaves the direct conversation out, which is stored.
fn left_out(server: &Server, device: &Device) -> Device {
    let mut start = server.start(device.who(), None);
    assert!(!start.sync.more && start.sync.older.is_none());
    start.sync.conversations.retain(|about| about.id != direct());
    let mut again = Device::new(server, device.me, None);
    again.key = device.key;
    again.client = Client::new(start);
    again.step(server, Input::Restored(Some(Box::new(stored(device)))));
    again
}

/// R001-05, R000-20: what a page that lists everything does not list is not shown as it was stored: it may be deleted on this
/// device, which missed the answer. A description tells.
#[test]
fn what_a_page_leaves_out_is_not_restored() {
    for deleted in [true, false] {
        let (mut server, mut device) = keeping();
        device.key = 1;
        peer_writes(&mut server, &mut device, 1);
        settle(&mut server, &mut device);
        if deleted {
            let delete = Action::Delete { conversation: direct(), through: seq(1), everywhere: false };
            server.answer(device.who(), Request::Act(delete)).unwrap();
        }
        let mut again = left_out(&server, &device);
        assert!(again.client.session(direct()).is_none(), "before any answer");
        again.step(&server, Input::Started);
        again.flow(&mut server);
        again.step(&server, Input::Open(direct()));
        again.flow(&mut server);
        assert_eq!(drawn(&again), if deleted { "" } else { "1" });
        peer_writes(&mut server, &mut again, 2);
        again.flow(&mut server);
        assert_eq!(drawn(&again), if deleted { "2" } else { "1 2" });
    }
}

/// R004-G8: of what a page leaves out, the sync tells that it was left: nobody asks for what is known to be gone.
#[test]
fn what_was_left_is_not_asked_for() {
    for left in [true, false] {
        let (mut server, mut device) = keeping();
        device.key = 1;
        settle(&mut server, &mut device);
        let mut again = left_out(&server, &device);
        if left {
            // What the server would not take, and what it has heard of already, stays until the conversation is known to be gone.
            let draft = UntoldDraft { conversation: direct(), text: "x".repeat(5_000), told_after: None };
            again.drafts.insert(direct(), draft.clone());
            again.reads.insert(direct(), seq(1));
            again.step(&server, Input::ReadsRestored(vec![(direct(), seq(1))]));
            again.step(&server, Input::DraftsRestored(vec![draft]));
        }
        again.step(&server, Input::Started);
        again.accept(&server);
        while again.deliver(&server) {}
        let place = again.requests.iter().position(|(_, asked)| matches!(asked, Request::Sync { .. }));
        let (request, asked) = again.requests.remove(place.unwrap());
        let Ok(Answer::Sync(mut page)) = server.answer(again.who(), asked) else { panic!("a sync is answered") };
        if left {
            page.upd = page.upd.next();
            page.changes.push(AccountChange::Left { conversation: direct(), why: Parting::Left });
        }
        again.step(&server, Input::Answered { request, answer: Ok(Answer::Sync(page)) });
        let asks = requests(&again).contains(&&Request::Conversation { conversation: direct() });
        assert_eq!((asks, again.client.session(direct())), (!left, None));
        assert_eq!((again.drafts.len(), again.reads.len()), (0, 0));
        let unstored = again.client.take_unstored().unwrap_or_default();
        assert_eq!((unstored.gone.contains(&direct()), unstored.dropped.contains(&direct())), (left, left));
    }
}
