//! `GET /push/events`: the same push connection as server-sent events, where something on the way refuses WebSockets
//! (R004-G5). What the device says comes by `POST /push/frames` and names the connection.
//!
//! The stream begins with an event `connection`, whose data is that name. Events without a name are frames. The last
//! one is `close`, whose data is the code that a WebSocket would be closed with.

use super::talk::{Carrier, FAREWELL, Gone, Said, serve};
use crate::auth::CurrentUser;
use crate::state::AppState;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::ws::Utf8Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::IntoResponse;
use futures::stream::unfold;
use protocol::ClientFrame;
use std::convert::Infallible;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// No proxy may hold the stream back, pack it or keep it.
const HEADERS: [(HeaderName, &str); 3] = [
    (CONTENT_TYPE, "text/event-stream"),
    (CACHE_CONTROL, "no-store, no-transform"),
    (HeaderName::from_static("x-accel-buffering"), "no"),
];

/// Frames of a device that wait to be heard.
const SAID: usize = 16;

pub async fn connect(State(state): State<AppState>, user: CurrentUser) -> impl IntoResponse {
    // One chunk waits; what else is to be told waits in the hub's queue.
    let (body, chunks) = mpsc::channel(1);
    let (mouth, said) = mpsc::channel(SAID);
    let connected = state.hub.connect_heard(user.account.id, user.device, Some(mouth));
    let written = format!("event: connection\ndata: {}\n\n", connected.id);
    // The connection waits for the end of this task, because the body ends with it.
    tokio::spawn(serve(Events { written, body, said }, connected, user, state));
    let chunks = unfold(chunks, async |mut chunks| chunks.recv().await.map(|chunk| (chunk, chunks)));
    (HEADERS, Body::from_stream(chunks))
}

struct Events {
    /// What is fed and not flushed.
    written: String,
    body: mpsc::Sender<Result<Bytes, Infallible>>,
    said: mpsc::Receiver<ClientFrame>,
}

impl Carrier for Events {
    async fn hear(&mut self) -> Said {
        tokio::select! {
            Some(frame) = self.said.recv() => Said::Frame(frame),
            () = self.body.closed() => Said::Gone,
        }
    }

    async fn feed(&mut self, frame: Utf8Bytes) -> Result<(), Gone> {
        // A frame is one line: JSON escapes what would end it.
        self.written.extend(["data: ", frame.as_str(), "\n\n"]);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        let chunk = std::mem::take(&mut self.written);
        self.body.send(Ok(chunk.into())).await.map_err(|_| Gone)
    }

    async fn close(self, code: u16) {
        let farewell = format!("event: close\ndata: {code}\n\n");
        // A device that does not listen any more has gone; there is nobody to tell.
        let _ = timeout(FAREWELL, self.body.send(Ok(farewell.into()))).await;
    }
}
