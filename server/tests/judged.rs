//! The real binary under load, judged: several accounts with two devices each write, read and reconnect at once; their
//! history must be one that a right server can have made.
//!
//! One run by default, as many as `SIXIN_CYCLES` says in a torture. `SIXIN_FIRST` repeats the choices of a run, and the
//! saved history can be judged again as it was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod history;
mod support;

use history::{Dice, History, Log, Membership, Observer, Op, Recorder, judge, report};
use protocol::receipts::ReceiptReport;
use protocol::{ConversationId, ConversationKind, Seq, UserId};
use std::collections::HashMap;
use std::process::Command;
use std::time::{Duration, Instant};
use support::{BINARY, Person, TestServer, cycles, fresh_client_id};

/// People of the workload; each is in both groups or in one, and writes to two others.
const PEOPLE: [&str; 6] = ["ada", "bob", "cyd", "dan", "eve", "fay"];
/// What one device does in a run.
const ACTIONS: usize = 60;
/// How long devices may take to come to rest.
const REST: Duration = Duration::from_secs(10);

/// Invariants 1–13, 15 and 17–20 hold of the real binary under concurrent load.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_of_the_real_binary_is_right() {
    for seed in cycles(1) {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::new(&folder.path().join("history.jsonl"));
        run(seed, &recorder).await;
        let history = recorder.history();
        let violations = judge(&history);
        if !violations.is_empty() {
            let kept = folder.keep().join("history.jsonl");
            panic!("seed {seed}, history in {}:\n{}", kept.display(), report(&violations));
        }
        println!("seed {seed}: {} events, no violation", history.events.len());
    }
}

/// A whole run: a server, its people, their load, rest, and the final state.
async fn run(seed: u64, recorder: &Recorder) {
    let (server, handles) = server_with_groups();
    let mut devices = Vec::new();
    for handle in handles.iter().chain(&handles) {
        let person = Person::log_in(&server.address, handle, "imported people").await;
        devices.push(Observer::new(person, recorder));
    }
    know_conversations(&mut devices, recorder).await;

    let mut dice = Dice::new(seed);
    let working = devices.into_iter().map(|device| tokio::spawn(work(device, Dice::new(dice.next()))));
    let mut devices = Vec::new();
    for device in working.collect::<Vec<_>>() {
        devices.push(device.await.unwrap());
    }

    recorder.healed();
    // A new login of each account says where the logs end, and is the fresh device of the end.
    let mut fresh = Vec::new();
    for handle in &handles {
        let person = Person::log_in(&server.address, handle, "imported people").await;
        let mut device = Observer::new(person, recorder);
        assert!(device.pull(100).await);
        fresh.push(device);
    }
    for device in &mut devices {
        let goal = fresh.iter().find(|fresh| fresh.process.account == device.process.account).unwrap();
        rest(device, goal).await;
        recorder.settled(device.process);
    }
    recorder.quiet();
    for device in devices.iter_mut().chain(&mut fresh) {
        for conversation in device.replica.logs.keys().copied().collect::<Vec<_>>() {
            device.dump(conversation).await;
        }
        device.call(Op::Page { conversation: None }).await;
    }
}

/// A server with two groups, from a file, and the handles of their members.
fn server_with_groups() -> (TestServer, Vec<String>) {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("groups.jsonl");
    let line = |chat: &str, sender: &&str| {
        format!("{{\"chat\":\"{chat}\",\"kind\":\"group\",\"at\":1,\"sender\":\"{sender}\",\"text\":\"hello\"}}\n")
    };
    let lines = PEOPLE.iter().map(|it| line("all", it)).chain(PEOPLE[..3].iter().map(|it| line("some", it)));
    std::fs::write(&file, lines.collect::<String>()).unwrap();
    let import = Command::new(BINARY)
        .arg("import")
        .arg(&file)
        .arg("--data")
        .arg(data.path())
        .args(["--password", "imported people"])
        .output()
        .unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    let server = TestServer::start_on(data, Command::new(BINARY), &[]);
    (server, PEOPLE.map(str::to_owned).to_vec())
}

