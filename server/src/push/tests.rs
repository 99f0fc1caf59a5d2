//! The hub by itself: who is told, who is cut off.

use super::hub::{Hub, QUEUE, Unheard};
use crate::store::{Event, Roster};
use protocol::frame::close;
use protocol::sync::AccountChange;
use protocol::{ClientFrame, ConversationKind, Cursors, ServerFrame, Upd};
use tokio::sync::mpsc;

fn id<T: TryFrom<u64>>(number: u64) -> T {
    T::try_from(number).ok().unwrap()
}

fn moved(account: u64, pos: u64) -> Event {
    let change = AccountChange::Own { conversation: id(1), cursors: Cursors::default() };
    let pos = Upd::ZERO.plus(pos);
    Event::Account { account: id(account), prev: pos.prev(), pos, changes: vec![change] }
}

/// R004-G8, invariant 9: a slow reader is cut off with "resync", never waited for, and others are not affected.
#[test]
fn a_full_queue_is_cut_off() {
    let hub = Hub::default();
    let mut slow = hub.connect(id(1), id(1));
    let mut quick = hub.connect(id(1), id(2));
    for pos in 1..=QUEUE as u64 + 1 {
        hub.publish(moved(1, pos));
        assert!(quick.queue.try_recv().is_ok());
    }
    assert_eq!(slow.cut.try_recv(), Ok(close::RESYNC));
    assert!(quick.cut.try_recv().is_err());
    assert_eq!(hub.connections(), 1);
}

/// R004-G5: what a device says reaches its own connection and no other.
#[test]
fn a_device_is_heard_by_its_own_connection() {
    let hub = Hub::default();
    let (mouth, mut said) = mpsc::channel(1);
    let heard = hub.connect_heard(id(1), id(1), Some(mouth));
    let socket = hub.connect(id(1), id(1));
    let say = |account: u64, device: u64, connection| hub.say((id(account), id(device)), connection, ClientFrame::Ping);
    assert_eq!(say(1, 1, heard.id), Ok(()));
    assert_eq!(say(1, 1, heard.id), Err(Unheard::Full));
    assert_eq!(said.try_recv(), Ok(ClientFrame::Ping));
    for (account, device, connection) in [(1, 2, heard.id), (2, 1, heard.id), (1, 1, socket.id), (1, 1, 99)] {
        assert_eq!(say(account, device, connection), Err(Unheard::Absent));
    }
    drop(heard);
    assert_eq!(say(1, 1, 1), Err(Unheard::Absent));
    assert!(said.try_recv().is_err());
}

/// An ended login closes the device's own connections and no others.
#[test]
fn an_ended_login_closes_its_connections() {
    let hub = Hub::default();
    let mut ended = hub.connect(id(1), id(1));
    let mut other = hub.connect(id(1), id(2));
    hub.publish(Event::LoginEnded { account: id(1), device: id(1) });
    assert_eq!(ended.cut.try_recv(), Ok(close::REVOKED));
    assert!(other.cut.try_recv().is_err());
    drop(other);
    assert_eq!(hub.connections(), 0);
}

/// One is told whether the peer is there while one watches, and nothing afterwards; a watcher that is gone is
/// forgotten.
#[test]
fn presence_is_told_to_those_who_watch() {
    let hub = Hub::default();
    let mut watching = hub.connect(id(1), id(1));
    let mut told = |hub: &Hub| match watching.queue.try_recv() {
        Ok(frame) => match serde_json::from_str(frame.as_str()).unwrap() {
            ServerFrame::Presence { user, online, seen_at } => {
                assert_eq!((user, hub.lock().watched.len()), (id(2), 1));
                Some((online, seen_at > 0))
            }
            other => panic!("{other:?}"),
        },
        Err(_) => None,
    };
    hub.watch(id(1), 1, Some((id(2), 7)));
    assert_eq!(told(&hub), Some((false, true)));
    let devices = [hub.connect(id(2), id(2)), hub.connect(id(2), id(3))];
    assert_eq!((told(&hub), told(&hub)), (Some((true, false)), None));
    drop(devices);
    assert_eq!((told(&hub), told(&hub)), (Some((false, true)), None));
    hub.watch(id(1), 1, None);
    drop(hub.connect(id(2), id(2)));
    assert_eq!(told(&hub), None);
    hub.watch(id(1), 1, Some((id(2), 7)));
    drop(watching);
    assert!(hub.lock().watched.is_empty());
}

/// Who is blocked, or from whom one hides, hears no more.
#[test]
fn presence_ends_with_a_block_and_with_hiding() {
    for end in [|hub: &Hub| hub.part(id(1), id(2)), |hub: &Hub| hub.hide(id(1)), |hub: &Hub| hub.hide(id(2))] {
        let hub = Hub::default();
        let mut watching = hub.connect(id(1), id(1));
        hub.watch(id(1), 1, Some((id(2), 7)));
        end(&hub);
        let _connected = hub.connect(id(2), id(2));
        let heard: Vec<_> = std::iter::from_fn(|| watching.queue.try_recv().ok()).collect();
        assert_eq!(heard.len(), 2, "how it stood, and that nothing is known");
        assert!(heard[1].as_str().contains("\"seen_at\":0"), "{heard:?}");
        assert!(hub.lock().watched.is_empty());
    }
}

/// Fan-out finds the online members from either side.
#[test]
fn online_members_are_members_and_online() {
    let hub = Hub::default();
    let _connected: Vec<_> = [2u64, 5, 9].map(|account| hub.connect(id(account), id(account))).into();
    let online = |members: Vec<u64>| {
        let members = members.into_iter().map(id).collect();
        let mut online = hub.online(&Roster::new(ConversationKind::Group, members));
        online.sort();
        online
    };
    assert_eq!(online(vec![1, 5]), vec![id(5)]);
    assert_eq!(online(vec![1, 2, 3, 4, 9]), vec![id(2), id(9)]);
}
