//! How the account wants its conversations treated, and what stands in their composers.
//!
//! Invariants: of two states of a conversation's preferences the later position of the account's log is true. What is
//! typed on this device stays until the server has it; of two devices the one that the server heard last is right, so what
//! was told and not answered is told again only for the case that nobody else was heard since.
//! Drafts are told at most every two seconds, and when a conversation or the page is left.

use crate::client::Client;
use crate::map::Map;
use crate::pull::Job;
use crate::sessions::Held;
use crate::{Effect, Request, UntoldDraft};
use protocol::{ChangePreferences, ConversationId, DraftText, FriendRequest, Label, Millis, Preferences, Upd};
use std::collections::BTreeSet;

/// How often a draft is told at most.
const PAUSE: Millis = 2_000;
/// How long another page of this device has to tell a draft that was typed there.
const PATIENCE: Millis = 8_000;

/// What this device has not told the server yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    drafts: Map<ConversationId, String>,
    /// What a call took along of which no answer is known, and how far the account's log was known when it first did; absent
    /// where that may not reach what this device itself told before.
    told: Map<ConversationId, (String, Option<Upd>)>,
    /// Where a person typed in this page, or this page told what was typed in another.
    typed: BTreeSet<ConversationId>,
    /// Conversations that were opened: their mark is to go.
    unmark: BTreeSet<ConversationId>,
    /// When the next mute ends by the server's clock, or earlier.
    unmute_at: Option<Millis>,
}

impl Wishes {
    /// Where something is typed that is not told yet.
    pub fn drafted(&self) -> impl Iterator<Item = ConversationId> + '_ {
        self.drafts.keys().copied()
    }

    /// Looks at the clock again when the conversation's next mute ends: the account's own of it, or that of the group.
    pub fn await_end(&mut self, held: &Held, time: Millis) {
        self.unmute_at = self.unmute_at.into_iter().chain(next_end(held, time)).min();
    }
}

/// When the next mute of the conversation ends by the server's clock.
fn next_end(held: &Held, time: Millis) -> Option<Millis> {
    let own = Some(held.about.preferences.muted_until).filter(|until| *until < Preferences::ALWAYS);
    let group = held.about.group.iter().flat_map(|group| [group.muted_until, group.own_muted_until]);
    group.chain(own).filter(|until| *until > time).min()
}

impl Client {
    /// What stands in the composer of a conversation: typed here, or told by another device.
    pub(crate) fn draft(&self, id: ConversationId) -> &str {
        let told = || self.held.get(&id).map_or("", |held| held.about.preferences.draft.as_str());
        self.wishes.drafts.get(&id).map_or_else(told, String::as_str)
    }

    /// Whether the conversation has a mark that no opening has taken off.
    pub(crate) fn marked(&self, held: &Held) -> bool {
        held.about.preferences.marked_unread && !self.wishes.unmark.contains(&held.about.id)
    }

    /// Every label in use, in their order.
    pub fn labels(&self) -> Vec<Label> {
        let listed = self.held.values().filter(|held| held.listed());
        let mut labels: Vec<Label> = Vec::new();
        for label in listed.flat_map(|held| held.about.preferences.labels.as_slice()) {
            if let Err(place) = labels.binary_search_by(|other| other.as_str().cmp(label.as_str())) {
                labels.insert(place, label.clone());
            }
        }
        labels
    }

    /// The server's time, as far as this device knows.
    pub fn server_time(&self, clock: Millis) -> Millis {
        clock.saturating_add_signed(self.skew)
    }

    /// The account's log, or an answer, tells the preferences as they are at a position.
    pub(crate) fn prefer(&mut self, id: ConversationId, preferences: Preferences, upd: Upd) {
        self.touch(id, |held| held.prefer(preferences, upd));
        self.preferred(id);
    }

    /// The preferences of a conversation are others.
    pub(crate) fn preferred(&mut self, id: ConversationId) {
        self.changes.order = true;
        self.settle_wishes(id);
    }

    /// A conversation is new here.
    pub(crate) fn note_mute(&mut self, id: ConversationId) {
        let Some(held) = self.held.get_mut(&id) else { return };
        held.muted = held.mutes(self.time);
        self.wishes.await_end(held, self.time);
        if held.about.preferences != Preferences::default() {
            self.preferred(id);
        }
        // What was typed before it was known.
        self.settle_wishes(id);
        self.want_told(id, PAUSE);
    }

    /// A person typed in the composer of a conversation.
    pub(crate) fn type_draft(&mut self, id: ConversationId, text: String) {
        self.write_draft(id, text, PAUSE);
    }

    /// What stood in the composer was sent.
    pub(crate) fn empty_draft(&mut self, id: ConversationId) {
        self.write_draft(id, String::new(), 0);
    }

