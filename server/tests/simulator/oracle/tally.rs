//! How often what was acknowledged: a run in which nothing happens proves nothing.

use super::Oracle;
use std::collections::BTreeMap;
use sync::{Action, Request};

pub type Tally = BTreeMap<&'static str, u64>;

impl Oracle {
    pub fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }
}

/// What a request is called in the tally.
pub fn name(request: &Request) -> &'static str {
    match request {
        Request::Sync { since: None, .. } => "full syncs",
        Request::Sync { .. } => "syncs",
        Request::BeginAnew => "begun anew",
        Request::History { .. } => "history",
        Request::Changes { .. } => "changes",
        Request::Conversation { .. } => "descriptions",
        Request::Upload { .. } => "uploads",
        Request::Post { .. } => "sends",
        Request::Report { .. } => "receipts",
        Request::Check { .. } => "counts",
        Request::Conversations { .. } => "lists",
        Request::Contact { .. } => "contacts",
        Request::Readers { .. } => "readers",
        Request::Act(Action::Hide { hidden: true, .. }) => "hidden",
        Request::Act(Action::Hide { .. }) => "shown",
        Request::Act(Action::Recall { .. }) => "recalled",
        Request::Act(Action::Report { .. }) => "reported",
        Request::Act(Action::Delete { .. }) => "deleted",
        Request::Act(Action::ReadAll) => "all read",
        Request::Act(Action::ShowReceipts(_)) => "settings",
        Request::Act(Action::Prefer { .. }) => "preferences",
        Request::Prefer { .. } => "drafts",
        Request::Act(Action::Follow { .. }) => "followed",
        Request::Act(Action::Block { .. }) => "blocks",
    }
}

/// Everything of [`name`] that two thousand runs must have done.
pub const KINDS: &[&str] = &[
    "full syncs",
    "syncs",
    "late pages",
    "history",
    "changes",
    "descriptions",
    "sends",
    "uploads",
    "pictures",
    "files",
    "swept",
    "receipts",
    "replays",
    "withheld",
    "hidden",
    "shown",
    "recalled",
    "reported",
    "deleted",
    "all read",
    "preferences",
    "drafts",
    "followed",
    "blocked",
    "unblocked",
    "messages from",
    "asked",
    "asked again",
    "befriended",
    "refused",
    "unfriended",
    "not accepted",
    "not followed",
    "followers only",
    "muted sends",
    "opened",
    "opened from the other side",
    "strangers that wait",
    "linked",
    "unlinked",
    "joined by link",
    "asked to be let in",
    "came by a link that is none",
    "came by a link to a closed group",
    "let in",
    "turned away",
    "pictured",
    "found nothing",
    "founded",
    "invited",
    "not brought in",
    "came back",
    "left",
    "removed",
    "appointed",
    "muted",
    "renamed",
    "announced",
    "ruled",
    "dissolved",
    "mentions",
    "typing",
    "readers counted",
];
