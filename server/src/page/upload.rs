//! The form with a picture, as a browser sends it.

use crate::error::Refusal;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use protocol::profile::Crop;
use protocol::{ClientId, ErrorCode};

/// What the form says. Without `act` the file is meant.
#[derive(Default)]
pub struct Upload {
    pub file: axum::body::Bytes,
    pub crop: Option<Crop>,
    pub remove: bool,
    /// The key of the message that is to carry the picture.
    pub client_id: Option<ClientId>,
}

impl Upload {
    /// Reads the form; a file that is too large is told of in the field that the caller names.
    pub async fn read(request: Request, shown: &'static str) -> Result<Self, Refusal> {
        let unreadable = |error| unreadable(error, shown);
        let mut form = Multipart::from_request(request, &()).await.map_err(|_| Refusal::bad_request("send a form"))?;
        let mut upload = Self::default();
        let (mut x, mut y, mut size) = (0, 0, None);
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "picture" {
                upload.file = field.bytes().await.map_err(unreadable)?;
                continue;
            }
            let text = field.text().await.map_err(unreadable)?;
            match name.as_str() {
                "x" => x = text.parse().unwrap_or(0),
                "y" => y = text.parse().unwrap_or(0),
                "size" => size = text.parse().ok(),
                "client_id" => upload.client_id = text.parse().ok(),
                "act" => upload.remove = text == "remove",
                _ => {}
            }
        }
        upload.crop = size.map(|size| Crop { x, y, size });
        Ok(upload)
    }
}

fn unreadable(error: MultipartError, shown: &str) -> Refusal {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal { field: Some(shown.to_owned()), ..Refusal::new(ErrorCode::TooLarge, "the picture is too large") }
        }
        _ => Refusal::bad_request("the form could not be read"),
    }
}
