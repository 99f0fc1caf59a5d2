//! How far logs were known to be at a time.

use super::super::sighting::Position;
use protocol::{Rev, Seq};
use std::collections::HashMap;
use std::hash::Hash;

/// The furthest position of each log that anybody, or one device, had been told by a time.
pub struct Committed<K> {
    steps: HashMap<K, Vec<(u64, Rev, Seq)>>,
}

impl<K: Eq + Hash> Committed<K> {
    pub fn new() -> Self {
        Self { steps: HashMap::new() }
    }

    /// Times must not go back.
    pub fn tell(&mut self, log: K, at: u64, position: Position) {
        let steps = self.steps.entry(log).or_default();
        let (rev, head) = steps.last().map_or((Rev::ZERO, Seq::ZERO), |(_, rev, head)| (*rev, *head));
        if position.rev > rev || position.head > head {
            steps.push((at, position.rev.max(rev), position.head.max(head)));
        }
    }

    /// What was known before `at`.
    pub fn before(&self, log: &K, at: u64) -> (Rev, Seq) {
        let Some(steps) = self.steps.get(log) else { return (Rev::ZERO, Seq::ZERO) };
        let known = steps.partition_point(|(told, ..)| *told < at);
        known.checked_sub(1).and_then(|last| steps.get(last)).map_or((Rev::ZERO, Seq::ZERO), |it| (it.1, it.2))
    }
}
