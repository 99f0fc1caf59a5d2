//! The API's calls, by fetch.

use crate::browser::{parse, window};
use crate::timeout::Timeout;
use crate::{account, sealing};
use protocol::account::{ACCOUNT_HEADER, ChangeReceipts, Users};
use protocol::group::{AnswerWaiting, Member, Members};
use protocol::messaging::{HideMessages, MessageReaders, OpenConversation, SendRequest, UnreadPage};
use protocol::receipts::ReportReceipts;
use protocol::sealed::MEDIA_TYPE;
use protocol::sync::CheckCounts;
use protocol::{ApiError, Conversation, ConversationId, ErrorAnswer, ErrorCode, Seq, User, UserId, path};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sync::{Action, Answer, Failure, Request};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestInit, Response};

/// A call without an answer for this long has none: whether the server acted is unknown. In milliseconds.
const PATIENCE: u64 = 15_000;

/// Makes a call of the engine.
pub async fn call(request: Request) -> Result<Answer, Failure> {
    let text = ask(call_of(&request)).await?;
    answer_of(&request, &text)
}

/// One call of the API. Everything of it that is no matter of types is written once, not once a type: the front end's
/// size depends on it.
struct Call {
    method: &'static str,
    path: String,
    body: Option<String>,
    /// The call must outlive the page (R000-08e).
    leaving: bool,
    /// The body goes as it is, if the server takes it so.
    bare: bool,
}

impl Call {
    fn get(path: String) -> Self {
        Self { method: "GET", path, body: None, leaving: false, bare: false }
    }

    fn with(method: &'static str, path: String, body: &impl Serialize) -> Self {
        // Requests are structs of numbers and strings, which JSON always holds.
        Self { method, path, body: Some(serde_json::to_string(body).unwrap_or_default()), leaving: false, bare: false }
    }
}

fn call_of(request: &Request) -> Call {
    match request {
        Request::Sync { since, page } => Call::get(path::sync_page(since.as_deref(), *page)),
        Request::BeginAnew => Call::with("PUT", path::DEVICE_BEGINNING.to_owned(), &()),
        &Request::History { conversation, before, after, limit } => Call::get(match (before, after) {
            (Some(before), _) => path::messages_before(conversation, before, limit),
            (None, Some(after)) => path::messages_after(conversation, after, limit),
            (None, None) => format!("{}?limit={limit}", path::messages(conversation)),
        }),
        &Request::Changes { conversation, after } => Call::get(path::changes(conversation, after)),
        &Request::Conversation { conversation } => Call::get(path::conversation(conversation)),
        Request::Conversations { before, limit } => Call::get(path::conversations_before(before, *limit)),
        &Request::Contact { user } => Call::get(path::contact(user)),
        &Request::Readers { conversation } => Call::get(path::readers(conversation)),
        Request::Post { conversation, client_id, body } => {
            let message = SendRequest { client_id: *client_id, body: body.clone(), invisible_list: Vec::new() };
            Call::with("POST", path::messages(*conversation), &message)
        }
        // An upload is no document; `upload` makes it.
        Request::Upload { client_id, .. } => Call::get(path::upload(*client_id)),
        Request::Report { reports, leaving } => {
            let report = ReportReceipts { reports: reports.clone() };
            // A page that ends does not live to see it sealed. It tells numbers alone, and what is typed waits on the device.
            Call { leaving: *leaving, bare: *leaving, ..Call::with("PUT", path::RECEIPTS.to_owned(), &report) }
        }
        Request::Check { counts } => {
            Call::with("POST", path::SYNC_COUNTS.to_owned(), &CheckCounts { counts: counts.clone() })
        }
        Request::Prefer { conversation, change, leaving } => {
            Call { leaving: *leaving, ..Call::with("PATCH", path::preferences(*conversation), change) }
        }
        Request::Act(action) => call_of_action(action),
    }
}

