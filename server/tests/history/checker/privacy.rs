//! Invariant 13 of receipts: what is read while either side has them switched off, or blocks the other, is told to neither,
//! whoever asks, until more is read.

use super::super::event::Op;
use super::super::facts::{Call, Facts};
use super::super::sighting::tellings;
use super::Findings;
use protocol::{ConversationId, Cursors, Seq, UserId};
use std::collections::HashMap;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let society = &facts.society;
    let said = said(facts);
    // By observer, subject and conversation.
    let mut open: HashMap<(UserId, UserId, ConversationId), Open> = HashMap::new();
    let mut may_be_told = |observer, subject, id, at| {
        let words = said.get(&(subject, id)).map_or(&[][..], Vec::as_slice);
        let open = open.entry((observer, subject, id)).or_insert_with(|| Open::of(facts, words, [observer, subject]));
        let head = facts.places.get(&id).map_or(Seq::ZERO, |place| place.head);
        Cursors::at(head).max(open.told(words, at))
    };
    for telling in tellings(facts) {
        let observer = telling.process.account;
        telling.cursors(|told| {
            if told.subject == observer || !society.may_hide_receipts([observer, told.subject]) {
                return;
            }
            let may = may_be_told(observer, told.subject, told.conversation, telling.at);
            if told.cursors.read > may.read || told.cursors.delivered > may.delivered {
                let sentence = format!(
                    "account {observer} was told {:?} of account {}, hidden from it beyond {may:?}",
                    told.cursors, told.subject
                );
                findings.add(13, &[telling.event], sentence);
            }
        });
        telling.readers(|conversation, reader, read| {
            if !society.may_hide_receipts([observer, reader]) {
                return;
            }
            let may = may_be_told(observer, reader, conversation, telling.at);
            if read > may.read {
                let sentence = format!(
                    "account {observer} is told that account {reader} read {conversation} through {read}, hidden from it \
                     beyond {may:?}"
                );
                findings.add(13, &[telling.event], sentence);
            }
        });
    }
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
    // Whoever comes into a group has read what was there.
    for (id, place) in facts.places.iter().filter(|(_, place)| place.moves) {
        for account in place.members.keys() {
            for (from, to) in facts.society.arrivals(*id, *account) {
                let cursors = Cursors::at(facts.head_by(*id, to));
                let word = Word { from, to, cursors, own: cursors, message: false };
                said.entry((*account, *id)).or_default().push(word);
            }
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

/// The furthest that the account may have got by a time.
fn own(words: &[Word], at: u64) -> Cursors {
    let taken = words.partition_point(|word| word.from <= at);
    taken.checked_sub(1).and_then(|last| words.get(last)).map_or_else(Cursors::default, |word| word.own)
}

/// How much of what an account said another may be told. A report that may be told tells the cursors as they are when it
/// is taken, so what was read until then in private comes with it.
struct Open {
    /// Of each word and the earlier ones.
    told: Vec<Cursors>,
    /// The first word that may be told and may be taken at any later time.
    endless: Option<u64>,
}

impl Open {
    fn of(facts: &Facts<'_>, words: &[Word], sides: [UserId; 2]) -> Self {
        let (mut furthest, mut endless) = (Cursors::default(), None);
        let told = words.iter().map(|word| {
            if word.message {
                furthest = furthest.max(word.cursors);
            } else if !facts.society.hides_receipts(sides, word.from, word.to) {
                match word.to {
                    u64::MAX => endless = endless.or(Some(word.from)),
                    to => furthest = furthest.max(own(words, to)),
                }
            }
            furthest
        });
        let told = told.collect();
        Self { told, endless }
    }

    fn told(&self, words: &[Word], at: u64) -> Cursors {
        let taken = words.partition_point(|word| word.from <= at);
        let told = taken.checked_sub(1).and_then(|last| self.told.get(last)).copied().unwrap_or_default();
        match self.endless {
            Some(from) if from <= at => told.max(own(words, at)),
            _ => told,
        }
    }
}
