//! What the machine can do at the best, measured in the same run: bare commits, and a bare WebSocket.

use crate::http::socket;
use crate::latency::Latency;
use crate::process::Worker;
use crate::world::{block_on, scratch};
use anyhow::Context;
use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use futures::{SinkExt, StreamExt};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// Rows in one commit.
pub const SIZES: [usize; 5] = [1, 16, 64, 256, 1_024];

/// The server's table of messages with its indexes, and nothing else.
const TABLE: &str = "create table message (
    id integer primary key, conversation integer not null, seq integer not null, rev integer not null,
    sender integer not null, client_id blob not null, at integer not null, type integer not null, body text not null,
    constraint message_address unique (conversation, seq), constraint message_once unique (sender, client_id)
) strict";
const INDEX: &str = "create index message_by_rev on message (conversation, rev)";
const INSERT: &str = "insert into message (conversation, seq, rev, sender, client_id, at, type, body)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4), value ->> 5, value ->> 6, value ->> 7
    from json_each($1)";

/// What makes the log as long as it becomes between two checkpoints.
const WARM_COMMITS: usize = 8;
const WARM_ROWS: usize = 4_096;
/// As often as the server moves its log into the database.
const CHECKPOINT: Duration = Duration::from_millis(500);

/// Two measurements of one floor that lie further apart than this make a round noisy.
const QUIET: f64 = 0.15;

/// The floor at one moment.
pub struct Floor {
    /// Rows a second at each of [`SIZES`].
    pub rows_per_second: Vec<f64>,
    /// One commit of one row.
    pub commit: Latency,
    /// There and back.
    pub echo: Latency,
}

impl Floor {
    /// Measures for about `each` long a part.
    pub fn measure(each: Duration) -> anyhow::Result<Self> {
        let echo = {
            let mut worker = Worker::start("echo", &())?;
            let address: SocketAddr = worker.hear()?;
            let echo = block_on(round_trips(address, each))?;
            worker.finish()?;
            echo
        };
        let (rows_per_second, commit) = block_on(commits(each))?;
        Ok(Self { rows_per_second, commit, echo })
    }

    /// The least that a message can take from a sender to a receiver: a round trip, and a commit between.
    pub fn delivery_p50(&self) -> f64 {
        self.echo.p50 + self.commit.p50
    }

    pub fn delivery_p99(&self) -> f64 {
        self.echo.p99 + self.commit.p99
    }

    /// Rows a second at 64 rows a commit: what the batches of many senders come near to.
    pub fn rows_at_64(&self) -> f64 {
        SIZES.iter().zip(&self.rows_per_second).find_map(|(size, rate)| (*size == 64).then_some(*rate)).unwrap_or(0.0)
    }

    /// How far the floor moved between two measurements, as a share: of the time of a delivery, or of the rate of
    /// commits, whichever moved more.
    pub fn moved(&self, later: &Self) -> f64 {
        let delivery = apart(self.delivery_p50(), later.delivery_p50());
        delivery.max(apart(self.rows_at_64(), later.rows_at_64()))
    }

    /// Whether what was measured between the two is to be trusted less.
    pub fn noisy(&self, later: &Self) -> bool {
        self.moved(later) > QUIET
    }
}

fn apart(one: f64, other: f64) -> f64 {
    (one - other).abs() / one.min(other)
}

async fn commits(each: Duration) -> anyhow::Result<(Vec<f64>, Latency)> {
    let folder = scratch()?;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("floor.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "0");
    let mut conn = options.connect().await?;
    sqlx::query(TABLE).execute(&mut conn).await?;
    sqlx::query(INDEX).execute(&mut conn).await?;
    let mut next = 0u64;
    // Flushing a file that grows costs several times as much: the log of a server that runs for long has its size.
    for _ in 0..WARM_COMMITS {
        commit(&mut conn, &mut next, WARM_ROWS).await?;
    }
    let mut other = options.connect().await?;
    sqlx::query("pragma wal_checkpoint(restart)").execute(&mut other).await?;
    let checkpoints = tokio::spawn(async move {
        while sqlx::query("pragma wal_checkpoint(passive)").execute(&mut other).await.is_ok() {
            tokio::time::sleep(CHECKPOINT).await;
        }
    });
    let mut rates = Vec::with_capacity(SIZES.len());
    let mut single = Latency::default();
    for size in SIZES {
        let mut times = Vec::new();
        let began = Instant::now();
        while began.elapsed() < each {
            times.push(commit(&mut conn, &mut next, size).await?);
        }
        rates.push((times.len() * size) as f64 / began.elapsed().as_secs_f64());
        if size == 1 {
            single = Latency::of(times)?;
        }
    }
    checkpoints.abort();
    let _ = checkpoints.await;
    conn.close().await?;
    Ok((rates, single))
}

async fn commit(conn: &mut SqliteConnection, next: &mut u64, rows: usize) -> anyhow::Result<Duration> {
    let batch = serde_json::to_string(&(0..rows).map(|_| row(next)).collect::<Vec<_>>())?;
    let began = Instant::now();
    sqlx::query(INSERT).bind(batch).execute(conn).await?;
    Ok(began.elapsed())
}

/// A row as a send makes it: a few hundred conversations, keys that grow with time.
fn row(next: &mut u64) -> (u64, u64, u64, u64, String, u64, u64, &'static str) {
    *next += 1;
    let (conversation, seq) = (1 + *next % 512, 1 + *next / 512);
    let random = next.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let client_id = format!("{:012x}7000{random:016x}", 1_700_000_000_000 + *next);
    (
        conversation,
        seq,
        seq,
        conversation,
        client_id,
        1_700_000_000_000 + *next,
        1,
        "a message of some forty letters, as usual",
    )
}

/// Serves a bare echo until the standard input ends: the worker `echo`.
pub fn echo() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.spawn(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let mut output = std::io::stdout();
        serde_json::to_writer(&mut output, &listener.local_addr()?)?;
        writeln!(output)?;
        output.flush()?;
        let router = Router::new().route(
            "/",
            any(async |upgrade: WebSocketUpgrade| -> Response {
                upgrade.read_buffer_size(1_024).write_buffer_size(0).on_upgrade(answer)
            }),
        );
        let tapped = axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true)));
        axum::serve(tapped, router).await?;
        anyhow::Ok(())
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    runtime.shutdown_background();
    Ok(())
}

async fn answer(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.next().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

async fn round_trips(address: SocketAddr, each: Duration) -> anyhow::Result<Latency> {
    let mut socket = socket(address, "/", "", 1).await?;
    let text = "x".repeat(200);
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < each {
        let started = Instant::now();
        socket.send(Message::text(text.clone())).await?;
        socket.next().await.context("the echo ended")??;
        times.push(started.elapsed());
    }
    Latency::of(times)
}
