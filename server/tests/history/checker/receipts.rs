//! Invariant 9, receipts: cursors never fall, `read ≤ delivered ≤ head`, nobody has received what they did not report,
//! only senders are told, and groups tell nothing of delivery.

use super::super::event::Op;
use super::super::facts::{Call, Facts, Outcome};
use super::super::sighting::{Told, tellings};
use super::Findings;
use super::committed::Committed;
use protocol::{ConversationId, ConversationKind, Cursors, ErrorCode, Seq, Upd, UserId};
use std::collections::{BTreeSet, HashMap};

type Observed = HashMap<(UserId, ConversationId, UserId), Vec<(Upd, Cursors, bool, usize)>>;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let reported = Reported::of(facts);
    let senders = senders(facts);
    let mut observed = Observed::new();
    let mut heads: Committed<ConversationId> = Committed::new();
    for telling in tellings(facts) {
        telling.positions(|position| heads.tell(position.conversation, telling.at, position));
        telling.descriptions(|told| {
            if told.own.delivered.max(told.peer_cursors.unwrap_or_default().delivered) > told.head_seq {
                let sentence = format!("cursors of conversation {} are beyond its newest message", told.id);
                findings.add(9, &[telling.event], sentence);
            }
        });
        telling.cursors(|told| {
            let observer = telling.process.account;
            one(facts, &reported, observer, &told, telling.event, telling.at, findings);
            let place = (observer, told.conversation, told.subject);
            observed.entry(place).or_default().push((told.upd, told.cursors, told.receipt, telling.event));
        });
    }
    for ((observer, conversation, subject), mut seen) in observed {
        seen.sort_by_key(|(upd, _, _, event)| (*upd, *event));
        let of = senders.get(&(conversation, observer));
        rising(facts, (observer, conversation, subject), &seen, of, findings);
    }
    reports(facts, &heads, findings);
}

/// One observation by itself.
fn one(
    facts: &Facts<'_>,
    reported: &Reported,
    observer: UserId,
    told: &Told,
    event: usize,
    at: u64,
    findings: &mut Findings,
) {
    let Told { conversation, subject, cursors: Cursors { delivered, read }, receipt, .. } = *told;
    let mut add = |what: &str| {
        let sentence =
            format!("account {observer} was told {what} of account {subject} in conversation {conversation}");
        findings.add(9, &[event], sentence);
    };
    if read > delivered {
        add("that more was read than delivered");
    }
    if !facts.is_member(subject, conversation) || (receipt && subject == observer) {
        add("receipts that it cannot have");
    }
    let group = facts.places.get(&conversation).is_some_and(|place| place.kind == ConversationKind::Group);
    if receipt && group && delivered > read {
        add("a delivery in a group");
    }
    let (may_deliver, may_read) = reported.before(facts, subject, conversation, at);
    if delivered > may_deliver || read > may_read {
        add(&format!("delivered {delivered}, read {read}, which was never reported: {may_deliver}, {may_read}"));
    }
}

/// Along the observer's log nothing falls, and every receipt in a group is about a message of the observer's. A receipt
/// says what was reported: a description, which also counts what was sent, may be ahead of it.
fn rising(
    facts: &Facts<'_>,
    (observer, conversation, subject): (UserId, ConversationId, UserId),
    seen: &[(Upd, Cursors, bool, usize)],
    sent: Option<&BTreeSet<Seq>>,
    findings: &mut Findings,
) {
    let group = facts.places.get(&conversation).is_some_and(|place| place.kind == ConversationKind::Group);
    let (mut receipts, mut whole) = (Rising::default(), Rising::default());
    for (upd, cursors, receipt, event) in seen {
        let before = if *receipt { receipts.before(*upd) } else { whole.before(*upd).max(receipts.before(*upd)) };
        if cursors.read < before.read || cursors.delivered < before.delivered {
            let sentence = format!(
                "what account {observer} was told of account {subject} in conversation {conversation} fell from \
                 {before:?} to {cursors:?}"
            );
            findings.add(9, &[*event], sentence);
        }
        let told = before.read.next()..=cursors.read.max(before.read.next());
        let about_own = sent.is_some_and(|sent| sent.range(told).next().is_some());
        if *receipt && group && cursors.read > before.read && !about_own {
            let sentence =
                format!("account {observer} was told of reading in conversation {conversation}, none of its messages");
            findings.add(9, &[*event], sentence);
        }
        let rising = if *receipt { &mut receipts } else { &mut whole };
        rising.here.1 = rising.here.1.max(*cursors);
    }
}

/// The most that was told at earlier positions, and at this one.
#[derive(Default)]
struct Rising {
    earlier: Cursors,
    here: (Upd, Cursors),
}

impl Rising {
    /// Positions must not go back.
    fn before(&mut self, upd: Upd) -> Cursors {
        if upd > self.here.0 {
            self.earlier = self.earlier.max(self.here.1);
            self.here = (upd, Cursors::default());
        }
        self.earlier
    }
}

