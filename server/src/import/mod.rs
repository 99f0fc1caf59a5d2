//! `sixin import`: real conversations from a file of one JSON object a line, plain or gzip-compressed.
//!
//! Two passes: the first checks every line and learns who is in which chat; the second appends the messages through the
//! writer that every send goes through. Every message's idempotency key derives from its source, so a second run adds
//! nothing, and an interrupted one is finished by running it again.

mod append;
mod line;
mod plan;
mod progress;

pub use plan::person;

use crate::auth::Passwords;
use crate::store::{Folder, Store};
use anyhow::{Context, anyhow};
use plan::Plan;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What to import, and into what.
pub struct Import {
    pub file: PathBuf,
    pub data: PathBuf,
    /// Names this source among others; the file's own name when absent. The same names of two sources are two people.
    pub source: Option<String>,
    /// The password of every new account. Without one nobody can log in as an imported person.
    pub password: Option<protocol::Password>,
}

/// What an import did.
pub struct Imported {
    pub messages: u64,
    /// Messages that an earlier import had brought.
    pub known: u64,
    pub conversations: usize,
    pub accounts: usize,
    /// Each line that was refused, by number, with the reason.
    pub refused: Vec<(u64, String)>,
    pub seconds: f64,
}

/// Imports the file. A malformed line is refused alone; an unreadable file, a full disk or a failing database ends it.
pub async fn run(import: Import) -> anyhow::Result<Imported> {
    let began = Instant::now();
    let source = import.source.unwrap_or_else(|| source_name(&import.file));
    let folder = Folder::take(&import.data)?;
    let bar = progress::reading(&import.file)?;
    let file = import.file.clone();
    let plan = Arc::new(tokio::task::spawn_blocking(move || Plan::read(&file, &bar)).await??);

    let (store, task) = Store::open(folder).await?;
    let writer = tokio::spawn(task.run());
    let hash = match import.password {
        Some(password) => Some(Passwords::new()?.hash(password.into()).await.map_err(|_| anyhow!("cannot hash"))?),
        None => None,
    };
    let (accounts, new_accounts) = store.import_accounts(source.clone(), plan.people(), hash).await?;
    let chats = plan.chats(&accounts)?;
    let (conversations, new_conversations) = store.import_conversations(source.clone(), chats).await?;
    let appended = append::run(&store, &import.file, source, plan.clone(), accounts, conversations).await;
    store.close().await;
    drop(store);
    // The writer's own error says more than "stopped".
    writer.await.context("the writer failed")??;
    let appended = appended?;
    Ok(Imported {
        messages: appended.messages,
        known: appended.known,
        conversations: new_conversations,
        accounts: new_accounts,
        refused: plan.refused().to_vec(),
        seconds: began.elapsed().as_secs_f64(),
    })
}

fn source_name(file: &Path) -> String {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.split('.').next().unwrap_or_default().to_owned()
}
