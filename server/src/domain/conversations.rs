//! The session list, and opening direct conversations.

use super::{contacts, groups};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::conversations::{Place, only};
use crate::store::{Reader, StoreError};
use protocol::messaging::{Conversations, OpenConversation, OpenedConversation};
use protocol::{Conversation, ConversationId, Millis, User, UserId};
use std::sync::Arc;

/// A page of the session list when the reader names no length, and at most.
pub const LIMIT: u32 = 50;
pub const LIMIT_MAX: u32 = 200;

/// A page of the session list after the place that an earlier page named.
pub async fn list(
    state: &AppState,
    reader: Reader,
    before: Option<&str>,
    limit: u32,
) -> Result<Conversations, Refusal> {
    let after = before.map(|text| read_place(text).ok_or_else(|| Refusal::field("before", "no such place")));
    let described = state.store.conversations(reader, after.transpose()?, limit).await?;
    let full = described.conversations.len() as u64 == u64::from(limit);
    let next = described.conversations.last().filter(|_| full).map(place_of);
    Ok(Conversations { conversations: described.conversations, users: described.users, next })
}

/// One conversation as its member sees it.
pub async fn get(state: &AppState, reader: Reader, id: ConversationId) -> Result<Conversation, Refusal> {
    Ok(only(state.store.conversation(reader, id).await?)?)
}

/// Opens the direct conversation or makes the group that the request names; tells whether it is new.
pub async fn begin(
    state: &AppState,
    reader: Reader,
    user: Arc<User>,
    request: OpenConversation,
) -> Result<(OpenedConversation, bool), Refusal> {
    let OpenConversation { peer, title, members } = request;
    match peer {
        Some(peer) if title.is_none() && members.is_empty() => {
            let (conversation, new) = open(state, reader, peer).await?;
            Ok((OpenedConversation { conversation, refused: Vec::new() }, new))
        }
        Some(_) => Err(Refusal::field("peer", "not together with a title or members")),
        None => Ok((groups::create(state, reader, user, title, members).await?, true)),
    }
}

/// Opens the direct conversation with a user, who may be oneself; tells whether it is new.
pub async fn open(state: &AppState, reader: Reader, peer: UserId) -> Result<(Conversation, bool), Refusal> {
    contacts::look_at(state, reader.account, peer).await?;
    state.store.open_direct(reader, peer).await.map_err(|error| match error {
        StoreError::NotFound => Refusal::field("peer", "no such user"),
        error => error.into(),
    })
}

/// The place of a conversation in the list.
pub fn place_of(conversation: &Conversation) -> String {
    format!("{}.{}", conversation.active_at, conversation.id)
}

/// The place after everything that was active since a time.
pub fn place_before(active_at: Millis) -> String {
    // The smallest id.
    format!("{active_at}.1")
}

fn read_place(text: &str) -> Option<Place> {
    let (active_at, id) = text.split_once('.')?;
    Some(Place { active_at: active_at.parse().ok()?, id: id.parse().ok()? })
}
