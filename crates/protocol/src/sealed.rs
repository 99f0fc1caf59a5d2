//! Sealed bodies: the JSON of a request that the server alone can read, also where TLS ends before it (R004-I16).
//!
//! A sealed body is a head of [`HEAD`] bytes and what AES-256-GCM makes of the JSON: as many bytes, and a tag of 16. The head
//! is, numbers with their highest byte first:
//!
//! | bytes | |
//! | --- | --- |
//! | 1 | [`VERSION`] |
//! | 8 | the key's id, of the [`Offer`] |
//! | 32 | an X25519 public key that the device made for this body alone |
//! | 8 | when it was sealed, by the server's clock |
//! | 12 | the nonce |
//!
//! The key is the HKDF-SHA256, without salt, of what X25519 makes of the two keys, with [`key_info`] as its info. The tag also
//! covers [`bound_to`], so that a body is good for one request of one account.
//!
//! Invariants: a body is opened once, and within [`WINDOW_MS`] of its time. Whoever asks again seals again.
//! Deliberately absent: cryptography. The browser has its own, the server another.

use crate::Millis;
use crate::id::UserId;
use std::fmt;
use std::str::FromStr;

/// What `Content-Type` says of a sealed body.
pub const MEDIA_TYPE: &str = "application/vnd.sixin.sealed";
/// The header of an answer that tells what to seal with from now on: an [`Offer`], with the time.
pub const OFFER_HEADER: &str = "sixin-sealing";
/// The first byte of a sealed body.
pub const VERSION: u8 = 1;
/// A public key, in bytes.
pub const KEY: usize = 32;
/// The nonce, in bytes.
pub const NONCE: usize = 12;
/// What stands before the ciphertext, in bytes.
pub const HEAD: usize = 1 + 8 + KEY + 8 + NONCE;
/// By how much a sealed body is longer than its JSON, in bytes.
pub const OVERHEAD: usize = HEAD + 16;
/// How far a body's time may be from the server's, either way, in milliseconds.
pub const WINDOW_MS: Millis = 5 * 60 * 1_000;
/// How many characters a key has as it is told.
const KEY_TEXT: usize = 43;

/// What stands before the ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub key_id: u64,
    /// The device's public key.
    pub ephemeral: [u8; KEY],
    /// When it was sealed, by the server's clock as far as the device knows it.
    pub at: Millis,
    pub nonce: [u8; NONCE],
}

impl Head {
    pub fn to_bytes(&self) -> [u8; HEAD] {
        let parts: [&[u8]; 5] =
            [&[VERSION], &self.key_id.to_be_bytes(), &self.ephemeral, &self.at.to_be_bytes(), &self.nonce];
        let mut bytes = [0; HEAD];
        for (place, byte) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *byte;
        }
        bytes
    }

    /// The head of a sealed body, the bytes that it is made of, and the ciphertext. `None` for what is shorter than a head, or
    /// of another version.
    pub fn split(body: &[u8]) -> Option<(Self, &[u8; HEAD], &[u8])> {
        let (head, ciphertext) = body.split_first_chunk::<HEAD>()?;
        let ([VERSION], rest) = head.split_first_chunk()? else { return None };
        let (key_id, rest) = rest.split_first_chunk()?;
        let (ephemeral, rest) = rest.split_first_chunk()?;
        let (at, rest) = rest.split_first_chunk()?;
        let nonce = rest.first_chunk()?;
        let read = Self {
            key_id: u64::from_be_bytes(*key_id),
            ephemeral: *ephemeral,
            at: u64::from_be_bytes(*at),
            nonce: *nonce,
        };
        Some((read, head, ciphertext))
    }
}

/// What the tag of a body covers beside its text: the request, whose it is, and the head. `target`: the path with its query,
/// as the request says it.
pub fn bound_to(method: &str, target: &str, account: UserId, head: &[u8; HEAD]) -> Vec<u8> {
    [format!("{method} {target}\n{account}\n").as_bytes(), head].concat()
}

