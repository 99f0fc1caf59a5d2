//! Keys that sign ID tokens, and what a provider publishes of them.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

/// Made for these tests and used nowhere else.
const RSA: &str = include_str!("rsa_key.txt");

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(EcdsaKeyPair),
    Eddsa(Ed25519KeyPair),
}

/// A key with its name; an empty one is told to nobody.
pub struct Signer {
    pub kid: String,
    key: Key,
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

impl Signer {
    pub fn rsa(kid: &str) -> Self {
        let der = Base64::decode_vec(&RSA.replace('\n', "")).unwrap();
        Self { kid: kid.to_owned(), key: Key::Rsa(Box::new(RsaKeyPair::from_der(&der).unwrap())) }
    }

    pub fn ecdsa(kid: &str) -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random).unwrap();
        Self { kid: kid.to_owned(), key: Key::Ecdsa(key) }
    }

    pub fn eddsa(kid: &str) -> Self {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { kid: kid.to_owned(), key: Key::Eddsa(Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap()) }
    }

    pub fn algorithm(&self) -> &'static str {
        match &self.key {
            Key::Rsa(_) => "RS256",
            Key::Ecdsa(_) => "ES256",
            Key::Eddsa(_) => "EdDSA",
        }
    }

    /// What the provider publishes of it.
    pub fn public(&self) -> Value {
        let mut jwk = match &self.key {
            Key::Rsa(key) => {
                let parts = PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({"kty": "RSA", "n": encode(parts.n), "e": encode(parts.e)})
            }
            Key::Ecdsa(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..])})
            }
            Key::Eddsa(key) => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(key.public_key())}),
        };
        if !self.kid.is_empty() {
            jwk["kid"] = json!(self.kid);
        }
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(self.algorithm());
        jwk
    }

    fn signature(&self, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).unwrap();
                signature
            }
            Key::Ecdsa(key) => key.sign(&random, text).unwrap().as_ref().to_vec(),
            Key::Eddsa(key) => key.sign(text).as_ref().to_vec(),
        }
    }

    /// A token of these claims, signed.
    pub fn token(&self, claims: &Value) -> String {
        self.token_named(&self.kid, claims)
    }

    /// A token that names another key.
    pub fn token_named(&self, kid: &str, claims: &Value) -> String {
        let mut header = json!({"alg": self.algorithm(), "typ": "JWT"});
        if !kid.is_empty() {
            header["kid"] = json!(kid);
        }
        let text = unsigned(&header, claims);
        let signature = encode(self.signature(text.as_bytes()));
        format!("{text}.{signature}")
    }
}

/// Header and claims, as they are signed.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string()), encode(claims.to_string()))
}
