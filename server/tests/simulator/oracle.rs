//! What must be true, kept apart from the server: it follows the operations that the server acknowledged, one by one,
//! and counts message by message. It never reads the database.

use crate::backend::Login;
use protocol::messaging::{ReportMessage, SendRequest};
use protocol::sync::AccountChange;
use protocol::{
    ClientId, Conversation, ConversationId, ConversationKind, Cursors, DeviceId, Message, MessageBody, ReceiptReport,
    Rev, Seq, ServerFrame, Upd, UserId,
};
use std::collections::{BTreeMap, BTreeSet};
use sync::{Action, Answer, ReadMark, Request};

/// A message as the log has it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub seq: Seq,
    pub sender: UserId,
    pub client_id: ClientId,
    pub body: MessageBody,
    /// From whom the sender withheld it.
    pub withheld: BTreeSet<UserId>,
}

#[derive(Clone, Debug)]
pub struct Room {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub members: Vec<UserId>,
    pub log: Vec<Entry>,
    pub cursors: BTreeMap<UserId, Cursors>,
    /// (owner, reader): how far the owner was told that the reader has come.
    pub told: BTreeMap<(UserId, UserId), Cursors>,
}

impl Room {
    pub fn head(&self) -> Seq {
        Seq::ZERO.plus(self.log.len() as u64)
    }

    pub fn peer(&self, me: UserId) -> Option<UserId> {
        let direct = self.kind == ConversationKind::Direct;
        self.members.iter().copied().find(|member| direct && *member != me)
    }
}

/// Positions that a server told somebody, which never go back.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    rev: Rev,
    upd: Upd,
    head: Seq,
    own: Cursors,
    peer: Cursors,
}

#[derive(Clone, Debug, Default)]
pub struct Oracle {
    pub rooms: BTreeMap<ConversationId, Room>,
    hidden: BTreeSet<(UserId, ConversationId, Seq)>,
    floors: BTreeMap<(DeviceId, ConversationId), Seq>,
    silenced: BTreeSet<UserId>,
    told: BTreeMap<(UserId, ConversationId), Told>,
    /// Which message has a text: every text is unique, and can be found in whatever the server says.
    texts: BTreeMap<String, (ConversationId, Seq)>,
}

impl Oracle {
    pub fn create(&mut self, id: ConversationId, kind: ConversationKind, members: Vec<UserId>) {
        let cursors = members.iter().map(|&member| (member, Cursors::default())).collect();
        let room = Room { id, kind, members, log: Vec::new(), cursors, told: BTreeMap::new() };
        self.rooms.entry(id).or_insert(room);
    }

    pub fn member(&self, me: UserId, id: ConversationId) -> bool {
        self.rooms.get(&id).is_some_and(|room| room.members.contains(&me))
    }

    /// The server did what was asked for, and said so.
    pub fn acknowledge(&mut self, login: &Login, request: &Request, answer: &Answer) {
        let me = login.account.id;
        match (request, answer) {
            (Request::Post { conversation, client_id, body }, Answer::Posted(message)) => {
                let request = SendRequest { client_id: *client_id, body: body.clone(), invisible_list: Vec::new() };
                self.posted(me, *conversation, request, message);
            }
            (Request::Report { reports, .. }, Answer::Reported) => reports.iter().for_each(|r| self.reported(me, r)),
            (Request::Act(action), answer) => self.acted(login, action, answer),
            (Request::Sync { .. }, Answer::Sync(page)) => {
                page.conversations.iter().for_each(|about| self.described(me, about));
            }
            (Request::Changes { .. }, Answer::Changes(page)) => self.described(me, &page.conversation),
            (Request::Conversation { .. }, Answer::Conversation(about)) => self.described(me, about),
            (Request::History { conversation, .. }, Answer::History(page)) => {
                for message in &page.messages {
                    self.is_log(me, *conversation, message);
                }
            }
            _ => {}
        }
    }

    /// Architecture invariants 2 to 4: one key, one message; contiguous places; a replay answers with the original.
    pub fn posted(&mut self, me: UserId, id: ConversationId, request: SendRequest, message: &Message) {
        let SendRequest { client_id, body, invisible_list } = request;
        let room = self.rooms.get_mut(&id).unwrap();
        assert_eq!((message.sender, message.client_id), (me, client_id));
        if let Some(known) = room.log.iter().find(|entry| entry.sender == me && entry.client_id == client_id) {
            assert_eq!((known.seq, &known.body), (message.seq, &message.body), "a replay is not the original");
            return;
        }
        assert_eq!(message.seq, room.head().next(), "the places are not contiguous");
        assert_eq!(message.body, body, "the server kept something else");
        if let MessageBody::Text { text } = &body {
            self.texts.insert(text.as_str().to_owned(), (id, message.seq));
        }
        let withheld = invisible_list.into_iter().collect();
        room.log.push(Entry { seq: message.seq, sender: me, client_id, body, withheld });
        room.cursors.insert(me, Cursors::at(message.seq));
        // A message tells everybody that its sender has read what is before it.
        for owner in room.members.clone().into_iter().filter(|owner| *owner != me) {
            room.told.insert((owner, me), Cursors::at(message.seq));
        }
    }

