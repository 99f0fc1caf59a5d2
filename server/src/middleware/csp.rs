//! The content security policy of a page: nothing is loaded or run but what the page itself names.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

/// A number used once: the page's own scripts carry it, so that no other script runs.
pub struct Nonce(String);

impl Nonce {
    /// 128 random bits. Fails where the system has no random numbers, and a page must not be sent without.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(Base64UrlUnpadded::encode_string(&bytes)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The policy of the page that is answered to a request for `host`, which must be well-formed.
    pub fn policy(&self, host: Option<&str>) -> String {
        policy(&format!("'nonce-{}' 'strict-dynamic'", self.0), host)
    }
}

/// The policy of a page that a browser keeps: it runs this script and the site's own files.
pub fn kept_policy(script: &str, host: Option<&str>) -> String {
    let hash = Base64::encode_string(&Sha256::digest(script));
    policy(&format!("'sha256-{hash}' 'self'"), host)
}

/// `connect-src` names the host's sockets, because not every browser takes them for `'self'`.
fn policy(scripts: &str, host: Option<&str>) -> String {
    let sockets = host.map(|host| format!(" ws://{host} wss://{host}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src {scripts} 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
         img-src 'self' data: blob:; font-src 'self'; connect-src 'self'{sockets}; manifest-src 'self'; \
         form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    )
}
