//! How the model server takes messages.

use super::super::event::{Answer, Process};
use super::bug::Bug;
use super::server::{Refused, Row, Server, position};
use protocol::receipts::Cursors;
use protocol::{ClientId, ConversationId, ConversationKind, ErrorCode, Message, MessageBody, Seq, UserId};

impl Server {
    pub fn send(
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
        if self.is(Bug::RefusesForever) && client_id.as_bytes()[15] == 4 {
            return Err((503, ErrorCode::Unavailable));
        }
        self.gate(sender, id)?;
        if self.conversations[&id].kind == ConversationKind::Group && self.is_muted(sender, id) {
            return Err((403, ErrorCode::Muted));
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
}
