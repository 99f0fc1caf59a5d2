//! A small server in memory: the same rules as the real one, written down once more and as plainly as possible, with a
//! switch for each bug.

use super::super::dice::Dice;
use super::super::event::{Answer, Op, Process};
use super::bug::Bug;
use protocol::frame::close;
use protocol::receipts::{Cursors, Receipt, ReceiptReport};
use protocol::sync::AccountChange;
use protocol::{
    ClientId, Conversation, ConversationId, ConversationKind, DeviceId, ErrorCode, LogChange, Message, MessageBody,
    Rev, Rules, Seq, ServerFrame, Upd, User, UserId,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What goes out over a connection: a frame, or the close code.
pub type Outgoing = (u64, Result<ServerFrame, u16>);
pub type Refused = (u16, ErrorCode);

pub struct Server {
    pub bug: Option<Bug>,
    dice: Dice,
    pub accounts: BTreeMap<UserId, Account>,
    pub conversations: BTreeMap<ConversationId, Log>,
    pub floors: HashMap<(DeviceId, ConversationId), Seq>,
    pub hidden: BTreeMap<(UserId, ConversationId, Seq), (Upd, bool)>,
    pub receipts: BTreeMap<(UserId, ConversationId, UserId), (Upd, Cursors)>,
    keys: HashMap<(UserId, ClientId), (ConversationId, Seq)>,
    pub version: u64,
    links: BTreeMap<u64, Process>,
    /// Connections that a bug forgot.
    ghosts: HashSet<u64>,
    ended: HashSet<DeviceId>,
    devices: u64,
    pub out: Vec<Outgoing>,
}

#[derive(Default)]
pub struct Account {
    pub upd: Upd,
    pub private: bool,
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
    /// An address that a bug left free, and for whom.
    hole: Option<(Seq, Process)>,
}

#[derive(Clone, Default)]
pub struct Member {
    pub vis_from: Seq,
    pub own: Cursors,
    pub sent: Seq,
    pub upd: Upd,
    pub floor: Seq,
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
            version: 0,
            links: BTreeMap::new(),
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
        let mut log = Log { id, kind, members, rows: BTreeMap::new(), rev: Rev::ZERO, version, active_at, hole: None };
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

    pub fn log_in(&mut self, account: UserId) -> Process {
        self.devices += 1;
        let device = number(self.devices);
        self.accounts.entry(account).or_default();
        for (id, log) in &self.conversations {
            if let Some(member) = log.members.get(&account).filter(|member| !member.floor.is_zero()) {
                self.floors.insert((device, *id), member.floor);
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
        let rules = Rules::default();
        let hello = ServerFrame::Hello { device: process.device, server_time: 0, heartbeat_s: 25, rules };
        self.out.push((link, Ok(hello)));
    }

    pub fn disconnect(&mut self, link: u64) {
        self.links.remove(&link);
    }

    /// Stops and starts again.
    pub fn crash(&mut self) {
        for link in std::mem::take(&mut self.links).into_keys() {
            self.out.push((link, Err(close::GOING_AWAY)));
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
            self.conversations.get(id).is_some_and(|log| log.members.contains_key(&process.account))
        };
        if !asked.iter().all(member) {
            let first = self.conversations.get(asked.first().unwrap()).and_then(|log| log.members.keys().next());
            return match first {
                // The bug reads with another's eyes.
                Some(other) if self.is(Bug::ServesStrangers) => self.read(Process { account: *other, ..process }, op),
                _ => Err((404, ErrorCode::NotFound)),
            };
        }
        match op {
            Op::Send { conversation, client_id, body, invisible } => {
                self.send(process, *conversation, *client_id, body, invisible)
            }
            Op::Report { reports } => self.report(process.account, reports),
            Op::ReadAll => {
                let logs = self.conversations.values().filter(|log| log.members.contains_key(&process.account));
                let all =
                    logs.map(|log| ReceiptReport { conversation: log.id, delivered: log.head(), read: log.head() });
                let all: Vec<_> = all.collect();
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
                account.settings_upd = account.upd.next();
                self.tell_account(process.account, vec![settings(*receipts)]);
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

    fn send(
        &mut self,
        process: Process,
        id: ConversationId,
        client_id: ClientId,
        body: &MessageBody,
        invisible: &[UserId],
    ) -> Result<Answer, Refused> {
        let sender = process.account;
        if let Some((_, seq)) = self.keys.get(&(sender, client_id)).copied()
            && !self.shows(Bug::DuplicateAsNew, 50)
        {
            return self.replay(id, seq, body);
        }
        let percent = 15;
        let [reuses, leaves, drops, back, alters, late] = [
            Bug::ReusesSeq,
            Bug::LeavesGap,
            Bug::DropsAcknowledged,
            Bug::TimeRunsBack,
            Bug::AltersText,
            Bug::PassesUncommitted,
        ]
        .map(|bug| self.shows(bug, percent));
        let reserves = self.shows(Bug::FifoBroken, 40) || self.shows(Bug::RealTimeBroken, 40);
        let (fifo, real_time) = (self.is(Bug::FifoBroken), self.is(Bug::RealTimeBroken));
        self.version += 1;
        let version = self.version;
        let log = self.conversations.get_mut(&id).unwrap();
        let head = log.head();
        let mut seq = if reuses && head > position(4) { head } else { head.next() };
        match log.hole {
            Some((hole, owner)) if (fifo && owner == process) || (real_time && owner != process) => {
                (seq, log.hole) = (hole, None);
            }
            None if reserves => {
                (seq, log.hole) = (head.next().next(), Some((head.next(), process)));
            }
            _ if leaves => seq = seq.next(),
            _ => {}
        }
        let prev = log.rev;
        let message = Message {
            seq,
            rev: prev.next(),
            sender,
            client_id,
            at: if back { 1 } else { version },
            body: body.clone(),
        };
        if drops {
            return Ok(Answer::Sent { message, replay: false });
        }
        (log.rev, log.version, log.active_at) = (message.rev, version, version);
        let member = log.members.get_mut(&sender).unwrap();
        member.sent = member.sent.max(seq);
        if self.bug != Some(Bug::CountsOwn) {
            member.own = member.own.max(Cursors::at(seq));
        }
        let mut row = Row { message: message.clone(), original: body.clone(), invisible: invisible.to_vec(), late: 0 };
        if alters {
            row.message.body = MessageBody::text("altered".try_into().unwrap());
        }
        row.late = if late { 3 } else { 0 };
        log.rows.insert(seq, row);
        self.keys.insert((sender, client_id), (id, seq));
        self.tell_log(id, prev, seq);
        self.after_send(id, sender);
        Ok(Answer::Sent { message, replay: false })
    }

    fn replay(&mut self, id: ConversationId, seq: Seq, body: &MessageBody) -> Result<Answer, Refused> {
        let (accepts, elsewhere, refuses) =
            (self.is(Bug::OtherBodyAccepted), self.is(Bug::ReplayElsewhere), self.is(Bug::ReplayRefused));
        let row = self.conversations.get(&id).and_then(|log| log.rows.get(&seq));
        let Some(row) = row.filter(|row| !refuses && (accepts || row.original == *body)) else {
            return Err((409, ErrorCode::ClientIdReused));
        };
        let mut message = row.message.clone();
        if accepts && message.body.countable() {
            message.body = body.clone();
        }
        message.seq = if elsewhere { message.seq.next() } else { message.seq };
        Ok(Answer::Sent { message, replay: true })
    }

    /// Bugs that follow a send.
    fn after_send(&mut self, id: ConversationId, sender: UserId) {
        let (swaps, invents, unpulled) =
            (self.shows(Bug::SwapsTwo, 10), self.shows(Bug::InventsMessage, 10), self.is(Bug::DeliveredUnpulled));
        let log = self.conversations.get_mut(&id).unwrap();
        let head = log.head();
        if swaps && let (Some(a), Some(b)) = (log.rows.get(&head.prev()).cloned(), log.rows.get(&head).cloned()) {
            let (mut first, mut second) = (b, a);
            (first.message.seq, second.message.seq) = (head.prev(), head);
            log.rows.insert(head.prev(), first);
            log.rows.insert(head, second);
        }
        if invents {
            let mut row = log.rows[&head].clone();
            let prev = log.rev;
            log.rev = prev.next();
            (row.message.seq, row.message.rev) = (head.next(), log.rev);
            row.message.client_id = ClientId::from_parts(self.version, [7; 10]);
            log.rows.insert(head.next(), row);
            self.tell_log(id, prev, head.next());
        } else if unpulled && let Some(peer) = log.peer(sender) {
            let member = log.members.get_mut(&peer).unwrap();
            member.own.delivered = head;
            let cursors = member.own;
            self.tell_receipt(sender, id, peer, cursors);
        }
    }

    fn report(&mut self, account: UserId, reports: &[ReceiptReport]) -> Result<Answer, Refused> {
        for report in reports {
            let (falls, beyond) = (self.shows(Bug::ReceiptFalls, 30), self.is(Bug::ReadBeyondHead));
            let (delivery, all) = (self.is(Bug::GroupDelivery), self.is(Bug::ReceiptToNonSender));
            let id = report.conversation;
            let log = self.conversations.get_mut(&id).unwrap();
            let head = if beyond { report.read.max(report.delivered) } else { log.head() };
            let group = log.kind == ConversationKind::Group;
            let read = report.read.min(head);
            let delivered = if group && !delivery { read } else { report.delivered.min(head).max(read) };
            let peer = log.peer(account);
            let others: Vec<UserId> = log.members.keys().copied().filter(|it| *it != account).collect();
            let member = log.members.get_mut(&account).unwrap();
            let old = member.own;
            let asked = Cursors { delivered, read };
            if self.bug == Some(Bug::RefusesStaleReport) && read < old.read {
                return Err((400, ErrorCode::BadRequest));
            }
            let new = if falls && read < old.read { asked } else { old.max(asked) };
            if new == old {
                continue;
            }
            member.own = new;
            let concerned: Vec<UserId> = match peer {
                Some(peer) => vec![peer],
                None if group && delivery => others,
                None if new.read <= old.read => Vec::new(),
                None if all => others,
                None => {
                    let read = log.rows.range(old.read.next()..=new.read).map(|(_, row)| row.message.sender);
                    let senders: BTreeSet<UserId> = read.filter(|it| *it != account).collect();
                    senders.into_iter().collect()
                }
            };
            if self.bug != Some(Bug::OwnNotShared) {
                member.upd = self.accounts[&account].upd.next();
                self.tell_account(account, vec![AccountChange::Own { conversation: id, cursors: new }]);
            }
            let told = if group && !delivery { Cursors::at(new.read) } else { new };
            for owner in concerned {
                self.tell_receipt(owner, id, account, told);
            }
            if self.is(Bug::ReceiptToStranger) {
                self.tell_receipt(number(5), id, account, told);
            }
        }
        Ok(Answer::Done)
    }

    fn hide(&mut self, account: UserId, id: ConversationId, seqs: &[Seq], hidden: bool) {
        let mut changes = Vec::new();
        let log = &self.conversations[&id];
        let mut upd = self.accounts[&account].upd;
        for seq in seqs {
            let is_hidden = self.hidden.get(&(account, id, *seq)).is_some_and(|(_, hidden)| *hidden);
            let may = |row: &&Row| !row.invisible.contains(&account) && *seq >= log.members[&account].vis_from;
            let Some(row) = log.rows.get(seq).filter(may).filter(|_| is_hidden != hidden) else { continue };
            upd = upd.next();
            self.hidden.insert((account, id, *seq), (upd, hidden));
            changes.push(if hidden {
                AccountChange::Hidden { conversation: id, seq: *seq }
            } else {
                let message = Box::new(row.message.clone());
                AccountChange::Shown { conversation: id, message, sender: user(row.message.sender) }
            });
        }
        let peer = log.members.keys().copied().find(|member| *member != account);
        if let Some(peer) = peer.filter(|_| self.is(Bug::DeletionLeaks) && !changes.is_empty()) {
            let upd = self.accounts[&peer].upd.next();
            self.hidden.insert((peer, id, seqs[0]), (upd, hidden));
            self.tell_account(peer, vec![AccountChange::Hidden { conversation: id, seq: seqs[0] }]);
        }
        if !changes.is_empty() {
            self.tell_account(account, changes);
        }
    }

    fn recall(&mut self, account: UserId, id: ConversationId, seq: Seq) -> Result<Answer, Refused> {
        let unstamped = self.is(Bug::RecallUnstamped);
        self.version += 1;
        let version = self.version;
        let log = self.conversations.get_mut(&id).unwrap();
        let Some(row) = log.rows.get_mut(&seq) else { return Err((404, ErrorCode::NotFound)) };
        if row.message.sender != account {
            return Err((403, ErrorCode::NotAllowed));
        }
        let prev = log.rev;
        if row.message.body.countable() {
            row.message.body = MessageBody::Recalled { by: account };
            if !unstamped {
                row.message.rev = prev.next();
                (log.rev, log.version) = (prev.next(), version);
            }
        }
        let message = row.message.clone();
        if log.rev > prev {
            self.tell_log(id, prev, seq);
        }
        Ok(Answer::Recalled { message })
    }

    fn delete(&mut self, process: Process, id: ConversationId, through: Seq) {
        let log = self.conversations.get_mut(&id).unwrap();
        let through = through.min(log.head());
        let member = log.members.get_mut(&process.account).unwrap();
        member.floor = member.floor.max(through);
        if !self.is(Bug::DeletedComesBack) {
            let floor = self.floors.entry((process.device, id)).or_default();
            *floor = through.max(*floor);
        }
    }

    /// A change of a conversation's log goes to its members, each as far as they may see it.
    fn tell_log(&mut self, id: ConversationId, prev: Rev, seq: Seq) {
        let (recalled, withheld) = (self.is(Bug::RecalledInFrame), self.is(Bug::WithheldInFrame));
        let strangers = if self.is(Bug::FrameToStranger) { vec![(number(5), false)] } else { Vec::new() };
        let log = &self.conversations[&id];
        let (pos, head_seq, row) = (log.rev, log.head(), log.rows[&seq].clone());
        let members = log.members.iter().map(|(account, member)| (*account, seq < member.vis_from));
        let readers: Vec<(UserId, bool)> = members.chain(strangers).collect();
        for (account, early) in readers {
            let change = if early || row.invisible.contains(&account) && !withheld {
                LogChange::Withheld { seq }
            } else {
                let mut message = row.message.clone();
                if recalled {
                    message.body = row.original.clone();
                }
                LogChange::Message { message, sender: user(row.message.sender) }
            };
            self.push(account, ServerFrame::Conversation { conversation: id, prev, pos, head_seq, change });
        }
    }

    fn tell_receipt(&mut self, owner: UserId, id: ConversationId, reader: UserId, cursors: Cursors) {
        let private = [owner, reader].iter().any(|account| self.accounts[account].private);
        if private && !self.is(Bug::IgnoresPrivacy) {
            return;
        }
        let upd = self.accounts[&owner].upd.next();
        self.receipts.insert((owner, id, reader), (upd, cursors));
        self.tell_account(owner, vec![AccountChange::Receipt(Receipt { conversation: id, reader, cursors })]);
    }

    /// Changes of an account's log, one position each.
    fn tell_account(&mut self, account: UserId, changes: Vec<AccountChange>) {
        let state = self.accounts.get_mut(&account).unwrap();
        let prev = state.upd;
        state.upd = prev.plus(changes.len() as u64);
        let pos = state.upd;
        self.push(account, ServerFrame::Account { prev, pos, changes });
    }

    fn push(&mut self, account: UserId, frame: ServerFrame) {
        let links = self.links.iter().filter(|(_, process)| process.account == account);
        for link in links.map(|(link, _)| *link).collect::<Vec<_>>() {
            if self.shows(Bug::GhostConnection, 3) {
                self.ghosts.insert(link);
            }
            let lost = self.shows(Bug::DropsFrame, 5) || self.shows(Bug::PatchesPrev, 5);
            let mut frame = frame.clone();
            if lost && self.is(Bug::PatchesPrev) {
                if let ServerFrame::Conversation { prev, .. } = &mut frame {
                    *prev = prev.minus(1);
                }
            } else if lost || self.ghosts.contains(&link) {
                continue;
            }
            self.out.push((link, Ok(frame)));
        }
    }
}

pub fn number<T: TryFrom<u64>>(number: u64) -> T {
    T::try_from(number).ok().unwrap()
}

pub fn position(number: u64) -> Seq {
    Seq::ZERO.plus(number)
}

pub fn settings(receipts: bool) -> AccountChange {
    AccountChange::Settings { receipts, messages_from: protocol::MessagesFrom::Everyone }
}

pub fn user(id: UserId) -> User {
    let name = format!("user{id}");
    User::new(id, name.clone().try_into().unwrap(), name.try_into().unwrap())
}
