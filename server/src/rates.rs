//! Who may do something how often.
//!
//! Invariant: memory is bounded by who acted within the last hour; the keys are small, whatever a request says.

use crate::config::Rates;
use crate::error::Refusal;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use protocol::UserId;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

/// After so many checks a limit forgets those who are idle.
const SWEEP: u32 = 4_096;
/// How often an account tells at once that it writes.
const TYPING_AT_ONCE: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
/// How many conversations with one other an account opens at once, on all of its devices.
const LOOKS_AT_ONCE: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
/// Changes of one profile, a minute.
const PROFILE_CHANGES: u32 = 60;
/// Uploads of pictures by one account, a minute.
const UPLOADS: u32 = 120;

/// One kind of action, limited for each key apart.
pub struct Limit<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(quota: Quota) -> Self {
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            checks: AtomicU32::new(0),
        }
    }

    /// Counts one action of `key`, or refuses it.
    pub fn check(&self, key: K) -> Result<(), Refusal> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&key).map_err(|until| Refusal::rate_limited(until.wait_time_from(self.clock.now())))
    }
}

/// Every limit of the server.
pub struct Limits {
    logins_per_handle: Limit<u64>,
    logins_per_address: Limit<IpAddr>,
    accounts_per_address: Limit<IpAddr>,
    sends: Limit<UserId>,
    typing: Limit<UserId>,
    looks: Limit<UserId>,
    profile_changes: Limit<UserId>,
    uploads: Limit<UserId>,
    look_ups: Limit<UserId>,
    searches: Limit<UserId>,
    hash: RandomState,
}

impl Limits {
    pub fn new(rates: &Rates) -> Self {
        let minute = |rate| Quota::per_minute(positive(rate));
        Self {
            logins_per_handle: Limit::new(minute(rates.logins_per_handle)),
            logins_per_address: Limit::new(minute(rates.logins_per_address)),
            accounts_per_address: Limit::new(minute(rates.accounts_per_address)),
            sends: Limit::new(
                Quota::per_second(positive(rates.sends_per_second)).allow_burst(positive(rates.sends_at_once)),
            ),
            profile_changes: Limit::new(minute(PROFILE_CHANGES)),
            uploads: Limit::new(minute(UPLOADS)),
            look_ups: Limit::new(minute(rates.look_ups_per_account)),
            searches: Limit::new(Quota::per_hour(positive(rates.searches_per_hour))),
            typing: Limit::new(Quota::per_second(NonZeroU32::MIN).allow_burst(TYPING_AT_ONCE)),
            looks: Limit::new(Quota::per_second(NonZeroU32::MIN).allow_burst(LOOKS_AT_ONCE)),
            hash: RandomState::new(),
        }
    }

    /// Counts an attempt to log in. `handle` is what the request says, whether an account has it or not.
    pub fn login(&self, handle: &str, address: IpAddr) -> Result<(), Refusal> {
        self.logins_per_address.check(network(address))?;
        self.logins_per_handle.check(self.hash.hash_one(handle.to_ascii_lowercase()))
    }

    /// Counts an attempt to log in with the provider, which alone knows with which name.
    pub fn provider(&self, address: IpAddr) -> Result<(), Refusal> {
        self.logins_per_address.check(network(address))
    }

    /// Counts an attempt to register.
    pub fn register(&self, address: IpAddr) -> Result<(), Refusal> {
        self.accounts_per_address.check(network(address))
    }

    /// Counts a search for people.
    pub fn search(&self, account: UserId) -> Result<(), Refusal> {
        self.searches.check(account)
    }

    /// Counts that the account tells others that it writes: it does so once in three seconds a device.
    pub fn type_in(&self, account: UserId) -> Result<(), Refusal> {
        self.typing.check(account)
    }

    /// Counts that the account wants to know whether somebody is there: a device does with every conversation that it
    /// opens.
    pub fn look(&self, account: UserId) -> Result<(), Refusal> {
        self.looks.check(account)
    }

    /// Counts a message of the account.
    pub fn send(&self, account: UserId) -> Result<(), Refusal> {
        self.sends.check(account)
    }

    /// Counts a change of the account's own profile, or of a group's picture: each is told to everybody who knows it.
    pub fn change_profile(&self, account: UserId) -> Result<(), Refusal> {
        self.profile_changes.check(account)
    }

    /// Counts a picture that the account uploads, before it is read.
    pub fn upload(&self, account: UserId) -> Result<(), Refusal> {
        self.uploads.check(account)
    }

    /// Counts a look at somebody's profile, there or not: nobody walks through all of them.
    pub fn look_up(&self, account: UserId) -> Result<(), Refusal> {
        self.look_ups.check(account)
    }
}

fn positive(rate: u32) -> NonZeroU32 {
    NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN)
}

/// Who holds one IPv6 address holds the 2^64 of its network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:10.0.0.1"), network("10.0.0.1"));
        assert_ne!(network("10.0.0.1"), network("10.0.0.2"));
    }

    #[test]
    fn a_key_is_refused_alone_and_told_when_to_come_again() {
        let limit = Limit::new(Quota::per_minute(NonZeroU32::new(2).unwrap()));
        assert!(limit.check(1).is_ok() && limit.check(1).is_ok());
        let refusal = limit.check(1).unwrap_err();
        assert_eq!(refusal.code, protocol::ErrorCode::RateLimited);
        assert!(refusal.retry_after.is_some_and(|wait| wait.as_secs() <= 30));
        assert!(limit.check(2).is_ok());
    }
}