    /// R000-06, R000-16, R000-19: max-registers within the log, told to those who are concerned and want to know.
    fn reported(&mut self, me: UserId, report: &ReceiptReport) {
        let room = self.rooms.get_mut(&report.conversation).unwrap();
        let direct = room.kind == ConversationKind::Direct;
        let (head, peer, old) = (room.head(), room.peer(me), room.cursors[&me]);
        let delivered = if direct { report.delivered.min(head) } else { Seq::ZERO };
        let new = old.max(Cursors { delivered, read: Seq::ZERO }).max(Cursors::at(report.read.min(head)));
        room.cursors.insert(me, new);
        let mute = |someone: &UserId| self.silenced.contains(someone);
        if new == old || mute(&me) {
            return;
        }
        // In a group, whoever wrote something that is newly read.
        let span = room.log.iter().filter(|entry| old.read < entry.seq && entry.seq <= new.read);
        let senders = span.filter(|entry| !direct && !entry.withheld.contains(&me)).map(|entry| entry.sender);
        let concerned: BTreeSet<UserId> = peer.into_iter().chain(senders).filter(|one| *one != me).collect();
        for owner in concerned.into_iter().filter(|owner| !mute(owner)) {
            let told = room.told.entry((owner, me)).or_default();
            *told = told.max(new);
        }
    }

    fn acted(&mut self, login: &Login, action: &Action, answer: &Answer) {
        let me = login.account.id;
        match (action, answer) {
            (Action::Hide { conversation, seqs, hidden }, _) => {
                for &seq in seqs {
                    let key = (me, *conversation, seq);
                    if !*hidden {
                        self.hidden.remove(&key);
                    } else if self.reaches(me, *conversation, seq) {
                        self.hidden.insert(key);
                    }
                }
            }
            (Action::Recall { conversation, seq }, Answer::Recalled(message)) => {
                let room = self.rooms.get_mut(conversation).unwrap();
                let entry = room.log.iter_mut().find(|entry| entry.seq == *seq).unwrap();
                assert_eq!(entry.sender, me, "somebody recalled another's message");
                entry.body = MessageBody::Recalled { by: me };
                assert_eq!((message.seq, &message.body), (*seq, &entry.body));
            }
            (Action::Report { conversation, seq, report: ReportMessage { hide: true, .. } }, _) => {
                self.hidden.insert((me, *conversation, *seq));
            }
            (Action::Delete { conversation, through }, _) => {
                let through = (*through).min(self.rooms[conversation].head());
                let floor = self.floors.entry((login.device, *conversation)).or_default();
                *floor = (*floor).max(through);
            }
            (Action::ReadAll, _) => {
                let rooms: Vec<(ConversationId, Seq)> =
                    self.rooms.values().filter(|room| room.members.contains(&me)).map(|r| (r.id, r.head())).collect();
                for (conversation, head) in rooms {
                    self.reported(me, &ReceiptReport { conversation, delivered: head, read: head });
                }
            }
            (Action::ShowReceipts(true), _) => drop(self.silenced.remove(&me)),
            (Action::ShowReceipts(false), _) => drop(self.silenced.insert(me)),
            _ => {}
        }
    }

    /// A device that logs in begins where the account's devices have deleted the conversation.
    pub fn logged_in(&mut self, login: &Login, devices: &[DeviceId]) {
        for id in self.rooms.keys().copied().collect::<Vec<_>>() {
            let floor = devices.iter().filter_map(|device| self.floors.get(&(*device, id))).max().copied();
            if let Some(floor) = floor {
                self.floors.insert((login.device, id), floor);
            }
        }
    }

    /// Architecture invariant 4: what a server tells of positions never goes back.
    fn described(&mut self, me: UserId, about: &Conversation) {
        assert!(self.member(me, about.id), "a conversation of others");
        let told = self.told.entry((me, about.id)).or_default();
        let now = Told {
            rev: about.rev,
            upd: about.upd,
            head: about.head_seq,
            own: about.own,
            peer: about.peer_cursors.unwrap_or_default(),
        };
        let forward = told.rev <= now.rev && told.upd <= now.upd && told.head <= now.head;
        let cursors = told.own.max(now.own) == now.own && told.peer.max(now.peer) == now.peer;
        assert!(forward && cursors, "{} of {me} went back from {told:?} to {now:?}", about.id);
        assert!(about.own.read <= about.own.delivered && about.own.delivered <= about.head_seq);
        *told = now;
    }

