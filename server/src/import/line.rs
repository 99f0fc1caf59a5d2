//! One line of the file, and the file as lines.

use flate2::read::MultiGzDecoder;
use protocol::{ConversationKind, MessageText, Millis};
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

/// Longer lines are refused; a message of 2048 scalars, every one escaped, stays far below.
const LINE_MAX: u64 = 256 * 1024;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The conversation's name, unique in the file.
    pub chat: Name,
    pub kind: ConversationKind,
    /// When it was sent, in milliseconds since the epoch.
    pub at: Time,
    /// The sender's name, unique in the file.
    pub sender: Name,
    pub text: MessageText,
}

/// A name of the source: 1–200 Unicode scalars.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(try_from = "String")]
pub struct Name(pub String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.chars().count() {
            1..=200 if !name.contains('\0') => Ok(Self(name)),
            _ => Err("a name must have 1–200 characters, none of them U+0000"),
        }
    }
}

/// A time from the epoch to the year 9999.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "u64")]
pub struct Time(pub Millis);

impl TryFrom<u64> for Time {
    type Error = &'static str;

    fn try_from(millis: u64) -> Result<Self, Self::Error> {
        if millis < 253_402_300_800_000 { Ok(Self(millis)) } else { Err("a time must lie before the year 10000") }
    }
}

/// The lines of a file, plain or gzip-compressed, with their numbers from 1.
pub struct Lines<R> {
    reader: BufReader<Box<dyn Read + Send>>,
    number: u64,
    _file: std::marker::PhantomData<R>,
}

impl<R: Read + Send + 'static> Lines<R> {
    /// Reads `path` through `wrap`, which may count what passes.
    pub fn open(path: &Path, wrap: impl FnOnce(File) -> R) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let mut magic = Vec::new();
        (&mut file).take(2).read_to_end(&mut magic)?;
        file.rewind()?;
        let reader: Box<dyn Read + Send> =
            if magic == [0x1f, 0x8b] { Box::new(MultiGzDecoder::new(wrap(file))) } else { Box::new(wrap(file)) };
        Ok(Self { reader: BufReader::with_capacity(1 << 17, reader), number: 0, _file: std::marker::PhantomData })
    }

    /// The next line that is not blank: its number, and what it says or why it is refused. An error is the file's.
    pub fn next(&mut self) -> std::io::Result<Option<(u64, Result<Line, String>)>> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if (&mut self.reader).take(LINE_MAX).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if bytes.len() as u64 == LINE_MAX && bytes.last() != Some(&b'\n') {
                self.reader.skip_until(b'\n')?;
                return Ok(Some((self.number, Err(format!("longer than {LINE_MAX} bytes")))));
            }
            if !bytes.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some((self.number, serde_json::from_slice(&bytes).map_err(|error| reason(&error)))));
            }
        }
    }
}

/// The parser counts lines of its own, which would only confuse beside the file's.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    format!("{what} (column {})", error.column())
}
