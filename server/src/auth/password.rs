//! Argon2id in a bounded pool, so that logging in cannot starve the chat of processor or memory.
//!
//! Invariants: at most [`AT_ONCE`] hashes run and [`WAITING`] wait, each of 19 MiB while it runs. Checking a password
//! against no account takes as long as against one.

use crate::error::Refusal;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

const AT_ONCE: usize = 2;
const WAITING: usize = 64;

/// OWASP's floor for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The C library gives memory of 32 MiB and more back to the system as soon as it is free, and keeps smaller pieces,
/// for each thread apart: hence 33 MiB, in blocks, of which only what is used becomes real.
const RETURNED: usize = 33 * 1_024 * 1_024 / Block::SIZE;

/// The pool; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    queued: Arc<AtomicUsize>,
    /// The hash of a password that nobody knows.
    nobody: Arc<str>,
}

impl Passwords {
    /// Makes the pool, and the hash that stands in for an account that does not exist.
    pub fn new() -> anyhow::Result<Self> {
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        getrandom::fill(&mut output)?;
        Ok(Self {
            running: Arc::new(Semaphore::new(AT_ONCE)),
            queued: Arc::default(),
            nobody: phc(params()?, &salt()?, Output::new(&output)?)?.into(),
        })
    }

    /// The hash of a password, in PHC form.
    pub async fn hash(&self, password: String) -> Result<String, Refusal> {
        self.run(move || hash_now(&password)).await?.map_err(|error| {
            tracing::error!(%error, "cannot hash a password");
            Refusal::internal()
        })
    }

    /// Whether the password is the one of `hash`. Without a hash it is not, which takes as long to find out.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Refusal> {
        let known = hash.is_some();
        let nobody = self.nobody.clone();
        let right = self
            .run(move || {
                matches(password.as_bytes(), hash.as_deref().unwrap_or(&nobody)).unwrap_or_else(|error| {
                    tracing::error!(%error, "a stored password hash cannot be read");
                    false
                })
            })
            .await?;
        Ok(right && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let place = Place::take(&self.queued)?;
        let permit = self.running.clone().acquire_owned().await.map_err(|_| Refusal::unavailable())?;
        // The permit and the place are given back when the work ends, even if the caller is gone by then.
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, permit);
            work()
        });
        done.await.map_err(|_| Refusal::internal())
    }
}

/// The hash of a password, in PHC form, made on the calling thread.
pub fn hash_now(password: &str) -> anyhow::Result<String> {
    let (params, salt) = (params()?, salt()?);
    let output = derive(password.as_bytes(), &salt, params.clone())?;
    Ok(phc(params, &salt, output)?)
}

fn params() -> argon2::Result<Params> {
    Params::new(MEMORY_KIB, PASSES, LANES, None)
}

fn salt() -> anyhow::Result<[u8; 16]> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)?;
    Ok(salt)
}

fn phc(params: Params, salt: &[u8], output: Output) -> argon2::password_hash::Result<String> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

fn matches(password: &[u8], hash: &str) -> argon2::password_hash::Result<bool> {
    let hash = PasswordHash::new(hash)?;
    let params = Params::try_from(&hash)?;
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Ok(false) };
    // The comparison takes the same time wherever the two differ.
    Ok(derive(password, &salt, params)? == expected)
}

fn derive(password: &[u8], salt: &[u8], params: Params) -> argon2::password_hash::Result<Output> {
    let mut memory = Vec::with_capacity(params.block_count().max(RETURNED));
    memory.resize(params.block_count(), Block::new());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password, salt, &mut output, &mut memory)?;
    Ok(Output::new(&output)?)
}

/// A place among those who run and wait.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(queued: &Arc<AtomicUsize>) -> Result<Self, Refusal> {
        let place = Self(queued.clone());
        if queued.fetch_add(1, Ordering::Relaxed) >= AT_ONCE + WAITING {
            return Err(Refusal::unavailable());
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let verify = |password: &str, hash: Option<&String>| passwords.verify(password.to_owned(), hash.cloned());
        assert!(verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!verify("correct horsf", Some(&hash)).await.unwrap());
        assert!(!verify("correct horse", None).await.unwrap());
        assert!(!verify("correct horse", Some(&"not a hash".to_owned())).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_pool_refuses_and_recovers() {
        let passwords = Passwords::new().unwrap();
        let held: Vec<_> = (0..AT_ONCE + WAITING).map(|_| Place::take(&passwords.queued).unwrap()).collect();
        let refusal = passwords.hash("password".to_owned()).await.unwrap_err();
        assert_eq!(refusal.code, protocol::ErrorCode::Unavailable);
        drop(held);
        assert!(passwords.hash("password".to_owned()).await.is_ok());
    }
}
