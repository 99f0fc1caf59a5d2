//! What the server says in a conversation: who took a message back (R001-18), how a group changed (R002-17).

use super::chat::author;
use protocol::group::{Crowd, Named};
use protocol::{ConversationId, ConversationKind, MessageBody, Notice, Role, UserId};
use sync::Client;

/// A line without a bubble. A name that is absent is the reader's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tip {
    RecalledByMe,
    /// By the other side of a direct conversation.
    RecalledByPeer,
    /// By a member of a group.
    RecalledBy(String),
    /// By who administers the server.
    RecalledByAdmin,
    /// Taken from everybody after an audit: what the reader wrote, or what somebody else did.
    Removed {
        own: bool,
    },
    /// Somebody else's picture, which an audit found wrong after it was sent (R004-I6).
    Withdrawn,
    Changed {
        by: Option<String>,
        people: Vec<Option<String>>,
        /// How many people more it is about.
        more: u64,
        change: Change,
    },
}

/// How a group changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Created,
    Invited,
    Joined,
    Left,
    Removed,
    Renamed(String),
    Pictured,
    Unpictured,
    Announced,
    Unannounced,
    Promoted,
    Demoted,
    HandedOver,
    Muted,
    Unmuted,
    MutedAll,
    UnmutedAll,
}

impl Tip {
    /// `None` of what people write.
    pub fn of(
        client: &Client,
        (id, kind): (ConversationId, ConversationKind),
        sender: UserId,
        body: &MessageBody,
    ) -> Option<Self> {
        let me = client.account().id;
        match body {
            MessageBody::Text { .. } | MessageBody::Image(_) | MessageBody::File(_) => None,
            MessageBody::Withdrawn { .. } => (sender != me).then_some(Self::Withdrawn),
            MessageBody::Recalled { by } => Some(match (*by, kind) {
                (None, _) => Self::RecalledByAdmin,
                (Some(by), _) if by == me => Self::RecalledByMe,
                (Some(_), ConversationKind::Direct) => Self::RecalledByPeer,
                (Some(by), ConversationKind::Group) => Self::RecalledBy(author(client, id, by)),
            }),
            MessageBody::Removed => Some(Self::Removed { own: sender == me }),
            MessageBody::Notice { notice } => {
                let by = (sender != me).then(|| author(client, id, sender));
                let (people, more, change) = told(notice);
                // Somebody who never wrote is known by the notice alone.
                let name = |person: &Named| {
                    (person.id != me).then(|| client.called(id, person.id).unwrap_or(&person.name).to_string())
                };
                Some(Self::Changed { by, people: people.iter().map(name).collect(), more, change })
            }
        }
    }
}

/// Whom a notice is about, how many more, and what happened.
fn told(notice: &Notice) -> (&[Named], u64, Change) {
    let one = std::slice::from_ref;
    match notice {
        Notice::Created(crowd) => about(crowd, Change::Created),
        Notice::Invited(crowd) => about(crowd, Change::Invited),
        Notice::Removed(crowd) => about(crowd, Change::Removed),
        Notice::Joined { .. } => (&[], 0, Change::Joined),
        Notice::Left { .. } => (&[], 0, Change::Left),
        Notice::Renamed { title } => (&[], 0, Change::Renamed(title.to_string())),
        Notice::Pictured { avatar: Some(_) } => (&[], 0, Change::Pictured),
        Notice::Pictured { avatar: None } => (&[], 0, Change::Unpictured),
        Notice::Announced { text } if text.as_str().is_empty() => (&[], 0, Change::Unannounced),
        Notice::Announced { .. } => (&[], 0, Change::Announced),
        Notice::Appointed { person, role: Role::Member } => (one(person), 0, Change::Demoted),
        Notice::Appointed { person, .. } => (one(person), 0, Change::Promoted),
        Notice::HandedOver { person } => (one(person), 0, Change::HandedOver),
        Notice::Muted { person: Some(person), until: 0 } => (one(person), 0, Change::Unmuted),
        Notice::Muted { person: Some(person), .. } => (one(person), 0, Change::Muted),
        Notice::Muted { person: None, until: 0 } => (&[], 0, Change::UnmutedAll),
        Notice::Muted { person: None, .. } => (&[], 0, Change::MutedAll),
    }
}

fn about(crowd: &Crowd, change: Change) -> (&[Named], u64, Change) {
    (&crowd.people, crowd.count.saturating_sub(crowd.people.len() as u64), change)
}
