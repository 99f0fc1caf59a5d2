//! The server as the specification has it, without a database: logs, cursors, frames; `pages` has what devices read.

use super::pages::{HISTORY_PAGE, SYNC_SEGMENT};
use super::{conversation_id, on_server, user, user_id};
use protocol::sync::{AccountChange, CheckedCounts, Count, PageSize};
use protocol::{
    ApiError, ClientId, Contact, Conversation, ConversationId, ConversationKind, Cursors, ErrorCode, LogChange,
    Message, MessageBody, MessagesFrom, Millis, Preferences, Receipt, Relation, Rev, Rules, Seq, ServerFrame, Upd,
    UserId,
};
use std::collections::{BTreeMap, BTreeSet};
use sync::{Answer, Failure, Request, Start};

/// Who asks, from which device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    pub me: UserId,
    pub device: u64,
}

impl From<UserId> for Who {
    fn from(me: UserId) -> Self {
        Self { me, device: 0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Object {
    Joined(ConversationId),
    Own(ConversationId),
    Receipt(ConversationId, UserId),
    Message(ConversationId, Seq),
    Settings,
    Preferences(ConversationId),
}

#[derive(Clone, Debug, Default)]
pub(super) struct AccountLog {
    pub upd: Upd,
    pub objects: BTreeMap<Object, Upd>,
}

#[derive(Clone, Debug)]
pub struct Room {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub members: Vec<UserId>,
    pub messages: Vec<Message>,
    pub cursors: BTreeMap<UserId, Cursors>,
    /// The newest message that each member sent.
    pub(super) sent: BTreeMap<UserId, Seq>,
    /// What an owner of messages was told of a reader.
    pub(super) told: BTreeMap<(UserId, UserId), Cursors>,
    pub(super) hidden: BTreeSet<(UserId, Seq)>,
    pub(super) withheld: BTreeSet<(UserId, Seq)>,
    pub(super) rev: Rev,
    pub(super) version: u64,
}

impl Room {
    pub fn head(&self) -> Seq {
        Seq::ZERO.plus(self.messages.len() as u64)
    }

    pub fn peer(&self, me: UserId) -> Option<UserId> {
        let direct = self.kind == ConversationKind::Direct;
        self.members.iter().copied().find(|member| direct && *member != me)
    }

    pub fn shows(&self, me: UserId, seq: Seq) -> bool {
        !self.hidden.contains(&(me, seq)) && !self.withheld.contains(&(me, seq))
    }

    pub(super) fn message(&mut self, seq: Seq) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.seq == seq)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Server {
    pub now: Millis,
    pub rules: Rules,
    pub rooms: BTreeMap<ConversationId, Room>,
    pub preferences: BTreeMap<(UserId, ConversationId), Preferences>,
    /// Where each draft last changed.
    pub drafted: BTreeMap<(UserId, ConversationId), Upd>,
    /// Accounts that neither give nor get receipts.
    pub private: BTreeSet<UserId>,
    /// How far a device has deleted a conversation, and the commit that did.
    pub(super) floors: BTreeMap<(u64, ConversationId), (Seq, u64)>,
    /// How far any device of an account has.
    pub(super) deepest: BTreeMap<(UserId, ConversationId), Seq>,
    pub(super) logs: BTreeMap<UserId, AccountLog>,
    pub(super) version: u64,
    /// Tokens of an earlier one are refused.
    pub epoch: u64,
    /// What was published since it was last taken, in commit order.
    frames: Vec<(UserId, ServerFrame)>,
    /// Who uploaded a picture under which key.
    uploads: BTreeSet<(UserId, ClientId)>,
}

impl Server {
    pub fn take_frames(&mut self) -> Vec<(UserId, ServerFrame)> {
        std::mem::take(&mut self.frames)
    }

    pub fn create(&mut self, id: u64, kind: ConversationKind, members: &[u64]) -> ConversationId {
        let id = conversation_id(id);
        if self.rooms.contains_key(&id) {
            return id;
        }
        let members: Vec<UserId> = members.iter().map(|&member| user_id(member)).collect();
        self.version += 1;
        let room = Room {
            id,
            kind,
            members: members.clone(),
            messages: Vec::new(),
            cursors: members.iter().map(|&member| (member, Cursors::default())).collect(),
            sent: BTreeMap::new(),
            told: BTreeMap::new(),
            hidden: BTreeSet::new(),
            withheld: BTreeSet::new(),
            rev: Rev::ZERO,
            version: self.version,
        };
        self.rooms.insert(id, room);
        for member in members {
            self.stamp(member, &[Object::Joined(id)]);
        }
        id
    }

    pub fn send(&mut self, sender: UserId, id: ConversationId, client_id: ClientId, body: MessageBody) -> Message {
        self.send_without(sender, id, client_id, body, &[])
    }

    /// Sends a message that some members do not see.
    pub fn send_without(
        &mut self,
        sender: UserId,
        id: ConversationId,
        client_id: ClientId,
        body: MessageBody,
        invisible: &[UserId],
    ) -> Message {
        let (now, version) = (self.now, self.version + 1);
        let room = self.rooms.get_mut(&id).expect("the room exists");
        if let Some(sent) = room.messages.iter().find(|m| m.sender == sender && m.client_id == client_id) {
            return sent.clone();
        }
        self.version = version;
        room.version = version;
        room.rev = room.rev.next();
        let message = Message { seq: room.head().next(), rev: room.rev, sender, client_id, at: now, body };
        room.messages.push(message.clone());
        room.cursors.insert(sender, Cursors::at(message.seq));
        room.sent.insert(sender, message.seq);
        room.withheld.extend(invisible.iter().map(|member| (*member, message.seq)));
        self.publish(id, message.clone());
        message
    }

    /// Changes a message, as a recall and an audit do and an edit will; what was recalled stays so.
    pub fn change(&mut self, id: ConversationId, seq: Seq, body: MessageBody) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let rev = room.rev.next();
        let Some(message) =
            room.message(seq).filter(|message| message.body.countable() || message.body == MessageBody::Removed)
        else {
            return;
        };
        message.rev = rev;
        message.body = body;
        let message = message.clone();
        self.version += 1;
        (room.rev, room.version) = (rev, self.version);
        self.publish(id, message);
    }

    pub fn answer(&mut self, who: impl Into<Who>, request: Request) -> Result<Answer, Failure> {
        let who = who.into();
        Ok(match request {
            Request::Sync { since, page } => Answer::Sync(self.sync(who, since.as_deref(), page)?),
            Request::BeginAnew => {
                self.begin_anew(who);
                Answer::Done
            }
            Request::History { conversation, before, after, limit } => {
                assert_eq!(after, None);
                Answer::History(self.history(who, conversation, before, limit.min(HISTORY_PAGE)))
            }
            Request::Changes { conversation, after } => Answer::Changes(self.changes(who, conversation, after)),
            Request::Conversation { conversation } if !self.rooms.contains_key(&conversation) => {
                return Err(Self::refuse(ErrorCode::NotFound, false));
            }
            Request::Conversation { conversation } => Answer::Conversation(self.describe(who, conversation)),
            Request::Upload { client_id, body } => {
                self.uploads.insert((who.me, client_id));
                Answer::Uploaded(on_server(client_id, &body))
            }
            Request::Post { conversation, client_id, body } => {
                if body.medium().is_some() {
                    assert_eq!(body, on_server(client_id, &body), "posted before it was uploaded");
                    assert!(self.uploads.contains(&(who.me, client_id)));
                }
                Answer::Posted(self.send(who.me, conversation, client_id, body))
            }
            Request::Report { reports, .. } => {
                for report in reports {
                    self.report(who.me, report);
                }
                Answer::Reported
            }
            Request::Check { counts } => {
                let wrong = |count: &Count| {
                    let right = self.count(who, count.conversation);
                    count.compares_with(&right) && *count != right
                };
                // What a device counts wrongly is to be found, not mended.
                let wrong: Vec<_> = counts.iter().filter(|count| wrong(count)).collect();
                assert!(wrong.is_empty(), "{:?} counts otherwise: {wrong:?}", who.me);
                Answer::Checked(CheckedCounts { wrong: Vec::new(), users: Vec::new() })
            }
            Request::Prefer { conversation, change, .. } => self.prefer(who.me, conversation, change),
            Request::Conversations { .. } => panic!("this server lists everything"),
            Request::Contact { user: other } => {
                let upd = self.logs.get(&who.me).map_or(Upd::ZERO, |log| log.upd);
                Answer::Contact(Contact { user: user(other), relation: Relation::NONE, upd })
            }
            Request::Readers { conversation } => Answer::Readers(self.readers(who.me, conversation)),
            Request::Act(action) => self.act(who, action)?,
        })
    }

    /// What a device should count that has everything.
    pub fn count(&self, who: impl Into<Who>, id: ConversationId) -> Count {
        Count::of(&self.describe(who, id))
    }

    pub fn start(&self, who: impl Into<Who>, open: Option<ConversationId>) -> Start {
        let who = who.into();
        let segment = PageSize::try_from(SYNC_SEGMENT as u32).expect("a segment is a page");
        let mut sync = self.sync(who, None, segment).expect("a sync from nothing");
        let open = open.filter(|id| self.member(who.me, *id)).map(|id| {
            if !sync.conversations.iter().any(|conversation| conversation.id == id) {
                sync.conversations.push(self.describe(who, id));
            }
            (id, self.history(who, id, None, HISTORY_PAGE))
        });
        let (account, rules, now) = (self.account(who.me), self.rules, self.now);
        Start { account, rules, now, unread_first: true, sync, open, presence: None, readers: None }
    }

    pub fn describe(&self, who: impl Into<Who>, id: ConversationId) -> Conversation {
        let who = who.into();
        let (room, me) = (&self.rooms[&id], who.me);
        assert!(room.members.contains(&me));
        let peer = room.peer(me);
        let own = room.cursors[&me];
        let unread = room.messages.iter().filter(|message| message.seq > own.read);
        let silent = |message: &&Message| !message.body.countable() || room.withheld.contains(&(me, message.seq));
        let shown = |message: &&Message| message.seq >= self.vis_from(who, id) && room.shows(me, message.seq);
        Conversation {
            id,
            kind: room.kind,
            title: (room.kind == ConversationKind::Group).then(|| "group".to_owned()),
            peer: peer.map(user),
            member_count: room.members.len() as u64,
            rev: room.rev,
            upd: self.upd(me),
            head_seq: room.head(),
            last: room.messages.iter().rev().find(shown).cloned(),
            active_at: room.messages.last().map_or(0, |message| message.at),
            vis_from: self.vis_from(who, id),
            floor: self.floors.get(&(who.device, id)).map(|(floor, _)| *floor),
            silent: unread.clone().filter(silent).map(|message| message.seq).collect(),
            hidden: unread.filter(|m| room.hidden.contains(&(me, m.seq))).map(|message| message.seq).collect(),
            own,
            peer_cursors: peer.map(|peer| {
                let told = room.told.get(&(me, peer)).copied().unwrap_or_default();
                told.max(Cursors::at(room.sent.get(&peer).copied().unwrap_or_default()))
            }),
            unread: self.unread(who, id),
            relation: Relation::NONE,
            answered: room.messages.iter().any(|message| message.sender == me),
            preferences: self.preferences.get(&(me, id)).cloned().unwrap_or_default(),
            joined: Upd::ZERO,
            group: (room.kind == ConversationKind::Group).then(protocol::Group::default),
            mentions: Vec::new(),
        }
    }

    /// The formula of R004-B1, counted message by message.
    pub fn unread(&self, who: impl Into<Who>, id: ConversationId) -> u64 {
        let who = who.into();
        let room = &self.rooms[&id];
        let read = room.cursors[&who.me].read;
        let counts = |message: &&Message| {
            message.sender != who.me
                && message.seq > read
                && message.seq >= self.vis_from(who, id)
                && message.body.countable()
                && room.shows(who.me, message.seq)
        };
        room.messages.iter().filter(counts).count() as u64
    }

    pub fn member(&self, me: UserId, id: ConversationId) -> bool {
        self.rooms.get(&id).is_some_and(|room| room.members.contains(&me))
    }

    pub fn vis_from(&self, who: impl Into<Who>, id: ConversationId) -> Seq {
        self.floor(who, id).next()
    }

    pub fn floor(&self, who: impl Into<Who>, id: ConversationId) -> Seq {
        self.floors.get(&(who.into().device, id)).map_or(Seq::ZERO, |(floor, _)| *floor)
    }

    pub(super) fn deleted_since(&self, who: Who, id: ConversationId, version: u64) -> bool {
        self.floors.get(&(who.device, id)).is_some_and(|(_, at)| *at > version)
    }

    pub(super) fn upd(&self, me: UserId) -> Upd {
        self.logs.get(&me).map_or(Upd::ZERO, |log| log.upd)
    }

    pub(super) fn object(&self, me: UserId, object: Object) -> AccountChange {
        match object {
            // A device that has deleted the conversation hears of it by its own floor.
            Object::Joined(id) => AccountChange::Joined { conversation: Box::new(self.describe(me, id)) },
            Object::Own(id) => AccountChange::Own { conversation: id, cursors: self.rooms[&id].cursors[&me] },
            Object::Receipt(conversation, reader) => {
                let cursors = self.rooms[&conversation].told[&(me, reader)];
                AccountChange::Receipt(Receipt { conversation, reader, cursors })
            }
            Object::Message(conversation, seq) if self.rooms[&conversation].hidden.contains(&(me, seq)) => {
                AccountChange::Hidden { conversation, seq }
            }
            Object::Message(conversation, seq) => {
                let found = self.rooms[&conversation].messages.iter().find(|message| message.seq == seq);
                let message = Box::new(found.expect("the message exists").clone());
                AccountChange::Shown { conversation, sender: user(message.sender), message }
            }
            Object::Preferences(conversation) => {
                let preferences = Box::new(self.preferences[&(me, conversation)].clone());
                AccountChange::Preferences { conversation, preferences }
            }
            Object::Settings => {
                AccountChange::Settings { receipts: !self.private.contains(&me), messages_from: MessagesFrom::Everyone }
            }
        }
    }

    /// Where an object last changed.
    pub(super) fn changed_at(&self, me: UserId, object: Object) -> Upd {
        self.logs.get(&me).and_then(|log| log.objects.get(&object)).copied().unwrap_or_default()
    }

    /// One frame for changes that are made together.
    pub(super) fn stamp(&mut self, account: UserId, objects: &[Object]) {
        if objects.is_empty() {
            return;
        }
        let log = self.logs.entry(account).or_default();
        let prev = log.upd;
        for object in objects {
            log.upd = log.upd.next();
            log.objects.insert(*object, log.upd);
        }
        let pos = log.upd;
        let changes = objects.iter().map(|object| self.object(account, *object)).collect();
        self.frames.push((account, ServerFrame::Account { prev, pos, changes }));
    }

    /// Tells the members. One who has hidden the message may or may not be told what becomes of it.
    pub(super) fn publish(&mut self, id: ConversationId, message: Message) {
        let room = &self.rooms[&id];
        let (pos, seq, head_seq, sender) = (room.rev, message.seq, room.head(), user(message.sender));
        for &member in &room.members {
            let blind = !room.shows(member, seq) && (room.withheld.contains(&(member, seq)) || pos.get() % 2 == 0);
            let change = match blind {
                true => LogChange::Withheld { seq },
                false => LogChange::Message { message: message.clone(), sender: sender.clone(), nickname: None },
            };
            let frame = ServerFrame::Conversation { conversation: id, prev: pos.prev(), pos, head_seq, change };
            self.frames.push((member, frame));
        }
    }

    pub fn refuse(code: ErrorCode, retryable: bool) -> Failure {
        Failure::Refused(ApiError { code, message: String::new(), retryable, field: None })
    }
}
