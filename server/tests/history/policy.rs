//! Who may write to whom, written down once more and as plainly as possible (R004-I).

use protocol::{ErrorCode, MessagesFrom, Relation};

/// How the receiver of a direct message stands to its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub from: MessagesFrom,
    /// What the receiver has the sender as.
    pub relation: Relation,
    /// The sender has written as many messages as a stranger may, and was never answered.
    pub waits: bool,
}

impl Standing {
    /// The refusal, if there is one. A block tells no more than 不接受 does.
    pub fn refusal(&self) -> Option<ErrorCode> {
        let Relation { friend, follow, fan, blocking } = self.relation;
        if blocking || self.from == MessagesFrom::Nobody {
            return Some(ErrorCode::NotAccepted);
        }
        if self.from == MessagesFrom::Followed && !friend && !follow {
            return Some(ErrorCode::NotFollowed);
        }
        if self.from == MessagesFrom::Followers && !friend && !fan {
            return Some(ErrorCode::FollowersOnly);
        }
        (self.waits && !friend && !follow).then_some(ErrorCode::AwaitingAnswer)
    }
}
