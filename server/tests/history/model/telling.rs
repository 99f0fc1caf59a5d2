//! What the model server tells connected devices, and keeps for the others.

use super::bug::Bug;
use super::server::{Server, number, user};
use protocol::receipts::{Cursors, Receipt};
use protocol::sync::AccountChange;
use protocol::{ConversationId, LogChange, Rev, Seq, ServerFrame, UserId};

impl Server {
    /// A change of a conversation's log goes to its members, each as far as they may see it.
    pub fn tell_log(&mut self, id: ConversationId, prev: Rev, seq: Seq) {
        let (recalled, withheld) = (self.is(Bug::RecalledInFrame), self.is(Bug::WithheldInFrame));
        let mut strangers = if self.is(Bug::FrameToStranger) { vec![(number(5), false)] } else { Vec::new() };
        strangers
            .extend(self.haunted.iter().filter(|(haunted, _)| *haunted == id).map(|(_, account)| (*account, false)));
        let log = &self.conversations[&id];
        let (pos, head_seq, row) = (log.rev, log.head(), log.rows[&seq].clone());
        let members = log.members.iter().map(|(account, member)| (*account, seq < member.vis_from));
        let readers: Vec<(UserId, bool)> = members.chain(strangers).collect();
        for (account, early) in readers {
            let hidden = self.hidden.get(&(account, id, seq)).is_some_and(|(_, hidden)| *hidden);
            let change = if early || hidden || row.invisible.contains(&account) && !withheld {
                LogChange::Withheld { seq }
            } else {
                let mut message = row.message.clone();
                if recalled {
                    message.body = row.original.clone();
                }
                LogChange::Message { message, sender: user(row.message.sender), nickname: None }
            };
            self.push(account, ServerFrame::Conversation { conversation: id, prev, pos, head_seq, change });
        }
    }

    pub fn tell_receipt(&mut self, owner: UserId, id: ConversationId, reader: UserId, cursors: Cursors) {
        let private = [owner, reader].iter().any(|account| self.accounts[account].private);
        let apart = self.apart(owner, reader) && !self.is(Bug::ReceiptsAcrossBlock);
        if apart || private && !self.is(Bug::IgnoresPrivacy) || self.shows(Bug::LosesReceipts, 40) {
            return;
        }
        let upd = self.accounts[&owner].upd.next();
        self.receipts.insert((owner, id, reader), (upd, cursors));
        self.tell_account(owner, vec![AccountChange::Receipt(Receipt { conversation: id, reader, cursors })]);
    }

    /// Changes of an account's log, one position each.
    pub fn tell_account(&mut self, account: UserId, changes: Vec<AccountChange>) {
        let state = self.accounts.get_mut(&account).unwrap();
        let prev = state.upd;
        state.upd = prev.plus(changes.len() as u64);
        let pos = state.upd;
        self.push(account, ServerFrame::Account { prev, pos, changes });
    }

    pub fn push(&mut self, account: UserId, frame: ServerFrame) {
        let links = self.links.iter().filter(|(_, process)| process.account == account);
        for link in links.map(|(link, _)| *link).collect::<Vec<_>>() {
            let again = self.is(Bug::NeverPushesAgain) && self.links[&link].device.get() == 1;
            if self.shows(Bug::GhostConnection, 3) || again && self.returned.contains(&link) {
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
