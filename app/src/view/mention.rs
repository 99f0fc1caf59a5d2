//! Completing "@" while a message to a group is written: the members whose name stands there, and whom the text names.

use super::insert::insert;
use super::keys;
use crate::backend::{Backend, Intent};
use crate::live::sessions::SessionRow;
use crate::live::{Model, Named};
use crate::view::boxed::{hear, tracked};
use crate::words::Words;
use leptos::prelude::*;
use leptos::{ev, html};
use protocol::{ConversationId, ConversationKind, Mentions, UserId};

/// The id of the list of those who are offered.
pub const LIST: &str = "mention-list";
/// The most characters of a name that is looked for.
const LONGEST: usize = 24;
/// The most members that are offered.
const OFFERED: usize = 6;

/// Somebody who may be named; nobody: everybody.
type Choice = (Option<UserId>, String);

#[derive(Clone, Copy)]
pub struct Mentioning {
    model: Model,
    backend: Backend,
    session: RwSignal<SessionRow>,
    field: NodeRef<html::Textarea>,
    /// Where the "@" stands, in UTF-16 units, and what follows it.
    at: RwSignal<Option<(usize, String)>>,
    place: RwSignal<usize>,
}

impl Mentioning {
    pub fn new(model: Model, session: RwSignal<SessionRow>, field: NodeRef<html::Textarea>) -> Self {
        let (at, place, backend) = (RwSignal::new(None), RwSignal::new(0), Backend::here());
        Self { model, backend, session, field, at, place }
    }

    /// The text changed: is a name being written?
    pub fn changed(self) {
        let Some(field) = self.field.get_untracked() else { return };
        let (kind, conversation) = self.session.with_untracked(|row| (row.kind, row.id));
        if kind != ConversationKind::Group {
            return;
        }
        let caret = field.selection_start().ok().flatten().unwrap_or_default() as usize;
        let text: Vec<u16> = field.value().encode_utf16().take(caret).collect();
        let at = text.iter().rposition(|unit| *unit == u16::from(b'@'));
        let name = at.and_then(|at| text.get(at + 1..)).map(String::from_utf16_lossy);
        let name = name.filter(|name| !name.contains(char::is_whitespace) && name.chars().count() <= LONGEST);
        let now = at.zip(name);
        if self.at.with_untracked(|before| *before == now) {
            return;
        }
        if let Some((_, name)) = &now {
            self.backend.tell(Intent::Members { conversation, query: name.clone() });
        }
        self.place.set(0);
        self.at.set(now);
    }

    /// Who is offered: everybody to those who may name them, and the members found.
    fn choices(self) -> Vec<Choice> {
        let Some((_, name)) = self.at.get() else { return Vec::new() };
        let everybody = self.model.words.everybody;
        let all = self.session.with(|row| row.governs) && means_everybody(self.model.words, &name);
        let me = self.model.account.with(|account| account.id);
        let here = Some(self.session.with(|row| row.id));
        let found = self.model.people.with(|people| people.found.clone().filter(|_| people.conversation == here));
        let found = found.unwrap_or_default();
        let found = found.into_iter().filter(|user| user.id != me).take(OFFERED);
        let members = found.map(|user| (Some(user.id), user.display_name.to_string()));
        all.then(|| (None, everybody.to_owned())).into_iter().chain(members).collect()
    }

    /// The id of the element whose name Enter would take, while names are offered.
    pub fn offered(self) -> Option<String> {
        let last = self.choices().len().checked_sub(1)?;
        Some(option_id(self.place.get().min(last)))
    }

    /// Takes a key while names are offered; tells whether it did.
    pub fn key(self, event: &ev::KeyboardEvent) -> bool {
        let choices = untrack(move || self.choices());
        if choices.is_empty() {
            return false;
        }
        let (place, last) = (self.place.get_untracked().min(choices.len() - 1), choices.len() - 1);
        match keys::key(event).as_deref() {
            Some("ArrowDown") => self.place.set(if place == last { 0 } else { place + 1 }),
            Some("ArrowUp") => self.place.set(if place == 0 { last } else { place - 1 }),
            Some("Enter" | "Tab") if keys::plain(event) => {
                if let Some(choice) = choices.into_iter().nth(place) {
                    self.choose(choice);
                }
            }
            Some("Escape") => self.at.set(None),
            _ => return false,
        }
        event.prevent_default();
        true
    }

    fn choose(self, choice: Choice) {
        let (Some(field), Some((at, name))) = (self.field.get_untracked(), self.at.get_untracked()) else { return };
        let end = at + 1 + name.encode_utf16().count();
        // Both lie within the text, which has just been read.
        let _ = field.set_selection_range(at as u32, end as u32);
        insert(&field, &format!("@{} ", choice.1));
        let conversation = self.session.with_untracked(|row| row.id);
        self.model.named.update(|all| remember(all, (conversation, choice.0, choice.1), &field.value()));
        self.at.set(None);
        keys::focus(Some(field));
    }

    /// Whom a text names, of those who were chosen. Nobody is offered any more.
    pub fn take(self, text: &str) -> Mentions {
        self.at.set(None);
        let conversation = self.session.with_untracked(|row| row.id);
        let mut mentions = names(text, &self.model.named.with_untracked(|all| chosen_in(all, conversation)));
        // Who chose that may not name everybody any more.
        mentions.all &= self.session.with_untracked(|row| row.governs);
        mentions
    }
}

fn chosen_in(all: &[Named], conversation: ConversationId) -> Vec<Choice> {
    all.iter().filter(|(id, ..)| *id == conversation).map(|(_, user, name)| (*user, name.clone())).collect()
}

