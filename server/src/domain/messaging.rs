//! Sending messages and reading them back.

use super::audit::Pass;
use super::contacts::withdraw;
use super::{audit, policy};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::history::Span;
use crate::store::{Appended, Gate, NewMessage, Reader, Roster, StoreError, now};
use protocol::group::Action;
use protocol::messaging::{ChangesPage, HistoryPage, SendRequest, UnreadPage};
use protocol::{ConversationId, ConversationKind, ErrorCode, Mentions, MessageBody, Rev, Seq, User, UserId};
use std::sync::Arc;

/// A history page's length when the reader names none (R004-G6), and at most.
pub const HISTORY_LIMIT: u32 = 10;
pub const HISTORY_LIMIT_MAX: u32 = 100;
/// A page of changes when the reader names no length, and at most.
pub const CHANGES_LIMIT: u32 = 100;
pub const CHANGES_LIMIT_MAX: u32 = 500;
/// Unread messages on one page (R002-23).
pub const UNREAD: usize = 99;
/// How often it is decided anew whether a message may be sent, when members change meanwhile.
const DECISIONS: usize = 8;
/// Changes further behind than this are not listed: the reader takes the newest page instead (R004-G8).
pub const MAX_GAP: u64 = 1_000;

/// Sends a message; the same key again answers with the original (R001-12).
pub async fn send(
    state: &AppState,
    sender: Arc<User>,
    conversation: ConversationId,
    request: SendRequest,
) -> Result<Appended, Refusal> {
    let SendRequest { client_id, mut body, invisible_list } = request;
    // As it is stored, so that a replay equals its original.
    if let MessageBody::Text { mentions, .. } = &mut body {
        mentions.users.sort_unstable();
        mentions.users.dedup();
    }
    // A text that was let through is not asked about again when the members change meanwhile.
    let mut auditor = state.auditor.as_ref();
    let mut ask_at = None;
    let mut renewed = false;
    for _ in 0..DECISIONS {
        let roster = state.rosters.of_member(sender.id, conversation).await?;
        let (body, invisible) = match admitted(&sender, &roster, &body, &invisible_list) {
            Ok(admitted) => admitted,
            // It may have been refused by what the members were before.
            Err(_) if !renewed => {
                renewed = true;
                state.rosters.renew(conversation).await?;
                continue;
            }
            // What is refused now may be the replay of what was not.
            Err(refused) => {
                let original = state.store.original((sender.id, client_id), conversation, &body).await?;
                return original.ok_or(refused);
            }
        };
        let gate = gate(state, &sender, &roster);
        let sender = sender.clone();
        let mut message =
            NewMessage { conversation, sender, roster, client_id, body, invisible, at: None, gate, ask_at };
        let (me, receiver) = (message.sender.id, gate.map(|gate| gate.receiver));
        let asked = auditor.filter(|_| audit::concerns(&message.roster, &message.body));
        let foreseen = match asked {
            Some(_) => state.store.foresee(&message).await,
            None => Ok(None),
        };
        let outcome = match foreseen {
            Ok(Some(original)) => Ok(original),
            Err(error) => Err(error),
            Ok(None) => {
                if let Some(asked) = asked {
                    match audit::pass(state, asked, &message).await {
                        Ok(Pass::Sent) => {}
                        Ok(Pass::Unaudited(at)) => ask_at = Some(at),
                        Err(refused) => {
                            // Another request with the same key may have been let through meanwhile.
                            let original = state.store.original((me, client_id), conversation, &message.body).await?;
                            return original.ok_or(refused);
                        }
                    }
                    message.ask_at = ask_at;
                    auditor = None;
                }
                let outcomes = state.store.writer().append(vec![message]).await?;
                outcomes.into_iter().next().unwrap_or(Err(StoreError::Stopped))
            }
        };
        match (outcome, receiver) {
            (Err(StoreError::Stale), _) => drop(state.rosters.renew(conversation).await?),
            (Err(refused @ StoreError::Refused(ErrorCode::NotFollowed | ErrorCode::FollowersOnly)), Some(receiver)) => {
                // No friend would be told this.
                let store = state.store.clone();
                withdraw(state, me, receiver, async move { store.find_out(me, receiver).await }).await?;
                return Err(refused.into());
            }
            (outcome, _) => {
                if ask_at.is_some() {
                    state.audits.sent();
                }
                return Ok(outcome?);
            }
        }
    }
    Err(Refusal::unavailable())
}

