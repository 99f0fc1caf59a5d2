//! Unread by the one formula (R004-B1), never counted up and down: the distance of two positions, less the messages
//! between them that count for nothing.
//!
//! Invariants: of one message that fell silent and counts again the later position of the conversation's log decides, and
//! of one that was hidden and shown again the later position of the account's, in whatever order they are told.

use crate::map::Map;
use protocol::messaging::HistoryPage;
use protocol::{Conversation, Rev, Seq, Upd};
use std::collections::BTreeSet;

/// The messages of a conversation that count for nothing, or are not shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exceptions {
    /// Recalled, removed, or not addressed to this account.
    silent: BTreeSet<Seq>,
    /// At which position of the log that, or the contrary, was last told.
    weighed: Map<Seq, Rev>,
    /// Messages that name this account.
    mentions: BTreeSet<Seq>,
    /// What was last told of single messages: through which position, and whether they are hidden.
    told: Map<Seq, (Upd, bool)>,
    /// The latest description by the conversation's log: through which position it knows that, and which was the newest message.
    rev: Rev,
    head: Seq,
    /// The latest description covers the account's log through `upd`, about the messages after `after`.
    upd: Upd,
    after: Seq,
}

impl Exceptions {
    /// Takes over what a description tells. Answers whether it is the latest.
    pub fn describe(&mut self, about: &Conversation) -> bool {
        if about.rev >= self.rev {
            (self.rev, self.head) = (about.rev, about.head_seq);
        }
        // What a message was that the description does not list as silent, it is no more.
        let listed = |seq: &Seq| about.silent.binary_search(seq).is_ok();
        let loud: Vec<Seq> =
            self.silent.range(first(about)..).copied().filter(|seq| *seq <= about.head_seq && !listed(seq)).collect();
        loud.into_iter().for_each(|seq| self.weigh(seq, about.rev, true));
        about.silent.iter().for_each(|seq| self.weigh(*seq, about.rev, false));
        self.mentions.extend(about.mentions.iter().copied());
        if about.upd < self.upd {
            return false;
        }
        self.upd = about.upd;
        self.after = about.own.read;
        let (upd, after) = (self.upd, self.after);
        self.told.retain(|seq, (at, hidden)| *at > upd || (*seq <= after && *hidden));
        for seq in &about.hidden {
            self.told.entry(*seq).or_insert((upd, true));
        }
        // It tells no more of what is read, but that it shows the newest message.
        if let Some(last) = &about.last {
            self.admit(last.seq, upd);
        }
        true
    }

    /// The message counts, or counts for nothing, as of a position of the conversation's log.
    pub fn weigh(&mut self, seq: Seq, rev: Rev, counts: bool) {
        let described = rev < self.rev && seq <= self.head;
        if described || self.weighed.get(&seq).is_some_and(|known| *known > rev) {
            return;
        }
        self.weighed.insert(seq, rev);
        if counts {
            self.silent.remove(&seq);
        } else {
            self.silent.insert(seq);
        }
    }

    /// Takes over what a page covers and does not show: after `read` that counts for nothing, unless more is told of it.
    pub fn follow_page(&mut self, page: &HistoryPage, read: Seq) {
        let shown: BTreeSet<Seq> = page.messages.iter().map(|message| message.seq).collect();
        let mut seq = page.from.max(read.next());
        while seq <= page.through {
            if !shown.contains(&seq) {
                self.weigh(seq, Rev::ZERO, false);
            }
            seq = seq.next();
        }
    }

    /// The message names this account.
    pub fn name(&mut self, seq: Seq) {
        self.mentions.insert(seq);
    }

    /// The unread messages that name this account, as a description lists them.
    pub fn mentions(&self, about: &Conversation) -> Vec<Seq> {
        let unread = self.mentions.range(first(about)..);
        unread.filter(|seq| !self.silent.contains(seq) && !self.hides(**seq)).copied().collect()
    }

    /// The account's log says at `upd` whether the message is hidden.
    pub fn tell(&mut self, seq: Seq, upd: Upd, hidden: bool) {
        let covered = upd <= self.upd && seq > self.after;
        let later = self.told.get(&seq).is_some_and(|(at, _)| *at > upd);
        if !covered && !later {
            self.told.insert(seq, (upd, hidden));
        }
    }

