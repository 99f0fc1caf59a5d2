//! Accounts, logins and devices.

use crate::Millis;
use crate::contacts::MessagesFrom;
use crate::id::{DeviceId, UserId};
use crate::text::{AvatarHash, DeviceName, DisplayName, Handle, Password};
use serde::{Deserialize, Serialize};

/// The header of a request that tells whose page asks: the id of the account that it shows. The pages of one browser share a
/// cookie, which may have become another account's meanwhile: such a request is answered as if nobody were logged in. Who has a
/// token of their own need not say it.
pub const ACCOUNT_HEADER: &str = "sixin-account";
/// The same, as a parameter of the two paths of the push connection, where a browser can set no header.
pub const ACCOUNT_PARAMETER: &str = "account";
/// The cookie that tells the scripts of a page that no server rendered whose login the browser has: what it stores may be of
/// another, who was there before. Nobody is trusted for it.
pub const ACCOUNT_COOKIE: &str = "sixin_account";

/// What everybody may know of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub handle: Handle,
    pub display_name: DisplayName,
    /// The picture, under [`crate::path::avatar`]. Without one, or until it is there, the name's first letter stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<AvatarHash>,
    /// How often what everybody may know changed: of two states the one with the larger number is the later (R002-04).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub version: u64,
}

impl User {
    /// Somebody as they come in: without a picture.
    pub fn new(id: UserId, handle: Handle, display_name: DisplayName) -> Self {
        Self { id, handle, display_name, avatar: None, version: 0 }
    }
}

pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What an account's owner knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: UserId,
    pub handle: Handle,
    pub display_name: DisplayName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<AvatarHash>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub version: u64,
    pub created_at: Millis,
    /// Whether others learn what the account received and read, and it what they did (R000-19).
    pub receipts: bool,
    /// From whom it accepts messages (R004-I15).
    #[serde(default)]
    pub messages_from: MessagesFrom,
    /// Whether others learn when it was last there, and it when they were.
    pub show_last_seen: bool,
}

impl Account {
    /// The part of it that everybody may know.
    pub fn user(&self) -> User {
        User {
            id: self.id,
            handle: self.handle.clone(),
            display_name: self.display_name.clone(),
            avatar: self.avatar.clone(),
            version: self.version,
        }
    }
}

/// The part of [`crate::profile::ChangeAccount`] that turns receipts on or off (R000-19).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ChangeReceipts {
    pub receipts: bool,
}

/// `POST /accounts`: 201 with the [`Account`], 409 `handle_taken`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    pub handle: Handle,
    pub display_name: DisplayName,
    pub password: Password,
}

/// `POST /logins`: 201 with the [`Login`], 401 `wrong_credentials`, alike for an unknown handle.
///
/// The handle is any string here: a name that no account can have must answer as a wrong password does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    pub handle: String,
    pub password: String,
    /// What to call the new device; the server derives a name from the browser's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_name: Option<DeviceName>,
}

/// A fresh login. The token goes into a cookie, and here for programs that send it as a bearer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Login {
    pub account: Account,
    pub device: DeviceId,
    pub token: String,
}

/// One login of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: DeviceId,
    pub name: DeviceName,
    pub created_at: Millis,
    /// When the device last logged in or opened its push connection.
    pub last_seen_at: Millis,
    /// Whether it is the device that asks.
    pub current: bool,
}

/// `GET /devices`: every device of the account, newest login first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Devices {
    pub devices: Vec<Device>,
}

/// `GET /users?query=`: at most 20 users whose handle or display name contains the query, best match first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Users {
    pub users: Vec<User>,
}
