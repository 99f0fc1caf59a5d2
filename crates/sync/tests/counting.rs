//! A device has its counts compared with the server's once it has caught up.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

mod model;

use model::device::Device;
use model::scene::{direct, drawn, pass, scene};
use model::server::Server;
use model::{client_id, text, user_id};
use protocol::sync::CheckedCounts;
use sync::{Answer, Input, Request};

/// R004-B2: once a login or cold start has caught up, and not again by reconnecting.
#[test]
fn counts_are_checked_once_caught_up() {
    let (mut server, mut device) = scene();
    device.step(&server, Input::Started);
    let mut checks = 0;
    let mut flow = |server: &mut Server, device: &mut Device| {
        device.accept(server);
        while device.deliver(server) {}
        while !device.requests.is_empty() {
            checks += usize::from(matches!(device.requests[0].1, Request::Check { .. }));
            device.serve(server, 0);
            device.receive(server, 0);
        }
        checks
    };
    assert_eq!(flow(&mut server, &mut device), 1);
    device.disconnect(&server, 1006);
    pass(&mut server, &mut device, 60_000);
    assert_eq!(flow(&mut server, &mut device), 1);
}

/// R004-B2: what the server counts otherwise at the same positions is taken over, and its messages are loaded anew.
#[test]
fn a_wrong_count_is_mended() {
    let (mut server, _) = scene();
    server.send(user_id(2), direct(), client_id(1), text("a"));
    server.take_frames();
    let mut device = Device::new(&server, user_id(1), Some(direct()));
    device.step(&server, Input::Started);
    device.accept(&server);
    while device.deliver(&server) {}
    while !matches!(device.requests[0].1, Request::Check { .. }) {
        device.serve(&mut server, 0);
        device.receive(&server, 0);
    }
    assert_eq!(device.client.total_unread(), 1);

    let about = server.describe(device.me, direct());
    let right = protocol::Conversation { silent: vec![about.head_seq], unread: 0, ..about };
    let (request, _) = device.requests.remove(0);
    let wrong = CheckedCounts { wrong: vec![right], users: Vec::new() };
    device.step(&server, Input::Answered { request, answer: Ok(Answer::Checked(wrong)) });
    assert_eq!(device.client.total_unread(), 0);
    assert!(device.client.loading(direct()), "the open conversation's messages are asked for");
    device.flow(&mut server);
    assert_eq!(drawn(&device), "1");
}
