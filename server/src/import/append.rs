//! The second pass: the messages, in batches, through the writer.

use super::line::{Line, Lines};
use super::plan::Plan;
use super::progress;
use crate::store::{NewMessage, Roster, Store};
use anyhow::Context;
use protocol::{ClientId, ConversationId, ConversationKind, MessageBody, Seq, User, UserId};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Messages in one transaction.
const BATCH: usize = 1_024;
/// Batches read ahead of the writer.
const AHEAD: usize = 4;

#[derive(Default)]
pub struct Appended {
    pub messages: u64,
    pub known: u64,
}

pub async fn run(
    store: &Store,
    file: &Path,
    source: String,
    plan: Arc<Plan>,
    accounts: HashMap<String, UserId>,
    conversations: HashMap<String, ConversationId>,
) -> anyhow::Result<Appended> {
    let bar = progress::appending(plan.lines);
    let (batches, mut read) = mpsc::channel(AHEAD);
    let file = file.to_owned();
    let mut reader = Reader { source, accounts, conversations, plan, senders: HashMap::new(), recent: HashMap::new() };
    let reading = tokio::task::spawn_blocking(move || reader.read(&file, &batches));

    let mut done = Appended::default();
    let mut heads: HashMap<ConversationId, Seq> = HashMap::new();
    while let Some(batch) = read.recv().await {
        let ids: Vec<ConversationId> = batch.iter().map(|new: &NewMessage| new.conversation).collect();
        for (conversation, outcome) in ids.iter().zip(store.writer().append(batch).await?) {
            let appended = outcome?;
            if appended.replay {
                done.known += 1;
            } else {
                done.messages += 1;
                heads.insert(*conversation, appended.message.seq);
            }
        }
        bar.inc(ids.len() as u64);
    }
    reading.await??;
    bar.finish_and_clear();
    store.import_read(heads.into_iter().collect()).await?;
    Ok(done)
}

struct Reader {
    source: String,
    plan: Arc<Plan>,
    accounts: HashMap<String, UserId>,
    conversations: HashMap<String, ConversationId>,
    senders: HashMap<String, Arc<User>>,
    /// The digests of each chat's lines that bear its latest time: what tells equal lines apart.
    recent: HashMap<ConversationId, (u64, Vec<[u8; 32]>)>,
}

impl Reader {
    fn read(&mut self, file: &Path, batches: &mpsc::Sender<Vec<NewMessage>>) -> anyhow::Result<()> {
        let mut lines = Lines::open(file, |file| file)?;
        // Nobody is connected while an import holds the data folder, so there is nobody to route to.
        let roster = Arc::new(Roster::new(ConversationKind::Group, Vec::new()));
        let mut batch = Vec::with_capacity(BATCH);
        while let Some((number, line)) = lines.next()? {
            if self.plan.refuses(number) {
                continue;
            }
            let line = line.map_err(|reason| anyhow::anyhow!("line {number} changed while it was read: {reason}"))?;
            batch.push(self.message(line, &roster)?);
            if batch.len() == BATCH {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                if batches.blocking_send(full).is_err() {
                    return Ok(());
                }
            }
        }
        // The other end is gone only when the writer failed, which tells its own story.
        let _ = batches.blocking_send(batch);
        Ok(())
    }

    fn message(&mut self, line: Line, roster: &Arc<Roster>) -> anyhow::Result<NewMessage> {
        let conversation =
            *self.conversations.get(&line.chat.0).context("the file changed while it was read: a new chat")?;
        let sender = self.sender(&line.sender.0)?;
        let client_id = self.client_id(conversation, &line);
        let body = MessageBody::text(line.text);
        Ok(NewMessage {
            conversation,
            sender,
            roster: roster.clone(),
            client_id,
            body,
            invisible: Vec::new(),
            at: Some(line.at.0),
            gate: None,
            ask_at: None,
        })
    }

    fn sender(&mut self, name: &str) -> anyhow::Result<Arc<User>> {
        if let Some(sender) = self.senders.get(name) {
            return Ok(sender.clone());
        }
        let id = *self.accounts.get(name).context("the file changed while it was read: a new sender")?;
        // Only its id is stored; the names serve frames, and nobody is connected.
        let person = super::plan::person(name);
        let sender = Arc::new(User::new(id, person.handle, person.display_name));
        self.senders.insert(name.to_owned(), sender.clone());
        Ok(sender)
    }

    /// A key that the same line of the same source always has: its time, then a digest of what tells it apart.
    fn client_id(&mut self, conversation: ConversationId, line: &Line) -> ClientId {
        let mut digest = Sha256::new();
        for part in [self.source.as_bytes(), line.chat.0.as_bytes(), line.sender.0.as_bytes()] {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        digest.update(line.at.0.to_le_bytes());
        digest.update(line.text.as_str());
        let content: [u8; 32] = digest.clone().finalize().into();
        let (at, seen) = self.recent.entry(conversation).or_default();
        if *at != line.at.0 {
            (*at, *seen) = (line.at.0, Vec::new());
        }
        let nth = seen.iter().filter(|earlier| **earlier == content).count();
        seen.push(content);
        digest.update(nth.to_le_bytes());
        let random: [u8; 32] = digest.finalize().into();
        let mut bytes = [0; 10];
        bytes.iter_mut().zip(random).for_each(|(byte, value)| *byte = value);
        ClientId::from_parts(line.at.0, bytes)
    }
}
