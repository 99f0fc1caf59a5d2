//! A value that calls write of which nobody knows the moment: what it may have been at some time.
//!
//! A call that may have happened writes at some moment between its invocation and its end, or at any later one when
//! nobody knows its end. Looking up costs the writes around the time asked for, not all of them.

/// Writes of a value, and what it was before.
#[derive(Clone, Debug)]
pub struct Register<T> {
    first: T,
    /// By beginning.
    writes: Vec<Write<T>>,
    /// Of each write and all that began before it, the latest end; those without an end apart.
    ends: Vec<u64>,
    /// Of the certain writes, by end: the latest beginning among all that ended until then.
    certain: Vec<(u64, u64)>,
    /// Of each value, the earliest beginning of a write without an end.
    open: Vec<(T, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Write<T> {
    from: u64,
    to: u64,
    value: T,
}

impl<T: Copy + PartialEq> Register<T> {
    pub fn new(first: T) -> Self {
        Self { first, writes: Vec::new(), ends: Vec::new(), certain: Vec::new(), open: Vec::new() }
    }

    /// A call that may have written the value; `certain`: it has.
    pub fn write(&mut self, from: u64, to: u64, value: T, certain: bool) {
        if certain {
            self.certain.push((to, from));
        }
        if to < u64::MAX {
            self.writes.push(Write { from, to, value });
        } else if let Some(known) = self.open.iter_mut().find(|(known, _)| *known == value) {
            known.1 = known.1.min(from);
        } else {
            self.open.push((value, from));
        }
    }

    /// To be called once all is written.
    pub fn close(&mut self) {
        self.writes.sort_by_key(|write| write.from);
        let mut latest = 0;
        let ends = self.writes.iter().map(|write| {
            latest = latest.max(write.to);
            latest
        });
        self.ends = ends.collect();
        self.certain.sort();
        let mut latest = 0;
        for (_, from) in &mut self.certain {
            latest = latest.max(*from);
            *from = latest;
        }
    }

    /// The beginning of the last certain write that has ended before `at`; what ended before that is overwritten.
    fn overwritten(&self, at: u64) -> Option<u64> {
        let ended = self.certain.partition_point(|(to, _)| *to < at);
        ended.checked_sub(1).and_then(|last| self.certain.get(last)).map(|(_, from)| *from)
    }

    /// Everything that it may have been at some moment between the two, each once.
    pub fn between(&self, from: u64, to: u64) -> Vec<T> {
        let mut values = Vec::new();
        let mut add = |value: T| {
            if !values.contains(&value) {
                values.push(value);
            }
        };
        let overwritten = self.overwritten(from);
        if overwritten.is_none() {
            add(self.first);
        }
        let began = self.writes.partition_point(|write| write.from <= to);
        for (write, end) in self.writes[..began].iter().zip(&self.ends[..began]).rev() {
            if overwritten.is_some_and(|overwritten| *end < overwritten) {
                break;
            }
            if overwritten.is_none_or(|overwritten| write.to >= overwritten) {
                add(write.value);
            }
        }
        for (value, _) in self.open.iter().filter(|(_, from)| *from <= to) {
            add(*value);
        }
        values
    }

    /// Whether it may have been this at some moment between the two.
    pub fn may_be(&self, value: T, from: u64, to: u64) -> bool {
        self.between(from, to).contains(&value)
    }

    /// Whether it was this all the time between the two.
    pub fn was(&self, value: T, from: u64, to: u64) -> bool {
        self.between(from, to) == [value]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_is_what_was_written_last() {
        let mut register = Register::new(0);
        register.write(10, 20, 1, true);
        register.write(30, 40, 2, true);
        register.write(35, 50, 3, false);
        register.write(60, u64::MAX, 4, false);
        register.close();
        let between = |from, to| {
            let mut values = register.between(from, to);
            values.sort();
            values
        };
        assert_eq!(between(0, 9), [0]);
        assert_eq!(between(15, 15), [0, 1]);
        assert_eq!(between(21, 29), [1]);
        assert_eq!(between(32, 33), [1, 2]);
        assert_eq!(between(45, 59), [2, 3]);
        assert_eq!(between(70, 80), [2, 3, 4]);
        assert!(register.was(1, 21, 29) && !register.was(1, 21, 31) && register.may_be(4, 50, 60));
    }
}
