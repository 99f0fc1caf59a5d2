//! The loop between the model and the browser: whatever happens becomes a step, and its effects are performed.

use crate::attachments::{self, Attachments};
use crate::connection::Connection;
use crate::storage::{Found, Outcome, Storage};
use crate::tabs::Tabs;
use crate::timeout::Timeout;
use crate::{browser, clock, errands, events, http};
use app::backend::{Backend, Errand, Intent};
use app::live::Live;
use js_sys::{Array, Promise};
use protocol::{ClientId, ConversationId, ErrorCode, MessageBody, Millis, UserId};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use sync::tabs::{Role, Share, Word};
use sync::{Answer, Effect, Failure, Input, Request, RequestId, UntoldDraft};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// A timer that has not rung for so long after its time tells that the machine slept, in milliseconds (R004-G9).
const SLEPT: u64 = 30_000;
/// A draft, and what the engine keeps, is written at most this often, in milliseconds.
const WRITE_PERIOD: u64 = 500;
/// A message whose write takes longer is posted all the same, in milliseconds.
const WRITE_PATIENCE: u64 = 2_000;

type Turn = Box<dyn FnOnce(&mut Live) -> (Vec<Effect>, Option<Errand>)>;

/// Owns the model. Turns run one at a time, in the order in which they came.
pub struct Driver {
    live: RefCell<Live>,
    turns: RefCell<VecDeque<Turn>>,
    /// A turn runs, or what the device keeps is not read yet: others wait.
    busy: Cell<bool>,
    timer: RefCell<Option<Timeout>>,
    /// When it rings.
    due: Cell<Millis>,
    place: OnceCell<Place>,
    /// What other pages have said before that.
    early: RefCell<Vec<Word>>,
    /// Whether the engine's data are stored, and when next.
    keeps: Cell<bool>,
    keeping: RefCell<Option<Timeout>>,
    /// The engine's data are being written, and whether more is to be written as soon as that is done.
    storing: Cell<Option<bool>>,
    /// Messages whose write into the outbox may not be done.
    writing: RefCell<HashMap<ClientId, Promise>>,
    drafts: RefCell<HashMap<ConversationId, (UntoldDraft, Option<Timeout>)>>,
    attachments: Attachments,
}

/// What a driver finds in the browser, before its first turn.
struct Place {
    tabs: Rc<Tabs>,
    connection: Rc<Connection>,
    storage: Storage,
}

impl Driver {
    /// Makes the driver of the page. It begins once the page stands. `open`: the conversation that the address names and
    /// the model does not show yet.
    pub fn start(live: Live, account: UserId, open: Option<ConversationId>) -> Backend {
        let driver = Rc::new(Self {
            live: RefCell::new(live),
            turns: RefCell::default(),
            busy: Cell::new(true),
            timer: RefCell::default(),
            due: Cell::new(Millis::MAX),
            place: OnceCell::new(),
            early: RefCell::default(),
            keeps: Cell::new(false),
            keeping: RefCell::default(),
            storing: Cell::default(),
            writing: RefCell::default(),
            drafts: RefCell::default(),
            attachments: Attachments::default(),
        });
        let backend = Backend::new({
            let driver = driver.clone();
            move |intent| driver.intend(intent)
        });
        spawn_local(async move { driver.begin(account, open).await });
        backend
    }

    async fn begin(self: &Rc<Self>, account: UserId, open: Option<ConversationId>) {
        let driver = self.clone();
        let tabs = Tabs::join(account, move || driver.promoted()).await;
        let driver = self.clone();
        // What is said while the device's data are read may not be in them.
        tabs.listen(move |word| driver.hear(word));
        let (storage, found) = Storage::open(account).await;
        self.keeps.set(storage.keeps() && tabs.role() != Role::Alone);
        let unsent: Vec<ClientId> =
            found.outbox.iter().filter(|unsent| attachments::shows(unsent)).map(|unsent| unsent.client_id).collect();
        let alone = tabs.role() != Role::Follower;
        let leads = tabs.role() == Role::Leader;
        let connection = Connection::new(tabs.clone());
        // This is the only place where it is set.
        let _ = self.place.set(Place { tabs, connection, storage });
        self.turns.borrow_mut().push_front(self.first_turn(found, alone, open));
        self.run_turns();
        self.early.take().into_iter().for_each(|word| self.hear(word));
        unsent.into_iter().for_each(|id| attachments::show_kept(self, id));
        events::listen(self);
        browser::register_service_worker();
        if let Some(place) = self.place.get().filter(|_| leads) {
            // Whether there was anything to sweep is nobody's affair.
            let _ = place.storage.sweep(browser::now()).await;
        }
    }

