//! Every order in which a few things can happen to a device, tried out: not a sample of them, and counted.
//!
//! The engine takes one input at a time, so what can interleave are inputs: a frame that arrives, a request that the
//! server takes, an answer that arrives, a write to storage that begins and ends, what a person does here and in another
//! tab, time that passes. From each state every step that is possible there is taken. States that are equal in all that
//! they hold are followed once, and the ways through them are counted; the numbers are asserted, so that a change that
//! makes a step impossible, and the test weaker, is noticed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::{Device, Disk};
use crate::model::scene::{direct, push, rest, rows, scene};
use crate::model::server::Server;
use crate::model::{client_id, seq, text, user_id};
use protocol::{Cursors, ReceiptReport, Seq};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use sync::{Client, Input, LinkState, Unstored};

/// What happens by itself, each in its turn, whatever else happens meanwhile.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// The peer writes: the server stores it, and tells of it.
    Sends(u64),
    /// The peer takes a message back.
    Recalls(u64),
    /// The person sees all that is shown.
    Sees,
    /// The person writes.
    Writes(u64),
    /// Another tab says that the person has read so far there.
    ReadElsewhere(u64),
    /// That tab's report reaches the server.
    Reported(u64),
    /// The same on a server that believes the last report, not the furthest.
    Overwritten(u64),
    /// The peer has read so far, and says so.
    PeerReads(u64),
    /// A second passes.
    Second,
    /// What the device knows is being written to its storage.
    WriteBegins,
    WriteEnds,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The next deed of one of the sequences.
    Deed(usize),
    Frame,
    /// The server takes one of the requests that are on their way.
    Served(usize),
    /// One of the answers that are on their way arrives.
    Answered(usize),
}

#[derive(Clone, Debug)]
struct World {
    server: Server,
    device: Device,
    sequences: Vec<Vec<Deed>>,
    writing: Option<Unstored>,
    /// How far the person has read of what this tab shows, here or in the other tab.
    read: u64,
    /// How far in the other tab, which may be ahead.
    elsewhere: u64,
    /// How many messages there are that count.
    counting: Vec<u64>,
}

impl World {
    fn new(server: Server, device: Device, sequences: &[&[Deed]]) -> Self {
        let sequences = sequences.iter().map(|deeds| deeds.to_vec()).collect();
        Self { server, device, sequences, writing: None, read: 0, elsewhere: 0, counting: Vec::new() }
    }

    fn possible(&mut self) -> Vec<Step> {
        let head = self.server.rooms[&direct()].head().get();
        let mut steps = Vec::new();
        for (n, deeds) in self.sequences.iter().enumerate() {
            let possible = deeds.first().is_some_and(|deed| match deed {
                Deed::Reported(read) | Deed::Overwritten(read) | Deed::ReadElsewhere(read) | Deed::PeerReads(read) => {
                    *read <= head
                }
                _ => true,
            });
            steps.extend(possible.then_some(Step::Deed(n)));
        }
        steps.extend(self.device.queue().map(|_| Step::Frame));
        steps.extend((0..self.device.requests.len()).map(Step::Served));
        steps.extend((0..self.device.answers.len()).map(Step::Answered));
        steps
    }

    fn take(&mut self, step: Step) {
        let Self { server, device, .. } = self;
        match step {
            Step::Deed(n) => {
                let deed = self.sequences[n].remove(0);
                return self.happen(deed);
            }
            Step::Frame => assert!(device.deliver(server)),
            Step::Served(n) => {
                assert!(device.serve(server, n));
                push(server, device);
            }
            Step::Answered(n) => assert!(device.receive(server, n)),
        }
        self.check();
    }

    fn happen(&mut self, deed: Deed) {
        let Self { server, device, .. } = self;
        match deed {
            Deed::Sends(n) => {
                let sent = server.send(user_id(2), direct(), client_id(n), text(&n.to_string()));
                self.counting.push(sent.seq.get());
            }
            Deed::Recalls(n) => {
                server.recall(user_id(2), direct(), seq(n)).unwrap();
                self.counting.retain(|counting| *counting != n);
            }
            Deed::Sees => {
                let shown = rows(device).iter().filter_map(|row| row.seq).max();
                device.see(server);
                self.read = self.read.max(shown.map_or(0, Seq::get));
            }
            Deed::Writes(n) => device.write(server, direct(), client_id(n)),
            Deed::ReadElsewhere(read) => {
                let known = device.client.session(direct()).unwrap().head_seq.get();
                device.step(server, Input::ReadElsewhere(vec![(direct(), seq(read))]));
                self.read = self.read.max(read.min(known));
                self.elsewhere = self.elsewhere.max(read);
            }
            Deed::Reported(read) => report(server, 1, read),
            Deed::Overwritten(read) => {
                let room = server.rooms.get_mut(&direct()).unwrap();
                room.cursors.insert(user_id(1), Cursors { delivered: room.head(), read: seq(read) });
                self.elsewhere = self.elsewhere.max(read);
            }
            Deed::PeerReads(read) => report(server, 2, read),
            Deed::Second => {
                server.now += 1_000;
                device.ring(server);
            }
            Deed::WriteBegins => self.writing = device.client.take_unstored(),
            Deed::WriteEnds => {
                if let Some(unstored) = self.writing.take() {
                    let through = unstored.through();
                    device.disk.as_mut().unwrap().write(unstored);
                    device.step(server, Input::Stored(through));
                }
            }
        }
        push(&mut self.server, &mut self.device);
        self.check();
    }

