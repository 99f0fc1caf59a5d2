//! One device's push connection, by whatever it is carried.
//!
//! Invariants: the greeting is the first frame; nothing that waits to be written keeps the hub's word to end from being
//! heard; a device that says nothing for [`SILENCE`] is gone.

use super::Connected;
use crate::auth::CurrentUser;
use crate::domain::presence;
use crate::state::AppState;
use axum::extract::ws::Utf8Bytes;
use protocol::frame::close;
use protocol::{ClientFrame, ServerFrame};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How often a device pings (R004-G10).
const HEARTBEAT: Duration = Duration::from_secs(25);
/// A device silent for this long is gone: two heartbeats and some patience.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a closing device may take to hear the reason.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);
/// Frames written before one flush.
const BURST: usize = 64;

/// What comes from a device.
pub(super) enum Said {
    Frame(ClientFrame),
    /// Nothing that means anything, but it is there.
    Alive,
    /// Something that ends the connection with this code.
    Wrong(u16),
    /// It is gone already.
    Gone,
}

/// The device is gone.
pub(super) struct Gone;

/// What carries frames to a device and hears it.
pub(super) trait Carrier: Send {
    /// What the device says next. Nothing is lost when nobody waits for it any longer.
    fn hear(&mut self) -> impl Future<Output = Said> + Send;

    /// Takes a frame to be written with the next [`Self::flush`].
    fn feed(&mut self, frame: Utf8Bytes) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Writes what was fed.
    fn flush(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Tells why it ends, unless the device does not take it within [`FAREWELL`].
    fn close(self, code: u16) -> impl Future<Output = ()> + Send;
}

/// Serves a device until either side ends it. It is online already: then it is looked whether it is logged in, so that
/// a login that ends meanwhile is noticed by one of the two.
pub(super) async fn serve(mut carrier: impl Carrier, mut connected: Connected, user: CurrentUser, state: AppState) {
    let code = match state.logins.is_current(&user).await {
        Ok(true) => {
            state.logins.seen(&user);
            let code = talk(&mut carrier, &mut connected, &user, &state).await;
            state.logins.seen(&user);
            code
        }
        Ok(false) => Some(close::REVOKED),
        // Who is told that a login has ended lets go of what waits to be sent: only what is known is told.
        Err(error) => {
            tracing::warn!(%error, "whether a login stands cannot be read; its device comes back");
            Some(close::GOING_AWAY)
        }
    };
    drop(connected);
    if let Some(code) = code {
        carrier.close(code).await;
    }
}

/// Tells the code to close with, or `None` when the device is gone already.
async fn talk(
    carrier: &mut impl Carrier,
    connected: &mut Connected,
    user: &CurrentUser,
    state: &AppState,
) -> Option<u16> {
    let Connected { id, queue, cut, .. } = connected;
    let mut frame = encode(&ServerFrame::Hello {
        device: user.device,
        server_time: crate::store::now(),
        heartbeat_s: HEARTBEAT.as_secs(),
        rules: state.config.rules(),
    });
    let mut silent_at = Instant::now() + SILENCE;
    loop {
        tokio::select! {
            biased;
            // A reader that stopped reading must not hold this task: the hub's word comes first.
            code = &mut *cut => return Some(code.unwrap_or(close::GOING_AWAY)),
            written = write(carrier, frame, queue) => written.ok()?,
        }
        frame = loop {
            let said = tokio::select! {
                biased;
                code = &mut *cut => return Some(code.unwrap_or(close::GOING_AWAY)),
                frame = queue.recv() => break frame?,
                said = carrier.hear() => said,
                () = sleep_until(silent_at) => return Some(close::GOING_AWAY),
            };
            silent_at = Instant::now() + SILENCE;
            match said {
                Said::Frame(ClientFrame::Ping) => {
                    break encode(&ServerFrame::Pong { server_time: crate::store::now() });
                }
                // What is refused here is worth no word: nobody waits for it.
                Said::Frame(ClientFrame::Typing { conversation }) => {
                    drop(presence::typing(state, user.account.id, conversation).await);
                }
                Said::Frame(ClientFrame::Watch { conversation }) => {
                    drop(presence::watch(state, (user.account.id, *id), conversation).await);
                }
                Said::Alive => {}
                Said::Wrong(code) => return Some(code),
                Said::Gone => return None,
            }
        };
    }
}

/// Writes what is queued with one flush.
async fn write(
    carrier: &mut impl Carrier,
    first: Utf8Bytes,
    queue: &mut tokio::sync::mpsc::Receiver<Utf8Bytes>,
) -> Result<(), Gone> {
    carrier.feed(first).await?;
    for _ in 1..BURST {
        match queue.try_recv() {
            Ok(frame) => carrier.feed(frame).await?,
            Err(_) => break,
        }
    }
    carrier.flush().await
}

fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::tests::quiet;
    use tokio::sync::oneshot;

    /// A device that says nothing, and of which only the end is known.
    struct Silent(oneshot::Sender<u16>);

    impl Carrier for Silent {
        async fn hear(&mut self) -> Said {
            std::future::pending().await
        }

        async fn feed(&mut self, _: Utf8Bytes) -> Result<(), Gone> {
            Ok(())
        }

        async fn flush(&mut self) -> Result<(), Gone> {
            Ok(())
        }

        async fn close(self, code: u16) {
            let _ = self.0.send(code);
        }
    }

    /// R004-A5: a device is told that its login has ended when that is known, and to come back when it cannot be known.
    #[tokio::test]
    async fn only_an_ended_login_is_said_to_have_ended() {
        let folder = tempfile::tempdir().unwrap();
        let state = quiet(folder.path()).await;
        let name = "aa".try_into().unwrap();
        let account = state.store.create_account("aa".try_into().unwrap(), name, String::new()).await.unwrap();
        let (device, token) = state.logins.begin(&account, "x".try_into().unwrap()).await.unwrap().unwrap();
        let user = CurrentUser(state.logins.find(&token.text).await.unwrap().unwrap());
        // It is in no memory: the database is asked.
        state.logins.forget(&[account.id]);
        let end = async || {
            let (told, code) = oneshot::channel();
            serve(Silent(told), state.hub.connect(account.id, device), user.clone(), state.clone()).await;
            code.await
        };
        state.store.end_login(account.id, device).await.unwrap();
        assert_eq!(end().await, Ok(close::REVOKED));
        state.store.close().await;
        assert_eq!(end().await, Ok(close::GOING_AWAY));
    }
}
