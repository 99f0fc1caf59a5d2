//! What people may have been to each other, and who may have been in which group, at any time of a history.
//!
//! Of every fact there is a [`Register`]: what is certain was so at every moment of a call, what is possible at some.

use super::event::{Act, Answer, Op};
use super::facts::{Call, Facts};
use super::policy::Standing;
use super::register::Register;
use protocol::group::Outcome;
use protocol::{ConversationId, ErrorCode, MessagesFrom, Relation, Role, Seq, UserId};
use std::collections::HashMap;

type Pair = (UserId, UserId);

/// Who asked whom to be friends.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// The earliest moment at which a request may have been made, and the earliest at which one certainly was.
    possible: u64,
    certain: u64,
}

/// The times at which somebody is or may be in a group.
#[derive(Clone, Debug)]
pub struct Stays {
    member: Register<bool>,
    /// A member from before the recording, and the first message that it may see.
    first: Option<Seq>,
    /// Calls that may have brought it in, by end: the earliest beginning of those that end no earlier.
    added: Vec<(u64, u64)>,
    /// Calls that took it out, by end: the latest beginning of those that ended no later.
    removed: Vec<(u64, u64)>,
}

/// From where on a member may see what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It was there before the recording.
    Known(Seq),
    /// It came in by a call that began at this time.
    Added(u64),
}

impl Stays {
    fn new(first: Option<Seq>) -> Self {
        Self { member: Register::new(first.is_some()), first, added: Vec::new(), removed: Vec::new() }
    }

    fn add(&mut self, call: &Call<'_>) {
        self.member.write(call.from, call.to, true, call.ok().is_some());
        self.added.push((call.to, call.from));
    }

    fn remove(&mut self, call: &Call<'_>) {
        self.member.write(call.from, call.to, false, call.ok().is_some());
        if call.ok().is_some() {
            self.removed.push((call.to, call.from));
        }
    }

    fn close(&mut self) {
        self.member.close();
        self.added.sort();
        let mut earliest = u64::MAX;
        for (_, from) in self.added.iter_mut().rev() {
            earliest = earliest.min(*from);
            *from = earliest;
        }
        self.removed.sort();
        let mut latest = 0;
        for (_, from) in &mut self.removed {
            latest = latest.max(*from);
            *from = latest;
        }
    }

    /// The membership, of those that may last at some moment between the two, that sees most.
    fn entry(&self, from: u64, to: u64) -> Option<Entry> {
        let ended = self.removed.partition_point(|(end, _)| *end < from);
        let over = ended.checked_sub(1).and_then(|last| self.removed.get(last)).map(|(_, began)| *began);
        if let Some(first) = self.first.filter(|_| over.is_none()) {
            return Some(Entry::Known(first));
        }
        let alive = self.added.partition_point(|(end, _)| *end < over.unwrap_or(0));
        self.added.get(alive).map(|(_, began)| *began).filter(|began| *began <= to).map(Entry::Added)
    }

    /// When the newest membership that may last from `at` on has certainly begun.
    fn latest(&self, at: u64) -> Option<u64> {
        let ended = self.removed.partition_point(|(end, _)| *end < at);
        let over = ended.checked_sub(1).and_then(|last| self.removed.get(last)).map(|(_, began)| *began);
        self.added.last().map(|(end, _)| *end).filter(|end| over.is_none_or(|over| *end >= over))
    }
}

/// What one account wrote in a direct conversation: the beginnings of what may have been taken, the ends of what was.
#[derive(Clone, Debug, Default)]
struct Written {
    begun: Vec<u64>,
    acknowledged: Vec<u64>,
}

#[derive(Default)]
pub struct Society {
    /// How many messages a stranger may write; 0: as many as they like.
    limit: u64,
    /// Whether accounts give and get receipts.
    receipts: HashMap<UserId, Register<bool>>,
    from: HashMap<UserId, Register<MessagesFrom>>,
    blocking: HashMap<Pair, Register<bool>>,
    follow: HashMap<Pair, Register<bool>>,
    asked: HashMap<Pair, Asked>,
    /// The earliest moment at which a friendship or a request of a pair, the smaller first, may have ended.
    parted: HashMap<Pair, u64>,
    stays: HashMap<(ConversationId, UserId), Stays>,
    roles: HashMap<(ConversationId, UserId), Register<Role>>,
    mutes: HashMap<(ConversationId, Option<UserId>), Register<bool>>,
    written: HashMap<(ConversationId, UserId), Written>,
}

