//! The pages about groups: making one, its settings, and what its link leads to. Plain forms, which need no script.

use super::forms::{self, wrong};
use super::messenger::fresh_client_id;
use super::upload::Upload;
use super::{Browser, see_other};
use crate::api::extract::{Form, Link, Path, Query};
use crate::auth::CurrentUser;
use crate::domain::{accounts, contacts, conversations, groups, messaging};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::{Wanted, now};
use app::backend::{self, GroupPage, NewGroup, Page};
use app::words::Words;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use protocol::group::{ChangeGroup, ChangeMember, History, Joining, Role};
use protocol::messaging::SendRequest;
use protocol::{
    AnnouncementText, ConversationId, ErrorCode, GroupTitle, Mentions, MessageBody, MessageText, User, UserId, path,
};
use serde::Deserialize;

/// How long an hour's mute lasts, and one of everybody that nobody ends, in milliseconds.
const HOUR: u64 = 3_600_000;
const LONG: u64 = 30 * 24 * HOUR;

type Fields = Vec<(String, String)>;

fn value<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
}

#[derive(Default, Deserialize)]
pub struct Place {
    #[serde(default)]
    after: String,
    #[serde(default)]
    query: String,
    /// Who did not let themselves be invited, by id.
    #[serde(default)]
    refused: String,
}

/// `GET /c/{id}/group?after=&query=&refused=`
pub async fn settings(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Path(id): Path<ConversationId>,
    Query(place): Query<Place>,
) -> Result<Response, Refusal> {
    let page = load(&state, &browser, &user, id, place, backend::Form::default()).await?;
    Ok(browser.show(StatusCode::OK, page))
}

async fn load(
    state: &AppState,
    browser: &Browser,
    user: &CurrentUser,
    id: ConversationId,
    Place { after, query, refused }: Place,
    form: backend::Form,
) -> Result<Page, Refusal> {
    let me = user.account.id;
    let conversation = conversations::get(state, user.reader(), id).await?;
    let group = conversation.group.as_ref().ok_or_else(Refusal::not_found)?;
    let announced_by = match &group.announcement {
        Some(announcement) => state.store.user(announcement.by).await?.map(|user| user.display_name.to_string()),
        None => None,
    };
    let after = after.parse().ok();
    let before_me = me.get().checked_sub(1).and_then(|before| UserId::try_from(before).ok());
    let own = groups::members(state, me, id, Wanted { after: before_me, ..Wanted::default() }, 1).await?.members;
    let nickname = own.into_iter().next().and_then(|own| own.nickname).map(String::from).unwrap_or_default();
    let mut refused_names = Vec::new();
    for user in refused.split(',').filter_map(|id| id.parse::<UserId>().ok()).take(protocol::group::NAMED_MAX) {
        contacts::look_at(state, me, user).await?;
        refused_names.extend(state.store.user(user).await?.map(|user| user.display_name.to_string()));
    }
    let scheme = if browser.secure { "https" } else { "http" };
    let wanted = Wanted { after, query: Some(&query), active: false };
    let page = GroupPage {
        rules: groups::rules(state, me, id).await?,
        members: groups::members(state, me, id, wanted, groups::LIMIT).await?,
        conversation,
        paged: after.is_some(),
        query,
        origin: browser.host.as_ref().map(|host| format!("{scheme}://{host}")).unwrap_or_default(),
        me,
        now: now(),
        client_id: fresh_client_id()?,
        nickname,
        announced_by,
        refused: refused_names,
        form,
    };
    Ok(Page::Group(Box::new(page)))
}

/// `POST /c/{id}/group`: the field `do` says what.
pub async fn act(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Path(id): Path<ConversationId>,
    Form(fields): Form<Fields>,
) -> Result<Response, Refusal> {
    match change(&state, &browser, &user, id, &fields).await {
        Ok(gone) => Ok(see_other(&if gone { "/".to_owned() } else { format!("/c/{id}/group") })),
        Err(refusal) => again(&state, &browser, &user, id, refusal, fields).await,
    }
}

/// `GET /c/{id}/avatar`: what a form was posted to that was refused leads back to it.
pub async fn picture_form(_: CurrentUser, Path(id): Path<ConversationId>) -> Response {
    see_other(&format!("/c/{id}/group"))
}

/// `POST /c/{id}/avatar`: a form with a file.
pub async fn picture(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Path(id): Path<ConversationId>,
    request: Request,
) -> Result<Response, Refusal> {
    let (reader, me) = (user.reader(), user.user.clone());
    let changed = match Upload::read(request, "avatar").await {
        Ok(Upload { remove: true, .. }) => groups::drop_avatar(&state, reader, me, id).await,
        Ok(Upload { file, crop, .. }) => groups::change_avatar(&state, reader, me, id, file.into(), crop).await,
        Err(refusal) => Err(refusal),
    };
    match changed {
        Ok(_) => Ok(see_other(&format!("/c/{id}/group"))),
        Err(refusal) => again(&state, &browser, &user, id, refusal, vec![]).await,
    }
}

