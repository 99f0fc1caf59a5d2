//! What people are to each other on the model server: friends, followers, blocked; and who learns that somebody is there.

use super::super::event::{Act, Answer, Process};
use super::super::policy::Standing;
use super::bug::Bug;
use super::server::{Refused, Server, user};
use protocol::sync::AccountChange;
use protocol::{Contact, ConversationId, ConversationKind, ErrorCode, Relation, ServerFrame, UserId};

impl Server {
    pub fn relation(&self, account: UserId, other: UserId) -> Relation {
        self.relations.get(&(account, other)).map_or(Relation::NONE, |(_, relation)| *relation)
    }

    /// What an account is told that another is to it.
    pub fn shown_relation(&self, account: UserId, other: UserId) -> Relation {
        let mut relation = self.relation(account, other);
        if self.is(Bug::ShowsBlocked) {
            relation.blocking |= self.relation(other, account).blocking;
        }
        relation
    }

    pub fn contact(&self, account: UserId, other: UserId) -> Answer {
        let (relation, upd) = (self.shown_relation(account, other), self.accounts[&account].upd);
        Answer::Contact(Contact { user: user(other), relation, upd })
    }

    pub fn relate(&mut self, me: UserId, other: UserId, act: Act) -> Result<Answer, Refused> {
        let (mut mine, mut theirs) = (self.relation(me, other), self.relation(other, me));
        match act {
            Act::Befriend if mine.friend && theirs.friend => {}
            Act::Befriend => {
                let crossed = self.requests.contains(&(other, me)) && !self.is(Bug::CrossedRequestsWait);
                if theirs.friend || crossed {
                    mine.friend = true;
                    theirs.friend |= !self.is(Bug::OneSidedFriends);
                    self.requests.remove(&(me, other));
                    self.requests.remove(&(other, me));
                } else {
                    self.requests.insert((me, other));
                }
            }
            Act::Unfriend => {
                mine.friend = false;
                self.requests.remove(&(me, other));
            }
            Act::Refuse => {
                if !self.requests.remove(&(other, me)) {
                    return Err((404, ErrorCode::NotFound));
                }
            }
            Act::Follow | Act::Unfollow => {
                mine.follow = act == Act::Follow;
                if !self.is(Bug::FollowsOneSided) {
                    theirs.fan = mine.follow;
                }
            }
            Act::Block => {
                mine.blocking = true;
                self.parted.insert((me, other));
            }
            Act::Unblock => mine.blocking = self.is(Bug::NeverUnblocks),
        }
        self.keep_relation(me, other, mine);
        if act == Act::Block && self.is(Bug::TellsOfBlock) {
            let relation = self.relation(other, me);
            self.tell_account(other, vec![AccountChange::Relation { user: user(me), relation }]);
        }
        self.keep_relation(other, me, theirs);
        if act == Act::Block && !self.is(Bug::PresenceAcrossBlock) {
            let apart = |account: &UserId, watched: &UserId| {
                (*account, *watched) == (me, other) || (*account, *watched) == (other, me)
            };
            self.watches.retain(|process, watched| !apart(&process.account, watched));
        }
        if matches!(act, Act::Unfriend | Act::Refuse) { Ok(Answer::Done) } else { Ok(self.contact(me, other)) }
    }

    /// Each account is told of what it may know; that one is blocked nobody is told.
    fn keep_relation(&mut self, account: UserId, other: UserId, relation: Relation) {
        if relation == self.relation(account, other) {
            return;
        }
        let upd = self.accounts[&account].upd.next();
        self.relations.insert((account, other), (upd, relation));
        let relation = self.shown_relation(account, other);
        self.tell_account(account, vec![AccountChange::Relation { user: user(other), relation }]);
    }

    /// Whether one of the two blocks the other.
    pub fn apart(&self, one: UserId, other: UserId) -> bool {
        self.relation(one, other).blocking || self.relation(other, one).blocking
    }

    /// Whether one of the two blocked the other at some time.
    pub fn was_apart(&self, one: UserId, other: UserId) -> bool {
        self.parted.contains(&(one, other)) || self.parted.contains(&(other, one))
    }

    /// Refuses a direct message, if its receiver does.
    pub fn gate(&mut self, sender: UserId, id: ConversationId) -> Result<(), Refused> {
        let Some(receiver) = self.conversations[&id].peer(sender) else { return Ok(()) };
        let late = self.shows(Bug::OldSetting, 60);
        let log = &self.conversations[&id];
        let account = &self.accounts[&receiver];
        let mut relation = self.relation(receiver, sender);
        let from = if late { account.messages_from_before } else { account.messages_from };
        let wrote = |account: UserId| log.rows.values().any(|row| row.message.sender == account);
        let answered = wrote(receiver) && !self.is(Bug::LimitsAnswered);
        let waits = self.strangers > 0 && !answered && log.head().get() >= self.strangers;
        let waits = waits && !self.is(Bug::NoStrangers);
        if self.is(Bug::AcceptsBlocked) {
            relation.blocking = false;
        }
        match (Standing { from, relation, waits }).refusal() {
            Some(_) if relation.blocking && self.is(Bug::RefusesBlockedApart) => Err((403, ErrorCode::NotAllowed)),
            Some(code) => Err((403, code)),
            None => Ok(()),
        }
    }

    /// Tells the others that somebody writes.
    pub fn typing(&mut self, account: UserId, id: ConversationId) {
        let log = &self.conversations[&id];
        let others: Vec<UserId> = log.members.keys().copied().filter(|it| *it != account && log.has(*it)).collect();
        for other in others {
            if !self.apart(account, other) || self.is(Bug::TypingAcrossBlock) {
                self.push(other, ServerFrame::Typing { conversation: id, user: account });
            }
        }
    }

    /// From now on the device hears whether the peer is there.
    pub fn watch(&mut self, process: Process, id: ConversationId) {
        self.watches.remove(&process);
        let log = &self.conversations[&id];
        let Some(peer) = log.peer(process.account).filter(|_| log.kind == ConversationKind::Direct) else { return };
        if !self.apart(process.account, peer) || self.is(Bug::PresenceAcrossBlock) {
            self.watches.insert(process, peer);
            self.tell_presence(process, peer);
        }
    }

    /// Tells those who watch an account whether it is there.
    pub fn announce(&mut self, account: UserId) {
        let watching: Vec<Process> =
            self.watches.iter().filter(|(_, watched)| **watched == account).map(|(process, _)| *process).collect();
        watching.into_iter().for_each(|process| self.tell_presence(process, account));
    }

    fn tell_presence(&mut self, to: Process, user: UserId) {
        let online = self.links.values().any(|process| process.account == user);
        let frame = ServerFrame::Presence { user, online, seen_at: 1 };
        let links = self.links.iter().filter(|(_, process)| **process == to);
        let frames: Vec<_> = links.map(|(link, _)| (*link, Ok(frame.clone()))).collect();
        self.out.extend(frames);
    }
}