/// Opens direct conversations around the circle, and tells the recording who is in which conversation.
async fn know_conversations(devices: &mut [Observer], recorder: &Recorder) {
    for (at, device) in devices[..PEOPLE.len()].iter().enumerate() {
        device.person.open(&devices[(at + 1) % PEOPLE.len()].person).await;
    }
    let mut known: HashMap<ConversationId, (ConversationKind, Seq, Vec<UserId>)> = HashMap::new();
    for device in &devices[..PEOPLE.len()] {
        for told in device.person.sync(None).await.conversations {
            known.entry(told.id).or_insert((told.kind, told.head_seq, Vec::new())).2.push(device.process.account);
        }
    }
    for (conversation, (kind, head, members)) in known {
        let members = members.into_iter().map(|account| Membership { account, vis_from: Seq::ZERO }).collect();
        recorder.known(conversation, kind, members, head);
    }
}

/// What one device does: mostly writing and reading, now and then losing its connection or an answer.
async fn work(mut device: Observer, mut dice: Dice) -> Observer {
    device.connect().await;
    for _ in 0..ACTIONS {
        device.pull(10).await;
        act(&mut device, &mut dice).await;
        while device.listen(Duration::from_millis(dice.below(4))).await {}
    }
    device
}

async fn act(device: &mut Observer, dice: &mut Dice) {
    let conversations: Vec<ConversationId> = device.replica.logs.keys().copied().collect();
    if conversations.is_empty() {
        return;
    }
    let conversation = *dice.pick(&conversations);
    match dice.below(100) {
        0..45 => {
            // Now and then the answer comes too late for a device that does not wait.
            let client_id = fresh_client_id();
            if dice.chance(20) {
                device.patience = Duration::from_micros(dice.below(3_000));
                device.call(Op::text(conversation, client_id)).await;
                device.patience = support::PATIENCE;
            }
            device.send(conversation, client_id, 5).await;
        }
        45..75 => {
            let log = &device.replica.logs[&conversation];
            let delivered = log.head;
            let read = if dice.chance(60) { log.head } else { log.head.minus(dice.below(5)) };
            device.call(Op::Report { reports: vec![ReceiptReport { conversation, delivered, read }] }).await;
        }
        75..78 if !device.replica.logs[&conversation].head.is_zero() => {
            let seqs = vec![near(&device.replica.logs[&conversation], dice)];
            device.call(Op::Hide { conversation, seqs, hidden: dice.chance(70) }).await;
        }
        78..80 => {
            let seq = device.replica.logs[&conversation].messages.values().rev().find(|message| {
                message.sender == device.process.account && message.body.countable() && message.seq.get() > 6
            });
            if let Some(seq) = seq.map(|message| message.seq) {
                device.call(Op::Recall { conversation, seq }).await;
            }
        }
        80..81 => {
            device.call(Op::Privacy { receipts: dice.chance(50) }).await;
        }
        81..85 => {
            let before = device.replica.logs[&conversation].from;
            device.call(Op::History { conversation, before: Some(before), after: None, limit: 10 }).await;
        }
        85..92 => {
            device.disconnect();
        }
        _ => {
            device.connect().await;
        }
    }
}

/// One of the newest messages.
fn near(log: &Log, dice: &mut Dice) -> Seq {
    Seq::ZERO.next().max(log.head.minus(dice.below(4)))
}

/// Connects, and takes frames and pulls until the device is where the fresh one is.
async fn rest(device: &mut Observer, goal: &Observer) {
    let end = Instant::now() + REST;
    if !device.is_connected() {
        device.connect().await;
    }
    while Instant::now() < end {
        device.pull(100).await;
        let arrived = device.replica.upd() >= goal.replica.upd()
            && goal
                .replica
                .logs
                .iter()
                .all(|(id, goal)| device.replica.logs.get(id).is_some_and(|log| log.rev >= goal.rev));
        if arrived && device.replica.pull().is_none() {
            return;
        }
        device.listen(Duration::from_millis(100)).await;
    }
}

/// Judges a saved history: `SIXIN_HISTORY` names the file.
#[test]
fn a_saved_history_is_judged_again() {
    let Ok(path) = std::env::var("SIXIN_HISTORY") else { return };
    let violations = judge(&History::load(path.as_ref()).unwrap());
    assert!(violations.is_empty(), "{}", report(&violations));
}
