//! Functions in views, of types that do not tell who wrote them.
//!
//! Each closure has a type of its own, and so had everything that a view does with it. In boxes they share that code,
//! which makes the front end smaller.

/// What hears an event.
pub fn hear<E: 'static>(listen: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(listen)
}

/// What is drawn anew when a signal moves that it reads.
pub fn tracked<V: 'static>(draw: impl FnMut() -> V + Send + 'static) -> Box<dyn FnMut() -> V + Send> {
    Box::new(draw)
}
