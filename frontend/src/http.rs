//! The API's calls, by fetch.

use crate::browser::window;
use crate::timeout::Timeout;
use protocol::messaging::{HideMessages, MessageReaders, OpenConversation, SendRequest, UnreadPage};
use protocol::receipts::ReportReceipts;
use protocol::sync::CheckCounts;
use protocol::{
    ApiError, Conversation, ConversationId, ErrorAnswer, ErrorCode, Seq, User, UserId,
    account::{ChangeAccount, Users},
    path,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sync::{Action, Answer, Failure, Request};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestInit, Response};

/// A call without an answer for this long has none: whether the server acted is unknown. In milliseconds.
const PATIENCE: u64 = 15_000;

/// Makes a call of the engine.
pub async fn call(request: Request) -> Result<Answer, Failure> {
    match request {
        Request::Sync { since } => {
            let path = since.as_deref().map_or_else(|| path::SYNC.to_owned(), path::sync);
            get(&path).await.map(Answer::Sync)
        }
        Request::History { conversation, before, after, limit } => {
            let path = match (before, after) {
                (Some(before), _) => path::messages_before(conversation, before, limit),
                (None, Some(after)) => path::messages_after(conversation, after, limit),
                (None, None) => format!("{}?limit={limit}", path::messages(conversation)),
            };
            get(&path).await.map(Answer::History)
        }
        Request::Changes { conversation, after } => get(&path::changes(conversation, after)).await.map(Answer::Changes),
        Request::Conversation { conversation } => {
            get(&path::conversation(conversation)).await.map(Answer::Conversation)
        }
        Request::Post { conversation, client_id, body } => {
            let body = SendRequest { client_id, body, invisible_list: Vec::new() };
            send("POST", &path::messages(conversation), &body, false).await?.read().await.map(Answer::Posted)
        }
        Request::Report { reports, leaving } => {
            send("PUT", path::RECEIPTS, &ReportReceipts { reports }, leaving).await.map(|_| Answer::Reported)
        }
        Request::Check { counts } => {
            send("POST", path::SYNC_COUNTS, &CheckCounts { counts }, false).await?.read().await.map(Answer::Checked)
        }
        Request::Readers { conversation } => get(&path::readers(conversation)).await.map(Answer::Readers),
        Request::Act(action) => act(action).await,
    }
}

async fn act(action: Action) -> Result<Answer, Failure> {
    let done = match action {
        Action::Hide { conversation, seqs, hidden } => {
            send("PUT", &path::hidden(conversation), &HideMessages { seqs, hidden }, false).await
        }
        Action::Recall { conversation, seq } => {
            return send("POST", &path::recall(conversation, seq), &(), false)
                .await?
                .read()
                .await
                .map(Answer::Recalled);
        }
        Action::Report { conversation, seq, report } => {
            send("POST", &path::report(conversation, seq), &report, false).await
        }
        Action::Delete { conversation, through } => {
            send("DELETE", &path::conversation_through(conversation, through), &(), false).await
        }
        Action::ReadAll => send("PUT", path::RECEIPTS_ALL, &(), false).await,
        Action::ShowReceipts(receipts) => {
            send(
                "PATCH",
                path::ACCOUNT_ME,
                &ChangeAccount { receipts: Some(receipts), ..ChangeAccount::default() },
                false,
            )
            .await
        }
    };
    done.map(|_| Answer::Done)
}

/// Users whose handle or display name contains the query.
pub async fn search(query: &str) -> Result<Vec<User>, Failure> {
    let query = String::from(js_sys::encode_uri_component(query));
    get::<Users>(&format!("{}?query={query}", path::USERS)).await.map(|found| found.users)
}

/// The messages that make a conversation's unread count: the newest, or those before a seq.
pub async fn unread(conversation: ConversationId, before: Option<Seq>) -> Result<UnreadPage, Failure> {
    let path = path::unread(conversation);
    get(&before.map_or_else(|| path.clone(), |before| format!("{path}?before={before}"))).await
}

/// Who has read a message.
pub async fn readers(conversation: ConversationId, seq: Seq) -> Result<MessageReaders, Failure> {
    get(&path::message_readers(conversation, seq)).await
}

/// Opens the direct conversation with a user.
pub async fn start(peer: UserId) -> Result<Conversation, Failure> {
    send("POST", path::CONVERSATIONS, &OpenConversation { peer }, false).await?.read().await
}

/// The text of a file of the site.
pub async fn text(url: &str) -> Option<String> {
    fetch(url, &RequestInit::new()).await.ok()?.text().await.ok()
}

async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    fetch(path, &RequestInit::new()).await?.read().await
}

async fn send<T: Serialize>(method: &str, path: &str, body: &T, leaving: bool) -> Result<Good, Failure> {
    // Requests are structs of numbers and strings, which JSON always holds.
    let body = serde_json::to_string(body).unwrap_or_default();
    let headers = Headers::new().map_err(|_| Failure::Network)?;
    headers.set("content-type", "application/json").map_err(|_| Failure::Network)?;
    let init = RequestInit::new();
    init.set_method(method);
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(&body));
    if leaving {
        // The request must outlive the page (R000-08e).
        let _ = js_sys::Reflect::set(&init, &"keepalive".into(), &JsValue::TRUE);
    }
    fetch(path, &init).await
}

/// An answer with a status of success.
struct Good(Response);

impl Good {
    async fn text(&self) -> Result<String, Failure> {
        let text = JsFuture::from(self.0.text().map_err(|_| Failure::Network)?).await;
        text.ok().and_then(|text| text.as_string()).ok_or(Failure::Network)
    }

    async fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        // A body that is cut off, or not this API's, says nothing of what the server did.
        serde_json::from_str(&self.text().await?).map_err(|_| Failure::Network)
    }
}

async fn fetch(url: &str, init: &RequestInit) -> Result<Good, Failure> {
    let abort = AbortController::new().map_err(|_| Failure::Network)?;
    init.set_signal(Some(&abort.signal()));
    let _patience = Timeout::after(PATIENCE, move || abort.abort());
    let answer = JsFuture::from(window().fetch_with_str_and_init(url, init)).await;
    let response: Response = answer.ok().and_then(|answer| answer.dyn_into().ok()).ok_or(Failure::Network)?;
    let (ok, status) = (response.ok(), response.status());
    let good = Good(response);
    if ok { Ok(good) } else { Err(Failure::Refused(refusal(status, &good.text().await.unwrap_or_default()))) }
}

/// What the server said, or what the status says where a proxy spoke in its place.
fn refusal(status: u16, body: &str) -> ApiError {
    serde_json::from_str::<ErrorAnswer>(body).map_or_else(
        |_| ApiError {
            code: ErrorCode::Unknown,
            message: format!("status {status}"),
            retryable: status >= 500 || status == 429,
            field: None,
        },
        |answer| answer.error,
    )
}
