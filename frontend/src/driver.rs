//! The loop between the model and the browser: whatever happens becomes a step, and its effects are performed.

use crate::socket::Socket;
use crate::storage::Storage;
use crate::timeout::Timeout;
use crate::{browser, events, http};
use app::backend::{Backend, Errand, Intent};
use app::live::Live;
use app::preferences::Preferences;
use app::words::time::Clock;
use protocol::{Millis, UserId};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use sync::{Effect, Failure, Input};
use wasm_bindgen_futures::spawn_local;

/// A timer that rings so much late tells that the machine slept, in milliseconds (R004-G9).
const SLEPT: u64 = 30_000;
/// A draft is written at most this often, in milliseconds.
const DRAFT_PERIOD: u64 = 500;

type Turn = Box<dyn FnOnce(&mut Live) -> (Vec<Effect>, Option<Errand>)>;

/// Owns the model. Turns run one at a time, in the order in which they came.
pub struct Driver {
    live: RefCell<Live>,
    turns: RefCell<VecDeque<Turn>>,
    running: Cell<bool>,
    socket: RefCell<Option<Socket>>,
    timer: RefCell<Option<Timeout>>,
    pub storage: Storage,
    drafts: RefCell<HashMap<protocol::ConversationId, (String, Option<Timeout>)>>,
}

impl Driver {
    /// Makes the driver of the page. It begins once the page is hydrated.
    pub fn start(live: Live, account: UserId, known_offset: i32) -> Backend {
        let driver = Rc::new(Self {
            live: RefCell::new(live),
            turns: RefCell::default(),
            running: Cell::new(false),
            socket: RefCell::default(),
            timer: RefCell::default(),
            storage: Storage::of(account),
            drafts: RefCell::default(),
        });
        let backend = Backend::new({
            let driver = driver.clone();
            move |intent| driver.intend(intent)
        });
        spawn_local(async move { driver.begin(known_offset) });
        backend
    }

    fn begin(self: &Rc<Self>, known_offset: i32) {
        let utc_offset = browser::utc_offset();
        if utc_offset != known_offset {
            browser::keep_cookie(Preferences::UTC_OFFSET, &utc_offset.to_string());
        }
        let kept = self.storage.kept();
        self.turn(move |live| {
            live.set_clock(Clock { now: browser::now(), utc_offset });
            live.restore(kept);
            (Vec::new(), None)
        });
        let reads = self.storage.reads();
        if !reads.is_empty() {
            self.input(Input::ReadsRestored(reads));
        }
        let unsent = self.storage.outbox();
        if !unsent.is_empty() {
            self.input(Input::OutboxRestored(unsent));
        }
        self.input(Input::Started);
        events::listen(self);
    }

    /// What a person wants.
    pub fn intend(self: &Rc<Self>, intent: Intent) {
        self.turn(|live| live.intend(browser::now(), browser::random(), browser::fresh_client_id(), intent));
    }

    /// What happened.
    pub fn input(self: &Rc<Self>, input: Input) {
        self.turn(|live| (live.step(browser::now(), browser::random(), input), None));
    }

    /// The address bar shows another path: the view follows it, and leaves it as it is.
    pub fn follow(self: &Rc<Self>, path: &str) {
        let open = path.strip_prefix("/c/").and_then(|id| id.parse().ok());
        self.input(open.map_or(Input::Close, Input::Open));
    }

    /// Changes the model without a step.
    pub fn tell(self: &Rc<Self>, change: impl FnOnce(&mut Live) + 'static) {
        self.turn(|live| {
            change(live);
            (Vec::new(), None)
        });
    }

