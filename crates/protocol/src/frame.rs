//! What travels over the push connection. The database is the truth; a frame is a hint that saves a pull.

use crate::Millis;
use crate::account::User;
use crate::group::Nickname;
use crate::id::{ConversationId, DeviceId, Rev, Seq, Upd, UserId};
use crate::messaging::Message;
use crate::receipts::Rules;
use crate::sync::AccountChange;
use serde::{Deserialize, Serialize};

/// Server to client, JSON text frames: an object whose one field names the kind. A durable frame names its log with `prev` and `pos` (R004-G8): the client
/// applies it iff `prev` is its cursor, ignores it if `pos` is not beyond its cursor, and otherwise pulls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame. A client syncs after it: everything before may have passed it by.
    Hello {
        device: DeviceId,
        server_time: Millis,
        /// How often the client pings, in seconds (R004-G10).
        heartbeat_s: u64,
        rules: Rules,
    },
    /// One change in a conversation's log.
    Conversation { conversation: ConversationId, prev: Rev, pos: Rev, head_seq: Seq, change: LogChange },
    /// Changes in the account's own log.
    Account { prev: Upd, pos: Upd, changes: Vec<AccountChange> },
    /// The conversation is deleted on this device through `floor`, by whichever of its pages or by another device (R001-05). It
    /// belongs to no log: the next sync tells it again.
    Deleted { conversation: ConversationId, floor: Seq },
    /// What everybody may know of somebody changed. It stands in no log: who misses it hears with a description, a page or
    /// a message (R002-04).
    Person { user: User },
    /// Somebody writes in a conversation (R002-04). It is kept nowhere, and holds for [`TYPING`].
    Typing { conversation: ConversationId, user: UserId },
    /// Whether the peer of the conversation that this connection watches is there, or when they were. It is kept nowhere.
    Presence {
        user: UserId,
        online: bool,
        /// 0: unknown, or online.
        #[serde(default)]
        seen_at: Millis,
    },
    /// The answer to a ping, at once. `server_time`: the server's clock, in milliseconds.
    Pong { server_time: Millis },
}

/// For how long somebody is shown to be writing, in milliseconds.
pub const TYPING: Millis = 6_000;
/// How often one tells at most that one is writing.
pub const TYPING_PAUSE: Millis = 3_000;

/// What a conversation's log says at a position, to one reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogChange {
    /// A message in its latest state.
    Message {
        message: Message,
        sender: User,
        /// What the sender is called here, who ever had a nickname in the group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nickname: Option<Nickname>,
    },
    /// Something that this reader may not see: the log moves over it. The message at `seq` counts for nothing.
    Withheld { seq: Seq },
    /// A group that is too large for a notice of everybody who comes and goes has so many members now.
    Members { count: u64 },
    /// So many wait to be let into the group. Told to its owner and admins; the others hear `members`.
    Waiting { count: u64 },
    /// A member of the group is called otherwise from here on.
    Named { nickname: Nickname },
}

/// Client to server, JSON text frames of at most 4 KiB, written as [`ServerFrame`] is. Fields that the server does not know are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientFrame {
    Ping,
    /// A person writes in a conversation. Too many of them are passed over.
    Typing {
        conversation: ConversationId,
    },
    /// The direct conversation whose peer's presence this connection wants from now on; absent: nobody's.
    Watch {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<ConversationId>,
    },
}

impl ClientFrame {
    /// The longest that one may be, in bytes.
    pub const MAX: usize = 4_096;
}

/// `POST /push/frames`: 204. What a device says that hears the push connection as server-sent events (R004-G5): 404 when
/// it has no such connection any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaidFrame {
    /// As the stream's first event named it.
    pub connection: u64,
    pub frame: ClientFrame,
}

/// Why the server closes the push connection, as WebSocket close codes.
pub mod close {
    /// The client reads too slowly: reconnect and sync.
    pub const RESYNC: u16 = 4000;
    /// The login was ended: log in again.
    pub const REVOKED: u16 = 4001;
    /// The server stops: reconnect with back-off.
    pub const GOING_AWAY: u16 = 1001;
    /// A frame was too long.
    pub const TOO_BIG: u16 = 1009;
    /// A frame was not one of [`super::ClientFrame`].
    pub const REFUSED: u16 = 1008;
}
