//! Invariant 18, conservation: what was acknowledged is in the final log (`durable`), every address of that is a message, a
//! tombstone, or withheld, and each device at rest accounts for every one that it covers: shown, a tombstone, hidden by its
//! account, or withheld from it.

use super::super::event::Process;
use super::super::facts::{Dump, Facts, Hiding};
use super::Findings;
use super::durable::unseen;
use protocol::{ConversationId, Seq};
use std::collections::{HashMap, HashSet};

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    for ((process, conversation), dump) in &facts.dumps {
        if facts.is_member(process.account, *conversation) {
            sum(facts, *process, *conversation, dump, findings);
        }
    }
    let mut heads: HashMap<ConversationId, (Seq, Seq)> = HashMap::new();
    for ((process, conversation), dump) in &facts.dumps {
        if facts.is_member(process.account, *conversation) && !dump.from.is_zero() {
            let head = heads.entry(*conversation).or_insert((dump.from, Seq::ZERO));
            *head = (head.0.min(dump.from), head.1.max(dump.through));
        }
    }
    let withheld: HashSet<(ConversationId, Seq)> = facts
        .keys
        .iter()
        .filter(|(_, key)| facts.sends.get(key).is_some_and(|sent| !sent.invisible.is_empty()))
        .map(|(place, _)| *place)
        .collect();
    for (conversation, (from, head)) in heads {
        let Some(log) = facts.logs.get(&conversation) else { continue };
        let mut seq = from;
        while seq <= head {
            let place = (conversation, seq);
            let excused = || {
                withheld.contains(&place)
                    || facts.keys.get(&place).is_some_and(|key| unseen(facts, conversation, seq, *key))
            };
            if !log.contains_key(&seq) && !excused() {
                let sentence = format!("seq {seq} of conversation {conversation} (through {head}) is nothing");
                findings.add(18, &[], sentence);
            }
            seq = seq.next();
        }
    }
}

/// What a device has of a conversation, added up.
fn sum(facts: &Facts<'_>, process: Process, conversation: ConversationId, dump: &Dump<'_>, findings: &mut Findings) {
    let Some(log) = facts.logs.get(&conversation).filter(|_| !dump.from.is_zero()) else { return };
    let first = dump.from.max(dump.vis_from);
    let shown = dump.messages.range(first..).filter(|(_, message)| message.body.countable()).count();
    let tombstones = dump.messages.range(first..).count() - shown;
    let mut apart = 0;
    let mut lost = Vec::new();
    for (seq, message) in log.range(first..=dump.through.max(first)) {
        let Hiding { hidden, shown } = facts.hiding(process.account, conversation, *seq);
        match dump.messages.contains_key(seq) {
            true => {}
            false if hidden || !shown => apart += 1,
            false if facts.is_withheld(process.account, (message.sender, message.client_id)) => apart += 1,
            false => lost.push(*seq),
        }
    }
    if !lost.is_empty() {
        let sentence = format!(
            "device {} has {shown} messages, {tombstones} tombstones and {apart} apart of conversation {conversation}, and \
             nothing at {lost:?}",
            process.device
        );
        findings.add(18, &[dump.event], sentence);
    }
}
