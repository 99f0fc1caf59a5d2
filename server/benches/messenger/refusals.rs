//! Whether the time of a refusal tells a block from a receiver who accepts nobody (R004-I11).

use crate::Bench;
use crate::http::Http;
use crate::latency::Latency;
use crate::population::Population;
use crate::table::Goal::AtMost;
use crate::table::{Figure, Table, millis};
use crate::world::{Pair, World, block_on};
use anyhow::{Context, ensure};
use protocol::messaging::SendRequest;
use protocol::{Account, ClientId, ConversationId, MessageBody, path};
use serde_json::json;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

/// One who is blocked, and one whose receiver accepts nobody, write in turn on a connection each.
pub fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("Refusals: blocked, and a receiver who accepts nobody");
    let requests = bench.requests();
    // Of its own: nobody else wants a world in which people are refused.
    let world = World::make(&Population { pairs: 2, ..Population::default() }, &[])?;
    for _ in bench.rounds("refusals") {
        let [blocked, closed] = world.pairs.as_slice() else { anyhow::bail!("two pairs") };
        let server = world.serve()?;
        block_on(async {
            block(server.address, blocked).await?;
            let mut receiver = Http::connect(server.address, &closed.receiver).await?;
            let nobody = serde_json::to_vec(&json!({ "messages_from": "nobody" }))?;
            ensure!(receiver.send("PATCH", path::ACCOUNT_ME, Some(&nobody)).await? == 200, "the setting was refused");
            let mut senders =
                [Sender::connect(server.address, blocked, 1).await?, Sender::connect(server.address, closed, 2).await?];
            let (mut of_block, mut of_setting) = (Vec::new(), Vec::new());
            for turn in 0..2 * requests {
                // Each kind comes first every other time.
                for kind in [turn % 2, 1 - turn % 2] {
                    let times = if kind == 0 { &mut of_block } else { &mut of_setting };
                    times.push(senders.get_mut(kind).context("two senders")?.refused().await?);
                }
            }
            let [one, other] = &senders;
            ensure!(one.said == other.said, "the answers differ: {:?} and {:?}", one.said, other.said);
            let warm = requests;
            let latency = |times: Vec<Duration>| Latency::of(times.into_iter().skip(warm));
            let (blocked, closed) = (latency(of_block)?, latency(of_setting)?);
            table.record(Figure::new("blocked: p50", "ms"), blocked.p50);
            table.record(Figure::new("accepts nobody: p50", "ms"), closed.p50);
            let apart = Figure::new("the two p50 apart", "ms").goal(AtMost(millis(Duration::from_millis(20))));
            table.record(apart, (blocked.p50 - closed.p50).abs());
            table.record(Figure::new("blocked: p99", "ms"), blocked.p99);
            table.record(Figure::new("accepts nobody: p99", "ms"), closed.p99);
            table.record(Figure::new("answer, head and body", "bytes"), one.bytes as f64);
            Ok(())
        })?;
        server.stop()?;
    }
    table.note(format!("{requests} refusals of each kind a round, in turn, after as many that are not counted."));
    Ok(vec![table])
}

/// The pair's receiver blocks its sender.
async fn block(address: SocketAddr, pair: &Pair) -> anyhow::Result<()> {
    let account: Account = Http::connect(address, &pair.sender).await?.get(path::ACCOUNT_ME).await?;
    let status =
        Http::connect(address, &pair.receiver).await?.send("PUT", &path::block(account.id), Some(b"{}")).await?;
    ensure!(status == 200, "the block was answered {status}");
    Ok(())
}

struct Sender {
    http: Http,
    conversation: ConversationId,
    key: u8,
    sent: u64,
    /// What the last refusal said.
    said: String,
    bytes: usize,
}

impl Sender {
    async fn connect(address: SocketAddr, pair: &Pair, key: u8) -> anyhow::Result<Self> {
        let http = Http::connect(address, &pair.sender).await?;
        Ok(Self { http, conversation: pair.conversation, key, sent: 0, said: String::new(), bytes: 0 })
    }

    /// How long the refusal of a new message takes.
    async fn refused(&mut self) -> anyhow::Result<Duration> {
        self.sent += 1;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let mut random = [self.key; 10];
        if let Some(end) = random.last_chunk_mut() {
            *end = self.sent.to_be_bytes();
        }
        let client_id = ClientId::from_parts(u64::try_from(now.as_millis())?, random);
        let body = MessageBody::text("this will not be read".try_into()?);
        let message = serde_json::to_vec(&SendRequest { client_id, body, invisible_list: Vec::new() })?;
        let began = Instant::now();
        let status = self.http.send("POST", &path::messages(self.conversation), Some(&message)).await?;
        let took = began.elapsed();
        ensure!(status == 403, "a send that must be refused was answered {status}");
        self.said = String::from_utf8_lossy(self.http.body()).into_owned();
        self.bytes = self.http.answer_bytes;
        Ok(took)
    }
}
