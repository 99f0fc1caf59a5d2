//! What log items and pages do to the device.
//!
//! Everything here is idempotent and monotone: cursors are max-registers, and an object gives way only to a later state
//! of itself (R000-16, T1, T7).

use crate::client::{Client, Opened};
use crate::pull::Job;
use crate::sessions::{Change, Held};
use crate::timeline::Timeline;
use crate::unread;
use protocol::messaging::{ChangesPage, HistoryPage};
use protocol::sync::{AccountChange, SyncPage};
use protocol::{ClientId, Conversation, ConversationId, Cursors, LogChange, Message, Rev, Seq, User};
use std::collections::btree_map::Entry;

/// How many timelines are held beside the open one, and how much of each.
const TIMELINES: usize = 20;
const KEPT: usize = 200;
/// A conversation opens at its first unread message; further back than this one scrolls.
const REACH: u64 = 100;

impl Client {
    /// One page of a sync. Conversations come before the account's changes, which may be about them.
    pub(crate) fn apply_sync(&mut self, page: SyncPage) {
        self.meet(page.users);
        for conversation in page.conversations {
            self.describe(conversation);
        }
        self.apply_account(page.changes);
        for changes in self.log.advance(page.upd) {
            self.apply_account(changes);
        }
        self.token = Some(page.token);
        self.listing = page.more;
        self.settle_account();
    }

    pub(crate) fn apply_account(&mut self, changes: Vec<AccountChange>) {
        for change in changes {
            match change {
                AccountChange::Joined { conversation } => self.describe(*conversation),
                AccountChange::Own { conversation, cursors } => {
                    self.reports.know(conversation, cursors);
                    self.touch(conversation, |held| held.about.own = held.about.own.max(cursors));
                }
                AccountChange::Receipt(receipt) => self.touch(receipt.conversation, |held| {
                    if held.about.peer.as_ref().is_some_and(|peer| peer.id == receipt.reader) {
                        let known = held.about.peer_cursors.unwrap_or_default();
                        held.about.peer_cursors = Some(known.max(receipt.cursors));
                    }
                }),
                AccountChange::Hidden { .. } | AccountChange::Shown { .. } | AccountChange::Settings { .. } => {}
            }
        }
    }

    /// A description of a conversation, by whatever way it came.
    pub(crate) fn describe(&mut self, about: Conversation) {
        let (id, rev, now) = (about.id, about.rev, self.now);
        self.reports.know(id, about.own);
        self.meet(about.peer.clone());
        if let Entry::Vacant(entry) = self.held.entry(id) {
            entry.insert(Held::new(about));
            self.changes.order = true;
            self.changes.total = true;
            self.changes.sessions.insert(id);
            self.reports.consider(id);
            self.restore_read(id);
            self.settle(id);
            if self.open.is_some_and(|open| open.id == id) {
                self.enter(id);
            }
            return;
        }
        let mut ready = Vec::new();
        self.touch(id, |held| {
            held.describe(about);
            if held.timeline.is_some() {
                held.log.expect(now, rev);
            } else {
                ready = held.log.advance(rev);
            }
        });
        self.apply_log(id, ready);
    }

    /// A frame of a conversation's log, or what is as good as one.
    pub(crate) fn arrive(&mut self, id: ConversationId, prev: Rev, pos: Rev, head_seq: Seq, change: LogChange) {
        if let LogChange::Message { message, sender } = &change {
            self.meet([sender.clone()]);
            self.confirm(message);
            // What a message tells of cursors is true whether or not the log has come to it.
            self.imply(id, message);
        }
        let Some(held) = self.held.get_mut(&id) else { return };
        let ready = held.log.arrive(self.now, prev, pos, Change { pos, head_seq, change });
        self.apply_log(id, ready);
    }

    /// Changes that the log released, in order.
    pub(crate) fn apply_log(&mut self, id: ConversationId, ready: Vec<Change>) {
        for change in ready {
            self.touch(id, |held| {
                held.follow(&change);
                if let Some(timeline) = &mut held.timeline {
                    timeline.apply(change.change, change.head_seq);
                }
            });
        }
        self.settle(id);
    }

