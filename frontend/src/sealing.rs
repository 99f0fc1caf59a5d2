//! Seals what the page sends to the API, so that the server alone can read it (R004-I16).
//!
//! The cryptography is the browser's. One that has none (outside of secure contexts), or does not know X25519, sends its
//! requests as they are; what it lacks is found out once.

use crate::browser::{document, now, window};
use js_sys::{Array, Function, JSON, Object, Promise, Reflect, Uint8Array};
use protocol::sealed::{Head, OFFER_HEADER, Offer, bound_to, key_info};
use protocol::{Millis, UserId};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

thread_local! {
    static SEALING: RefCell<Option<Sealing>> = const { RefCell::new(None) };
}

/// What the page seals with, for as long as it can.
#[derive(Clone)]
struct Sealing {
    account: UserId,
    offer: Offer,
    /// By how much the server's clock is ahead of this device's, in milliseconds.
    ahead: i64,
}

/// From now on requests are sealed for an account, with what the page says of the server's key. `server`: what the server's
/// clock says, as far as the page knows.
pub fn begin(account: UserId, server: Millis) {
    let meta = document().query_selector("meta[name=sealing]").ok().flatten();
    if let Some(offer) = meta.and_then(|meta| meta.get_attribute("content")) {
        seal_with(account, &offer, server);
    }
}

fn seal_with(account: UserId, offer: &str, server: Millis) -> bool {
    let Ok(offer) = offer.parse::<Offer>() else { return false };
    let ahead = offer.at.unwrap_or(server) as i64 - now() as i64;
    SEALING.set(Some(Sealing { account, offer, ahead }));
    true
}

/// Takes from an answer what to seal with from now on. Whether the request shall be made again: it was refused for its seal
/// alone. A server that takes no sealed bodies any more gets none.
pub fn learn(answer: &Response) -> bool {
    let Some(account) = SEALING.with_borrow(|sealing| sealing.as_ref().map(|sealing| sealing.account)) else {
        return false;
    };
    if answer.status() == 415 {
        SEALING.take();
        return true;
    }
    let offer = answer.headers().get(OFFER_HEADER).ok().flatten();
    offer.is_some_and(|offer| seal_with(account, &offer, now()))
}

/// The sealed body of a request; `None` where it goes as it is.
pub async fn seal(method: &str, target: &str, body: &str) -> Option<Uint8Array> {
    let sealing = SEALING.with_borrow(Clone::clone)?;
    let sealed = sealing.seal(method, target, body).await;
    if sealed.is_err() {
        SEALING.take();
    }
    sealed.ok()
}

impl Sealing {
    async fn seal(&self, method: &str, target: &str, body: &str) -> Result<Uint8Array, JsValue> {
        let crypto = window().crypto()?;
        let subtle = Reflect::get(&crypto, &"subtle".into())?;
        let call = |name: &str, arguments: &[&JsValue]| call(&subtle, name, arguments);
        let x25519 = JsValue::from_str("X25519");
        let nothing = usages(&[]);

        let pair = call("generateKey", &[&x25519, &JsValue::FALSE, &usages(&["deriveBits"])])?.await?;
        let (public, secret) = (get(&pair, "publicKey")?, get(&pair, "privateKey")?);
        let ephemeral = call("exportKey", &[&"raw".into(), &public])?.await?;
        let jwk = JSON::parse(&format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, self.offer.key))?;
        let server = call("importKey", &[&"jwk".into(), &jwk, &x25519, &JsValue::FALSE, &nothing])?.await?;

        let mut head = Head {
            key_id: self.offer.key_id,
            ephemeral: [0; 32],
            at: now().saturating_add_signed(self.ahead),
            nonce: [0; 12],
        };
        Uint8Array::new(&ephemeral).copy_to(&mut head.ephemeral);
        crypto.get_random_values_with_u8_array(&mut head.nonce)?;

        let agree = with("X25519", &[("public", &server)])?;
        let shared = call("deriveBits", &[&agree, &secret, &256.into()])?.await?;
        let deriving = usages(&["deriveKey"]);
        let shared = call("importKey", &[&"raw".into(), &shared, &"HKDF".into(), &JsValue::FALSE, &deriving])?.await?;
        let info = Uint8Array::from(key_info(&head.ephemeral, &self.offer.key).as_slice());
        let derive =
            with("HKDF", &[("hash", &"SHA-256".into()), ("salt", &Uint8Array::new(&nothing)), ("info", &info)])?;
        let aes = with("AES-GCM", &[("length", &256.into())])?;
        let key = call("deriveKey", &[&derive, &shared, &aes, &JsValue::FALSE, &usages(&["encrypt"])])?.await?;

        let head_bytes = head.to_bytes();
        let bound = Uint8Array::from(bound_to(method, target, self.account, &head_bytes).as_slice());
        let nonce = Uint8Array::from(head.nonce.as_slice());
        let encrypt = with("AES-GCM", &[("iv", &nonce), ("additionalData", &bound)])?;
        let text = Uint8Array::from(body.as_bytes());
        let ciphertext = Uint8Array::new(&call("encrypt", &[&encrypt, &key, &text])?.await?);

        let sealed = Uint8Array::new_with_length(head_bytes.len() as u32 + ciphertext.length());
        sealed.set(&Uint8Array::from(head_bytes.as_slice()), 0);
        sealed.set(&ciphertext, head_bytes.len() as u32);
        Ok(sealed)
    }
}

/// Calls the browser's cryptography.
fn call(subtle: &JsValue, name: &str, arguments: &[&JsValue]) -> Result<JsFuture, JsValue> {
    let method: Function = get(subtle, name)?.dyn_into()?;
    let arguments: Array = arguments.iter().collect();
    let promise: Promise = method.apply(subtle, &arguments)?.dyn_into()?;
    Ok(promise.into())
}

/// What a key may be used for.
fn usages(names: &[&str]) -> JsValue {
    names.iter().map(|name| JsValue::from_str(name)).collect::<Array>().into()
}

/// Fails where there is nothing to get from.
fn get(object: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(object, &name.into())
}

/// An algorithm with what it needs.
fn with(algorithm: &str, parts: &[(&str, &JsValue)]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    Reflect::set(&object, &"name".into(), &algorithm.into())?;
    for (name, part) in parts {
        Reflect::set(&object, &(*name).into(), part)?;
    }
    Ok(object.into())
}
