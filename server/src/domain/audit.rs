//! What is audited, and what a verdict does (R004-I4 to R004-I6).
//!
//! Asked is only about what policy lets in as things stand (R004-I11), so that nothing of whoever is refused reaches the
//! auditor; what stands when the message comes to be stored decides anew (R004-I12). A text waits for its verdict; a picture
//! does so too, unless the operator limits the wait: then it is sent, and withdrawn if the verdict is against it, whenever
//! that comes. Titles, names, announcements and greetings are no messages and are not audited, nor are imports; what was sent
//! is taken away by `/api/v1/admin/conversations/…/removal`.

use crate::auditor::{Auditor, Content, NoVerdict, Picture, Question, Unanswered};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::verdicts::Unaudited;
use crate::store::{NewMessage, Roster, Store, StoreError};
use futures::future::join_all;
use protocol::{ConversationKind, ErrorCode, MessageBody};
use std::time::Duration;

/// Pictures that are asked about at the same time after they were sent.
const LATER: u32 = 16;
/// How long it is waited before the auditor is asked again who said nothing.
const PAUSE: Duration = Duration::from_secs(10);

/// What lets a message through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Nothing more is asked about it.
    Sent,
    /// It is sent before its verdict.
    Unaudited,
}

/// Whether the auditor is asked about a message: about texts and pictures, unless one writes to oneself (R004-I14).
pub fn concerns(roster: &Roster, body: &MessageBody) -> bool {
    let others = roster.kind == ConversationKind::Group || roster.members.len() > 1;
    others && matches!(body, MessageBody::Text { .. } | MessageBody::Image(_))
}

/// Lets the message through, or not.
pub async fn pass(store: &Store, auditor: &Auditor, message: &NewMessage) -> Result<Pass, Refusal> {
    let (said, wait) = match &message.body {
        MessageBody::Text { text, .. } => (ask(auditor, message, Content::Text(text.as_str()), None).await, None),
        MessageBody::Image(image) => {
            let file = store.audited_file(image.media).await?.ok_or(StoreError::NoMedium)?;
            let picture = Content::Picture(Picture::new((image.width.get(), image.height.get()), &file));
            (ask(auditor, message, picture, auditor.picture_wait).await, auditor.picture_wait)
        }
        _ => return Ok(Pass::Sent),
    };
    match (said, wait, auditor.unanswered) {
        (Ok(true), ..) => Ok(Pass::Sent),
        (Ok(false), ..) => Err(Refusal::new(ErrorCode::Sensitive, "the auditor does not let this through")),
        (Err(_), Some(_), _) => Ok(Pass::Unaudited),
        (Err(error), None, Unanswered::Allow) => {
            tracing::warn!(%error, "a message was sent without an audit");
            Ok(Pass::Sent)
        }
        (Err(error), None, Unanswered::Refuse) => {
            tracing::warn!(%error, "a message was put off for want of an audit");
            Err(Refusal::new(ErrorCode::Unavailable, "the audit is not available; try again"))
        }
    }
}

async fn ask(
    auditor: &Auditor,
    message: &NewMessage,
    content: Content<'_>,
    wait: Option<Duration>,
) -> Result<bool, NoVerdict> {
    let question = Question {
        client_id: message.client_id,
        conversation: message.conversation,
        kind: message.roster.kind,
        sender: message.sender.id,
        content,
    };
    auditor.allows(&question, wait).await
}

/// Asks about what was sent before its verdict, until there is one, also after a restart.
pub async fn keep_auditing(state: AppState) {
    let Some(auditor) = state.auditor.clone() else { return };
    loop {
        let asked = match state.store.unaudited(LATER).await {
            Ok(unaudited) => join_all(unaudited.iter().map(|one| settle(&state.store, &auditor, one))).await,
            Err(error) => {
                tracing::warn!(%error, "what is to be audited could not be read");
                vec![false]
            }
        };
        match asked.as_slice() {
            [] => state.audits.notified().await,
            asked if asked.iter().all(|settled| *settled) => {}
            _ => drop(tokio::time::timeout(PAUSE, state.audits.notified()).await),
        }
    }
}

/// Asks about one picture, and does what the verdict says. Answers whether there was one.
async fn settle(store: &Store, auditor: &Auditor, one: &Unaudited) -> bool {
    let verdict = async {
        let Some(file) = store.audited_file(one.media).await? else { return Ok(Some(true)) };
        let question = Question {
            client_id: one.client_id,
            conversation: one.conversation,
            kind: one.kind,
            sender: one.sender,
            content: Content::Picture(Picture::new((one.width, one.height), &file)),
        };
        Ok::<_, StoreError>(auditor.allows(&question, Some(Auditor::LATER)).await.ok())
    };
    let settled = match verdict.await {
        Ok(Some(true)) => store.pass_medium(one.media).await.map(|()| true),
        Ok(Some(false)) => store.withdraw_medium(one.media).await.map(|()| true),
        Ok(None) => Ok(false),
        Err(error) => Err(error),
    };
    settled.unwrap_or_else(|error| {
        tracing::warn!(%error, "a verdict could not be kept");
        false
    })
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
