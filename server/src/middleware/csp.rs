//! The content security policy of a page: nothing is loaded or run but what the page itself names.

use base64ct::{Base64UrlUnpadded, Encoding};

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
    ///
    /// `connect-src` names the host's sockets, because not every browser takes them for `'self'`.
    pub fn policy(&self, host: Option<&str>) -> String {
        let nonce = &self.0;
        let sockets = host.map(|host| format!(" ws://{host} wss://{host}")).unwrap_or_default();
        format!(
            "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data:; font-src 'self'; connect-src 'self'{sockets}; manifest-src 'self'; \
             form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
        )
    }
}
