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
mod torture;
mod wasm;

use anyhow::{Result, bail};
use process::{cargo, run, step};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::{env, fs};

const USAGE: &str = "\
cargo xtask COMMAND

  run [ARGUMENTS]      build the release and serve it; the arguments go to the server
  test                 every test, browser tests included
  check                rustfmt, clippy, cargo-deny
  bench [ARGUMENTS]    measure, each figure beside its goal
  torture [PART [N]]   faults in numbers, all parts or one; what ran goes into docs/RELIABILITY.md
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
    fs::create_dir_all(files::work())?;
    match command.as_str() {
        "run" => serve(rest),
        "test" => test::all(),
        "check" => check::all(),
        "bench" => {
            site::build()?;
            // Only the page is measured in a browser.
            if rest.iter().all(|word| word == "quick") || rest.iter().any(|word| word == "page") {
                tools::browser()?;
            }
            step("Building the measurements", &mut cargo(["bench", "--quiet", "--bench", "messenger", "--no-run"]))?;
            run(cargo(["bench", "--quiet", "--bench", "messenger", "--"]).args(rest))
        }
        "torture" => torture::run(rest),
        "site" => site::build(),
        _ => bail!("there is no command {command}\n\n{USAGE}"),
    }
}

/// The site comes first: the server carries it inside.
fn serve(arguments: &[String]) -> Result<()> {
    site::build()?;
    step("Building the server", &mut cargo(["build", "--quiet", "--release"]))?;
    let error =
        Command::new(files::server()).args(arguments).current_dir(files::root()).env_remove("LD_LIBRARY_PATH").exec();
    Err(error.into())
}
