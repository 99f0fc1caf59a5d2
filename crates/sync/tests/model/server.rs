//! The server as the specification has it, without a database: logs, cursors, pages, frames.

use super::{conversation_id, user, user_id};
use protocol::messaging::{ChangesPage, HistoryPage, Readers};
use protocol::sync::{AccountChange, CheckedCounts, Count, SyncPage};
use protocol::{
    Account, ApiError, ClientId, Conversation, ConversationId, ConversationKind, Cursors, ErrorCode, LogChange,
    Message, MessageBody, Millis, Receipt, ReceiptReport, Rev, Rules, Seq, ServerFrame, Upd, UserId,
};
use std::collections::BTreeMap;
use sync::{Answer, Failure, Request, Start};

/// Small pages and gaps, so that short histories meet every limit.
const SYNC_PAGE: usize = 2;
const HISTORY_PAGE: u64 = 4;
const CHANGES_PAGE: usize = 2;
const MAX_GAP: u64 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Object {
    Joined(ConversationId),
    Own(ConversationId),
    Receipt(ConversationId),
}

#[derive(Clone, Debug, Default)]
struct AccountLog {
    upd: Upd,
    objects: BTreeMap<Object, Upd>,
}

#[derive(Clone, Debug)]
pub struct Room {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub members: Vec<UserId>,
    pub messages: Vec<Message>,
    pub cursors: BTreeMap<UserId, Cursors>,
    rev: Rev,
    version: u64,
}

impl Room {
    pub fn head(&self) -> Seq {
        Seq::ZERO.plus(self.messages.len() as u64)
    }

    pub fn peer(&self, me: UserId) -> Option<UserId> {
        let direct = self.kind == ConversationKind::Direct;
        self.members.iter().copied().find(|member| direct && *member != me)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Server {
    pub now: Millis,
    pub rooms: BTreeMap<ConversationId, Room>,
    logs: BTreeMap<UserId, AccountLog>,
    version: u64,
    /// What was published since it was last taken, in commit order.
    frames: Vec<(UserId, ServerFrame)>,
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
        let cursors = members.iter().map(|&member| (member, Cursors::default())).collect();
        self.version += 1;
        let (rev, version) = (Rev::ZERO, self.version);
        self.rooms.insert(id, Room { id, kind, members: members.clone(), messages: Vec::new(), cursors, rev, version });
        for member in members {
            self.stamp(member, Object::Joined(id));
        }
        id
    }

    pub fn send(&mut self, sender: UserId, id: ConversationId, client_id: ClientId, body: MessageBody) -> Message {
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
        self.publish(id, message.clone());
        message
    }

    /// Changes a message, as a recall or an edit will.
    pub fn change(&mut self, id: ConversationId, seq: Seq, body: MessageBody) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Some(message) = room.messages.iter_mut().find(|message| message.seq == seq) else { return };
        self.version += 1;
        room.version = self.version;
        room.rev = room.rev.next();
        message.rev = room.rev;
        message.body = body;
        let message = message.clone();
        self.publish(id, message);
    }

    pub fn report(&mut self, me: UserId, report: ReceiptReport) {
        let room = self.rooms.get_mut(&report.conversation).expect("the room exists");
        let (head, peer) = (room.head(), room.peer(me));
        let told = Cursors { delivered: report.delivered.min(head), read: report.read.min(head) };
        let cursors = room.cursors.get_mut(&me).expect("a member reports");
        let moved = cursors.max(told);
        if moved == *cursors {
            return;
        }
        *cursors = moved;
        self.version += 1;
        self.stamp(me, Object::Own(report.conversation));
        if let Some(peer) = peer {
            self.stamp(peer, Object::Receipt(report.conversation));
        }
    }

