//! Groups: roles and what they permit, what a group's members share, and the notices of its changes.
//!
//! Invariants: everything that members share travels as a [`Notice`] in the conversation's log, as data; each reader's
//! language makes the words. A notice counts for nothing.

use crate::Millis;
use crate::account::User;
use crate::id::{Rev, UserId};
use crate::text::{AnnouncementText, AvatarHash, DisplayName, GroupTitle};
use serde::{Deserialize, Serialize};

/// The most members of a group, whatever the server's own limit.
pub const MEMBERS_MAX: usize = 10_000;
/// The most people named in one request: a larger group grows by several.
pub const NAMED_MAX: usize = 200;
/// The longest that somebody can be muted for, in milliseconds: a year.
pub const MUTE_MAX: Millis = 366 * 86_400_000;

/// What a member is in a group; the larger, the more it may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Member,
    Admin,
    /// One a group.
    Owner,
}

/// What a member does in a group. Where it concerns another one, their role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Title, picture, announcement, link, who may join, what newcomers see, who waits to join, and muting everybody.
    Govern,
    /// Bringing people in.
    Invite(Joining),
    /// Naming all members in a message.
    MentionAll,
    /// Writing although everybody is muted.
    WriteWhenMuted,
    Remove(Role),
    Mute(Role),
    /// Taking back another's message, whatever its age (R001-18).
    Recall(Role),
    /// Making another admin or member, or owner in one's place.
    Appoint,
    Dissolve,
    /// The owner names another first, or dissolves the group.
    Leave,
}

impl Role {
    /// The one policy of groups: whether somebody with this role may do it.
    pub fn may(self, action: Action) -> bool {
        match action {
            Action::Govern | Action::MentionAll | Action::WriteWhenMuted => self >= Self::Admin,
            Action::Invite(joining) => joining == Joining::Free || self >= Self::Admin,
            Action::Remove(other) | Action::Mute(other) | Action::Recall(other) => self >= Self::Admin && self > other,
            Action::Appoint | Action::Dissolve => self == Self::Owner,
            Action::Leave => self != Self::Owner,
        }
    }
}

/// Who becomes a member by the group's link, and whether any member may bring people in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joining {
    /// Whoever has the link; every member brings people in.
    #[default]
    Free,
    /// Whom the owner or an admin lets in.
    Approval,
    /// Nobody; the owner and admins bring people in.
    Closed,
}

impl Joining {
    pub const ALL: [Self; 3] = [Self::Free, Self::Approval, Self::Closed];
}

/// What newcomers see of what was written before (R003-07).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum History {
    #[default]
    Nothing,
    /// The newest so many, notices included; at least one.
    Last(u16),
    All,
}

/// A group as one of its members sees it, beside what every conversation has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Absent where nobody is: the group was imported without members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// The reader's own.
    pub role: Role,
    /// The picture, under [`crate::path::avatar`]. Without one, or until it is there, the title's first letter stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<AvatarHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement: Option<Announcement>,
    /// Until when nobody but the owner and admins may write; 0: everybody may.
    #[serde(default)]
    pub muted_until: Millis,
    /// Until when the reader may not write.
    #[serde(default)]
    pub own_muted_until: Millis,
    /// How many wait to be let in, for the owner and admins.
    #[serde(default, skip_serializing_if = "crate::account::is_zero")]
    pub waiting: u64,
    /// What the sender of the last message is called in it, and in a page of changes every member whose nickname changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nicknames: Vec<Nickname>,
}

/// What a member is called in a group, as of a position of its log: of two states the one at the later position is true.
/// Told of those alone who ever had a nickname.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nickname {
    pub user: UserId,
    /// Absent: by their own name again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DisplayName>,
    pub rev: Rev,
}

/// Why the reader may not write in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Everybody is muted but the owner and admins.
    Everybody,
    /// The reader is, until then by the server's clock.
    Reader { until: Millis },
}

impl Group {
    /// Whether the reader may write at a time of the server's clock.
    pub fn may_write(&self, now: Millis) -> bool {
        self.silence(now).is_none()
    }

