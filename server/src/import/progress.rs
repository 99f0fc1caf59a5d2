//! What a person sees while it runs.

use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;

pub fn reading(file: &Path) -> anyhow::Result<ProgressBar> {
    let length = std::fs::metadata(file).map_err(|error| anyhow::anyhow!("cannot read {}: {error}", file.display()))?;
    let style = ProgressStyle::with_template("reading   {wide_bar} {bytes}/{total_bytes} {eta}")?;
    Ok(ProgressBar::new(length.len()).with_style(style))
}

pub fn appending(lines: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("importing {wide_bar} {human_pos}/{human_len} {per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(lines).with_style(style)
}
