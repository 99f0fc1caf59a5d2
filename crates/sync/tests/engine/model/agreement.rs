//! The part of the server that people's wishes and receipts go to: what is hidden, recalled, deleted, read.

use super::server::{Object, Server, Who};
use super::user;
use protocol::messaging::{ReadCount, Reader, Readers};
use protocol::{
    Account, ChangePreferences, ChangedPreferences, ConversationId, ConversationKind, Cursors, ErrorCode, MessageBody,
    MessagesFrom, Preferences, ReceiptReport, Seq, UserId,
};
use std::collections::BTreeSet;
use sync::{Action, Answer, Failure};

impl Server {
    pub fn account(&self, me: UserId) -> Account {
        let user = user(me);
        let receipts = !self.private.contains(&me);
        Account {
            id: me,
            handle: user.handle,
            display_name: user.display_name,
            avatar: None,
            version: 0,
            created_at: 0,
            receipts,
            messages_from: MessagesFrom::Everyone,
            show_last_seen: true,
        }
    }

    /// The device begins where any of the account's deleted a conversation.
    pub(super) fn begin_anew(&mut self, who: Who) {
        let deepest = self.deepest.iter().filter(|((account, _), _)| *account == who.me);
        let deepest: Vec<(ConversationId, Seq)> = deepest.map(|((_, id), floor)| (*id, *floor)).collect();
        for (id, floor) in deepest {
            self.deepen(who, id, floor);
        }
    }

    /// Whether the device had not deleted the conversation through as late a message.
    fn deepen(&mut self, who: Who, id: ConversationId, floor: Seq) -> bool {
        let deeper = self.floors.get(&(who.device, id)).is_none_or(|(known, _)| floor > *known);
        if deeper {
            self.version += 1;
            self.floors.insert((who.device, id), (floor, self.version));
        }
        deeper
    }

    pub fn act(&mut self, who: Who, action: Action) -> Result<Answer, Failure> {
        let me = who.me;
        match action {
            Action::Hide { conversation, seqs, hidden } => self.hide(me, conversation, &seqs, hidden),
            Action::Recall { conversation, seq } => return self.recall(me, conversation, seq),
            Action::Report { conversation, seq, report } => {
                let found = self.rooms[&conversation].messages.iter().find(|message| message.seq == seq);
                if found.is_none_or(|message| message.sender == me) {
                    return Err(Self::refuse(ErrorCode::NotAllowed, false));
                }
                if report.hide {
                    self.hide(me, conversation, &[seq], true);
                }
            }
            Action::Delete { conversation, through, everywhere } => {
                assert!(!everywhere, "this server deletes on one device");
                let through = through.min(self.rooms[&conversation].head());
                if self.deepen(who, conversation, through) {
                    let deepest = self.deepest.entry((me, conversation)).or_default();
                    *deepest = through.max(*deepest);
                }
            }
            Action::ReadAll => {
                let ids: Vec<ConversationId> =
                    self.rooms.values().filter(|room| room.members.contains(&me)).map(|room| room.id).collect();
                let mut own = Vec::new();
                for id in ids {
                    if self.move_cursors(me, id, Cursors::at(self.rooms[&id].head())) {
                        own.push(Object::Own(id));
                    }
                }
                self.stamp(me, &own);
                let marked = |(key, told): (&(UserId, ConversationId), &Preferences)| {
                    (key.0 == me && told.marked_unread).then_some(key.1)
                };
                let marked: Vec<ConversationId> = self.preferences.iter().filter_map(marked).collect();
                for id in marked {
                    let change = ChangePreferences { marked_unread: Some(false), ..ChangePreferences::default() };
                    self.prefer(me, id, change);
                }
            }
            Action::Prefer { conversation, change } => return Ok(self.prefer(me, conversation, *change)),
            Action::Follow { .. } | Action::Block { .. } => unreachable!("nobody does so here"),
            Action::ShowReceipts(receipts) => {
                let moved = if receipts { self.private.remove(&me) } else { self.private.insert(me) };
                if moved {
                    self.stamp(me, &[Object::Settings]);
                }
            }
        }
        Ok(Answer::Done)
    }

    pub fn prefer(&mut self, me: UserId, id: ConversationId, mut change: ChangePreferences) -> Answer {
        let next = self.rooms[&id].head().next();
        change.archived_until = change.archived_until.map(|until| until.min(next));
        let drafted = self.drafted.get(&(me, id)).copied().unwrap_or_default();
        change.draft = change.draft.filter(|_| change.draft_after.is_none_or(|after| drafted <= after));
        let told = self.preferences.entry((me, id)).or_default();
        let drafts = change.draft.as_ref().is_some_and(|draft| *draft != told.draft);
        if told.take(change) {
            self.stamp(me, &[Object::Preferences(id)]);
        }
        let preferences = self.preferences[&(me, id)].clone();
        if drafts {
            self.drafted.insert((me, id), self.changed_at(me, Object::Preferences(id)));
        }
        let upd = self.changed_at(me, Object::Preferences(id));
        Answer::Preferred(ChangedPreferences { conversation: id, preferences, upd })
    }

