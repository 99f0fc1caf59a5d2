//! The conversations that a device knows of, as descriptions, logs and pages tell of them.
//!
//! Deliberately absent: what of them counts, which is `weight`'s, and how they stand in the session list, which is `order`'s.

use crate::log::Log;
use crate::map::Map;
use crate::readers::GroupReaders;
use crate::timeline::Timeline;
use crate::unread::Exceptions;
use protocol::group::{Action, Announcement};
use protocol::messaging::HistoryPage;
use protocol::{
    Conversation, ConversationKind, Cursors, Group, LogChange, Message, MessageBody, Nickname, Notice, Preferences,
    Relation, Rev, Role, Seq, Upd, UserId,
};

/// One step of a conversation's log.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub pos: Rev,
    pub head_seq: Seq,
    pub change: LogChange,
}

impl Change {
    /// Somebody came or went.
    pub fn tells_of_members(&self) -> bool {
        match &self.change {
            LogChange::Members { .. } => true,
            LogChange::Message { message, .. } => match &message.body {
                MessageBody::Notice { notice } => notice.members().is_some(),
                _ => false,
            },
            LogChange::Withheld { .. } | LogChange::Waiting { .. } | LogChange::Named { .. } => false,
        }
    }
}

/// A conversation as the device holds it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Through `about.rev`, which a sync may move ahead of the log's cursor while the timeline catches up. Its lists of
    /// exceptions and its count are those of no moment: `exceptions` has what is known of them.
    pub about: Conversation,
    pub exceptions: Exceptions,
    pub log: Log<Rev, Change>,
    pub timeline: Option<Timeline>,
    pub readers: GroupReaders,
    /// What members are called in the group, as far as anything told.
    pub nicknames: Map<UserId, Nickname>,
    /// The position of the account's log at which the relation to the peer was told.
    related: Upd,
    /// The position of the account's log at which the preferences are true.
    preferred: Upd,
    /// Whether it is muted now; the client knows the time.
    pub muted: bool,
    /// Which message is the newest that is shown is not known: a newer one or a later description tells.
    lost: bool,
    /// What befell the conversation beside its messages, or whether it is deleted, is not known: only a later description tells.
    pub vague: bool,
    /// The account's log went on through here without telling this device: only a description from then on tells how
    /// the account wants it treated, and whether it is still there.
    pub doubtful: Option<Upd>,
    /// Whose device it is.
    pub me: UserId,
}

impl Held {
    pub fn new(mut about: Conversation, me: UserId) -> Self {
        let mut exceptions = Exceptions::default();
        exceptions.describe(&about);
        let (log, told) = (Log::new(about.rev), about.upd);
        let (related, preferred, readers) = (told, told, GroupReaders::default());
        let (nicknames, named) = (Map::new(), take_nicknames(&mut about));
        let mut held = Self {
            about,
            exceptions,
            log,
            timeline: None,
            readers,
            nicknames,
            related,
            preferred,
            muted: false,
            lost: false,
            vague: false,
            doubtful: None,
            me,
        };
        held.call(named);
        held
    }

    /// Takes over what members are called, each unless something later is known.
    pub fn call(&mut self, nicknames: Vec<Nickname>) {
        for nickname in nicknames {
            if self.nicknames.get(&nickname.user).is_none_or(|known| known.rev < nickname.rev) {
                self.nicknames.insert(nickname.user, nickname);
            }
        }
    }

