//! Invariants 8 and 4 of reads: a device never reads an older state than it was told before, nor than anybody was told
//! before it asked; a listing gives each conversation once, in one order.

use super::super::event::{Answer, Op, Process};
use super::super::facts::Facts;
use super::super::sighting::{Said, Telling, tellings};
use super::Findings;
use super::committed::Committed;
use protocol::ConversationId;
use std::collections::{HashMap, HashSet};

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let mut own: Committed<(Process, ConversationId)> = Committed::new();
    let mut all: Committed<ConversationId> = Committed::new();
    let mut listings: HashMap<Process, HashSet<ConversationId>> = HashMap::new();
    let mut upds: HashMap<Process, Vec<(u64, protocol::Upd)>> = HashMap::new();
    for telling in tellings(facts) {
        let process = telling.process;
        telling.positions(|position| {
            let id = position.conversation;
            if position.end && telling.since > 0 {
                for (invariant, who, known) in [
                    (8, "the device itself", own.before(&(process, id), telling.since)),
                    (4, "somebody", all.before(&id, telling.since)),
                ] {
                    if position.rev < known.0 || position.head < known.1 {
                        let (rev, head) = (position.rev, position.head);
                        let sentence = format!(
                            "conversation {id} was read at rev {rev}, head {head}, after {who} was told rev {}, head {}",
                            known.0, known.1
                        );
                        findings.add(invariant, &[telling.event], sentence);
                    }
                }
            }
            own.tell((process, id), telling.at, position);
            all.tell(id, telling.at, position);
        });
        account(&telling, upds.entry(process).or_default(), findings);
        listing(&telling, listings.entry(process).or_default(), findings);
    }
}

/// The account's own log, as one device reads it.
fn account(telling: &Telling<'_>, known: &mut Vec<(u64, protocol::Upd)>, findings: &mut Findings) {
    let upd = match telling.said {
        Said::Answer(_, Answer::Conversation(told)) => told.upd,
        Said::Answer(_, Answer::History(page)) => page.upd,
        Said::Answer(_, Answer::Changes(page)) => page.conversation.upd,
        _ => return,
    };
    let before = known.partition_point(|(at, _)| *at < telling.since);
    if let Some((_, told)) = before.checked_sub(1).and_then(|last| known.get(last))
        && upd < *told
    {
        findings.add(8, &[telling.event], format!("the account's log was read at {upd} after {told}"));
    }
    let newest = known.last().map_or(upd, |(_, last)| upd.max(*last));
    known.push((telling.at, newest));
}

/// A sync in pages names a conversation once.
fn listing(telling: &Telling<'_>, listed: &mut HashSet<ConversationId>, findings: &mut Findings) {
    let Said::Answer(Op::Sync { since }, Answer::Sync(page)) = telling.said else { return };
    if since.is_none() {
        listed.clear();
    }
    for told in &page.conversations {
        if !listed.insert(told.id) {
            findings.add(8, &[telling.event], format!("a sync told conversation {} twice", told.id));
        }
    }
    if !page.more {
        listed.clear();
    }
}
