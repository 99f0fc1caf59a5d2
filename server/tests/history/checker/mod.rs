//! The judge: each invariant a function over the same facts.

mod badges;
mod blocks;
mod committed;
mod complete;
mod conservation;
mod deletion;
mod durable;
mod friends;
mod groups;
mod liveness;
mod membership;
mod memory;
mod monotone;
mod once;
mod opening;
mod order;
mod phantom;
mod prefix;
mod privacy;
mod readers;
mod receipts;
mod revocation;
mod secrecy;
mod skip;
mod snapshot;
mod stays;
mod timing;
mod unread;
mod why;

use super::event::History;
use super::facts::Facts;
use std::fmt;

/// Violations of one invariant that are told; a broken server breaks it everywhere.
const TOLD: usize = 20;

/// What no right server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The number of the invariant.
    pub invariant: u8,
    /// The indexes of the events concerned: lines of the saved history, from zero.
    pub events: Vec<usize>,
    pub sentence: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant {}: {} (events {:?})", self.invariant, self.sentence, self.events)
    }
}

/// What the checks write their findings to.
#[derive(Default)]
pub struct Findings {
    violations: Vec<Violation>,
}

impl Findings {
    fn add(&mut self, invariant: u8, events: &[usize], sentence: String) {
        if self.violations.iter().filter(|it| it.invariant == invariant).count() < TOLD {
            self.violations.push(Violation { invariant, events: events.to_vec(), sentence });
        }
    }
}

/// Everything in the history that no right server does.
pub fn judge(history: &History) -> Vec<Violation> {
    let facts = Facts::of(history);
    let mut findings = Findings::default();
    let checks: [fn(&Facts<'_>, &mut Findings); 28] = [
        durable::check,
        phantom::check,
        once::check,
        prefix::check,
        order::check,
        timing::check,
        complete::check,
        deletion::check,
        monotone::check,
        receipts::check,
        readers::check,
        unread::check,
        why::check,
        badges::check,
        secrecy::check,
        membership::check,
        opening::check,
        stays::check,
        privacy::check,
        blocks::check,
        friends::check,
        groups::check,
        revocation::check,
        skip::check,
        memory::check,
        conservation::check,
        liveness::check,
        snapshot::check,
    ];
    for check in checks {
        check(&facts, &mut findings);
    }
    findings.violations
}

/// The violations, a line each.
pub fn report(violations: &[Violation]) -> String {
    violations.iter().map(|it| format!("{it}\n")).collect()
}
