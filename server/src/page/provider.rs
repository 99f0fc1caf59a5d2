//! Logging in with an OpenID Connect provider, and linking an account to it, without scripts.
//!
//! A browser holds a secret for as long as somebody is at the provider: what it brings back counts only together with it.

use super::{Browser, Login, ReturnTo, forms, see_other};
use crate::api::extract::{Form, Query};
use crate::auth::CurrentUser;
use crate::auth::device_name::device_name;
use crate::auth::extract::{ClientAddress, named_cookie};
use crate::auth::oidc::{Back, Failure, LIFETIME, Oidc, Purpose};
use crate::domain::identities;
use crate::error::Refusal;
use crate::state::AppState;
use app::backend::{LinkedIdentity, Linking, NotNamed, Page};
use axum::extract::State;
use axum::http::header::{REFRESH, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding};
use openidconnect::RedirectUrl;
use openidconnect::url::form_urlencoded::byte_serialize;
use protocol::ErrorCode;
use serde::Deserialize;

/// Where the provider sends browsers back to.
pub const CALLBACK: &str = "/login/oidc/callback";

const LOG_IN: &str = "/login";
const SETTINGS: &str = "/settings";

const COOKIE: &str = "sixin_oidc";
const SECURE_COOKIE: &str = "__Host-sixin_oidc";
/// The bytes of a browser's secret.
const SECRET: usize = 32;

#[derive(Deserialize)]
pub struct Way {
    to: Option<String>,
}

/// `GET /login/oidc?to=`: sends the browser to the provider.
///
/// A link and no form: browsers would hold the provider's address, which no policy can name before it was asked, against a
/// form's policy.
pub async fn begin(
    State(state): State<AppState>,
    browser: Browser,
    user: Login,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Query(Way { to }): Query<Way>,
) -> Result<Response, Refusal> {
    let oidc = provider(&state)?;
    let to = ReturnTo::parse(to.as_deref()).as_str().to_owned();
    if user.is_some() {
        return Ok(see_other(&to));
    }
    state.limits.provider(address)?;
    let secret = secret(&headers, &browser)?;
    let redirect = redirect(&state, &browser)?;
    Ok(match oidc.begin(redirect, &secret, Purpose::LogIn { to }).await {
        Ok(url) => with_secret(see_other(url.as_str()), &secret, &browser),
        Err(failure) => vain(&browser, oidc, failure.into(), LOG_IN),
    })
}

