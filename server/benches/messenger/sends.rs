//! One-to-one durable sends with their receivers connected: at saturation, at fixed rates, and one at a time.

use crate::Bench;
use crate::floor::{Floor, SIZES};
use crate::generate::{Job, Pace, Report};
use crate::process::{Server, Worker};
use crate::table::Goal::{AtLeast, AtMost};
use crate::table::{Figure, Table};
use crate::world::World;
use std::collections::BTreeMap;
use std::time::Duration;

const SENDERS: [usize; 3] = [1, 16, 64];
const RATES: [u64; 2] = [1_000, 4_000];
/// Senders and receivers that share an open loop's rate.
const OPEN_PAIRS: usize = 64;

/// Closed and open loops, each round between two floors.
pub fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("One-to-one durable sends by HTTP, receivers connected");
    let mut floors = Table::new("The floor in the same run");
    let mut noisy = Vec::new();
    let mut threads = BTreeMap::new();
    let (lasting, each) = (bench.lasting(), bench.floor_lasting());
    for round in bench.rounds("sends") {
        let before = Floor::measure(each)?;
        let world = bench.small()?;
        let server = world.serve()?;
        for senders in SENDERS {
            let report = run(&server, world, senders, Pace::Closed, lasting)?;
            closed(&mut table, &before, senders, &report);
            if senders == SENDERS[2] {
                threads = report.threads_us;
            }
        }
        for per_second in RATES {
            open(&mut table, per_second, &run(&server, world, OPEN_PAIRS, Pace::Open { per_second }, lasting)?);
        }
        server.stop()?;
        let after = Floor::measure(each)?;
        describe(&mut floors, &before);
        describe(&mut floors, &after);
        if before.noisy(&after) {
            noisy.push(format!("{round} ({:.0} %)", before.moved(&after) * 100.0));
        }
    }
    table.note(
        "Every run ended with exact checks of count, order and duplicates, at every receiver and in the history.",
    );
    table.note(format!("The server's time a message by thread, 64 senders, last round: {}.", by_thread(&threads)));
    floors.note(noise(&noisy));
    Ok(vec![floors, table])
}

/// One sender and one receiver, one message at a time, against a bare round trip and a bare commit.
pub fn low_load(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("Low load: one sender, one receiver, one message at a time");
    let mut noisy = Vec::new();
    let (lasting, each) = (bench.lasting(), bench.floor_lasting());
    for round in bench.rounds("low-load") {
        let before = Floor::measure(each)?;
        let world = bench.small()?;
        let server = world.serve()?;
        let report = run(&server, world, 1, Pace::InTurn, lasting)?;
        server.stop()?;
        let after = Floor::measure(each)?;
        let floor_p50 = f64::midpoint(before.delivery_p50(), after.delivery_p50());
        let floor_p99 = f64::midpoint(before.delivery_p99(), after.delivery_p99());
        table.record(Figure::new("floor: echo + one-row commit, p50", "ms"), floor_p50);
        table.record(Figure::new("floor: echo + one-row commit, p99", "ms"), floor_p99);
        table.record(Figure::new("send → receive p50", "ms"), report.delivery.p50);
        let ratio = Figure::new("send → receive p50 / floor", "×").here(AtMost(2.0)).goal(AtMost(1.5));
        table.record(ratio, report.delivery.p50 / floor_p50);
        table.record(Figure::new("send → receive p99", "ms"), report.delivery.p99);
        table.record(Figure::new("send → receive p99 / floor", "×").goal(AtMost(3.0)), report.delivery.p99 / floor_p99);
        table.record(Figure::new("send → answer p50", "ms"), report.ack.p50);
        table.record(Figure::new("server CPU a message", "µs"), report.server_us);
        if before.noisy(&after) {
            noisy.push(format!("{round} ({:.0} %)", before.moved(&after) * 100.0));
        }
    }
    table.note(noise(&noisy));
    Ok(vec![table])
}

