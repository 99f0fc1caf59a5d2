//! The push connection as this page has it: its own where it leads, the leader's otherwise.
//!
//! It is a WebSocket, or a stream of events where WebSockets are refused again and again though the server is there
//! (R004-G5): then a WebSocket is tried again from time to time, and takes over as soon as the server greets on one. The engine need not
//! know: it takes the greeting on the new one as it takes any greeting, and syncs.
//!
//! A browser has six connections for a server over HTTP/1.1, and a stream holds one of them. So a page that cannot share
//! the leader's stream has none while nobody sees it: its attempts end at once, and the engine asks by its own pauses.

use crate::browser::{parse, visible};
use crate::socket::{Heard, Socket};
use crate::stream::Stream;
use crate::tabs::Tabs;
use crate::timeout::Timeout;
use protocol::{ClientFrame, Millis, ServerFrame};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use sync::Input;
use sync::tabs::{self, Role, Share, Word};

/// So many WebSockets in a row without a greeting make a page try a stream.
const REFUSALS: u32 = 2;
/// How long a page with a stream waits before it tries a WebSocket again, in milliseconds: at first, and at most.
const RETRY_MIN: u64 = 30_000;
const RETRY_MAX: u64 = 600_000;
/// How long the server may take to greet on a WebSocket that is tried beside a stream, in milliseconds.
const GREETING: u64 = 10_000;

pub struct Connection {
    tabs: Rc<Tabs>,
    carrier: RefCell<Option<Carrier>>,
    /// A WebSocket on its way beside the stream.
    probe: RefCell<Option<Socket>>,
    retry: RefCell<Option<Timeout>>,
    pause: Cell<u64>,
    /// WebSockets in a row on which nobody greeted though the server answers.
    refusals: Cell<u32>,
    /// The server has answered since a WebSocket was refused.
    reached: Cell<bool>,
}

/// What carries the connection.
enum Carrier {
    Socket(Socket),
    Stream(Stream),
}

impl Carrier {
    fn send(&self, text: &str) {
        match self {
            Self::Socket(socket) => socket.send(text),
            Self::Stream(stream) => stream.send(text),
        }
    }
}

impl Connection {
    pub fn new(tabs: Rc<Tabs>) -> Rc<Self> {
        Rc::new(Self {
            tabs,
            carrier: RefCell::default(),
            probe: RefCell::default(),
            retry: RefCell::default(),
            pause: Cell::new(RETRY_MIN),
            refusals: Cell::new(0),
            reached: Cell::new(true),
        })
    }

    /// Connects, and tells what happens.
    pub fn connect(self: &Rc<Self>, tell: impl Fn(Input) + Clone + 'static) {
        // The old one goes first: what it still says is not the new one's.
        self.disconnect();
        let join = self.tabs.share.borrow_mut().connect();
        if let Some(join) = join {
            return self.tabs.say(&join);
        }
        let hear = {
            let (connection, tell) = (self.clone(), tell.clone());
            move |heard| connection.hear(heard, &tell)
        };
        let carrier = match self.refusals.get() < REFUSALS {
            true => Socket::connect(hear).map(Carrier::Socket),
            false if self.yields() => None,
            false => Stream::connect(hear).map(Carrier::Stream),
        };
        match &carrier {
            Some(Carrier::Stream(_)) => self.retry_later(tell),
            Some(Carrier::Socket(_)) => {}
            None => tell(Input::SocketClosed { code: Share::ABNORMAL }),
        }
        *self.carrier.borrow_mut() = carrier;
    }

    pub fn disconnect(&self) {
        self.judge();
        self.tabs.share.borrow_mut().disconnect();
        self.retry.take();
        drop(self.probe.take());
        drop(self.carrier.take());
    }

    /// Nobody sees the page any more. Tells whether it gave its connection up.
    pub fn hide(&self) -> bool {
        let yields = self.yields() && matches!(&*self.carrier.borrow(), Some(Carrier::Stream(_)));
        if yields {
            self.disconnect();
        }
        yields
    }

    /// Whether the page must leave the connections of its browser to others.
    fn yields(&self) -> bool {
        self.tabs.role() == Role::Alone && !visible()
    }

