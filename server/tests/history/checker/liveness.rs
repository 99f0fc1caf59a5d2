//! Invariant 19, liveness: once the faults are over everything that was sent gets an end, and every device comes to rest.

use super::super::facts::{Facts, Outcome};
use super::Findings;

/// Nanoseconds from the end of the faults to rest.
const PATIENCE: u64 = 10_000_000_000;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let (Some(quiet), Some(healed)) = (facts.quiet, facts.healed) else { return };
    for ((_, client_id), sent) in &facts.sends {
        let resolved =
            sent.calls.iter().any(|it| matches!(facts.calls[*it].outcome, Outcome::Ok(_) | Outcome::Fail(..)));
        if !resolved && !facts.ended.contains_key(&sent.process) {
            let events = facts.calls[sent.calls[0]].events;
            findings.add(19, &events, format!("nobody knows in the end what became of {client_id}"));
        }
    }
    for (process, at) in &facts.settled {
        if at.saturating_sub(healed) > PATIENCE {
            let sentence = format!("device {} came to rest {} ms after", process.device, (at - healed) / 1_000_000);
            findings.add(19, &[], sentence);
        }
    }
    for link in facts.links.values().filter(|link| link.opened < quiet && link.closed > quiet) {
        if !facts.settled.contains_key(&link.process) && !facts.ended.contains_key(&link.process) {
            findings.add(19, &[], format!("device {} never came to rest", link.process.device));
        }
    }
}