    /// Everything that was kept comes in at once, so that nothing is drawn in between.
    fn first_turn(&self, found: Found, alone: bool, open: Option<ConversationId>) -> Turn {
        let keeps = self.keeps.get();
        Box::new(move |live| {
            let mut inputs = Vec::new();
            if keeps {
                inputs.push(Input::Restored(found.stored.map(Box::new)));
                inputs.extend(found.empty.then_some(Input::StorageEmpty));
            }
            // Where another page leads, it or a third may be at all this.
            if alone {
                inputs.push(Input::ReadsRestored(found.reads));
                inputs.push(Input::DraftsRestored(found.drafts));
                inputs.push(Input::OutboxRestored(found.outbox));
            } else {
                inputs.push(Input::ReadElsewhere(found.reads));
                inputs.extend(found.drafts.into_iter().map(Input::TypedElsewhere));
                inputs.push(Input::OutboxElsewhere(found.outbox));
            }
            inputs.extend(open.map(Input::Open));
            inputs.extend([Input::Visible(browser::visible()), Input::Started]);
            clock::show(live);
            live.restore(found.kept);
            let step = |input| live.step(browser::now(), browser::random(), input);
            (inputs.into_iter().flat_map(step).collect(), None)
        })
    }

    /// The page that led is gone, and this one leads now.
    fn promoted(self: &Rc<Self>) {
        self.tell(Live::store_anew);
        self.input(Input::SocketClosed { code: Share::ABNORMAL });
        self.input(Input::Woke);
    }

    /// Somebody sees the page again, perhaps in another time zone.
    pub fn show(self: &Rc<Self>) {
        self.tell(clock::show);
        self.input(Input::Visible(browser::visible()));
        self.input(Input::Woke);
    }

    /// Nobody sees the page any more.
    pub fn hide(self: &Rc<Self>) {
        if self.place.get().is_some_and(|place| place.connection.hide()) {
            self.input(Input::SocketClosed { code: Share::ABNORMAL });
        }
    }

    /// What another page of this browser says.
    fn hear(self: &Rc<Self>, word: Word) {
        let Some(place) = self.place.get() else { return self.early.borrow_mut().push(word) };
        match &word {
            Word::Written(unsent) if attachments::shows(unsent) => attachments::show_kept(self, unsent.client_id),
            // What this page has of it is older.
            Word::Draft(draft) => drop(self.drafts.borrow_mut().remove(&draft.conversation)),
            _ => {}
        }
        let time = self.live.borrow().server_time(browser::now());
        place.connection.take(word, time, |input| self.input(input));
    }

    pub fn say(&self, word: &Word) {
        if let Some(place) = self.place.get() {
            place.tabs.say(word);
        }
    }

    /// What a person wants.
    pub fn intend(self: &Rc<Self>, intent: Intent) {
        let driver = self.clone();
        self.turn(move |live| {
            let discarded = if let Intent::Discard(id) | Intent::Retry(id) = intent { Some(id) } else { None };
            let done = live.intend(browser::now(), browser::random(), browser::fresh_client_id(), intent);
            // What has arrived, or is tried again, the others keep.
            if let Some(id) = discarded.filter(|id| done.0.contains(&Effect::Forget(*id))) {
                driver.say(&Word::Discarded(id));
            }
            done
        });
    }

    /// What happened.
    pub fn input(self: &Rc<Self>, input: Input) {
        self.turn(|live| {
            let open = live.open();
            let effects = live.step(browser::now(), browser::random(), input);
            let gone = open.filter(|_| live.open().is_none());
            (effects, gone.map(Errand::Leave))
        });
    }

    /// The address bar shows another path: the view follows it, and leaves it as it is.
    pub fn follow(self: &Rc<Self>) {
        self.input(browser::conversation().map_or(Input::Close, Input::Open));
    }

    /// Changes the model without a step.
    pub fn tell(self: &Rc<Self>, change: impl FnOnce(&mut Live) + 'static) {
        self.turn(|live| {
            change(live);
            (Vec::new(), None)
        });
    }