    pub fn answer(&mut self, me: UserId, request: Request) -> Result<Answer, Failure> {
        Ok(match request {
            Request::Sync { since } => Answer::Sync(self.sync(me, since.as_deref())),
            Request::History { conversation, before, after, limit } => {
                assert_eq!(after, None);
                Answer::History(self.history(conversation, before, limit.min(HISTORY_PAGE)))
            }
            Request::Changes { conversation, after } => Answer::Changes(self.changes(me, conversation, after)),
            Request::Conversation { conversation } => Answer::Conversation(self.describe(me, conversation)),
            Request::Post { conversation, client_id, body } => {
                Answer::Posted(self.send(me, conversation, client_id, body))
            }
            Request::Report { reports, .. } => {
                for report in reports {
                    self.report(me, report);
                }
                Answer::Reported
            }
            Request::Check { counts } => {
                for count in counts {
                    let about = self.describe(me, count.conversation);
                    let here = Count { unread: count.unread, ..self.count(me, count.conversation) } == count;
                    assert!(!here || count.unread == about.unread, "{count:?} for {about:?}");
                }
                Answer::Checked(CheckedCounts { wrong: Vec::new(), users: Vec::new() })
            }
            Request::Readers { .. } => Answer::Readers(Readers { readers: Vec::new(), listed: true }),
            Request::Act(_) => panic!("not modelled"),
        })
    }

    /// What a device should count that has everything.
    pub fn count(&self, me: UserId, id: ConversationId) -> Count {
        let Conversation { rev, upd, own, unread, .. } = self.describe(me, id);
        Count { conversation: id, rev, upd, read: own.read, floor: Seq::ZERO, unread }
    }

    pub fn account(&self, me: UserId) -> Account {
        let user = user(me);
        Account { id: me, handle: user.handle, display_name: user.display_name, created_at: 0, receipts: true }
    }

    pub fn start(&self, me: UserId, open: Option<ConversationId>) -> Start {
        let mut sync = self.sync(me, None);
        let open = open.filter(|id| self.member(me, *id)).map(|id| {
            if !sync.conversations.iter().any(|conversation| conversation.id == id) {
                sync.conversations.push(self.describe(me, id));
            }
            (id, self.history(id, None, HISTORY_PAGE))
        });
        Start { account: self.account(me), rules: Rules::default(), sync, open }
    }

    pub fn describe(&self, me: UserId, id: ConversationId) -> Conversation {
        let room = &self.rooms[&id];
        assert!(room.members.contains(&me));
        let peer = room.peer(me);
        let own = room.cursors[&me];
        Conversation {
            id,
            kind: room.kind,
            title: (room.kind == ConversationKind::Group).then(|| "group".to_owned()),
            peer: peer.map(user),
            member_count: room.members.len() as u64,
            rev: room.rev,
            upd: self.logs.get(&me).map_or(Upd::ZERO, |log| log.upd),
            head_seq: room.head(),
            last: room.messages.last().cloned(),
            active_at: room.messages.last().map_or(0, |message| message.at),
            vis_from: Seq::ZERO.next(),
            floor: Seq::ZERO,
            silent: Vec::new(),
            hidden: Vec::new(),
            own,
            peer_cursors: peer.map(|peer| room.cursors[&peer]),
            unread: self.unread(me, id),
        }
    }

    /// The formula of R004-B1, counted message by message.
    pub fn unread(&self, me: UserId, id: ConversationId) -> u64 {
        let room = &self.rooms[&id];
        let read = room.cursors[&me].read;
        room.messages.iter().filter(|message| message.sender != me && message.seq > read).count() as u64
    }

    pub fn member(&self, me: UserId, id: ConversationId) -> bool {
        self.rooms.get(&id).is_some_and(|room| room.members.contains(&me))
    }

