//! Groups whose members come and go on the model server.

use super::super::event::{Answer, Op};
use super::bug::Bug;
use super::server::{Member, Refused, Row, Server, user};
use protocol::group::{Action, Crowd, InviteOutcome, InviteOutcomes, Joining, Named, Outcome};
use protocol::receipts::Cursors;
use protocol::sync::{AccountChange, Parting};
use protocol::{
    ClientId, ConversationId, ConversationKind, ErrorCode, Message, MessageBody, MessagesFrom, Notice, Role, Seq,
    UserId,
};

impl Server {
    /// What changes a group. Whether the doer may is asked first.
    pub fn change_group(&mut self, me: UserId, id: ConversationId, op: &Op) -> Result<Answer, Refused> {
        let log = &self.conversations[&id];
        if log.kind == ConversationKind::Direct {
            return Err((403, ErrorCode::NotAllowed));
        }
        let role_of = |account: &UserId| log.members.get(account).map(|member| member.role);
        let mine = role_of(&me).unwrap_or_default();
        let anybody = self.is(Bug::IgnoresRoles);
        let require = |action| if anybody || mine.may(action) { Ok(()) } else { Err((403, ErrorCode::NotAllowed)) };
        let target = |account| role_of(account).ok_or((404, ErrorCode::NotFound));
        match op {
            Op::Invite { users, .. } => {
                require(Action::Invite(Joining::Free))?;
                return Ok(self.invite(me, id, users));
            }
            Op::Remove { user, .. } => {
                let its = target(user)?;
                require(if *user == me { Action::Leave } else { Action::Remove(its) })?;
                self.part(id, *user, if *user == me { Parting::Left } else { Parting::Removed });
                let members = self.conversations[&id].members.len() as u64;
                let crowd = Crowd::new(&[super::server::user(*user)], members);
                let notice = if *user == me { Notice::Left { members } } else { Notice::Removed(crowd) };
                self.notice(me, id, notice);
            }
            Op::Dissolve { .. } => {
                require(Action::Dissolve)?;
                let all: Vec<UserId> = log.members.keys().copied().collect();
                all.into_iter().for_each(|account| self.part(id, account, Parting::Dissolved));
            }
            Op::Appoint { user, role, .. } => {
                let its = target(user)?;
                require(Action::Appoint)?;
                if its == *role {
                    return Ok(Answer::Done);
                }
                if *user == me {
                    return Err((403, ErrorCode::NotAllowed));
                }
                let person = Named::from(&super::server::user(*user));
                if *role == Role::Owner {
                    self.member(id, me).role = Role::Admin;
                    self.member(id, *user).muted = false;
                }
                self.member(id, *user).role = *role;
                let appointed = Notice::Appointed { person: person.clone(), role: *role };
                self.notice(me, id, if *role == Role::Owner { Notice::HandedOver { person } } else { appointed });
            }
            Op::Mute { user: Some(user), muted, .. } => {
                require(Action::Mute(target(user)?))?;
                let stays = self.is(Bug::NeverUnmutes);
                self.member(id, *user).muted = *muted || stays;
                let person = Some(Named::from(&super::server::user(*user)));
                self.notice(me, id, Notice::Muted { person, until: u64::from(*muted) });
            }
            Op::Mute { user: None, muted, .. } => {
                require(Action::Govern)?;
                self.conversations.get_mut(&id).unwrap().muted = *muted;
                self.notice(me, id, Notice::Muted { person: None, until: u64::from(*muted) });
            }
            _ => return Err((405, ErrorCode::MethodNotAllowed)),
        }
        Ok(Answer::Done)
    }

    fn member(&mut self, id: ConversationId, account: UserId) -> &mut Member {
        self.conversations.get_mut(&id).unwrap().members.get_mut(&account).unwrap()
    }

