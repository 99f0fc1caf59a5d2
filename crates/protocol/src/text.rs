//! Texts that hold their limits. A private field and `TryFrom<String>` are the only door, on both sides.

use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// Why a text is refused. Lengths count Unicode scalar values, alike on the server and in the browser (R001-13).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TextError {
    #[error("must not be empty")]
    Empty,
    #[error("must have at least {min} characters, has {len}")]
    TooShort { min: usize, len: usize },
    #[error("must have at most {max} characters, has {len}")]
    TooLong { max: usize, len: usize },
    #[error("contains the character U+{0:04X}, which is not allowed here")]
    Character(u32),
}

fn length(text: &str, min: usize, max: usize) -> Result<(), TextError> {
    let len = text.chars().count();
    match len {
        0 => Err(TextError::Empty),
        _ if len < min => Err(TextError::TooShort { min, len }),
        _ if len > max => Err(TextError::TooLong { max, len }),
        _ => Ok(()),
    }
}

/// A text of several lines.
fn prose(text: String, max: usize) -> Result<String, TextError> {
    length(&text, 1, max)?;
    storable(&text)?;
    Ok(text)
}

/// No storage keeps U+0000 faithfully.
fn storable(text: &str) -> Result<(), TextError> {
    if text.contains('\0') { Err(TextError::Character(0)) } else { Ok(()) }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = TextError;

            fn try_from(text: &str) -> Result<Self, TextError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
    };
}

macro_rules! visible {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

macro_rules! secret {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

text!(
    /// What a person writes: 1–2048 Unicode scalars (R001-13), any but U+0000, which no storage keeps faithfully.
    MessageText
);
// A message's text never reaches a log through `{:?}`.
secret!(MessageText);

impl MessageText {
    /// The most Unicode scalars a message may have.
    pub const MAX: usize = 2048;
}

impl TryFrom<String> for MessageText {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        prose(text, Self::MAX).map(Self)
    }
}

text!(
    /// The name by which an account logs in and is found: 2–32 of `a–z 0–9 _ . -`, beginning with a letter or digit.
    /// Capitals are folded, so that no two accounts differ in case alone.
    Handle
);
visible!(Handle);

impl Handle {
    pub const MIN: usize = 2;
    pub const MAX: usize = 32;
}

impl TryFrom<String> for Handle {
    type Error = TextError;

    fn try_from(mut text: String) -> Result<Self, TextError> {
        text.make_ascii_lowercase();
        length(&text, Self::MIN, Self::MAX)?;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let mut first = true;
        for c in text.chars() {
            if !allowed(c) && (first || !matches!(c, '_' | '.' | '-')) {
                return Err(TextError::Character(c.into()));
            }
            first = false;
        }
        Ok(Self(text))
    }
}

text!(
    /// The name that others see: 1–64 Unicode scalars after trimming, without control or direction characters, which
    /// could make one name look like another.
    DisplayName
);
visible!(DisplayName);

impl DisplayName {
    pub const MAX: usize = 64;
}

impl TryFrom<String> for DisplayName {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        one_line(&text, Self::MAX).map(Self)
    }
}

text!(
    /// What the owner of an account calls one of its devices: 1–64 Unicode scalars after trimming.
    DeviceName
);
visible!(DeviceName);

impl DeviceName {
    pub const MAX: usize = 64;
}

impl TryFrom<String> for DeviceName {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        one_line(&text, Self::MAX).map(Self)
    }
}

text!(
    /// What a group is called: 1–64 Unicode scalars after trimming, without control or direction characters.
    GroupTitle
);
visible!(GroupTitle);

impl GroupTitle {
    pub const MAX: usize = 64;
}

impl TryFrom<String> for GroupTitle {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        one_line(&text, Self::MAX).map(Self)
    }
}

text!(
    /// What everybody in a group should know: at most 1000 Unicode scalars after trimming, any but U+0000. Empty: there
    /// is none.
    AnnouncementText
);
secret!(AnnouncementText);

impl AnnouncementText {
    pub const MAX: usize = 1000;
}

impl TryFrom<String> for AnnouncementText {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        let text = text.trim();
        storable(text)?;
        if !text.is_empty() {
            length(text, 1, Self::MAX)?;
        }
        Ok(Self(text.to_owned()))
    }
}

