//! Invariant 20, snapshot ≡ replay: what a device made of everything that it was told is what the server tells now, and
//! all devices of an account are told the same.

use super::super::event::{Process, What};
use super::super::facts::{Dump, Facts};
use super::super::replica::{Log, Replica};
use super::Findings;
use protocol::{Conversation, ConversationId, Cursors, Rev, Seq, UserId};
use std::collections::HashMap;
use std::fmt::Debug;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    if facts.quiet.is_none() {
        return;
    }
    let replicas = replay(facts, |_, _, _| {});
    for ((process, conversation), dump) in &facts.dumps {
        let Some(told) = dump.described else { continue };
        deleted(facts, *process, *conversation, dump, findings);
        let Some(replica) = replicas.get(process) else { continue };
        // One that is deleted on the device is not listed until the next message comes, whatever moves in it.
        let listed = told.listed();
        match replica.logs.get(conversation).filter(|_| listed) {
            Some(log) => compare(*process, log, told, dump, findings),
            None if told.floor.is_none() && !told.head_seq.is_zero() => {
                let sentence = format!("device {} never heard of conversation {conversation}", process.device);
                findings.add(20, &[dump.event], sentence);
            }
            None => {}
        }
    }
    for (process, replica) in &replicas {
        for conversation in replica.logs.keys().filter(|id| facts.moves(**id)) {
            let (account, end) = (process.account, facts.end);
            if facts.society.may_be_in(*conversation, account, end, end) == Some(vec![false]) {
                let sentence = format!("device {} came to rest with conversation {conversation}, left", process.device);
                findings.add(20, &[], sentence);
            }
        }
    }
    devices(facts, findings);
}

/// The state of every device that came to rest, from what it was told before the end; `seen` looks at it after each
/// event that may have changed it.
pub fn replay(facts: &Facts<'_>, mut seen: impl FnMut(u64, Process, &Replica)) -> HashMap<Process, Replica> {
    let rested = facts.settled.keys().map(|process| (*process, Replica::new(process.account)));
    let mut replicas: HashMap<Process, Replica> = rested.collect();
    for event in facts.events.iter().take_while(|event| !matches!(event.what, What::Quiet)) {
        let call = |call: &u64| facts.numbers.get(call).map(|call| &facts.calls[*call]);
        match &event.what {
            What::Invoke { process, op, .. } => {
                replicas.entry(*process).and_modify(|replica| replica.asked(op));
            }
            What::Ok { call: number, answer } => {
                if let Some(call) = call(number)
                    && let Some(replica) = replicas.get_mut(&call.process)
                {
                    replica.answered(call.op, answer);
                    seen(event.at, call.process, replica);
                }
            }
            What::Frame { link, frame } => {
                if let Some(link) = facts.links.get(link)
                    && let Some(replica) = replicas.get_mut(&link.process)
                {
                    replica.frame(frame);
                    seen(event.at, link.process, replica);
                }
            }
            _ => {}
        }
    }
    replicas
}

/// One conversation of a device at rest against a fresh reading of it.
fn compare(process: Process, log: &Log, told: &Conversation, dump: &Dump<'_>, findings: &mut Findings) {
    let (device, id) = (process.device, told.id);
    if log.rev < told.rev {
        let sentence = format!("device {device} came to rest at rev {} of conversation {id}, at {}", log.rev, told.rev);
        findings.add(19, &[dump.event], sentence);
    }
    let mut same = |what: &str, has: &dyn Debug, reads: &dyn Debug| {
        let (has, reads) = (format!("{has:?}"), format!("{reads:?}"));
        if has != reads {
            let sentence = format!("device {device} has {what} {has} in conversation {id}, a fresh reading {reads}");
            findings.add(20, &[dump.event], sentence);
        }
    };
    same("rev", &log.rev, &told.rev);
    same("head", &log.head, &told.head_seq);
    same("own cursors", &log.own, &told.own);
    same("the peer's cursors", &log.peer, &told.peer_cursors.unwrap_or_default());
    if log.vis_from == told.vis_from {
        same("unread", &log.unread(), &told.unread);
    }
    let from = log.from.max(told.vis_from);
    let mut missing = Vec::new();
    for (seq, message) in dump.messages.range(from..) {
        match log.shown(*seq) {
            None => {
                missing.push(*seq);
            }
            Some(held) if held != *message => same(&format!("seq {seq}"), held, message),
            Some(_) => {}
        }
    }
    for (seq, _) in log.messages.range(from..).filter(|(seq, _)| **seq <= dump.through) {
        if log.shown(*seq).is_some() && !dump.messages.contains_key(seq) {
            same("a message that is not there", seq, &());
        }
    }
    for seq in missing {
        let sentence = format!("device {device} came to rest without seq {seq} of conversation {id}");
        findings.add(7, &[dump.event], sentence);
    }
}

/// A conversation deleted on a device does not come back there with what was deleted.
fn deleted(facts: &Facts<'_>, process: Process, id: ConversationId, dump: &Dump<'_>, findings: &mut Findings) {
    let (certain, _) = facts.floor(process, id);
    if let Some((seq, _)) = dump.messages.first_key_value().filter(|(seq, _)| Some(**seq) <= certain) {
        let sentence = format!(
            "device {} deleted conversation {id} through {certain:?}, and reads seq {seq} again",
            process.device
        );
        findings.add(20, &[dump.event], sentence);
    }
}

/// What all devices of an account are told alike.
fn devices(facts: &Facts<'_>, findings: &mut Findings) {
    type Alike = (Rev, Seq, Cursors, Option<Cursors>);
    let mut accounts: HashMap<(UserId, ConversationId), Alike> = HashMap::new();
    for ((process, conversation), dump) in &facts.dumps {
        let Some(told) = dump.described else { continue };
        let here = (told.rev, told.head_seq, told.own, told.peer_cursors);
        if *accounts.entry((process.account, *conversation)).or_insert(here) != here {
            let sentence = format!("two devices of account {} are told apart of {conversation}", process.account);
            findings.add(20, &[dump.event], sentence);
        }
    }
}
