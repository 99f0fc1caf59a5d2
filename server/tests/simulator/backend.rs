//! The real server in process: its router, domain, store and hub on a database in a temporary folder.
//!
//! Every call is awaited alone on the one thread, and what it committed has reached the hub when it returns. So a run
//! repeats exactly.

use crate::wire::{self, Call};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Request as HttpRequest, StatusCode};
use clap::Parser;
use protocol::{Account, ClientFrame, ConversationId, ConversationKind, DeviceId, Millis, UserId};
use server::config::Config;
use server::domain::presence;
use server::push::{Connected, Hub};
use server::router::router;
use server::serve::{Server, build};
use server::state::AppState;
use server::store::{Committed, StoreError, clock, imports::Chat};
use std::path::Path;
use sync::{Answer, Failure, Request};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tower::ServiceExt;

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    config: Config,
}

/// A login, as its device knows it.
#[derive(Clone, Debug)]
pub struct Login {
    pub account: Account,
    pub device: DeviceId,
    pub token: String,
}

pub struct Backend {
    folder: TempDir,
    /// How many messages a stranger may write before the first answer; 0: as many as they like.
    pub stranger_limit: u64,
    /// Conversations or changes in one answer to a sync, if not as many as usual.
    segment: Option<u32>,
    running: Option<Running>,
    /// How many runs have used this database.
    pub runs: u64,
}

struct Running {
    state: AppState,
    router: Router,
    committed: mpsc::Receiver<Committed>,
    writer: JoinHandle<Result<(), StoreError>>,
}

impl Running {
    async fn start(folder: &Path, stranger_limit: u64, segment: Option<u32>) -> Self {
        let data = folder.to_str().unwrap();
        let unlimited = "1000000";
        let rates = ["--sends-per-second", "--sends-at-once", "--look-ups-per-account"].map(|rate| [rate, unlimited]);
        let limit = stranger_limit.to_string();
        let segment = segment.map(|size| size.to_string());
        let segment = segment.iter().flat_map(|size| ["--sync-segment-size", size]);
        let flags = ["sixin", "--data", data, "--stranger-msg-limit", &limit].into_iter();
        let flags = flags.chain(rates.into_iter().flatten()).chain(segment);
        let Server { state, mut writer } = build(CommandLine::parse_from(flags).config).await.unwrap();
        let committed = writer.take_committed().unwrap();
        let writer = tokio::spawn(writer.run());
        Self { router: router(state.clone()), state, committed, writer }
    }

    /// Carries what was committed to the hub.
    async fn publish(&mut self) {
        // The writer tells of a commit after it has answered: let it come to that.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        while let Ok(Committed { events }) = self.committed.try_recv() {
            events.into_iter().for_each(|event| self.state.hub.publish(event));
        }
    }
}

impl Backend {
    pub async fn start(stranger_limit: u64, segment: Option<u32>) -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
        let running = Some(Running::start(folder.path(), stranger_limit, segment).await);
        Self { folder, stranger_limit, segment, running, runs: 0 }
    }

    /// Stops the server, and starts it again on what its database has. Nobody who was connected is told.
    pub async fn restart(&mut self) {
        let Running { state, router, committed, writer } = self.running.take().unwrap();
        let store = state.store.clone();
        drop((state, router, committed));
        store.close().await;
        drop(store);
        // It ends with its last handle.
        writer.await.unwrap().unwrap();
        self.running = Some(Running::start(self.folder.path(), self.stranger_limit, self.segment).await);
    }

    fn state(&self) -> &AppState {
        &self.running.as_ref().unwrap().state
    }

    pub fn set_clock(&self, now: Millis) {
        clock::set(now);
    }

    /// Makes a call of the engine for the holder of a token. Tells also what the server said, to the letter.
    pub async fn answer(&mut self, token: &str, request: &Request) -> (Result<Answer, Failure>, String) {
        let (status, body) = self.call(token, wire::call(request)).await;
        assert!(!status.is_server_error(), "{status} to {request:?}: {body}");
        (wire::answer(request, status, &body), body)
    }

    pub async fn call(&mut self, token: &str, call: Call) -> (StatusCode, String) {
        let running = self.running.as_mut().unwrap();
        let request = HttpRequest::builder()
            .method(call.method)
            .uri(call.path)
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header(CONTENT_TYPE, "application/json")
            .body(call.body.map_or_else(Body::empty, Body::from))
            .unwrap();
        let response = running.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        running.publish().await;
        (status, String::from_utf8(body.into()).unwrap())
    }

    /// The server looks for pictures that nobody sends.
    pub async fn sweep(&self) {
        self.state().store.sweep_media(clock::now()).await.unwrap();
    }

    pub async fn register(&mut self, name: &str) -> Account {
        let names = (name.try_into().unwrap(), name.try_into().unwrap());
        self.state().store.create_account(names.0, names.1, String::new()).await.unwrap()
    }

    pub async fn log_in(&mut self, account: &Account) -> Login {
        let (device, token) = self
            .state()
            .logins
            .begin(account, "simulated".try_into().unwrap())
            .await
            .unwrap()
            .expect("the account is active");
        Login { account: account.clone(), device, token: token.text }
    }

    /// Makes a conversation as an import does: nobody's devices are told.
    pub async fn create(&mut self, name: String, kind: ConversationKind, members: Vec<UserId>) -> ConversationId {
        let chat = Chat { name: name.clone(), kind, created_at: clock::now(), members };
        let (ids, _) = self.state().store.import_conversations("simulator".to_owned(), vec![chat]).await.unwrap();
        ids[&name]
    }

    /// What a device says over its connection.
    pub async fn hear(&mut self, login: &Login, connection: u64, frame: ClientFrame) {
        let running = self.running.as_mut().unwrap();
        let me = login.account.id;
        // Whoever may not say it is told nothing.
        drop(match frame {
            ClientFrame::Typing { conversation } => presence::typing(&running.state, me, conversation).await,
            ClientFrame::Watch { conversation } => {
                presence::watch(&running.state, (me, connection), conversation).await
            }
            ClientFrame::Ping => Ok(()),
        });
    }

    /// The device's connection, if its login stands.
    pub async fn connect(&self, login: &Login) -> Option<Connected> {
        let hub: &Hub = &self.state().hub;
        let connected = hub.connect(login.account.id, login.device);
        self.state().logins.find(&login.token).await.unwrap().map(|_| connected)
    }
}
