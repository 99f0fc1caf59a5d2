//! The HTTP interface: parse, ask the domain, answer. The only place that knows status codes.

pub mod accounts;
mod answer;
pub mod avatars;
pub mod contacts;
pub mod conversations;
pub mod devices;
pub mod directory;
pub mod extract;
pub mod groups;
pub mod logins;
pub mod media;
pub mod messages;
pub mod metrics;
pub mod openapi;
pub mod push;
pub mod receipts;
pub mod removals;
pub mod sync;
pub mod users;

pub use answer::status;
