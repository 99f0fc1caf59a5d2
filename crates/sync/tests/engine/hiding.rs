//! The rules of deleting and reporting, one by one, on a device and a model server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::Device;
use crate::model::scene::{act, direct, drawn, last, live, pass, push, rest, rows, showing};
use crate::model::server::Server;
use crate::model::{client_id, conversation_id, seq, text, user_id};
use protocol::messaging::{ReportMessage, ReportReason};
use protocol::{ErrorCode, MessageBody, ServerFrame};
use sync::{Acted, Action, Failure, Input, Request, Unsent};

fn hide(seqs: &[u64], hidden: bool) -> Action {
    Action::Hide { conversation: direct(), seqs: seqs.iter().map(|n| seq(*n)).collect(), hidden }
}

fn acts(device: &Device) -> usize {
    device.requests.iter().filter(|(_, request)| matches!(request, Request::Act(_))).count()
}

/// R001-17, R004-H7: messages that are deleted for oneself vanish together, and come back when that is taken back.
#[test]
fn deleted_messages_vanish_and_come_back() {
    let (mut server, mut device) = showing(4);
    act(&mut server, &mut device, hide(&[2, 4], true));
    assert_eq!((drawn(&device).as_str(), last(&device)), ("1 3", Some((3, false))));
    act(&mut server, &mut device, hide(&[4], false));
    assert_eq!((drawn(&device).as_str(), last(&device)), ("1 3 4", Some((4, false))));
}

/// R001-17, T17: a page of older messages, all of which were deleted while it was on its way, does not end the history.
#[test]
fn a_page_of_which_nothing_is_left_ends_no_history() {
    let (mut server, mut device) = live();
    for n in 1..=100 {
        server.send(user_id(2), direct(), client_id(n), text("text"));
    }
    let read = protocol::ReceiptReport { conversation: direct(), delivered: seq(100), read: seq(100) };
    server.report(user_id(1), read);
    server.take_frames();
    device.crash(&server, None);
    device.flow(&mut server);
    device.step(&server, Input::Open(direct()));
    device.flow(&mut server);
    device.step(&server, Input::LoadOlder(direct()));
    while device.serve(&mut server, 0) {}
    let oldest = rows(&device)[0].seq.unwrap().get();
    let hidden: Vec<_> = (2..oldest).map(seq).collect();
    server.hide(user_id(1), direct(), &hidden, true);
    push(&mut server, &mut device);
    while device.deliver(&server) {}
    while device.receive(&server, 0) {}
    while device.client.can_load_older(direct()) {
        device.step(&server, Input::LoadOlder(direct()));
        device.flow(&mut server);
    }
    assert_eq!(rows(&device)[0].seq, Some(seq(1)));
}

/// R001-17: a device without its push connection sees its own deletion as well, and that it was taken back.
#[test]
fn a_deletion_shows_without_a_connection() {
    let (mut server, mut device) = showing(3);
    device.disconnect(&server, 1006);
    device.step(&server, Input::Act(hide(&[3], true)));
    while device.serve(&mut server, 0) || device.receive(&server, 0) {}
    server.take_frames();
    assert_eq!(drawn(&device), "1 2");
    device.step(&server, Input::Act(hide(&[3], false)));
    while device.serve(&mut server, 0) || device.receive(&server, 0) {}
    assert_eq!(drawn(&device), "1 2 3");
}

/// R001-10: a page that was read before a deletion and a recall, and comes after, brings neither text back.
#[test]
fn an_older_page_brings_no_text_back() {
    let (mut server, mut device) = live();
    for n in 1..=8 {
        server.send(user_id(2), direct(), client_id(n), text("text"));
    }
    server.take_frames();
    device.crash(&server, None);
    device.flow(&mut server);
    device.step(&server, Input::Seen { conversation: direct(), seq: seq(8) });
    device.step(&server, Input::Open(direct()));
    while device.serve(&mut server, 0) {}
    server.recall(user_id(2), direct(), seq(6)).unwrap();
    server.hide(user_id(1), direct(), &[seq(7)], true);
    push(&mut server, &mut device);
    while device.deliver(&server) {}
    device.flow(&mut server);
    assert_eq!(drawn(&device), "5 6 8");
    assert_eq!(rows(&device)[1].body, MessageBody::Recalled { by: Some(user_id(2)) });
    device.step(&server, Input::LoadOlder(direct()));
    while device.serve(&mut server, 0) {}
    server.recall(user_id(2), direct(), seq(2)).unwrap();
    server.hide(user_id(1), direct(), &[seq(3)], true);
    push(&mut server, &mut device);
    while device.deliver(&server) {}
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1 2 4 5 6 8");
    assert!(matches!(rows(&device)[1].body, MessageBody::Recalled { .. }));
}