    pub fn hide(&mut self, me: UserId, id: ConversationId, seqs: &[Seq], hidden: bool) {
        let room = self.rooms.get_mut(&id).expect("the room exists");
        let mut changed = Vec::new();
        for &seq in seqs {
            if seq.is_zero() || seq > room.head() || room.withheld.contains(&(me, seq)) {
                continue;
            }
            let moved = if hidden { room.hidden.insert((me, seq)) } else { room.hidden.remove(&(me, seq)) };
            if moved {
                changed.push(Object::Message(id, seq));
            }
        }
        self.stamp(me, &changed);
    }

    pub fn recall(&mut self, me: UserId, id: ConversationId, seq: Seq) -> Result<Answer, Failure> {
        let (now, window) = (self.now, self.rules.recall_window_s * 1_000);
        let room = self.rooms.get_mut(&id).expect("the room exists");
        let Some(message) = room.message(seq).filter(|message| message.sender == me) else {
            return Err(Self::refuse(ErrorCode::NotAllowed, false));
        };
        if !message.body.countable() {
            return Ok(Answer::Recalled(message.clone()));
        }
        if message.at + window < now {
            return Err(Self::refuse(ErrorCode::RecallExpired, false));
        }
        self.change(id, seq, MessageBody::Recalled { by: Some(me) });
        let message = self.rooms[&id].messages.iter().find(|message| message.seq == seq);
        Ok(Answer::Recalled(message.expect("it was there").clone()))
    }

    pub fn report(&mut self, me: UserId, report: ReceiptReport) {
        let id = report.conversation;
        let head = self.rooms[&id].head();
        let told = Cursors { delivered: report.delivered.min(head), read: report.read.min(head) };
        if self.move_cursors(me, id, told) {
            self.stamp(me, &[Object::Own(id)]);
        }
    }

    /// Moves a member's cursors, and tells those whom that concerns. Answers whether they moved.
    fn move_cursors(&mut self, me: UserId, id: ConversationId, to: Cursors) -> bool {
        let private = self.private.clone();
        let room = self.rooms.get_mut(&id).expect("the room exists");
        let before = room.cursors[&me];
        let moved = before.max(to);
        if moved == before {
            return false;
        }
        room.cursors.insert(me, moved);
        let owners: BTreeSet<UserId> = match (room.kind, room.peer(me)) {
            (ConversationKind::Direct, peer) => peer.into_iter().collect(),
            (ConversationKind::Group, _) => {
                let newly = room.messages.iter().filter(|m| before.read < m.seq && m.seq <= moved.read);
                newly.filter(|m| m.sender != me && m.body.countable()).map(|message| message.sender).collect()
            }
        };
        let cursors = match room.kind {
            ConversationKind::Direct => moved,
            ConversationKind::Group => Cursors::at(moved.read),
        };
        let mut told = Vec::new();
        for owner in owners {
            let row = room.told.get(&(owner, me)).copied().unwrap_or_default();
            if !private.contains(&me) && !private.contains(&owner) && row.max(cursors) != row {
                room.told.insert((owner, me), row.max(cursors));
                told.push(owner);
            }
        }
        for owner in told {
            self.stamp(owner, &[Object::Receipt(id, me)]);
        }
        true
    }

    pub fn readers(&self, me: UserId, id: ConversationId) -> Readers {
        let room = &self.rooms[&id];
        let large = room.members.len() > Readers::LISTED_MAX;
        let reader = |member: &UserId| {
            let told = room.told.get(&(me, *member)).copied().unwrap_or_default().read;
            let sent = room.sent.get(member).copied().unwrap_or_default();
            // Of a large group nothing was told, and who asks learns how many.
            let open = large && !self.private.contains(&me) && !self.private.contains(member);
            let counted = if open { room.cursors[member].read } else { Seq::ZERO };
            Reader { user: user(*member), read: told.max(sent).max(counted), from: Seq::ZERO }
        };
        let readers: Vec<Reader> = room.members.iter().filter(|member| **member != me).map(reader).collect();
        if large {
            let count = |at: Seq| readers.iter().filter(|reader| reader.read >= at).count() as u64;
            let own = room.messages.iter().filter(|message| message.sender == me && message.body.countable());
            let counts = own.map(|message| ReadCount { seq: message.seq, count: count(message.seq) }).collect();
            return Readers { readers: Vec::new(), listed: false, withheld: Vec::new(), counts };
        }
        Readers { readers, listed: true, withheld: Vec::new(), counts: Vec::new() }
    }
}
