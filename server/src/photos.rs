//! Pictures that people send: decoded within the same bounds as those of people, and written anew in two sizes.
//!
//! Invariant: what is kept is a JPEG of our own, upright, without a word of what stood beside the pixels.

use crate::error::Refusal;
use crate::pictures::{NoPicture, Pictures, decode, encode, opaque};
use crate::places::Place;
use crate::store::Photo;
use image::RgbImage;
use image::imageops::{self, FilterType};
use protocol::media::{KEPT_PIXELS_MAX, THUMB_SIDE};

impl Pictures {
    /// Makes what is kept of a file: PNG, JPEG or WebP, known by what it holds.
    pub async fn photograph(&self, file: Vec<u8>, place: Place) -> Result<Photo, Refusal> {
        self.run_in(place, move || make(&file)).await
    }
}

fn make(file: &[u8]) -> Result<Photo, NoPicture> {
    let mut image = opaque(decode(file)?);
    let (width, height) = kept(image.width(), image.height());
    if (width, height) != image.dimensions() {
        image = smaller(image, width, height);
    }
    let whole = encode(&image)?;
    let scale = f64::from(THUMB_SIDE) / f64::from(width.max(height));
    let thumb = match scale < 1.0 {
        true => smaller(image, scaled(width, scale), scaled(height, scale)),
        false => image,
    };
    Ok(Photo { width, height, whole, thumb: encode(&thumb)? })
}

/// The sides that are kept of a picture: as they are, or so much smaller that the pixels are few enough. A long picture
/// stays as wide as it can, so that what is written in it can be read.
fn kept(width: u32, height: u32) -> (u32, u32) {
    let pixels = u64::from(width) * u64::from(height);
    if pixels <= KEPT_PIXELS_MAX {
        return (width, height);
    }
    let scale = (KEPT_PIXELS_MAX as f64 / pixels as f64).sqrt();
    (scaled(width, scale), scaled(height, scale))
}

fn scaled(side: u32, scale: f64) -> u32 {
    ((f64::from(side) * scale) as u32).max(1)
}

/// A quick way down most of the way, and a good one for the rest: that one takes sixteen bytes for each pixel of the old
/// width and the new height.
fn smaller(mut image: RgbImage, width: u32, height: u32) -> RgbImage {
    let (twice, more) = (image.width() / 2 > width, image.width() / 4 > width);
    if twice {
        let near = |side: u32, whole: u32| (if more { 2 * side } else { side + side / 2 }).min(whole);
        image = imageops::thumbnail(&image, near(width, image.width()), near(height, image.height()));
    }
    let filter = if more { FilterType::Lanczos3 } else { FilterType::CatmullRom };
    imageops::resize(&image, width, height, filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
    use std::io::Cursor;

    fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        image.into().write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn read(file: &[u8]) -> RgbImage {
        image::load_from_memory_with_format(file, ImageFormat::Jpeg).unwrap().to_rgb8()
    }

    /// R002-06: PNG, JPEG and WebP become a JPEG of the same sides and a thumbnail of the same shape.
    #[test]
    fn a_photo_keeps_its_shape() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let made = make(&file(RgbImage::from_pixel(1_000, 500, Rgb([9, 9, 200])), format)).unwrap();
            assert_eq!((made.width, made.height), (1_000, 500));
            assert_eq!(read(&made.whole).dimensions(), (1_000, 500));
            assert_eq!(read(&made.thumb).dimensions(), (480, 240));
        }
        let tiny = make(&file(RgbImage::new(1, 1), ImageFormat::Png)).unwrap();
        assert_eq!(read(&tiny.thumb).dimensions(), (1, 1));
        let strip = make(&file(RgbImage::new(10_000, 1), ImageFormat::Png)).unwrap();
        assert_eq!(read(&strip.thumb).dimensions(), (480, 1));
        assert_eq!(kept(8_000, 5_000), (3_098, 1_936));
        assert_eq!(kept(1_080, 10_000), (804, 7_453));
    }

    /// What is transparent is white, and a camera's word on how it was held turns the picture; nothing of what stood beside
    /// the pixels stays.
    #[test]
    fn a_photo_is_upright_and_says_nothing_else() {
        let clear = make(&file(RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0])), ImageFormat::Png)).unwrap();
        assert_eq!(read(&clear.whole).get_pixel(4, 4).0, [255, 255, 255]);
        let mut held = file(RgbImage::new(64, 32), ImageFormat::Jpeg);
        // Orientation 6: the camera lay on its side.
        let exif =
            b"\xff\xe1\x00\x2cExif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0GPS-31.23\0";
        held.splice(2..2, exif.iter().copied());
        held.extend_from_slice(b"PK\x03\x04");
        let made = make(&held).unwrap();
        assert_eq!((made.width, made.height), (32, 64));
        for kept in [made.whole, made.thumb] {
            for trace in [&b"Exif"[..], b"GPS", b"PK\x03\x04"] {
                assert!(!kept.windows(trace.len()).any(|window| window == trace));
            }
        }
    }
}
