//! Log-ins that have begun here and go on at the provider.
//!
//! Invariants: each is taken once, by the browser that began it, within [`LIFETIME`]; at most [`MOST`] are kept, of
//! which the oldest gives way. Another browser that names one takes nothing from its owner.

use openidconnect::{Nonce, PkceCodeVerifier, RedirectUrl};
use protocol::{DeviceId, UserId};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long somebody may take at the provider.
pub const LIFETIME: Duration = Duration::from_secs(600);
/// Log-ins that are kept, of some 500 bytes each.
const MOST: usize = 16_384;

/// What becomes of whom the provider names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// They log in, and go on to this path.
    LogIn { to: String },
    /// They become another way into the account that is logged in on this device.
    Link { account: UserId, device: DeviceId },
}

/// What has to fit when the provider sends the browser back.
pub struct Begun {
    pub nonce: Nonce,
    pub verifier: PkceCodeVerifier,
    /// The provider compares it with the one that the log-in began with.
    pub redirect: RedirectUrl,
    pub purpose: Purpose,
}

struct Kept {
    begun: Begun,
    browser: [u8; 32],
    since: Instant,
}

#[derive(Default)]
struct Table {
    by_state: HashMap<String, Kept>,
    /// The oldest first; those that were taken too.
    order: VecDeque<(Instant, String)>,
}

#[derive(Default)]
pub struct Pending(Mutex<Table>);

impl Pending {
    /// Keeps a log-in of the browser that holds this secret.
    pub fn keep(&self, state: String, browser: &str, begun: Begun, now: Instant) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((since, oldest)) = table.order.front()
            && (table.order.len() >= MOST || now.duration_since(*since) > LIFETIME)
        {
            let oldest = oldest.clone();
            table.by_state.remove(&oldest);
            table.order.pop_front();
        }
        table.order.push_back((now, state.clone()));
        table.by_state.insert(state, Kept { begun, browser: hash(browser), since: now });
    }

    /// The log-in of this state, if this browser began it in time. There is none a second time.
    pub fn take(&self, state: &str, browser: &str, now: Instant) -> Option<Begun> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = table.by_state.get(state)?;
        if kept.browser != hash(browser) {
            return None;
        }
        let kept = table.by_state.remove(state)?;
        (now.duration_since(kept.since) <= LIFETIME).then_some(kept.begun)
    }
}

/// Two hashes are compared, so that the time tells nothing of the secret.
fn hash(browser: &str) -> [u8; 32] {
    Sha256::digest(browser.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> Begun {
        Begun {
            nonce: Nonce::new("n".to_owned()),
            verifier: PkceCodeVerifier::new("v".repeat(43)),
            redirect: RedirectUrl::new("http://a/".to_owned()).unwrap(),
            purpose: Purpose::LogIn { to: "/".to_owned() },
        }
    }

    /// R002-03: a log-in ends in the browser in which it began, once, and within ten minutes.
    #[test]
    fn a_log_in_is_taken_once_by_its_browser_in_time() {
        let (pending, now) = (Pending::default(), Instant::now());
        let keep = |state: &str| pending.keep(state.to_owned(), "mine", begun(), now);
        keep("one");
        assert!(pending.take("one", "another's", now).is_none());
        assert!(pending.take("two", "mine", now).is_none());
        assert!(pending.take("one", "mine", now + LIFETIME).is_some(), "another's attempt took nothing away");
        assert!(pending.take("one", "mine", now).is_none(), "twice");
        keep("late");
        assert!(pending.take("late", "mine", now + LIFETIME + Duration::from_secs(1)).is_none());
    }

    #[test]
    fn the_oldest_give_way_and_the_late_are_forgotten() {
        let (pending, now) = (Pending::default(), Instant::now());
        for number in 0..=MOST {
            pending.keep(number.to_string(), "mine", begun(), now);
        }
        assert!(pending.take("0", "mine", now).is_none());
        assert!(pending.take("1", "mine", now).is_some());
        pending.keep("new".to_owned(), "mine", begun(), now + LIFETIME + Duration::from_secs(1));
        let table = pending.0.lock().unwrap();
        assert_eq!((table.by_state.len(), table.order.len()), (1, 1));
    }
}
