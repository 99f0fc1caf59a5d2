//! Moves the write-ahead log into the database in the background, on a connection of its own: an inline checkpoint
//! would be the tail of every send. It also empties the log of what was erased from the database (R001-18).

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row, SqliteConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PERIOD: Duration = Duration::from_millis(500);
/// Above this many 4 KiB pages the writer waits for the log to start over, so that it cannot grow without bound.
const LONG: i64 = 16_384;
/// Whatever is to be emptied, and whether that succeeds or not, the writer waits for it only so often: readers that follow
/// each other without a pause, or one that takes its time, would keep it waiting for good.
const EMPTYING: Duration = Duration::from_secs(5);
/// How long a checkpoint waits for readers while the writer waits for it: less than the writer would.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether the write-ahead log may hold what was erased from the database; cheap to clone.
#[derive(Clone)]
pub struct Traces(Arc<AtomicBool>);

impl Traces {
    /// A process that was killed may have left some.
    pub fn of_the_last_run() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// Something is erased in the transaction that is open.
    pub fn left(&self) {
        self.0.store(true, Ordering::Release);
    }
}

pub struct Checkpoint {
    conn: SqliteConnection,
    traces: Traces,
}

impl Checkpoint {
    pub async fn open(options: SqliteConnectOptions, traces: Traces) -> Result<Self, sqlx::Error> {
        Ok(Self { conn: options.busy_timeout(PATIENCE).connect().await?, traces })
    }

    /// Runs until it is dropped.
    pub async fn run(mut self) {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut pages = 0;
        let mut waited: Option<Instant> = None;
        loop {
            ticks.tick().await;
            let rested = waited.is_none_or(|at| at.elapsed() >= EMPTYING);
            // A transaction that erases more sets it again; one that is open now is waited for.
            let erase = rested && self.traces.0.swap(false, Ordering::AcqRel);
            let truncate = erase || rested && pages > LONG;
            let mode = if truncate { "pragma wal_checkpoint(truncate)" } else { "pragma wal_checkpoint(passive)" };
            let emptied = match sqlx::query(mode).fetch_one(&mut self.conn).await {
                Ok(row) => {
                    pages = row.try_get::<i64, _>(1).unwrap_or(0);
                    truncate && row.try_get::<i64, _>(0).is_ok_and(|busy| busy == 0)
                }
                Err(error) => {
                    tracing::warn!(%error, "checkpoint failed; the next one tries again");
                    false
                }
            };
            if truncate {
                waited = Some(Instant::now());
            }
            if erase && !emptied {
                self.traces.left();
            }
        }
    }
}