    fn turn(self: &Rc<Self>, turn: impl FnOnce(&mut Live) -> (Vec<Effect>, Option<Errand>) + 'static) {
        // Whatever comes first after a sleep.
        if browser::now().saturating_sub(self.due.get()) > SLEPT {
            self.due.set(Millis::MAX);
            let woke = |live: &mut Live| (live.step(browser::now(), browser::random(), Input::Woke), None);
            self.turns.borrow_mut().push_back(Box::new(woke));
        }
        self.turns.borrow_mut().push_back(Box::new(turn));
        if !self.busy.replace(true) {
            self.run_turns();
        }
    }

    fn run_turns(self: &Rc<Self>) {
        let Some(place) = self.place.get() else { return };
        loop {
            let Some(turn) = self.turns.borrow_mut().pop_front() else { break };
            let (effects, errand) = turn(&mut self.live.borrow_mut());
            effects.into_iter().for_each(|effect| self.perform(place, effect));
            if let Some(errand) = errand {
                errands::run(self, &place.storage, errand);
            }
        }
        self.busy.set(false);
        if self.keeps.get() && place.tabs.role() == Role::Leader && self.keeping.borrow().is_none() {
            let driver = self.clone();
            *self.keeping.borrow_mut() = Timeout::after(WRITE_PERIOD, move || driver.keep());
        }
    }

    fn perform(self: &Rc<Self>, place: &Place, effect: Effect) {
        let storage = &place.storage;
        if let Some(word) = Word::of(&effect) {
            place.tabs.say(&word);
        }
        match effect {
            Effect::Connect => {
                let driver = self.clone();
                place.connection.connect(move |input| driver.input(input));
            }
            Effect::Disconnect => place.connection.disconnect(),
            Effect::Frame(frame) => place.connection.send(&frame),
            Effect::Request { id, request } => {
                let written = match &request {
                    Request::Post { client_id, .. } => self.writing.borrow_mut().remove(client_id),
                    _ => None,
                };
                let driver = self.clone();
                if let Request::Upload { client_id, body } = request {
                    return attachments::upload(self, id, client_id, body);
                }
                spawn_local(async move {
                    if let Some(written) = written {
                        // Where it cannot be kept, it is sent all the same.
                        let _ = JsFuture::from(written).await;
                    }
                    let answer = http::call(request).await;
                    driver.answered(id, answer);
                });
            }
            Effect::Wake { at } => self.wake(at),
            Effect::Persist(unsent) => {
                if let Some(written) = storage.persist(&unsent).filter(|_| unsent.failed.is_none()) {
                    let written = Promise::race(&Array::of2(&written, &browser::after(WRITE_PATIENCE)));
                    self.writing.borrow_mut().insert(unsent.client_id, written);
                }
            }
            Effect::Forget(client_id) => {
                self.writing.borrow_mut().remove(&client_id);
                storage.forget(client_id);
                if let Some(gone) = self.attachments.forget(client_id) {
                    self.tell(move |live| live.has_picture(gone, None));
                }
            }
            Effect::KeepRead { conversation, seq } => storage.keep_read(conversation, seq),
            Effect::ForgetRead(conversation) => storage.forget_read(conversation),
            Effect::KeepDraft(draft) => self.keep_draft(place, draft),
            // The others were told.
            Effect::DraftKnown { .. } => {}
            Effect::ForgetDraft(conversation) => {
                self.drafts.borrow_mut().remove(&conversation);
                storage.forget_draft(conversation);
            }
            Effect::LoggedOut => {
                self.keeps.set(false);
                place.storage.forget_account();
                browser::leave_for("/login");
            }
        }
    }

    pub fn answered(self: &Rc<Self>, id: RequestId, answer: Result<Answer, Failure>) {
        // What a proxy says in the server's place has no code.
        let heard = !matches!(&answer, Err(Failure::Network))
            && !matches!(&answer, Err(Failure::Refused(error)) if error.code == ErrorCode::Unknown);
        if let Some(place) = self.place.get().filter(|_| heard) {
            place.connection.reached();
        }
        self.input(Input::Answered { request: id, answer });
    }

    /// What a picture or a file needs that is to be sent, once the page stands.
    pub fn keeps_attachments(&self) -> Option<(&Attachments, &Storage)> {
        Some((&self.attachments, &self.place.get()?.storage))
    }

