//! Who people are by the word of a gateway before the server (R002-03).
//!
//! The gateway sets one header on every request, the opening of the push connection included:
//!
//! `Sixin-Identity: t=1700000000,n=4f1c9a,id=emhhbmc,name=5byg5LiJ,sig=…`
//!
//! `t` is the time in seconds since the Unix epoch, `n` a text that no other request of that person has, `id` the
//! company's id of the person and `name` their name (it may be absent), both in unpadded base64url. `sig` is, in
//! hexadecimal digits, the HMAC-SHA256 with the shared secret of the lines `sixin-identity-1`, `t`, `n`, the method,
//! the path with its query, `id` and `name`, each but the last ended by a line feed.
//!
//! Invariants: what is unsigned, signed wrongly or more than [`SKEW`] away is refused alike. What changes something is
//! accepted once: a replay is refused. Reading may be replayed within the skew; it tells nothing that the first answer
//! did not. The gateway must take this header away from what comes in from outside.

use super::device_name::device_name;
use super::extract::CurrentUser;
use crate::config::Secret;
use crate::error::Refusal;
use crate::import::person;
use crate::state::AppState;
use crate::store::identities::{COMPANY, Vouched};
use crate::store::{self, StoreError};
use axum::http::header::{UPGRADE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, Mac};
use protocol::Millis;
use protocol::path::PUSH_EVENTS;
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const HEADER: &str = "sixin-identity";
/// How far the gateway's clock may be from ours, in seconds.
const SKEW: u64 = 60;
/// Signatures that are remembered at most, of 40 bytes each. When there are more, what changes something has to wait.
const REMEMBERED: usize = 262_144;
/// The longest id of a person, in bytes.
const ID: usize = 256;

/// What a gateway says is believed with its signature.
pub struct Gateway {
    secret: Secret,
    /// The signatures of what changed something, with the time at which they can be forgotten, in seconds.
    seen: Mutex<HashMap<[u8; 32], u64>>,
}

/// Somebody, as the gateway names them.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    id: String,
    name: Option<String>,
}

impl Gateway {
    pub fn new(secret: Secret) -> Self {
        Self { secret, seen: Mutex::default() }
    }

    /// The login of whom the gateway names: one for each browser of a person, begun on first sight.
    pub async fn login(&self, parts: &Parts, state: &AppState) -> Result<CurrentUser, Refusal> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let identity = self.prove(&parts.method, path, &parts.headers, store::now())?;
        let token = self.token(&identity.id, &parts.headers);
        if let Some(login) = state.logins.find(&token).await? {
            return Ok(CurrentUser(login));
        }
        let mut newcomer = person(&identity.id);
        if let Some(name) = identity.name.and_then(|name| name.try_into().ok()) {
            newcomer.display_name = name;
        }
        let vouched = Vouched { issuer: COMPANY.to_owned(), person: newcomer, label: None, company: None };
        let account = state.store.identify(vouched).await?.ok_or_else(Refusal::not_logged_in)?;
        match state.logins.begin_with(&token, &account, device_name(&parts.headers)).await {
            // Two requests of a new browser came at once, or a deactivation came first.
            Ok(_) | Err(StoreError::Taken | StoreError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
        state.logins.find(&token).await?.map(CurrentUser).ok_or_else(Refusal::not_logged_in)
    }

    /// The token of a person's browser, which never leaves the server: the gateway's word stands in for it.
    fn token(&self, id: &str, headers: &HeaderMap) -> String {
        let agent = headers.get(USER_AGENT).map(|agent| agent.as_bytes()).unwrap_or_default();
        let mac = self.mac().chain_update(b"sixin-login-1\n").chain_update(id).chain_update(b"\n").chain_update(agent);
        Base64UrlUnpadded::encode_string(&mac.finalize().into_bytes())
    }

    fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(self.secret.bytes()).expect("HMAC takes keys of any length")
    }