/// R001-17: a message is shown again though the changes of the conversation, which were read before and come after, do
/// not have it.
#[test]
fn a_message_shown_again_outlives_changes_on_their_way() {
    for followed in [true, false] {
        let (mut server, mut device) = showing(3);
        device.disconnect(&server, 1006);
        server.send(user_id(2), direct(), client_id(4), text("text"));
        if followed {
            server.send(user_id(2), direct(), client_id(5), text("text"));
        }
        server.hide(user_id(1), direct(), &[seq(4)], true);
        server.take_frames();
        device.step(&server, Input::Woke);
        device.accept(&server);
        while !device.requests.iter().any(|(_, request)| matches!(request, Request::Changes { .. })) {
            device.deliver(&server);
            device.serve(&mut server, 0);
            device.receive(&server, 0);
        }
        while device.serve(&mut server, 0) {}
        server.hide(user_id(1), direct(), &[seq(4)], false);
        push(&mut server, &mut device);
        while device.deliver(&server) {}
        device.flow(&mut server);
        assert_eq!(drawn(&device), if followed { "1 2 3 4 5" } else { "1 2 3 4" });
    }
}

/// Reliability 1, R001-17: an own message that is shown again stands once, also on a page that takes it for unsent, since
/// another one wrote it.
#[test]
fn an_own_message_shown_again_stands_once() {
    let (mut server, mut device) = showing(2);
    device.disconnect(&server, 1006);
    server.send(user_id(1), direct(), client_id(3), text("3"));
    server.answer(user_id(1), Request::Act(hide(&[3], true))).unwrap();
    server.take_frames();
    rest(&mut server, &mut device, 60_000);
    let unsent = Unsent {
        conversation: direct(),
        client_id: client_id(3),
        body: text("3"),
        at: server.now,
        place: server.now,
        failed: None,
        upload: sync::Upload::Done,
    };
    device.step(&server, Input::OutboxElsewhere(vec![unsent]));
    act(&mut server, &mut device, hide(&[3], false));
    assert_eq!(drawn(&device), "1 2 3Sent");
}

/// R001-10, T24: where the message before a deleted one is not held, the list shows none until it is asked for.
#[test]
fn the_list_never_shows_a_deleted_message() {
    let (mut server, mut device) = showing(3);
    device.crash(&server, None);
    device.flow(&mut server);
    server.hide(user_id(1), direct(), &[seq(3)], true);
    push(&mut server, &mut device);
    while device.deliver(&server) {}
    assert_eq!(last(&device), None);
    device.flow(&mut server);
    assert_eq!(last(&device), Some((2, false)));
}

/// The recall of a message that the account has deleted shows nothing, in whatever form the log tells it.
#[test]
fn a_deleted_message_stays_away_when_it_is_recalled() {
    for extra in 0..2 {
        let (mut server, mut device) = showing(3 + extra);
        device.step(&server, Input::Seen { conversation: direct(), seq: seq(3) });
        server.hide(user_id(1), direct(), &[seq(2)], true);
        server.take_frames();
        // A page that was loaded since knows nothing of the message.
        device.crash(&server, Some(direct()));
        device.flow(&mut server);
        server.recall(user_id(2), direct(), seq(2)).unwrap();
        push(&mut server, &mut device);
        device.flow(&mut server);
        assert!(rows(&device).iter().all(|row| row.seq != Some(seq(2))), "{}", drawn(&device));
    }
}

/// The same while the log is still pulled in pages, and more of it comes by frames.
#[test]
fn a_deleted_message_stays_away_while_the_log_catches_up() {
    let (mut server, mut device) = showing(1);
    for n in 2..=6 {
        server.send(user_id(2), direct(), client_id(n), text("text"));
    }
    server.take_frames();
    device.disconnect(&server, 1006);
    device.step(&server, Input::Woke);
    device.accept(&server);
    // One page of the log has come, and not the next.
    while !device.requests.iter().any(|(_, request)| matches!(request, Request::Changes { .. })) {
        device.deliver(&server);
        device.serve(&mut server, 0);
        device.receive(&server, 0);
    }
    device.serve(&mut server, 0);
    device.receive(&server, 0);
    assert_eq!(drawn(&device), "1 2 3");
    server.hide(user_id(1), direct(), &[seq(3)], true);
    server.change(direct(), seq(3), text("changed"));
    device.requests.clear();
    let reached = protocol::Rev::ZERO.plus(3);
    for (_, frame) in server.take_frames().into_iter().filter(|(account, _)| *account == user_id(1)) {
        // It seems to follow on what the device has.
        device.push(match frame {
            ServerFrame::Conversation { conversation, pos, head_seq, change, .. } => {
                ServerFrame::Conversation { conversation, prev: reached, pos, head_seq, change }
            }
            other => other,
        });
    }
    while device.deliver(&server) {}
    assert!(rows(&device).iter().all(|row| row.seq != Some(seq(3))), "{}", drawn(&device));
}

