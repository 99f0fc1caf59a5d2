//! What must be true, kept apart from the server: it follows the operations that the server acknowledged, one by one,
//! and counts message by message. It never reads the database.

mod groups;
mod hearing;
mod joining;
mod media;
mod receipts;
mod relations;
mod tally;

use crate::backend::Login;
pub use groups::{Deed, Member};
use protocol::group::{History, Joining, Role};
use protocol::messaging::{ReportMessage, SendRequest};
use protocol::{
    AvatarHash, ClientId, Conversation, ConversationId, ConversationKind, Cursors, DeviceId, ErrorCode, Mentions,
    Message, MessageBody, Millis, ReceiptReport, Relation, Rev, Seq, Upd, UserId,
};
pub use relations::Approach;
use relations::Relations;
use std::collections::{BTreeMap, BTreeSet};
use sync::{Action, Answer, Failure, Request};
pub use tally::{KINDS, Tally};

/// A message as the log has it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub seq: Seq,
    pub sender: UserId,
    /// Absent for what the server made.
    pub client_id: Option<ClientId>,
    pub body: MessageBody,
    /// From whom the sender withheld it.
    pub withheld: BTreeSet<UserId>,
}

#[derive(Clone, Debug)]
pub struct Room {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub members: BTreeMap<UserId, Member>,
    /// Who did not open a direct conversation: to them it is not there until somebody wrote in it.
    awaiting: Option<UserId>,
    /// Who has ever gone.
    pub left: BTreeSet<UserId>,
    pub title: Option<String>,
    /// And whose it is.
    pub announcement: Option<(String, UserId)>,
    pub muted_until: Millis,
    /// Which picture it has.
    pub picture: Option<u8>,
    /// The link by which people come, if there is one.
    pub link: Option<String>,
    /// Who asked to be let in.
    pub waiting: BTreeSet<UserId>,
    pub joining: Joining,
    history: History,
    pub log: Vec<Entry>,
    pub cursors: BTreeMap<UserId, Cursors>,
    /// (owner, reader): how far the owner was told that the reader has come.
    pub told: BTreeMap<(UserId, UserId), Cursors>,
}

impl Room {
    pub fn head(&self) -> Seq {
        Seq::ZERO.plus(self.log.len() as u64)
    }

    /// Whether it is not there yet for one of its members.
    pub fn awaits(&self, me: UserId) -> bool {
        self.awaiting == Some(me) && self.log.is_empty()
    }

    /// Whether it is there for an account.
    pub fn has(&self, me: UserId) -> bool {
        self.members.contains_key(&me) && !self.awaits(me)
    }

    /// Whether the account has ever written there.
    pub fn wrote(&self, account: UserId) -> bool {
        self.log.iter().any(|entry| entry.sender == account)
    }

    pub fn peer(&self, me: UserId) -> Option<UserId> {
        let direct = self.kind == ConversationKind::Direct;
        self.members.keys().copied().find(|member| direct && *member != me)
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
    floors: BTreeMap<(DeviceId, ConversationId), (UserId, Seq)>,
    /// Whose the devices are.
    logins: BTreeMap<DeviceId, UserId>,
    /// Where a new device of a member begins.
    member_floors: BTreeMap<(UserId, ConversationId), Seq>,
    silenced: BTreeSet<UserId>,
    relations: Relations,
    /// How many messages a stranger may write before the first answer; 0: as many as they like.
    pub stranger_limit: u64,
    /// What was uploaded under which key.
    media: BTreeMap<(UserId, ClientId), media::Medium>,
    /// What the server calls a picture.
    pictures: BTreeMap<u8, AvatarHash>,
    /// Links that open nothing any more.
    pub old_links: Vec<String>,
    told: BTreeMap<(UserId, ConversationId), Told>,
    /// Which message has a text: every text is unique, and can be found in whatever the server says.
    texts: BTreeMap<String, (ConversationId, Seq)>,
    /// How often what was acknowledged: a run in which nothing happens proves nothing.
    pub tally: Tally,
}

impl Oracle {
    pub fn new(stranger_limit: u64) -> Self {
        Self { stranger_limit, ..Self::default() }
    }

    pub fn create(&mut self, id: ConversationId, kind: ConversationKind, members: Vec<UserId>) {
        let cursors = members.iter().map(|&member| (member, Cursors::default())).collect();
        let first = members.first().copied();
        let mut members: BTreeMap<_, _> =
            members.into_iter().map(|member| (member, Member::FROM_THE_BEGINNING)).collect();
        if let Some(owner) = first.filter(|_| kind == ConversationKind::Group) {
            members.insert(owner, Member { role: Role::Owner, ..Member::FROM_THE_BEGINNING });
        }
        let room = Room {
            id,
            kind,
            members,
            awaiting: None,
            left: BTreeSet::new(),
            title: None,
            announcement: None,
            muted_until: 0,
            picture: None,
            link: None,
            waiting: BTreeSet::new(),
            joining: Joining::default(),
            history: History::default(),
            log: Vec::new(),
            cursors,
            told: BTreeMap::new(),
        };
        self.rooms.entry(id).or_insert(room);
    }

