//! What a person asks the server to change: hiding, recalling, reporting, deleting a conversation, settings.
//!
//! Invariants: an action shows when the server has answered, not before; the same one is not asked for twice at a time;
//! an answer never undoes what the logs have told since it was asked for.

use crate::client::Client;
use crate::map::Map;
use crate::pull::Job;
use crate::{Acted, Action, Answer, Failure, Request, RequestId};
use protocol::{ConversationId, Cursors, LogChange, MessageBody, MessageText, Millis, Seq, Upd};

/// How long the text of a recalled message can be edited anew (R001-18).
const FORMER: Millis = 5 * 60 * 1_000;

#[derive(Clone, Debug)]
struct Flight {
    action: Action,
    /// Where the account's log stood when it left.
    upd: Upd,
    /// The newest message of each conversation when it left, if it is about all of them.
    heads: Vec<(ConversationId, Seq)>,
    /// The conversation that it marks was opened since: the mark is to go again.
    opened: bool,
    /// That log went on without telling this device what it says: what happened since may have been taken back.
    overtaken: bool,
}

/// The text of a message that this device recalls, in memory only.
#[derive(Clone, Debug)]
struct Former {
    text: MessageText,
    until: Millis,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Acts {
    flight: Map<RequestId, Flight>,
    former: Map<(ConversationId, Seq), Former>,
}

impl Acts {
    /// The text that a message had which this device recalled less than five minutes ago.
    pub fn former(&self, id: ConversationId, seq: Seq) -> Option<&MessageText> {
        self.former.get(&(id, seq)).map(|former| &former.text)
    }

    /// The account's log went on without this device.
    pub fn doubt(&mut self) {
        self.flight.values_mut().for_each(|flight| flight.overtaken = true);
    }

    /// A person opens a conversation, or marks it again: a mark that is on its way is to go, or to stay.
    pub fn opened(&mut self, id: ConversationId, opened: bool) {
        let marks = |action: &Action| matches!(action, Action::Prefer { conversation, change } if *conversation == id && change.marked_unread == Some(true));
        self.flight.values_mut().filter(|flight| marks(&flight.action)).for_each(|flight| flight.opened = opened);
    }

    /// When the next former text is forgotten.
    pub fn due(&self) -> Option<Millis> {
        self.former.values().map(|former| former.until).min()
    }

    /// Forgets the texts whose time is over, and tells of which conversations.
    pub fn expire(&mut self, now: Millis) -> Vec<ConversationId> {
        let mut expired = Vec::new();
        self.former.retain(|(id, _), former| {
            let over = former.until <= now;
            if over {
                expired.push(*id);
            }
            !over
        });
        expired
    }
}

impl Client {
    /// A person asks for something. What is on its way already is not asked for again.
    pub(crate) fn act(&mut self, action: Action) {
        let prefers = matches!(action, Action::Prefer { .. });
        if !prefers && self.acts.flight.values().any(|flight| flight.action == action) {
            return;
        }
        if let Action::Prefer { conversation, change } = &action
            && change.marked_unread == Some(true)
        {
            self.mark_anew(*conversation);
            self.acts.opened(*conversation, false);
        }
        if let Action::Recall { conversation, seq } = action
            && let Some(text) = self.own_text(conversation, seq)
        {
            self.acts.former.insert((conversation, seq), Former { text, until: self.now + FORMER });
        }
        let heads = match action {
            Action::ReadAll => self.held.iter().map(|(&id, held)| (id, held.about.head_seq)).collect(),
            _ => Vec::new(),
        };
        let request = self.request(Request::Act(action.clone()));
        self.acts
            .flight
            .insert(request, Flight { action, upd: self.log.cursor(), heads, opened: false, overtaken: false });
    }

    /// The answer to an action; another request's is given back.
    pub(crate) fn take_acted(
        &mut self,
        request: RequestId,
        answer: Result<Answer, Failure>,
    ) -> Option<Result<Answer, Failure>> {
        let Some(flight) = self.acts.flight.remove(&request) else { return Some(answer) };
        let action = flight.action.clone();
        let outcome = match answer {
            Ok(answer) => {
                self.acted(flight, answer);
                Ok(())
            }
            Err(failure) => {
                self.thwarted(&action, flight.opened, &failure);
                Err(failure)
            }
        };
        self.changes.acted.push(Acted { action, outcome });
        None
    }

