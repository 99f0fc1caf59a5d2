//! The only place that knows SQL.
//!
//! Purpose: every read and write of the data folder. One writer task owns the one connection that writes; reads go
//! through a pool and see only what is committed.
//! Invariants: an answer to a write is given after its commit is on disk (`synchronous=FULL`); after a failed flush
//! nothing is acknowledged again.
//! Deliberately absent: HTTP, rules about who may do what, and any clock but the one that stamps a commit.

pub mod accounts;
mod append;
pub mod avatars;
mod checkpoint;
pub mod clock;
pub mod company;
mod conflicts;
pub mod conversations;
mod counts;
mod cursors;
mod departments;
pub mod directory;
mod event;
mod files;
mod floors;
pub mod folder;
mod groups;
mod hidden;
pub mod history;
pub mod identities;
pub mod imports;
mod incoming;
mod invitations;
mod joining;
pub mod logins;
pub mod media;
mod members;
mod membership;
mod mentions;
mod notices;
mod opening;
mod outbound;
mod patterns;
mod positions;
mod preferences;
mod presence;
pub mod profiles;
mod recalls;
pub mod receipts;
pub mod relations;
mod removals;
mod reports;
mod requests;
mod rosters;
mod standings;
pub mod sync;
#[cfg(test)]
mod tests;
mod unread;
pub mod verdicts;
pub mod writer;

pub use append::{Appended, NewMessage};
pub use clock::now;
pub use conversations::Reader;
pub use cursors::NewReport;
pub use event::{Event, Roster};
pub use files::Photo;
pub use folder::Folder;
pub use groups::Change;
pub use incoming::{Incoming, Received};
pub use members::Wanted;
pub use notices::Actor;
pub use outbound::OutboundEvent;
pub use recalls::Recall;
pub use standings::{Gate, Rule, Standing};
pub use writer::{Committed, Tx, Writer, WriterTask};

use checkpoint::Traces;
use files::Files;
use protocol::ErrorCode;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Notify;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/sqlite");

/// The first SQLite without the bug that could corrupt a database in WAL mode with two connections.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

/// Why the store did not do it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The disk is full: nothing of the command was written, and the store goes on.
    #[error("the disk is full")]
    Full,
    /// A unique name or key is taken.
    #[error("the name or key is taken")]
    Taken,
    /// The idempotency key was used with another body (R001-12).
    #[error("the client id was used for another message")]
    ClientIdReused,
    /// The message may not be sent: its receiver does not let it in (R004-I).
    #[error("the message was refused: {0:?}")]
    Refused(ErrorCode),
    /// A message of the batch may have to be refused: it comes again, and asks.
    #[error("a message of the batch may have to be refused")]
    Doubtful,
    /// It is another's to do.
    #[error("it is another's to do")]
    NotAllowed,
    /// The time in which it could be done has passed.
    #[error("the time for it has passed")]
    TooLate,
    /// What it was decided by changed meanwhile: decide again.
    #[error("the members changed meanwhile")]
    Stale,
    /// The picture that the message names is not the sender's to send.
    #[error("no such picture waits to be sent")]
    NoMedium,
    /// Too much of the account's waits already.
    #[error("too much waits already")]
    TooMany,
    /// A file of the data folder could not be read or written.
    #[error("a file: {0}")]
    File(std::io::Error),
    /// The group has as many members as it can have.
    #[error("the group is full")]
    GroupFull,
    /// The writer's queue is full, or no connection was free to read in time.
    #[error("the store is overloaded")]
    Overloaded,
    /// The writer stopped, and whether the command was written is unknown; or nothing is read any more.
    #[error("the store has stopped")]
    Stopped,
    /// A row that must be there is not.
    #[error("no such row")]
    NotFound,
    #[error("stored data breaks a rule: {0}")]
    Corrupt(String),
    #[error(transparent)]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match primary_code(&error) {
            Some(SQLITE_FULL) => Self::Full,
            _ if error.as_database_error().is_some_and(|e| e.is_unique_violation()) => Self::Taken,
            _ => match error {
                sqlx::Error::RowNotFound => Self::NotFound,
                sqlx::Error::PoolTimedOut => Self::Overloaded,
                sqlx::Error::PoolClosed => Self::Stopped,
                error => Self::Database(error),
            },
        }
    }
}

const SQLITE_IOERR: i32 = 10;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_NOTADB: i32 = 26;

/// SQLite's primary result code of an error; the low byte of the extended one.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i32>().ok().map(|code| code & 0xff)
}

impl StoreError {
    /// After these nothing that the database says about durability can be trusted: the server must stop.
    fn is_fatal(&self) -> bool {
        match self {
            Self::Database(error) => {
                matches!(primary_code(error), Some(SQLITE_IOERR | SQLITE_CORRUPT | SQLITE_NOTADB))
            }
            _ => false,
        }
    }
}

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    reader: SqlitePool,
    writer: Writer,
    traces: Traces,
    files: Files,
    /// Media were erased: their files are to be removed.
    erased: Arc<Notify>,
    /// What people change of themselves is kept for the directory's source.
    tells_source: bool,
    _folder: Arc<Folder>,
}

impl Store {
    /// Opens the folder's database, migrates it, and starts nothing: the caller owns and runs the [`WriterTask`].
    pub async fn open(folder: Folder) -> anyhow::Result<(Self, WriterTask)> {
        let options = SqliteConnectOptions::new()
            .filename(folder.database())
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(256)
            // The background checkpoint does it: an inline one would be the tail of every send.
            .pragma("wal_autocheckpoint", "0")
            // What is erased is overwritten where it stood (R001-18).
            .pragma("secure_delete", "on")
            .pragma("cache_size", "-16384")
            .pragma("mmap_size", "268435456");
        let reader = SqlitePoolOptions::new()
            .max_connections(4)
            // When thousands of devices come back at once, reads wait for their turn: a line in the log for each would cost
            // more than the read.
            .acquire_slow_threshold(Duration::from_secs(30))
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            // WAL mode and the file must exist first; the pool only ever reads after the migration.
            .connect_with(options.clone())
            .await?;
        require_sqlite(&reader).await?;
        MIGRATIONS.run(&reader).await?;
        let traces = Traces::of_the_last_run();
        let (writer, task) = writer::start(options, traces.clone()).await?;
        let files = Files::new(folder.media());
        let erased = Arc::default();
        Ok((Self { reader, writer, traces, files, erased, tells_source: false, _folder: Arc::new(folder) }, task))
    }

    /// The handle to the writer task.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Closes the reading connections.
    pub async fn close(&self) {
        self.reader.close().await;
    }
}

async fn require_sqlite(pool: &SqlitePool) -> anyhow::Result<()> {
    let version: String = sqlx::query_scalar("select sqlite_version()").fetch_one(pool).await?;
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    anyhow::ensure!(
        numbers.as_slice() >= OLDEST_SQLITE.as_slice(),
        "SQLite {version} is too old: at least 3.51.3 is needed, older ones can corrupt a database in WAL mode"
    );
    Ok(())
}

/// Reads an id, a position or a validated text out of a stored value.
fn parse<T, V>(value: V) -> Result<T, StoreError>
where
    T: TryFrom<V>,
    T::Error: std::fmt::Display,
{
    T::try_from(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}
