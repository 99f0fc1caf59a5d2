//! Five thousand devices whose server is killed and comes back: all of them connect again, and fetch what they missed.

use crate::Bench;
use crate::http::{Http, push};
use crate::latency::Latency;
use crate::process::{Worker, cpu, rss_kib};
use crate::table::Goal::AtMost;
use crate::table::{Figure, Table};
use crate::world::block_on;
use anyhow::{Context, ensure};
use futures::StreamExt;
use protocol::messaging::{HistoryPage, SendRequest};
use protocol::sync::SyncPage;
use protocol::{ClientId, ConversationId, Message, MessageBody, path};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const DEVICES: usize = 5_000;
/// Logins: as many devices of a login as fit share it, which costs the server the same.
const AT_ONCE: usize = 32;
/// The first pause before a device tries again, as the client's own (R004-G10); it doubles, with as much again by chance.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);

#[derive(Serialize, Deserialize)]
pub struct Job {
    server: SocketAddr,
    /// A token and its conversation for every device.
    devices: Vec<(String, ConversationId)>,
}

/// What the devices went through, after the server was there again. Seconds and numbers.
#[derive(Serialize, Deserialize)]
pub struct Report {
    /// How long each took from the loss of its connection until it knew everything.
    back: Latency,
    attempts: u64,
}

pub fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("Reconnect storm: 5,000 devices whose server is killed and starts again");
    for _ in bench.rounds_of("storm", 3) {
        let world = bench.small()?;
        let server = world.serve()?;
        let address = server.address;
        let people = world.pairs.iter().flat_map(|pair| [(&pair.sender, pair), (&pair.receiver, pair)]);
        let people: Vec<_> = people.map(|(token, pair)| (token.clone(), pair.conversation)).collect();
        let sender = people.first().context("nobody")?.clone();
        let job = Job { server: address, devices: people.into_iter().cycle().take(DEVICES).collect() };
        let mut worker = Worker::start("storm", &job)?;
        let connected: usize = worker.hear()?;
        ensure!(connected == DEVICES, "{connected} devices connected");
        server.kill();
        let server = world.serve_at(address)?;
        let began = Instant::now();
        let before = cpu(server.pid())?;
        let sends = std::thread::spawn(move || block_on(send_meanwhile(address, sender)));
        let report: Report = worker.hear()?;
        let took = began.elapsed();
        worker.finish()?;
        let server_s = (cpu(server.pid())? - before).as_secs_f64();
        let rss = rss_kib(server.pid())? / 1e3 * 1.024;
        let sends = sends.join().ok().context("the sender failed")??;
        server.stop()?;
        table.record(
            Figure::new("from listening until all are back and in sync", "s").goal(AtMost(10.0)),
            took.as_secs_f64(),
        );
        table.record(Figure::new("a device: from its loss until it knows everything, p50", "ms"), report.back.p50);
        table.record(Figure::new("a device: from its loss until it knows everything, p99", "ms"), report.back.p99);
        table.record(Figure::new("attempts to connect", ""), report.attempts as f64);
        table.record(Figure::new("server CPU", "s"), server_s);
        table.record(Figure::new("server RSS afterwards", "MB"), rss);
        table.record(Figure::new("sends meanwhile, one after the other", ""), sends.0 as f64);
        table.record(Figure::new("sends meanwhile: answer p99", "ms"), sends.1.p99);
    }
    table.note("A device connects, is greeted, syncs with its token, and loads the newest page of its conversation.");
    table.note(
        "A pause before the next attempt is 0.5 s, doubled each time, and as much again by chance, as the client's.",
    );
    table.note("No send failed: the first that does ends the run.");
    Ok(vec![table])
}

/// Sends for three seconds, one after the other; how many, and how soon they were answered.
async fn send_meanwhile(
    server: SocketAddr,
    (token, conversation): (String, ConversationId),
) -> anyhow::Result<(usize, Latency)> {
    let mut http = Http::connect(server, &token).await?;
    let (mut times, path, began) = (Vec::new(), path::messages(conversation), Instant::now());
    while began.elapsed() < Duration::from_secs(3) {
        let mut random = [0; 10];
        random.iter_mut().skip(4).zip((times.len() as u32).to_be_bytes()).for_each(|(byte, value)| *byte = value);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let client_id = ClientId::from_parts(u64::try_from(now.as_millis()).unwrap_or(0), random);
        let body = MessageBody::text("in the storm".try_into()?);
        let sent = Instant::now();
        let _: Message = http.post(&path, &SendRequest { client_id, body, invisible_list: Vec::new() }).await?;
        times.push(sent.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok((times.len(), Latency::of(times)?))
}

/// Does one job: the worker `storm`. Tells how many are connected, then what the storm was like.
pub async fn run(job: Job) -> anyhow::Result<()> {
    let mut connecting = JoinSet::new();
    let mut devices = Vec::with_capacity(job.devices.len());
    for (place, (token, conversation)) in job.devices.into_iter().enumerate() {
        if connecting.len() == AT_ONCE {
            devices.extend(connecting.join_next().await.transpose()?.transpose()?);
        }
        let from = 2 + (place % 8) as u8;
        connecting.spawn(async move {
            let socket = push(job.server, &token, from).await?;
            let page: SyncPage = Http::connect(job.server, &token).await?.get(path::SYNC).await?;
            anyhow::Ok((socket, token, conversation, page.token, from))
        });
    }
    while let Some(device) = connecting.join_next().await {
        devices.push(device??);
    }
    writeln!(std::io::stdout(), "{}", devices.len())?;
    let mut back = JoinSet::new();
    for (mut socket, token, conversation, since, from) in devices {
        back.spawn(async move {
            while let Some(Ok(_)) = socket.next().await {}
            let lost = Instant::now();
            let mut attempts = 0;
            let mut pause = PAUSE;
            loop {
                // What an operating system calls random is enough to spread them.
                let chance = f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX);
                tokio::time::sleep(pause.mul_f64(1.0 + chance)).await;
                attempts += 1;
                match catch_up(job.server, &token, conversation, &since, from).await {
                    Ok(socket) => return (lost.elapsed(), attempts, socket),
                    Err(_) => pause = (pause * 2).min(PAUSE_MAX),
                }
            }
        });
    }
    let (mut times, mut attempts, mut held) = (Vec::new(), 0, Vec::new());
    while let Some(device) = back.join_next().await {
        let (took, tried, socket) = device?;
        times.push(took);
        attempts += tried;
        held.push(socket);
    }
    println!("{}", serde_json::to_string(&Report { back: Latency::of(times)?, attempts })?);
    Ok(())
}

fn random() -> [u8; 4] {
    let mut bytes = [0; 4];
    // Without chance, the devices come at once, which is only harder.
    let _ = getrandom::fill(&mut bytes);
    bytes
}

async fn catch_up(
    server: SocketAddr,
    token: &str,
    conversation: ConversationId,
    since: &str,
    from: u8,
) -> anyhow::Result<tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>> {
    let socket = push(server, token, from).await?;
    let mut http = Http::connect(server, token).await?;
    let mut page: SyncPage = http.get(&path::sync(since)).await?;
    while page.more {
        page = http.get(&path::sync(&page.token)).await?;
    }
    let newest: HistoryPage = http.get(&format!("{}?limit=10", path::messages(conversation))).await?;
    ensure!(!newest.messages.is_empty(), "an empty page");
    Ok(socket)
}