/// The same saturation on a small archive and on a large one: a send's cost must not grow with what was sent before.
pub fn growth(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("Cost of growth: 64 senders on a small and on a large archive");
    let lasting = bench.lasting();
    for _ in bench.rounds("growth") {
        let mut costs = Vec::new();
        for large in [false, true] {
            let world = if large { bench.large()? } else { bench.small()? };
            let server = world.serve()?;
            let report = run(&server, world, 64, Pace::Closed, lasting)?;
            server.stop()?;
            let after = crate::table::count(world.messages);
            table.record(Figure::new(format!("after {after}: messages"), "/s"), report.per_second);
            table.record(Figure::new(format!("after {after}: server CPU a message"), "µs"), report.server_us);
            costs.push(report.server_us);
        }
        if let [small, large] = costs.as_slice() {
            table.record(Figure::new("CPU, large / small", "×"), large / small);
        }
    }
    Ok(vec![table])
}

fn run(server: &Server, world: &World, pairs: usize, pace: Pace, lasting: Duration) -> anyhow::Result<Report> {
    let pairs = world.pairs.iter().take(pairs).cloned().collect();
    let job = Job { server: server.address, pid: server.pid(), pairs, pace, lasting };
    let mut worker = Worker::start("generate", &job)?;
    let report = worker.hear()?;
    worker.finish()?;
    Ok(report)
}

fn closed(table: &mut Table, floor: &Floor, senders: usize, report: &Report) {
    let name = |what: &str| Figure::new(format!("{senders} sender{}: {what}", if senders == 1 { "" } else { "s" }), "");
    let saturated = senders == 64;
    let goals = |figure: Figure, here, goal| if saturated { figure.here(here).goal(goal) } else { figure };
    table.record(goals(name("messages").unit("/s"), AtLeast(8_000.0), AtLeast(15_000.0)), report.per_second);
    let row = SIZES.iter().position(|size| *size == senders).and_then(|place| floor.rows_per_second.get(place));
    if let Some(rows) = row {
        table.record(name("share of the bare commits").unit("%"), report.per_second / rows * 100.0);
    }
    table.record(name("send → answer p50").unit("ms"), report.ack.p50);
    table.record(name("send → answer p99").unit("ms"), report.ack.p99);
    table.record(name("send → receive p50").unit("ms"), report.delivery.p50);
    table.record(name("send → receive p99").unit("ms"), report.delivery.p99);
    table.record(goals(name("server CPU a message").unit("µs"), AtMost(90.0), AtMost(60.0)), report.server_us);
    table.record(name("generator CPU a message").unit("µs"), report.generator_us);
}

fn open(table: &mut Table, per_second: u64, report: &Report) {
    let name = |what: &str| Figure::new(format!("open loop, {per_second}/s: {what}"), "");
    table.record(name("messages").unit("/s"), report.per_second);
    table.record(name("send → answer p50").unit("ms"), report.ack.p50);
    table.record(name("send → answer p99").unit("ms"), report.ack.p99);
    table.record(name("send → receive p50").unit("ms"), report.delivery.p50);
    let tail = name("send → receive p99").unit("ms");
    table.record(if per_second == 1_000 { tail.goal(AtMost(10.0)) } else { tail }, report.delivery.p99);
    table.record(name("server CPU a message").unit("µs"), report.server_us);
}

fn describe(table: &mut Table, floor: &Floor) {
    table.record(Figure::new("bare WebSocket echo p50", "ms"), floor.echo.p50);
    table.record(Figure::new("bare WebSocket echo p99", "ms"), floor.echo.p99);
    table.record(Figure::new("SQLite commit of one row p50", "ms"), floor.commit.p50);
    table.record(Figure::new("SQLite commit of one row p99", "ms"), floor.commit.p99);
    for (size, rate) in SIZES.iter().zip(&floor.rows_per_second) {
        table.record(Figure::new(format!("SQLite, {size} a commit: rows"), "/s"), *rate);
    }
}

fn noise(noisy: &[String]) -> String {
    if noisy.is_empty() {
        return "The floors of every round agree within 15 %.".to_owned();
    }
    format!("Noisy rounds, whose two floors differ by more than 15 %: {}.", noisy.join(", "))
}

fn by_thread(threads: &BTreeMap<String, f64>) -> String {
    let mut threads: Vec<_> = threads.iter().filter(|(_, time)| **time >= 0.5).collect();
    threads.sort_by(|one, other| other.1.total_cmp(one.1));
    threads.iter().map(|(name, time)| format!("{name} {time:.0} µs")).collect::<Vec<_>>().join(", ")
}
