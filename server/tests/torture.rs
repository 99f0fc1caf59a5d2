//! `kill -9` under load: whenever the server dies, what it acknowledged stays, and its history is a right server's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod history;
mod support;

use futures::future::join_all;
use history::{Dice, Membership, Observer, Op, Recorder, judge, report};
use protocol::receipts::ReceiptReport;
use protocol::{ClientId, ConversationId, ConversationKind, Role, Seq, UserId};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{Ledger, PASSWORD, Person, TestServer, cycles, fresh_client_id};

const SENDERS: usize = 8;
/// So many kills hit one data folder; then a new one begins, because each kill reads it all.
const KILLS: u64 = 50;
/// So many kills are in one recorded history.
const JUDGED: u64 = 5;

/// R003-12, R001-15, invariants 1 and 2: 0 lost, 0 doubled, 0 invented, whenever the server dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_messages_survive_kill_9() {
    let mut numbers = cycles(50).peekable();
    let (mut kills, mut attempts, mut acknowledged) = (0, 0, 0);
    while numbers.peek().is_some() {
        let mut server = TestServer::start();
        let (mut a, b) = (server.person("aa").await, server.person("bb").await);
        let id = a.open(&b).await;
        let ledger = Ledger::default();
        for cycle in numbers.by_ref().take(KILLS as usize) {
            let before = ledger.acknowledged();
            let senders: Vec<_> =
                (0..SENDERS).map(|_| tokio::spawn(ledger.clone().send_until_it_dies(a.clone(), id))).collect();
            // Die at another point of the batches' life in every cycle.
            let wanted = 1 + (cycle * 7 % 97) as usize;
            while ledger.acknowledged() < before + wanted {
                tokio::task::yield_now().await;
            }
            server.kill();
            for sender in senders {
                sender.await.unwrap();
            }
            server.restart();
            a = a.at(&server.address);
            ledger.check(&a, id, &format!("kill {cycle}")).await;
            kills += 1;
        }
        attempts += ledger.attempts();
        acknowledged += ledger.acknowledged();
    }
    println!("{kills} kills: {acknowledged} acknowledged of {attempts} attempts, all present once");
}

/// Invariants 1–13 and 17–20: three people with two devices each write, read, hide, recall and report while the server
/// is killed again and again; the history that they recorded is one that a right server can have made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_of_a_dying_server_is_right() {
    for seed in cycles(1) {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::new(&folder.path().join("history.jsonl"));
        record(seed, &recorder).await;
        let history = recorder.history();
        let violations = judge(&history);
        if !violations.is_empty() {
            let kept = folder.keep().join("history.jsonl");
            panic!("SIXIN_FIRST={seed}, history in {}:\n{}", kept.display(), report(&violations));
        }
        println!("{JUDGED} kills, {} events, no violation", history.events.len());
    }
}

/// A device, and the message that it has yet to hear of.
struct Worker {
    device: Observer,
    unsent: Option<(ConversationId, ClientId)>,
    dice: Dice,
}

