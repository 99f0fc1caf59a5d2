//! A bad network: whatever it does, in the end every device equals a fresh snapshot, and every message is there once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod chaos;
mod support;

use chaos::{Clock, Device, Dice, Proxy, Way, Weather, difference, log, texts};
use protocol::{ConversationId, MessageBody, Seq};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use support::{Person, TestServer, cycles};
use sync::{Action, Input, Item};
use tokio::task::JoinSet;

/// Invariant 19: how long after the network is back everything agrees.
const HEALED: Duration = Duration::from_secs(10);
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Two people who write to each other.
struct Pair {
    server: TestServer,
    a: Person,
    b: Person,
    id: ConversationId,
}

impl Pair {
    async fn new() -> Self {
        let server = TestServer::start();
        let (a, b) = (server.person("aa").await, server.person("bb").await);
        let id = a.open(&b).await;
        b.open(&a).await;
        Self { server, a, b, id }
    }

    async fn proxy(&self) -> Proxy {
        Proxy::start(&self.server.address).await
    }

    async fn device(&self, proxy: &Proxy, clock: Clock) -> Device {
        let device = Device::load(&self.a, &proxy.address, clock, Some(self.id)).await;
        until(HEALED, "the device is live", || device.live()).await;
        device
    }
}

async fn until(limit: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until the device equals a fresh snapshot.
async fn agrees(device: &Device, server: &Person, limit: Duration, about: &str) {
    let begin = Instant::now();
    while let Some(difference) = difference(device, server).await {
        assert!(begin.elapsed() < limit, "{about}: after {limit:?}, {difference}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Nobody's message is lost, doubled or overtaken by a later one of the same device.
fn audit(log: &[protocol::Message], sent: &[String], about: &str) {
    audit_but(log, sent, &BTreeSet::new(), about);
}

/// The same, but for texts that somebody may have taken away.
fn audit_but(log: &[protocol::Message], sent: &[String], taken: &BTreeSet<String>, about: &str) {
    let prefix = |text: &str| text.split(' ').next().map(str::to_owned);
    let Some(first) = sent.first() else { return };
    let found: Vec<_> = texts(log).into_iter().filter(|text| prefix(text) == prefix(first)).collect();
    let due: Vec<_> = sent.iter().filter(|text| !taken.contains(*text) || found.contains(&text.as_str())).collect();
    assert_eq!(found, due, "{about}");
}

/// F7: the push connection is reset at each boundary between two frames, and nothing is missed. T18: what came
/// meanwhile is found by counters.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_between_two_frames_loses_nothing() {
    let pair = Pair::new().await;
    let proxy = pair.proxy().await;
    let device = pair.device(&proxy, Clock::fast(20)).await;
    let mut sent = (Vec::new(), Vec::new());
    for (cut, frames) in (1..).zip(cycles(6)) {
        proxy.cut_after(frames % 64);
        proxy.cut();
        while proxy.frame_cuts() < cut {
            sent.0.push(format!("a {}", sent.0.len()));
            device.send(pair.id, sent.0.last().unwrap());
            sent.1.push(format!("b {}", sent.1.len()));
            pair.b.send(pair.id, sent.1.last().unwrap()).await;
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        device.wake();
        agrees(&device, &pair.a, HEALED, &format!("cut after {frames} frames")).await;
        device.see();
    }
    let log = log(&pair.b, pair.id).await;
    audit(&log, &sent.0, "sent by the device");
    audit(&log, &sent.1, "sent by the peer");
    assert_eq!(device.holes(), 0);
}

/// T20, invariant 3: the answer of every send is lost, and each message is there once, in the order of its writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_double_nothing() {
    let pair = Pair::new().await;
    let proxy = pair.proxy().await;
    let mut device = pair.device(&proxy, Clock::fast(20)).await;
    proxy.set(Weather { swallow: true, ..Weather::default() });
    let sent: Vec<_> = cycles(8).map(|n| format!("a {n}")).collect();
    for text in &sent {
        device.send(pair.id, text);
    }
    let lost = sent.len() as u64;
    // The weather clears when the page knows that all are there. Frames have told it: no answer came through, and one
    // that is still on its way finds the page gone. So each message has lost every answer to it.
    let there = || device.unsent() == 0 && proxy.swallowed() >= lost;
    until(HEALED * 6, "every message is there, and its answer lost", there).await;
    agrees(&device, &pair.a, HEALED, "while answers are lost").await;
    device.reload().await;
    proxy.clear();
    agrees(&device, &pair.a, HEALED, "after lost answers").await;
    audit(&log(&pair.b, pair.id).await, &sent, "sent by the device");
}

/// F7: a peer that is gone without a word, in both directions or in one, is found within two heartbeats.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_peer_is_found_within_two_heartbeats() {
    const TWO_HEARTBEATS: u64 = 50_000;
    let server = std::sync::Arc::new(TestServer::start());
    let deaths = [
        Weather::half_open(),
        Weather { up: Way::Dead, ..Weather::default() },
        Weather { back: Way::Dead, ..Weather::default() },
        Weather { up: Way::Stalled, back: Way::Stalled, ..Weather::default() },
    ];
    let mut deaths: JoinSet<()> = deaths
        .into_iter()
        .enumerate()
        .map(|(n, weather)| {
            let server = server.clone();
            async move {
                let (a, b) = (server.person(&format!("a{n}")).await, server.person(&format!("b{n}")).await);
                let id = a.open(&b).await;
                let proxy = Proxy::start(&server.address).await;
                // Of a faster clock a busy machine takes too many seconds.
                let device = Device::load(&a, &proxy.address, Clock::fast(5), Some(id)).await;
                until(HEALED, "the device is live", || device.live()).await;
                proxy.set(weather);
                let died = device.clock.now();
                until(HEALED * 2, "the device gives the connection up", || !device.live()).await;
                let found = device.clock.now() - died;
                assert!(found <= TWO_HEARTBEATS, "{weather:?}: found after {found} ms of the device's clock");
                device.send(id, "from a dead end");
                b.send(id, "nobody hears it").await;
                proxy.clear();
                device.wake();
                agrees(&device, &a, HEALED, &format!("{weather:?}")).await;
                assert_eq!(log(&b, id).await.len(), 2);
            }
        })
        .collect();
    while let Some(ended) = deaths.join_next().await {
        ended.unwrap();
    }
}

/// T16: on waking up, a connection that only looks open is found within the time of a probe.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waking_up_finds_a_dead_connection() {
    const PROBE: u64 = 3_000;
    let pair = Pair::new().await;
    let proxy = pair.proxy().await;
    let device = pair.device(&proxy, Clock::TRUE).await;
    proxy.set(Weather::half_open());
    pair.b.send(pair.id, "while it slept").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    proxy.clear();
    let woke = device.clock.now();
    device.wake();
    until(HEALED, "the message is there", || {
        device.look(|client| client.session(pair.id)).is_some_and(|row| row.last.is_some())
    })
    .await;
    let found = device.clock.now() - woke;
    assert!(found <= 2 * PROBE, "found after {found} ms of the device's clock");
    agrees(&device, &pair.a, HEALED, "awake").await;
}

/// F7: bytes that come one by one, and late, say the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slices_of_one_byte_say_the_same() {
    let pair = Pair::new().await;
    let proxy = pair.proxy().await;
    proxy.set(Weather { sliced: true, delay: Duration::from_micros(200), ..Weather::default() });
    let device = Device::load(&pair.a, &proxy.address, Clock::TRUE, Some(pair.id)).await;
    until(HEALED, "the device is live", || device.live()).await;
    for n in 0..5 {
        device.send(pair.id, &format!("从这里 {n} 👋"));
        pair.b.send(pair.id, &format!("从那里 {n} 👋")).await;
    }
    agrees(&device, &pair.a, HEALED, "sliced").await;
    assert_eq!(log(&pair.a, pair.id).await.len(), 10);
}

