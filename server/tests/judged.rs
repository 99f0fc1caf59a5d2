//! The real binary under load, judged: several accounts with two devices each write, read, withhold, delete and reconnect
//! at once, become friends, follow and block each other, bring each other into a group, mute and remove each other, and
//! logins are ended among it; their history must be one that a right server can have made.
//!
//! One run by default, as many as `SIXIN_CYCLES` says in a torture. `SIXIN_FIRST` repeats the choices of a run, and the
//! saved history can be judged again as it was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod history;
mod support;

use futures::future::join_all;
use history::{Act, Dice, History, Log, Membership, Observer, Op, Process, Recorder, judge, report};
use protocol::frame::close;
use protocol::receipts::ReceiptReport;
use protocol::{Conversation, ConversationId, ConversationKind, MessagesFrom, Role, Seq, UserId, path};
use serde_json::json;
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use support::{BINARY, Person, TestServer, cycles, fresh_client_id};

/// People of the workload; each is in both groups or in one, and writes to two others.
const PEOPLE: [&str; 6] = ["ada", "bob", "cyd", "dan", "eve", "fay"];
/// What one device does in a run.
const ACTIONS: usize = 80;
/// How many messages a stranger may write, in every second run.
const STRANGERS: u64 = 5;
/// How many bytes may wait for one connection: frames, and the most that one of these is long.
const QUEUE: u64 = 512 * 4 * 1_024;

/// R002-17, R003-08, R004-I12: invariants 1–13, 15, 17–20, 22 and 23 hold of the real binary under concurrent load.
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
    let strangers = if seed.is_multiple_of(2) { 0 } else { STRANGERS };
    let (server, handles) = server_with_groups(strangers);
    recorder.memory(memory(&server), 0, QUEUE);
    recorder.strangers(strangers);
    let mut devices = Vec::new();
    for handle in handles.iter().chain(&handles) {
        let person = Person::log_in(&server.address, handle, "imported people").await;
        devices.push(Observer::new(person, recorder));
    }
    let world = Arc::new(World {
        people: devices[..PEOPLE.len()].iter().map(|device| device.process.account).collect(),
        crew: found_crew(&devices).await,
    });
    know_conversations(&mut devices, recorder).await;

    let mut dice = Dice::new(seed);
    // A third device of half of the people, whose login the first one ends.
    let mut guests = Vec::new();
    for handle in handles.iter().step_by(2) {
        let person = Person::log_in(&server.address, handle, "imported people").await;
        guests.push(Observer::new(person, recorder));
    }
    let guesting: Vec<_> = guests
        .into_iter()
        .map(|guest| (guest.process, tokio::spawn(be_ended(guest, world.clone(), Dice::new(dice.next())))))
        .collect();
    let guests: Vec<Process> = guesting.iter().map(|(guest, _)| *guest).collect();
    let first = devices.len() / 2;
    let working = devices.into_iter().enumerate().map(|(at, device)| {
        let guest = guests.iter().find(|guest| at < first && guest.account == device.process.account);
        tokio::spawn(work(device, guest.copied(), world.clone(), Dice::new(dice.next())))
    });
    let mut devices = Vec::new();
    for device in working.collect::<Vec<_>>() {
        devices.push(device.await.unwrap());
    }
    for (_, guest) in guesting {
        guest.await.unwrap();
    }

    // From here on nothing changes. A new login of each account says where the logs end, and is the fresh device of the end;
    // meanwhile everybody comes to rest.
    recorder.healed();
    let goals = OnceCell::new();
    let logging_in = async {
        let coming = handles.iter().map(|handle| async {
            let person = Person::log_in(&server.address, handle, "imported people").await;
            let mut device = Observer::new(person, recorder);
            assert!(device.pull(100).await);
            device
        });
        assert!(goals.set(join_all(coming).await).is_ok());
    };
    let resting = join_all(devices.iter_mut().map(|device| async {
        device.rest(&goals).await;
        recorder.settled(device.process);
    }));
    tokio::join!(logging_in, resting);
    let mut fresh = goals.into_inner().unwrap_or_default();
    recorder.quiet();
    recorder.memory(memory(&server), devices.len() as u64, QUEUE);
    for device in devices.iter_mut().chain(&mut fresh) {
        device.dump_all().await;
        device.know(&world.people).await;
    }
}

/// Who is there, and the group in which they come and go.
struct World {
    people: Vec<UserId>,
    crew: ConversationId,
}

/// Makes the group in which members come and go: its owner, an admin, a member.
async fn found_crew(devices: &[Observer]) -> ConversationId {
    let [owner, admin, member] = [0, 1, 2].map(|at| &devices[at].person);
    let request = json!({"title": "crew", "members": [admin.id, member.id]});
    let crew: Conversation = owner.post(path::CONVERSATIONS, &request).await.read();
    let appointed = owner.patch(&path::member(crew.id, admin.id), &json!({"role": "admin"})).await;
    assert_eq!(appointed.status, 204);
    crew.id
}

