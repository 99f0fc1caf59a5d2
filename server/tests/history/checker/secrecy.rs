//! Invariant 11: no byte of a recalled text in what was said after the recall, none of a withheld one to whom it was
//! withheld from.

use super::super::event::Answer;
use super::super::facts::{Facts, Key};
use super::super::sighting::{Said, Sighting, tellings};
use super::Findings;
use protocol::{ConversationId, MessageBody, Seq};
use std::collections::HashMap;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let places: HashMap<Key, (ConversationId, Seq)> = facts.keys.iter().map(|(place, key)| (*key, *place)).collect();
    for telling in tellings(facts) {
        let reader = telling.process.account;
        telling.messages(|Sighting { conversation, message, surface, rev }| {
            if facts.is_withheld(reader, (message.sender, message.client_id)) {
                let sentence = format!("account {reader} was told seq {}, withheld from it ({surface:?})", message.seq);
                findings.add(11, &[telling.event], sentence);
            }
            let MessageBody::Text { .. } = message.body else { return };
            let recalled = facts.recalls.get(&(conversation, message.seq)).and_then(|recall| recall.done);
            let Some((done, at_rev)) = recalled else { return };
            if telling.since > done || rev.is_some_and(|rev| rev >= at_rev) {
                let sentence = format!("the text of seq {}, recalled, was told again ({surface:?})", message.seq);
                findings.add(11, &[telling.event], sentence);
            }
        });
        if let Said::Answer(_, Answer::Page { texts, .. }) = telling.said {
            for (key, place) in texts.iter().flat_map(|text| places.iter().filter(move |(key, _)| key.1 == *text)) {
                let done = facts.recalls.get(place).and_then(|recall| recall.done);
                if facts.is_withheld(reader, *key) || done.is_some_and(|(done, _)| telling.since > done) {
                    let sentence = format!("the page of account {reader} has the text of seq {}", place.1);
                    findings.add(11, &[telling.event], sentence);
                }
            }
        }
    }
}
