//! The calls of the engine over HTTP, as the browser makes them.

use crate::support::{Person, picture};
use protocol::account::ChangeReceipts;
use protocol::messaging::{HideMessages, HistoryPage, SendRequest};
use protocol::receipts::ReportReceipts;
use protocol::sync::{CheckCounts, CheckedCounts};
use protocol::{Account, ApiError, ConversationId, ErrorAnswer, ErrorCode, MessageBody, Rules, path};
use serde::de::DeserializeOwned;
use sync::{Action, Answer, Failure, Request, Start};

/// What a page is made of, the conversation that it shows included.
pub async fn start(person: &Person, open: Option<ConversationId>) -> Start {
    let account: Account = person.get(path::ACCOUNT_ME).await.read();
    let sync = person.sync(None).await;
    assert!(!sync.more, "these tests have few conversations");
    let open = match open {
        None => None,
        Some(id) => {
            let page: HistoryPage = person.get(&format!("{}?limit=10", path::messages(id))).await.read();
            Some((id, page))
        }
    };
    Start { account, rules: Rules::default(), now: 0, unread_first: true, sync, open, presence: None, readers: None }
}

pub async fn call(person: &Person, request: Request) -> Result<Answer, Failure> {
    let get = |path: String| person.request("GET", &path);
    match request {
        Request::Sync { since, page } => read(get(path::sync_page(since.as_deref(), page))).await.map(Answer::Sync),
        Request::BeginAnew => done(person.request("PUT", path::DEVICE_BEGINNING)).await.map(|()| Answer::Done),
        Request::History { conversation, before, after, limit } => {
            let path = match (before, after) {
                (Some(before), _) => path::messages_before(conversation, before, limit),
                (None, Some(after)) => path::messages_after(conversation, after, limit),
                (None, None) => format!("{}?limit={limit}", path::messages(conversation)),
            };
            read(get(path)).await.map(Answer::History)
        }
        Request::Changes { conversation, after } => {
            read(get(path::changes(conversation, after))).await.map(Answer::Changes)
        }
        Request::Conversation { conversation } => {
            read(get(path::conversation(conversation))).await.map(Answer::Conversation)
        }
        Request::Upload { client_id, body: MessageBody::File(file) } => {
            let request = person.request("POST", &path::upload_file(client_id, &file.name)).body("notes");
            read(request).await.map(|file| Answer::Uploaded(MessageBody::File(file)))
        }
        Request::Upload { client_id, .. } => {
            let request = person.request("POST", &path::upload(client_id)).body(picture());
            read(request).await.map(|image| Answer::Uploaded(MessageBody::Image(image)))
        }
        Request::Post { conversation, client_id, body } => {
            let body = SendRequest { client_id, body, invisible_list: Vec::new() };
            read(person.request("POST", &path::messages(conversation)).json(&body)).await.map(Answer::Posted)
        }
        Request::Report { reports, .. } => {
            let body = ReportReceipts { reports };
            done(person.request("PUT", path::RECEIPTS).json(&body)).await.map(|()| Answer::Reported)
        }
        Request::Check { counts } => {
            let request = person.request("POST", path::SYNC_COUNTS).json(&CheckCounts { counts });
            let checked: Result<CheckedCounts, Failure> = read(request).await;
            // The same positions make the same counts, whatever happened before.
            assert!(checked.as_ref().is_ok_and(|checked| checked.wrong.is_empty()) || checked.is_err(), "{checked:?}");
            checked.map(Answer::Checked)
        }
        Request::Prefer { conversation, change, .. } => {
            read(person.request("PATCH", &path::preferences(conversation)).json(&change)).await.map(Answer::Preferred)
        }
        Request::Conversations { before, limit } => {
            read(get(path::conversations_before(&before, limit))).await.map(Answer::Conversations)
        }
        Request::Contact { user } => read(get(path::contact(user))).await.map(Answer::Contact),
        Request::Readers { conversation } => read(get(path::readers(conversation))).await.map(Answer::Readers),
        Request::Act(action) => act(person, action).await,
    }
}

async fn act(person: &Person, action: Action) -> Result<Answer, Failure> {
    let request = match action {
        Action::Recall { conversation, seq } => {
            return read(person.request("POST", &path::recall(conversation, seq)).json(&()))
                .await
                .map(Answer::Recalled);
        }
        Action::Hide { conversation, seqs, hidden } => {
            person.request("PUT", &path::hidden(conversation)).json(&HideMessages { seqs, hidden })
        }
        Action::Report { conversation, seq, report } => {
            person.request("POST", &path::report(conversation, seq)).json(&report)
        }
        Action::Delete { conversation, through, everywhere } => {
            person.request("DELETE", &path::conversation_through(conversation, through, everywhere)).json(&())
        }
        Action::Prefer { conversation, change } => {
            let request = person.request("PATCH", &path::preferences(conversation)).json(&change);
            return read(request).await.map(Answer::Preferred);
        }
        Action::Follow { user, follow: true, .. } => person.request("PUT", &path::follow(user)).json(&()),
        Action::Follow { user, .. } => person.request("DELETE", &path::follow(user)),
        Action::Block { user, block: true } => person.request("PUT", &path::block(user)).json(&()),
        Action::Block { user, .. } => person.request("DELETE", &path::block(user)),
        Action::ReadAll => person.request("PUT", path::RECEIPTS_ALL).json(&()),
        Action::ShowReceipts(receipts) => person.request("PATCH", path::ACCOUNT_ME).json(&ChangeReceipts { receipts }),
    };
    done(request).await.map(|()| Answer::Done)
}

async fn done(request: reqwest::RequestBuilder) -> Result<(), Failure> {
    fetch(request).await.map(drop)
}

async fn read<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Failure> {
    let body = fetch(request).await?;
    serde_json::from_slice(&body).map_err(|_| Failure::Network)
}

async fn fetch(request: reqwest::RequestBuilder) -> Result<Vec<u8>, Failure> {
    let response = request.send().await.map_err(|_| Failure::Network)?;
    let status = response.status();
    let body = response.bytes().await.map_err(|_| Failure::Network)?;
    if status.is_success() {
        return Ok(body.to_vec());
    }
    let refusal = serde_json::from_slice::<ErrorAnswer>(&body).map(|answer| answer.error);
    Err(Failure::Refused(refusal.unwrap_or_else(|_| ApiError {
        code: ErrorCode::Unknown,
        message: format!("status {status}"),
        retryable: status.is_server_error() || status.as_u16() == 429,
        field: None,
    })))
}
