//! Ids and positions. Each is a JSON number below 2^53, so that every JavaScript number can hold it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use uuid::Uuid;

/// The first integer that a JSON number of a browser can no longer hold exactly.
const LIMIT: u64 = 1 << 53;

/// A number is no id: it is not an integer in the id's range.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected an integer of {min} or more, below 2^53")]
pub struct OutOfRange {
    min: u64,
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident from $min:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "u64", into = "u64")]
        pub struct $name(u64);

        impl $name {
            /// The number itself.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The number as a database integer; ids stay below 2^53, so it always fits.
            pub const fn as_i64(self) -> i64 {
                self.0 as i64
            }
        }

        impl TryFrom<u64> for $name {
            type Error = OutOfRange;

            fn try_from(value: u64) -> Result<Self, OutOfRange> {
                if !($min..LIMIT).contains(&value) {
                    return Err(OutOfRange { min: $min });
                }
                Ok(Self(value))
            }
        }

        impl TryFrom<i64> for $name {
            type Error = OutOfRange;

            fn try_from(value: i64) -> Result<Self, OutOfRange> {
                u64::try_from(value).map_err(|_| OutOfRange { min: $min })?.try_into()
            }
        }

        impl From<$name> for u64 {
            fn from(value: $name) -> u64 {
                value.0
            }
        }

        impl FromStr for $name {
            type Err = OutOfRange;

            fn from_str(text: &str) -> Result<Self, OutOfRange> {
                text.parse::<u64>().map_err(|_| OutOfRange { min: $min })?.try_into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

macro_rules! position {
    ($(#[$doc:meta])* $name:ident) => {
        number!($(#[$doc])* $name from 0);

        impl $name {
            /// Before the first position.
            pub const ZERO: Self = Self(0);

            pub const fn is_zero(&self) -> bool {
                self.0 == 0
            }

            /// The position after this one. Positions grow by one a change and never reach 2^53.
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }

            /// The position before this one; `ZERO` stays `ZERO`.
            pub const fn prev(self) -> Self {
                Self(self.0.saturating_sub(1))
            }

            /// This position moved forward by `by`, kept below 2^53.
            pub const fn plus(self, by: u64) -> Self {
                let sum = self.0.saturating_add(by);
                Self(if sum < LIMIT { sum } else { LIMIT - 1 })
            }

            /// This position moved back by `by`, at least `ZERO`.
            pub const fn minus(self, by: u64) -> Self {
                Self(self.0.saturating_sub(by))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ZERO
            }
        }
    };
}

number!(/** An account; the people one writes with are its users. 0 is forbidden (R001-09). */ UserId from 1);
number!(/** One login of an account: one browser profile or program. */ DeviceId from 1);
number!(/** A conversation, direct or group; one id space (R001-09). */ ConversationId from 1);
position!(/** A message's address in its conversation and the only order that anyone shows. 0 is "before the first". */ Seq);
position!(/** A position in a conversation's log: every change that its members share advances it by one. */ Rev);
position!(/** A position in an account's log: every change that only its owner sees advances it by one. */ Upd);

/// The idempotency key of a send, made by the device (a UUID, version 7 by preference): one key yields one message
/// (R001-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(Uuid);

impl ClientId {
    /// Builds a version 7 id from `millis` since the epoch and ten random bytes.
    pub fn from_parts(millis: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The sixteen bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id that has these sixteen bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ClientId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R001-09: uid 0 is forbidden, and ids fit a JSON number of a browser.
    #[test]
    fn ids_are_numbers_in_range() {
        let parse = |text: &str| serde_json::from_str::<UserId>(text).ok().map(UserId::get);
        assert_eq!(parse("1"), Some(1));
        assert_eq!(parse("9007199254740991"), Some(9_007_199_254_740_991));
        for refused in ["0", "-1", "1.5", "9007199254740992", "1e30", "\"1\"", "null", "[]"] {
            assert_eq!(parse(refused), None, "{refused}");
        }
    }

    #[test]
    fn client_id_orders_by_time() {
        let earlier = ClientId::from_parts(1_000, [255; 10]);
        let later = ClientId::from_parts(1_001, [0; 10]);
        assert!(earlier < later);
        assert_eq!(earlier.to_string().parse::<ClientId>().ok(), Some(earlier));
    }
}
