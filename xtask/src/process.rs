//! Other programs: started alike, silent when they succeed, none left behind.

use crate::files;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, getpid, kill_process, set_child_subreaper};
use std::env;
use std::fs::{self, File};
use std::io::{Write, stdout};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Cargo in the workspace. What the cargo that started this program told it about itself is withheld, because build
/// scripts that look at it would run again each time.
pub fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in env::vars_os() {
        let told = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"].iter().any(|start| name.starts_with(start))
        });
        if told {
            command.env_remove(name);
        }
    }
    command.env_remove("LD_LIBRARY_PATH").current_dir(files::root()).args(arguments);
    command
}

/// Runs a program whose output is the point.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", name(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", name(command));
    }
    Ok(())
}

/// Runs a program as one step: a line if it takes longer than a second, its output only if it fails.
pub fn step(what: &str, command: &mut Command) -> Result<()> {
    let log = files::work().join(format!("{}.log", getpid().as_raw_nonzero()));
    let output = File::create(&log)?;
    let mut line = Line::new(what);
    let mut child = command
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("cannot start {}", name(command)))?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        line.tick();
        sleep(Duration::from_millis(10));
    };
    line.end();
    let output = fs::read(&log)?;
    fs::remove_file(&log)?;
    if !status.success() {
        println!("{what} failed:");
        stdout().write_all(&output)?;
        bail!("{} failed ({status})", name(command));
    }
    Ok(())
}

/// Does something as one step.
pub fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let mut line = Line::new(what);
    let result = work();
    line.tick();
    line.end();
    result
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// "Doing this … 12 s", unless it is done within a second.
struct Line<'a> {
    what: &'a str,
    begin: Instant,
    shown: bool,
}

impl<'a> Line<'a> {
    fn new(what: &'a str) -> Self {
        Self { what, begin: Instant::now(), shown: false }
    }

    fn tick(&mut self) {
        if !self.shown && self.begin.elapsed() > Duration::from_secs(1) {
            self.shown = true;
            print!("{} … ", self.what);
            // A terminal that is gone is no reason to stop working.
            let _ = stdout().flush();
        }
    }

    fn end(self) {
        if self.shown {
            println!("{:.0} s", self.begin.elapsed().as_secs_f64());
        }
    }
}

/// From here on, processes that lose their parent become this one's children, so that [`leftovers`] finds them.
pub fn adopt_orphans() -> Result<()> {
    set_child_subreaper(Some(getpid()))?;
    Ok(())
}

/// Ends the processes that finished programs left running, after some time in which they may end by themselves;
/// returns their command lines.
pub fn leftovers(grace: Duration) -> Result<Vec<String>> {
    let deadline = Instant::now() + grace;
    loop {
        let children = children()?;
        if children.is_empty() {
            return Ok(Vec::new());
        }
        if Instant::now() > deadline {
            for (pid, _) in &children {
                let _ = kill_process(*pid, Signal::KILL);
            }
            return Ok(children.into_iter().map(|(_, command)| command).collect());
        }
        sleep(Duration::from_millis(50));
    }
}

/// The running children of this process, zombies left out.
fn children() -> Result<Vec<(Pid, String)>> {
    let own = getpid().as_raw_nonzero().to_string();
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let pid = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        let Some(pid) = pid.and_then(Pid::from_raw) else { continue };
        // A process may be gone by the time one looks at it.
        let Ok(stat) = fs::read_to_string(path.join("stat")) else { continue };
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let (state, parent) = (fields.next(), fields.next());
        if parent == Some(own.as_str()) && state != Some("Z") {
            let command = fs::read(path.join("cmdline")).unwrap_or_default();
            children.push((pid, String::from_utf8_lossy(&command).replace('\0', " ")));
        }
    }
    Ok(children)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_left_behind_is_found_and_ended() {
        adopt_orphans().unwrap();
        // While a process turns into another program, it has no command line.
        let left_behind = "sleep 4321 & until grep -q ^sleep /proc/$!/cmdline; do :; done";
        Command::new("sh").args(["-c", left_behind]).status().unwrap();
        let left = leftovers(Duration::ZERO).unwrap();
        assert!(matches!(&left[..], [command] if command.contains("sleep 4321")), "{left:?}");
        assert!(leftovers(Duration::from_secs(60)).unwrap().is_empty());
    }
}