    pub(crate) fn apply_changes(&mut self, id: ConversationId, page: ChangesPage) {
        self.meet(page.users);
        let (head, through, last) = (page.conversation.head_seq, page.through, page.through >= page.conversation.rev);
        self.describe(page.conversation);
        if page.too_long {
            self.pulls.want(Job::Newest(id), self.now);
            return;
        }
        let mut ready = Vec::new();
        for message in page.messages {
            self.confirm(&message);
            self.touch(id, |held| {
                if let Some(timeline) = &mut held.timeline {
                    let head = if last { head } else { message.seq };
                    timeline.store_change(message, head);
                }
            });
        }
        self.touch(id, |held| ready = held.log.advance(through));
        self.apply_log(id, ready);
    }

    /// The newest page: where a timeline begins, or begins anew when too much had passed by (R004-G8).
    pub(crate) fn apply_newest(&mut self, id: ConversationId, page: HistoryPage) {
        self.meet(page.users.clone());
        let (rev, now) = (page.rev, self.now);
        let mut ready = Vec::new();
        for message in &page.messages {
            self.confirm(message);
            self.imply(id, message);
        }
        let mut behind = false;
        self.touch(id, |held| {
            if held.timeline.is_some() && rev <= held.log.cursor() {
                return;
            }
            behind = held.about.rev < rev;
            if let Some(message) = page.messages.last().cloned() {
                held.follow_message(rev, page.head_seq, &message);
            }
            held.timeline = Some(Timeline::new(page));
            ready = held.log.restart(now, rev);
        });
        if behind {
            self.pulls.want(Job::Describe(id), now);
        }
        self.apply_log(id, ready);
        self.reach_unread(id);
    }

    /// A page of the messages before a seq.
    pub(crate) fn apply_before(&mut self, id: ConversationId, page: HistoryPage, before: Seq) {
        self.meet(page.users.clone());
        page.messages.iter().for_each(|message| self.confirm(message));
        let idle = !self.pulls.paging(id);
        self.touch(id, |held| {
            if let Some(timeline) = &mut held.timeline {
                timeline.merge_before(page, before);
                if idle {
                    timeline.expect_none();
                }
            }
        });
        self.settle(id);
        self.reach_unread(id);
    }

    /// What a job was to bring can no longer be had.
    pub(crate) fn abandon(&mut self, job: Job) {
        if let Job::Describe(id) | Job::Changes(id) | Job::Newest(id) | Job::Before(id, _) = job {
            self.changes.timelines.insert(id);
            if let (Some(held), Job::Describe(_) | Job::Changes(_)) = (self.held.get_mut(&id), job) {
                held.log.give_up();
            }
        }
    }

    /// A person opens a conversation. Opening it again changes nothing.
    pub(crate) fn enter(&mut self, id: ConversationId) {
        if self.open.is_some_and(|open| open.id != id) {
            self.leave();
        }
        let held = self.held.get(&id);
        if self.open.is_none_or(|open| open.place.is_none()) {
            let unread = held.filter(|held| unread::count(&held.about) > 0);
            let first_unread = unread.map(|held| unread::first(&held.about));
            self.open = Some(Opened { id, first_unread, place: held.map(Held::place) });
            self.changes.order = true;
            self.changes.timelines.insert(id);
        }
        match held {
            None => self.pulls.want_any(Job::Describe(id), self.now),
            Some(held) if held.timeline.is_none() => self.pulls.want_any(Job::Newest(id), self.now),
            Some(_) => self.reach_unread(id),
        }
        self.visited.retain(|visited| *visited != id);
        self.visited.push(id);
    }

