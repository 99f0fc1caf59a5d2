//! Letting people in whom the directory made: by a link, once, with a handle and a password of their own choice.

use super::accounts::own_log_in;
use crate::auth::Token;
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::{StoreError, now};
use protocol::directory::{ExternalId, Invite, Invited};
use protocol::{DeviceName, ErrorCode, Handle, Login, Password, User};
use std::net::IpAddr;

/// Where the page of an invitation stands.
const PAGE: &str = "/welcome";

/// Makes the only link of a person who cannot log in yet; nobody can read it again.
pub async fn invite(state: &AppState, id: &ExternalId, request: Invite) -> Result<Invited, Refusal> {
    own_log_in(state)?;
    let valid = request.valid_s.unwrap_or(Invite::VALID_S);
    if !(Invite::VALID_S_MIN..=Invite::VALID_S_MAX).contains(&valid) {
        return Err(Refusal::field("valid_s", "must be 60 to 2592000 seconds"));
    }
    let account = state.store.account_of(id).await?;
    let token = Token::fresh()?;
    let expires_at = now() + u64::from(valid) * 1_000;
    state.store.invite_person(account, token.hash, expires_at).await.map_err(|error| match error {
        StoreError::NotAllowed => {
            Refusal::new(ErrorCode::NotAllowed, "the person can log in already, or was deactivated")
        }
        error => error.into(),
    })?;
    Ok(Invited { path: format!("{PAGE}/{}", token.text), expires_at })
}

/// Whom a link lets in.
pub async fn invited(state: &AppState, link: &str) -> Result<User, Refusal> {
    own_log_in(state)?;
    Ok(state.store.invited(&Token::hash_of(link)).await?)
}

/// Lets the person in: the link is used up, and the answer is the token of their first login.
pub async fn let_in(
    state: &AppState,
    link: &str,
    handle: Handle,
    password: Password,
    device: DeviceName,
    from: IpAddr,
) -> Result<Login, Refusal> {
    state.limits.register(from)?;
    invited(state, link).await?;
    let hash = state.passwords.hash(password.into()).await?;
    let let_in = state.store.let_in(Token::hash_of(link), handle, hash).await;
    let account = let_in.map_err(|error| match error {
        StoreError::Taken => Refusal::new(ErrorCode::HandleTaken, "another account has this handle"),
        error => error.into(),
    })?;
    let begun = state.logins.begin(&account, device).await?;
    begun.map(|(device, token)| Login { account, device, token: token.text }).ok_or_else(Refusal::not_found)
}