    fn acted(&mut self, flight: Flight, answer: Answer) {
        let Flight { action, upd, heads, opened, overtaken } = flight;
        match action {
            // Descriptions and pages that are read from now on tell what came of it.
            Action::Hide { .. } | Action::Report { .. } if overtaken => {}
            Action::Hide { conversation, seqs, hidden: true } => self.hide_since(conversation, &seqs, upd),
            Action::Report { conversation, seq, report } if report.hide => self.hide_since(conversation, &[seq], upd),
            // The account's log brings the messages back.
            Action::Hide { .. } | Action::Report { .. } => {}
            Action::Recall { conversation, seq } => {
                if let Some(former) = self.acts.former.get_mut(&(conversation, seq)) {
                    former.until = self.now + FORMER;
                }
                if let Answer::Recalled(message) = answer {
                    let (pos, sender) = (message.rev, self.account.user());
                    self.arrive(
                        conversation,
                        pos.prev(),
                        pos,
                        seq,
                        LogChange::Message { message, sender, nickname: None },
                    );
                }
            }
            // Whoever came back meanwhile begins anew.
            Action::Delete { conversation, .. }
                if self.held.get(&conversation).is_some_and(|held| held.about.joined > upd) => {}
            Action::Delete { conversation, through, .. } => self.delete(conversation, through),
            Action::ReadAll => {
                for (id, head) in heads {
                    let cursors = Cursors::at(head);
                    self.reports.know(id, cursors);
                    self.touch(id, |held| held.about.own = held.about.own.max(cursors));
                }
            }
            Action::Prefer { .. } => {
                if let Answer::Preferred(changed) = answer {
                    self.prefer(changed.conversation, changed.preferences, changed.upd);
                    if opened {
                        self.unmark(changed.conversation);
                    }
                }
            }
            // The account's log tells what they are to each other now.
            Action::Follow { retry, .. } => retry.into_iter().for_each(|id| self.retry(id)),
            Action::Block { .. } => {}
            Action::ShowReceipts(receipts) => {
                if self.settings_at <= upd {
                    self.account.receipts = receipts;
                    self.changes.account = true;
                }
            }
        }
        if !self.link.live() {
            self.pulls.want(Job::Sync, self.now);
        }
    }

    /// The conversation is deleted on this device through a message.
    pub(crate) fn delete(&mut self, id: ConversationId, through: Seq) {
        self.touch(id, |held| held.delete(through));
        self.changes.order = true;
        if self.open() == Some(id) && !self.listed(id) {
            self.leave();
        }
    }

    /// The action brought no success. Whether it happened all the same is told by the logs, but for what no log tells.
    fn thwarted(&mut self, action: &Action, opened: bool, failure: &Failure) {
        match action {
            // Whether the server has the mark is not known.
            Action::Prefer { conversation, .. } if opened && failure.passes() => self.want_unmarked(*conversation),
            Action::Delete { conversation, .. } if failure.passes() => {
                // Whatever else comes of it meanwhile: only a description tells whether it is deleted.
                self.touch(*conversation, |held| held.vague = true);
                self.pulls.want(Job::Describe(*conversation), self.now);
            }
            Action::Recall { conversation, seq } if !failure.passes() => {
                self.acts.former.remove(&(*conversation, *seq));
            }
            _ => {}
        }
    }

    /// The server has hidden messages after `upd`. The account's log may have told that meanwhile, or more.
    fn hide_since(&mut self, id: ConversationId, seqs: &[Seq], upd: Upd) {
        let at = self.log.cursor().next();
        for &seq in seqs {
            if self.held.get(&id).is_some_and(|held| !held.exceptions.told_of(seq, upd)) {
                self.hide(id, seq, at);
            }
        }
    }

    /// The text of one's own message, if it is held and has one.
    fn own_text(&self, id: ConversationId, seq: Seq) -> Option<MessageText> {
        let message = self.message(id, seq).filter(|message| message.sender == self.account.id)?;
        match &message.body {
            MessageBody::Text { text, .. } => Some(text.clone()),
            // Neither a picture nor a file is written again: it is sent again.
            MessageBody::Image(_)
            | MessageBody::File(_)
            | MessageBody::Withdrawn { .. }
            | MessageBody::Recalled { .. }
            | MessageBody::Removed
            | MessageBody::Notice { .. } => None,
        }
    }
}
