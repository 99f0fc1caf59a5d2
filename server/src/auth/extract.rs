//! `CurrentUser`: the account that a request speaks for.
//!
//! Browsers send the token as a cookie, programs as a bearer; a request with both speaks for the bearer. A page says beside it
//! which account it shows: where the login is another's, it speaks for nobody.

use super::login::CurrentLogin;
use crate::config::CookieSecure;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use axum::response::AppendHeaders;
use protocol::account::{ACCOUNT_COOKIE, ACCOUNT_HEADER, ACCOUNT_PARAMETER};
use protocol::path::{PUSH, PUSH_EVENTS};
use protocol::{Login, UserId};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

const COOKIE_NAME: &str = "sixin_login";
/// Browsers take a cookie of this name only over TLS, and from no other host.
const SECURE_COOKIE_NAME: &str = "__Host-sixin_login";
/// Browsers keep no cookie longer than 400 days.
const COOKIE_SECONDS: u64 = 400 * 86_400;

/// The login that a request speaks for; a request without one is refused as `not_logged_in`.
#[derive(Clone, Debug)]
pub struct CurrentUser(pub Arc<CurrentLogin>);

impl Deref for CurrentUser {
    type Target = CurrentLogin;

    fn deref(&self) -> &CurrentLogin {
        &self.0
    }
}

impl FromRequestParts<AppState> for CurrentUser {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        find(parts, state).await?.ok_or_else(Refusal::not_logged_in)
    }
}

impl OptionalFromRequestParts<AppState> for CurrentUser {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, Refusal> {
        find(parts, state).await
    }
}

async fn find(parts: &Parts, state: &AppState) -> Result<Option<CurrentUser>, Refusal> {
    // Who opened the request's body knows already; a gateway's word is taken once.
    if let Some(user) = parts.extensions.get::<CurrentUser>() {
        return Ok(Some(user.clone()));
    }
    let user = match &state.gateway {
        Some(gateway) => Some(gateway.login(parts, state).await?),
        None => by_token(parts, state).await?,
    };
    // Somebody else may have logged in since, on another page of the browser.
    Ok(user.filter(|user| may_show(parts, user.account.id)))
}

async fn by_token(parts: &Parts, state: &AppState) -> Result<Option<CurrentUser>, Refusal> {
    let secure = is_secure(&parts.headers, state);
    let Some(token) = bearer(&parts.headers).or_else(|| cookie(&parts.headers, secure)) else { return Ok(None) };
    Ok(state.logins.find(token).await?.map(CurrentUser))
}

/// Whether the page that asks shows this account, as far as it says which. What is no account's id is another's.
fn may_show(parts: &Parts, account: UserId) -> bool {
    let is_this = |said: &str| said.parse::<UserId>() == Ok(account);
    let query = parts.uri.query().filter(|_| [PUSH, PUSH_EVENTS].contains(&parts.uri.path())).unwrap_or_default();
    parts.headers.get_all(ACCOUNT_HEADER).iter().all(|value| value.to_str().is_ok_and(is_this))
        && query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .filter(|(name, _)| *name == ACCOUNT_PARAMETER)
            .all(|(_, said)| is_this(said))
}

/// The program that keeps the directory: it bears the admin token.
pub struct Admin;

impl FromRequestParts<AppState> for Admin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        let (said, known) = (bearer(&parts.headers), state.config.admin_token.as_ref());
        match said.zip(known) {
            Some((said, known)) if known.is(said) => Ok(Self),
            _ => Err(Refusal::not_logged_in()),
        }
    }
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The token of the login cookie.
pub fn cookie(headers: &HeaderMap, secure: bool) -> Option<&str> {
    named_cookie(headers, if secure { SECURE_COOKIE_NAME } else { COOKIE_NAME })
}

/// The value of a cookie.
pub fn named_cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, token)| (name == wanted).then_some(token))
}

/// The `Set-Cookie` headers that keep a login, or without one forget it: its token, which scripts cannot read, and its account.
pub fn login_cookies(login: Option<&Login>, secure: bool) -> AppendHeaders<[(HeaderName, String); 2]> {
    let (name, bound) = if secure { (SECURE_COOKIE_NAME, "; Secure") } else { (COOKIE_NAME, "") };
    let token = login.map(|login| login.token.as_str()).unwrap_or_default();
    let seconds = if login.is_some() { COOKIE_SECONDS } else { 0 };
    // Tokens are made of letters, digits, "-" and "_".
    let token = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{bound}");
    AppendHeaders(
        [token, account_cookie(login.map(|login| login.account.id), secure)].map(|cookie| (SET_COOKIE, cookie)),
    )
}