fn call_of_action(action: &Action) -> Call {
    match action {
        Action::Hide { conversation, seqs, hidden } => {
            let hide = HideMessages { seqs: seqs.clone(), hidden: *hidden };
            Call::with("PUT", path::hidden(*conversation), &hide)
        }
        &Action::Recall { conversation, seq } => Call::with("POST", path::recall(conversation, seq), &()),
        Action::Report { conversation, seq, report } => Call::with("POST", path::report(*conversation, *seq), report),
        &Action::Delete { conversation, through, everywhere } => {
            Call::with("DELETE", path::conversation_through(conversation, through, everywhere), &())
        }
        Action::Prefer { conversation, change } => Call::with("PATCH", path::preferences(*conversation), change),
        &Action::Follow { user, follow, .. } => Call::with(put_or_delete(follow), path::follow(user), &()),
        &Action::Block { user, block } => Call::with(put_or_delete(block), path::block(user), &()),
        Action::ReadAll => Call::with("PUT", path::RECEIPTS_ALL.to_owned(), &()),
        &Action::ShowReceipts(receipts) => {
            Call::with("PATCH", path::ACCOUNT_ME.to_owned(), &ChangeReceipts { receipts })
        }
    }
}

fn put_or_delete(put: bool) -> &'static str {
    if put { "PUT" } else { "DELETE" }
}

fn answer_of(request: &Request, text: &str) -> Result<Answer, Failure> {
    match request {
        Request::Sync { .. } => read(text).map(Answer::Sync),
        Request::History { .. } => read(text).map(Answer::History),
        Request::Changes { .. } => read(text).map(Answer::Changes),
        Request::Conversation { .. } => read(text).map(Answer::Conversation),
        Request::Conversations { .. } => read(text).map(Answer::Conversations),
        Request::Contact { .. } => read(text).map(Answer::Contact),
        Request::Readers { .. } => read(text).map(Answer::Readers),
        Request::Post { .. } => read(text).map(Answer::Posted),
        Request::Upload { .. } => Err(Failure::Network),
        Request::Report { .. } => Ok(Answer::Reported),
        Request::Check { .. } => read(text).map(Answer::Checked),
        Request::Prefer { .. } | Request::Act(Action::Prefer { .. }) => read(text).map(Answer::Preferred),
        Request::Act(Action::Recall { .. }) => read(text).map(Answer::Recalled),
        Request::Act(_) | Request::BeginAnew => Ok(Answer::Done),
    }
}

pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    // A body that is cut off, or not this API's, says nothing of what the server did.
    parse(text).ok_or(Failure::Network)
}

/// Users whose handle or display name contains the query.
pub async fn search(query: &str) -> Result<Vec<User>, Failure> {
    let query = String::from(js_sys::encode_uri_component(query));
    let text = ask(Call::get(format!("{}?query={query}", path::USERS))).await?;
    read::<Users>(&text).map(|found| found.users)
}

/// Members of a group who can be reached and whose name contains a text, by what they are called there.
pub async fn members(conversation: ConversationId, query: &str) -> Result<Vec<User>, Failure> {
    let query = String::from(js_sys::encode_uri_component(query));
    let text = ask(Call::get(format!("{}?query={query}&active=true&limit=8", path::members(conversation)))).await?;
    read::<Members>(&text).map(|found| {
        let called = |member: Member| User { display_name: member.name().clone(), ..member.user };
        found.members.into_iter().map(called).collect()
    })
}

/// The messages that make a conversation's unread count: the newest, or those before a seq; or all of them that name the reader.
pub async fn unread(conversation: ConversationId, naming: bool, before: Option<Seq>) -> Result<UnreadPage, Failure> {
    let mut path = path::unread(conversation);
    match before {
        _ if naming => path.push_str("?naming=true"),
        Some(before) => path.push_str(&format!("?before={before}")),
        None => {}
    }
    read(&ask(Call::get(path)).await?)
}

/// Who has read a message.
pub async fn readers(conversation: ConversationId, seq: Seq) -> Result<MessageReaders, Failure> {
    read(&ask(Call::get(path::message_readers(conversation, seq))).await?)
}

/// Of a group's rules, who waits to be let in.
#[derive(Deserialize)]
struct Rules {
    #[serde(default)]
    waiting: Vec<User>,
}

/// Who waits to be let into a group.
pub async fn waiting(conversation: ConversationId) -> Result<Vec<User>, Failure> {
    let text = ask(Call::get(path::group(conversation))).await?;
    read::<Rules>(&text).map(|rules| rules.waiting)
}

/// Lets somebody into a group, or not.
pub async fn answer_waiting(conversation: ConversationId, user: UserId, accept: bool) -> Result<(), Failure> {
    ask(Call::with("PUT", path::waiting(conversation, user), &AnswerWaiting { accept })).await.map(drop)
}

