//! Whose page it is.
//!
//! The pages of a browser share one cookie. When somebody else logs in on another page, it is theirs, while this page shows
//! what it showed. So whatever is asked of the API says which account the page shows, and the server answers as if nobody were
//! logged in where that is not the cookie's: the page ends. Deliberately absent: forms, which the browser sends by itself.

use protocol::{UserId, path};
use std::cell::Cell;

thread_local! {
    static SHOWN: Cell<Option<UserId>> = const { Cell::new(None) };
}

/// The page shows an account, from before its first call until it is left.
pub fn show(account: UserId) {
    SHOWN.set(Some(account));
}

/// The account that the page shows.
pub fn shown() -> Option<UserId> {
    SHOWN.get()
}

/// Where the page connects.
pub fn push() -> String {
    shown().map_or_else(|| path::PUSH.to_owned(), path::push)
}

/// Where it connects for server-sent events.
pub fn push_events() -> String {
    shown().map_or_else(|| path::PUSH_EVENTS.to_owned(), path::push_events)
}
