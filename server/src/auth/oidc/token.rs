//! Whether an ID token is the provider's word, for us, about this log-in.
//!
//! The signature, the issuer, the audience, the time and the nonce are checked by `openidconnect`; what the
//! specification leaves to its user is checked here: the algorithms, the authorised party, the access token's hash, and
//! that nothing was issued in the future.

use super::provider::Metadata;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, ClaimsVerificationError, ClientId, EmptyExtraTokenFields, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IdToken, IdTokenClaims, IdTokenFields, IdTokenVerifier, Nonce, OAuth2TokenResponse,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};

/// How far the provider's clock may be from ours.
const SKEW: Duration = Duration::from_secs(60);
/// The longest subject, in bytes: the specification's.
const SUBJECT: usize = 255;

/// Signatures that nobody can make who only knows what the provider publishes.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The claims that the specification does not know.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Others {
    #[serde(flatten)]
    pub all: Map<String, Value>,
}

impl AdditionalClaims for Others {}

pub type Claims = IdTokenClaims<Others, CoreGenderClaim>;

/// What the provider answers to a code.
pub type Tokens = StandardTokenResponse<
    IdTokenFields<
        Others,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type Token = IdToken<Others, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// Us, as the provider knows us.
pub type Client = openidconnect::Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why a token is not believed.
#[derive(Debug)]
pub enum Doubt {
    /// None of the provider's keys that we know has signed it: they may have changed.
    Keys(String),
    Other(String),
}

impl Doubt {
    fn because(why: impl ToString) -> Self {
        Self::Other(why.to_string())
    }
}

impl From<ClaimsVerificationError> for Doubt {
    fn from(error: ClaimsVerificationError) -> Self {
        match error {
            // A provider that does not name its keys changes them under the same lack of a name.
            ClaimsVerificationError::SignatureVerification(
                error @ (SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_)),
            ) => Self::Keys(error.to_string()),
            ClaimsVerificationError::SignatureVerification(error) => Self::because(error),
            error => Self::because(error),
        }
    }
}

/// What the token says, if it is the provider's word.
pub fn verified<'a>(
    tokens: &'a Tokens,
    client: &ClientId,
    metadata: &Metadata,
    nonce: &Nonce,
) -> Result<&'a Claims, Doubt> {
    let token: &Token = tokens.id_token().ok_or_else(|| Doubt::because("there is no ID token"))?;
    let now = SystemTime::now();
    let verifier =
        IdTokenVerifier::new_public_client(client.clone(), metadata.issuer().clone(), metadata.jwks().clone())
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || (now - SKEW).into())
            .set_issue_time_verifier_fn(move |issued| {
                let late = SystemTime::from(issued) > now + SKEW;
                if late { Err("it was issued in the future".to_owned()) } else { Ok(()) }
            });
    let claims = token.claims(&verifier, nonce)?;
    if claims.authorized_party().is_some_and(|party| party != client) {
        return Err(Doubt::because("it was made for another party"));
    }
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(Doubt::because)?;
        let key = token.signing_key(&verifier).map_err(Doubt::because)?;
        let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).map_err(Doubt::because)?;
        if hash != *expected {
            return Err(Doubt::because("it came with another access token"));
        }
    }
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.len() > SUBJECT {
        return Err(Doubt::because("its subject is none"));
    }
    Ok(claims)
}
