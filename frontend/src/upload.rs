//! The upload of a picture, which alone of all calls tells how far it has come.

use crate::bindings::XmlHttpRequest;
use crate::http::{read, refusal};
use js_sys::Promise;
use protocol::{ApiError, ClientId, ErrorCode, path};
use sync::{Answer, Failure};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ProgressEvent};

/// An upload that takes longer has failed: whether the server has the picture is unknown. In milliseconds.
const PATIENCE: u32 = 140_000;

/// Uploads a file under a key; `progress` hears of every further per cent.
pub async fn send(key: ClientId, file: &Blob, progress: impl Fn(u8) + 'static) -> Result<Answer, Failure> {
    let request = XmlHttpRequest::new().map_err(|_| Failure::Network)?;
    request.open("POST", &path::upload(key)).map_err(|_| Failure::Network)?;
    request.set_timeout(PATIENCE);
    let mut told = 0;
    let progress = Closure::<dyn FnMut(ProgressEvent)>::new(move |event: ProgressEvent| {
        let percent = (100.0 * event.loaded() / event.total().max(1.0)).clamp(0.0, 100.0) as u8;
        if percent > told {
            told = percent;
            progress(percent);
        }
    });
    let _ = request.upload().add_event_listener_with_callback("progress", progress.as_ref().unchecked_ref());
    let ended = Promise::new(&mut |resolve, _| request.set_onloadend(&resolve));
    request.send(file).map_err(|_| Failure::Network)?;
    let _ = JsFuture::from(ended).await;
    let text = request.response_text();
    match request.status() {
        0 => Err(Failure::Network),
        200..300 => read(&text).map(Answer::Uploaded),
        status => Err(Failure::Refused(refusal(status, &text))),
    }
}

/// The device does not have the picture any more: nobody can send it.
pub fn lost() -> ApiError {
    ApiError { code: ErrorCode::InvalidField, message: "the picture is lost".to_owned(), retryable: false, field: None }
}
