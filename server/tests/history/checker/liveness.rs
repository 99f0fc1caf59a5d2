//! Invariant 19, liveness: once the faults are over everything that was sent gets an end, and every device comes to rest.

use super::super::facts::{Facts, Outcome};
use super::Findings;

/// Nanoseconds from the end of the faults, or from a later beginning, to an end.
const PATIENCE: u64 = 10_000_000_000;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let (Some(quiet), Some(healed)) = (facts.quiet, facts.healed) else { return };
    for ((_, client_id), sent) in &facts.sends {
        if facts.ended.contains_key(&sent.process) {
            continue;
        }
        let calls = || sent.calls.iter().map(|it| &facts.calls[*it]);
        let resolved =
            calls().filter(|it| matches!(it.outcome, Outcome::Ok(_) | Outcome::Fail(..))).map(|it| it.to).min();
        let since = calls().map(|it| it.from).fold(u64::MAX, u64::min).max(healed);
        let sentence = match resolved {
            None => format!("nobody knows in the end what became of {client_id}"),
            Some(at) if at.saturating_sub(since) > PATIENCE => {
                format!("what became of {client_id} was known {} ms after", (at - since) / 1_000_000)
            }
            Some(_) => continue,
        };
        findings.add(19, &facts.calls[sent.calls[0]].events, sentence);
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
