//! Invariant 10, the "why" of a badge: the pages list exactly the messages that make the count, newest first.

use super::super::event::{Answer, Op, Process};
use super::super::facts::Facts;
use super::super::sighting::{Said, tellings};
use super::Findings;
use protocol::messaging::UnreadPage;
use protocol::{ConversationId, Seq, UserId};
use std::collections::{BTreeSet, HashMap};

/// A list read in the final state, page by page.
#[derive(Default)]
struct List {
    unread: u64,
    seqs: BTreeSet<Seq>,
    whole: bool,
    event: usize,
}

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let mut lists: HashMap<(Process, ConversationId), List> = HashMap::new();
    for telling in tellings(facts) {
        let Said::Answer(Op::Unread { conversation, before }, Answer::Unread(page)) = telling.said else { continue };
        if let Some(wrong) = inconsistent(telling.process.account, *before, page) {
            findings.add(10, &[telling.event], format!("the unread messages of {conversation}: {wrong}"));
        }
        if telling.last {
            let list = lists.entry((telling.process, *conversation)).or_default();
            list.seqs.extend(page.messages.iter().map(|message| message.seq));
            (list.unread, list.whole, list.event) = (page.unread, !page.more, telling.event);
        }
    }
    for ((process, conversation), list) in lists.iter().filter(|(_, list)| list.whole) {
        let Some(dump) = facts.dumps.get(&(*process, *conversation)) else { continue };
        let Some(told) = dump.described else { continue };
        if list.seqs.len() as u64 != list.unread || told.unread != list.unread {
            let (listed, counted) = (list.seqs.len(), list.unread);
            let sentence = format!("{listed} messages are listed as the {counted} unread ones of {conversation}");
            findings.add(10, &[list.event], sentence);
        }
        let after = told.own.read.max(told.vis_from.prev());
        let unread = dump.messages.range(after.next()..).filter(|(_, message)| message.body.countable());
        let unread: BTreeSet<Seq> = unread.map(|(seq, _)| *seq).collect();
        // A dump that does not reach back so far says nothing.
        if dump.from <= after.next() && list.seqs != unread {
            let sentence = format!("{:?} are listed as the unread ones of {conversation}, not {unread:?}", list.seqs);
            findings.add(10, &[list.event], sentence);
        }
    }
}

/// What does not fit together within one page.
fn inconsistent(reader: UserId, before: Option<Seq>, page: &UnreadPage) -> Option<&'static str> {
    let listed = page.messages.len() as u64;
    if page.messages.windows(2).any(|pair| pair[0].seq <= pair[1].seq) {
        return Some("the newest does not come first");
    }
    if page.messages.iter().any(|message| message.sender == reader || !message.body.countable()) {
        return Some("an own one or a recalled one is among them");
    }
    if before.is_none() && (listed > page.unread || page.more == (listed == page.unread)) {
        return Some("they are not as many as counted");
    }
    None
}