    fn write_draft(&mut self, id: ConversationId, text: String, wait: Millis) {
        if self.draft(id) == text && !self.wishes.drafts.contains_key(&id) {
            return;
        }
        self.effects.push(Effect::KeepDraft(UntoldDraft { conversation: id, text: text.clone(), told_after: None }));
        self.wishes.drafts.insert(id, text);
        self.wishes.typed.insert(id);
        self.settle_wishes(id);
        self.want_told(id, wait);
        self.changes.sessions.insert(id);
    }

    /// Another page of this device says what was typed there, and tells the server of it. This page does if that does not.
    pub(crate) fn type_elsewhere(&mut self, draft: UntoldDraft) {
        let UntoldDraft { conversation: id, text, told_after } = draft;
        // While a call of this page flies, its answer is about what that took along.
        if let Some(after) = told_after.filter(|_| !self.pulls.flying(Job::Prefer(id))) {
            self.wishes.told.insert(id, (text.clone(), Some(after)));
        }
        let before = self.wishes.drafts.insert(id, text);
        self.wishes.typed.remove(&id);
        // An earlier text may be on its way from there, and come after this one.
        if before.is_none() {
            self.settle_wishes(id);
        }
        self.want_told(id, PATIENCE);
        self.changes.sessions.insert(id);
    }

    /// Another page of this device has nothing more to tell of what was typed: nor has this one, if that is what it heard last
    /// and what the server has, as far as it knows.
    pub(crate) fn known_elsewhere(&mut self, id: ConversationId, text: &str) {
        if self.wishes.drafts.get(&id).is_some_and(|draft| draft == text) && self.knows_draft(id) {
            self.wishes.told.remove(&id);
            self.wishes.drafts.remove(&id);
            self.wishes.typed.remove(&id);
            self.settle_wishes(id);
            self.changes.sessions.insert(id);
        }
    }

    /// Whether the server has what was typed last, as far as is known, and nothing else that was told before may yet be heard of.
    fn knows_draft(&self, id: ConversationId) -> bool {
        let told = self.held.get(&id).map(|held| held.about.preferences.draft.as_str());
        let text = self.wishes.drafts.get(&id).map(String::as_str);
        let other = || self.wishes.told.get(&id).is_some_and(|(told, _)| Some(told.as_str()) != text);
        !self.pulls.flying(Job::Prefer(id)) && text.is_some() && text == told && !other()
    }

    /// What was typed before a reload and is not known to have been told.
    pub(crate) fn restore_drafts(&mut self, drafts: Vec<UntoldDraft>) {
        for UntoldDraft { conversation: id, text, told_after } in drafts {
            // What was typed before the drafts were read is newer.
            if self.wishes.drafts.contains_key(&id) {
                continue;
            }
            // Of a conversation that the page leaves out, what was told is not known.
            if self.held.contains_key(&id) && self.draft(id) == text {
                self.effects.push(Effect::ForgetDraft(id));
                continue;
            }
            self.wishes.told.extend(told_after.map(|after| (id, (text.clone(), Some(after)))));
            self.wishes.drafts.insert(id, text);
            self.want_told(id, if told_after.is_some() { 0 } else { PAUSE });
            self.changes.sessions.insert(id);
        }
    }

    /// A conversation was opened: its mark goes (R004-B7.11).
    pub(crate) fn unmark(&mut self, id: ConversationId) {
        if self.held.get(&id).is_some_and(|held| held.about.preferences.marked_unread) {
            self.want_unmarked(id);
        }
    }

    /// Its mark is to go, whether or not the device knows of one.
    pub(crate) fn want_unmarked(&mut self, id: ConversationId) {
        self.wishes.unmark.insert(id);
        self.pulls.want_any(Job::Prefer(id), self.now);
        self.changes.sessions.insert(id);
        self.changes.order = true;
    }

    /// A person marks the conversation anew.
    pub(crate) fn mark_anew(&mut self, id: ConversationId) {
        self.wishes.unmark.remove(&id);
    }

    /// Tells at once what is typed in a conversation.
    pub(crate) fn tell_draft(&mut self, id: ConversationId) {
        self.want_told(id, 0);
    }

    /// The page may end: everything typed is told at once, by calls that outlive it.
    pub(crate) fn tell_drafts(&mut self) {
        let untold: Vec<ConversationId> = self.wishes.drafts.keys().copied().collect();
        for id in untold {
            if !self.pulls.flying(Job::Prefer(id))
                && let Some(change) = self.wish(id)
            {
                self.take_along(id, &change);
                let request = self.request(Request::Prefer { conversation: id, change, leaving: true });
                self.pulls.want(Job::Prefer(id), self.now);
                self.pulls.sent(Job::Prefer(id), request);
            }
        }
    }

