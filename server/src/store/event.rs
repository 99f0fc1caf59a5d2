//! What a commit tells the push side. Events leave the writer after the commit, in commit order.

use super::append::NewMessage;
use protocol::group::{Action, Role};
use protocol::sync::AccountChange;
use protocol::{ConversationId, ConversationKind, LogChange, Message, Millis, Nickname, Rev, Seq, Upd, User, UserId};
use std::sync::Arc;

/// Who is in a conversation, as far as routing and permission need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    pub kind: ConversationKind,
    /// Ascending.
    pub members: Vec<UserId>,
    /// Those of them that are more than members, muted, or ever had a nickname. Ascending.
    special: Vec<Special>,
    /// To whom of the two a direct conversation is not there yet.
    awaiting: Option<UserId>,
    /// Until when nobody but the owner and admins may write.
    muted_until: Millis,
    /// The log's position at which any of it last changed: the writer takes nothing that was decided by an older one.
    pub rev: Rev,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Special {
    pub account: UserId,
    pub role: Role,
    pub muted_until: Millis,
    pub nickname: Option<Nickname>,
}

impl Roster {
    /// Members without roles, since ever.
    pub fn new(kind: ConversationKind, members: Vec<UserId>) -> Self {
        Self { kind, members, special: Vec::new(), awaiting: None, muted_until: 0, rev: Rev::ZERO }
    }

    pub(super) fn of_group(members: Vec<UserId>, special: Vec<Special>, muted_until: Millis, rev: Rev) -> Self {
        Self { kind: ConversationKind::Group, members, special, awaiting: None, muted_until, rev }
    }

    /// The two of a direct conversation in which nobody has written, and the one who has not opened it.
    pub(super) fn of_two(members: Vec<UserId>, awaiting: Option<UserId>) -> Self {
        Self { awaiting, ..Self::new(ConversationKind::Direct, members) }
    }

    /// Whether the conversation is not there yet for the member, as far as is known.
    pub fn awaits(&self, account: UserId) -> bool {
        self.awaiting == Some(account)
    }

    pub fn has(&self, account: UserId) -> bool {
        self.members.binary_search(&account).is_ok()
    }

    /// What the member is; an ordinary member where nothing else is known.
    pub fn role(&self, account: UserId) -> Role {
        self.special(account).map_or(Role::Member, |special| special.role)
    }

    /// Whether the member may write at a time.
    pub fn may_write(&self, account: UserId, now: Millis) -> bool {
        let muted = self.special(account).is_some_and(|special| special.muted_until > now);
        !muted && (self.muted_until <= now || self.role(account).may(Action::WriteWhenMuted))
    }

    /// What the member is called in the group, if they ever had a nickname.
    pub fn nickname(&self, account: UserId) -> Option<&Nickname> {
        self.special(account)?.nickname.as_ref()
    }

    fn special(&self, account: UserId) -> Option<&Special> {
        let place = self.special.binary_search_by_key(&account, |special| special.account).ok()?;
        self.special.get(place)
    }
}

/// One committed change of a log.
#[derive(Clone, Debug)]
pub enum Event {
    /// A message was appended, or changed.
    Message {
        roster: Arc<Roster>,
        conversation: ConversationId,
        prev: Rev,
        head_seq: Seq,
        message: Message,
        sender: Arc<User>,
        /// The members who do not see it.
        withheld: Vec<UserId>,
    },
    /// A group changed in what no message tells: all members, as they are now, hear the same; its owner and admins hear
    /// `governing` in its place, if there is one.
    Group {
        roster: Arc<Roster>,
        conversation: ConversationId,
        prev: Rev,
        pos: Rev,
        head_seq: Seq,
        change: Box<LogChange>,
        governing: Option<Box<LogChange>>,
    },
    /// An account's own log moved from `prev` to `pos`, a change a position.
    Account { account: UserId, prev: Upd, pos: Upd, changes: Vec<AccountChange> },
    /// The conversation was deleted on the device, through a message.
    Deleted { account: UserId, device: protocol::DeviceId, conversation: ConversationId, floor: Seq },
    /// What everybody may know of somebody changed: these others share a conversation with them. A hint, without a place
    /// in any log; who misses it hears with a description, a page or a message.
    Person { user: User, others: Vec<UserId> },
    /// The login was ended: its connections must close.
    LoginEnded { account: UserId, device: protocol::DeviceId },
}

impl Event {
    pub(super) fn message(new: &NewMessage, prev: Rev, message: Message) -> Self {
        Self::Message {
            roster: new.roster.clone(),
            conversation: new.conversation,
            prev,
            head_seq: message.seq,
            message,
            sender: new.sender.clone(),
            withheld: new.invisible.clone(),
        }
    }

    /// Changes of an account's log, the last of them at `pos`.
    pub(super) fn account(account: UserId, pos: Upd, changes: Vec<AccountChange>) -> Self {
        Self::Account { account, prev: pos.minus(changes.len() as u64), pos, changes }
    }
}
