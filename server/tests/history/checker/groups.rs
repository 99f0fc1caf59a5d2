//! Invariant 23, roles and mutes: nobody who is gone or muted writes, nobody who may write is refused as muted, and what
//! is done to a group its doer's role permits, and nobody is brought in whom they do not let.

use super::super::event::{Answer, Op};
use super::super::facts::{Call, Facts, Outcome};
use super::Findings;
use protocol::group::{Action, InviteOutcome, Joining, Outcome as Invited, Role};
use protocol::{ConversationId, ConversationKind, ErrorCode, Seq, UserId};

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let group = |id| facts.places.get(&id).is_some_and(|place| place.kind == ConversationKind::Group);
    for ((sender, client_id), sent) in facts.sends.iter().filter(|(_, sent)| group(sent.conversation)) {
        let calls = || sent.calls.iter().map(|it| &facts.calls[*it]).filter(|call| call.may_have_happened());
        let events = facts.calls[sent.calls[0]].events;
        if sent.acknowledged.is_some() && !calls().any(|call| may_write(facts, *sender, sent.conversation, call)) {
            let sentence = format!("message {client_id} of account {sender} was taken, who could not write");
            findings.add(23, &events, sentence);
        }
    }
    for call in &facts.calls {
        let Some(id) = call.op.conversation().filter(|id| group(*id)) else { continue };
        let account = call.process.account;
        match (call.outcome, call.op) {
            (Outcome::Fail(_, ErrorCode::Muted), Op::Send { .. })
                if !mutes(facts, account, id, call).contains(&true) =>
            {
                findings.add(23, &call.events, format!("account {account} was refused as muted, and is not"));
            }
            (Outcome::Ok(Answer::Invited(told)), Op::Invite { .. })
                if !told.outcomes.iter().all(|it| accepted(facts, account, id, it, call)) =>
            {
                let sentence = format!("account {account} was told {told:?} of whom it invited, who decide otherwise");
                findings.add(23, &call.events, sentence);
            }
            (Outcome::Ok(_), op) if !may(facts, account, id, op, call) => {
                findings.add(23, &call.events, format!("account {account} did what its role does not permit"));
            }
            _ => {}
        }
    }
}

/// Whether the invited may have let themselves be brought in, or not, as the answer tells.
fn accepted(facts: &Facts<'_>, inviter: UserId, id: ConversationId, told: &InviteOutcome, call: &Call<'_>) -> bool {
    let refusals = facts.society.refusals((inviter, told.user), (id, Seq::ZERO), call.from, call.to);
    let refused = Some(ErrorCode::NotAccepted);
    match told.outcome {
        Invited::Joined => refusals.iter().any(|it| *it != refused),
        Invited::NotAccepted => refusals.contains(&refused),
        Invited::Member | Invited::Unknown => true,
    }
}

/// Whether, at some moment of the call, the account may be a member who may write.
fn may_write(facts: &Facts<'_>, account: UserId, id: ConversationId, call: &Call<'_>) -> bool {
    let member = facts.society.may_be_in(id, account, call.from, call.to);
    member.is_none_or(|member| member.contains(&true)) && mutes(facts, account, id, call).contains(&false)
}

/// Whether the account may be kept from writing during the call, and may not.
fn mutes(facts: &Facts<'_>, account: UserId, id: ConversationId, call: &Call<'_>) -> Vec<bool> {
    let (from, to) = (call.from, call.to);
    let alone = facts.society.may_be_muted(id, Some(account), from, to);
    let all = facts.society.may_be_muted(id, None, from, to);
    let roles = facts.society.may_have_role(id, account, from, to);
    let mut mutes = Vec::new();
    for alone in &alone {
        for all in &all {
            mutes.extend(roles.iter().map(|role| *alone || *all && !role.may(Action::WriteWhenMuted)));
        }
    }
    mutes
}

/// Whether the account may have had the right to do it, at some moment of the call.
fn may(facts: &Facts<'_>, account: UserId, id: ConversationId, op: &Op, call: &Call<'_>) -> bool {
    let roles = |account| facts.society.may_have_role(id, account, call.from, call.to);
    let with = |action: fn(Role) -> Action, target| {
        roles(account).iter().any(|mine| roles(target).iter().any(|its| mine.may(action(*its))))
    };
    match op {
        Op::Remove { user, .. } if *user == account => with(|_| Action::Leave, account),
        Op::Remove { user, .. } => with(Action::Remove, *user),
        Op::Mute { user: Some(user), .. } => with(Action::Mute, *user),
        Op::Mute { user: None, .. } => with(|_| Action::Govern, account),
        Op::Appoint { .. } => with(|_| Action::Appoint, account),
        Op::Dissolve { .. } => with(|_| Action::Dissolve, account),
        Op::Invite { .. } => with(|_| Action::Invite(Joining::Free), account),
        _ => true,
    }
}
