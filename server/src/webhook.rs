//! Telling the directory's source what people changed of themselves: one POST an event, signed.
//!
//! Invariants: an event is told until the source has answered 2xx, under the same id, so at least once, also across a
//! `kill -9`; those of one person in their order, each after the one before was taken; of at most [`AT_ONCE`] people at
//! a time. Nothing waits for it: it reads what is committed, and writes as any other change does. Of an answer nothing
//! counts but its status.
//! The address is the operator's own, so it may well be a private one.

use crate::config::{Config, Secret};
use crate::outbound::{NoAnswer, Outbound, signature};
use crate::store::{self, OutboundEvent, Store, StoreError};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, Uri};
use protocol::{Millis, UserId};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// People whose events are told at the same time.
const AT_ONCE: usize = 8;
/// The first wait after a failure; each further one is twice as long.
const WAIT: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);
/// After so many attempts, which take some three days, an event is given up. A later one carries the same person.
const ATTEMPTS: u32 = 1_000;
/// How often the queue is looked at though nothing said that it changed.
const IDLE: Duration = Duration::from_secs(60);

/// Who tells the source; [`Webhook::run`] it.
pub struct Webhook {
    receiver: Receiver,
    store: Store,
    /// Somebody changed themselves.
    changed: Arc<Notify>,
}

/// The program that hears of changes.
#[derive(Clone)]
struct Receiver {
    http: Outbound,
    url: Uri,
    secret: Secret,
}

/// How an attempt ended: whether the source took the event.
struct Attempt {
    event: OutboundEvent,
    told: bool,
}

impl Webhook {
    /// `None` when the source wants to hear nothing.
    pub fn new(config: &Config, store: Store, changed: Arc<Notify>) -> anyhow::Result<Option<Self>> {
        let Some((url, secret)) = config.webhook()? else { return Ok(None) };
        let http = Outbound::new()?;
        Ok(Some(Self { receiver: Receiver { http, url, secret }, store, changed }))
    }

    /// Tells events until it is dropped. Dropped in the middle of an attempt, the event is told again after the next start.
    pub async fn run(self) {
        let (mut attempts, mut busy) = (JoinSet::new(), HashSet::new());
        loop {
            let wait = match self.begin(&mut attempts, &mut busy).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "cannot read what the directory's source is to be told; trying again");
                    WAIT
                }
            };
            tokio::select! {
                Some(ended) = attempts.join_next() => {
                    // An attempt neither panics nor is it cancelled.
                    let Ok(attempt) = ended else { continue };
                    self.end(&attempt).await;
                    busy.remove(&attempt.event.account);
                }
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Begins to tell what is due, each person's oldest; tells how long there is nothing else to do.
    async fn begin(&self, attempts: &mut JoinSet<Attempt>, busy: &mut HashSet<UserId>) -> Result<Duration, StoreError> {
        let now = store::now();
        if busy.len() >= AT_ONCE {
            return Ok(IDLE);
        }
        for event in self.store.due_events(now, LONGEST, AT_ONCE + busy.len()).await? {
            if busy.len() < AT_ONCE && busy.insert(event.account) {
                attempts.spawn(self.receiver.clone().attempt(event));
            }
        }
        let next = self.store.next_event(now).await?;
        Ok(next
            .map_or(IDLE, |due| Duration::from_millis(due.saturating_sub(now)).clamp(Duration::from_millis(1), IDLE)))
    }

    async fn end(&self, Attempt { event, told }: &Attempt) {
        let written = match told {
            true => self.store.end_event(event.place).await,
            false if event.attempts + 1 >= ATTEMPTS => {
                tracing::error!(event = event.id, "the directory's source never took an event: it is given up");
                self.store.end_event(event.place).await
            }
            false => self.store.put_off_event(event.place, store::now() + wait_after(event.attempts)).await,
        };
        if let Err(error) = written {
            tracing::warn!(%error, event = event.id, "cannot write that the source was told: it will be told again");
            // Not at once, or a full disk would make a flood of it.
            tokio::time::sleep(WAIT).await;
        }
    }
}

fn wait_after(attempts: u32) -> Millis {
    let wait = WAIT.saturating_mul(2_u32.saturating_pow(attempts)).min(LONGEST);
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

impl Receiver {
    async fn attempt(self, event: OutboundEvent) -> Attempt {
        let told = match self.tell(&event).await {
            Ok(200..300) => true,
            Ok(status) => {
                tracing::info!(event = event.id, attempts = event.attempts + 1, status, "the source took no event");
                false
            }
            Err(error) => {
                tracing::info!(event = event.id, attempts = event.attempts + 1, %error, "the source was not reached");
                false
            }
        };
        Attempt { event, told }
    }

    async fn tell(&self, event: &OutboundEvent) -> Result<u16, NoAnswer> {
        let request = Request::post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("sixin-event", &event.id)
            .header("sixin-signature", signature(&self.secret, "sixin-webhook-1", store::now() / 1_000, &event.body))
            .body(event.body.clone().into_bytes())
            .expect("the address was read as one, and the headers are plain text");
        self.http.status(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R002-02: each wait is twice the one before, up to five minutes.
    #[test]
    fn waits_grow_to_a_bound() {
        let waits: Vec<_> = [0, 1, 2, 8, 9, 40, u32::MAX].into_iter().map(wait_after).collect();
        assert_eq!(waits, [1_000, 2_000, 4_000, 256_000, 300_000, 300_000, 300_000]);
    }
}
