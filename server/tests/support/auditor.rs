//! Servers that ask an auditor.

use super::TestServer;

pub const AUDIT_SECRET: &str = "the server and the auditor share it";

/// A server that asks at an address, with more environment.
pub fn asking(address: &str, more: &[(&str, &str)]) -> TestServer {
    let url = format!("http://{address}/texts?of=sixin");
    // Longer than a busy machine needs.
    let audit =
        [("SIXIN_AUDIT_URL", url.as_str()), ("SIXIN_AUDIT_SECRET", AUDIT_SECRET), ("SIXIN_AUDIT_TIMEOUT_MS", "5000")];
    TestServer::start_with(&[audit.as_slice(), more].concat())
}