    /// Takes over a description, unless the one held is later. Cursors only move forward, whichever is later.
    pub fn describe(&mut self, mut about: Conversation) {
        self.call(take_nicknames(&mut about));
        let older = !self.exceptions.describe(&about);
        let hidden = about.hidden.iter().filter(|seq| self.exceptions.hides(**seq));
        if let Some(timeline) = &mut self.timeline {
            hidden.for_each(|seq| timeline.hide(*seq));
        }
        let (later, upd) = (!older && about.rev >= self.about.rev, about.upd);
        if upd < self.preferred {
            about.preferences.clone_from(&self.about.preferences);
        }
        self.preferred = self.preferred.max(upd);
        self.doubtful = self.doubtful.filter(|doubtful| upd < *doubtful);
        about.own = about.own.max(self.about.own);
        self.relate(upd, about.relation);
        about.relation = self.about.relation;
        about.answered |= self.about.answered;
        about.peer_cursors = match (self.about.peer_cursors, about.peer_cursors) {
            (Some(held), Some(told)) => Some(held.max(told)),
            (held, told) => held.or(told),
        };
        about.floor = about.floor.max(self.about.floor);
        about.vis_from = about.vis_from.max(self.about.vis_from);
        let (held, told) = (self.about.last.take(), about.last.take());
        let (told_rev, told_head, told_at) = (about.rev, about.head_seq, told.as_ref().map(|last| last.seq));
        if later {
            self.about = about;
        } else {
            let Conversation { own, peer_cursors, floor, vis_from, answered, preferences, .. } = about;
            let kept = self.about.clone();
            self.about = Conversation { own, peer_cursors, floor, vis_from, answered, preferences, ..kept };
        }
        self.begin();
        if older {
            // What was stored may have heard more of the conversation's log than a page, and less of the account's: what befell
            // the conversation meanwhile only a later description tells.
            self.vague |= told_rev > self.about.rev;
            self.about.last = held.filter(|last| self.shows(last.seq));
            return;
        }
        let current = !self.exceptions.told_after(upd);
        let told = told.filter(|last| self.shows(last.seq));
        // A message that is newer than the one told is shown only if the description cannot know of it.
        let unknown = |last: &Message| !current || last.seq > told_head || Some(last.seq) == told_at;
        let held = held.filter(|last| self.shows(last.seq) && unknown(last));
        let held_at = held.as_ref().map(|last| last.seq);
        let lost = told.is_none() && told_at > held_at && told_at >= Some(self.about.vis_from);
        self.about.last = told.into_iter().chain(held).max_by_key(|last| (last.seq, last.rev));
        let settled = current && later;
        self.lost = !settled && (self.lost || lost);
        self.vague &= !settled;
    }

    /// The peer or a member has come as far as `cursors`. Answers as `GroupReaders::receipt` does.
    pub fn reached(&mut self, who: UserId, cursors: Cursors) -> bool {
        if self.about.peer.as_ref().is_some_and(|peer| peer.id == who) {
            self.about.peer_cursors = Some(self.about.peer_cursors.unwrap_or_default().max(cursors));
        }
        self.about.kind == ConversationKind::Group && self.readers.receipt(who, cursors.read)
    }

    /// What the account and the peer are to each other, at a position of the account's log.
    pub fn relate(&mut self, upd: Upd, relation: Relation) {
        if upd >= self.related {
            self.related = upd;
            self.about.relation = relation;
        }
    }

    /// The description as it would be told now, where everything of the account's log is in it through `upd`.
    pub fn description(&self, upd: Upd) -> Conversation {
        let nicknames = || self.nicknames.values().cloned().collect();
        let group = self.about.group.clone().map(|group| Group { nicknames: nicknames(), ..group });
        Conversation {
            group,
            upd: self.exceptions.known_through(upd),
            silent: self.exceptions.silent(),
            hidden: self.exceptions.hidden(),
            mentions: self.exceptions.mentions(&self.about),
            unread: self.unread(),
            ..self.about.clone()
        }
    }

    /// Takes a change of the log into the description, unless that covers it already.
    pub fn follow(&mut self, change: &Change) {
        match &change.change {
            LogChange::Message { message, nickname, .. } => {
                self.call(nickname.iter().cloned().collect());
                self.follow_message(change.pos, change.head_seq, message);
            }
            LogChange::Withheld { seq } => {
                self.exceptions.weigh(*seq, change.pos, false);
                if change.pos > self.about.rev {
                    self.about.rev = change.pos;
                    // Without a message to go by, only a description tells where the conversation stands in the list.
                    self.lost |= change.head_seq > self.about.head_seq && self.about.last.is_none();
                    self.about.head_seq = self.about.head_seq.max(change.head_seq);
                }
            }
            LogChange::Members { count } if change.pos > self.about.rev => {
                self.about.rev = change.pos;
                self.about.member_count = *count;
            }
            LogChange::Members { .. } => {}
            LogChange::Waiting { count } if change.pos > self.about.rev => {
                self.about.rev = change.pos;
                self.about.group.iter_mut().for_each(|group| group.waiting = *count);
            }
            LogChange::Waiting { .. } => {}
            LogChange::Named { nickname } => {
                self.call(vec![nickname.clone()]);
                self.about.rev = self.about.rev.max(change.pos);
            }
        }
    }

    /// Takes a message as it is at a log position into the description, unless that covers it already.
    pub fn follow_message(&mut self, pos: Rev, head_seq: Seq, message: &Message) {
        self.weigh(message);
        if pos <= self.about.rev {
            return;
        }
        let head = self.about.head_seq;
        self.about.rev = pos;
        self.about.head_seq = head.max(head_seq).max(message.seq);
        if message.seq > head {
            self.about.active_at = self.about.active_at.max(message.at);
        }
        if let MessageBody::Notice { notice } = &message.body {
            self.heed(message, notice);
        }
        if self.shows(message.seq) && (message.seq > head || self.is_last(message.seq)) {
            self.lost &= message.seq <= head;
            self.about.last = Some(message.clone());
        }
    }

