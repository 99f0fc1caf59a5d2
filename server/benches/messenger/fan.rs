//! One message to everybody who is connected: the worker `fan`, and the bare server that is its floor, `bare-fan`.
//!
//! Invariant: a run in which one listener missed one message, or heard one twice, is an error and yields no figures.

use crate::http::{Http, push, socket};
use crate::latency::Latency;
use crate::process::{cpu, rss_kib};
use anyhow::{Context, ensure};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message as Frame, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use futures::{SinkExt, StreamExt};
use protocol::messaging::SendRequest;
use protocol::{ClientId, Conversation, ConversationId, Message, MessageBody, path};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;

const AT_ONCE: usize = 32;
/// How long the last listener may take.
const LATE: Duration = Duration::from_secs(20);
/// Messages on their way to listeners in the loop at saturation: fewer than a listener's queue in the server holds.
const WINDOW: u64 = 64;
/// Requests on their way at saturation.
const SENDERS: usize = 8;
/// Frames that wait for one reader of the bare server, as many as the server's own.
const QUEUE: usize = 512;

#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    pub server: SocketAddr,
    pub pid: u32,
    /// Who listens, by token; the first one sends. Without a conversation: to the bare server.
    pub listeners: Vec<String>,
    pub conversation: Option<ConversationId>,
    pub lasting: Duration,
}

/// Times in milliseconds, from the intended send.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    pub first: Latency,
    pub last: Latency,
    /// Of the send's own answer.
    pub ack: Latency,
    pub deliveries_per_second: f64,
    /// Of the server, at saturation.
    pub server_us: f64,
    pub frame_bytes: f64,
    pub rss_mb: f64,
}

/// What the listeners have heard, by number of the message.
struct Heard {
    began: Instant,
    base: u64,
    listeners: u64,
    /// How many heard it; when the first and the last of them did, in nanoseconds since the beginning.
    messages: Vec<[AtomicU64; 3]>,
    /// Messages that everybody has heard, in order.
    whole: watch::Sender<u64>,
    bytes: AtomicU64,
}

/// More messages than a run can send.
const MOST: usize = 1 << 17;