    /// A person sends pictures and files together, which are kept under these keys.
    pub fn send_together(self: &Rc<Self>, conversation: ConversationId, messages: Vec<(ClientId, MessageBody)>) {
        self.turn(move |live| (live.send_together(browser::now(), browser::random(), conversation, messages), None));
    }

    /// When the message is kept, if that is still under way.
    pub fn written(&self, key: ClientId) -> Option<Promise> {
        self.writing.borrow_mut().remove(&key)
    }

    /// Writes what the engine wants kept and is not yet: after what is being written, for it counts on that.
    pub fn keep(self: &Rc<Self>) {
        self.keeping.take();
        let leads = self.place.get().is_some_and(|place| place.tabs.role() == Role::Leader);
        if !self.keeps.get() || !leads {
            return;
        }
        if self.storing.get().is_some() {
            return self.storing.set(Some(true));
        }
        let Some(unstored) = self.live.borrow_mut().take_unstored() else { return };
        self.storing.set(Some(false));
        let (through, driver) = (unstored.through(), self.clone());
        spawn_local(async move {
            let Some(place) = driver.place.get() else { return };
            let stored = place.storage.store(unstored).await;
            let more = driver.storing.take() == Some(true);
            match stored {
                Outcome::Written => {}
                Outcome::Reopened => return driver.tell(Live::store_anew),
                Outcome::Failed => {
                    driver.keeps.set(false);
                    place.storage.give_up().await;
                    return driver.input(Input::StorageLost);
                }
            }
            if !through.is_empty() {
                driver.input(Input::Stored(through));
            }
            if more {
                driver.keep();
            }
        });
    }

    fn wake(self: &Rc<Self>, at: Millis) {
        let driver = self.clone();
        self.due.set(at.max(browser::now()));
        let ring = move || driver.input(Input::Tick);
        *self.timer.borrow_mut() = Timeout::after(at.saturating_sub(browser::now()), ring);
    }

    /// A conversation was asked for, to write to somebody.
    pub fn started(self: &Rc<Self>, user: UserId, answer: Result<protocol::Conversation, Failure>) {
        match answer {
            Ok(conversation) => {
                let id = conversation.id;
                self.input(Input::Joined(conversation));
                if self.live.borrow_mut().goes_on_with(user) {
                    self.intend(Intent::Open(id));
                }
            }
            Err(failure) => self.tell(move |live| live.refused(&failure)),
        }
    }

    /// Keeps a draft across reloads: at most one write every half second a conversation, and one for each call.
    fn keep_draft(self: &Rc<Self>, place: &Place, draft: UntoldDraft) {
        let mut drafts = self.drafts.borrow_mut();
        let conversation = draft.conversation;
        let (latest, timer) = drafts.entry(conversation).or_insert_with(|| (draft.clone(), None));
        *latest = draft;
        if latest.told_after.is_some() {
            // The page may end before the call is answered.
            match timer.take() {
                Some(_) => place.write_draft(latest),
                // What was typed was said, and another page may have gone on since.
                None => place.storage.keep_draft(latest),
            }
        } else if latest.text.is_empty() {
            // Sent, or emptied: an old draft must not come back.
            *timer = None;
            place.write_draft(latest);
        } else if timer.is_none() {
            let driver = self.clone();
            *timer = Timeout::after(WRITE_PERIOD, move || driver.write_draft(conversation));
        }
    }

    fn write_draft(&self, conversation: ConversationId) {
        if let (Some(place), Some((draft, timer))) = (self.place.get(), self.drafts.borrow_mut().get_mut(&conversation))
        {
            *timer = None;
            place.write_draft(draft);
        }
    }

    /// Writes at once what waits to be written: the page may end.
    pub fn write_all(self: &Rc<Self>) {
        self.keep();
        let Some(place) = self.place.get() else { return };
        for (draft, timer) in self.drafts.borrow_mut().values_mut() {
            if timer.take().is_some() {
                place.write_draft(draft);
            }
        }
    }
}

impl Place {
    fn write_draft(&self, draft: &UntoldDraft) {
        self.storage.keep_draft(draft);
        self.tabs.say(&Word::Draft(UntoldDraft { told_after: None, ..draft.clone() }));
    }
}
