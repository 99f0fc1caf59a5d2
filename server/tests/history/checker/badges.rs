//! Invariant 10, in time: once nothing changes any more, every device counts what it will count in the end within two
//! seconds.

use super::super::event::{Op, Process};
use super::super::facts::{Call, Facts};
use super::super::replica::Replica;
use super::Findings;
use super::snapshot::replay;
use std::collections::HashMap;

/// Nanoseconds from the last change, or the end of the faults, to the same count everywhere.
const WITHIN: u64 = 2_000_000_000;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let (Some(quiet), Some(healed)) = (facts.quiet, facts.healed) else { return };
    let changes = facts.calls.iter().filter(|call| call.from < quiet && changes(call));
    let last = changes.map(|call| if call.to == u64::MAX { call.from } else { call.to }).fold(healed, u64::max);
    // The number that each device shows, and since when.
    let mut shown: HashMap<Process, (u64, u64)> = HashMap::new();
    replay(facts, |at, process, replica| {
        if at >= last {
            let now = total(replica);
            let shown = shown.entry(process).or_insert((now, at));
            if shown.0 != now {
                *shown = (now, at);
            }
        }
    });
    for (process, (_, since)) in shown {
        if since > last + WITHIN {
            let late = (since - last) / 1_000_000;
            let sentence =
                format!("device {} shows its last number {late} ms after everything was done", process.device);
            findings.add(10, &[], sentence);
        }
    }
}

fn total(replica: &Replica) -> u64 {
    replica.logs.values().map(|log| log.unread()).sum()
}

/// Whether the call may have changed what somebody counts.
fn changes(call: &Call<'_>) -> bool {
    let reads = matches!(
        call.op,
        Op::Sync { .. }
            | Op::Describe { .. }
            | Op::History { .. }
            | Op::Changes { .. }
            | Op::Unread { .. }
            | Op::Receipts { .. }
            | Op::Readers { .. }
            | Op::Contact { .. }
            | Op::Page { .. }
            | Op::Typing { .. }
            | Op::Watch { .. }
    );
    call.may_have_happened() && !reads
}
