//! Seals what the page sends to the API, so that the server alone can read it (R004-I16).
//!
//! The cryptography is the browser's. One that has none (outside of secure contexts), or does not know X25519, sends its
//! requests as they are.

use crate::browser::{after, document, now, window};
use js_sys::{Array, Function, JSON, Object, Promise, Reflect, Uint8Array};
use protocol::sealed::{Head, OFFER_HEADER, Offer, bound_to, key_info};
use protocol::{Millis, UserId};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// The browser may take so long for one body, in milliseconds: then that one goes as it is.
const PATIENCE: u64 = 5_000;
/// After so many bodies that could not be sealed none is tried any more: the browser lacks what it takes.
const TRIES: u8 = 3;

thread_local! {
    static SEALING: RefCell<Option<Sealing>> = const { RefCell::new(None) };
}

/// What the page seals with.
#[derive(Clone)]
struct Sealing {
    account: UserId,
    /// None while the server takes no sealed bodies.
    offer: Option<Offer>,
    /// By how much the server's clock is ahead of this device's, in milliseconds.
    ahead: i64,
    failures: u8,
}

/// From now on requests are sealed for an account, with what the page says of the server's key. `server`: what the server's
/// clock says, as far as the page knows.
pub fn begin(account: UserId, server: Millis) {
    SEALING.set(Some(Sealing { account, offer: None, ahead: 0, failures: 0 }));
    let meta = document().query_selector("meta[name=sealing]").ok().flatten();
    if let Some(offer) = meta.and_then(|meta| meta.get_attribute("content")) {
        take(&offer, server);
    }
}

/// Seals with an offer from now on, if the browser can.
fn take(offer: &str, server: Millis) -> bool {
    let Ok(offer) = offer.parse::<Offer>() else { return false };
    SEALING.with_borrow_mut(|sealing| match sealing {
        Some(sealing) if sealing.failures < TRIES => {
            sealing.ahead = offer.at.unwrap_or(server) as i64 - now() as i64;
            sealing.offer = Some(offer);
            true
        }
        _ => false,
    })
}

/// Takes from a refusal what to seal with from now on. Whether the request shall be made again, because it was refused for
/// its seal alone.
pub fn learn(answer: &Response) -> bool {
    let offer = answer.headers().get(OFFER_HEADER).ok().flatten().filter(|_| answer.status() == 400);
    offer.is_some_and(|offer| take(&offer, now()))
}

/// The server takes no sealed bodies any more, until it offers to.
pub fn stop() {
    SEALING.with_borrow_mut(|sealing| sealing.iter_mut().for_each(|sealing| sealing.offer = None));
}

/// The sealed body of a request; `None` where it goes as it is.
pub async fn seal(method: &str, target: &str, body: &str) -> Option<Uint8Array> {
    let sealing = SEALING.with_borrow(Clone::clone)?;
    let offer = sealing.offer.as_ref().filter(|_| sealing.failures < TRIES)?;
    let sealed = sealing.seal(offer, method, target, body).await;
    SEALING.with_borrow_mut(|sealing| {
        if let Some(sealing) = sealing {
            sealing.failures = if sealed.is_ok() { 0 } else { sealing.failures.saturating_add(1) };
        }
    });
    sealed.ok()
}

impl Sealing {
    async fn seal(&self, offer: &Offer, method: &str, target: &str, body: &str) -> Result<Uint8Array, JsValue> {
        let crypto = window().crypto()?;
        let subtle = Reflect::get(&crypto, &"subtle".into())?;
        let late = after(PATIENCE);
        let call = async |name: &str, arguments: &[&JsValue]| call(&subtle, name, arguments, &late).await;
        let x25519 = JsValue::from_str("X25519");
        let nothing = usages(&[]);

        let pair = call("generateKey", &[&x25519, &JsValue::FALSE, &usages(&["deriveBits"])]).await?;
        let (public, secret) = (get(&pair, "publicKey")?, get(&pair, "privateKey")?);
        let ephemeral = call("exportKey", &[&"raw".into(), &public]).await?;
        let jwk = JSON::parse(&format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, offer.key))?;
        let server = call("importKey", &[&"jwk".into(), &jwk, &x25519, &JsValue::FALSE, &nothing]).await?;

        let mut head = Head {
            key_id: offer.key_id,
            ephemeral: [0; 32],
            at: now().saturating_add_signed(self.ahead),
            nonce: [0; 12],
        };
        Uint8Array::new(&ephemeral).copy_to(&mut head.ephemeral);
        crypto.get_random_values_with_u8_array(&mut head.nonce)?;

        let agree = with("X25519", &[("public", &server)])?;
        let shared = call("deriveBits", &[&agree, &secret, &256.into()]).await?;
        let deriving = usages(&["deriveKey"]);
        let shared = call("importKey", &[&"raw".into(), &shared, &"HKDF".into(), &JsValue::FALSE, &deriving]).await?;
        let info = Uint8Array::from(key_info(&head.ephemeral, &offer.key).as_slice());
        let derive =
            with("HKDF", &[("hash", &"SHA-256".into()), ("salt", &Uint8Array::new(&nothing)), ("info", &info)])?;
        let aes = with("AES-GCM", &[("length", &256.into())])?;
        let key = call("deriveKey", &[&derive, &shared, &aes, &JsValue::FALSE, &usages(&["encrypt"])]).await?;

        let head_bytes = head.to_bytes();
        let bound = Uint8Array::from(bound_to(method, target, self.account, &head_bytes).as_slice());
        let nonce = Uint8Array::from(head.nonce.as_slice());
        let encrypt = with("AES-GCM", &[("iv", &nonce), ("additionalData", &bound)])?;
        let text = Uint8Array::from(body.as_bytes());
        let ciphertext = Uint8Array::new(&call("encrypt", &[&encrypt, &key, &text]).await?);

        let sealed = Uint8Array::new_with_length(head_bytes.len() as u32 + ciphertext.length());
        sealed.set(&Uint8Array::from(head_bytes.as_slice()), 0);
        sealed.set(&ciphertext, head_bytes.len() as u32);
        Ok(sealed)
    }
}

/// Calls the browser's cryptography; fails where it does not answer in time.
async fn call(subtle: &JsValue, name: &str, arguments: &[&JsValue], late: &Promise) -> Result<JsValue, JsValue> {
    let method: Function = get(subtle, name)?.dyn_into()?;
    let arguments: Array = arguments.iter().collect();
    let made = method.apply(subtle, &arguments)?;
    let made = JsFuture::from(Promise::race(&Array::of2(&made, late))).await?;
    if made.is_undefined() { Err(made) } else { Ok(made) }
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