async fn again(
    state: &AppState,
    browser: &Browser,
    user: &CurrentUser,
    id: ConversationId,
    refusal: Refusal,
    fields: Fields,
) -> Result<Response, Refusal> {
    let page = load(state, browser, user, id, Place::default(), backend::Form::default()).await?;
    let Page::Group(mut page) = page else { return Err(refusal) };
    Ok(browser.show_again(&refusal, fields, |form| {
        page.form = form;
        Page::Group(page)
    }))
}

/// Does what a form asks for; tells whether the group is gone for the account.
async fn change(
    state: &AppState,
    browser: &Browser,
    user: &CurrentUser,
    id: ConversationId,
    fields: &Fields,
) -> Result<bool, Refusal> {
    state.limits.send(user.account.id)?;
    let me = user.user.clone();
    let govern = async |change| groups::change(state, user.reader(), me.clone(), id, change).await.map(drop);
    let member = async |target, change| groups::change_member(state, me.clone(), id, target, change).await;
    let target = || forms::id::<UserId>(value(fields, "user"));
    let role = |role| ChangeMember { role: Some(role), ..ChangeMember::default() };
    let mute = |length| ChangeMember { mute_ms: Some(length), ..ChangeMember::default() };
    let mute_all = |length| ChangeGroup { mute_ms: Some(length), ..ChangeGroup::default() };
    match value(fields, "do") {
        "rename" => {
            let title = GroupTitle::try_from(value(fields, "title")).map_err(wrong("title"))?;
            govern(ChangeGroup { title: Some(title), ..ChangeGroup::default() }).await?;
        }
        "announce" => {
            let text = value(fields, "announcement").replace("\r\n", "\n");
            let announcement = AnnouncementText::try_from(text).map_err(wrong("announcement"))?;
            if value(fields, "tell") == "all" && !announcement.as_str().is_empty() {
                // First: whatever refuses it leaves all as it was, and sent once more it is sent once.
                tell_all(state, browser, user, id, (value(fields, "client_id"), announcement.as_str())).await?;
            }
            govern(ChangeGroup { announcement: Some(announcement), ..ChangeGroup::default() }).await?;
        }
        "rules" => govern(rules(fields)?).await?,
        "mute-all" => govern(mute_all(LONG)).await?,
        "unmute-all" => govern(mute_all(0)).await?,
        "link" => drop(groups::make_link(state, me, id).await?),
        "unlink" => groups::revoke_link(state, me, id).await?,
        "accept" => groups::answer_waiting(state, me, id, target()?, true).await?,
        "refuse" => groups::answer_waiting(state, me, id, target()?, false).await?,
        "promote" => member(target()?, role(Role::Admin)).await?,
        "demote" => member(target()?, role(Role::Member)).await?,
        "hand-over" => member(target()?, role(Role::Owner)).await?,
        "mute" => member(target()?, mute(HOUR)).await?,
        "unmute" => member(target()?, mute(0)).await?,
        "remove" => groups::remove(state, me, id, target()?).await?,
        "nickname" => {
            let nickname = Some(value(fields, "nickname").to_owned());
            member(user.account.id, ChangeMember { nickname, ..ChangeMember::default() }).await?;
        }
        "leave" => {
            groups::remove(state, me, id, user.account.id).await?;
            return Ok(true);
        }
        "dissolve" => {
            groups::dissolve(state, me, id).await?;
            return Ok(true);
        }
        _ => return Err(Refusal::bad_request("no such action")),
    }
    Ok(false)
}

/// Says an announcement in a message that names everybody (R002-17). The form sent twice sends one message.
async fn tell_all(
    state: &AppState,
    browser: &Browser,
    user: &CurrentUser,
    id: ConversationId,
    (key, announcement): (&str, &str),
) -> Result<(), Refusal> {
    let everybody = Words::of(browser.preferences.language).everybody;
    let text = MessageText::try_from(format!("@{everybody} {announcement}")).map_err(wrong("announcement"))?;
    let body = MessageBody::Text { text, mentions: Mentions { users: vec![], all: true } };
    let client_id = key.parse().map_err(|_| Refusal::bad_request("client_id is no key"))?;
    let request = SendRequest { client_id, body, invisible_list: vec![] };
    messaging::send(state, user.user.clone(), id, request).await?;
    Ok(())
}

fn rules(fields: &Fields) -> Result<ChangeGroup, Refusal> {
    let joining = match value(fields, "joining") {
        "free" => Joining::Free,
        "approval" => Joining::Approval,
        "closed" => Joining::Closed,
        _ => return Err(Refusal::bad_request("no such way to join")),
    };
    let history = match value(fields, "history") {
        "nothing" => History::Nothing,
        "all" => History::All,
        newest => History::Last(newest.parse().map_err(|_| Refusal::bad_request("no such history"))?),
    };
    Ok(ChangeGroup { joining: Some(joining), history: Some(history), ..ChangeGroup::default() })
}

