//! The one task that writes: it drains its queue into one transaction, commits, then answers every caller.
//!
//! Invariants: a command that fails rolls back alone. No answer before the commit is on disk. Events leave in commit
//! order. After a failed flush the task ends with the error, and nothing is acknowledged again: what SQLite says of
//! durability after that cannot be trusted.
//! The batch adds no delay: it forms while the previous one is being flushed.

use super::StoreError;
use super::append::{self, Appended, Keys, NewMessage};
use super::checkpoint::{Checkpoint, Traces};
use super::cursors::{self, NewReport};
use super::event::Event;
use super::positions::{Head, Positions};
use futures::future::BoxFuture;
use protocol::sync::AccountChange;
use protocol::{ConversationId, Message, Rev, Upd, UserId};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

/// Commands waiting for the writer; one more is refused as overloaded.
const QUEUE: usize = 16_384;
/// The most commands, and bytes of message text, in one transaction.
const BATCH: usize = 1_024;
const BATCH_BYTES: usize = 1 << 20;
/// Committed batches waiting for the push side.
const EVENTS: usize = 64;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;
type Outcomes = Vec<Result<Appended, StoreError>>;

enum Command {
    Append(Vec<NewMessage>, Answer<Outcomes>),
    Report(Vec<NewReport>, Answer<()>),
    Work(Work),
}

/// Any other change, run in a savepoint of its own.
type Work = Box<dyn for<'t> FnOnce(&'t mut Tx<'_>) -> BoxFuture<'t, Result<Reply, StoreError>> + Send>;
/// Gives the caller its answer once the commit is known; dropped, it tells the caller that the writer stopped.
type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

const ROSTER: &str = "update conversation
    set roster_rev = $2, members = (select count(*) from member where conversation = $1) where id = $1";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ROSTER];

/// An open transaction, lent to a [`Writer::run`].
pub struct Tx<'t> {
    pub conn: &'t mut SqliteConnection,
    /// The number of the commit that this transaction becomes.
    pub version: i64,
    positions: &'t mut Positions,
    /// Positions were taken, which are not those of the rows any more when the transaction is undone.
    moved: bool,
    events: &'t mut Vec<Event>,
}

impl Tx<'_> {
    /// Takes the next position of the conversation's log; tells the one before, and the head as it is now.
    pub async fn move_log(&mut self, id: ConversationId) -> Result<(Rev, Head), StoreError> {
        self.moved = true;
        self.positions.move_rev(self.conn, self.version, id).await
    }

    /// Appends one message, as a change of its own.
    pub async fn append(&mut self, new: NewMessage) -> Result<Message, StoreError> {
        self.moved = true;
        let batch = std::slice::from_ref(&new);
        let outcomes = append::append(self.conn, self.positions, self.version, batch, Keys::New, self.events).await?;
        Ok(outcomes.into_iter().next().unwrap_or(Err(StoreError::NotFound))?.message)
    }

    /// Where the conversation's log stands.
    pub async fn head(&mut self, id: ConversationId) -> Result<Head, StoreError> {
        self.positions.load_heads(self.conn, vec![id]).await?;
        self.positions.head(id).copied().ok_or(StoreError::NotFound)
    }

    /// The conversation's members change with the next position of its log: what was decided by them as they were is
    /// refused from here on.
    pub async fn change_roster(&mut self, id: ConversationId) -> Result<(), StoreError> {
        self.moved = true;
        self.positions.load_heads(self.conn, vec![id]).await?;
        let head = self.positions.head(id).ok_or(StoreError::NotFound)?;
        head.roster = head.rev.next();
        sqlx::query(ROSTER).bind(id.as_i64()).bind(head.roster.as_i64()).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Takes the next positions of the account's log; tells the last. `None` when none was wanted.
    pub async fn take_upds(&mut self, account: UserId, count: usize) -> Result<Option<Upd>, StoreError> {
        self.moved = true;
        self.positions.move_upd(self.conn, account, count).await
    }

    /// Statements of this transaction move these accounts' logs.
    pub fn forget_upds(&mut self, accounts: &[UserId]) {
        accounts.iter().for_each(|account| self.positions.forget_upd(*account));
    }

    /// How much has been told so far.
    pub fn told(&self) -> usize {
        self.events.len()
    }

    /// What was told first after that is told last.
    pub fn tell_last(&mut self, told: usize) {
        if let Some(events) = self.events.get_mut(told..).filter(|events| !events.is_empty()) {
            events.rotate_left(1);
        }
    }

    /// Tells the push side after the commit.
    pub fn publish(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Tells the account's devices of changes at positions that the transaction took, the last of them at `pos`.
    pub fn publish_changes(&mut self, account: UserId, pos: Upd, changes: Vec<AccountChange>) {
        self.publish(Event::account(account, pos, changes));
    }
}

/// The handle to the writer task; cheap to clone.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Command>,
}

