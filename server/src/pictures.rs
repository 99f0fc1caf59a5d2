//! Pictures of people: decoded within bounds, cut square and written anew, so that nothing else of a file comes in.
//!
//! Invariants: one picture is decoded at a time; [`WAITING`] of people wait and [`RECEIVED`] for messages, [`OF_ONE`] of each
//! account, and none of the former behind more than one of the latter. A header is believed only within [`PIXELS`] and
//! [`SIDE`], before anything is decoded, and what is decoded has [`MEMORY`]. What is kept is a JPEG of our own, without a word
//! of what stood beside the pixels: no place, no date, no second file behind the first.

use crate::error::Refusal;
use crate::places::{Place, Places};
use crate::store::avatars::Picture;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage};
use protocol::media::{FILE_PIXELS_MAX, Side};
use protocol::profile::Crop;
use sha2::{Digest, Sha256};
use std::io::Cursor;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The largest file, in bytes.
pub const BYTES: usize = 5 * 1024 * 1024;
/// The sides of what is kept, in pixels.
pub const SMALL: u32 = 96;
pub const LARGE: u32 = 256;

const WAITING: usize = 16;
/// Files for messages that are in memory at the same time, while they are read and until they are decoded: so what was read is
/// never refused for want of a place.
const RECEIVED: usize = 24;
/// The same of one account, so that nobody who sends slowly takes the places of all.
const OF_ONE: usize = 4;
const SIDE: u32 = Side::MAX;
const PIXELS: u64 = FILE_PIXELS_MAX;
/// What a decoder may take for itself and for what it decodes, in bytes.
const MEMORY: u64 = 256 * 1024 * 1024;
const QUALITY: u8 = 85;

/// The pool; cheap to clone.
#[derive(Clone)]
pub struct Pictures {
    running: Arc<Semaphore>,
    avatars: Arc<Semaphore>,
    /// One picture for a message stands in line for the decoder, the others behind it.
    next: Arc<Semaphore>,
    /// What waits in memory is bounded: a place is held from before a file is read until it is decoded or dropped.
    pub places: Places,
}

impl Default for Pictures {
    fn default() -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self {
            running: places(1),
            avatars: places(1 + WAITING),
            next: places(1),
            places: Places::new(RECEIVED, OF_ONE),
        }
    }
}

impl Pictures {
    /// Makes a picture of a file: PNG, JPEG or WebP, known by what it holds and not by what it is called.
    pub async fn make(&self, file: Vec<u8>, crop: Option<Crop>) -> Result<Picture, Refusal> {
        let place = self.avatars.clone().try_acquire_owned().map_err(|_| Refusal::unavailable())?;
        self.run("avatar", place, move || make(&file, crop)).await
    }

    /// Makes something of a file for a message, when its turn comes.
    pub async fn run_in<T: Send + 'static>(
        &self,
        place: Place,
        make: impl FnOnce() -> Result<T, NoPicture> + Send + 'static,
    ) -> Result<T, Refusal> {
        let next = self.next.clone().acquire_owned().await.map_err(|_| Refusal::unavailable())?;
        self.run("picture", (place, next), make).await
    }

    async fn run<T: Send + 'static>(
        &self,
        field: &str,
        held: impl Send + 'static,
        make: impl FnOnce() -> Result<T, NoPicture> + Send + 'static,
    ) -> Result<T, Refusal> {
        let permit = self.running.clone().acquire_owned().await.map_err(|_| Refusal::unavailable())?;
        // The permit and what is held are given back when the work ends, even if the caller is gone by then.
        let done = tokio::task::spawn_blocking(move || {
            let _held = (held, permit);
            make()
        });
        let made = done.await.map_err(|_| Refusal::internal())?;
        made.map_err(|why| Refusal::field(field, &why.to_string()))
    }
}

/// Why a file is no picture.
#[derive(Debug, thiserror::Error)]
pub enum NoPicture {
    #[error("expected a PNG, JPEG or WebP picture")]
    Format,
    #[error("the picture is too large: at most {SIDE} pixels a side and 40 megapixels")]
    TooLarge,
    #[error("the picture is damaged")]
    Damaged,
}

impl From<ImageError> for NoPicture {
    fn from(error: ImageError) -> Self {
        if matches!(error, ImageError::Limits(_)) { Self::TooLarge } else { Self::Damaged }
    }
}

fn make(file: &[u8], crop: Option<Crop>) -> Result<Picture, NoPicture> {
    let whole = decode(file)?;
    let (width, height) = (whole.width(), whole.height());
    let side = width.min(height);
    let crop = crop.unwrap_or(Crop { x: (width - side) / 2, y: (height - side) / 2, size: side });
    let size = crop.size.clamp(1, side);
    let square = whole.crop_imm(crop.x.min(width - size), crop.y.min(height - size), size, size);
    drop(whole);
    // A quick way down most of the way, and a good one for the rest.
    let square = if size > 4 * LARGE { square.thumbnail_exact(2 * LARGE, 2 * LARGE) } else { square };
    let large = imageops::resize(&opaque(square), LARGE, LARGE, FilterType::Lanczos3);
    let small = imageops::resize(&large, SMALL, SMALL, FilterType::Lanczos3);
    let (large, small) = (encode(&large)?, encode(&small)?);
    let hash: String = Sha256::digest(&large).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(Picture { hash: hash.try_into().map_err(|_| NoPicture::Damaged)?, small, large })
}

