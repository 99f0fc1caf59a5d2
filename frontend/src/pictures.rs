//! Pictures that a person chooses, pastes or drops: from the file to the outbox, and from there to the server.
//!
//! Invariants: a picture is kept on the device, as far as that keeps anything, before the engine hears of its message
//! (R004-A5); several go in the order in which they were chosen, each as a message of its own (R002-07).

use crate::bindings::{Bringing, DataTransfer, FileField, ImageBitmap, create_image_bitmap};
use crate::browser::{self, after, document};
use crate::driver::Driver;
use crate::storage::Storage;
use crate::upload;
use js_sys::{Array, Promise};
use protocol::media::{ImageVersion, Mime, Side};
use protocol::{ClientId, ConversationId, Image, MediaId};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use sync::{Failure, RequestId, Unsent};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Event, HtmlInputElement, Url};

/// A picture whose write takes longer is sent all the same, in milliseconds.
const PATIENCE: u64 = 5_000;
/// How many pictures that were sent are shown from this device, and not fetched.
const SHOWN: usize = 40;

/// The pictures of this page.
#[derive(Default)]
pub struct Pictures {
    /// Those that are not on the server yet.
    waiting: RefCell<HashMap<ClientId, Blob>>,
    /// The addresses under which they are shown, the oldest first.
    shown: RefCell<VecDeque<(ClientId, String)>>,
    /// Those whose message is on the server, or was given up.
    over: RefCell<Vec<ClientId>>,
}

impl Pictures {
    /// The file of a message, from memory or from what is kept.
    pub async fn file(&self, id: ClientId, storage: &Storage) -> Option<Blob> {
        let waiting = self.waiting.borrow().get(&id).cloned();
        match waiting {
            Some(file) => Some(file),
            None => storage.picture(id).await,
        }
    }

    /// The address under which the picture is shown; a new one is the second of the two.
    fn show(&self, id: ClientId, file: &Blob) -> Option<String> {
        if self.shown.borrow().iter().any(|(shown, _)| *shown == id) {
            return None;
        }
        let source = Url::create_object_url_with_blob(file).ok()?;
        self.shown.borrow_mut().push_back((id, source.clone()));
        Some(source)
    }

    /// The message is on the server, or was given up. Answers which picture is not shown from here any more.
    pub fn forget(&self, id: ClientId) -> Option<ClientId> {
        self.waiting.borrow_mut().remove(&id);
        self.over.borrow_mut().push(id);
        let mut shown = self.shown.borrow_mut();
        if shown.len() <= SHOWN {
            return None;
        }
        let place = shown.iter().position(|(shown, _)| self.over.borrow().contains(shown))?;
        let (gone, source) = shown.remove(place)?;
        let _ = Url::revoke_object_url(&source);
        Some(gone)
    }
}

/// Listens for pictures for as long as the page lives.
pub fn listen(driver: &Rc<Driver>) {
    use crate::events::on;
    let document = document();
    on(&document, "change", driver, |driver, event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input.filter(|input| input.id() == "pictures") {
            choose(driver, &input.unchecked_ref::<FileField>().files());
            // The same file can be chosen again.
            input.set_value("");
        }
    });
    on(&document, "paste", driver, |driver, event| {
        take(driver, event, event.unchecked_ref::<Bringing>().clipboard_data());
    });
    on(&document, "dragover", driver, |_, event| {
        let files = |data: DataTransfer| data.types().includes(&"Files".into(), 0);
        if browser::conversation().is_some() && event.unchecked_ref::<Bringing>().data_transfer().is_some_and(files) {
            event.prevent_default();
        }
    });
    on(&document, "drop", driver, |driver, event| {
        take(driver, event, event.unchecked_ref::<Bringing>().data_transfer());
    });
}

/// Takes the files of what is pasted or dropped; what has none is the browser's affair.
fn take(driver: &Rc<Driver>, event: &Event, data: Option<DataTransfer>) {
    let Some(files) = data.map(|data| data.files()).filter(|files| Array::from(files).length() > 0) else { return };
    if browser::conversation().is_some() {
        event.prevent_default();
        choose(driver, &files);
    }
}