    /// Why the reader may not write at a time of the server's clock; of two reasons the one that lasts longer.
    pub fn silence(&self, now: Millis) -> Option<Silence> {
        let everybody = (self.muted_until, Silence::Everybody);
        let reader = (self.own_muted_until, Silence::Reader { until: self.own_muted_until });
        let governs = self.role.may(Action::WriteWhenMuted);
        let reasons = [(!governs).then_some(everybody), Some(reader)].into_iter().flatten();
        reasons.filter(|(until, _)| *until > now).max_by_key(|(until, _)| *until).map(|(_, silence)| silence)
    }
}

/// What everybody in the group should know (R002-17).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    pub text: AnnouncementText,
    pub by: UserId,
    pub at: Millis,
}

/// Somebody in a notice, as they were called then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub id: UserId,
    pub name: DisplayName,
}

impl From<&User> for Named {
    fn from(user: &User) -> Self {
        Self { id: user.id, name: user.display_name.clone() }
    }
}

/// One change that the members of a group share. Who made it is the message's sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    Created(Crowd),
    /// The sender brought them in.
    Invited(Crowd),
    /// The sender came by the link, or was let in.
    Joined {
        members: u64,
    },
    Left {
        members: u64,
    },
    Removed(Crowd),
    Renamed {
        title: GroupTitle,
    },
    /// Absent: there is no picture any more.
    Pictured {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        avatar: Option<AvatarHash>,
    },
    /// Empty: there is no announcement any more.
    Announced {
        text: AnnouncementText,
    },
    /// Nobody becomes owner so.
    Appointed {
        person: Named,
        role: Role,
    },
    /// The sender was the owner, and is an admin now; the person is, and is not muted any more.
    HandedOver {
        person: Named,
    },
    /// `until` 0: may write again. Nobody named: everybody.
    Muted {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<Named>,
        until: Millis,
    },
}

/// Whom a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crowd {
    /// The first of them, at most [`Crowd::SHOWN`].
    pub people: Vec<Named>,
    /// How many they are.
    pub count: u64,
    /// How many members there are now.
    pub members: u64,
}

impl Crowd {
    pub const SHOWN: usize = 10;

    pub fn new(people: &[User], members: u64) -> Self {
        Self { people: people.iter().take(Self::SHOWN).map(Named::from).collect(), count: people.len() as u64, members }
    }
}

impl Notice {
    /// How many members there are now, where that changed.
    pub fn members(&self) -> Option<u64> {
        match self {
            Self::Created(crowd) | Self::Invited(crowd) | Self::Removed(crowd) => Some(crowd.members),
            Self::Joined { members } | Self::Left { members } => Some(*members),
            _ => None,
        }
    }
}

/// Whom a message names, so that it reaches them though they muted the conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mentions {
    /// Members, each once, ascending; at most [`Mentions::MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserId>,
    /// All of them. Only the owner and admins may.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

impl Mentions {
    /// The most members that one message names.
    pub const MAX: usize = 50;

    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && !self.all
    }

    pub fn has(&self, user: UserId) -> bool {
        self.all || self.users.contains(&user)
    }
}

/// `PATCH /conversations/{id}`: 200 with the `Conversation`. What is absent stays. For the owner and admins.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeGroup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<GroupTitle>,
    /// Empty: take it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement: Option<AnnouncementText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joining: Option<Joining>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// Mute everybody but the owner and admins for so many milliseconds from now, at most [`MUTE_MAX`]; 0: no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_ms: Option<Millis>,
}

/// `GET /conversations/{id}/members?after=&query=&active=&limit=`: one page by user id, or those whose name, nickname or
/// handle contains the query; with `active=true` only those who were not deactivated. `limit` is 1–200, 50 when absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    pub members: Vec<Member>,
    /// Pass it as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user: User,
    pub role: Role,
    /// What the member wants to be called here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<DisplayName>,
    /// Until when the member may not write.
    #[serde(default)]
    pub muted_until: Millis,
    /// Nobody can log in as the member, and nothing reaches it. It stays a member.
    #[serde(default, skip_serializing_if = "crate::contacts::is_false")]
    pub deactivated: bool,
}

impl Member {
    /// What the member is called here.
    pub fn name(&self) -> &DisplayName {
        self.nickname.as_ref().unwrap_or(&self.user.display_name)
    }
}

