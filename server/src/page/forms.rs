//! The plain forms: logging in and out, registering, finding people, devices and settings.

use super::{Browser, Login, ReturnTo, provider, see_other};
use crate::api::extract::{Form, Query};
use crate::auth::CurrentUser;
use crate::auth::device_name::device_name;
use crate::auth::extract::ClientAddress;
use crate::config::AuthMode;
use crate::domain::{accounts, conversations, profiles};
use crate::error::Refusal;
use crate::state::AppState;
use app::backend::{self, LoginWays, Page};
use app::preferences::Preferences;
use axum::extract::State;
use axum::http::header::{REFERER, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use protocol::profile::ChangeAccount;
use protocol::{DeviceId, DisplayName, Handle, LoginRequest, MessagesFrom, Password, RegisterRequest, UserId, path};
use serde::Deserialize;
use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;

/// How long a browser keeps a preference.
const YEAR: u64 = 365 * 86_400;

#[derive(Deserialize)]
pub struct Wanted {
    to: Option<String>,
}

/// `GET /login?to=`
pub async fn login(
    State(state): State<AppState>,
    browser: Browser,
    user: Login,
    Query(Wanted { to }): Query<Wanted>,
) -> Response {
    let to = ReturnTo::parse(to.as_deref());
    match user {
        Some(_) => see_other(to.as_str()),
        None => browser.show(StatusCode::OK, login_page(&state, &to)(backend::Form::default())),
    }
}

/// `GET /register`
pub async fn register(State(state): State<AppState>, browser: Browser, user: Login) -> Response {
    match user {
        Some(_) => see_other("/"),
        None if state.config.auth_mode == AuthMode::Oidc => see_other("/login"),
        None => browser.show(StatusCode::OK, Page::Register(backend::Form::default())),
    }
}

fn login_page(state: &AppState, to: &ReturnTo) -> impl FnOnce(backend::Form) -> Page {
    let own = state.config.auth_mode != AuthMode::Oidc;
    let ways = LoginWays { own, provider: provider::way(state, to), to: to.carried() };
    |form| Page::Login { ways, form }
}

#[derive(Deserialize)]
pub struct Credentials {
    handle: String,
    password: String,
    to: Option<String>,
}

/// `POST /login`
pub async fn log_in(
    State(state): State<AppState>,
    browser: Browser,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Response {
    let values = vec![("handle".to_owned(), credentials.handle.clone())];
    let to = ReturnTo::parse(credentials.to.as_deref());
    match begin(&state, &headers, address, credentials.handle, credentials.password).await {
        Ok(login) => browser.logged_in(&login, to.as_str()),
        Err(refusal) => browser.show_again(&refusal, values, login_page(&state, &to)),
    }
}

async fn begin(
    state: &AppState,
    headers: &HeaderMap,
    address: IpAddr,
    handle: String,
    password: String,
) -> Result<protocol::Login, Refusal> {
    let request = LoginRequest { handle, password, device_name: None };
    accounts::log_in(state, request, device_name(headers), address).await
}

#[derive(Deserialize)]
pub struct NewAccount {
    handle: String,
    display_name: String,
    password: String,
}

/// `POST /register`: registers and logs in.
pub async fn sign_up(
    State(state): State<AppState>,
    browser: Browser,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Form(new): Form<NewAccount>,
) -> Response {
    let values = vec![("handle".to_owned(), new.handle.clone()), ("display_name".to_owned(), new.display_name.clone())];
    let (handle, password) = (new.handle.clone(), new.password.clone());
    let registered = match new.parse() {
        Ok(request) => accounts::register(&state, request, address).await,
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = registered {
        return browser.show_again(&refusal, values, Page::Register);
    }
    match begin(&state, &headers, address, handle, password).await {
        Ok(login) => browser.logged_in(&login, "/"),
        // The account stands; only the login has to be tried again.
        Err(refusal) => browser.show_again(&refusal, values, login_page(&state, &ReturnTo::parse(None))),
    }
}

impl NewAccount {
    fn parse(self) -> Result<RegisterRequest, Refusal> {
        Ok(RegisterRequest {
            handle: Handle::try_from(self.handle).map_err(wrong("handle"))?,
            display_name: DisplayName::try_from(self.display_name).map_err(wrong("display_name"))?,
            password: Password::try_from(self.password).map_err(wrong("password"))?,
        })
    }
}

pub(super) fn wrong<E: Display>(field: &'static str) -> impl Fn(E) -> Refusal {
    move |error| Refusal::field(field, &error.to_string())
}

/// `POST /logout`
pub async fn log_out(State(state): State<AppState>, browser: Browser, user: CurrentUser) -> Result<Response, Refusal> {
    accounts::end_login(&state, &user, user.device).await?;
    Ok(browser.logged_out())
}

#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    query: String,
}

/// `GET /new?query=`
pub async fn new(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Query(Search { query }): Query<Search>,
) -> Response {
    let me = user.account.id;
    let page = |found, form| Page::New { me, query: query.clone(), found, form };
    if query.trim().is_empty() {
        return browser.show(StatusCode::OK, page(None, backend::Form::default()));
    }
    match accounts::search(&state, user.account.id, &query).await {
        Ok(found) => browser.show(StatusCode::OK, page(Some(found.users), backend::Form::default())),
        Err(refusal) => browser.show_again(&refusal.without_field(), vec![], |form| page(None, form)),
    }
}

#[derive(Deserialize)]
pub struct Peer {
    peer: String,
}

/// `POST /new`
pub async fn open(
    State(state): State<AppState>,
    user: CurrentUser,
    Form(Peer { peer }): Form<Peer>,
) -> Result<Response, Refusal> {
    let peer: UserId = id(&peer)?;
    let (conversation, _) = conversations::open(&state, user.reader(), peer).await?;
    Ok(see_other(&path::page(conversation.id)))
}

/// `GET /devices`
pub async fn devices(State(state): State<AppState>, browser: Browser, user: CurrentUser) -> Result<Response, Refusal> {
    let devices = accounts::devices(&state, &user).await?.devices;
    let page = Page::Devices { devices, form: backend::Form::default() };
    Ok(browser.show(StatusCode::OK, page))
}

#[derive(Deserialize)]
pub struct Revoked {
    device: String,
}

/// `POST /devices`
pub async fn revoke(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Form(Revoked { device }): Form<Revoked>,
) -> Result<Response, Refusal> {
    let device: DeviceId = id(&device)?;
    accounts::end_login(&state, &user, device).await?;
    Ok(if device == user.device { browser.logged_out() } else { see_other("/devices") })
}

/// What is no id names nothing.
pub(super) fn id<T: FromStr>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::not_found())
}