    /// What a notice tells that the members of a group share.
    fn heed(&mut self, message: &Message, notice: &Notice) {
        let me = self.me;
        let governed = self.governs();
        let about = &mut self.about;
        about.member_count = notice.members().unwrap_or(about.member_count);
        let Some(group) = &mut about.group else { return };
        match notice {
            Notice::Renamed { title } => about.title = Some(title.to_string()),
            Notice::Pictured { avatar } => group.avatar = avatar.clone(),
            Notice::Announced { text } => {
                let announcement = Announcement { text: text.clone(), by: message.sender, at: message.at };
                group.announcement = (!text.as_str().is_empty()).then_some(announcement);
            }
            Notice::Appointed { person, role } if person.id == me => group.role = *role,
            Notice::HandedOver { person } => {
                group.owner = Some(person.id);
                if person.id == me {
                    group.role = Role::Owner;
                    group.own_muted_until = 0;
                } else if message.sender == me {
                    group.role = Role::Admin;
                }
            }
            Notice::Muted { person: None, until } => group.muted_until = *until,
            Notice::Muted { person: Some(person), until } if person.id == me => group.own_muted_until = *until,
            _ => {}
        }
        // Who waits to be let in only those hear who govern: whoever begins to does not know who came before.
        match self.governs() {
            true => self.vague |= !governed,
            false => self.about.group.iter_mut().for_each(|group| group.waiting = 0),
        }
    }

    fn governs(&self) -> bool {
        self.about.group.as_ref().is_some_and(|group| group.role.may(Action::Govern))
    }

    /// Takes the newest page into the description, unless that covers it already. What of the messages before the page
    /// counts for nothing it does not tell; what it covers and does not show does.
    pub fn follow_page(&mut self, page: &HistoryPage) {
        page.messages.iter().for_each(|message| self.weigh(message));
        if page.rev <= self.about.rev {
            return;
        }
        self.exceptions.follow_page(page, self.about.own.read);
        self.about.rev = page.rev;
        // The page does not tell what else happened to a group.
        self.vague |= self.about.group.is_some();
        self.about.head_seq = self.about.head_seq.max(page.head_seq);
        if let Some(message) = page.messages.last().filter(|message| self.shows(message.seq)) {
            self.about.active_at = self.about.active_at.max(message.at);
            self.about.last = Some(message.clone());
        }
    }

    /// The messages of a page that are still shown, though it was read at `upd`.
    pub fn admit(&mut self, mut messages: Vec<Message>, upd: Upd) -> Vec<Message> {
        messages.iter().for_each(|message| self.weigh(message));
        messages.retain(|message| self.exceptions.admit(message.seq, upd));
        messages
    }

    /// The account hid a message, at a position of its log.
    pub fn hide(&mut self, seq: Seq, upd: Upd) {
        self.exceptions.tell(seq, upd, true);
        if !self.exceptions.hides(seq) {
            return;
        }
        if let Some(timeline) = &mut self.timeline {
            timeline.hide(seq);
        }
        if self.is_last(seq) {
            let caught_up = self.log.cursor() >= self.about.rev;
            let newest = self.timeline.as_ref().filter(|_| caught_up).and_then(Timeline::newest);
            self.lost |= newest.is_none();
            self.about.last = newest.cloned();
        }
    }

    /// The account shows a message again that it had hidden, at a position of its log.
    pub fn show(&mut self, message: Message, upd: Upd) {
        self.weigh(&message);
        self.exceptions.tell(message.seq, upd, false);
        if !self.shows(message.seq) {
            return;
        }
        let last = self.about.last.as_ref();
        if last.is_none_or(|last| (last.seq, last.rev) < (message.seq, message.rev)) {
            self.about.last = Some(message.clone());
        }
        if let Some(timeline) = &mut self.timeline {
            timeline.show(message);
        }
    }

    /// The conversation was deleted on this device through a message (R001-05).
    pub fn delete(&mut self, through: Seq) {
        self.about.floor = self.about.floor.max(Some(through));
        self.about.vis_from = self.about.vis_from.max(through.next());
        self.begin();
        if self.about.last.as_ref().is_some_and(|last| last.seq < self.about.vis_from) {
            self.about.last = None;
        }
    }

    /// Drops what lies before the first message that may be seen.
    fn begin(&mut self) {
        if let Some(timeline) = &mut self.timeline {
            timeline.begin(self.about.vis_from);
        }
    }

    /// Whether a change is about a message that the account has hidden.
    pub fn hides(&self, change: &LogChange) -> bool {
        matches!(change, LogChange::Message { message, .. } if self.exceptions.hides(message.seq))
    }

