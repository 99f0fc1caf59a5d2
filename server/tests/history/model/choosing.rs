//! What the devices of the model do.

use super::super::event::{Act, Op};
use super::super::replica::Log;
use super::server::{number, position};
use super::{ACTIONS, World};
use protocol::receipts::ReceiptReport;
use protocol::{ClientId, ConversationId, ConversationKind, MessageBody, MessagesFrom, Role, Seq, UserId};

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
        if self.dice.chance(30) {
            return self.socialise(process.account, &conversations);
        }
        let device = &self.devices[index];
        let conversation = *conversations.get(usize::try_from(self.dice.below(6)).ok()?)?;
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

    /// What people do to each other, and in the group whose members come and go.
    fn socialise(&mut self, me: UserId, conversations: &[ConversationId]) -> Option<Op> {
        let others = [1, 2, 3, 4].map(number::<UserId>).into_iter().filter(|other| *other != me).collect::<Vec<_>>();
        let other = *self.dice.pick(&others);
        let relation = self.server.relation(me, other);
        let crew: ConversationId = number(6);
        let conversation = *conversations.get(usize::try_from(self.dice.below(7)).ok()?)?;
        Some(match self.dice.below(100) {
            0..10 => Op::Relate { other, act: Act::Befriend },
            10..12 => Op::Relate { other, act: Act::Unfriend },
            12..13 => Op::Relate { other, act: Act::Refuse },
            13..18 => Op::Relate { other, act: if relation.follow { Act::Unfollow } else { Act::Follow } },
            // A block does not last, or nobody would write any more.
            18..30 if relation.blocking => Op::Relate { other, act: Act::Unblock },
            18..24 => Op::Relate { other, act: Act::Block },
            24..28 => {
                let everyone = self.dice.chance(50);
                Op::Accept { from: if everyone { MessagesFrom::Everyone } else { *self.dice.pick(&MessagesFrom::ALL) } }
            }
            28..32 => Op::Contact { other },
            32..46 => Op::Typing { conversation },
            46..58 => Op::Watch { conversation },
            58..70 => Op::Invite { conversation: crew, users: vec![other] },
            70..76 => Op::Remove { conversation: crew, user: other },
            76..80 => Op::Remove { conversation: crew, user: me },
            80..84 => {
                let role = *self.dice.pick(&[Role::Member, Role::Admin, Role::Admin, Role::Owner]);
                Op::Appoint { conversation: crew, user: other, role }
            }
            84..90 => Op::Mute { conversation: crew, user: Some(other), muted: self.dice.chance(60) },
            90..94 => Op::Mute { conversation: crew, user: None, muted: self.dice.chance(50) },
            94..97 if [2, 3].contains(&me.get()) => Op::Open { peer: number(5 - me.get()) },
            // Somebody who guesses at the one that nobody has opened.
            97..98 if [2, 3].contains(&me.get()) => Op::Describe { conversation: number(8) },
            _ => return Some(Op::Describe { conversation: crew }),
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
