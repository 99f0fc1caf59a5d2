//! How one member wants a conversation treated: its place in the list, its silence, its labels, its draft. Only the
//! member's own devices learn of it.

use crate::Millis;
use crate::id::{ConversationId, Seq, Upd};
use crate::text::{DraftText, Label, TextError};
use serde::{Deserialize, Serialize};

/// The preferences of one member about one conversation, in their latest state. What nobody has set is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// It stands above everything that is not pinned (R001-07, R001-19).
    #[serde(default, skip_serializing_if = "is_default")]
    pub pinned: bool,
    /// Its unread messages stay out of the total until this time by the server's clock (R004-B7.9); 0: not muted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub muted_until: Millis,
    #[serde(default, skip_serializing_if = "is_default")]
    pub labels: Labels,
    /// It is off the main list until a message at this seq or beyond comes; 0: not archived.
    #[serde(default, skip_serializing_if = "Seq::is_zero")]
    pub archived_until: Seq,
    /// A dot that reminds of it. It counts nothing and moves no cursor (R004-B7.11).
    #[serde(default, skip_serializing_if = "is_default")]
    pub marked_unread: bool,
    /// What stands in the composer; empty: nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub draft: DraftText,
}

impl Preferences {
    /// A mute without an end.
    pub const ALWAYS: Millis = (1 << 53) - 1;

    /// Whether it is muted at a time by the server's clock.
    pub fn muted(&self, now: Millis) -> bool {
        self.muted_until > now
    }

    /// Takes a change over; tells whether that changes anything.
    pub fn take(&mut self, change: ChangePreferences) -> bool {
        fn set<T: PartialEq>(field: &mut T, to: Option<T>) -> bool {
            let to = to.filter(|to| to != field);
            let moved = to.is_some();
            if let Some(to) = to {
                *field = to;
            }
            moved
        }
        let ChangePreferences { pinned, muted_until, labels, archived_until, marked_unread, draft, draft_after: _ } =
            change;
        set(&mut self.pinned, pinned)
            | set(&mut self.muted_until, muted_until)
            | set(&mut self.labels, labels)
            | set(&mut self.archived_until, archived_until)
            | set(&mut self.marked_unread, marked_unread)
            | set(&mut self.draft, draft)
    }
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `PATCH /conversations/{id}/preferences`: 200 with [`ChangedPreferences`]. What is absent stays. What changes nothing
/// takes no position of the account's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePreferences {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    /// At most [`Preferences::ALWAYS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_until: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked_unread: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<DraftText>,
    /// For a draft that was told before, and not answered: it is left as it is where it changed after this position of the
    /// account's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft_after: Option<Upd>,
}

/// The preferences as they are at a position of the account's log. Of two states the later position is true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedPreferences {
    pub conversation: ConversationId,
    pub preferences: Preferences,
    /// Where they last changed; `ZERO` when they never did.
    pub upd: Upd,
}

/// The labels of a conversation, each once, in the order in which they were given. As JSON they take at most 512 bytes
/// (R001-08).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Label>", into = "Vec<Label>")]
pub struct Labels(Vec<Label>);

impl Labels {
    /// The most bytes of the labels as a JSON array.
    pub const MAX_BYTES: usize = 512;

    pub fn as_slice(&self) -> &[Label] {
        &self.0
    }

    /// The labels with this one among them, or without it.
    pub fn toggled(&self, label: &Label) -> Result<Self, TextError> {
        let mut labels = self.0.clone();
        match labels.iter().position(|held| held == label) {
            Some(at) => drop(labels.remove(at)),
            None => labels.push(label.clone()),
        }
        Self::try_from(labels)
    }
}

impl TryFrom<Vec<Label>> for Labels {
    type Error = TextError;

    fn try_from(labels: Vec<Label>) -> Result<Self, TextError> {
        let mut each: Vec<Label> = Vec::with_capacity(labels.len());
        for label in labels {
            if !each.contains(&label) {
                each.push(label);
            }
        }
        // Two quotes and a comma for each; a label has no character that JSON escapes but these two.
        let escaped = |label: &Label| label.as_str().bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        let len = each.iter().map(|label| label.as_str().len() + escaped(label) + 3).sum::<usize>().max(1) + 1;
        match len > Self::MAX_BYTES {
            true => Err(TextError::TooLong { max: Self::MAX_BYTES, len }),
            false => Ok(Self(each)),
        }
    }
}

impl From<Labels> for Vec<Label> {
    fn from(labels: Labels) -> Self {
        labels.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(texts: &[&str]) -> Result<Labels, TextError> {
        Labels::try_from(texts.iter().map(|text| Label::try_from(*text).unwrap()).collect::<Vec<_>>())
    }

    /// R001-08: a JSON array of at most 512 bytes, each label once.
    #[test]
    fn labels_are_a_short_list() {
        let four = ["好".repeat(32), "的".repeat(32), "们".repeat(32), "在".repeat(32), "里".repeat(32)];
        let four: Vec<&str> = four.iter().map(String::as_str).collect();
        assert!(labels(&four).is_ok());
        let rest = 512 - (5 * (96 + 3) + 1);
        let fits = "x".repeat(rest - 3);
        assert!(labels(&[&four[..], &[&fits]].concat()).is_ok());
        let exceeds = format!("{fits}x");
        let refused = labels(&[&four[..], &[&exceeds]].concat());
        assert_eq!(refused, Err(TextError::TooLong { max: 512, len: 513 }));
        let quotes = "\"".repeat(rest / 2);
        assert!(labels(&[&four[..], &[&quotes]].concat()).is_err());
        assert_eq!(labels(&["a", "b", "a"]).unwrap().as_slice().len(), 2);
        assert_eq!(labels(&[]), Ok(Labels::default()));
    }

    #[test]
    fn a_label_goes_on_and_off() {
        let work = Label::try_from("work").unwrap();
        let with = labels(&["home"]).unwrap().toggled(&work).unwrap();
        assert_eq!(with, labels(&["home", "work"]).unwrap());
        assert_eq!(with.toggled(&work), labels(&["home"]));
    }

    /// R001-19: only what is given changes, and what changes nothing says so.
    #[test]
    fn a_change_takes_what_is_given() {
        let mut preferences = Preferences::default();
        let pin = ChangePreferences { pinned: Some(true), ..ChangePreferences::default() };
        assert!(preferences.take(pin.clone()));
        assert!(!preferences.take(pin));
        assert!(preferences.take(ChangePreferences { muted_until: Some(7), ..ChangePreferences::default() }));
        assert_eq!(preferences, Preferences { pinned: true, muted_until: 7, ..Preferences::default() });
        assert!(preferences.muted(6) && !preferences.muted(7));
    }
}
