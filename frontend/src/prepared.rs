//! What of a file goes out: decoded by the browser, and made smaller where the server would keep less of it anyway, so that
//! no link carries in vain what is thrown away (R002-06).
//!
//! Invariant: a picture that is prepared lies in memory, so that it stays as it is when the file changes or goes.

use crate::bindings::{Brush, Canvas, ImageBitmap, create_image_bitmap};
use crate::brought::{self, Brought, PICTURES};
use crate::browser::document;
use js_sys::{Array, Promise};
use protocol::file::{FileBytes, FileVersion};
use protocol::media::{FILE_MAX, FILE_PIXELS_MAX, ImageVersion, KEPT_PIXELS_MAX, Mime, Side};
use protocol::{ClientId, File, Image, MediaId, MessageBody};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

/// A file that is larger is written anew, in bytes.
const LARGE: f64 = 4.0 * 1024.0 * 1024.0;
/// One that is larger is not even decoded, in bytes.
const HUGE: f64 = 4.0 * FILE_MAX as f64;
const QUALITY: f64 = 0.9;
/// Something to paint and to read again.
const PROBE: (&str, [u8; 3]) = ("rgb(20 120 220)", [20, 120, 220]);

/// What is uploaded of what a person brings, and what is known of it before the server has it; nothing of what cannot be sent.
pub async fn prepare(id: ClientId, brought: Brought) -> Option<(Blob, MessageBody)> {
    match brought {
        Brought::Picture(file) => picture(id, &file).await.map(|(file, image)| (file, MessageBody::Image(image))),
        Brought::File(file) => {
            let told = known(id, &file)?;
            // A folder, and a file that is gone, cannot be read.
            let first = file.slice_with_f64_and_f64(0.0, 1.0).ok()?;
            JsFuture::from(first.array_buffer()).await.ok()?;
            Some((file, MessageBody::File(told)))
        }
    }
}

/// What is known of a file.
fn known(id: ClientId, file: &Blob) -> Option<File> {
    let bytes = FileBytes::try_from(file.size() as u64).ok()?;
    Some(File { v: FileVersion, media: MediaId::from_bytes(*id.as_bytes()), name: brought::name(file), bytes })
}

async fn picture(id: ClientId, file: &Blob) -> Option<(Blob, Image)> {
    if !PICTURES.contains(&file.type_().as_str()) || file.size() > HUGE {
        return None;
    }
    let bitmap: ImageBitmap = JsFuture::from(create_image_bitmap(file).ok()?).await.ok()?.unchecked_into();
    let whole = (bitmap.width(), bitmap.height());
    let kept = kept(whole);
    let smaller = if kept != whole || file.size() > LARGE { paint(&bitmap, kept).await } else { None };
    bitmap.close();
    let ((width, height), file) = match smaller {
        Some(smaller) => (kept, smaller),
        None => (whole, copy(file).await?),
    };
    if file.size() > FILE_MAX as f64 || u64::from(width) * u64::from(height) > FILE_PIXELS_MAX {
        return None;
    }
    let (width, height) = (Side::try_from(width).ok()?, Side::try_from(height).ok()?);
    let (media, bytes) = (MediaId::from_bytes(*id.as_bytes()), file.size() as u32);
    Some((file, Image { v: ImageVersion, media, width, height, bytes, mime: Mime::Jpeg }))
}

/// The sides that are sent of a picture.
fn kept((width, height): (u32, u32)) -> (u32, u32) {
    let (wide, high) = (f64::from(width), f64::from(height));
    let scale = (KEPT_PIXELS_MAX as f64 / (wide * high)).sqrt().min(f64::from(Side::MAX) / wide.max(high));
    let side = |pixels: f64| ((pixels * scale) as u32).max(1);
    if scale < 1.0 { (side(wide), side(high)) } else { (width, height) }
}

/// A JPEG of these sides, white where the picture is transparent. Nothing where the browser does not let pages paint, or
/// does not tell them what they have painted.
async fn paint(bitmap: &ImageBitmap, (width, height): (u32, u32)) -> Option<Blob> {
    let canvas: Canvas = document().create_element("canvas").ok()?.unchecked_into();
    canvas.set_width(width);
    canvas.set_height(height);
    let brush = canvas.context("2d")?;
    if !tells_the_truth(&brush) {
        return None;
    }
    let (width, height) = (f64::from(width), f64::from(height));
    brush.set_fill_style("white");
    brush.fill_rect(0.0, 0.0, width, height);
    brush.set_smoothing("high");
    brush.draw_image(bitmap, 0.0, 0.0, width, height);
    let made = Promise::new(&mut |resolve, _| canvas.to_blob(&resolve, "image/jpeg", QUALITY));
    let made = JsFuture::from(made).await.ok()?.dyn_into().ok();
    // A browser bounds what all canvases hold together.
    canvas.set_width(0);
    canvas.set_height(0);
    made
}

/// Some browsers answer with noise, lest pages recognise them.
fn tells_the_truth(brush: &Brush) -> bool {
    let (colour, expected) = PROBE;
    brush.set_fill_style(colour);
    brush.fill_rect(0.0, 0.0, 1.0, 1.0);
    let read = brush.read(0.0, 0.0, 1.0, 1.0).map(|read| read.data().to_vec()).unwrap_or_default();
    read.len() >= expected.len() && read.iter().zip(expected).all(|(read, painted)| read.abs_diff(painted) < 8)
}

async fn copy(file: &Blob) -> Option<Blob> {
    let bytes = JsFuture::from(file.array_buffer()).await.ok()?;
    let copy = Blob::new_with_buffer_source_sequence(&Array::of1(&bytes)).ok()?;
    copy.slice_with_f64_and_f64_and_content_type(0.0, copy.size(), &file.type_()).ok()
}
