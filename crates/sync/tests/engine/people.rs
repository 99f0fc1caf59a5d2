//! What a device shows of people, as they change.

#![allow(clippy::unwrap_used, reason = "a model that is wrong must fail its test")]

use crate::model;
use crate::model::scene::{direct, live};
use crate::model::{user, user_id};
use protocol::{ServerFrame, User};
use sync::Input;

/// R002-04: whatever comes last, the later state of somebody stays, and the row of the session list shows it.
#[test]
fn an_older_state_of_somebody_never_replaces_a_later_one() {
    let (server, mut device) = live();
    let renamed = |version, name: &str| User { display_name: name.try_into().unwrap(), version, ..user(user_id(2)) };
    let shown = |device: &model::device::Device| {
        device.client.session(direct()).unwrap().peer.unwrap().display_name.to_string()
    };
    device.push(ServerFrame::Person { user: renamed(2, "second") });
    while device.deliver(&server) {}
    assert_eq!(shown(&device), "second");
    device.step(&server, Input::Met(vec![renamed(1, "first")]));
    assert_eq!(shown(&device), "second");
    device.step(&server, Input::Met(vec![renamed(3, "third")]));
    assert_eq!(shown(&device), "third");
}
