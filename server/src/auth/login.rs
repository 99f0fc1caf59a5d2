//! Logins: opaque random tokens, and the cache that lets a request know its account without asking the database.
//!
//! Invariants: the database holds only a token's SHA-256. A login that was ended, or whose account changed, is not in
//! the cache from the moment at which that was answered. The cache is bounded; a full one is emptied and fills again.

use crate::error::Refusal;
use crate::store::logins::TokenHash;
use crate::store::{self, Reader, Store, StoreError};
use base64ct::{Base64UrlUnpadded, Encoding};
use protocol::{Account, DeviceId, DeviceName, Millis, User, UserId};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// Logins held in memory, some 300 bytes each.
const CAPACITY: usize = 65_536;
/// How often the times at which devices were seen are written.
const SEEN_PERIOD: Duration = Duration::from_secs(2);

/// Who asks, and from which device.
#[derive(Debug)]
pub struct CurrentLogin {
    pub account: Account,
    /// What others may know of the account, ready to be shared.
    pub user: Arc<User>,
    pub device: DeviceId,
    token: TokenHash,
}

impl CurrentLogin {
    /// Whose view it is.
    pub fn reader(&self) -> Reader {
        Reader { account: self.account.id, device: self.device }
    }
}

/// A new token and its hash.
pub struct Token {
    pub text: String,
    pub hash: TokenHash,
}

impl Token {
    /// The hash of a token's text.
    pub fn hash_of(text: &str) -> TokenHash {
        token_hash(text)
    }

    pub fn fresh() -> Result<Self, Refusal> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            tracing::error!(%error, "the system has no random numbers");
            Refusal::internal()
        })?;
        let text = Base64UrlUnpadded::encode_string(&bytes);
        let hash = token_hash(&text);
        Ok(Self { text, hash })
    }
}

fn token_hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// Every login; cheap to clone.
#[derive(Clone)]
pub struct Logins {
    store: Store,
    cache: Arc<RwLock<Cache>>,
    /// What is not written yet of when devices were seen, and whose they are.
    seen: Arc<Mutex<HashMap<DeviceId, (UserId, Millis)>>>,
}

#[derive(Default)]
struct Cache {
    logins: HashMap<TokenHash, Arc<CurrentLogin>>,
    /// How often logins were ended or accounts changed so far: what was read from the database before the last time may
    /// be stale.
    changed: u64,
    /// Logins that are being ended, once for each attempt.
    ending: Vec<DeviceId>,
}

impl Logins {
    pub fn new(store: Store) -> Self {
        Self { store, cache: Arc::default(), seen: Arc::default() }
    }

    /// The login of a token, if it stands. Asks the database only after a start or a long absence.
    pub async fn find(&self, token: &str) -> Result<Option<Arc<CurrentLogin>>, Refusal> {
        let hash = token_hash(token);
        let changed = {
            let cache = self.read();
            // Of one that is being ended its device may have heard already.
            if let Some(login) = cache.logins.get(&hash).filter(|login| !cache.ending.contains(&login.device)) {
                return Ok(Some(login.clone()));
            }
            cache.changed
        };
        let Some((account, device)) = self.store.login(&hash).await? else { return Ok(None) };
        let user = Arc::new(account.user());
        let login = Arc::new(CurrentLogin { account, user, device, token: hash });
        let mut cache = self.write();
        if cache.changed == changed {
            if cache.logins.len() >= CAPACITY {
                cache.logins.clear();
            }
            cache.logins.insert(hash, login.clone());
        }
        Ok(Some(login))
    }

