//! Who people are by the word of an OpenID Connect provider (R002-01, R002-03): the authorization code flow with PKCE.
//!
//! A browser is sent to the provider with a `state` that it can use once, and comes back with a code, which is exchanged
//! for an ID token on a connection of our own. Invariants: nothing that a browser brings is believed without the state
//! that it began with, in the cookie's browser; nobody is named but by a token that the provider signed for us and for this
//! log-in. Deliberately absent: accounts ([`crate::domain::identities`]) and pages.

mod pending;
mod provider;
mod settings;
mod token;

pub use pending::{LIFETIME, Purpose};
pub use settings::{OidcFlags, Settings};

use crate::outbound::{Outbound, causes};
use openidconnect::core::{CoreClientAuthMethod, CoreGenderClaim, CoreResponseType};
use openidconnect::url::Url;
use openidconnect::{
    AuthType, AuthenticationFlow, AuthorizationCode, CsrfToken, EndUserName, EndUserUsername, LocalizedClaim, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, RequestTokenError, StandardClaims, SubjectIdentifier,
    UserInfoClaims,
};
use pending::{Begun, Pending};
use protocol::DisplayName;
use provider::{Metadata, Provider};
use serde::Deserialize;
use serde_json::Value;
use std::time::Instant;
use token::{Claims, Client, Doubt, Others, Tokens, verified};

/// Why nobody was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It did not begin in this browser, or too long ago, or is over.
    Stale,
    /// The person, or the provider, said no.
    Denied,
    /// The provider does not answer.
    Unreachable,
    /// What the provider answered is not believed.
    Untrusted,
}

/// Whom the provider names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Somebody {
    /// The provider's own name for them, which never changes.
    pub subject: String,
    /// What they are called there, as far as it tells.
    pub username: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    /// Their id in the company's directory, where a claim is configured to hold it.
    pub company: Option<String>,
}

/// What a browser brings back from the provider.
#[derive(Debug, Default, Deserialize)]
pub struct Back {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    /// RFC 9207.
    iss: Option<String>,
}

pub struct Oidc {
    provider: Provider,
    pending: Pending,
}

impl Oidc {
    pub fn new(settings: Settings, outbound: Outbound) -> Self {
        Self { provider: Provider::new(settings, outbound), pending: Pending::default() }
    }

    /// What people call the provider.
    pub fn name(&self) -> &DisplayName {
        &self.provider.settings.name
    }

    pub fn issuer(&self) -> &str {
        self.provider.settings.issuer.as_str()
    }

