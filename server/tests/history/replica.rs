//! What one device knows from all that the server told it, by the rules of the protocol and nothing else.
//!
//! The workload asks it which pulls are due; the checker rebuilds it from a history and compares it with the final
//! state. Deliberately absent: an outbox, timers, everything optimistic. The real engine is tested elsewhere.

use super::event::{Answer, Op};
use protocol::messaging::{ChangesPage, HistoryPage};
use protocol::receipts::Cursors;
use protocol::sync::{AccountChange, SyncPage};
use protocol::{Conversation, ConversationId, LogChange, Message, MessageBody, Rev, Seq, ServerFrame, Upd, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Messages that a device loads of a conversation that it meets.
const NEWEST: u64 = 20;

/// A device's knowledge of the account's logs.
#[derive(Clone, Debug)]
pub struct Replica {
    me: UserId,
    token: Option<String>,
    upd: Upd,
    /// The furthest position of the account's log that it heard of.
    heard: Upd,
    /// Greetings so far; the ones at which the last sync began; and the ones that a whole sync has followed.
    greeted: u64,
    asking: u64,
    synced: u64,
    /// The token stands inside a listing.
    listing: bool,
    pub logs: BTreeMap<ConversationId, Log>,
    /// Conversations met by a frame only.
    unknown: BTreeSet<ConversationId>,
    /// Conversations that it is no member of any more, and the position of that: what is told of before is of the past.
    left: BTreeMap<ConversationId, Upd>,
}

/// A device's knowledge of one conversation.
#[derive(Clone, Debug, Default)]
pub struct Log {
    me: Option<UserId>,
    peer_id: Option<UserId>,
    /// Changes through this one are applied.
    pub rev: Rev,
    /// The furthest change that it heard of.
    pub heard: Rev,
    /// Everything from this seq through `head` is held, but what is silent or hidden.
    pub from: Seq,
    pub head: Seq,
    pub messages: BTreeMap<Seq, Message>,
    /// Seqs told to count for nothing: withheld from this member, or recalled.
    pub silent: BTreeSet<Seq>,
    /// Whether a message is hidden, and the account log position of that knowledge.
    pub hidden: BTreeMap<Seq, (Upd, bool)>,
    pub own: Cursors,
    pub peer: Cursors,
    pub vis_from: Seq,
    /// Where the membership began, in the account's log.
    joined: Upd,
    /// The newest page is wanted.
    thin: bool,
}

impl Replica {
    pub fn new(me: UserId) -> Self {
        Self {
            me,
            token: None,
            upd: Upd::ZERO,
            heard: Upd::ZERO,
            greeted: 1,
            asking: 0,
            synced: 0,
            listing: false,
            logs: BTreeMap::new(),
            unknown: BTreeSet::new(),
            left: BTreeMap::new(),
        }
    }

    /// The position of the account's log that it is at.
    pub fn upd(&self) -> Upd {
        self.upd
    }

    /// The direct conversations that it holds.
    pub fn directs(&self) -> Vec<ConversationId> {
        self.logs.iter().filter(|(_, log)| log.peer_id.is_some()).map(|(id, _)| *id).collect()
    }

    /// The next pull that is due, or `None`: the device wants nothing.
    pub fn pull(&self) -> Option<Op> {
        if self.synced < self.greeted || self.heard > self.upd {
            return Some(Op::Sync { since: self.token.clone() });
        }
        if let Some(conversation) = self.unknown.first() {
            return Some(Op::Describe { conversation: *conversation });
        }
        self.logs.iter().find_map(|(conversation, log)| {
            let conversation = *conversation;
            if log.heard > log.rev {
                return Some(Op::Changes { conversation, after: log.rev });
            }
            log.thin.then_some(Op::History { conversation, before: None, after: None, limit: NEWEST })
        })
    }

    /// A pull is made now: greetings that come later are not answered by it.
    pub fn asked(&mut self, op: &Op) {
        // A listing that began before a greeting does not cover what passed by until then.
        if matches!(op, Op::Sync { .. }) && !self.listing {
            self.asking = self.greeted;
        }
    }

    /// The answer to a call of this device.
    pub fn answered(&mut self, op: &Op, answer: &Answer) {
        match (op, answer) {
            (Op::Sync { since }, Answer::Sync(page)) => self.sync(since.as_deref(), page),
            (_, Answer::Conversation(conversation)) => self.describe(conversation),
            (Op::History { conversation, .. }, Answer::History(page)) => {
                if let Some(log) = self.logs.get_mut(conversation) {
                    log.history(page);
                }
            }
            (Op::Changes { conversation, after }, Answer::Changes(page)) => {
                self.describe(&page.conversation);
                if let Some(log) = self.logs.get_mut(conversation) {
                    log.changes(*after, page);
                }
            }
            _ => {}
        }
    }

    /// The server knows nothing that a call of this device was about: the account is no member, or not any more. What is
    /// held goes when the account's log tells so.
    pub fn missed(&mut self, op: &Op) {
        let Some(conversation) = op.conversation() else { return };
        self.unknown.remove(&conversation);
        if let Some(log) = self.logs.get_mut(&conversation) {
            (log.heard, log.thin) = (log.rev, false);
        }
    }

    /// A frame of this device's push connection.
    pub fn frame(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Hello { .. } => self.greeted += 1,
            ServerFrame::Pong { .. }
            | ServerFrame::Person { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Presence { .. } => {}
            ServerFrame::Deleted { conversation, floor } => {
                if let Some(log) = self.logs.get_mut(conversation) {
                    log.vis_from = log.vis_from.max(floor.next());
                }
            }
            ServerFrame::Conversation { conversation, prev, pos, head_seq, change } => {
                match self.logs.get_mut(conversation) {
                    None => {
                        self.unknown.insert(*conversation);
                    }
                    Some(log) if *prev == log.rev => {
                        log.change(change);
                        log.rev = *pos;
                        log.heard = log.heard.max(*pos);
                        log.head = log.head.max(*head_seq);
                    }
                    Some(log) => log.heard = log.heard.max(*pos),
                }
            }
            ServerFrame::Account { prev, pos, changes } => {
                self.heard = self.heard.max(*pos);
                if *prev == self.upd {
                    for (upd, change) in (prev.get() + 1..).zip(changes) {
                        self.account(Upd::ZERO.plus(upd), change);
                    }
                    self.upd = *pos;
                }
            }
        }
    }

    fn sync(&mut self, since: Option<&str>, page: &SyncPage) {
        for change in &page.changes {
            self.account(page.upd, change);
        }
        for conversation in &page.conversations {
            self.describe(conversation);
        }
        if since == self.token.as_deref() {
            self.token = Some(page.token.clone());
            self.listing = page.more;
            self.upd = self.upd.max(page.upd);
            self.heard = self.heard.max(page.upd);
            if !page.more {
                self.synced = self.asking;
            }
        }
    }

    fn account(&mut self, upd: Upd, change: &AccountChange) {
        let id = match change {
            AccountChange::Joined { conversation } => return self.describe(conversation),
            AccountChange::Own { conversation, .. }
            | AccountChange::Hidden { conversation, .. }
            | AccountChange::Shown { conversation, .. } => conversation,
            AccountChange::Receipt(receipt) => &receipt.conversation,
            AccountChange::Left { conversation, .. } => {
                if self.logs.get(conversation).is_none_or(|log| log.joined <= upd) {
                    self.logs.remove(conversation);
                    self.unknown.remove(conversation);
                    self.left.insert(*conversation, upd);
                }
                return;
            }
            AccountChange::Settings { .. }
            | AccountChange::Relation { .. }
            | AccountChange::Request(_)
            | AccountChange::Profile { .. }
            | AccountChange::Preferences { .. } => return,
        };
        let Some(log) = self.logs.get_mut(id) else { return };
        match change {
            AccountChange::Own { cursors, .. } => log.own = log.own.max(*cursors),
            AccountChange::Receipt(receipt) if log.peer_id == Some(receipt.reader) => {
                log.peer = log.peer.max(receipt.cursors);
            }
            AccountChange::Hidden { seq, .. } => log.hide(*seq, upd, true),
            AccountChange::Shown { message, .. } => {
                log.hide(message.seq, upd, false);
                log.hold(message);
            }
            _ => {}
        }
    }

    fn describe(&mut self, told: &Conversation) {
        self.unknown.remove(&told.id);
        if self.left.get(&told.id).is_some_and(|left| told.joined <= *left) {
            return;
        }
        match self.logs.get(&told.id).map(|log| log.joined) {
            Some(joined) if told.joined < joined => return,
            // Whoever comes back begins anew.
            Some(joined) if told.joined > joined => drop(self.logs.remove(&told.id)),
            _ => {}
        }
        let me = self.me;
        let log = self.logs.entry(told.id).or_insert_with(|| Log {
            me: Some(me),
            peer_id: told.peer.as_ref().map(|peer| peer.id),
            rev: told.rev,
            heard: told.rev,
            from: told.head_seq.next(),
            head: told.head_seq,
            thin: !told.head_seq.is_zero(),
            joined: told.joined,
            ..Log::default()
        });
        log.heard = log.heard.max(told.rev);
        log.own = log.own.max(told.own);
        log.peer = log.peer.max(told.peer_cursors.unwrap_or_default());
        log.vis_from = log.vis_from.max(told.vis_from);
        log.silent.extend(&told.silent);
        let after = told.own.read;
        for (seq, known) in log.hidden.iter_mut().filter(|(seq, _)| **seq > after && **seq <= told.head_seq) {
            if known.0 < told.upd && !told.hidden.contains(seq) {
                *known = (told.upd, false);
            }
        }
        for seq in &told.hidden {
            log.hide(*seq, told.upd, true);
        }
        if let Some(last) = &told.last {
            log.hold(last);
        }
    }
}

impl Log {
    /// The message at `seq` as this device shows it.
    pub fn shown(&self, seq: Seq) -> Option<&Message> {
        self.messages.get(&seq).filter(|_| seq >= self.vis_from && !self.is_hidden(seq))
    }

    /// Unread messages by the one formula, from what the device holds.
    pub fn unread(&self) -> u64 {
        let after = self.own.read.max(self.vis_from.prev());
        let beyond = after.next()..=self.head.max(after.next());
        let recalled = self.messages.range(beyond.clone()).filter(|(_, message)| !message.body.countable());
        let silent = self.silent.range(beyond.clone()).copied();
        let hidden = self.hidden.range(beyond).filter(|(_, (_, hidden))| *hidden).map(|(seq, _)| *seq);
        let apart: BTreeSet<Seq> =
            recalled.map(|(seq, _)| *seq).chain(silent).chain(hidden).filter(|seq| *seq <= self.head).collect();
        self.head.get().saturating_sub(after.get()) - apart.len() as u64
    }

    pub fn is_hidden(&self, seq: Seq) -> bool {
        self.hidden.get(&seq).is_some_and(|(_, hidden)| *hidden)
    }

    fn hide(&mut self, seq: Seq, upd: Upd, hidden: bool) {
        let known = self.hidden.entry(seq).or_insert((upd, hidden));
        if upd >= known.0 {
            *known = (upd, hidden);
        }
    }

    fn hold(&mut self, message: &Message) {
        let sent = Cursors::at(message.seq);
        // Whoever changes a group has not read what was written in it.
        let implies = !matches!(message.body, MessageBody::Notice { .. });
        if implies && Some(message.sender) == self.me {
            self.own = self.own.max(sent);
        } else if implies && Some(message.sender) == self.peer_id {
            self.peer = self.peer.max(sent);
        }
        let held = self.messages.entry(message.seq).or_insert_with(|| message.clone());
        if message.rev > held.rev {
            *held = message.clone();
        }
    }

    fn change(&mut self, change: &LogChange) {
        match change {
            LogChange::Message { message, .. } => {
                // What is not held among what is, the reader does not see.
                let unseen = message.seq >= self.from && message.seq <= self.head;
                if !unseen || self.messages.contains_key(&message.seq) {
                    self.head = self.head.max(message.seq);
                    self.hold(message);
                }
            }
            LogChange::Withheld { seq } => {
                self.head = self.head.max(*seq);
                self.silent.insert(*seq);
            }
            LogChange::Members { .. } | LogChange::Waiting { .. } | LogChange::Named { .. } => {}
        }
    }

    fn history(&mut self, page: &HistoryPage) {
        if self.thin && page.through >= page.head_seq {
            self.thin = false;
        }
        let told: BTreeSet<Seq> = page.messages.iter().map(|message| message.seq).collect();
        let later = |seq| self.hidden.get(&seq).is_some_and(|(upd, _)| *upd > page.upd);
        let covers = |seq: Seq| seq >= page.from && seq <= page.through;
        self.messages.retain(|seq, held| !covers(*seq) || told.contains(seq) || held.rev > page.rev || later(*seq));
        page.messages.iter().for_each(|message| self.hold(message));
        if page.through.next() >= self.from {
            self.from = self.from.min(page.from);
        }
    }

    fn changes(&mut self, after: Rev, page: &ChangesPage) {
        if page.too_long {
            self.rev = self.rev.max(page.through);
            self.head = self.head.max(page.conversation.head_seq);
            self.messages = self.messages.split_off(&self.head.next());
            self.from = self.head.next();
            self.thin = true;
            return;
        }
        page.messages.iter().for_each(|message| self.hold(message));
        if after <= self.rev && page.through >= self.rev {
            self.rev = page.through;
            if page.through >= page.conversation.rev {
                self.head = self.head.max(page.conversation.head_seq);
            }
        }
    }
}
