//! How far people have received and read, and what the senders of messages may know of that.

use super::{Entry, Oracle};
use protocol::{ConversationId, ConversationKind, Cursors, Receipt, ReceiptReport, Seq, UserId};
use sync::ReadMark;

impl Oracle {
    /// R000-06, R000-16, R000-19: max-registers within the log. Whoever wrote what a cursor passed is told, if both sides
    /// want that, neither blocks the other, both are members, and the reader saw it.
    pub(super) fn reported(&mut self, me: UserId, report: &ReceiptReport) {
        let room = self.rooms.get_mut(&report.conversation).unwrap();
        let direct = room.kind == ConversationKind::Direct;
        let (head, old) = (room.head(), room.cursors[&me]);
        let delivered = if direct { report.delivered.min(head) } else { Seq::ZERO };
        let new = old.max(Cursors { delivered, read: Seq::ZERO }).max(Cursors::at(report.read.min(head)));
        room.cursors.insert(me, new);
        if self.silenced.contains(&me) {
            return;
        }
        let (id, silenced, hidden, relations) = (room.id, &self.silenced, &self.hidden, &self.relations);
        let concerned = |from: Seq, through: Seq| -> Vec<UserId> {
            let passed = room.log.iter().filter(|entry| from < entry.seq && entry.seq <= through);
            let seen = |entry: &&Entry| {
                entry.sender != me
                    && entry.body.countable()
                    && !entry.withheld.contains(&me)
                    && !hidden.contains_key(&(me, id, entry.seq))
            };
            let told = |sender: &UserId| {
                room.members.contains_key(sender) && !silenced.contains(sender) && !relations.parted(me, *sender)
            };
            passed.filter(seen).map(|entry| entry.sender).filter(told).collect()
        };
        let read = concerned(old.read, new.read).into_iter().map(|owner| (owner, Cursors::at(new.read)));
        let delivered = Cursors { delivered: new.delivered, read: Seq::ZERO };
        let delivered = concerned(old.delivered, new.delivered).into_iter().map(|owner| (owner, delivered));
        let delivered = delivered.filter(|_| new.delivered > new.read);
        for (owner, cursors) in read.chain(delivered).collect::<Vec<_>>() {
            let told = room.told.entry((owner, me)).or_default();
            *told = told.max(cursors);
        }
    }

    /// R000-20: what the sender of a message may know of it.
    pub fn mark(&self, me: UserId, id: ConversationId, entry: &Entry) -> Option<ReadMark> {
        let room = &self.rooms[&id];
        let told = |peer| room.told.get(&(me, peer)).copied().unwrap_or_default();
        (entry.sender == me && entry.body.countable()).then(|| match room.peer(me).map(told) {
            Some(peer) if entry.seq <= peer.read => ReadMark::Read,
            Some(peer) if entry.seq <= peer.delivered => ReadMark::Delivered,
            _ => ReadMark::Sent,
        })
    }

    /// R000-20, R001-14: how many of a group's members the sender of a message takes for its readers: those who told so
    /// when they read, and those who wrote after it.
    pub fn readers(&self, me: UserId, id: ConversationId, entry: &Entry) -> u64 {
        let room = &self.rooms[&id];
        let others = room
            .members
            .iter()
            .filter(|(other, member)| **other != me && member.came <= entry.seq && !entry.withheld.contains(other));
        let read = others.filter(|(other, _)| {
            let told = room.told.get(&(me, **other)).is_some_and(|told| told.read >= entry.seq);
            let mut later = room.log.iter().filter(|later| later.seq >= entry.seq);
            told || later.any(|later| later.sender == **other && later.client_id.is_some())
        });
        read.count() as u64
    }

    /// Only what was told may be told.
    pub(super) fn is_told(&self, me: UserId, receipt: &Receipt) {
        let told = self.rooms[&receipt.conversation].told.get(&(me, receipt.reader)).copied().unwrap_or_default();
        assert!(told.max(receipt.cursors) == told, "{me} is told {receipt:?}, which may say {told:?}");
    }
}