    fn prove(&self, method: &Method, path: &str, headers: &HeaderMap, now: Millis) -> Result<Identity, Refusal> {
        let mut said = headers.get_all(HEADER).iter();
        let (Some(header), None) = (said.next(), said.next()) else { return Err(Refusal::not_logged_in()) };
        let mut fields = HashMap::new();
        for field in header.to_str().unwrap_or_default().split(',') {
            let (name, value) = field.trim().split_once('=').ok_or_else(Refusal::not_logged_in)?;
            fields.insert(name, value);
        }
        let field = |name: &str| fields.get(name).copied().unwrap_or_default();
        let (at, nonce, id, name) = (field("t"), field("n"), field("id"), field("name"));
        let signed = format!("sixin-identity-1\n{at}\n{nonce}\n{method}\n{path}\n{id}\n{name}");
        let signature = hex(field("sig")).ok_or_else(Refusal::not_logged_in)?;
        // It compares in constant time.
        let proved = self.mac().chain_update(signed.as_bytes()).verify_slice(&signature).is_ok();
        let (at, now) = (at.parse::<u64>().unwrap_or(0), now / 1_000);
        if !proved || nonce.is_empty() || at.abs_diff(now) > SKEW {
            return Err(Refusal::not_logged_in());
        }
        let push = headers.contains_key(UPGRADE) || path.split('?').next() == Some(PUSH_EVENTS);
        let reads = matches!(*method, Method::GET | Method::HEAD) && !push;
        if !reads {
            self.once(signature, at, now)?;
        }
        let text =
            |field: &str| Base64UrlUnpadded::decode_vec(field).ok().and_then(|text| String::from_utf8(text).ok());
        let id = text(id).filter(|id| !id.is_empty() && id.len() <= ID).ok_or_else(Refusal::not_logged_in)?;
        Ok(Identity { id, name: text(name).filter(|name| !name.is_empty()) })
    }

    fn once(&self, signature: [u8; 32], at: u64, now: u64) -> Result<(), Refusal> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.retain(|_, until| *until >= now);
            if seen.len() >= REMEMBERED {
                return Err(Refusal::unavailable());
            }
        }
        match seen.insert(signature, at + SKEW) {
            Some(until) if until >= now => Err(Refusal::not_logged_in()),
            _ => Ok(()),
        }
    }
}

fn hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_700_000_000_000;

    fn gateway() -> Gateway {
        Gateway::new("0123456789abcdef0123456789abcdef".parse().unwrap())
    }

    fn header(gateway: &Gateway, at: u64, nonce: &str, method: &str, path: &str) -> HeaderMap {
        let id = Base64UrlUnpadded::encode_string("zhang".as_bytes());
        let signed = format!("sixin-identity-1\n{at}\n{nonce}\n{method}\n{path}\n{id}\n");
        let mac = gateway.mac().chain_update(signed.as_bytes()).finalize().into_bytes();
        let sig: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        let value = format!("t={at},n={nonce},id={id},sig={sig}");
        HeaderMap::from_iter([(HEADER.parse().unwrap(), value.parse().unwrap())])
    }

    /// R002-03: the signature covers who, when, and what is asked.
    #[test]
    fn a_signature_covers_time_method_and_path() {
        let gateway = gateway();
        let prove = |headers: &HeaderMap, method, path| gateway.prove(&method, path, headers, NOW).is_ok();
        let headers = header(&gateway, 1_700_000_000, "n", "GET", "/a?b=1");
        assert!(prove(&headers, Method::GET, "/a?b=1"));
        assert!(!prove(&headers, Method::GET, "/a?b=2") && !prove(&headers, Method::HEAD, "/a?b=1"));
        assert!(!prove(&HeaderMap::new(), Method::GET, "/"));
        for (at, expected) in
            [(1_700_000_060, true), (1_699_999_940, true), (1_700_000_061, false), (1_699_999_939, false)]
        {
            assert_eq!(prove(&header(&gateway, at, "n", "GET", "/"), Method::GET, "/"), expected, "{at}");
        }
        assert!(!prove(&header(&gateway, 1_700_000_000, "", "GET", "/"), Method::GET, "/"), "without a nonce");
        let mut twice = headers.clone();
        twice.append(HEADER, headers[HEADER].clone());
        assert!(!prove(&twice, Method::GET, "/a?b=1"));
    }

    /// R002-03: what changes something is accepted once.
    #[test]
    fn a_replayed_change_is_refused() {
        let gateway = gateway();
        let prove = |headers: &HeaderMap, method| gateway.prove(&method, "/", headers, NOW).is_ok();
        let get = header(&gateway, 1_700_000_000, "n", "GET", "/");
        assert!(prove(&get, Method::GET) && prove(&get, Method::GET));
        let post = header(&gateway, 1_700_000_000, "n", "POST", "/");
        assert!(prove(&post, Method::POST) && !prove(&post, Method::POST));
        assert!(prove(&header(&gateway, 1_700_000_000, "m", "POST", "/"), Method::POST));
        let push = header(&gateway, 1_700_000_000, "n", "GET", PUSH_EVENTS);
        let connect = || gateway.prove(&Method::GET, PUSH_EVENTS, &push, NOW).is_ok();
        assert!(connect() && !connect());
    }
}
