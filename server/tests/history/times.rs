//! The earliest times at which things can have been: a message of a log, and a frame.

use super::event::{Process, What};
use super::facts::Facts;
use protocol::{ConversationId, LogChange, Seq, ServerFrame};
use std::collections::HashMap;

/// What sends can have made of each conversation's newest message, by the time of their beginning.
pub fn heads(facts: &Facts<'_>) -> HashMap<ConversationId, Vec<(u64, Seq)>> {
    let mut heads: HashMap<ConversationId, Vec<(u64, Seq)>> = HashMap::new();
    let mut notices: HashMap<ConversationId, Vec<Seq>> = HashMap::new();
    for ((conversation, seq), key) in &facts.keys {
        match facts.sends.get(key).and_then(|sent| sent.calls.first()) {
            Some(first) => heads.entry(*conversation).or_default().push((facts.calls[*first].from, *seq)),
            None if facts.moves(*conversation) => notices.entry(*conversation).or_default().push(*seq),
            None => {}
        }
    }
    // Of a notice nobody knows which call made it, but it stands on what stands before it.
    for (conversation, notices) in &mut notices {
        notices.sort();
        let steps = heads.entry(*conversation).or_default();
        steps.sort_by_key(|(_, seq)| *seq);
        let (mut merged, mut from, mut next) = (Vec::new(), 0, 0);
        for (began, seq) in steps.iter() {
            while let Some(notice) = notices.get(next).filter(|notice| *notice < seq) {
                merged.push((from, *notice));
                next += 1;
            }
            from = from.max(*began);
        }
        merged.extend(notices[next..].iter().map(|notice| (from, *notice)));
        steps.extend(merged);
    }
    for steps in heads.values_mut() {
        steps.sort();
        let mut furthest = Seq::ZERO;
        for (_, seq) in steps {
            furthest = furthest.max(*seq);
            *seq = furthest;
        }
    }
    heads
}

/// The earliest time at which each frame can have been made: no frame before its connection, none before the send of
/// what it carries, none before the one that came before it.
pub fn made(facts: &Facts<'_>) -> HashMap<usize, u64> {
    let mut made = HashMap::new();
    let mut bounds: HashMap<u64, u64> = HashMap::new();
    let mut closed: HashMap<Process, u64> = HashMap::new();
    for (index, event) in facts.events.iter().enumerate() {
        match &event.what {
            // A device has one connection at a time.
            What::Opened { link, process } => {
                bounds.insert(*link, closed.get(process).copied().unwrap_or(0));
            }
            What::Closed { link, .. } => {
                if let Some(link) = facts.links.get(link) {
                    closed.insert(link.process, event.at);
                }
            }
            What::Frame { link, frame } => {
                let bound = bounds.entry(*link).or_default();
                if let ServerFrame::Conversation { change: LogChange::Message { message, .. }, .. } = frame.as_ref() {
                    let sent = facts.sends.get(&(message.sender, message.client_id));
                    let first = sent.and_then(|sent| sent.calls.first());
                    *bound = first.map_or(0, |first| facts.calls[*first].from).max(*bound);
                }
                made.insert(index, *bound);
            }
            _ => {}
        }
    }
    made
}
