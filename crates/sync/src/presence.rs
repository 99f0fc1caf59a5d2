//! Who writes, and whether the open conversation's peer is there: for the moment, kept nowhere.
//!
//! Invariants: what was told of somebody who writes ends by itself; one tells at most once in three seconds that one
//! writes; the server is told anew on every connection whose presence is wanted.

use crate::Effect;
use crate::client::Client;
use crate::map::Map;
use protocol::frame::{TYPING, TYPING_PAUSE};
use protocol::messaging::Readers;
use protocol::{ClientFrame, ConversationId, Millis, UserId};

/// Whether the peer of the open conversation is there, or when they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Presence {
    pub online: bool,
    /// By the server's clock; 0: not known.
    pub seen_at: Millis,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Company {
    /// Who writes where, and until when that holds.
    typing: Map<(ConversationId, UserId), Millis>,
    /// Where one told last that one writes, and when.
    told: Option<(ConversationId, Millis)>,
    /// What the connection was asked to watch.
    watched: Option<ConversationId>,
    presence: Option<(UserId, Presence)>,
    /// It came with the page, and no connection has told yet.
    from_page: bool,
    /// Another page had the connection watch somebody since.
    elsewhere: bool,
}

impl Client {
    /// Who else writes in the conversation.
    pub fn typing(&self, id: ConversationId) -> Vec<UserId> {
        self.company.typing.keys().filter(|(other, _)| *other == id).map(|(_, user)| *user).collect()
    }

    /// Whether the peer of the open conversation is there, as far as they let others know.
    pub fn presence(&self, id: ConversationId) -> Option<Presence> {
        let peer = self.held.get(&id).filter(|_| self.open() == Some(id))?.about.peer.as_ref()?.id;
        let told = self.company.presence.filter(|(user, _)| *user == peer)?.1;
        (told.online || told.seen_at > 0).then_some(told)
    }

    /// Somebody else writes.
    pub(crate) fn hear_typing(&mut self, id: ConversationId, user: UserId) {
        if self.held.contains_key(&id) && user != self.account.id {
            self.company.typing.insert((id, user), self.now + TYPING);
            self.changes.sessions.insert(id);
        }
    }

    /// What somebody wrote is there: they do not write any more.
    pub(crate) fn end_typing(&mut self, id: ConversationId, user: UserId) {
        if self.company.typing.remove(&(id, user)).is_some() {
            self.changes.sessions.insert(id);
        }
    }

    pub(crate) fn hear_presence(&mut self, user: UserId, presence: Presence) {
        self.company.presence = Some((user, presence));
        self.changes.sessions.extend(self.open());
    }

    /// The page tells whether the peer of the open conversation is there.
    pub(crate) fn meet_presence(&mut self, presence: Option<Presence>) {
        let open = self.open().and_then(|id| self.held.get(&id));
        let peer = open.and_then(|held| held.about.peer.as_ref());
        self.company.presence = peer.map(|peer| peer.id).zip(presence);
        self.company.from_page = self.company.presence.is_some();
    }

    /// A person writes in a conversation: tells the others, where there are any who are told.
    pub(crate) fn tell_typing(&mut self, id: ConversationId) {
        let alone = |members| !(2..=Readers::LISTED_MAX as u64).contains(&members);
        let recent = self.company.told.is_some_and(|(told, at)| told == id && self.now < at + TYPING_PAUSE);
        if recent || !self.link.live() || self.held.get(&id).is_none_or(|held| alone(held.about.member_count)) {
            return;
        }
        self.company.told = Some((id, self.now));
        self.effects.push(Effect::Frame(ClientFrame::Typing { conversation: id }));
    }

    /// A new connection: it watches nobody yet.
    pub(crate) fn watch_anew(&mut self) {
        self.company.watched = None;
        self.company.elsewhere = false;
    }

    /// The connection that pages share watches for another one: here nothing is told of the peer any more.
    pub(crate) fn watched_elsewhere(&mut self) {
        self.company.elsewhere = true;
        self.company.presence = None;
        self.changes.sessions.extend(self.open());
    }

    /// Somebody looks at this page again: it watches whom they see.
    pub(crate) fn watch_here(&mut self) {
        if self.company.elsewhere {
            self.watch_anew();
        }
    }

    /// Ends what has held for long enough, and tells the connection whose presence is wanted now.
    pub(crate) fn keep_company(&mut self) {
        let now = self.now;
        let over: Vec<_> =
            self.company.typing.iter().filter(|(_, until)| **until <= now).map(|(key, _)| *key).collect();
        for (id, user) in over {
            self.end_typing(id, user);
        }
        let direct = |id: &ConversationId| self.held.get(id).is_some_and(|held| held.about.peer.is_some());
        let wanted = self.open().filter(direct);
        if self.company.elsewhere && wanted.is_none() {
            // It is another page's to end.
            self.company.watched = None;
        }
        // The connection is shared, and watches for whom somebody sees: a page that nobody sees takes it from no other.
        let seen = wanted.is_none() || !self.hidden;
        if self.link.open() && wanted != self.company.watched && seen {
            self.company.watched = wanted;
            self.company.elsewhere = false;
            if !std::mem::take(&mut self.company.from_page) {
                self.company.presence = None;
            }
            self.effects.push(Effect::Frame(ClientFrame::Watch { conversation: wanted }));
        }
    }

    /// When somebody is to be shown to write no more.
    pub(crate) fn company_due(&self) -> Option<Millis> {
        self.company.typing.values().copied().min()
    }
}
