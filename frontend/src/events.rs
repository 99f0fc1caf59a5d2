//! What the page and the browser tell: visibility, network, history, links.

use crate::brought;
use crate::browser::{document, visible, window};
use crate::driver::Driver;
use app::backend::Intent;
use std::rc::Rc;
use sync::Input;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, EventTarget, MouseEvent};

/// Listens for as long as the page lives.
pub fn listen(driver: &Rc<Driver>) {
    on(&document(), "visibilitychange", driver, |driver, _| match visible() {
        true => driver.show(),
        false => {
            leave(driver);
            driver.hide();
        }
    });
    brought::listen(driver);
    on(&window(), "beforeunload", driver, hold);
    on(&window(), "pagehide", driver, |driver, _| leave(driver));
    // A page from the back-forward cache is as old as its leaving (R004-B7.20).
    on(&window(), "pageshow", driver, |driver, _| driver.show());
    // Of two windows side by side one is looked at.
    on(&window(), "focus", driver, |driver, _| driver.input(Input::Visible(visible())));
    on(&window(), "online", driver, |driver, _| driver.input(Input::Woke));
    on(&window(), "popstate", driver, |driver, _| driver.follow());
    on(&document(), "click", driver, |driver, event| {
        if let Some(intent) = event.dyn_ref::<MouseEvent>().and_then(within) {
            event.prevent_default();
            driver.intend(intent);
        }
    });
}

/// What was chosen and is not kept yet would be lost: the browser asks whether to leave all the same.
fn hold(driver: &Rc<Driver>, event: &Event) {
    if driver.keeps_attachments().is_some_and(|(attachments, _)| attachments.prepares()) {
        event.prevent_default();
        // Older browsers heed this alone.
        let _ = js_sys::Reflect::set(event, &"returnValue".into(), &wasm_bindgen::JsValue::TRUE);
    }
}

fn leave(driver: &Rc<Driver>) {
    driver.input(Input::Leaving);
    driver.write_all();
}

/// What a plain click on a link inside the messenger asks for; others are the browser's.
fn within(event: &MouseEvent) -> Option<Intent> {
    let plain = event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
    if !plain || event.default_prevented() {
        return None;
    }
    let link = event.target()?.dyn_into::<Element>().ok()?.closest("a[href]").ok()??;
    let href = link.get_attribute("href")?;
    match href.strip_prefix("/c/") {
        Some(id) => id.parse().ok().map(Intent::Open),
        None => (href == "/").then_some(Intent::Back),
    }
}

pub fn on(target: &EventTarget, name: &str, driver: &Rc<Driver>, hear: impl Fn(&Rc<Driver>, &Event) + 'static) {
    let driver = driver.clone();
    let listener = Closure::<dyn FnMut(Event)>::new(move |event: Event| hear(&driver, &event));
    let _ = target.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    // It listens until the page ends.
    listener.forget();
}
