//! How long it takes to judge a long history.

use crate::Bench;
use crate::process::cpu;
use crate::recorded::{judge, model, report};
use crate::table::Goal::AtMost;
use crate::table::{Figure, Table};
use anyhow::ensure;
use std::time::Instant;

/// Messages that make a million events, or a tenth of that.
const MESSAGES: u64 = 150_000;

pub fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("Judging a history");
    let history = model::long(if bench.quick { MESSAGES / 10 } else { MESSAGES });
    let events = history.events.len();
    table.note(format!("{events} events of the model server."));
    for _ in bench.rounds("checker") {
        let (began, used) = (Instant::now(), cpu(std::process::id())?);
        let violations = judge(&history);
        let (judged, used) = (began.elapsed().as_secs_f64(), cpu(std::process::id())? - used);
        ensure!(violations.is_empty(), "the right server is accused:\n{}", report(&violations));
        table.record(Figure::new("all events", "s"), judged);
        let million = |seconds: f64| seconds * 1e6 / events as f64;
        table.record(Figure::new("a million events", "s").goal(AtMost(30.0)), million(judged));
        table.record(Figure::new("a million events, processor time", "s"), million(used.as_secs_f64()));
    }
    Ok(vec![table])
}
