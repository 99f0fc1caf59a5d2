//! What is audited before it is sent, and what a verdict does (R004-I4).
//!
//! Asked is only about what policy lets in as things stand (R004-I11), so that nothing of whoever is refused reaches the
//! auditor; what stands when the text comes to be stored decides anew (R004-I12). Titles, names, announcements and
//! greetings are no messages and are not audited, nor are imports; what was sent is taken away by
//! `/api/v1/admin/conversations/…/removal`.

use crate::auditor::{Auditor, Question, Unanswered};
use crate::error::Refusal;
use crate::store::{NewMessage, Roster};
use protocol::{ConversationKind, ErrorCode, MessageBody};

/// Whether the auditor is asked about a message: about a text, unless one writes to oneself (R004-I14).
pub fn concerns(roster: &Roster, body: &MessageBody) -> bool {
    let others = roster.kind == ConversationKind::Group || roster.members.len() > 1;
    others && matches!(body, MessageBody::Text { .. })
}

/// Lets the message through, or not.
pub async fn pass(auditor: &Auditor, message: &NewMessage) -> Result<(), Refusal> {
    let MessageBody::Text { text, .. } = &message.body else { return Ok(()) };
    let question = Question {
        client_id: message.client_id,
        conversation: message.conversation,
        kind: message.roster.kind,
        sender: message.sender.id,
        text: text.as_str(),
    };
    match (auditor.allows(&question).await, auditor.unanswered) {
        (Ok(true), _) => Ok(()),
        (Ok(false), _) => Err(Refusal::new(ErrorCode::Sensitive, "the auditor does not let this text through")),
        (Err(error), Unanswered::Allow) => {
            tracing::warn!(%error, "a text was sent without an audit");
            Ok(())
        }
        (Err(error), Unanswered::Refuse) => {
            tracing::warn!(%error, "a text was put off for want of an audit");
            Err(Refusal::new(ErrorCode::Unavailable, "the audit of texts is not available; try again"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::UserId;

    /// R004-I4, R004-I14: texts to others are audited, also in a group of one; notes to oneself are not.
    #[test]
    fn texts_to_others_are_audited() {
        let text = MessageBody::text("x".try_into().unwrap());
        let roster = |kind, members: &[u64]| {
            Roster::new(kind, members.iter().map(|id| UserId::try_from(*id).unwrap()).collect())
        };
        assert!(concerns(&roster(ConversationKind::Direct, &[1, 2]), &text));
        assert!(concerns(&roster(ConversationKind::Group, &[1]), &text));
        assert!(!concerns(&roster(ConversationKind::Direct, &[1]), &text));
        assert!(!concerns(&roster(ConversationKind::Direct, &[1, 2]), &MessageBody::Removed));
    }
}