    /// At any moment; the device itself looks that nothing read is unread again, and that the total is the sum.
    fn check(&self) {
        let room = &self.server.rooms[&direct()];
        let (known, own) = (self.device.client.session(direct()).unwrap(), room.cursors[&user_id(1)]);
        let sent = room.messages.iter().rev().find(|message| message.sender == user_id(1));
        let sent = sent.map_or(0, |message| message.seq.get());
        assert!(own.read.get() <= self.read.max(self.elsewhere).max(sent), "the server believes read what nobody read");
        assert!(own.read <= own.delivered && own.delivered <= room.head());
        assert!(known.head_seq <= room.head() && known.unread <= room.head().get().saturating_sub(self.read));
    }

    /// Everything arrives, and some seconds pass: the device shows what a fresh one does, which is what was read.
    fn rest(mut self) {
        let Self { server, device, .. } = &mut self;
        for _ in 0..3 {
            device.flow(server);
            push(server, device);
            device.flow(server);
            device.keep(server);
            rest(server, device, 2_000);
            push(server, device);
        }
        device.flow(server);
        self.check();
        let Self { server, device, .. } = &self;
        let (shown, fresh) = (&device.client, Client::new(server.start(device.who(), Some(direct()))));
        assert_eq!(shown.link(), LinkState::Live);
        assert_eq!(shown.session(direct()), fresh.session(direct()), "a fresh device shows it");
        assert_eq!((shown.items(direct()), shown.total_unread()), (fresh.items(direct()), fresh.total_unread()));
        let room = &server.rooms[&direct()];
        let own = room.messages.iter().filter(|message| message.sender == user_id(1)).map(|message| message.seq.get());
        let read = self.read.max(self.elsewhere).max(own.max().unwrap_or_default());
        assert_eq!(room.cursors[&user_id(1)], Cursors { delivered: room.head(), read: seq(read) }, "reported");
        let unread = self.counting.iter().filter(|counting| **counting > read).count() as u64;
        assert_eq!(shown.total_unread(), unread);
        assert!(device.outbox.is_empty() && device.reads.is_empty(), "nothing waits for a reload any more");
    }
}

fn report(server: &mut Server, account: u64, read: u64) {
    let (delivered, read) = (seq(read), seq(read));
    server.report(user_id(account), ReceiptReport { conversation: direct(), delivered, read });
}

/// What was found: how many states, and how many ways lead through them from the beginning to a rest.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    states: usize,
    ways: u128,
}

fn explore(world: World) -> Found {
    let mut known = HashMap::new();
    let ways = follow(world, &mut known);
    Found { states: known.len(), ways }
}

fn follow(mut world: World, known: &mut HashMap<[u64; 2], u128>) -> u128 {
    let written = format!("{world:?}");
    // Two hashes of the whole: one alone might take two states for one.
    let name = [0_u8, 1].map(|salt| {
        let mut hasher = DefaultHasher::new();
        (salt, &written).hash(&mut hasher);
        hasher.finish()
    });
    if let Some(ways) = known.get(&name) {
        return *ways;
    }
    let steps = world.possible();
    let ways = if steps.is_empty() {
        world.rest();
        1
    } else {
        let on = |step| {
            let mut next = world.clone();
            next.take(step);
            follow(next, known)
        };
        steps.into_iter().map(on).sum()
    };
    known.insert(name, ways);
    ways
}

/// A device that keeps its data and has caught up.
fn keeping() -> (Server, Device) {
    let (mut server, mut device) = scene();
    device.disk = Some(Disk::default());
    device.step(&server, Input::Restored(None));
    device.step(&server, Input::Started);
    device.flow(&mut server);
    device.keep(&server);
    rest(&mut server, &mut device, 2_000);
    (server, device)
}

/// The same, greeted anew, while the questions what passed by are on their way.
fn greeted() -> (Server, Device) {
    let (server, mut device) = keeping();
    device.disconnect(&server, 1006);
    device.step(&server, Input::Woke);
    device.accept(&server);
    (server, device)
}

use Deed::{
    Overwritten, PeerReads, ReadElsewhere, Recalls, Reported, Second, Sees, Sends, WriteBegins, WriteEnds, Writes,
};

/// T6: messages are stored and told, read here and in another tab, kept and reported, in every order.
#[test]
fn storing_and_reading_in_every_order() {
    let (server, device) = keeping();
    let world = World::new(
        server,
        device,
        &[&[Sends(1), Sends(2)], &[Sees, Sees], &[ReadElsewhere(1), Reported(1)], &[WriteBegins, WriteEnds, Second]],
    );
    assert_eq!(explore(world), Found { states: 22_192, ways: 10_605_162 });
}

/// T6, R004-B2: the same while the device asks what passed by, and has its counts compared.
#[test]
fn counting_and_reading_in_every_order() {
    let (server, device) = greeted();
    let world = World::new(server, device, &[&[Sends(1), Sends(2), Recalls(1)], &[Sees, Sees]]);
    assert_eq!(explore(world), Found { states: 7_681, ways: 908_115 });
}

/// T6, R000-20: one's own messages are posted while the peer writes and reads; answer and frame of each come in any order.
#[test]
fn sending_and_being_read_in_every_order() {
    let (server, device) = keeping();
    let world = World::new(server, device, &[&[Writes(11), Writes(12)], &[Sends(1), PeerReads(2)], &[Sees]]);
    assert_eq!(explore(world), Found { states: 1_480, ways: 734_016 });
}

/// A race that is there is found: of two reports that overwrite each other, one is lost in some order.
#[test]
#[should_panic(expected = "a fresh device shows it")]
fn a_lost_report_is_found() {
    let (server, device) = keeping();
    explore(World::new(server, device, &[&[Sends(1), Sends(2)], &[Overwritten(1)], &[Overwritten(2)]]));
}