    fn invite(&mut self, me: UserId, id: ConversationId, users: &[UserId]) -> Answer {
        let head = self.conversations[&id].head();
        let (all, resumes) = (self.is(Bug::ShowsBeforeInvited), self.is(Bug::ResumesMembership));
        let mut people = Vec::new();
        let mut outcomes = Vec::new();
        for account in users.iter().copied() {
            let outcome = self.outcome(me, id, account);
            outcomes.push(InviteOutcome { user: account, outcome });
            if outcome != Outcome::Joined {
                continue;
            }
            let joined = self.accounts[&account].upd.next();
            let back = self.former.remove(&(account, id));
            let vis_from = match back {
                Some((_, vis_from, _)) if resumes => vis_from,
                _ if all => Seq::ZERO,
                _ => head.next(),
            };
            let own = Cursors::at(head);
            let member = Member { vis_from, own, upd: joined, joined, ..Member::default() };
            self.conversations.get_mut(&id).unwrap().members.insert(account, member);
            people.push(account);
            // The position is taken; what it says is told once the group is as it will be.
            self.accounts.get_mut(&account).unwrap().upd = joined;
        }
        let answer = Answer::Invited(InviteOutcomes { outcomes });
        if people.is_empty() {
            return answer;
        }
        let members = self.conversations[&id].members.len() as u64;
        let crowd: Vec<_> = people.iter().map(|it| user(*it)).collect();
        let told = std::mem::take(&mut self.out);
        self.notice(me, id, Notice::Invited(Crowd::new(&crowd, members)));
        // A device meets the group before it hears of it.
        let notice = std::mem::replace(&mut self.out, told);
        for account in people {
            self.tell_joined(account, id);
        }
        self.out.extend(notice);
        answer
    }

    /// What becomes of somebody who is invited.
    fn outcome(&self, inviter: UserId, id: ConversationId, account: UserId) -> Outcome {
        let relation = self.relation(account, inviter);
        match self.accounts.get(&account) {
            None => Outcome::Unknown,
            Some(_) if self.conversations[&id].members.contains_key(&account) => Outcome::Member,
            Some(_) if self.is(Bug::BringsBlocked) => Outcome::Joined,
            Some(about) if relation.blocking || about.messages_from == MessagesFrom::Nobody => Outcome::NotAccepted,
            Some(_) => Outcome::Joined,
        }
    }

    fn tell_joined(&mut self, account: UserId, id: ConversationId) {
        let links: Vec<_> =
            self.links.iter().filter(|(_, it)| it.account == account).map(|(link, it)| (*link, *it)).collect();
        let pos = self.accounts[&account].upd;
        for (link, process) in links {
            let conversation = Box::new(self.describe(process, id));
            let changes = vec![AccountChange::Joined { conversation }];
            self.out.push((link, Ok(protocol::ServerFrame::Account { prev: pos.prev(), pos, changes })));
        }
    }

    fn part(&mut self, id: ConversationId, account: UserId, why: Parting) {
        if self.is(Bug::TellsRemoved) {
            self.haunted.insert((id, account));
        }
        let member = self.conversations.get_mut(&id).unwrap().members.remove(&account).unwrap();
        let upd = self.accounts[&account].upd.next();
        self.former.insert((account, id), (upd, member.vis_from, why));
        if !self.is(Bug::LeftUntold) {
            self.tell_account(account, vec![AccountChange::Left { conversation: id, why }]);
        }
        self.version += 1;
    }

    /// A message that the server makes, and that counts for nothing.
    fn notice(&mut self, sender: UserId, id: ConversationId, notice: Notice) {
        self.version += 1;
        let version = self.version;
        let log = self.conversations.get_mut(&id).unwrap();
        let (prev, seq) = (log.rev, log.head().next());
        let body = MessageBody::Notice { notice: Box::new(notice) };
        let mut random = [9; 10];
        random[..8].copy_from_slice(&version.to_be_bytes());
        let client_id = ClientId::from_parts(2, random);
        let message = Message { seq, rev: prev.next(), sender, client_id, at: version, body: body.clone() };
        (log.rev, log.version, log.active_at) = (message.rev, version, version);
        log.rows.insert(seq, Row { message, original: body, invisible: Vec::new(), late: 0 });
        self.tell_log(id, prev, seq);
    }

    /// Whether the member may write.
    pub fn is_muted(&self, account: UserId, id: ConversationId) -> bool {
        let log = &self.conversations[&id];
        let member = &log.members[&account];
        let alone = member.muted && !self.is(Bug::MutedWrites);
        let all = log.muted && !member.role.may(Action::WriteWhenMuted) && !self.is(Bug::AllMutedWrite);
        alone || all
    }
}
