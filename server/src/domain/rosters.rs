//! Who is in which conversation, kept in memory for the conversations in use, so that a send reads nothing first.

use crate::error::Refusal;
use crate::store::{Roster, Store};
use protocol::{ConversationId, UserId};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;

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
}

impl Rosters {
    pub fn new(store: Store) -> Self {
        Self { store, cache: Arc::new(Cache::with_weighter(CONVERSATIONS, CAPACITY, Members)) }
    }

    /// The roster of a conversation that the account is a member of. Everybody else is told what is told of a
    /// conversation that does not exist.
    pub async fn of_member(&self, account: UserId, id: ConversationId) -> Result<Arc<Roster>, Refusal> {
        let roster = match self.cache.get(&id) {
            Some(roster) => roster,
            None => {
                let roster = Arc::new(self.store.roster(id).await?.ok_or_else(Refusal::not_found)?);
                self.cache.insert(id, roster.clone());
                roster
            }
        };
        if roster.has(account) { Ok(roster) } else { Err(Refusal::not_found()) }
    }
}
