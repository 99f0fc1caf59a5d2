//! Invariant 12 of direct conversations that are opened during the recording: until somebody writes, one is there for who
//! opened it and for nobody else; then for both.

use super::super::event::Op;
use super::super::facts::{Call, Facts, Outcome};
use super::super::sighting::{Said, tellings};
use super::Findings;
use protocol::{ConversationId, ErrorCode, ServerFrame, UserId};
use std::collections::{BTreeSet, HashMap};

/// From when on a conversation may be there for somebody, and from when on it certainly is.
#[derive(Clone, Copy, Debug)]
struct There {
    possible: u64,
    certain: u64,
}

impl There {
    const NEVER: Self = Self { possible: u64::MAX, certain: u64::MAX };

    fn take(&mut self, call: &Call<'_>) {
        if call.may_have_happened() {
            self.possible = self.possible.min(call.from);
        }
        if call.ok().is_some() {
            self.certain = self.certain.min(call.to);
        }
    }
}

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let later = facts.places.iter().filter(|(_, place)| place.later);
    let pairs: HashMap<BTreeSet<UserId>, ConversationId> =
        later.map(|(id, place)| (place.members.keys().copied().collect(), *id)).collect();
    if pairs.is_empty() {
        return;
    }
    let mut there: HashMap<(ConversationId, UserId), There> = HashMap::new();
    for call in &facts.calls {
        let me = call.process.account;
        match call.op {
            Op::Open { peer } => {
                if let Some(id) = pairs.get(&BTreeSet::from([me, *peer])) {
                    there.entry((*id, me)).or_insert(There::NEVER).take(call);
                }
            }
            Op::Send { conversation, .. } => {
                for member in
                    facts.places.get(conversation).filter(|place| place.later).iter().flat_map(|it| it.members.keys())
                {
                    there.entry((*conversation, *member)).or_insert(There::NEVER).take(call);
                }
            }
            _ => {}
        }
    }
    let of = |id: ConversationId, me: UserId| {
        let later = facts.places.get(&id).filter(|place| place.later && place.members.contains_key(&me));
        later.map(|_| there.get(&(id, me)).copied().unwrap_or(There::NEVER))
    };
    for telling in tellings(facts) {
        let me = telling.process.account;
        let mut told = BTreeSet::new();
        telling.positions(|position| told.extend([position.conversation]));
        telling.cursors(|cursors| told.extend([cursors.conversation]));
        match telling.said {
            Said::Frame(_, ServerFrame::Typing { conversation, .. }) => told.extend([*conversation]),
            Said::Answer(op, _) => told.extend(op.conversation().filter(|_| !matches!(op, Op::Typing { .. }))),
            Said::Frame(..) => {}
        }
        for id in told.into_iter().filter(|id| of(*id, me).is_some_and(|there| there.possible > telling.at)) {
            let sentence = format!("account {me} is told of conversation {id}, empty, which it did not open");
            findings.add(12, &[telling.event], sentence);
        }
    }
    for call in facts.calls.iter().filter(|call| matches!(call.outcome, Outcome::Fail(_, ErrorCode::NotFound))) {
        let (Some(id), me) = (call.op.conversation(), call.process.account) else { continue };
        let asks = matches!(call.op, Op::Send { .. } | Op::Describe { .. } | Op::History { .. } | Op::Changes { .. });
        if asks && of(id, me).is_some_and(|there| there.certain < call.from) {
            let sentence = format!("account {me} is refused conversation {id}, which is there for it");
            findings.add(12, &call.events, sentence);
        }
    }
}
