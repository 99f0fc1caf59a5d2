//! What a conversation weighs: what of it is unread and names the account, what that adds to the total, and whether it is off
//! the main list.

use crate::sessions::Held;
use protocol::{Conversation, Message, Millis, Seq};

impl Held {
    /// A message that was recalled or removed counts for nothing, and so does a notice; another may name this account.
    pub fn weigh(&mut self, message: &Message) {
        let counts = message.body.countable();
        self.exceptions.weigh(message.seq, message.rev, counts);
        if counts && message.sender != self.me && message.body.mentions().is_some_and(|mentions| mentions.has(self.me))
        {
            self.exceptions.name(message.seq);
        }
    }

    pub fn unread(&self) -> u64 {
        self.exceptions.unread(&self.about)
    }

    /// How many unread messages name the account, as far as that is counted.
    pub fn mentions(&self) -> u64 {
        self.exceptions.mentions(&self.about).len().min(Conversation::MENTIONS_COUNTED) as u64
    }

    pub fn first_unread(&self) -> Option<Seq> {
        self.exceptions.first_unread(&self.about)
    }

    /// Whether it is muted at a time by the server's clock.
    pub fn mutes(&self, time: Millis) -> bool {
        self.about.preferences.muted(time)
    }

    /// Whether it is off the main list: archived, and nothing has come since; where it is muted, nothing unread that names
    /// the account.
    pub fn archived(&self) -> bool {
        let until = self.about.preferences.archived_until;
        let quiet = || self.muted && !self.exceptions.mentions(&self.about).iter().any(|seq| *seq >= until);
        self.put_away() || !until.is_zero() && quiet()
    }

    /// Whether it was archived, and nothing has come since.
    pub fn put_away(&self) -> bool {
        self.about.head_seq < self.about.preferences.archived_until
    }

    /// Whether it wants to be looked at.
    pub fn awaits(&self) -> bool {
        self.unread() > 0 || self.about.preferences.marked_unread
    }

    /// Whether it rises above what wants nothing: what is muted only if an unread message names the account.
    pub fn rises(&self) -> bool {
        self.awaits() && (!self.muted || self.mentions() > 0)
    }

    /// What it adds to the total: nothing of somebody who is blocked, or deleted on this device; while it is muted only the
    /// messages that name the account.
    pub fn counted(&self) -> u64 {
        match self.listed() && !self.about.relation.blocking {
            false => 0,
            true if self.muted => self.mentions(),
            true => self.unread(),
        }
    }
}
