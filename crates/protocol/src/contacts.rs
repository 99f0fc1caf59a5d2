//! What people are to each other: friends, followers, blocked; and who may write to whom.

use crate::Millis;
use crate::account::User;
use crate::id::{Upd, UserId};
use crate::text::Greeting;
use serde::{Deserialize, Serialize};

/// What an account and another are to each other, as the one knows it. The flags stand beside each other (R003-08).
///
/// That the other blocks the account is not among them: nobody learns that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Relation {
    /// The account has the other as a friend. The other may have ended that (R003-08b).
    #[serde(skip_serializing_if = "is_false")]
    pub friend: bool,
    /// The account follows the other.
    #[serde(skip_serializing_if = "is_false")]
    pub follow: bool,
    /// The other follows the account.
    #[serde(skip_serializing_if = "is_false")]
    pub fan: bool,
    /// The account blocks the other. That overrides the rest and takes none of it away (R003-08c).
    #[serde(skip_serializing_if = "is_false")]
    pub blocking: bool,
}

pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}

impl Relation {
    /// Nothing at all.
    pub const NONE: Self = Self { friend: false, follow: false, fan: false, blocking: false };

    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

/// From whom an account accepts messages in direct conversations (R004-I15). Whoever it blocks is never accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessagesFrom {
    /// 所有人
    #[default]
    Everyone,
    /// 我关注的: those whom the account follows, and its friends.
    Followed,
    /// 关注我的: those who follow the account, and its friends.
    Followers,
    /// 不接受
    Nobody,
}

impl MessagesFrom {
    pub const ALL: [Self; 4] = [Self::Everyone, Self::Followed, Self::Followers, Self::Nobody];

    /// Its name on the wire and in forms.
    pub fn word(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Followed => "followed",
            Self::Followers => "followers",
            Self::Nobody => "nobody",
        }
    }
}

/// Somebody whom the account has to do with. `GET /contacts/{id}`; also what a change of the relation answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub user: User,
    #[serde(flatten)]
    pub relation: Relation,
    /// The position of the account's log at which the relation was read (R004-D3).
    pub upd: Upd,
}

/// `GET /contacts?after=&limit=`: everybody whom the account has to do with, by user id. `limit` is 1–500, 100 when
/// absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    pub contacts: Vec<Contact>,
    /// Pass it as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// `PUT /contacts/{id}/friend`: 200 with the [`Contact`]. Accepts the other's friend request, or makes one; what stands
/// already stays as it is (R003-02).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskFriend {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Greeting>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    Waiting,
    Accepted,
    Refused,
    /// The asker took it back.
    Withdrawn,
    /// Nobody answered within [`FriendRequest::LIFETIME`].
    Expired,
}

/// The last friend request between the account and another, in one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FriendRequest {
    /// The other side.
    pub user: User,
    /// The other asks the account; otherwise the account asks the other.
    pub incoming: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Greeting>,
    pub at: Millis,
    pub state: RequestState,
}

impl FriendRequest {
    /// How long a request waits for an answer, in milliseconds: seven days (R003-02).
    pub const LIFETIME: Millis = 7 * 24 * 60 * 60 * 1_000;
}

/// `GET /contacts/requests`: the friend requests that wait for an answer, the newest first; at most 200 each way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FriendRequests {
    pub incoming: Vec<FriendRequest>,
    pub outgoing: Vec<FriendRequest>,
}
