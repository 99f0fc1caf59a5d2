//! The push connection as this page has it: its own where it leads, the leader's otherwise.

use crate::browser::parse;
use crate::socket::{Heard, Socket};
use crate::tabs::{Role, Tabs, Word};
use protocol::{ClientFrame, ServerFrame};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use sync::Input;

/// What a browser says of a connection that ended without a word.
const ABNORMAL: u16 = 1006;

pub struct Connection {
    tabs: Rc<Tabs>,
    socket: RefCell<Option<Socket>>,
    /// The server's greeting on the open connection, for pages that join later.
    greeting: RefCell<Option<String>>,
    /// The engine wants to hear the connection.
    wanted: Cell<bool>,
}

impl Connection {
    pub fn new(tabs: Rc<Tabs>) -> Rc<Self> {
        Rc::new(Self { tabs, socket: RefCell::default(), greeting: RefCell::default(), wanted: Cell::new(false) })
    }

    /// Connects, and tells what happens.
    pub fn connect(self: &Rc<Self>, tell: impl Fn(Input) + Clone + 'static) {
        // The old one goes first: what it still says is not the new one's.
        self.disconnect();
        self.wanted.set(true);
        if self.tabs.role() == Role::Follower {
            return self.tabs.say(&Word::Join { page: self.tabs.page });
        }
        let connection = self.clone();
        let hear = {
            let tell = tell.clone();
            move |heard| connection.hear(heard, &tell)
        };
        let socket = Socket::connect(hear);
        if socket.is_none() {
            tell(Input::SocketClosed { code: ABNORMAL });
        }
        *self.socket.borrow_mut() = socket;
    }

    pub fn disconnect(&self) {
        self.wanted.set(false);
        self.greeting.take();
        drop(self.socket.take());
    }

    pub fn send(&self, frame: &ClientFrame) {
        let Ok(text) = serde_json::to_string(frame) else { return };
        if self.tabs.role() == Role::Follower {
            // The answer comes to every page, as all frames do.
            self.tabs.say(&Word::Send { text });
        } else if let Some(socket) = &*self.socket.borrow() {
            socket.send(&text);
        }
    }

    /// This page leads now: whoever heard the former leader must hear this one.
    pub fn lead(&self) {
        self.tabs.say(&Word::Closed { code: ABNORMAL, to: None });
    }

    /// Takes what another page says of the connection.
    pub fn take(&self, word: Word, tell: impl Fn(Input)) {
        let leads = self.tabs.role() == Role::Leader;
        let mine = |to: Option<u64>| !leads && to.is_none_or(|to| to == self.tabs.page);
        match word {
            Word::Join { page } if leads => {
                let greeting = self.greeting.borrow().clone();
                match greeting {
                    Some(text) => self.tabs.say(&Word::Frame { text, to: Some(page) }),
                    None if self.socket.borrow().is_none() => {
                        self.tabs.say(&Word::Closed { code: ABNORMAL, to: Some(page) });
                    }
                    // The greeting goes to all.
                    None => {}
                }
            }
            Word::Send { text } if leads => {
                if let Some(socket) = &*self.socket.borrow() {
                    socket.send(&text);
                }
            }
            Word::Frame { text, to } if mine(to) => match parse(&text) {
                Some(frame) if self.wanted.get() => tell(Input::SocketFrame(frame)),
                // The leader is connected again: no need to wait any longer.
                Some(ServerFrame::Hello { .. }) => tell(Input::Woke),
                _ => {}
            },
            Word::Closed { code, to } if mine(to) && self.wanted.replace(false) => tell(Input::SocketClosed { code }),
            _ => {}
        }
    }

    fn hear(&self, heard: Heard, tell: &impl Fn(Input)) {
        match heard {
            Heard::Opened => tell(Input::SocketOpened),
            Heard::Frame(text) => {
                // A frame of a later version is skipped: its log has moved past the cursor, so the next one pulls.
                let frame = parse(&text);
                if let Some(ServerFrame::Hello { .. }) = frame {
                    *self.greeting.borrow_mut() = Some(text.clone());
                }
                self.tabs.say(&Word::Frame { text, to: None });
                frame.into_iter().for_each(|frame| tell(Input::SocketFrame(frame)));
            }
            Heard::Closed(code) => {
                self.disconnect();
                self.tabs.say(&Word::Closed { code, to: None });
                tell(Input::SocketClosed { code });
            }
        }
    }
}
