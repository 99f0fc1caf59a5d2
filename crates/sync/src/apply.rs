//! What log items and pages do to the device.
//!
//! Everything here is idempotent and monotone: cursors are max-registers, and an object gives way only to a later state
//! of itself (R000-16, T1, T7).

use crate::client::Client;
use crate::pull::Job;
use crate::sessions::{Change, Held};
use crate::timeline::Timeline;
use protocol::messaging::{ChangesPage, HistoryPage, Readers};
use protocol::sync::{AccountChange, Parting, SyncPage};
use protocol::{
    ClientId, Conversation, ConversationId, Cursors, LogChange, Message, MessageBody, Relation, RequestState, Rev, Seq,
    Upd, User, UserId,
};

impl Client {
    /// One page of a sync. Conversations come before the account's changes, which may be about them.
    pub(crate) fn apply_sync(&mut self, page: SyncPage) {
        self.meet(page.users);
        for conversation in page.conversations {
            self.describe(conversation);
        }
        if self.token.is_none() {
            self.requests.clear();
            self.requests.extend(page.requests.iter().map(|request| (request.user, request.at)));
            self.changes.account = true;
        }
        self.apply_account(page.upd, page.changes);
        for (upd, changes) in self.log.advance(page.upd) {
            self.apply_account(upd, changes);
        }
        if page.older.is_some() {
            self.older = page.older;
        }
        self.token = Some(page.token).filter(|token| !token.is_empty());
        self.synced = page.upd;
        self.listing = page.more;
        self.settle_account();
    }

    /// Changes of the account's log, each as it is at a position.
    pub(crate) fn apply_account(&mut self, upd: Upd, changes: Vec<AccountChange>) {
        for change in changes {
            match change {
                AccountChange::Joined { conversation } => self.describe(*conversation),
                AccountChange::Left { conversation, why } => self.part(conversation, upd, why),
                AccountChange::Own { conversation, cursors } => {
                    self.reports.know(conversation, cursors);
                    self.touch(conversation, |held| held.about.own = held.about.own.max(cursors));
                }
                AccountChange::Receipt(receipt) => {
                    let mut unknown = false;
                    self.touch(receipt.conversation, |held| unknown = held.reached(receipt.reader, receipt.cursors));
                    if unknown {
                        self.renew_readers(receipt.conversation);
                    }
                }
                AccountChange::Hidden { conversation, seq } => self.hide(conversation, seq, upd),
                AccountChange::Shown { conversation, message, sender } => {
                    self.meet([sender]);
                    self.confirm(&message);
                    self.touch(conversation, |held| held.show(*message, upd));
                    self.settle(conversation);
                }
                AccountChange::Profile { user } => self.meet([user]),
                AccountChange::Preferences { conversation, preferences } => {
                    self.prefer(conversation, *preferences, upd);
                }
                AccountChange::Settings { receipts, messages_from } => {
                    self.account.receipts = receipts;
                    self.account.messages_from = messages_from;
                    self.settings_at = upd;
                    self.changes.account = true;
                }
                AccountChange::Relation { user, relation } => {
                    let other = user.id;
                    self.meet([user]);
                    self.relate(other, upd, relation);
                }
                // The page of contacts asks for what they say.
                AccountChange::Request(request) if request.incoming => {
                    let waits = request.state == RequestState::Waiting;
                    let moved = match waits {
                        true => self.requests.insert(request.user.id, request.at) != Some(request.at),
                        false => self.requests.remove(&request.user.id).is_some(),
                    };
                    self.changes.account |= moved;
                }
                AccountChange::Request(_) => {}
            }
        }
    }

    /// What the account and another are to each other, at a position of its log (R004-D2).
    pub(crate) fn relate(&mut self, other: UserId, upd: Upd, relation: Relation) {
        let known = self.relations.entry(other).or_insert((upd, relation));
        if known.0 > upd {
            return;
        }
        *known = (upd, relation);
        self.changes.account |= self.requests.contains_key(&other);
        let with = |held: &Held| held.about.peer.as_ref().is_some_and(|peer| peer.id == other);
        let id = self.held.values().find(|held| with(held)).map(|held| held.about.id);
        if let Some(id) = id {
            self.touch(id, |held| held.relate(upd, relation));
        }
    }

