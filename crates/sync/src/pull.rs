//! The calls that bring something: which are wanted, which are on their way, when a failed one is made again.
//!
//! Invariant: of each job at most one call is on its way.

use crate::RequestId;
use crate::link::backoff;
use crate::map::Map;
use protocol::{ConversationId, Millis, Seq, UserId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Job {
    /// Telling the server that this is a new device.
    Begin,
    /// What moved in the account's logs.
    Sync,
    /// Whether the device counts as the server does.
    Check,
    /// What follows in the session list.
    Sessions,
    /// What the account and another are to each other.
    Relation(UserId),
    /// A conversation's description.
    Describe(ConversationId),
    /// A conversation's log, after its cursor.
    Changes(ConversationId),
    /// A conversation's newest messages.
    Newest(ConversationId),
    /// Who has read a group's messages.
    Readers(ConversationId),
    /// The messages before a seq, the oldest held or one after a gap.
    Before(ConversationId, Seq),
    /// Telling the server what was typed, or which mark is to go.
    Prefer(ConversationId),
}

impl Job {
    fn conversation(self) -> Option<ConversationId> {
        match self {
            Self::Begin | Self::Sync | Self::Check | Self::Sessions | Self::Relation(_) => None,
            Self::Describe(id)
            | Self::Changes(id)
            | Self::Newest(id)
            | Self::Readers(id)
            | Self::Before(id, _)
            | Self::Prefer(id) => Some(id),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Pull {
    /// Unless a call is on its way: when to make it.
    at: Millis,
    flight: Option<RequestId>,
    /// What is wanted happened after the call left: make another.
    again: bool,
    failures: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Pulls {
    jobs: Map<Job, Pull>,
}

impl Pulls {
    /// Wants what the job brings, as it is from now on.
    pub fn want(&mut self, job: Job, at: Millis) {
        let pull = self.jobs.entry(job).or_insert(Pull { at, ..Pull::default() });
        pull.again |= pull.flight.is_some();
        if pull.failures == 0 {
            pull.at = pull.at.min(at);
        }
    }

    /// Wants what the job brings; a call on its way will do.
    pub fn want_any(&mut self, job: Job, at: Millis) {
        if !self.flying(job) {
            self.want(job, at);
        }
    }

    pub fn wanted(&self, job: Job) -> bool {
        self.jobs.contains_key(&job)
    }

    /// Whether older messages of the conversation are wanted.
    pub fn paging(&self, conversation: ConversationId) -> bool {
        self.jobs.keys().any(|job| matches!(job, Job::Before(id, _) if *id == conversation))
    }

    /// Nobody wants older messages of the conversation any more.
    pub fn cancel_paging(&mut self, conversation: ConversationId) {
        self.jobs.retain(|job, _| !matches!(job, Job::Before(id, _) if *id == conversation));
    }

    /// Nobody wants anything of the conversation any more; an answer still on its way is ignored.
    pub fn forget(&mut self, conversation: ConversationId) {
        self.jobs.retain(|job, _| job.conversation() != Some(conversation));
    }

    /// Nobody wants it any more; an answer still on its way is ignored.
    pub fn cancel(&mut self, job: Job) {
        self.jobs.remove(&job);
    }

    /// Nobody wants it any more, unless a call is on its way already.
    pub fn relent(&mut self, job: Job) {
        if !self.flying(job) {
            self.jobs.remove(&job);
        }
    }

    pub fn next(&self, now: Millis) -> Option<Job> {
        self.jobs.iter().find(|(_, pull)| pull.flight.is_none() && pull.at <= now).map(|(&job, _)| job)
    }

    pub fn sent(&mut self, job: Job, request: RequestId) {
        if let Some(pull) = self.jobs.get_mut(&job) {
            pull.flight = Some(request);
        }
    }

    /// The job that a request was made for, if it is still wanted.
    pub fn job(&self, request: RequestId) -> Option<Job> {
        self.jobs.iter().find(|(_, pull)| pull.flight == Some(request)).map(|(&job, _)| job)
    }

    /// The call brought what was wanted when it left.
    pub fn done(&mut self, job: Job) {
        if let Some(pull) = self.jobs.remove(&job).filter(|pull| pull.again) {
            self.jobs.insert(job, Pull { at: pull.at, ..Pull::default() });
        }
    }

    /// The call brought nothing: make it again after a pause.
    pub fn failed(&mut self, job: Job, now: Millis, random: u64) {
        if let Some(pull) = self.jobs.get_mut(&job) {
            *pull = Pull { at: now + backoff(pull.failures, random), failures: pull.failures + 1, ..Pull::default() };
        }
    }

    /// The network is back: do not wait any longer.
    pub fn hurry(&mut self, now: Millis) {
        for pull in self.jobs.values_mut().filter(|pull| pull.failures > 0) {
            pull.at = pull.at.min(now);
        }
    }

    pub fn due(&self) -> Option<Millis> {
        self.jobs.values().filter(|pull| pull.flight.is_none()).map(|pull| pull.at).min()
    }

    /// Whether a call for it is on its way.
    pub fn flying(&self, job: Job) -> bool {
        self.jobs.get(&job).is_some_and(|pull| pull.flight.is_some())
    }
}
