//! Friends, followers, and those who are blocked.

use crate::error::Refusal;
use crate::state::AppState;
use crate::store::{Store, StoreError};
use protocol::contacts::{AskFriend, Contacts, FriendRequests};
use protocol::{Contact, FriendRequest, Relation, UserId};

/// A page of contacts when the reader names no length, and at most.
pub const LIMIT: u32 = 100;
pub const LIMIT_MAX: u32 = 500;
/// The most contacts that one page shows.
const BOOK: usize = 5_000;

/// A page of those whom the account has to do with.
pub async fn list(state: &AppState, account: UserId, after: Option<UserId>, limit: u32) -> Result<Contacts, Refusal> {
    Ok(state.store.contacts(account, after, limit).await?)
}

/// Everybody whom the account has to do with, for its page; of more than [`BOOK`] those who came first.
pub async fn all(state: &AppState, account: UserId) -> Result<Vec<Contact>, Refusal> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = state.store.contacts(account, after, LIMIT_MAX).await?;
        all.extend(page.contacts);
        after = page.next;
        if after.is_none() || all.len() >= BOOK {
            return Ok(all);
        }
    }
}

/// Lets the account be told who another is: of people it has nothing to do with only so many a minute, so that nobody
/// walks through them all (R003-06).
pub async fn look_at(state: &AppState, account: UserId, other: UserId) -> Result<(), Refusal> {
    match state.store.knows(account, other).await? {
        true => Ok(()),
        false => state.limits.look_up(account),
    }
}

/// What the account and another are to each other (R004-D3).
pub async fn get(state: &AppState, account: UserId, other: UserId) -> Result<Contact, Refusal> {
    look_at(state, account, other).await?;
    Ok(state.store.contact(account, other).await?)
}

/// What the account and somebody whom it may look at are to each other, and whether one of them asks the other to be
/// friends.
pub async fn bond(
    state: &AppState,
    account: UserId,
    other: UserId,
) -> Result<(Relation, Option<FriendRequest>), Refusal> {
    let relation = state.store.contact(account, other).await?.relation;
    Ok((relation, state.store.friend_request(account, other).await?))
}

/// The friend requests that wait for an answer.
pub async fn requests(state: &AppState, account: UserId) -> Result<FriendRequests, Refusal> {
    Ok(state.store.friend_requests(account).await?)
}

/// Asks another to be friends, or accepts what the other asks (R003-02).
pub async fn ask_friend(
    state: &AppState,
    account: UserId,
    other: UserId,
    request: AskFriend,
) -> Result<Contact, Refusal> {
    approach(state, account, other).await?;
    Ok(state.store.ask_friend(account, other, request.greeting).await?)
}

/// Ends a friendship on the account's own side, and takes its request back.
pub async fn drop_friend(state: &AppState, account: UserId, other: UserId) -> Result<(), Refusal> {
    another(account, other)?;
    let store = state.store.clone();
    withdraw(state, account, other, async move { store.drop_friend(account, other).await }).await
}

/// Refuses the other's friend request.
pub async fn refuse_friend(state: &AppState, account: UserId, other: UserId) -> Result<(), Refusal> {
    another(account, other)?;
    Ok(state.store.refuse_friend(account, other).await?)
}

/// Follows another, or ends that.
pub async fn follow(state: &AppState, account: UserId, other: UserId, follow: bool) -> Result<Contact, Refusal> {
    approach(state, account, other).await?;
    let store = state.store.clone();
    withdraw(state, account, other, async move { store.follow(account, other, follow).await }).await
}

/// Blocks another, or ends that.
pub async fn block(state: &AppState, account: UserId, other: UserId, block: bool) -> Result<Contact, Refusal> {
    approach(state, account, other).await?;
    let (store, hub) = (state.store.clone(), state.hub.clone());
    // A task of its own: a caller who hangs up must not leave the two watching each other.
    let blocking = tokio::spawn(async move {
        let contact = store.block(account, other, block).await?;
        hub.part(account, other);
        Ok::<_, StoreError>(contact)
    });
    Ok(blocking.await.map_err(|_| Refusal::internal())??)
}

/// Changes by `work` what the account has the other as: if the other may not know any more when it is there, it hears
/// no more of that.
pub(super) async fn withdraw<T, F>(state: &AppState, account: UserId, other: UserId, work: F) -> Result<T, Refusal>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let (store, hub) = (state.store.clone(), state.hub.clone());
    // A task of its own: a caller who hangs up must not leave the other watching.
    let changing = tokio::spawn(async move {
        let changed = work.await?;
        if !store.sees(other, account).await.unwrap_or(false) {
            hub.conceal(account, other);
        }
        Ok::<_, StoreError>(changed)
    });
    Ok(changing.await.map_err(|_| Refusal::internal())??)
}

/// Whether one of the two blocks the other: then neither is told anything about the other that is not a message.
pub async fn blocked_between(store: &Store, one: UserId, other: UserId) -> Result<bool, StoreError> {
    store.blocked_between(one, other).await
}

/// Lets the account have to do with another.
async fn approach(state: &AppState, account: UserId, other: UserId) -> Result<(), Refusal> {
    another(account, other)?;
    look_at(state, account, other).await
}

/// Nobody is their own contact.
fn another(account: UserId, other: UserId) -> Result<(), Refusal> {
    if account == other { Err(Refusal::not_found()) } else { Ok(()) }
}
