//! Invariant 13 of who may write to whom and who learns of whom: every direct message is judged by settings, relations
//! and blocks that held at some moment of its request, a refusal tells no more than it may, and across a block nothing
//! is told of writing, of presence, and of the block itself.

use super::super::facts::{Call, Facts, Outcome, Place};
use super::super::sighting::{Said, Telling, tellings};
use super::Findings;
use protocol::sync::AccountChange;
use protocol::{ConversationId, ConversationKind, ErrorCode, Relation, RequestState, ServerFrame, UserId};
use std::collections::HashMap;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    for ((sender, client_id), sent) in &facts.sends {
        let Some((receiver, place)) = receiver(facts, *sender, sent.conversation) else { continue };
        let refusals = |call: &Call<'_>| {
            let at = (sent.conversation, place.head);
            facts.society.refusals((*sender, receiver), at, call.from, call.to)
        };
        let calls = || sent.calls.iter().map(|it| &facts.calls[*it]);
        for call in calls() {
            let Outcome::Fail(_, code) = call.outcome else { continue };
            let wrong = match code {
                ErrorCode::NotAccepted
                | ErrorCode::NotFollowed
                | ErrorCode::FollowersOnly
                | ErrorCode::AwaitingAnswer => !refusals(call).contains(&Some(code)),
                // Nothing else is said of a conversation that the sender is in.
                ErrorCode::NotAllowed | ErrorCode::Muted | ErrorCode::NotFound => true,
                _ => false,
            };
            if wrong {
                let sentence = format!("a message of account {sender} to account {receiver} was refused with {code:?}");
                findings.add(13, &call.events, sentence);
            }
        }
        let taken = || calls().any(|call| call.may_have_happened() && refusals(call).contains(&None));
        if sent.acknowledged.is_some() && !taken() {
            let sentence =
                format!("message {client_id} of account {sender} was taken, which account {receiver} refuses");
            findings.add(13, &facts.calls[sent.calls[0]].events, sentence);
        }
    }
    let mut relations = HashMap::new();
    for telling in tellings(facts) {
        told(facts, &telling, findings);
        unchanged(&telling, &mut relations, findings);
    }
}

/// The other side of a direct conversation.
fn receiver<'f>(facts: &'f Facts<'_>, sender: UserId, id: ConversationId) -> Option<(UserId, &'f Place)> {
    let place = facts.places.get(&id).filter(|place| place.kind == ConversationKind::Direct)?;
    let other = place.members.keys().copied().find(|member| *member != sender)?;
    Some((other, place))
}

fn told(facts: &Facts<'_>, telling: &Telling<'_>, findings: &mut Findings) {
    let reader = telling.process.account;
    let blocked = |other| facts.society.blocked_between(reader, other, telling.made, telling.at);
    let mut add = |what: &str, other: UserId| {
        let sentence = format!("account {reader} was told {what} account {other}, across a block");
        findings.add(13, &[telling.event], sentence);
    };
    match telling.said {
        Said::Frame(_, ServerFrame::Typing { user, .. }) if blocked(*user) => add("of the writing of", *user),
        // That nothing is known tells nothing.
        Said::Frame(_, ServerFrame::Presence { user, online, seen_at })
            if (*online || *seen_at > 0) && blocked(*user) =>
        {
            add("of the presence of", *user);
        }
        Said::Frame(..) => telling.changes(|_, change| {
            if let AccountChange::Request(request) = change {
                let other = request.user.id;
                let blocks = facts.society.may_block(reader, other, telling.made, telling.at) == [true];
                if request.incoming && request.state == RequestState::Waiting && blocks {
                    add("of a request of", other);
                }
            }
        }),
        Said::Answer(..) => {}
    }
    telling.relations(|other, relation| {
        let may = facts.society.may_block(reader, other, telling.made, telling.at);
        if !may.contains(&relation.blocking) {
            let sentence =
                format!("account {reader} was told of account {other} that it blocks: {}", relation.blocking);
            findings.add(13, &[telling.event], sentence);
        }
    });
}

/// A change that changes nothing would tell of one that is kept from the account.
fn unchanged(telling: &Telling<'_>, relations: &mut HashMap<(u64, UserId), Relation>, findings: &mut Findings) {
    let Said::Frame(link, ServerFrame::Account { changes, .. }) = telling.said else { return };
    for change in changes {
        if let AccountChange::Relation { user, relation } = change
            && relations.insert((link, user.id), *relation) == Some(*relation)
        {
            let sentence = format!("account {} was told of a change that it does not see", telling.process.account);
            findings.add(13, &[telling.event], sentence);
        }
    }
}
