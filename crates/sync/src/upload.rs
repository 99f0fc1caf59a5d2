//! What comes before the send of a picture or a file: its upload.
//!
//! Invariant: either is posted only with what its upload was answered, under the same key, so that it does not become two
//! (R001-12). Deliberately absent: the bytes, which the device keeps under the key.

use protocol::MessageBody;

/// Nobody waits for a longer file, in bytes: on a slow line it takes minutes.
const LONG: u64 = 4 * 1024 * 1024;

/// Whether the picture or the file of a message is on the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upload {
    /// It is, or there is none: the message can be posted.
    #[default]
    Done,
    /// It is not. What was written after it waits, so that the order stays.
    First,
    /// It is not, and nothing that is written waits for it: it is long, the server had no room for it, or a person
    /// asked for another attempt (R004-A3). The
    /// message stays where it is until the upload is there; then it goes to the bottom and is posted. Of several one goes
    /// after the other.
    #[serde(alias = "again")]
    Aside,
}

impl Upload {
    /// What a message needs that was just written, together with others of which some may be `long`.
    pub(crate) fn of(body: &MessageBody, long: bool) -> Self {
        match body.medium() {
            None => Self::Done,
            Some(_) if long => Self::Aside,
            Some(_) => Self::First,
        }
    }

    /// What a message needs that a person asks for again.
    pub(crate) fn again(body: &MessageBody) -> Self {
        Self::of(body, true)
    }

    pub(crate) fn takes_long(body: &MessageBody) -> bool {
        matches!(body, MessageBody::File(file) if file.bytes.get() > LONG)
    }
}
