//! What a device keeps across reloads, so that a cold start paints from it and syncs on from there (R004-G2).
//!
//! Invariants: what [`Client::take_unstored`] gives, written in one transaction over what was written before, is one
//! consistent state: neither the token nor a log's cursor is ahead of the data beside it. Restoring is a merge: what is
//! older never replaces what is newer, and what was kept by another account or another version is dropped.
//! Deliberately absent: where it is kept, and the outbox and the reading not yet reported, which are kept by themselves.

use crate::client::Client;
use crate::map::Map;
use crate::pull::Job;
use crate::readers::StoredReaders;
use crate::sessions::Held;
use crate::timeline::Timeline;
use crate::{Changes, Start};
use protocol::sync::{SyncPage, WaitingRequest};
use protocol::{Account, Conversation, ConversationId, Cursors, Message, Rev, Rules, Seq, Upd, User, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Moves with every change that an older version could not read, or would read wrongly.
const VERSION: u32 = 5;
/// How much of a timeline is stored.
const KEPT: usize = 200;

/// What stands once in a device's storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDevice {
    version: u32,
    pub account: Account,
    pub rules: Rules,
    /// The cursor of the account's log: through it everything is in the data, or is told by the sync that the token goes on with.
    upd: Upd,
    /// Where the next sync goes on.
    token: Option<String>,
    /// Where in the account's log that is.
    #[serde(default)]
    synced: Upd,
    /// The token stands inside a listing.
    listing: bool,
    /// Where the session list goes on beyond what is stored.
    older: Option<String>,
    /// Whose friend requests wait for an answer.
    #[serde(default)]
    requests: Vec<WaitingRequest>,
}

/// A conversation as a device stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredConversation {
    pub about: Conversation,
    /// What the server knows of one's own cursors; the description may be ahead of it.
    known: Cursors,
    /// Who has read a group's messages (R000-20).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    readers: Option<StoredReaders>,
    /// How it stands only a later description tells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unclear: bool,
}

/// The newest messages of a conversation as a device stores them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTimeline {
    pub conversation: ConversationId,
    /// The cursor of the conversation's log.
    pub(crate) rev: Rev,
    pub(crate) vis_from: Seq,
    /// The seqs `from..end` that it covers, ascending, no two touching.
    pub(crate) covered: Vec<(Seq, Seq)>,
    pub(crate) messages: Vec<Message>,
}

/// Everything that a device has stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub device: StoredDevice,
    pub users: Vec<User>,
    pub conversations: Vec<StoredConversation>,
    pub timelines: Vec<StoredTimeline>,
}

impl Stored {
    /// What a client starts from where there is no page: the list as it is stored. Tell [`crate::Input::Restored`] next.
    pub fn start(&self) -> Start {
        let device = self.device.clone();
        let sync = SyncPage {
            more: device.listing,
            left: 0,
            // Without one the device asks for everything anew.
            token: device.token.unwrap_or_default(),
            upd: device.upd,
            changes: Vec::new(),
            conversations: self.conversations.iter().map(StoredConversation::known).collect(),
            users: self.users.clone(),
            older: device.older,
            requests: device.requests,
        };
        Start {
            account: device.account,
            rules: device.rules,
            now: 0,
            unread_first: true,
            sync,
            open: None,
            presence: None,
            readers: None,
        }
    }
}

impl StoredConversation {
    /// The description with the cursors that the server knows.
    fn known(&self) -> Conversation {
        Conversation { own: self.known, ..self.about.clone() }
    }
}

/// What differs from what is stored, to be written in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unstored {
    /// Nothing of what is stored counts any more: clear it first.
    pub anew: bool,
    pub device: Option<StoredDevice>,
    pub users: Vec<User>,
    pub conversations: Vec<StoredConversation>,
    pub timelines: Vec<StoredTimeline>,
    /// Conversations whose timeline is held no longer.
    pub dropped: Vec<ConversationId>,
    /// Conversations that are not there for the account any more.
    pub gone: Vec<ConversationId>,
}

