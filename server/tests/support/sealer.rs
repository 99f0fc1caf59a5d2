//! A device that seals its requests, with another implementation of X25519 than the server's.

use super::{Answer, Person};
use base64ct::{Base64UrlUnpadded, Encoding};
use protocol::sealed::{Head, KEY, MEDIA_TYPE, NONCE, OFFER_HEADER, Offer, bound_to, key_info};
use protocol::{Millis, UserId};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use std::time::{SystemTime, UNIX_EPOCH};

pub struct Sealer {
    pub offer: Offer,
    /// By how much the device's clock is ahead of what it seals with, in milliseconds.
    pub ahead: i64,
}

impl Sealer {
    /// A device whose page tells it the key. Its clock is right.
    pub async fn of(person: &Person) -> Self {
        let cookie = format!("sixin_login={}", person.token);
        let page = Answer::of(person.http.get(format!("http://{}/", person.address)).header("cookie", cookie)).await;
        Self::told_by(&page)
    }

    /// A device that has this page.
    pub fn told_by(page: &Answer) -> Self {
        let html = page.text();
        let (_, offer) = html.split_once("<meta name=\"sealing\" content=\"").expect("the page tells the key");
        Self { offer: offer.split('"').next().unwrap().parse().unwrap(), ahead: 0 }
    }

    /// Takes from an answer what to seal with.
    pub fn learn(&mut self, answer: &Answer) {
        self.offer = answer.header(OFFER_HEADER).parse().unwrap();
        self.ahead = now() as i64 - self.offer.at.unwrap() as i64;
    }

    /// A sealed body, of now.
    pub fn seal(&self, account: UserId, method: &str, target: &str, text: &str) -> Vec<u8> {
        self.seal_at(now().saturating_add_signed(-self.ahead), account, method, target, text)
    }

    pub fn seal_at(&self, at: Millis, account: UserId, method: &str, target: &str, text: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        let secret = EphemeralPrivateKey::generate(&X25519, &random).unwrap();
        let ephemeral: [u8; KEY] = secret.compute_public_key().unwrap().as_ref().try_into().unwrap();
        let mut nonce = [0; NONCE];
        random.fill(&mut nonce).unwrap();
        let head = Head { key_id: self.offer.key_id, ephemeral, at, nonce };
        let server = UnparsedPublicKey::new(&X25519, Base64UrlUnpadded::decode_vec(&self.offer.key).unwrap());
        let info = key_info(&ephemeral, &self.offer.key);
        let key = agree_ephemeral(secret, &server, |shared| {
            let derived = Salt::new(HKDF_SHA256, &[]).extract(shared);
            LessSafeKey::new(UnboundKey::from(derived.expand(&[info.as_slice()], &AES_256_GCM).unwrap()))
        });
        let bound = bound_to(method, target, account, &head.to_bytes());
        let mut sealed = text.as_bytes().to_vec();
        key.unwrap()
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut sealed)
            .unwrap();
        [head.to_bytes().as_slice(), &sealed].concat()
    }
}

/// Makes a request with a body that is sealed, or said to be.
pub async fn say_sealed(person: &Person, method: &str, target: &str, body: Vec<u8>) -> Answer {
    Answer::of(person.request(method, target).header("content-type", MEDIA_TYPE).body(body)).await
}

/// The time by the machine's clock.
pub fn now() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as Millis
}
