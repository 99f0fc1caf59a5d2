//! Invariant 7, completeness: in the end each device has what its account may see, and nothing else; a sync names every
//! conversation that moved.

use super::super::event::{Answer, Op, Process};
use super::super::facts::{Dump, Facts, Hiding};
use super::super::sighting::{Said, tellings};
use super::Findings;
use super::committed::Committed;
use protocol::{ConversationId, Rev, Seq, UserId};
use std::collections::HashMap;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    syncs(facts, findings);
    for ((process, conversation), dump) in &facts.dumps {
        if facts.is_member(process.account, *conversation) {
            projection(facts, *process, *conversation, dump, findings);
        }
    }
}

/// What a device reads in the end is the log, less what it may not see.
fn projection(
    facts: &Facts<'_>,
    process: Process,
    conversation: ConversationId,
    dump: &Dump<'_>,
    findings: &mut Findings,
) {
    let Some(log) = facts.logs.get(&conversation) else { return };
    let reader = process.account;
    let first = match facts.quiet.and_then(|quiet| facts.society.latest(conversation, reader, quiet)) {
        // Whoever came in sees what is written from then on.
        Some(since) => facts.head_by(conversation, since),
        None => facts.vis_from(reader, conversation).prev(),
    };
    let floor = first.max(facts.floor(process, conversation).1.unwrap_or_default());
    if dump.vis_from.prev() > floor {
        let sentence = format!(
            "device {} reads conversation {conversation} from {} on, and deleted it through {floor}",
            process.device, dump.vis_from
        );
        findings.add(7, &[dump.event], sentence);
    }
    for (seq, message) in log.range(dump.from..=dump.through.max(dump.from)) {
        let Hiding { hidden, shown } = facts.hiding(reader, conversation, *seq);
        let withheld = facts.is_withheld(reader, (message.sender, message.client_id));
        let absent = withheld || *seq < dump.vis_from || !shown;
        let present = dump.messages.contains_key(seq);
        if present && absent {
            let sentence = format!("account {reader} reads seq {seq} of conversation {conversation}, which it hid");
            findings.add(7, &[dump.event], sentence);
        }
        if !present && !absent && !hidden {
            let sentence = format!("account {reader} does not read seq {seq} of conversation {conversation}");
            findings.add(7, &[dump.event], sentence);
        }
    }
}

/// A whole sync tells of every change that was known when it began, but of conversations that moved to the top of the
/// list meanwhile: those come with the next one.
fn syncs(facts: &Facts<'_>, findings: &mut Findings) {
    let mut conversations: HashMap<UserId, Vec<ConversationId>> = HashMap::new();
    for (conversation, place) in facts.places.iter().filter(|(_, place)| !place.moves) {
        for member in place.members.keys() {
            conversations.entry(*member).or_default().push(*conversation);
        }
    }
    let sends = Sends::of(facts);
    let mut all: Committed<ConversationId> = Committed::new();
    let mut heard: HashMap<(Process, ConversationId), Rev> = HashMap::new();
    let mut began: HashMap<Process, u64> = HashMap::new();
    for telling in tellings(facts) {
        let process = telling.process;
        telling.positions(|position| {
            all.tell(position.conversation, telling.at, position);
            if position.end || matches!(telling.said, Said::Frame(..)) {
                let heard = heard.entry((process, position.conversation)).or_default();
                *heard = position.rev.max(*heard);
            }
        });
        let Said::Answer(Op::Sync { since }, Answer::Sync(page)) = telling.said else { continue };
        let first = began.entry(process).or_insert(telling.since);
        if since.is_none() {
            *first = telling.since;
        }
        if page.more {
            continue;
        }
        let first = began.remove(&process).unwrap_or(telling.since);
        for conversation in conversations.get(&process.account).into_iter().flatten() {
            let known = heard.get(&(process, *conversation)).copied().unwrap_or_default();
            let (rev, head) = all.before(conversation, first);
            // One that is deleted on the device is not listed until the next message comes.
            let listed = || Some(head) > facts.floor(process, *conversation).1;
            let moved = || sends.overlap(*conversation, first, telling.at);
            if known < rev && listed() && !moved() {
                let sentence = format!(
                    "a sync of account {} left it at rev {known} of conversation {conversation}, which was at {rev}",
                    process.account
                );
                findings.add(7, &[telling.event], sentence);
            }
        }
    }
}

/// When the messages of conversations can have been written.
struct Sends {
    /// By beginning: each with the latest end of all that began before.
    spans: HashMap<ConversationId, Vec<(u64, u64)>>,
}

impl Sends {
    fn of(facts: &Facts<'_>) -> Self {
        let mut spans: HashMap<ConversationId, Vec<(u64, u64)>> = HashMap::new();
        for sent in facts.sends.values() {
            let first = sent.calls.first().map_or(0, |call| facts.calls[*call].from);
            let end = sent.acknowledged.map_or(u64::MAX, |(at, _)| at);
            spans.entry(sent.conversation).or_default().push((first, end));
        }
        for spans in spans.values_mut() {
            spans.sort();
            let mut latest = 0;
            for (_, end) in spans {
                latest = latest.max(*end);
                *end = latest;
            }
        }
        Self { spans }
    }

    fn overlap(&self, conversation: ConversationId, from: u64, to: u64) -> bool {
        let spans = self.spans.get(&conversation).map_or(&[][..], Vec::as_slice);
        let began = spans.partition_point(|(began, _)| *began <= to);
        began.checked_sub(1).and_then(|last| spans.get(last)).is_some_and(|(_, end)| *end >= from)
    }
}