/// A server with two groups, from a file, and the handles of their members.
fn server_with_groups(strangers: u64) -> (TestServer, Vec<String>) {
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
    let server =
        TestServer::start_on(data, Command::new(BINARY), &[("SIXIN_STRANGER_MSG_LIMIT", &strangers.to_string())]);
    (server, PEOPLE.map(str::to_owned).to_vec())
}

/// Opens direct conversations around the circle, from both sides, and tells the recording who is in which conversation.
async fn know_conversations(devices: &mut [Observer], recorder: &Recorder) {
    for (at, device) in devices[..PEOPLE.len()].iter().enumerate() {
        let next = &devices[(at + 1) % PEOPLE.len()].person;
        device.person.open(next).await;
        next.open(&device.person).await;
    }
    let mut known: HashMap<ConversationId, (ConversationKind, Seq, Vec<Membership>)> = HashMap::new();
    for device in &devices[..PEOPLE.len()] {
        for told in device.person.sync(None).await.conversations {
            let role = told.group.map_or(Role::Member, |group| group.role);
            let membership = Membership { account: device.process.account, vis_from: Seq::ZERO, role };
            known.entry(told.id).or_insert((told.kind, told.head_seq, Vec::new())).2.push(membership);
        }
    }
    for (conversation, (kind, head, members)) in known {
        recorder.known(conversation, kind, members, head);
    }
}

/// What one device does: mostly writing and reading, now and then losing its connection or an answer; half-way it ends
/// the guest's login.
async fn work(mut device: Observer, guest: Option<Process>, world: Arc<World>, mut dice: Dice) -> Observer {
    device.connect().await;
    for action in 0..ACTIONS {
        device.pull(10).await;
        act(&mut device, &world, &mut dice).await;
        if let Some(guest) = guest.filter(|_| action == ACTIONS / 2) {
            let ended = device.call(Op::EndLogin { device: guest.device }).await;
            assert!(ended.is_some(), "a login can be ended");
        }
        while device.listen(Duration::from_millis(dice.below(4))).await {}
    }
    device
}

/// Takes part until the login is ended; then nothing is answered and no connection is made any more.
async fn be_ended(mut device: Observer, world: Arc<World>, mut dice: Dice) {
    device.connect().await;
    while device.is_connected() || device.connect().await {
        device.pull(1).await;
        // Now and then it only listens, as a device does most of the time.
        if dice.chance(50) {
            act(&mut device, &world, &mut dice).await;
        }
        while device.listen(Duration::from_millis(dice.below(20))).await {}
    }
    assert!(device.call(Op::Sync { since: None }).await.is_none());
    assert!(!device.connect().await);
}

async fn act(device: &mut Observer, world: &World, dice: &mut Dice) {
    if dice.chance(30) {
        return socialise(device, world, dice).await;
    }
    let conversations: Vec<ConversationId> = device.replica.logs.keys().copied().collect();
    if conversations.is_empty() {
        return;
    }
    let conversation = *dice.pick(&conversations);
    let log = &device.replica.logs[&conversation];
    let (head, from) = (log.head, log.from);
    match dice.below(100) {
        0..42 => send(device, conversation, dice).await,
        42..68 => {
            let read = if dice.chance(60) { head } else { head.minus(dice.below(5)) };
            device.call(Op::Report { reports: vec![ReceiptReport { conversation, delivered: head, read }] }).await;
        }
        68..70 => {
            device.call(Op::ReadAll).await;
        }
        70..73 if !head.is_zero() => {
            let seqs = vec![near(log, dice)];
            device.call(Op::Hide { conversation, seqs, hidden: dice.chance(70) }).await;
        }
        73..75 => {
            let seq = log.messages.values().rev().find(|message| {
                message.sender == device.process.account && message.body.countable() && message.seq.get() > 6
            });
            if let Some(seq) = seq.map(|message| message.seq) {
                device.call(Op::Recall { conversation, seq }).await;
            }
        }
        // What is told of reading is only certain where nobody keeps it private.
        75..77 if device.process.account.get().is_multiple_of(3) => {
            device.call(Op::Privacy { receipts: dice.chance(50) }).await;
        }
        77..79 if !head.is_zero() => {
            device.call(Op::Delete { conversation, through: head.minus(dice.below(2)) }).await;
        }
        79..81 => {
            device.call(Op::History { conversation, before: Some(from), after: None, limit: 10 }).await;
        }
        81..84 => device.why(conversation).await,
        84..87 => {
            device.call(Op::Readers { conversation }).await;
        }
        87..93 => device.disconnect(),
        _ => {
            device.connect().await;
        }
    }
}