    /// Begins a log-in of the browser that holds this secret: where to send it.
    pub async fn begin(&self, redirect: RedirectUrl, browser: &str, purpose: Purpose) -> Result<Url, Failure> {
        let metadata = self.provider.metadata().await?;
        let client = self.client(&metadata, redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (url, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(self.provider.settings.scopes.iter().cloned())
            .set_pkce_challenge(challenge)
            .url();
        let begun = Begun { nonce, verifier, redirect, purpose };
        self.pending.keep(state.secret().clone(), browser, begun, Instant::now());
        Ok(url)
    }

    /// Ends the log-in that brought the browser back: whom the provider names, and what for. What failed tells what it
    /// was for as well, as soon as that is known.
    pub async fn finish(&self, back: Back, browser: &str) -> Result<(Purpose, Result<Somebody, Failure>), Failure> {
        let state = back.state.as_deref().unwrap_or_default();
        let begun = self.pending.take(state, browser, Instant::now()).ok_or(Failure::Stale)?;
        let purpose = begun.purpose.clone();
        Ok((purpose, self.named(back, begun).await))
    }

    async fn named(&self, back: Back, begun: Begun) -> Result<Somebody, Failure> {
        if back.iss.is_some_and(|issuer| issuer != self.issuer()) {
            return Err(doubt("another provider answered"));
        }
        if let Some(error) = back.error {
            tracing::info!(error = error.escape_debug().to_string(), "the OpenID Connect provider named nobody");
            return Err(Failure::Denied);
        }
        let code = back.code.filter(|code| !code.is_empty()).ok_or_else(|| doubt("there is no code"))?;
        let metadata = self.provider.metadata().await?;
        let client = self.client(&metadata, begun.redirect);
        let exchange = client.exchange_code(AuthorizationCode::new(code)).map_err(doubt)?;
        let tokens = exchange.set_pkce_verifier(begun.verifier).request_async(&self.provider.outbound).await;
        let tokens: Tokens = tokens.map_err(|error| match error {
            RequestTokenError::Request(error) => {
                tracing::warn!(error = causes(&error), "the OpenID Connect provider takes no code");
                Failure::Unreachable
            }
            RequestTokenError::ServerResponse(error) => doubt(error.error()),
            error => doubt(causes(&error)),
        })?;
        let settings = &self.provider.settings;
        let claims = match verified(&tokens, &settings.client_id, &metadata, &begun.nonce) {
            Err(Doubt::Keys(why)) => {
                let renewed = self.provider.renewed(&metadata).await.ok_or_else(|| doubt(why))?;
                verified(&tokens, &settings.client_id, &renewed, &begun.nonce)
            }
            verified => verified,
        };
        let claims = claims.map_err(|(Doubt::Keys(why) | Doubt::Other(why))| doubt(why))?;
        let mut somebody = self.somebody(claims);
        if somebody.username.is_none() && somebody.name.is_none() {
            self.ask_for_names(&client, &tokens, &mut somebody).await;
        }
        Ok(somebody)
    }

    fn client(&self, metadata: &Metadata, redirect: RedirectUrl) -> Client {
        let settings = &self.provider.settings;
        let client = Client::from_provider_metadata(
            metadata.clone(),
            settings.client_id.clone(),
            settings.client_secret.clone(),
        );
        let methods = metadata.token_endpoint_auth_methods_supported();
        let basic = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let method = if basic { AuthType::BasicAuth } else { AuthType::RequestBody };
        client.set_auth_type(method).set_redirect_uri(redirect)
    }

    fn somebody(&self, claims: &Claims) -> Somebody {
        let subject = claims.subject().as_str().to_owned();
        let company = self.provider.settings.company_claim.as_deref().and_then(|claim| match claim {
            "sub" => Some(subject.clone()),
            _ => match claims.additional_claims().all.get(claim)? {
                Value::String(id) => Some(id.clone()),
                Value::Number(id) => Some(id.to_string()),
                _ => None,
            },
        });
        Somebody {
            subject,
            username: username(claims.preferred_username()),
            name: name(claims.name()),
            email: claims.email().map(|email| email.as_str().to_owned()),
            company,
        }
    }

    /// Some providers tell names only to who asks for them apart. Without them somebody still is who they are.
    async fn ask_for_names(&self, client: &Client, tokens: &Tokens, somebody: &mut Somebody) {
        let subject = SubjectIdentifier::new(somebody.subject.clone());
        let Ok(request) = client.user_info(tokens.access_token().clone(), Some(subject)) else { return };
        let told: Result<UserInfoClaims<Others, CoreGenderClaim>, _> =
            request.request_async(&self.provider.outbound).await;
        match told {
            Ok(told) => {
                let told: &StandardClaims<CoreGenderClaim> = told.standard_claims();
                somebody.username = username(told.preferred_username());
                somebody.name = name(told.name());
                let email = told.email().map(|email| email.as_str().to_owned());
                somebody.email = somebody.email.take().or(email);
            }
            Err(error) => tracing::warn!(error = causes(&error), "the OpenID Connect provider tells no names"),
        }
    }
}

fn username(claim: Option<&EndUserUsername>) -> Option<String> {
    claim.map(|username| username.as_str().to_owned())
}

fn name(claim: Option<&LocalizedClaim<EndUserName>>) -> Option<String> {
    let claim = claim?;
    let (_, name) = claim.iter().next()?;
    Some(name.as_str().to_owned())
}

/// The log says why, the person only that.
fn doubt(why: impl ToString) -> Failure {
    tracing::warn!(why = why.to_string(), "the OpenID Connect provider's answer is not believed");
    Failure::Untrusted
}
