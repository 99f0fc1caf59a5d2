//! The push connection as server-sent events, where something on the way refuses WebSockets (R004-G5).

use crate::socket::Heard;
use crate::{account, http};
use protocol::frame::close;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use sync::tabs::Share;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, EventSource, MessageEvent};

/// An open stream, or one on its way. Dropped, it says nothing more.
pub struct Stream {
    source: EventSource,
    mouth: Rc<Mouth>,
    _named: Closure<dyn FnMut(MessageEvent)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _closed: Closure<dyn FnMut(MessageEvent)>,
    _failed: Closure<dyn FnMut(Event)>,
}

/// What the device says, one frame after the other: the later must not overtake.
struct Mouth {
    /// As the server named the connection.
    connection: RefCell<Option<String>>,
    frames: RefCell<VecDeque<String>>,
    posting: Cell<bool>,
    tell: Box<dyn Fn(Heard)>,
    ended: Cell<bool>,
}

impl Stream {
    /// Connects, and tells what happens. `None` where the browser refuses to try.
    pub fn connect(tell: impl Fn(Heard) + Clone + 'static) -> Option<Self> {
        let source = EventSource::new(&account::push_events()).ok()?;
        let mouth = Rc::new(Mouth {
            connection: RefCell::default(),
            frames: RefCell::default(),
            posting: Cell::new(false),
            tell: Box::new(tell.clone()),
            ended: Cell::new(false),
        });
        let text = |event: MessageEvent| event.data().as_string().unwrap_or_default();
        let named = Closure::new({
            let mouth = mouth.clone();
            move |event: MessageEvent| {
                *mouth.connection.borrow_mut() = Some(text(event));
                (mouth.tell)(Heard::Opened);
                mouth.open();
            }
        });
        let message = Closure::new({
            let tell = tell.clone();
            move |event: MessageEvent| tell(Heard::Frame(text(event)))
        });
        let closed = Closure::new({
            let tell = tell.clone();
            move |event: MessageEvent| tell(Heard::Closed(text(event).parse().unwrap_or(Share::ABNORMAL)))
        });
        // The browser would connect again by itself; the engine says when.
        let failed = Closure::new(move |_: Event| tell(Heard::Closed(Share::ABNORMAL)));
        let on = |name: &str, listener: &Closure<dyn FnMut(MessageEvent)>| {
            source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref()).ok()
        };
        on("connection", &named)?;
        on("message", &message)?;
        on("close", &closed)?;
        source.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Some(Self { source, mouth, _named: named, _message: message, _closed: closed, _failed: failed })
    }

    /// Sends a frame, once the connection has a name. One that is lost on the way is noticed by the heartbeat; what was said
    /// to a stream that is gone, the engine says anew to the next one.
    pub fn send(&self, text: &str) {
        self.mouth.frames.borrow_mut().push_back(text.to_owned());
        self.mouth.open();
    }
}

impl Mouth {
    /// Says what waits.
    fn open(self: &Rc<Self>) {
        if !self.posting.replace(true) {
            let mouth = self.clone();
            spawn_local(async move { mouth.post().await });
        }
    }

    async fn post(&self) {
        while !self.ended.get() {
            // Without a name nobody would hear it: it waits.
            let Some(connection) = self.connection.borrow().clone() else { break };
            let Some(frame) = self.frames.borrow_mut().pop_front() else { break };
            if http::say(&connection, &frame).await == Some(404) && !self.ended.get() {
                // The server does not know the stream any more, whatever it looks like from here.
                (self.tell)(Heard::Closed(close::GOING_AWAY));
            }
        }
        self.posting.set(false);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.mouth.ended.set(true);
        self.source.set_onerror(None);
        self.source.close();
    }
}