    /// What is to be told of a conversation now, if anything.
    pub(crate) fn wish(&self, id: ConversationId) -> Option<ChangePreferences> {
        let draft = self.wishes.drafts.get(&id).and_then(|text| DraftText::try_from(text.as_str()).ok());
        let told = self.wishes.told.get(&id).filter(|(text, _)| self.wishes.drafts.get(&id) == Some(text));
        let draft_after = told.and_then(|(_, after)| *after);
        let marked_unread = self.wishes.unmark.contains(&id).then_some(false);
        let change = ChangePreferences { draft, draft_after, marked_unread, ..ChangePreferences::default() };
        (change != ChangePreferences::default()).then_some(change)
    }

    /// A call leaves that tells this.
    pub(crate) fn take_along(&mut self, id: ConversationId, change: &ChangePreferences) {
        let Some(text) = change.draft.as_ref().map(|text| text.as_str().to_owned()) else { return };
        let known = self.held.get(&id).map(|held| held.preferred_at());
        let current = self.log.cursor().max(known.unwrap_or_default());
        let told_after = match self.wishes.told.get(&id) {
            Some((told, after)) if *told == text => *after,
            // The server may have the one before by now.
            Some(_) => None,
            None => self.link.live().then_some(current),
        };
        self.wishes.told.insert(id, (text.clone(), told_after));
        self.wishes.typed.insert(id);
        if told_after.is_some() {
            self.effects.push(Effect::KeepDraft(UntoldDraft { conversation: id, text, told_after }));
        }
    }

    /// The call has ended; what was typed meanwhile is told after a pause. Where the conversation is not described yet, only its
    /// description tells whether there is such a thing.
    pub(crate) fn wished(&mut self, id: ConversationId) {
        if !self.held.contains_key(&id) {
            return self.pulls.want_any(Job::Describe(id), self.now);
        }
        let told = self.wishes.told.remove(&id).map(|(text, _)| text);
        if told.is_some() && self.wishes.drafts.get(&id) == told.as_ref() {
            self.forget_draft(id);
        }
        self.settle_wishes(id);
        if self.wish(id).is_some() {
            let sent = self.wishes.drafts.get(&id).is_some_and(String::is_empty);
            self.pulls.want(Job::Prefer(id), self.now + if sent { 0 } else { PAUSE });
        }
    }

    /// The server will never take it.
    pub(crate) fn give_wishes_up(&mut self, id: ConversationId) {
        self.wishes.unmark.remove(&id);
        self.forget_draft(id);
        self.changes.sessions.insert(id);
        self.changes.order = true;
    }

    fn forget_draft(&mut self, id: ConversationId) {
        self.wishes.told.remove(&id);
        if let Some(text) = self.wishes.drafts.remove(&id) {
            self.effects.push(Effect::ForgetDraft(id));
            // The others wait for what they heard of. Of what this page only heard of, the one that typed it may know more.
            if self.wishes.typed.remove(&id) {
                self.effects.push(Effect::DraftKnown { conversation: id, text });
            }
        }
    }

    /// Forgets the wishes that have come true. While a call is on its way, what it brings is not known.
    fn settle_wishes(&mut self, id: ConversationId) {
        let Some(held) = self.held.get(&id) else { return };
        let told = &held.about.preferences;
        if self.pulls.flying(Job::Prefer(id)) {
            return;
        }
        if !told.marked_unread {
            self.wishes.unmark.remove(&id);
        }
        if self.knows_draft(id) {
            self.forget_draft(id);
        }
        if self.wish(id).is_none() {
            self.pulls.cancel(Job::Prefer(id));
        }
    }

    fn want_told(&mut self, id: ConversationId, wait: Millis) {
        if self.wish(id).is_some() {
            self.pulls.want_any(Job::Prefer(id), self.now + wait);
        }
    }

    /// Mutes and friend requests end by the server's clock. Tells nothing of those that stand or are over already.
    pub(crate) fn pass_time(&mut self) {
        let time = self.server_time(self.clock());
        let before = std::mem::replace(&mut self.time, time);
        let ended = |at: &Millis| (before..time).contains(&(at + FriendRequest::LIFETIME - 1));
        self.changes.account |= self.requests.values().any(ended);
        if before <= time && self.wishes.unmute_at.is_none_or(|at| at > time) {
            return;
        }
        let silence = |held: &Held, time| held.about.group.as_ref().and_then(|group| group.silence(time));
        let turned = |held: &Held| held.muted != held.mutes(time) || silence(held, before) != silence(held, time);
        let changed = self.held.iter().filter(|(_, held)| turned(held));
        let changed: Vec<ConversationId> = changed.map(|(&id, _)| id).collect();
        for id in changed {
            // Every change looks at the clock anew.
            self.touch(id, |_| {});
        }
        self.wishes.unmute_at = self.held.values().filter_map(|held| next_end(held, time)).min();
    }

    /// When the engine must look at the mutes again, in its own time.
    pub(crate) fn mutes_due(&self) -> Option<Millis> {
        self.wishes.unmute_at.map(|at| self.now + at.saturating_sub(self.time))
    }
}
