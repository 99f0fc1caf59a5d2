//! Who has read a group's messages (R000-07, R000-20): a cursor a member, asked for when the group is opened, and kept
//! current by receipts and by what members write. In a group too large for that nobody is told anything: how many have
//! read is asked for again and again while somebody looks, with pauses that grow while it stays the same.
//!
//! What was told is stored, so that a page begun anew tells no less.
//!
//! Invariants: a member's cursor never moves back, so that no count falls while they are there (R000-20). Nobody counts as a
//! reader of what was written before they came, or was withheld from them (R001-14), nor once an answer of since has said that
//! they are gone.

use crate::map::Map;
use protocol::messaging::{ReadCount, Reader, Readers, Withheld};
use protocol::{Millis, Seq, UserId};
use serde::{Deserialize, Serialize};

/// How long readers are not counted again, at first and at most.
const PAUSE: Millis = 30_000;
const PAUSE_MAX: Millis = 240_000;

#[derive(Clone, Debug, Default)]
pub(crate) struct GroupReaders {
    read: Map<UserId, Span>,
    /// Own messages, and from whom each was withheld.
    withheld: Vec<Withheld>,
    /// Whether the group is small enough for its readers to be told; unknown until they were asked for.
    listed: Option<bool>,
    /// How many have read own messages, where nobody is listed.
    counts: Map<Seq, u64>,
    /// When that was last asked for, and how long it rests then.
    asked: Option<Millis>,
    pause: Millis,
}

/// What a device stores of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredReaders {
    listed: bool,
    /// Members with the first message that they could read, and the last that they have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    read: Vec<(UserId, Seq, Seq)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    withheld: Vec<Withheld>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    counts: Vec<ReadCount>,
}

/// What a member has read: from what was sent once they had come.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    /// Only the server knows it, and whether they are a member.
    from: Option<Seq>,
    through: Seq,
    /// Whether they came further since readers were called for: the answer may be of before.
    moved: bool,
}

impl GroupReaders {
    /// The call for readers leaves: its answer knows of everything so far.
    pub fn call(&mut self) {
        self.read.values_mut().for_each(|span| span.moved = false);
    }

    /// Takes over who has read how far. Answers whether it has to be asked again: somebody is not in it who came further since
    /// the call, which it may not know of.
    pub fn answer(&mut self, readers: &Readers) -> bool {
        self.listed = Some(readers.listed);
        let mut moved = false;
        for ReadCount { seq, count } in &readers.counts {
            moved |= self.counts.insert(*seq, *count).unwrap_or_default() != *count;
        }
        self.pause = if moved { PAUSE } else { (self.pause * 2).clamp(PAUSE, PAUSE_MAX) };
        self.withheld.clone_from(&readers.withheld);
        // Who has left is in it no more.
        let mut known = std::mem::take(&mut self.read);
        for Reader { user, read, from } in &readers.readers {
            let through = known.remove(&user.id).map_or(*read, |span| span.through.max(*read));
            self.read.insert(user.id, Span { from: Some(*from), through, moved: false });
        }
        // Who was there, and came further since the call: they count until the next answer.
        known.retain(|_, span| span.moved);
        let stale = readers.listed && !known.is_empty();
        let there = known.into_iter().filter(|(_, span)| span.from.is_some());
        self.read.extend(there.map(|(user, span)| (user, Span { moved: false, ..span })));
        stale
    }

    /// What is to be stored, once it was told.
    pub fn to_store(&self) -> Option<StoredReaders> {
        let read = self.read.iter().filter_map(|(&user, span)| Some((user, span.from?, span.through)));
        Some(StoredReaders {
            listed: self.listed?,
            read: read.collect(),
            withheld: self.withheld.clone(),
            counts: self.counts.iter().map(|(&seq, &count)| ReadCount { seq, count }).collect(),
        })
    }

    /// Merges in what was stored. Where the page has told already who is there, nobody else is.
    pub fn restore(&mut self, stored: StoredReaders) {
        let told = self.listed.is_some();
        for (user, from, through) in stored.read {
            if !told || self.read.get(&user).is_some() {
                let span = self.read.entry(user).or_default();
                span.from = span.from.or(Some(from));
                span.through = through.max(span.through);
            }
        }
        for ReadCount { seq, count } in stored.counts {
            let known = self.counts.entry(seq).or_default();
            *known = count.max(*known);
        }
        if !told {
            self.listed = Some(stored.listed);
            self.withheld = stored.withheld;
        }
    }

    /// Somebody has read through `read`: by a receipt, or because they wrote what stands there. Answers whether it has to be
    /// asked since when they are there.
    pub fn receipt(&mut self, reader: UserId, read: Seq) -> bool {
        let known = self.read.entry(reader).or_default();
        known.moved |= read > known.through;
        known.through = read.max(known.through);
        known.from.is_none() && self.listed == Some(true)
    }

    /// How many have read the own message at `seq`, as far as that is known.
    pub fn count(&self, seq: Seq) -> Option<u64> {
        match self.of(seq) {
            Some(readers) => Some(readers.count() as u64),
            None => self.counts.get(&seq).copied(),
        }
    }

