//! The push connection as a page has it beside the others of its browser, and what they say to each other: what the
//! browser's driver does with `sync::tabs`.

use super::{Arriving, Device, Socket};
use crate::backend::Backend;
use protocol::{ClientFrame, Millis, Rules, ServerFrame, frame::close};
use serde::Serialize;
use std::collections::VecDeque;
use std::rc::Rc;
use sync::tabs::{Heard, Role, Share, Word};
use sync::{Input, Request};

impl Device {
    pub fn leads(&self) -> bool {
        self.share.role() == Role::Leader
    }

    /// The page that led is gone, and this one leads now.
    pub fn lead(&mut self, now: Millis) {
        let word = self.share.lead();
        self.say(&word);
        self.client.store_anew();
        self.step(now, Input::SocketClosed { code: Share::ABNORMAL });
        self.step(now, Input::Woke);
    }

    /// Nobody leads by this page any more.
    pub fn resign(&mut self) {
        self.share = Share::new(0, Role::Follower);
        self.socket = Socket::Closed;
    }

    pub(super) fn say(&mut self, word: &Word) {
        // Most browsers have one page.
        if Rc::strong_count(&self.kept) > 1 {
            self.telling.push(encode(word));
        }
    }

    /// What the page has said since.
    pub fn take_words(&mut self) -> Vec<String> {
        std::mem::take(&mut self.telling)
    }

    /// What another page said is on its way here.
    pub fn overhear(&mut self, word: &str) {
        self.heard.push_back(word.to_owned());
    }

    /// Whether something that another page said has not arrived.
    pub fn is_told(&self) -> bool {
        !self.heard.is_empty()
    }

    /// Hears the next word of another page.
    pub fn hear(&mut self, now: Millis) -> bool {
        let Some(word) = self.heard.pop_front() else { return false };
        if self.logged_out {
            return true;
        }
        match serde_json::from_str(&word).unwrap() {
            Word::Discarded(id) => drop(self.given_up.insert(id)),
            // That page had not heard of it.
            Word::Written(unsent) => drop(self.given_up.remove(&unsent.client_id)),
            _ => {}
        }
        let carried = !matches!(self.socket, Socket::Closed);
        let time = self.client.server_time(self.clock(now));
        let read = |text: &str| serde_json::from_str(text).ok();
        for heard in self.share.hear(serde_json::from_str(&word).unwrap(), carried, time, read) {
            match heard {
                Heard::Tell(input) => self.step(now, input),
                Heard::Say(word) => self.say(&word),
                Heard::Send(frame) => self.put(now, serde_json::from_str(&frame).unwrap()),
            }
        }
        true
    }

    /// Tells the others which uploads it is at.
    pub(super) fn beat(&mut self) {
        let uploads = self.requests.iter().filter_map(|(_, request)| match request {
            Request::Upload { client_id, .. } => Some(*client_id),
            _ => None,
        });
        for id in uploads.collect::<Vec<_>>() {
            self.say(&Word::Uploading(id));
        }
    }

    pub(super) fn connect(&mut self) {
        self.hang_up();
        match self.share.connect() {
            Some(join) => self.say(&join),
            None => self.socket = Socket::Asked,
        }
    }

    pub(super) fn hang_up(&mut self) {
        self.share.disconnect();
        self.socket = Socket::Closed;
    }

    pub(super) fn send(&mut self, now: Millis, frame: ClientFrame) {
        if self.leads() {
            self.put(now, frame);
        } else {
            self.say(&Word::Send { text: encode(&frame) });
        }
    }

    /// Puts a frame on this page's own connection.
    fn put(&mut self, now: Millis, frame: ClientFrame) {
        match frame {
            ClientFrame::Ping => {
                if let Socket::Open { arriving, .. } = &mut self.socket {
                    let pong = ServerFrame::Pong { server_time: now.saturating_add_signed(self.servers_skew) };
                    arriving.push_back(Arriving::Frame(encode(&pong)));
                }
            }
            frame if !matches!(self.socket, Socket::Closed) => self.said.push(frame),
            _ => {}
        }
    }

    /// The server accepts the connection that was asked for. Tells whether one was.
    pub async fn accept(&mut self, now: Millis, server_time: Millis, backend: &Backend, rules: Rules) -> bool {
        if !matches!(self.socket, Socket::Asked) {
            return false;
        }
        match backend.connect(&self.login).await {
            Some(connected) => {
                self.socket = Socket::Open { connected, arriving: VecDeque::new() };
                self.step(now, Input::SocketOpened);
                let hello = ServerFrame::Hello { device: self.login.device, server_time, heartbeat_s: 25, rules };
                self.take_in(now, Arriving::Frame(encode(&hello)));
            }
            None => self.take_in(now, Arriving::Closed(close::REVOKED)),
        }
        true
    }

    pub fn disconnect(&mut self, now: Millis) {
        if !matches!(self.socket, Socket::Closed) {
            self.take_in(now, Arriving::Closed(Share::ABNORMAL));
        }
    }

    pub fn deliver(&mut self, now: Millis) -> bool {
        let next = self.arriving().and_then(VecDeque::pop_front);
        next.map(|next| self.take_in(now, next)).is_some()
    }

    /// Something comes over this page's own connection: the others hear it.
    fn take_in(&mut self, now: Millis, what: Arriving) {
        match what {
            Arriving::Frame(text) => {
                let frame: ServerFrame = serde_json::from_str(&text).unwrap();
                let word = self.share.pass_on(text, matches!(frame, ServerFrame::Hello { .. }));
                self.say(&word);
                self.step(now, Input::SocketFrame(frame));
            }
            Arriving::Closed(code) => {
                self.hang_up();
                self.say(&Word::Closed { code, to: None });
                self.step(now, Input::SocketClosed { code });
            }
        }
    }
}

fn encode(what: &impl Serialize) -> String {
    serde_json::to_string(what).unwrap()
}
