//! The load generator, a process of its own: senders by HTTP, receivers by WebSocket, and exact checks at the end.
//!
//! Invariant: a run that lost, doubled or reordered one message is an error and yields no figures.

use crate::history;
use crate::http::{Http, push};
use crate::latency::Latency;
use crate::process::{cpu, cpu_by_thread};
use crate::receive::{Received, Receiver};
use crate::world::Pair;
use anyhow::{Context, ensure};
use protocol::messaging::SendRequest;
use protocol::{ClientId, Conversation, Message, MessageBody, Seq, path};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A run that takes longer than its time and this is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Sends of a sender that wait for their turn in an open loop.
const BACKLOG: usize = 1 << 16;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub server: SocketAddr,
    pub pid: u32,
    pub pairs: Vec<Pair>,
    pub pace: Pace,
    pub lasting: Duration,
}

/// When the next message is sent.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Pace {
    /// When the one before it is acknowledged.
    Closed,
    /// When the one before it is acknowledged and received.
    InTurn,
    /// At its time, whatever became of the ones before it.
    Open { per_second: u64 },
}

/// What a run measured. Times in the unit that the name tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    pub per_second: f64,
    /// From the intended send to the answer.
    pub ack: Latency,
    /// From the intended send to the receiver.
    pub delivery: Latency,
    pub server_us: f64,
    pub generator_us: f64,
    /// The server's time by thread name.
    pub threads_us: BTreeMap<String, f64>,
}

/// A message that was acknowledged.
pub struct Sent {
    pub client_id: ClientId,
    pub body: MessageBody,
    pub seq: Seq,
    intended: Instant,
    acked: Instant,
}

/// Does one job: the worker `generate`.
pub async fn run(job: Job) -> anyhow::Result<Report> {
    let patience = job.lasting + PATIENCE;
    timeout(patience, measure(job)).await.context("the run took too long")?
}

async fn measure(job: Job) -> anyhow::Result<Report> {
    let mut senders = Vec::new();
    let mut receivers = Vec::new();
    for (place, pair) in job.pairs.iter().enumerate() {
        let socket = push(job.server, &pair.receiver, 2 + (place % 8) as u8).await?;
        let mut http = Http::connect(job.server, &pair.sender).await?;
        let before: Conversation = http.get(&path::conversation(pair.conversation)).await?;
        let (receiver, heard) = Receiver::new(socket, pair.conversation, before.head_seq);
        let mut sender = Sender { http, path: path::messages(pair.conversation), place, heard, sent: Vec::new() };
        // The first send warms what is cold; it is checked with the others and counts in no figure.
        sender.send(Instant::now()).await?;
        senders.push(sender);
        receivers.push(receiver);
    }

    let own = std::process::id();
    let (server_before, own_before) = (cpu(job.pid)?, cpu(own)?);
    let threads_before = cpu_by_thread(job.pid)?;
    let began = Instant::now();
    let mut sending = JoinSet::new();
    let mut receiving = JoinSet::new();
    let mut ends = Vec::new();
    for (place, receiver) in receivers.into_iter().enumerate() {
        let (end, ended) = oneshot::channel();
        ends.push(end);
        receiving.spawn(async move { anyhow::Ok((place, receiver.run(ended).await?)) });
    }
    match job.pace {
        Pace::Closed => senders.into_iter().for_each(|sender| {
            sending.spawn(sender.closed(began + job.lasting));
        }),
        Pace::InTurn => senders.into_iter().for_each(|sender| {
            sending.spawn(sender.in_turn(began + job.lasting));
        }),
        Pace::Open { per_second } => {
            let mut clocks = Vec::new();
            for sender in senders {
                let (clock, ticks) = mpsc::channel(BACKLOG);
                clocks.push(clock);
                sending.spawn(sender.open(ticks));
            }
            std::thread::spawn(move || tick(&clocks, began, job.lasting, per_second));
        }
    }
    let mut senders = Vec::new();
    while let Some(sender) = sending.join_next().await {
        senders.push(sender??);
    }
    senders.sort_by_key(|sender| sender.place);
    for (end, sender) in ends.into_iter().zip(&senders) {
        // A receiver that is gone has an error to tell, which is read below.
        let _ = end.send(sender.sent.len());
    }
    let mut received = Vec::new();
    while let Some(one) = receiving.join_next().await {
        received.push(one??);
    }
    received.sort_by_key(|(place, _)| *place);
    let (server, generator) = (cpu(job.pid)? - server_before, cpu(own)? - own_before);
    let threads = cpu_by_thread(job.pid)?;

    let mut acks = Vec::new();
    let mut deliveries = Vec::new();
    let mut last = began;
    for ((sender, (_, received)), pair) in senders.iter_mut().zip(&received).zip(&job.pairs) {
        check(&sender.sent, received).with_context(|| format!("conversation {}", pair.conversation))?;
        history::check(&mut sender.http, pair.conversation, &sender.sent).await?;
        for (sent, received) in sender.sent.iter().zip(received).skip(1) {
            acks.push(sent.acked - sent.intended);
            deliveries.push(received.at.saturating_duration_since(sent.intended));
            last = last.max(sent.acked);
        }
    }
    let messages = acks.len().max(1) as f64;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / messages;
    let threads_us = threads.into_iter().map(|(name, time)| {
        let before = threads_before.get(&name).copied().unwrap_or_default();
        (name, each(time.saturating_sub(before)))
    });
    Ok(Report {
        per_second: messages / (last - began).as_secs_f64(),
        ack: Latency::of(acks)?,
        delivery: Latency::of(deliveries)?,
        server_us: each(server),
        generator_us: each(generator),
        threads_us: threads_us.collect(),
    })
}

