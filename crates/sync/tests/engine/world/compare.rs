//! What must hold at rest: every device shows what a fresh one does.

use super::World;
use crate::model::server::Who;
use protocol::{ConversationId, ConversationKind, UserId};
use std::collections::BTreeSet;
use sync::{Client, Item, LinkState, ReadMark, Row, Shelf};

impl World {
    pub fn compare_timeline(&self, n: usize, id: ConversationId) {
        let device = &self.devices[n];
        let room = &self.server.rooms[&id];
        let expected: Vec<_> = room
            .messages
            .iter()
            .filter(|message| {
                message.seq >= self.server.vis_from(device.who(), id) && room.shows(device.me, message.seq)
            })
            .map(|message| (Some(message.seq), message.sender, message.body.clone(), self.mark(device.me, id, message)))
            .collect();
        let shown: Vec<_> = device
            .client
            .items(id)
            .into_iter()
            .map(|item| match item {
                Item::Row(row) => {
                    self.compare_readers(n, id, &row);
                    (row.seq, row.sender, row.body, row.mark)
                }
                Item::Gap { after, before } => panic!("a gap from {after} to {before} in {id}"),
            })
            .collect();
        assert_eq!(shown.len(), expected.len(), "device {n}, conversation {id}");
        for (shown, expected) in shown.iter().zip(&expected) {
            assert!(shown == expected, "device {n}, conversation {id}: {shown:?} for {expected:?}");
        }
    }

    pub fn mark(&self, me: UserId, id: ConversationId, message: &protocol::Message) -> Option<ReadMark> {
        let told = self.server.describe(me, id).peer_cursors;
        (message.sender == me && message.body.countable()).then(|| match told {
            Some(peer) if message.seq <= peer.read => ReadMark::Read,
            Some(peer) if message.seq <= peer.delivered => ReadMark::Delivered,
            _ => ReadMark::Sent,
        })
    }

    /// R000-20: "n 人已读" of one's own messages in a group, and nowhere else.
    pub fn compare_readers(&self, n: usize, id: ConversationId, row: &Row) {
        let me = self.devices[n].me;
        let group = self.server.rooms[&id].kind == ConversationKind::Group;
        let told = (group && row.sender == me && row.body.countable()).then(|| {
            let readers = self.server.readers(me, id).readers;
            readers.iter().filter(|reader| row.seq.is_some_and(|seq| seq <= reader.read)).count() as u64
        });
        assert_eq!(row.readers, told);
    }

    pub fn compare_sessions(&self) {
        for (n, device) in self.devices.iter().enumerate() {
            assert_eq!(device.client.link(), LinkState::Live, "device {n}");
            let fresh = self.fresh(device.who());
            for shelf in [Shelf::All, Shelf::Unread, Shelf::Archived] {
                assert_eq!(device.client.shelf(&shelf), fresh.shelf(&shelf), "device {n}, {shelf:?}");
            }
            assert_eq!(device.client.labels(), fresh.labels(), "device {n}");
            assert!(device.drafts.is_empty(), "device {n} keeps drafts that the server has");
            let mut total = 0;
            for id in device.listed() {
                let (session, snapshot) = (device.client.session(id), fresh.session(id));
                assert!(session == snapshot, "device {n}, {id}: {session:?} for {snapshot:?}");
                let unread = self.server.unread(device.who(), id);
                let muted = session.as_ref().is_some_and(|session| session.muted);
                assert_eq!(session.map(|session| session.unread), Some(unread), "device {n}, {id}");
                total += if muted { 0 } else { unread };
            }
            assert_eq!(device.client.total_unread(), total);
        }
    }

    /// What a page loaded now would show.
    pub fn fresh(&self, who: Who) -> Client {
        let mut start = self.server.start(who, None);
        let rooms = self.server.rooms.keys().filter(|id| self.server.member(who.me, **id));
        start.sync.conversations = rooms.map(|id| self.server.describe(who, *id)).collect();
        Client::new(start)
    }

    pub fn compare_sent(&self) {
        for (n, device) in self.devices.iter().enumerate() {
            assert!(device.outbox.is_empty(), "device {n} keeps what was sent");
            for (id, room) in &self.server.rooms {
                let sent: Vec<_> =
                    room.messages.iter().filter(|m| m.sender == device.me).map(|m| m.client_id).collect();
                assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), sent.len(), "sent twice");
                let written: Vec<_> =
                    device.written.iter().filter(|(to, _)| to == id).map(|(_, client_id)| *client_id).collect();
                let arrived: Vec<_> = sent.into_iter().filter(|client_id| written.contains(client_id)).collect();
                assert_eq!(arrived, written, "device {n}, conversation {id}: lost, or out of order");
            }
        }
    }
}
