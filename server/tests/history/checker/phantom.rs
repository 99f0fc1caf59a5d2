//! Invariant 2, no phantom: every message that anybody was told was sent so, by that sender, and not refused.

use super::super::facts::{Facts, Outcome};
use super::super::sighting::{Sighting, tellings};
use super::Findings;
use protocol::MessageBody;
use std::collections::HashSet;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let mut known = HashSet::new();
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
