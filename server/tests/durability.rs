//! What the server says when the disk fails it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a skipped test says why")]

mod support;

use protocol::{Seq, path};
use serde_json::json;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::{BINARY, Ledger, PASSWORD, Person, TestServer, cycles, fresh_client_id, text_message};

const STRACE: &str = "/usr/bin/strace";

/// The server under strace, which does this to its flushes. `None` where there is no strace.
fn under_strace(inject: &str) -> Option<Command> {
    if !Path::new(STRACE).exists() {
        support::skipped("strace is not installed");
        return None;
    }
    let mut strace = Command::new(STRACE);
    strace.args([
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-e",
        "trace=fdatasync,fsync",
        "-e",
        &format!("inject=fdatasync,fsync:{inject}"),
    ]);
    strace.args(["-o", "/dev/null", BINARY]);
    Some(strace)
}

/// F4: after a failed flush the server acknowledges nothing more, and exits.
#[tokio::test]
async fn a_failed_flush_stops_the_server() {
    for cycle in cycles(1) {
        // Fails every flush from that one on, or that one alone: after the start, and during the sends.
        let (flush, from_then_on) = (60 + cycle / 2 % 150, cycle % 2 == 0);
        let when = format!("{flush}{}", if from_then_on { "+" } else { "" });
        let Some(strace) = under_strace(&format!("error=EIO:when={when}")) else { return };
        let mut server = TestServer::start_under(strace, &[]);
        let (a, b) = (server.person("aa").await, server.person("bb").await);
        let id = a.open(&b).await;
        let ledger = Ledger::default();
        let mut refused = 0;
        for _ in 0..240 {
            if ledger.send(&a, id).await.is_some_and(|answer| answer.status == 201) {
                assert_eq!(refused, 0, "flush {when}: acknowledged after a failed flush");
            } else {
                refused += 1;
            }
        }
        assert!(ledger.acknowledged() > 0);
        // The one that failed may have been the background's, which makes good for it.
        if from_then_on || refused > 0 {
            assert!(refused > 0, "flush {when}: nothing was refused");
            assert_ne!(server.wait(), Some(0));
        } else {
            server.kill();
        }
        // What was acknowledged before is there.
        server.restart();
        ledger.check(&a.at(&server.address), id, &format!("flush {when} failed")).await;
    }
}

/// After so many stalled sends in a row it is the flushes that stall, and no longer a busy machine.
const STALLED: u32 = 3;

/// F4: while a flush stalls nothing is acknowledged, and reads go on.
#[tokio::test]
async fn a_stalled_flush_acknowledges_nothing_meanwhile() {
    for cycle in cycles(1) {
        let stall = Duration::from_millis([1_000, 100, 2_000, 5_000, 30_000][(cycle % 5) as usize]);
        let Some(strace) = under_strace(&format!("delay_enter={}:when=60+", stall.as_micros())) else { return };
        let mut server = TestServer::start_under(strace, &[]);
        let (a, b) = (server.person("aa").await, server.person("bb").await);
        let id = a.open(&b).await;
        let ledger = Ledger::default();
        let mut stalled = 0;
        while stalled < STALLED + 2 {
            let begin = Instant::now();
            let sending = tokio::spawn({
                let (ledger, a) = (ledger.clone(), a.clone());
                async move { ledger.send(&a, id).await }
            });
            while !sending.is_finished() {
                let reading = Instant::now();
                assert_eq!(a.get(&path::conversation(id)).await.status, 200);
                let busy = Duration::from_secs(1);
                assert!(reading.elapsed() < stall.max(busy), "reads wait for a flush");
            }
            let answer = sending.await.unwrap().unwrap();
            // After half a minute a request is given up, and nobody knows.
            assert!(answer.status == 201 || answer.status == 408 && stall.as_secs() >= 30, "{}", answer.status);
            if begin.elapsed() >= stall {
                stalled += 1;
            } else {
                assert!(stalled < STALLED, "acknowledged before its flush had ended");
                stalled = 0;
            }
        }
        // Dying in the middle of a flush loses nothing that was acknowledged.
        let sending = tokio::spawn(ledger.clone().send_until_it_dies(a.clone(), id));
        tokio::time::sleep(stall / 2).await;
        server.kill();
        sending.await.unwrap();
        server.restart();
        ledger.check(&a.at(&server.address), id, &format!("stalled for {stall:?}")).await;
    }
}