/// `POST /conversations/{id}/members`: 200 with [`InviteOutcomes`]. Who is a member already is passed over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InviteMembers {
    /// From 1 to [`NAMED_MAX`] users.
    pub users: Vec<UserId>,
}

/// What became of an invitation, of each person in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteOutcomes {
    pub outcomes: Vec<InviteOutcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteOutcome {
    pub user: UserId,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// In the group now.
    Joined,
    /// Was in it already.
    Member,
    /// They accept nobody, or block whoever invites: both look alike.
    NotAccepted,
    /// There is nobody like that.
    Unknown,
}

impl InviteOutcomes {
    /// Those who were not brought in because they accept it from nobody, or not from whoever invites.
    pub fn refused(&self) -> impl Iterator<Item = UserId> {
        self.outcomes.iter().filter(|it| it.outcome == Outcome::NotAccepted).map(|it| it.user)
    }
}

/// `PATCH /conversations/{id}/members/{user}`: 204. What is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeMember {
    /// `owner` hands the group over: who asks becomes an admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Mute the member for so many milliseconds from now, at most [`MUTE_MAX`]; 0: no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_ms: Option<Millis>,
    /// One's own name in the group; `""`: the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
}

/// `GET /conversations/{id}/group`: how one comes into the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRules {
    pub joining: Joining,
    pub history: History,
    /// The secret in the link, for the owner and admins; absent while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Those who wait to be let in, the first 200, for the owner and admins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<User>,
}

/// `POST /conversations/{id}/link`: 201 with a new link; the one before opens nothing any more. `DELETE`: 204.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLink {
    pub link: String,
}

/// `PUT /conversations/{id}/waiting/{user}`: 204. Lets somebody in, or not.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerWaiting {
    pub accept: bool,
}

/// `GET /join/{link}`: what somebody may know who has the link. `POST`: joins, or asks to; 200 with the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<AvatarHash>,
    pub member_count: u64,
    pub joining: Joining,
    pub state: Invited,
}

/// How far somebody has come with an [`Invitation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invited {
    Outside,
    /// Asked to be let in.
    Waiting,
    Member(crate::ConversationId),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R002-17, R001-18: the whole policy, a row an action: who of owner, admin and member may.
    #[test]
    fn roles_permit_what_the_table_says() {
        use Role::{Admin, Member, Owner};
        let table = [
            (Action::Govern, "oa-"),
            (Action::MentionAll, "oa-"),
            (Action::WriteWhenMuted, "oa-"),
            (Action::Invite(Joining::Free), "oam"),
            (Action::Invite(Joining::Approval), "oa-"),
            (Action::Invite(Joining::Closed), "oa-"),
            (Action::Remove(Member), "oa-"),
            (Action::Remove(Admin), "o--"),
            (Action::Remove(Owner), "---"),
            (Action::Mute(Member), "oa-"),
            (Action::Mute(Admin), "o--"),
            (Action::Mute(Owner), "---"),
            (Action::Recall(Member), "oa-"),
            (Action::Recall(Admin), "o--"),
            (Action::Recall(Owner), "---"),
            (Action::Appoint, "o--"),
            (Action::Dissolve, "o--"),
            (Action::Leave, "-am"),
        ];
        for (action, expected) in table {
            let mark = |role: Role, mark| if role.may(action) { mark } else { '-' };
            let may: String = [mark(Owner, 'o'), mark(Admin, 'a'), mark(Member, 'm')].into_iter().collect();
            assert_eq!(may, expected, "{action:?}");
        }
    }

    #[test]
    fn a_muted_member_may_write_again_afterwards() {
        let group =
            |role, muted_until, own_muted_until| Group { role, muted_until, own_muted_until, ..Group::default() };
        assert!(group(Role::Member, 5, 5).may_write(5));
        assert!(!group(Role::Member, 6, 0).may_write(5));
        assert!(group(Role::Admin, 6, 0).may_write(5));
        assert!(!group(Role::Admin, 0, 6).may_write(5));
        assert_eq!(group(Role::Member, 9, 8).silence(5), Some(Silence::Everybody));
        assert_eq!(group(Role::Member, 9, 8).silence(9), None);
        assert_eq!(group(Role::Admin, 9, 8).silence(5), Some(Silence::Reader { until: 8 }));
    }
}
