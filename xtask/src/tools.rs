//! What has to be on the machine. Each function looks first and installs only what is missing.

use crate::files::{Stamp, root};
use crate::process::{cargo, step};
use anyhow::{Context, Result, bail};
use rustix::process::getuid;
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

const WASM: &str = "wasm32-unknown-unknown";

/// Rust's standard library for the browser.
pub fn browser_target() -> Result<()> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()).output()?;
    let sysroot = String::from_utf8(sysroot.stdout)?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).join("lib").is_dir() {
        return Ok(());
    }
    let mut add = Command::new("rustup");
    add.args(["target", "add", WASM]).current_dir(root());
    step("Installing Rust's standard library for the browser", &mut add).with_context(|| {
        format!(
            "Rust's target {WASM} is missing.\n\
             With a way to static.rust-lang.org, `rustup target add {WASM}` in this folder installs it.\n\
             Without one, build the library from the rust-src of the very version in rust-toolchain.toml and put it into\n\
             {}/lib/rustlib/{WASM}/lib, or copy that folder from a machine that has it",
            sysroot.trim()
        )
    })
}

/// Node, and the packages of end2end/package-lock.json: the optimiser and the emoji data for the site, Playwright for
/// the tests.
pub fn node_packages() -> Result<()> {
    apt(&["nodejs", "npm"])?;
    let version = Command::new("node").arg("--version").output().context("cannot start node")?;
    let version = String::from_utf8(version.stdout)?;
    let major: u32 = version.trim().trim_start_matches('v').split('.').next().unwrap_or_default().parse()?;
    if major < 20 {
        bail!("node {} is too old: the tests need node 20 or newer (Debian 13 has it)", version.trim());
    }
    let folder = root().join("end2end");
    let stamp = Stamp::of_data(folder.join("node_modules/.stamp"), &[folder.join("package-lock.json")])?;
    if stamp.holds() {
        return Ok(());
    }
    let mut install = Command::new("npm");
    install.args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    step("Installing the packages of end2end", &mut install)?;
    stamp.set()
}

/// A browser that can show every message, with and without windows.
pub fn browser() -> Result<()> {
    apt(&["chromium", "chromium-headless-shell", "fonts-noto-cjk", "fonts-noto-color-emoji"])
}

/// What makes disks and clocks fail: flushes (strace), time (faketime), power (the others).
pub fn faults() -> Result<()> {
    apt(&["strace", "faketime", "nbdkit", "libnbd-bin", "fuse3", "e2fsprogs"])
}

/// The gate of licences, sources and versions.
pub fn cargo_deny() -> Result<()> {
    const VERSION: &str = "0.20.2";
    if on_path("cargo-deny") {
        return Ok(());
    }
    let package = format!("cargo-deny@{VERSION}");
    step("Installing cargo-deny", &mut cargo(["install", "--quiet", "--locked", &package]))
}

/// Installs Debian packages. One that ships a program of its name counts as there when the program is, however it came.
fn apt(packages: &[&str]) -> Result<()> {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !present(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !on_path("apt-get") {
        bail!("please install {}; this program can do so on Debian only", missing.join(", "));
    }
    step("Reading Debian's list of packages", as_root("apt-get").args(["-qq", "update"]))?;
    step(
        &format!("Installing {}", missing.join(", ")),
        as_root("apt-get").args(["-qq", "-y", "install", "--no-install-recommends"]).args(&missing),
    )
}

fn present(package: &str) -> bool {
    let program = if package == "nodejs" { "node" } else { package };
    if on_path(program) {
        return true;
    }
    // Fonts have no program. Where there is no dpkg to ask, they are the user's own affair.
    if package.starts_with("fonts-") && !on_path("dpkg-query") {
        return true;
    }
    let status = Command::new("dpkg-query").args(["-W", "-f", "${Status}", package]).stderr(Stdio::null()).output();
    status.is_ok_and(|output| output.stdout == b"install ok installed")
}

fn as_root(program: &str) -> Command {
    let mut command = if getuid().is_root() { Command::new(program) } else { Command::new("sudo") };
    if !getuid().is_root() {
        command.args(["DEBIAN_FRONTEND=noninteractive", program]);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}
