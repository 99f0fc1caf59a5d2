//! Places for what people upload: so many at the same time, and so many of one account, so that nobody who sends slowly takes
//! those of all.

use crate::error::Refusal;
use protocol::UserId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// After what time whoever has too many of them may try again.
const OCCUPIED: Duration = Duration::from_secs(1);

/// Cheap to clone.
#[derive(Clone)]
pub struct Places {
    all: Arc<Semaphore>,
    most_of_one: usize,
    of_one: Arc<Mutex<HashMap<UserId, usize>>>,
}

impl Places {
    pub fn new(all: usize, most_of_one: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), most_of_one, of_one: Arc::default() }
    }

    /// A place for what an account is about to upload. `unavailable` when all are taken, `rate_limited` when the account has
    /// as many as it may.
    pub fn take(&self, owner: UserId) -> Result<Place, Refusal> {
        let permit = self.all.clone().try_acquire_owned().map_err(|_| Refusal::unavailable())?;
        let mut of_one = self.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = of_one.entry(owner).or_default();
        if *taken >= self.most_of_one {
            return Err(Refusal::rate_limited(OCCUPIED));
        }
        *taken += 1;
        Ok(Place { owner, of_one: self.of_one.clone(), _permit: permit })
    }
}

/// An account's place, until it is dropped.
pub struct Place {
    owner: UserId,
    of_one: Arc<Mutex<HashMap<UserId, usize>>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut of_one = self.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = of_one.get_mut(&self.owner) {
            *taken -= 1;
            if *taken == 0 {
                of_one.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever uploads much at once leaves room for others, and gets their own places back.
    #[test]
    fn nobody_takes_all_places() {
        let places = Places::new(24, 4);
        let user = |id: u64| UserId::try_from(id).unwrap();
        let mut held: Vec<_> = (0..4).map(|_| places.take(user(1)).unwrap()).collect();
        assert_eq!(places.take(user(1)).err().unwrap().code, protocol::ErrorCode::RateLimited);
        held.pop();
        held.push(places.take(user(1)).unwrap());
        held.extend((4..24).map(|place| places.take(user(1 + place / 4)).unwrap()));
        assert_eq!(places.take(user(99)).err().unwrap().code, protocol::ErrorCode::Unavailable);
        held.clear();
        assert!(places.take(user(99)).is_ok() && places.of_one.lock().unwrap().is_empty());
    }
}
