//! A small server in memory: the same rules as the real one, written down once more and as plainly as possible, with a
//! switch for each bug.

use super::super::dice::Dice;
use super::super::event::{Answer, Op, Process};
use super::bug::Bug;
use protocol::frame::close;
use protocol::receipts::{Cursors, Receipt, ReceiptReport};
use protocol::sync::{AccountChange, Parting};
use protocol::{
    ClientId, Conversation, ConversationId, ConversationKind, DeviceId, ErrorCode, LogChange, Message, MessageBody,
    MessagesFrom, Relation, Rev, Role, Rules, Seq, ServerFrame, Upd, User, UserId,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What goes out over a connection: a frame, or the close code.
pub type Outgoing = (u64, Result<ServerFrame, u16>);
pub type Refused = (u16, ErrorCode);

pub struct Server {
    pub bug: Option<Bug>,
    pub dice: Dice,
    pub accounts: BTreeMap<UserId, Account>,
    pub conversations: BTreeMap<ConversationId, Log>,
    pub floors: HashMap<(DeviceId, ConversationId), Seq>,
    pub hidden: BTreeMap<(UserId, ConversationId, Seq), (Upd, bool)>,
    pub receipts: BTreeMap<(UserId, ConversationId, UserId), (Upd, Cursors)>,
    pub keys: HashMap<(UserId, ClientId), (ConversationId, Seq)>,
    pub relations: BTreeMap<(UserId, UserId), (Upd, Relation)>,
    /// Who blocked whom at some time.
    pub parted: HashSet<(UserId, UserId)>,
    /// Friend requests that wait: who asks whom.
    pub requests: BTreeSet<(UserId, UserId)>,
    /// How many messages a stranger may write; 0: as many as they like.
    pub strangers: u64,
    /// Memberships that ended: the position of that, from where on the member saw, and why.
    pub former: BTreeMap<(UserId, ConversationId), (Upd, Seq, Parting)>,
    /// Whose presence a device wants to hear of.
    pub watches: BTreeMap<Process, UserId>,
    /// Former members whom a bug still tells.
    pub haunted: BTreeSet<(ConversationId, UserId)>,
    pub version: u64,
    pub links: BTreeMap<u64, Process>,
    /// Connections of devices that had one before.
    pub returned: HashSet<u64>,
    met: HashSet<DeviceId>,
    /// Connections that a bug forgot.
    pub ghosts: HashSet<u64>,
    ended: HashSet<DeviceId>,
    devices: u64,
    pub out: Vec<Outgoing>,
}

#[derive(Default)]
pub struct Account {
    pub upd: Upd,
    pub private: bool,
    /// It kept receipts off at some time.
    pub was_private: bool,
    pub messages_from: MessagesFrom,
    /// The setting before the last change, which a bug remembers.
    pub messages_from_before: MessagesFrom,
    pub settings_upd: Upd,
}

pub struct Log {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub members: BTreeMap<UserId, Member>,
    pub rows: BTreeMap<Seq, Row>,
    pub rev: Rev,
    pub version: u64,
    pub active_at: u64,
    /// Nobody but the owner and admins may write.
    pub muted: bool,
    /// To whom it is not there until they open it, or somebody writes in it.
    pub awaiting: BTreeSet<UserId>,
    /// An address that a bug left free, and for whom.
    pub hole: Option<(Seq, Process)>,
}

#[derive(Clone, Default)]
pub struct Member {
    pub vis_from: Seq,
    pub own: Cursors,
    pub sent: Seq,
    pub upd: Upd,
    pub floor: Option<Seq>,
    pub role: Role,
    pub muted: bool,
    /// Where the membership began, in the account's log.
    pub joined: Upd,
}

#[derive(Clone)]
pub struct Row {
    pub message: Message,
    /// What was sent, which no right server keeps after a recall.
    pub original: MessageBody,
    pub invisible: Vec<UserId>,
    /// Reads that do not see it yet.
    pub late: u32,
}

impl Log {
    pub fn head(&self) -> Seq {
        self.rows.last_key_value().map_or(Seq::ZERO, |(seq, _)| *seq)
    }

    /// Whether these are its members.
    pub fn has_both(&self, one: UserId, other: UserId) -> bool {
        one != other && [one, other].iter().all(|account| self.members.contains_key(account))
    }

    /// Whether it is there for an account.
    pub fn has(&self, account: UserId) -> bool {
        self.members.contains_key(&account) && (!self.rows.is_empty() || !self.awaiting.contains(&account))
    }

    /// The other side of a direct conversation.
    pub fn peer(&self, of: UserId) -> Option<UserId> {
        let direct = self.kind == ConversationKind::Direct;
        self.members.keys().copied().find(|member| direct && *member != of)
    }
}

impl Server {
    pub fn new(seed: u64, bug: Option<Bug>) -> Self {
        Self {
            bug,
            dice: Dice::new(seed ^ 0x5eed),
            accounts: BTreeMap::new(),
            conversations: BTreeMap::new(),
            floors: HashMap::new(),
            hidden: BTreeMap::new(),
            receipts: BTreeMap::new(),
            keys: HashMap::new(),
            relations: BTreeMap::new(),
            parted: HashSet::new(),
            requests: BTreeSet::new(),
            strangers: 0,
            former: BTreeMap::new(),
            watches: BTreeMap::new(),
            haunted: BTreeSet::new(),
            version: 0,
            links: BTreeMap::new(),
            returned: HashSet::new(),
            met: HashSet::new(),
            ghosts: HashSet::new(),
            ended: HashSet::new(),
            devices: 0,
            out: Vec::new(),
        }
    }

    /// Whether the server has this bug.
    pub fn is(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Whether it shows this time.
    pub fn shows(&mut self, bug: Bug, percent: u64) -> bool {
        self.bug == Some(bug) && self.dice.chance(percent)
    }

    /// A group, or a direct conversation, with what was in it before.
    pub fn found(&mut self, kind: ConversationKind, members: &[(u64, u64)], before: u64) -> ConversationId {
        let id = number(self.conversations.len() as u64 + 1);
        let members = members.iter().map(|(account, vis_from)| {
            let own = Cursors::at(position(before));
            (number(*account), Member { vis_from: position(*vis_from), own, ..Member::default() })
        });
        let mut members: BTreeMap<UserId, Member> = members.collect();
        for account in members.keys() {
            self.accounts.entry(*account).or_default();
        }
        let (sender, first) = members.iter_mut().next().map(|(id, first)| (*id, first)).unwrap();
        first.sent = position(before);
        self.version += 1;
        let (version, active_at) = (self.version, self.version);
        let mut log = Log {
            id,
            kind,
            members,
            rows: BTreeMap::new(),
            rev: Rev::ZERO,
            version,
            active_at,
            muted: false,
            awaiting: BTreeSet::new(),
            hole: None,
        };
        for seq in 1..=before {
            let body = MessageBody::text("earlier".try_into().unwrap());
            let client_id = ClientId::from_parts(id.get(), [u8::try_from(seq).unwrap(); 10]);
            let rev = log.rev.next();
            let message = Message { seq: position(seq), rev, sender, client_id, at: version, body: body.clone() };
            log.rev = rev;
            log.rows.insert(position(seq), Row { message, original: body, invisible: Vec::new(), late: 0 });
        }
        self.conversations.insert(id, log);
        id
    }

    /// Gives members of a new group their roles.
    pub fn appoint(&mut self, id: ConversationId, roles: &[(u64, Role)]) {
        let members = &mut self.conversations.get_mut(&id).unwrap().members;
        for (account, role) in roles {
            members.get_mut(&number(*account)).unwrap().role = *role;
        }
    }

    pub fn log_in(&mut self, account: UserId) -> Process {
        self.devices += 1;
        let device = number(self.devices);
        self.accounts.entry(account).or_default();
        for (id, log) in &self.conversations {
            if let Some(floor) = log.members.get(&account).and_then(|member| member.floor) {
                self.floors.insert((device, *id), floor);
            }
        }
        Process { account, device }
    }

    pub fn connect(&mut self, link: u64, process: Process) {
        if self.ended.contains(&process.device) {
            self.out.push((link, Err(close::REVOKED)));
            return;
        }
        self.links.insert(link, process);
        if !self.met.insert(process.device) {
            self.returned.insert(link);
        }
        self.watches.remove(&process);
        let rules = Rules::default();
        let hello = ServerFrame::Hello { device: process.device, server_time: 0, heartbeat_s: 25, rules };
        self.out.push((link, Ok(hello)));
        self.announce(process.account);
    }

    pub fn disconnect(&mut self, link: u64) {
        if let Some(process) = self.links.remove(&link) {
            self.watches.remove(&process);
            self.announce(process.account);
        }
    }

    /// Stops and starts again.
    pub fn crash(&mut self) {
        self.watches.clear();
        for link in std::mem::take(&mut self.links).into_keys() {
            self.out.push((link, Err(close::GOING_AWAY)));
        }
        if self.is(Bug::ForgetsDeletions) {
            self.floors.clear();
        }
        if self.is(Bug::LosesAtCrash) {
            for log in self.conversations.values_mut().filter(|log| log.rows.len() > 3) {
                if let Some((_, row)) = log.rows.pop_last() {
                    self.keys.remove(&(row.message.sender, row.message.client_id));
                }
            }
        }
    }

    pub fn handle(&mut self, process: Process, op: &Op) -> Result<Answer, Refused> {
        if self.ended.contains(&process.device) && !self.is(Bug::ServesEndedLogin) {
            return Err((401, ErrorCode::NotLoggedIn));
        }
        let mut asked: Vec<ConversationId> = op.conversation().into_iter().collect();
        if let Op::Report { reports } = op {
            asked.extend(reports.iter().map(|report| report.conversation));
        }
        let member = |id: &ConversationId| {
            self.conversations.get(id).is_some_and(|log| {
                log.has(process.account) || self.is(Bug::ShowsEmpty) && log.members.contains_key(&process.account)
            })
        };
        if !asked.iter().all(member) {
            let lags = asked.first().and_then(|id| self.former.get(&(process.account, *id)));
            if let (Op::Send { conversation, client_id, body, .. }, Some((_, vis_from, _))) = (op, lags.copied())
                && self.is(Bug::RosterLags)
            {
                let member = Member { vis_from, ..Member::default() };
                self.conversations.get_mut(conversation).unwrap().members.insert(process.account, member);
                let sent = self.send(process, *conversation, *client_id, body, &[]);
                self.conversations.get_mut(conversation).unwrap().members.remove(&process.account);
                return sent;
            }
            let served = self.is(Bug::ServesFormer) && lags.is_some();
            let first = self.conversations.get(asked.first().unwrap()).and_then(|log| log.members.keys().next());
            return match first {
                // The bug reads with another's eyes.
                Some(other) if self.is(Bug::ServesStrangers) || served => {
                    self.read(Process { account: *other, ..process }, op)
                }
                _ => Err((404, ErrorCode::NotFound)),
            };
        }
        match op {
            Op::Send { conversation, client_id, body, invisible } => {
                self.send(process, *conversation, *client_id, body, invisible)
            }
            Op::Report { reports } => self.report(process.account, reports),
            Op::ReadAll => {
                let logs = self.conversations.values().filter(|log| log.has(process.account));
                let all =
                    logs.map(|log| ReceiptReport { conversation: log.id, delivered: log.head(), read: log.head() });
                let omits = usize::from(self.is(Bug::ReadAllOmits));
                let all: Vec<_> = all.skip(omits).collect();
                self.report(process.account, &all)
            }
            Op::Hide { conversation, seqs, hidden } => {
                self.hide(process.account, *conversation, seqs, *hidden);
                Ok(Answer::Done)
            }
            Op::Denounce { conversation, seq, hide } => {
                if *hide {
                    self.hide(process.account, *conversation, &[*seq], true);
                }
                Ok(Answer::Done)
            }
            Op::Recall { conversation, seq } => self.recall(process.account, *conversation, *seq),
            Op::Delete { conversation, through } => {
                self.delete(process, *conversation, *through);
                Ok(Answer::Done)
            }
            Op::Privacy { receipts } => {
                let account = self.accounts.entry(process.account).or_default();
                account.private = !receipts;
                account.was_private |= account.private;
                account.settings_upd = account.upd.next();
                let from = account.messages_from;
                self.tell_account(process.account, vec![settings(*receipts, from)]);
                Ok(Answer::Done)
            }
            Op::Accept { from } => {
                let account = self.accounts.entry(process.account).or_default();
                account.messages_from_before = std::mem::replace(&mut account.messages_from, *from);
                account.settings_upd = account.upd.next();
                let receipts = !account.private;
                self.tell_account(process.account, vec![settings(receipts, *from)]);
                Ok(Answer::Done)
            }
            Op::Open { peer } => self.open(process, *peer),
            Op::Relate { other, act } => self.relate(process.account, *other, *act),
            Op::Contact { other } => Ok(self.contact(process.account, *other)),
            Op::Invite { conversation, .. }
            | Op::Remove { conversation, .. }
            | Op::Dissolve { conversation }
            | Op::Appoint { conversation, .. }
            | Op::Mute { conversation, .. } => self.change_group(process.account, *conversation, op),
            Op::Typing { conversation } => {
                self.typing(process.account, *conversation);
                Ok(Answer::Done)
            }
            Op::Watch { conversation } => {
                self.watch(process, *conversation);
                Ok(Answer::Done)
            }
            Op::EndLogin { device } => {
                self.ended.insert(*device);
                let links = self.links.iter().filter(|(_, process)| process.device == *device);
                let links: Vec<u64> = links.map(|(link, _)| *link).collect();
                if !self.is(Bug::KeepsConnection) && !self.is(Bug::ServesEndedLogin) {
                    for link in links {
                        self.links.remove(&link);
                        self.out.push((link, Err(close::REVOKED)));
                    }
                }
                Ok(Answer::Done)
            }
            _ => self.read(process, op),
        }
    }
}

pub fn number<T: TryFrom<u64>>(number: u64) -> T {
    T::try_from(number).ok().unwrap()
}

pub fn position(number: u64) -> Seq {
    Seq::ZERO.plus(number)
}

pub fn settings(receipts: bool, messages_from: MessagesFrom) -> AccountChange {
    AccountChange::Settings { receipts, messages_from }
}

pub fn user(id: UserId) -> User {
    let name = format!("user{id}");
    User::new(id, name.clone().try_into().unwrap(), name.try_into().unwrap())
}