    /// A token is what is known (a commit and an account log position), and inside a listing by latest activity also
    /// the commit at which that began and the place it has come to. What moves meanwhile is left to the next sync.
    fn sync(&self, me: UserId, since: Option<&str>) -> SyncPage {
        let numbers: Vec<u64> =
            since.unwrap_or_default().split_terminator('.').map(|number| number.parse().expect("a token")).collect();
        let (version, known, listing) = match numbers[..] {
            [] => (0, None, None),
            [version, upd] => (version, Some(Upd::ZERO.plus(upd)), None),
            [version, upd, began, at, id] => (version, Some(Upd::ZERO.plus(upd)), Some((began, (at, id)))),
            _ => panic!("{since:?} is no token"),
        };
        let log = self.logs.get(&me).cloned().unwrap_or_default();
        let upd = if listing.is_some() { known.unwrap_or_default() } else { log.upd };
        let changed = |at: Upd| known.is_some_and(|known| listing.is_none() && known < at);
        let changes = log.objects.iter().filter(|(_, at)| changed(**at));
        let began = listing.map_or(self.version, |(began, _)| began);
        let after = listing.map(|(_, place)| place);
        let place = |room: &Room| (room.messages.last().map_or(0, |message| message.at), room.id.get());
        let mut moved: Vec<&Room> = self
            .rooms
            .values()
            .filter(|room| room.members.contains(&me) && began > version && room.version > version)
            .filter(|room| after.is_none_or(|after| place(room) < after))
            .collect();
        moved.sort_by_key(|room| std::cmp::Reverse(place(room)));
        let more = moved.len() > SYNC_PAGE;
        moved.truncate(SYNC_PAGE);
        let token = match moved.last().filter(|_| more).map(|room| place(room)) {
            Some((at, id)) => format!("{version}.{upd}.{began}.{at}.{id}"),
            None => format!("{began}.{upd}"),
        };
        SyncPage {
            token,
            more,
            upd,
            changes: changes.map(|(&object, _)| self.object(me, object)).collect(),
            conversations: moved.iter().map(|room| self.describe(me, room.id)).collect(),
            users: self.logs.keys().map(|&id| user(id)).collect(),
        }
    }

    fn history(&self, id: ConversationId, before: Option<Seq>, limit: u64) -> HistoryPage {
        let room = &self.rooms[&id];
        let through = before.map_or(room.head(), |before| before.prev().min(room.head()));
        let from = through.next().minus(limit).max(Seq::ZERO.next()).min(through.next());
        let messages = room.messages.iter().filter(|message| from <= message.seq && message.seq <= through);
        HistoryPage {
            messages: messages.cloned().collect(),
            from,
            through,
            vis_from: Seq::ZERO.next(),
            head_seq: room.head(),
            rev: room.rev,
            upd: Upd::ZERO,
            users: room.members.iter().map(|&member| user(member)).collect(),
        }
    }

    fn changes(&self, me: UserId, id: ConversationId, after: Rev) -> ChangesPage {
        let room = &self.rooms[&id];
        assert!(after <= room.rev, "a device is ahead of the log");
        let mut messages: Vec<Message> = room.messages.iter().filter(|message| message.rev > after).cloned().collect();
        messages.sort_by_key(|message| message.rev);
        let too_long = room.rev.get() - after.get() > MAX_GAP;
        let whole = messages.len() <= CHANGES_PAGE;
        messages.truncate(if too_long { 0 } else { CHANGES_PAGE });
        let through = if too_long || whole { room.rev } else { messages[CHANGES_PAGE - 1].rev };
        let users = room.members.iter().map(|&member| user(member)).collect();
        ChangesPage { conversation: self.describe(me, id), messages, through, too_long, users }
    }

    fn object(&self, me: UserId, object: Object) -> AccountChange {
        match object {
            Object::Joined(id) => AccountChange::Joined { conversation: Box::new(self.describe(me, id)) },
            Object::Own(id) => AccountChange::Own { conversation: id, cursors: self.rooms[&id].cursors[&me] },
            Object::Receipt(id) => {
                let reader = self.rooms[&id].peer(me).expect("receipts are of direct conversations");
                let cursors = self.rooms[&id].cursors[&reader];
                AccountChange::Receipt(Receipt { conversation: id, reader, cursors })
            }
        }
    }

    fn stamp(&mut self, account: UserId, object: Object) {
        let log = self.logs.entry(account).or_default();
        let prev = log.upd;
        log.upd = prev.next();
        let pos = log.upd;
        log.objects.insert(object, pos);
        let changes = vec![self.object(account, object)];
        self.frames.push((account, ServerFrame::Account { prev, pos, changes }));
    }

    fn publish(&mut self, id: ConversationId, message: Message) {
        let room = &self.rooms[&id];
        let (pos, head_seq, sender) = (room.rev, room.head(), user(message.sender));
        for &member in &room.members {
            let change = LogChange::Message { message: message.clone(), sender: sender.clone() };
            let frame = ServerFrame::Conversation { conversation: id, prev: pos.prev(), pos, head_seq, change };
            self.frames.push((member, frame));
        }
    }

    pub fn refuse(code: ErrorCode, retryable: bool) -> Failure {
        Failure::Refused(ApiError { code, message: String::new(), retryable, field: None })
    }
}
