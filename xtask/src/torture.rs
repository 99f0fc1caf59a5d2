//! Faults in numbers: every part of the torture, resumed where it was interrupted, and a line in the ledger for each.

use crate::files::{self, root};
use crate::process::{cargo, step};
use crate::{site, tools};
use anyhow::{Context, Result, bail};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// One test that tries a chance often.
struct Part {
    name: &'static str,
    /// What one cycle is, for the ledger.
    what: &'static str,
    /// The file of tests, and the test.
    test: (&'static str, &'static str),
    cycles: u64,
    /// So many cycles run in one process; an interruption loses no more.
    slice: u64,
}

const fn part(
    name: &'static str,
    what: &'static str,
    test: (&'static str, &'static str),
    cycles: u64,
    slice: u64,
) -> Part {
    Part { name, what, test, cycles, slice }
}

const PARTS: [Part; 15] = [
    part("kill", "kill -9 during sends", ("torture", "acknowledged_messages_survive_kill_9"), 1_000, 50),
    part("history", "judged history with five kills", ("torture", "the_history_of_a_dying_server_is_right"), 200, 20),
    part("load", "judged history under load", ("judged", "the_history_of_the_real_binary_is_right"), 500, 20),
    part("power", "power cut during sends", ("powercut", "acknowledged_messages_survive_a_power_cut"), 200, 10),
    part(
        "power-control",
        "power cut with `synchronous=NORMAL`, which must lose",
        ("powercut", "a_power_cut_loses_what_was_not_flushed"),
        20,
        10,
    ),
    part("flush", "failed flush, at every place", ("durability", "a_failed_flush_stops_the_server"), 300, 10),
    part(
        "stall",
        "stalled flush, 0.1 to 30 s",
        ("durability", "a_stalled_flush_acknowledges_nothing_meanwhile"),
        20,
        5,
    ),
    part("full", "full disk, and room again", ("durability", "a_full_disk_refuses_sends_and_heals"), 100, 25),
    part("pause", "server stopped for 1 to 60 s", ("faults", "a_server_that_stood_still_is_caught_up_with"), 100, 20),
    part("clock", "jump of the server's clock", ("clock", "a_jumping_clock_changes_no_order"), 50, 50),
    part("frames", "cut between two frames", ("faults", "a_cut_between_two_frames_loses_nothing"), 1_000, 100),
    part("answers", "lost answer of a send", ("faults", "lost_answers_double_nothing"), 1_000, 100),
    part("weather", "seed of bad weather on three devices", ("faults", "any_weather_ends_in_agreement"), 1_000, 50),
    part("race", "message stored beside readers", ("faults", "storing_and_reading_do_not_race"), 100_000, 10_000),
    part(
        "simulator",
        "seed of the simulator",
        ("simulator", "every_device_agrees_after_every_fault"),
        1_000_000,
        50_000,
    ),
];