/// What the receiver got is what the sender was told: all of it, once, in order.
fn check(sent: &[Sent], received: &[Received]) -> anyhow::Result<()> {
    ensure!(sent.len() == received.len(), "{} acknowledged, {} received", sent.len(), received.len());
    for (sent, received) in sent.iter().zip(received) {
        ensure!(
            sent.seq == received.seq && sent.client_id == received.client_id,
            "seq {} was acknowledged as another message than was received",
            sent.seq
        );
    }
    for (earlier, later) in sent.iter().zip(sent.iter().skip(1)) {
        ensure!(later.seq == earlier.seq.next(), "seq {} follows {}", later.seq, earlier.seq);
    }
    Ok(())
}

/// Wakes the senders in turn, each at its time.
fn tick(senders: &[mpsc::Sender<Instant>], began: Instant, lasting: Duration, per_second: u64) {
    let count = lasting.as_secs_f64() * per_second as f64;
    for (number, sender) in (0..count as u64).zip(senders.iter().cycle()) {
        let at = began + Duration::from_nanos(number * 1_000_000_000 / per_second);
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        if sender.try_send(at).is_err() {
            break;
        }
    }
}

struct Sender {
    http: Http,
    path: String,
    place: usize,
    heard: watch::Receiver<Seq>,
    sent: Vec<Sent>,
}

impl Sender {
    async fn closed(mut self, end: Instant) -> anyhow::Result<Self> {
        while Instant::now() < end {
            self.send(Instant::now()).await?;
        }
        Ok(self)
    }

    async fn in_turn(mut self, end: Instant) -> anyhow::Result<Self> {
        while Instant::now() < end {
            let seq = self.send(Instant::now()).await?;
            self.heard.wait_for(|heard| *heard >= seq).await.context("the receiver failed")?;
        }
        Ok(self)
    }

    async fn open(mut self, mut ticks: mpsc::Receiver<Instant>) -> anyhow::Result<Self> {
        while let Some(intended) = ticks.recv().await {
            self.send(intended).await?;
        }
        Ok(self)
    }

    async fn send(&mut self, intended: Instant) -> anyhow::Result<Seq> {
        let client_id = fresh_client_id(self.place, self.sent.len());
        let body = text(self.sent.len())?;
        let request = SendRequest { client_id, body, invisible_list: Vec::new() };
        let message: Message = self.http.post(&self.path, &request).await?;
        let acked = Instant::now();
        ensure!(message.client_id == client_id && message.body == request.body, "the answer is about another message");
        self.sent.push(Sent { client_id, body: request.body, seq: message.seq, intended, acked });
        Ok(message.seq)
    }
}

/// Unlike every other key of this run, by its sender and number, and of other runs, by its time.
fn fresh_client_id(place: usize, number: usize) -> ClientId {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut random = [0; 10];
    let own = (place as u16).to_be_bytes().into_iter().chain((number as u32).to_be_bytes());
    // The first bytes lose bits to the version and the variant.
    random.iter_mut().skip(4).zip(own).for_each(|(byte, value)| *byte = value);
    ClientId::from_parts(u64::try_from(now.as_millis()).unwrap_or(0), random)
}

/// From 8 to some 170 characters, as people write.
fn text(number: usize) -> anyhow::Result<MessageBody> {
    let text = format!("第{number}条 message {}", "so it goes, ".repeat(number * number % 13));
    Ok(MessageBody::text(text.try_into()?))
}