/// Decodes a file within the bounds, upright.
pub fn decode(file: &[u8]) -> Result<DynamicImage, NoPicture> {
    let format = image::guess_format(file).map_err(|_| NoPicture::Format)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return Err(NoPicture::Format);
    }
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(SIDE), Some(SIDE), Some(MEMORY));
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(NoPicture::Damaged);
    }
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(NoPicture::TooLarge);
    }
    // What is decoded counts, too.
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    // A camera writes down how it was held: without that, portraits would lie on their side.
    let orientation = decoder.orientation()?;
    let mut whole = DynamicImage::from_decoder(decoder)?;
    whole.apply_orientation(orientation);
    Ok(whole)
}

/// The picture on white, in eight bits a colour: before it is resized, so that no colour shines through that was transparent.
pub fn opaque(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0;
        let over = |colour: u8| {
            let (colour, alpha) = (u16::from(colour), u16::from(alpha));
            u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
        };
        Rgb([over(red), over(green), over(blue)])
    })
}

/// The picture as a JPEG.
pub fn encode(image: &RgbImage) -> Result<Vec<u8>, NoPicture> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, QUALITY).encode_image(image)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture whose left half is red and whose right half is blue.
    fn halves(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let image =
            RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
        let mut file = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(image).write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn colour(file: &[u8]) -> &'static str {
        let image = image::load_from_memory(file).unwrap().to_rgb8();
        let [red, _, blue] = image.get_pixel(image.width() / 2, image.height() / 2).0;
        if red > blue { "red" } else { "blue" }
    }

    /// R003-06: PNG, JPEG and WebP become two squares of fixed sizes, cut where the person says, or in the middle.
    #[test]
    fn a_picture_is_cut_square_where_one_says() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let file = halves(400, 100, format);
            for (x, expected) in [(0, "red"), (300, "blue"), (u32::MAX, "blue")] {
                let made = make(&file, Some(Crop { x, y: 0, size: 100 })).unwrap();
                assert_eq!(colour(&made.large), expected, "{format:?} {x}");
                let sides = [&made.small, &made.large].map(|file| image::load_from_memory(file).unwrap().width());
                assert_eq!(sides, [SMALL, LARGE]);
            }
        }
        // Larger than the picture, and nothing at all, are clamped.
        let file = halves(40, 40, ImageFormat::Png);
        let hash = |crop| make(&file, crop).unwrap().hash;
        assert_eq!(hash(Some(Crop { x: 9, y: 9, size: 4_000 })), hash(None));
        assert!(make(&file, Some(Crop { x: 0, y: 0, size: 0 })).is_ok());
    }

    /// A header that promises 64k × 64k pixels is refused before anything is decoded, and so is what is cut off or no
    /// picture.
    #[test]
    fn bombs_and_ruins_are_refused() {
        let mut bomb = halves(8, 8, ImageFormat::Png);
        bomb.splice(16..24, [0, 1, 0, 0, 0, 1, 0, 0]);
        let sum = crc(bomb.get(12..29).unwrap());
        bomb.splice(29..33, sum.to_be_bytes());
        assert!(matches!(make(&bomb, None), Err(NoPicture::TooLarge)));
        // 40 megapixels, of 16 bits in four channels: within the sides, and more than is decoded.
        let mut deep = halves(8, 8, ImageFormat::Png);
        deep.splice(16..26, [0, 0, 0x1f, 0x40, 0, 0, 0x13, 0x88, 16, 6]);
        let sum = crc(deep.get(12..29).unwrap());
        deep.splice(29..33, sum.to_be_bytes());
        assert!(matches!(make(&deep, None), Err(NoPicture::TooLarge)));
        let whole = halves(400, 400, ImageFormat::Png);
        assert!(matches!(make(whole.get(..whole.len() / 2).unwrap(), None), Err(NoPicture::Damaged)));
        for file in [&b""[..], b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"] {
            assert!(matches!(make(file, None), Err(NoPicture::Format)));
        }
    }

    /// What stands beside the pixels does not come in: neither EXIF nor another file behind the picture.
    #[test]
    fn nothing_but_pixels_comes_in() {
        let mut file = halves(64, 64, ImageFormat::Jpeg);
        let exif = b"\xff\xe1\x00\x20Exif\0\0II*\0\x08\0\0\0\0\0GPS-31.2304N\0\0\0\0";
        file.splice(2..2, exif.iter().copied());
        file.extend_from_slice(b"PK\x03\x04<script>alert(1)</script>");
        let made = make(&file, None).unwrap();
        for kept in [made.small, made.large] {
            for trace in [&b"Exif"[..], b"GPS", b"<script>", b"PK\x03\x04"] {
                assert!(!kept.windows(trace.len()).any(|window| window == trace));
            }
        }
    }

    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (!(sum & 1)).wrapping_add(1)))
        })
    }
}
