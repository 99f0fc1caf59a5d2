//! The messenger: the session list and the open conversation, readable before a script runs, and writable without one.

use super::upload::Upload;
use super::{Browser, see_other};
use crate::api::extract::{Form, Path, Query};
use crate::auth::CurrentUser;
use crate::domain::{conversations, media, messaging, presence, receipts, sync};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store;
use crate::store::history::Span;
use app::backend::{self, Messenger, Opened, Page};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use protocol::messaging::{Readers, SendRequest};
use protocol::{ClientId, ConversationId, ConversationKind, ErrorCode, MessageBody, MessageText, Seq, path};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct ListPlace {
    before: Option<String>,
}

/// `GET /?before=`
pub async fn home(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Query(place): Query<ListPlace>,
) -> Result<Response, Refusal> {
    let mut messenger = messenger(&state, &browser, &user, None).await?;
    if let Some(before) = place.before {
        show_older(&state, &user, &mut messenger, &before).await?;
    }
    Ok(browser.show(StatusCode::OK, Page::Messenger(Box::new(messenger))))
}

/// Shows what follows a place of the list, and nothing else of it.
async fn show_older(
    state: &AppState,
    user: &CurrentUser,
    messenger: &mut Messenger,
    before: &str,
) -> Result<(), Refusal> {
    let page = conversations::list(state, user.reader(), Some(before), conversations::LIMIT).await?;
    messenger.older = page.next;
    messenger.shown = Some(page.conversations.iter().map(|about| about.id).collect());
    messenger.sync.conversations.extend(page.conversations);
    messenger.sync.users.extend(page.users);
    Ok(())
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
    let messenger = messenger(&state, &browser, &user, Some((id, span))).await?;
    Ok(browser.show(StatusCode::OK, Page::Messenger(Box::new(messenger))))
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

/// The field of the form with a picture.
const PICTURE: &str = "picture";

/// `POST /c/{id}/picture`: uploads a picture and sends it.
pub async fn send_picture(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Path(id): Path<ConversationId>,
    request: Request,
) -> Result<Response, Refusal> {
    match post_picture(&state, &user, id, request).await {
        Ok(()) => Ok(see_other(&path::page(id))),
        Err(refusal) => {
            let mut page = messenger(&state, &browser, &user, Some((id, Span::Newest))).await?;
            Ok(browser.show_again(&refusal, Vec::new(), |form| {
                page.form = form;
                Page::Messenger(Box::new(page))
            }))
        }
    }
}

async fn post_picture(
    state: &AppState,
    user: &CurrentUser,
    id: ConversationId,
    request: Request,
) -> Result<(), Refusal> {
    let account = user.account.id;
    state.limits.upload(account)?;
    state.limits.send(account)?;
    // Nothing is read or kept of whoever is no member.
    state.rosters.of_member(account, id).await?;
    let place = state.pictures.places.take(account)?;
    let Upload { file, client_id, .. } = Upload::read(request, PICTURE).await?;
    let Some(client_id) = client_id else { return Err(Refusal::bad_request("the form has no client_id")) };
    media::admit(state, account, client_id).await?;
    let image = media::upload(state, account, client_id, file.into(), place).await?.image;
    let request = SendRequest { client_id, body: MessageBody::Image(image), invisible_list: vec![] };
    messaging::send(state, user.user.clone(), id, request).await.map_err(|refusal| match refusal.code {
        ErrorCode::Sensitive => Refusal { field: Some(PICTURE.to_owned()), ..refusal },
        _ => refusal,
    })?;
    Ok(())
}

async fn messenger(
    state: &AppState,
    browser: &Browser,
    user: &CurrentUser,
    open: Option<(ConversationId, Span)>,
) -> Result<Messenger, Refusal> {
    let reader = user.reader();
    // The list first: what happens after it reaches the browser as a change, and applying one twice is harmless.
    let sync = sync::page(state, reader, None, None).await?;
    let open = match open {
        None => None,
        Some((id, span)) => {
            let conversation = conversations::get(state, reader, id).await?;
            let listed =
                conversation.kind == ConversationKind::Group && conversation.member_count <= Readers::LISTED_MAX as u64;
            Some(Opened {
                conversation,
                history: messaging::history(state, reader, id, span, messaging::HISTORY_LIMIT).await?,
                presence: presence::of_peer(state, reader.account, id).await?,
                readers: if listed { Some(receipts::readers(state, reader.account, id).await?) } else { None },
            })
        }
    };
    Ok(Messenger {
        preferences: browser.preferences,
        account: user.account.clone(),
        rules: state.config.rules(),
        older: if sync.more { sync.conversations.last().map(conversations::place_of) } else { sync.older.clone() },
        shown: None,
        sync,
        open,
        client_id: fresh_client_id()?,
        form: backend::Form::default(),
    })
}

pub fn fresh_client_id() -> Result<ClientId, Refusal> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system has no random numbers");
        Refusal::internal()
    })?;
    Ok(ClientId::from_parts(store::now(), random))
}
