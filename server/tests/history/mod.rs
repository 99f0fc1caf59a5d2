//! Records what clients asked and heard, and judges whether a right server can have answered so.
//!
//! `Recorder` writes a history down, `judge` reads it: invariants 1–13, 15, 17–20, 22 and 23 of `docs/RELIABILITY.md`, each in a
//! file of `checker`. Nothing here knows the server's inside. Time is linear in the events, but for sorting.

#![allow(dead_code, unused_imports, reason = "each test file uses its part of it")]

mod checker;
mod dice;
mod event;
mod facts;
pub mod model;
mod observer;
mod policy;
mod recorder;
mod register;
mod replica;
mod sighting;
mod society;
mod times;

pub use checker::{Violation, judge, report};
pub use dice::Dice;
pub use event::{Act, Answer, Event, History, Membership, Op, Process, What, canaries, canary};
pub use observer::Observer;
pub use recorder::{Call, Link, Recorder};
pub use replica::{Log, Replica};