    /// A person leaves the open conversation: its divider goes, and what it holds is bounded.
    pub(crate) fn leave(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.changes.order = true;
        self.changes.timelines.insert(open.id);
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

    fn forget_timeline(&mut self, id: ConversationId) {
        self.pulls.cancel(Job::Changes(id));
        let mut ready = Vec::new();
        if let Some(held) = self.held.get_mut(&id)
            && held.timeline.take().is_some()
        {
            ready = held.log.restart(self.now, held.about.rev);
        }
        self.apply_log(id, ready);
    }

    pub(crate) fn meet(&mut self, users: impl IntoIterator<Item = User>) {
        for user in users {
            if self.users.get(&user.id) != Some(&user) {
                self.keeping.met(user.id);
                self.users.insert(user.id, user);
            }
        }
    }

    /// Whether the conversation's timeline has the account's own message with this id.
    pub(crate) fn holds_own(&self, id: ConversationId, client_id: ClientId) -> bool {
        let timeline = self.held.get(&id).and_then(|held| held.timeline.as_ref());
        let own = |message: &Message| message.sender == self.account.id && message.client_id == client_id;
        timeline.is_some_and(|timeline| timeline.messages().values().any(own))
    }

    /// Unsent messages of a conversation changed.
    pub(crate) fn show_outbox(&mut self, id: ConversationId) {
        self.changes.sessions.insert(id);
        self.changes.timelines.insert(id);
        self.settle(id);
    }

    /// Changes a conversation and notes what looks different for it. One that is unknown is asked for.
    pub(crate) fn touch(&mut self, id: ConversationId, change: impl FnOnce(&mut Held)) {
        let Some(held) = self.held.get_mut(&id) else {
            return self.pulls.want(Job::Describe(id), self.now);
        };
        let before = (held.place(), unread::count(&held.about));
        change(held);
        self.changes.order |= held.place() != before.0;
        self.changes.total |= unread::count(&held.about) != before.1;
        self.changes.sessions.insert(id);
        self.changes.timelines.insert(id);
        self.reports.consider(id);
        self.restore_read(id);
    }

    /// A message by somebody tells that they have received and read what is before it (R000-06, R004-B6).
    fn imply(&mut self, id: ConversationId, message: &Message) {
        let own = message.sender == self.account.id;
        let cursors = Cursors::at(message.seq);
        if own {
            self.reports.know(id, cursors);
        }
        self.touch(id, |held| {
            if own {
                held.about.own = held.about.own.max(cursors);
            } else if held.about.peer.as_ref().is_some_and(|peer| peer.id == message.sender) {
                held.about.peer_cursors = Some(held.about.peer_cursors.unwrap_or_default().max(cursors));
            }
        });
    }

    /// After a conversation's log moved: pulls what is missing, and drops rows that the timeline shows now.
    fn settle(&mut self, id: ConversationId) {
        let Some(held) = self.held.get(&id) else { return };
        let job = if held.timeline.is_some() { Job::Changes(id) } else { Job::Describe(id) };
        match held.log.pull_at() {
            Some(_) if self.pulls.wanted(Job::Newest(id)) => {}
            Some(at) => self.pulls.want_any(job, at),
            None => self.pulls.relent(job),
        }
        self.outbox.settle(id, |message| {
            let shown = held.timeline.as_ref().is_some_and(|timeline| timeline.messages().contains_key(&message.seq));
            shown || message.rev <= held.log.cursor()
        });
    }

    pub(crate) fn settle_account(&mut self) {
        if let Some(at) = self.log.pull_at() {
            self.pulls.want_any(Job::Sync, at);
        }
    }

    /// Loads older messages until the first unread one is there, so that the page can open at it.
    fn reach_unread(&mut self, id: ConversationId) {
        let Some(first) = self.open.filter(|open| open.id == id).and_then(|open| open.first_unread) else { return };
        let Some(held) = self.held.get(&id) else { return };
        let near = held.about.head_seq.get() < first.get() + REACH;
        if near && held.timeline.as_ref().is_some_and(|timeline| timeline.oldest() > first) {
            self.load_older(id);
        }
    }
}
