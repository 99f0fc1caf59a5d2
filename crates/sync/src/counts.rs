//! Having one's counts counted anew (R004-B2): once the device has caught up, the server compares them with its own.
//!
//! It compares as many as one request takes: at first those of the conversations that were active last, and each time that the
//! device catches up later, an hour apart at least, those of the next ones.

use crate::client::Client;
use crate::order::{Place, sorted};
use crate::pull::Job;
use crate::sessions::Held;
use protocol::sync::{CheckCounts, CheckedCounts, Count};
use protocol::{Conversation, Millis, Upd};

/// The pause between two checks.
const PAUSE: Millis = 3_600_000;

/// The checks of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks {
    /// How many conversations from the beginning of the list on were checked in this round.
    through: usize,
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

    /// Where in a list of so many conversations the next one goes on.
    fn resume_at(&self, listed: usize) -> usize {
        if self.through < listed { self.through } else { 0 }
    }
}

impl Client {
    /// What the device counts of the conversations whose turn it is.
    pub(crate) fn counts(&self) -> Vec<Count> {
        let listed = self.held.values().filter(|held| held.listed());
        let places: Vec<Place> = listed.map(|held| held.place(self.unread_first)).collect();
        let from = self.checks.resume_at(places.len());
        sorted(places)
            .skip(from)
            .take(CheckCounts::MAX)
            .filter_map(|id| self.held.get(&id))
            .map(|held| count(&held.about, held.unread(), self.log.cursor()))
            .collect()
    }

    /// What the device counts wrongly, unless it has moved on meanwhile: nothing of it is believed any more.
    pub(crate) fn take_counts(&mut self, checked: CheckedCounts) {
        let listed = self.held.values().filter(|held| held.listed()).count();
        self.checks.through = self.checks.resume_at(listed) + CheckCounts::MAX;
        self.meet(checked.users);
        for about in checked.wrong {
            let (id, now, upd, me) = (about.id, self.now, self.log.cursor(), self.account.id);
            let Some(held) = self.held.get(&id) else { continue };
            if count(&held.about, about.unread, upd) != count(&about, about.unread, about.upd) {
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

fn count(about: &Conversation, unread: u64, upd: Upd) -> Count {
    Count { conversation: about.id, rev: about.rev, upd, read: about.own.read, floor: about.floor, unread }
}
