//! The part of the server that devices read pages from: what moved, a conversation's history and its changes.

use super::server::{Room, Server, Who};
use super::user;
use protocol::messaging::{ChangesPage, HistoryPage};
use protocol::sync::{PageSize, SyncPage};
use protocol::{ConversationId, ErrorCode, Message, Rev, Seq, Upd};
use sync::Failure;

/// Small pages and gaps, so that short histories meet every limit.
pub(super) const SYNC_SEGMENT: usize = 2;
pub(super) const HISTORY_PAGE: u64 = 4;
const CHANGES_PAGE: usize = 2;
const MAX_GAP: u64 = 5;

impl Server {
    /// A token is what is known (a commit and an account log position), and inside a listing by latest activity also
    /// the commit at which that began and the place it has come to. What moves meanwhile is left to the next sync.
    pub(super) fn sync(&self, who: Who, since: Option<&str>, page: PageSize) -> Result<SyncPage, Failure> {
        let me = who.me;
        let numbers: Vec<u64> =
            since.unwrap_or_default().split_terminator('.').map(|number| number.parse().expect("a token")).collect();
        // One number more than a place takes is what is left of a page.
        let (numbers, page) = match &numbers[..] {
            [numbers @ .., left] if matches!(numbers.len(), 3 | 6) => (numbers, *left as usize),
            numbers => (numbers, page.get() as usize),
        };
        let segment = page.min(SYNC_SEGMENT);
        let (version, known, listing) = match *numbers {
            [] => (0, None, None),
            [epoch, ..] if epoch != self.epoch => return Err(Self::refuse(ErrorCode::BadRequest, false)),
            [_, version, upd] => (version, Some(Upd::ZERO.plus(upd)), None),
            [_, version, upd, began, at, id] => (version, Some(Upd::ZERO.plus(upd)), Some((began, (at, id)))),
            _ => panic!("{since:?} is no token"),
        };
        let log = self.logs.get(&me).cloned().unwrap_or_default();
        let upd = if listing.is_some() { known.unwrap_or_default() } else { log.upd };
        let changed = |at: Upd| known.is_some_and(|known| listing.is_none() && known < at);
        let changes = log.objects.iter().filter(|(_, at)| changed(**at));
        let began = listing.map_or(self.version, |(began, _)| began);
        let after = listing.map(|(_, place)| place);
        let place = |room: &Room| (room.messages.last().map_or(0, |message| message.at), room.id.get());
        let mut moved: Vec<&Room> = self
            .rooms
            .values()
            .filter(|room| room.members.contains(&me) && began > version)
            .filter(|room| room.version > version || self.deleted_since(who, room.id, version))
            .filter(|room| after.is_none_or(|after| place(room) < after))
            .collect();
        moved.sort_by_key(|room| std::cmp::Reverse(place(room)));
        let more = moved.len() > segment;
        moved.truncate(segment);
        let left = if more { page - segment } else { 0 };
        let mut token = match moved.last().filter(|_| more).map(|room| place(room)) {
            Some((at, id)) => format!("{}.{version}.{upd}.{began}.{at}.{id}", self.epoch),
            None => format!("{}.{began}.{upd}", self.epoch),
        };
        if left > 0 {
            token.push_str(&format!(".{left}"));
        }
        Ok(SyncPage {
            token,
            more,
            left: left as u32,
            upd,
            changes: changes.map(|(&object, _)| self.object(me, object)).collect(),
            conversations: moved.iter().map(|room| self.describe(who, room.id)).collect(),
            users: self.logs.keys().map(|&id| user(id)).collect(),
            older: None,
            requests: Vec::new(),
        })
    }

    pub(super) fn history(&self, who: Who, id: ConversationId, before: Option<Seq>, limit: u64) -> HistoryPage {
        let (room, vis_from) = (&self.rooms[&id], self.vis_from(who, id));
        let through = before.map_or(room.head(), |before| before.prev().min(room.head()));
        let shown =
            |message: &&Message| vis_from <= message.seq && message.seq <= through && room.shows(who.me, message.seq);
        let mut messages: Vec<Message> =
            room.messages.iter().rev().filter(shown).take(limit as usize).cloned().collect();
        messages.reverse();
        HistoryPage {
            // What is not full goes back to the beginning.
            from: match messages.first() {
                Some(first) if messages.len() as u64 == limit => first.seq,
                _ => vis_from.min(through.next()),
            },
            messages,
            through,
            vis_from,
            head_seq: room.head(),
            rev: room.rev,
            upd: self.upd(who.me),
            users: room.members.iter().map(|&member| user(member)).collect(),
            nicknames: Vec::new(),
        }
    }

    pub(super) fn changes(&self, who: Who, id: ConversationId, after: Rev) -> ChangesPage {
        let (room, vis_from) = (&self.rooms[&id], self.vis_from(who, id));
        assert!(after <= room.rev, "a device is ahead of the log");
        let shown =
            |message: &&Message| message.rev > after && message.seq >= vis_from && room.shows(who.me, message.seq);
        let mut messages: Vec<Message> = room.messages.iter().filter(shown).cloned().collect();
        messages.sort_by_key(|message| message.rev);
        let too_long = room.rev.get() - after.get() > MAX_GAP;
        let whole = messages.len() <= CHANGES_PAGE;
        messages.truncate(if too_long { 0 } else { CHANGES_PAGE });
        let through = if too_long || whole { room.rev } else { messages[CHANGES_PAGE - 1].rev };
        let users = room.members.iter().map(|&member| user(member)).collect();
        let nicknames = Vec::new();
        ChangesPage { conversation: self.describe(who, id), messages, through, too_long, users, nicknames }
    }
}
