//! What else a member does on the model server: reporting, hiding, recalling, deleting.

use super::super::event::{Answer, Process};
use super::bug::Bug;
use super::server::{Log, Refused, Row, Server, number, user};
use protocol::receipts::{Cursors, ReceiptReport};
use protocol::sync::AccountChange;
use protocol::{ConversationId, ConversationKind, ErrorCode, MessageBody, Seq, ServerFrame, UserId};
use std::collections::BTreeSet;

impl Server {
    pub fn report(&mut self, account: UserId, reports: &[ReceiptReport]) -> Result<Answer, Refused> {
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
            let member = log.members.get(&account).unwrap();
            let old = member.own;
            let asked = Cursors { delivered, read };
            if self.bug == Some(Bug::RefusesStaleReport) && read < old.read {
                return Err((400, ErrorCode::BadRequest));
            }
            let new = if falls && read < old.read { asked } else { old.max(asked) };
            if new == old {
                continue;
            }
            log.members.get_mut(&account).unwrap().own = new;
            let concerned: Vec<UserId> = match peer {
                Some(peer) => vec![peer],
                None if group && delivery => others,
                None if new.read <= old.read => Vec::new(),
                None if all => others,
                None => {
                    let read = log.rows.range(old.read.next()..=new.read).map(|(_, row)| row.message.sender);
                    let senders: BTreeSet<UserId> =
                        read.filter(|it| *it != account && log.members.contains_key(it)).collect();
                    senders.into_iter().collect()
                }
            };
            if self.bug != Some(Bug::OwnNotShared) {
                log.members.get_mut(&account).unwrap().upd = self.accounts[&account].upd.next();
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

    pub fn hide(&mut self, account: UserId, id: ConversationId, seqs: &[Seq], hidden: bool) {
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

    pub fn recall(&mut self, account: UserId, id: ConversationId, seq: Seq) -> Result<Answer, Refused> {
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
            row.message.body = MessageBody::Recalled { by: Some(account) };
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

    pub fn delete(&mut self, process: Process, id: ConversationId, through: Seq) {
        let log = self.conversations.get_mut(&id).unwrap();
        let through = through.min(log.head());
        let member = log.members.get_mut(&process.account).unwrap();
        member.floor = member.floor.max(Some(through));
        if self.is(Bug::DeletedComesBack) {
            return;
        }
        if self.floors.get(&(process.device, id)).is_none_or(|floor| through > *floor) {
            self.floors.insert((process.device, id), through);
            let all = self.is(Bug::DeletionTold);
            let links =
                self.links.iter().filter(|(_, it)| it.device == process.device || all && it.account == process.account);
            let frame = ServerFrame::Deleted { conversation: id, floor: through };
            self.out.extend(links.map(|(link, _)| (*link, Ok(frame.clone()))));
        }
    }

    /// The account opens its direct conversation with another.
    pub fn open(&mut self, process: Process, peer: UserId) -> Result<Answer, Refused> {
        let me = process.account;
        let direct = |log: &&Log| log.kind == ConversationKind::Direct && log.has_both(me, peer);
        let Some(id) = self.conversations.values().find(direct).map(|log| log.id) else {
            return Err((404, ErrorCode::NotFound));
        };
        let joined = self.accounts[&me].upd.next();
        let (forgets, spreads) = (self.is(Bug::ForgetsOpened), self.is(Bug::OpensForBoth));
        let log = self.conversations.get_mut(&id).unwrap();
        let new = !log.has(me);
        // The bug remembers only the first of the two.
        if !(forgets && log.awaiting.len() == 1) {
            log.awaiting.remove(&me);
        }
        if spreads {
            log.awaiting.clear();
        }
        if new {
            let member = log.members.get_mut(&me).unwrap();
            (member.joined, member.upd) = (joined, joined);
            let conversation = Box::new(self.describe(process, id));
            self.tell_account(me, vec![AccountChange::Joined { conversation }]);
        }
        Ok(Answer::Conversation(self.describe(process, id)))
    }
}
