//! Invariant 2, no phantom: every message that anybody was told was sent so, by that sender, and not refused.

use super::super::event::Op;
use super::super::facts::{Facts, Outcome};
use super::super::sighting::{Sighting, tellings};
use super::Findings;
use protocol::{ConversationId, MessageBody, Notice, UserId};
use std::collections::{HashMap, HashSet};

/// What an account did to a group, and when it first may have.
type Causes = HashMap<(ConversationId, UserId, &'static str), u64>;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let mut known = HashSet::new();
    let causes = causes(facts);
    for telling in tellings(facts) {
        telling.messages(|Sighting { conversation, message, .. }| {
            let before = facts.places.get(&conversation).is_some_and(|place| message.seq <= place.head);
            let recalled = matches!(message.body, MessageBody::Recalled { .. });
            if before || !known.insert((conversation, message.seq, message.sender, message.client_id, recalled)) {
                return;
            }
            let sent = facts.sends.get(&(message.sender, message.client_id));
            let told = |findings: &mut Findings, what: &str| {
                let key = message.client_id;
                findings.add(2, &[telling.event], format!("message {key} at seq {} {what}", message.seq));
            };
            if let MessageBody::Notice { notice } = &message.body {
                if !caused(facts, &causes, conversation, message.sender, notice, telling.at) {
                    told(findings, "tells of what nobody did");
                }
                return;
            }
            match sent {
                None => told(findings, "was never sent"),
                Some(sent) if sent.conversation != conversation => told(findings, "was sent to another conversation"),
                Some(sent) if sent.calls.iter().all(|it| matches!(facts.calls[*it].outcome, Outcome::Fail(..))) => {
                    told(findings, "was refused");
                }
                Some(sent) if facts.calls[sent.calls[0]].from > telling.at => {
                    told(findings, "was told before it was sent")
                }
                Some(_) if recalled && !facts.recalls.contains_key(&(conversation, message.seq)) => {
                    told(findings, "was recalled by nobody");
                }
                Some(sent) if !recalled && message.body != *sent.body && !others(facts, sent, message) => {
                    told(findings, "has a text that nobody sent");
                }
                Some(_) => {}
            }
        });
    }
}

/// Whether another attempt under the same key had this body.
fn others(facts: &Facts<'_>, sent: &super::super::facts::Sent<'_>, message: &protocol::Message) -> bool {
    sent.calls.iter().any(
        |call| matches!(facts.calls[*call].op, super::super::event::Op::Send { body, .. } if *body == message.body),
    )
}

fn causes(facts: &Facts<'_>) -> Causes {
    let mut causes = Causes::new();
    for call in facts.calls.iter().filter(|call| call.may_have_happened()) {
        let what = match call.op {
            Op::Invite { .. } => "invited",
            Op::Remove { user, .. } if *user == call.process.account => "left",
            Op::Remove { .. } => "removed",
            Op::Appoint { .. } => "appointed",
            Op::Mute { .. } => "muted",
            _ => continue,
        };
        if let Some(id) = call.op.conversation() {
            causes.entry((id, call.process.account, what)).or_insert(call.from);
        }
    }
    causes
}

/// Whether the sender of a notice may have done what it tells.
fn caused(facts: &Facts<'_>, causes: &Causes, id: ConversationId, sender: UserId, notice: &Notice, at: u64) -> bool {
    let what = match notice {
        Notice::Invited(_) => "invited",
        Notice::Left { .. } => "left",
        Notice::Removed(_) => "removed",
        Notice::Appointed { .. } | Notice::HandedOver { .. } => "appointed",
        Notice::Muted { .. } => "muted",
        _ => return !facts.places.contains_key(&id),
    };
    causes.get(&(id, sender, what)).is_some_and(|from| *from <= at)
}
