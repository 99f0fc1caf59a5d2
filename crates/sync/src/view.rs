//! What the page shows of the device.

use crate::client::Client;
use crate::order;
use crate::pull::Job;
use crate::sessions::Held;
use crate::timeline::{Item, Piece, Row, RowKey};
use crate::window::{Mounted, Window};
use crate::{LinkState, Session, Shelf, receipts};
use protocol::group::Action;
use protocol::{
    Account, ClientId, ConversationId, ConversationKind, DisplayName, FriendRequest, Message, Millis, Role, Rules, Seq,
    User, UserId,
};

impl Client {
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Whether this device has a message of its own under the key that is not in its conversation's log yet.
    pub fn unsent(&self, id: ClientId) -> bool {
        self.outbox.has(id)
    }

    /// The session list in its order (R002-10), without what is archived.
    pub fn sessions(&self) -> Vec<ConversationId> {
        self.shelf(&Shelf::All)
    }

    /// A part of the session list in its order.
    pub fn shelf(&self, shelf: &Shelf) -> Vec<ConversationId> {
        let open = self.open.and_then(|open| Some((open.id, open.stood?)));
        order::order(&self.held, open, self.unread_first, shelf)
    }

    /// The newest message on the server that the timeline shows, unless changes are on their way that may be messages.
    pub fn newest(&self, id: ConversationId) -> Option<Seq> {
        let held = self.held.get(&id).filter(|held| held.log.cursor() >= held.about.rev)?;
        Some(held.timeline.as_ref()?.newest()?.seq)
    }

    pub fn session(&self, id: ConversationId) -> Option<Session> {
        let held = self.held.get(&id)?;
        let about = &held.about;
        let told = about.last.as_ref().map(|last| self.row(last, Some(held)));
        let rows = told.into_iter().chain(self.unsent_rows(id));
        let last = rows.max_by_key(|row| (row.seq.is_none(), row.seq));
        // The list shows neither.
        let last = last.map(|row| Row { readers: None, former: None, ..row });
        Some(Session {
            id,
            kind: about.kind,
            title: about.title.clone(),
            peer: about.peer.as_ref().map(|peer| self.users.get(&peer.id).unwrap_or(peer).clone()),
            member_count: about.member_count,
            active_at: last.as_ref().map_or(about.active_at, |last| last.at),
            last,
            head_seq: about.head_seq,
            unread: held.unread(),
            relation: about.relation,
            preferences: about.preferences.clone(),
            muted: held.muted,
            archived: held.archived(),
            marked: self.marked(held),
            draft: self.draft(id).to_owned(),
            mentions: held.mentions(),
            silence: about.group.as_ref().and_then(|group| group.silence(self.time)),
            group: about.group.clone(),
        })
    }

    /// Whether the session list shows the conversation: not while it is deleted on this device (R001-05).
    pub fn listed(&self, id: ConversationId) -> bool {
        self.held.get(&id).is_some_and(|held| held.listed())
    }

    /// Where the session list goes on beyond what is held; absent when nothing follows.
    pub fn older_sessions(&self) -> Option<&str> {
        self.older.as_deref()
    }

    /// Whether it stands among the messages of strangers (R001-04).
    pub fn stranger(&self, id: ConversationId) -> bool {
        self.held.get(&id).is_some_and(|held| held.about.stranger())
    }

    /// What the device knows of the server's settings.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Whether the account may recall the message at `clock`, by the device's clock (R001-18): its own if that is not older than
    /// the server allows; in a group that it governs others' as well, however old. The server decides, by its own clock and by
    /// the sender's role, which the device need not know.
    pub fn can_recall(&self, id: ConversationId, seq: Seq, clock: Millis) -> bool {
        let Some(message) = self.message(id, seq).filter(|message| message.body.recallable()) else { return false };
        if message.sender != self.account.id {
            let group = self.held.get(&id).and_then(|held| held.about.group.as_ref());
            return group.is_some_and(|group| group.role.may(Action::Recall(Role::Member)));
        }
        let now = clock.saturating_add_signed(self.skew);
        let window = self.rules.recall_window_s.saturating_mul(1_000);
        now <= message.at.saturating_add(window) && window > 0
    }

    /// How many friend requests wait for the account's answer. They wait seven days by the server's clock, and those of
    /// whoever is blocked are told to nobody.
    pub fn requests(&self) -> u64 {
        let blocking = |user: &UserId| self.relations.get(user).is_some_and(|(_, relation)| relation.blocking);
        let waits = |(user, at): &(&UserId, &Millis)| self.time < **at + FriendRequest::LIFETIME && !blocking(user);
        self.requests.iter().filter(waits).count() as u64
    }

    /// Who has read one's own message in a group, by id; absent where that is not told (R000-20).
    pub fn readers(&self, id: ConversationId, seq: Seq) -> Option<Vec<User>> {
        let readers = self.held.get(&id)?.readers.of(seq)?;
        Some(readers.filter_map(|reader| self.users.get(&reader).cloned()).collect())
    }

    /// The open conversation.
    pub fn open(&self) -> Option<ConversationId> {
        self.open.map(|open| open.id)
    }

