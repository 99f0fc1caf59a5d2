//! The hub under shuttle, which takes its threads through orders of locking, waiting and waking that a machine seldom shows.
//!
//! The very file `hub.rs`, with shuttle's lock in place of the standard one. Its queues are tokio's: shuttle switches
//! between threads where the hub locks and where a reader waits, not within a queue. A schedule in which everybody waits
//! fails as a deadlock, and so a wake that is lost does.

mod locks {
    pub use shuttle::sync::{Mutex, MutexGuard};
}
#[path = "hub.rs"]
#[allow(clippy::duplicate_mod, reason = "the same code with another lock")]
#[allow(dead_code, reason = "each test uses the part it needs")]
mod hub;

use crate::store::Event;
use hub::{Connected, Hub, QUEUE};
use protocol::frame::close;
use protocol::sync::AccountChange;
use protocol::{Cursors, ServerFrame, Upd};
use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::thread;
use std::sync::Arc;

/// Schedules of each test.
const SCHEDULES: usize = 20_000;

fn id<T: TryFrom<u64>>(number: u64) -> T {
    T::try_from(number).ok().unwrap()
}

fn moved(account: u64, pos: u64) -> Event {
    let change = AccountChange::Own { conversation: id(1), cursors: Cursors::default() };
    let pos = Upd::ZERO.plus(pos);
    Event::Account { account: id(account), prev: pos.prev(), pos, changes: vec![change] }
}

/// A log of account 1: what is committed, then told.
#[derive(Clone, Default)]
struct Log {
    hub: Hub,
    committed: Arc<AtomicU64>,
}

impl Log {
    fn commit(&self, pos: u64) {
        self.committed.store(pos, Ordering::SeqCst);
        self.hub.publish(moved(1, pos));
    }

    /// What a sync says that begins now.
    fn sync(&self) -> u64 {
        self.committed.load(Ordering::SeqCst)
    }

    /// A device that is connected before it syncs follows the log to `end`, across as many connections as that takes.
    fn follow(&self, mut connected: Connected, end: u64) {
        let mut cursor = self.sync();
        while cursor < end {
            match block_on(hear(&mut connected)) {
                Ok((prev, pos)) if pos > cursor => {
                    assert_eq!(prev, cursor, "a hole in the log");
                    cursor = pos;
                }
                Ok(_) => {}
                Err(code) => {
                    assert_eq!(code, close::RESYNC);
                    connected = self.hub.connect(id(1), id(1));
                    cursor = cursor.max(self.sync());
                }
            }
        }
    }
}

/// The next frame of the account's log, or why there is none. As `talk` does, the hub's word to end comes first.
async fn hear(connected: &mut Connected) -> Result<(u64, u64), u16> {
    let Connected { queue, cut, .. } = connected;
    loop {
        let frame = tokio::select! {
            biased;
            code = &mut *cut => return Err(code.unwrap()),
            frame = queue.recv() => frame.unwrap(),
        };
        if let ServerFrame::Account { prev, pos, .. } = serde_json::from_str(frame.as_str()).unwrap() {
            return Ok((prev.get(), pos.get()));
        }
    }
}

/// F19, invariant 17: a device that connects while the log moves on misses nothing, and is woken by each frame.
#[test]
fn who_connects_meanwhile_misses_nothing() {
    shuttle::check_random(
        || {
            let log = Log::default();
            let devices = [1, 2].map(|device| {
                let log = log.clone();
                thread::spawn(move || log.follow(log.hub.connect(id(1), id(device)), 3))
            });
            (1..=3).for_each(|pos| log.commit(pos));
            devices.into_iter().for_each(|device| device.join().unwrap());
            assert_eq!((log.hub.connections(), log.hub.is_online(id(1))), (0, false));
        },
        SCHEDULES,
    );
}

/// The schedules that show it are among them: a device that syncs before it is connected has a hole in its log.
#[test]
#[should_panic(expected = "a hole in the log")]
fn who_syncs_first_misses_something() {
    shuttle::check_random(
        || {
            let log = Log::default();
            let device = {
                let log = log.clone();
                thread::spawn(move || {
                    let cursor = log.sync();
                    let mut connected = log.hub.connect(id(1), id(1));
                    if cursor == 0 && log.sync() < 2 {
                        assert_eq!(block_on(hear(&mut connected)).unwrap().0, cursor, "a hole in the log");
                    }
                })
            };
            (1..=3).for_each(|pos| log.commit(pos));
            device.join().unwrap();
        },
        SCHEDULES,
    );
}

/// F19, invariants 9 and 17: a reader whose queue is full is cut off, once, and comes back without a hole; another that reads
/// is not held up, and nobody waits for either.
#[test]
fn a_slow_reader_is_cut_off_or_keeps_up() {
    shuttle::check_random(
        || {
            let log = Log::default();
            let slow = log.hub.connect(id(1), id(1));
            let full = QUEUE as u64 - 1;
            (1..=full).for_each(|pos| log.commit(pos));
            let devices = [Some(slow), None].map(|connected| {
                let log = log.clone();
                let device = move || {
                    let connected = connected.unwrap_or_else(|| log.hub.connect(id(1), id(2)));
                    log.follow(connected, full + 3);
                };
                thread::spawn(device)
            });
            (full + 1..=full + 3).for_each(|pos| log.commit(pos));
            devices.into_iter().for_each(|device| device.join().unwrap());
            assert_eq!(log.hub.connections(), 0);
        },
        SCHEDULES / 40,
    );
}

/// F19, invariant 15: connecting, watching, hiding, ending a login, going and closing in any order leave nobody behind,
/// and who is connected hears that it is over.
#[test]
fn whoever_comes_and_goes_leaves_nothing() {
    shuttle::check_random(
        || {
            let hub = Hub::default();
            let people = [(1, 2), (2, 1)].map(|(account, peer)| {
                let hub = hub.clone();
                thread::spawn(move || {
                    let mut connected = hub.connect(id(account), id(account));
                    hub.watch(id(account), connected.id, Some((id(peer), 7)));
                    let code = block_on(&mut connected.cut).unwrap();
                    assert!([close::REVOKED, close::GOING_AWAY].contains(&code));
                })
            });
            let ending = {
                let hub = hub.clone();
                thread::spawn(move || {
                    hub.publish(Event::LoginEnded { account: id(1), device: id(1) });
                    hub.hide(id(2));
                })
            };
            drop(hub.connect(id(1), id(3)));
            hub.close();
            ending.join().unwrap();
            people.into_iter().for_each(|person| person.join().unwrap());
            assert_eq!((hub.connections(), hub.lock().watched.len()), (0, 0));
        },
        SCHEDULES,
    );
}
