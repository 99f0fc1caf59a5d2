//! `GET /push`: one device's WebSocket. Only a way down; whatever a device sends, it sends by HTTP.

use super::Connected;
use crate::auth::CurrentUser;
use crate::domain::presence;
use crate::error::Refusal;
use crate::state::AppState;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures::{Sink, SinkExt, Stream, StreamExt};
use protocol::frame::close;
use protocol::{ClientFrame, DeviceId, Rules, ServerFrame};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// How often a device pings (R004-G10).
pub const HEARTBEAT: Duration = Duration::from_secs(25);
/// A device silent for this long is gone: two heartbeats and some patience.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a closing device may take to hear the reason.
const FAREWELL: Duration = Duration::from_secs(1);
/// Frames written before one flush.
const BURST: usize = 64;
/// The longest frame that a device may send, in bytes.
const FRAME_MAX: usize = 4_096;

pub async fn connect(
    State(state): State<AppState>,
    current: CurrentUser,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|rejection| Refusal::bad_request(rejection.body_text()))?;
    let rules = state.config.rules();
    let response = upgrade
        // An idle connection holds little: what is read is short, what is written is flushed.
        .read_buffer_size(1_024)
        .write_buffer_size(0)
        .max_write_buffer_size(1 << 20)
        .max_message_size(FRAME_MAX)
        .max_frame_size(FRAME_MAX)
        .on_upgrade(move |socket| async move {
            let (account, device) = (current.account.id, current.device);
            // Online first, then known to be logged in: a login that ends meanwhile is noticed by one of the two.
            let connected = state.hub.connect(account, device);
            if state.logins.is_current(&current).await {
                state.logins.seen(device);
                serve(socket, connected, device, rules, &state).await;
                state.logins.seen(device);
            } else {
                farewell(socket, close::REVOKED).await;
            }
        });
    Ok(response)
}

async fn serve(mut socket: WebSocket, mut connected: Connected, device: DeviceId, rules: Rules, state: &AppState) {
    let hello =
        ServerFrame::Hello { device, server_time: crate::store::now(), heartbeat_s: HEARTBEAT.as_secs(), rules };
    let code = match socket.send(Message::Text(encode(&hello))).await {
        Ok(()) => talk(&mut socket, &mut connected, state).await,
        Err(_) => None,
    };
    drop(connected);
    if let Some(code) = code {
        farewell(socket, code).await;
    }
}

/// Until either side ends it; tells the code to close with, or `None` when the device is gone already.
async fn talk<S>(socket: &mut S, connected: &mut Connected, state: &AppState) -> Option<u16>
where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Unpin,
{
    let Connected { account, id, queue, cut, .. } = connected;
    let (account, id) = (*account, *id);
    let mut silent_at = Instant::now() + SILENCE;
    loop {
        tokio::select! {
            biased;
            code = &mut *cut => return Some(code.unwrap_or(close::GOING_AWAY)),
            frame = queue.recv() => {
                let frame = frame?;
                tokio::select! {
                    biased;
                    // A reader that stopped reading must not hold this task: the hub's word comes first.
                    code = &mut *cut => return Some(code.unwrap_or(close::GOING_AWAY)),
                    written = write(socket, frame, queue) => written.ok()?,
                }
            }
            received = socket.next() => {
                silent_at = Instant::now() + SILENCE;
                match received? {
                    Ok(Message::Text(text)) => match serde_json::from_str(&text) {
                        Ok(ClientFrame::Ping) => socket.send(Message::Text(encode(&ServerFrame::Pong))).await.ok()?,
                        // What is refused here is worth no word: nobody waits for it.
                        Ok(ClientFrame::Typing { conversation }) => {
                            drop(presence::typing(state, account, conversation).await);
                        }
                        Ok(ClientFrame::Watch { conversation }) => {
                            drop(presence::watch(state, (account, id), conversation).await);
                        }
                        Err(_) => return Some(close::REFUSED),
                    },
                    Ok(Message::Binary(_)) => return Some(close::REFUSED),
                    Ok(Message::Ping(_) | Message::Pong(_)) => {}
                    Ok(Message::Close(_)) => return None,
                    Err(_) => return Some(close::TOO_BIG),
                }
            }
            () = sleep_until(silent_at) => return Some(close::GOING_AWAY),
        }
    }
}

/// Writes what is queued with one flush.
async fn write<S>(
    socket: &mut S,
    first: Utf8Bytes,
    queue: &mut tokio::sync::mpsc::Receiver<Utf8Bytes>,
) -> Result<(), axum::Error>
where
    S: Sink<Message, Error = axum::Error> + Unpin,
{
    socket.feed(Message::Text(first)).await?;
    for _ in 1..BURST {
        match queue.try_recv() {
            Ok(frame) => socket.feed(Message::Text(frame)).await?,
            Err(_) => break,
        }
    }
    socket.flush().await
}

async fn farewell(mut socket: WebSocket, code: u16) {
    let reason = match code {
        close::RESYNC => "resync",
        close::REVOKED => "login ended",
        close::TOO_BIG => "frame too long or malformed",
        close::REFUSED => "not a frame of this protocol",
        _ => "going away",
    };
    let frame = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
    // A device that does not listen any more has gone; there is nobody to tell.
    let _ = timeout(FAREWELL, socket.send(frame)).await;
}

fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
}
