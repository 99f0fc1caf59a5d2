//! The checker of histories, checked: broken servers are caught, a right one is not accused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod history;
mod support;

use history::model::{BUGS, long, run};
use history::{Answer, History, Op, Process, Recorder, judge, report};
use protocol::{ConversationKind, ErrorCode, Seq};
use std::time::Instant;

/// Runs of the right server; of each broken one at most.
const RIGHT: u64 = 200;
const BROKEN: u64 = 500;

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
