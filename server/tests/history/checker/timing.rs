//! Invariant 6: what was acknowledged before a send began stands before it, and so a device's outbox keeps its order.

use super::super::facts::{Facts, Sent};
use super::Findings;
use protocol::{ConversationId, Seq};
use std::collections::HashMap;

struct Timed {
    began: u64,
    acknowledged: u64,
    seq: Seq,
    event: usize,
    process: super::super::event::Process,
}

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let mut conversations: HashMap<ConversationId, Vec<Timed>> = HashMap::new();
    for sent in facts.sends.values() {
        if let Some(timed) = timed(facts, sent) {
            conversations.entry(sent.conversation).or_default().push(timed);
        }
    }
    for sends in conversations.values_mut() {
        sends.sort_by_key(|sent| sent.began);
        let mut ends: Vec<usize> = (0..sends.len()).collect();
        ends.sort_by_key(|it| sends[*it].acknowledged);
        let mut ended = ends.into_iter().peekable();
        let mut last: Option<usize> = None;
        for sent in sends.iter() {
            while let Some(end) = ended.next_if(|end| sends[*end].acknowledged < sent.began) {
                last = last.filter(|last| sends[*last].seq > sends[end].seq).or(Some(end));
            }
            if let Some(before) = last.map(|last| &sends[last]).filter(|before| before.seq > sent.seq) {
                let who = if before.process == sent.process { "the same device" } else { "another device" };
                let sentence = format!(
                    "{who} had seq {} acknowledged before the send began that took seq {}",
                    before.seq, sent.seq
                );
                findings.add(6, &[before.event, sent.event], sentence);
            }
        }
    }
}

fn timed(facts: &Facts<'_>, sent: &Sent<'_>) -> Option<Timed> {
    let (acknowledged, message) = sent.acknowledged?;
    let first = &facts.calls[*sent.calls.first()?];
    Some(Timed { began: first.from, acknowledged, seq: message.seq, event: first.events[0], process: sent.process })
}
