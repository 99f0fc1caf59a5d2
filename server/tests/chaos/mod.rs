//! A bad network between the real binary and real devices.
//!
//! Purpose: a [`Proxy`] that fails as networks do, and a [`Device`]: the client engine of `sync`, driven over HTTP and
//! a WebSocket as the browser drives it. Invariants: a plan comes from its seed alone; a device looks at every state
//! that its page would show.

#![allow(dead_code, unused_imports, reason = "each test file uses its part of it")]

mod calls;
mod compare;
mod device;
mod proxy;

pub use calls::start;
pub use compare::{difference, log, texts};
pub use device::{Clock, Device};
pub use proxy::{Proxy, Way, Weather};

/// Numbers out of a seed (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}
