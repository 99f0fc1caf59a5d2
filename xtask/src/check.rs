//! The gates beside the tests.

use crate::process::{cargo, step};
use crate::tools;
use anyhow::Result;

pub fn all() -> Result<()> {
    step("Checking the format", &mut cargo(["fmt", "--all", "--check"]))?;
    // The release profile shares its compiled macros and build scripts with the build.
    let clippy = ["clippy", "--quiet", "--release", "--all-targets"];
    let deny = ["--", "--deny", "warnings"];
    step("Checking the server", cargo(clippy).args(deny))?;
    step("Checking the tooling", cargo(clippy).args(["--package", "xtask"]).args(deny))?;
    tools::browser_target()?;
    let browser = ["clippy", "--quiet", "--profile", "wasm", "--target", "wasm32-unknown-unknown", "-p", "frontend"];
    step("Checking the front end", cargo(browser).args(deny))?;
    tools::cargo_deny()?;
    step("Checking licences, sources and versions", &mut cargo(["deny", "check", "bans", "licenses", "sources"]))
}
