//! Every test there is.

use crate::files::{self, root};
use crate::process::{adopt_orphans, cargo, leftovers, run, step};
use crate::{site, tools};
use anyhow::{Result, bail};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

pub fn all() -> Result<()> {
    let begin = Instant::now();
    tools::browser()?;
    tools::faults()?;
    adopt_orphans()?;
    let mut summary = Vec::new();
    let mut part = |name: &str, work: &mut dyn FnMut() -> Result<()>| -> Result<()> {
        let begin = Instant::now();
        work()?;
        summary.push(format!("  {name}: {:.0} s", begin.elapsed().as_secs_f64()));
        Ok(())
    };

    part("structure and tooling", &mut || {
        step(
            "Building the tests of the tooling",
            &mut cargo(["test", "--quiet", "--release", "--package", "xtask", "--no-run"]),
        )?;
        run(&mut cargo(["test", "--release", "--quiet", "--package", "xtask"]))
    })?;
    part("site", &mut site::build)?;
    // Cargo builds the server itself here as well, because black-box tests start it, as the browser tests do.
    part("build", &mut || {
        step("Building the server and its tests", &mut cargo(["test", "--quiet", "--release", "--no-run"]))
    })?;
    let skipped = files::work().join("skipped");
    fs::remove_file(&skipped).ok();
    part("Rust tests", &mut || run(cargo(["test", "--release", "--quiet"]).env("SIXIN_SKIPPED", &skipped)))?;
    part("browser tests", &mut || {
        let folder = root().join("end2end");
        let mut playwright = Command::new(folder.join("node_modules/.bin/playwright"));
        run(playwright.arg("test").current_dir(&folder).env("SIXIN_BINARY", files::server()))
    })?;

    // On a busy machine a browser takes a while to be gone.
    let left = leftovers(Duration::from_secs(30))?;
    if !left.is_empty() {
        bail!("the tests left processes behind, which are ended now:\n  {}", left.join("\n  "));
    }
    let skipped = fs::read_to_string(&skipped).unwrap_or_default();
    if !skipped.is_empty() {
        println!("Passed over, as they cannot run here:");
        skipped.lines().for_each(|line| println!("  {line}"));
    }
    let which = if skipped.is_empty() { "Every test" } else { "Every other test" };
    println!("{which} passed, in {:.0} s:\n{}", begin.elapsed().as_secs_f64(), summary.join("\n"));
    Ok(())
}
