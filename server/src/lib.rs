//! The Sixin server: one binary, one data folder.
//!
//! A request passes [`router`] within [`middleware`], then [`api`] or [`page`], [`domain`] and [`store`]; what a commit changed
//! leaves through [`push`].

pub mod api;
mod auditor;
pub mod auth;
pub mod config;
pub mod domain;
pub mod error;
pub mod import;
mod listen;
mod middleware;
mod outbound;
pub mod page;
mod photos;
mod pictures;
mod places;
pub mod push;
mod rates;
pub mod router;
mod sealing;
pub mod serve;
mod spelling;
pub mod state;
pub mod store;
mod webhook;
