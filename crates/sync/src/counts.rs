//! Having one's counts counted anew (R004-B2): once the device has caught up, the server compares them with its own.

use crate::client::Client;
use crate::order::sorted;
use crate::pull::Job;
use crate::sessions::Held;
use protocol::sync::{CheckCounts, CheckedCounts, Count};
use protocol::{Conversation, Upd};

impl Client {
    /// What the device counts of the conversations that were active last.
    pub(crate) fn counts(&self) -> Vec<Count> {
        let listed = self.held.values().filter(|held| held.listed());
        sorted(listed.map(|held| held.place(self.unread_first)).collect())
            .take(CheckCounts::MAX)
            .filter_map(|id| self.held.get(&id))
            .map(|held| count(&held.about, held.unread(), self.log.cursor()))
            .collect()
    }

    /// What the device counts wrongly, unless it has moved on meanwhile: nothing of it is believed any more.
    pub(crate) fn take_counts(&mut self, checked: CheckedCounts) {
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
