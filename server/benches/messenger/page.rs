//! What a page takes in Chromium: `end2end/bench.ts` drives it and measures inside of it, a line of JSON a figure.

use super::Bench;
use super::table::{Figure, Goal, Table};
use Goal::{AtLeast, AtMost};
use anyhow::{Context, bail};
use serde::Deserialize;
use std::fs;
use std::path::Path;
use std::process::Command;

#[derive(Deserialize)]
struct Measured {
    figure: String,
    value: f64,
}

pub fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end");
    let scratch = tempfile::tempdir()?;
    let mut table = Table::new("A page in Chromium");
    for round in bench.rounds_of("page", 5) {
        let file = scratch.path().join(round.to_string());
        let run = Command::new(folder.join("node_modules/.bin/playwright"))
            .args(["test", "--config", "bench.config.ts", "--output"])
            .arg(scratch.path().join("output"))
            .current_dir(&folder)
            .env("SIXIN_BINARY", env!("CARGO_BIN_EXE_sixin"))
            .env("SIXIN_FIGURES", &file)
            .output()
            .context("cannot start Playwright; `make bench` installs it")?;
        if !run.status.success() {
            bail!("the page could not be measured:\n{}", String::from_utf8_lossy(&run.stdout));
        }
        for line in fs::read_to_string(&file)?.lines() {
            let Measured { figure, value } = serde_json::from_str(line)?;
            table.record(named(&figure)?, value);
        }
    }
    table.note(
        "A slow device: a processor four times as slow, 9 Mbit/s, and 20 ms more a request. Of the figures in use each round \
         gives the value that 95 of 100 are below.",
    );
    Ok(vec![table])
}

fn named(figure: &str) -> anyhow::Result<Figure> {
    let of = |name: &str, unit| Figure::new(name, unit);
    Ok(match figure {
        "readable" => of("first visit: readable", "ms").goal(AtMost(300.0)),
        "usable" => of("first visit: live", "ms"),
        "slow_readable" => of("first visit on a slow device: readable", "ms"),
        "slow_usable" => of("first visit on a slow device: live", "ms").goal(AtMost(1_500.0)),
        "press" => of("key press → character laid out, p95", "ms").goal(AtMost(16.0)),
        "own" => of("Enter → own message laid out, p95", "ms").goal(AtMost(16.0)),
        "received" => of("frame → message laid out, p95", "ms").goal(AtMost(16.0)),
        "kept" => of("memory after 3,000 messages: script and WASM", "MB"),
        "growth" => of("the same / after 1,000 messages", "×").goal(AtMost(1.1)),
        "frames" => of("a conversation of 100,000, scrolled", "frames/s").goal(AtLeast(59.0)),
        "longest_frame" => of("the same: time between frames, p99", "ms"),
        "nodes" => of("the same: elements in the page at most", "").goal(AtMost(3_000.0)),
        "passed" => of("the same: messages passed", ""),
        "tabs" => of("what one tab reads, until the other shows it, median", "ms").goal(AtMost(200.0)),
        "tabs_slowest" => of("the same: slowest of ten", "ms").goal(AtMost(200.0)),
        other => bail!("{other} is no figure"),
    })
}
