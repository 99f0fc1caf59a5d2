//! The real binary on a real port, and people who use it. Black-box: nothing here knows the server's inside.

#![allow(dead_code, unused_imports, reason = "each test file uses its part of it")]

mod admin;
mod auditor;
mod browser;
mod cycles;
mod events;
mod ledger;
mod listener;
mod person;
mod push;
mod sealer;
mod skipped;

pub use admin::{ADMIN, Admin};
pub use auditor::{AUDIT_SECRET, asking};
pub use browser::{Browser, escape};
pub use cycles::cycles;
pub use events::Events;
pub use ledger::Ledger;
pub use listener::{FORBIDDEN, Listener, Manner, Request};
pub use person::{Answer, PASSWORD, Person, fresh_client_id, picture, picture_message, text_message};
pub use push::{Heard, Push};
pub use sealer::{Sealer, now, say_sealed};
pub use skipped::skipped;

use protocol::ServerFrame;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest that a test waits for a condition.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const BINARY: &str = env!("CARGO_BIN_EXE_sixin");

/// A running server with a data folder of its own. Dropped, both are gone.
pub struct TestServer {
    child: Child,
    pub address: String,
    environment: Vec<(String, String)>,
    data: TempDir,
}

impl TestServer {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts with more environment, such as `("SIXIN_SENDS_PER_SECOND", "5")`.
    pub fn start_with(environment: &[(&str, &str)]) -> Self {
        Self::start_under(Command::new(BINARY), environment)
    }

    /// Starts under another program, such as strace, whose command ends with the binary.
    pub fn start_under(command: Command, environment: &[(&str, &str)]) -> Self {
        Self::start_on(tempfile::tempdir().unwrap(), command, environment)
    }

    /// Starts on a data folder that stands already.
    pub fn start_on(data: TempDir, command: Command, environment: &[(&str, &str)]) -> Self {
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let (child, address) = spawn(command, data.path(), &environment);
        Self { child, address, environment, data }
    }

    /// `kill -9`. Under another program, such as strace, the server first.
    pub fn kill(&mut self) {
        for pid in self.children() {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    fn children(&self) -> Vec<Pid> {
        let path = format!("/proc/{0}/task/{0}/children", self.pid());
        let children = std::fs::read_to_string(path).unwrap_or_default();
        children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
    }

    /// Starts again on the same data, on another port.
    pub fn restart(&mut self) {
        (self.child, self.address) = spawn(Command::new(BINARY), self.data.path(), &self.environment);
    }

    /// Starts again on the same data with one more setting.
    pub fn restart_with(mut self, name: &str, value: &str) -> Self {
        self.kill();
        self.environment.push((name.to_owned(), value.to_owned()));
        self.restart();
        self
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it in its tracks, or lets it go on.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid() as i32).unwrap(), signal).unwrap();
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Waits for the process to end by itself; its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        panic!("the server did not end");
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until everything that was answered before has been told to whoever was connected: an answer comes before the
    /// frames. Who connects after this hears of none of it.
    pub async fn settled(&self) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let witness = self.person(&format!("witness{}", NEXT.fetch_add(1, Ordering::Relaxed))).await;
        let mut push = witness.push().await;
        let own = witness.open(&witness).await;
        witness.send(own, "frames leave in the order of commits").await;
        while !matches!(push.frame().await, ServerFrame::Conversation { .. }) {}
    }

    /// Somebody new, logged in.
    pub async fn person(&self, handle: &str) -> Person {
        Person::register(&self.address, handle).await
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// Starts the server on any free port, and waits until it names it.
fn spawn(mut command: Command, data: &Path, environment: &[(String, String)]) -> (Child, String) {
    let generous = [
        "LOGINS_PER_HANDLE",
        "LOGINS_PER_ADDRESS",
        "ACCOUNTS_PER_ADDRESS",
        "SENDS_PER_SECOND",
        "SENDS_AT_ONCE",
        "SEARCHES_PER_HOUR",
        "LOOK_UPS_PER_ACCOUNT",
    ];
    let mut child = command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("SIXIN_")))
        .envs(generous.map(|rate| (format!("SIXIN_{rate}"), "100000")))
        .env("SIXIN_LOG", "warn")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("SIXIN_LISTEN", "127.0.0.1:0")
        .env("SIXIN_DATA", data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit_once("http://").map(|(_, address)| address.to_owned());
    (child, address.unwrap_or_else(|| panic!("the server did not name its address: {line:?}")))
}