/// What the key of a body is derived for. `server`: the server's public key, as it is told.
pub fn key_info(ephemeral: &[u8; KEY], server: &str) -> Vec<u8> {
    [b"sixin-sealed-1\n", ephemeral.as_slice(), server.as_bytes()].concat()
}

/// What a server tells devices to seal with, as text: the key's id, the key, and, in a header, the server's time, with spaces
/// between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Names the key, and what the server remembers of the bodies that it opened with it: another id, another memory.
    pub key_id: u64,
    /// The server's public key, in unpadded base64url.
    pub key: String,
    /// The time by the server's clock.
    pub at: Option<Millis>,
}

/// A text is no offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoOffer;

impl FromStr for Offer {
    type Err = NoOffer;

    fn from_str(text: &str) -> Result<Self, NoOffer> {
        let mut parts = text.split(' ');
        let (Some(key_id), Some(key), at, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(NoOffer);
        };
        let of_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if key.len() != KEY_TEXT || !key.bytes().all(of_base64url) {
            return Err(NoOffer);
        }
        Ok(Self {
            key_id: key_id.parse().map_err(|_| NoOffer)?,
            key: key.to_owned(),
            at: at.map(str::parse).transpose().map_err(|_| NoOffer)?,
        })
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key_id, self.key)?;
        self.at.map_or(Ok(()), |at| write!(f, " {at}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head { key_id: 0x0102_0304_0506_0708, ephemeral: [9; KEY], at: 0x0a0b, nonce: [7; NONCE] }
    }

    /// R004-I16: the layout, byte by byte.
    #[test]
    fn a_sealed_body_begins_with_its_head() {
        let bytes = head().to_bytes();
        let expected = [&[1, 1, 2, 3, 4, 5, 6, 7, 8][..], &[9; 32], &[0, 0, 0, 0, 0, 0, 0x0a, 0x0b], &[7; 12]].concat();
        assert_eq!(bytes.as_slice(), expected);
        let body = [bytes.as_slice(), b"ciphertext"].concat();
        assert_eq!(Head::split(&body), Some((head(), &bytes, &b"ciphertext"[..])));
        assert_eq!(Head::split(&bytes), Some((head(), &bytes, &[][..])));
    }

    /// R004-I16: what is too short for a head, or of another version, is none.
    #[test]
    fn what_is_no_sealed_body_has_no_head() {
        let bytes = head().to_bytes();
        for length in 0..HEAD {
            assert_eq!(Head::split(&bytes[..length]), None);
        }
        for version in [0, 2, b'{'] {
            let mut other = bytes;
            other[0] = version;
            assert_eq!(Head::split(&other), None);
        }
    }

    /// R004-I16: no two requests have the same bound.
    #[test]
    fn a_body_is_bound_to_one_request_of_one_account() {
        let account = |id: u64| UserId::try_from(id).unwrap();
        let of = |method, target, id| bound_to(method, target, account(id), &head().to_bytes());
        let all = [of("PUT", "/a", 1), of("POST", "/a", 1), of("PUT", "/a?b", 1), of("PUT", "/a", 11)];
        for (place, one) in all.iter().enumerate() {
            assert!(all.iter().skip(place + 1).all(|other| other != one));
        }
        assert!(of("PUT", "/a", 1).ends_with(&head().to_bytes()));
    }

    /// R004-I16: an offer reads back, and nothing else is one.
    #[test]
    fn an_offer_reads_back() {
        let key = "NQB0h1IMtcGBOCx6igcXKr5Ut87m1odZ6ufjKV9CAGw";
        for at in [None, Some(1_700_000_000_000)] {
            let offer = Offer { key_id: u64::MAX, key: key.to_owned(), at };
            assert_eq!(offer.to_string().parse(), Ok(offer));
        }
        let no =
            ["", "1", "1 x", &format!("x {key}"), &format!("1 {key} x"), &format!("1 {key} 1 1"), &format!("1  {key}")];
        for text in no {
            assert_eq!(text.parse::<Offer>(), Err(NoOffer), "{text}");
        }
    }
}
