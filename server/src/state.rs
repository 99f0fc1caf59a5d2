//! What every handler and use-case can reach; cheap to clone.

use crate::auth::{Logins, Passwords};
use crate::config::Config;
use crate::domain::rosters::Rosters;
use crate::push::Hub;
use crate::rates::Limits;
use crate::store::Store;
use std::sync::Arc;

#[derive(Clone)]
pub struct AppState {
    pub config: Arc<Config>,
    pub store: Store,
    pub logins: Logins,
    pub passwords: Passwords,
    pub limits: Arc<Limits>,
    pub rosters: Rosters,
    pub hub: Hub,
}
