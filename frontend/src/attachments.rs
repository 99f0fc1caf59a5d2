//! Pictures and files that this page sends: from what a person has chosen to the outbox, and from there to the server.
//!
//! Invariants: either is kept on the device, as far as that keeps anything, before the engine hears of its message
//! (R004-A5); those chosen together go in the order in which they were chosen, each as a message of its own and with nothing
//! between them (R002-07).

use crate::bindings::XmlHttpRequest;
use crate::brought::Brought;
use crate::browser::{self, after};
use crate::driver::Driver;
use crate::prepared::prepare;
use crate::storage::Storage;
use crate::upload;
use app::live::attachment::Attachment;
use js_sys::{Array, Promise};
use protocol::{ClientId, ConversationId, MessageBody};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use sync::tabs::Word;
use sync::{Answer, Failure, Input, RequestId, Unsent};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Url};

/// What takes longer to be written is sent all the same, in milliseconds.
const PATIENCE: u64 = 5_000;
/// Preparing is told of when it takes longer, in milliseconds.
const LONG: u64 = 400;
/// How many pictures that were sent are shown from this device, and not fetched.
const SHOWN: usize = 40;
/// While one is on its way the other pages are told so at least this often, in milliseconds.
const BEAT: u64 = 2_000;

/// The pictures and files of this page.
#[derive(Default)]
pub struct Attachments {
    /// What was chosen and is not prepared yet.
    chosen: RefCell<VecDeque<(ConversationId, Vec<Brought>)>>,
    /// How many of them, and of those in preparation.
    preparing: Cell<usize>,
    /// Those that are not on the server yet.
    waiting: RefCell<HashMap<ClientId, Blob>>,
    /// Those on their way.
    flying: RefCell<HashMap<ClientId, XmlHttpRequest>>,
    /// The pictures that are shown from here, the oldest first.
    shown: RefCell<VecDeque<Shown>>,
}

struct Shown {
    id: ClientId,
    source: String,
    /// Its message is on the server, or was given up.
    over: bool,
}

impl Attachments {
    /// Whether something that was chosen would be lost with the page.
    pub fn prepares(&self) -> bool {
        self.preparing.get() > 0
    }

    /// The file of a message, from memory or from what is kept.
    async fn file(&self, id: ClientId, storage: &Storage) -> Option<Blob> {
        let waiting = self.waiting.borrow().get(&id).cloned();
        match waiting {
            Some(file) => Some(file),
            None => storage.attachment(id).await,
        }
    }

    /// The address under which the picture is shown, if that is a new one.
    fn show(&self, id: ClientId, file: &Blob) -> Option<String> {
        if self.shown.borrow().iter().any(|shown| shown.id == id) {
            return None;
        }
        let source = Url::create_object_url_with_blob(file).ok()?;
        self.shown.borrow_mut().push_back(Shown { id, source: source.clone(), over: false });
        Some(source)
    }

    /// The message is on the server, or was given up. Answers which picture is not shown from here any more.
    pub fn forget(&self, id: ClientId) -> Option<ClientId> {
        self.waiting.borrow_mut().remove(&id);
        let flying = self.flying.borrow_mut().remove(&id);
        if let Some(request) = flying {
            request.abort();
        }
        let mut shown = self.shown.borrow_mut();
        shown.iter_mut().filter(|shown| shown.id == id).for_each(|shown| shown.over = true);
        if shown.len() <= SHOWN {
            return None;
        }
        let place = shown.iter().position(|shown| shown.over)?;
        let gone = shown.remove(place)?;
        let _ = Url::revoke_object_url(&gone.source);
        Some(gone.id)
    }

    fn flies(&self, id: ClientId, request: &XmlHttpRequest) -> bool {
        self.flying.borrow().get(&id) == Some(request)
    }
}

/// Sends what was chosen to a conversation, after what was chosen before.
pub fn choose(driver: &Rc<Driver>, conversation: ConversationId, brought: Vec<Brought>) {
    let Some((attachments, _)) = driver.keeps_attachments() else { return };
    if brought.is_empty() {
        return;
    }
    let before = attachments.preparing.get();
    attachments.preparing.set(before + brought.len());
    attachments.chosen.borrow_mut().push_back((conversation, brought));
    tell_when_it_takes_long(driver);
    if before > 0 {
        return;
    }
    let driver = driver.clone();
    spawn_local(async move {
        let Some((attachments, storage)) = driver.keeps_attachments() else { return };
        loop {
            let Some((conversation, brought)) = attachments.chosen.borrow_mut().pop_front() else { break };
            let count = brought.len();
            send(&driver, attachments, storage, conversation, brought).await;
            let left = attachments.preparing.get() - count;
            attachments.preparing.set(left);
            driver.tell(move |live| live.prepared(left));
        }
    });
}

