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
    /// What an account has hidden, and whether it can be taken back.
    hidden: BTreeMap<(UserId, ConversationId, Seq), bool>,
    floors: BTreeMap<(DeviceId, ConversationId), Seq>,
    /// Where a new device of a member begins.
    member_floors: BTreeMap<(UserId, ConversationId), Seq>,
    silenced: BTreeSet<UserId>,
    told: BTreeMap<(UserId, ConversationId), Told>,
    /// Which message has a text: every text is unique, and can be found in whatever the server says.
    texts: BTreeMap<String, (ConversationId, Seq)>,
    /// How often what was acknowledged: a run in which nothing happens proves nothing.
    pub tally: Tally,
}

pub type Tally = BTreeMap<&'static str, u64>;

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
        self.count(name(request));
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
            self.count("replays");
            return;
        }
        assert_eq!(message.seq, room.head().next(), "the places are not contiguous");
        assert_eq!(message.body, body, "the server kept something else");
        if let MessageBody::Text { text, .. } = &body {
            self.texts.insert(text.as_str().to_owned(), (id, message.seq));
        }
        if !invisible_list.is_empty() {
            *self.tally.entry("withheld").or_default() += 1;
        }
        let withheld: BTreeSet<UserId> = invisible_list.into_iter().collect();
        room.cursors.insert(me, Cursors::at(message.seq));
        // A message tells everybody that its sender has read what is before it, but for one who does not see it.
        let seen = |owner: &&UserId| **owner != me && (room.kind == ConversationKind::Group || withheld.is_empty());
        for owner in room.members.iter().filter(seen) {
            room.told.insert((*owner, me), Cursors::at(message.seq));
        }
        room.log.push(Entry { seq: message.seq, sender: me, client_id, body, withheld });
    }

    /// R000-06, R000-16, R000-19: max-registers within the log. Whoever wrote what a cursor passed is told, if both sides
    /// want that, and the reader saw it.
    fn reported(&mut self, me: UserId, report: &ReceiptReport) {
        let room = self.rooms.get_mut(&report.conversation).unwrap();
        let direct = room.kind == ConversationKind::Direct;
        let (head, old) = (room.head(), room.cursors[&me]);
        let delivered = if direct { report.delivered.min(head) } else { Seq::ZERO };
        let new = old.max(Cursors { delivered, read: Seq::ZERO }).max(Cursors::at(report.read.min(head)));
        room.cursors.insert(me, new);
        if self.silenced.contains(&me) {
            return;
        }
        let (id, silenced, hidden) = (room.id, &self.silenced, &self.hidden);
        let concerned = |from: Seq, through: Seq| -> Vec<UserId> {
            let passed = room.log.iter().filter(|entry| from < entry.seq && entry.seq <= through);
            let seen = |entry: &&Entry| {
                entry.sender != me
                    && entry.body.countable()
                    && !entry.withheld.contains(&me)
                    && !hidden.contains_key(&(me, id, entry.seq))
            };
            passed.filter(seen).map(|entry| entry.sender).filter(|sender| !silenced.contains(sender)).collect()
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

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn acted(&mut self, login: &Login, action: &Action, answer: &Answer) {
        let me = login.account.id;
        match (action, answer) {
            (Action::Hide { conversation, seqs, hidden: true }, _) => {
                seqs.iter().for_each(|seq| self.hide(me, *conversation, *seq, true));
            }
            (Action::Hide { conversation, seqs, hidden: false }, _) => {
                for seq in seqs {
                    let key = (me, *conversation, *seq);
                    if self.hidden.get(&key) == Some(&true) {
                        self.hidden.remove(&key);
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
                self.hide(me, *conversation, *seq, false);
            }
            (Action::Delete { conversation, through }, _) => {
                let through = (*through).min(self.rooms[conversation].head());
                let floor = self.floors.entry((login.device, *conversation)).or_default();
                *floor = (*floor).max(through);
                let floor = self.member_floors.entry((me, *conversation)).or_default();
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

    fn hide(&mut self, me: UserId, id: ConversationId, seq: Seq, can_be_taken_back: bool) {
        let entry = self.rooms[&id].log.iter().find(|entry| entry.seq == seq);
        if entry.is_some_and(|entry| !entry.withheld.contains(&me)) {
            self.hidden.entry((me, id, seq)).or_insert(can_be_taken_back);
        }
    }

    /// A device that logs in begins where any of the account's devices has deleted a conversation.
    pub fn logged_in(&mut self, login: &Login) {
        // A device may have the number of one whose login was ended.
        self.floors.retain(|(device, _), _| *device != login.device);
        for (&(account, id), &floor) in &self.member_floors {
            if account == login.account.id {
                self.floors.insert((login.device, id), floor);
            }
        }
    }

    /// What an account can take back.
    pub fn deleted(&self, me: UserId) -> Vec<(ConversationId, Seq)> {
        let own = self.hidden.iter().filter(|((account, ..), can)| *account == me && **can);
        own.map(|(&(_, id, seq), _)| (id, seq)).collect()
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
        assert!(message.seq <= self.rooms[&id].head(), "a phantom");
        let entry = self.entry(id, message.seq);
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
        &self.rooms[&id].log[seq.prev().get() as usize]
    }

    fn sees(&self, me: UserId, id: ConversationId, entry: &Entry) -> bool {
        let member = self.rooms[&id].members.contains(&me);
        member && !entry.withheld.contains(&me) && !self.hidden.contains_key(&(me, id, entry.seq))
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

    /// What the formula of R004-B1 counts, message by message.
    pub fn unread_seqs(&self, login: &Login, id: ConversationId) -> Vec<Seq> {
        let me = login.account.id;
        let read = self.rooms[&id].cursors[&me].read;
        let counts = |entry: &&Entry| entry.sender != me && entry.seq > read && entry.body.countable();
        self.timeline(login, id).filter(counts).map(|entry| entry.seq).collect()
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

/// What a request is called in the tally.
fn name(request: &Request) -> &'static str {
    match request {
        Request::Sync { since: None } => "full syncs",
        Request::Sync { .. } => "syncs",
        Request::History { .. } => "history",
        Request::Changes { .. } => "changes",
        Request::Conversation { .. } => "descriptions",
        Request::Post { .. } => "sends",
        Request::Report { .. } => "receipts",
        Request::Check { .. } => "counts",
        Request::Readers { .. } => "readers",
        Request::Act(Action::Hide { hidden: true, .. }) => "hidden",
        Request::Act(Action::Hide { .. }) => "shown",
        Request::Act(Action::Recall { .. }) => "recalled",
        Request::Act(Action::Report { .. }) => "reported",
        Request::Act(Action::Delete { .. }) => "deleted",
        Request::Act(Action::ReadAll) => "all read",
        Request::Act(Action::ShowReceipts(_)) => "settings",
        Request::Act(Action::Prefer { .. }) => "preferences",
        Request::Prefer { .. } => "drafts",
        Request::Act(Action::Follow { .. } | Action::Block { .. }) => "relations",
    }
}

/// Everything of [`name`] that a thousand runs must have done.
pub const KINDS: [&str; 17] = [
    "full syncs",
    "syncs",
    "history",
    "changes",
    "descriptions",
    "sends",
    "receipts",
    "replays",
    "withheld",
    "hidden",
    "shown",
    "recalled",
    "reported",
    "deleted",
    "all read",
    "preferences",
    "drafts",
];

/// The texts of the simulation in a document: `<…>`.
fn texts_in(said: &str) -> impl Iterator<Item = &str> {
    said.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(text, _)| text)
}

/// A text that nothing else has.
pub fn text(number: u64) -> MessageBody {
    MessageBody::text(format!("<{number}>").as_str().try_into().unwrap())
}
