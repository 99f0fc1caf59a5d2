//! From commits to connected devices.
//!
//! Invariants: frames leave in commit order; a frame is serialised once; nothing ever waits for a reader: a queue that
//! is full closes its connection, whose device then syncs. The database is the truth, a frame only saves a pull.

pub mod events;
mod hub;
#[cfg(test)]
mod interleavings;
pub mod socket;
mod talk;
#[cfg(test)]
mod tests;

/// What the hub locks with; `interleavings` gives it another, which tries out the orders of locking.
mod locks {
    pub use std::sync::{Mutex, MutexGuard};
}

pub use hub::{Connected, Hub, Unheard};

use crate::store::Committed;
use tokio::sync::mpsc;

/// Carries commits to the hub until the writer ends.
pub async fn run(hub: Hub, mut committed: mpsc::Receiver<Committed>) {
    while let Some(Committed { events }) = committed.recv().await {
        for event in events {
            hub.publish(event);
        }
    }
}
