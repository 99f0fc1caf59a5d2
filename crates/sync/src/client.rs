//! The engine's one door: inputs in, effects out.
//!
//! Here is decided what happens; what is done by itself, and when, stands in `work`, where an answer goes in `answers`, what a log's items do to the
//! device in `apply`, what the page shows of it in `view`.

use crate::acting::Acts;
use crate::counts::Checks;
use crate::link::Link;
use crate::log::Log;
use crate::map::Map;
use crate::order::Stood;
use crate::outbox::Outbox;
use crate::preferences::Wishes;
use crate::presence::{Company, Presence};
use crate::pull::{Job, Pulls};
use crate::receipts::Reports;
use crate::sessions::Held;
use crate::stored::Keeping;
use crate::upload::Upload;
use crate::{Changes, Effect, Input, RequestId, Start, Unsent};
use protocol::sync::{AccountChange, Parting};
use protocol::{
    Account, ClientId, ConversationId, ConversationKind, Message, MessageBody, Millis, Relation, Rules, Seq,
    ServerFrame, Upd, User, UserId, frame,
};
use std::collections::BTreeSet;

/// A page that wakes up asks what happened, unless it has asked not longer ago than this (R004-B7.20).
const FRESH: Millis = 10_000;

/// A clock that goes back by more was set: what time it is on the server by it is to be told anew. In milliseconds.
const SET_BACK: Millis = 5_000;

/// A device of one account.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) account: Account,
    pub(crate) rules: Rules,
    pub(crate) users: Map<UserId, User>,
    pub(crate) held: Map<ConversationId, Box<Held>>,
    pub(crate) log: Log<Upd, (Upd, Vec<AccountChange>)>,
    /// What its log has told of relations to others, and at which position.
    pub(crate) relations: Map<UserId, (Upd, Relation)>,
    /// Whose friend requests wait for an answer, and since when.
    pub(crate) requests: Map<UserId, Millis>,
    /// The position at which the account's settings last changed.
    pub(crate) settings_at: Upd,
    pub(crate) token: Option<String>,
    /// Where the token stands in the account's log.
    pub(crate) synced: Upd,
    /// The token stands inside a listing that began some time ago.
    pub(crate) listing: bool,
    /// Where the session list goes on beyond what was synced; absent when nothing follows.
    pub(crate) older: Option<String>,
    /// What was asked for with it last.
    pub(crate) listed_before: Option<String>,
    /// The server no longer takes the token: what the account's log told since it is not told any more.
    pub(crate) anew: bool,
    /// Which counts the server compares next, and when.
    pub(crate) checks: Checks,
    /// What moved since that listing began is still to be asked for.
    pub(crate) behind: bool,
    pub(crate) open: Option<Opened>,
    /// Nobody sees the page, as far as it was told.
    pub(crate) hidden: bool,
    /// Conversations whose timeline is held, by when they were last opened.
    pub(crate) visited: Vec<ConversationId>,
    /// How far conversations not met yet were read before the page was loaded.
    pub(crate) restored: Map<ConversationId, Seq>,
    /// Conversations that are stored and that the page leaves out, until the sync has told which of them were left.
    pub(crate) unlisted: BTreeSet<ConversationId>,
    /// Conversations that the account has left, and through which position of its log: what is told of an earlier
    /// membership comes too late.
    pub(crate) left: Map<ConversationId, Upd>,
    pub(crate) outbox: Outbox,
    pub(crate) reports: Reports,
    pub(crate) wishes: Wishes,
    pub(crate) company: Company,
    /// Whether conversations with unread messages stand above the others.
    pub(crate) unread_first: bool,
    pub(crate) acts: Acts,
    pub(crate) pulls: Pulls,
    pub(crate) link: Link,
    pub(crate) changes: Changes,
    pub(crate) keeping: Keeping,
    /// The engine's own time, which never goes back.
    pub(crate) now: Millis,
    /// How far it is ahead of the device's clock, because that was set back.
    pub(crate) ahead: Millis,
    /// How far the server's clock was ahead of the device's when the server last told, in milliseconds.
    pub(crate) skew: i64,
    /// The server's time at the last step, or when the page was made.
    pub(crate) time: Millis,
    pub(crate) effects: Vec<Effect>,
    /// Posts and uploads on their way.
    pub(crate) posts: Map<RequestId, (ConversationId, ClientId)>,
    /// How many calls were made so far.
    pub(crate) asked: u64,
    pub(crate) synced_at: Millis,
    /// When it was said last how far a conversation was read here.
    pub(crate) read_said_at: Millis,
    pub(crate) wake: Option<Millis>,
    pub(crate) ended: bool,
}