impl Society {
    pub fn of(facts: &Facts<'_>, limit: u64) -> Self {
        let mut society = Self { limit, ..Self::default() };
        for (id, place) in facts.places.iter().filter(|(_, place)| place.moves) {
            for account in place.members.keys() {
                let first = place.known.get(account);
                society.stays.insert((*id, *account), Stays::new(first.map(|(vis_from, _)| *vis_from)));
                let role = first.map_or(Role::Member, |(_, role)| *role);
                society.roles.insert((*id, *account), Register::new(role));
            }
        }
        for call in facts.calls.iter().filter(|call| call.may_have_happened()) {
            society.take(call);
        }
        for sent in facts.sends.values() {
            let first = sent.calls.iter().map(|it| &facts.calls[*it]).find(|call| call.may_have_happened());
            let written = society.written.entry((sent.conversation, sent.process.account)).or_default();
            written.begun.extend(first.map(|call| call.from));
            written.acknowledged.extend(sent.acknowledged.map(|(at, _)| at));
        }
        society.close();
        society
    }

    fn take(&mut self, call: &Call<'_>) {
        let (me, done) = (call.process.account, call.ok().is_some());
        let Call { from, to, .. } = *call;
        match call.op {
            Op::Privacy { receipts } => {
                let setting = self.receipts.entry(me).or_insert_with(|| Register::new(true));
                setting.write(from, to, *receipts, done);
            }
            Op::Accept { from: whom } => {
                let setting = self.from.entry(me).or_insert_with(|| Register::new(MessagesFrom::default()));
                setting.write(from, to, *whom, done);
            }
            Op::Relate { other, act } => self.relate(call, *other, *act),
            Op::Invite { conversation, users } => {
                for user in users.iter().filter(|user| may_come(call, **user)) {
                    self.stay(*conversation, *user).add(call);
                    // Whoever comes back is a member like others, and is muted no more.
                    self.role(*conversation, *user).write(from, to, Role::Member, false);
                    self.mute(*conversation, Some(*user)).write(from, to, false, false);
                }
            }
            Op::Remove { conversation, user } => self.stay(*conversation, *user).remove(call),
            Op::Dissolve { conversation } => {
                let all = self.stays.iter_mut().filter(|((id, _), _)| id == conversation);
                all.for_each(|(_, stays)| stays.remove(call));
            }
            Op::Appoint { conversation, user, role } => {
                self.role(*conversation, *user).write(from, to, *role, done);
                if *role == Role::Owner {
                    self.role(*conversation, me).write(from, to, Role::Admin, done);
                    self.mute(*conversation, Some(*user)).write(from, to, false, done);
                }
            }
            Op::Mute { conversation, user, muted } => {
                self.mute(*conversation, *user).write(from, to, *muted, done);
            }
            _ => {}
        }
    }

    fn relate(&mut self, call: &Call<'_>, other: UserId, act: Act) {
        let (me, done) = (call.process.account, call.ok().is_some());
        let pair = (me, other);
        let write = |flags: &mut HashMap<Pair, Register<bool>>, value| {
            flags.entry(pair).or_insert_with(|| Register::new(false)).write(call.from, call.to, value, done);
        };
        match act {
            Act::Block | Act::Unblock => write(&mut self.blocking, act == Act::Block),
            Act::Follow | Act::Unfollow => write(&mut self.follow, act == Act::Follow),
            Act::Befriend => {
                let certain = if done { call.to } else { u64::MAX };
                let asked = self.asked.entry(pair).or_insert(Asked { possible: call.from, certain });
                asked.possible = asked.possible.min(call.from);
                asked.certain = asked.certain.min(certain);
            }
            Act::Unfriend | Act::Refuse => {
                let parted = self.parted.entry(ordered(me, other)).or_insert(call.from);
                *parted = call.from.min(*parted);
            }
        }
    }

