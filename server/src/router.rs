//! The index of everything that the server answers.
//!
//! The API's routes are data, so that the OpenAPI document and the tests of permission walk the same table.

use crate::api::{
    accounts, avatars, contacts, conversations, devices, directory, groups, logins, media, messages, metrics, openapi,
    push, receipts, removals, sync, users,
};
use crate::error::Refusal;
use crate::middleware::{headers, limits, origin, request_log, sealed};
use crate::page;
use crate::pictures;
use crate::push::{events, socket};
use crate::state::AppState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use protocol::media::FILE_MAX;
use protocol::{ClientFrame, ErrorCode, path};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

/// The largest body of a request, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The largest body of a batch for the directory, in bytes.
const BATCH_LIMIT: usize = 2 * 1024 * 1024;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Anyone,
    /// Whoever is logged in.
    Account,
    /// The program that keeps the directory, or the one that watches the server.
    Admin,
    /// The members of the conversation that the request names.
    Member,
}

/// One operation of the API.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    /// Its name in the OpenAPI document.
    pub operation: &'static str,
    pub who: Who,
    handler: MethodRouter<AppState>,
}

impl Route {
    /// Whether its body may be sealed: it has one that is JSON, and whose it is says a login. Others prove themselves in the
    /// body, or are programs with a secret of their own.
    pub fn sealable(&self) -> bool {
        let uploads = [path::MEDIA, path::FILES].contains(&self.path);
        self.method != Method::GET && matches!(self.who, Who::Account | Who::Member) && !uploads
    }
}

