//! Every path of version 1, for the router (`{id}` in place) and for clients (the functions).

use crate::account::ACCOUNT_PARAMETER;
use crate::file::FileName;
use crate::id::{ClientId, ConversationId, DeviceId, Rev, Seq, Upd, UserId};
use crate::media::MediaId;
use crate::sync::PageSize;
use crate::text::AvatarHash;

pub const ACCOUNTS: &str = "/api/v1/accounts";
pub const ACCOUNT_ME: &str = "/api/v1/accounts/me";
pub const ACCOUNT_AVATAR: &str = "/api/v1/accounts/me/avatar";
pub const AVATAR: &str = "/api/v1/avatars/{hash}/{size}";
pub const ADMIN_DEPARTMENTS: &str = "/api/v1/admin/directory/departments";
pub const ADMIN_DEPARTMENTS_REMOVED: &str = "/api/v1/admin/directory/departments/removed";
pub const ADMIN_PEOPLE: &str = "/api/v1/admin/directory/people";
pub const ADMIN_PERSON: &str = "/api/v1/admin/directory/people/{id}";
pub const ADMIN_PERSON_AVATAR: &str = "/api/v1/admin/directory/people/{id}/avatar";
pub const ADMIN_INVITATION: &str = "/api/v1/admin/directory/people/{id}/invitation";
pub const ADMIN_CONFLICTS: &str = "/api/v1/admin/directory/conflicts";
pub const ADMIN_METRICS: &str = "/api/v1/admin/metrics";
pub const ADMIN_REMOVAL: &str = "/api/v1/admin/conversations/{id}/messages/{seq}/removal";
pub const ADMIN_RECALL: &str = "/api/v1/admin/conversations/{id}/messages/{seq}/recall";
pub const USERS: &str = "/api/v1/users";
pub const USER: &str = "/api/v1/users/{id}";
pub const LOGINS: &str = "/api/v1/logins";
pub const LOGIN_CURRENT: &str = "/api/v1/logins/current";
pub const DEVICES: &str = "/api/v1/devices";
pub const DEVICE: &str = "/api/v1/devices/{id}";
pub const DEVICE_BEGINNING: &str = "/api/v1/devices/current/beginning";
pub const CONVERSATIONS: &str = "/api/v1/conversations";
pub const CONVERSATION: &str = "/api/v1/conversations/{id}";
pub const MESSAGES: &str = "/api/v1/conversations/{id}/messages";
pub const CHANGES: &str = "/api/v1/conversations/{id}/changes";
pub const HIDDEN: &str = "/api/v1/conversations/{id}/hidden";
pub const PREFERENCES: &str = "/api/v1/conversations/{id}/preferences";
pub const UNREAD: &str = "/api/v1/conversations/{id}/unread";
pub const READERS: &str = "/api/v1/conversations/{id}/readers";
pub const RECALL: &str = "/api/v1/conversations/{id}/messages/{seq}/recall";
pub const REPORT: &str = "/api/v1/conversations/{id}/messages/{seq}/report";
pub const MESSAGE_READERS: &str = "/api/v1/conversations/{id}/messages/{seq}/readers";
pub const MEMBERS: &str = "/api/v1/conversations/{id}/members";
pub const MEMBER: &str = "/api/v1/conversations/{id}/members/{user}";
pub const GROUP: &str = "/api/v1/conversations/{id}/group";
pub const GROUP_AVATAR: &str = "/api/v1/conversations/{id}/avatar";
pub const GROUP_LINK: &str = "/api/v1/conversations/{id}/link";
pub const WAITING: &str = "/api/v1/conversations/{id}/waiting/{user}";
pub const JOIN: &str = "/api/v1/join/{link}";
pub const RECEIPTS: &str = "/api/v1/receipts";
pub const RECEIPTS_ALL: &str = "/api/v1/receipts/all";
pub const CONTACTS: &str = "/api/v1/contacts";
pub const CONTACT: &str = "/api/v1/contacts/{id}";
pub const FRIEND: &str = "/api/v1/contacts/{id}/friend";
pub const FOLLOW: &str = "/api/v1/contacts/{id}/follow";
pub const BLOCK: &str = "/api/v1/contacts/{id}/block";
pub const REQUESTS: &str = "/api/v1/contacts/requests";
pub const REQUEST: &str = "/api/v1/contacts/requests/{id}";
pub const SYNC: &str = "/api/v1/sync";
pub const SYNC_COUNTS: &str = "/api/v1/sync/counts";
pub const PUSH: &str = "/api/v1/push";
pub const PUSH_EVENTS: &str = "/api/v1/push/events";
pub const PUSH_FRAMES: &str = "/api/v1/push/frames";
pub const MEDIA: &str = "/api/v1/media";
pub const MEDIUM: &str = "/api/v1/media/{media}";
pub const THUMB: &str = "/api/v1/media/{media}/thumb";
pub const FILES: &str = "/api/v1/files";
pub const OPENAPI: &str = "/api/v1/openapi.json";

pub fn user(id: UserId) -> String {
    format!("{USERS}/{id}")
}

