//! The order of the session list (R002-10), and its parts.

use crate::Shelf;
use crate::map::Map;
use crate::sessions::Held;
use protocol::{ConversationId, Millis};
use std::cmp::Reverse;

impl Held {
    /// Where it stands in the list, smaller first: by the newest message that is shown.
    pub fn place(&self, unread_first: bool) -> Place {
        let at = self.about.last.as_ref().map_or(self.about.active_at, |last| last.at);
        let rises = unread_first && self.rises();
        (Reverse(self.about.preferences.pinned), Reverse(rises), Reverse(at), Reverse(self.about.id))
    }

    /// Where it stands now, for the time that it is open.
    pub fn stands(&self, unread_first: bool) -> Stood {
        Stood { place: self.place(unread_first), main: !self.archived() }
    }

    /// What the list's order and parts depend on.
    pub fn standing(&self, unread_first: bool) -> ([bool; 4], Place) {
        ([self.listed(), self.archived(), self.awaits(), self.about.stranger()], self.place(unread_first))
    }

    /// Whether a part of the list has it. One that stays on the main list does, unless it is archived anew.
    fn stands_on(&self, shelf: &Shelf, stays: bool) -> bool {
        let on = match shelf {
            Shelf::All | Shelf::Archived => true,
            Shelf::Unread => self.awaits(),
            Shelf::Labelled(label) => self.about.preferences.labels.as_slice().contains(label),
        };
        let archived = if stays { self.put_away() } else { self.archived() };
        on && self.listed() && archived == (*shelf == Shelf::Archived)
    }
}

/// Pinned first, then what has unread, then newest activity (R001-07, R002-10); ties by id, so that every device agrees.
pub(crate) type Place = (Reverse<bool>, Reverse<bool>, Reverse<Millis>, Reverse<ConversationId>);

/// Where the open conversation stood when it was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stood {
    pub place: Place,
    /// On the main list, not among the archived ones.
    pub main: bool,
}

/// The order of a part of the list. The open conversation stands where it stood when it was opened, among the pinned or
/// the others, and it stays on the shelf of unread ones and, though the mention that brought it there is read, on the
/// main list.
pub(crate) fn order(
    held: &Map<ConversationId, Box<Held>>,
    open: Option<(ConversationId, Stood)>,
    unread_first: bool,
    shelf: &Shelf,
) -> Vec<ConversationId> {
    let opened = |id| open.filter(|(open, _)| *open == id).map(|(_, stood)| stood);
    let stands = |id, held: &Held| {
        let stood = opened(id);
        let main = stood.is_some_and(|stood| stood.main);
        let stays = || *shelf == Shelf::Unread && stood.is_some() && held.stands_on(&Shelf::All, main);
        held.stands_on(shelf, main) || stays()
    };
    let places: Vec<Place> = held
        .iter()
        .filter(|(id, held)| stands(**id, held))
        .map(|(&id, held)| {
            let place = held.place(unread_first);
            opened(id).map_or(place, |Stood { place: (_, rises, at, id), .. }| (place.0, rises, at, id))
        })
        .collect();
    sorted(places).collect()
}

