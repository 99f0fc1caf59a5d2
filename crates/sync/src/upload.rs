//! What comes before the send of a picture: its upload, and where the message stands meanwhile.
//!
//! Invariant: a picture is posted only with what its upload was answered, under the same key, so that neither becomes two
//! (R001-12). Deliberately absent: the bytes, which the device keeps under the key.

use crate::outbox::{Entry, Outbox, State};
use crate::{RequestId, Unsent};
use protocol::{ClientId, Image, MessageBody, Millis};

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

impl Outbox {
    pub(crate) fn uploading(&mut self, id: ClientId, request: RequestId) {
        if let Some(entry) = self.entry(id) {
            entry.state = State::Uploading(request);
        }
    }

    /// The picture is on the server: its message is posted next, where it stands or from the bottom. `clock`: the time by the
    /// clock that messages are dated with.
    pub(crate) fn uploaded(&mut self, id: ClientId, request: RequestId, image: Image, clock: Millis) -> Option<Unsent> {
        let place = self.find(id)?;
        let uploading = |entry: &Entry| entry.state == State::Uploading(request);
        if !self.entries.get(&place).is_some_and(uploading) {
            return None;
        }
        let mut entry = self.entries.remove(&place)?;
        if entry.unsent.upload == Upload::Again {
            entry.unsent.at = clock;
            entry.unsent.place = self.end(clock);
        }
        entry.unsent.upload = Upload::Done;
        entry.unsent.body = MessageBody::Image(image);
        entry.state = State::Queued { at: 0 };
        entry.failures = 0;
        let unsent = entry.unsent.clone();
        self.enter(entry);
        Some(unsent)
    }
}