impl Writer {
    /// Appends messages in their order, each with an outcome of its own.
    pub async fn append(&self, messages: Vec<NewMessage>) -> Result<Outcomes, StoreError> {
        self.ask(|answer| Command::Append(messages, answer)).await
    }

    /// Moves members' own cursors forward.
    pub async fn report(&self, reports: Vec<NewReport>) -> Result<(), StoreError> {
        self.ask(|answer| Command::Report(reports, answer)).await
    }

    /// Runs any other change in the next transaction. When `work` fails, its writes are undone and nothing else.
    pub async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.ask(|answer: Answer<T>| {
            Command::Work(Box::new(move |tx| {
                Box::pin(async move {
                    match work(tx).await {
                        Ok(value) => Ok(Box::new(move |committed: Result<(), StoreError>| {
                            let _ = answer.send(committed.map(|()| value));
                        }) as Reply),
                        Err(error) if error.is_fatal() => Err(error),
                        Err(error) => {
                            let _ = answer.send(Err(error));
                            Err(StoreError::Stopped)
                        }
                    }
                })
            }))
        })
        .await
    }

    // The command belongs to the writer once it is queued: a request that is cancelled meanwhile does not undo it.
    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(command(answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })?;
        answered.await.map_err(|_| StoreError::Stopped)?
    }
}

/// What a commit tells the push side.
pub struct Committed {
    pub events: Vec<Event>,
}

/// The writer itself; [`WriterTask::run`] it.
pub struct WriterTask {
    conn: SqliteConnection,
    queue: mpsc::Receiver<Command>,
    events: mpsc::Sender<Committed>,
    committed: Option<mpsc::Receiver<Committed>>,
    checkpoint: Checkpoint,
    positions: Positions,
    version: i64,
}

pub(super) async fn start(options: SqliteConnectOptions, traces: Traces) -> anyhow::Result<(Writer, WriterTask)> {
    let mut conn = options.clone().connect().await?;
    let version = sqlx::query_scalar(super::sync::VERSION).fetch_one(&mut conn).await?;
    let checkpoint = Checkpoint::open(options, traces).await?;
    let (queue, commands) = mpsc::channel(QUEUE);
    let (events, committed) = mpsc::channel(EVENTS);
    let task = WriterTask {
        conn,
        queue: commands,
        events,
        committed: Some(committed),
        checkpoint,
        positions: Positions::default(),
        version,
    };
    Ok((Writer { queue }, task))
}

impl WriterTask {
    /// What the commits tell, for the one that pushes. Where nobody takes it, as in an import, it is dropped.
    pub fn take_committed(&mut self) -> Option<mpsc::Receiver<Committed>> {
        self.committed.take()
    }

    /// Writes until every [`Writer`] is dropped. An error is final: the process must stop.
    pub async fn run(mut self) -> Result<(), StoreError> {
        self.committed = None;
        let checkpoints = tokio::spawn(self.checkpoint.run());
        let mut commands = Vec::with_capacity(BATCH);
        let result = loop {
            if self.queue.recv_many(&mut commands, BATCH).await == 0 {
                break Ok(());
            }
            let mut rest = std::mem::take(&mut commands);
            let mut failed = None;
            while !rest.is_empty() && failed.is_none() {
                let later = rest.split_off(batch_len(&rest));
                let batch = std::mem::replace(&mut rest, later);
                failed =
                    commit(&mut self.conn, &mut self.positions, &mut self.version, &self.events, batch).await.err();
            }
            if let Some(error) = failed {
                break Err(error);
            }
        };
        checkpoints.abort();
        result
    }
}

/// How many of the commands, at least one, make one transaction.
fn batch_len(commands: &[Command]) -> usize {
    let mut bytes = 0;
    let mut len = 0;
    for command in commands {
        if let Command::Append(messages, _) = command {
            bytes += messages.iter().map(|new| 64 + new.body.size()).sum::<usize>();
        }
        if len > 0 && bytes > BATCH_BYTES {
            break;
        }
        len += 1;
    }
    len
}

/// The commands of one transaction, by kind.
#[derive(Default)]
struct Batch {
    messages: Vec<NewMessage>,
    /// Who sent how many of them.
    appends: Vec<(usize, Answer<Outcomes>)>,
    reports: Vec<NewReport>,
    reported: Vec<Answer<()>>,
    works: Vec<Work>,
}

impl Batch {
    fn sort(commands: Vec<Command>) -> Self {
        let mut batch = Self::default();
        for command in commands {
            match command {
                Command::Append(messages, answer) => {
                    batch.appends.push((messages.len(), answer));
                    batch.messages.extend(messages);
                }
                Command::Report(reports, answer) => {
                    batch.reports.extend(reports);
                    batch.reported.push(answer);
                }
                Command::Work(work) => batch.works.push(work),
            }
        }
        batch
    }
}

