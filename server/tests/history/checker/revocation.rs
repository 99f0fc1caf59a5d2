//! Invariant 15, revocation: within a second of an ended login its connections are closed; nothing is served after.

use super::super::facts::Facts;
use super::super::sighting::tellings;
use super::Findings;

/// Nanoseconds that the server may take.
const PATIENCE: u64 = 1_000_000_000;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    for telling in tellings(facts) {
        let Some(ended) = facts.ended.get(&telling.process) else { continue };
        let device = telling.process.device;
        if telling.since > *ended || telling.at > ended + PATIENCE && telling.since == 0 {
            findings.add(15, &[telling.event], format!("device {device} was told something after its login had ended"));
        }
    }
    for link in facts.links.values() {
        let Some(ended) = facts.ended.get(&link.process) else { continue };
        if link.closed.min(facts.end) > ended + PATIENCE {
            let sentence = format!("a connection of device {} outlived its login", link.process.device);
            findings.add(15, &[], sentence);
        }
    }
}
