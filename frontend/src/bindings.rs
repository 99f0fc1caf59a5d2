//! The few things of the browser that pictures need, bound here: taking them from `web-sys` would have it, and all that stands
//! on it, built anew.

use js_sys::{Array, Function, Promise};
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

    /// An event that may bring something.
    pub type Bringing;
    #[wasm_bindgen(method, getter, js_name = clipboardData)]
    pub fn clipboard_data(this: &Bringing) -> Option<DataTransfer>;
    #[wasm_bindgen(method, getter, js_name = dataTransfer)]
    pub fn data_transfer(this: &Bringing) -> Option<DataTransfer>;

    /// A field for files.
    pub type FileField;
    #[wasm_bindgen(method, getter)]
    pub fn files(this: &FileField) -> JsValue;

    pub type ImageBitmap;
    #[wasm_bindgen(method, getter)]
    pub fn width(this: &ImageBitmap) -> u32;
    #[wasm_bindgen(method, getter)]
    pub fn height(this: &ImageBitmap) -> u32;
    #[wasm_bindgen(method)]
    pub fn close(this: &ImageBitmap);
    #[wasm_bindgen(catch, js_name = createImageBitmap)]
    pub fn create_image_bitmap(file: &Blob) -> Result<Promise, JsValue>;

    pub type XmlHttpRequest;
    #[wasm_bindgen(constructor, catch, js_class = "XMLHttpRequest")]
    pub fn new() -> Result<XmlHttpRequest, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn open(this: &XmlHttpRequest, method: &str, url: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn send(this: &XmlHttpRequest, body: &Blob) -> Result<(), JsValue>;
    #[wasm_bindgen(method, setter)]
    pub fn set_timeout(this: &XmlHttpRequest, millis: u32);
    #[wasm_bindgen(method, setter)]
    pub fn set_onloadend(this: &XmlHttpRequest, heard: &Function);
    #[wasm_bindgen(method, getter)]
    pub fn upload(this: &XmlHttpRequest) -> EventTarget;
    #[wasm_bindgen(method, getter)]
    pub fn status(this: &XmlHttpRequest) -> u16;
    #[wasm_bindgen(method, getter, js_name = responseText)]
    pub fn response_text(this: &XmlHttpRequest) -> String;
}
