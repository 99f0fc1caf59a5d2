//! Having one's counts counted anew (R004-B2): once the device has caught up, the server compares them with its own.
//!
//! It compares as many as one request takes: at first those of the conversations that were active last, and each time that the
//! device catches up later, an hour apart at least, those of the next ones that had no turn yet.

use crate::client::Client;
use crate::map::Map;
use crate::order::{Place, sorted};
use crate::pull::Job;
use crate::sessions::Held;
use protocol::sync::{CheckCounts, CheckedCounts, Count};
use protocol::{ConversationId, Millis};
use std::cmp::Reverse;

/// The pause between two checks.
const PAUSE: Millis = 3_600_000;

/// The checks of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks {
    /// Which conversations had their turn in this round.
    done: Map<ConversationId, ()>,
    /// Those whose counts were asked about last.
    asked: Vec<ConversationId>,
    next_at: Millis,
}

impl Checks {
    /// Whether one begins.
    pub fn begin(&mut self, now: Millis) -> bool {
        let due = self.next_at <= now;
        if due {
            self.next_at = now + PAUSE;
        }
        due
    }
}

impl Client {
    /// What the device counts of the conversations whose turn it is.
    pub(crate) fn counts(&mut self) -> Vec<Count> {
        // What a page passed over is not known of a conversation before it is described.
        let counted = |held: &Held| held.listed() && !self.pulls.wanted(Job::Describe(held.about.id));
        let counted = self.held.values().filter(|held| counted(held));
        let mut waiting: Vec<Place> = counted.map(|held| held.place(self.unread_first)).collect();
        let turn = |(.., Reverse(id)): &Place| !self.checks.done.contains_key(id);
        match waiting.iter().any(turn) {
            true => waiting.retain(turn),
            false => self.checks.done = Map::new(),
        }
        self.checks.asked = sorted(waiting).take(CheckCounts::MAX).collect();
        if self.checks.asked.is_empty() {
            // There was nothing to ask about: the next time that it has caught up will do.
            self.checks.next_at = self.now;
        }
        let asked = self.checks.asked.iter().filter_map(|id| self.held.get(id));
        let upd = self.log.cursor();
        asked.map(|held| Count { upd, unread: held.unread(), ..Count::of(&held.about) }).collect()
    }

    /// What the device counts wrongly, unless it has moved on meanwhile: nothing of it is believed any more.
    pub(crate) fn take_counts(&mut self, checked: CheckedCounts) {
        for id in std::mem::take(&mut self.checks.asked) {
            self.checks.done.insert(id, ());
        }
        self.meet(checked.users);
        for about in checked.wrong {
            let (id, now, upd, me) = (about.id, self.now, self.log.cursor(), self.account.id);
            let Some(held) = self.held.get(&id) else { continue };
            let here = Count { upd, ..Count::of(&held.about) };
            if !here.compares_with(&Count::of(&about)) {
                continue;
            }
            self.touch(id, |held| *held = Held::new(about, me));
            self.preferred(id);
            if self.open.is_some_and(|open| open.id == id) {
                self.pulls.want(Job::Newest(id), now);
            }
        }
    }
}
