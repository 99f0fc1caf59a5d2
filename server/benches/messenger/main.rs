//! `make bench`: measures the release binary from outside and prints each figure beside its goal.
//!
//! The load comes from this program in other processes, whose processor time is reported apart. What a machine can do
//! at the best is measured in the same run, before and after. `docs/BENCHMARKS.md` says how to read the tables.

#![allow(clippy::print_stdout, reason = "a command talks to the one who called it")]

mod checker;
mod fan;
mod floor;
mod generate;
mod groups;
mod history;
mod http;
mod idle;
mod imports;
mod latency;
mod page;
mod population;
mod process;
mod reads;
mod receive;
mod refusals;
mod sends;
mod sizes;
mod start;
mod storm;
mod table;
mod world;

// The judge of histories is a part of the tests.
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]
#[path = "../../tests/history/mod.rs"]
mod recorded;
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]
#[path = "../../tests/support/mod.rs"]
mod support;

use anyhow::{Context, bail};
use population::Population;
use std::fs;
use std::io::BufRead;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use table::Table;
use world::World;

type Scenario = fn(&mut Bench) -> anyhow::Result<Vec<Table>>;

const SCENARIOS: [(&str, Scenario); 14] = [
    ("sends", sends::measure),
    ("low-load", sends::low_load),
    ("growth", sends::growth),
    ("import", imports::measure),
    ("history", reads::history),
    ("list", reads::list),
    ("groups", groups::measure),
    ("refusals", refusals::measure),
    ("idle", idle::measure),
    ("storm", storm::measure),
    ("start", start::measure),
    ("sizes", sizes::measure),
    ("page", page::measure),
    ("checker", checker::measure),
];

const USAGE: &str = "\
make bench [ARGS=\"[quick] [SCENARIO…]\"]

  quick      fewer and shorter rounds and a smaller archive; two minutes at most
  SCENARIO   sends, low-load, growth, import, history, list, groups, refusals, idle, storm,
             start, sizes, page, checker; all when none is named";

/// After so long, a scenario that has a round gets no more.
const FULL: Duration = Duration::from_secs(9 * 60);
const QUICK: Duration = Duration::from_secs(80);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let done = match arguments.first().map(String::as_str) {
        Some("worker") => work(arguments.get(1).map_or("", String::as_str)),
        _ => measure(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One part of the work in a process of its own. Its job is the first line of the input.
fn work(name: &str) -> anyhow::Result<()> {
    let mut job = String::new();
    std::io::stdin().lock().read_line(&mut job)?;
    match name {
        "generate" => {
            let report = world::block_on(generate::run(serde_json::from_str(&job)?))?;
            println!("{}", serde_json::to_string(&report)?);
            Ok(())
        }
        "echo" => floor::echo(),
        "fan" => {
            let report = world::block_on(fan::run(serde_json::from_str(&job)?))?;
            println!("{}", serde_json::to_string(&report)?);
            Ok(())
        }
        "bare-fan" => fan::bare(),
        "storm" => world::block_on(storm::run(serde_json::from_str(&job)?)),
        "hold" => idle::hold(serde_json::from_str(&job)?),
        _ => bail!("there is no worker {name}"),
    }
}

fn measure(arguments: &[String]) -> anyhow::Result<()> {
    let quick = arguments.iter().any(|argument| argument == "quick");
    let wanted: Vec<&String> =
        arguments.iter().filter(|argument| !["quick", "full"].contains(&argument.as_str())).collect();
    for argument in &wanted {
        if !SCENARIOS.iter().any(|(name, _)| name == argument) {
            bail!("there is no scenario {argument}\n\n{USAGE}");
        }
    }
    process::raise_file_limit()?;
    println!("{}\n", machine(quick)?);
    let mut bench = Bench { quick, began: Instant::now(), small: None, large: None };
    for (name, scenario) in SCENARIOS {
        if wanted.is_empty() || wanted.iter().any(|wanted| *wanted == name) {
            for table in scenario(&mut bench).with_context(|| format!("the scenario {name} failed"))? {
                println!("{table}");
            }
        }
    }
    println!("The run took {:.0} s.", bench.began.elapsed().as_secs_f64());
    Ok(())
}

/// What the run was made on.
fn machine(quick: bool) -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism()?;
    let cpuinfo = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpuinfo.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(':'));
    let model = model.map_or("unknown processor", |(_, name)| name.trim());
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    let kind = if quick { "quick" } else { "full" };
    Ok(format!("A {kind} run on {cores} cores of {model}; load of the machine at the start: {load}."))
}

/// One run: how much of everything, and the archives that scenarios share.
pub struct Bench {
    pub quick: bool,
    began: Instant,
    small: Option<World>,
    large: Option<World>,
}

impl Bench {
    /// The numbers of the rounds, from 1. At least one; no more are begun when the run's time is up.
    pub fn rounds(&self, name: &'static str) -> impl Iterator<Item = usize> + use<> {
        self.rounds_of(name, 5)
    }

    /// As many rounds as this, or two in a quick run.
    pub fn rounds_of(&self, name: &'static str, full: usize) -> impl Iterator<Item = usize> + use<> {
        let (rounds, limit) = if self.quick { (2, QUICK) } else { (full, FULL) };
        let end = self.began + limit;
        (1..=rounds).take_while(move |round| *round == 1 || Instant::now() < end).inspect(move |round| {
            eprintln!("{name}: round {round} of {rounds}");
        })
    }

    /// How long one load lasts.
    pub fn lasting(&self) -> Duration {
        Duration::from_millis(if self.quick { 1_000 } else { 2_000 })
    }

    /// How long one part of the floor is measured.
    pub fn floor_lasting(&self) -> Duration {
        Duration::from_millis(if self.quick { 200 } else { 400 })
    }

    /// Requests of one kind in one round.
    pub fn requests(&self) -> usize {
        if self.quick { 200 } else { 1_000 }
    }

    /// An archive of pairs that have hardly written yet.
    pub fn small(&mut self) -> anyhow::Result<&World> {
        if self.small.is_none() {
            eprintln!("making a small archive");
            self.small = Some(World::make(&Population { pairs: 80, ..Population::default() }, &[])?);
        }
        self.small.as_ref().context("the small archive is missing")
    }

    /// An archive with a long conversation and an account that has thousands.
    pub fn large(&mut self) -> anyhow::Result<&World> {
        if self.large.is_none() {
            let long = if self.quick { 100_000 } else { 1_000_000 };
            eprintln!("making an archive with a conversation of {long}");
            let population = Population {
                pairs: 64,
                histories: vec![("short", 10_000), ("long", long)],
                busy: if self.quick { 1_000 } else { 5_000 },
                ..Population::default()
            };
            self.large = Some(World::make(&population, &["short-a", "long-a", "busy"])?);
        }
        self.large.as_ref().context("the large archive is missing")
    }
}
