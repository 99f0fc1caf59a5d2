//! The clock by which the server dates what it stores. No order depends on it.

use protocol::Millis;
use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

thread_local! {
    static SET: Cell<Option<Millis>> = const { Cell::new(None) };
}

/// Milliseconds since the epoch, now.
pub fn now() -> Millis {
    SET.get().unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(0)
    })
}

/// Sets the clock of everything that runs on this thread, for a simulation whose time is its own.
pub fn set(now: Millis) {
    SET.set(Some(now));
}
