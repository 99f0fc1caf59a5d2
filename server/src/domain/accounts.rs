//! Registering, logging in and out, devices, and finding users.

use crate::auth::CurrentLogin;
use crate::config::{AuthMode, PeopleSearch};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::StoreError;
use protocol::account::{Devices, Users};
use protocol::{
    Account, Device, DeviceId, DeviceName, ErrorCode, Handle, Login, LoginRequest, RegisterRequest, UserId,
};
use std::net::IpAddr;

/// The most users that one search answers.
const FOUND: u32 = 20;
/// The most Unicode scalars of a search.
const QUERY: usize = 64;

/// Creates an account; `handle_taken` when another one has the handle.
pub async fn register(state: &AppState, request: RegisterRequest, from: IpAddr) -> Result<Account, Refusal> {
    own_log_in(state)?;
    state.limits.register(from)?;
    let hash = state.passwords.hash(request.password.into()).await?;
    state.store.create_account(request.handle, request.display_name, hash).await.map_err(|error| match error {
        StoreError::Taken => Refusal::new(ErrorCode::HandleTaken, "another account has this handle"),
        error => error.into(),
    })
}

/// Refuses where others say who people are.
pub(super) fn own_log_in(state: &AppState) -> Result<(), Refusal> {
    let refused = |why| Err(Refusal::new(ErrorCode::NotAllowed, why));
    match state.config.auth_mode {
        AuthMode::Own => Ok(()),
        AuthMode::Oidc => refused("an OpenID Connect provider says who people are; nobody logs in here"),
        AuthMode::Gateway => refused("a gateway says who people are; nobody logs in here"),
    }
}

/// Begins a login. An unknown handle, an account that cannot log in and a wrong password are refused alike, after the
/// same work.
pub async fn log_in(
    state: &AppState,
    request: LoginRequest,
    derived_name: DeviceName,
    from: IpAddr,
) -> Result<Login, Refusal> {
    own_log_in(state)?;
    state.limits.login(&request.handle, from)?;
    let found = match Handle::try_from(request.handle) {
        Ok(handle) => state.store.account_by_handle(&handle).await?,
        Err(_) => None,
    };
    let (account, hash) = found.map_or((None, None), |(account, hash)| (Some(account), hash));
    let matches = state.passwords.verify(request.password, hash).await?;
    let refused = || Refusal::new(ErrorCode::WrongCredentials, "no account has this handle and password");
    let account = account.filter(|_| matches).ok_or_else(refused)?;
    let begun = state.logins.begin(&account, request.device_name.unwrap_or(derived_name)).await?;
    let (device, token) = begun.ok_or_else(refused)?;
    Ok(Login { account, device, token: token.text })
}

/// Ends one of the account's logins; its connections close.
pub async fn end_login(state: &AppState, login: &CurrentLogin, device: DeviceId) -> Result<(), Refusal> {
    state.logins.end(login.account.id, device).await
}

/// The account's devices, the newest login first.
pub async fn devices(state: &AppState, login: &CurrentLogin) -> Result<Devices, Refusal> {
    let devices = state.store.devices(login.account.id).await?.into_iter().map(|device| Device {
        current: device.id == login.device,
        last_seen_at: state.logins.last_seen(device.id).map_or(device.last_seen_at, |at| at.max(device.last_seen_at)),
        ..device
    });
    Ok(Devices { devices: devices.collect() })
}

/// Finds users by handle or display name; by the whole handle alone where the server is so configured. Nobody may ask so
/// often that they could list everybody.
pub async fn search(state: &AppState, account: UserId, query: &str) -> Result<Users, Refusal> {
    let query = query.trim();
    let len = query.chars().count();
    if len == 0 || len > QUERY {
        return Err(Refusal::field("query", &format!("must have 1 to {QUERY} characters, has {len}")));
    }
    state.limits.search(account)?;
    let users = match state.config.people_search {
        PeopleSearch::Open => state.store.search_users(query, FOUND).await?,
        PeopleSearch::Exact => match Handle::try_from(query.trim_start_matches('@')) {
            Ok(handle) => state.store.user_by_handle(&handle).await?.into_iter().collect(),
            Err(_) => Vec::new(),
        },
    };
    Ok(Users { users })
}
