//! Who is there, and who writes: told to those who are online at that moment, and kept nowhere.
//!
//! Invariants: nobody across a block and no stranger learns anything, nor anybody of whom accepts nobody's messages, or
//! while they do so themselves, in groups as in direct conversations: one cannot be told from the other (R004-I11). Who
//! hides when they were last there does not see it of others. What cannot be delivered at once is dropped.

use crate::error::Refusal;
use crate::state::AppState;
use crate::store::now;
use protocol::messaging::Readers;
use protocol::{ConversationId, ConversationKind, Millis, ServerFrame, UserId};
use sync::Presence;

/// Tells the others of a conversation that the account writes. In groups of more than 200 nobody is told.
pub async fn typing(state: &AppState, account: UserId, conversation: ConversationId) -> Result<(), Refusal> {
    state.limits.type_in(account)?;
    let roster = state.rosters.of_member(account, conversation).await?;
    if roster.members.len() > Readers::LISTED_MAX {
        return Ok(());
    }
    let mut online = state.hub.online(&roster);
    online.retain(|other| *other != account);
    if !online.is_empty() {
        let hearers = state.store.hearers(account, conversation, &online).await?;
        state.hub.whisper(&hearers, &ServerFrame::Typing { conversation, user: account });
    }
    Ok(())
}

/// Whether the peer of a direct conversation is there, if the account may know.
pub async fn of_peer(
    state: &AppState,
    account: UserId,
    conversation: ConversationId,
) -> Result<Option<Presence>, Refusal> {
    let Some((_, online, seen_at)) = peer(state, account, conversation).await? else { return Ok(None) };
    Ok(Some(Presence { online, seen_at: if online { 0 } else { seen_at } }))
}

/// From now on the connection hears of the presence of the conversation's peer, if the account may; of nobody else's.
pub async fn watch(
    state: &AppState,
    (account, connection): (UserId, u64),
    conversation: Option<ConversationId>,
) -> Result<(), Refusal> {
    state.hub.watch(account, connection, None);
    state.limits.look(account)?;
    let Some(id) = conversation else { return Ok(()) };
    if let Some((peer_id, _, seen_at)) = peer(state, account, id).await? {
        state.hub.watch(account, connection, Some((peer_id, seen_at)));
        // A block that came between the two found nobody to part.
        if peer(state, account, id).await?.is_none() {
            state.hub.watch(account, connection, None);
        }
    }
    Ok(())
}

/// The peer of a direct conversation whose presence the account may know, whether they are there, and when they were last:
/// now, if they are.
async fn peer(
    state: &AppState,
    account: UserId,
    id: ConversationId,
) -> Result<Option<(UserId, bool, Millis)>, Refusal> {
    let roster = state.rosters.of_member(account, id).await?;
    let other = roster.members.iter().copied().find(|member| *member != account);
    let Some(peer) = other.filter(|_| roster.kind == ConversationKind::Direct) else { return Ok(None) };
    // In this order nothing slips through: who goes is noted in memory first, and is there until it is written.
    let here = state.hub.is_online(peer).then(now);
    let noted = here.or_else(|| state.logins.account_seen(peer));
    let written = state.store.seen_at(account, id, peer).await?;
    Ok(written.map(|written| (peer, here.is_some(), written.max(noted.unwrap_or_default()))))
}
