//! What every handler and use-case can reach; cheap to clone.

use crate::auditor::Auditor;
use crate::auth::gateway::Gateway;
use crate::auth::oidc::Oidc;
use crate::auth::{Logins, Passwords};
use crate::config::Config;
use crate::domain::audit::Audits;
use crate::domain::rosters::Rosters;
use crate::pictures::Pictures;
use crate::places::Places;
use crate::push::Hub;
use crate::rates::Limits;
use crate::sealing::Sealing;
use crate::store::Store;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::Notify;

/// Each route holds one, and the router clones its routes for every request.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

pub struct Parts {
    pub config: Arc<Config>,
    pub store: Store,
    pub logins: Logins,
    pub passwords: Passwords,
    /// Who says who people are, where they do not log in here.
    pub gateway: Option<Arc<Gateway>>,
    /// The provider that people can log in with.
    pub oidc: Option<Arc<Oidc>>,
    /// Who is asked before a message is sent to others.
    pub auditor: Option<Arc<Auditor>>,
    /// What is asked about pictures that were sent before their verdict.
    pub audits: Audits,
    pub pictures: Pictures,
    /// For files on their way to the disk.
    pub files: Places,
    /// What opens sealed bodies, where they are taken.
    pub sealing: Option<Arc<Sealing>>,
    pub limits: Arc<Limits>,
    pub rosters: Rosters,
    pub hub: Hub,
    /// How many unread counts of devices were wrong since the server started.
    pub unread_drift: AtomicU64,
    /// Somebody changed themselves: the directory's source may have to be told.
    pub changed: Arc<Notify>,
}

impl From<Parts> for AppState {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
