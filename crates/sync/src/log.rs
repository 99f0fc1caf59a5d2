//! One cursor rule for both kinds of log (R004-G8).
//!
//! A frame whose `prev` the cursor has reached is applied, one whose `pos` it has reached is ignored, and one from
//! further ahead is held for a moment before the log is pulled. Deliberately absent: what the log's items mean.

use crate::map::Map;
use protocol::Millis;

/// How long a frame waits for the one before it.
pub(crate) const HOLD: Millis = 500;

/// The most frames held. A frame is a hint: beyond this the pull brings what was dropped.
const HELD_MAX: usize = 64;

#[derive(Clone, Debug)]
pub(crate) struct Log<P, T> {
    cursor: P,
    /// The furthest position that is known to exist.
    target: P,
    held: Map<P, (P, T)>,
    pull_at: Option<Millis>,
}

impl<P: Copy + Ord, T> Log<P, T> {
    pub fn new(cursor: P) -> Self {
        Self { cursor, target: cursor, held: Map::new(), pull_at: None }
    }

    pub fn cursor(&self) -> P {
        self.cursor
    }

    /// When to pull, while something is known to be missing.
    pub fn pull_at(&self) -> Option<Millis> {
        self.pull_at
    }

    /// A frame covering `(prev, pos]` came. Answers what can be applied now, in order.
    pub fn arrive(&mut self, now: Millis, prev: P, pos: P, item: T) -> Vec<T> {
        if pos <= self.cursor {
            return Vec::new();
        }
        if prev <= self.cursor {
            self.cursor = pos;
            let mut ready = vec![item];
            self.release(&mut ready);
            return ready;
        }
        let wider = self.held.get(&pos).is_none_or(|&(held, _)| prev < held);
        if wider && (self.held.len() < HELD_MAX || self.held.contains_key(&pos)) {
            self.held.insert(pos, (prev, item));
        }
        self.target = self.target.max(pos);
        self.pull_at.get_or_insert(now + HOLD);
        Vec::new()
    }

    /// A pull covered everything through `pos`. Answers what of the held frames follows on, in order.
    pub fn advance(&mut self, pos: P) -> Vec<T> {
        self.cursor = self.cursor.max(pos);
        let mut ready = Vec::new();
        self.release(&mut ready);
        ready
    }

    /// `pos` is known to exist, by another way than a frame: pull at once if the cursor is behind it.
    pub fn expect(&mut self, now: Millis, pos: P) {
        self.target = self.target.max(pos);
        if self.cursor < self.target {
            self.pull_at = Some(self.pull_at.map_or(now, |at| at.min(now)));
        }
    }

    /// The cursor of something new, read at `pos`, which may lie before what was known so far.
    pub fn restart(&mut self, now: Millis, pos: P) -> Vec<T> {
        self.target = self.target.max(self.cursor);
        self.cursor = pos;
        let mut ready = Vec::new();
        self.release(&mut ready);
        self.expect(now, self.target);
        ready
    }

    /// The log cannot be pulled any more: what is missing stays missing.
    pub fn give_up(&mut self) {
        self.held.clear();
        self.target = self.cursor;
        self.pull_at = None;
    }

    fn release(&mut self, ready: &mut Vec<T>) {
        loop {
            let cursor = self.cursor;
            let next = self.held.pop_first_if(|pos, (prev, _)| *pos <= cursor || *prev <= cursor);
            let Some((pos, (_, item))) = next else { break };
            if pos > self.cursor {
                self.cursor = pos;
                ready.push(item);
            }
        }
        if self.cursor >= self.target {
            self.target = self.cursor;
            self.pull_at = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `prev>pos` frames and `=pos` pulls to a log at 3, 10 ms apart, and tells what was applied, the cursor, and
    /// when it would pull.
    fn check(script: &str, expected: &str) {
        let mut log: Log<u64, u64> = Log::new(3);
        let mut applied = Vec::new();
        for (n, word) in script.split_whitespace().enumerate() {
            let now = 10 * n as u64;
            applied.extend(match word.split_once('>') {
                Some((prev, pos)) => {
                    let pos = pos.parse().unwrap();
                    log.arrive(now, prev.parse().unwrap(), pos, pos)
                }
                None => log.advance(word.trim_start_matches('=').parse().unwrap()),
            });
        }
        let applied: Vec<String> = applied.iter().map(u64::to_string).collect();
        let pull = log.pull_at().map_or("-".to_owned(), |at| at.to_string());
        assert_eq!(format!("{} | {} | {pull}", applied.join(" "), log.cursor()), expected, "{script}");
    }

    /// R004-G8: apply iff `prev == cursor`, ignore `pos <= cursor`, hold what is ahead for 500 ms.
    #[test]
    fn frames_are_applied_ignored_or_held() {
        check("3>4 4>5", "4 5 | 5 | -");
        check("2>3 1>2", " | 3 | -");
        check("3>4 3>4 4>5 3>4", "4 5 | 5 | -");
        check("4>5", " | 3 | 500");
        check("4>5 6>7 3>4", "4 5 | 5 | 500");
        check("5>6 4>5 3>4", "4 5 6 | 6 | -");
        check("4>5 =5", " | 5 | -");
        check("6>7 =5", " | 5 | 500");
        check("5>6 =5", "6 | 6 | -");
        check("5>6 =9 3>4", " | 9 | -");
    }

    /// A frame may cover several positions, and those of objects that the account may not see.
    #[test]
    fn frames_cover_ranges() {
        check("3>7", "7 | 7 | -");
        check("3>7 4>5", "7 | 7 | -");
        check("7>9 3>7", "7 9 | 9 | -");
        check("4>6 =5", "6 | 6 | -");
    }

    /// The store of held frames is bounded; what does not fit is pulled.
    #[test]
    fn held_frames_are_bounded() {
        let mut log: Log<u64, u64> = Log::new(0);
        for pos in 2..1_000 {
            assert!(log.arrive(0, pos - 1, pos, pos).is_empty());
        }
        assert_eq!(log.held.len(), HELD_MAX);
        assert_eq!(log.advance(1).len(), HELD_MAX);
        assert_eq!(log.pull_at(), Some(HOLD));
        assert!(log.advance(999).is_empty());
        assert_eq!(log.pull_at(), None);
    }

    #[test]
    fn an_expected_position_is_pulled_at_once() {
        let mut log: Log<u64, u64> = Log::new(3);
        log.expect(70, 3);
        assert_eq!(log.pull_at(), None);
        assert!(log.arrive(70, 5, 6, 6).is_empty());
        log.expect(90, 6);
        assert_eq!(log.pull_at(), Some(90));
        log.give_up();
        assert_eq!(log.pull_at(), None);
    }
}