    /// Begins a login of the account and returns its token, which nobody can read again. `None` when the account was
    /// deactivated meanwhile.
    pub async fn begin(&self, account: &Account, name: DeviceName) -> Result<Option<(DeviceId, Token)>, Refusal> {
        let token = Token::fresh()?;
        match self.store.begin_login(account.id, token.hash, name).await {
            Ok(device) => Ok(Some((device, token))),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Begins a login of the account with a token that is known already; `Taken` when it has begun, `NotFound` when the
    /// account was deactivated meanwhile.
    pub async fn begin_with(&self, token: &str, account: &Account, name: DeviceName) -> Result<DeviceId, StoreError> {
        self.store.begin_login(account.id, token_hash(token), name).await
    }

    /// Every later request of these accounts' devices asks the database anew.
    pub fn forget(&self, accounts: &[UserId]) {
        let mut cache = self.write();
        cache.changed += 1;
        cache.logins.retain(|_, login| !accounts.contains(&login.account.id));
    }

    /// Ends one login of the account; its connections close. `NotFound` when the account has no such device.
    pub async fn end(&self, account: UserId, device: DeviceId) -> Result<(), Refusal> {
        let logins = self.clone();
        // A task of its own: a caller who hangs up must not leave an ended login in the cache.
        let ending = tokio::spawn(async move {
            logins.write().ending.push(device);
            let ended = logins.store.end_login(account, device).await;
            let mut cache = logins.write();
            if let Some(mine) = cache.ending.iter().position(|ending| *ending == device) {
                cache.ending.swap_remove(mine);
            }
            cache.changed += 1;
            cache.logins.remove(&ended?);
            Ok::<_, StoreError>(())
        });
        Ok(ending.await.map_err(|_| Refusal::internal())??)
    }

    /// Changes the account by `work`: every later request of its devices sees it.
    pub async fn change<T, F>(&self, account: UserId, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let logins = self.clone();
        // A task of its own: a caller who hangs up must not leave an old account in the cache.
        let changing = tokio::spawn(async move {
            let changed = work.await;
            let mut cache = logins.write();
            cache.changed += 1;
            cache.logins.retain(|_, login| login.account.id != account);
            changed
        });
        Ok(changing.await.map_err(|_| Refusal::internal())??)
    }

    /// Whether the login still stands, though it may have been ended since it was found.
    pub async fn is_current(&self, login: &CurrentLogin) -> Result<bool, StoreError> {
        {
            let cache = self.read();
            if cache.logins.contains_key(&login.token) && !cache.ending.contains(&login.device) {
                return Ok(true);
            }
        }
        Ok(self.store.login(&login.token).await?.is_some())
    }

    /// Notes that the device opened its push connection. Never waits: the time is written soon, with those of others.
    pub fn seen(&self, login: &CurrentLogin) {
        self.lock_seen().insert(login.device, (login.account.id, store::now()));
    }

    /// When the device was seen, where that is not written yet.
    pub fn last_seen(&self, device: DeviceId) -> Option<Millis> {
        self.lock_seen().get(&device).map(|(_, at)| *at)
    }

    /// When any device of the account was seen, where that is not written yet. Whoever asks the database too, asks here
    /// first: what is written is forgotten here.
    pub fn account_seen(&self, account: UserId) -> Option<Millis> {
        self.lock_seen().values().filter(|(whose, _)| *whose == account).map(|(_, at)| *at).max()
    }

    /// Writes the times at which devices were seen again and again, until it is dropped.
    pub async fn keep_writing_seen(self) {
        let mut ticks = tokio::time::interval(SEEN_PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.write_seen().await;
        }
    }

    /// Writes the times at which devices were seen.
    pub async fn write_seen(&self) {
        let seen = self.lock_seen().clone();
        if !seen.is_empty() {
            let rows = seen.iter().map(|(device, (account, at))| (*device, *account, *at)).collect();
            match self.store.write_seen(rows).await {
                Ok(()) => self.lock_seen().retain(|device, told| seen.get(device) != Some(told)),
                Err(error) => tracing::warn!(%error, "cannot write when devices were seen; trying again"),
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Cache> {
        self.cache.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Cache> {
        self.cache.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_seen(&self) -> MutexGuard<'_, HashMap<DeviceId, (UserId, Millis)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use crate::serve::tests::quiet;

    /// R004-A5: whoever is told that a login has ended finds it ended, though its end is not done with.
    #[tokio::test]
    async fn a_login_that_is_being_ended_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let logins = quiet(folder.path()).await.logins.clone();
        let name = "aa".try_into().unwrap();
        let account = logins.store.create_account("aa".try_into().unwrap(), name, String::new()).await.unwrap();
        let (device, token) = logins.begin(&account, "x".try_into().unwrap()).await.unwrap().unwrap();
        assert!(logins.find(&token.text).await.unwrap().is_some());
        logins.write().ending.push(device);
        assert!(logins.find(&token.text).await.unwrap().is_some());
        logins.store.end_login(account.id, device).await.unwrap();
        assert!(logins.find(&token.text).await.unwrap().is_none());
    }
}
