//! The end of the session list, where conversations that rested for long are loaded when somebody looks.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model;
use crate::model::device::Device;
use crate::model::scene::{direct, rest, scene};
use crate::model::server::Server;
use crate::model::{conversation_id, user, user_id};
use protocol::messaging::Conversations;
use protocol::{Conversation, ConversationId, ErrorCode};
use sync::{Answer, Client, Failure, Input, Request, Start};

/// A device that was told of the conversation with 2 alone, and that others follow after a place.
fn device(server: &mut Server, place: Option<&str>) -> Device {
    let mut device = Device::new(server, user_id(1), None);
    device.client = Client::new(start(server, place));
    device.step(server, Input::Started);
    device.flow(server);
    device
}

fn start(server: &Server, place: Option<&str>) -> Start {
    let mut start = server.start(user_id(1), None);
    start.sync.conversations.retain(|about| about.id == direct());
    start.sync.conversations.iter_mut().for_each(|about| about.active_at = 5_000);
    start.sync.older = place.map(str::to_owned);
    start
}

fn old(server: &Server, id: u64) -> Conversation {
    Conversation { id: conversation_id(id), active_at: 1_000 - id, ..server.describe(user_id(1), direct()) }
}

fn asked(device: &Device) -> Vec<(sync::RequestId, String)> {
    let asked = device.requests.iter().filter_map(|(id, request)| match request {
        Request::Conversations { before, .. } => Some((*id, before.clone())),
        _ => None,
    });
    asked.collect()
}

fn answer(server: &Server, device: &mut Device, answer: Result<Answer, Failure>) {
    let (request, _) = asked(device)[0];
    device.requests.retain(|(id, _)| *id != request);
    device.step(server, Input::Answered { request, answer });
}

fn page(server: &Server, ids: &[u64], next: Option<&str>) -> Result<Answer, Failure> {
    let conversations = ids.iter().map(|id| old(server, *id)).collect();
    Ok(Answer::Conversations(Conversations {
        conversations,
        users: vec![user(user_id(2))],
        next: next.map(str::to_owned),
    }))
}

/// R004-G1: at the end of the list a device loads what follows, page by page, each once, until nothing follows.
#[test]
fn the_list_goes_on_page_by_page() {
    let (mut server, _) = scene();
    let mut device = device(&mut server, Some("9.9"));
    assert_eq!((device.client.older_sessions(), asked(&device).len()), (Some("9.9"), 0));
    for _ in 0..2 {
        device.step(&server, Input::LoadOlderSessions);
        assert_eq!(asked(&device)[0].1, "9.9");
        assert_eq!(asked(&device).len(), 1, "one call at a time");
    }
    let first = page(&server, &[101, 102], Some("8.8"));
    answer(&server, &mut device, first);
    let listed: Vec<ConversationId> = [101, 102].map(conversation_id).into();
    assert_eq!(device.client.sessions()[device.client.sessions().len() - 2..], listed);
    device.step(&server, Input::LoadOlderSessions);
    assert_eq!(asked(&device)[0].1, "8.8");
    answer(&server, &mut device, Err(Server::refuse(ErrorCode::Unavailable, true)));
    rest(&mut server, &mut device, 0);
    assert_eq!((device.client.older_sessions(), asked(&device).len()), (Some("8.8"), 0));
    let mut wait = 0;
    while asked(&device).is_empty() {
        wait += 1;
        assert!(wait < 100, "it is asked again");
        model::scene::pass(&mut server, &mut device, 100);
    }
    let last = page(&server, &[103], None);
    answer(&server, &mut device, last);
    assert_eq!(device.client.older_sessions(), None);
    device.step(&server, Input::LoadOlderSessions);
    assert_eq!(asked(&device), []);
}

/// R000-13: how far the list was loaded is kept with what was loaded, and a page that begins anew does not forget it.
#[test]
fn a_reload_goes_on_where_the_list_ended() {
    let (mut server, _) = scene();
    let mut device = device(&mut server, Some("9.9"));
    device.step(&server, Input::Restored(None));
    device.step(&server, Input::LoadOlderSessions);
    let first = page(&server, &[101], Some("8.8"));
    answer(&server, &mut device, first);
    let kept = device.client.take_unstored().unwrap();
    let stored = sync::Stored {
        device: kept.device.unwrap(),
        users: kept.users,
        conversations: kept.conversations,
        timelines: kept.timelines,
    };
    let mut reloaded = Client::new(start(&server, Some("9.9")));
    reloaded.step(server.now, 0, Input::Restored(Some(Box::new(stored.clone()))));
    assert_eq!(reloaded.older_sessions(), Some("8.8"));
    assert!(reloaded.sessions().contains(&conversation_id(101)));
    assert_eq!(Client::new(stored.start()).older_sessions(), Some("8.8"));
}

/// R004-G1: a page of old conversations that a listing overtook does not hide what that leaves out.
#[test]
fn a_late_page_of_the_list_ends_it_no_sooner() {
    let (mut server, _) = scene();
    let mut device = device(&mut server, Some("5.5"));
    device.step(&server, Input::LoadOlderSessions);
    assert_eq!(asked(&device)[0].1, "5.5");
    device.disconnect(&server, 1006);
    rest_without_list(&mut server, &mut device);
    let late = page(&server, &[101], Some("3.3"));
    answer(&server, &mut device, late);
    assert_eq!(device.client.older_sessions(), Some("9.9"));
    assert!(device.client.sessions().contains(&conversation_id(101)));
}

/// The device is connected anew, and its sync leaves out what stands after another place.
fn rest_without_list(server: &mut Server, device: &mut Device) {
    model::scene::pass(server, device, 60_000);
    device.accept(server);
    while device.deliver(server) {}
    let place = device.requests.iter().position(|(_, asked)| matches!(asked, Request::Sync { .. })).unwrap();
    let (request, asked) = device.requests.remove(place);
    let Ok(Answer::Sync(mut page)) = server.answer(device.who(), asked) else { panic!("a sync is answered") };
    page.older = Some("9.9".to_owned());
    device.step(server, Input::Answered { request, answer: Ok(Answer::Sync(page)) });
}
