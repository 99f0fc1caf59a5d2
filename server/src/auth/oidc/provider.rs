//! Where the provider is asked, and with which keys it signs: read when it is needed first, and then kept.

use super::Failure;
use super::settings::Settings;
use crate::outbound::{Outbound, causes};
use openidconnect::JsonWebKeySet;
use openidconnect::core::CoreProviderMetadata;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long what the provider told of itself is taken as it was.
const FRESH: Duration = Duration::from_secs(3_600);
/// How long the keys are not fetched again, whatever tokens come in that none of them has signed.
const AGAIN: Duration = Duration::from_secs(30);

/// What the provider tells of itself, with its keys.
pub type Metadata = CoreProviderMetadata;

pub struct Provider {
    pub settings: Settings,
    pub outbound: Outbound,
    known: RwLock<Option<Known>>,
    /// Whoever misses a key waits for the one who fetches them.
    renewing: Semaphore,
}

#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    at: Instant,
    /// When the keys were fetched again.
    renewed: Option<Instant>,
}

impl Provider {
    pub fn new(settings: Settings, outbound: Outbound) -> Self {
        Self { settings, outbound, known: RwLock::default(), renewing: Semaphore::new(1) }
    }

    /// What the provider tells of itself. When it cannot be asked again, what it told last.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, Failure> {
        let known = self.known();
        if let Some(known) = &known
            && known.at.elapsed() < FRESH
        {
            return Ok(known.metadata.clone());
        }
        match Metadata::discover_async(self.settings.issuer.clone(), &self.outbound).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                self.know(Known { metadata: metadata.clone(), at: Instant::now(), renewed: None });
                Ok(metadata)
            }
            Err(error) => {
                tracing::warn!(error = causes(&error), "the OpenID Connect provider does not tell of itself");
                known.map(|known| known.metadata).ok_or(Failure::Unreachable)
            }
        }
    }

    /// The same with the keys as they are now, for a token that none of the `used` ones has signed: keys change.
    /// `None` when they were fetched again just now.
    pub async fn renewed(&self, used: &Arc<Metadata>) -> Option<Arc<Metadata>> {
        let _turn = self.renewing.acquire().await.ok()?;
        let known = self.known()?;
        if !Arc::ptr_eq(&known.metadata, used) {
            return Some(known.metadata);
        }
        if known.renewed.is_some_and(|at| at.elapsed() < AGAIN) {
            return None;
        }
        let renewed = Some(Instant::now());
        self.know(Known { renewed, ..known.clone() });
        match JsonWebKeySet::fetch_async(known.metadata.jwks_uri(), &self.outbound).await {
            Ok(keys) => {
                let metadata = Arc::new(known.metadata.as_ref().clone().set_jwks(keys));
                self.know(Known { metadata: metadata.clone(), at: known.at, renewed });
                Some(metadata)
            }
            Err(error) => {
                tracing::warn!(error = causes(&error), "the OpenID Connect provider does not tell its keys");
                None
            }
        }
    }

    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn know(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}