async fn record(seed: u64, recorder: &Recorder) {
    let mut server = TestServer::start();
    let mut dice = Dice::new(seed);
    let mut people = Vec::new();
    for handle in ["ada", "bob", "cyd"] {
        people.push(server.person(handle).await);
    }
    for (one, other) in [(0, 1), (1, 2), (2, 0)] {
        people[one].open(&people[other]).await;
        people[other].open(&people[one]).await;
    }
    know(&people, recorder).await;
    let mut workers = Vec::new();
    for person in &people {
        let again = Person::log_in(&server.address, &person.handle, PASSWORD).await;
        for login in [person.clone(), again] {
            let dice = Dice::new(dice.next());
            workers.push(Worker { device: Observer::new(login, recorder), unsent: None, dice });
        }
    }
    for _ in 0..JUDGED {
        for Worker { device, .. } in &mut workers {
            assert!(device.connect().await);
        }
        let dead = Arc::new(AtomicBool::new(false));
        let working: Vec<_> = workers.drain(..).map(|worker| tokio::spawn(work(worker, dead.clone()))).collect();
        // The moment is by chance: in the middle of whatever is under way.
        tokio::time::sleep(Duration::from_millis(50 + dice.below(200))).await;
        server.kill();
        dead.store(true, Ordering::Relaxed);
        for worker in working {
            workers.push(worker.await.unwrap());
        }
        server.restart();
        for Worker { device, .. } in &mut workers {
            device.disconnect();
            device.person = device.person.at(&server.address);
        }
    }

    // From here on nothing is disturbed: what was begun is ended, and everybody comes to rest, while others log in.
    recorder.healed();
    join_all(workers.iter_mut().map(|Worker { device, unsent, .. }| async {
        if let Some((conversation, client_id)) = unsent.take() {
            device.send(conversation, client_id, 5).await.expect("it is sent in the end");
        }
    }))
    .await;
    let goals = OnceCell::new();
    let logging_in = async {
        let coming = people.iter().map(|person| async {
            let login = Person::log_in(&server.address, &person.handle, PASSWORD).await;
            let mut device = Observer::new(login, recorder);
            assert!(device.pull(200).await);
            device
        });
        assert!(goals.set(join_all(coming).await).is_ok());
    };
    let resting = join_all(workers.iter_mut().map(|Worker { device, .. }| async {
        device.connect().await;
        device.rest(&goals).await;
        recorder.settled(device.process);
    }));
    tokio::join!(logging_in, resting);
    let mut fresh = goals.into_inner().unwrap_or_default();
    recorder.quiet();
    for device in workers.iter_mut().map(|worker| &mut worker.device).chain(&mut fresh) {
        for conversation in device.replica.logs.keys().copied().collect::<Vec<_>>() {
            device.dump(conversation).await;
        }
    }
}

/// Tells the recording who is in which conversation.
async fn know(people: &[Person], recorder: &Recorder) {
    let mut known: BTreeMap<ConversationId, Vec<UserId>> = BTreeMap::new();
    for person in people {
        for told in person.sync(None).await.conversations {
            known.entry(told.id).or_default().push(person.id);
        }
    }
    for (conversation, members) in known {
        let members = members
            .into_iter()
            .map(|account| Membership { account, vis_from: Seq::ZERO, role: Role::Member })
            .collect();
        recorder.known(conversation, ConversationKind::Direct, members, Seq::ZERO);
    }
}

/// Until the server is dead.
async fn work(mut worker: Worker, dead: Arc<AtomicBool>) -> Worker {
    while !dead.load(Ordering::Relaxed) {
        worker.device.pull(10).await;
        act(&mut worker).await;
        while worker.device.listen(Duration::from_millis(worker.dice.below(3))).await {}
    }
    worker
}

async fn act(Worker { device, unsent, dice }: &mut Worker) {
    let conversations: Vec<ConversationId> = device.replica.logs.keys().copied().collect();
    if let Some((conversation, client_id)) = *unsent {
        // An outbox sends one after the other: the later ones wait.
        if device.send(conversation, client_id, 1).await.is_some() {
            *unsent = None;
        }
        return;
    }
    if conversations.is_empty() {
        return;
    }
    let conversation = *dice.pick(&conversations);
    let head = device.replica.logs[&conversation].head;
    let any = head.minus(dice.below(8)).max(Seq::ZERO.next());
    // What is not there yet cannot be hidden: such a call does nothing.
    let choice = if head.is_zero() { 0 } else { dice.below(100) };
    let op = match choice {
        0..50 => {
            *unsent = Some((conversation, fresh_client_id()));
            return;
        }
        50..75 => {
            let read = if dice.chance(60) { head } else { any };
            Op::Report { reports: vec![ReceiptReport { conversation, delivered: head, read }] }
        }
        75..82 => Op::Hide { conversation, seqs: vec![any], hidden: dice.chance(70) },
        82..92 => Op::Recall { conversation, seq: any },
        92..95 => Op::Denounce { conversation, seq: any, hide: true },
        95..98 => Op::History { conversation, before: Some(any), after: None, limit: 10 },
        _ => Op::ReadAll,
    };
    device.call(op).await;
}