    fn turn(self: &Rc<Self>, turn: impl FnOnce(&mut Live) -> (Vec<Effect>, Option<Errand>) + 'static) {
        self.turns.borrow_mut().push_back(Box::new(turn));
        if self.running.replace(true) {
            return;
        }
        loop {
            let Some(turn) = self.turns.borrow_mut().pop_front() else { break };
            let (effects, errand) = turn(&mut self.live.borrow_mut());
            effects.into_iter().for_each(|effect| self.perform(effect));
            if let Some(errand) = errand {
                self.run(errand);
            }
        }
        self.running.set(false);
    }

    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Connect => self.connect(),
            Effect::Disconnect => drop(self.socket.take()),
            Effect::Frame(frame) => {
                if let Some(socket) = &*self.socket.borrow() {
                    socket.send(&frame);
                }
            }
            Effect::Request { id, request } => {
                let driver = self.clone();
                spawn_local(async move {
                    let answer = http::call(request).await;
                    driver.input(Input::Answered { request: id, answer });
                });
            }
            Effect::Wake { at } => self.wake(at),
            Effect::Persist(unsent) => self.storage.persist(&unsent),
            Effect::Forget(client_id) => self.storage.forget(client_id),
            Effect::KeepRead { conversation, seq } => self.storage.keep_read(conversation, seq),
            Effect::ForgetRead(conversation) => self.storage.forget_read(conversation),
            Effect::LoggedOut => browser::leave_for("/login"),
        }
    }

    fn connect(self: &Rc<Self>) {
        // The old one goes first: what it still says is not the new one's.
        drop(self.socket.take());
        let driver = self.clone();
        let socket = Socket::connect(move |input| driver.input(input));
        if socket.is_none() {
            self.input(Input::SocketClosed { code: 1006 });
        }
        *self.socket.borrow_mut() = socket;
    }

    fn wake(self: &Rc<Self>, at: Millis) {
        let driver = self.clone();
        let ring = move || {
            let slept = browser::now().saturating_sub(at) > SLEPT;
            driver.input(Input::Tick);
            if slept {
                driver.input(Input::Woke);
            }
        };
        *self.timer.borrow_mut() = Timeout::after(at.saturating_sub(browser::now()), ring);
    }

    fn run(self: &Rc<Self>, errand: Errand) {
        match errand {
            Errand::Visit(path) => browser::visit(&path),
            Errand::Search(query) => {
                let driver = self.clone();
                spawn_local(async move {
                    let answer = http::search(&query).await;
                    if let Ok(users) = &answer {
                        driver.input(Input::Met(users.clone()));
                    }
                    driver.tell(move |live| live.found(&query, answer));
                });
            }
            Errand::Start(user) => {
                let driver = self.clone();
                spawn_local(async move { driver.started(http::start(user).await) });
            }
            Errand::Unread { conversation, before } => {
                let driver = self.clone();
                spawn_local(async move {
                    let answer = http::unread(conversation, before).await;
                    driver.tell(move |live| live.unread_found(conversation, before, answer));
                });
            }
            Errand::Readers { conversation, seq } => {
                let driver = self.clone();
                spawn_local(async move {
                    let answer = http::readers(conversation, seq).await;
                    driver.tell(move |live| live.readers_found(conversation, seq, answer));
                });
            }
            Errand::Copy(text) => browser::copy(&text),
            Errand::KeepDraft { conversation, text } => self.keep_draft(conversation, text),
            Errand::FetchEmoji => {
                let driver = self.clone();
                spawn_local(async move {
                    let url = browser::document()
                        .query_selector("meta[name=emoji]")
                        .ok()
                        .flatten()
                        .and_then(|meta| meta.get_attribute("content"));
                    let json = http::text(&url.unwrap_or_default()).await;
                    driver.tell(move |live| live.emoji_loaded(json.as_deref()));
                });
            }
            Errand::KeepEmoji { recent, skin_tone } => self.storage.keep_emoji(recent, skin_tone),
            Errand::KeepTheme(theme) => browser::keep_cookie(Preferences::THEME, theme.name()),
        }
    }

    fn started(self: &Rc<Self>, answer: Result<protocol::Conversation, Failure>) {
        match answer {
            Ok(conversation) => {
                let id = conversation.id;
                self.input(Input::Joined(conversation));
                self.intend(Intent::Open(id));
            }
            Err(failure) => self.tell(move |live| live.refused(&failure)),
        }
    }

    fn keep_draft(self: &Rc<Self>, conversation: protocol::ConversationId, text: String) {
        let mut drafts = self.drafts.borrow_mut();
        let now = text.is_empty();
        let (latest, timer) = drafts.entry(conversation).or_default();
        *latest = text;
        if now {
            // Sent, or emptied: an old draft must not come back.
            *timer = None;
            self.storage.keep_draft(conversation, "");
        } else if timer.is_none() {
            let driver = self.clone();
            *timer = Timeout::after(DRAFT_PERIOD, move || driver.write_draft(conversation));
        }
    }

    fn write_draft(&self, conversation: protocol::ConversationId) {
        if let Some((text, timer)) = self.drafts.borrow_mut().get_mut(&conversation) {
            *timer = None;
            self.storage.keep_draft(conversation, text);
        }
    }

    /// Writes at once what waits to be written: the page may end.
    pub fn write_drafts(&self) {
        for (conversation, (text, timer)) in self.drafts.borrow_mut().iter_mut() {
            if timer.take().is_some() {
                self.storage.keep_draft(*conversation, text);
            }
        }
    }
}