/// One transaction. `Err` means that the writer must stop; other failures are answers.
async fn commit(
    conn: &mut SqliteConnection,
    positions: &mut Positions,
    version: &mut i64,
    publish: &mpsc::Sender<Committed>,
    commands: Vec<Command>,
) -> Result<(), StoreError> {
    let mut batch = Batch::sort(commands);
    let works = std::mem::take(&mut batch.works);
    let mut events = Vec::new();
    let written = write(conn, positions, *version + 1, &batch.messages, &batch.reports, works, &mut events).await;
    match written {
        Ok((mut outcomes, replies)) => {
            *version += 1;
            for (len, answer) in batch.appends {
                let rest = outcomes.split_off(len.min(outcomes.len()));
                let _ = answer.send(Ok(std::mem::replace(&mut outcomes, rest)));
            }
            batch.reported.into_iter().for_each(|answer| drop(answer.send(Ok(()))));
            replies.into_iter().for_each(|reply| reply(Ok(())));
            if !events.is_empty() {
                // Nobody listens in an import; the push side never waits for a reader, so neither does this for long.
                let _ = publish.send(Committed { events }).await;
            }
            Ok(())
        }
        Err(Failed { error, replies }) => {
            positions.forget_all();
            if error.is_fatal() {
                return Err(error);
            }
            tracing::error!(%error, "a transaction failed and was rolled back");
            sqlx::query("rollback").execute(&mut *conn).await.ok();
            let again = || match error {
                StoreError::Full => StoreError::Full,
                _ => StoreError::Stopped,
            };
            batch.appends.into_iter().for_each(|(_, answer)| drop(answer.send(Err(again()))));
            batch.reported.into_iter().for_each(|answer| drop(answer.send(Err(again()))));
            replies.into_iter().for_each(|reply| reply(Err(again())));
            Ok(())
        }
    }
}

struct Failed {
    error: StoreError,
    replies: Vec<Reply>,
}

impl<E: Into<StoreError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self { error: error.into(), replies: Vec::new() }
    }
}

async fn write(
    conn: &mut SqliteConnection,
    positions: &mut Positions,
    version: i64,
    messages: &[NewMessage],
    reports: &[NewReport],
    works: Vec<Work>,
    events: &mut Vec<Event>,
) -> Result<(Outcomes, Vec<Reply>), Failed> {
    let mut keys = Keys::New;
    let plain = messages.iter().all(NewMessage::plain);
    if reports.is_empty() && works.is_empty() && plain {
        match append::append_alone(conn, positions, version, messages, events).await {
            Err(again @ (StoreError::Taken | StoreError::Doubtful)) => {
                undo(conn, positions, events).await?;
                keys = if matches!(again, StoreError::Taken) { Keys::Ask } else { Keys::New };
            }
            outcomes => return Ok((outcomes?, Vec::new())),
        }
    }
    sqlx::query("begin immediate").execute(&mut *conn).await?;
    let outcomes = match append::append(conn, positions, version, messages, keys, events).await {
        Err(StoreError::Taken) => {
            undo(conn, positions, events).await?;
            sqlx::query("begin immediate").execute(&mut *conn).await?;
            append::append(conn, positions, version, messages, Keys::Ask, events).await?
        }
        outcomes => outcomes?,
    };
    if !reports.is_empty() {
        cursors::report(conn, positions, reports, events).await?;
    }
    let mut replies = Vec::new();
    for work in works {
        match in_savepoint(conn, positions, version, work, events).await {
            Ok(reply) => replies.extend(reply),
            Err(error) => return Err(Failed { error, replies }),
        }
    }
    match sqlx::query("commit").execute(&mut *conn).await {
        Ok(_) => Ok((outcomes, replies)),
        Err(error) => Err(Failed { error: error.into(), replies }),
    }
}

/// A replay, or what may be refused, is among the messages: the transaction comes again, and asks which.
async fn undo(
    conn: &mut SqliteConnection,
    positions: &mut Positions,
    events: &mut Vec<Event>,
) -> Result<(), StoreError> {
    sqlx::query("rollback").execute(&mut *conn).await?;
    positions.forget_all();
    events.clear();
    Ok(())
}

/// Runs one command so that its failure undoes nothing else. `Ok(None)`: it failed and has told its caller.
async fn in_savepoint(
    conn: &mut SqliteConnection,
    positions: &mut Positions,
    version: i64,
    work: Work,
    events: &mut Vec<Event>,
) -> Result<Option<Reply>, StoreError> {
    sqlx::query("savepoint work").execute(&mut *conn).await?;
    let told = events.len();
    let mut tx = Tx { conn: &mut *conn, version, positions: &mut *positions, moved: false, events: &mut *events };
    let outcome = work(&mut tx).await;
    let moved = tx.moved;
    match outcome {
        Ok(reply) => {
            sqlx::query("release work").execute(&mut *conn).await?;
            Ok(Some(reply))
        }
        Err(error) if error.is_fatal() => Err(error),
        Err(_) => {
            events.truncate(told);
            if moved {
                positions.forget_all();
            }
            sqlx::query("rollback to work").execute(&mut *conn).await?;
            sqlx::query("release work").execute(&mut *conn).await?;
            Ok(None)
        }
    }
}
