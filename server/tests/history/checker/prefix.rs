//! Invariant 4, prefix stability: what was read stays; nothing appears below what was shown; no cursor passes a change
//! that its reader was not told.

use super::super::event::{Answer, Op};
use super::super::facts::{Facts, Key};
use super::super::sighting::{Said, Sighting, Telling, tellings};
use super::Findings;
use protocol::{ConversationId, MessageBody, Rev, Seq, UserId};
use std::collections::HashMap;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let stamps = stable(facts, findings);
    for telling in tellings(facts) {
        passed(facts, &stamps, &telling, findings);
    }
}

/// Which message took which log position.
type Stamps = HashMap<(ConversationId, Rev), Seq>;

/// An address keeps its message, a message its content, and a recalled one stays recalled.
fn stable(facts: &Facts<'_>, findings: &mut Findings) -> Stamps {
    let mut stamps = Stamps::new();
    let mut states: HashMap<(ConversationId, Seq), (Rev, bool)> = HashMap::new();
    let mut seen: HashMap<(UserId, ConversationId, Seq), Key> = HashMap::new();
    for telling in tellings(facts) {
        telling.messages(|Sighting { conversation, message, .. }| {
            let at = (conversation, message.seq);
            let key = (message.sender, message.client_id);
            if *seen.entry((telling.process.account, conversation, message.seq)).or_insert(key) != key {
                let sentence = format!("seq {} of conversation {conversation} became another message", message.seq);
                findings.add(4, &[telling.event], sentence);
            }
            let stamped = *stamps.entry((conversation, message.rev)).or_insert(message.seq);
            if stamped != message.seq {
                let sentence = format!("position {} stamps seq {stamped} and seq {}", message.rev, message.seq);
                findings.add(4, &[telling.event], sentence);
            }
            let recalled = matches!(message.body, MessageBody::Recalled { .. });
            let state = states.entry(at).or_insert((message.rev, recalled));
            if (message.rev == state.0 && recalled != state.1) || (message.rev > state.0 && state.1 && !recalled) {
                let sentence = format!("seq {} of conversation {conversation} came back from its recall", message.seq);
                findings.add(4, &[telling.event], sentence);
            }
            *state = (*state).max((message.rev, recalled));
        });
    }
    stamps
}

/// A page that covers a range holds everything in it that the reader may see.
fn passed(facts: &Facts<'_>, stamps: &Stamps, telling: &Telling<'_>, findings: &mut Findings) {
    let reader = telling.process.account;
    // What was before a membership is none of its member's business; where it begins, `stays` and `complete` judge.
    let vis_from = match telling.said {
        Said::Answer(_, Answer::Changes(page)) => page.conversation.vis_from,
        _ => Seq::ZERO,
    };
    let mut lacks = |conversation, seq: Seq, what: &str| {
        let Some(key) = facts.keys.get(&(conversation, seq)) else { return };
        let may_lack = seq < facts.vis_from(reader, conversation)
            || facts.moves(conversation) && seq < vis_from
            || facts.is_withheld(reader, *key)
            || facts.hides.contains_key(&(reader, conversation, seq))
            || Some(seq) <= facts.floor(telling.process, conversation).1;
        if !may_lack {
            let sentence = format!("{what} of conversation {conversation} covers seq {seq} and lacks it");
            findings.add(4, &[telling.event], sentence);
        }
    };
    match telling.said {
        Said::Answer(Op::History { conversation, .. }, Answer::History(page)) => {
            let mut held = page.messages.iter().map(|message| message.seq).peekable();
            let mut seq = page.from.max(page.vis_from);
            while seq <= page.through {
                if held.next_if_eq(&seq).is_none() {
                    lacks(*conversation, seq, "a history page");
                    while held.next_if(|it| *it < seq).is_some() {}
                }
                seq = seq.next();
            }
        }
        Said::Answer(Op::Changes { conversation, after }, Answer::Changes(page)) if !page.too_long => {
            let held: HashMap<Seq, Rev> = page.messages.iter().map(|message| (message.seq, message.rev)).collect();
            let mut rev = after.next();
            while rev <= page.through {
                if let Some(seq) = stamps.get(&(*conversation, rev)) {
                    // A message that changed once more comes with its later position.
                    let later =
                        facts.recalls.contains_key(&(*conversation, *seq)) && page.through < page.conversation.rev;
                    if !held.contains_key(seq) && !later {
                        lacks(*conversation, *seq, "a page of changes");
                    }
                }
                rev = rev.next();
            }
        }
        _ => {}
    }
}