/// `GET /login/oidc/callback`: the browser is back from the provider.
pub async fn finish(
    State(state): State<AppState>,
    browser: Browser,
    user: Login,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Result<Response, Refusal> {
    let oidc = provider(&state)?;
    let secret = named_cookie(&headers, cookie_name(&browser)).unwrap_or_default();
    let (purpose, named) = match oidc.finish(back, secret).await {
        Ok(done) => done,
        Err(failure) => return Ok(vain(&browser, oidc, failure.into(), LOG_IN)),
    };
    let again = match purpose {
        Purpose::LogIn { .. } => LOG_IN,
        Purpose::Link { .. } => SETTINGS,
    };
    let somebody = match named {
        Ok(somebody) => somebody,
        Err(failure) => return Ok(vain(&browser, oidc, failure.into(), again)),
    };
    match purpose {
        Purpose::LogIn { to } => Ok(match identities::log_in(&state, oidc, somebody, device_name(&headers)).await? {
            Some(login) => browser.logged_in(&login, &to),
            None => vain(&browser, oidc, NotNamed::Deactivated, again),
        }),
        Purpose::Link { account, device } => {
            let Some(user) = user.filter(|user| user.account.id == account && user.device == device) else {
                return Ok(vain(&browser, oidc, NotNamed::LoggedOut, again));
            };
            let linked = identities::link(&state, oidc, &user, somebody).await?;
            Ok(if linked { see_other(SETTINGS) } else { vain(&browser, oidc, NotNamed::Elsewhere, again) })
        }
    }
}

#[derive(Deserialize)]
pub struct Wish {
    act: Option<String>,
    unlink: Option<String>,
}

/// `POST /settings/identities`: goes to the provider for somebody who shall lead into the account, or takes somebody away.
pub async fn change(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Form(wish): Form<Wish>,
) -> Result<Response, Refusal> {
    let oidc = provider(&state)?;
    if let Some(subject) = wish.unlink {
        return match identities::unlink(&state, oidc, &user, subject).await {
            Ok(()) => Ok(see_other(SETTINGS)),
            Err(refusal) if refusal.code == ErrorCode::NotAllowed => {
                let refusal = Refusal { field: Some("identity".to_owned()), ..refusal };
                forms::settings_again(&state, &browser, &user, &refusal).await
            }
            Err(refusal) => Err(refusal),
        };
    }
    if wish.act.as_deref() != Some("link") {
        return Err(Refusal::bad_request("nothing to do"));
    }
    state.limits.provider(address)?;
    let secret = secret(&headers, &browser)?;
    let purpose = Purpose::Link { account: user.account.id, device: user.device };
    Ok(match oidc.begin(redirect(&state, &browser)?, &secret, purpose).await {
        Ok(url) => with_secret(to_provider(&browser, oidc, url.as_str()), &secret, &browser),
        Err(failure) => vain(&browser, oidc, failure.into(), SETTINGS),
    })
}

/// A page that goes on to the provider by itself: a form must not lead to another site, but a page may.
fn to_provider(browser: &Browser, oidc: &Oidc, url: &str) -> Response {
    let page = Page::ToProvider { provider: oidc.name().to_string(), url: url.to_owned() };
    let mut response = browser.show(StatusCode::OK, page);
    // Without the header the link remains.
    if let Ok(refresh) = HeaderValue::try_from(format!("0; url={url}")) {
        response.headers_mut().insert(REFRESH, refresh);
    }
    response
}

/// What the settings show of the provider.
pub async fn linking(state: &AppState, user: &CurrentUser) -> Result<Option<Linking>, Refusal> {
    let Some(oidc) = state.oidc.as_deref() else { return Ok(None) };
    let ways = identities::ways(state, oidc, user).await?;
    let removable = ways.password || ways.linked.len() > 1;
    let linked = ways
        .linked
        .into_iter()
        .map(|it| LinkedIdentity { label: it.label.unwrap_or_else(|| it.subject.clone()), subject: it.subject });
    Ok(Some(Linking { provider: oidc.name().to_string(), linked: linked.collect(), removable }))
}

/// What the provider is called, and the path that leads to it and then on.
pub fn way(state: &AppState, to: &ReturnTo) -> Option<(String, String)> {
    let oidc = state.oidc.as_deref()?;
    let path = match to.as_str() {
        "/" => "/login/oidc".to_owned(),
        to => format!("/login/oidc?to={}", byte_serialize(to.as_bytes()).collect::<String>()),
    };
    Some((oidc.name().to_string(), path))
}

fn provider(state: &AppState) -> Result<&Oidc, Refusal> {
    state.oidc.as_deref().ok_or_else(Refusal::not_found)
}

/// Where the provider shall send this browser back to: to the public origin that it came to, or else to the first.
fn redirect(state: &AppState, browser: &Browser) -> Result<RedirectUrl, Refusal> {
    let public = &state.config.public_origins;
    let host = browser.host.as_deref().unwrap_or_default();
    let origin = match public.iter().find(|origin| origin.has_host(host)).or(public.first()) {
        Some(origin) => origin.to_string(),
        None => format!("{}://{host}", if browser.secure { "https" } else { "http" }),
    };
    RedirectUrl::new(format!("{origin}{CALLBACK}")).map_err(|_| Refusal::bad_request("the request names no host"))
}

fn cookie_name(browser: &Browser) -> &'static str {
    if browser.secure { SECURE_COOKIE } else { COOKIE }
}

/// The browser's secret: the one that it has, so that its tabs do not end each other's log-ins, or a new one.
fn secret(headers: &HeaderMap, browser: &Browser) -> Result<String, Refusal> {
    let known = named_cookie(headers, cookie_name(browser));
    if let Some(known) = known.filter(|known| Base64UrlUnpadded::decode_vec(known).is_ok_and(|it| it.len() == SECRET)) {
        return Ok(known.to_owned());
    }
    let mut bytes = [0; SECRET];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system has no random numbers");
        Refusal::internal()
    })?;
    Ok(Base64UrlUnpadded::encode_string(&bytes))
}

fn with_secret(mut response: Response, secret: &str, browser: &Browser) -> Response {
    let (name, seconds) = (cookie_name(browser), LIFETIME.as_secs());
    let bound = if browser.secure { "; Secure" } else { "" };
    // Lax, because the provider sends the browser back from another site.
    let cookie = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{bound}");
    response.headers_mut().append(SET_COOKIE, cookie.parse().expect("it is made of letters and digits"));
    response
}

/// Says why nobody came in, and leads back to the beginning.
fn vain(browser: &Browser, oidc: &Oidc, why: NotNamed, again: &'static str) -> Response {
    let status = match why {
        NotNamed::Stale => StatusCode::BAD_REQUEST,
        NotNamed::Elsewhere => StatusCode::CONFLICT,
        // Not 502: proxies put pages of their own in its place.
        NotNamed::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        NotNamed::Denied | NotNamed::Untrusted | NotNamed::Deactivated | NotNamed::LoggedOut => StatusCode::FORBIDDEN,
    };
    browser.show(status, Page::NotNamed { provider: oidc.name().to_string(), why, again })
}

impl From<Failure> for NotNamed {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Stale => Self::Stale,
            Failure::Denied => Self::Denied,
            Failure::Unreachable => Self::Unreachable,
            Failure::Untrusted => Self::Untrusted,
        }
    }
}