/// `GET /new/group?with=&without=&query=&to=`: who is chosen stands in the address.
pub async fn choose(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Query(fields): Query<Fields>,
) -> Result<Response, Refusal> {
    let page = chosen(&state, user.account.id, &fields).await?;
    let found = match page.query.trim() {
        "" => None,
        query => match accounts::search(&state, user.account.id, query).await {
            Ok(found) => Some(found.users),
            Err(refusal) => {
                let again = |form| Page::NewGroup(Box::new(NewGroup { form, ..page }));
                return Ok(browser.show_again(&refusal.without_field(), vec![], again));
            }
        },
    };
    let found = found
        .map(|found| found.into_iter().filter(|user| page.chosen.iter().all(|chosen| chosen.id != user.id)).collect());
    Ok(browser.show(StatusCode::OK, Page::NewGroup(Box::new(NewGroup { found, ..page }))))
}

async fn chosen(state: &AppState, me: UserId, fields: &Fields) -> Result<NewGroup, Refusal> {
    let ids = |name: &'static str| {
        fields.iter().filter(move |(field, _)| field == name).filter_map(|(_, value)| value.parse::<UserId>().ok())
    };
    let mut wanted: Vec<UserId> = ids("with").collect();
    let without: Vec<UserId> = ids("without").collect();
    wanted.retain(|id| !without.contains(id));
    wanted.truncate(protocol::group::NAMED_MAX);
    let mut chosen: Vec<User> = Vec::with_capacity(wanted.len());
    for id in wanted {
        if chosen.iter().all(|user| user.id != id) {
            contacts::look_at(state, me, id).await?;
            chosen.push(state.store.user(id).await?.ok_or_else(Refusal::not_found)?);
        }
    }
    let to = value(fields, "to").parse().ok();
    let query = value(fields, "query").to_owned();
    Ok(NewGroup { to, chosen, query, found: None, form: backend::Form::default() })
}

/// `POST /new/group`: makes the group, or brings the chosen into one.
pub async fn make(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Form(fields): Form<Fields>,
) -> Result<Response, Refusal> {
    let page = chosen(&state, user.account.id, &fields).await?;
    let people: Vec<UserId> = page.chosen.iter().map(|user| user.id).collect();
    match made(&state, &user, page.to, value(&fields, "title"), people).await {
        Ok((id, refused)) if refused.is_empty() => Ok(see_other(&path::page(id))),
        Ok((id, refused)) => {
            let refused: Vec<String> = refused.iter().map(UserId::to_string).collect();
            Ok(see_other(&format!("/c/{id}/group?refused={}", refused.join(","))))
        }
        Err(refusal) => {
            let values = vec![("title".to_owned(), value(&fields, "title").to_owned())];
            Ok(browser.show_again(&refusal, values, |form| Page::NewGroup(Box::new(NewGroup { form, ..page }))))
        }
    }
}

/// The group, and who did not let themselves be brought into it.
async fn made(
    state: &AppState,
    user: &CurrentUser,
    to: Option<ConversationId>,
    title: &str,
    people: Vec<UserId>,
) -> Result<(ConversationId, Vec<UserId>), Refusal> {
    if let Some(to) = to {
        state.limits.send(user.account.id)?;
        let outcomes = groups::invite(state, user.user.clone(), to, people).await?;
        return Ok((to, outcomes.refused().collect()));
    }
    let title = match title.trim() {
        "" => None,
        title => Some(GroupTitle::try_from(title).map_err(wrong("title"))?),
    };
    let made = groups::create(state, user.reader(), user.user.clone(), title, people).await?;
    Ok((made.conversation.id, made.refused))
}

/// `GET /join/{link}`
pub async fn invitation(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Link(link): Link,
) -> Result<Response, Refusal> {
    let form = backend::Form::default();
    match groups::invitation(&state, user.account.id, link).await {
        Ok(invitation) => Ok(browser.show(StatusCode::OK, Page::Join { invitation: Some(invitation), form })),
        Err(refusal) => gone(&browser, refusal),
    }
}

/// A link that was replaced or taken away, or never was one.
fn gone(browser: &Browser, refusal: Refusal) -> Result<Response, Refusal> {
    match refusal.code {
        ErrorCode::NotFound => {
            let page = Page::Join { invitation: None, form: backend::Form::default() };
            Ok(browser.show(StatusCode::NOT_FOUND, page))
        }
        _ => Err(refusal),
    }
}

/// `POST /join/{link}`
pub async fn join(
    State(state): State<AppState>,
    browser: Browser,
    user: CurrentUser,
    Link(link): Link,
) -> Result<Response, Refusal> {
    state.limits.send(user.account.id)?;
    match groups::join(&state, user.user.clone(), link.clone()).await {
        Ok(_) => Ok(see_other(&format!("/join/{link}"))),
        Err(refusal) => match groups::invitation(&state, user.account.id, link).await {
            Ok(invitation) => {
                let page = |form| Page::Join { invitation: Some(invitation), form };
                Ok(browser.show_again(&refusal, vec![], page))
            }
            Err(refusal) => gone(&browser, refusal),
        },
    }
}