    /// Whether a message at `seq` is shown.
    pub fn shows(&self, seq: Seq) -> bool {
        seq >= self.about.vis_from && !self.exceptions.hides(seq)
    }

    /// Whether the session list shows the conversation.
    pub fn listed(&self) -> bool {
        self.about.listed()
    }

    /// Takes over how the account wants it treated, unless something later is known.
    pub fn prefer(&mut self, preferences: Preferences, upd: Upd) {
        if upd >= self.preferred {
            self.about.preferences = preferences;
            self.preferred = upd;
        }
    }

    /// The position of the account's log at which the preferences are true.
    pub fn preferred_at(&self) -> Upd {
        self.preferred
    }

    /// Whether a later description is wanted.
    pub fn unclear(&self) -> bool {
        self.lost || self.vague
    }

    fn is_last(&self, seq: Seq) -> bool {
        self.about.last.as_ref().is_some_and(|last| last.seq == seq)
    }
}

fn take_nicknames(about: &mut Conversation) -> Vec<Nickname> {
    about.group.as_mut().map(|group| std::mem::take(&mut group.nicknames)).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use protocol::{ConversationKind, Cursors};

    pub(crate) fn me() -> UserId {
        1_u64.try_into().unwrap()
    }

    /// An empty-handed group conversation with `head` messages, none of them read.
    pub(crate) fn described(id: u64, head: u64) -> Conversation {
        Conversation {
            id: id.try_into().unwrap(),
            kind: ConversationKind::Group,
            title: None,
            peer: None,
            member_count: 3,
            rev: Rev::ZERO.plus(head),
            upd: protocol::Upd::ZERO,
            head_seq: Seq::ZERO.plus(head),
            last: None,
            active_at: 0,
            vis_from: Seq::ZERO.next(),
            floor: None,
            silent: Vec::new(),
            hidden: Vec::new(),
            own: Cursors::default(),
            peer_cursors: None,
            unread: head,
            relation: Relation::NONE,
            answered: false,
            preferences: Preferences::default(),
            joined: protocol::Upd::ZERO,
            group: None,
            mentions: Vec::new(),
        }
    }

    fn written(seq: u64, rev: u64, text: &str) -> Message {
        Message {
            seq: Seq::ZERO.plus(seq),
            rev: Rev::ZERO.plus(rev),
            sender: 2_u64.try_into().unwrap(),
            client_id: protocol::ClientId::from_bytes([0; 16]),
            at: 0,
            body: MessageBody::text(text.try_into().unwrap()),
        }
    }

    /// R000-14, T1: an older description changes nothing, and its cursors never move one back.
    #[test]
    fn descriptions_only_move_forward() {
        let mut held = Held::new(described(1, 5), me());
        held.about.own = Cursors::at(Seq::ZERO.plus(4));
        held.describe(described(1, 3));
        assert_eq!(held.about.head_seq, Seq::ZERO.plus(5));
        held.describe(described(1, 7));
        assert_eq!(held.about.head_seq, Seq::ZERO.plus(7));
        assert_eq!(held.about.own, Cursors::at(Seq::ZERO.plus(4)));
    }

    /// R002-17: what a page passed over of a group is not clear before it is described, whatever is written meanwhile.
    #[test]
    fn a_message_tells_nothing_of_the_group() {
        let group = |rev| Conversation { group: Some(Group::default()), ..described(1, rev) };
        let mut held = Held::new(group(4), me());
        let (rev, seq) = (Rev::ZERO.plus(6), Seq::ZERO.plus(6));
        held.follow_page(&HistoryPage {
            messages: Vec::new(),
            from: seq,
            through: seq,
            vis_from: Seq::ZERO.next(),
            head_seq: seq,
            rev,
            upd: protocol::Upd::ZERO,
            users: Vec::new(),
            nicknames: Vec::new(),
        });
        assert!(held.unclear());
        held.follow_message(rev.next(), seq.next(), &written(7, 7, "text"));
        held.describe(group(5));
        assert!(held.unclear());
        held.describe(group(7));
        assert!(!held.unclear());
    }

    /// R001-10, T24: a change that the description covers already does not bring an older text back into the list.
    #[test]
    fn a_covered_change_changes_nothing() {
        let mut held = Held::new(described(1, 4), me());
        for (rev, text) in [(7, "later"), (6, "earlier")] {
            let pos = Rev::ZERO.plus(rev);
            held.follow_message(pos, Seq::ZERO.plus(5), &written(5, rev, text));
        }
        assert_eq!(held.about.rev, Rev::ZERO.plus(7));
        assert_eq!(held.about.last, Some(written(5, 7, "later")));
    }
}