/// `torture [PART [CYCLES]]`
pub fn run(arguments: &[String]) -> Result<()> {
    let (parts, cycles): (Vec<&Part>, Option<u64>) = match arguments {
        [] => (PARTS.iter().collect(), None),
        [name, rest @ ..] => {
            let part = PARTS.iter().find(|part| part.name == name);
            let Some(part) = part else {
                let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
                bail!("there is no part {name}; there are {}", names.join(", "));
            };
            let cycles = rest.first().map(|text| text.parse().with_context(|| format!("{text} is no number")));
            (vec![part], cycles.transpose()?)
        }
    };
    tools::faults()?;
    site::build()?;
    for part in &parts {
        step(&format!("Building the tests of {}", part.test.0), &mut test(part, &["--no-run"]))?;
    }
    let mut failed = Vec::new();
    for part in parts {
        if let Err(error) = torture(part, cycles.unwrap_or(part.cycles)) {
            println!("{}: {error:#}", part.name);
            failed.push(part.name);
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Where a part stands: its next cycle, and how many of the run before it are done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    next: u64,
    done: u64,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (next, done) = text.trim().split_once(' ')?;
        Some(Self { next: next.parse().ok()?, done: done.parse().ok()? })
    }
}

fn torture(part: &Part, cycles: u64) -> Result<()> {
    let file = state(part);
    let mut place = fs::read_to_string(&file).ok().as_deref().and_then(Place::parse).unwrap_or_default();
    if place.done > 0 && place.done < cycles {
        println!("{}: going on after {} of {cycles}", part.name, place.done);
    }
    let begin = Instant::now();
    while place.done < cycles {
        let slice = part.slice.min(cycles - place.done);
        let output = test(part, &["--", "--exact", part.test.1, "--nocapture"])
            .envs(["SIXIN_FIRST", "SIXIN_FIRST_SEED"].map(|name| (name, place.next.to_string())))
            .envs(["SIXIN_CYCLES", "SIXIN_SEEDS"].map(|name| (name, slice.to_string())))
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        if let Some((_, reason)) = said.split_once("skipped: ") {
            bail!("it cannot run here: {}", reason.lines().next().unwrap_or_default());
        }
        let before = place;
        place = Place { next: place.next + slice, done: place.done + slice };
        if !output.status.success() {
            record(part, place, slice)?;
            // The same cycles are the first to be tried again.
            files::write(&file, format!("{} 0", before.next).as_bytes())?;
            bail!("{said}{}", String::from_utf8_lossy(&output.stderr));
        }
        if !said.contains("1 passed") {
            bail!("there is no test {} in {}", part.test.1, part.test.0);
        }
        files::write(&file, format!("{} {}", place.next, place.done).as_bytes())?;
        println!("{}: {} of {cycles}, {:.0} s", part.name, place.done, begin.elapsed().as_secs_f64());
    }
    record(part, place, 0)?;
    files::write(&file, format!("{} 0", place.next).as_bytes())?;
    Ok(())
}

fn state(part: &Part) -> PathBuf {
    files::work().join("torture").join(part.name)
}

fn test(part: &Part, rest: &[&str]) -> Command {
    // Of the same packages as `test`, so that both share what they built.
    let mut command = cargo(["test", "--quiet", "--release", "--test", part.test.0]);
    command.args(rest);
    command
}

/// Adds what ran to the ledger. `broken`: how many cycles were to run in the process that failed, which ends at the first failure.
fn record(part: &Part, place: Place, broken: u64) -> Result<()> {
    let date = said("date", &["--utc", "+%F"])?;
    let mut commit = said("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(|_| "unknown".to_owned());
    if said("git", &["status", "--porcelain", "--", ".", ":!docs/RELIABILITY.md"])
        .is_ok_and(|changed| !changed.is_empty())
    {
        commit.push('+');
    }
    let path = root().join("docs/RELIABILITY.md");
    let mut ledger = OpenOptions::new().append(true).open(&path).context("docs/RELIABILITY.md, the ledger")?;
    writeln!(ledger, "{}", line(&date, &commit, part, place, broken))?;
    Ok(())
}

fn line(date: &str, commit: &str, part: &Part, Place { next, done }: Place, broken: u64) -> String {
    let (cycles, failures, bound) = match broken {
        0 => (done.to_string(), 0, bound(done).map_or("–".to_owned(), |bound| bound.to_string())),
        broken => (format!("{}, and of {broken} to the first failure", done - broken), 1, "–".to_owned()),
    };
    format!("| {date} | {commit} | {} | {}–{} | {cycles} | {failures} | {bound} |", part.what, next - done, next - 1)
}

/// What nothing in n trials says with 95 % confidence of the probability, in three digits; three or fewer say nothing.
fn bound(trials: u64) -> Option<f64> {
    let bound = 3.0 / trials as f64;
    (bound < 1.0).then(|| format!("{bound:.2e}").parse().unwrap_or(bound))
}

fn said(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).current_dir(root()).output()?;
    if !output.status.success() {
        bail!("{program} failed");
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_ledger_tells_the_cycles_and_the_bound() {
        let [kill, ..] = &PARTS;
        let place = Place::parse("1500 1000\n").unwrap();
        assert_eq!(
            line("2026-11-22", "abc", kill, place, 0),
            "| 2026-11-22 | abc | kill -9 during sends | 500–1499 | 1000 | 0 | 0.003 |"
        );
        let broken = line("2026-11-22", "abc", kill, place, 50);
        assert!(broken.ends_with("| 500–1499 | 950, and of 50 to the first failure | 1 | – |"), "{broken}");
        assert_eq!(Place::parse("nothing"), None);
        let bounds =
            [4, 7, 1_100, 1_000_000].map(|trials| bound(trials).map(|bound| bound.to_string()).unwrap_or_default());
        assert_eq!(bounds, ["0.75", "0.429", "0.00273", "0.000003"]);
        // That a probability is below one says nothing.
        for few in 1..=3 {
            assert!(line("2026-11-22", "abc", kill, Place { next: few, done: few }, 0).ends_with("| 0 | – |"));
        }
    }

    #[test]
    fn every_part_is_a_test_that_exists() {
        for part in &PARTS {
            let (file, test) = part.test;
            let folder = root().join("server/tests");
            let source = [folder.join(format!("{file}.rs")), folder.join(file).join("main.rs")];
            let source = source.iter().find_map(|path| fs::read_to_string(path).ok());
            assert!(source.is_some_and(|source| source.contains(&format!("fn {test}("))), "{file}: {test}");
        }
    }
}
