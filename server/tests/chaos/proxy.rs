//! A TCP proxy that fails as networks do.
//!
//! It knows of HTTP/1.1 and WebSocket no more than it needs: which request sends a message, and where a frame of the
//! server ends.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What happens to the bytes of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    #[default]
    Open,
    /// They wait, and go on when the weather clears.
    Stalled,
    /// They are lost, and so are all later ones of the connection: the peer is gone without a word.
    Dead,
}

/// How the network is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Connections are reset, and so is every new one.
    pub down: bool,
    /// Towards the server.
    pub up: Way,
    /// Towards the device.
    pub back: Way,
    /// Every piece is late by this much.
    pub delay: Duration,
    /// So late are the pieces of HTTP answers only, not those of the push connection.
    pub answers_late: Duration,
    /// Bytes go one by one, but for the answer that opens a push connection: tungstenite takes so many small pieces of it
    /// for an attack and hangs up, which no browser does.
    pub sliced: bool,
    /// Sends reach the server and their answers reach nobody: the connection is reset in their place.
    pub swallow: bool,
}

impl Weather {
    /// Nothing comes through, and nothing says so.
    pub fn half_open() -> Self {
        Self { up: Way::Dead, back: Way::Dead, ..Self::default() }
    }
}

/// Between devices and the server. Dropped, its connections are gone.
pub struct Proxy {
    pub address: String,
    wires: Arc<Wires>,
    _carrying: JoinSet<()>,
}

struct Wires {
    upstream: Mutex<String>,
    weather: watch::Sender<Weather>,
    /// Counts the cuts: every connection ends when it changes.
    cut: watch::Sender<u64>,
    /// The next push connection is reset after so many frames.
    frames: Mutex<Option<u64>>,
    swallowed: AtomicU64,
    /// Push connections that were reset after their number of frames.
    frame_cuts: AtomicU64,
}

impl Proxy {
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let wires = Arc::new(Wires {
            upstream: Mutex::new(upstream.to_owned()),
            weather: watch::Sender::new(Weather::default()),
            cut: watch::Sender::new(0),
            frames: Mutex::new(None),
            swallowed: AtomicU64::new(0),
            frame_cuts: AtomicU64::new(0),
        });
        let mut carrying = JoinSet::new();
        carrying.spawn(accept(listener, wires.clone()));
        Self { address, wires, _carrying: carrying }
    }

    pub fn set(&self, weather: Weather) {
        self.wires.weather.send_replace(weather);
    }

    /// The network is as it should be; connections that died stay dead until somebody notices.
    pub fn clear(&self) {
        *self.wires.frames.lock().unwrap() = None;
        self.set(Weather::default());
    }

    /// Resets every connection.
    pub fn cut(&self) {
        self.wires.cut.send_modify(|cuts| *cuts += 1);
    }

    /// Resets the next push connection once it has brought so many frames.
    pub fn cut_after(&self, frames: u64) {
        *self.wires.frames.lock().unwrap() = Some(frames);
    }

    /// How many push connections were reset after their number of frames.
    pub fn frame_cuts(&self) -> u64 {
        self.wires.frame_cuts.load(Ordering::Relaxed)
    }

    /// How many answers of sends nobody heard.
    pub fn swallowed(&self) -> u64 {
        self.wires.swallowed.load(Ordering::Relaxed)
    }

    /// Where the server is now.
    pub fn lead_to(&self, upstream: &str) {
        *self.wires.upstream.lock().unwrap() = upstream.to_owned();
    }
}

async fn accept(listener: TcpListener, wires: Arc<Wires>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => drop(connections.spawn(carry(client, wires.clone()))),
            Some(_) = connections.join_next() => {}
        }
    }
}

/// What is known of a connection's talk.
#[derive(Default)]
struct Talk {
    /// The request on its way sends a message.
    sending: bool,
    /// The server has answered since the last request began.
    answered: bool,
    push: Option<Frames>,
}

/// How a connection ended.
enum End {
    /// One side closed it.
    Closed,
    Reset,
}

async fn carry(mut client: TcpStream, wires: Arc<Wires>) {
    let upstream = wires.upstream.lock().unwrap().clone();
    let mut cut = wires.cut.subscribe();
    let mut weather = wires.weather.subscribe();
    let end = match TcpStream::connect(upstream).await {
        Err(_) => End::Reset,
        Ok(mut server) => {
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            let talk = Mutex::new(Talk { answered: true, ..Talk::default() });
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = server.split();
            let end = tokio::select! {
                biased;
                _ = cut.changed() => End::Reset,
                _ = weather.wait_for(|weather| weather.down) => End::Reset,
                end = up(from_client, to_server, &wires, &talk) => end,
                end = back(from_server, to_client, &wires, &talk) => end,
            };
            if matches!(end, End::Reset) {
                let _ = server.set_zero_linger();
            }
            end
        }
    };
    if matches!(end, End::Reset) {
        let _ = client.set_zero_linger();
    }
}

