//! Invariant 5, one total order: pages ascend, times never go back along them, and no two members are told different
//! messages at one address.

use super::super::event::Answer;
use super::super::facts::{Facts, Key};
use super::super::sighting::{Said, Sighting, tellings};
use super::Findings;
use protocol::{ConversationId, Message, Millis, Seq, UserId};
use std::collections::HashMap;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let mut told: HashMap<(ConversationId, Seq), (UserId, Key, Millis)> = HashMap::new();
    for telling in tellings(facts) {
        let reader = telling.process.account;
        telling.messages(|Sighting { conversation, message, .. }| {
            let key = (message.sender, message.client_id);
            let first = told.entry((conversation, message.seq)).or_insert((reader, key, message.at));
            if first.1 != key && first.0 != reader {
                let sentence = format!(
                    "accounts {} and {reader} were told different messages at seq {} of conversation {conversation}",
                    first.0, message.seq
                );
                findings.add(5, &[telling.event], sentence);
            }
        });
        if let Said::Answer(_, Answer::History(page)) = telling.said {
            ascends(&page.messages, |message| message.seq.get(), telling.event, findings);
            ascends_or_stays(&page.messages, telling.event, findings);
        }
        if let Said::Answer(_, Answer::Changes(page)) = telling.said {
            ascends(&page.messages, |message| message.rev.get(), telling.event, findings);
        }
    }
}

fn ascends(page: &[Message], place: impl Fn(&Message) -> u64, event: usize, findings: &mut Findings) {
    if page.windows(2).any(|pair| place(&pair[0]) >= place(&pair[1])) {
        findings.add(5, &[event], "a page is out of order".to_owned());
    }
}

fn ascends_or_stays(page: &[Message], event: usize, findings: &mut Findings) {
    if page.windows(2).any(|pair| pair[0].at > pair[1].at) {
        findings.add(5, &[event], "a later message has an earlier time".to_owned());
    }
}
