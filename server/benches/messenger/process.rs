//! The processes under measurement, and what the system says that they cost.
//!
//! Invariant: every process started here ends with the value that stands for it, however the run ends.

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_sixin");
/// How long a process may take to end after it was asked to.
const FAREWELL: Duration = Duration::from_secs(10);
/// `/proc` counts in hundredths of a second, whatever the kernel's own clock.
const TICK: Duration = Duration::from_millis(10);

/// A process that is killed when this is dropped.
struct Owned(Child);

impl Owned {
    fn wait(&mut self, limit: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.0.try_wait()? {
                ensure!(status.success(), "a process ended with {status}");
                return Ok(());
            }
            ensure!(Instant::now() < end, "a process did not end within {} s", limit.as_secs());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // It may have ended already, which is as well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running `sixin`.
pub struct Server {
    process: Owned,
    pub address: SocketAddr,
    /// From its start until it said where it listens.
    pub listening_after: Duration,
}

impl Server {
    /// Starts the release binary on a data folder and any free port, with rate limits out of the way.
    pub fn start(data: &Path) -> anyhow::Result<Self> {
        Self::start_at(data, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// The same on an address of its own.
    pub fn start_at(data: &Path, address: SocketAddr) -> anyhow::Result<Self> {
        let began = Instant::now();
        let mut command = Command::new(BINARY);
        command.env("SIXIN_DATA", data).env("SIXIN_LISTEN", address.to_string()).env("SIXIN_LOG", "warn");
        // The made-up messages are of years ago, and a device without data is to be given all of them.
        command.env("SIXIN_SYNC_FULL_DAYS", "36500");
        for rate in [
            "SIXIN_LOGINS_PER_HANDLE",
            "SIXIN_LOGINS_PER_ADDRESS",
            "SIXIN_ACCOUNTS_PER_ADDRESS",
            "SIXIN_SENDS_PER_SECOND",
            "SIXIN_SENDS_AT_ONCE",
            "SIXIN_LOOK_UPS_PER_ACCOUNT",
        ] {
            command.env(rate, "1000000");
        }
        let mut child = Owned(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context(BINARY)?);
        let output = child.0.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().rsplit("http://").next().unwrap_or_default();
        let address = address.parse().with_context(|| format!("the server names no address: {line:?}"))?;
        Ok(Self { process: child, address, listening_after: began.elapsed() })
    }

    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// Ends it as a crash would.
    pub fn kill(self) {}

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).context("no process id")?;
        kill_process(pid, Signal::TERM)?;
        self.process.wait(FAREWELL)
    }
}

/// Runs `sixin import`; how long it took from its start to its end.
pub fn import(file: &Path, data: &Path, password: &str) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let output = Command::new(BINARY)
        .arg("import")
        .arg(file)
        .env("SIXIN_DATA", data)
        .env("SIXIN_IMPORT_PASSWORD", password)
        .env("SIXIN_LOG", "warn")
        .stdin(Stdio::null())
        .output()
        .context(BINARY)?;
    let took = began.elapsed();
    if !output.status.success() {
        bail!("the import of {} failed: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(took)
}

/// This program in another process, doing one part of the work. Dropped, it ends.
pub struct Worker {
    process: Owned,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts this program with `worker NAME` and hands it one line.
    pub fn start(name: &str, job: &impl serde::Serialize) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = Command::new(program);
        command.args(["worker", name]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Owned(command.spawn()?);
        let mut input = process.0.stdin.take().context("no input")?;
        let output = BufReader::new(process.0.stdout.take().context("no output")?);
        let mut line = serde_json::to_vec(job)?;
        line.push(b'\n');
        input.write_all(&line)?;
        Ok(Self { process, input: Some(input), output })
    }

    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// Its next line.
    pub fn hear<T: serde::de::DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        ensure!(!line.is_empty(), "a worker ended without an answer");
        Ok(serde_json::from_str(&line)?)
    }

    /// Lets it end by itself.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.input = None;
        self.process.wait(FAREWELL)
    }
}

/// The processor time that a process has used, in both modes.
pub fn cpu(pid: u32) -> anyhow::Result<Duration> {
    ticks(&fs::read_to_string(format!("/proc/{pid}/stat"))?).context("cannot read a process's times")
}

/// The same by the names of its threads.
pub fn cpu_by_thread(pid: u32) -> anyhow::Result<BTreeMap<String, Duration>> {
    let mut times = BTreeMap::new();
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while its folder is read.
        let Ok(stat) = fs::read_to_string(task?.path().join("stat")) else { continue };
        let name = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("?", |(name, _)| name);
        *times.entry(name.to_owned()).or_default() += ticks(&stat).unwrap_or_default();
    }
    Ok(times)
}

fn ticks(stat: &str) -> Option<Duration> {
    // The name may hold anything; the fields after it start with the third.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

/// The memory that a process holds, in KiB.
pub fn rss_kib(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// Lets this process and those that it starts open as many files as the system allows.
pub fn raise_file_limit() -> anyhow::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).context("cannot raise the limit of open files")
}
