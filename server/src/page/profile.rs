//! Profile cards, and the forms that change one's own.

use super::upload::Upload;
use super::{Browser, see_other};
use crate::api::extract::{Form, Path};
use crate::auth::CurrentUser;
use crate::domain::{company, contacts, profiles};
use crate::error::Refusal;
use crate::state::AppState;
use app::backend::{self, Page};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use protocol::profile::{Audience, Audiences, ChangeAccount, Gender};
use protocol::{DisplayName, UserId, path};
use std::fmt::Display;

const EDIT: &str = "/settings/profile";

/// `GET /u/{id}`
pub async fn card(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Path(id): Path<UserId>,
) -> Result<Response, Refusal> {
    let account = user.account.id;
    let card = Box::new(profiles::card(&state, &user, id).await?);
    let post = company::post(&state, account, id).await?;
    let bond = if id == account { None } else { Some(Box::new(contacts::bond(&state, account, id).await?)) };
    Ok(browser.show(StatusCode::OK, Page::Card { card, post, bond }))
}

/// `GET /settings/profile`
pub async fn edit(State(state): State<AppState>, browser: Browser, user: CurrentUser) -> Result<Response, Refusal> {
    let own = Box::new(profiles::own(&state, &user).await?);
    Ok(browser.show(StatusCode::OK, Page::Profile { own, form: backend::Form::default() }))
}

/// `POST /settings/profile`
pub async fn change(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let changed = match change_of(&fields) {
        Ok(change) => profiles::change(&state, &user, change).await,
        Err(refusal) => Err(refusal),
    };
    match changed {
        Ok(_) => Ok(see_other(&path::card(user.account.id))),
        Err(refusal) => again(&state, &browser, &user, &refusal, fields).await,
    }
}

async fn again(
    state: &AppState,
    browser: &Browser,
    user: &CurrentUser,
    refusal: &Refusal,
    fields: Vec<(String, String)>,
) -> Result<Response, Refusal> {
    let own = Box::new(profiles::own(state, user).await?);
    Ok(browser.show_again(refusal, fields, |form| Page::Profile { own, form }))
}

fn change_of(fields: &[(String, String)]) -> Result<ChangeAccount, Refusal> {
    let value = |name: &str| fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let gender = match value("gender") {
        "" => None,
        name => Some(
            Gender::ALL.into_iter().find(|gender| gender.name() == name).ok_or_else(|| wrong("gender", &"unknown"))?,
        ),
    };
    let audience = |name: &'static str| {
        let chosen = Audience::ALL.into_iter().find(|audience| audience.name() == value(name));
        chosen.ok_or_else(|| wrong(name, &"unknown"))
    };
    Ok(ChangeAccount {
        display_name: Some(DisplayName::try_from(value("display_name")).map_err(|why| wrong("display_name", &why))?),
        gender: Some(gender),
        birthday: Some(filled("birthday", value("birthday"))?),
        phone: Some(filled("phone", value("phone"))?),
        bio: Some(filled("bio", value("bio"))?),
        audiences: Some(Audiences {
            gender: audience("gender_for")?,
            birthday: audience("birthday_for")?,
            phone: audience("phone_for")?,
            bio: audience("bio_for")?,
        }),
        ..ChangeAccount::default()
    })
}

/// A field that may be left empty.
fn filled<T: TryFrom<String, Error: Display>>(name: &'static str, text: &str) -> Result<Option<T>, Refusal> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    T::try_from(text.to_owned()).map(Some).map_err(|why| wrong(name, &why))
}

fn wrong(field: &'static str, why: &dyn Display) -> Refusal {
    Refusal::field(field, &why.to_string())
}

/// `GET /settings/avatar`: what a form was posted to that was refused leads back to it.
pub async fn picture_form(_: CurrentUser) -> Response {
    see_other(EDIT)
}

/// `POST /settings/avatar`: a form with a file.
pub async fn picture(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    request: Request,
) -> Result<Response, Refusal> {
    let changed = match Upload::read(request, "avatar").await {
        Ok(Upload { remove: true, .. }) => profiles::drop_avatar(&state, &user).await,
        Ok(Upload { file, crop, .. }) => profiles::change_avatar(&state, &user, file.into(), crop).await,
        Err(refusal) => Err(refusal),
    };
    match changed {
        Ok(_) => Ok(see_other(EDIT)),
        Err(refusal) => again(&state, &browser, &user, &refusal, vec![]).await,
    }
}
