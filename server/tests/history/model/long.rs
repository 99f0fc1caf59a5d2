//! A history as long as one likes, from the right server: what a judge needs time for.

use super::super::event::{Act, Event, History, Membership, Op, Process, What};
use super::server::{Server, number};
use protocol::{ClientId, ConversationId, ConversationKind, MessagesFrom, ReceiptReport, Role, Seq, UserId};

/// Accounts, of one device each.
const ACCOUNTS: u64 = 5;

/// Five devices of five accounts: each message goes to all of a group, and among the messages people read pages, report,
/// write to each other alone, block each other and end that, and come into another group, are muted, write there and go.
/// In the end everybody reads the newest of everything.
pub fn long(messages: u64) -> History {
    let mut long = Long { server: Server::new(0, None), events: Vec::new(), calls: 0 };
    let (direct, group) = (ConversationKind::Direct, ConversationKind::Group);
    let everybody: Vec<(u64, u64)> = (1..=ACCOUNTS).map(|account| (account, 0)).collect();
    let all = long.server.found(group, &everybody, 0);
    let pair = long.server.found(direct, &[(1, 0), (2, 0)], 0);
    let crew = long.server.found(group, &[(1, 0), (2, 0)], 0);
    long.server.appoint(crew, &[(1, Role::Owner)]);
    let devices: Vec<Process> = (1..=ACCOUNTS).map(|account| long.server.log_in(number(account))).collect();
    long.begin(&devices);
    for round in 1..=messages {
        let process = devices[usize::try_from(round % ACCOUNTS).unwrap()];
        let [first, second] = [devices[0], devices[1]];
        let late: UserId = number(3 + round / 50 % 3);
        let odd = (round / 50).is_multiple_of(2);
        let after = Seq::ZERO.plus(round.saturating_sub(10));
        match round % 50 {
            0 => long.call(process, Op::History { conversation: all, before: None, after: Some(after), limit: 20 }),
            1 => {
                let report = ReceiptReport { conversation: all, delivered: after, read: after };
                long.call(process, Op::Report { reports: vec![report] });
            }
            2 => {
                let act = if odd { Act::Block } else { Act::Unblock };
                long.call(second, Op::Relate { other: first.account, act });
            }
            3 => long.text(first, pair),
            4 => long.text(second, pair),
            5 => long.call(first, Op::Invite { conversation: crew, users: vec![late] }),
            6 => long.call(first, Op::Mute { conversation: crew, user: Some(late), muted: odd }),
            7 => long.text(devices[usize::try_from(late.get() - 1).unwrap()], crew),
            8 => long.call(first, Op::Remove { conversation: crew, user: late }),
            9 => long.call(process, Op::Typing { conversation: all }),
            10 => {
                let from = if odd { MessagesFrom::Everyone } else { MessagesFrom::Followed };
                long.call(second, Op::Accept { from });
            }
            _ => long.text(process, all),
        }
    }
    long.record(What::Quiet);
    for process in devices {
        for conversation in [all, pair, crew] {
            long.call(process, Op::History { conversation, before: None, after: None, limit: 1_000 });
            long.call(process, Op::Describe { conversation });
        }
    }
    History { events: long.events }
}

struct Long {
    server: Server,
    events: Vec<Event>,
    calls: u64,
}

impl Long {
    fn begin(&mut self, devices: &[Process]) {
        let known = self.server.conversations.values().map(|log| What::Known {
            conversation: log.id,
            kind: log.kind,
            members: log
                .members
                .iter()
                .map(|(account, member)| Membership { account: *account, vis_from: member.vis_from, role: member.role })
                .collect(),
            head: log.head(),
            later: false,
        });
        for what in known.collect::<Vec<_>>() {
            self.record(what);
        }
        for (link, process) in (1..).zip(devices) {
            self.server.connect(link, *process);
            self.record(What::Opened { link, process: *process });
        }
    }

    fn text(&mut self, process: Process, conversation: ConversationId) {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.calls.to_be_bytes());
        self.call(process, Op::text(conversation, ClientId::from_parts(1, random)));
    }

    fn call(&mut self, process: Process, op: Op) {
        self.calls += 1;
        let call = self.calls;
        self.record(What::Invoke { call, process, op: op.clone() });
        match self.server.handle(process, &op) {
            Ok(answer) => self.record(What::Ok { call, answer: Box::new(answer) }),
            Err((status, code)) => self.record(What::Fail { call, status, code }),
        }
        for (link, frame) in std::mem::take(&mut self.server.out) {
            self.record(What::Frame { link, frame: Box::new(frame.unwrap()) });
        }
    }

    fn record(&mut self, what: What) {
        self.events.push(Event { at: self.events.len() as u64 + 1, what });
    }
}
