//! Messages that one account does not see.

/// Why a row of `hidden` stands: the sender withheld the message. Its account is never told of it.
pub(super) const WITHHELD: i64 = 2;
