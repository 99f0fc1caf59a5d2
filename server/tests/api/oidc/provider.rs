//! A small OpenID Connect provider on loopback, which does what a good one does, or one thing wrong.

use super::signer::{Signer, encode, unsigned};
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::header::{AUTHORIZATION, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use base64ct::{Base64, Encoding};
use hmac::{Hmac, Mac};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub const CLIENT: &str = "sixin";
pub const SECRET: &str = "s p:a/c€ret";

/// The one thing that it does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    WrongNonce,
    NoNonce,
    WrongAudience,
    OneMoreAudience,
    OtherParty,
    WrongIssuer,
    Expired,
    IssuedInTheFuture,
    OtherAccessToken,
    BadSignature,
    OtherClaims,
    AlgNone,
    HmacWithPublicKey,
    HmacWithSecret,
    UnknownKey,
    NoSubject,
    NoToken,
    NoJson,
    Huge,
    Slow,
    Fails,
    RefusesTheCode,
    /// Names only at the place for them, not in the token.
    NamesApart,
}

struct Code {
    challenge: String,
    nonce: String,
    redirect: String,
}

pub struct Inside {
    pub fault: Fault,
    pub signer: Signer,
    /// Who is logged in at the provider: claims.
    pub who: Map<String, Value>,
    codes: HashMap<String, Code>,
    made: u32,
    /// How often the keys were fetched.
    pub keys_fetched: u32,
    /// The last answer was given for this request.
    pub asked: HashMap<String, String>,
}

#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    inside: Arc<Mutex<Inside>>,
}

impl Provider {
    /// Listens on a port of its own until the test ends.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realms/company", listener.local_addr().unwrap());
        let inside = Inside {
            fault: Fault::None,
            signer: Signer::rsa("first"),
            who: Map::new(),
            codes: HashMap::new(),
            made: 0,
            keys_fetched: 0,
            asked: HashMap::new(),
        };
        let provider = Self { issuer, inside: Arc::new(Mutex::new(inside)) };
        let routes = Router::new()
            .route("/realms/company/.well-known/openid-configuration", get(configuration))
            .route("/realms/company/keys", get(keys))
            .route("/realms/company/authorize", get(authorize))
            .route("/realms/company/token", post(token))
            .route("/realms/company/people", get(people))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        provider
    }

    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// Whoever is sent here from now on is this person.
    pub fn is(&self, claims: Value) {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        self.inside().who = claims;
    }

    pub fn fail(&self, fault: Fault) {
        self.inside().fault = fault;
    }
}