impl Heard {
    fn new(base: u64, listeners: usize) -> Self {
        let messages = (0..MOST).map(|_| Default::default()).collect();
        let (whole, _) = watch::channel(0);
        let bytes = AtomicU64::new(0);
        Self { began: Instant::now(), base, listeners: listeners as u64, messages, whole, bytes }
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    /// One listener takes a frame; frames of one conversation come in order.
    fn take(&self, text: &str, head: &mut u64) -> anyhow::Result<()> {
        let Some(seq) = number_after(text, r#""head_seq":"#) else { return Ok(()) };
        ensure!(seq == *head + 1, "{seq} came after {head}");
        *head = seq;
        let [count, first, last] = self.messages.get((seq - self.base - 1) as usize).context("too many messages")?;
        let now = self.now();
        self.bytes.store(text.len() as u64, Ordering::Relaxed);
        let heard = count.fetch_add(1, Ordering::AcqRel) + 1;
        if heard == 1 {
            first.store(now, Ordering::Release);
        }
        if heard == self.listeners {
            last.store(now, Ordering::Release);
            self.whole.send_modify(|whole| *whole += 1);
        }
        Ok(())
    }

    async fn until(&self, messages: u64) -> anyhow::Result<()> {
        let mut whole = self.whole.subscribe();
        timeout(LATE, whole.wait_for(|whole| *whole >= messages)).await.context("somebody heard nothing")??;
        Ok(())
    }
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let rest = text.get(text.find(name)? + name.len()..)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Does one job: the worker `fan`.
pub async fn run(job: Job) -> anyhow::Result<Report> {
    let sender = job.listeners.first().context("nobody listens")?;
    let base = match job.conversation {
        Some(id) => {
            let about: Conversation = Http::connect(job.server, sender).await?.get(&path::conversation(id)).await?;
            about.head_seq.get()
        }
        None => 0,
    };
    let heard = Arc::new(Heard::new(base, job.listeners.len()));
    let mut listening = JoinSet::new();
    for socket in sockets(&job).await? {
        listening.spawn(listen(socket, heard.clone()));
    }
    let work = async {
        // The first message warms what is cold.
        let mut out = Out::new(&job, sender, 0).await?;
        out.send().await?;
        heard.until(1).await?;
        let acks = in_turn(&job, &heard, &mut out).await?;
        let sent = 1 + acks.len() as u64;
        let times = |which: usize| {
            let of = |(at, intended): (usize, &(Duration, u64))| {
                let nanos = heard.messages.get(1 + at).and_then(|message| message.get(which));
                Duration::from_nanos(nanos.map_or(0, |at| at.load(Ordering::Acquire)).saturating_sub(intended.1))
            };
            Latency::of(acks.iter().enumerate().map(of).collect::<Vec<_>>())
        };
        let (first, last) = (times(1)?, times(2)?);
        let ack = Latency::of(acks.iter().map(|(ack, _)| *ack))?;
        let (deliveries_per_second, server_us) = saturate(&job, &heard, sent).await?;
        let frame_bytes = heard.bytes.load(Ordering::Relaxed) as f64;
        let rss_mb = rss_kib(job.pid)? / 1e3 * 1.024;
        anyhow::Ok(Report { first, last, ack, deliveries_per_second, server_us, frame_bytes, rss_mb })
    };
    tokio::select! {
        report = work => report,
        Some(failed) = listening.join_next() => failed?.and_then(|()| anyhow::bail!("a listener was cut off")),
    }
}

async fn sockets(job: &Job) -> anyhow::Result<Vec<WebSocketStream<TcpStream>>> {
    let mut sockets = Vec::with_capacity(job.listeners.len());
    let mut connecting = JoinSet::new();
    for (place, token) in job.listeners.iter().cloned().enumerate() {
        if connecting.len() == AT_ONCE {
            sockets.extend(connecting.join_next().await.transpose()?.transpose()?);
        }
        let (server, bare, from) = (job.server, job.conversation.is_none(), 2 + (place % 8) as u8);
        connecting.spawn(async move {
            match bare {
                true => socket(server, "/", "", from).await,
                false => push(server, &token, from).await,
            }
        });
    }
    while let Some(socket) = connecting.join_next().await {
        sockets.push(socket??);
    }
    Ok(sockets)
}

async fn listen(mut socket: WebSocketStream<TcpStream>, heard: Arc<Heard>) -> anyhow::Result<()> {
    let mut head = heard.base;
    while let Some(frame) = socket.next().await {
        match frame? {
            tungstenite::Message::Text(text) => heard.take(&text, &mut head)?,
            tungstenite::Message::Close(close) => anyhow::bail!("closed: {close:?}"),
            _ => {}
        }
    }
    Ok(())
}

/// One message after the other, each when everybody has heard the one before; its answer's time, and when it was sent.
async fn in_turn(job: &Job, heard: &Heard, out: &mut Out) -> anyhow::Result<Vec<(Duration, u64)>> {
    let mut acks = Vec::new();
    while heard.began.elapsed() < job.lasting || acks.len() < 5 {
        let (intended, began) = (heard.now(), Instant::now());
        out.send().await?;
        acks.push((began.elapsed(), intended));
        heard.until(1 + acks.len() as u64).await?;
    }
    Ok(acks)
}

/// As many as can be, a bounded number of them on their way: deliveries a second, and the server's time for one.
async fn saturate(job: &Job, heard: &Arc<Heard>, before: u64) -> anyhow::Result<(f64, f64)> {
    let began = Instant::now();
    let cpu_before = cpu(job.pid)?;
    let sent = Arc::new(AtomicU64::new(before));
    let senders = if job.conversation.is_some() { SENDERS } else { 1 };
    let mut sending = JoinSet::new();
    for place in 1..=senders {
        let token = job.listeners.first().context("nobody listens")?;
        let mut out = Out::new(job, token, place).await?;
        out.next = before + 1;
        let (heard, sent, end) = (heard.clone(), sent.clone(), began + job.lasting);
        sending.spawn(async move {
            while Instant::now() < end {
                let number = sent.fetch_add(1, Ordering::AcqRel) + 1;
                heard.until(number.saturating_sub(WINDOW)).await?;
                out.send().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = sending.join_next().await {
        done??;
    }
    let messages = sent.load(Ordering::Acquire);
    heard.until(messages).await?;
    let deliveries = ((messages - before) * heard.listeners) as f64;
    let server = (cpu(job.pid)? - cpu_before).as_secs_f64();
    Ok((deliveries / began.elapsed().as_secs_f64(), server * 1e6 / deliveries))
}

/// Where messages go: to a conversation by HTTP, or to the bare server by WebSocket.
struct Out {
    http: Option<(Http, String)>,
    bare: Option<WebSocketStream<TcpStream>>,
    place: usize,
    next: u64,
}

impl Out {
    async fn new(job: &Job, token: &str, place: usize) -> anyhow::Result<Self> {
        let (http, bare) = match job.conversation {
            Some(id) => (Some((Http::connect(job.server, token).await?, path::messages(id))), None),
            None => (None, Some(socket(job.server, "/send", "", 1).await?)),
        };
        Ok(Self { http, bare, place, next: 1 })
    }

    async fn send(&mut self) -> anyhow::Result<()> {
        let text = format!("第{}条 a message of some forty letters, as usual", self.next);
        if let Some((http, path)) = &mut self.http {
            let mut random = [0; 10];
            let own = (self.place as u16).to_be_bytes().into_iter().chain((self.next as u32).to_be_bytes());
            random.iter_mut().skip(4).zip(own).for_each(|(byte, value)| *byte = value);
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let client_id = ClientId::from_parts(u64::try_from(now.as_millis()).unwrap_or(0), random);
            let body = MessageBody::text(text.try_into()?);
            let _: Message = http.post(path, &SendRequest { client_id, body, invisible_list: Vec::new() }).await?;
        } else if let Some(bare) = &mut self.bare {
            // As long as a frame of the server, with its number in it.
            let frame = format!(r#"{{"head_seq":{},"text":"{text:.<280}"}}"#, self.next);
            bare.send(tungstenite::Message::text(frame)).await?;
        }
        self.next += 1;
        Ok(())
    }
}

/// The readers of the bare server.
#[derive(Clone, Default)]
struct Readers(Arc<Mutex<Vec<mpsc::Sender<Utf8Bytes>>>>);

/// Hands what one connection says to all others, until the standard input ends: the worker `bare-fan`.
pub fn bare() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.spawn(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let mut output = std::io::stdout();
        serde_json::to_writer(&mut output, &listener.local_addr()?)?;
        writeln!(output)?;
        output.flush()?;
        let small = |upgrade: WebSocketUpgrade| upgrade.read_buffer_size(1_024).write_buffer_size(0);
        let router = Router::new()
            .route(
                "/",
                any(async move |State(readers): State<Readers>, upgrade: WebSocketUpgrade| -> Response {
                    small(upgrade).on_upgrade(|socket| hear(socket, readers))
                }),
            )
            .route(
                "/send",
                any(async move |State(readers): State<Readers>, upgrade: WebSocketUpgrade| -> Response {
                    small(upgrade).on_upgrade(|socket| tell(socket, readers))
                }),
            )
            .with_state(Readers::default());
        let tapped = axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true)));
        axum::serve(tapped, router).await?;
        anyhow::Ok(())
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    runtime.shutdown_background();
    Ok(())
}

async fn hear(mut socket: WebSocket, readers: Readers) {
    let (queue, mut frames) = mpsc::channel(QUEUE);
    readers.0.lock().unwrap_or_else(PoisonError::into_inner).push(queue);
    while let Some(frame) = frames.recv().await {
        if socket.send(Frame::Text(frame)).await.is_err() {
            break;
        }
    }
}

async fn tell(mut socket: WebSocket, readers: Readers) {
    while let Some(Ok(Frame::Text(frame))) = socket.next().await {
        for reader in readers.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = reader.try_send(frame.clone());
        }
    }
}