/// Keeps who was chosen for a text. Somebody else of that name was meant before, unless the text names more than one.
fn remember(all: &mut Vec<Named>, named: Named, text: &str) {
    let mut chosen = chosen_in(all, named.0);
    chosen.push((named.1, named.2.clone()));
    let several = meant(text, &chosen).filter(|name| *name == named.2).count() > 1;
    all.retain(|other| (other.0, &other.2) != (named.0, &named.2) || several && other.1 != named.1);
    all.push(named);
}

/// For each "@" of a text the longest of these names that follows it.
fn meant<'a>(text: &'a str, chosen: &'a [Choice]) -> impl Iterator<Item = &'a str> {
    text.match_indices('@').filter_map(|(at, _)| {
        let word = |c: char| c.is_ascii_alphanumeric();
        let follows = |name: &str| {
            let rest = text.get(at + 1..).and_then(|rest| rest.strip_prefix(name));
            // Who is called Ann is not named by "@Annabel".
            rest.is_some_and(|rest| !(name.ends_with(word) && rest.starts_with(word)))
        };
        chosen.iter().map(|(_, name)| name.as_str()).filter(|name| follows(name)).max_by_key(|name| name.len())
    })
}

/// Whom a text names of these.
fn names(text: &str, chosen: &[Choice]) -> Mentions {
    let mut mentions = Mentions::default();
    for meant in meant(text, chosen) {
        for (user, _) in chosen.iter().filter(|(_, name)| name == meant) {
            match user {
                None => mentions.all = true,
                Some(user) if mentions.users.len() < Mentions::MAX => {
                    if let Err(at) = mentions.users.binary_search(user) {
                        mentions.users.insert(at, *user);
                    }
                }
                Some(_) => {}
            }
        }
    }
    mentions
}

fn option_id(nth: usize) -> String {
    format!("{LIST}-{nth}")
}

/// Whether what follows an "@" may become everybody, in capitals or not.
fn means_everybody(words: &Words, typed: &str) -> bool {
    let typed = typed.to_ascii_lowercase();
    words.everybody_typed.iter().any(|word| word.starts_with(&typed))
}

/// The names that are offered.
#[component]
pub fn MentionList(mentioning: Mentioning) -> impl IntoView {
    let words = mentioning.model.words;
    tracked(move || {
        let choices = mentioning.choices();
        (!choices.is_empty()).then(|| {
            let chosen = mentioning.place.get().min(choices.len() - 1);
            let option = |(nth, choice): (usize, Choice)| {
                let name = choice.1.clone();
                let take = move |_: ev::MouseEvent| mentioning.choose(choice.clone());
                view! {
                    <li
                        role="option"
                        id=option_id(nth)
                        dir="auto"
                        aria-selected=(nth == chosen).to_string()
                        // The field keeps the focus.
                        on:mousedown=hear(|event: ev::MouseEvent| event.prevent_default())
                        on:click=hear(take)
                    >
                        {name}
                    </li>
                }
            };
            view! {
                <ul class="mention-list" id=LIST role="listbox" aria-label=words.mention_someone>
                    {choices.into_iter().enumerate().map(option).collect_view()}
                </ul>
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preferences::Language;

    /// R002-17: a text names who is called by the longest name after an "@", wherever else a shorter one would fit.
    #[test]
    fn the_longest_name_is_meant() {
        let user = |id: u64| UserId::try_from(id).unwrap();
        let chosen =
            [(Some(user(3)), "Anna".to_owned()), (Some(user(2)), "Ann".to_owned()), (None, "所有人".to_owned())];
        for (text, users, all) in [
            ("@Anna and @Ann", vec![user(2), user(3)], false),
            ("@Anna", vec![user(3)], false),
            ("@所有人你好，@Ann", vec![user(2)], true),
            ("Ann, An@n, @nobody, @Annabel", vec![], false),
            ("@Ann's and @Ann你好", vec![user(2)], false),
        ] {
            assert_eq!(names(text, &chosen), Mentions { users, all }, "{text}");
        }
    }

    /// R002-17: of two of one name the one is named who was chosen for this text.
    #[test]
    fn who_was_chosen_last_is_meant() {
        let user = |id: u64| UserId::try_from(id).ok();
        let here = ConversationId::try_from(1_u64).unwrap();
        let mut all = Vec::new();
        let mut choose = |id, name: &str, text: &str| {
            remember(&mut all, (here, user(id), name.to_owned()), text);
            names(text, &chosen_in(&all, here)).users.iter().map(|user| user.get()).collect::<Vec<_>>()
        };
        assert_eq!(choose(2, "Ann", "@Ann "), [2]);
        assert_eq!(choose(3, "Anna", "@Anna "), [3]);
        assert_eq!(choose(5, "Ann", "@Anna @Ann "), [3, 5], "not the Ann of another text");
        assert_eq!(choose(2, "Ann", "@Ann and @Ann "), [2, 5], "both");
    }

    /// R002-17: everybody is offered by their word, its pinyin and initials, and "all", whatever the case.
    #[test]
    fn everybody_is_found_as_they_are_typed() {
        for (language, offered, not) in [
            (Language::Chinese, ["", "所有", "suo", "SYR", "All"], ["所谓", "ren"]),
            (Language::English, ["", "Every", "EVERYBODY", "everyone", "a"], ["body", "alla"]),
        ] {
            let words = Words::of(language);
            offered.iter().for_each(|typed| assert!(means_everybody(words, typed), "{typed}"));
            not.iter().for_each(|typed| assert!(!means_everybody(words, typed), "{typed}"));
        }
    }
}
