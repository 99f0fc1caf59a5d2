//! The model server's answers to questions.

use super::super::event::{Answer, Op, Process};
use super::bug::Bug;
use super::server::{Log, Refused, Row, Server, number, position, settings, user};
use protocol::messaging::{ChangesPage, HistoryPage, Reader, Readers, UnreadPage};
use protocol::receipts::{Cursors, Receipt, ReceiptsPage};
use protocol::sync::{AccountChange, SyncPage};
use protocol::{
    ClientId, Conversation, ConversationId, ConversationKind, ErrorCode, Message, MessageBody, Relation, Role, Seq,
    Upd, UserId,
};

/// Conversations and changes in a page: few, so that pages have to be resumed.
const LISTED: usize = 2;
const CHANGED: usize = 4;
/// Messages in a page of unread ones.
const EXPLAINED: usize = 3;
/// Changes further behind are not told.
const GAP: u64 = 40;

impl Server {
    pub fn read(&mut self, process: Process, op: &Op) -> Result<Answer, Refused> {
        if let Some(id) = op.conversation() {
            for row in self.conversations.get_mut(&id).unwrap().rows.values_mut() {
                row.late = row.late.saturating_sub(1);
            }
        }
        Ok(match op {
            Op::Sync { since } => Answer::Sync(self.sync(process, since.as_deref())),
            Op::Describe { conversation } => Answer::Conversation(self.describe(process, *conversation)),
            Op::History { conversation, before, after, limit } => {
                Answer::History(self.history(process, *conversation, *before, *after, *limit))
            }
            Op::Changes { conversation, after } => {
                let log = &self.conversations[conversation];
                let mut rows: Vec<&Row> = self.visible(process, log, Seq::ZERO);
                rows.retain(|row| row.message.rev > *after);
                rows.sort_by_key(|row| row.message.rev);
                let (too_long, full) = (log.rev.get() - after.get().min(log.rev.get()) > GAP, rows.len() > CHANGED);
                rows.truncate(if too_long { 0 } else { CHANGED });
                let messages: Vec<Message> = rows.into_iter().map(|row| row.message.clone()).collect();
                let through = messages.last().filter(|_| full).map_or(log.rev, |last| last.rev);
                let conversation = self.describe(process, *conversation);
                Answer::Changes(ChangesPage {
                    conversation,
                    messages,
                    through,
                    too_long,
                    users: Vec::new(),
                    nicknames: Vec::new(),
                })
            }
            Op::Unread { conversation, before } => Answer::Unread(self.why(process, *conversation, *before)),
            Op::Receipts { after } => {
                let told = self.receipts.iter().filter(|((owner, ..), _)| *owner == process.account);
                let told = told.filter(|(_, (upd, _))| upd > after);
                let receipts = told.map(|((_, conversation, reader), (_, cursors))| Receipt {
                    conversation: *conversation,
                    reader: *reader,
                    cursors: *cursors,
                });
                let (receipts, through) = (receipts.collect(), self.accounts[&process.account].upd);
                Answer::Receipts(ReceiptsPage { receipts, through, more: false })
            }
            Op::Readers { conversation } => {
                let readers = self.readers(process.account, *conversation);
                Answer::Readers(Readers { readers, listed: true, withheld: Vec::new(), counts: Vec::new() })
            }
            Op::Page { .. } => self.page(process),
            _ => return Err((405, ErrorCode::MethodNotAllowed)),
        })
    }

    /// The first seq that the device sees.
    fn vis_from(&self, process: Process, log: &Log) -> Seq {
        let Some(member) = log.members.get(&process.account) else { return position(1) };
        let spreads = self.is(Bug::DeletionSpreads);
        let floor = self.floors.get(&(process.device, log.id)).copied().unwrap_or_default();
        let floor = if spreads { member.floor.unwrap_or_default() } else { floor };
        member.vis_from.max(floor.next()).max(position(1))
    }

