//! Opens sealed bodies (R004-I16), and remembers which it has opened, so that none is opened twice.
//!
//! Invariants: memory is bounded by [`REMEMBERED`]. What is remembered belongs to a key's id: with the memory, at a start and
//! when it is full, the id changes as well, and whatever was sealed under the last one is refused and sealed again. So no
//! body is opened twice whatever the clock does, and nobody waits because the memory is full.
//! Deliberately absent: HTTP, which is [`crate::middleware::sealed`]'s.

use crate::error::Refusal;
use anyhow::Context;
use base64ct::{Base64UrlUnpadded, Encoding};
use curve25519_dalek::MontgomeryPoint;
use protocol::sealed::{Head, KEY, Offer, WINDOW_MS, bound_to, key_info};
use protocol::{ErrorCode, Millis, UserId};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bodies that are remembered at most, about 10 MB of them.
const REMEMBERED: usize = 262_144;

/// The server's key, and what was opened with it.
pub struct Sealing {
    secret: [u8; KEY],
    /// The public key as it is told.
    public: String,
    opened: Mutex<Opened>,
    most: usize,
}

/// What was opened under one id.
struct Opened {
    key_id: u64,
    /// Half of each device's key: two that are alike by chance do not come about.
    keys: HashSet<[u8; KEY / 2]>,
}

/// The request that a body came with.
#[derive(Clone, Copy)]
pub struct Addressed<'a> {
    pub method: &'a str,
    /// The path with its query.
    pub target: &'a str,
    pub account: UserId,
}

impl Sealing {
    pub fn new(secret: [u8; KEY]) -> anyhow::Result<Self> {
        Self::remembering(secret, REMEMBERED)
    }

    fn remembering(secret: [u8; KEY], most: usize) -> anyhow::Result<Self> {
        let mut id = [0; 8];
        getrandom::fill(&mut id).context("the system has no random numbers")?;
        let public = MontgomeryPoint::mul_base_clamped(secret).to_bytes();
        let opened = Opened { key_id: u64::from_be_bytes(id), keys: HashSet::new() };
        Ok(Self { secret, public: Base64UrlUnpadded::encode_string(&public), opened: Mutex::new(opened), most })
    }

    /// What devices are to seal with.
    pub fn offer(&self, at: Option<Millis>) -> Offer {
        Offer { key_id: self.opened().key_id, key: self.public.clone(), at }
    }

    /// The text of a sealed body, the first time that it comes.
    pub fn open(&self, body: &[u8], request: Addressed<'_>, now: Millis) -> Result<Vec<u8>, Refusal> {
        let (head, bytes, ciphertext) = Head::split(body).ok_or_else(damaged)?;
        self.check_id(&self.opened(), &head)?;
        if head.at.abs_diff(now) > WINDOW_MS {
            return Err(Refusal::new(ErrorCode::SealExpired, "the body was sealed at another time than the server's"));
        }
        let bound = bound_to(request.method, request.target, request.account, bytes);
        let text = self.decipher(&head, &bound, ciphertext).ok_or_else(damaged)?;
        // Only what is authentic is remembered: nobody fills the memory with noise.
        self.remember(&head)?;
        Ok(text)
    }

    fn check_id(&self, opened: &Opened, head: &Head) -> Result<(), Refusal> {
        if opened.key_id == head.key_id {
            return Ok(());
        }
        Err(Refusal::new(ErrorCode::SealUnknownKey, "the body was sealed for a key that holds no more"))
    }

    fn decipher(&self, head: &Head, bound: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
        let shared = MontgomeryPoint(head.ephemeral).mul_clamped(self.secret).to_bytes();
        // Keys that make this of any other are no keys.
        if shared == [0; KEY] {
            return None;
        }
        let info = key_info(&head.ephemeral, &self.public);
        let info = [info.as_slice()];
        let derived = Salt::new(HKDF_SHA256, &[]).extract(&shared);
        let key = LessSafeKey::new(UnboundKey::from(derived.expand(&info, &AES_256_GCM).ok()?));
        let mut text = ciphertext.to_vec();
        let length =
            key.open_in_place(Nonce::assume_unique_for_key(head.nonce), Aad::from(bound), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    fn remember(&self, head: &Head) -> Result<(), Refusal> {
        let mut opened = self.opened();
        // It may have changed meanwhile, and with it the memory.
        self.check_id(&opened, head)?;
        let [half, ..] = head.ephemeral.as_chunks().0 else { return Err(damaged()) };
        if !opened.keys.insert(*half) {
            return Err(Refusal::new(ErrorCode::SealReplayed, "the body came before; seal it anew"));
        }
        if opened.keys.len() >= self.most {
            *opened = Opened { key_id: opened.key_id.wrapping_add(1), keys: HashSet::new() };
        }
        Ok(())
    }

    fn opened(&self) -> MutexGuard<'_, Opened> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn damaged() -> Refusal {
    Refusal::new(ErrorCode::SealDamaged, "the sealed body was changed, or is not this request's")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_700_000_000_000;

    fn request() -> Addressed<'static> {
        Addressed { method: "PUT", target: "/api/v1/receipts", account: UserId::try_from(7_u64).unwrap() }
    }

    fn sealing(most: usize) -> Sealing {
        Sealing::remembering([42; KEY], most).unwrap()
    }

    /// Seals with a device's secret key, as a device would.
    fn seal(offer: &Offer, secret: u8, at: Millis) -> Vec<u8> {
        let ephemeral = MontgomeryPoint::mul_base_clamped([secret; KEY]).to_bytes();
        let head = Head { key_id: offer.key_id, ephemeral, at, nonce: [3; 12] };
        let mut server = [0; KEY];
        Base64UrlUnpadded::decode(&offer.key, &mut server).unwrap();
        let shared = MontgomeryPoint(server).mul_clamped([secret; KEY]).to_bytes();
        let info = key_info(&ephemeral, &offer.key);
        let key = Salt::new(HKDF_SHA256, &[]).extract(&shared);
        let key = LessSafeKey::new(UnboundKey::from(key.expand(&[&info], &AES_256_GCM).unwrap()));
        let Addressed { method, target, account } = request();
        let bound = bound_to(method, target, account, &head.to_bytes());
        let mut text = b"{}".to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(head.nonce), Aad::from(bound), &mut text).unwrap();
        [head.to_bytes().as_slice(), &text].concat()
    }

