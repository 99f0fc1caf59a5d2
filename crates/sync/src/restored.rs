//! What a page takes over from the one before it, and from other pages of the device: what was read, and what was written.

use crate::client::Client;
use crate::pull::Job;
use crate::receipts::{HELD_BACK, SAID_AGAIN, TURN};
use crate::{Effect, Unsent};
use protocol::{ConversationId, Cursors, Millis, ReadReportPolicy, Seq};
use std::collections::BTreeSet;

impl Client {
    /// Takes over how far a conversation was read before the page was loaded. Where what is held does not reach that far
    /// yet, all of it is read; the rest is taken over once it is known.
    pub(crate) fn restore_read(&mut self, id: ConversationId) {
        let Some(&seq) = self.restored.get(&id) else { return };
        let Some(held) = self.held.get_mut(&id) else { return };
        let head = held.about.head_seq;
        if seq <= head {
            self.restored.remove(&id);
            if self.reports.left_to_another(id) {
                return self.touch(id, |held| held.about.own = held.about.own.max(Cursors::at(seq)));
            }
            self.reports.keep(id);
            self.see(id, seq);
        } else if held.about.own.read < head {
            held.about.own = held.about.own.max(Cursors::at(head));
            self.changes.sessions.insert(id);
            self.changes.order = true;
            self.changes.total = true;
        }
    }

    /// Everything was listed: of conversations that were not, what was stored, read and written there is of use only if they
    /// are there still.
    pub(crate) fn describe_restored(&mut self) {
        let kept = self.restored.keys().copied().chain(self.wishes.drafted());
        let mut known: BTreeSet<ConversationId> = kept.chain(self.outbox.conversations()).collect();
        let unlisted = std::mem::take(&mut self.unlisted);
        known.extend(unlisted.into_iter().filter(|id| !self.left.contains_key(id)));
        for id in known.into_iter().filter(|id| !self.held.contains_key(id)).collect::<Vec<_>>() {
            self.pulls.want_any(Job::Describe(id), self.now);
        }
    }

    /// The conversation is not there: what was read and written there is nobody's affair any more.
    pub(crate) fn forget_restored(&mut self, id: ConversationId) {
        if self.held.contains_key(&id) {
            return;
        }
        if self.restored.remove(&id).is_some() {
            self.effects.push(Effect::ForgetRead(id));
        }
        for unsent in self.outbox.discard_all(id) {
            self.effects.push(Effect::Forget(unsent));
        }
    }

    pub(crate) fn see(&mut self, id: ConversationId, seq: Seq) {
        let Some(held) = self.held.get(&id) else { return };
        let seq = seq.min(held.about.head_seq);
        if seq > held.about.own.read {
            self.touch(id, |held| held.about.own = held.about.own.max(Cursors::at(seq)));
            self.reports.keep(id);
            self.reports.take_over(id);
            self.keep_read(id, seq);
        }
    }

    fn keep_read(&mut self, id: ConversationId, seq: Seq) {
        self.read_said_at = self.now;
        self.effects.push(Effect::KeepRead { conversation: id, seq });
    }

    /// A person read so far in another page of this device, which reports it. Not where this page has read as far by itself:
    /// two that see a message at the same moment would leave it to each other.
    pub(crate) fn read_elsewhere(&mut self, id: ConversationId, seq: Seq) {
        let ours = self.held.get(&id).is_some_and(|held| seq <= held.about.own.read) && self.reports.owes(id, seq);
        if ours || seq <= self.reports.known(id).read {
            return;
        }
        let turn = match self.rules.read_report_policy {
            ReadReportPolicy::Viewport => TURN,
            ReadReportPolicy::OnLeave => HELD_BACK,
        };
        self.reports.leave_to_another(id, self.now + turn);
        let known = self.restored.entry(id).or_default();
        *known = seq.max(*known);
        self.restore_read(id);
    }

    /// The open conversation, if what was read in it here is held back until it is left.
    fn holding_back(&self) -> Option<(ConversationId, Seq)> {
        let on_leave = self.rules.read_report_policy == ReadReportPolicy::OnLeave;
        let about = &self.held.get(&self.open.filter(|_| on_leave)?.id)?.about;
        self.reports.owes(about.id, about.own.read).then_some((about.id, about.own.read))
    }

    /// Says again what is held back: the other pages of this device would take it for forgotten.
    pub(crate) fn say_held_back(&mut self) {
        if let Some((id, seq)) = self.holding_back().filter(|_| self.read_said_at + SAID_AGAIN <= self.now) {
            self.keep_read(id, seq);
        }
    }

    pub(crate) fn held_back_due(&self) -> Option<Millis> {
        self.holding_back().map(|_| self.read_said_at + SAID_AGAIN)
    }

    pub(crate) fn restore(&mut self, restored: Vec<Unsent>) {
        for unsent in restored {
            if !self.outbox.has(unsent.client_id) && !self.has_arrived(&unsent) {
                let conversation = unsent.conversation;
                self.outbox.put(unsent);
                self.show_outbox(conversation);
            }
        }
    }

    /// Shows what other pages of this device are about to post.
    pub(crate) fn mirror(&mut self, unsent: Vec<Unsent>) {
        for unsent in unsent {
            if self.has_arrived(&unsent) {
                continue;
            }
            let conversation = unsent.conversation;
            // That page may not know yet that it is not there any more, and nobody gives up here what is written in vain.
            if self.synced_at > 0 && !self.held.contains_key(&conversation) {
                self.pulls.want_any(Job::Describe(conversation), self.now);
            }
            self.outbox.mirror(unsent, self.now);
            self.show_outbox(conversation);
        }
    }

    /// Whether the message is in the log, and need not be kept any more: a page that has not heard so may have kept it anew.
    fn has_arrived(&mut self, unsent: &Unsent) -> bool {
        let arrived = self.holds_own(unsent.conversation, unsent.client_id);
        if arrived {
            self.effects.push(Effect::Forget(unsent.client_id));
        }
        arrived
    }
}
