//! What is audited, and what a verdict does (R004-I4 to R004-I6).
//!
//! Asked is only about what policy lets in as things stand (R004-I11), so that nothing of whoever is refused reaches the
//! auditor; what stands when the message comes to be stored decides anew (R004-I12). A text waits for its verdict; a picture
//! does so too, unless the operator limits the wait: then it is sent, and withdrawn if the verdict is against it, whenever
//! that comes. Titles, names, announcements and greetings are no messages and are not audited, nor are imports; what was sent
//! is taken away by `/api/v1/admin/conversations/…/removal`.

use crate::auditor::{About, Auditor, NoVerdict, Unanswered};
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::verdicts::Unaudited;
use crate::store::{NewMessage, Roster, Store, StoreError, now};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use protocol::{ConversationKind, ErrorCode, Image, MediaId, MessageBody, Millis};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How long an answer may take about what nobody waits for any more.
const LATER: Duration = Duration::from_secs(60);
/// How long it is waited before the auditor is asked again who said nothing.
const PAUSE: Duration = Duration::from_secs(10);
/// How often it is looked for what is owed, whatever was told: who sent it may have gone away before telling.
const LOOK: Duration = Duration::from_secs(5);
/// Pictures that are asked about again at the same time: fewer than the auditor's turns, so that new ones find some.
const AGAIN: usize = 8;
/// Questions that are open although nobody waits for them; about further ones it is asked when it is looked for them.
const OPEN: usize = 1_000;
/// How often a verdict looks for the message that carries its picture: it may be on its way into the store.
const LOOKS: usize = 3;

/// What lets a message through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Nothing more is asked about it.
    Sent,
    /// It is sent before its verdict, and asked about again at a time, if there is none until then.
    Unaudited(Millis),
}

/// What the auditor said, to everybody who waits for it.
type Said = Result<bool, Arc<NoVerdict>>;

/// The questions about pictures that outlive the requests that sent those; cheap to clone.
#[derive(Clone, Default)]
pub struct Audits {
    sent: Arc<Notify>,
    open: Arc<Mutex<Open>>,
}

/// One question a picture, however many requests wait for its answer.
#[derive(Default)]
struct Open {
    questions: JoinSet<()>,
    answers: HashMap<MediaId, watch::Receiver<Option<Said>>>,
}

impl Audits {
    /// A picture was sent before its verdict.
    pub fn sent(&self) {
        self.sent.notify_one();
    }

    /// Asks about a picture, whoever goes away meanwhile, unless that is being asked; nothing where there is no room for more.
    /// Where nobody waits any more, `alone` does what was said.
    fn ask<F>(
        &self,
        media: MediaId,
        question: impl Future<Output = Result<bool, NoVerdict>> + Send + 'static,
        alone: impl FnOnce(Said) -> F + Send + 'static,
    ) -> Option<watch::Receiver<Option<Said>>>
    where
        F: Future<Output = ()> + Send,
    {
        let mut open = self.open();
        while open.questions.try_join_next().is_some() {}
        if let Some(answer) = open.answers.get(&media).filter(|answer| answer.has_changed().is_ok()) {
            return Some(answer.clone());
        }
        if open.questions.len() >= OPEN {
            return None;
        }
        let (tell, told) = watch::channel(None);
        open.answers.insert(media, told.clone());
        let audits = self.clone();
        open.questions.spawn(async move {
            let said = question.await.map_err(Arc::new);
            audits.open().answers.remove(&media);
            if tell.send(Some(said.clone())).is_err() {
                alone(said).await;
            }
        });
        Some(told)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends what is asked: the next start asks again.
    pub async fn end(&self) {
        let mut open = std::mem::take(&mut *self.open());
        open.questions.shutdown().await;
    }
}

/// Whether the auditor is asked about a message: about texts, pictures, and what files are called, unless one writes to oneself (R004-I14).
pub fn concerns(roster: &Roster, body: &MessageBody) -> bool {
    let others = roster.kind == ConversationKind::Group || roster.members.len() > 1;
    others && matches!(body, MessageBody::Text { .. } | MessageBody::Image(_) | MessageBody::File(_))
}

/// Lets the message through, or not.
pub async fn pass(state: &AppState, auditor: &Arc<Auditor>, message: &NewMessage) -> Result<Pass, Refusal> {
    let said = match &message.body {
        MessageBody::Text { text, .. } => auditor.allows_text(about(message), text.as_str()).await,
        MessageBody::File(file) => auditor.allows_text(about(message), file.name.as_str()).await,
        MessageBody::Image(image) => match auditor.picture_wait {
            Some(wait) => return pass_within(state, auditor, message, image, wait).await,
            None => ask(&state.store, auditor, &picture(message, image), auditor.patience).await,
        },
        _ => return Ok(Pass::Sent),
    };
    match (verdict(said.map_err(Arc::new))?, auditor.unanswered) {
        (Ok(pass), _) => Ok(pass),
        (Err(error), Unanswered::Allow) => {
            tracing::warn!(%error, "a message was sent without an audit");
            Ok(Pass::Sent)
        }
        (Err(error), Unanswered::Refuse) => {
            tracing::warn!(%error, "a message was put off for want of an audit");
            Err(Refusal::new(ErrorCode::Unavailable, "the audit is not available; try again"))
        }
    }
}

/// Lets a picture through without a verdict when that takes too long, or the auditor fails. The question goes on, and what
/// is answered counts.
async fn pass_within(
    state: &AppState,
    auditor: &Arc<Auditor>,
    message: &NewMessage,
    image: &Image,
    wait: Duration,
) -> Result<Pass, Refusal> {
    if wait.is_zero() {
        return Ok(Pass::Unaudited(now()));
    }
    let (store, asked, picture) = (state.store.clone(), auditor.clone(), picture(message, image));
    let (media, settling) = (picture.media, state.store.clone());
    let question = async move { ask(&store, &asked, &picture, LATER).await };
    let alone = move |said| async move {
        if let Err(error) = settle(&settling, media, said).await {
            complain(&error);
        }
    };
    let Some(mut told) = state.audits.ask(media, question, alone) else { return Ok(Pass::Unaudited(now())) };
    // Whoever waits does what it says.
    let _ = tokio::time::timeout(wait, told.wait_for(Option::is_some)).await;
    let said = told.borrow().clone();
    drop(told);
    let Some(said) = said else { return Ok(Pass::Unaudited(in_future(LATER + PAUSE))) };
    Ok(verdict(said)?.unwrap_or_else(|error| {
        complain(&error);
        Pass::Unaudited(in_future(PAUSE))
    }))
}

/// What a verdict means for what is to be sent, if there is one.
fn verdict(said: Said) -> Result<Result<Pass, Arc<NoVerdict>>, Refusal> {
    match said {
        Ok(true) => Ok(Ok(Pass::Sent)),
        Ok(false) => Err(Refusal::new(ErrorCode::Sensitive, "the auditor does not let this through")),
        Err(error) if matches!(*error, NoVerdict::NoFile) => Err(StoreError::NoMedium.into()),
        Err(error) => Ok(Err(error)),
    }
}

fn failed(error: StoreError) -> Arc<NoVerdict> {
    Arc::new(error.into())
}

fn complain(error: &NoVerdict) {
    tracing::warn!(%error, "a picture was sent and has no verdict yet: the auditor is asked again");
}

fn in_future(time: Duration) -> Millis {
    now() + u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2)
}

