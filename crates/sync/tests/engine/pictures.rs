//! Pictures in the outbox: the upload before the send, on a device and a model server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::Device;
use crate::model::scene::{direct, drawn, live, pass, posts, push, rows, scene, write};
use crate::model::server::Server;
use crate::model::{client_id, picture};
use protocol::{ErrorCode, MessageBody};
use sync::{Failure, Input, Request, Unsent, Upload};

fn show(server: &Server, device: &mut Device, n: u64) {
    device.show(server, direct(), client_id(n));
}

fn uploads(device: &Device) -> usize {
    device.requests.iter().filter(|(_, request)| matches!(request, Request::Upload { .. })).count()
}

/// Where the upload on its way stands among the requests.
fn upload(device: &Device) -> usize {
    device.requests.iter().position(|(_, request)| matches!(request, Request::Upload { .. })).unwrap()
}

fn refuse(server: &Server, device: &mut Device, code: ErrorCode) {
    let (request, _) = device.requests.remove(0);
    device.step(server, Input::Answered { request, answer: Err(Server::refuse(code, false)) });
}

/// R002-06: a picture is shown at once, uploaded, and then posted with what its upload was answered, as one row all the time.
#[test]
fn a_picture_is_uploaded_before_it_is_posted() {
    let (mut server, mut device) = live();
    show(&server, &mut device, 1);
    assert_eq!((drawn(&device).as_str(), uploads(&device), posts(&device)), ("1Sending", 1, 0));
    let key = rows(&device)[0].key;
    device.serve(&mut server, 0);
    device.receive(&server, 0);
    assert_eq!((drawn(&device).as_str(), uploads(&device), posts(&device)), ("1Sending", 0, 1));
    assert_eq!(device.outbox[&client_id(1)].upload, Upload::Done, "it is kept as uploaded across reloads");
    device.flow(&mut server);
    let rows = rows(&device);
    assert_eq!((drawn(&device).as_str(), rows[0].key), ("1Sent", key));
    assert_eq!(rows[0].body, MessageBody::Image(picture(client_id(1), true)));
    assert!(device.outbox.is_empty());
}

/// R002-07, R003-13: several pictures are as many messages, in the order in which they were chosen, and keep their order with
/// the texts around them, however long an upload takes.
#[test]
fn pictures_keep_their_order_with_texts() {
    let (mut server, mut device) = live();
    write(&server, &mut device, 1);
    for n in 2..=4 {
        show(&server, &mut device, n);
    }
    write(&server, &mut device, 5);
    assert_eq!((uploads(&device), posts(&device)), (0, 1));
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent 2Sent 3Sent 4Sent 5Sent");
    let seqs: Vec<u64> = rows(&device).iter().map(|row| row.seq.unwrap().get()).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
}

/// R004-A1: without network a picture waits, what was written after it too, and both go out in their order.
#[test]
fn without_network_a_picture_waits_in_order() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    show(&server, &mut device, 1);
    write(&server, &mut device, 2);
    for _ in 0..10 {
        while !device.requests.is_empty() {
            device.lose_request(&server, 0);
        }
        pass(&mut server, &mut device, 30_000);
        assert!(uploads(&device) <= 1 && posts(&device) == 0);
    }
    assert_eq!(drawn(&device), "1Waiting 2Waiting");
    device.disconnect(&server, 1006);
    pass(&mut server, &mut device, 30_000);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent 2Sent");
}

