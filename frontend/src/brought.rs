//! Pictures and files that a person brings: chosen with the composer's buttons, pasted into it, or dropped on the
//! conversation.
//!
//! Invariant: they go where the composer is, and only while it can be written in.

use crate::attachments;
use crate::bindings::{Bringing, DataTransfer, FileField, Named};
use crate::browser::{self, document};
use crate::driver::Driver;
use crate::events::on;
use app::live::Live;
use app::live::attachment::Attachment;
use js_sys::Array;
use protocol::FileName;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use web_sys::{Blob, Element, Event, HtmlInputElement, Node};

/// What a person brings, and as what it is sent.
pub enum Brought {
    Picture(Blob),
    File(Blob),
}

impl Brought {
    /// Whatever shows as a picture goes as one, unless a person says otherwise.
    fn by_kind(file: Blob) -> Self {
        if PICTURES.contains(&file.type_().as_str()) { Self::Picture(file) } else { Self::File(file) }
    }

    pub fn what(&self) -> Attachment {
        match self {
            Self::Picture(_) => Attachment::Picture,
            Self::File(_) => Attachment::File,
        }
    }
}

/// What the device calls a file.
pub fn name(file: &Blob) -> FileName {
    FileName::near(&file.unchecked_ref::<Named>().name().unwrap_or_default())
}

/// The kinds of files that can be sent as pictures.
pub const PICTURES: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

/// A drag over the page.
#[derive(Default)]
struct Drag {
    /// What of this page is dragged. It is no news to anybody here.
    own: RefCell<Option<Node>>,
    /// It is where it can be dropped.
    over: Cell<bool>,
}

impl Drag {
    /// The files that it brings from elsewhere.
    fn data(&self, event: &Event) -> Option<DataTransfer> {
        let own = self.own.borrow().as_ref().is_some_and(Node::is_connected);
        let data = event.unchecked_ref::<Bringing>().data_transfer()?;
        (!own && data.types().includes(&"Files".into(), 0)).then_some(data)
    }

    fn show(&self, driver: &Rc<Driver>, over: bool) {
        if self.over.replace(over) != over {
            driver.tell(move |live: &mut Live| live.dropping(over));
        }
    }
}

/// Listens for as long as the page lives.
pub fn listen(driver: &Rc<Driver>) {
    let document = document();
    on(&document, "change", driver, |driver, event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        let wish = match input.id().as_str() {
            "pictures" => Brought::Picture,
            // A narrow screen has one button for both.
            "files" if app::wide() => Brought::File,
            "files" => Brought::by_kind,
            _ => return,
        };
        send(driver, &input.unchecked_ref::<FileField>().files(), wish);
        // The same file can be chosen again.
        input.set_value("");
    });
    on(&document, "paste", driver, |driver, event| {
        let Some(data) = event.unchecked_ref::<Bringing>().clipboard_data() else { return };
        // Cells of a table, say, come as a text and as a picture of it; a copied file comes with its name alone.
        let has = |kind: &str| data.types().includes(&kind.into(), 0);
        let text = has("text/plain") && (has("text/html") || has("text/rtf"));
        if !text && can_write() && !into_another_field(event) && send(driver, &data.files(), Brought::by_kind) {
            event.prevent_default();
        }
    });
    let drag = Rc::new(Drag::default());
    let begun = drag.clone();
    on(&document, "dragstart", driver, move |_, event| {
        *begun.own.borrow_mut() = event.target().and_then(|target| target.dyn_into().ok());
    });
    let ended = drag.clone();
    on(&document, "dragend", driver, move |_, _| drop(ended.own.take()));
    let moved = drag.clone();
    on(&document, "dragover", driver, move |driver, event| {
        let Some(data) = moved.data(event) else { return };
        // Elsewhere the browser would leave the page for the file.
        event.prevent_default();
        let over = can_write() && over_conversation(event);
        if !over {
            data.set_drop_effect("none");
        }
        moved.show(driver, over);
    });
    let left = drag.clone();
    on(&document, "dragleave", driver, move |driver, event| {
        if event.unchecked_ref::<Bringing>().related_target().is_none() {
            left.show(driver, false);
        }
    });
    on(&document, "drop", driver, move |driver, event| {
        drag.show(driver, false);
        if let Some(data) = drag.data(event) {
            event.prevent_default();
            if can_write() && over_conversation(event) {
                send(driver, &data.files(), Brought::by_kind);
            }
        }
    });
}

/// Whether the composer is there, and nothing lies over it.
fn can_write() -> bool {
    let there = |selector| matches!(document().query_selector(selector), Ok(Some(_)));
    there(".composer:not([hidden])") && !there("dialog[open]")
}

fn around(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

fn into_another_field(event: &Event) -> bool {
    around(event, "input, textarea, select").is_some() && around(event, ".composer").is_none()
}

fn over_conversation(event: &Event) -> bool {
    around(event, ".chat").is_some()
}

/// Sends files to the conversation that is open; tells whether there are any.
fn send(driver: &Rc<Driver>, files: &JsValue, wish: fn(Blob) -> Brought) -> bool {
    // The list is the input's own, and is emptied with it.
    let files = Array::from(files).into_iter().filter_map(|file| file.dyn_into().ok());
    let files: Vec<Brought> = files.map(wish).collect();
    let Some(conversation) = browser::conversation().filter(|_| !files.is_empty()) else { return false };
    attachments::choose(driver, conversation, files);
    true
}
