//! The upload of a picture or a file, which alone of all calls tells how far it has come.

use crate::account;
use crate::bindings::XmlHttpRequest;
use crate::http::{read, refusal};
use crate::timeout::Timeout;
use js_sys::Promise;
use protocol::account::ACCOUNT_HEADER;
use protocol::{ApiError, ClientId, ErrorCode, MessageBody, path};
use std::cell::RefCell;
use std::rc::Rc;
use sync::{Answer, Failure};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ProgressEvent};

/// An upload of which nothing is heard for this long has failed: whether the server has it is unknown. In milliseconds.
const PATIENCE: u64 = 40_000;
/// How long the answer may take once all of it was handed to the network: as long as the server gives a picture. In
/// milliseconds.
const WHOLE: u64 = 150_000;

/// Uploads a file under a key; `progress` hears how many per cent have left, each time that some did. It ends early when the request is aborted.
pub async fn send(
    request: &XmlHttpRequest,
    (key, body): (ClientId, &MessageBody),
    file: &Blob,
    progress: impl Fn(u8) + 'static,
) -> Result<Answer, Failure> {
    let path = match body {
        MessageBody::File(file) => path::upload_file(key, &file.name),
        _ => path::upload(key),
    };
    request.open("POST", &path).map_err(|_| Failure::Network)?;
    if let Some(account) = account::shown() {
        request.set_request_header(ACCOUNT_HEADER, &account.to_string()).map_err(|_| Failure::Network)?;
    }
    let silence: Rc<RefCell<Option<Timeout>>> = Rc::default();
    let heard = {
        let (silence, request) = (silence.clone(), request.clone());
        move |patience| {
            let request = request.clone();
            *silence.borrow_mut() = Timeout::after(patience, move || request.abort());
        }
    };
    heard(PATIENCE);
    let progress = Closure::<dyn FnMut(ProgressEvent)>::new(move |event: ProgressEvent| {
        heard(if event.loaded() < event.total() { PATIENCE } else { WHOLE });
        let percent = (100.0 * event.loaded() / event.total().max(1.0)).clamp(0.0, 100.0) as u8;
        if event.loaded() > 0.0 {
            progress(percent);
        }
    });
    let _ = request.upload().add_event_listener_with_callback("progress", progress.as_ref().unchecked_ref());
    let ended = Promise::new(&mut |resolve, _| request.set_onloadend(&resolve));
    // What a file says of its kind is no matter of the request.
    let plain = match body {
        MessageBody::File(_) => {
            file.slice_with_f64_and_f64_and_content_type(0.0, file.size(), "application/octet-stream").ok()
        }
        _ => None,
    };
    request.send(plain.as_ref().unwrap_or(file)).map_err(|_| Failure::Network)?;
    let _ = JsFuture::from(ended).await;
    silence.take();
    let text = request.response_text();
    match request.status() {
        0 => Err(Failure::Network),
        200..300 => Ok(Answer::Uploaded(match body {
            MessageBody::File(_) => MessageBody::File(read(&text)?),
            _ => MessageBody::Image(read(&text)?),
        })),
        status => Err(Failure::Refused(refusal(status, &text))),
    }
}

/// The device does not have the picture or the file any more: nobody can send it.
pub fn lost() -> ApiError {
    ApiError {
        code: ErrorCode::NotFound,
        message: "what was to be uploaded is lost".to_owned(),
        retryable: false,
        field: None,
    }
}
