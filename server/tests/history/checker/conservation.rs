//! Invariant 18, conservation: every address of a final log is a message, a tombstone, or withheld; a device at rest
//! accounts for every one that it covers.

use super::super::facts::Facts;
use super::Findings;
use super::durable::unseen;
use protocol::{ConversationId, Seq};
use std::collections::{HashMap, HashSet};

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
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
