//! The HTML side: every page rendered from a snapshot, and the forms that work without scripts.
//!
//! A page asks the same use-cases as the API. What is refused on the way to a page is shown as a page, and who is not
//! logged in is sent to log in.

mod company;
mod contacts;
mod forms;
mod groups;
mod messenger;
mod profile;
mod provider;
mod return_to;
mod site;
mod upload;
mod welcome;

use crate::api::status;
use crate::auth::CurrentUser;
use crate::auth::extract::{account_cookie, is_secure, login_cookies, named_cookie};
use crate::config::is_host;
use crate::error::Refusal;
use crate::middleware::csp::{Nonce, kept_policy};
use crate::pictures;
use crate::state::AppState;
use crate::store;
use app::backend::{Form, Page, Snapshot};
use app::preferences::Preferences;
use app::shell::{self, Head};
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, HeaderName, LOCATION, SET_COOKIE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use openidconnect::url::form_urlencoded::byte_serialize;
use protocol::ErrorCode;
use protocol::account::ACCOUNT_COOKIE;
use protocol::media::FILE_MAX;
use protocol::sealed::Offer;
use return_to::ReturnTo;
use std::convert::Infallible;

/// A path that is not the API's.
pub struct PageRoute {
    pub path: &'static str,
    /// The methods that it has, as words.
    pub methods: &'static str,
    handler: MethodRouter<AppState>,
}

/// Every path that is not the API's.
#[rustfmt::skip]
pub fn routes() -> Vec<PageRoute> {
    let route = |path, methods, handler| PageRoute { path, methods, handler };
    let picture = DefaultBodyLimit::max(pictures::BYTES + 4_096);
    vec![
        route("/",                  "GET",      get(messenger::home)),
        route("/c/{id}",            "GET POST", get(messenger::conversation).post(messenger::send)),
        route("/c/{id}/group",      "GET POST", get(groups::settings).post(groups::act)),
        route("/c/{id}/picture",    "POST",     post(messenger::send_picture).layer(DefaultBodyLimit::max(FILE_MAX + 4_096))),
        route("/c/{id}/avatar",     "GET POST", get(groups::picture_form).post(groups::picture).layer(picture)),
        route("/join/{link}",       "GET POST", get(groups::invitation).post(groups::join)),
        route("/new/group",         "GET POST", get(groups::choose).post(groups::make)),
        route("/login",             "GET POST", get(forms::login).post(forms::log_in)),
        route("/login/oidc",        "GET",      get(provider::begin)),
        route(provider::CALLBACK,   "GET",      get(provider::finish)),
        route("/logout",            "POST",     post(forms::log_out)),
        route("/register",          "GET POST", get(forms::register).post(forms::sign_up)),
        route("/new",               "GET POST", get(forms::new).post(forms::open)),
        route("/contacts",          "GET POST", get(contacts::show).post(contacts::act)),
        route("/company",           "GET",      get(company::show)),
        route("/welcome/{link}",    "GET POST", get(welcome::show).post(welcome::come_in)),
        route("/devices",           "GET POST", get(forms::devices).post(forms::revoke)),
        route("/settings",          "GET POST", get(forms::settings).post(forms::set)),
        route("/settings/identities", "POST",   post(provider::change)),
        route("/settings/profile",  "GET POST", get(profile::edit).post(profile::change)),
        route("/settings/avatar",   "GET POST", get(profile::picture_form).post(profile::picture).layer(picture)),
        route("/u/{id}",            "GET",      get(profile::card)),
        route("/offline",           "GET",      get(offline)),
        route("/service-worker.js", "GET",      get(site::service_worker)),
        route("/favicon.svg",       "GET",      get(site::icon)),
        route("/pkg/{*name}",       "GET",      get(site::file)),
    ]
}

/// The pages, to be served beside the API.
pub fn router() -> Router<AppState> {
    routes().into_iter().fold(Router::new(), |router, route| router.route(route.path, route.handler))
}

/// The browser that asks, as far as a page depends on it.
pub struct Browser {
    pub preferences: Preferences,
    /// Whether it asks over TLS.
    pub secure: bool,
    host: Option<String>,
    /// What its requests are sealed with.
    sealing: Option<Offer>,
    /// Whose login its scripts take it to have.
    account: Option<String>,
}