/// The open conversation, and what of it stays as it was when it was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    pub id: ConversationId,
    pub first_unread: Option<Seq>,
    pub stood: Option<Stood>,
}

/// Several random numbers out of the one that a step brings (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Client {
    /// The device as the page's data describe it. The same data make the same first paint, on the server and in the
    /// browser.
    pub fn new(start: Start) -> Self {
        let mut client = Self {
            users: Map::new(),
            account: start.account,
            rules: start.rules,
            held: Map::new(),
            log: Log::new(start.sync.upd),
            relations: Map::new(),
            requests: Map::new(),
            settings_at: start.sync.upd,
            token: None,
            synced: Upd::ZERO,
            listing: false,
            older: None,
            listed_before: None,
            behind: false,
            anew: false,
            checks: Checks::default(),
            open: None,
            hidden: false,
            visited: Vec::new(),
            restored: Map::new(),
            unlisted: BTreeSet::new(),
            left: Map::new(),
            outbox: Outbox::default(),
            reports: Reports::default(),
            wishes: Wishes::default(),
            company: Company::default(),
            unread_first: start.unread_first,
            acts: Acts::default(),
            pulls: Pulls::default(),
            link: Link::new(),
            changes: Changes::default(),
            keeping: Keeping::default(),
            now: 0,
            ahead: 0,
            skew: 0,
            time: start.now,
            effects: Vec::new(),
            posts: Map::new(),
            asked: 0,
            synced_at: 0,
            read_said_at: 0,
            wake: None,
            ended: false,
        };
        client.users.insert(client.account.id, client.account.user());
        client.apply_sync(start.sync);
        client.anew = client.token.is_none();
        if let Some((id, page)) = start.open {
            client.apply_newest(id, page);
            client.enter(id);
            client.meet_presence(start.presence);
            start.readers.into_iter().for_each(|readers| client.apply_readers(id, readers));
        }
        client.keeping.note(&client.changes);
        client.changes = Changes::default();
        client
    }

    /// Takes in what happened at `now`, by the device's clock, and answers what to do about it.
    pub fn step(&mut self, now: Millis, random: u64, input: Input) -> Vec<Effect> {
        if self.ended {
            return Vec::new();
        }
        // A clock that was set back must not stop every timer until it has caught up (T19).
        let ahead = self.ahead.max(self.now.saturating_sub(now));
        let set_back = ahead > self.ahead + SET_BACK;
        self.ahead = ahead;
        if self.now == 0 && self.time > 0 {
            // Until the server greets, the page tells what time it is there.
            self.skew = self.time as i64 - now as i64;
        }
        self.now = now + self.ahead;
        if set_back {
            self.link.renew(self.now, &mut self.effects);
        }
        let mut dice = Dice(random);
        let (state, interrupted) = (self.link.state(), self.link.interrupted());
        let was_live = self.link.live();
        self.take(input, &mut dice);
        self.pass_time();
        if self.link.live() && !was_live {
            self.hurry();
        }
        self.work(&mut dice);
        self.changes.link |= state != self.link.state() || interrupted != self.link.interrupted();
        self.keeping.note(&self.changes);
        std::mem::take(&mut self.effects)
    }

    /// What changed on screen since this was last asked.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    fn take(&mut self, input: Input, dice: &mut Dice) {
        let now = self.now;
        match input {
            Input::Started => self.link.start(now, &mut self.effects),
            Input::Tick => self.wake = None,
            Input::SocketOpened => {}
            Input::SocketFrame(frame) => self.take_frame(frame),
            Input::SocketHeard => self.link.heard(),
            Input::SocketClosed { code: frame::close::REVOKED } => self.end(),
            Input::SocketClosed { .. } => {
                if !self.link.open() {
                    self.ask_unconnected();
                }
                self.link.closed(now, dice.roll());
            }
            Input::Visible(visible) => {
                self.hidden = !visible;
                if visible {
                    self.watch_here();
                }
            }
            Input::Woke => self.wake_up(),
            Input::Answered { request, answer } => self.take_answer(request, answer, dice),
            Input::Restored(stored) => self.restore_stored(stored.map(|stored| *stored)),
            Input::StorageEmpty => self.pulls.want(Job::Begin, now),
            Input::Stored(through) => self.reports.stored(through),
            Input::StorageLost => {
                self.reports.await_storage(false);
                // Also of what was never stored.
                self.held.keys().for_each(|id| self.reports.consider(*id));
            }
            Input::OutboxRestored(unsent) => self.restore(unsent),
            Input::OutboxElsewhere(unsent) => self.mirror(unsent),
            Input::UploadMoves(id) => self.outbox.moves(id),
            Input::UploadingElsewhere(id) => self.outbox.uploading_elsewhere(id, now),
            Input::ReadElsewhere(reads) => reads.into_iter().for_each(|(id, seq)| self.read_elsewhere(id, seq)),
            Input::WatchedElsewhere => self.watched_elsewhere(),
            Input::ReadsRestored(reads) => {
                self.restored.extend(reads.iter().copied());
                reads.into_iter().for_each(|(id, _)| self.restore_read(id));
            }
            Input::Open(id) => {
                self.enter(id);
                self.ask_relation(id);
            }
            Input::Close => self.leave(),
            Input::Send { conversation, client_id, body } => self.write(conversation, vec![(client_id, body)]),
            Input::SendTogether { conversation, messages } => self.write(conversation, messages),
            Input::Typed { conversation, text } => {
                if !text.is_empty() {
                    self.tell_typing(conversation);
                }
                self.type_draft(conversation, text);
            }
            Input::TypedElsewhere(draft) => self.type_elsewhere(draft),
            Input::DraftKnownElsewhere { conversation, text } => self.known_elsewhere(conversation, &text),
            Input::DraftsRestored(drafts) => self.restore_drafts(drafts),
            Input::Retry(id) => self.retry(id),
            Input::Discard(id) | Input::DiscardedElsewhere(id) => {
                if let Some(unsent) = self.outbox.discard(id) {
                    self.show_outbox(unsent.conversation);
                    self.effects.push(Effect::Forget(id));
                }
            }
            Input::LoadOlder(id) => self.load_older(id),
            Input::LoadOlderSessions => {
                if self.older.is_some() {
                    self.pulls.want_any(Job::Sessions, now);
                }
            }
            Input::LoadGap { conversation, before } => self.load_before(conversation, before),
            Input::Seen { conversation, seq } => {
                self.hidden = false;
                self.see(conversation, seq);
            }
            Input::Act(action) => self.act(action),
            Input::Leaving => {
                self.hidden = true;
                self.consider_open();
                self.report(true);
                self.tell_drafts();
            }
            Input::Joined(conversation) => self.describe(conversation),
            Input::Met(users) => self.meet(users),
        }
    }

    /// Puts what a person has written into the outbox, unless it is there.
    fn write(&mut self, conversation: ConversationId, messages: Vec<(ClientId, MessageBody)>) {
        let long = messages.iter().any(|(_, body)| Upload::takes_long(body));
        for (client_id, body) in messages {
            if self.outbox.has(client_id) {
                continue;
            }
            let (at, place) = (self.clock(), self.outbox.end(self.clock()));
            let (upload, writing) = (Upload::of(&body, long), matches!(body, MessageBody::Text { .. }));
            let unsent = Unsent { conversation, client_id, body, at, place, failed: None, upload };
            self.effects.push(Effect::Persist(unsent.clone()));
            self.outbox.put(unsent);
            self.outbox.hasten(conversation);
            self.show_outbox(conversation);
            // A picture or a file is sent beside what is being written.
            if writing {
                self.empty_draft(conversation);
            }
        }
    }

    pub(crate) fn retry(&mut self, id: ClientId) {
        if let Some(unsent) = self.outbox.retry(self.clock(), id) {
            self.show_outbox(unsent.conversation);
            self.effects.push(Effect::Persist(unsent));
        } else if self.outbox.waits(id) {
            self.hurry();
            self.wake_up();
        }
    }

    /// Whether an own message is neither sent nor given up.
    pub fn waits(&self, id: ClientId) -> bool {
        self.outbox.waits(id)
    }

    /// Something says that there is a network, or that somebody looks.
    fn wake_up(&mut self) {
        let given_up = self.link.woke(self.now, &mut self.effects);
        // A connection that only looks open is found out later than what happened meanwhile is to be seen.
        if given_up || self.link.live() && self.synced_at + FRESH <= self.now {
            self.ask_unconnected();
        }
    }

    fn take_frame(&mut self, frame: ServerFrame) {
        self.link.heard();
        match frame {
            ServerFrame::Hello { server_time, heartbeat_s, rules, .. } => {
                self.rules = rules;
                self.consider_open();
                self.skew = server_time as i64 - self.clock() as i64;
                self.link.greeted(self.now, heartbeat_s);
                self.watch_anew();
                self.hurry();
                // A listing that began before the greeting does not cover what passed by until then.
                self.behind |= self.lists();
                self.pulls.want(Job::Sync, self.now);
            }
            ServerFrame::Conversation { conversation, prev, pos, head_seq, change } => {
                self.arrive(conversation, prev, pos, head_seq, change);
            }
            // In a group it may be of a membership that is over: its description tells.
            ServerFrame::Deleted { conversation, floor } => match self.held.get(&conversation) {
                Some(held) if held.about.kind == ConversationKind::Direct => self.delete(conversation, floor),
                _ => self.pulls.want(Job::Describe(conversation), self.now),
            },
            ServerFrame::Account { prev, pos, changes } => {
                for (upd, changes) in self.log.arrive(self.now, prev, pos, (pos, changes)) {
                    self.apply_account(upd, changes);
                }
                self.settle_account();
            }
            ServerFrame::Person { user } => self.meet([user]),
            ServerFrame::Typing { conversation, user } => self.hear_typing(conversation, user),
            ServerFrame::Presence { user, online, seen_at } => self.hear_presence(user, Presence { online, seen_at }),
            // One that was long on its way tells nothing: a clock that was set forward looks the same (T19).
            ServerFrame::Pong { server_time } if self.link.answered(self.now) => {
                self.skew = server_time as i64 - self.clock() as i64;
            }
            ServerFrame::Pong { .. } => {}
        }
    }

    /// Nothing of the conversation is there for the account any more, as its log told through `upd`.
    pub(crate) fn part(&mut self, id: ConversationId, upd: Upd, why: Parting) {
        let left = self.left.entry(id).or_default();
        *left = (*left).max(upd);
        match self.held.get(&id) {
            Some(held) if held.about.joined > upd => return,
            Some(_) => {}
            // The page left it out: of what was kept of it, only what is written there is still somebody's affair.
            None => {
                if self.restored.remove(&id).is_some() {
                    self.effects.push(Effect::ForgetRead(id));
                }
                return self.give_wishes_up(id);
            }
        }
        if self.open() == Some(id) {
            self.leave();
            self.changes.parted = Some((id, why)).filter(|_| why != Parting::Left);
        }
        self.drop_held(id);
        self.give_wishes_up(id);
        self.restored.remove(&id);
        self.effects.push(Effect::ForgetRead(id));
        // Whoever has come back since may have written it there: if not, it is forgotten.
        if self.outbox.conversations().any(|conversation| conversation == id) {
            self.pulls.want_any(Job::Describe(id), self.now);
        }
    }

    /// Drops what is held of a membership that is over.
    pub(crate) fn drop_held(&mut self, id: ConversationId) {
        self.held.remove(&id);
        self.visited.retain(|visited| *visited != id);
        self.pulls.forget(id);
        self.changes.sessions.insert(id);
        self.changes.timelines.insert(id);
        self.changes.order = true;
        self.changes.total = true;
        if let Some(open) = self.open.as_mut().filter(|open| open.id == id) {
            open.stood = None;
        }
    }

    pub(crate) fn load_older(&mut self, id: ConversationId) {
        let timeline = self.held.get(&id).and_then(|held| held.timeline.as_ref());
        if let Some(oldest) = timeline.filter(|timeline| timeline.can_load_older()).map(|timeline| timeline.oldest()) {
            self.load_before(id, oldest);
        }
    }

    fn load_before(&mut self, id: ConversationId, before: Seq) {
        if let Some(timeline) = self.held.get_mut(&id).and_then(|held| held.timeline.as_mut()) {
            timeline.expect_page();
            self.pulls.want_any(Job::Before(id, before), self.now);
            self.changes.timelines.insert(id);
        }
    }

    /// The login was ended: nothing more is asked of the server, and the outbox stays where it is kept.
    pub(crate) fn end(&mut self) {
        self.link.end(&mut self.effects);
        self.effects.push(Effect::LoggedOut);
        self.ended = true;
    }

    /// The message is on the server: it needs to be kept no longer.
    pub(crate) fn confirm(&mut self, message: &Message) {
        if message.sender == self.account.id && self.outbox.confirm(message) {
            self.effects.push(Effect::Forget(message.client_id));
        }
    }
}
