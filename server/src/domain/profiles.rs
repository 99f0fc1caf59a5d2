//! What people tell of themselves, and who sees it (R003-06).

use crate::auth::CurrentLogin;
use crate::error::Refusal;
use crate::state::AppState;
use crate::{pictures, store};
use protocol::profile::{Birthday, Card, ChangeAccount, Circle, Crop, OwnAccount};
use protocol::{AvatarHash, MessagesFrom, UserId};

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
    let (id, store, hub) = (login.account.id, state.store.clone(), state.hub.clone());
    // Who accepts nobody's messages is not seen, as who blocks is not (R004-I11).
    let hides = request.show_last_seen == Some(false) || request.messages_from == Some(MessagesFrom::Nobody);
    let change = async move {
        let changed = store.change_account(id, request).await?;
        if hides {
            hub.hide(id);
        }
        Ok(changed)
    };
    let changed = state.logins.change(id, change).await?;
    state.changed.notify_one();
    Ok(changed)
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

/// Gives the account a picture, cut out of a file where one says, or in its middle.
pub async fn change_avatar(
    state: &AppState,
    login: &CurrentLogin,
    file: Vec<u8>,
    crop: Option<Crop>,
) -> Result<OwnAccount, Refusal> {
    state.limits.change_profile(login.account.id)?;
    let picture = state.pictures.make(file, crop).await?;
    let (id, store) = (login.account.id, state.store.clone());
    let changed = state.logins.change(id, async move { store.change_avatar(id, Some(picture)).await }).await?;
    state.changed.notify_one();
    Ok(changed)
}

/// Takes the account's picture away.
pub async fn drop_avatar(state: &AppState, login: &CurrentLogin) -> Result<OwnAccount, Refusal> {
    state.limits.change_profile(login.account.id)?;
    let (id, store) = (login.account.id, state.store.clone());
    let changed = state.logins.change(id, async move { store.change_avatar(id, None).await }).await?;
    state.changed.notify_one();
    Ok(changed)
}

/// A picture of a size that is kept.
pub async fn avatar(state: &AppState, hash: &AvatarHash, size: u32) -> Result<Vec<u8>, Refusal> {
    let large = match size {
        pictures::SMALL => false,
        pictures::LARGE => true,
        _ => return Err(Refusal::not_found()),
    };
    state.store.avatar(hash, large).await?.ok_or_else(Refusal::not_found)
}