/// What people do to each other, and in the group whose members come and go.
async fn socialise(device: &mut Observer, world: &World, dice: &mut Dice) {
    let (me, crew) = (device.process.account, world.crew);
    let others: Vec<UserId> = world.people.iter().copied().filter(|other| *other != me).collect();
    let other = *dice.pick(&others);
    let directs = device.replica.directs();
    let met = if directs.is_empty() { None } else { Some(*dice.pick(&directs)) };
    let relate = |act| Op::Relate { other, act };
    let op = match (dice.below(100), met) {
        (0..10, _) => relate(Act::Befriend),
        (10..12, _) => relate(Act::Unfriend),
        (12..14, _) => relate(Act::Refuse),
        (14..18, _) => relate(Act::Follow),
        (18..21, _) => relate(Act::Unfollow),
        (21..26, _) => relate(Act::Block),
        // A block does not last, or nobody would write any more.
        (26..36, _) => relate(Act::Unblock),
        (36..38, _) => Op::Accept { from: *dice.pick(&MessagesFrom::ALL) },
        (38..42, _) => Op::Accept { from: MessagesFrom::Everyone },
        (42..44, _) => Op::Contact { other },
        (44..46, _) => Op::Open { peer: other },
        (46..52, Some(conversation)) => return device.tell(Op::Typing { conversation }).await,
        (52..55, _) => return device.tell(Op::Typing { conversation: crew }).await,
        (55..62, Some(conversation)) => return device.tell(Op::Watch { conversation }).await,
        (62..74, _) => Op::Invite { conversation: crew, users: vec![other] },
        (74..79, _) => Op::Remove { conversation: crew, user: other },
        (79..82, _) => Op::Remove { conversation: crew, user: me },
        (82..85, _) => {
            let role = *dice.pick(&[Role::Member, Role::Admin, Role::Admin, Role::Owner]);
            Op::Appoint { conversation: crew, user: other, role }
        }
        (85..90, _) => Op::Mute { conversation: crew, user: Some(other), muted: dice.chance(50) },
        (90..93, _) => Op::Mute { conversation: crew, user: None, muted: dice.chance(40) },
        _ => return send(device, crew, dice).await,
    };
    device.call(op).await;
}

/// Writes a message, now and then withheld from some of a group. Now and then the answer comes too late for a device that
/// does not wait, and it sends again.
async fn send(device: &mut Observer, conversation: ConversationId, dice: &mut Dice) {
    let me = device.process.account;
    let log = device.replica.logs.get(&conversation);
    let seen: BTreeSet<UserId> =
        log.into_iter().flat_map(|log| log.messages.values()).map(|message| message.sender).collect();
    let withholds = seen.len() > 2 && dice.chance(20);
    let mut op = Op::text(conversation, fresh_client_id());
    if let Op::Send { invisible, .. } = &mut op {
        invisible.extend(seen.into_iter().filter(|it| withholds && *it != me && dice.chance(30)));
    }
    if dice.chance(20) {
        device.patience = Duration::from_micros(dice.below(3_000));
        device.call(op.clone()).await;
        device.patience = support::PATIENCE;
    }
    device.insist(op, 5).await;
}

/// One of the newest messages.
fn near(log: &Log, dice: &mut Dice) -> Seq {
    Seq::ZERO.next().max(log.head.minus(dice.below(4)))
}

/// What the server's process holds that is in no file, in bytes.
fn memory(server: &TestServer) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let held = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    held.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}

/// Invariant 17: connections that nobody reads cost no more than what may wait for them, and end with "resync".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_costs_a_queue() {
    const READERS: u64 = 16;
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::new(&folder.path().join("history.jsonl"));
    let server = TestServer::start();
    let (writer, reader) = (server.person("writer").await, server.person("reader").await);
    let conversation = writer.open(&reader).await;
    let text = "long ".repeat(400);
    for _ in 0..100 {
        writer.send(conversation, &text).await;
    }
    recorder.memory(memory(&server), 0, QUEUE);
    let mut connections = Vec::new();
    for _ in 0..READERS {
        connections.push(reader.push().await);
    }
    for round in 0..100 {
        join_all((0..40).map(|_| writer.send(conversation, &text))).await;
        if round % 10 == 9 {
            recorder.memory(memory(&server), READERS, QUEUE);
        }
    }
    let violations = judge(&recorder.history());
    assert!(violations.is_empty(), "{}", report(&violations));
    for connection in &mut connections {
        assert_eq!(connection.closed().await, Some(close::RESYNC));
    }
}

/// Judges a saved history: `SIXIN_HISTORY` names the file.
#[test]
fn a_saved_history_is_judged_again() {
    let Ok(path) = std::env::var("SIXIN_HISTORY") else { return };
    let violations = judge(&History::load(path.as_ref()).unwrap());
    assert!(violations.is_empty(), "{}", report(&violations));
}