/// The conversations at these places, in their order. The one place where this is sorted, because each sort costs the
/// front end some kilobytes; what is short is sorted by inserting.
pub(crate) fn sorted(mut places: Vec<Place>) -> impl Iterator<Item = ConversationId> {
    places.sort_unstable();
    places.into_iter().map(|(.., Reverse(id))| id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::tests::{described, me};
    use protocol::{Preferences, Seq};

    /// A conversation as `id:unread@time`, with signs after it: `p` pinned, `m` muted, `u` marked unread, `a` archived,
    /// `b` archived before its newest message, `n` named in that one, `o` named in the first.
    fn parse(word: &str) -> Held {
        let signs = word.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let (id, rest) = word.trim_end_matches(signs).split_once(':').unwrap();
        let (unread, at) = rest.split_once('@').unwrap();
        let mut about = described(id.parse().unwrap(), unread.parse().unwrap());
        about.active_at = at.parse().unwrap();
        let told = &mut about.preferences;
        (told.pinned, told.marked_unread) = (signs.contains('p'), signs.contains('u'));
        told.muted_until = if signs.contains('m') { Preferences::ALWAYS } else { 0 };
        if signs.contains(['a', 'b']) {
            told.archived_until = if signs.contains('a') { about.head_seq.next() } else { about.head_seq };
        }
        let named =
            [('o', Seq::ZERO.next()), ('n', about.head_seq)].into_iter().filter(|(sign, _)| signs.contains(*sign));
        about.mentions = named.map(|(_, seq)| seq).collect();
        let mut held = Held::new(about, me());
        held.muted = held.mutes(0);
        held
    }

    fn check(conversations: &str, open: Option<(u64, &str)>, expected: &str) {
        check_part(conversations, open, true, &Shelf::All, expected);
    }

    fn check_part(conversations: &str, open: Option<(u64, &str)>, unread_first: bool, shelf: &Shelf, expected: &str) {
        let held = conversations.split_whitespace().map(parse).map(|held| (held.about.id, Box::new(held))).collect();
        let open = open.map(|(id, when_opened)| (id.try_into().unwrap(), parse(when_opened).stands(unread_first)));
        let order = order(&held, open, unread_first, shelf);
        let order: Vec<String> = order.iter().map(ConversationId::to_string).collect();
        assert_eq!(order.join(" "), expected, "{conversations}");
    }

    /// R001-07, R001-19: pinned ones stand first, among themselves as the others do; unpinning loses nothing.
    #[test]
    fn pinned_comes_before_all_else() {
        check("1:0@10p 2:5@90 3:0@20p", None, "3 1 2");
        check("1:0@30p 2:5@90 3:0@20p", None, "1 3 2");
        check("1:1@10p 2:5@90 3:0@20p", None, "1 3 2");
        check("1:0@10 2:5@90 3:0@20", None, "2 3 1");
        check("1:0@10p 2:5@90 3:0@20", Some((1, "1:0@10")), "1 2 3");
    }

    /// R002-10: where a person does not want unread ones first, only pins and time order.
    #[test]
    fn unread_first_is_a_wish() {
        check_part("1:1@50 2:0@70 3:9@60 4:0@1p", None, false, &Shelf::All, "4 2 3 1");
    }

    /// R004-B7.9, R004-B7.11: a mark raises a conversation as unread messages do; a muted one stays where it is.
    #[test]
    fn a_mark_raises_and_a_mute_does_not() {
        check("1:0@10u 2:0@70 3:9@60m", None, "1 2 3");
        check_part("1:0@10u 2:0@70 3:9@60m", None, true, &Shelf::Unread, "1 3");
        check_part("1:0@10 2:0@70 3:9@60", Some((1, "1:1@10")), true, &Shelf::Unread, "3 1");
    }

    /// What is archived comes back with the next message, unless it is muted.
    #[test]
    fn an_archived_conversation_comes_back_with_the_next_message() {
        for (shelf, expected) in [(Shelf::All, "3 2"), (Shelf::Archived, "4 1"), (Shelf::Unread, "3")] {
            check_part("1:0@50a 2:0@70 3:1@60b 4:1@60bm", None, true, &shelf, expected);
        }
    }

    /// R004-B7.9: an unread message that names one lifts what is muted above what wants nothing, and out of the archive if it
    /// came after it was archived; it counts that message alone.
    #[test]
    fn a_mention_pierces_a_mute() {
        check("1:0@70 2:9@60mn 3:9@50m 4:1@10", None, "2 4 1 3");
        check_part("1:0@70 2:9@90mn 3:9@50m", None, false, &Shelf::All, "2 1 3");
        for (shelf, expected) in [(Shelf::All, "1 2"), (Shelf::Archived, "3 4")] {
            check_part("1:2@50bmn 2:0@70 3:2@60bmo 4:2@50bm", None, true, &shelf, expected);
        }
        for (word, counted) in [("1:9@1mn", 1), ("1:9@1mno", 2), ("1:9@1m", 0), ("1:9@1n", 9), ("1:0@1m", 0)] {
            assert_eq!(parse(word).counted(), counted, "{word}");
        }
    }

    /// R002-10: the open conversation stays on the main list though the mention that brought it there is read, until it is
    /// left or archived anew; one that was opened among the archived ones stays there.
    #[test]
    fn the_open_conversation_stays_on_the_main_list() {
        let parts = |now: &str, opened: Option<(u64, &str)>, main: &str, archived: &str, unread: &str| {
            for (shelf, expected) in [(Shelf::All, main), (Shelf::Archived, archived), (Shelf::Unread, unread)] {
                check_part(now, opened, true, &shelf, expected);
            }
        };
        parts("1:2@50bm 2:0@70", Some((1, "1:2@50bmn")), "1 2", "", "1");
        parts("1:2@50bm 2:0@70", None, "2", "1", "");
        parts("1:2@50am 2:0@70", Some((1, "1:2@50bmn")), "2", "1", "");
        parts("1:2@50bm 2:0@70", Some((1, "1:2@50bm")), "2", "1", "");
    }

    /// R004-B7.9: more mentions than fifty count as fifty, so that it makes no difference which of them were told.
    #[test]
    fn mentions_count_up_to_a_bound() {
        for (first, hidden, counted) in [(1, 0, 50), (1, 1, 50), (1, 20, 50), (51, 0, 50), (60, 0, 41)] {
            let mut about = described(1, 100);
            about.preferences.muted_until = Preferences::ALWAYS;
            about.mentions = (first..=100).map(|seq| Seq::ZERO.plus(seq)).collect();
            about.hidden = (1..=hidden).map(|seq| Seq::ZERO.plus(seq)).collect();
            let mut held = Held::new(about, me());
            held.muted = held.mutes(0);
            assert_eq!((held.mentions(), held.counted()), (counted, counted), "from {first} without {hidden}");
        }
    }

    /// R002-10: has unread first, then last chat time, newest first.
    #[test]
    fn unread_comes_first_then_the_newest() {
        check("1:0@50 2:0@70 3:0@60", None, "2 3 1");
        check("1:1@50 2:0@70 3:9@60", None, "3 1 2");
        check("1:0@50 2:0@50", None, "2 1");
    }

    /// R002-10: the open conversation does not jump, neither when it is read nor when it becomes active.
    #[test]
    fn the_open_conversation_does_not_jump() {
        check("1:0@50 2:0@70 3:0@60", Some((1, "1:4@50")), "1 2 3");
        check("1:0@90 2:0@70 3:0@60", Some((1, "1:0@50")), "2 3 1");
    }
}
