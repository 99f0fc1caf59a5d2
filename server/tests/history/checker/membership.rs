//! Invariant 12, the membership window: who is no member is told nothing, a member nothing from before it may see. Where
//! members come and go, `stays` says more.

use super::super::facts::{Facts, Outcome};
use super::super::sighting::{Sighting, tellings};
use super::Findings;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    for telling in tellings(facts) {
        let reader = telling.process.account;
        let mut stranger = None;
        telling.positions(|position| {
            if !facts.is_member(reader, position.conversation) {
                stranger = Some(position.conversation);
            }
        });
        telling.cursors(|told| {
            if !facts.is_member(reader, told.conversation) {
                stranger = Some(told.conversation);
            }
        });
        telling.messages(|Sighting { conversation, message, .. }| {
            if !facts.is_member(reader, conversation) {
                stranger = Some(conversation);
            } else if message.seq < facts.vis_from(reader, conversation) {
                let sentence =
                    format!("account {reader} was told seq {} of {conversation}, from before it", message.seq);
                findings.add(12, &[telling.event], sentence);
            }
        });
        if let Some(conversation) = stranger {
            let sentence = format!("account {reader}, no member, was told of conversation {conversation}");
            findings.add(12, &[telling.event], sentence);
        }
    }
    for call in facts.calls.iter().filter(|call| matches!(call.outcome, Outcome::Ok(_))) {
        if let Some(conversation) = call.op.conversation().filter(|it| !facts.is_member(call.process.account, *it)) {
            let sentence = format!("account {}, no member, was served in {conversation}", call.process.account);
            findings.add(12, &call.events, sentence);
        }
    }
}
