//! What comes before the send of a picture: its upload.
//!
//! Invariant: a picture is posted only with what its upload was answered, under the same key, so that neither becomes two
//! (R001-12). Deliberately absent: the bytes, which the device keeps under the key.

use protocol::MessageBody;

/// Whether the picture of a message is on the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upload {
    /// It is, or there is none: the message can be posted.
    #[default]
    Done,
    /// It is not. What was written after it waits, so that the order stays.
    First,
    /// It is not, and a person asked for another attempt: the message stays where it is, and nothing waits for it, until the
    /// picture is there; then it goes to the bottom and is posted (R004-A3).
    Again,
}

impl Upload {
    /// What a message that was just written needs.
    pub(crate) fn of(body: &MessageBody) -> Self {
        if matches!(body, MessageBody::Image(_)) { Self::First } else { Self::Done }
    }
}
