//! Files in the outbox, on a device and a model server: what is written after a long one does not wait for it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::Device;
use crate::model::scene::{direct, drawn, live, pass, posts, rest, rows, write};
use crate::model::server::Server;
use crate::model::{client_id, file, picture};
use protocol::{ErrorCode, MessageBody};
use sync::{Input, Request, Upload};

/// A file that nobody waits for.
const LONG: u64 = 50_000_000;

/// A person chooses these together, each of so many bytes; no bytes are a picture.
fn choose(server: &Server, device: &mut Device, chosen: &[(u64, u64)]) {
    let body = |n, bytes| match bytes {
        0 => MessageBody::Image(picture(client_id(n), false)),
        _ => MessageBody::File(file(client_id(n), bytes, false)),
    };
    let messages = chosen.iter().map(|(n, bytes)| (client_id(*n), body(*n, *bytes))).collect();
    device.step(server, Input::SendTogether { conversation: direct(), messages });
}

fn uploads(device: &Device) -> Vec<usize> {
    let flying = device.requests.iter().enumerate();
    flying.filter(|(_, (_, request))| matches!(request, Request::Upload { .. })).map(|(place, _)| place).collect()
}

/// Carries out the upload on its way.
fn upload(server: &mut Server, device: &mut Device) {
    let place = uploads(device)[0];
    device.serve(server, place);
    let answer = device.answers.len() - 1;
    device.receive(server, answer);
}

/// R002-06, R002-07: files and pictures that are chosen together are as many messages, each uploaded and then posted with what
/// its upload was answered, in the order in which they were chosen and with nothing between them.
#[test]
fn files_are_uploaded_before_they_are_posted() {
    let (mut server, mut device) = live();
    choose(&server, &mut device, &[(1, 9), (2, 0), (3, 4_194_304)]);
    write(&server, &mut device, 4);
    assert_eq!((drawn(&device).as_str(), uploads(&device).len()), ("1Sending 2Sending 3Sending 4Sending", 1));
    assert_eq!((device.outbox[&client_id(1)].upload, posts(&device)), (Upload::First, 0));
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent 2Sent 3Sent 4Sent");
    assert_eq!(rows(&device)[0].body, MessageBody::File(file(client_id(1), 9, true)));
    assert!(device.outbox.is_empty());
}

/// R002-07: what is written after a long file does not wait for it; it goes to the bottom when its upload is there. What was
/// chosen together with it goes after it, in that order, one upload after the other.
#[test]
fn nothing_waits_for_a_long_file() {
    let (mut server, mut device) = live();
    choose(&server, &mut device, &[(1, LONG), (2, 9), (3, LONG)]);
    write(&server, &mut device, 4);
    let drawn_and_flying = |device: &Device| (drawn(device), uploads(device).len(), posts(device));
    assert_eq!(drawn_and_flying(&device), ("1Sending 2Sending 3Sending 4Sending".to_owned(), 1, 1));
    upload(&mut server, &mut device);
    assert_eq!(drawn(&device), "2Sending 3Sending 4Sending 1Sending");
    write(&server, &mut device, 5);
    device.flow(&mut server);
    let order = drawn(&device);
    let place = |n: u64| order.find(&format!("{n}Sent")).unwrap();
    assert!(place(4) < place(1) && place(1) < place(2) && place(2) < place(3), "{order}");
}

/// R004-A5, T20: a long file whose upload breaks, or is cut short by a reload, is sent once all the same, and those after it.
#[test]
fn a_long_file_survives_what_breaks() {
    let (mut server, mut device) = live();
    choose(&server, &mut device, &[(1, LONG), (2, LONG)]);
    device.lose_request(&server, 0);
    assert_eq!((drawn(&device).as_str(), uploads(&device).len()), ("1Waiting 2Sending", 0));
    pass(&mut server, &mut device, 30_000);
    assert_eq!(uploads(&device).len(), 1);
    device.crash(&server, Some(direct()));
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent 2Sent");
    assert!(device.outbox.is_empty());
}

/// R004-A1: what the server has no room for holds nothing up that was written after it, and is sent when there is room again.
#[test]
fn nothing_waits_for_what_there_is_no_room_for() {
    let (mut server, mut device) = live();
    choose(&server, &mut device, &[(1, 9), (2, 0)]);
    write(&server, &mut device, 3);
    for _ in 0..2 {
        let (request, _) = device.requests.remove(uploads(&device)[0]);
        let answer = Err(Server::refuse(ErrorCode::StorageFull, true));
        device.step(&server, Input::Answered { request, answer });
    }
    assert_eq!((uploads(&device).len(), posts(&device)), (0, 1));
    device.flow(&mut server);
    assert_eq!(drawn(&device), "3Sent 1Waiting 2Waiting");
    device.crash(&server, Some(direct()));
    pass(&mut server, &mut device, 30_000);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "3Sent 1Sent 2Sent");
}

/// R004-A1: what the server takes no more of for the moment keeps its place; where that lasts, nothing waits for it.
#[test]
fn a_moment_without_room_changes_no_order() {
    for (refusals, expected) in [(4, "1Sent 2Sent"), (5, "2Sent 1Sent")] {
        let (mut server, mut device) = live();
        choose(&server, &mut device, &[(1, 0)]);
        write(&server, &mut device, 2);
        for _ in 0..refusals {
            while uploads(&device).is_empty() {
                pass(&mut server, &mut device, 1_000);
                while device.deliver(&server) {}
            }
            let (request, _) = device.requests.remove(uploads(&device)[0]);
            let answer = Err(Server::refuse(ErrorCode::RateLimited, true));
            device.step(&server, Input::Answered { request, answer });
            device.flow(&mut server);
        }
        rest(&mut server, &mut device, 60_000);
        assert_eq!(drawn(&device), expected, "{refusals} refusals");
    }
}
