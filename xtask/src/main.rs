//! The project's commands. `make` is their front; `cargo xtask` lists them.
//!
//! Every command brings what it needs up to date first, says in one line what takes longer than a second, and shows
//! another program's output only when that fails.

#![allow(clippy::print_stdout, reason = "a command talks to the one who called it")]

mod check;
mod emoji;
mod files;
mod process;
mod site;
mod style;
mod test;
mod tools;
mod wasm;

use anyhow::{Result, bail};
use process::{cargo, run, step};
use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

const USAGE: &str = "\
cargo xtask COMMAND

  run [ARGUMENTS]      build the release and serve it; the arguments go to the server
  test                 every test, browser tests included
  check                rustfmt, clippy, cargo-deny
  bench [ARGUMENTS]    measure, each figure beside its goal
  torture [CYCLES]     kill the server during sends, 1000 times by default
  site                 the browser's files alone, into target/site";

fn main() -> ExitCode {
    match obey() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some((command, rest)) = arguments.split_first() else { bail!("{USAGE}") };
    match command.as_str() {
        "run" => serve(rest),
        "test" => test::all(),
        "check" => check::all(),
        "bench" => {
            build()?;
            run(cargo(["bench", "--bench", "messenger", "--"]).args(rest))
        }
        "torture" => {
            build()?;
            let cycles = rest.first().map_or("1000", String::as_str);
            run(cargo(["test", "--release", "--test", "torture", "--", "--nocapture"]).env("SIXIN_TORTURE", cycles))
        }
        "site" => site::build(),
        _ => bail!("there is no command {command}\n\n{USAGE}"),
    }
}

/// The site comes first: the server carries it inside.
fn build() -> Result<()> {
    site::build()?;
    step("Building the server", &mut cargo(["build", "--quiet", "--release"]))
}

fn serve(arguments: &[String]) -> Result<()> {
    build()?;
    let error = Command::new(files::cargo_target().join("release/sixin"))
        .args(arguments)
        .current_dir(files::root())
        .env_remove("LD_LIBRARY_PATH")
        .exec();
    Err(error.into())
}
