//! Who is in which conversation, kept in memory for the conversations in use, so that a send reads nothing first.

use crate::error::Refusal;
use crate::store::{Roster, Store, StoreError};
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
        let there = |roster: &Roster| roster.has(account) && !roster.awaits(account);
        let roster = match self.cache.get(&id) {
            Some(roster) if there(&roster) => roster,
            Some(roster) if !roster.has(account) && !self.store.is_member(account, id).await? => roster,
            // Since then they may have come, somebody may have written, or they opened it themselves.
            _ => self.renew(id).await?,
        };
        if there(&roster) { Ok(roster) } else { Err(Refusal::not_found()) }
    }

    /// Changes the members of a conversation, which `work` names, and reads its roster anew.
    pub async fn change<T, F>(&self, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: Future<Output = Result<(ConversationId, T), StoreError>> + Send + 'static,
    {
        let rosters = self.clone();
        // A task of its own: a caller who hangs up must not leave an old roster in the cache.
        let changing = tokio::spawn(async move {
            let (id, changed) = work.await?;
            rosters.renew(id).await?;
            Ok::<_, Refusal>(changed)
        });
        changing.await.map_err(|_| Refusal::internal())?
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{messaging, presence, receipts};
    use crate::serve::tests::quiet;
    use crate::store::{Actor, Change, Reader};
    use protocol::messaging::SendRequest;
    use protocol::{ClientId, ErrorCode, MessageBody, User};

    fn key(number: u64) -> ClientId {
        ClientId::from_parts(number, [7; 10])
    }

    /// R002-17: who is in which group decides, whatever is in memory: who came writes, who may write again does, and who
    /// is gone learns and tells nothing.
    #[tokio::test]
    async fn a_roster_of_before_decides_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let state = quiet(folder.path()).await;
        let user = async |handle: &'static str| {
            let name = handle.try_into().unwrap();
            let account = state.store.create_account(handle.try_into().unwrap(), name, String::new()).await.unwrap();
            Arc::new(account.user())
        };
        let (a, b, c) = (user("aa").await, user("bb").await, user("cc").await);
        let device = 1u64.try_into().unwrap();
        let made = (a.clone(), key(1));
        let reader = Reader { account: a.id, device };
        let id = state.store.create_group(reader, made, None, vec![b.id], |_| Ok(())).await.unwrap().0.id;
        let send = async |from: &Arc<User>, number, invisible_list| {
            let body = MessageBody::text("x".try_into().unwrap());
            let request = SendRequest { client_id: key(number), body, invisible_list };
            messaging::send(&state, from.clone(), id, request).await.map(drop)
        };
        // Each change is one whose caller was cut off before the roster was read anew.
        let by_a = |number| Actor { conversation: id, user: a.clone(), key: key(number) };
        let mute_b = async |number, until| {
            let changes = vec![Change::MuteUntil(until)];
            state.store.change_member(by_a(number), b.id, changes).await.unwrap();
        };

        send(&a, 2, vec![]).await.unwrap();
        state.store.invite(by_a(3), vec![c.id], 9, |_| Ok(())).await.unwrap();
        send(&c, 4, vec![b.id]).await.unwrap();
        mute_b(5, u64::MAX / 4).await;
        assert_eq!(send(&b, 6, vec![]).await.unwrap_err().code, ErrorCode::Muted);
        mute_b(7, 0).await;
        send(&b, 8, vec![]).await.unwrap();

        let mut at_a = state.hub.connect(a.id, device);
        let told = receipts::readers(&state, c.id, id).await.unwrap();
        assert_eq!((told.readers.len(), told.withheld.len()), (2, 1));
        state.store.remove_member(by_a(9), c.id).await.unwrap();
        let told = receipts::readers(&state, c.id, id).await.unwrap();
        assert_eq!((told.readers.len(), told.withheld.len()), (0, 0));
        presence::typing(&state, c.id, id).await.unwrap();
        assert!(at_a.queue.try_recv().is_err());
        presence::typing(&state, b.id, id).await.unwrap();
        assert!(at_a.queue.try_recv().is_ok());
    }
}
