//! The user interface of Sixin: views, words, and the model behind them.
//!
//! Purpose: one set of views, rendered by the server first and hydrated in the browser.
//! Invariants: the first render depends on a [`backend::Snapshot`] alone: on no clock, locale, time zone or window.
//! Deliberately absent: HTTP, storage, sockets and SQL; see [`backend`].

// Views are deeply nested types.
#![recursion_limit = "256"]

pub mod app;
pub mod backend;
pub mod live;
pub mod preferences;
#[cfg(feature = "ssr")]
pub mod shell;
mod view;
pub mod words;

#[cfg(feature = "hydrate")]
pub use app::{hydrate, mount};
pub use view::keys::wide;
