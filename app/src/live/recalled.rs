//! Who took a message back, as the tip in its place says (R001-18).

use super::chat::author;
use protocol::{ConversationKind, MessageBody};
use sync::Client;

/// Whom the tip names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recalled {
    ByMe,
    /// The other side of a direct conversation.
    ByPeer,
    /// A member of a group.
    By(String),
}

impl Recalled {
    /// `None` of a message that stands.
    pub fn of(client: &Client, body: &MessageBody, kind: ConversationKind) -> Option<Self> {
        let MessageBody::Recalled { by } = *body else { return None };
        Some(match kind {
            _ if by == client.account().id => Self::ByMe,
            ConversationKind::Direct => Self::ByPeer,
            ConversationKind::Group => Self::By(author(client, by)),
        })
    }
}
