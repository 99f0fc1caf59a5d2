//! Invariants 7 and 20 of a conversation deleted on a device: that device alone is told so, and does not forget it.

use super::super::event::{Op, Process};
use super::super::facts::{Call, Facts};
use super::super::sighting::{Said, tellings};
use super::Findings;
use protocol::{ConversationId, Seq, ServerFrame, UserId};
use std::collections::HashMap;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    if facts.deletes.is_empty() {
        return;
    }
    // What is deleted is forgotten with the membership in which it was.
    let stayed = |id: ConversationId, account: UserId, from: u64, to: u64| {
        facts.society.may_be_in(id, account, from, to).is_none_or(|member| member == [true])
    };
    let mut done: HashMap<(Process, ConversationId), Vec<(&Call<'_>, Seq)>> = HashMap::new();
    for call in facts.calls.iter().filter(|call| call.ok().is_some()) {
        if let Op::Delete { conversation, through } = call.op {
            if !stayed(*conversation, call.process.account, call.from, call.to) {
                // Whoever leaves meanwhile has nothing left to delete.
                continue;
            }
            // What had not come yet cannot be deleted.
            let through = facts.head_by(*conversation, call.from).min(*through);
            done.entry((call.process, *conversation)).or_default().push((call, through));
        }
    }
    for telling in tellings(facts) {
        let process = telling.process;
        telling.descriptions(|told| {
            let possible = facts.floor(process, told.id).1;
            if told.floor > possible {
                let sentence = format!(
                    "device {} is told that it deleted conversation {} through {:?}, not {possible:?}",
                    process.device, told.id, told.floor
                );
                findings.add(7, &[telling.event], sentence);
            }
            let done = done.get(&(process, told.id)).into_iter().flatten();
            let known = done.filter(|(call, through)| {
                call.to < telling.since
                    && told.floor < Some((*through).min(told.head_seq))
                    && stayed(told.id, process.account, call.from, telling.at)
            });
            if let Some(known) = known.map(|(_, through)| (*through).min(told.head_seq)).max() {
                let sentence = format!(
                    "device {} deleted conversation {} through {known}, and is told {:?}",
                    process.device, told.id, told.floor
                );
                findings.add(20, &[telling.event], sentence);
            }
        });
        if let Said::Frame(_, ServerFrame::Deleted { conversation, floor }) = telling.said {
            let calls = facts.deletes.get(&(process.account, *conversation)).into_iter().flatten();
            let asked = calls.map(|call| &facts.calls[*call]).any(|call| {
                let through = matches!(call.op, Op::Delete { through, .. } if through >= floor);
                call.process == process && call.from <= telling.at && through
            });
            if !asked {
                let sentence = format!("device {} is told of another device's deletion", process.device);
                findings.add(7, &[telling.event], sentence);
            }
        }
    }
}
