//! Pictures: what the server keeps of each upload until it is sent, and after that until it is recalled.

use super::Oracle;
use protocol::{ClientId, ErrorCode, Image, MessageBody, Millis, UserId};

/// How long what was uploaded is kept unsent.
const KEPT: Millis = 24 * 60 * 60 * 1_000;

/// What became of an upload.
#[derive(Clone, Debug)]
pub struct Medium {
    image: Image,
    /// When it came last, by the server's clock.
    at: Millis,
    sent: bool,
}

impl Oracle {
    /// R001-12: the same upload again yields the same medium, as long as that is there.
    pub(super) fn uploaded(&mut self, me: UserId, key: ClientId, image: &Image, now: Millis) {
        let medium = self.media.entry((me, key)).or_insert(Medium { image: *image, at: now, sent: false });
        assert_eq!(medium.image, *image, "{me} has uploaded {key} before");
        medium.at = now;
    }

    /// Why the server does not take a message for the picture that it names.
    pub(super) fn no_medium(&self, me: UserId, body: &MessageBody) -> Option<ErrorCode> {
        let MessageBody::Image(image) = body else { return None };
        let own = self.media.iter().filter(|((owner, _), _)| *owner == me);
        let sendable = own.map(|(_, medium)| medium).any(|medium| medium.image == *image && !medium.sent);
        (!sendable).then_some(ErrorCode::InvalidField)
    }

    /// A message carries the picture now.
    pub(super) fn carries(&mut self, image: &Image) {
        self.count("pictures");
        self.media.values_mut().filter(|medium| medium.image == *image).for_each(|medium| medium.sent = true);
    }

    /// R001-18: of what a message carried nothing is left.
    pub(super) fn erase(&mut self, body: &MessageBody) {
        if let MessageBody::Image(image) = body {
            self.media.retain(|_, medium| medium.image != *image);
        }
    }

    /// The server looks for what nobody has sent.
    pub fn swept(&mut self, now: Millis) {
        let before = self.media.len();
        self.media.retain(|_, medium| medium.sent || medium.at >= now.saturating_sub(KEPT));
        if self.media.len() < before {
            self.count("swept");
        }
    }
}
