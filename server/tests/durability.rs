//! What the server says when the disk fails it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod support;

use protocol::path;
use std::path::Path;
use std::process::Command;
use support::{Answer, BINARY, TestServer, fresh_client_id, text_message};

/// F4: after a failed flush the server acknowledges nothing more, and exits.
#[tokio::test]
async fn a_failed_flush_stops_the_server() {
    if !Path::new("/usr/bin/strace").exists() {
        println!("skipped: strace is not installed");
        return;
    }
    let mut strace = Command::new("/usr/bin/strace");
    // Fails every flush from the 60th on: after the start, and during the sends.
    strace.args(["-f", "-qq", "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO:when=60+"]);
    strace.args(["-o", "/dev/null", BINARY]);
    let mut server = TestServer::start_under(strace, &[]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for _ in 0..200 {
        let client_id = fresh_client_id();
        let request = a.request("POST", &path::messages(id)).json(&text_message(client_id, "x"));
        match Answer::try_of(request).await {
            Some(answer) if answer.status == 201 => {
                assert_eq!(refused, 0, "acknowledged after a failed flush");
                acknowledged.push(answer.read::<protocol::Message>());
            }
            _ => refused += 1,
        }
    }
    assert!(!acknowledged.is_empty() && refused > 0);
    assert_ne!(server.wait(), Some(0));

    // What was acknowledged before is there.
    server.restart();
    let a = a.at(&server.address);
    let mut last = protocol::Seq::ZERO;
    for expected in acknowledged {
        let page = a.history(id, last, 1).await;
        assert_eq!(page.messages, [expected]);
        last = last.next();
    }
}