    fn stay(&mut self, id: ConversationId, account: UserId) -> &mut Stays {
        self.stays.entry((id, account)).or_insert_with(|| Stays::new(None))
    }

    fn role(&mut self, id: ConversationId, account: UserId) -> &mut Register<Role> {
        self.roles.entry((id, account)).or_insert_with(|| Register::new(Role::Member))
    }

    fn mute(&mut self, id: ConversationId, account: Option<UserId>) -> &mut Register<bool> {
        self.mutes.entry((id, account)).or_insert_with(|| Register::new(false))
    }

    fn close(&mut self) {
        self.receipts.values_mut().for_each(Register::close);
        self.from.values_mut().for_each(Register::close);
        self.blocking.values_mut().for_each(Register::close);
        self.follow.values_mut().for_each(Register::close);
        self.stays.values_mut().for_each(Stays::close);
        self.roles.values_mut().for_each(Register::close);
        self.mutes.values_mut().for_each(Register::close);
        for written in self.written.values_mut() {
            written.begun.sort();
            written.acknowledged.sort();
        }
    }

    /// Whether receipts between the two may ever have been kept from them.
    pub fn may_hide_receipts(&self, sides: [UserId; 2]) -> bool {
        sides.iter().any(|side| self.receipts.contains_key(side)) || self.may_have_blocked(sides[0], sides[1])
    }

    /// Whether one of the two may ever have blocked the other.
    pub fn may_have_blocked(&self, one: UserId, other: UserId) -> bool {
        self.blocking.contains_key(&(one, other)) || self.blocking.contains_key(&(other, one))
    }

    /// Whether, all the time between the two, no receipt could pass: a side certainly kept them off, or a block stood.
    pub fn hides_receipts(&self, sides: [UserId; 2], from: u64, to: u64) -> bool {
        let off = |side| self.receipts.get(side).is_some_and(|receipts| receipts.was(false, from, to));
        sides.iter().any(off) || self.blocked_between(sides[0], sides[1], from, to)
    }

    /// Whether, all the time between the two, the same one of the two certainly blocked the other.
    pub fn blocked_between(&self, one: UserId, other: UserId, from: u64, to: u64) -> bool {
        let blocks = |pair| self.blocking.get(&pair).is_some_and(|blocking| blocking.was(true, from, to));
        blocks((one, other)) || blocks((other, one))
    }

    /// Whether the first may block, or follow, the second at some moment between the two.
    pub fn may_block(&self, one: UserId, other: UserId, from: u64, to: u64) -> Vec<bool> {
        flag(&self.blocking, (one, other), from, to)
    }

    pub fn may_follow(&self, one: UserId, other: UserId, from: u64, to: u64) -> Vec<bool> {
        flag(&self.follow, (one, other), from, to)
    }

    /// What the first may have the second as: a friend, and not.
    pub fn may_be_friend(&self, one: UserId, other: UserId, from: u64, to: u64) -> Vec<bool> {
        let asked = [(one, other), (other, one)].map(|pair| self.asked.get(&pair));
        let [Some(mine), Some(theirs)] = asked else { return vec![false] };
        let possible = mine.possible.max(theirs.possible) <= to;
        let parted = self.parted.get(&ordered(one, other)).is_some_and(|parted| *parted <= to);
        let certain = mine.certain.max(theirs.certain) < from && !parted;
        match (possible, certain) {
            (true, true) => vec![true],
            (true, false) => vec![true, false],
            (false, _) => vec![false],
        }
    }

    /// Whether a friendship or a request of the two may ever have been ended.
    pub fn parted(&self, one: UserId, other: UserId) -> bool {
        self.parted.contains_key(&ordered(one, other))
    }

