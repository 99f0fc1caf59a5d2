//! Invariant 10, unread: one formula, over what the description itself says and over the final log; the total is the sum.

use super::super::event::{Answer, Process};
use super::super::facts::{Dump, Facts};
use super::super::sighting::{Said, tellings};
use super::Findings;
use protocol::{Conversation, ConversationId, Seq, UserId};
use std::collections::{BTreeSet, HashMap};

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let mut own: HashMap<(UserId, ConversationId), Vec<(u64, Seq)>> = HashMap::new();
    for ((account, _), sent) in &facts.sends {
        if let Some((at, message)) = sent.acknowledged {
            own.entry((*account, sent.conversation)).or_default().push((at, message.seq));
        }
    }
    for sent in own.values_mut() {
        sent.sort();
        let mut newest = Seq::ZERO;
        for (_, seq) in sent {
            newest = newest.max(*seq);
            *seq = newest;
        }
    }
    for telling in tellings(facts) {
        telling.descriptions(|told| {
            if let Some(wrong) = inconsistent(told) {
                findings.add(10, &[telling.event], format!("conversation {}: {wrong}", told.id));
            }
            let sent = own.get(&(telling.process.account, told.id)).map_or(&[][..], Vec::as_slice);
            let before = sent.partition_point(|(at, _)| *at < telling.since);
            if let Some((_, newest)) = before.checked_sub(1).and_then(|last| sent.get(last))
                && told.own.read < *newest
            {
                let sentence =
                    format!("conversation {} counts an own message: read {}, sent {newest}", told.id, told.own.read);
                findings.add(10, &[telling.event], sentence);
            }
        });
    }
    for ((process, conversation), dump) in &facts.dumps {
        if let Some(told) = dump.described {
            counted(*process, *conversation, told, dump, findings);
        }
    }
    totals(facts, findings);
}

/// What does not fit together within one description.
fn inconsistent(told: &Conversation) -> Option<String> {
    let after = told.own.read.max(told.vis_from.prev());
    let apart: BTreeSet<Seq> = told.silent.iter().chain(&told.hidden).copied().collect();
    if apart.iter().any(|seq| *seq <= told.own.read || *seq > told.head_seq) {
        return Some(format!("exceptions {apart:?} outside of what is unread"));
    }
    let apart = apart.range(after.next()..).count() as u64;
    let expected = told.head_seq.get().saturating_sub(after.get()).checked_sub(apart);
    (expected != Some(told.unread))
        .then(|| format!("{} unread of {} after {after}, less {apart}", told.unread, told.head_seq))
}

/// In the final state the count is that of the messages that the device reads.
fn counted(
    process: Process,
    conversation: ConversationId,
    told: &Conversation,
    dump: &Dump<'_>,
    findings: &mut Findings,
) {
    let after = told.own.read.max(told.vis_from.prev());
    let unread = dump
        .messages
        .range(after.next()..)
        .filter(|(_, message)| message.sender != process.account && message.body.countable());
    let unread = unread.count() as u64;
    // A dump that does not reach back so far says nothing.
    if dump.from <= after.next() && unread != told.unread {
        let sentence = format!(
            "account {} has {unread} messages unread in conversation {conversation}, and is told {}",
            process.account, told.unread
        );
        findings.add(10, &[dump.event], sentence);
    }
}

/// The number in the title is the sum over the conversations of that device, and devices agree on what was read.
fn totals(facts: &Facts<'_>, findings: &mut Findings) {
    let mut sums: HashMap<Process, u64> = HashMap::new();
    let mut accounts: HashMap<(UserId, ConversationId), (Seq, Seq, u64)> = HashMap::new();
    for ((process, conversation), dump) in &facts.dumps {
        let Some(told) = dump.described else { continue };
        // One that is deleted on the device is not in its list; what somebody blocked wrote does not count.
        let listed = told.listed() && !told.relation.blocking;
        *sums.entry(*process).or_default() += if listed { told.unread } else { 0 };
        let here = (told.vis_from, told.own.read, told.unread);
        let there = accounts.entry((process.account, *conversation)).or_insert(here);
        if there.1 != here.1 || (there.0 == here.0 && there.2 != here.2) {
            let sentence = format!("two devices of account {} differ on conversation {conversation}", process.account);
            findings.add(10, &[dump.event], sentence);
        }
    }
    for telling in tellings(facts).filter(|telling| telling.last) {
        if let (Said::Answer(_, Answer::Page { total, .. }), Some(sum)) = (telling.said, sums.get(&telling.process))
            && total != sum
        {
            let sentence = format!("the total of account {} is {total}, not {sum}", telling.process.account);
            findings.add(10, &[telling.event], sentence);
        }
    }
}
