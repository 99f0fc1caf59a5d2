//! Ten thousand devices that are connected and say nothing.

use crate::Bench;
use crate::http::{Http, push};
use crate::process::{Worker, rss_kib};
use crate::table::Goal::AtMost;
use crate::table::{Figure, Table};
use crate::world::block_on;
use anyhow::ensure;
use protocol::path;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 10_000;
/// Processes that hold them: none may run out of descriptors.
const WORKERS: usize = 2;
/// The server closes an account's oldest connection above this.
const AN_ACCOUNT: usize = 64;
const AT_ONCE: usize = 32;
/// How long the server's memory is given to come to rest.
const REST: Duration = Duration::from_millis(500);

#[derive(Serialize, Deserialize)]
pub struct Job {
    server: SocketAddr,
    tokens: Vec<String>,
}

pub fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("Idle connections");
    for _ in bench.rounds_of("idle", 3) {
        let world = bench.small()?;
        let tokens: Vec<&String> = world.pairs.iter().flat_map(|pair| [&pair.sender, &pair.receiver]).collect();
        ensure!(tokens.len() * AN_ACCOUNT >= CONNECTIONS, "too few accounts");
        let places: Vec<String> = tokens.into_iter().cycle().take(CONNECTIONS).cloned().collect();
        let server = world.serve()?;
        block_on(async {
            let mut http = Http::connect(server.address, places.first().map_or("", String::as_str)).await?;
            http.get::<protocol::Account>(path::ACCOUNT_ME).await
        })?;
        std::thread::sleep(REST);
        let before = rss_kib(server.pid())?;
        let mut workers = Vec::new();
        for tokens in places.chunks(CONNECTIONS.div_ceil(WORKERS)) {
            let job = Job { server: server.address, tokens: tokens.to_vec() };
            workers.push(Worker::start("hold", &job)?);
        }
        for worker in &mut workers {
            let _held: usize = worker.hear()?;
        }
        std::thread::sleep(REST);
        let after = rss_kib(server.pid())?;
        let each = Figure::new("a connection", "KiB").here(AtMost(16.0)).goal(AtMost(12.0));
        table.record(each, (after - before) / CONNECTIONS as f64);
        table.record(Figure::new("server before: RSS", "MB").goal(AtMost(80.0)), before / 1e3 * 1.024);
        let whole = Figure::new("server with 10,000 connections: RSS", "MB").goal(AtMost(200.0));
        table.record(whole, after / 1e3 * 1.024);
        workers.into_iter().try_for_each(Worker::finish)?;
        server.stop()?;
    }
    table.note("Each device logged in, upgraded and greeted; what the kernel holds for its socket is not counted.");
    Ok(vec![table])
}

/// Connects, says how many, and holds them until the standard input ends: the worker `hold`.
pub fn hold(job: Job) -> anyhow::Result<()> {
    block_on(async {
        let mut sockets = Vec::with_capacity(job.tokens.len());
        let mut connecting = JoinSet::new();
        for (place, token) in job.tokens.into_iter().enumerate() {
            if connecting.len() == AT_ONCE {
                sockets.extend(connecting.join_next().await.transpose()?.transpose()?);
            }
            connecting.spawn(async move { push(job.server, &token, 2 + (place % 8) as u8).await });
        }
        while let Some(socket) = connecting.join_next().await {
            sockets.push(socket??);
        }
        writeln!(std::io::stdout(), "{}", sockets.len())?;
        std::io::stdin().read_to_end(&mut Vec::new())?;
        Ok(())
    })
}