    /// One of the two opened a direct conversation. Until somebody writes in it, it is there for them, and for the other
    /// only once they open it, too. Tells whether it is new to who opened it.
    pub fn open_direct(&mut self, id: ConversationId, opener: UserId, peer: UserId) -> bool {
        let stood = self.rooms.contains_key(&id);
        self.create(id, ConversationKind::Direct, vec![opener, peer]);
        let room = self.rooms.get_mut(&id).unwrap();
        if !stood {
            room.awaiting = Some(peer);
            self.count("opened");
            return true;
        }
        let entered = room.awaits(opener);
        if entered {
            room.awaiting = None;
            self.count("opened from the other side");
        }
        entered
    }

    /// Whether the account is a member of a conversation that is there for it.
    pub fn member(&self, me: UserId, id: ConversationId) -> bool {
        self.rooms.get(&id).is_some_and(|room| room.has(me))
    }

    pub fn relation(&self, me: UserId, other: UserId) -> Relation {
        self.relations.of(me, other)
    }

    pub fn relations(&self) -> &Relations {
        &self.relations
    }

    /// The server answered, at a time by its clock.
    pub fn answered(&mut self, login: &Login, request: &Request, answer: &Result<Answer, Failure>, now: Millis) {
        let me = login.account.id;
        if let Request::Post { conversation, client_id, body } = request
            && !self.has(me, *client_id)
        {
            let refused = match answer {
                Ok(_) => None,
                Err(Failure::Refused(why)) if why.code == ErrorCode::NotLoggedIn => return,
                Err(Failure::Refused(why)) => Some(why.code),
                Err(Failure::Network) => return,
            };
            self.decided((me, *conversation), body, refused, now);
        }
        if let Ok(answer) = answer {
            self.acknowledge(login, request, answer);
        }
        if let (Request::Upload { client_id, .. }, Ok(Answer::Uploaded(body))) = (request, answer) {
            self.uploaded(me, *client_id, body, now);
        }
    }

    /// Whether the server has the account's message with this key.
    pub fn has(&self, me: UserId, client_id: ClientId) -> bool {
        let mut all = self.rooms.values().flat_map(|room| &room.log);
        all.any(|entry| entry.sender == me && entry.client_id == Some(client_id))
    }

    /// The server did what was asked for, and said so.
    fn acknowledge(&mut self, login: &Login, request: &Request, answer: &Answer) {
        let me = login.account.id;
        self.count(tally::name(request));
        match (request, answer) {
            (Request::Post { conversation, client_id, body }, Answer::Posted(message)) => {
                let request = SendRequest { client_id: *client_id, body: body.clone(), invisible_list: Vec::new() };
                self.posted(me, *conversation, request, message);
            }
            (Request::Report { reports, .. }, Answer::Reported) => reports.iter().for_each(|r| self.reported(me, r)),
            (Request::BeginAnew, _) => self.begun(login),
            (Request::Act(action), answer) => self.acted(login, action, answer),
            (Request::Sync { .. }, Answer::Sync(page)) => {
                page.changes.iter().for_each(|change| self.check_change(me, change));
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
        if let Some(known) = room.log.iter().find(|entry| entry.sender == me && entry.client_id == Some(client_id)) {
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
        if body.mentions().is_some() {
            *self.tally.entry("mentions").or_default() += 1;
        }
        let withheld: BTreeSet<UserId> = invisible_list.into_iter().collect();
        room.cursors.insert(me, Cursors::at(message.seq));
        // A message tells everybody that its sender has read what is before it, but for one who does not see it.
        let seen = |owner: &&UserId| **owner != me && (room.kind == ConversationKind::Group || withheld.is_empty());
        for owner in room.members.keys().filter(seen) {
            room.told.insert((*owner, me), Cursors::at(message.seq));
        }
        room.log.push(Entry { seq: message.seq, sender: me, client_id: Some(client_id), body, withheld });
        self.carries(&message.body);
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
                    let seen = self.rooms[conversation].members[&me].vis_from <= *seq;
                    if seen && self.hidden.get(&key) == Some(&true) {
                        self.hidden.remove(&key);
                    }
                }
            }
            (Action::Recall { conversation, seq }, Answer::Recalled(message)) => {
                let room = self.rooms.get_mut(conversation).unwrap();
                let entry = room.log.iter_mut().find(|entry| entry.seq == *seq).unwrap();
                let role = |user| room.members.get(&user).map_or(Role::Member, |member| member.role);
                let above = role(me) != Role::Member && role(me) > role(entry.sender);
                assert!(entry.sender == me || above, "somebody recalled another's message");
                let mut before = None;
                if entry.body.countable() {
                    before = Some(std::mem::replace(&mut entry.body, MessageBody::Recalled { by: Some(me) }));
                }
                assert_eq!((message.seq, &message.body), (*seq, &entry.body));
                before.iter().for_each(|body| self.erase(body));
            }
            (Action::Report { conversation, seq, report: ReportMessage { hide: true, .. } }, _) => {
                self.hide(me, *conversation, *seq, false);
            }
            (Action::Delete { conversation, through, everywhere }, _) => {
                let through = (*through).min(self.rooms[conversation].head());
                let on = |(device, owner): (&DeviceId, &UserId)| {
                    (*device == login.device || *everywhere && *owner == me).then_some(*device)
                };
                for device in self.logins.iter().filter_map(on) {
                    let floor = self.floors.entry((device, *conversation)).or_insert((me, through));
                    floor.1 = floor.1.max(through);
                }
                let floor = self.member_floors.entry((me, *conversation)).or_default();
                *floor = (*floor).max(through);
            }
            (Action::ReadAll, _) => {
                let own = self.rooms.values().filter(|room| room.members.contains_key(&me));
                let rooms: Vec<(ConversationId, Seq)> = own.map(|room| (room.id, room.head())).collect();
                for (conversation, head) in rooms {
                    self.reported(me, &ReceiptReport { conversation, delivered: head, read: head });
                }
            }
            (Action::Follow { user, follow, .. }, _) => self.follow(me, *user, *follow),
            (Action::Block { user, block }, _) => self.block(me, *user, *block),
            (Action::ShowReceipts(true), _) => drop(self.silenced.remove(&me)),
            (Action::ShowReceipts(false), _) => drop(self.silenced.insert(me)),
            _ => {}
        }
    }

