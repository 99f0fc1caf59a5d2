//! Where the answer to a call goes, and what its failure means.
//!
//! Invariant: a call that failed is made again unless the server refused it for good (T13, T25), or fails at the same
//! message again and again.

use crate::client::{Client, Dice};
use crate::pull::Job;
use crate::upload::Upload;
use crate::{Answer, Effect, Failure, RequestId};
use protocol::sync::SyncPage;
use protocol::{ConversationId, ErrorCode, LogChange, Message, Millis};

/// How long the next page of a sync gives way to what a person does.
const GIVE_WAY: Millis = 300;

/// Whether a refusal decides about what was asked for. A fault of the server, or what a proxy says in its place, does not, and
/// what is said of how a request was sealed neither.
fn decides(code: ErrorCode) -> bool {
    use ErrorCode::{Internal, SealDamaged, SealRequired, Unknown, UnsupportedMediaType};
    !matches!(code, Internal | Unknown | SealDamaged | SealRequired | UnsupportedMediaType)
}

impl Client {
    pub(crate) fn take_answer(&mut self, request: RequestId, answer: Result<Answer, Failure>, dice: &mut Dice) {
        if let Err(Failure::Refused(error)) = &answer
            && error.code == ErrorCode::NotLoggedIn
        {
            return self.end();
        }
        let Some(answer) = self.take_acted(request, answer) else { return };
        let now = self.now;
        if let Some((conversation, id)) = self.posts.remove(&request) {
            if answer.is_err() && self.outbox.drop_given_up(id, request) {
                // Another page may have kept it once more.
                self.effects.push(Effect::Forget(id));
                return self.show_outbox(conversation);
            }
            let fault = matches!(&answer, Err(failure) if failure.is_fault());
            let given_up = self.outbox.faulted(id, fault);
            match answer {
                Ok(Answer::Posted(message)) => self.take_posted(conversation, message),
                Ok(Answer::Uploaded(body)) => {
                    let uploaded = self.outbox.uploaded(id, request, body, self.clock());
                    self.effects.extend(uploaded.map(Effect::Persist));
                }
                Err(Failure::Refused(error)) if !error.retryable && (!fault || given_up) => {
                    let failed = self.outbox.fail(id, request, error.code);
                    // An upload is refused for the sake of what is uploaded.
                    let posted = failed.as_ref().is_some_and(|unsent| unsent.upload == Upload::Done);
                    self.effects.extend(failed.map(Effect::Persist));
                    // Nobody can see it there, nor try again.
                    let gone = posted && error.code == ErrorCode::NotFound || self.left.contains_key(&conversation);
                    if gone && !self.held.contains_key(&conversation) {
                        self.outbox.discard(id);
                        self.effects.push(Effect::Forget(id));
                    }
                }
                // A request that took too long was broken off by the server.
                Err(failure) if failure.breaks() => {
                    let failed = self.outbox.unanswered(id, request, now, dice.roll());
                    self.effects.extend(failed.map(Effect::Persist));
                }
                // There is no room for it now, on the disk or among what the account has unsent.
                Err(Failure::Refused(error))
                    if matches!(error.code, ErrorCode::StorageFull | ErrorCode::RateLimited) =>
                {
                    let passing = error.code == ErrorCode::RateLimited;
                    let aside = self.outbox.set_aside(id, request, passing);
                    self.effects.extend(aside.map(Effect::Persist));
                    self.outbox.postpone(id, request, now, dice.roll());
                }
                _ => self.outbox.postpone(id, request, now, dice.roll()),
            }
            return self.show_outbox(conversation);
        }
        let Some(job) = self.pulls.job(request) else {
            return match answer {
                Ok(_) => self.reports.arrived(request),
                Err(failure) => self.reports.failed(request, now, dice.roll(), &failure),
            };
        };
        match (job, answer) {
            (Job::Begin, Ok(Answer::Done)) => {
                self.pulls.done(job);
                // A listing that began before does not tell what is not there for a new device.
                self.behind |= self.lists();
                self.pulls.want(Job::Sync, now);
            }
            (Job::Sync, Ok(Answer::Sync(page))) => {
                self.pulls.done(job);
                self.take_sync(page);
            }
            (Job::Describe(_), Ok(Answer::Conversation(conversation))) => {
                let id = conversation.id;
                self.describe(conversation);
                // Something that it does not know of was told meanwhile.
                match self.held.get(&id).is_some_and(|held| held.unclear()) {
                    true => self.pulls.failed(job, now, dice.roll()),
                    false => self.pulls.done(job),
                }
            }
            (Job::Sessions, Ok(Answer::Conversations(page))) => {
                self.pulls.done(job);
                self.meet(page.users);
                page.conversations.into_iter().for_each(|conversation| self.describe(conversation));
                // A listing may have told meanwhile that it leaves out more.
                if self.listed_before.take() == self.older {
                    self.older = page.next;
                }
                self.changes.order = true;
            }
            (Job::Relation(other), Ok(Answer::Contact(contact))) => {
                self.pulls.cancel(job);
                self.meet([contact.user]);
                self.relate(other, contact.upd, contact.relation);
            }
            // What it would have told is told by the log too.
            (Job::Relation(_), Err(_)) => self.pulls.cancel(job),
            (Job::Check, Ok(Answer::Checked(checked))) => {
                self.pulls.done(job);
                self.take_counts(checked);
            }
            (Job::Readers(id), Ok(Answer::Readers(readers))) => {
                self.pulls.done(job);
                self.apply_readers(id, readers);
            }
            (Job::Prefer(id), Ok(Answer::Preferred(changed))) => {
                self.pulls.cancel(job);
                self.prefer(id, changed.preferences, changed.upd);
                self.wished(id);
            }
            (Job::Changes(id), Ok(Answer::Changes(page))) => {
                let before = self.held.get(&id).map(|held| held.log.cursor());
                if page.through > before.unwrap_or_default() || page.too_long {
                    self.pulls.cancel(job);
                } else {
                    self.pulls.failed(job, now, dice.roll());
                }
                self.apply_changes(id, page);
            }
            (Job::Newest(id), Ok(Answer::History(page))) => {
                self.pulls.done(job);
                self.apply_newest(id, page);
            }
            (Job::Before(id, before), Ok(Answer::History(page))) => {
                self.pulls.done(job);
                self.apply_before(id, page, before);
            }
            // Without a connection a sync is a favour: the next greeting asks for it anyway.
            (Job::Sync, Err(Failure::Network)) if !self.link.open() => self.pulls.cancel(job),
            // Only what it is asked with can be wrong with it: everything is asked for anew.
            (Job::Sync, Err(Failure::Refused(error)))
                if matches!(error.code, ErrorCode::InvalidField | ErrorCode::BadRequest) =>
            {
                self.token = None;
                self.listing = false;
                self.anew = true;
                self.pulls.failed(job, now, dice.roll());
            }
            (Job::Sync, Err(_)) => self.pulls.failed(job, now, dice.roll()),
            // That there is no such conversation is the server's own word. Any other refusal, which may be a proxy's, does
            // not say so, and what was written for it is kept.
            (Job::Describe(_), Err(Failure::Refused(error))) if error.code != ErrorCode::NotFound => {
                self.pulls.failed(job, now, dice.roll());
            }
            (Job::Check | Job::Readers(_), Err(failure)) if !failure.passes() => self.pulls.cancel(job),
            (_, Err(failure)) if !failure.passes() => {
                self.pulls.cancel(job);
                self.abandon(job);
            }
            _ => self.pulls.failed(job, now, dice.roll()),
        }
    }

