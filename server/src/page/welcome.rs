//! The page of an invitation: who was let in chooses a handle and a password; a plain form.

use super::Browser;
use super::forms::wrong;
use crate::api::extract::{Form, Link};
use crate::auth::device_name::device_name;
use crate::auth::extract::ClientAddress;
use crate::domain::invitations;
use crate::error::Refusal;
use crate::state::AppState;
use app::backend::{self, Page};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use protocol::{ErrorCode, Handle, Password, User};
use serde::Deserialize;

/// `GET /welcome/{link}`
pub async fn show(State(state): State<AppState>, browser: Browser, Link(link): Link) -> Result<Response, Refusal> {
    match invitations::invited(&state, &link).await {
        Ok(user) => {
            let values = vec![("handle".to_owned(), user.handle.to_string())];
            Ok(browser.show(StatusCode::OK, page(Some(user), backend::Form { error: None, values })))
        }
        Err(refusal) => ended(&browser, refusal),
    }
}

fn page(user: Option<User>, form: backend::Form) -> Page {
    Page::Welcome { name: user.map(|user| user.display_name.to_string()), form }
}

/// Says that the link lets nobody in any more, or never did.
fn ended(browser: &Browser, refusal: Refusal) -> Result<Response, Refusal> {
    match refusal.code {
        // Where others say who people are, no link lets anybody in.
        ErrorCode::NotFound | ErrorCode::NotAllowed => {
            Ok(browser.show(StatusCode::NOT_FOUND, page(None, backend::Form::default())))
        }
        _ => Err(refusal),
    }
}

#[derive(Deserialize)]
pub struct Chosen {
    handle: String,
    password: String,
}

/// `POST /welcome/{link}`: lets the person in, and logs them in.
pub async fn come_in(
    State(state): State<AppState>,
    browser: Browser,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Link(link): Link,
    Form(Chosen { handle, password }): Form<Chosen>,
) -> Result<Response, Refusal> {
    let values = vec![("handle".to_owned(), handle.clone())];
    let chosen = Handle::try_from(handle)
        .map_err(wrong("handle"))
        .and_then(|handle| Ok((handle, Password::try_from(password).map_err(wrong("password"))?)));
    let login = match chosen {
        Ok((handle, password)) => {
            invitations::let_in(&state, &link, handle, password, device_name(&headers), address).await
        }
        Err(refusal) => Err(refusal),
    };
    match login {
        Ok(login) => Ok(browser.logged_in(&login, "/")),
        Err(refusal) => match invitations::invited(&state, &link).await {
            Ok(user) => Ok(browser.show_again(&refusal, values, |form| page(Some(user), form))),
            Err(refusal) => ended(&browser, refusal),
        },
    }
}
