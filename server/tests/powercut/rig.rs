//! A disk whose power can be cut.
//!
//! ext4 on a loop device on nbdfuse on nbdkit, which keeps every block that was written and not flushed in its own
//! memory. SIGKILL of nbdkit throws those away, as a disk's cache does when the power goes.

use crate::support::skipped;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PROGRAMS: [&str; 5] = ["nbdkit", "nbdfuse", "mkfs.ext4", "mount", "umount"];
const SIZE: u64 = 256 << 20;
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Rig {
    folder: TempDir,
    storage: Option<Child>,
    bridge: Option<Child>,
}

impl Rig {
    /// `None`, with the reason on the standard output, where there is no such disk to be had.
    pub fn set_up() -> Option<Self> {
        let absent = PROGRAMS.iter().find(|program| !on_path(program));
        let reason = match absent {
            Some(program) => format!("{program} is not installed"),
            None if !rustix::process::getuid().is_root() => "only root may mount".to_owned(),
            None if !Path::new("/dev/fuse").exists() => "there is no /dev/fuse".to_owned(),
            None => match Self::try_set_up() {
                Ok(rig) => return Some(rig),
                Err(reason) => reason,
            },
        };
        skipped(&reason);
        None
    }

    fn try_set_up() -> Result<Self, String> {
        let mut rig = Self { folder: tempfile::tempdir().unwrap(), storage: None, bridge: None };
        std::fs::create_dir(rig.path("disk")).unwrap();
        std::fs::create_dir(rig.path("bridge")).unwrap();
        File::create(rig.path("image")).unwrap().set_len(SIZE).unwrap();
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(rig.path("image")))?;

        let mut nbdkit = Command::new("nbdkit");
        nbdkit.args(["--foreground", "--unix"]).arg(rig.path("socket"));
        nbdkit.args(["--filter=cache", "file"]).arg(rig.path("image")).arg("cache=writeback");
        rig.storage = Some(spawn(&mut nbdkit)?);
        rig.wait_for("socket")?;
        let mut nbdfuse = Command::new("nbdfuse");
        nbdfuse.arg(rig.path("bridge/device")).arg("--unix").arg(rig.path("socket"));
        rig.bridge = Some(spawn(&mut nbdfuse)?);
        rig.wait_for("bridge/device")?;
        run(Command::new("mount").args(["-o", "loop"]).arg(rig.path("bridge/device")).arg(rig.disk()))?;
        Ok(rig)
    }

    /// The root of the disk.
    pub fn disk(&self) -> PathBuf {
        self.path("disk")
    }

    /// What was written and not flushed is gone, and every later access fails.
    pub fn cut(&mut self) {
        end(&mut self.storage);
    }

    /// The disk again, as it was at the cut. Nobody may hold a file of the old one open.
    pub fn reboot(&mut self) {
        self.take_down();
        run(Command::new("mount").args(["-o", "loop"]).arg(self.path("image")).arg(self.disk())).unwrap();
    }

    fn take_down(&mut self) {
        end(&mut self.storage);
        for mounted in ["disk", "bridge"] {
            // What is not mounted need not be unmounted.
            let _ = run(Command::new("umount").arg("--lazy").arg(self.path(mounted)));
        }
        end(&mut self.bridge);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn wait_for(&self, name: &str) -> Result<(), String> {
        let begin = Instant::now();
        while !self.path(name).exists() {
            if begin.elapsed() > PATIENCE {
                return Err(format!("no {name} came up"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.take_down();
    }
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).is_file())
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(|error| format!("{command:?}: {error}"))
}

/// `kill -9`.
fn end(child: &mut Option<Child>) {
    if let Some(mut child) = child.take() {
        let _ = child.kill();
        let _ = child.wait();
    }
}
