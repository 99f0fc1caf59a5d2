//! The rules of recalling, one by one, on a device and a model server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::Device;
use crate::model::scene::{direct, drawn, last, live, pass, push, rest, rows, showing, write};
use crate::model::server::Server;
use crate::model::{client_id, seq, text, user_id};
use protocol::MessageBody;
use sync::{Action, Input};

/// R001-10, R001-18, T24: a recalled message leaves a row that says so, and its text is gone from the log and the list.
#[test]
fn a_recall_leaves_a_row_without_text() {
    let (mut server, mut device) = showing(3);
    server.recall(user_id(2), direct(), seq(3)).unwrap();
    push(&mut server, &mut device);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1 2 3");
    assert_eq!(rows(&device)[2].body, MessageBody::Recalled { by: Some(user_id(2)) });
    assert_eq!(last(&device), Some((3, true)));
}

/// R001-18: the device that recalled a message offers its text for five minutes; others never do.
#[test]
fn a_recalled_text_can_be_edited_anew() {
    let (mut server, mut device) = live();
    let mut other = Device::new(&server, user_id(1), Some(direct()));
    other.step(&server, Input::Started);
    other.flow(&mut server);
    write(&server, &mut device, 1);
    device.flow(&mut server);
    device.step(&server, Input::Act(Action::Recall { conversation: direct(), seq: seq(1) }));
    device.flow(&mut server);
    for (_, frame) in server.take_frames().into_iter().filter(|(account, _)| *account == user_id(1)) {
        device.push(frame.clone());
        other.push(frame);
    }
    device.flow(&mut server);
    other.flow(&mut server);
    let former = |device: &Device| rows(device)[0].former.as_ref().map(|text| text.as_str().to_owned());
    assert_eq!(former(&device), Some(client_id(1).to_string()));
    assert_eq!((former(&other), rows(&other).len()), (None, 1));
    assert_eq!(rows(&device)[0].mark, None, "nobody reads it any more");
    rest(&mut server, &mut device, 5 * 60_000 - 1);
    assert!(former(&device).is_some());
    rest(&mut server, &mut device, 1);
    assert_eq!(former(&device), None);
}

/// R001-18: a recall whose answer was lost is learned from the log, and the text is offered all the same.
#[test]
fn a_lost_answer_to_a_recall_loses_no_text() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    device.flow(&mut server);
    device.step(&server, Input::Act(Action::Recall { conversation: direct(), seq: seq(1) }));
    device.serve(&mut server, 0);
    device.lose_answer(&server, 0);
    push(&mut server, &mut device);
    device.flow(&mut server);
    assert!(rows(&device)[0].former.is_some());
}

/// R001-18, R004-B7.6: what an auditor removed, or who administers the server recalled, is not offered to be written again, though
/// its sender wanted to recall it too.
#[test]
fn what_others_took_away_is_not_written_again() {
    for body in [MessageBody::Removed, MessageBody::Recalled { by: None }] {
        let (mut server, mut device) = live();
        write(&server, &mut device, 1);
        device.flow(&mut server);
        device.step(&server, Input::Act(Action::Recall { conversation: direct(), seq: seq(1) }));
        device.lose_request(&server, 0);
        server.change(direct(), seq(1), body.clone());
        push(&mut server, &mut device);
        while device.deliver(&server) {}
        assert_eq!((&rows(&device)[0].body, &rows(&device)[0].former), (&body, &None));
    }
}

/// R001-18, T19: a message can be recalled as long as the server allows, by the server's clock, and by its sender alone.
#[test]
fn a_recall_has_its_time() {
    const DAY: i64 = 24 * 60 * 60_000;
    for skew in [-DAY, 0, DAY] {
        let (mut server, mut device) = live();
        device.jump(skew);
        device.disconnect(&server, 1006);
        device.step(&server, Input::Woke);
        device.flow(&mut server);
        write(&server, &mut device, 1);
        device.flow(&mut server);
        server.send(user_id(2), direct(), client_id(2), text("text"));
        push(&mut server, &mut device);
        device.flow(&mut server);
        let can = |server: &Server, n| {
            device.client.can_recall(direct(), seq(n), server.now.saturating_add_signed(device.skew))
        };
        assert!(can(&server, 1) && !can(&server, 2) && !can(&server, 3), "{skew}");
        server.now += 120_000;
        assert!(can(&server, 1), "{skew}");
        server.now += 1;
        assert!(!can(&server, 1), "{skew}");
    }
}

/// R001-12: a send that is tried again after its message was recalled shows no text.
#[test]
fn a_late_answer_brings_a_recalled_message() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    device.serve(&mut server, 0);
    device.lose_answer(&server, 0);
    server.take_frames();
    server.recall(user_id(1), direct(), seq(1)).unwrap();
    server.take_frames();
    pass(&mut server, &mut device, 1_000);
    while device.serve(&mut server, 0) || device.receive(&server, 0) {}
    assert!(rows(&device).iter().all(|row| matches!(row.body, MessageBody::Recalled { .. })));
    rest(&mut server, &mut device, 2_000);
    assert_eq!(rows(&device).len(), 1);
}
