//! Invariants 9 and 12 of who has read: a list of readers names members alone, no reading that was never reported, and
//! in the end everybody; and every sender was told who read its messages.

use super::super::facts::Facts;
use super::super::sighting::tellings;
use super::Findings;
use super::receipts::Reported;
use protocol::{ConversationId, ConversationKind, Seq, UserId};
use std::collections::HashMap;

/// How far an account has read, as another one was told in the final state.
type Told = HashMap<(UserId, ConversationId, UserId), Seq>;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let reported = Reported::of(facts);
    let (mut listed, mut told) = (Told::new(), Told::new());
    for telling in tellings(facts) {
        let observer = telling.process.account;
        telling.readers(|conversation, reader, read| {
            if !facts.is_member(reader, conversation) {
                let sentence = format!("account {reader}, no member, is listed as a reader of {conversation}");
                findings.add(12, &[telling.event], sentence);
            } else if reader == observer || read > reported.before(facts, reader, conversation, telling.at).1 {
                let sentence = format!("account {reader} is listed as a reader of {conversation} through {read}");
                findings.add(9, &[telling.event], sentence);
            }
            if telling.last {
                listed.insert((observer, conversation, reader), read);
            }
        });
        telling.cursors(|it| {
            if telling.last && it.subject != observer {
                let known = told.entry((observer, it.conversation, it.subject)).or_default();
                *known = it.cursors.read.max(*known);
            }
        });
    }
    final_state(facts, &listed, &told, findings);
}

/// In the end everybody is in the list; and between two members who never kept receipts off, and never blocked each other,
/// everything is known.
fn final_state(facts: &Facts<'_>, listed: &Told, told: &Told, findings: &mut Findings) {
    let mut own: HashMap<(UserId, ConversationId), Seq> = HashMap::new();
    for ((process, conversation), dump) in &facts.dumps {
        if let Some(described) = dump.described {
            own.insert((process.account, *conversation), described.own.read);
        }
    }
    let newest = newest(facts);
    let open = |account: &UserId| !facts.private.contains(account);
    for ((reader, conversation), read) in &own {
        let Some(place) = facts.places.get(conversation).filter(|place| !place.moves) else { continue };
        for observer in place.members.keys().filter(|it| *it != reader) {
            let lists = listed.keys().any(|(account, id, _)| (account, id) == (observer, conversation));
            let known = listed.get(&(*observer, *conversation, *reader)).copied();
            if lists && known.is_none() {
                let sentence = format!(
                    "account {reader} is not in the list of readers that account {observer} got of {conversation}"
                );
                findings.add(9, &[], sentence);
            }
            if !open(reader) || !open(observer) || facts.society.may_have_blocked(*observer, *reader) {
                continue;
            }
            let passed = newest.passed(*observer, *conversation, *reader, *read, facts);
            if lists && passed.is_some_and(|passed| known.is_some_and(|known| known < passed)) {
                let sentence = format!(
                    "account {observer} reads that account {reader} read conversation {conversation} through {known:?}, \
                     and it read {read}"
                );
                findings.add(9, &[], sentence);
            }
            let inbox = told.keys().any(|(account, ..)| account == observer);
            let direct = place.kind == ConversationKind::Direct;
            let known = told.get(&(*observer, *conversation, *reader)).copied().unwrap_or_default();
            let known = known.max(newest.sent.get(&(*reader, *conversation)).copied().unwrap_or_default());
            if (direct || inbox) && passed.is_some_and(|passed| known < passed) {
                let sentence = format!(
                    "account {observer} was told that account {reader} read conversation {conversation} through {known}, \
                     and it read {read}"
                );
                findings.add(9, &[], sentence);
            }
        }
    }
}

/// What accounts sent.
struct Newest {
    sent: HashMap<(UserId, ConversationId), Seq>,
    all: HashMap<(UserId, ConversationId), Vec<Seq>>,
}

fn newest(facts: &Facts<'_>) -> Newest {
    let mut all: HashMap<_, Vec<Seq>> = HashMap::new();
    for ((conversation, seq), (sender, _)) in &facts.keys {
        all.entry((*sender, *conversation)).or_default().push(*seq);
    }
    all.values_mut().for_each(|sent| sent.sort());
    let sent = all.iter().filter_map(|(key, sent)| Some((*key, *sent.last()?))).collect();
    Newest { sent, all }
}

impl Newest {
    /// The newest message of the observer's that the reader saw and has read.
    fn passed(
        &self,
        observer: UserId,
        conversation: ConversationId,
        reader: UserId,
        read: Seq,
        facts: &Facts<'_>,
    ) -> Option<Seq> {
        let head = facts.places.get(&conversation).map_or(Seq::ZERO, |place| place.head);
        let first = head.next().max(facts.vis_from(reader, conversation));
        let sent = self.all.get(&(observer, conversation))?;
        let mut seen = sent.iter().rev().filter(|seq| **seq >= first && **seq <= read);
        seen.find(|seq| {
            let place = (conversation, **seq);
            let withheld = facts.keys.get(&place).is_some_and(|key| facts.is_withheld(reader, *key));
            !withheld
                && !facts.recalls.contains_key(&place)
                && !facts.hides.contains_key(&(reader, conversation, **seq))
        })
        .copied()
    }
}
