//! A timer that rings once, unless it is dropped before.

use crate::browser::window;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// The longest delay that browsers know, in milliseconds; a longer one would ring at once.
const LONGEST: u64 = i32::MAX as u64;

pub struct Timeout {
    handle: i32,
    _ring: Closure<dyn FnMut()>,
}

impl Timeout {
    /// Rings after `millis`, or when the browser finds time.
    pub fn after(millis: u64, ring: impl FnOnce() + 'static) -> Option<Self> {
        let ring = Closure::once(ring);
        let millis = i32::try_from(millis.min(LONGEST)).unwrap_or(i32::MAX);
        let handle = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(ring.as_ref().unchecked_ref(), millis)
            .ok()?;
        Some(Self { handle, _ring: ring })
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        window().clear_timeout_with_handle(self.handle);
    }
}