/// Sends the files to the conversation that is open, one after another.
fn choose(driver: &Rc<Driver>, files: &JsValue) {
    let Some(conversation) = browser::conversation() else { return };
    // The list is the input's own, and is emptied with it.
    let files: Vec<Blob> = Array::from(files).iter().filter_map(|file| file.dyn_into().ok()).collect();
    let driver = driver.clone();
    spawn_local(async move {
        for file in files {
            send(&driver, conversation, file).await;
        }
    });
}

async fn send(driver: &Rc<Driver>, conversation: ConversationId, file: Blob) {
    let id = browser::fresh_client_id();
    let Some(image) = measure(id, &file).await else { return driver.tell(app::live::Live::no_picture) };
    let Some((pictures, storage)) = driver.keeps_pictures() else { return };
    pictures.waiting.borrow_mut().insert(id, file.clone());
    if let Some(kept) = storage.keep_picture(id, &file) {
        // Where it cannot be kept, it is sent all the same.
        let _ = JsFuture::from(Promise::race(&Array::of2(&kept, &after(PATIENCE)))).await;
    }
    show(driver, pictures, id, &file);
    driver.send_picture(id, conversation, image);
}

/// Shows what this device sends, from here.
pub fn show(driver: &Rc<Driver>, pictures: &Pictures, id: ClientId, file: &Blob) {
    if let Some(source) = pictures.show(id, file) {
        driver.tell(move |live| live.has_picture(id, Some(source)));
    }
}

/// What is known of a picture before the server has it; nothing of what the browser cannot show.
async fn measure(id: ClientId, file: &Blob) -> Option<Image> {
    let known = ["image/png", "image/jpeg", "image/webp"].contains(&file.type_().as_str());
    let decoded = create_image_bitmap(file).ok().filter(|_| known)?;
    let bitmap: ImageBitmap = JsFuture::from(decoded).await.ok()?.unchecked_into();
    let side = |pixels: u32| Side::try_from(pixels.clamp(1, Side::MAX)).ok();
    let (width, height) = (side(bitmap.width())?, side(bitmap.height())?);
    bitmap.close();
    let (media, bytes) = (MediaId::from_bytes(*id.as_bytes()), file.size() as u32);
    Some(Image { v: ImageVersion, media, width, height, bytes, mime: Mime::Jpeg })
}

/// Shows a picture that this device sends, from what is kept.
pub fn show_kept(driver: &Rc<Driver>, id: ClientId) {
    let driver = driver.clone();
    spawn_local(async move {
        let Some((pictures, storage)) = driver.keeps_pictures() else { return };
        if let Some(file) = pictures.file(id, storage).await {
            show(&driver, pictures, id, &file);
        }
    });
}

/// Whether a message that is not sent yet has a picture.
pub fn has(unsent: &Unsent) -> bool {
    unsent.body.image(true).is_some()
}

/// Uploads the picture of a message, and tells how far it has come.
pub fn upload(driver: &Rc<Driver>, id: RequestId, key: ClientId) {
    let driver = driver.clone();
    spawn_local(async move {
        let Some((pictures, storage)) = driver.keeps_pictures() else { return };
        let written = driver.written(key);
        if let Some(written) = written {
            // Where it cannot be kept, it is sent all the same.
            let _ = JsFuture::from(written).await;
        }
        let answer = match pictures.file(key, storage).await {
            Some(file) => {
                driver.tell(move |live| live.uploading(key, Some(0)));
                let teller = driver.clone();
                let progress = move |percent| teller.tell(move |live| live.uploading(key, Some(percent)));
                upload::send(key, &file, progress).await
            }
            None => Err(Failure::Refused(upload::lost())),
        };
        driver.tell(move |live| live.uploading(key, None));
        driver.answered(id, answer);
    });
}
