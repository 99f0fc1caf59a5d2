//! The address book: people in the order of their names' pinyin, and how somebody is found in it (R003-03).

use crate::spelling::{Spelled, spell};
use protocol::{Contact, User};

/// Where names stand that begin with no letter.
pub const OTHERS: char = '#';

/// The letter under which a name stands: A to Z, or [`OTHERS`].
fn initial(spelled: &Spelled) -> char {
    let first = spelled.full.chars().next().filter(char::is_ascii_alphabetic);
    first.map_or(OTHERS, |letter| letter.to_ascii_uppercase())
}

/// Everybody by letter, the others last.
pub fn by_initial(contacts: Vec<Contact>) -> Vec<(char, Vec<Contact>)> {
    let mut spelled: Vec<_> = contacts
        .into_iter()
        .map(|contact| {
            let spelled = spell(contact.user.display_name.as_str());
            let initial = initial(&spelled);
            ((initial == OTHERS, initial, spelled.full, contact.user.id), contact)
        })
        .collect();
    spelled.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut letters: Vec<(char, Vec<Contact>)> = Vec::new();
    for ((_, initial, ..), contact) in spelled {
        match letters.last_mut().filter(|(letter, _)| *letter == initial) {
            Some((_, people)) => people.push(contact),
            None => letters.push((initial, vec![contact])),
        }
    }
    letters
}

/// Whether somebody is meant: by a part of the name, the handle, the pinyin, or its initials. An empty query means all.
pub fn is_meant(user: &User, query: &str) -> bool {
    let query: String = query.to_lowercase().split_whitespace().collect();
    let name: String = user.display_name.as_str().to_lowercase().split_whitespace().collect();
    let Spelled { full, initials } = spell(user.display_name.as_str());
    [name.as_str(), user.handle.as_str(), &full, &initials].iter().any(|text| text.contains(&query))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Relation, Upd};

    fn user(id: u64, name: &str) -> User {
        let handle = format!("handle{id}");
        User::new(id.try_into().unwrap(), handle.as_str().try_into().unwrap(), name.try_into().unwrap())
    }

    /// R003-03: by the initial of the pinyin, then by the pinyin; names that begin with no letter last.
    #[test]
    fn people_stand_by_the_initial_of_their_pinyin() {
        let names = ["张三", "李四", "alice", "Bob", "安娜", "123", "王五", "赵六", "😀", "Łukasz"];
        let contacts = names.iter().zip(1..).map(|(name, id)| Contact {
            user: user(id, name),
            relation: Relation::NONE,
            upd: Upd::ZERO,
        });
        let book: Vec<String> = by_initial(contacts.collect())
            .into_iter()
            .map(|(letter, people)| {
                let names: Vec<&str> = people.iter().map(|contact| contact.user.display_name.as_str()).collect();
                format!("{letter}: {}", names.join(" "))
            })
            .collect();
        assert_eq!(book, ["A: alice 安娜", "B: Bob", "L: 李四", "W: 王五", "Z: 张三 赵六", "#: 😀 123 Łukasz"]);
    }

    /// R003-03: a person is found by name, handle, pinyin and initials.
    #[test]
    fn people_are_found_by_name_handle_pinyin_and_initials() {
        let zhang = user(7, "张 小明");
        for query in ["张", "小明", "张小", "zhang", "xiaoming", "Zhang Xiao", "zxm", "handle7", ""] {
            assert!(is_meant(&zhang, query), "{query}");
        }
        for query in ["李", "li si", "zm", "handle8"] {
            assert!(!is_meant(&zhang, query), "{query}");
        }
        assert!(is_meant(&user(1, "Maya Lin"), "ml"));
    }
}
