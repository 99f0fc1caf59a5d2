//! Pictures and files: what the server keeps of each upload until it is sent, and after that until it is recalled.

use super::Oracle;
use protocol::{ClientId, ErrorCode, MessageBody, Millis, UserId};

/// How long what was uploaded is kept unsent.
const KEPT: Millis = 24 * 60 * 60 * 1_000;
/// A picture that comes again within this time is answered with what is there, and that does not begin its day anew.
const FOUND: Millis = 23 * 60 * 60 * 1_000;

/// What became of an upload.
#[derive(Clone, Debug)]
pub struct Medium {
    /// With which it is sent.
    body: MessageBody,
    /// When its day began, by the server's clock.
    at: Millis,
    sent: bool,
}

impl Oracle {
    /// R001-12: the same upload again yields the same medium, as long as that is there.
    pub(super) fn uploaded(&mut self, me: UserId, key: ClientId, body: &MessageBody, now: Millis) {
        let medium = self.media.entry((me, key)).or_insert(Medium { body: body.clone(), at: now, sent: false });
        assert_eq!(medium.body, *body, "{me} has uploaded {key} before");
        let found = matches!(body, MessageBody::Image(_)) && now.saturating_sub(medium.at) <= FOUND;
        if !found {
            medium.at = now;
        }
    }

    /// Why the server does not take a message for the picture or the file that it names.
    pub(super) fn no_medium(&self, me: UserId, body: &MessageBody) -> Option<ErrorCode> {
        body.medium()?;
        let own = self.media.iter().filter(|((owner, _), _)| *owner == me);
        let sendable = own.map(|(_, medium)| medium).any(|medium| medium.body == *body && !medium.sent);
        (!sendable).then_some(ErrorCode::InvalidField)
    }

    /// A message carries the picture or the file now, if it names one.
    pub(super) fn carries(&mut self, body: &MessageBody) {
        match body {
            MessageBody::Image(_) => self.count("pictures"),
            MessageBody::File(_) => self.count("files"),
            _ => return,
        }
        self.media.values_mut().filter(|medium| medium.body == *body).for_each(|medium| medium.sent = true);
    }

    /// R001-18: of what a message carried nothing is left.
    pub(super) fn erase(&mut self, body: &MessageBody) {
        self.media.retain(|_, medium| medium.body != *body);
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
