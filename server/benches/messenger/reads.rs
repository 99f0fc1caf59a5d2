//! What a page asks for: history, the session list, and a sync with nothing new.

use crate::Bench;
use crate::http::Http;
use crate::latency::Latency;
use crate::table::Goal::AtMost;
use crate::table::{Figure, Table, count, millis};
use crate::world::block_on;
use anyhow::ensure;
use protocol::messaging::{Conversations, HistoryPage};
use protocol::sync::SyncPage;
use protocol::{Conversation, path};
use std::time::{Duration, Instant};

const PAGE: usize = 50;

/// Pages of 50 in a short and in a long conversation, the newest and from the middle.
pub fn history(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("History page of 50 by HTTP");
    let requests = bench.requests();
    for _ in bench.rounds("history") {
        let world = bench.large()?;
        let server = world.serve()?;
        // The first two of its people have the short and the long conversation.
        for number in 0..2 {
            let person = world.person(number)?;
            block_on(async {
                let mut http = Http::connect(server.address, &person.token).await?;
                let conversation: Conversation = http.get(&path::conversation(person.conversation)).await?;
                let length = conversation.head_seq.get();
                let newest = format!("{}?limit={PAGE}", path::messages(person.conversation));
                let middle = path::messages_before(person.conversation, (length / 2).try_into()?, PAGE as u64);
                for (place, path) in [("newest", newest), ("from the middle", middle)] {
                    let page: HistoryPage = http.get(&path).await?;
                    ensure!(page.messages.len() == PAGE, "a page of {}", page.messages.len());
                    let latency = repeat(&mut http, &path, requests).await?;
                    let name = format!("{}, {place}", count(length));
                    let goal = Figure::new(format!("{name}: p50"), "ms");
                    table.record(if number == 1 { goal.goal(AtMost(2.0)) } else { goal }, latency.p50);
                    table.record(Figure::new(format!("{name}: p99"), "ms"), latency.p99);
                }
                Ok(())
            })?;
        }
        server.stop()?;
    }
    table.note(format!("{requests} requests a round, one after the other on one connection."));
    Ok(vec![table])
}

/// The account with thousands of conversations.
pub fn list(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let mut table = Table::new("Session list and sync, an account with thousands of conversations");
    let requests = bench.requests();
    for _ in bench.rounds("list") {
        let world = bench.large()?;
        let person = world.person(2)?;
        let server = world.serve()?;
        block_on(async {
            let mut http = Http::connect(server.address, &person.token).await?;
            let first: Conversations = http.get(path::CONVERSATIONS).await?;
            ensure!(first.next.is_some(), "a list of one page");
            let latency = repeat(&mut http, path::CONVERSATIONS, requests).await?;
            table.record(Figure::new("first page: p50", "ms").goal(AtMost(5.0)), latency.p50);
            table.record(Figure::new("first page: p99", "ms"), latency.p99);
            let full = full_sync(&mut http).await?;
            let path = path::sync(&full.token);
            let latency = repeat(&mut http, &path, requests).await?;
            table.record(Figure::new("full sync: conversations", ""), full.conversations as f64);
            table.record(Figure::new("full sync: segments", ""), full.segments as f64);
            table.record(Figure::new("full sync: until the last one", "ms"), millis(full.lasted));
            table.record(Figure::new("full sync: all bodies", "KB"), full.bytes as f64 / 1e3);
            table.record(Figure::new("sync with nothing new: p50", "ms").goal(AtMost(2.0)), latency.p50);
            table.record(Figure::new("sync with nothing new: p99", "ms"), latency.p99);
            let bytes = Figure::new("sync with nothing new: body", "bytes").goal(AtMost(300.0));
            table.record(bytes, http.body().len() as f64);
            table.record(Figure::new("sync with nothing new: head and body", "bytes"), http.answer_bytes as f64);
            Ok(())
        })?;
        server.stop()?;
    }
    Ok(vec![table])
}

/// What a device without data took to know everything.
struct FullSync {
    conversations: usize,
    segments: usize,
    bytes: usize,
    lasted: Duration,
    token: String,
}

/// One segment after the other, as a device asks for them.
async fn full_sync(http: &mut Http) -> anyhow::Result<FullSync> {
    let began = Instant::now();
    let mut page: SyncPage = http.get(path::SYNC).await?;
    let (mut conversations, mut segments, mut bytes) = (page.conversations.len(), 1, http.body().len());
    while page.more {
        page = http.get(&path::sync(&page.token)).await?;
        conversations += page.conversations.len();
        segments += 1;
        bytes += http.body().len();
    }
    Ok(FullSync { conversations, segments, bytes, lasted: began.elapsed(), token: page.token })
}

async fn repeat(http: &mut Http, path: &str, requests: usize) -> anyhow::Result<Latency> {
    let mut times = Vec::with_capacity(requests);
    for _ in 0..requests {
        let began = Instant::now();
        let status = http.send("GET", path, None).await?;
        times.push(began.elapsed());
        ensure!(status == 200, "{path} answered {status}");
    }
    Latency::of(times)
}
