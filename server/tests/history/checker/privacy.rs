//! Invariant 13, as far as it is built: while either side has receipts switched off, what is read is told to nobody.
//! Blocking does not exist yet.

use super::super::event::Op;
use super::super::facts::{Call, Facts};
use super::super::sighting::tellings;
use super::Findings;
use protocol::{ConversationId, Cursors, Seq, UserId};
use std::collections::HashMap;

/// The times in which an account's receipts were certainly off.
type Off = HashMap<UserId, Vec<(u64, u64)>>;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let off = off(facts);
    if off.is_empty() {
        return;
    }
    let said = said(facts);
    for telling in tellings(facts) {
        let observer = telling.process.account;
        telling.cursors(|told| {
            let concerned = off.contains_key(&observer) || off.contains_key(&told.subject);
            if told.subject == observer || !concerned {
                return;
            }
            let said = said.get(&(told.subject, told.conversation)).map_or(&[][..], Vec::as_slice);
            let may = may_be_told(facts, said, &off, [observer, told.subject], &told.conversation, telling.at);
            if told.cursors.read > may.read || told.cursors.delivered > may.delivered {
                let sentence = format!(
                    "account {observer} was told {:?} of account {}, with receipts off beyond {may:?}",
                    told.cursors, told.subject
                );
                findings.add(13, &[telling.event], sentence);
            }
        });
        telling.readers(|conversation, reader, read| {
            // Receipts that are on tell what was read meanwhile in private as well.
            if ![observer, reader].iter().any(|side| is_off(&off, *side, telling.since, telling.at)) {
                return;
            }
            let said = said.get(&(reader, conversation)).map_or(&[][..], Vec::as_slice);
            let may = may_be_told(facts, said, &off, [observer, reader], &conversation, telling.at);
            if read > may.read {
                let sentence =
                    format!("account {reader} is listed as a reader through {read}, with receipts off beyond {may:?}");
                findings.add(13, &[telling.event], sentence);
            }
        });
    }
}

fn off(facts: &Facts<'_>) -> Off {
    let switched = |to_on: bool| {
        let calls = facts.calls.iter().filter(|call| call.may_have_happened());
        calls.filter(move |call| matches!(call.op, Op::Privacy { receipts } if *receipts == to_on))
    };
    let mut off = Off::new();
    for call in switched(false).filter(|call| call.ok().is_some()) {
        let account = call.process.account;
        let on = || switched(true).filter(|it| it.process.account == account);
        // Of two calls at one time either may have been the last.
        if !on().any(|it| it.from < call.to && it.to > call.from) {
            let end = on().map(|it| it.from).filter(|from| *from >= call.to).min().unwrap_or(u64::MAX);
            off.entry(account).or_default().push((call.to, end));
        }
    }
    off
}

fn is_off(off: &Off, account: UserId, from: u64, to: u64) -> bool {
    off.get(&account).is_some_and(|spans| spans.iter().any(|span| span.0 < from && to < span.1))
}

/// Something by which an account said what it had read: a span of time in which the server learnt it.
struct Word {
    from: u64,
    to: u64,
    cursors: Cursors,
    /// The furthest that this word or an earlier one said.
    own: Cursors,
    /// A message, which everybody sees, whatever the settings.
    message: bool,
}

fn said(facts: &Facts<'_>) -> HashMap<(UserId, ConversationId), Vec<Word>> {
    let mut said: HashMap<_, Vec<Word>> = HashMap::new();
    for call in facts.calls.iter().filter(|call| call.may_have_happened()) {
        let Call { process, from, to, .. } = *call;
        let mut add = |conversation, cursors| {
            let word = Word { from, to, cursors, own: cursors, message: false };
            said.entry((process.account, conversation)).or_default().push(word);
        };
        match call.op {
            Op::Report { reports } => reports.iter().for_each(|report| {
                let Cursors { delivered, read } = Cursors { delivered: report.delivered, read: report.read };
                add(report.conversation, Cursors { delivered: delivered.max(read), read });
            }),
            Op::ReadAll => {
                let everything = |id| Cursors::at(facts.head_by(id, to));
                facts.conversations(process.account).for_each(|id| add(id, everything(id)));
            }
            _ => {}
        }
    }
    for ((conversation, seq), key) in &facts.keys {
        if let Some(first) = facts.sends.get(key).and_then(|sent| sent.calls.first()) {
            let (from, cursors) = (facts.calls[*first].from, Cursors::at(*seq));
            let sent = Word { from, to: u64::MAX, cursors, own: cursors, message: true };
            said.entry((key.0, *conversation)).or_default().push(sent);
        }
    }
    for said in said.values_mut() {
        said.sort_by_key(|it| it.from);
        let mut own = Cursors::default();
        for word in said {
            own = own.max(word.cursors);
            word.own = own;
        }
    }
    said
}

/// The furthest that may be told by `at`: a report made with receipts on tells the cursors as they are when it is taken,
/// so what was read until then in private comes with it.
fn may_be_told(
    facts: &Facts<'_>,
    said: &[Word],
    off: &Off,
    sides: [UserId; 2],
    conversation: &ConversationId,
    at: u64,
) -> Cursors {
    let head = facts.places.get(conversation).map_or(Seq::ZERO, |place| place.head);
    let mut told = Cursors::at(head);
    for it in said.iter().take_while(|it| it.from <= at) {
        if it.message {
            told = told.max(it.cursors);
        } else if !sides.iter().any(|side| is_off(off, *side, it.from, it.to)) {
            let taken = said.partition_point(|word| word.from <= it.to.min(at));
            let own = taken.checked_sub(1).and_then(|last| said.get(last)).map_or(it.own, |word| word.own);
            told = told.max(own);
        }
    }
    told
}
