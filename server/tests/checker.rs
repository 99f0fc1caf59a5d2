//! The checker of histories, checked: broken servers are caught, a right one is not accused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod history;
mod support;

use history::model::{BUGS, Server, run};
use history::{Answer, Event, History, Membership, Op, Process, Recorder, What, judge, report};
use protocol::{ConversationKind, ErrorCode, ReceiptReport, Seq};
use std::time::Instant;

/// Runs of the right server; of each broken one at most.
const RIGHT: u64 = 200;
const BROKEN: u64 = 60;

/// No false alarm: the right model server is never accused, whatever the network and the devices do.
#[test]
fn a_right_server_is_not_accused() {
    let accused: Vec<_> = (0..RIGHT)
        .map(|seed| (seed, judge(&run(seed, None))))
        .filter(|(_, violations)| !violations.is_empty())
        .map(|(seed, violations)| format!("seed {seed}:\n{}", report(&violations)))
        .collect();
    assert!(accused.is_empty(), "{}", accused.join("\n"));
}

/// Every broken server is caught, by the invariant that it breaks.
#[test]
fn every_broken_server_is_caught() {
    let mut missed = Vec::new();
    for (bug, invariant, what) in BUGS {
        let caught =
            (0..BROKEN).find(|seed| judge(&run(*seed, Some(*bug))).iter().any(|it| it.invariant == *invariant));
        match caught {
            Some(seed) => println!("invariant {invariant:2}, seed {seed:2}: a server that {what}"),
            None => missed.push(format!("invariant {invariant} misses {bug:?}: a server that {what}")),
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    println!("{} broken servers, all caught", BUGS.len());
}

/// Judging takes time linear in the events: a long history of a group under load, in reads, sends and frames.
#[test]
fn a_long_history_is_judged_in_linear_time() {
    // The goal of a million events within 30 s is one for the release build.
    let messages = if cfg!(debug_assertions) { 5_000 } else { 140_000 };
    let history = long(messages);
    let begun = Instant::now();
    assert_eq!(judge(&history), []);
    println!("{} events judged in {:.2?}", history.events.len(), begun.elapsed());
}

/// Five devices of five accounts in one group: each message goes to all of them, and each reads a page now and then.
fn long(messages: u64) -> History {
    let mut server = Server::new(0, None);
    let conversation = server.found(ConversationKind::Group, &[(1, 0), (2, 0), (3, 0), (4, 0), (5, 0)], 0);
    let devices: Vec<Process> = (1..=5u64).map(|account| server.log_in(account.try_into().unwrap())).collect();
    let mut events = Vec::new();
    let mut record = |what| events.push(Event { at: events.len() as u64 + 1, what });
    let members = devices.iter().map(|it| Membership { account: it.account, vis_from: Seq::ZERO }).collect();
    record(What::Known { conversation, kind: ConversationKind::Group, members, head: Seq::ZERO });
    for (link, process) in (1..).zip(&devices) {
        server.connect(link, *process);
        record(What::Opened { link, process: *process });
    }
    for call in 1..=messages {
        let process = devices[(call % 5) as usize];
        let after = Seq::ZERO.plus(call.saturating_sub(10));
        let op = match call % 50 {
            0 => Op::History { conversation, before: None, after: Some(after), limit: 20 },
            1 => Op::Report { reports: vec![ReceiptReport { conversation, delivered: after, read: after }] },
            _ => Op::text(conversation, support::fresh_client_id()),
        };
        record(What::Invoke { call, process, op: op.clone() });
        let answer = Box::new(server.handle(process, &op).unwrap());
        record(What::Ok { call, answer });
        for (link, frame) in std::mem::take(&mut server.out) {
            record(What::Frame { link, frame: Box::new(frame.unwrap()) });
        }
    }
    History { events }
}

/// A saved history reads back as it was written.
#[test]
fn a_saved_history_reads_back() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let recorder = Recorder::new(file.path());
    let process = Process { account: 1u64.try_into().unwrap(), device: 1u64.try_into().unwrap() };
    let conversation = 1u64.try_into().unwrap();
    recorder.known(conversation, ConversationKind::Group, Vec::new(), Seq::ZERO);
    recorder.invoke(process, Op::text(conversation, support::fresh_client_id())).info();
    recorder.invoke(process, Op::ReadAll).ok(Answer::Done);
    recorder.invoke(process, Op::Sync { since: None }).fail(429, ErrorCode::RateLimited);
    let (kept, read) = (recorder.history(), History::load(file.path()).unwrap());
    assert_eq!(format!("{:?}", kept.events), format!("{:?}", read.events));
    assert!(!read.events.is_empty());
}