async fn up(from: impl AsyncRead + Unpin, to: impl AsyncWrite + Unpin, wires: &Wires, talk: &Mutex<Talk>) -> End {
    pump(
        from,
        to,
        wires,
        |weather| weather.up,
        |bytes, _| {
            let mut talk = talk.lock().unwrap();
            if talk.answered && talk.push.is_none() {
                talk.answered = false;
                let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
                talk.sending = line.starts_with(b"POST ") && line.ends_with(b"/messages HTTP/1.1");
            }
            Pass::of(bytes.len())
        },
    )
    .await
}

async fn back(from: impl AsyncRead + Unpin, to: impl AsyncWrite + Unpin, wires: &Wires, talk: &Mutex<Talk>) -> End {
    pump(
        from,
        to,
        wires,
        |weather| weather.back,
        |bytes, weather| {
            let mut talk = talk.lock().unwrap();
            talk.answered = true;
            if talk.sending && weather.swallow {
                wires.swallowed.fetch_add(1, Ordering::Relaxed);
                return Pass { then_reset: true, ..Pass::of(0) };
            }
            if talk.push.is_none() && bytes.starts_with(b"HTTP/1.1 101") {
                talk.push = Some(Frames::new(wires.frames.lock().unwrap().take()));
            }
            match &mut talk.push {
                Some(frames) => {
                    let whole = !frames.greeted;
                    let pass = frames.pass(bytes);
                    wires.frame_cuts.fetch_add(u64::from(pass.then_reset), Ordering::Relaxed);
                    Pass { whole, ..pass }
                }
                None => Pass { late: weather.answers_late, ..Pass::of(bytes.len()) },
            }
        },
    )
    .await
}

/// How much of a piece goes on.
struct Pass {
    bytes: usize,
    late: Duration,
    then_reset: bool,
    /// Not one by one, whatever the weather.
    whole: bool,
}

impl Pass {
    fn of(bytes: usize) -> Self {
        Self { bytes, late: Duration::ZERO, then_reset: false, whole: false }
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    wires: &Wires,
    way: impl Fn(&Weather) -> Way,
    mut look: impl FnMut(&[u8], &Weather) -> Pass,
) -> End {
    let mut weather = wires.weather.subscribe();
    let mut buffer = vec![0; 16_384];
    let mut dead = false;
    loop {
        dead |= way(&weather.borrow_and_update()) == Way::Dead;
        let length = tokio::select! {
            length = from.read(&mut buffer) => length,
            _ = weather.changed(), if !dead => continue,
        };
        let length = match length {
            Ok(0) => return End::Closed,
            Err(_) => return End::Reset,
            Ok(length) => length,
        };
        let now = match weather.wait_for(|weather| way(weather) != Way::Stalled).await {
            Ok(now) => *now,
            Err(_) => return End::Closed,
        };
        dead |= way(&now) == Way::Dead;
        if dead {
            continue;
        }
        let pass = look(&buffer[..length], &now);
        tokio::time::sleep(now.delay + pass.late).await;
        let sliced = now.sliced && !pass.whole;
        let pieces = if sliced { 1 } else { length.max(1) };
        for piece in buffer[..pass.bytes].chunks(pieces) {
            if to.write_all(piece).await.is_err() {
                return End::Reset;
            }
            if sliced {
                tokio::task::yield_now().await;
            }
        }
        if pass.then_reset {
            return End::Reset;
        }
    }
}

/// Finds the ends of the server's frames, which are not masked (RFC 6455, 5.2).
struct Frames {
    /// What is known of the piece that is being read: the head of the answer, or the header of a frame.
    head: Vec<u8>,
    greeted: bool,
    /// How much of the frame's payload is still to come.
    payload: u64,
    left: Option<u64>,
}

impl Frames {
    fn new(left: Option<u64>) -> Self {
        Self { head: Vec::new(), greeted: false, payload: 0, left }
    }

    /// Passes everything, or as much as there is before the cut.
    fn pass(&mut self, bytes: &[u8]) -> Pass {
        for (at, byte) in bytes.iter().enumerate() {
            if self.left == Some(0) && self.greeted && self.payload == 0 && self.head.is_empty() {
                return Pass { then_reset: true, ..Pass::of(at) };
            }
            self.take(*byte);
        }
        let then_reset = self.left == Some(0) && self.greeted && self.payload == 0 && self.head.is_empty();
        Pass { then_reset, ..Pass::of(bytes.len()) }
    }

    fn take(&mut self, byte: u8) {
        if self.payload > 0 {
            self.payload -= 1;
            if self.payload == 0 {
                self.end_of_frame();
            }
            return;
        }
        self.head.push(byte);
        if !self.greeted {
            if self.head.ends_with(b"\r\n\r\n") {
                self.greeted = true;
                self.head.clear();
            }
            return;
        }
        let Some(&short) = self.head.get(1) else { return };
        let wide = match short & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if self.head.len() == 2 + wide {
            let long = self.head[2..].iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
            self.payload = if wide == 0 { u64::from(short & 0x7f) } else { long };
            self.head.clear();
            if self.payload == 0 {
                self.end_of_frame();
            }
        }
    }

    fn end_of_frame(&mut self) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
    }
}