text!(
    /// What a reporter adds to a report: 1–500 Unicode scalars, any but U+0000.
    ReportNote
);
secret!(ReportNote);

impl ReportNote {
    pub const MAX: usize = 500;
}

impl TryFrom<String> for ReportNote {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        prose(text, Self::MAX).map(Self)
    }
}

text!(
    /// What comes with a friend request: one line of 1–100 Unicode scalars after trimming.
    Greeting
);
secret!(Greeting);

impl Greeting {
    pub const MAX: usize = 100;
}

impl TryFrom<String> for Greeting {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        one_line(&text, Self::MAX).map(Self)
    }
}

text!(
    /// A word by which conversations are sorted: 1–32 Unicode scalars after trimming, one visible line (R001-08).
    Label
);
visible!(Label);

impl Label {
    pub const MAX: usize = 32;
}

impl TryFrom<String> for Label {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        one_line(&text, Self::MAX).map(Self)
    }
}

text!(
    /// What stands in a composer and is not sent: up to 4096 Unicode scalars, so that a message that is too long can be
    /// shortened on another device; any but U+0000. Empty: nothing.
    #[derive(Default)]
    DraftText
);
secret!(DraftText);

impl DraftText {
    pub const MAX: usize = 4096;
}

impl TryFrom<String> for DraftText {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        match length(&text, 0, Self::MAX) {
            Ok(()) | Err(TextError::Empty) => {}
            Err(error) => return Err(error),
        }
        storable(&text)?;
        Ok(Self(text))
    }
}

fn one_line(text: &str, max: usize) -> Result<String, TextError> {
    let text = text.trim();
    length(text, 1, max)?;
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    match text.chars().find(|&c| hidden(c)) {
        Some(c) => Err(TextError::Character(c.into())),
        None => Ok(text.to_owned()),
    }
}

text!(
    /// The name of a picture: 32 hexadecimal digits of the hash of what was made of it (R003-06).
    AvatarHash
);
visible!(AvatarHash);

impl AvatarHash {
    pub const LEN: usize = 32;
}

impl TryFrom<String> for AvatarHash {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        length(&text, Self::LEN, Self::LEN)?;
        match text.chars().find(|c| !matches!(c, '0'..='9' | 'a'..='f')) {
            Some(c) => Err(TextError::Character(c.into())),
            None => Ok(Self(text)),
        }
    }
}

text!(
    /// A password on its way to the server: 8–128 Unicode scalars, never trimmed or truncated.
    Password
);
secret!(Password);

impl Password {
    pub const MIN: usize = 8;
    pub const MAX: usize = 128;
}

impl TryFrom<String> for Password {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        length(&text, Self::MIN, Self::MAX)?;
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R001-13: 1–2048 Unicode scalars, whatever their size in bytes or UTF-16 units.
    #[test]
    fn message_text_counts_unicode_scalars() {
        for unit in ["a", "好", "😀"] {
            assert!(MessageText::try_from(unit.repeat(2048)).is_ok());
            assert_eq!(MessageText::try_from(unit.repeat(2049)), Err(TextError::TooLong { max: 2048, len: 2049 }));
        }
        assert_eq!(MessageText::try_from(""), Err(TextError::Empty));
        assert_eq!(MessageText::try_from("a\0b"), Err(TextError::Character(0)));
        assert!(MessageText::try_from("tab\tbell\u{7f}").is_ok());
    }

    #[test]
    fn handles_fold_case_and_keep_to_ascii() {
        assert_eq!(Handle::try_from("Li-Si.2").map(String::from), Ok("li-si.2".to_owned()));
        for refused in ["", "a", "-ab", "李四四", "a b", "a\u{202e}b", &"a".repeat(33)] {
            assert!(Handle::try_from(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn display_names_are_one_visible_line() {
        assert_eq!(DisplayName::try_from("  李四 ").map(String::from), Ok("李四".to_owned()));
        for refused in ["", "  ", "a\nb", "a\u{202e}b", &"好".repeat(65)] {
            assert!(DisplayName::try_from(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn secrets_stay_out_of_debug_output() {
        assert_eq!(format!("{:?}", Password::try_from("hunter2hunter2")), "Ok(Password(…))");
        assert_eq!(format!("{:?}", MessageText::try_from("hello")), "Ok(MessageText(…))");
    }
}
