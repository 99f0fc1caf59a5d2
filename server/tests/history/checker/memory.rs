//! Invariant 17, in bytes: what the server holds is bounded by what it held at first and by what may wait for the
//! connections that stand, whoever reads and whoever does not.

use super::super::event::What;
use super::super::facts::Facts;
use super::Findings;

/// What an allocator and the database's caches may keep besides, in bytes.
const SLACK: u64 = 32 << 20;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let mut base = None;
    for (index, event) in facts.events.iter().enumerate() {
        let What::Memory { resident, connections, queue } = event.what else { continue };
        let base = *base.get_or_insert(resident);
        let most = base + connections * queue + SLACK;
        if resident > most {
            let sentence =
                format!("{resident} bytes are held with {connections} connections, and {most} at most may be");
            findings.add(17, &[index], sentence);
        }
    }
}
