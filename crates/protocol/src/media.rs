//! Pictures in messages: what is told of one, and the limits of what may be sent.
//!
//! Invariants: a picture's bytes travel beside the message, under an id that nobody can guess and that is no permission by
//! itself; what stands in the message is enough to reserve its place on screen.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The largest file that a device may upload, in bytes.
pub const FILE_MAX: usize = 15 * 1024 * 1024;
/// The most pixels of such a file.
pub const FILE_PIXELS_MAX: u64 = 40_000_000;
/// The most pixels of what is kept of it: a larger one is made smaller.
pub const KEPT_PIXELS_MAX: u64 = 6_000_000;
/// The longer side of a thumbnail, at most, in pixels.
pub const THUMB_SIDE: u32 = 480;

/// The name of a medium: 128 random bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MediaId([u8; 16]);

/// A text is no name of a medium.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected 32 hexadecimal digits in lower case")]
pub struct NoMediaId;

impl MediaId {
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl FromStr for MediaId {
    type Err = NoMediaId;

    fn from_str(text: &str) -> Result<Self, NoMediaId> {
        let digits = text.as_bytes();
        if digits.len() != 32 || !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NoMediaId);
        }
        u128::from_str_radix(text, 16).map(|number| Self(number.to_be_bytes())).map_err(|_| NoMediaId)
    }
}

impl fmt::Display for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl TryFrom<String> for MediaId {
    type Error = NoMediaId;

    fn try_from(text: String) -> Result<Self, NoMediaId> {
        text.parse()
    }
}

impl From<MediaId> for String {
    fn from(id: MediaId) -> Self {
        id.to_string()
    }
}

/// A side of a picture, in pixels: 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Side(u32);

/// A number is no side of a picture.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected an integer from 1 to {max}", max = Side::MAX)]
pub struct NoSide;

impl Side {
    pub const MAX: u32 = 10_000;

    /// The number itself.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Side {
    type Error = NoSide;

    fn try_from(pixels: u32) -> Result<Self, NoSide> {
        if (1..=Self::MAX).contains(&pixels) { Ok(Self(pixels)) } else { Err(NoSide) }
    }
}

impl From<Side> for u32 {
    fn from(side: Side) -> Self {
        side.0
    }
}

/// The version of what a picture's message says; there is one so far (R004-F).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct ImageVersion;

/// A version that nobody knows yet.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected version 1")]
pub struct UnknownVersion;

impl TryFrom<u32> for ImageVersion {
    type Error = UnknownVersion;

    fn try_from(version: u32) -> Result<Self, UnknownVersion> {
        if version == 1 { Ok(Self) } else { Err(UnknownVersion) }
    }
}

impl From<ImageVersion> for u32 {
    fn from(_: ImageVersion) -> Self {
        1
    }
}

/// What a picture is kept as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mime {
    #[default]
    #[serde(rename = "image/jpeg")]
    Jpeg,
}

/// A picture in a message (R004-F 2), as `POST /media` answers it: 201 when it was made, 200 with the same when the key was
/// used for this very file before, 409 `client_id_reused` when it was used for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    pub v: ImageVersion,
    pub media: MediaId,
    pub width: Side,
    pub height: Side,
    /// The size of its file.
    pub bytes: u32,
    pub mime: Mime,
}

impl Image {
    /// The one line that stands for it where no language is known.
    pub const DIGEST: &str = "[图片]";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_media_are_32_digits() {
        let name = "00ff0123456789abcdef0123456789ab";
        assert_eq!(name.parse::<MediaId>().unwrap().to_string(), name);
        for refused in ["", "0", &name.to_uppercase(), &name[1..], "+0ff0123456789abcdef0123456789ab", &"0".repeat(33)]
        {
            assert_eq!(refused.parse::<MediaId>(), Err(NoMediaId), "{refused}");
        }
    }

    #[test]
    fn sides_are_within_bounds() {
        assert!([1, 10_000].into_iter().all(|pixels| Side::try_from(pixels).is_ok()));
        assert!([0, 10_001].into_iter().all(|pixels| Side::try_from(pixels).is_err()));
    }
}