    fn hide(&mut self, me: UserId, id: ConversationId, seq: Seq, can_be_taken_back: bool) {
        let room = &self.rooms[&id];
        let entry = room.log.iter().find(|entry| entry.seq == seq && entry.seq >= room.members[&me].vis_from);
        if entry.is_some_and(|entry| !entry.withheld.contains(&me)) {
            self.hidden.entry((me, id, seq)).or_insert(can_be_taken_back);
        }
    }

    /// A device that logs in begins where any of the account's devices has deleted a conversation.
    pub fn logged_in(&mut self, login: &Login) {
        // A device may have the number of one whose login was ended.
        self.logins.insert(login.device, login.account.id);
        self.floors.retain(|(device, _), _| *device != login.device);
        for (&(account, id), &floor) in &self.member_floors {
            if account == login.account.id {
                self.floors.insert((login.device, id), (account, floor));
            }
        }
    }

    /// One that lost what it kept begins as one that logs in.
    fn begun(&mut self, login: &Login) {
        for (&(account, id), &floor) in &self.member_floors {
            if account == login.account.id {
                let kept = self.floors.entry((login.device, id)).or_insert((account, floor));
                kept.1 = kept.1.max(floor);
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
        if let Some(peer) = &about.peer {
            self.is_relation(me, peer.id, about.relation);
        }
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
        let same = entry.sender == message.sender && Self::same_key(entry, message);
        assert!(same && entry.body == message.body, "{message:?} is told to {me}, not {entry:?}");
    }

    pub fn entry(&self, id: ConversationId, seq: Seq) -> &Entry {
        &self.rooms[&id].log[seq.prev().get() as usize]
    }

    fn sees(&self, me: UserId, id: ConversationId, entry: &Entry) -> bool {
        let member = self.rooms[&id].members.get(&me);
        member.is_some_and(|member| entry.seq >= member.vis_from)
            && !entry.withheld.contains(&me)
            && !self.hidden.contains_key(&(me, id, entry.seq))
    }

    /// Through which message a device deleted a conversation, if it did.
    fn floor(&self, login: &Login, id: ConversationId) -> Option<Seq> {
        self.floors.get(&(login.device, id)).map(|(_, floor)| *floor)
    }

    /// What a device shows of a conversation.
    pub fn timeline(&self, login: &Login, id: ConversationId) -> impl Iterator<Item = &Entry> {
        let (me, floor) = (login.account.id, self.floor(login, id));
        self.rooms[&id].log.iter().filter(move |entry| Some(entry.seq) > floor && self.sees(me, id, entry))
    }

    /// The conversations that a device lists.
    pub fn listed(&self, login: &Login) -> BTreeSet<ConversationId> {
        let listed = |room: &&Room| {
            let floor = self.floor(login, room.id);
            room.has(login.account.id) && floor.is_none_or(|floor| room.head() > floor)
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

    /// How many unread messages name the reader.
    pub fn mentions(&self, login: &Login, id: ConversationId) -> u64 {
        let names = |seq: &&Seq| {
            let body = &self.entry(id, **seq).body;
            body.mentions().is_some_and(|mentions| mentions.has(login.account.id))
        };
        self.unread_seqs(login, id).iter().filter(names).count() as u64
    }
}

/// A text that nothing else has.
pub fn text(number: u64) -> MessageBody {
    naming(number, Mentions::default())
}

/// The same, which names members of a group.
pub fn naming(number: u64, mentions: Mentions) -> MessageBody {
    MessageBody::Text { text: format!("<{number}>").as_str().try_into().unwrap(), mentions }
}