/// The body and from whom it is withheld, if the members let the sender write so now.
fn admitted(
    sender: &User,
    roster: &Roster,
    body: &MessageBody,
    invisible_list: &[UserId],
) -> Result<(MessageBody, Vec<UserId>), Refusal> {
    if !roster.may_write(sender.id, now()) {
        return Err(Refusal::new(ErrorCode::Muted, "the group is muted, or the sender is"));
    }
    addressed(sender, roster, body)?;
    Ok((body.clone(), invisible(sender, roster, invisible_list.to_vec())?))
}

/// Whether the body may name whom it names: members, and everybody only by who may.
fn addressed(sender: &User, roster: &Roster, body: &MessageBody) -> Result<(), Refusal> {
    const FIELD: &str = "body.mentions";
    let MessageBody::Text { mentions, .. } = body else { return Ok(()) };
    if mentions.is_empty() {
        return Ok(());
    }
    if mentions.users.len() > Mentions::MAX {
        return Err(Refusal::field(FIELD, "at most 50 members"));
    }
    if roster.kind != ConversationKind::Group || !mentions.users.iter().all(|user| roster.has(*user)) {
        return Err(Refusal::field(FIELD, "names somebody who is not a member"));
    }
    if mentions.all && !roster.role(sender.id).may(Action::MentionAll) {
        return Err(Refusal::new(ErrorCode::NotAllowed, "only the owner and admins name everybody"));
    }
    Ok(())
}

/// What a direct message to another must pass; one to a group or to oneself need not (R004-I13, R004-I14).
fn gate(state: &AppState, sender: &User, roster: &Roster) -> Option<Gate> {
    let receiver = match roster.kind {
        ConversationKind::Direct => roster.members.iter().find(|member| **member != sender.id),
        ConversationKind::Group => None,
    };
    let stranger_limit = state.config.stranger_msg_limit;
    receiver.map(|receiver| Gate { receiver: *receiver, stranger_limit, rule: policy::may_write })
}

/// The members from whom a message is withheld, each once (R001-14).
fn invisible(sender: &User, roster: &Roster, mut list: Vec<UserId>) -> Result<Vec<UserId>, Refusal> {
    const FIELD: &str = "invisible_list";
    if list.len() > SendRequest::INVISIBLE_MAX {
        return Err(Refusal::field(FIELD, "at most 500 members"));
    }
    list.sort_unstable();
    list.dedup();
    if list.contains(&sender.id) {
        return Err(Refusal::field(FIELD, "the sender sees the message"));
    }
    if !list.iter().all(|account| roster.has(*account)) {
        return Err(Refusal::field(FIELD, "names somebody who is not a member"));
    }
    Ok(list)
}

/// A page of history.
pub async fn history(
    state: &AppState,
    reader: Reader,
    conversation: ConversationId,
    span: Span,
    limit: u32,
) -> Result<HistoryPage, Refusal> {
    Ok(state.store.history(reader, conversation, span, limit).await?)
}

/// What changed in the conversation after a log position.
pub async fn changes(
    state: &AppState,
    reader: Reader,
    conversation: ConversationId,
    after: Rev,
    limit: u32,
) -> Result<ChangesPage, Refusal> {
    Ok(state.store.changes(reader, conversation, after, limit, MAX_GAP).await?)
}

/// The messages that make the conversation's unread count, newest first.
pub async fn unread(
    state: &AppState,
    reader: Reader,
    conversation: ConversationId,
    before: Option<Seq>,
) -> Result<UnreadPage, Refusal> {
    Ok(state.store.unread(reader, conversation, before, UNREAD).await?)
}

/// Those of them that name the reader.
pub async fn naming(state: &AppState, reader: Reader, conversation: ConversationId) -> Result<UnreadPage, Refusal> {
    Ok(state.store.naming(reader, conversation).await?)
}