/// Every operation of the API.
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    use Who::{Account, Admin, Anyone, Member};
    let route = |method, path, operation, who, handler| Route { method, path, operation, who, handler };
    vec![
        route(Method::POST,    path::ACCOUNTS,       "register",           Anyone,  post(accounts::register)),
        route(Method::GET,     path::ACCOUNT_ME,     "getAccount",         Account, get(accounts::me)),
        route(Method::PATCH,   path::ACCOUNT_ME,     "changeAccount",      Account, patch(accounts::change)),
        route(Method::PUT,     path::ACCOUNT_AVATAR, "changeAvatar",       Account, put(avatars::put).layer(DefaultBodyLimit::max(pictures::BYTES))),
        route(Method::DELETE,  path::ACCOUNT_AVATAR, "dropAvatar",         Account, delete(avatars::delete)),
        route(Method::GET,     path::AVATAR,         "getAvatar",          Account, get(avatars::get)),
        route(Method::PUT,     path::ADMIN_DEPARTMENTS, "putDepartments", Admin,  put(directory::put_departments).layer(DefaultBodyLimit::max(BATCH_LIMIT))),
        route(Method::GET,     path::ADMIN_DEPARTMENTS, "listDepartments", Admin, get(directory::departments)),
        route(Method::PUT,     path::ADMIN_DEPARTMENTS_REMOVED, "removeDepartments", Admin, put(directory::remove_departments).layer(DefaultBodyLimit::max(BATCH_LIMIT))),
        route(Method::PUT,     path::ADMIN_PEOPLE,   "putPeople",          Admin,   put(directory::put_people).layer(DefaultBodyLimit::max(BATCH_LIMIT))),
        route(Method::GET,     path::ADMIN_PEOPLE,   "listPeople",         Admin,   get(directory::people)),
        route(Method::GET,     path::ADMIN_PERSON,   "getPerson",          Admin,   get(directory::person)),
        route(Method::GET,     path::ADMIN_PERSON_AVATAR, "getPersonAvatar", Admin, get(directory::avatar)),
        route(Method::PUT,     path::ADMIN_PERSON_AVATAR, "putPersonAvatar", Admin, put(directory::put_avatar).layer(DefaultBodyLimit::max(pictures::BYTES))),
        route(Method::POST,    path::ADMIN_INVITATION, "invitePerson",     Admin,   post(directory::invite)),
        route(Method::GET,     path::ADMIN_CONFLICTS, "listConflicts",     Admin,   get(directory::conflicts)),
        route(Method::GET,     path::ADMIN_METRICS,  "getMetrics",         Admin,   get(metrics::get)),
        route(Method::POST,    path::ADMIN_REMOVAL,  "removeMessage",      Admin,   post(removals::remove)),
        route(Method::GET,     path::ADMIN_REMOVAL,  "getRemoval",         Admin,   get(removals::get)),
        route(Method::DELETE,  path::ADMIN_REMOVAL,  "restoreMessage",     Admin,   delete(removals::restore)),
        route(Method::POST,    path::ADMIN_RECALL,   "recallAsAdmin",      Admin,   post(removals::recall)),
        route(Method::GET,     path::USERS,          "searchUsers",        Account, get(users::search)),
        route(Method::GET,     path::USER,           "getUser",            Account, get(users::get)),
        route(Method::POST,    path::LOGINS,         "logIn",              Anyone,  post(logins::log_in)),
        route(Method::DELETE,  path::LOGIN_CURRENT,  "logOut",             Account, delete(logins::log_out)),
        route(Method::GET,     path::DEVICES,        "listDevices",        Account, get(devices::list)),
        route(Method::DELETE,  path::DEVICE,         "revokeDevice",       Account, delete(devices::revoke)),
        route(Method::PUT,     path::DEVICE_BEGINNING, "beginAnew",        Account, put(devices::begin_anew)),
        route(Method::GET,     path::CONVERSATIONS,  "listConversations",  Account, get(conversations::list)),
        route(Method::POST,    path::CONVERSATIONS,  "openConversation",   Account, post(conversations::open)),
        route(Method::GET,     path::CONVERSATION,   "getConversation",    Member,  get(conversations::get)),
        route(Method::DELETE,  path::CONVERSATION,   "deleteConversation", Member,  delete(conversations::delete)),
        route(Method::PATCH,   path::PREFERENCES,    "changePreferences",  Member,  patch(conversations::prefer)),
        route(Method::PATCH,   path::CONVERSATION,   "changeGroup",        Member,  patch(groups::change)),
        route(Method::PUT,     path::GROUP_AVATAR,   "changeGroupAvatar",  Member,  put(avatars::put_of_group).layer(DefaultBodyLimit::max(pictures::BYTES))),
        route(Method::DELETE,  path::GROUP_AVATAR,   "dropGroupAvatar",    Member,  delete(avatars::delete_of_group)),
        route(Method::GET,     path::GROUP,          "getGroup",           Member,  get(groups::rules)),
        route(Method::DELETE,  path::GROUP,          "dissolveGroup",      Member,  delete(groups::dissolve)),
        route(Method::GET,     path::MEMBERS,        "listMembers",        Member,  get(groups::members)),
        route(Method::POST,    path::MEMBERS,        "inviteMembers",      Member,  post(groups::invite)),
        route(Method::PATCH,   path::MEMBER,         "changeMember",       Member,  patch(groups::change_member)),
        route(Method::DELETE,  path::MEMBER,         "removeMember",       Member,  delete(groups::remove)),
        route(Method::POST,    path::GROUP_LINK,     "makeLink",           Member,  post(groups::make_link)),
        route(Method::DELETE,  path::GROUP_LINK,     "revokeLink",         Member,  delete(groups::revoke_link)),
        route(Method::PUT,     path::WAITING,        "answerWaiting",      Member,  put(groups::answer_waiting)),
        route(Method::GET,     path::JOIN,           "getInvitation",      Account, get(groups::invitation)),
        route(Method::POST,    path::JOIN,           "joinGroup",          Account, post(groups::join)),
        route(Method::POST,    path::MESSAGES,       "sendMessage",        Member,  post(messages::send)),
        route(Method::GET,     path::MESSAGES,       "listMessages",       Member,  get(messages::history)),
        route(Method::GET,     path::CHANGES,        "listChanges",        Member,  get(messages::changes)),
        route(Method::GET,     path::UNREAD,         "listUnread",         Member,  get(messages::unread)),
        route(Method::GET,     path::READERS,        "listReaders",        Member,  get(receipts::readers)),
        route(Method::GET,     path::MESSAGE_READERS, "listMessageReaders", Member, get(receipts::message_readers)),
        route(Method::GET,     path::RECEIPTS,       "listReceipts",       Account, get(receipts::inbox)),
        route(Method::PUT,     path::HIDDEN,         "hideMessages",       Member,  put(messages::hide)),
        route(Method::POST,    path::RECALL,         "recallMessage",      Member,  post(messages::recall)),
        route(Method::POST,    path::REPORT,         "reportMessage",      Member,  post(messages::report)),
        route(Method::PUT,     path::RECEIPTS,       "reportReceipts",     Member,  put(receipts::report)),
        route(Method::PUT,     path::RECEIPTS_ALL,   "readAll",            Account, put(receipts::read_all)),
        route(Method::GET,     path::CONTACTS,       "listContacts",       Account, get(contacts::list)),
        route(Method::GET,     path::CONTACT,        "getContact",         Account, get(contacts::get)),
        route(Method::PUT,     path::FRIEND,         "addFriend",          Account, put(contacts::ask_friend)),
        route(Method::DELETE,  path::FRIEND,         "removeFriend",       Account, delete(contacts::drop_friend)),
        route(Method::PUT,     path::FOLLOW,         "follow",             Account, put(contacts::follow)),
        route(Method::DELETE,  path::FOLLOW,         "unfollow",           Account, delete(contacts::unfollow)),
        route(Method::PUT,     path::BLOCK,          "block",              Account, put(contacts::block)),
        route(Method::DELETE,  path::BLOCK,          "unblock",            Account, delete(contacts::unblock)),
        route(Method::GET,     path::REQUESTS,       "listRequests",       Account, get(contacts::requests)),
        route(Method::DELETE,  path::REQUEST,        "refuseRequest",      Account, delete(contacts::refuse)),
        route(Method::GET,     path::SYNC,           "sync",               Account, get(sync::get)),
        route(Method::POST,    path::SYNC_COUNTS,    "checkCounts",        Account, post(sync::check)),
        route(Method::POST,    path::MEDIA,          "uploadMedium",       Account, post(media::upload).layer(DefaultBodyLimit::max(FILE_MAX))),
        route(Method::POST,    path::FILES,          "uploadFile",         Account, post(media::upload_file)),
        route(Method::GET,     path::MEDIUM,         "getMedium",          Account, get(media::get)),
        route(Method::GET,     path::THUMB,          "getThumb",           Account, get(media::thumb)),
        route(Method::GET,     path::OPENAPI,        "getOpenApi",         Anyone,  get(openapi::get)),
        route(Method::GET,     path::PUSH,           "push",               Account, get(socket::connect)),
        route(Method::GET,     path::PUSH_EVENTS,    "pushEvents",         Account, get(events::connect)),
        route(Method::POST,    path::PUSH_FRAMES,    "sayFrame",           Account, post(push::say).layer(DefaultBodyLimit::max(ClientFrame::MAX))),
    ]
}

/// The router with everything around it.
pub fn router(state: AppState) -> Router {
    let api = routes().into_iter().fold(Router::new(), |router, route| {
        let handler = match state.sealing.is_some() && route.sealable() {
            true => route.handler.route_layer(from_fn_with_state(state.clone(), sealed::open)),
            false => route.handler,
        };
        router.route(route.path, handler)
    });
    let compression = CompressionLayer::new().quality(CompressionLevel::Precise(4)).compress_when(
        SizeAbove::new(1_024)
            .and(NotForContentType::IMAGES)
            .and(NotForContentType::const_new("application/octet-stream"))
            .and(NotForContentType::SSE),
    );
    api.merge(page::router())
        .method_not_allowed_fallback(async || Refusal::new(ErrorCode::MethodNotAllowed, "this path has no such method"))
        .fallback(async || Refusal::not_found())
        // The last one is the first that a request meets.
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(state.clone(), origin::check))
        .layer(from_fn(limits::time))
        .layer(CatchPanicLayer::custom(limits::panicked))
        .layer(from_fn_with_state(state.clone(), page::refusals))
        .layer(from_fn(request_log::write))
        .layer(from_fn(headers::add))
        .layer(compression)
        .with_state(state)
}
