//! The session list as the view shows it.

use super::chat::author;
use super::picture::Digest;
use super::tip::Tip;
use leptos::prelude::ArcRwSignal;
use protocol::group::{Action, Silence};
use protocol::{AvatarHash, ConversationId, ConversationKind, Labels, Millis, Relation, Seq, UserId};
use sync::{Client, Presence, ReadMark, Session};

/// A row of the list: its place, and a signal of what it shows.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionEntry {
    pub id: ConversationId,
    pub row: ArcRwSignal<SessionRow>,
    /// It stands among the messages of strangers (R001-04).
    pub stranger: bool,
}

/// What a row shows.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRow {
    pub id: ConversationId,
    pub kind: ConversationKind,
    /// `None` in a conversation with oneself.
    pub name: Option<String>,
    pub members: u64,
    /// Colours the avatar: the peer's id, or the group's.
    pub tint: u64,
    pub avatar: Option<AvatarHash>,
    /// The conversation with oneself (R001-09).
    pub notes: bool,
    pub last: Option<Last>,
    pub active_at: Millis,
    pub unread: u64,
    /// The other side of a direct conversation, and what the two are to each other.
    pub peer: Option<UserId>,
    pub relation: Relation,
    /// How many unread messages name the reader, as far as that is counted.
    pub mentions: u64,
    /// The reader is the group's owner or an admin.
    pub governs: bool,
    /// How many wait to be let into the group, for those who decide it.
    pub waiting: u64,
    /// Why the reader may not write in the group now.
    pub silence: Option<Silence>,
    /// What everybody in the group should know.
    pub announcement: Option<String>,
    /// What stands in the composer; empty in the open conversation, where it can be seen.
    pub draft: String,
    pub pinned: bool,
    /// What is unread counts for nothing outside of the row.
    pub muted: bool,
    pub archived: bool,
    /// A dot reminds of it.
    pub marked: bool,
    pub labels: Labels,
    /// The seq of the next message.
    pub next: Seq,
    /// Who writes: in a group by name.
    pub typing: Option<Option<String>>,
    /// Whether the peer is there, while the conversation is open.
    pub presence: Option<Presence>,
}

/// The newest message of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Last {
    /// Who wrote it, in a group, when it is somebody else.
    pub author: Option<String>,
    pub digest: Digest,
    /// What the server says in its place; then it has neither author nor digest.
    pub tip: Option<Tip>,
    pub mark: Option<ReadMark>,
}

impl SessionRow {
    pub fn new(client: &Client, session: Session) -> Self {
        let open = client.open() == Some(session.id);
        let own = client.account().id;
        let group = session.kind == ConversationKind::Group;
        let last = session.last.map(|row| Last {
            tip: Tip::of(client, (session.id, session.kind), row.sender, &row.body),
            author: (group && row.sender != own).then(|| author(client, session.id, row.sender)),
            digest: Digest::of(&row.body, row.sender == own),
            mark: row.mark,
        });
        let name = session.title.or_else(|| session.peer.as_ref().map(|peer| peer.display_name.to_string()));
        let avatar = match &session.group {
            Some(group) => group.avatar.clone(),
            None => session.peer.as_ref().and_then(|peer| peer.avatar.clone()),
        };
        let notes = !group && session.peer.is_none();
        let peer = session.peer.map(|peer| peer.id);
        Self {
            id: session.id,
            kind: session.kind,
            name,
            members: session.member_count,
            avatar,
            notes,
            tint: if group { session.id.get() } else { peer.unwrap_or(own).get() },
            last,
            active_at: session.active_at,
            unread: session.unread,
            peer,
            relation: session.relation,
            mentions: session.mentions,
            governs: session.group.as_ref().is_some_and(|group| group.role.may(Action::MentionAll)),
            waiting: session.group.as_ref().map_or(0, |group| group.waiting),
            silence: session.silence,
            announcement: session.group.and_then(|group| group.announcement).map(|it| it.text.into()),
            draft: if open { String::new() } else { session.draft },
            pinned: session.preferences.pinned,
            muted: session.muted,
            archived: session.archived,
            marked: session.marked,
            labels: session.preferences.labels,
            next: session.head_seq.next(),
            typing: client.typing(session.id).first().map(|user| group.then(|| author(client, session.id, *user))),
            presence: client.presence(session.id),
        }
    }
}

/// What the badge of a row shows: what is loud adds up to the total, and so it is the mentions where the row is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Badge {
    Unread(u64),
    Quiet(u64),
    /// How many unread messages name the reader.
    Naming(u64),
}

impl Badge {
    pub fn new(unread: u64, mentions: u64, muted: bool) -> Self {
        match (muted, mentions) {
            (true, 0) => Self::Quiet(unread),
            (true, mentions) => Self::Naming(mentions),
            (false, _) => Self::Unread(unread),
        }
    }
}

/// The new order of the list, but for rows that must not move under the pointer or while they are open (R002-10):
/// those stay where they are.
pub fn hold(old: &[ConversationId], mut new: Vec<ConversationId>, held: &[ConversationId]) -> Vec<ConversationId> {
    let mut places: Vec<(usize, ConversationId)> = Vec::new();
    for id in held.iter().filter(|id| new.contains(id)) {
        let Some(place) = old.iter().position(|other| other == id) else { continue };
        if let Err(at) = places.binary_search(&(place, *id)) {
            places.insert(at, (place, *id));
        }
    }
    new.retain(|id| !places.iter().any(|(_, held)| held == id));
    for (place, id) in places {
        new.insert(place.min(new.len()), id);
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[u64]) -> Vec<ConversationId> {
        numbers.iter().map(|&n| n.try_into().unwrap()).collect()
    }

    fn check(old: &[u64], new: &[u64], held: &[u64], expected: &[u64]) {
        assert_eq!(hold(&ids(old), ids(new), &ids(held)), ids(expected));
    }

    /// R002-10: the open conversation does not jump while it is open.
    #[test]
    fn held_rows_keep_their_place() {
        check(&[1, 2, 3], &[3, 1, 2], &[3], &[1, 2, 3]);
        check(&[1, 2, 3], &[3, 2, 1], &[1, 3], &[1, 2, 3]);
        check(&[1, 2, 3], &[3, 2, 1], &[], &[3, 2, 1]);
    }

    /// R004-B7.18: loud badges add up to the total; a muted row's tells how many messages name the reader.
    #[test]
    fn a_muted_rows_badge_counts_mentions() {
        assert_eq!(Badge::new(500, 0, false), Badge::Unread(500));
        assert_eq!(Badge::new(500, 2, false), Badge::Unread(500));
        assert_eq!(Badge::new(500, 0, true), Badge::Quiet(500));
        assert_eq!(Badge::new(500, 2, true), Badge::Naming(2));
    }

    #[test]
    fn what_came_or_went_moves_the_rest_only() {
        check(&[1, 2, 3], &[4, 3, 1, 2], &[3], &[4, 1, 3, 2]);
        check(&[1, 2, 3], &[1], &[3], &[1]);
        check(&[1, 2, 3], &[3], &[3], &[3]);
        check(&[], &[1, 2], &[2], &[1, 2]);
    }
}
