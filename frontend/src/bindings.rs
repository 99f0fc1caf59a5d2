//! The few things of the browser that pictures and files need, each with the few of its methods that are called.

use js_sys::{Array, Function, Promise, Uint8ClampedArray};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Blob, EventTarget};

#[wasm_bindgen]
extern "C" {
    /// What is pasted or dropped.
    pub type DataTransfer;
    #[wasm_bindgen(method, getter)]
    pub fn files(this: &DataTransfer) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub fn types(this: &DataTransfer) -> Array;
    #[wasm_bindgen(method, setter, js_name = dropEffect)]
    pub fn set_drop_effect(this: &DataTransfer, effect: &str);

    /// An event that may bring something.
    pub type Bringing;
    #[wasm_bindgen(method, getter, js_name = clipboardData)]
    pub fn clipboard_data(this: &Bringing) -> Option<DataTransfer>;
    #[wasm_bindgen(method, getter, js_name = dataTransfer)]
    pub fn data_transfer(this: &Bringing) -> Option<DataTransfer>;
    #[wasm_bindgen(method, getter, js_name = relatedTarget)]
    pub fn related_target(this: &Bringing) -> Option<EventTarget>;

    /// A field for files.
    pub type FileField;
    #[wasm_bindgen(method, getter)]
    pub fn files(this: &FileField) -> JsValue;

    /// A file, which alone of all blobs has a name.
    pub type Named;
    #[wasm_bindgen(method, getter)]
    pub fn name(this: &Named) -> Option<String>;

    pub type ImageBitmap;
    #[wasm_bindgen(method, getter)]
    pub fn width(this: &ImageBitmap) -> u32;
    #[wasm_bindgen(method, getter)]
    pub fn height(this: &ImageBitmap) -> u32;
    #[wasm_bindgen(method)]
    pub fn close(this: &ImageBitmap);
    #[wasm_bindgen(catch, js_name = createImageBitmap)]
    pub fn create_image_bitmap(file: &Blob) -> Result<Promise, JsValue>;

    pub type Canvas;
    #[wasm_bindgen(method, setter)]
    pub fn set_width(this: &Canvas, pixels: u32);
    #[wasm_bindgen(method, setter)]
    pub fn set_height(this: &Canvas, pixels: u32);
    #[wasm_bindgen(method, js_name = getContext)]
    pub fn context(this: &Canvas, kind: &str) -> Option<Brush>;
    #[wasm_bindgen(method, js_name = toBlob)]
    pub fn to_blob(this: &Canvas, heard: &Function, mime: &str, quality: f64);

    /// What paints on a canvas.
    pub type Brush;
    #[wasm_bindgen(method, setter, js_name = fillStyle)]
    pub fn set_fill_style(this: &Brush, colour: &str);
    #[wasm_bindgen(method, setter, js_name = imageSmoothingQuality)]
    pub fn set_smoothing(this: &Brush, quality: &str);
    #[wasm_bindgen(method, js_name = fillRect)]
    pub fn fill_rect(this: &Brush, x: f64, y: f64, width: f64, height: f64);
    #[wasm_bindgen(method, js_name = drawImage)]
    pub fn draw_image(this: &Brush, image: &ImageBitmap, x: f64, y: f64, width: f64, height: f64);
    #[wasm_bindgen(method, catch, js_name = getImageData)]
    pub fn read(this: &Brush, x: f64, y: f64, width: f64, height: f64) -> Result<Pixels, JsValue>;

    pub type Pixels;
    #[wasm_bindgen(method, getter)]
    pub fn data(this: &Pixels) -> Uint8ClampedArray;

    #[derive(Clone, PartialEq)]
    pub type XmlHttpRequest;
    #[wasm_bindgen(constructor, catch, js_class = "XMLHttpRequest")]
    pub fn new() -> Result<XmlHttpRequest, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn open(this: &XmlHttpRequest, method: &str, url: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = setRequestHeader)]
    pub fn set_request_header(this: &XmlHttpRequest, name: &str, value: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn send(this: &XmlHttpRequest, body: &Blob) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    pub fn abort(this: &XmlHttpRequest);
    #[wasm_bindgen(method, setter)]
    pub fn set_onloadend(this: &XmlHttpRequest, heard: &Function);
    #[wasm_bindgen(method, getter)]
    pub fn upload(this: &XmlHttpRequest) -> EventTarget;
    #[wasm_bindgen(method, getter)]
    pub fn status(this: &XmlHttpRequest) -> u16;
    #[wasm_bindgen(method, getter, js_name = responseText)]
    pub fn response_text(this: &XmlHttpRequest) -> String;
}