/// A report is never an error for a member, and an acknowledged one lasts.
fn reports(facts: &Facts<'_>, heads: &Committed<ConversationId>, findings: &mut Findings) {
    let mut lasting: HashMap<(UserId, ConversationId), (Seq, usize)> = HashMap::new();
    for call in &facts.calls {
        let account = call.process.account;
        let read: Vec<(ConversationId, Seq)> = match call.op {
            Op::Report { reports } => reports.iter().map(|report| (report.conversation, report.read)).collect(),
            Op::ReadAll => facts.conversations(account).map(|id| (id, facts.head_by(id, u64::MAX))).collect(),
            _ => continue,
        };
        if let Outcome::Fail(status, code) = call.outcome {
            let excused = matches!(code, ErrorCode::RateLimited | ErrorCode::NotLoggedIn)
                || read
                    .iter()
                    .any(|(conversation, _)| !facts.is_member(account, *conversation) || facts.moves(*conversation));
            if !excused {
                findings.add(9, &call.events, format!("a report of account {account} was refused with {status}"));
            }
        }
        if call.ok().is_some() {
            for (conversation, read) in read.into_iter().filter(|(conversation, _)| !facts.moves(*conversation)) {
                let read = read.min(heads.before(&conversation, call.from).1);
                let last = lasting.entry((account, conversation)).or_insert((read, call.events[1]));
                *last = (*last).max((read, call.events[1]));
            }
        }
    }
    for ((process, conversation), dump) in &facts.dumps {
        let (Some(told), Some((read, event))) = (dump.described, lasting.get(&(process.account, *conversation))) else {
            continue;
        };
        if told.own.read < *read {
            let sentence = format!(
                "account {} read conversation {conversation} through {read}, then {}",
                process.account, told.own.read
            );
            findings.add(9, &[*event, dump.event], sentence);
        }
    }
}

/// The seqs that each account sent.
fn senders(facts: &Facts<'_>) -> HashMap<(ConversationId, UserId), BTreeSet<Seq>> {
    let mut senders: HashMap<_, BTreeSet<Seq>> = HashMap::new();
    for ((conversation, seq), (sender, _)) in &facts.keys {
        senders.entry((*conversation, *sender)).or_default().insert(*seq);
    }
    senders
}

/// What accounts had said, by a time, of what they received and read.
pub struct Reported {
    steps: HashMap<(UserId, ConversationId), Vec<(u64, Cursors)>>,
}

impl Reported {
    pub fn of(facts: &Facts<'_>) -> Self {
        let mut said = Vec::new();
        for call in facts.calls.iter().filter(|call| call.may_have_happened()) {
            let Call { process, from, to, .. } = *call;
            match call.op {
                Op::Report { reports } => said.extend(reports.iter().map(|report| {
                    let cursors = Cursors { delivered: report.delivered.max(report.read), read: report.read };
                    (from, process.account, report.conversation, cursors)
                })),
                Op::ReadAll => said.extend(facts.conversations(process.account).map(|conversation| {
                    (from, process.account, conversation, Cursors::at(facts.head_by(conversation, to)))
                })),
                _ => {}
            }
        }
        for ((conversation, seq), key) in &facts.keys {
            if let Some(first) = facts.sends.get(key).and_then(|sent| sent.calls.first()) {
                said.push((facts.calls[*first].from, key.0, *conversation, Cursors::at(*seq)));
            }
        }
        // Whoever comes into a group has read what was there.
        for (conversation, place) in facts.places.iter().filter(|(_, place)| place.moves) {
            for account in place.members.keys() {
                for (from, to) in facts.society.arrivals(*conversation, *account) {
                    let cursors = Cursors::at(facts.head_by(*conversation, to));
                    said.push((from, *account, *conversation, cursors));
                }
            }
        }
        said.sort_by_key(|(from, ..)| *from);
        let mut steps: HashMap<_, Vec<(u64, Cursors)>> = HashMap::new();
        for (from, account, conversation, cursors) in said {
            let steps = steps.entry((account, conversation)).or_default();
            let last = steps.last().map_or_else(Cursors::default, |(_, last)| *last);
            if last.max(cursors) != last {
                steps.push((from, last.max(cursors)));
            }
        }
        Self { steps }
    }

    /// The furthest delivered and read that the account can have by `at`.
    pub fn before(&self, facts: &Facts<'_>, account: UserId, conversation: ConversationId, at: u64) -> (Seq, Seq) {
        let head = facts.places.get(&conversation).map_or(Seq::ZERO, |place| place.head);
        let mut known = Cursors::at(head);
        if let Some(steps) = self.steps.get(&(account, conversation)) {
            let passed = steps.partition_point(|(from, _)| *from <= at);
            if let Some((_, cursors)) = passed.checked_sub(1).and_then(|last| steps.get(last)) {
                known = known.max(*cursors);
            }
        }
        (known.delivered, known.read)
    }
}
