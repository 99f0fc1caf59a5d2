//! Taking messages and conversations out of sight: for oneself, from everybody, on one device; and reporting them.

use crate::error::Refusal;
use crate::state::AppState;
use crate::store::{Reader, Recall, StoreError, now};
use protocol::messaging::{HideMessages, Removal, ReportMessage};
use protocol::{ConversationId, Message, Seq, User, UserId};
use std::sync::Arc;

/// Deletes messages for the account, on all its devices, or takes that back (R001-17).
pub async fn hide(
    state: &AppState,
    account: UserId,
    conversation: ConversationId,
    request: HideMessages,
) -> Result<(), Refusal> {
    let HideMessages { seqs, hidden } = request;
    if !(1..=HideMessages::MAX).contains(&seqs.len()) {
        return Err(Refusal::field("seqs", "from 1 to 100 messages in one request"));
    }
    state.rosters.of_member(account, conversation).await?;
    match hidden {
        true => state.store.hide(account, conversation, seqs).await?,
        false => state.store.show(account, conversation, seqs).await?,
    }
    Ok(())
}

/// Takes a message back from everybody: one's own within the time for it by the server's clock, and at any time that of
/// a member whose role is lower (R001-18).
pub async fn recall(
    state: &AppState,
    by: Arc<User>,
    conversation: ConversationId,
    seq: Seq,
) -> Result<Message, Refusal> {
    let window = state.config.recall_window * 1_000;
    let sent_since = (window > 0).then(|| now().saturating_sub(window));
    loop {
        let roster = state.rosters.of_member(by.id, conversation).await?;
        match state.store.recall(Recall { conversation, seq, by: by.clone(), roster, sent_since }).await {
            Err(StoreError::Stale) => drop(state.rosters.renew(conversation).await?),
            outcome => return Ok(outcome?),
        }
    }
}

/// Takes any message back from everybody, for who administers the server (R001-18).
pub async fn recall_as_admin(state: &AppState, conversation: ConversationId, seq: Seq) -> Result<Message, Refusal> {
    Ok(state.store.recall_as_admin(conversation, seq).await?)
}

/// Takes a message from everybody after an audit (R004-B7.6).
pub async fn remove(state: &AppState, conversation: ConversationId, seq: Seq) -> Result<Removal, Refusal> {
    Ok(state.store.remove_message(conversation, seq).await?)
}

/// What was removed, as it was.
pub async fn removal(state: &AppState, conversation: ConversationId, seq: Seq) -> Result<Removal, Refusal> {
    Ok(state.store.removal(conversation, seq).await?)
}

/// Gives back what was removed.
pub async fn restore(state: &AppState, conversation: ConversationId, seq: Seq) -> Result<(), Refusal> {
    state.store.restore_message(conversation, seq).await?;
    Ok(())
}

/// Reports another's message (R004-H6).
pub async fn report(
    state: &AppState,
    reporter: UserId,
    conversation: ConversationId,
    seq: Seq,
    report: ReportMessage,
) -> Result<(), Refusal> {
    state.rosters.of_member(reporter, conversation).await?;
    Ok(state.store.report(reporter, conversation, seq, report).await?)
}

/// The reader's device lost what it kept, and is a new one: what was deleted on another is not there for it (R004-H5).
pub async fn begin_anew(state: &AppState, reader: Reader) -> Result<(), Refusal> {
    Ok(state.store.begin_anew(reader).await?)
}

/// Deletes a conversation through a message: on the reader's device, or on all devices of the account (R001-05, X7).
pub async fn delete(
    state: &AppState,
    reader: Reader,
    conversation: ConversationId,
    through: Seq,
    everywhere: bool,
) -> Result<(), Refusal> {
    state.rosters.of_member(reader.account, conversation).await?;
    Ok(state.store.delete_conversation(reader, conversation, through, everywhere).await?)
}
