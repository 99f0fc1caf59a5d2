//! The accept loop: one HTTP/1.1 connection a task, with every deadline and bound that a hostile client needs.
//!
//! Invariants: a request head arrives within [`HEAD`], counted from the moment at which the server is ready for it, or
//! the connection ends: also when not one byte comes. A peer that does not take what is written for [`STALLED`] is cut
//! off. Sockets never outnumber the configured bound, upgraded ones included.

use crate::auth::extract::Peer;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tower::Service;

const HEAD: Duration = Duration::from_secs(10);
const STALLED: Duration = Duration::from_secs(30);
/// The largest request head, and what a connection buffers at most, in bytes.
const BUFFER: usize = 16 * 1024;
/// How long to wait when the system has no more descriptors.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// The connections that are still open after the server stopped to accept.
pub struct Open {
    stopping: watch::Sender<bool>,
    places: Arc<Semaphore>,
    bound: u32,
}

impl Open {
    /// Lets requests in progress finish and sockets say farewell, but no longer than `limit`.
    pub async fn drain(self, limit: Duration) {
        let _ = self.stopping.send(true);
        // Every place is free again when every connection has ended.
        if timeout(limit, self.places.acquire_many(self.bound)).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut off");
        }
    }
}

/// Accepts connections until `stop` is ready.
pub async fn serve(listener: TcpListener, router: Router, bound: u32, stop: impl Future<Output = ()>) -> Open {
    let (stopping, stopped) = watch::channel(false);
    let places = Arc::new(Semaphore::new(bound as usize));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut stop => return Open { stopping, places, bound },
        };
        match accepted {
            Ok((stream, peer, place)) => {
                // Frames and answers are small and must leave at once.
                let _ = stream.set_nodelay(true);
                let socket = Socket { stream, stalled: None, _place: place };
                tokio::spawn(connection(socket, peer, router.clone(), stopped.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

async fn connection(socket: Socket, peer: SocketAddr, router: Router, mut stopped: watch::Receiver<bool>) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        // The value changes once: to "stop".
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A client that goes away or breaks the protocol is no event.
        tracing::trace!(%error, "a connection ended early");
    }
}

/// A connection's stream, holding its place among the open ones until it is dropped, wherever it moves.
struct Socket {
    stream: TcpStream,
    /// Runs while the peer takes nothing of what waits to be written.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Socket {
    fn bounded<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.stalled = None;
            return poll;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + STALLED)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.bounded(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.bounded(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(cx);
        self.bounded(cx, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