    /// A page or a description that was read at `upd` shows the message. Answers whether that still stands.
    pub fn admit(&mut self, seq: Seq, upd: Upd) -> bool {
        if self.told.contains_key(&seq) {
            self.tell(seq, upd, false);
        }
        !self.hides(seq)
    }

    /// Whether the account has hidden the message.
    pub fn hides(&self, seq: Seq) -> bool {
        self.told.get(&seq).is_some_and(|(_, hidden)| *hidden)
    }

    /// The messages that the account has shown again after `upd`.
    pub fn shown_after(&self, upd: Upd) -> impl Iterator<Item = Seq> {
        self.told.iter().filter(move |(_, (at, hidden))| *at > upd && !*hidden).map(|(&seq, _)| seq)
    }

    /// Whether a single message was told of after `upd`.
    pub fn told_after(&self, upd: Upd) -> bool {
        self.told.values().any(|(at, _)| *at > upd)
    }

    /// Whether something was told of the message after `upd`.
    pub fn told_of(&self, seq: Seq, upd: Upd) -> bool {
        self.upd > upd || self.told.get(&seq).is_some_and(|(at, _)| *at > upd)
    }

    /// Through which position of the account's log everything told of is in here, where nothing before `upd` is missing.
    pub fn known_through(&self, upd: Upd) -> Upd {
        let told = self.told.values().map(|(at, _)| *at).max().unwrap_or_default();
        self.upd.max(told.min(upd))
    }

    /// The seqs that count for nothing, as a description lists them.
    pub fn silent(&self) -> Vec<Seq> {
        self.silent.iter().copied().collect()
    }

    /// The messages that are hidden, as a description lists them.
    pub fn hidden(&self) -> Vec<Seq> {
        self.told.iter().filter(|(_, (_, hidden))| *hidden).map(|(seq, _)| *seq).collect()
    }

    /// Forgets what can make no difference any more: silent messages, and mentions, that are read.
    pub fn forget(&mut self, read: Seq) {
        self.silent = self.silent.split_off(&read.next());
        self.weighed = self.weighed.split_off(&read.next());
        self.mentions = self.mentions.split_off(&read.next());
    }

    /// The unread messages. Sending raises one's own read cursor (R000-06), so those after it are others'.
    pub fn unread(&self, about: &Conversation) -> u64 {
        let (first, end) = (first(about), about.head_seq.next());
        if end <= first {
            return 0;
        }
        let silent = self.silent.range(first..end).count();
        let hidden = self.told.range(first..end).filter(|(seq, (_, hidden))| *hidden && !self.silent.contains(seq));
        (end.get() - first.get()).saturating_sub((silent + hidden.count()) as u64)
    }

    /// The first unread message, if there is one.
    pub fn first_unread(&self, about: &Conversation) -> Option<Seq> {
        let mut seq = first(about);
        while seq <= about.head_seq {
            if !self.silent.contains(&seq) && !self.hides(seq) {
                return Some(seq);
            }
            seq = seq.next();
        }
        None
    }
}