fn about(message: &NewMessage) -> About {
    About {
        client_id: message.client_id,
        conversation: message.conversation,
        kind: message.roster.kind,
        sender: message.sender.id,
    }
}

fn picture(message: &NewMessage, image: &Image) -> Unaudited {
    Unaudited {
        media: image.media,
        client_id: message.client_id,
        conversation: message.conversation,
        kind: message.roster.kind,
        sender: message.sender.id,
        width: image.width.get(),
        height: image.height.get(),
    }
}

async fn ask(store: &Store, auditor: &Auditor, one: &Unaudited, within: Duration) -> Result<bool, NoVerdict> {
    let Unaudited { client_id, conversation, kind, sender, .. } = *one;
    let about = About { client_id, conversation, kind, sender };
    auditor.allows_picture(about, (one.width, one.height), store.audited_file(one.media), within).await
}

/// Asks about what was sent before its verdict, until there is one, also after a restart.
pub async fn keep_auditing(state: AppState) {
    let Some(auditor) = state.auditor.clone() else { return };
    let (store, auditor) = (&state.store, &auditor);
    let mut complained: Option<Instant> = None;
    let mut complain_rarely = |error: &NoVerdict| {
        if complained.is_none_or(|last| last.elapsed() >= PAUSE) {
            complain(error);
            complained = Some(Instant::now());
        }
    };
    if let Err(error) = store.ask_anew().await {
        complain_rarely(&error.into());
    }
    let mut asking = FuturesUnordered::new();
    loop {
        if asking.len() < AGAIN {
            let places = u32::try_from(AGAIN - asking.len()).unwrap_or_default();
            match store.take_unaudited(now(), in_future(LATER + PAUSE), places).await {
                Ok(due) => asking.extend(due.into_iter().map(|one| async move {
                    let said = ask(store, auditor, &one, LATER).await;
                    settle(store, one.media, said.map_err(Arc::new)).await
                })),
                Err(error) => complain_rarely(&error.into()),
            }
        }
        tokio::select! {
            Some(settled) = asking.next() => {
                if let Err(error) = settled {
                    complain_rarely(&error);
                }
            }
            _ = tokio::time::timeout(LOOK, state.audits.sent.notified()) => {}
        }
    }
}

/// Does what was said about a picture that nobody waits for any more.
async fn settle(store: &Store, media: MediaId, said: Said) -> Result<(), Arc<NoVerdict>> {
    let no_file = |error: &Arc<NoVerdict>| matches!(**error, NoVerdict::NoFile);
    let allow = match said {
        Ok(allow) => allow,
        // Nobody can see it.
        Err(error) if no_file(&error) => true,
        Err(error) => {
            store.ask_again(vec![media], in_future(PAUSE)).await.map_err(failed)?;
            return Err(error);
        }
    };
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        if store.settle_medium(media, allow).await.map_err(failed)? {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::UserId;

    /// R004-I4, R004-I14: texts to others are audited, also in a group of one; notes to oneself are not.
    #[test]
    fn texts_to_others_are_audited() {
        let text = MessageBody::text("x".try_into().unwrap());
        let roster = |kind, members: &[u64]| {
            Roster::new(kind, members.iter().map(|id| UserId::try_from(*id).unwrap()).collect())
        };
        assert!(concerns(&roster(ConversationKind::Direct, &[1, 2]), &text));
        assert!(concerns(&roster(ConversationKind::Group, &[1]), &text));
        assert!(!concerns(&roster(ConversationKind::Direct, &[1]), &text));
        assert!(!concerns(&roster(ConversationKind::Direct, &[1, 2]), &MessageBody::Removed));
    }
}