    /// A person entered a direct conversation: asks what the account and the peer are to each other (R004-D3). A
    /// conversation that is not held yet is described, which tells it too, and so does the sync of a new connection.
    pub(crate) fn ask_relation(&mut self, id: ConversationId) {
        let held = self.held.get(&id).filter(|_| self.link.open());
        if let Some(peer) = held.and_then(|held| held.about.peer.as_ref()) {
            self.pulls.want_any(Job::Relation(peer.id), self.now);
        }
    }

    /// The account hid a message, at a position of its log.
    pub(crate) fn hide(&mut self, id: ConversationId, seq: Seq, upd: Upd) {
        self.touch(id, |held| held.hide(seq, upd));
        self.settle(id);
    }

    /// A description of a conversation, by whatever way it came.
    pub(crate) fn describe(&mut self, about: Conversation) {
        let (id, rev, now) = (about.id, about.rev, self.now);
        if self.left.get(&id).is_some_and(|left| about.joined <= *left) {
            return;
        }
        match self.held.get(&id).map(|held| held.about.joined) {
            Some(joined) if about.joined < joined => return,
            // Whoever comes back begins anew.
            Some(joined) if about.joined > joined => self.drop_held(id),
            _ => {}
        }
        self.reports.know(id, about.own);
        self.meet(about.peer.clone());
        if let Some(last) = &about.last {
            self.confirm(last);
        }
        if !self.held.contains_key(&id) {
            let told = about.peer.as_ref().and_then(|peer| self.relations.get(&peer.id));
            let mut held = Held::new(about, self.account.id);
            told.into_iter().for_each(|&(upd, relation)| held.relate(upd, relation));
            self.held.insert(id, Box::new(held));
            self.note_mute(id);
            // What stands in the composer outlives a membership that began anew.
            self.tell_draft(id);
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
        let (before, listed) = (self.held.get(&id).map(|held| held.preferred_at()), self.listed(id));
        self.touch(id, |held| {
            held.describe(about);
            if held.timeline.is_some() {
                held.log.expect(now, rev);
            } else {
                ready = held.log.advance(rev);
            }
        });
        self.apply_log(id, ready);
        // It is deleted on this device, as nothing else may have told.
        if listed && self.open() == Some(id) && !self.listed(id) {
            self.leave();
        }
        if self.held.get(&id).map(|held| held.preferred_at()) != before {
            self.preferred(id);
        }
    }

    /// A frame of a conversation's log, or what is as good as one.
    pub(crate) fn arrive(&mut self, id: ConversationId, prev: Rev, pos: Rev, head_seq: Seq, change: LogChange) {
        if let LogChange::Message { message, sender, .. } = &change {
            self.meet([sender.clone()]);
            self.end_typing(id, sender.id);
            self.confirm(message);
            // What a message tells of cursors is true whether or not the log has come to it.
            if self.imply(id, message) {
                self.renew_readers(id);
            }
        }
        // Whatever moves in a conversation that is not held: it may stand in the list now.
        let Some(held) = self.held.get_mut(&id) else { return self.pulls.want(Job::Describe(id), self.now) };
        let ready = held.log.arrive(self.now, prev, pos, Change { pos, head_seq, change });
        self.apply_log(id, ready);
    }

    /// Changes that the log released, in order.
    pub(crate) fn apply_log(&mut self, id: ConversationId, ready: Vec<Change>) {
        for change in ready {
            // While it waited for the log, another page may have told that it writes it.
            if let LogChange::Message { message, .. } = &change.change {
                self.confirm(message);
            }
            // Whoever came has read nothing of what stood there before, and who went counts no more. From whom what another device
            // sent was withheld, and who wrote what is withheld here, only the server knows.
            let withheld = matches!(change.change, LogChange::Withheld { .. });
            let renew = withheld || change.tells_of_members() || self.written_elsewhere(&change);
            // By how many they were and by how many they are: of a group that grows beyond it, the list ends so.
            if renew {
                self.renew_readers(id);
            }
            self.touch(id, |held| {
                held.follow(&change);
                let hidden = held.hides(&change.change);
                if let Some(timeline) = &mut held.timeline {
                    timeline.apply(change.change, change.head_seq, hidden);
                }
            });
            if renew {
                self.renew_readers(id);
            }
        }
        self.settle(id);
    }

    pub(crate) fn apply_changes(&mut self, id: ConversationId, page: ChangesPage) {
        self.meet(page.users);
        let (head, upd) = (page.conversation.head_seq, page.conversation.upd);
        let (through, last) = (page.through, page.through >= page.conversation.rev);
        if page.too_long {
            // Before the description says how far it is to go: that page brings all of it.
            self.pulls.want(Job::Newest(id), self.now);
            return self.describe(page.conversation);
        }
        self.describe(page.conversation);
        for message in &page.messages {
            self.confirm(message);
            self.imply(id, message);
        }
        let mut ready = Vec::new();
        self.touch(id, |held| {
            held.call(page.nicknames);
            let messages = held.admit(page.messages, upd);
            if let Some(timeline) = &mut held.timeline {
                timeline.store_changes(messages, head, last);
            }
            ready = held.log.advance(through);
        });
        self.apply_log(id, ready);
        self.renew_readers(id);
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
        let (mut behind, mut doubtful) = (false, false);
        self.touch(id, |held| {
            held.call(page.nicknames.clone());
            if held.timeline.as_ref().is_some_and(|timeline| !timeline.doubtful) && rev <= held.log.cursor() {
                return;
            }
            behind = held.about.rev < rev;
            held.follow_page(&page);
            // What was shown again while the page was on its way may be missing in it.
            let has = |seq| page.messages.iter().any(|message| message.seq == seq);
            let mut shown = held.exceptions.shown_after(page.upd);
            doubtful = shown.any(|seq| (page.from..=page.through).contains(&seq) && !has(seq));
            drop(shown);
            let messages = held.admit(page.messages, page.upd);
            let mut timeline = Timeline::new(HistoryPage { messages, ..page });
            timeline.doubtful = doubtful;
            if let Some(old) = &mut held.timeline {
                old.take_ahead().for_each(|message| timeline.show(message));
            }
            timeline.begin(held.about.vis_from);
            held.timeline = Some(timeline);
            ready = held.log.restart(now, rev);
        });
        if doubtful {
            self.pulls.want(Job::Newest(id), now);
        }
        if behind {
            self.pulls.want(Job::Describe(id), now);
        }
        self.apply_log(id, ready);
        // Readers that are on their way may be of before the page, whose log tells no more of who came or went until then.
        match behind {
            true => self.renew_readers(id),
            false => self.want_readers(id),
        }
        self.reach_unread(id);
    }

    /// A page of the messages before a seq.
    pub(crate) fn apply_before(&mut self, id: ConversationId, page: HistoryPage, before: Seq) {
        self.meet(page.users.clone());
        page.messages.iter().for_each(|message| self.confirm(message));
        let idle = !self.pulls.paging(id);
        self.touch(id, |held| {
            held.call(page.nicknames.clone());
            let messages = held.admit(page.messages, page.upd);
            if let Some(timeline) = &mut held.timeline {
                timeline.merge_before(HistoryPage { messages, ..page }, before);
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
        if let Job::Prefer(id) = job {
            self.give_wishes_up(id);
        }
        if let Job::Describe(id) = job {
            self.forget_restored(id);
            if !self.held.contains_key(&id) {
                self.give_wishes_up(id);
            }
        }
        if let Job::Describe(id) = job
            && self.held.get(&id).is_some_and(|held| held.doubtful.is_some())
        {
            // It was left while nothing told so, nor why.
            self.part(id, self.log.cursor(), Parting::Left);
        }
        if let Job::Describe(id) | Job::Changes(id) | Job::Newest(id) | Job::Before(id, _) = job {
            self.changes.timelines.insert(id);
            if let (Some(held), Job::Describe(_) | Job::Changes(_)) = (self.held.get_mut(&id), job) {
                held.log.give_up();
            }
        }
    }

    /// The account's log went on without this device, through `upd`: what it told is to be asked for again.
    pub(crate) fn doubt(&mut self, upd: Upd) {
        let open = self.open();
        self.acts.doubt();
        for id in self.held.keys().copied().collect::<Vec<_>>() {
            if let Some(held) = self.held.get_mut(&id) {
                held.doubtful = Some(upd);
                self.changes.timelines.insert(id);
                held.timeline.iter_mut().for_each(|timeline| timeline.doubtful = true);
            }
            if open != Some(id) {
                self.forget_timeline(id);
            }
        }
        if let Some(open) = open {
            self.pulls.want(Job::Newest(open), self.now);
        }
    }

    /// The sync from nothing is through: it did not list what moved meanwhile, nor what is old or left.
    pub(crate) fn describe_doubtful(&mut self) {
        let doubtful = self.held.iter().filter(|(_, held)| held.doubtful.is_some()).map(|(id, _)| *id);
        for id in doubtful.collect::<Vec<_>>() {
            self.pulls.want(Job::Describe(id), self.now);
        }
    }

    pub(crate) fn meet(&mut self, users: impl IntoIterator<Item = User>) {
        for user in users {
            let known = self.users.get(&user.id);
            if known.is_some_and(|known| known.version > user.version || *known == user) {
                continue;
            }
            if known.is_some() {
                self.changed_looks(&user);
            }
            self.keeping.met(user.id);
            self.users.insert(user.id, user);
        }
    }

    /// Somebody whom the device shows has another name or picture.
    fn changed_looks(&mut self, user: &User) {
        if user.id == self.account.id {
            self.account.display_name = user.display_name.clone();
            self.account.avatar = user.avatar.clone();
            self.account.version = user.version;
            self.changes.account = true;
        }
        let about = |held: &Held| held.about.peer.as_ref().is_some_and(|peer| peer.id == user.id);
        self.changes.sessions.extend(self.held.iter().filter(|(_, held)| about(held)).map(|(id, _)| *id));
        self.changes.timelines.extend(self.open.map(|open| open.id));
    }

    pub(crate) fn apply_readers(&mut self, id: ConversationId, readers: Readers) {
        let mut stale = false;
        self.touch(id, |held| stale = held.readers.answer(&readers));
        self.meet(readers.readers.into_iter().map(|reader| reader.user));
        if stale {
            self.renew_readers(id);
        }
    }

    /// Whether the device has the account's own message with this id from the server.
    pub(crate) fn holds_own(&self, id: ConversationId, client_id: ClientId) -> bool {
        let Some(held) = self.held.get(&id) else { return false };
        let own = |message: &Message| message.sender == self.account.id && message.client_id == client_id;
        let in_timeline = held.timeline.as_ref().is_some_and(|timeline| timeline.messages().values().any(own));
        in_timeline || held.about.last.as_ref().is_some_and(own)
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
        let before = (held.standing(self.unread_first), held.counted());
        change(held);
        held.exceptions.forget(held.about.own.read);
        held.muted = held.mutes(self.time);
        self.wishes.await_end(held, self.time);
        self.changes.order |= held.standing(self.unread_first) != before.0;
        self.changes.total |= held.counted() != before.1;
        self.changes.sessions.insert(id);
        self.changes.timelines.insert(id);
        self.reports.consider(id);
        self.restore_read(id);
    }

    /// Whether an own message is new here: another device, or another page, wrote it.
    fn written_elsewhere(&self, change: &Change) -> bool {
        let LogChange::Message { message, .. } = &change.change else { return false };
        message.sender == self.account.id && !self.outbox.has(message.client_id)
    }

    /// A message by somebody tells that they have received and read what is before it (R000-06, R004-B6). Answers as
    /// `Held::reached` does.
    fn imply(&mut self, id: ConversationId, message: &Message) -> bool {
        if matches!(message.body, MessageBody::Notice { .. }) {
            return false;
        }
        let own = message.sender == self.account.id;
        let cursors = Cursors::at(message.seq);
        if own {
            self.reports.know(id, cursors);
        }
        let mut unknown = false;
        self.touch(id, |held| {
            if own {
                held.about.own = held.about.own.max(cursors);
                held.about.answered = true;
            } else {
                unknown = held.reached(message.sender, cursors);
            }
        });
        unknown
    }

    /// After a conversation's log moved: pulls what is missing, and drops rows that the timeline shows now.
    pub(crate) fn settle(&mut self, id: ConversationId) {
        let Some(held) = self.held.get(&id) else { return };
        let job = if held.timeline.is_some() { Job::Changes(id) } else { Job::Describe(id) };
        match held.log.pull_at() {
            Some(_) if self.pulls.wanted(Job::Newest(id)) => {}
            Some(at) => self.pulls.want_any(job, at),
            None if held.unclear() || held.doubtful.is_some() => {}
            None => self.pulls.relent(job),
        }
        if held.unclear() {
            self.pulls.want_any(Job::Describe(id), self.now);
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
}
