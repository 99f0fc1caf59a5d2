//! The push connection as a WebSocket.

use crate::account;
use crate::browser::window;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

/// What a connection tells.
pub enum Heard {
    Opened,
    /// A frame as it came.
    Frame(String),
    Closed(u16),
}

/// An open connection, or one on its way. Dropped, it says nothing more.
pub struct Socket {
    socket: WebSocket,
    _opened: Closure<dyn FnMut(Event)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _closed: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Connects, and tells what happens. `None` where the browser refuses to try.
    pub fn connect(tell: impl Fn(Heard) + Clone + 'static) -> Option<Self> {
        let location = window().location();
        let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
        let socket = WebSocket::new(&format!("{scheme}://{}{}", location.host().ok()?, account::push())).ok()?;

        let opened = Closure::new({
            let tell = tell.clone();
            move |_: Event| tell(Heard::Opened)
        });
        let message = Closure::new({
            let tell = tell.clone();
            move |event: MessageEvent| tell(Heard::Frame(event.data().as_string().unwrap_or_default()))
        });
        let closed = Closure::new(move |event: CloseEvent| tell(Heard::Closed(event.code())));
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Some(Self { socket, _opened: opened, _message: message, _closed: closed })
    }

    /// Sends a frame; one that the connection cannot take is lost, which the heartbeat then notices.
    pub fn send(&self, text: &str) {
        if self.socket.ready_state() == WebSocket::OPEN {
            let _ = self.socket.send_with_str(text);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}
