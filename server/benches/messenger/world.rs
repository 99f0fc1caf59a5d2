//! A data folder with a population in it, whose people are logged in.

use crate::http::Http;
use crate::population::Population;
use crate::process::{self, Server};
use anyhow::Context;
use protocol::messaging::Conversations;
use protocol::{ConversationId, Login, LoginRequest, path};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::Path;
use tempfile::TempDir;
use tokio::task::JoinSet;

const PASSWORD: &str = "correct horse";
/// Logging in takes the server's processor; more at once would only wait.
const LOGINS_AT_ONCE: usize = 4;

/// Two people with a conversation of their own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pair {
    pub conversation: ConversationId,
    pub sender: String,
    pub receiver: String,
}

/// One person, with the newest conversation of the list.
#[derive(Clone, Debug)]
pub struct Person {
    pub token: String,
    pub conversation: ConversationId,
}

/// Removed when it is dropped.
pub struct World {
    folder: TempDir,
    pub pairs: Vec<Pair>,
    /// Those who were asked for by name.
    pub people: Vec<Person>,
    pub messages: u64,
}

impl World {
    /// Imports the population and logs everybody of the pairs in, and `people`.
    pub fn make(population: &Population, people: &[&str]) -> anyhow::Result<Self> {
        let folder = scratch()?;
        let file = folder.path().join("population.jsonl");
        population.write(&file)?;
        let data = folder.path().join("data");
        process::import(&file, &data, PASSWORD)?;
        std::fs::remove_file(&file)?;
        let server = Server::start(&data)?;
        let pairs = (0..population.pairs).flat_map(|n| [format!("pair-{n}-a"), format!("pair-{n}-b")]);
        let handles: Vec<String> = pairs.chain(people.iter().map(|name| (*name).to_owned())).collect();
        let mut persons = block_on(log_in(server.address, handles))?.into_iter();
        let mut pairs = Vec::with_capacity(population.pairs);
        for _ in 0..population.pairs {
            let (Some(a), Some(b)) = (persons.next(), persons.next()) else { break };
            pairs.push(Pair { conversation: a.conversation, sender: a.token, receiver: b.token });
        }
        server.stop()?;
        Ok(Self { folder, pairs, people: persons.collect(), messages: population.messages() })
    }

    /// Starts a server on it.
    pub fn serve(&self) -> anyhow::Result<Server> {
        Server::start(&self.folder.path().join("data"))
    }

    /// Starts a server on it, at an address.
    pub fn serve_at(&self, address: SocketAddr) -> anyhow::Result<Server> {
        Server::start_at(&self.folder.path().join("data"), address)
    }

    /// One of those who were asked for by name.
    pub fn person(&self, number: usize) -> anyhow::Result<&Person> {
        self.people.get(number).context("nobody of this number")
    }
}

/// A folder on the disk that the project is built on; the system's own folder for such things may lie in memory.
pub fn scratch() -> anyhow::Result<TempDir> {
    Ok(TempDir::new_in(Path::new(env!("CARGO_TARGET_TMPDIR")))?)
}

/// Runs one future on this thread.
pub fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

async fn log_in(address: SocketAddr, handles: Vec<String>) -> anyhow::Result<Vec<Person>> {
    let mut running = JoinSet::new();
    let mut done = Vec::with_capacity(handles.len());
    for (number, handle) in handles.into_iter().enumerate() {
        if running.len() == LOGINS_AT_ONCE {
            done.extend(running.join_next().await.transpose()?);
        }
        running.spawn(async move { anyhow::Ok((number, person(address, handle).await?)) });
    }
    while let Some(person) = running.join_next().await {
        done.push(person?);
    }
    let mut done = done.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, person)| person).collect())
}

async fn person(address: SocketAddr, handle: String) -> anyhow::Result<Person> {
    let request = LoginRequest { handle, password: PASSWORD.to_owned(), device_name: None };
    let login: Login = Http::connect(address, "").await?.post(path::LOGINS, &request).await?;
    let list: Conversations = Http::connect(address, &login.token).await?.get(path::CONVERSATIONS).await?;
    let first = list.conversations.first().context("an imported person without a conversation")?;
    Ok(Person { token: login.token, conversation: first.id })
}