/// A data folder on a small disk of its own, which goes with the server.
struct SmallDisk {
    server: TestServer,
    filler: PathBuf,
}

impl SmallDisk {
    /// `None` where this process may not mount.
    fn new() -> Option<Self> {
        const MOUNT: &str = r#"mount -t tmpfs -o size=6m tmpfs "$SIXIN_DATA" && exec "$0" "$@""#;
        let unshare = || {
            let mut unshare = Command::new("unshare");
            if !rustix::process::getuid().is_root() {
                unshare.args(["--user", "--map-root-user"]);
            }
            unshare.args(["--mount", "sh", "-c", MOUNT]);
            unshare
        };
        let probe = unshare().arg("true").env("SIXIN_DATA", "/mnt").output();
        if !probe.is_ok_and(|probe| probe.status.success()) {
            support::skipped("this process may not mount a disk");
            return None;
        }
        let mut command = unshare();
        command.arg(BINARY);
        let server = TestServer::start_under(command, &[("SIXIN_LOG", "off")]);
        let inside = format!("/proc/{}/root{}", server.pid(), server.data().display());
        Some(Self { server, filler: Path::new(&inside).join("filler") })
    }

    /// Leaves no room but for so many bytes.
    fn fill(&self, room: u64) {
        let mut filler = File::create(&self.filler).unwrap();
        while filler.write_all(&[0; 4_096]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub(room)).unwrap();
    }

    fn clean(&self) {
        fs::remove_file(&self.filler).unwrap();
    }
}

/// F3: on a full disk a send is refused with 507, reads go on, and with room again sends go on without a restart.
#[tokio::test]
async fn a_full_disk_refuses_sends_and_heals() {
    let Some(disk) = SmallDisk::new() else { return };
    let (a, b) = (disk.server.person("aa").await, disk.server.person("bb").await);
    let id = a.open(&b).await;
    let ledger = Ledger::default();
    assert_eq!(ledger.send(&a, id).await.unwrap().status, 201);
    for cycle in cycles(2) {
        disk.fill(cycle * 5 % 16 * 4_096);
        let mut answers = 0;
        let refusal = loop {
            let answer = ledger.send(&a, id).await.expect("an answer");
            if answer.status != 201 {
                break answer;
            }
            answers += 1;
            assert!(answers < 10_000, "the disk is never full");
        };
        assert_eq!((refusal.status, refusal.code().as_str()), (507, "storage_full"), "cycle {cycle}");
        assert_eq!(refusal.json()["error"]["retryable"], json!(true));
        let report = a.report(id, 1, 1).await.status;
        assert!(report == 507 || report == 204, "cycle {cycle}: {report}");
        ledger.check(&b, id, &format!("full {cycle}")).await;
        assert!(b.sync(None).await.conversations[0].unread > 0);

        disk.clean();
        let answer = ledger.send(&a, id).await.expect("an answer");
        assert_eq!(answer.status, 201, "cycle {cycle}: it heals without a restart");
        ledger.check(&b, id, &format!("room again {cycle}")).await;
    }
}

/// F3, T20: what a full disk refused keeps its key, and is one message once there is room.
#[tokio::test]
async fn a_send_refused_by_a_full_disk_is_made_again() {
    let Some(disk) = SmallDisk::new() else { return };
    let (a, b): (Person, Person) = (disk.server.person("aa").await, disk.server.person("bb").await);
    let id = a.open(&b).await;
    disk.fill(0);
    let long = "长".repeat(2_048);
    let messages: Vec<_> = (0..64).map(|_| text_message(fresh_client_id(), &long)).collect();
    let mut refused = 0;
    for message in &messages {
        let status = a.post(&path::messages(id), message).await.status;
        assert!(status == 201 || status == 507, "{status}");
        refused += u32::from(status == 507);
    }
    assert!(refused > 0, "the disk is never full");
    disk.clean();
    for message in &messages {
        let status = a.post(&path::messages(id), message).await.status;
        assert!(status == 201 || status == 200, "{status}");
    }
    let page = b.history(id, Seq::ZERO, 100).await;
    assert_eq!(page.messages.len(), messages.len());
    // Whoever was away finds the way in as well.
    Person::log_in(&disk.server.address, "bb", PASSWORD).await;
}