    /// The server has answered: it is there, whatever becomes of connections.
    pub fn reached(&self) {
        self.reached.set(true);
    }

    pub fn send(&self, frame: &ClientFrame) {
        let Ok(text) = serde_json::to_string(frame) else { return };
        if self.tabs.role() == Role::Follower {
            // The answer comes to every page, as all frames do.
            self.tabs.say(&Word::Send { text });
        } else if let Some(carrier) = &*self.carrier.borrow() {
            carrier.send(&text);
        }
    }

    /// Takes what another page says. `time`: what time it is on the server.
    pub fn take(&self, word: Word, time: Millis, tell: impl Fn(Input)) {
        let carried = self.carrier.borrow().is_some();
        let heard = self.tabs.share.borrow_mut().hear(word, carried, time, parse);
        for heard in heard {
            match heard {
                tabs::Heard::Tell(input) => tell(input),
                tabs::Heard::Say(word) => self.tabs.say(&word),
                tabs::Heard::Send(text) => {
                    if let Some(carrier) = &*self.carrier.borrow() {
                        carrier.send(&text);
                    }
                }
            }
        }
    }

    fn hear(&self, heard: Heard, tell: &impl Fn(Input)) {
        match heard {
            Heard::Opened => tell(Input::SocketOpened),
            Heard::Frame(text) => {
                // A frame of a later version is skipped: its log has moved past the cursor, so the next one pulls.
                let frame = parse(&text);
                let greets = matches!(frame, Some(ServerFrame::Hello { .. }));
                if greets && matches!(&*self.carrier.borrow(), Some(Carrier::Socket(_))) {
                    self.refusals.set(0);
                    self.pause.set(RETRY_MIN);
                }
                let word = self.tabs.share.borrow_mut().pass_on(text, greets);
                self.tabs.say(&word);
                tell(frame.map_or(Input::SocketHeard, Input::SocketFrame));
            }
            Heard::Closed(code) => {
                self.disconnect();
                self.tabs.say(&Word::Closed { code, to: None });
                tell(Input::SocketClosed { code });
            }
        }
    }

    /// What the end of the carrier says about what to try next: nothing if the server has greeted on it.
    fn judge(&self) {
        if self.tabs.share.borrow().greeted() {
            return;
        }
        match &*self.carrier.borrow() {
            Some(Carrier::Socket(_)) if self.reached.replace(false) => self.refusals.set(self.refusals.get() + 1),
            // It is no better.
            Some(Carrier::Stream(_)) => self.refusals.set(0),
            _ => {}
        }
    }

    /// Tries a WebSocket beside the stream after a while, and again and again.
    fn retry_later(self: &Rc<Self>, tell: impl Fn(Input) + Clone + 'static) {
        let (connection, pause) = (self.clone(), self.pause.get());
        let ring = move || {
            connection.pause.set((2 * pause).min(RETRY_MAX));
            let hear = {
                let (connection, tell) = (connection.clone(), tell.clone());
                move |heard| connection.hear_probe(heard, &tell)
            };
            let probe = Socket::connect(hear);
            *connection.probe.borrow_mut() = probe;
            let given_up = {
                let connection = connection.clone();
                move || connection.retry_anew(tell)
            };
            *connection.retry.borrow_mut() = Timeout::after(GREETING, given_up);
        };
        *self.retry.borrow_mut() = Timeout::after(pause, ring);
    }

    /// The WebSocket beside the stream came to nothing: it failed, or nobody greeted on it in time.
    fn retry_anew(self: &Rc<Self>, tell: impl Fn(Input) + Clone + 'static) {
        drop(self.probe.take());
        self.retry_later(tell);
    }

    fn hear_probe(self: &Rc<Self>, heard: Heard, tell: &(impl Fn(Input) + Clone + 'static)) {
        match heard {
            Heard::Opened => {}
            Heard::Closed(_) if self.probe.borrow().is_some() => self.retry_anew(tell.clone()),
            heard => {
                if let Some(socket) = self.probe.take() {
                    self.retry.take();
                    // The server greets on it. What the stream would still say, the sync after the greeting brings.
                    drop(self.carrier.replace(Some(Carrier::Socket(socket))));
                }
                self.hear(heard, tell);
            }
        }
    }
}
