//! What the server asks of other servers.
//!
//! Invariants: an answer that takes longer than who asks says, or has more than [`LARGEST`] bytes, is none; no redirect is
//! followed, so that nobody else chooses what is asked. Trusted are the certificates of the system (`SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name others) and, on a system that has none at all, Mozilla's as they were when this was built.

use crate::config::Secret;
use axum::body::Bytes;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderValue, Request, Response};
use hmac::{Hmac, Mac};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::AsyncHttpClient;
use rustls::{ClientConfig, RootCertStore};
use sha2::Sha256;
use std::error::Error;
use std::fmt::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// How long an answer may take, its body included, where who asks has no other time.
const PATIENCE: Duration = Duration::from_secs(7);
/// The largest body of an answer, in bytes.
const LARGEST: usize = 256 * 1_024;

/// The client; cheap to clone.
#[derive(Clone)]
pub struct Outbound(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum NoAnswer {
    #[error("the other server cannot be reached: {}", causes(.0))]
    Unreachable(hyper_util::client::legacy::Error),
    #[error("the connection broke within the answer")]
    Broken,
    #[error("the answer took too long")]
    Slow,
    #[error("the answer has more than {LARGEST} bytes")]
    Large,
}

/// An error with what caused it, and what caused that.
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

impl Outbound {
    pub fn new() -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots())
            .with_no_client_auth();
        let connector =
            hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// The answer to a request, whatever its status, if it comes within a time.
    pub async fn ask(&self, request: Request<Vec<u8>>, within: Duration) -> Result<Response<Vec<u8>>, NoAnswer> {
        let asking = async {
            let (head, body) = self.begin(request).await?.into_parts();
            let body = Limited::new(body, LARGEST).collect().await;
            let body =
                body.map_err(|error| if error.is::<LengthLimitError>() { NoAnswer::Large } else { NoAnswer::Broken })?;
            Ok(Response::from_parts(head, body.to_bytes().to_vec()))
        };
        tokio::time::timeout(within, asking).await.unwrap_or(Err(NoAnswer::Slow))
    }

    /// The number that the answer begins with, from 100 to 999; its body is not read.
    pub async fn status(&self, request: Request<Vec<u8>>) -> Result<u16, NoAnswer> {
        let answer = tokio::time::timeout(PATIENCE, self.begin(request)).await.unwrap_or(Err(NoAnswer::Slow))?;
        Ok(answer.status().as_u16())
    }

    async fn begin(&self, mut request: Request<Vec<u8>>) -> Result<Response<Incoming>, NoAnswer> {
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("sixin"));
        self.0.request(request.map(|body| Full::new(Bytes::from(body)))).await.map_err(NoAnswer::Unreachable)
    }
}

impl<'c> AsyncHttpClient<'c> for Outbound {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.ask(request, PATIENCE))
    }
}

/// What proves that a body comes from this server, as a header: `t=…,sig=…`, the time in seconds, and HMAC-SHA256 in
/// hexadecimal digits over three lines: what the body is for, the time, and the body.
pub fn signature(secret: &Secret, purpose: &str, at: u64, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("HMAC takes keys of any length");
    let signed = mac.chain_update(format!("{purpose}\n{at}\n")).chain_update(body).finalize().into_bytes();
    let mut header = format!("t={at},sig=");
    for byte in signed {
        // Writing to a String cannot fail.
        let _ = write!(header, "{byte:02x}");
    }
    header
}

fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "cannot read some of the system's certificates");
    }
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    /// R004-I6: who asks says how long an answer may take.
    #[tokio::test]
    async fn an_answer_may_take_as_long_as_who_asks_says() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let answering = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n").await;
                });
            }
        });
        let outbound = Outbound::new().unwrap();
        let ask = |within| outbound.ask(Request::get(&url).body(Vec::new()).unwrap(), within);
        assert!(matches!(ask(Duration::from_millis(50)).await, Err(NoAnswer::Slow)));
        assert_eq!(ask(Duration::from_secs(60)).await.unwrap().status(), 200);
        answering.abort();
    }
}