/// R004-A3: the retry of a failed picture leaves it where it is for as long as the upload fails, and nothing waits for it;
/// once the upload succeeds and it is posted, it is at the bottom, with the same key (R004-A4).
#[test]
fn a_retried_picture_rises_when_it_is_uploaded() {
    let (mut server, mut device) = live();
    show(&server, &mut device, 1);
    refuse(&server, &mut device, ErrorCode::StorageFull);
    write(&server, &mut device, 2);
    device.flow(&mut server);
    assert_eq!(drawn(&device), "2Sent 1Failed");
    write(&server, &mut device, 3);
    refuse(&server, &mut device, ErrorCode::InvalidField);
    assert_eq!(drawn(&device), "2Sent 1Failed 3Failed");

    device.step(&server, Input::Retry(client_id(1)));
    assert_eq!((drawn(&device).as_str(), uploads(&device)), ("2Sent 1Sending 3Failed", 1));
    for _ in 0..3 {
        device.lose_request(&server, 0);
        assert_eq!(drawn(&device), "2Sent 1Waiting 3Failed");
        pass(&mut server, &mut device, 30_000);
        assert_eq!(uploads(&device), 1);
    }
    // What is written meanwhile does not wait for it.
    write(&server, &mut device, 4);
    assert_eq!((drawn(&device).as_str(), posts(&device)), ("2Sent 1Waiting 3Failed 4Sending", 1));
    let upload = upload(&device);
    device.serve(&mut server, upload);
    let key = rows(&device)[1].key;
    device.receive(&server, 0);
    assert_eq!(drawn(&device), "2Sent 3Failed 4Sending 1Sending", "it rose as its send was to be made");
    assert_eq!(posts(&device), 1, "one send at a time");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "2Sent 4Sent 1Sent 3Failed");
    assert_eq!(rows(&device)[2].key, key);
}

/// R004-A3, R004-A5: a picture that is tried again stays where it is across a reload too.
#[test]
fn a_retried_picture_survives_a_reload() {
    let (mut server, mut device) = live();
    show(&server, &mut device, 1);
    refuse(&server, &mut device, ErrorCode::StorageFull);
    write(&server, &mut device, 2);
    refuse(&server, &mut device, ErrorCode::InvalidField);
    device.step(&server, Input::Retry(client_id(1)));
    device.crash(&server, Some(direct()));
    assert_eq!(drawn(&device), "1Sending 2Failed");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent 2Failed");
}

/// R004-A5, T20: a reload in the middle of an upload, after it, and after the send loses nothing and sends nothing twice.
#[test]
fn a_picture_survives_a_reload() {
    for served in 0..=2 {
        let (mut server, mut device) = live();
        show(&server, &mut device, 1);
        write(&server, &mut device, 2);
        for _ in 0..served {
            device.serve(&mut server, 0);
            device.receive(&server, 0);
        }
        device.crash(&server, Some(direct()));
        device.flow(&mut server);
        assert_eq!(drawn(&device), "1Sent 2Sent", "{served}");
        assert!(device.outbox.is_empty());
    }
}

/// R004-I5, R004-I10: a picture that is refused stays failed with its reason; it can be given up, and so can one whose upload
/// is on its way, of which nothing is sent then.
#[test]
fn a_picture_can_be_given_up() {
    let (mut server, mut device) = live();
    show(&server, &mut device, 1);
    device.serve(&mut server, 0);
    device.receive(&server, 0);
    refuse(&server, &mut device, ErrorCode::Sensitive);
    assert_eq!((drawn(&device).as_str(), rows(&device)[0].refused), ("1Failed", Some(ErrorCode::Sensitive)));
    show(&server, &mut device, 2);
    device.step(&server, Input::Discard(client_id(1)));
    device.step(&server, Input::Discard(client_id(2)));
    assert!(device.outbox.is_empty(), "what is kept of them is given back");
    device.flow(&mut server);
    assert_eq!((drawn(&device).as_str(), server.rooms[&direct()].messages.len()), ("", 0));
}

/// A picture that another page of the device has written.
fn elsewhere(server: &Server, device: &mut Device, n: u64) -> Unsent {
    let unsent = Unsent {
        conversation: direct(),
        client_id: client_id(n),
        body: MessageBody::Image(picture(client_id(n), false)),
        at: server.now,
        place: n,
        failed: None,
        upload: Upload::First,
    };
    device.outbox.insert(unsent.client_id, unsent.clone());
    device.step(server, Input::OutboxElsewhere(vec![unsent.clone()]));
    unsent
}