    /// When the readers are to be counted again.
    pub fn recount_at(&self) -> Millis {
        self.asked.map_or(0, |asked| asked + self.pause)
    }

    /// The readers are asked for.
    pub fn ask(&mut self, now: Millis) {
        self.asked = Some(now);
        self.pause = self.pause.max(PAUSE);
    }

    /// There is something new that they may read.
    pub fn hurry(&mut self) {
        self.pause = PAUSE;
    }

    /// Those who have read the message at `seq`, if the group's readers are told.
    pub fn of(&self, seq: Seq) -> Option<impl Iterator<Item = UserId>> {
        let listed = self.listed.filter(|listed| *listed);
        let withheld = self.withheld.iter().find(|withheld| withheld.seq == seq);
        let blind = move |reader: &UserId| withheld.is_some_and(|withheld| withheld.users.contains(reader));
        let reads = move |(reader, span): (&UserId, &Span)| {
            let has = span.from.is_some_and(|from| (from..=span.through).contains(&seq));
            (has && !blind(reader)).then_some(*reader)
        };
        listed.map(|_| self.read.iter().filter_map(reads))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::User;
    use protocol::messaging::Withheld;

    /// R000-20, R001-14: nobody counts as a reader of what was written before they came, or was withheld from them.
    #[test]
    fn readers_are_those_who_could_see_it() {
        let id = |id: u64| UserId::try_from(id).unwrap();
        let seq = |seq| Seq::ZERO.plus(seq);
        let user = |n| User::new(id(n), "somebody".try_into().unwrap(), "Somebody".try_into().unwrap());
        let reader = |n, from, read| Reader { user: user(n), read: seq(read), from: seq(from) };
        let mut readers = GroupReaders::default();
        assert!(readers.of(seq(1)).is_none());
        readers.answer(&Readers {
            readers: vec![reader(2, 1, 3), reader(3, 3, 3), reader(4, 1, 1)],
            listed: true,
            withheld: vec![Withheld { seq: seq(3), users: vec![id(2)] }],
            counts: Vec::new(),
        });
        let of = |readers: &GroupReaders, at| readers.of(seq(at)).unwrap().collect::<Vec<_>>();
        assert_eq!([1, 2, 3].map(|at| of(&readers, at)), [vec![id(2), id(4)], vec![id(2)], vec![id(3)]]);
        assert!(!readers.receipt(id(4), seq(3)));
        assert_eq!(of(&readers, 3), [id(3), id(4)]);
    }

    /// R000-20: who has left counts no more, on a device that saw them read as on a fresh one; of somebody new it is asked since
    /// when they are there, before they count.
    #[test]
    fn readers_are_members() {
        let id = |id: u64| UserId::try_from(id).unwrap();
        let seq = |seq| Seq::ZERO.plus(seq);
        let user = |n| User::new(id(n), "somebody".try_into().unwrap(), "Somebody".try_into().unwrap());
        let answer = |readers: &[(u64, u64, u64)]| Readers {
            readers: readers
                .iter()
                .map(|&(n, from, read)| Reader { user: user(n), read: seq(read), from: seq(from) })
                .collect(),
            listed: true,
            withheld: Vec::new(),
            counts: Vec::new(),
        };
        let mut readers = GroupReaders::default();
        readers.answer(&answer(&[(2, 1, 3), (3, 1, 2)]));
        readers.receipt(id(3), seq(3));
        assert_eq!(readers.count(seq(3)), Some(2));
        assert!(readers.receipt(id(4), seq(4)));
        assert_eq!(readers.count(seq(3)), Some(2));
        assert!(!readers.answer(&answer(&[(3, 1, 2), (4, 4, 4)])));
        assert_eq!([3, 4].map(|at| readers.count(seq(at))), [Some(1), Some(1)]);
    }

    /// R000-20: who came further since the call and is not in the answer, which may be of before, counts until one more has come;
    /// whoever is not known to be there does not count until then. Who came further before the call and is not in it has gone.
    #[test]
    fn an_answer_of_before_is_asked_for_again() {
        let id = |id: u64| UserId::try_from(id).unwrap();
        let seq = |seq| Seq::ZERO.plus(seq);
        let user = User::new(id(2), "somebody".try_into().unwrap(), "Somebody".try_into().unwrap());
        let listed = |readers| Readers { readers, listed: true, withheld: Vec::new(), counts: Vec::new() };
        let mut readers = GroupReaders::default();
        readers.call();
        readers.receipt(id(3), seq(1));
        assert!(readers.answer(&listed(vec![Reader { user, read: seq(1), from: seq(1) }])));
        assert_eq!(readers.count(seq(1)), Some(1));
        readers.call();
        readers.receipt(id(2), seq(2));
        assert!(readers.answer(&listed(Vec::new())));
        assert_eq!(readers.count(seq(2)), Some(1), "no count falls for a moment");
        readers.receipt(id(2), seq(3));
        readers.call();
        assert!(!readers.answer(&listed(Vec::new())));
        assert_eq!(readers.count(seq(2)), Some(0));
    }
}