/// T17: live messages come while the history is still on its way: what lies between shows as a gap or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_history_hides_no_hole() {
    let pair = Pair::new().await;
    for n in 0..30 {
        pair.b.send(pair.id, &format!("before {n}")).await;
    }
    let proxy = pair.proxy().await;
    let device = Device::load(&pair.a, &proxy.address, Clock::TRUE, None).await;
    until(HEALED, "the device is live", || device.live()).await;
    for round in 0..3 {
        proxy.set(Weather { answers_late: Duration::from_millis(150), ..Weather::default() });
        device.input(Input::Open(pair.id));
        device.input(Input::LoadOlder(pair.id));
        for n in 0..4 {
            pair.b.send(pair.id, &format!("meanwhile {round} {n}")).await;
        }
        agrees(&device, &pair.a, HEALED, "a late history").await;
        // What passes while nothing is heard is found on return.
        proxy.cut();
        for n in 0..12 {
            pair.b.send(pair.id, &format!("unheard {round} {n}")).await;
        }
        device.wake();
        agrees(&device, &pair.a, HEALED, "a late sync").await;
        device.input(Input::Close);
    }
    assert_eq!(device.holes(), 0);
}

/// T16: the server stands still for up to a minute; within 5 s of its return everything agrees. That is by every clock under
/// `SIXIN_CYCLES` alone: else the devices' clocks are twenty times as fast, and what shows is that it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stood_still_is_caught_up_with() {
    let torture = std::env::var_os("SIXIN_CYCLES").is_some();
    let mut numbers = cycles(1);
    let mut running = JoinSet::new();
    loop {
        while running.len() < 8
            && let Some(seed) = numbers.next()
        {
            let speed = if torture { 1 } else { 20 };
            // The first stands still for the longest.
            let pause = if seed == 0 { 60_000 } else { 1_000 + Dice(seed).below(59_000) };
            running.spawn(stand_still(Duration::from_millis(pause / speed), Clock::fast(speed)));
        }
        let Some(ended) = running.join_next().await else { return };
        ended.unwrap();
    }
}