/// R004-A1: a picture of which every upload breaks on its way fails after some attempts, and what was written after it goes on.
#[test]
fn an_upload_that_breaks_ends() {
    let (mut server, mut device) = live();
    show(&server, &mut device, 1);
    write(&server, &mut device, 2);
    for n in 0..5 {
        assert_eq!((uploads(&device), posts(&device)), (1, 0));
        device.step(&server, Input::UploadMoves(client_id(1)));
        let (request, _) = device.requests.remove(upload(&device));
        let why = if n % 2 == 0 { Failure::Network } else { Server::refuse(ErrorCode::Timeout, true) };
        device.step(&server, Input::Answered { request, answer: Err(why) });
        pass(&mut server, &mut device, 60_000);
    }
    device.flow(&mut server);
    assert_eq!(drawn(&device), "2Sent 1Failed");
    assert_eq!(device.outbox[&client_id(1)].failed, Some(ErrorCode::Timeout));
    device.step(&server, Input::Retry(client_id(1)));
    device.flow(&mut server);
    assert_eq!(drawn(&device), "2Sent 1Sent");
}

/// R004-A1, R004-I8: a picture of which nothing leaves, or that the server cannot take now, waits, however often that is.
#[test]
fn an_upload_that_does_not_begin_waits() {
    let (mut server, mut device) = live();
    show(&server, &mut device, 1);
    for n in 0..40 {
        let upload = upload(&device);
        match n % 2 {
            0 => device.lose_request(&server, upload),
            _ => {
                device.step(&server, Input::UploadMoves(client_id(1)));
                device.refuse(&server, upload);
            }
        }
        pass(&mut server, &mut device, 60_000);
        assert_eq!((drawn(&device).as_str(), uploads(&device)), ("1Waiting", 1));
    }
}

/// T8, R004-A5: the pictures of another page are left to it while it tells that it is at work on one of them, however long
/// that takes, and what is written here waits for them; after it has ended, this page goes on within ten seconds.
#[test]
fn another_page_has_its_pictures_to_itself() {
    let (mut server, mut device) = live();
    elsewhere(&server, &mut device, 1);
    elsewhere(&server, &mut device, 2);
    write(&server, &mut device, 3);
    for _ in 0..100 {
        pass(&mut server, &mut device, 3_000);
        device.step(&server, Input::Woke);
        device.step(&server, Input::UploadingElsewhere(client_id(1)));
        assert_eq!((drawn(&device).as_str(), uploads(&device), posts(&device)), ("1Sending 2Sending 3Sending", 0, 0));
        device.flow(&mut server);
    }
    // The first is there, and the other page begins with the second.
    server.send(device.me, direct(), client_id(1), MessageBody::Image(picture(client_id(1), true)));
    push(&mut server, &mut device);
    device.flow(&mut server);
    pass(&mut server, &mut device, 3_000);
    device.step(&server, Input::UploadingElsewhere(client_id(2)));
    assert_eq!((drawn(&device).as_str(), uploads(&device)), ("1Sent 2Sending 3Sending", 0));
    pass(&mut server, &mut device, 7_000);
    assert_eq!(uploads(&device), 0);
    pass(&mut server, &mut device, 2_000);
    assert_eq!(uploads(&device), 1, "nothing was heard of it");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1Sent 2Sent 3Sent");
}

/// T8: a page does not try again what another one is uploading meanwhile.
#[test]
fn a_picture_that_another_page_took_over_is_left_to_it() {
    let (mut server, mut device) = live();
    show(&server, &mut device, 1);
    device.lose_request(&server, 0);
    for _ in 0..20 {
        device.step(&server, Input::UploadingElsewhere(client_id(1)));
        device.step(&server, Input::Woke);
        pass(&mut server, &mut device, 3_000);
        assert_eq!(uploads(&device), 0);
    }
    pass(&mut server, &mut device, 9_000);
    assert_eq!(uploads(&device), 1);
}

/// R004-A5: what was given up in another page is kept here no longer.
#[test]
fn a_picture_given_up_elsewhere_is_forgotten() {
    let (server, mut device) = live();
    let unsent = elsewhere(&server, &mut device, 1);
    device.step(&server, Input::DiscardedElsewhere(unsent.client_id));
    assert_eq!(drawn(&device), "");
    assert!(device.outbox.is_empty());
}