    /// Every answer that the policy may give to a direct message at some moment between the two; `None`: it is taken.
    pub fn refusals(
        &self,
        (sender, receiver): Pair,
        (id, head): (ConversationId, Seq),
        from: u64,
        to: u64,
    ) -> Vec<Option<ErrorCode>> {
        let settings =
            self.from.get(&receiver).map_or_else(|| vec![MessagesFrom::default()], |it| it.between(from, to));
        let friends = self.may_be_friend(receiver, sender, from, to);
        let follows = self.may_follow(receiver, sender, from, to);
        let fans = self.may_follow(sender, receiver, from, to);
        let blocks = self.may_block(receiver, sender, from, to);
        let waits = self.may_wait((sender, receiver), (id, head), from, to);
        let mut refusals = Vec::new();
        for from in settings {
            for friend in &friends {
                for follow in &follows {
                    for fan in &fans {
                        for blocking in &blocks {
                            for waits in &waits {
                                let relation =
                                    Relation { friend: *friend, follow: *follow, fan: *fan, blocking: *blocking };
                                let refusal = Standing { from, relation, waits: *waits }.refusal();
                                if !refusals.contains(&refusal) {
                                    refusals.push(refusal);
                                }
                            }
                        }
                    }
                }
            }
        }
        refusals
    }

    /// Whether the sender may have to wait for a first answer, and may not.
    fn may_wait(&self, (sender, receiver): Pair, (id, head): (ConversationId, Seq), from: u64, to: u64) -> Vec<bool> {
        if self.limit == 0 {
            return vec![false];
        }
        let none = Written::default();
        let mine = self.written.get(&(id, sender)).unwrap_or(&none);
        let theirs = self.written.get(&(id, receiver)).unwrap_or(&none);
        let most = mine.begun.partition_point(|begun| *begun <= to) as u64 + head.get();
        let least = mine.acknowledged.partition_point(|at| *at < from) as u64;
        let certainly_answered = theirs.acknowledged.partition_point(|at| *at < from) > 0;
        let maybe_answered = !head.is_zero() || theirs.begun.partition_point(|begun| *begun <= to) > 0;
        let mut waits = Vec::new();
        if most >= self.limit && !certainly_answered {
            waits.push(true);
        }
        if least < self.limit || maybe_answered {
            waits.push(false);
        }
        waits
    }

    /// Whether the account may be, and may not be, in a group at some moment between the two; `None`: its members do not
    /// change.
    pub fn may_be_in(&self, id: ConversationId, account: UserId, from: u64, to: u64) -> Option<Vec<bool>> {
        self.stays.get(&(id, account)).map(|stays| stays.member.between(from, to))
    }

    /// The membership that sees most, of those that may last at some moment between the two.
    pub fn entry(&self, id: ConversationId, account: UserId, from: u64, to: u64) -> Option<Entry> {
        self.stays.get(&(id, account)).and_then(|stays| stays.entry(from, to))
    }

    /// When the newest membership that may last at `at` had certainly begun; `None`: before the recording.
    pub fn latest(&self, id: ConversationId, account: UserId, at: u64) -> Option<u64> {
        self.stays.get(&(id, account)).and_then(|stays| stays.latest(at))
    }

    /// The beginnings and ends of the calls that may have brought the account in.
    pub fn arrivals(&self, id: ConversationId, account: UserId) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.stays.get(&(id, account)).into_iter().flat_map(|stays| stays.added.iter().map(|(to, from)| (*from, *to)))
    }

    pub fn may_have_role(&self, id: ConversationId, account: UserId, from: u64, to: u64) -> Vec<Role> {
        self.roles.get(&(id, account)).map_or_else(|| vec![Role::Member], |role| role.between(from, to))
    }

    /// Whether a member, or everybody, may be muted, and may not.
    pub fn may_be_muted(&self, id: ConversationId, account: Option<UserId>, from: u64, to: u64) -> Vec<bool> {
        self.mutes.get(&(id, account)).map_or_else(|| vec![false], |mute| mute.between(from, to))
    }
}

/// Whether the call may have made the account a member, or found it one.
fn may_come(call: &Call<'_>, account: UserId) -> bool {
    let Some(Answer::Invited(told)) = call.ok() else { return true };
    told.outcomes.iter().any(|it| it.user == account && matches!(it.outcome, Outcome::Joined | Outcome::Member))
}

fn ordered(one: UserId, other: UserId) -> Pair {
    (one.min(other), one.max(other))
}

fn flag(flags: &HashMap<Pair, Register<bool>>, pair: Pair, from: u64, to: u64) -> Vec<bool> {
    flags.get(&pair).map_or_else(|| vec![false], |flag| flag.between(from, to))
}
