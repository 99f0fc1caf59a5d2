//! The messenger: the session list and the open conversation, readable before a script runs, and writable without one.

use super::{Browser, see_other};
use crate::api::extract::{Form, Path, Query};
use crate::auth::CurrentUser;
use crate::domain::{conversations, messaging, sync};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store;
use crate::store::history::Span;
use app::backend::{self, Messenger, Opened, Page};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use protocol::messaging::SendRequest;
use protocol::{ClientId, ConversationId, MessageBody, MessageText, Seq, path};
use serde::Deserialize;

/// `GET /`
pub async fn home(State(state): State<AppState>, browser: Browser, user: CurrentUser) -> Result<Response, Refusal> {
    let page = page(&state, &browser, &user, None).await?;
    Ok(browser.show(StatusCode::OK, page))
}

#[derive(Deserialize)]
pub struct Place {
    before: Option<Seq>,
}

/// `GET /c/{id}?before=`
pub async fn conversation(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Path(id): Path<ConversationId>,
    Query(place): Query<Place>,
) -> Result<Response, Refusal> {
    let span = place.before.map_or(Span::Newest, Span::Before);
    let page = page(&state, &browser, &user, Some((id, span))).await?;
    Ok(browser.show(StatusCode::OK, page))
}

#[derive(Deserialize)]
pub struct Written {
    client_id: ClientId,
    text: String,
}

/// `POST /c/{id}`: sending the form twice sends one message, because the page carries its key (R001-12).
pub async fn send(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Path(id): Path<ConversationId>,
    Form(written): Form<Written>,
) -> Result<Response, Refusal> {
    // Forms end their lines with CR LF.
    let text = written.text.replace("\r\n", "\n");
    match post(&state, &user, id, written.client_id, text.clone()).await {
        Ok(()) => Ok(see_other(&path::page(id))),
        Err(refusal) => {
            let mut page = messenger(&state, &browser, &user, Some((id, Span::Newest))).await?;
            Ok(browser.show_again(&refusal, vec![("text".to_owned(), text)], |form| {
                page.form = form;
                Page::Messenger(Box::new(page))
            }))
        }
    }
}

async fn post(
    state: &AppState,
    user: &CurrentUser,
    id: ConversationId,
    client_id: ClientId,
    text: String,
) -> Result<(), Refusal> {
    let text = MessageText::try_from(text).map_err(|error| Refusal::field("text", &error.to_string()))?;
    state.limits.send(user.account.id)?;
    messaging::send(
        state,
        user.user.clone(),
        id,
        SendRequest { client_id, body: MessageBody::text(text), invisible_list: vec![] },
    )
    .await?;
    Ok(())
}

async fn page(
    state: &AppState,
    browser: &Browser,
    user: &CurrentUser,
    open: Option<(ConversationId, Span)>,
) -> Result<Page, Refusal> {
    Ok(Page::Messenger(Box::new(messenger(state, browser, user, open).await?)))
}

async fn messenger(
    state: &AppState,
    browser: &Browser,
    user: &CurrentUser,
    open: Option<(ConversationId, Span)>,
) -> Result<Messenger, Refusal> {
    let reader = user.reader();
    // The list first: what happens after it reaches the browser as a change, and applying one twice is harmless.
    let sync = sync::page(state, reader, None).await?;
    let open = match open {
        None => None,
        Some((id, span)) => Some(Opened {
            conversation: conversations::get(state, reader, id).await?,
            history: messaging::history(state, reader, id, span, messaging::HISTORY_LIMIT).await?,
        }),
    };
    Ok(Messenger {
        preferences: browser.preferences,
        account: user.account.clone(),
        rules: state.config.rules(),
        sync,
        open,
        client_id: fresh_client_id()?,
        form: backend::Form::default(),
    })
}

fn fresh_client_id() -> Result<ClientId, Refusal> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system has no random numbers");
        Refusal::internal()
    })?;
    Ok(ClientId::from_parts(store::now(), random))
}