impl Unstored {
    /// Through which messages conversations are stored once this is written: for [`crate::Input::Stored`].
    pub fn through(&self) -> Vec<(ConversationId, Seq)> {
        self.conversations.iter().map(|stored| (stored.about.id, stored.about.head_seq)).collect()
    }
}

/// What the device knows of its storage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keeping {
    /// Conversations that may differ from what is stored.
    moved: BTreeSet<ConversationId>,
    met: BTreeSet<UserId>,
    anew: bool,
    /// What is stored; of the timelines, fingerprints.
    device: Option<StoredDevice>,
    conversations: Map<ConversationId, StoredConversation>,
    timelines: Map<ConversationId, u64>,
}

impl Keeping {
    /// What looks different may be different.
    pub fn note(&mut self, changes: &Changes) {
        self.moved.extend(changes.sessions.iter().chain(&changes.timelines));
    }

    pub fn met(&mut self, user: UserId) {
        self.met.insert(user);
    }
}

fn fingerprint(timeline: &StoredTimeline) -> u64 {
    let mut hasher = DefaultHasher::new();
    let states = timeline.messages.iter().map(|message| (message.seq.get(), message.rev.get()));
    let spans = timeline.covered.iter().map(|span| (span.0.get(), span.1.get()));
    states.chain(spans).for_each(|pair| pair.hash(&mut hasher));
    timeline.vis_from.get().hash(&mut hasher);
    hasher.finish()
}

impl Client {
    /// What is to be written, if anything differs from what was written last. It counts as written from here on: after
    /// a failure, call [`Client::store_anew`].
    pub fn take_unstored(&mut self) -> Option<Unstored> {
        if self.pulls.wanted(Job::Begin) {
            // Begun once more, a device that has stored something would no longer look like a new one.
            return None;
        }
        let device = StoredDevice {
            version: VERSION,
            account: self.account.clone(),
            rules: self.rules,
            upd: self.log.cursor(),
            token: self.token.clone(),
            synced: self.synced,
            listing: self.listing,
            older: self.older.clone(),
            requests: self.requests.iter().map(|(&user, &at)| WaitingRequest { user, at }).collect(),
        };
        let mut unstored = Unstored { anew: std::mem::take(&mut self.keeping.anew), ..Unstored::default() };
        self.keeping.moved.append(&mut self.reports.take_learned());
        for id in std::mem::take(&mut self.keeping.moved) {
            // What is doubtful is worth nothing beside a token that says it is known.
            let Some(held) = self.held.get(&id).filter(|held| held.doubtful.is_none()) else {
                unstored.gone.extend(self.keeping.conversations.remove(&id).map(|_| id));
                unstored.dropped.extend(self.keeping.timelines.remove(&id).map(|_| id));
                continue;
            };
            let conversation = StoredConversation {
                about: held.description(self.synced),
                known: self.reports.known(id),
                readers: held.readers.to_store(),
                unclear: held.unclear(),
            };
            if self.keeping.conversations.get(&id) != Some(&conversation) {
                self.keeping.conversations.insert(id, conversation.clone());
                unstored.conversations.push(conversation);
            }
            match held.timeline.as_ref().filter(|timeline| !timeline.doubtful) {
                Some(timeline) => {
                    let timeline = timeline.to_store(id, held.log.cursor(), KEPT);
                    let print = fingerprint(&timeline);
                    if self.keeping.timelines.insert(id, print) != Some(print) {
                        unstored.timelines.push(timeline);
                    }
                }
                None => unstored.dropped.extend(self.keeping.timelines.remove(&id).map(|_| id)),
            }
        }
        let met = std::mem::take(&mut self.keeping.met);
        unstored.users.extend(met.iter().filter_map(|id| self.users.get(id)).cloned());
        if self.keeping.device.as_ref() != Some(&device) || unstored != Unstored::default() {
            self.keeping.device = Some(device.clone());
            unstored.device = Some(device);
        }
        (unstored != Unstored::default()).then_some(unstored)
    }

    /// Nothing counts as stored any more: another one has written, or a write failed.
    pub fn store_anew(&mut self) {
        self.keeping = Keeping { anew: true, ..Keeping::default() };
        self.keeping.moved.extend(self.held.keys().copied());
        self.keeping.met.extend(self.users.keys().copied());
    }