/// Opens the direct conversation with a user.
pub async fn start(peer: UserId) -> Result<Conversation, Failure> {
    read(&ask(Call::with("POST", path::CONVERSATIONS.to_owned(), &OpenConversation::with(peer))).await?)
}

/// Says a frame on a push connection of server-sent events; the status of the answer.
pub async fn say(connection: &str, frame: &str) -> Option<u16> {
    let body = Some(format!(r#"{{"connection":{connection},"frame":{frame}}}"#));
    let path = path::PUSH_FRAMES.to_owned();
    fetch(Call { method: "POST", path, body, leaving: false, bare: false })
        .await
        .ok()
        .map(|(response, _)| response.status())
}

/// The text of a file of the site.
pub async fn text(url: &str) -> Option<String> {
    ask(Call::get(url.to_owned())).await.ok()
}

/// The text of an answer with a status of success.
async fn ask(call: Call) -> Result<String, Failure> {
    let (response, text) = fetch(call).await?;
    match response.ok() {
        true => text.ok_or(Failure::Network),
        false => Err(Failure::Refused(refusal(response.status(), &text.unwrap_or_default()))),
    }
}

/// An answer and its text, if all of that came. What is refused for its seal alone is asked once more: sealed anew, or as it
/// is where no sealed body is taken.
async fn fetch(mut call: Call) -> Result<(Response, Option<String>), Failure> {
    let (answer, sealed) = fetch_once(&call).await?;
    if call.body.is_none() || answer.0.ok() {
        return Ok(answer);
    }
    if sealing::learn(&answer.0) {
        call.bare = false;
    } else if sealed && takes_no_seal(&answer) {
        call.bare = true;
    } else {
        return Ok(answer);
    }
    fetch_once(&call).await.map(|(answer, _)| answer)
}

/// Whether a sealed body was refused for being one: by the server, or by something before it that does not speak its language.
fn takes_no_seal((response, text): &(Response, Option<String>)) -> bool {
    let foreign = text.as_ref().is_none_or(|text| parse::<ErrorAnswer>(text).is_none());
    if response.status() == 415 && !foreign {
        sealing::stop();
    }
    response.status() == 415 || foreign && matches!(response.status(), 400 | 403 | 406)
}

/// An answer and its text, and whether the body went sealed.
async fn fetch_once(call: &Call) -> Result<((Response, Option<String>), bool), Failure> {
    let init = RequestInit::new();
    init.set_method(call.method);
    let headers = Headers::new().map_err(|_| Failure::Network)?;
    let tell = |name: &str, value: &str| headers.set(name, value).map_err(|_| Failure::Network);
    if let Some(account) = account::shown() {
        tell(ACCOUNT_HEADER, &account.to_string())?;
    }
    let mut is_sealed = false;
    if let Some(body) = &call.body {
        let sealed = if call.bare { None } else { sealing::seal(call.method, &call.path, body).await };
        is_sealed = sealed.is_some();
        let (kind, body) = match sealed {
            Some(sealed) => (MEDIA_TYPE, sealed.into()),
            None => ("application/json", JsValue::from_str(body)),
        };
        tell("content-type", kind)?;
        init.set_body(&body);
    }
    init.set_headers(&headers);
    if call.leaving {
        let _ = js_sys::Reflect::set(&init, &"keepalive".into(), &JsValue::TRUE);
    }
    let abort = AbortController::new().map_err(|_| Failure::Network)?;
    init.set_signal(Some(&abort.signal()));
    let _patience = Timeout::after(PATIENCE, move || abort.abort());
    let answer = JsFuture::from(window().fetch_with_str_and_init(&call.path, &init)).await;
    let response: Response = answer.ok().and_then(|answer| answer.dyn_into().ok()).ok_or(Failure::Network)?;
    let text = JsFuture::from(response.text().map_err(|_| Failure::Network)?).await;
    Ok(((response, text.ok().and_then(|text| text.as_string())), is_sealed))
}

/// What the server said, or what the status says where a proxy spoke in its place.
pub fn refusal(status: u16, body: &str) -> ApiError {
    parse::<ErrorAnswer>(body).map_or_else(
        || ApiError {
            code: ErrorCode::Unknown,
            message: format!("status {status}"),
            retryable: status >= 500 || status == 429,
            field: None,
        },
        |answer| answer.error,
    )
}
