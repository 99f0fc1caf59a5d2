//! What happens around every request, whichever route it takes.

pub mod csp;
pub mod headers;
pub mod limits;
pub mod origin;
pub mod request_log;
pub mod sealed;