async fn configuration(State(provider): State<Provider>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", provider.issuer);
    Json(json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("people"),
        "jwks_uri": at("keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA", "HS256", "none"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    let mut inside = provider.inside();
    inside.keys_fetched += 1;
    // Another provider's kind of key must not be in the way.
    Json(json!({"keys": [{"kty": "unheard of", "kid": "odd"}, inside.signer.public()]}))
}

/// Somebody is logged in here already, and agrees.
async fn authorize(State(provider): State<Provider>, Query(asked): Query<HashMap<String, String>>) -> Response {
    let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
    assert_eq!((field("client_id"), field("response_type")), (CLIENT.to_owned(), "code".to_owned()));
    assert_eq!(field("code_challenge_method"), "S256");
    assert!(field("scope").split(' ').any(|scope| scope == "openid"));
    let mut inside = provider.inside();
    inside.made += 1;
    let name = format!("code-{}", inside.made);
    let code = Code { challenge: field("code_challenge"), nonce: field("nonce"), redirect: field("redirect_uri") };
    let to = format!("{}?code={name}&state={}&session_state=x", code.redirect, field("state"));
    inside.codes.insert(name, code);
    inside.asked = asked;
    (StatusCode::FOUND, [(LOCATION, to)]).into_response()
}

async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(asked): Form<HashMap<String, String>>,
) -> Response {
    let fault = provider.inside().fault;
    match fault {
        Fault::Slow => tokio::time::sleep(Duration::from_secs(60)).await,
        Fault::Huge => return Json(json!({"access_token": "x".repeat(300_000)})).into_response(),
        Fault::Fails => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Fault::NoJson => return "<html>".into_response(),
        Fault::RefusesTheCode => return refused("invalid_grant"),
        _ => {}
    }
    let escaped = |text: &str| {
        let bytes = text.bytes().map(|byte| match byte {
            b' ' => "+".to_owned(),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        });
        bytes.collect::<String>()
    };
    let basic = Base64::encode_string(format!("{CLIENT}:{}", escaped(SECRET)).as_bytes());
    if headers.get(AUTHORIZATION).is_none_or(|said| *said != format!("Basic {basic}")) {
        return refused("invalid_client");
    }
    let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let Some(code) = provider.inside().codes.remove(&field("code")) else { return refused("invalid_grant") };
    if encode(Sha256::digest(field("code_verifier"))) != code.challenge || field("redirect_uri") != code.redirect {
        return refused("invalid_grant");
    }
    let access = "the access token";
    let mut answer = json!({"access_token": access, "token_type": "Bearer", "expires_in": 300});
    if fault != Fault::NoToken {
        answer["id_token"] = json!(id_token(&provider, fault, &code.nonce, access));
    }
    Json(answer).into_response()
}

fn refused(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}

fn id_token(provider: &Provider, fault: Fault, nonce: &str, access: &str) -> String {
    let inside = provider.inside();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let hashed = |text: &str| match inside.signer.algorithm() {
        // SHA-512 belongs to EdDSA; leaving the hash out is allowed.
        "EdDSA" => Value::Null,
        _ => json!(encode(&Sha256::digest(text)[..16])),
    };
    let mut claims = json!({
        "iss": provider.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
        "at_hash": hashed(access), "azp": CLIENT,
    });
    let who = inside.who.iter().filter(|(name, _)| fault != Fault::NamesApart || *name == "sub");
    claims.as_object_mut().unwrap().extend(who.map(|(name, value)| (name.clone(), value.clone())));
    match fault {
        Fault::WrongNonce => claims["nonce"] = json!("another"),
        Fault::NoNonce => claims["nonce"] = Value::Null,
        Fault::WrongAudience => claims["aud"] = json!("another"),
        Fault::OneMoreAudience => claims["aud"] = json!([CLIENT, "another"]),
        Fault::OtherParty => claims["azp"] = json!("another"),
        Fault::WrongIssuer => claims["iss"] = json!("https://id.example.org"),
        Fault::Expired => claims["exp"] = json!(now - 120),
        Fault::IssuedInTheFuture => claims["iat"] = json!(now + 120),
        Fault::OtherAccessToken => claims["at_hash"] = hashed("another"),
        Fault::NoSubject => claims["sub"] = json!(""),
        _ => {}
    }
    if claims["at_hash"].is_null() {
        claims.as_object_mut().unwrap().remove("at_hash");
    }
    let header = |algorithm: &str| json!({"alg": algorithm, "typ": "JWT", "kid": inside.signer.kid});
    let hmac = |key: &[u8]| {
        let text = unsigned(&header("HS256"), &claims);
        let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text.as_bytes()).finalize();
        format!("{text}.{}", encode(mac.into_bytes()))
    };
    match fault {
        Fault::AlgNone => format!("{}.", unsigned(&header("none"), &claims)),
        Fault::HmacWithPublicKey => hmac(inside.signer.public()["n"].as_str().unwrap().as_bytes()),
        Fault::HmacWithSecret => hmac(SECRET.as_bytes()),
        Fault::BadSignature => {
            let token = inside.signer.token(&claims);
            let (text, signature) = token.rsplit_once('.').unwrap();
            format!("{text}.{}", signature.chars().rev().collect::<String>())
        }
        Fault::OtherClaims => {
            let token = inside.signer.token(&claims);
            let signature = token.rsplit('.').next().unwrap();
            claims["sub"] = json!("somebody else");
            format!("{}.{signature}", unsigned(&header(inside.signer.algorithm()), &claims))
        }
        Fault::UnknownKey => inside.signer.token_named("unknown", &claims),
        _ => inside.signer.token(&claims),
    }
}

async fn people(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    if headers.get(AUTHORIZATION).is_none_or(|said| said != "Bearer the access token") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(Value::Object(provider.inside().who.clone())).into_response()
}
