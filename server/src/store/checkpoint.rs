//! Moves the write-ahead log into the database in the background, on a connection of its own: an inline checkpoint
//! would be the tail of every send.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row, SqliteConnection};
use std::time::Duration;

const PERIOD: Duration = Duration::from_millis(500);
/// Above this many 4 KiB pages the writer waits for the log to start over, so that it cannot grow without bound.
const LONG: i64 = 16_384;

pub struct Checkpoint {
    conn: SqliteConnection,
}

impl Checkpoint {
    pub async fn open(options: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        Ok(Self { conn: options.connect().await? })
    }

    /// Runs until it is dropped.
    pub async fn run(mut self) {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut pages = 0;
        loop {
            ticks.tick().await;
            let mode = if pages > LONG { "pragma wal_checkpoint(truncate)" } else { "pragma wal_checkpoint(passive)" };
            match sqlx::query(mode).fetch_one(&mut self.conn).await {
                Ok(row) => pages = row.try_get::<i64, _>(1).unwrap_or(0),
                Err(error) => tracing::warn!(%error, "checkpoint failed; the next one tries again"),
            }
        }
    }
}