/// `GET /settings`
pub async fn settings(State(state): State<AppState>, browser: Browser, user: CurrentUser) -> Result<Response, Refusal> {
    let linking = provider::linking(&state, &user).await?;
    let page = Page::Settings { account: user.account.clone(), linking, form: backend::Form::default() };
    Ok(browser.show(StatusCode::OK, page))
}

/// The settings, with why a change of them was refused.
pub(super) async fn settings_again(
    state: &AppState,
    browser: &Browser,
    user: &CurrentUser,
    refusal: &Refusal,
) -> Result<Response, Refusal> {
    let linking = provider::linking(state, user).await?;
    let account = user.account.clone();
    Ok(browser.show_again(refusal, vec![], |form| Page::Settings { account, linking, form }))
}

/// The settings of the account among those of the form: `on` or `off`, and the words of [`MessagesFrom`].
const RECEIPTS: &str = "receipts";
const MESSAGES_FROM: &str = "messages_from";
const SHOW_LAST_SEEN: &str = "show_last_seen";

/// `POST /settings`: keeps what the browser is set to in cookies, and what the account is set to with the account;
/// returns to the page that the form stood on.
pub async fn set(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    headers: HeaderMap,
    Form(settings): Form<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let (of_account, settings): (Vec<_>, Vec<_>) =
        settings.into_iter().partition(|(name, _)| [RECEIPTS, MESSAGES_FROM, SHOW_LAST_SEEN].contains(&name.as_str()));
    let mut preferences = browser.preferences;
    let mut known = |(name, value): &(String, String)| name != Preferences::UTC_OFFSET && preferences.set(name, value);
    let changed = match change_of(&of_account).filter(|_| settings.iter().all(&mut known)) {
        Some(change) => profiles::change(&state, &user, change).await.map(drop),
        None => Err(Refusal::bad_request("no such setting")),
    };
    if let Err(refusal) = changed {
        return settings_again(&state, &browser, &user, &refusal).await;
    }
    let mut response = see_other(page_of(&headers).unwrap_or("/settings"));
    let secure = if browser.secure { "; Secure" } else { "" };
    for (name, value) in settings {
        let cookie = format!("{name}={value}; Path=/; SameSite=Lax; Max-Age={YEAR}{secure}");
        response.headers_mut().append(SET_COOKIE, cookie.parse().expect("known names and values are plain words"));
    }
    Ok(response)
}

/// What the form changes of the account: `None` if no account can be set so.
fn change_of(settings: &[(String, String)]) -> Option<ChangeAccount> {
    let mut change = ChangeAccount::default();
    for (name, value) in settings {
        match (name.as_str(), value.as_str()) {
            (RECEIPTS, "on") => change.receipts = Some(true),
            (RECEIPTS, "off") => change.receipts = Some(false),
            (SHOW_LAST_SEEN, "on") => change.show_last_seen = Some(true),
            (SHOW_LAST_SEEN, "off") => change.show_last_seen = Some(false),
            (MESSAGES_FROM, word) => {
                change.messages_from = Some(MessagesFrom::ALL.into_iter().find(|from| from.word() == word)?);
            }
            _ => return None,
        }
    }
    Some(change)
}

/// The path of our own page that the request says to come from; its origin was checked.
pub(super) fn page_of(headers: &HeaderMap) -> Option<&str> {
    let referer = headers.get(REFERER)?.to_str().ok()?;
    let (start, _) = referer.match_indices('/').nth(2)?;
    let path = referer.get(start..)?;
    // "//host" would lead to another site.
    (!path.starts_with("//") && path != "/settings").then_some(path)
}