/// The `Set-Cookie` value that tells scripts whose login the browser has, or that it has none.
pub fn account_cookie(account: Option<UserId>, secure: bool) -> String {
    let bound = if secure { "; Secure" } else { "" };
    let (account, seconds) = account.map_or((String::new(), 0), |account| (account.to_string(), COOKIE_SECONDS));
    format!("{ACCOUNT_COOKIE}={account}; Path=/; SameSite=Lax; Max-Age={seconds}{bound}")
}

/// Whether the request came over TLS, as far as the configuration lets the server know.
pub fn is_secure(headers: &HeaderMap, state: &AppState) -> bool {
    let config = &state.config;
    match config.cookie_secure {
        CookieSecure::Always => true,
        CookieSecure::Never => false,
        CookieSecure::Auto => {
            let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
            let forwarded = config.trust_proxy && header("x-forwarded-proto").is_some_and(|proto| proto == "https");
            let host = header(HOST.as_str()).unwrap_or_default();
            forwarded || config.public_origins.iter().any(|origin| origin.secure() && origin.has_host(host))
        }
    }
}

/// Where a connection comes from; the accept loop attaches it to every request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The address that a request is counted for.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self(client_address(&parts.headers, &parts.extensions, state.config.trust_proxy)))
    }
}

fn client_address(headers: &HeaderMap, extensions: &Extensions, trust_proxy: bool) -> IpAddr {
    let peer = extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    // Only the last entry is the proxy's own word; a client can write all the others.
    let forwarded = || {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        last.rsplit(',').next()?.trim().parse().ok()
    };
    if trust_proxy { forwarded().unwrap_or(peer) } else { peer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let headers = headers(&[("cookie", "a=1; sixin_login=abc; b=2; __Host-sixin_login=def")]);
        assert_eq!(cookie(&headers, false), Some("abc"));
        assert_eq!(cookie(&headers, true), Some("def"));
    }

    #[test]
    fn the_bearer_is_read_whatever_its_case() {
        assert_eq!(bearer(&headers(&[("authorization", "bearer abc")])), Some("abc"));
        assert_eq!(bearer(&headers(&[("authorization", "Basic abc")])), None);
    }

    /// The parameter counts where a browser can set no header, and nowhere else.
    #[test]
    fn a_page_of_another_account_speaks_for_nobody() {
        let may_show = |path: &str, header: Option<&str>| {
            let request = axum::http::Request::builder().uri(path);
            let request = header.into_iter().fold(request, |request, said| request.header(ACCOUNT_HEADER, said));
            may_show(&request.body(()).unwrap().into_parts().0, 7_u64.try_into().unwrap())
        };
        for (said, expected) in [(None, true), (Some("7"), true), (Some("8"), false), (Some(""), false)] {
            assert_eq!(may_show("/api/v1/sync?account=8", said), expected, "{said:?}");
        }
        for path in [PUSH, PUSH_EVENTS] {
            for (query, expected) in [
                ("", true),
                ("?account=7", true),
                ("?accounts=8", true),
                ("?account=8", false),
                ("?a=1&account=x", false),
                ("?account", false),
                ("?account=7&account=8", false),
            ] {
                assert_eq!(may_show(&format!("{path}{query}"), None), expected, "{query}");
            }
            assert!(!may_show(&format!("{path}?account=7"), Some("8")));
        }
        assert!(may_show("/?account=8", None));
    }

    #[test]
    fn only_a_trusted_proxys_last_word_counts() {
        let mut extensions = Extensions::new();
        extensions.insert(Peer("127.0.0.1:5".parse().unwrap()));
        let headers = headers(&[("x-forwarded-for", "1.1.1.1, 2.2.2.2")]);
        assert_eq!(client_address(&headers, &extensions, true), "2.2.2.2".parse::<IpAddr>().unwrap());
        assert_eq!(client_address(&headers, &extensions, false), "127.0.0.1".parse::<IpAddr>().unwrap());
    }
}
