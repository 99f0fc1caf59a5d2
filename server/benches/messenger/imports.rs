//! `sixin import`: how fast real and made-up conversations come in.

use crate::Bench;
use crate::population::Population;
use crate::process::import;
use crate::table::Goal::AtLeast;
use crate::table::{Figure, Table, count};
use crate::world::scratch;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

const PASSWORD: &str = "correct horse";
const MESSAGES: u64 = 200_000;
/// Real conversations, where somebody has put them beside the project.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/ubuntu-irc.jsonl.gz");

pub fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("Import");
    let corpus = PathBuf::from(CORPUS);
    let real = corpus.exists().then(|| lines(&corpus)).transpose()?;
    let messages = if bench.quick { MESSAGES / 4 } else { MESSAGES };
    let made = Population { groups: messages, ..Population::default() };
    for _ in bench.rounds("import") {
        let folder = scratch()?;
        let file = folder.path().join("groups.jsonl");
        made.write(&file)?;
        let took = import(&file, &folder.path().join("data"), PASSWORD)?;
        let figure = Figure::new(format!("{} in a hundred groups", count(messages)), "/s");
        table.record(figure.here(AtLeast(20_000.0)).goal(AtLeast(30_000.0)), messages as f64 / took.as_secs_f64());
        if let Some(lines) = real {
            let took = import(&corpus, &folder.path().join("real"), PASSWORD)?;
            let figure = Figure::new(format!("ubuntu-irc, {}", count(lines)), "/s");
            table.record(figure.here(AtLeast(20_000.0)).goal(AtLeast(30_000.0)), lines as f64 / took.as_secs_f64());
        }
    }
    table.note("The whole command, from its start to its end, both passes over the file included.");
    if real.is_none() {
        table.note("The real conversations are absent and were left out.");
    }
    Ok(vec![table])
}

fn lines(path: &Path) -> anyhow::Result<u64> {
    Ok(BufReader::new(MultiGzDecoder::new(File::open(path)?)).lines().count() as u64)
}
