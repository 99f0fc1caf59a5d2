//! Who writes, and who is there: what a device shows and tells.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model;
use crate::model::scene::{GROUP, direct, live, pass, push, scene};
use crate::model::{client_id, conversation_id, text, user_id};
use protocol::{ClientFrame, ServerFrame};
use sync::{Input, Presence};

fn typing(user: u64) -> Input {
    Input::SocketFrame(ServerFrame::Typing { conversation: direct(), user: user_id(user) })
}

/// R002-04: somebody who writes is shown for six seconds, or until what they wrote is there.
#[test]
fn typing_ends_by_itself_and_with_the_message() {
    let (mut server, mut device) = live();
    device.step(&server, typing(2));
    assert_eq!(device.client.typing(direct()), [user_id(2)]);
    pass(&mut server, &mut device, 5_900);
    assert_eq!(device.client.typing(direct()), [user_id(2)]);
    pass(&mut server, &mut device, 200);
    assert!(device.client.typing(direct()).is_empty());
    device.step(&server, typing(2));
    server.send(user_id(2), direct(), client_id(1), text("x"));
    push(&mut server, &mut device);
    device.flow(&mut server);
    assert!(device.client.typing(direct()).is_empty());
    device.step(&server, typing(1));
    assert!(device.client.typing(direct()).is_empty(), "one's own other device");
}

/// R002-04: one tells at most every three seconds that one writes.
#[test]
fn typing_is_told_with_pauses() {
    let (mut server, mut device) = live();
    let told = |device: &model::device::Device| {
        device.frames_sent.iter().filter(|frame| matches!(frame, ClientFrame::Typing { .. })).count()
    };
    for n in 1..=40 {
        let text = "x".repeat(n);
        device.step(&server, Input::Typed { conversation: direct(), text });
        pass(&mut server, &mut device, 100);
    }
    assert_eq!(told(&device), 2);
    device.step(&server, Input::Typed { conversation: direct(), text: String::new() });
    assert_eq!(told(&device), 2);
}

/// The first paint shows what the page tells of the peer, and so does the connection until it tells itself; a later
/// connection may know less.
#[test]
fn the_page_tells_of_the_peer() {
    let (mut server, _) = scene();
    let seen = Presence { online: false, seen_at: 7 };
    let start = sync::Start { presence: Some(seen), ..server.start(user_id(1), Some(direct())) };
    assert_eq!(sync::Client::new(start.clone()).presence(direct()), Some(seen));
    let mut device = model::device::Device::new(&server, user_id(1), Some(direct()));
    device.client = sync::Client::new(start);
    device.step(&server, Input::Started);
    device.flow(&mut server);
    assert_eq!(device.client.presence(direct()), Some(seen));
    device.disconnect(&server, 1006);
    pass(&mut server, &mut device, 2_000);
    device.flow(&mut server);
    assert_eq!(device.client.presence(direct()), None);
    let elsewhere = sync::Start { presence: Some(seen), ..server.start(user_id(1), Some(conversation_id(GROUP))) };
    assert_eq!(sync::Client::new(elsewhere).presence(conversation_id(GROUP)), None);
}

/// R002-04: presence is wanted of the open direct conversation's peer alone, anew on every connection.
#[test]
fn presence_is_wanted_of_the_open_conversation() {
    let (mut server, mut device) = live();
    let watched = |device: &mut model::device::Device| -> Vec<_> {
        let frames = std::mem::take(&mut device.frames_sent).into_iter();
        frames
            .filter_map(|frame| match frame {
                ClientFrame::Watch { conversation } => Some(conversation),
                _ => None,
            })
            .collect()
    };
    assert_eq!(watched(&mut device), [Some(direct())]);
    let presence = |online, seen_at| Input::SocketFrame(ServerFrame::Presence { user: user_id(2), online, seen_at });
    device.step(&server, presence(true, 0));
    assert_eq!(device.client.presence(direct()), Some(Presence { online: true, seen_at: 0 }));
    device.step(&server, presence(false, 0));
    assert_eq!(device.client.presence(direct()), None, "hidden");
    device.step(&server, Input::Open(conversation_id(GROUP)));
    assert_eq!(watched(&mut device), [None]);
    device.step(&server, Input::Open(direct()));
    device.disconnect(&server, 1006);
    pass(&mut server, &mut device, 2_000);
    device.flow(&mut server);
    assert_eq!(watched(&mut device), [Some(direct()), Some(direct())]);
}

/// R002-04, R004-G11: the pages of a device share a connection, which watches one peer: who looks at another page is told
/// nothing of the peer there that may be over, and whoever comes back to this one has it watched again.
#[test]
fn a_shared_connection_watches_for_one_page() {
    let (server, mut device) = live();
    let presence = Input::SocketFrame(ServerFrame::Presence { user: user_id(2), online: true, seen_at: 0 });
    device.step(&server, presence);
    device.frames_sent.clear();
    device.step(&server, Input::WatchedElsewhere);
    assert_eq!(device.client.presence(direct()), None);
    assert!(device.frames_sent.is_empty(), "the other page has it now");
    device.step(&server, Input::Visible(true));
    assert_eq!(device.frames_sent, [ClientFrame::Watch { conversation: Some(direct()) }]);
    device.step(&server, Input::Visible(true));
    assert_eq!(device.frames_sent.len(), 1);
}

/// R002-04, R004-G11: a page that nobody sees takes the watch from no page that somebody sees, nor ends another's.
#[test]
fn a_page_that_nobody_sees_watches_nobody() {
    let (mut server, mut device) = live();
    let watched = |device: &mut model::device::Device| -> Vec<_> {
        let frames = std::mem::take(&mut device.frames_sent).into_iter();
        frames.filter(|frame| matches!(frame, ClientFrame::Watch { .. })).collect()
    };
    watched(&mut device);
    device.step(&server, Input::Visible(false));
    device.disconnect(&server, 1006);
    pass(&mut server, &mut device, 2_000);
    device.flow(&mut server);
    assert_eq!(watched(&mut device), []);
    let watch = ClientFrame::Watch { conversation: Some(direct()) };
    device.step(&server, Input::Visible(true));
    assert_eq!(watched(&mut device), std::slice::from_ref(&watch));

    device.step(&server, Input::WatchedElsewhere);
    device.step(&server, Input::Close);
    assert_eq!(watched(&mut device), [], "the other page's watch goes on");
    device.step(&server, Input::Open(direct()));
    assert_eq!(watched(&mut device), [watch]);
}
