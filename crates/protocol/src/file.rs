//! Files in messages: what is told of one, and the limits of what may be sent.
//!
//! Invariants: a file's name is one that can be shown and saved as it is, whatever the sender called it; its bytes travel
//! beside the message, as a picture's do, and are handed on as they came.

use crate::media::MediaId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// What a file is called: 1 to 255 Unicode scalars, none of which ends a folder's name (`/`, `\`), a line, or the direction
/// of writing, by which one ending could be shown as another; no white space around it, and neither `.` nor `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

/// A text is no name of a file.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected 1 to {max} characters, without slashes, control characters, and white space around them", max = FileName::MAX)]
pub struct NoFileName;

impl FileName {
    /// The most Unicode scalars of a name.
    pub const MAX: usize = 255;

    /// A name that comes closest to what a device calls the file: what may not stand in it becomes `_`, and what is too
    /// long loses its middle, so that the ending stays.
    pub fn near(called: &str) -> Self {
        let name: String = called.trim().chars().map(|c| if stands(c) { c } else { '_' }).collect();
        let long = name.chars().count();
        let name = match long > Self::MAX {
            false => name,
            true => {
                let kept = Self::MAX - 1;
                let head = name.chars().take(kept - kept / 4);
                head.chain(['…']).chain(name.chars().skip(long - kept / 4)).collect()
            }
        };
        Self::try_from(name).unwrap_or_else(|_| Self("_".to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn stands(c: char) -> bool {
    let directs = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !(c.is_control() || directs || matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

impl TryFrom<String> for FileName {
    type Error = NoFileName;

    fn try_from(name: String) -> Result<Self, NoFileName> {
        let long = name.chars().count();
        let fits = (1..=Self::MAX).contains(&long) && name.trim() == name && name != "." && name != "..";
        if fits && name.chars().all(stands) { Ok(Self(name)) } else { Err(NoFileName) }
    }
}

impl FromStr for FileName {
    type Err = NoFileName;

    fn from_str(name: &str) -> Result<Self, NoFileName> {
        name.to_owned().try_into()
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.0
    }
}

/// How long a file is, in bytes: 1 to 104,857,600.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct FileBytes(u32);

/// A number is no length of a file that can be sent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected a file of 1 to {max} bytes", max = FileBytes::MAX)]
pub struct NoFileBytes;

impl FileBytes {
    pub const MAX: u64 = 100 * 1024 * 1024;

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0 as u64
    }
}

impl TryFrom<u64> for FileBytes {
    type Error = NoFileBytes;

    fn try_from(bytes: u64) -> Result<Self, NoFileBytes> {
        match u32::try_from(bytes) {
            Ok(small) if (1..=Self::MAX).contains(&bytes) => Ok(Self(small)),
            _ => Err(NoFileBytes),
        }
    }
}

impl From<FileBytes> for u64 {
    fn from(bytes: FileBytes) -> Self {
        bytes.get()
    }
}

/// The version of what a file's message says; there is one so far (R004-F).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct FileVersion;

impl TryFrom<u32> for FileVersion {
    type Error = crate::media::UnknownVersion;

    fn try_from(version: u32) -> Result<Self, Self::Error> {
        if version == 1 { Ok(Self) } else { Err(crate::media::UnknownVersion) }
    }
}

impl From<FileVersion> for u32 {
    fn from(_: FileVersion) -> Self {
        1
    }
}

/// A file in a message (R002-06; type 22 of R004-F), as `POST /files` answers it: 201 when it was made, 200 with the same when
/// the key was used for this very file before, 409 `client_id_reused` when it was used for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub v: FileVersion,
    pub media: MediaId,
    pub name: FileName,
    pub bytes: FileBytes,
}

impl File {
    /// What stands before its name in the one line where no language is known.
    pub const DIGEST: &str = "[文件]";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R002-06: a name is shown and saved as it is, so that it can hide neither a folder nor its own ending.
    #[test]
    fn names_of_files_hide_nothing() {
        for name in ["a", "报告 2026.pdf", ".env", "...", "a..b", &"好".repeat(255)] {
            assert_eq!(name.parse::<FileName>().map(String::from).as_deref(), Ok(name));
            assert_eq!(FileName::near(name).as_str(), name);
        }
        let long = format!("{}.pdf", "好".repeat(300));
        for (called, near) in [
            ("", "_"),
            (" ", "_"),
            ("..", "_"),
            (" a.txt\n", "a.txt"),
            ("a\nb", "a_b"),
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("c:\\x", "c:_x"),
            ("a\0b", "a_b"),
            ("photo\u{202e}gpj.exe", "photo_gpj.exe"),
        ] {
            assert_eq!(called.parse::<FileName>(), Err(NoFileName), "{called:?}");
            assert_eq!(FileName::near(called).as_str(), near, "{called:?}");
        }
        assert_eq!(long.parse::<FileName>(), Err(NoFileName));
        let near = FileName::near(&long);
        assert!(near.as_str().ends_with("好.pdf") && near.as_str().chars().count() == FileName::MAX);
    }

    #[test]
    fn lengths_are_within_bounds() {
        assert!([1, 104_857_600].into_iter().all(|bytes| FileBytes::try_from(bytes).is_ok()));
        assert!([0, 104_857_601, u64::MAX].into_iter().all(|bytes| FileBytes::try_from(bytes).is_err()));
    }
}