async fn stand_still(pause: Duration, clock: Clock) {
    let pair = Pair::new().await;
    let proxy = pair.proxy().await;
    let devices = [pair.device(&proxy, clock).await, pair.device(&proxy, clock).await];
    pair.server.signal(rustix::process::Signal::STOP);
    devices[0].send(pair.id, "a while it stood still");
    devices[1].send(pair.id, "a too");
    tokio::time::sleep(pause).await;
    pair.server.signal(rustix::process::Signal::CONT);
    // The server may have closed what was idle for so long.
    let (a, b) = (pair.a.at(&pair.server.address), pair.b.at(&pair.server.address));
    for device in &devices {
        agrees(device, &a, Duration::from_secs(5), &format!("after {pause:?}")).await;
    }
    assert_eq!(log(&b, pair.id).await.len(), 2);
}

/// T6: messages are stored while others mark them as read: every answer's count is the formula's, and none falls
/// behind what was reported.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storing_and_reading_do_not_race() {
    let pair = Pair::new().await;
    let rounds = cycles(100).count() as u64;
    let mut tasks = JoinSet::new();
    for sender in 0..3 {
        let (b, id) = (pair.b.clone(), pair.id);
        tasks.spawn(async move {
            for n in 0..rounds {
                b.send(id, &format!("{sender} {n}")).await;
            }
        });
    }
    for reader in 0..3 {
        let (a, id) = (pair.a.clone(), pair.id);
        tasks.spawn(async move {
            let mut dice = Dice(reader);
            let mut reported = Seq::ZERO;
            for _ in 0..rounds {
                let now = a.conversation(id).await;
                assert_eq!(now.unread, now.head_seq.get() - now.own.read.get());
                assert!(now.own.read >= reported && now.own.read <= now.own.delivered);
                let read = dice.below(now.head_seq.get() + 1);
                assert_eq!(a.report(id, read, read).await.status, 204);
                reported = reported.max(Seq::ZERO.plus(read));
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    let head = pair.a.conversation(pair.id).await.head_seq;
    assert_eq!(head.get(), 3 * rounds);
    assert_eq!(pair.a.report(pair.id, head.get(), head.get()).await.status, 204);
    assert_eq!(pair.a.conversation(pair.id).await.unread, 0);
}

/// F7, T19, invariants 1–8 and 19: any weather by a seed, on three devices of two people whose clocks are wrong by a
/// day; half of them reload in the middle of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_weather_ends_in_agreement() {
    let server = std::sync::Arc::new(TestServer::start());
    let mut numbers = cycles(8);
    let mut running = JoinSet::new();
    loop {
        while running.len() < 8
            && let Some(seed) = numbers.next()
        {
            running.spawn(weather(server.clone(), seed));
        }
        let Some(ended) = running.join_next().await else { return };
        ended.unwrap();
    }
}

struct Post {
    proxy: Proxy,
    device: Device,
    person: Person,
    name: String,
    sent: Vec<String>,
}

impl Post {
    /// Hides or recalls a message on screen; answers its text.
    fn take_away(&self, id: ConversationId, dice: &mut Dice) -> Option<String> {
        let items = self.device.look(|client| client.items(id));
        let rows: Vec<_> =
            items.into_iter().filter_map(|item| if let Item::Row(row) = item { Some(row) } else { None }).collect();
        let row = rows.get(dice.below(rows.len().max(1) as u64) as usize)?;
        let (Some(seq), MessageBody::Text { text, .. }) = (row.seq, &row.body) else { return None };
        let action = match row.mark {
            Some(_) if dice.below(2) == 0 => Action::Recall { conversation: id, seq },
            _ => Action::Hide { conversation: id, seqs: vec![seq], hidden: true },
        };
        self.device.input(Input::Act(action));
        Some(text.as_str().to_owned())
    }
}

async fn weather(server: std::sync::Arc<TestServer>, seed: u64) {
    let mut dice = Dice(seed);
    let (a, b) = (server.person(&format!("a{seed}")).await, server.person(&format!("b{seed}")).await);
    let again = Person::log_in(&server.address, &a.handle, support::PASSWORD).await;
    let id = a.open(&b).await;
    b.open(&a).await;
    let mut posts = Vec::new();
    for (person, ahead, name) in [(a, DAY, "one"), (again, -DAY, "two"), (b, 0, "peer")] {
        let proxy = Proxy::start(&server.address).await;
        let device = Device::load(&person, &proxy.address, Clock { ahead, speed: 10 }, Some(id)).await;
        posts.push(Post { proxy, device, person, name: name.to_owned(), sent: Vec::new() });
    }
    let mut taken = BTreeSet::new();
    for _ in 0..24 {
        let which = dice.below(3) as usize;
        let post = &mut posts[which];
        match dice.below(14) {
            0..=4 => {
                for _ in 0..=dice.below(3) {
                    let text = format!("{} {}", post.name, post.sent.len());
                    post.device.send(id, &text);
                    post.sent.push(text);
                }
            }
            5 => post.device.see(),
            6..=8 => post.proxy.set(any(&mut dice)),
            9 => post.proxy.cut_after(dice.below(6)),
            10 => {
                post.proxy.cut();
                post.device.wake();
            }
            11 | 12 => taken.extend(post.take_away(id, &mut dice)),
            _ if which < 2 => post.device.reload().await,
            _ => post.device.input(Input::Act(Action::ReadAll)),
        }
        tokio::time::sleep(Duration::from_millis(dice.below(60))).await;
    }
    for post in &posts {
        post.proxy.clear();
        post.device.wake();
    }
    for post in &posts {
        let about = format!("SIXIN_FIRST={seed} SIXIN_CYCLES=1, device {}", post.name);
        agrees(&post.device, &post.person, HEALED, &about).await;
        audit_but(&log(&post.person, id).await, &post.sent, &taken, &about);
    }
}

fn any(dice: &mut Dice) -> Weather {
    let way = |dice: &mut Dice| dice.one_of(&[Way::Open, Way::Open, Way::Open, Way::Stalled, Way::Dead]);
    Weather {
        down: dice.below(6) == 0,
        up: way(dice),
        back: way(dice),
        delay: Duration::from_millis(dice.one_of(&[0, 0, 1, 20])),
        answers_late: Duration::from_millis(dice.one_of(&[0, 0, 50])),
        sliced: dice.below(4) == 0,
        swallow: dice.below(3) == 0,
    }
}
