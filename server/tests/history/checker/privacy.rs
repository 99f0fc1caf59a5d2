//! Invariant 13, as far as it is built: while either side has receipts switched off, what is read is told to nobody.
//! Blocking does not exist yet.

use super::super::event::{Answer, Op};
use super::super::facts::{Call, Facts};
use super::super::sighting::{Said, tellings};
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
        if let Said::Answer(_, Answer::Readers(readers)) = telling.said {
            for reader in &readers.readers {
                if is_off(&off, reader.user.id, telling.since, telling.at) {
                    let sentence = format!("account {} is listed as a reader, with receipts off", reader.user.id);
                    findings.add(13, &[telling.event], sentence);
                }
            }
        }
    }
}

fn off(facts: &Facts<'_>) -> Off {
    let mut off = Off::new();
    for call in facts.calls.iter().filter(|call| call.may_have_happened()) {
        let Op::Privacy { receipts } = call.op else { continue };
        let spans = off.entry(call.process.account).or_default();
        if *receipts {
            spans.iter_mut().for_each(|span| span.1 = span.1.min(call.from));
        } else if call.ok().is_some() {
            spans.push((call.to, u64::MAX));
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
    /// A message, which everybody sees, whatever the settings.
    message: bool,
}

fn said(facts: &Facts<'_>) -> HashMap<(UserId, ConversationId), Vec<Word>> {
    let mut said: HashMap<_, Vec<Word>> = HashMap::new();
    for call in facts.calls.iter().filter(|call| call.may_have_happened()) {
        let Call { process, from, to, .. } = *call;
        let mut add = |conversation, cursors| {
            said.entry((process.account, conversation)).or_default().push(Word { from, to, cursors, message: false });
        };
        match call.op {
            Op::Report { reports } => reports.iter().for_each(|report| {
                let Cursors { delivered, read } = Cursors { delivered: report.delivered, read: report.read };
                add(report.conversation, Cursors { delivered: delivered.max(read), read });
            }),
            Op::ReadAll => {
                let everything = Cursors::at(Seq::ZERO.plus(u64::MAX));
                facts.places.keys().for_each(|conversation| add(*conversation, everything));
            }
            _ => {}
        }
    }
    for ((conversation, seq), key) in &facts.keys {
        if let Some(first) = facts.sends.get(key).and_then(|sent| sent.calls.first()) {
            let (from, cursors) = (facts.calls[*first].from, Cursors::at(*seq));
            let sent = Word { from, to: u64::MAX, cursors, message: true };
            said.entry((key.0, *conversation)).or_default().push(sent);
        }
    }
    said.values_mut().for_each(|said| said.sort_by_key(|it| it.from));
    said
}

/// The furthest that may be told by `at`: a report made with receipts on tells the cursors as they then are, so what was
/// read before in private comes with it.
fn may_be_told(
    facts: &Facts<'_>,
    said: &[Word],
    off: &Off,
    sides: [UserId; 2],
    conversation: &ConversationId,
    at: u64,
) -> Cursors {
    let head = facts.places.get(conversation).map_or(Seq::ZERO, |place| place.head);
    let (mut own, mut told) = (Cursors::at(head), Cursors::at(head));
    for it in said.iter().take_while(|it| it.from <= at) {
        own = own.max(it.cursors);
        if it.message {
            told = told.max(it.cursors);
        } else if !sides.iter().any(|side| is_off(off, *side, it.from, it.to)) {
            told = told.max(own);
        }
    }
    told
}