impl Browser {
    fn of(headers: &HeaderMap, state: &AppState) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            preferences: Preferences::from_headers(text(COOKIE), text(ACCEPT_LANGUAGE), store::now()),
            secure: is_secure(headers, state),
            host: Some(text(HOST)).filter(|host| is_host(host)).map(str::to_owned),
            sealing: state.sealing.as_ref().map(|sealing| sealing.offer(None)),
            account: named_cookie(headers, ACCOUNT_COOKIE).map(str::to_owned),
        }
    }

    /// The page, with a policy of its own.
    pub fn show(&self, status: StatusCode, page: Page) -> Response {
        let Ok(nonce) = Nonce::fresh() else {
            tracing::error!("the system has no random numbers");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        // Whoever is logged in by other means than a login of ours, or was before there was this cookie.
        let account = match &page {
            Page::Messenger(messenger) => Some(messenger.account.id),
            _ => None,
        };
        let corrected = account.filter(|account| self.account.as_ref() != Some(&account.to_string()));
        let corrected = corrected.map(|account| [(SET_COOKIE, account_cookie(Some(account), self.secure))]);
        let html = shell::render(
            Snapshot { preferences: self.preferences, page },
            &head(nonce.as_str(), self.sealing.as_ref()),
        );
        let policy = nonce.policy(self.host.as_deref());
        let headers = [(CONTENT_TYPE, "text/html; charset=utf-8".to_owned()), (CONTENT_SECURITY_POLICY, policy)];
        (status, headers, corrected.map(AppendHeaders), html).into_response()
    }

    /// Goes on to a page, with a login that the browser keeps from now on.
    fn logged_in(&self, login: &protocol::Login, to: &str) -> Response {
        (login_cookies(Some(login), self.secure), see_other(to)).into_response()
    }

    /// Goes on to the form for logging in, and forgets the login. What this device has stored goes with it, and so do the pictures
    /// that its browser keeps. Browsers obey in a secure context only; elsewhere the next account's page deletes it.
    fn logged_out(&self) -> Response {
        let everything = [("clear-site-data", "\"cache\", \"storage\"")];
        (login_cookies(None, self.secure), everything, see_other("/login")).into_response()
    }

    /// The form again, with what was filled in and why it was refused.
    fn show_again(
        &self,
        refusal: &Refusal,
        values: Vec<(String, String)>,
        page: impl FnOnce(Form) -> Page,
    ) -> Response {
        refusal.log();
        let error = app::backend::FormError { code: refusal.code, field: refusal.field.clone() };
        self.show(status(refusal.code), page(Form { error: Some(error), values }))
    }
}

fn head(nonce: &str, sealing: Option<&Offer>) -> Head {
    let urls = &site::URLS;
    Head {
        nonce: nonce.to_owned(),
        css_url: urls.css.clone(),
        js_url: urls.js.clone(),
        wasm_url: urls.wasm.clone(),
        emoji_url: urls.emoji.clone(),
        icon_url: urls.icon.clone(),
        sealing: sealing.map(Offer::to_string).unwrap_or_default(),
    }
}

/// `GET /offline`: the page that the service worker keeps for the time without a server. The same for everybody.
async fn offline(browser: Browser) -> Response {
    let (html, script) = shell::offline(browser.preferences, &head("", browser.sealing.as_ref()));
    let policy = kept_policy(&script, browser.host.as_deref());
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8".to_owned()), (CONTENT_SECURITY_POLICY, policy)];
    (headers, html).into_response()
}

impl FromRequestParts<AppState> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, state))
    }
}

/// 303: the browser fetches the other page, and reloading it sends no form again.
fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response()
}

/// Sends somebody to log in, and then on to the page that they wanted.
fn to_log_in(wanted: &ReturnTo) -> Response {
    match wanted.carried() {
        None => see_other("/login"),
        Some(to) => see_other(&format!("/login?to={}", byte_serialize(to.as_bytes()).collect::<String>())),
    }
}

/// Shows what was refused outside of the API as a page. Who is not logged in is sent to log in.
pub async fn refusals(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let headers = request.headers().clone();
    let wanted = request.uri().path_and_query().filter(|_| request.method() == Method::GET);
    let wanted = ReturnTo::parse(wanted.map(|path| path.as_str()));
    let response = next.run(request).await;
    match response.extensions().get::<ErrorCode>() {
        None => response,
        Some(ErrorCode::NotLoggedIn) if state.gateway.is_none() => to_log_in(&wanted),
        Some(code) => Browser::of(&headers, &state).show(response.status(), Page::Error(*code)),
    }
}

/// What a page needs of who is logged in.
type Login = Option<CurrentUser>;