    /// The device keeps its data. Merges in what it kept.
    pub(crate) fn restore_stored(&mut self, stored: Option<Stored>) {
        self.reports.await_storage(true);
        let of_this = |stored: &Stored| {
            let device = &stored.device;
            device.version == VERSION && device.account.id == self.account.id && device.token.is_some()
        };
        let Some(stored) = stored.filter(of_this) else { return self.store_anew() };
        for user in stored.users {
            match self.users.get(&user.id) {
                Some(known) if *known == user => drop(self.keeping.met.remove(&user.id)),
                Some(_) => self.meet([user]),
                None => drop(self.users.insert(user.id, user)),
            }
        }
        // A page that lists everything leaves out what was left, as the sync tells, and what was deleted on this device, which may
        // have missed the answer: how that stands, only a description tells.
        let whole = !self.listing && self.older.is_none();
        for conversation in stored.conversations {
            let about = &conversation.about;
            let (id, head, deleted) = (about.id, about.head_seq, !about.listed());
            if whole && !deleted && !self.held.contains_key(&id) {
                self.unlisted.insert(id);
            } else {
                self.restore_conversation(&conversation);
            }
            self.reports.stored([(id, head)]);
            self.keeping.conversations.insert(id, conversation);
        }
        // A page reads its messages after the place in the account's log that it names: they are as late, or later.
        let current = stored.device.synced <= self.log.cursor();
        for timeline in stored.timelines {
            self.restore_timeline(timeline, current);
        }
        // The page tells how conversations stand now, but not what befell the messages stored: the sync goes on where the device
        // was. Where another page has stored what a later sync told, it goes on from this page: only so it hears what the
        // account's log told in between.
        if current {
            self.token.clone_from(&stored.device.token);
            self.synced = stored.device.synced;
            self.listing = stored.device.listing;
            self.older.clone_from(&stored.device.older);
        }
        self.keeping.device = Some(stored.device);
    }

    fn restore_conversation(&mut self, stored: &StoredConversation) {
        let (id, rev, own) = (stored.about.id, stored.about.rev, stored.about.own);
        self.describe(stored.known());
        self.touch(id, |held| {
            held.vague |= stored.unclear && held.about.rev <= rev;
            held.about.own = held.about.own.max(own);
            if let Some(told) = stored.about.peer_cursors {
                held.about.peer_cursors = Some(held.about.peer_cursors.unwrap_or_default().max(told));
            }
            stored.readers.clone().into_iter().for_each(|readers| held.readers.restore(readers));
        });
        self.settle(id);
    }

    /// `current`: what the page brought along is as late in the account's log, or later. What that hid stays hidden.
    fn restore_timeline(&mut self, stored: StoredTimeline, current: bool) {
        let (id, rev, now) = (stored.conversation, stored.rev, self.now);
        self.keeping.timelines.insert(id, fingerprint(&stored));
        let same = |held: &Held| {
            let stored = self.keeping.conversations.get(&id);
            stored.is_some_and(|stored| stored.about.joined == held.about.joined)
        };
        let Some(vis_from) = self.held.get(&id).filter(|held| same(held)).map(|held| held.about.vis_from) else {
            return;
        };
        let Some(timeline) = Timeline::stored(stored, vis_from) else { return };
        let mut ready = Vec::new();
        self.touch(id, |held: &mut Held| {
            let gone = |seq| current && held.timeline.as_ref().is_some_and(|newest| newest.misses(seq));
            let timeline = timeline.without(|seq| held.exceptions.hides(seq) || gone(seq));
            match &mut held.timeline {
                // The page's newest messages stay, and the log brings what happened to the older ones since.
                Some(newest) if rev <= held.log.cursor() => newest.join(timeline),
                held => *held = Some(timeline),
            }
            ready = held.log.restart(now, rev);
            held.log.expect(now, held.about.rev);
        });
        self.apply_log(id, ready);
        if !self.visited.contains(&id) {
            self.visited.insert(0, id);
        }
    }
}