/// The first seq that is not read yet, whatever stands there.
fn first(about: &Conversation) -> Seq {
    about.own.read.next().max(about.vis_from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::tests::described;
    use protocol::Cursors;

    fn seq(n: u64) -> Seq {
        Seq::ZERO.plus(n)
    }

    fn check(head: u64, read: u64, vis_from: u64, unread: u64) {
        let mut about = described(1, head);
        about.own = Cursors::at(seq(read));
        about.vis_from = seq(vis_from);
        assert_eq!(Exceptions::default().unread(&about), unread, "head {head} read {read} from {vis_from}");
    }

    /// R004-B1: N countable messages are exactly N unread; T4: never less than none.
    #[test]
    fn unread_is_a_difference_of_positions() {
        for n in [0, 1, 99, 100, 1000] {
            check(n, 0, 1, n);
            check(n + 7, 7, 1, n);
        }
        check(3, 5, 1, 0);
    }

    /// R003-07: what lies before a member's first visible message is never unread.
    #[test]
    fn unread_begins_where_a_member_may_see() {
        check(10, 0, 11, 0);
        check(12, 0, 11, 2);
        check(12, 11, 11, 1);
    }

    /// A group of ten messages, the first `read` of them read, in which a script happens in this order: `s4` is silent,
    /// `h4@7` hidden and `v4@7` shown again at a position of the account's log, `d@7=4,5` a description at one with its
    /// hidden messages, `p4@7` a page that shows one.
    fn script(read: u64, script: &str, expected: &str) {
        let mut about = described(1, 10);
        about.own = Cursors::at(seq(read));
        let mut exceptions = Exceptions::default();
        for word in script.split_whitespace() {
            let (what, rest) = word.split_at(1);
            let (one, rest) = rest.split_once('@').unwrap_or((rest, "0"));
            let (upd, hidden) = rest.split_once('=').unwrap_or((rest, ""));
            let upd: Upd = upd.parse().unwrap();
            let one = one.parse().unwrap_or_default();
            match what {
                "s" => exceptions.weigh(one, Rev::ZERO, false),
                "h" => exceptions.tell(one, upd, true),
                "v" => exceptions.tell(one, upd, false),
                "p" => drop(exceptions.admit(one, upd)),
                _ => {
                    let hidden = hidden.split_terminator(',').map(|seq| seq.parse().unwrap()).collect();
                    exceptions.describe(&Conversation { upd, hidden, ..about.clone() });
                }
            }
        }
        let hidden: Vec<String> = (1..=10).map(seq).filter(|s| exceptions.hides(*s)).map(|s| s.to_string()).collect();
        let (unread, first) = (exceptions.unread(&about), exceptions.first_unread(&about));
        let first = first.map_or("-".to_owned(), |first| first.to_string());
        assert_eq!(format!("{unread} from {first}, without {}", hidden.join(",")), expected, "{read}: {script}");
    }

    /// R004-B7.4, R004-B7.5: hiding or recalling an unread message is one less, twice is once, a read one changes nothing.
    #[test]
    fn exceptions_count_once() {
        script(3, "", "7 from 4, without ");
        script(3, "s4 s4", "6 from 5, without ");
        script(3, "h4@1 h4@1 h4@2", "6 from 5, without 4");
        script(3, "s4 h4@1", "6 from 5, without 4");
        script(3, "s2 h3@1", "7 from 4, without 3");
        script(8, "s9 h10@1", "0 from -, without 10");
        script(10, "s9 h10@1", "0 from -, without 10");
    }

    /// R004-B2: a description that is older than another one silences nothing that counts by that, whatever comes first, and a
    /// page nothing that is described.
    #[test]
    fn an_older_description_silences_nothing() {
        let told = |rev, silent: &[u64]| Conversation {
            silent: silent.iter().copied().map(seq).collect(),
            ..described(1, rev)
        };
        let (given_back, removed) = (told(12, &[]), told(11, &[5]));
        for order in [[&removed, &given_back], [&given_back, &removed]] {
            let mut exceptions = Exceptions::default();
            for about in order {
                exceptions.describe(about);
            }
            assert_eq!(exceptions.unread(&given_back), 12);
            exceptions.follow_page(&page(10, 13), Seq::ZERO);
            assert_eq!(exceptions.unread(&told(13, &[])), 12);
        }
    }

    /// A page without a message that covers these.
    fn page(from: u64, through: u64) -> HistoryPage {
        HistoryPage {
            messages: Vec::new(),
            from: seq(from),
            through: seq(through),
            vis_from: seq(1),
            head_seq: seq(through),
            rev: Rev::ZERO.plus(through),
            upd: Upd::ZERO,
            users: Vec::new(),
            nicknames: Vec::new(),
        }
    }

    /// Whatever comes first: the later position of the account's log decides whether a message is hidden.
    #[test]
    fn the_later_word_decides() {
        for hidden in ["h5@6 v5@5", "v5@5 h5@6", "h5@6 d@5=", "d@5= h5@6", "d@6=5 v5@5", "v5@5 d@6=5", "d@6=5 d@5="] {
            script(3, hidden, "6 from 4, without 5");
        }
        for shown in ["v5@6 h5@5", "h5@5 v5@6", "d@6= h5@5", "h5@5 d@6=", "d@5=5 v5@6", "v5@6 d@5=5", "d@5=5 d@6="] {
            script(3, shown, "7 from 4, without ");
        }
        script(3, "h5@5 p5@6", "7 from 4, without ");
        script(3, "h5@6 p5@5", "6 from 4, without 5");
    }

    /// A description tells of unread messages only: what was told of others stands.
    #[test]
    fn a_description_says_nothing_of_what_is_read() {
        script(7, "h5@5 d@6=9", "2 from 8, without 5,9");
        script(7, "h5@5 d@6=9 v5@7", "2 from 8, without 9");
        script(7, "d@6=9 h5@5", "2 from 8, without 5,9");
    }
}