fn tell_when_it_takes_long(driver: &Rc<Driver>) {
    let driver = driver.clone();
    spawn_local(async move {
        let _ = JsFuture::from(after(LONG)).await;
        let Some((attachments, _)) = driver.keeps_attachments() else { return };
        let left = attachments.preparing.get();
        if left > 0 {
            driver.tell(move |live| live.preparing(left));
        }
    });
}

/// Prepares and keeps all of them, and then sends them together.
async fn send(
    driver: &Rc<Driver>,
    attachments: &Attachments,
    storage: &Storage,
    conversation: ConversationId,
    brought: Vec<Brought>,
) {
    let mut ready = Vec::new();
    for one in brought {
        let id = browser::fresh_client_id();
        let what = one.what();
        match prepare(id, one).await {
            Some((file, body)) => ready.push((id, file, body)),
            None => driver.tell(move |live| live.cannot_send(what)),
        }
    }
    let kept: Array = ready.iter().filter_map(|(id, file, _)| storage.keep_attachment(*id, file)).collect();
    // Where they cannot be kept, they are sent all the same.
    let kept = JsFuture::from(Promise::race(&Array::of2(&Promise::all_settled(&kept), &after(PATIENCE)))).await;
    let answers = kept.is_ok_and(|kept| kept.is_array());
    let mut sent = Vec::new();
    for (id, file, body) in ready {
        let file = match Attachment::of(&body) {
            // The device's own copy stays when the file that was chosen changes or goes.
            Some(Attachment::File) if answers => storage.attachment(id).await.unwrap_or(file),
            Some(Attachment::File) => file,
            _ => {
                show(driver, attachments, id, &file);
                file
            }
        };
        attachments.waiting.borrow_mut().insert(id, file);
        sent.push((id, body));
    }
    driver.send_together(conversation, sent);
}

/// Shows what this device sends, from here.
fn show(driver: &Rc<Driver>, attachments: &Attachments, id: ClientId, file: &Blob) {
    if let Some(source) = attachments.show(id, file) {
        driver.tell(move |live| live.has_picture(id, Some(source)));
    }
}

/// Shows a picture that this device sends, from what is kept.
pub fn show_kept(driver: &Rc<Driver>, id: ClientId) {
    let driver = driver.clone();
    spawn_local(async move {
        let Some((attachments, storage)) = driver.keeps_attachments() else { return };
        if let Some(file) = attachments.file(id, storage).await {
            show(&driver, attachments, id, &file);
        }
    });
}

/// Whether a message that is not sent yet shows a picture from here.
pub fn shows(unsent: &Unsent) -> bool {
    unsent.body.image(true).is_some()
}

/// Uploads the picture or the file of a message, and tells how far it has come.
pub fn upload(driver: &Rc<Driver>, id: RequestId, key: ClientId, body: MessageBody) {
    let driver = driver.clone();
    spawn_local(async move {
        let Some((attachments, storage)) = driver.keeps_attachments() else { return };
        let written = driver.written(key);
        if let Some(written) = written {
            // Where it cannot be kept, it is sent all the same.
            let _ = JsFuture::from(written).await;
        }
        let answer = match attachments.file(key, storage).await {
            Some(file) => fly(&driver, attachments, (key, &body), &file).await,
            None => Err(Failure::Refused(upload::lost())),
        };
        driver.tell(move |live| live.uploading(key, None));
        driver.answered(id, answer);
    });
}

async fn fly(
    driver: &Rc<Driver>,
    attachments: &Attachments,
    (key, body): (ClientId, &MessageBody),
    file: &Blob,
) -> Result<Answer, Failure> {
    let request = XmlHttpRequest::new().map_err(|_| Failure::Network)?;
    attachments.flying.borrow_mut().insert(key, request.clone());
    driver.tell(move |live| live.uploading(key, Some(0)));
    beat(driver, key, request.clone());
    let teller = driver.clone();
    let (moves, said, told) = (Cell::new(false), Cell::new(0), Cell::new(0_u8));
    let progress = move |percent| {
        // A page that nobody sees has few timers.
        if said.get() + BEAT <= browser::now() {
            said.set(browser::now());
            teller.say(&Word::Uploading(key));
        }
        if !moves.replace(true) {
            teller.input(Input::UploadMoves(key));
        }
        if told.replace(percent) != percent {
            teller.tell(move |live| live.uploading(key, Some(percent)));
        }
    };
    let answer = upload::send(&request, (key, body), file, progress).await;
    if attachments.flies(key, &request) {
        attachments.flying.borrow_mut().remove(&key);
    }
    answer
}

/// Tells the other pages that this one is at it, for as long as it is.
fn beat(driver: &Rc<Driver>, key: ClientId, request: XmlHttpRequest) {
    let driver = driver.clone();
    spawn_local(async move {
        while driver.keeps_attachments().is_some_and(|(attachments, _)| attachments.flies(key, &request)) {
            driver.say(&Word::Uploading(key));
            let _ = JsFuture::from(after(BEAT)).await;
        }
    });
}