    fn code(result: Result<Vec<u8>, Refusal>) -> ErrorCode {
        result.unwrap_err().code
    }

    /// R004-I16: a body is good for five minutes either way, and once.
    #[test]
    fn a_body_is_opened_once_and_in_time() {
        let sealing = sealing(100);
        let offer = sealing.offer(None);
        for (secret, at) in [(1, NOW), (2, NOW - WINDOW_MS), (3, NOW + WINDOW_MS)] {
            let body = seal(&offer, secret, at);
            assert_eq!(sealing.open(&body, request(), NOW).unwrap(), b"{}");
            assert_eq!(code(sealing.open(&body, request(), NOW)), ErrorCode::SealReplayed);
        }
        for at in [0, NOW - WINDOW_MS - 1, NOW + WINDOW_MS + 1, u64::MAX] {
            assert_eq!(code(sealing.open(&seal(&offer, 4, at), request(), NOW)), ErrorCode::SealExpired);
        }
        // None of those is remembered.
        assert!(sealing.open(&seal(&offer, 4, NOW), request(), NOW).is_ok());
    }

    /// R004-I16: no bit of a body, and nothing that it is bound to, can be another.
    #[test]
    fn a_changed_body_is_not_opened() {
        let sealing = sealing(100);
        let body = seal(&sealing.offer(None), 1, NOW);
        for bit in 0..body.len() * 8 {
            let mut changed = body.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            sealing.open(&changed, request(), NOW).unwrap_err();
        }
        for length in 0..body.len() {
            assert_eq!(code(sealing.open(&body[..length], request(), NOW)), ErrorCode::SealDamaged);
        }
        for other in [
            Addressed { method: "POST", ..request() },
            Addressed { target: "/api/v1/receipts/all", ..request() },
            Addressed { account: UserId::try_from(8_u64).unwrap(), ..request() },
        ] {
            assert_eq!(code(sealing.open(&body, other, NOW)), ErrorCode::SealDamaged);
        }
        assert!(sealing.open(&body, request(), NOW).is_ok(), "none of that was remembered");
    }

    /// R004-I16: a key with which everybody shares the same secret is none.
    #[test]
    fn a_key_of_small_order_is_refused() {
        let sealing = sealing(100);
        let mut body = seal(&sealing.offer(None), 1, NOW);
        body[9..41].fill(0);
        assert_eq!(code(sealing.open(&body, request(), NOW)), ErrorCode::SealDamaged);
    }

    /// R004-I16: what is remembered is bounded; nothing that was opened before is opened again after.
    #[test]
    fn a_full_memory_begins_anew_under_another_id() {
        let sealing = sealing(3);
        let offer = sealing.offer(None);
        let bodies: Vec<_> = (1..=4).map(|secret| seal(&offer, secret, NOW)).collect();
        for body in &bodies[..3] {
            assert!(sealing.open(body, request(), NOW).is_ok());
        }
        for body in &bodies {
            assert_eq!(code(sealing.open(body, request(), NOW)), ErrorCode::SealUnknownKey);
        }
        let next = sealing.offer(None);
        assert_ne!(next.key_id, offer.key_id);
        assert!(sealing.open(&seal(&next, 4, NOW), request(), NOW).is_ok());
    }

    /// R004-I16: what was sealed for the server before it was started again is not opened by the next.
    #[test]
    fn a_start_takes_nothing_that_was_sealed_before() {
        let (before, after) = (sealing(100), sealing(100));
        assert_eq!(before.offer(None).key, after.offer(None).key);
        let body = seal(&before.offer(None), 1, NOW);
        assert_eq!(code(after.open(&body, request(), NOW)), ErrorCode::SealUnknownKey);
    }
}
