//! `GET /push`: a device's push connection as a WebSocket. Only a way down; whatever changes something goes by HTTP.

use super::talk::{Carrier, FAREWELL, Gone, Said, serve};
use crate::auth::CurrentUser;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures::{SinkExt, StreamExt};
use protocol::ClientFrame;
use protocol::frame::close;
use tokio::time::timeout;

pub async fn connect(
    State(state): State<AppState>,
    user: CurrentUser,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|rejection| Refusal::bad_request(rejection.body_text()))?;
    let response = upgrade
        // An idle connection holds little: what is read is short, what is written is flushed.
        .read_buffer_size(1_024)
        .write_buffer_size(0)
        .max_write_buffer_size(1 << 20)
        .max_message_size(ClientFrame::MAX)
        .max_frame_size(ClientFrame::MAX)
        .on_upgrade(move |socket| async move {
            let connected = state.hub.connect(user.account.id, user.device);
            serve(socket, connected, user, state).await;
        });
    Ok(response)
}

impl Carrier for WebSocket {
    async fn hear(&mut self) -> Said {
        match self.next().await {
            Some(Ok(Message::Text(text))) => {
                serde_json::from_str(&text).map_or(Said::Wrong(close::REFUSED), Said::Frame)
            }
            Some(Ok(Message::Binary(_))) => Said::Wrong(close::REFUSED),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Said::Alive,
            Some(Ok(Message::Close(_))) | None => Said::Gone,
            Some(Err(_)) => Said::Wrong(close::TOO_BIG),
        }
    }

    async fn feed(&mut self, frame: Utf8Bytes) -> Result<(), Gone> {
        SinkExt::feed(self, Message::Text(frame)).await.map_err(|_| Gone)
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        SinkExt::flush(self).await.map_err(|_| Gone)
    }

    async fn close(mut self, code: u16) {
        let reason = match code {
            close::RESYNC => "resync",
            close::REVOKED => "login ended",
            close::TOO_BIG => "frame too long or malformed",
            close::REFUSED => "not a frame of this protocol",
            _ => "going away",
        };
        let frame = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
        // A device that does not listen any more has gone; there is nobody to tell.
        let _ = timeout(FAREWELL, self.send(frame)).await;
    }
}
