//! The server's clock jumps: by a day or ten years, forward and back.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a skipped test says why")]

mod support;

use protocol::{Message, path};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::{PASSWORD, Person, TestServer, cycles, fresh_client_id, text_message};

/// Jumps against the true time, one after the other.
const JUMPS: [&str; 8] = ["+1d", "-1d", "+0", "+3650d", "-3650d", "-1h", "+3650d", "-2d"];

/// A server whose clock says what a file says; none where libfaketime is not installed.
struct Clockwork {
    server: TestServer,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Clockwork {
    fn start(environment: &[(&str, &str)]) -> Option<Self> {
        let library = ["x86_64", "aarch64"]
            .map(|machine| format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketimeMT.so.1"))
            .into_iter()
            .find(|path| Path::new(path).exists());
        let Some(library) = library else {
            support::skipped("libfaketime is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        fs::write(&file, "+0").unwrap();
        let named = file.display().to_string();
        let own = [
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", named.as_str()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ];
        let server = TestServer::start_with(&[&own, environment].concat());
        Some(Self { server, file, _folder: folder })
    }

    fn jump(&self, to: &str) {
        fs::write(&self.file, to).unwrap();
    }
}

/// F6, T18, R000-17, R002-15: wherever the clock jumps, the order is by seq, times never fall, what is unread is
/// counted by position, a token finds what came after it, and logins hold.
#[tokio::test]
async fn a_jumping_clock_changes_no_order() {
    let Some(mut clock) = Clockwork::start(&[]) else { return };
    let (mut a, mut b) = (clock.server.person("aa").await, clock.server.person("bb").await);
    let id = a.open(&b).await;
    let mut sent: Vec<Message> = vec![b.send(id, "on time").await];
    let mut moved = 0;
    assert_eq!(a.report(id, 1, 1).await.status, 204);
    clock.server.settled().await;
    for cycle in cycles(JUMPS.len() as u64) {
        let jump = JUMPS[(cycle % JUMPS.len() as u64) as usize];
        let token = a.sync(None).await.token;
        let mut push = a.push().await;
        clock.jump(jump);
        if cycle % 3 == 2 {
            clock.server.kill();
            clock.server.restart();
            (a, b) = (a.at(&clock.server.address), b.at(&clock.server.address));
            push = a.push().await;
        }
        for n in 0..3 {
            let message = b.send(id, &format!("{jump} {cycle} {n}")).await;
            let last = sent.last().unwrap();
            assert_eq!(message.seq, last.seq.next(), "{jump}");
            assert!(message.at >= last.at, "{jump}: a time fell from {} to {}", last.at, message.at);
            moved += u64::from(message.at.abs_diff(last.at) > 3_600_000);
            let mut frame = push.next().await;
            // What was told of the last report may come after the greeting.
            while frame.get("account").is_some() {
                frame = push.next().await;
            }
            assert_eq!(frame["conversation"]["pos"], json!(message.rev), "{jump}");
            sent.push(message);
        }
        let page = a.sync(Some(&token)).await;
        assert_eq!(page.conversations.len(), 1, "{jump}: the token finds what came after it");
        assert_eq!(page.conversations[0].unread, 3, "{jump}");
        let head = sent.last().unwrap().seq.get();
        assert_eq!(a.report(id, head, head).await.status, 204);
        assert_eq!(a.conversation(id).await.unread, 0, "{jump}");
        let peer = b.conversation(id).await.peer_cursors.unwrap();
        assert_eq!(peer.read.get(), head, "{jump}: the receipt is told");
        assert_eq!(a.get(path::ACCOUNT_ME).await.status, 200, "{jump}: the login holds");
        Person::log_in(&clock.server.address, "aa", PASSWORD).await;
    }
    assert!(moved > 0, "the clock was never moved");
    let mut last = protocol::Seq::ZERO;
    for messages in sent.chunks(100) {
        assert_eq!(a.history(id, last, messages.len() as u64).await.messages, messages);
        last = messages.last().unwrap().seq;
    }
}

/// F6: who was refused for asking too often is not let in by a jump of the clock, nor kept out by it.
#[tokio::test]
async fn a_jumping_clock_moves_no_limit() {
    let limits = [("SIXIN_SENDS_PER_SECOND", "1"), ("SIXIN_SENDS_AT_ONCE", "5")];
    let Some(clock) = Clockwork::start(&limits) else { return };
    let (a, b) = (clock.server.person("aa").await, clock.server.person("bb").await);
    let id = a.open(&b).await;
    let send = async || a.post(&path::messages(id), &text_message(fresh_client_id(), "x")).await;
    let (mut accepted, begin) = (0, Instant::now());
    let mut refused = 0;
    for jump in JUMPS.iter().cycle().take(24) {
        clock.jump(jump);
        let answer = send().await;
        match answer.status {
            201 => accepted += 1,
            429 => refused += 1,
            status => panic!("{jump}: {status}"),
        }
        if answer.status == 429 {
            let wait: u64 = answer.header("retry-after").parse().unwrap();
            assert!(wait <= 1, "{jump}: {wait}");
        }
    }
    let due = 5 + begin.elapsed().as_secs() + 1;
    assert!(refused > 0 && accepted <= due, "{accepted} of 24 were let in, not {due}");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(send().await.status, 201);
}
