//! Conversations made up for the measurements, always the same ones, as a file that `sixin import` reads.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// When the first message was sent: the start of 2020.
const BEGIN: u64 = 1_577_836_800_000;
const GAP_MS: u64 = 1_000;

const WORDS: [&str; 20] = [
    "the",
    "release",
    "tomorrow",
    "你好",
    "I",
    "think",
    "we",
    "could",
    "收到了",
    "meet",
    "at",
    "eight",
    "👍",
    "if",
    "that",
    "suits",
    "you",
    "谢谢",
    "otherwise",
    "later",
];

/// Who writes with whom, and how much.
#[derive(Clone, Debug, Default)]
pub struct Population {
    /// Direct conversations of two messages each, between `pair-N-a` and `pair-N-b`.
    pub pairs: usize,
    /// Direct conversations of so many messages each, between `NAME-a` and `NAME-b`.
    pub histories: Vec<(&'static str, u64)>,
    /// How many direct conversations `busy` has, of two messages each.
    pub busy: usize,
    /// Messages in turn among a hundred groups of ten.
    pub groups: u64,
    /// Groups `fan-N` of so many members each, `fan-0` and on, who have written once.
    pub fans: Vec<usize>,
}

impl Population {
    pub fn messages(&self) -> u64 {
        let histories: u64 = self.histories.iter().map(|(_, messages)| messages).sum();
        2 * (self.pairs + self.busy) as u64 + histories + self.groups + self.fans.iter().sum::<usize>() as u64
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut file = Writer { file: BufWriter::new(File::create(path)?), chance: 1, lines: 0 };
        for number in 0..self.pairs {
            file.line(&format!("pair-{number}"), "direct", &format!("pair-{number}-a"))?;
            file.line(&format!("pair-{number}"), "direct", &format!("pair-{number}-b"))?;
        }
        for (name, messages) in &self.histories {
            for number in 0..*messages {
                let side = if number % 2 == 0 { 'a' } else { 'b' };
                file.line(name, "direct", &format!("{name}-{side}"))?;
            }
        }
        for number in 0..self.busy {
            file.line(&format!("busy-{number}"), "direct", "busy")?;
            file.line(&format!("busy-{number}"), "direct", &format!("friend-{number}"))?;
        }
        for number in 0..self.groups {
            let group = number % 100;
            file.line(&format!("group {group}"), "group", &format!("member-{group}-{}", number / 100 % 10))?;
        }
        for size in &self.fans {
            for member in 0..*size {
                file.line(&format!("fan-{size}"), "group", &format!("fan-{member}"))?;
            }
        }
        Ok(file.file.flush()?)
    }
}

struct Writer {
    file: BufWriter<File>,
    chance: u64,
    lines: u64,
}

impl Writer {
    fn line(&mut self, chat: &str, kind: &str, sender: &str) -> std::io::Result<()> {
        let at = BEGIN + self.lines * GAP_MS;
        self.lines += 1;
        write!(self.file, r#"{{"chat":"{chat}","kind":"{kind}","at":{at},"sender":"{sender}","text":""#)?;
        for number in 0..4 + self.draw() % 16 {
            let word = WORDS.get(self.draw() % WORDS.len()).copied().unwrap_or_default();
            write!(self.file, "{}{word}", if number == 0 { "" } else { " " })?;
        }
        writeln!(self.file, "\"}}")
    }

    /// A number that is the same in every run (xorshift).
    fn draw(&mut self) -> usize {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 33) as usize
    }
}
