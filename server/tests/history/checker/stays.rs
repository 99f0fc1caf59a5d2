//! Invariants 12 and 23 where members come and go: each sees what was written from its coming to its going, nothing is
//! made for it afterwards, and a member is served.

use super::super::event::Op;
use super::super::facts::{Facts, Outcome};
use super::super::sighting::{Said, Sighting, tellings};
use super::super::society::Entry;
use super::Findings;
use protocol::sync::AccountChange;
use protocol::{ConversationId, ErrorCode, Message, UserId};

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    if !facts.places.values().any(|place| place.moves) {
        return;
    }
    for telling in tellings(facts) {
        let (reader, from, to) = (telling.process.account, telling.made, telling.at);
        let gone = |id, account| facts.moves(id) && facts.society.may_be_in(id, account, from, to) == Some(vec![false]);
        let mut outside = None;
        telling.positions(|position| {
            if gone(position.conversation, reader) {
                outside = Some(position.conversation);
            }
        });
        telling.cursors(|told| {
            // What was told of reading stays in the account's log.
            if !told.receipt && gone(told.conversation, reader) {
                outside = Some(told.conversation);
            }
        });
        if let Said::Frame(..) = telling.said {
            telling.changes(|_, change| match change {
                AccountChange::Receipt(receipt) if gone(receipt.conversation, reader) => {
                    outside = Some(receipt.conversation);
                }
                _ => {}
            });
        }
        if let Some(id) = outside {
            let sentence = format!("account {reader} was told of conversation {id}, which it had left");
            findings.add(12, &[telling.event], sentence);
        }
        telling.messages(|Sighting { conversation, message, .. }| {
            if facts.moves(conversation)
                && let Some(what) = unseen(facts, reader, conversation, message, from, to)
            {
                let sentence =
                    format!("account {reader} was told seq {} of conversation {conversation}, {what}", message.seq);
                findings.add(12, &[telling.event], sentence);
            }
        });
        telling.readers(|id, account, _| {
            if gone(id, account) {
                let sentence = format!("account {account}, which left, is listed as a reader of conversation {id}");
                findings.add(12, &[telling.event], sentence);
            }
        });
    }
    served(facts, findings);
    counted(facts, findings);
}

/// Why no membership that may last at some moment between the two shows the message.
fn unseen(
    facts: &Facts<'_>,
    reader: UserId,
    id: ConversationId,
    message: &Message,
    from: u64,
    to: u64,
) -> Option<&'static str> {
    let place = facts.places.get(&id)?;
    let early = match facts.society.entry(id, reader, from, to) {
        None => return Some("and is no member"),
        Some(Entry::Known(vis_from)) => message.seq < vis_from,
        Some(Entry::Added(began)) => {
            let sent = facts.sends.get(&(message.sender, message.client_id));
            let acknowledged = sent.and_then(|sent| sent.acknowledged).map(|(at, _)| at);
            message.seq <= place.head || acknowledged.is_some_and(|at| at < began)
        }
    };
    early.then_some("from before it came")
}

/// Members are served, nobody else is.
fn served(facts: &Facts<'_>, findings: &mut Findings) {
    for call in &facts.calls {
        let Some(id) = call.op.conversation().filter(|id| facts.moves(*id)) else { continue };
        let account = call.process.account;
        let Some(member) = facts.society.may_be_in(id, account, call.from, call.to) else { continue };
        match (call.outcome, call.op) {
            (_, Op::Typing { .. } | Op::Watch { .. }) => {}
            (Outcome::Ok(_), _) if member == [false] => {
                let sentence = format!("account {account} was served in conversation {id}, which it had left");
                findings.add(12, &call.events, sentence);
            }
            (
                Outcome::Fail(_, ErrorCode::NotFound),
                Op::Send { .. } | Op::Describe { .. } | Op::History { .. } | Op::Changes { .. } | Op::Readers { .. },
            ) if member == [true] => {
                let sentence = format!("account {account}, a member, was refused conversation {id}");
                findings.add(12, &call.events, sentence);
            }
            _ => {}
        }
    }
}

/// In the end a description says how many members there are.
fn counted(facts: &Facts<'_>, findings: &mut Findings) {
    let Some(quiet) = facts.quiet else { return };
    for ((process, id), dump) in facts.dumps.iter().filter(|((_, id), _)| facts.moves(*id)) {
        let (Some(told), Some(place)) = (dump.described, facts.places.get(id)) else { continue };
        let states = place.members.keys().map(|account| facts.society.may_be_in(*id, *account, quiet, quiet));
        let states: Vec<_> = states.map(Option::unwrap_or_default).collect();
        let members = states.iter().filter(|state| **state == [true]).count() as u64;
        if states.iter().all(|state| state.len() == 1) && told.member_count != members {
            let sentence = format!(
                "account {} is told that conversation {id} has {} members, not {members}",
                process.account, told.member_count
            );
            findings.add(23, &[dump.event], sentence);
        }
    }
}
