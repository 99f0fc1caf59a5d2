//! What a device does by itself: whatever is due, and being woken for what is due next.

use crate::client::{Client, Dice};
use crate::outbox::Next;
use crate::pull::Job;
use crate::{Effect, Request, RequestId, Unsent};
use protocol::{Millis, ReadReportPolicy};

/// How many messages a conversation opens with (R004-G6).
const NEWEST: u64 = 10;
/// How many older ones come at a time.
const PAGE: u64 = 30;
/// How many more conversations come at a time.
const SESSIONS: u64 = 50;
/// A quiet connection is not proof that nothing happened: a sync this long after the last one is cheap.
const QUIET: Millis = 15 * 60 * 1_000;

impl Client {
    pub(crate) fn hurry(&mut self) {
        self.pulls.hurry(self.now);
        self.outbox.hurry();
        self.reports.hurry();
    }

    /// Does what is due, and asks to be woken for what is due next.
    pub(crate) fn work(&mut self, dice: &mut Dice) {
        if self.ended {
            return;
        }
        let now = self.now;
        self.changes.timelines.extend(self.acts.expire(now));
        if self.link.tick(now, dice.roll(), &mut self.effects) {
            self.ask_unconnected();
        }
        if self.link.live() && self.synced_at + QUIET <= now {
            self.pulls.want_any(Job::Sync, now);
        }
        while let Some(next) = self.outbox.next(now, self.clock()) {
            match next {
                Next::Persist(unsent) => {
                    self.show_outbox(unsent.conversation);
                    self.effects.push(Effect::Persist(unsent));
                }
                Next::Upload(Unsent { conversation, client_id, body, .. }) => {
                    let request = self.request(Request::Upload { client_id, body });
                    self.posts.insert(request, (conversation, client_id));
                    self.outbox.uploading(client_id, request);
                }
                Next::Post(Unsent { conversation, client_id, body, .. }) => {
                    let request = self.request(Request::Post { conversation, client_id, body });
                    self.posts.insert(request, (conversation, client_id));
                    self.outbox.posted(client_id, request);
                }
            }
        }
        self.recount();
        while let Some(job) = self.pulls.next(now) {
            match self.call(job) {
                Some(request) => {
                    let request = self.request(request);
                    self.pulls.sent(job, request);
                }
                None => self.pulls.cancel(job),
            }
        }
        self.report(false);
        self.say_held_back();
        self.keep_company();
        for id in self.reports.take_settled() {
            self.effects.push(Effect::ForgetRead(id));
        }
        let quiet = (self.link.live() && !self.pulls.wanted(Job::Sync)).then_some(self.synced_at + QUIET);
        let due = [
            self.link.due(),
            self.outbox.due(),
            self.pulls.due(),
            self.reports.due(),
            self.held_back_due(),
            self.acts.due(),
            self.mutes_due(),
            self.company_due(),
            self.recount_due(),
            quiet,
        ];
        let due = due.into_iter().flatten().min();
        if due != self.wake {
            self.wake = due;
            self.effects.extend(due.map(|at| Effect::Wake { at: at.saturating_sub(self.ahead) }));
        }
    }

    /// Without a connection, what happened can still be asked for. It also tells whether the login stands, and the page
    /// whether the server answers at all where connections do not open (R004-G5).
    pub(crate) fn ask_unconnected(&mut self) {
        self.pulls.want(Job::Sync, self.now);
    }

    /// What was read in the open conversation may be reported now.
    pub(crate) fn consider_open(&mut self) {
        if let Some(open) = self.open {
            self.reports.consider(open.id);
        }
    }

    /// The time by the device's clock.
    pub(crate) fn clock(&self) -> Millis {
        self.now - self.ahead
    }

    pub(crate) fn report(&mut self, leaving: bool) {
        let about = |id| self.held.get(&id).map(|held| &held.about);
        // What is read in the open conversation is told when that is left (R000-08).
        let on_leave = self.rules.read_report_policy == ReadReportPolicy::OnLeave && !leaving;
        let back = self.open.filter(|_| on_leave).map(|open| open.id);
        let reports = self.reports.collect(self.now, leaving, back, about);
        if !reports.is_empty() {
            let request = self.request(Request::Report { reports: reports.clone(), leaving });
            self.reports.sent(request, reports);
        }
    }

    /// The call that a job needs now, unless there is nothing left to bring.
    fn call(&mut self, job: Job) -> Option<Request> {
        let history = |conversation, before, limit| Request::History { conversation, before, after: None, limit };
        match job {
            Job::Begin => Some(Request::BeginAnew),
            Job::Sync => Some(Request::Sync { since: self.token.clone(), page: self.rules.sync_page_size }),
            Job::Sessions => {
                let before = self.older.clone()?;
                self.listed_before = Some(before.clone());
                Some(Request::Conversations { before, limit: SESSIONS })
            }
            Job::Relation(user) => Some(Request::Contact { user }),
            Job::Describe(conversation) => Some(Request::Conversation { conversation }),
            Job::Changes(conversation) => {
                let after = self.held.get(&conversation)?.log.cursor();
                Some(Request::Changes { conversation, after })
            }
            Job::Check => {
                Some(self.counts()).filter(|counts| !counts.is_empty()).map(|counts| Request::Check { counts })
            }
            Job::Readers(conversation) => {
                self.held.get_mut(&conversation)?.readers.call();
                Some(Request::Readers { conversation })
            }
            Job::Prefer(conversation) => {
                let change = self.wish(conversation)?;
                self.take_along(conversation, &change);
                Some(Request::Prefer { conversation, change, leaving: false })
            }
            Job::Newest(conversation) => Some(history(conversation, None, NEWEST)),
            Job::Before(conversation, before) => Some(history(conversation, Some(before), PAGE)),
        }
    }

    pub(crate) fn request(&mut self, request: Request) -> RequestId {
        self.asked += 1;
        let id = RequestId(self.asked);
        self.effects.push(Effect::Request { id, request });
        id
    }
}