    /// Everything held of a conversation, in the order in which it is shown.
    pub fn items(&self, id: ConversationId) -> Vec<Item> {
        self.mounted(id, &Window::unbounded()).items
    }

    /// The part of [`Client::items`] that a window shows.
    pub fn mounted(&self, id: ConversationId, window: &Window) -> Mounted {
        let held = self.held.get(&id);
        window.mount(self.pieces(id), self.unsent_rows(id), |piece| match piece {
            Piece::Gap { after, before } => Item::Gap { after, before },
            Piece::Message(message) => Item::Row(self.row(message, held.map(Box::as_ref))),
        })
    }

    /// The window a page further up; the same when nothing older is held (then [`crate::Input::LoadOlder`]).
    pub fn older(&self, id: ConversationId, window: Window) -> Window {
        window.older(self.pieces(id))
    }

    /// The window a page further down; it follows new rows again when it reaches the end.
    pub fn newer(&self, id: ConversationId, window: Window) -> Window {
        window.newer(self.pieces(id))
    }

    /// The first message that was unread when the conversation was opened. Stays while it is open.
    pub fn first_unread(&self, id: ConversationId) -> Option<Seq> {
        self.open.filter(|open| open.id == id)?.first_unread
    }

    /// Whether there are messages before the oldest held.
    pub fn can_load_older(&self, id: ConversationId) -> bool {
        self.held.get(&id).and_then(|held| held.timeline.as_ref()).is_some_and(|timeline| timeline.can_load_older())
    }

    /// Whether messages of the conversation are on their way.
    pub fn loading(&self, id: ConversationId) -> bool {
        self.pulls.paging(id) || self.pulls.wanted(Job::Newest(id)) || self.unknown(id)
    }

    pub fn link(&self) -> LinkState {
        self.link.state()
    }

    /// Whether the connection has been interrupted for long enough to tell (two seconds).
    pub fn interrupted(&self) -> bool {
        self.link.interrupted()
    }

    /// The sum over the session list, always (T9), but for those who are blocked and what is muted (R004-B7).
    pub fn total_unread(&self) -> u64 {
        self.held.values().map(|held| held.counted()).sum()
    }

    /// How many conversations have something unread or are marked so, archived or not: what reading everything would read.
    pub fn awaiting(&self) -> usize {
        self.held.values().filter(|held| held.listed() && held.awaits()).count()
    }

    /// Somebody whom a log, a page or a search has told of.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// What somebody is called in a conversation, who has told of themselves: by their nickname there, or by their name.
    pub fn called(&self, id: ConversationId, user: UserId) -> Option<&DisplayName> {
        let nickname = self.held.get(&id).and_then(|held| held.nicknames.get(&user)?.name.as_ref());
        nickname.or_else(|| self.users.get(&user).map(|user| &user.display_name))
    }

    fn pieces(&self, id: ConversationId) -> impl DoubleEndedIterator<Item = Piece<'_>> {
        self.held.get(&id).and_then(|held| held.timeline.as_ref()).into_iter().flat_map(|timeline| timeline.pieces())
    }

    fn unknown(&self, id: ConversationId) -> bool {
        !self.held.contains_key(&id) && self.pulls.wanted(Job::Describe(id))
    }

    /// A message that the device holds.
    pub(crate) fn message(&self, id: ConversationId, seq: Seq) -> Option<&Message> {
        let timeline = self.held.get(&id).and_then(|held| held.timeline.as_ref());
        timeline.and_then(|timeline| timeline.messages().get(&seq)).or_else(|| self.outbox.confirmed(id, seq))
    }

    fn unsent_rows(&self, id: ConversationId) -> Vec<Row> {
        let held = self.held.get(&id);
        let mut rows =
            self.outbox.rows(id, self.account.id, self.clock(), |message| self.row(message, held.map(Box::as_ref)));
        // One that stands above what is held comes with the messages around it (T17).
        let newest = held.and_then(|held| held.timeline.as_ref()?.newest()).map_or(Seq::ZERO, |message| message.seq);
        rows.retain(|row| row.seq.is_none_or(|seq| seq > newest && held.is_none_or(|held| held.shows(seq))));
        rows
    }

    fn row(&self, message: &Message, held: Option<&Held>) -> Row {
        let about = held.map(|held| &held.about);
        let own = message.sender == self.account.id;
        // Its sender does not know that a picture was withdrawn.
        let sent = own && message.body.recallable();
        let group = held.filter(|held| sent && held.about.kind == ConversationKind::Group);
        let readers = group.and_then(|held| held.readers.count(message.seq));
        // What an auditor removed, or who administers the server recalled, is not written again.
        let recalled = matches!(message.body, protocol::MessageBody::Recalled { by: Some(_) });
        let former = held.filter(|_| own && recalled).and_then(|held| self.acts.former(held.about.id, message.seq));
        Row {
            key: RowKey { sender: message.sender, client_id: message.client_id },
            seq: Some(message.seq),
            sender: message.sender,
            at: message.at,
            body: message.body.clone(),
            mark: sent.then(|| receipts::mark(about, message.seq)),
            readers,
            expired: false,
            refused: None,
            former: former.cloned(),
        }
    }
}
