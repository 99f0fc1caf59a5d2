//! Every path of version 1, for the router (`{id}` in place) and for clients (the functions).

use crate::id::{ConversationId, DeviceId, Rev, Seq, UserId};

pub const ACCOUNTS: &str = "/api/v1/accounts";
pub const ACCOUNT_ME: &str = "/api/v1/accounts/me";
pub const USERS: &str = "/api/v1/users";
pub const USER: &str = "/api/v1/users/{id}";
pub const LOGINS: &str = "/api/v1/logins";
pub const LOGIN_CURRENT: &str = "/api/v1/logins/current";
pub const DEVICES: &str = "/api/v1/devices";
pub const DEVICE: &str = "/api/v1/devices/{id}";
pub const CONVERSATIONS: &str = "/api/v1/conversations";
pub const CONVERSATION: &str = "/api/v1/conversations/{id}";
pub const MESSAGES: &str = "/api/v1/conversations/{id}/messages";
pub const CHANGES: &str = "/api/v1/conversations/{id}/changes";
pub const RECEIPTS: &str = "/api/v1/receipts";
pub const SYNC: &str = "/api/v1/sync";
pub const PUSH: &str = "/api/v1/push";
pub const OPENAPI: &str = "/api/v1/openapi.json";

pub fn user(id: UserId) -> String {
    format!("{USERS}/{id}")
}

pub fn device(id: DeviceId) -> String {
    format!("{DEVICES}/{id}")
}

pub fn conversation(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}")
}

pub fn messages(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/messages")
}

pub fn messages_before(id: ConversationId, before: Seq, limit: u64) -> String {
    format!("{CONVERSATIONS}/{id}/messages?before={before}&limit={limit}")
}

pub fn messages_after(id: ConversationId, after: Seq, limit: u64) -> String {
    format!("{CONVERSATIONS}/{id}/messages?after={after}&limit={limit}")
}

pub fn changes(id: ConversationId, after: Rev) -> String {
    format!("{CONVERSATIONS}/{id}/changes?after_rev={after}")
}

/// `token` is opaque and made of characters that need no escaping.
pub fn sync(token: &str) -> String {
    format!("{SYNC}?since={token}")
}

/// The page of a conversation.
pub fn page(id: ConversationId) -> String {
    format!("/c/{id}")
}