    fn is_log(&self, me: UserId, id: ConversationId, message: &Message) {
        let entry = self.rooms[&id].log.iter().find(|entry| entry.seq == message.seq).expect("a phantom");
        let same = entry.sender == message.sender && entry.client_id == message.client_id;
        assert!(same && entry.body == message.body, "{message:?} is told to {me}, not {entry:?}");
    }

    /// A frame for a device of the account: it says nothing that may not be known.
    pub fn hear_frame(&self, me: UserId, said: &str) {
        self.hear(me, said);
        self.check_frame(me, &serde_json::from_str(said).unwrap());
    }

    /// Architecture invariant 7: nothing that the server says from now on has a byte of what the reader may not see.
    pub fn hear(&self, me: UserId, said: &str) {
        self.overhear(me, said, |id, entry| self.sees(me, id, entry));
    }

    /// What answers the sender's own post may be hidden by the sender.
    pub fn hear_own(&self, me: UserId, said: &str) {
        self.overhear(me, said, |_, entry| entry.sender == me);
    }

    fn overhear(&self, me: UserId, said: &str, may: impl Fn(ConversationId, &Entry) -> bool) {
        for text in texts_in(said) {
            let Some(&(id, seq)) = self.texts.get(text) else { continue };
            let entry = self.entry(id, seq);
            let gone = entry.body.origin() == protocol::Origin::Server;
            assert!(!gone && may(id, entry), "{me} hears of {id}/{seq}: {said}");
        }
    }

    pub fn entry(&self, id: ConversationId, seq: Seq) -> &Entry {
        self.rooms[&id].log.iter().find(|entry| entry.seq == seq).unwrap()
    }

    fn reaches(&self, me: UserId, id: ConversationId, seq: Seq) -> bool {
        let entry = self.rooms[&id].log.iter().find(|entry| entry.seq == seq);
        entry.is_some_and(|entry| !entry.withheld.contains(&me))
    }

    fn sees(&self, me: UserId, id: ConversationId, entry: &Entry) -> bool {
        let member = self.rooms[&id].members.contains(&me);
        member && !entry.withheld.contains(&me) && !self.hidden.contains(&(me, id, entry.seq))
    }

    fn floor(&self, login: &Login, id: ConversationId) -> Seq {
        self.floors.get(&(login.device, id)).copied().unwrap_or_default()
    }

    /// What a device shows of a conversation.
    pub fn timeline(&self, login: &Login, id: ConversationId) -> impl Iterator<Item = &Entry> {
        let (me, floor) = (login.account.id, self.floor(login, id));
        self.rooms[&id].log.iter().filter(move |entry| entry.seq > floor && self.sees(me, id, entry))
    }

    /// The conversations that a device lists.
    pub fn listed(&self, login: &Login) -> BTreeSet<ConversationId> {
        let listed = |room: &&Room| {
            let floor = self.floor(login, room.id);
            room.members.contains(&login.account.id) && (floor == Seq::ZERO || room.head() > floor)
        };
        self.rooms.values().filter(listed).map(|room| room.id).collect()
    }

    /// The formula of R004-B1, counted message by message.
    pub fn unread(&self, login: &Login, id: ConversationId) -> u64 {
        let me = login.account.id;
        let read = self.rooms[&id].cursors[&me].read;
        let counts = |entry: &&Entry| entry.sender != me && entry.seq > read && entry.body.countable();
        self.timeline(login, id).filter(counts).count() as u64
    }

    /// R000-20: what the sender of a message may know of it.
    pub fn mark(&self, me: UserId, id: ConversationId, entry: &Entry) -> Option<ReadMark> {
        let room = &self.rooms[&id];
        let told = |peer| room.told.get(&(me, peer)).copied().unwrap_or_default();
        (entry.sender == me).then(|| match room.peer(me).map(told) {
            Some(peer) if entry.seq <= peer.read => ReadMark::Read,
            Some(peer) if entry.seq <= peer.delivered => ReadMark::Delivered,
            _ => ReadMark::Sent,
        })
    }

    /// What a frame says of receipts, checked where it is made: only what was told may be told.
    fn check_frame(&self, me: UserId, frame: &ServerFrame) {
        let ServerFrame::Account { changes, .. } = frame else { return };
        for change in changes {
            if let AccountChange::Receipt(receipt) = change {
                let told = self.rooms[&receipt.conversation].told.get(&(me, receipt.reader)).copied();
                let told = told.unwrap_or_default();
                assert!(told.max(receipt.cursors) == told, "{me} is told {receipt:?}, which may say {told:?}");
            }
        }
    }
}

/// The texts of the simulation in a document: `<…>`.
fn texts_in(said: &str) -> impl Iterator<Item = &str> {
    said.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(text, _)| text)
}

/// A text that nothing else has.
pub fn text(number: u64) -> MessageBody {
    MessageBody::Text { text: format!("<{number}>").as_str().try_into().unwrap() }
}
