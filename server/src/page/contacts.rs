//! The page of contacts: the address book, requests, and what one can do about people; plain forms.

use super::forms::{id, page_of};
use super::{Browser, see_other};
use crate::api::extract::{Form, Query};
use crate::auth::CurrentUser;
use crate::domain::{accounts, address_book, company, contacts, conversations};
use crate::error::Refusal;
use crate::state::AppState;
use app::backend::{self, Contacts, Page};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use protocol::contacts::{AskFriend, FriendRequests};
use protocol::{Contact, Greeting, UserId};
use serde::Deserialize;

/// Conversations of which the recent contacts are taken.
const RECENT: u32 = 100;
/// Recent contacts shown.
const SHOWN: usize = 10;

#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    query: String,
}

/// `GET /contacts?query=`
pub async fn show(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Query(Search { query }): Query<Search>,
) -> Result<Response, Refusal> {
    let content = content(&state, &user, query.trim()).await?;
    Ok(browser.show(StatusCode::OK, page(content, backend::Form::default())))
}

fn page(content: Contacts, form: backend::Form) -> Page {
    Page::Contacts { content: Box::new(content), form }
}

/// Those whom the query means, and for a query also people who are no contacts.
async fn content(state: &AppState, user: &CurrentUser, query: &str) -> Result<Contacts, Refusal> {
    let account = user.account.id;
    let all = contacts::all(state, account).await?;
    let FriendRequests { mut incoming, mut outgoing } = contacts::requests(state, account).await?;
    for requests in [&mut incoming, &mut outgoing] {
        requests.retain(|request| address_book::is_meant(&request.user, query));
    }
    let others = if query.is_empty() { Vec::new() } else { accounts::search(state, account, query).await?.users };
    let known = |id: UserId| id == account || all.iter().any(|contact| contact.user.id == id);
    let others = others.into_iter().filter(|user| !known(user.id)).collect();
    let (strangers, recent): (Vec<_>, Vec<_>) = match query.is_empty() {
        true => conversations::list(state, user.reader(), None, RECENT).await?.conversations,
        false => Vec::new(),
    }
    .into_iter()
    .partition(|conversation| conversation.stranger());
    let recent = recent.into_iter().filter(|conversation| !conversation.head_seq.is_zero()).take(SHOWN).collect();
    let meant: Vec<Contact> = all.into_iter().filter(|contact| address_book::is_meant(&contact.user, query)).collect();
    let (blocked, rest): (Vec<_>, Vec<_>) = meant.into_iter().partition(|contact| contact.relation.blocking);
    let (book, fans): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|contact| contact.relation.friend || contact.relation.follow);
    Ok(Contacts {
        query: query.to_owned(),
        company: company::belongs(state, account).await?,
        incoming,
        outgoing,
        recent,
        strangers,
        book: address_book::by_initial(book),
        fans,
        blocked,
        others,
    })
}

/// What a person does about another.
#[derive(Deserialize)]
pub struct Wish {
    user: String,
    act: Act,
    #[serde(default)]
    greeting: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Befriend,
    Unfriend,
    Refuse,
    Follow,
    Unfollow,
    Block,
    Unblock,
}

/// `POST /contacts`: returns to the page that the form stood on.
pub async fn act(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    headers: HeaderMap,
    Form(wish): Form<Wish>,
) -> Result<Response, Refusal> {
    match change(&state, user.account.id, wish).await {
        Ok(()) => Ok(see_other(page_of(&headers).unwrap_or("/contacts"))),
        Err(refusal) => {
            let content = content(&state, &user, "").await?;
            Ok(browser.show_again(&refusal.without_field(), vec![], |form| page(content, form)))
        }
    }
}

async fn change(state: &AppState, account: UserId, wish: Wish) -> Result<(), Refusal> {
    let other: UserId = id(&wish.user)?;
    state.limits.send(account)?;
    match wish.act {
        Act::Befriend => {
            let text = wish.greeting.trim();
            let greeting = (!text.is_empty()).then(|| Greeting::try_from(text)).transpose();
            let greeting = greeting.map_err(|error| Refusal::field("greeting", &error.to_string()))?;
            contacts::ask_friend(state, account, other, AskFriend { greeting }).await.map(drop)
        }
        Act::Unfriend => contacts::drop_friend(state, account, other).await,
        Act::Refuse => contacts::refuse_friend(state, account, other).await,
        Act::Follow => contacts::follow(state, account, other, true).await.map(drop),
        Act::Unfollow => contacts::follow(state, account, other, false).await.map(drop),
        Act::Block => contacts::block(state, account, other, true).await.map(drop),
        Act::Unblock => contacts::block(state, account, other, false).await.map(drop),
    }
}
