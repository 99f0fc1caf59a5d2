//! What a browser downloads before it can do anything.

use crate::Bench;
use crate::table::Goal::AtMost;
use crate::table::{Figure, Table};
use std::fs;
use std::path::Path;

/// The browser's files as the project's tools leave them, each beside a Brotli copy.
const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/site");

pub fn measure(_: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("First load");
    for (kind, here, goal) in [("wasm", Some(350.0), 400.0), ("js", None, 25.0), ("css", None, 20.0)] {
        let raw = bytes(Path::new(SITE), &format!(".{kind}"))?;
        if raw == 0 {
            table.note(format!("No {kind} in target/site: build it with `make site`."));
            continue;
        }
        table.record(Figure::new(format!("{kind}, raw"), "KB"), raw as f64 / 1e3);
        let compressed = bytes(Path::new(SITE), &format!(".{kind}.br"))? as f64 / 1e3;
        let figure = Figure::new(format!("{kind}, brotli"), "KB").goal(AtMost(goal));
        table.record(here.map_or(figure.clone(), |here| figure.here(AtMost(here))), compressed);
    }
    Ok(vec![table])
}

/// How large the files of this ending are, in a folder and below.
fn bytes(folder: &Path, ending: &str) -> anyhow::Result<u64> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(0) };
    let mut sum = 0;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            sum += bytes(&path, ending)?;
        } else if path.to_string_lossy().ends_with(ending) {
            sum += fs::metadata(&path)?.len();
        }
    }
    Ok(sum)
}
