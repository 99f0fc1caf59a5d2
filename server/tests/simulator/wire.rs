//! The engine's requests as HTTP, and HTTP's answers as the engine's: what the browser's driver does with fetch.

use crate::oracle::Deed;
use axum::http::{Method, StatusCode};
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use protocol::account::ChangeReceipts;
use protocol::file::FileVersion;
use protocol::group::{AnswerWaiting, ChangeGroup, ChangeMember, InviteMembers};
use protocol::media::{ImageVersion, Mime, Side};
use protocol::messaging::{HideMessages, SendRequest};
use protocol::receipts::ReportReceipts;
use protocol::sync::{CheckCounts, CheckedCounts};
use protocol::{
    ApiError, ClientId, ConversationId, ErrorAnswer, ErrorCode, File, FileName, Image, MediaId, MessageBody, path,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Cursor;
use sync::{Action, Answer, Failure, Request};

/// A request on the wire.
pub struct Call {
    pub method: Method,
    pub path: String,
    pub body: Option<Vec<u8>>,
}

pub fn get(path: String) -> Call {
    Call { method: Method::GET, path, body: None }
}

pub fn with_body(method: Method, path: String, body: &impl Serialize) -> Call {
    Call { method, path, body: Some(serde_json::to_vec(body).unwrap()) }
}

pub fn call(request: &Request) -> Call {
    match request {
        Request::Sync { since, page } => get(path::sync_page(since.as_deref(), *page)),
        Request::BeginAnew => Call { method: Method::PUT, path: path::DEVICE_BEGINNING.to_owned(), body: None },
        Request::History { conversation, before, after, limit } => get(match (before, after) {
            (Some(before), _) => path::messages_before(*conversation, *before, *limit),
            (None, Some(after)) => path::messages_after(*conversation, *after, *limit),
            (None, None) => format!("{}?limit={limit}", path::messages(*conversation)),
        }),
        Request::Changes { conversation, after } => get(path::changes(*conversation, *after)),
        Request::Conversation { conversation } => get(path::conversation(*conversation)),
        Request::Upload { client_id, body: MessageBody::File(file) } => {
            let path = path::upload_file(*client_id, &file.name);
            Call { method: Method::POST, path, body: Some(client_id.as_bytes().to_vec()) }
        }
        Request::Upload { client_id, .. } => {
            let file = picture(client_id.as_bytes()[15]);
            Call { method: Method::POST, path: path::upload(*client_id), body: Some(file) }
        }
        Request::Post { conversation, client_id, body } => {
            let body = SendRequest { client_id: *client_id, body: body.clone(), invisible_list: Vec::new() };
            with_body(Method::POST, path::messages(*conversation), &body)
        }
        Request::Report { reports, .. } => {
            with_body(Method::PUT, path::RECEIPTS.to_owned(), &ReportReceipts { reports: reports.clone() })
        }
        Request::Check { counts } => {
            with_body(Method::POST, path::SYNC_COUNTS.to_owned(), &CheckCounts { counts: counts.clone() })
        }
        Request::Prefer { conversation, change, .. } => {
            with_body(Method::PATCH, path::preferences(*conversation), change)
        }
        Request::Conversations { before, limit } => get(path::conversations_before(before, *limit)),
        Request::Contact { user } => get(path::contact(*user)),
        Request::Readers { conversation } => get(path::readers(*conversation)),
        Request::Act(action) => act(action),
    }
}

fn put_or_delete(put: bool) -> Method {
    if put { Method::PUT } else { Method::DELETE }
}

fn act(action: &Action) -> Call {
    match action {
        Action::Hide { conversation, seqs, hidden } => {
            with_body(Method::PUT, path::hidden(*conversation), &HideMessages { seqs: seqs.clone(), hidden: *hidden })
        }
        Action::Recall { conversation, seq } => with_body(Method::POST, path::recall(*conversation, *seq), &()),
        Action::Report { conversation, seq, report } => {
            with_body(Method::POST, path::report(*conversation, *seq), report)
        }
        Action::Delete { conversation, through, everywhere } => {
            with_body(Method::DELETE, path::conversation_through(*conversation, *through, *everywhere), &())
        }
        Action::Prefer { conversation, change } => with_body(Method::PATCH, path::preferences(*conversation), change),
        Action::Follow { user, follow, .. } => with_body(put_or_delete(*follow), path::follow(*user), &()),
        Action::Block { user, block } => with_body(put_or_delete(*block), path::block(*user), &()),
        Action::ReadAll => with_body(Method::PUT, path::RECEIPTS_ALL.to_owned(), &()),
        Action::ShowReceipts(receipts) => {
            with_body(Method::PATCH, path::ACCOUNT_ME.to_owned(), &ChangeReceipts { receipts: *receipts })
        }
    }
}

/// What somebody does in a group.
pub fn deed(id: ConversationId, deed: &Deed) -> Call {
    let group = |change: ChangeGroup| with_body(Method::PATCH, path::conversation(id), &change);
    let member = |whom, change: ChangeMember| with_body(Method::PATCH, path::member(id, whom), &change);
    match deed {
        Deed::Invite(whom) => with_body(Method::POST, path::members(id), &InviteMembers { users: vec![whom.id] }),
        Deed::Remove(whom) => with_body(Method::DELETE, path::member(id, whom.id), &()),
        Deed::Appoint(whom, role) => member(whom.id, ChangeMember { role: Some(*role), ..ChangeMember::default() }),
        Deed::Mute(whom, length) => member(whom.id, ChangeMember { mute_ms: Some(*length), ..ChangeMember::default() }),
        Deed::MuteAll(length) => group(ChangeGroup { mute_ms: Some(*length), ..ChangeGroup::default() }),
        Deed::Rename(title) => {
            group(ChangeGroup { title: Some(title.as_str().try_into().unwrap()), ..ChangeGroup::default() })
        }
        Deed::Announce(text) => {
            group(ChangeGroup { announcement: Some(text.as_str().try_into().unwrap()), ..ChangeGroup::default() })
        }
        Deed::Admit(joining) => group(ChangeGroup { joining: Some(*joining), ..ChangeGroup::default() }),
        Deed::Reveal(history) => group(ChangeGroup { history: Some(*history), ..ChangeGroup::default() }),
        Deed::MakeLink => with_body(Method::POST, path::group_link(id), &()),
        Deed::CloseLink => with_body(Method::DELETE, path::group_link(id), &()),
        Deed::LetIn(whom, accept) => {
            with_body(Method::PUT, path::waiting(id, whom.id), &AnswerWaiting { accept: *accept })
        }
        Deed::Picture(Some(shade)) => {
            Call { method: Method::PUT, path: path::group_avatar(id), body: Some(picture(*shade)) }
        }
        Deed::Picture(None) => with_body(Method::DELETE, path::group_avatar(id), &()),
        Deed::Dissolve => with_body(Method::DELETE, path::group(id), &()),
    }
}

/// What a device knows of a picture or a file before it is uploaded: the key chooses which, and how long it says to be.
pub fn unsent(id: ClientId) -> MessageBody {
    let (media, side) = (MediaId::from_bytes(*id.as_bytes()), Side::try_from(16).unwrap());
    let file = |bytes: u64| {
        let (name, bytes) = (FileName::near(&format!("{id}.txt")), bytes.try_into().unwrap());
        MessageBody::File(File { v: FileVersion, media, name, bytes })
    };
    // The last bytes of the keys here are none.
    match id.as_bytes()[9] % 6 {
        0 => return file(9),
        1 => return file(50_000_000),
        _ => {}
    }
    MessageBody::Image(Image { v: ImageVersion, media, width: side, height: side, bytes: 1, mime: Mime::Jpeg })
}

/// The device does not have the picture or the file any more.
pub fn lost() -> Failure {
    let message = String::new();
    Failure::Refused(ApiError { code: ErrorCode::InvalidField, message, retryable: false, field: None })
}

/// A small picture of one shade.
fn picture(shade: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(GrayImage::from_pixel(16, 16, Luma([shade])))
        .write_to(&mut file, ImageFormat::Png)
        .unwrap();
    file.into_inner()
}

/// What a response says to the engine. A response that does not parse fails the run: the server speaks the protocol.
pub fn answer(request: &Request, status: StatusCode, body: &str) -> Result<Answer, Failure> {
    if !status.is_success() {
        let refused: ErrorAnswer = read(body);
        return Err(Failure::Refused(refused.error));
    }
    Ok(match request {
        Request::Sync { .. } => Answer::Sync(read(body)),
        Request::History { .. } => Answer::History(read(body)),
        Request::Changes { .. } => Answer::Changes(read(body)),
        Request::Conversation { .. } => Answer::Conversation(read(body)),
        Request::Upload { body: MessageBody::File(_), .. } => Answer::Uploaded(MessageBody::File(read(body))),
        Request::Upload { .. } => Answer::Uploaded(MessageBody::Image(read(body))),
        Request::Post { .. } => Answer::Posted(read(body)),
        Request::Report { .. } => Answer::Reported,
        Request::Check { .. } => {
            let checked: CheckedCounts = read(body);
            // The same positions make the same counts, whatever happened before.
            assert!(checked.wrong.is_empty(), "{request:?} is answered {checked:?}");
            Answer::Checked(checked)
        }
        Request::Conversations { .. } => Answer::Conversations(read(body)),
        Request::Contact { .. } => Answer::Contact(read(body)),
        Request::Readers { .. } => Answer::Readers(read(body)),
        Request::Prefer { .. } | Request::Act(Action::Prefer { .. }) => Answer::Preferred(read(body)),
        Request::Act(Action::Recall { .. }) => Answer::Recalled(read(body)),
        Request::Act(_) | Request::BeginAnew => Answer::Done,
    })
}

pub fn read<T: DeserializeOwned>(body: &str) -> T {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("the server answered {body:?}: {error}"))
}