    fn visible<'s>(&self, process: Process, log: &'s Log, from: Seq) -> Vec<&'s Row> {
        let reader = process.account;
        let all = self.is(Bug::ShowsBeforeJoining);
        let vis_from = if all { Seq::ZERO } else { self.vis_from(process, log).max(from) };
        let rows = log.rows.range(vis_from..).map(|(_, row)| row);
        rows.filter(|row| {
            let hidden = self.hidden.get(&(reader, log.id, row.message.seq)).is_some_and(|(_, hidden)| *hidden);
            let from_all = self.is(Bug::WithholdsFromAll) && !row.invisible.is_empty() && row.message.sender != reader;
            let withheld = from_all || row.invisible.contains(&reader) && !self.is(Bug::WithheldInHistory);
            row.late == 0 && !withheld && (!hidden || self.is(Bug::HiddenComesBack))
        })
        .collect()
    }

    pub fn describe(&mut self, process: Process, id: ConversationId) -> Conversation {
        let reader = process.account;
        let (stale, high, low) =
            (self.shows(Bug::StaleRead, 20), self.shows(Bug::UnreadTooHigh, 20), self.shows(Bug::UnreadTooLow, 20));
        let log = &self.conversations[&id];
        let member = log.members.get(&reader).cloned().unwrap_or_default();
        let (head_seq, vis_from) = (log.head(), self.vis_from(process, log));
        let mut own = member.own;
        if self.is(Bug::ReadBeyondDelivered) {
            own.delivered = own.read.prev();
        }
        if self.is(Bug::DevicesDiffer) && process.device.get() % 2 == 1 {
            own.read = own.read.prev();
        }
        let after = own.read.max(vis_from.prev());
        let beyond: Vec<&Row> = log.rows.range(after.next()..).map(|(_, row)| row).collect();
        let seqs = |which: &dyn Fn(&Row) -> bool| {
            beyond.iter().filter(|row| which(row)).map(|row| row.message.seq).collect::<Vec<Seq>>()
        };
        let counts = self.is(Bug::CountsWithheld);
        let notices = self.is(Bug::NoticesCount);
        let is_notice = |row: &Row| matches!(row.message.body, MessageBody::Notice { .. });
        let silent = seqs(&|row| {
            !(row.message.body.countable() || notices && is_notice(row)) || row.invisible.contains(&reader) && !counts
        });
        let is_hidden = |seq| self.hidden.get(&(reader, id, seq)).is_some_and(|(_, hidden)| *hidden);
        let hidden = seqs(&|row| is_hidden(row.message.seq) && !self.is(Bug::HiddenCounted));
        let apart = silent.iter().chain(hidden.iter().filter(|seq| !silent.contains(seq))).count() as u64;
        let mut unread = head_seq.get().saturating_sub(after.get()).saturating_sub(apart);
        unread = if high {
            unread + 1
        } else if low {
            unread.saturating_sub(1)
        } else {
            unread
        };
        let peer = log.peer(reader);
        let peer_cursors = peer.map(|peer| {
            let (_, told) = self.receipts.get(&(reader, id, peer)).copied().unwrap_or_default();
            let sent = if self.is(Bug::PeerCursorsDiffer) { Seq::ZERO } else { log.members[&peer].sent };
            told.max(Cursors::at(sent))
        });
        let last = self.visible(process, log, Seq::ZERO).last().map(|row| {
            let mut message = row.message.clone();
            if self.is(Bug::RecalledInPreview) {
                message.body = row.original.clone();
            }
            message
        });
        let member_count = log.members.len() as u64;
        let relation = peer.map_or(Relation::NONE, |peer| self.shown_relation(reader, peer));
        let owner = log.members.iter().find(|(_, member)| member.role == Role::Owner).map(|(account, _)| *account);
        let group = (log.kind == ConversationKind::Group).then(|| protocol::Group {
            owner,
            role: member.role,
            muted_until: u64::from(log.muted),
            own_muted_until: u64::from(member.muted),
            ..protocol::Group::default()
        });
        let member_count = if self.is(Bug::CountLags) { member_count.max(3) } else { member_count };
        let floor = self.floors.get(&(process.device, id)).copied();
        Conversation {
            id,
            kind: log.kind,
            title: None,
            peer: peer.map(user),
            member_count,
            rev: if stale { log.rev.minus(1) } else { log.rev },
            upd: self.accounts[&reader].upd,
            head_seq,
            last,
            active_at: log.active_at,
            vis_from,
            floor,
            silent,
            hidden,
            own,
            peer_cursors,
            unread,
            relation,
            answered: log.rows.values().any(|row| row.message.sender == reader),
            preferences: protocol::Preferences::default(),
            joined: member.joined,
            group,
            mentions: Vec::new(),
        }
    }

    fn history(
        &mut self,
        process: Process,
        id: ConversationId,
        before: Option<Seq>,
        after: Option<Seq>,
        limit: u64,
    ) -> HistoryPage {
        let (unordered, undoes) = (self.shows(Bug::PageUnordered, 20), self.shows(Bug::UndoesRecall, 20));
        let recalled = self.is(Bug::RecalledInHistory);
        let misses = self.is(Bug::DeviceMisses) && process.device.get() == 1;
        let differs = self.is(Bug::OrderDiffers) && process.account.get().is_multiple_of(2);
        let log = &self.conversations[&id];
        let (vis_from, head_seq) = (self.vis_from(process, log), log.head());
        let end = before.map_or(head_seq, |before| before.prev().min(head_seq));
        let start = after.map_or(vis_from, |after| after.next().max(vis_from));
        let mut rows = self.visible(process, log, start);
        let keep = usize::try_from(limit).unwrap();
        rows.retain(|row| row.message.seq <= end && (row.message.seq >= start || self.is(Bug::ShowsBeforeJoining)));
        let full = rows.len() > keep;
        let (mut from, mut through) = (start, end);
        if after.is_some() {
            rows.truncate(keep);
            through = rows.last().filter(|_| full).map_or(end, |row| row.message.seq);
        } else {
            rows.drain(..rows.len().saturating_sub(keep));
            from = rows.first().filter(|_| full).map_or(start, |row| row.message.seq);
        }
        let mut messages: Vec<Message> = rows.iter().map(|row| row.message.clone()).collect();
        for (message, row) in messages.iter_mut().zip(&rows) {
            if recalled || undoes {
                message.body = row.original.clone();
            }
        }
        if misses && messages.len() > 2 {
            messages.remove(1);
        }
        if differs {
            for pair in messages.chunks_exact_mut(2) {
                (pair[0].seq, pair[1].seq) = (pair[1].seq, pair[0].seq);
                pair.swap(0, 1);
            }
        }
        if unordered {
            messages.reverse();
        }
        let through = through.max(from.prev());
        let (rev, upd) = (log.rev, self.accounts[&process.account].upd);
        HistoryPage { messages, from, through, vis_from, head_seq, rev, upd, users: Vec::new(), nicknames: Vec::new() }
    }

    fn why(&mut self, process: Process, id: ConversationId, before: Option<Seq>) -> UnreadPage {
        let told = self.describe(process, id);
        let (skips, reads) = (self.is(Bug::WhySkips), self.is(Bug::WhyListsRead));
        let log = &self.conversations[&id];
        let rows = self.visible(process, log, Seq::ZERO).into_iter().map(|row| row.message.clone());
        let (mut messages, earlier): (Vec<Message>, Vec<Message>) =
            rows.filter(|message| message.body.countable()).partition(|message| message.seq > told.own.read);
        if let Some(read) = earlier.last().filter(|_| reads && !messages.is_empty()) {
            messages[0] = read.clone();
        }
        messages.reverse();
        if self.is(Bug::WhyDiffers) {
            messages.pop();
        }
        messages.retain(|message| before.is_none_or(|before| message.seq < if skips { before.prev() } else { before }));
        let more = messages.len() > EXPLAINED;
        messages.truncate(EXPLAINED);
        UnreadPage { unread: told.unread, messages, users: Vec::new(), nicknames: Vec::new(), more }
    }

    /// How far the others have read: what they told, or said by writing.
    fn readers(&self, me: UserId, id: ConversationId) -> Vec<Reader> {
        let log = &self.conversations[&id];
        let mut readers = Vec::new();
        for (account, member) in log.members.iter().filter(|(account, _)| **account != me) {
            let private = [me, *account].iter().any(|one| self.accounts[one].private);
            let apart = self.apart(me, *account);
            let told = self.receipts.get(&(me, id, *account)).map_or(Seq::ZERO, |(_, told)| told.read);
            let leaks = match (private, apart) {
                (true, _) => self.is(Bug::IgnoresPrivacy),
                (false, true) => self.is(Bug::ReadersAcrossBlock),
                (false, false) => {
                    let was_private = [me, *account].iter().any(|one| self.accounts[one].was_private);
                    match (was_private, self.was_apart(me, *account)) {
                        (true, false) => self.is(Bug::ReadersAfterPrivacy),
                        (false, true) => self.is(Bug::ReadersAfterBlock),
                        _ => false,
                    }
                }
            };
            let mut read = if leaks { member.own.read } else { told.max(member.sent) };
            if self.is(Bug::ReadersAhead) {
                read = log.head();
            }
            if !(apart && self.is(Bug::ReadersOmitParted)) {
                readers.push(Reader { user: user(*account), read, from: Seq::ZERO });
            }
        }
        if self.is(Bug::ReadersOmit) {
            readers.pop();
        }
        if self.is(Bug::ReadersStranger) {
            readers.push(Reader { user: user(number(5)), read: Seq::ZERO, from: Seq::ZERO });
        }
        readers
    }

    fn page(&mut self, process: Process) -> Answer {
        let listed = self.listed(process);
        let mut total = 0;
        let mut texts: Vec<ClientId> = Vec::new();
        for id in listed {
            let told = self.describe(process, id);
            total += if told.relation.blocking { 0 } else { told.unread };
            let shown =
                |message: &Message| self.is(Bug::RecalledInPage) || matches!(message.body, MessageBody::Text { .. });
            texts.extend(told.last.filter(|last| shown(last)).map(|last| last.client_id));
        }
        if self.is(Bug::CountsLeft) {
            let left = self.former.keys().filter(|(account, _)| *account == process.account);
            total += left.count() as u64;
        }
        if self.is(Bug::WrongTotal) {
            total += 1;
        }
        Answer::Page { total, texts }
    }

    /// The account's conversations as the device lists them, newest activity first.
    fn listed(&self, process: Process) -> Vec<ConversationId> {
        let mut logs: Vec<&Log> = self.conversations.values().collect();
        logs.retain(|log| {
            let floor = self.floors.get(&(process.device, log.id));
            let returns = || floor.is_some_and(|floor| log.head() > *floor) && !self.is(Bug::DeletedStaysAway);
            let there =
                log.has(process.account) || self.is(Bug::ShowsEmpty) && log.members.contains_key(&process.account);
            there && (floor.is_none() || returns())
        });
        logs.sort_by_key(|log| std::cmp::Reverse((log.active_at, log.id)));
        logs.iter().map(|log| log.id).collect()
    }

    /// The token: version, position of the account's log, and inside a listing where it began and its last place.
    fn sync(&mut self, process: Process, since: Option<&str>) -> SyncPage {
        let (skips, repeats, omits) =
            (self.shows(Bug::TokenSkips, 20), self.is(Bug::SyncRepeats), self.shows(Bug::SyncOmits, 40));
        let token: Vec<u64> = since.into_iter().flat_map(|it| it.split('.')).map(|it| it.parse().unwrap()).collect();
        let upd_now = self.accounts[&process.account].upd;
        let (version, known) = (token.first().copied(), token.get(1).copied());
        let resumed = token.get(2).copied();
        let upd = resumed.and(known).map_or(upd_now, |known| Upd::ZERO.plus(known));
        let changes = match known {
            Some(known) if resumed.is_none() => self.changed(process, Upd::ZERO.plus(known)),
            _ => Vec::new(),
        };
        let began = resumed.unwrap_or(self.version);
        let mut listed = self.listed(process);
        listed.retain(|id| {
            let log = &self.conversations[id];
            let place = (log.active_at, id.get());
            let last = token.get(3).zip(token.get(4)).map(|(active_at, id)| (*active_at, *id));
            version.is_none_or(|version| log.version > version)
                && last.is_none_or(|last| place < last || (repeats && place == last))
        });
        if (skips || (omits && resumed.is_some())) && !listed.is_empty() {
            listed.remove(0);
        }
        let more = listed.len() >= LISTED;
        listed.truncate(LISTED);
        let token = match listed.last().filter(|_| more) {
            Some(last) => {
                let place = self.conversations[last].active_at;
                format!("{}.{}.{began}.{place}.{last}", version.unwrap_or(0), upd.get())
            }
            None => format!("{began}.{}", upd.get()),
        };
        let conversations = listed.into_iter().map(|id| self.describe(process, id)).collect();
        SyncPage {
            token,
            more,
            left: 0,
            upd,
            changes,
            conversations,
            users: Vec::new(),
            older: None,
            requests: Vec::new(),
        }
    }

    /// The objects of the account's log that changed after a position.
    fn changed(&mut self, process: Process, after: Upd) -> Vec<AccountChange> {
        let me: UserId = process.account;
        let mut changes: Vec<(Upd, AccountChange)> = Vec::new();
        let own = self.conversations.iter().filter_map(|(id, log)| Some((*id, log.members.get(&me)?)));
        let own: Vec<_> =
            own.filter(|(_, it)| it.upd > after).map(|(id, it)| (id, it.upd, it.joined, it.own)).collect();
        for (id, upd, joined, cursors) in own {
            changes.push(if joined > after {
                (upd, AccountChange::Joined { conversation: Box::new(self.describe(process, id)) })
            } else {
                (upd, AccountChange::Own { conversation: id, cursors })
            });
        }
        for ((account, id), (upd, _, why)) in &self.former {
            if *account == me && *upd > after && !self.is(Bug::LeftUntold) {
                changes.push((*upd, AccountChange::Left { conversation: *id, why: *why }));
            }
        }
        for ((account, other), (upd, _)) in &self.relations {
            if *account == me && *upd > after {
                let relation = self.shown_relation(me, *other);
                changes.push((*upd, AccountChange::Relation { user: user(*other), relation }));
            }
        }
        for ((owner, conversation, reader), (upd, cursors)) in &self.receipts {
            if *owner == me && *upd > after {
                let receipt = Receipt { conversation: *conversation, reader: *reader, cursors: *cursors };
                changes.push((*upd, AccountChange::Receipt(receipt)));
            }
        }
        for ((owner, conversation, seq), (upd, hidden)) in &self.hidden {
            let member = self.conversations[conversation].members.contains_key(&me);
            if *owner == me && *upd > after && member && !self.is(Bug::SyncOmitsHidden) {
                let message = &self.conversations[conversation].rows[seq].message;
                changes.push((
                    *upd,
                    if *hidden {
                        AccountChange::Hidden { conversation: *conversation, seq: *seq }
                    } else {
                        let (message, sender) = (Box::new(message.clone()), user(message.sender));
                        AccountChange::Shown { conversation: *conversation, message, sender }
                    },
                ));
            }
        }
        let account = &self.accounts[&me];
        if account.settings_upd > after {
            changes.push((account.settings_upd, settings(!account.private, account.messages_from)));
        }
        changes.sort_by_key(|(upd, _)| *upd);
        changes.into_iter().map(|(_, change)| change).collect()
    }
}
