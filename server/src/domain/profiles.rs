//! What people tell of themselves, and who sees it (R003-06).

use crate::auth::CurrentLogin;
use crate::error::Refusal;
use crate::state::AppState;
use crate::store;
use protocol::UserId;
use protocol::profile::{Birthday, Card, ChangeAccount, Circle, OwnAccount};

/// Everything that the account tells.
pub async fn own(state: &AppState, login: &CurrentLogin) -> Result<OwnAccount, Refusal> {
    let (profile, audiences) = state.store.profile(login.account.id).await?;
    Ok(OwnAccount { account: login.account.clone(), profile, audiences })
}

/// Changes the account's own settings and profile; what the request leaves out stays.
pub async fn change(state: &AppState, login: &CurrentLogin, request: ChangeAccount) -> Result<OwnAccount, Refusal> {
    if request == ChangeAccount::default() {
        return own(state, login).await;
    }
    if request.birthday.flatten().is_some_and(|day| day > Birthday::today(store::now())) {
        return Err(Refusal::field("birthday", "lies in the future"));
    }
    state.limits.change_profile(login.account.id)?;
    let (id, store) = (login.account.id, state.store.clone());
    state.logins.change(id, async move { store.change_account(id, request).await }).await
}

/// What the reader may know of a user.
pub async fn card(state: &AppState, login: &CurrentLogin, id: UserId) -> Result<Card, Refusal> {
    state.limits.look_up(login.account.id)?;
    let user = state.store.user(id).await?.ok_or_else(Refusal::not_found)?;
    let (profile, audiences) = state.store.profile(id).await?;
    let circle = sees(state, login.account.id, id).await?;
    Ok(Card { user, profile: profile.seen_by(circle, audiences) })
}

/// What the reader is to the owner of a profile.
async fn sees(state: &AppState, reader: UserId, owner: UserId) -> Result<Circle, Refusal> {
    if reader == owner {
        return Ok(Circle::Oneself);
    }
    // A friend is whom the owner lists as one: who was removed sees no more, and is not told (R003-08b).
    let friend = state.store.contact(owner, reader).await?.relation.friend;
    Ok(if friend { Circle::Friend } else { Circle::Anyone })
}