/// R001-05, R004-H5: a deleted conversation leaves the list, closes, and comes back with the next message and no other.
#[test]
fn a_deleted_conversation_begins_anew() {
    let (mut server, mut device) = showing(3);
    act(&mut server, &mut device, Action::Delete { conversation: direct(), through: seq(3), everywhere: false });
    assert_eq!(device.client.open(), None);
    assert!(!device.client.sessions().contains(&direct()) && !device.client.listed(direct()));
    assert_eq!(device.client.total_unread(), 0);
    device.step(&server, Input::Open(direct()));
    device.flow(&mut server);
    assert_eq!((drawn(&device).as_str(), device.client.can_load_older(direct())), ("", false));
    server.send(user_id(2), direct(), client_id(4), text("text"));
    push(&mut server, &mut device);
    device.flow(&mut server);
    assert!(device.client.sessions().contains(&direct()));
    assert_eq!((drawn(&device).as_str(), device.client.can_load_older(direct())), ("4", false));
}

/// R001-05: so does one in which nothing was written yet, also where another page of the device deletes it.
#[test]
fn an_empty_conversation_can_be_deleted() {
    for elsewhere in [false, true] {
        let (mut server, mut device) = live();
        assert!(device.client.sessions().contains(&direct()));
        if elsewhere {
            let deleted = ServerFrame::Deleted { conversation: direct(), floor: seq(0) };
            device.step(&server, Input::SocketFrame(deleted));
        } else {
            let delete = Action::Delete { conversation: direct(), through: seq(0), everywhere: false };
            act(&mut server, &mut device, delete);
        }
        assert_eq!(device.client.open(), None);
        assert!(!device.client.sessions().contains(&direct()) && !device.client.listed(direct()));
        device.step(&server, Input::Open(direct()));
        device.flow(&mut server);
        assert!(!device.client.sessions().contains(&direct()));
        server.send(user_id(2), direct(), client_id(1), text("text"));
        push(&mut server, &mut device);
        device.flow(&mut server);
        assert!(device.client.sessions().contains(&direct()));
        assert_eq!(drawn(&device), "1");
    }
}

/// R001-05: a deletion whose answer was lost is learned from the conversation's description.
#[test]
fn a_lost_answer_to_a_deletion_is_learned() {
    let (mut server, mut device) = showing(3);
    device.step(&server, Input::Act(Action::Delete { conversation: direct(), through: seq(3), everywhere: false }));
    while !device.requests.is_empty() {
        device.serve(&mut server, 0);
    }
    let deleted = device.answers.len() - 1;
    device.lose_answer(&server, deleted);
    device.flow(&mut server);
    assert!(!device.client.listed(direct()));
}

/// R001-05: the same, though the description is late and the log goes on meanwhile.
#[test]
fn a_lost_answer_to_a_deletion_is_learned_whatever_comes() {
    let (mut server, mut device) = showing(3);
    device.step(&server, Input::Close);
    device.crash(&server, None);
    device.flow(&mut server);
    device.step(&server, Input::Act(Action::Delete { conversation: direct(), through: seq(3), everywhere: false }));
    while device.serve(&mut server, 0) {}
    let deleted = device.answers.len() - 1;
    device.lose_answer(&server, deleted);
    while !device.requests.is_empty() {
        device.lose_request(&server, 0);
    }
    server.send(user_id(2), direct(), client_id(4), text("text"));
    push(&mut server, &mut device);
    rest(&mut server, &mut device, 60_000);
    assert_eq!(device.client.total_unread(), 1);
}

/// R004-H6: a report hides the message when that was asked for.
#[test]
fn a_report_hides_when_asked() {
    for (hide, expected) in [(true, "1 3"), (false, "1 2 3")] {
        let (mut server, mut device) = showing(3);
        let report = ReportMessage { reason: ReportReason::Fraud, note: None, hide };
        act(&mut server, &mut device, Action::Report { conversation: direct(), seq: seq(2), report });
        assert_eq!(drawn(&device), expected);
    }
}