/// A picture, at most `size` CSS pixels wide: 96 or 256 are stored.
pub fn avatar(hash: &AvatarHash, size: u32) -> String {
    format!("/api/v1/avatars/{hash}/{size}")
}

/// Uploads a picture under a key of the device's.
pub fn upload(key: ClientId) -> String {
    format!("{MEDIA}?client_id={key}")
}

/// Uploads a file under a key of the device's, as what it is called.
pub fn upload_file(key: ClientId, name: &FileName) -> String {
    format!("{FILES}?client_id={key}&name={}", encoded(name.as_str()))
}

/// A text within an address: all but letters, digits and `-._~` of ASCII by their UTF-8 bytes.
pub fn encoded(text: &str) -> String {
    const HEXADECIMAL: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |half: u8| HEXADECIMAL.get(usize::from(half & 15)).copied().unwrap_or('0');
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.extend(['%', digit(byte >> 4), digit(byte)]),
        }
    }
    encoded
}

/// A picture or a file in a message.
pub fn medium(id: MediaId) -> String {
    format!("{MEDIA}/{id}")
}

/// The same, small.
pub fn thumb(id: MediaId) -> String {
    format!("{MEDIA}/{id}/thumb")
}

pub fn device(id: DeviceId) -> String {
    format!("{DEVICES}/{id}")
}

pub fn conversation(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}")
}

/// The session list after a place in it, which is made of characters that need no escaping.
pub fn conversations_before(place: &str, limit: u64) -> String {
    format!("{CONVERSATIONS}?before={place}&limit={limit}")
}

/// Deletes the conversation through a message: on this device, or on all devices of the account.
pub fn conversation_through(id: ConversationId, through: Seq, everywhere: bool) -> String {
    let everywhere = if everywhere { "&everywhere=true" } else { "" };
    format!("{CONVERSATIONS}/{id}?through={through}{everywhere}")
}

pub fn hidden(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/hidden")
}

/// The page of what somebody tells of themselves.
pub fn card(id: UserId) -> String {
    format!("/u/{id}")
}

pub fn preferences(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/preferences")
}

pub fn unread(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/unread")
}

pub fn readers(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/readers")
}

pub fn members(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/members")
}

pub fn member(id: ConversationId, user: UserId) -> String {
    format!("{CONVERSATIONS}/{id}/members/{user}")
}

pub fn group(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/group")
}

/// The picture of a group, to put and to take away; [`avatar`] is what shows it.
pub fn group_avatar(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/avatar")
}

pub fn group_link(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/link")
}

pub fn waiting(id: ConversationId, user: UserId) -> String {
    format!("{CONVERSATIONS}/{id}/waiting/{user}")
}

/// `link` is made of characters that need no escaping.
pub fn join(link: &str) -> String {
    format!("/api/v1/join/{link}")
}

pub fn recall(id: ConversationId, seq: Seq) -> String {
    format!("{CONVERSATIONS}/{id}/messages/{seq}/recall")
}

pub fn removal(id: ConversationId, seq: Seq) -> String {
    format!("/api/v1/admin/conversations/{id}/messages/{seq}/removal")
}

pub fn admin_recall(id: ConversationId, seq: Seq) -> String {
    format!("/api/v1/admin/conversations/{id}/messages/{seq}/recall")
}

pub fn report(id: ConversationId, seq: Seq) -> String {
    format!("{CONVERSATIONS}/{id}/messages/{seq}/report")
}

pub fn message_readers(id: ConversationId, seq: Seq) -> String {
    format!("{CONVERSATIONS}/{id}/messages/{seq}/readers")
}

pub fn contact(id: UserId) -> String {
    format!("{CONTACTS}/{id}")
}

pub fn friend(id: UserId) -> String {
    format!("{CONTACTS}/{id}/friend")
}

pub fn follow(id: UserId) -> String {
    format!("{CONTACTS}/{id}/follow")
}

pub fn block(id: UserId) -> String {
    format!("{CONTACTS}/{id}/block")
}

/// The friend request of a user.
pub fn request(id: UserId) -> String {
    format!("{REQUESTS}/{id}")
}

pub fn receipts_after(after: Upd) -> String {
    format!("{RECEIPTS}?after={after}")
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

/// One page of a sync.
pub fn sync_page(token: Option<&str>, size: PageSize) -> String {
    let since = token.map_or_else(String::new, |token| format!("since={token}&"));
    format!("{SYNC}?{since}page_size={size}")
}

/// The push connection of a page that shows an account.
pub fn push(account: UserId) -> String {
    format!("{PUSH}?{ACCOUNT_PARAMETER}={account}")
}

/// The same as server-sent events.
pub fn push_events(account: UserId) -> String {
    format!("{PUSH_EVENTS}?{ACCOUNT_PARAMETER}={account}")
}

/// Where a page without scripts posts a picture.
pub fn page_picture(id: ConversationId) -> String {
    format!("/c/{id}/picture")
}

/// The page of a conversation.
pub fn page(id: ConversationId) -> String {
    format!("/c/{id}")
}
