//! What must hold once everything has arrived.

use crate::wire;
use crate::world::{MINUTE, World};
use protocol::messaging::UnreadPage;
use protocol::path;
use protocol::{ConversationId, ConversationKind, MessageBody, Seq, UserId};
use std::collections::BTreeSet;
use std::rc::Rc;
use sync::{Input, Item, LinkState, ReadMark, Shelf};

type Shown = (Option<Seq>, UserId, MessageBody, Option<ReadMark>);

impl World<'_> {
    /// Architecture invariants 1 to 7, at rest.
    pub async fn compare(&mut self) {
        self.compare_sent();
        self.compare_sessions().await;
        self.load_everything().await;
        self.rest(MINUTE).await;
        self.compare_sessions().await;
        self.compare_unread().await;
        self.compare_people().await;
    }

    /// R002-23: what explains a count is exactly the messages that make it.
    async fn compare_unread(&mut self) {
        for n in 0..self.devices.len() {
            let login = self.devices[n].login.clone();
            for id in self.oracle.listed(&login) {
                let call = wire::get(path::unread(id));
                let (status, body) = self.backend.call(&login.token, call).await;
                assert!(status.is_success(), "{status}: {body}");
                let page: UnreadPage = wire::read(&body);
                let told: Vec<Seq> = page.messages.iter().map(|message| message.seq).collect();
                let expected = self.oracle.unread_seqs(&login, id);
                assert_eq!(page.unread, expected.len() as u64, "device {n}, {id}");
                assert!(expected.iter().rev().take(told.len()).eq(&told), "device {n}, {id}: {told:?} of {expected:?}");
                assert!(page.more || told.len() == expected.len(), "device {n}, {id}");
            }
        }
    }

    /// Nothing lost, nothing doubled, in the order in which it was written.
    fn compare_sent(&self) {
        for (n, device) in self.devices.iter().enumerate() {
            let kept = device.kept.borrow();
            assert!(kept.outbox.is_empty(), "device {n} keeps what was sent: {:?}", kept.outbox);
            assert!(kept.pictures.is_empty(), "device {n} keeps pictures that were sent: {:?}", kept.pictures);
            // What a page kept that is gone stays until one begins that leads.
            let pages = Rc::strong_count(&device.kept) > 1;
            let known = |id, read| {
                let room = &self.oracle.rooms[id];
                room.cursors.get(&device.me()).is_none_or(|own| own.read >= read)
            };
            let reported = kept.reads.iter().all(|(id, read)| pages && known(id, *read));
            assert!(reported, "device {n} keeps what was reported: {:?}", kept.reads);
            assert!(kept.drafts.is_empty(), "device {n} keeps what was told: {:?}", kept.drafts);
            for (id, room) in &self.oracle.rooms {
                let sent = room.log.iter().filter(|entry| entry.sender == device.me());
                let sent: Vec<_> = sent.filter_map(|entry| entry.client_id).collect();
                assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), sent.len(), "sent twice");
                for written in [&device.written, &device.rising] {
                    let here = written.iter().filter(|(to, _)| to == id).map(|(_, client_id)| *client_id);
                    let mut written: Vec<_> = here.collect();
                    let arrived = sent.iter().filter(|client_id| written.contains(client_id)).copied();
                    let mut arrived: Vec<_> = arrived.collect();
                    if Rc::strong_count(&device.kept) > 1 {
                        // Another tab sends from the same outbox, and asks first where it is the later one.
                        arrived.sort_unstable();
                        written.sort_unstable();
                    }
                    assert_eq!(arrived, written, "device {n}, conversation {id}: lost, or out of order");
                }
            }
        }
    }

    /// Every device lists what a fresh one lists, and counts what the oracle counts.
    async fn compare_sessions(&mut self) {
        for n in 0..self.devices.len() {
            let fresh = self.fresh(n).await;
            let device = &self.devices[n];
            assert_eq!(device.client.link(), LinkState::Live, "device {n}");
            let mut listed = BTreeSet::new();
            for shelf in [Shelf::All, Shelf::Archived, Shelf::Unread] {
                assert_eq!(device.client.shelf(&shelf), fresh.shelf(&shelf), "device {n}, {shelf:?}");
                listed.extend(device.client.shelf(&shelf));
            }
            assert_eq!(listed, self.oracle.listed(&device.login), "device {n}");
            let mut total = 0;
            for id in listed {
                let (session, snapshot) = (device.client.session(id), fresh.session(id));
                assert!(session == snapshot, "device {n}, {id}: {session:?}, a fresh one has {snapshot:?}");
                let session = session.unwrap();
                let unread = self.oracle.unread_seqs(&device.login, id).len() as u64;
                assert_eq!(session.unread, unread, "device {n}, {id}: unread");
                let mentions = self.oracle.mentions(&device.login, id);
                assert_eq!(session.mentions, mentions, "device {n}, {id}: mentions");
                assert_eq!(device.client.stranger(id), fresh.stranger(id), "device {n}, {id}: a stranger's");
                self.oracle.is_group(&device.login, &session);
                if let Some(peer) = &session.peer {
                    let known = self.oracle.relation(device.me(), peer.id);
                    assert_eq!(session.relation, known, "device {n}, {id}: the relation");
                }
                // R004-B7.18
                total += match session.relation.blocking {
                    true => 0,
                    false if session.muted => mentions,
                    false => unread,
                };
                let shown: Option<Shown> = session.last.map(|row| (row.seq, row.sender, row.body, row.mark));
                assert_eq!(shown, self.expected(n, id).pop(), "device {n}, {id}: the newest message");
            }
            assert_eq!(device.client.total_unread(), total, "device {n}");
            assert_eq!(fresh.total_unread(), total, "a fresh device {n}");
        }
    }

    /// Opens every conversation on every device and scrolls to its beginning.
    async fn load_everything(&mut self) {
        for n in 0..self.devices.len() {
            for id in self.oracle.listed(&self.devices[n].login) {
                self.devices[n].step(self.now, Input::Open(id));
                self.settle().await;
                while self.devices[n].load_gap(self.now) {
                    self.settle().await;
                }
                while self.devices[n].client.can_load_older(id) {
                    self.devices[n].step(self.now, Input::LoadOlder(id));
                    self.settle().await;
                }
                self.compare_timeline(n, id);
                self.compare_readers(n, id);
            }
            self.devices[n].step(self.now, Input::Close);
        }
    }

    /// What is open counts its readers as those do who open it now, and so does, on one device, what is opened again.
    pub async fn compare_open(&mut self) {
        let mut counted = 0;
        for n in 0..self.devices.len() {
            if let Some(id) = self.devices[n].client.open() {
                counted += self.compare_readers(n, id);
            }
        }
        let n = self.seed as usize % self.devices.len();
        for id in self.oracle.listed(&self.devices[n].login) {
            self.devices[n].step(self.now, Input::Open(id));
            self.settle().await;
            counted += self.compare_readers(n, id);
        }
        *self.oracle.tally.entry("readers counted").or_default() += counted;
    }

    /// R000-20: how many have read the own messages of the open group; tells how many that are.
    fn compare_readers(&self, n: usize, id: ConversationId) -> u64 {
        let me = self.devices[n].me();
        let room = &self.oracle.rooms[&id];
        if room.kind != ConversationKind::Group || !room.members.contains_key(&me) {
            return 0;
        }
        let mut counted = 0;
        for item in self.devices[n].client.items(id) {
            let Item::Row(row) = item else { continue };
            let entry = room.log.iter().find(|entry| Some(entry.seq) == row.seq && entry.sender == me);
            let Some(entry) = entry.filter(|entry| entry.body.countable()) else { continue };
            let readers = self.oracle.readers(me, id, entry);
            let right = row.readers == Some(readers);
            assert!(right, "device {n}, {id}: {:?} for {readers} readers of {}", row.readers, entry.seq);
            counted += row.readers.unwrap_or_default();
        }
        counted
    }

    fn compare_timeline(&self, n: usize, id: ConversationId) {
        let shown = self.devices[n].client.items(id).into_iter().map(|item| match item {
            Item::Row(row) => (row.seq, row.sender, row.body, row.mark),
            Item::Gap { after, before } => panic!("device {n}, {id}: a gap from {after} to {before}"),
        });
        let (shown, expected): (Vec<Shown>, _) = (shown.collect(), self.expected(n, id));
        for (shown, expected) in shown.iter().zip(&expected) {
            assert!(shown == expected, "device {n}, {id}: {shown:?} for {expected:?}");
        }
        assert_eq!(shown.len(), expected.len(), "device {n}, {id}: {shown:?} for {expected:?}");
    }

    fn expected(&self, n: usize, id: ConversationId) -> Vec<Shown> {
        let login = &self.devices[n].login;
        let shown = self.oracle.timeline(login, id);
        let mark = |entry| self.oracle.mark(login.account.id, id, entry);
        shown.map(|entry| (Some(entry.seq), entry.sender, entry.body.clone(), mark(entry))).collect()
    }
}
