//! Who is in which conversation, kept in memory for the conversations in use, so that a send reads nothing first.

use crate::error::Refusal;
use crate::store::{Roster, Store};
use protocol::{ConversationId, UserId};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::{Arc, Mutex, PoisonError};

/// Members held at most, over all rosters; eight bytes each.
const CAPACITY: u64 = 2_000_000;
const CONVERSATIONS: usize = 50_000;

#[derive(Clone)]
struct Members;

impl Weighter<ConversationId, Arc<Roster>> for Members {
    fn weight(&self, _: &ConversationId, roster: &Arc<Roster>) -> u64 {
        16 + roster.members.len() as u64
    }
}

/// A bounded cache over the store; cheap to clone.
#[derive(Clone)]
pub struct Rosters {
    store: Store,
    cache: Arc<Cache<ConversationId, Arc<Roster>, Members>>,
    /// Held while a roster is put in, so that an older one never replaces a newer.
    putting: Arc<Mutex<()>>,
}

impl Rosters {
    pub fn new(store: Store) -> Self {
        Self { store, cache: Arc::new(Cache::with_weighter(CONVERSATIONS, CAPACITY, Members)), putting: Arc::default() }
    }

    /// The roster of a conversation that the account is a member of. Everybody else is told what is told of a
    /// conversation that does not exist.
    pub async fn of_member(&self, account: UserId, id: ConversationId) -> Result<Arc<Roster>, Refusal> {
        let roster = match self.cache.get(&id) {
            // Somebody may have written since, or the member opened it.
            Some(roster) if !roster.awaits(account) => roster,
            _ => self.renew(id).await?,
        };
        if roster.has(account) && !roster.awaits(account) { Ok(roster) } else { Err(Refusal::not_found()) }
    }

    /// Reads the roster anew: its members changed. What was decided by the old one meanwhile the writer refuses.
    pub async fn renew(&self, id: ConversationId) -> Result<Arc<Roster>, Refusal> {
        let read = Arc::new(self.store.roster(id).await?.ok_or_else(Refusal::not_found)?);
        let _putting = self.putting.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match self.cache.get(&id) {
            Some(held) if held.rev > read.rev => held,
            _ => {
                self.cache.insert(id, read.clone());
                read
            }
        })
    }
}
