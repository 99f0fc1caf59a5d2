//! The first pass: every line checked, who is in which chat, and which lines are refused.

use super::line::{Line, Lines, Name, Time};
use crate::store::imports::{Chat, Person};
use anyhow::Context;
use indicatif::ProgressBar;
use protocol::{ConversationKind, DisplayName, Handle, UserId};
use std::collections::{HashMap, HashSet};
use std::path::Path;

#[derive(Default)]
pub struct Plan {
    /// Good lines.
    pub lines: u64,
    chats: HashMap<Name, Members>,
    people: HashSet<Name>,
    refused: Vec<(u64, String)>,
    refused_numbers: HashSet<u64>,
}

struct Members {
    kind: ConversationKind,
    first_at: Time,
    last_at: Time,
    people: HashSet<Name>,
}

impl Plan {
    pub fn read(path: &Path, bar: &ProgressBar) -> anyhow::Result<Self> {
        let mut lines =
            Lines::open(path, |file| bar.wrap_read(file)).with_context(|| format!("cannot read {}", path.display()))?;
        let mut plan = Self::default();
        while let Some((number, line)) =
            lines.next().with_context(|| format!("cannot read {} further", path.display()))?
        {
            if let Err(reason) = line.and_then(|line| plan.admit(line)) {
                plan.refused.push((number, reason));
                plan.refused_numbers.insert(number);
            }
        }
        bar.finish_and_clear();
        Ok(plan)
    }

    fn admit(&mut self, line: Line) -> Result<(), String> {
        let chat = self.chats.entry(line.chat).or_insert_with(|| Members {
            kind: line.kind,
            first_at: line.at,
            last_at: line.at,
            people: HashSet::new(),
        });
        if chat.kind != line.kind {
            return Err("the chat is of another kind in an earlier line".to_owned());
        }
        if line.at < chat.last_at {
            return Err("earlier than the line before it in its chat".to_owned());
        }
        if !chat.people.contains(&line.sender) {
            if chat.kind == ConversationKind::Direct && chat.people.len() == 2 {
                return Err("a third sender in a direct chat".to_owned());
            }
            chat.people.insert(line.sender.clone());
            self.people.insert(line.sender);
        }
        chat.last_at = line.at;
        self.lines += 1;
        Ok(())
    }

    /// Whether the second pass must leave this line out.
    pub fn refuses(&self, number: u64) -> bool {
        self.refused_numbers.contains(&number)
    }

    /// The people, in an order that does not vary, so that handles do not either.
    pub fn people(&self) -> Vec<Person> {
        let mut people: Vec<_> = self.people.iter().map(|name| person(&name.0)).collect();
        people.sort_by(|one, other| one.name.cmp(&other.name));
        people
    }

    /// The chats, with their members' accounts.
    pub fn chats(&self, accounts: &HashMap<String, UserId>) -> anyhow::Result<Vec<Chat>> {
        let mut chats = Vec::with_capacity(self.chats.len());
        for (name, chat) in &self.chats {
            let members = chat.people.iter().map(|person| accounts.get(&person.0).copied()).collect::<Option<_>>();
            chats.push(Chat {
                name: name.0.clone(),
                kind: chat.kind,
                created_at: chat.first_at.0,
                members: members.context("an account of this import is missing")?,
            });
        }
        chats.sort_by(|one, other| (one.created_at, &one.name).cmp(&(other.created_at, &other.name)));
        Ok(chats)
    }

    /// Each refused line by number, with the reason.
    pub fn refused(&self) -> &[(u64, String)] {
        &self.refused
    }
}

/// The account that a name asks for: what a handle cannot hold is left out, and the display name keeps the rest.
pub fn person(name: &str) -> Person {
    let kept: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')).collect();
    let kept = kept.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let short = kept.get(..kept.len().min(Handle::MAX)).unwrap_or_default();
    let handle = [short.to_owned(), format!("{short}0"), "user".to_owned()]
        .into_iter()
        .find_map(|text| Handle::try_from(text).ok());
    let shown: String = name.chars().filter(|c| !c.is_control()).take(DisplayName::MAX).collect();
    let display_name = DisplayName::try_from(shown).or_else(|_| DisplayName::try_from("?"));
    Person {
        name: name.to_owned(),
        handle: handle.expect("\"user\" is a handle"),
        display_name: display_name.expect("\"?\" is a display name"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_handles_and_display_names() {
        let check = |name: &str, handle: &str, shown: &str| {
            let person = person(name);
            assert_eq!((person.handle.as_str(), person.display_name.as_str()), (handle, shown), "{name:?}");
        };
        check("THX-1138", "thx-1138", "THX-1138");
        check("[dlp]", "dlp", "[dlp]");
        check("starscream[2] ", "starscream2", "starscream[2]");
        check("|E|Yoshi", "eyoshi", "|E|Yoshi");
        check("x", "x0", "x");
        check("李四", "user", "李四");
        check("\u{7}", "user", "?");
        check("^^^", "user", "^^^");
    }
}
