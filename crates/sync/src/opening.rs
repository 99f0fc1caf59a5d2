//! Which conversation a person looks at, and what the device holds for that.

use crate::client::{Client, Opened};
use crate::pull::Job;
use crate::sessions::Held;
use protocol::messaging::Readers;
use protocol::{Conversation, ConversationId, ConversationKind, Message, Millis};

/// How many timelines are held beside the open one, and how much of each.
const TIMELINES: usize = 20;
const KEPT: usize = 200;
/// A conversation opens at its first unread message; further back than this one scrolls.
const REACH: u64 = 100;

impl Client {
    /// A person opens a conversation. Opening it again changes nothing.
    pub(crate) fn enter(&mut self, id: ConversationId) {
        if self.open.is_some_and(|open| open.id != id) {
            self.leave();
        }
        let held = self.held.get(&id);
        if self.open.is_none_or(|open| open.stood.is_none()) {
            let first_unread = held.and_then(|held| held.first_unread());
            let stood = held.map(|held| held.stands(self.unread_first));
            self.open = Some(Opened { id, first_unread, stood });
            self.changes.order = true;
            self.changes.timelines.insert(id);
            self.acts.opened(id, true);
            self.unmark(id);
        }
        match self.held.get(&id) {
            None => self.pulls.want_any(Job::Describe(id), self.now),
            Some(held) if held.timeline.is_none() => self.pulls.want_any(Job::Newest(id), self.now),
            Some(_) => self.reach_unread(id),
        }
        self.want_readers(id);
        self.visited.retain(|visited| *visited != id);
        self.visited.push(id);
    }

    /// A person leaves the open conversation: its divider goes, and what it holds is bounded.
    pub(crate) fn leave(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.changes.order = true;
        self.changes.timelines.insert(open.id);
        self.reports.consider(open.id);
        self.tell_draft(open.id);
        self.pulls.cancel_paging(open.id);
        if let Some(timeline) = self.held.get_mut(&open.id).and_then(|held| held.timeline.as_mut()) {
            timeline.expect_none();
            timeline.trim(KEPT);
        }
        if self.visited.len() > TIMELINES {
            let oldest = self.visited.remove(0);
            self.forget_timeline(oldest);
        }
    }

    /// What is held of the conversation's messages goes.
    pub(crate) fn forget_timeline(&mut self, id: ConversationId) {
        self.pulls.cancel(Job::Changes(id));
        let mut ready = Vec::new();
        if let Some(held) = self.held.get_mut(&id)
            && held.timeline.take().is_some()
        {
            ready = held.log.restart(self.now, held.about.rev);
        }
        self.apply_log(id, ready);
    }

    /// Asks who has read the messages of the open group, unless that is never told.
    pub(crate) fn want_readers(&mut self, id: ConversationId) {
        if self.tells_readers(id) {
            self.pulls.want_any(Job::Readers(id), self.now);
        }
    }

    /// Asks for it once more: what a call on its way brings may be of before.
    pub(crate) fn renew_readers(&mut self, id: ConversationId) {
        if self.tells_readers(id) {
            self.pulls.want(Job::Readers(id), self.now);
        }
    }

    /// Whether it is the open conversation, and a group whose readers are told.
    fn tells_readers(&self, id: ConversationId) -> bool {
        let told = |about: &Conversation| {
            about.kind == ConversationKind::Group && about.member_count <= Readers::LISTED_MAX as u64
        };
        self.open() == Some(id) && self.held.get(&id).is_some_and(|held| told(&held.about))
    }

    /// The open group, if it is one whose readers are never told, somebody sees it, and messages of one's own are held.
    fn counting(&self) -> Option<&Held> {
        let held: &Held = self.held.get(&self.open().filter(|_| !self.hidden && self.link.live())?)?;
        let large = held.about.kind == ConversationKind::Group && held.about.member_count > Readers::LISTED_MAX as u64;
        let own = |message: &Message| message.sender == self.account.id && message.body.countable();
        let wrote = || held.timeline.as_ref().is_some_and(|timeline| timeline.messages().values().any(own));
        (large && !self.pulls.wanted(Job::Readers(held.about.id)) && wrote()).then_some(held)
    }

    /// When the open group's readers are to be counted again (R000-20).
    pub(crate) fn recount_due(&self) -> Option<Millis> {
        self.counting().map(|held| held.readers.recount_at())
    }

    pub(crate) fn recount(&mut self) {
        let now = self.now;
        let Some(id) = self.counting().filter(|held| held.readers.recount_at() <= now).map(|held| held.about.id) else {
            return;
        };
        self.pulls.want(Job::Readers(id), now);
        if let Some(held) = self.held.get_mut(&id) {
            held.readers.ask(now);
        }
    }

    /// Loads older messages until the first unread one is there, so that the page can open at it.
    pub(crate) fn reach_unread(&mut self, id: ConversationId) {
        let Some(first) = self.open.filter(|open| open.id == id).and_then(|open| open.first_unread) else { return };
        let Some(held) = self.held.get(&id) else { return };
        let near = held.about.head_seq.get() < first.get() + REACH;
        if near && held.timeline.as_ref().is_some_and(|timeline| timeline.oldest() > first) {
            self.load_older(id);
        }
    }
}
