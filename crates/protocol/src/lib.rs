//! The wire types of Sixin, shared by the server and every client.
//!
//! Purpose: one definition of each word. A value that parses here is valid; nobody checks it again.
//! Invariants: ids and positions are integers below 2^53; texts hold their limits in their type.
//! Deliberately absent: I/O, clocks, randomness, and every user interface.

pub mod account;
pub mod body;
pub mod contacts;
pub mod directory;
pub mod error;
pub mod file;
pub mod frame;
pub mod group;
pub mod id;
pub mod media;
pub mod messaging;
pub mod path;
pub mod preferences;
pub mod profile;
pub mod receipts;
pub mod sealed;
pub mod sync;
pub mod text;

pub use account::{Account, Device, Login, LoginRequest, RegisterRequest, User};
pub use body::{MessageBody, Origin};
pub use contacts::{Contact, FriendRequest, MessagesFrom, Relation, RequestState};
pub use error::{ApiError, ErrorAnswer, ErrorCode};
pub use file::{File, FileName};
pub use frame::{ClientFrame, LogChange, ServerFrame};
pub use group::{Group, Mentions, Nickname, Notice, Role};
pub use id::{ClientId, ConversationId, DeviceId, Rev, Seq, Upd, UserId};
pub use media::{Image, MediaId};
pub use messaging::{Conversation, ConversationKind, Message};
pub use preferences::{ChangePreferences, ChangedPreferences, Labels, Preferences};
pub use receipts::{Cursors, ReadReportPolicy, Receipt, ReceiptReport, Rules};
pub use text::{
    AnnouncementText, AvatarHash, DeviceName, DisplayName, DraftText, Greeting, GroupTitle, Handle, Label, MessageText,
    Password, ReportNote,
};

/// Milliseconds since the Unix epoch by the server's clock. Shown to people, never compared for order (R000-17).
pub type Millis = u64;
