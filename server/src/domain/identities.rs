//! Logging in by the word of an OpenID Connect provider, and which of its people lead into an account.

use crate::auth::CurrentLogin;
use crate::auth::oidc::{Oidc, Somebody};
use crate::config::AuthMode;
use crate::error::Refusal;
use crate::import::person;
use crate::state::AppState;
use crate::store::StoreError;
use crate::store::identities::{Linked, Vouched, Ways};
use protocol::directory::ExternalId;
use protocol::{DeviceName, DisplayName, Login};

/// The longest text that the settings show of somebody, in characters.
const LABEL: usize = 128;

/// The account of whom the provider names, made on first sight, with a login of its own. `None` when it was deactivated.
pub async fn log_in(
    state: &AppState,
    oidc: &Oidc,
    somebody: Somebody,
    device: DeviceName,
) -> Result<Option<Login>, Refusal> {
    let mut newcomer = person(local(somebody.username.as_deref().or(somebody.name.as_deref()).unwrap_or_default()));
    newcomer.name = somebody.subject.clone();
    newcomer.display_name = somebody
        .name
        .as_deref()
        .and_then(display_name)
        .or_else(|| somebody.username.as_deref().and_then(display_name))
        .or_else(|| display_name(newcomer.handle.as_str()))
        .unwrap_or(newcomer.display_name);
    let company = somebody.company.clone().and_then(|id| ExternalId::try_from(id).ok()).map(String::from);
    let vouched = Vouched { issuer: oidc.issuer().to_owned(), label: label(&somebody), person: newcomer, company };
    let Some(account) = state.store.identify(vouched).await? else { return Ok(None) };
    let begun = state.logins.begin(&account, device).await?;
    Ok(begun.map(|(device, token)| Login { account, device, token: token.text }))
}

/// Makes whom the provider names another way into the account. False when they are one into another account already.
pub async fn link(state: &AppState, oidc: &Oidc, login: &CurrentLogin, somebody: Somebody) -> Result<bool, Refusal> {
    let linked = Linked { label: label(&somebody), subject: somebody.subject };
    match state.store.link(login.account.id, oidc.issuer().to_owned(), linked).await {
        Ok(()) => Ok(true),
        Err(StoreError::Taken) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Takes a way into the account away; the last one stays.
pub async fn unlink(state: &AppState, oidc: &Oidc, login: &CurrentLogin, subject: String) -> Result<(), Refusal> {
    Ok(state.store.unlink(login.account.id, oidc.issuer().to_owned(), subject, passwords(state)).await?)
}

/// What the account's owner can log in with.
pub async fn ways(state: &AppState, oidc: &Oidc, login: &CurrentLogin) -> Result<Ways, Refusal> {
    let Ways { linked, password } = state.store.ways(login.account.id, oidc.issuer()).await?;
    Ok(Ways { linked, password: password && passwords(state) })
}

/// Whether people can log in with a password.
fn passwords(state: &AppState) -> bool {
    state.config.auth_mode == AuthMode::Own
}

/// What stands before the @ of a name that is an address.
fn local(name: &str) -> &str {
    name.split_once('@').map_or(name, |(local, _)| local)
}

/// As much of a name as everybody may be shown.
fn display_name(text: &str) -> Option<DisplayName> {
    let shown: String = text.trim().chars().filter(|c| !c.is_control()).take(DisplayName::MAX).collect();
    DisplayName::try_from(shown).ok()
}

fn label(somebody: &Somebody) -> Option<String> {
    let told = [&somebody.username, &somebody.email, &somebody.name].into_iter().flatten();
    let mut told = told.map(|text| text.chars().filter(|c| !c.is_control()).take(LABEL).collect::<String>());
    told.find(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_to_what_can_be_shown() {
        assert_eq!(local("zhang.san@example.org"), "zhang.san");
        assert_eq!(display_name(&"名".repeat(200)).unwrap().as_str().chars().count(), DisplayName::MAX);
        assert_eq!(display_name("张\n三").unwrap().as_str(), "张三");
        assert!(display_name("\u{7}").is_none() && display_name("").is_none());
        let somebody = |username: Option<&str>, email: Option<&str>| Somebody {
            username: username.map(str::to_owned),
            email: email.map(str::to_owned),
            ..Somebody::default()
        };
        assert_eq!(label(&somebody(Some(" "), Some("a@b"))).as_deref(), Some("a@b"));
        assert_eq!(label(&somebody(None, None)), None);
    }
}
