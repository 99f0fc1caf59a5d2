//! From the command to the first answer.

use crate::Bench;
use crate::http::Http;
use crate::process::{Server, rss_kib};
use crate::table::Goal::AtMost;
use crate::table::{Figure, Table, count, millis};
use crate::world::{block_on, scratch};
use anyhow::ensure;
use protocol::path;
use std::time::Instant;

pub fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("Start");
    for _ in bench.rounds("start") {
        let empty = scratch()?;
        record(&mut table, "on an empty folder", || Server::start(&empty.path().join("data")), false)?;
        let world = bench.large()?;
        record(&mut table, &format!("on {}", count(world.messages)), || world.serve(), true)?;
    }
    Ok(vec![table])
}

fn record(
    table: &mut Table,
    name: &str,
    start: impl FnOnce() -> anyhow::Result<Server>,
    goals: bool,
) -> anyhow::Result<()> {
    let began = Instant::now();
    let server = start()?;
    let listening = server.listening_after;
    let status =
        block_on(async { Http::connect(server.address, "").await?.send("GET", path::ACCOUNT_ME, None).await })?;
    let answered = began.elapsed();
    ensure!(status == 401, "an unknown caller was answered {status}");
    let rss = rss_kib(server.pid())?;
    let bounded = |figure: Figure, bound| if goals { figure.goal(AtMost(bound)) } else { figure };
    table.record(Figure::new(format!("{name}: listening"), "ms"), millis(listening));
    table.record(bounded(Figure::new(format!("{name}: first answer"), "ms"), 150.0), millis(answered));
    table.record(bounded(Figure::new(format!("{name}: RSS"), "MB"), 40.0), rss / 1e3 * 1.024);
    server.stop()
}