    /// The answer to a post: the message's place in the log may lie ahead of what the device has, so it goes there as a
    /// frame would.
    fn take_posted(&mut self, conversation: ConversationId, message: Message) {
        let (pos, seq, sender) = (message.rev, message.seq, self.account.user());
        self.held.get_mut(&conversation).into_iter().for_each(|held| held.readers.hurry());
        self.arrive(conversation, pos.prev(), pos, seq, LogChange::Message { message, sender, nickname: None });
    }

    fn take_sync(&mut self, page: SyncPage) {
        // Inside a page the rest is asked for at once; before the next one a person goes first.
        let pause = if page.left == 0 && self.busy() { GIVE_WAY } else { 0 };
        if std::mem::take(&mut self.anew) {
            self.doubt(page.upd);
        }
        self.apply_sync(page);
        if self.listing || std::mem::take(&mut self.behind) {
            self.pulls.want(Job::Sync, self.now + pause);
        } else if !self.pulls.wanted(Job::Sync) {
            self.link.caught_up();
            self.synced_at = self.now;
            self.describe_doubtful();
            self.describe_restored();
            if self.checks.begin(self.now) {
                self.pulls.want(Job::Check, self.now);
            }
        }
    }

    /// A listing has begun, though its first page may still be on its way.
    pub(crate) fn lists(&self) -> bool {
        self.listing || self.pulls.flying(Job::Sync)
    }

    /// Whether something is on its way that a person waits for: a message, or what the open conversation is to show.
    fn busy(&self) -> bool {
        let loads = |id| self.pulls.flying(Job::Newest(id)) || self.pulls.paging(id);
        !self.posts.is_empty() || self.open().is_some_and(loads)
    }
}

impl Failure {
    /// Whether it ended on its way: the server breaks off what takes too long.
    fn breaks(&self) -> bool {
        match self {
            Self::Network => true,
            Self::Refused(error) => error.code == ErrorCode::Timeout,
        }
    }

    /// Whether the server says that it cannot do just this.
    pub(crate) fn blames(&self) -> bool {
        matches!(self, Self::Refused(error) if !error.retryable)
    }

    /// Whether it is a fault of the server, or what a proxy says in its place, and no word on what was asked for.
    pub fn is_fault(&self) -> bool {
        let fault = |code| matches!(code, ErrorCode::Internal | ErrorCode::Unknown);
        matches!(self, Self::Refused(error) if !error.retryable && fault(error.code))
    }

    /// Whether the same call may succeed later.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Network => true,
            Self::Refused(error) => error.retryable || !decides(error.code),
        }
    }
}
