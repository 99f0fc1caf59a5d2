//! What the devices of the model do.

use super::super::event::Op;
use super::super::replica::Log;
use super::server::{number, position};
use super::{ACTIONS, World};
use protocol::receipts::ReceiptReport;
use protocol::{ClientId, ConversationId, MessageBody, Seq, UserId};

impl World {
    /// What the stranger tries.
    pub fn intrude(&mut self) -> Option<Op> {
        let conversation = number(1 + self.dice.below(5));
        Some(match self.dice.below(3) {
            0 => Op::Describe { conversation },
            1 => Op::History { conversation, before: None, after: None, limit: 5 },
            _ => Op::Changes { conversation, after: protocol::Rev::ZERO },
        })
    }

    /// What a member does next.
    pub fn choose(&mut self, index: usize) -> Option<Op> {
        let device = &self.devices[index];
        let process = device.process;
        if index == 3 && device.left == ACTIONS / 2 {
            return Some(Op::EndLogin { device: self.devices[2].process.device });
        }
        let conversations: Vec<ConversationId> = device.replica.logs.keys().copied().collect();
        let conversation = *conversations.get(usize::try_from(self.dice.below(5)).ok()?)?;
        let log = device.replica.logs[&conversation].clone();
        if log.head.is_zero() {
            return Some(self.compose(index, conversation));
        }
        Some(match self.dice.below(100) {
            0..40 => self.compose(index, conversation),
            40..60 => {
                // Beyond the newest, below the last, and just so.
                let read = log.head.plus(self.dice.below(3)).minus(self.dice.below(6));
                let delivered = read.plus(self.dice.below(3));
                Op::Report { reports: vec![ReceiptReport { conversation, delivered, read }] }
            }
            60..62 => Op::ReadAll,
            62..72 => {
                let seqs = (0..1 + self.dice.below(2)).map(|_| self.seq(&log)).collect();
                Op::Hide { conversation, seqs, hidden: self.dice.chance(70) }
            }
            72..74 => Op::Denounce { conversation, seq: self.seq(&log), hide: self.dice.chance(50) },
            74..82 => Op::Recall { conversation, seq: own(&log, process.account)? },
            82..84 => Op::Delete { conversation, through: log.head.minus(self.dice.below(2)) },
            84..87 => Op::Privacy { receipts: self.dice.chance(50) },
            87..93 => Op::History { conversation, before: Some(log.from), after: None, limit: 3 },
            93..96 => Op::Readers { conversation },
            96..98 => Op::Page { conversation: None },
            _ => Op::Unread { conversation, before: None },
        })
    }

    fn seq(&mut self, log: &Log) -> Seq {
        position(1).max(log.head.minus(self.dice.below(4)))
    }

    /// A new text; in groups now and then withheld from somebody; rarely the last one again, or another under its key.
    fn compose(&mut self, index: usize, conversation: ConversationId) -> Op {
        let again = self.dice.chance(10);
        let device = &mut self.devices[index];
        if let Some(Op::Send { body, .. }) = device.last.as_mut().filter(|_| again) {
            if self.dice.chance(50) {
                *body = MessageBody::text("something else".try_into().unwrap());
            }
            return device.last.clone().unwrap();
        }
        device.sent += 1;
        let account = device.process.account;
        let mut random = [0; 10];
        random[8] = u8::try_from(device.process.device.get()).unwrap();
        random[9] = u8::try_from(device.sent).unwrap();
        let members = self.server.conversations[&conversation].members.keys();
        let others: Vec<UserId> = members.copied().filter(|member| *member != account).collect();
        let withholds = others.len() > 1 && self.dice.chance(15);
        let mut op = Op::text(conversation, ClientId::from_parts(1, random));
        if let Op::Send { invisible, .. } = &mut op {
            invisible.extend(others.first().filter(|_| withholds));
        }
        self.devices[index].last = Some(op.clone());
        op
    }
}

/// The newest message of the account's own that the device holds.
fn own(log: &Log, account: UserId) -> Option<Seq> {
    let mut own = log.messages.values().filter(|message| message.sender == account && message.body.countable());
    own.next_back().map(|message| message.seq)
}