/// The same is not asked for twice at a time, and again when it is answered.
#[test]
fn an_action_is_asked_for_once() {
    let (mut server, mut device) = showing(3);
    device.step(&server, Input::Act(hide(&[1], true)));
    device.step(&server, Input::Act(hide(&[1], true)));
    device.step(&server, Input::Act(hide(&[2], true)));
    assert_eq!(acts(&device), 2);
    device.flow(&mut server);
    device.step(&server, Input::Act(hide(&[1], true)));
    assert_eq!(acts(&device), 1);
}

/// What the server or the network refuses changes nothing, and is told once.
#[test]
fn a_refused_action_is_told() {
    let (server, mut device) = showing(3);
    let before = drawn(&device);
    for failure in [Failure::Network, Server::refuse(ErrorCode::RecallExpired, false)] {
        let action = hide(&[2], true);
        device.step(&server, Input::Act(action.clone()));
        let (request, _) = device.requests.pop().unwrap();
        device.step(&server, Input::Answered { request, answer: Err(failure.clone()) });
        assert_eq!(device.acted.pop(), Some(Acted { action, outcome: Err(failure) }));
        assert_eq!((drawn(&device), device.acted.len()), (before.clone(), 0));
    }
}

/// An answer that comes late undoes nothing that the account's log has told since.
#[test]
fn a_late_answer_undoes_nothing() {
    let (mut server, mut device) = showing(3);
    device.step(&server, Input::Act(hide(&[3], true)));
    while device.serve(&mut server, 0) {}
    server.hide(user_id(1), direct(), &[seq(3)], false);
    push(&mut server, &mut device);
    while device.deliver(&server) {}
    assert_eq!(drawn(&device), "1 2 3");
    device.flow(&mut server);
    assert_eq!((drawn(&device).as_str(), device.client.total_unread()), ("1 2 3", 3));
}

/// An answer that comes after the account's log has gone on without the device does not hide what was shown again.
#[test]
fn an_overtaken_answer_hides_nothing() {
    let (mut server, mut device) = showing(2);
    for id in 20..26 {
        server.create(id, protocol::ConversationKind::Group, &[1, id]);
        server.send(user_id(id), conversation_id(id), client_id(id), text("later"));
    }
    // Nothing is left to report, which would move the account's log.
    device.step(&server, Input::Seen { conversation: direct(), seq: seq(2) });
    rest(&mut server, &mut device, 5_000);
    device.step(&server, Input::Act(hide(&[2], true)));
    while device.serve(&mut server, 0) {}
    server.hide(user_id(1), direct(), &[seq(2)], false);
    server.epoch += 1;
    server.take_frames();
    // The conversation is described in one of the later pages, the answer comes between.
    device.disconnect(&server, 1006);
    let answer = device.answers.remove(0);
    device.step(&server, Input::Woke);
    device.accept(&server);
    for _ in 0..20 {
        one_more_call(&mut server, &mut device);
        if device.client.session(conversation_id(25)).is_some() {
            break;
        }
    }
    device.answers.insert(0, answer);
    device.receive(&server, 0);
    rest(&mut server, &mut device, 60_000);
    assert_eq!((drawn(&device).as_str(), last(&device)), ("1 2", Some((2, false))));
}

/// One more call is answered.
fn one_more_call(server: &mut Server, device: &mut Device) {
    while device.deliver(server) {}
    if !(device.serve(server, 0) && device.receive(server, 0)) {
        pass(server, device, 1_000);
    }
}

/// A token that the server no longer takes: what was hidden meanwhile is found out all the same.
#[test]
fn an_expired_token_hides_no_deletion() {
    let (mut server, mut device) = showing(3);
    device.step(&server, Input::Seen { conversation: direct(), seq: seq(3) });
    rest(&mut server, &mut device, 2_000);
    device.disconnect(&server, 1006);
    server.hide(user_id(1), direct(), &[seq(2)], true);
    server.epoch += 1;
    server.take_frames();
    device.step(&server, Input::Woke);
    rest(&mut server, &mut device, 5_000);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1 3");
}

/// R001-17: the newest message is shown again while the account's log goes on without the device: the list shows it too.
#[test]
fn an_expired_token_hides_nothing_that_is_shown_again() {
    let (mut server, mut device) = showing(3);
    device.step(&server, Input::Seen { conversation: direct(), seq: seq(3) });
    act(&mut server, &mut device, hide(&[3], true));
    rest(&mut server, &mut device, 2_000);
    device.disconnect(&server, 1006);
    server.hide(user_id(1), direct(), &[seq(3)], false);
    server.epoch += 1;
    server.take_frames();
    device.step(&server, Input::Woke);
    rest(&mut server, &mut device, 5_000);
    device.flow(&mut server);
    assert_eq!((drawn(&device).as_str(), last(&device)), ("1 2 3", Some((3, false))));
}
