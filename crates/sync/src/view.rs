//! What the page shows of the device.

use crate::client::Client;
use crate::pull::Job;
use crate::sessions::{self, Held};
use crate::timeline::{Item, Piece, ReadMark, Row, RowKey};
use crate::window::{Mounted, Window};
use crate::{LinkState, Session, receipts, unread};
use protocol::{Account, Conversation, ConversationId, Message, Seq, User, UserId};

impl Client {
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Every conversation in the order of the session list (R002-10).
    pub fn sessions(&self) -> Vec<ConversationId> {
        let open = self.open.and_then(|open| Some((open.id, open.place?)));
        sessions::order(&self.held, open)
    }

    pub fn session(&self, id: ConversationId) -> Option<Session> {
        let about = &self.held.get(&id)?.about;
        let told = about.last.as_ref().map(|last| self.row(last, Some(about)));
        let rows = told.into_iter().chain(self.unsent_rows(id));
        let last = rows.max_by_key(|row| (row.seq.is_none(), row.seq));
        Some(Session {
            id,
            kind: about.kind,
            title: about.title.clone(),
            peer: about.peer.clone(),
            member_count: about.member_count,
            active_at: last.as_ref().map_or(about.active_at, |last| last.at),
            last,
            unread: unread::count(about),
        })
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
        let about = self.held.get(&id).map(|held| &held.about);
        window.mount(self.pieces(id), self.unsent_rows(id), |piece| match piece {
            Piece::Gap { after, before } => Item::Gap { after, before },
            Piece::Message(message) => Item::Row(self.row(message, about)),
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

    /// The sum over the session list, always (T9).
    pub fn total_unread(&self) -> u64 {
        self.held.values().map(|held: &Held| unread::count(&held.about)).sum()
    }

    /// Somebody whom a log, a page or a search has told of.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    fn pieces(&self, id: ConversationId) -> impl DoubleEndedIterator<Item = Piece<'_>> {
        self.held.get(&id).and_then(|held| held.timeline.as_ref()).into_iter().flat_map(|timeline| timeline.pieces())
    }

    fn unknown(&self, id: ConversationId) -> bool {
        !self.held.contains_key(&id) && self.pulls.wanted(Job::Describe(id))
    }

    fn unsent_rows(&self, id: ConversationId) -> Vec<Row> {
        let about = self.held.get(&id).map(|held| &held.about);
        self.outbox.rows(id, self.account.id, |message| receipts::mark(about, message.seq))
    }

    fn row(&self, message: &Message, about: Option<&Conversation>) -> Row {
        let own = message.sender == self.account.id;
        Row {
            key: RowKey { sender: message.sender, client_id: message.client_id },
            seq: Some(message.seq),
            sender: message.sender,
            at: message.at,
            body: message.body.clone(),
            mark: own.then(|| -> ReadMark { receipts::mark(about, message.seq) }),
        }
    }
}
