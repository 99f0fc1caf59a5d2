//! Pictures as the view shows them, and the one line that stands for a message in lists.

use crate::words::Words;
use protocol::{Image, MediaId, MessageBody};
use std::borrow::Cow;

/// The largest sides on screen, in CSS pixels, and the smallest.
const WIDE: f64 = 240.0;
const HIGH: f64 = 320.0;
const SMALL: f64 = 48.0;

/// A picture's place on screen, which is reserved before the picture is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    pub media: MediaId,
    pub width: u32,
    pub height: u32,
    /// Its own sides, in pixels.
    pub whole: (u32, u32),
}

impl Picture {
    pub fn of(image: &Image) -> Self {
        let (width, height) = (f64::from(image.width.get()), f64::from(image.height.get()));
        let scale = (WIDE / width).min(HIGH / height).min(1.0);
        let side = |pixels: f64| (pixels * scale).round().max(SMALL) as u32;
        let whole = (image.width.get(), image.height.get());
        Self { media: image.media, width: side(width), height: side(height), whole }
    }
}

/// One line for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Digest {
    Text(String),
    /// A picture, which each language has a word for.
    Picture,
    /// A file of this name, which each language has a word for.
    File(String),
}

impl Digest {
    pub fn of(body: &MessageBody, own: bool) -> Self {
        match body {
            MessageBody::File(file) => Self::File(file.name.to_string()),
            _ if body.image(own).is_some() => Self::Picture,
            _ => Self::Text(body.digest()),
        }
    }

    pub fn said<'d>(&'d self, words: &'static Words) -> Cow<'d, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Picture => words.picture_digest.into(),
            Self::File(name) => (words.file_digest)(name).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::media::{ImageVersion, Mime};

    /// A picture's place has its shape, fits the bubble, and can be pressed.
    #[test]
    fn a_place_fits_the_bubble() {
        let place = |width: u32, height: u32| {
            let (width, height) = (width.try_into().unwrap(), height.try_into().unwrap());
            let media = MediaId::from_bytes([0; 16]);
            let picture = Picture::of(&Image { v: ImageVersion, media, width, height, bytes: 1, mime: Mime::Jpeg });
            (picture.width, picture.height)
        };
        assert_eq!(place(4_000, 3_000), (240, 180));
        assert_eq!(place(3_000, 4_000), (240, 320));
        assert_eq!(place(100, 60), (100, 60));
        assert_eq!(place(1, 1), (48, 48));
        assert_eq!(place(800, 8_000), (48, 320));
        assert_eq!(place(10_000, 10), (240, 48));
    }
}
