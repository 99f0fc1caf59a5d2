//! How a person asks for the menu of an item in a list: by the right button, by a finger held still, by Shift+F10, the
//! menu key or a button of the item. The list hears it for all of its items.

use super::keys;
use super::menu::within;
use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, EventTarget};
use std::time::Duration;

/// How long a finger is held.
const HOLD: Duration = Duration::from_millis(500);
/// How far it may move meanwhile, in CSS pixels.
const STILL: i32 = 10;

/// The item that a menu was asked for, and the point on the screen.
pub type Asked = (Element, (i32, i32));

#[derive(Clone, Copy)]
pub struct Asking {
    /// Selects the items.
    items: &'static str,
    /// Selects the buttons within them that ask for the menu.
    buttons: &'static str,
    open: Callback<Asked>,
    state: StoredValue<State, LocalStorage>,
}

#[derive(Default)]
struct State {
    /// Where a finger rests, until it has rested for long enough.
    resting: Option<(TimeoutHandle, (i32, i32))>,
    /// The finger that opened the menu is still there.
    held: bool,
}

impl State {
    /// Tells whether a menu is to open, that a finger may have asked for already.
    fn open(&mut self, touched: bool) -> bool {
        let opens = !self.held;
        self.held |= touched;
        opens
    }
}

impl Asking {
    pub fn new(items: &'static str, buttons: &'static str, open: Callback<Asked>) -> Self {
        Self { items, buttons, open, state: StoredValue::new_local(State::default()) }
    }

    /// The right button, or what a browser makes of a finger held still.
    pub fn menu(self, event: &MouseEvent) {
        let Some(item) = self.item(event.target()) else { return };
        event.prevent_default();
        let touched = self.end();
        if self.state.try_update_value(|state| state.open(touched)) == Some(true) {
            self.open.run((item, (event.client_x(), event.client_y())));
        }
    }

    pub fn down(self, event: &PointerEvent) {
        self.end();
        self.state.update_value(|state| state.held = false);
        let Some(item) = self.item(event.target()).filter(|_| event.pointer_type() == "touch" && event.is_primary())
        else {
            return;
        };
        let at = (event.client_x(), event.client_y());
        let ring = move || {
            if self.state.try_update_value(|state| state.resting.take().is_some()) == Some(true) {
                self.state.update_value(|state| state.held = true);
                self.open.run((item, at));
            }
        };
        if let Ok(timer) = set_timeout_with_handle(ring, HOLD) {
            self.state.update_value(|state| state.resting = Some((timer, at)));
        }
    }

    pub fn moved(self, event: &PointerEvent) {
        let far = |(x, y): (i32, i32)| (event.client_x() - x).abs().max((event.client_y() - y).abs()) > STILL;
        if self.state.with_value(|state| state.resting.as_ref().is_some_and(|(_, from)| far(*from))) {
            self.end();
        }
    }

    /// The finger went, or the browser took it for scrolling.
    pub fn ended(self) {
        self.end();
    }

    /// Tells whether a finger rested.
    fn end(self) -> bool {
        let resting = self.state.try_update_value(|state| state.resting.take()).flatten();
        resting.map(|(timer, _)| timer.clear()).is_some()
    }

    /// A click; the one that ends a long press does nothing more.
    pub fn clicked(self, event: &MouseEvent) {
        if self.state.try_update_value(|state| std::mem::take(&mut state.held)) == Some(true) {
            event.prevent_default();
            event.stop_propagation();
            return;
        }
        let button = element(event.target()).and_then(|target| target.closest(self.buttons).ok().flatten());
        if let (Some(button), Some(item)) = (button, self.item(event.target())) {
            self.open.run((item, within(&button)));
        }
    }

    /// Tells whether the key asked for the menu of the item that has the focus.
    pub fn key(self, event: &KeyboardEvent) -> bool {
        self.state.update_value(|state| state.held = false);
        let Some(item) = self.item(event.target()) else { return false };
        let asks = match keys::key(event).as_deref() {
            Some("ContextMenu") => true,
            Some("F10") => event.shift_key(),
            _ => false,
        };
        if asks {
            event.prevent_default();
            self.open.run((item.clone(), within(&item)));
        }
        asks
    }

    fn item(self, target: Option<EventTarget>) -> Option<Element> {
        element(target)?.closest(self.items).ok().flatten()
    }
}

fn element(target: Option<EventTarget>) -> Option<Element> {
    target?.dyn_into().ok()
}
