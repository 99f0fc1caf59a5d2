//! Running the server: building its parts, and stopping them in order.

use crate::auditor::Auditor;
use crate::auth::gateway::Gateway;
use crate::auth::oidc::Oidc;
use crate::auth::{Logins, Passwords};
use crate::config::{Config, SealedBodies};
use crate::domain::audit::Audits;
use crate::domain::rosters::Rosters;
use crate::domain::{audit, media};
use crate::listen;
use crate::outbound::Outbound;
use crate::pictures::Pictures;
use crate::push::{self, Hub};
use crate::rates::Limits;
use crate::router::router;
use crate::sealing::Sealing;
use crate::state::{AppState, Parts};
use crate::store::{Folder, Store, WriterTask};
use crate::webhook::Webhook;
use anyhow::Context;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long open requests may take after the signal to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// A server that is ready to listen, with the tasks that must run beside it.
pub struct Server {
    pub state: AppState,
    /// Nothing is written until it runs.
    pub writer: WriterTask,
}

/// Opens the data folder and builds everything on it. Starts nothing.
pub async fn build(config: Config) -> anyhow::Result<Server> {
    let oidc = match config.provider()? {
        Some(settings) => Some(Arc::new(Oidc::new(settings, Outbound::new()?))),
        None => None,
    };
    let auditor = Auditor::new(&config.audit)?;
    let folder = Folder::take(&config.data)?;
    let sealing = match config.sealed_bodies {
        SealedBodies::Off => None,
        SealedBodies::Offered | SealedBodies::Required => Some(Arc::new(Sealing::new(folder.sealing_key()?)?)),
    };
    let (mut store, writer) = Store::open(folder).await?;
    if config.webhook()?.is_some() {
        store = store.telling_source();
    }
    let state = AppState::from(Parts {
        logins: Logins::new(store.clone()),
        passwords: Passwords::new()?,
        gateway: config.gateway()?.map(|secret| Arc::new(Gateway::new(secret))),
        oidc,
        auditor: auditor.map(Arc::new),
        audits: Audits::default(),
        pictures: Pictures::default(),
        files: media::places(),
        sealing,
        limits: Arc::new(Limits::new(&config.rates)),
        rosters: Rosters::new(store.clone()),
        hub: Hub::default(),
        unread_drift: AtomicU64::new(0),
        changed: Arc::default(),
        config: Arc::new(config),
        store,
    });
    Ok(Server { state, writer })
}

impl Server {
    /// Serves until a signal asks to stop, or the store fails: then nothing may be acknowledged, and the process must
    /// end with the error.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { state, mut writer } = self;
        let config = state.config.clone();
        let listener =
            TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
        let webhook = Webhook::new(&config, state.store.clone(), state.changed.clone())?;
        let stop = stop_signal()?;
        announce(&listener)?;

        let committed = writer.take_committed().context("somebody else takes the commits")?;
        let mut pushing = tokio::spawn(push::run(state.hub.clone(), committed));
        let mut writer = tokio::spawn(writer.run());
        let seen = tokio::spawn(state.logins.clone().keep_writing_seen());
        let sweeping = tokio::spawn(media::keep_sweeping(state.clone()));
        let auditing = tokio::spawn(audit::keep_auditing(state.clone()));
        let telling = webhook.map(|webhook| tokio::spawn(webhook.run()));
        let connections = listen::serve(listener, router(state.clone()), config.max_connections, stop);
        let failed = tokio::select! {
            open = connections => {
                state.hub.close();
                open.drain(DRAIN).await;
                None
            }
            ended = &mut writer => Some(ended),
        };
        for task in [seen, sweeping, auditing].into_iter().chain(telling) {
            task.abort();
            let _ = task.await;
        }
        state.audits.end().await;
        if let Some(ended) = failed {
            ended?.context("the store failed: the server stops and acknowledges nothing more")?;
            anyhow::bail!("the writer ended early");
        }
        state.logins.write_seen().await;
        // The writer ends with its last handle; a request that was cut off may still hold one.
        let store = state.store.clone();
        drop(state);
        store.close().await;
        drop(store);
        let ended = tokio::time::timeout(Duration::from_secs(1), &mut writer).await;
        writer.abort();
        if let Ok(ended) = ended {
            ended?.context("the store failed")?;
        }
        // What the writer told last has been told when this ends, and it ends with the writer.
        let _ = tokio::time::timeout(Duration::from_secs(1), &mut pushing).await;
        pushing.abort();
        tracing::info!("stopped");
        Ok(())
    }
}

/// Tells people, and programs that chose port 0, where the server listens. Always the first line of the output.
fn announce(listener: &TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    writeln!(std::io::stdout(), "Sixin listens on http://{address}").context("cannot write to the standard output")
}

/// Ready when the process is asked to stop.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};
    use std::path::Path;

    /// Everything on a data folder that is written to. Nothing listens, and nothing carries commits to the hub.
    pub async fn quiet(folder: &Path) -> AppState {
        let arguments = ["sixin", "--data", folder.to_str().unwrap()];
        let matches = Config::augment_args(clap::Command::new("sixin")).get_matches_from(arguments);
        let Server { state, writer } = build(Config::from_arg_matches(&matches).unwrap()).await.unwrap();
        tokio::spawn(writer.run());
        state
    }
}
