//! Groups of ten to ten thousand: how soon the first and the last of those who are connected have a message, and what
//! it costs.

use crate::Bench;
use crate::fan::{Job, Report};
use crate::http::Http;
use crate::population::Population;
use crate::process::Worker;
use crate::table::Goal::{AtLeast, AtMost};
use crate::table::{Figure, Table};
use crate::world::{World, block_on};
use anyhow::Context;
use protocol::messaging::Conversations;
use protocol::path;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

pub const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// Members who are connected, at most: the rest of a larger group is away.
const ONLINE: usize = 1_000;

pub fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("Groups: one message to everybody who is connected");
    let lasting = bench.lasting();
    eprintln!("making groups of {SIZES:?}, and logging {ONLINE} members in");
    let handles: Vec<String> = (0..ONLINE).map(|number| format!("fan-{number}")).collect();
    let handles: Vec<&str> = handles.iter().map(String::as_str).collect();
    let world = World::make(&Population { fans: SIZES.to_vec(), ..Population::default() }, &handles)?;
    let tokens: Vec<String> = world.people.iter().map(|person| person.token.clone()).collect();
    for _ in bench.rounds_of("groups", 3) {
        let mut acks = Vec::new();
        for size in SIZES {
            let online = size.min(ONLINE);
            let listeners: Vec<String> = tokens.iter().take(online).cloned().collect();
            let floor = (size <= ONLINE).then(|| floor(&listeners, lasting)).transpose()?;
            let server = world.serve()?;
            let groups = block_on(groups(server.address, listeners.first().context("nobody")?))?;
            let conversation = groups.get(&format!("fan-{size}")).copied().context("a group is missing")?;
            let job =
                Job { server: server.address, pid: server.pid(), listeners, conversation: Some(conversation), lasting };
            let report = run(&job)?;
            server.stop()?;
            describe(&mut table, size, online, &report, floor.as_ref());
            acks.push(report.ack.p50);
        }
        if let (Some(small), Some(large)) = (acks.first(), acks.last()) {
            let figure = Figure::new("send → answer p50, group of 10,000 / group of 10", "×");
            table.record(figure.goal(AtMost(2.0)), large / small);
        }
    }
    table.note("Times are from the intended send; the next message is sent when everybody has the one before.");
    table.note("Deliveries a second are at saturation: 8 requests and 64 messages on their way.");
    table.note("The floor is a bare axum WebSocket server that hands the same bytes on, and stores nothing.");
    table.note("All listeners are one process on the same two cores; each message was heard once, in order, by each.");
    Ok(vec![table])
}

fn floor(listeners: &[String], lasting: Duration) -> anyhow::Result<Report> {
    let mut bare = Worker::start("bare-fan", &())?;
    let server: SocketAddr = bare.hear()?;
    let job = Job { server, pid: bare.pid(), listeners: listeners.to_vec(), conversation: None, lasting };
    let report = run(&job)?;
    bare.finish()?;
    Ok(report)
}

fn run(job: &Job) -> anyhow::Result<Report> {
    let mut worker = Worker::start("fan", job)?;
    let report = worker.hear()?;
    worker.finish()?;
    Ok(report)
}

/// The groups of one person, by title.
async fn groups(server: SocketAddr, token: &str) -> anyhow::Result<BTreeMap<String, protocol::ConversationId>> {
    let list: Conversations = Http::connect(server, token).await?.get(path::CONVERSATIONS).await?;
    Ok(list.conversations.into_iter().filter_map(|about| Some((about.title?.to_string(), about.id))).collect())
}

fn describe(table: &mut Table, size: usize, online: usize, report: &Report, floor: Option<&Report>) {
    let name = |what: &str, unit| Figure::new(format!("{size} members, {online} connected: {what}"), unit);
    table.record(name("send → answer p50", "ms"), report.ack.p50);
    table.record(name("first receiver p50", "ms"), report.first.p50);
    table.record(name("last receiver p50", "ms"), report.last.p50);
    table.record(name("last receiver p99", "ms"), report.last.p99);
    if let Some(floor) = floor {
        let ratio = name("last receiver p50 / floor", "×");
        table.record(if size == 1_000 { ratio.goal(AtMost(2.0)) } else { ratio }, report.last.p50 / floor.last.p50);
        table.record(name("floor: deliveries", "/s"), floor.deliveries_per_second);
    }
    let deliveries = name("deliveries at saturation", "/s");
    let deliveries = if size == 1_000 { deliveries.goal(AtLeast(100_000.0)) } else { deliveries };
    table.record(deliveries, report.deliveries_per_second);
    table.record(name("server CPU a delivery", "µs"), report.server_us);
    table.record(name("frame", "bytes"), report.frame_bytes);
    table.record(name("server RSS", "MB"), report.rss_mb);
}
