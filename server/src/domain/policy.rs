//! May one write to another? The one rule that decides every message of a direct conversation (R004-I).
//!
//! It is a pure function of what is read in the transaction that would store the message, so that a setting or a block
//! holds for the very next commit (R004-I12). Messages to groups and to oneself never come here (R004-I13, -I14).

use crate::store::Standing;
use protocol::{ErrorCode, MessagesFrom, Relation};

/// Decides, in the order of R004-I11. Who writes to somebody who is gone (R003-01), who is blocked, and who writes to
/// somebody whom nobody may write to are told the same. A
/// friend is as good as one whom the receiver follows, and as a follower.
pub fn may_write(standing: &Standing) -> Result<(), ErrorCode> {
    let Relation { friend, follow, fan, blocking } = standing.relation;
    match standing.messages_from {
        _ if blocking || !standing.active => Err(ErrorCode::NotAccepted),
        MessagesFrom::Nobody => Err(ErrorCode::NotAccepted),
        MessagesFrom::Followed if !(friend || follow) => Err(ErrorCode::NotFollowed),
        MessagesFrom::Followers if !(friend || fan) => Err(ErrorCode::FollowersOnly),
        MessagesFrom::Everyone | MessagesFrom::Followed | MessagesFrom::Followers => {
            let waits = standing.unanswered.is_some_and(|written| written >= standing.stranger_limit);
            match waits && standing.stranger_limit > 0 && !(friend || follow) {
                true => Err(ErrorCode::AwaitingAnswer),
                false => Ok(()),
            }
        }
    }
}

/// May one bring another into a group? Nobody is brought by whom they block, or while they accept nobody; both are told
/// alike (R004-I11).
pub fn may_invite(standing: &Standing) -> Result<(), ErrorCode> {
    match may_write(standing) {
        Err(ErrorCode::NotAccepted) => Err(ErrorCode::NotAccepted),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The receiver's relation to the sender, in letters: r friend, o follows, a fan, b blocking.
    fn relation(letters: &str) -> Relation {
        let has = |letter| letters.contains(letter);
        Relation { friend: has('r'), follow: has('o'), fan: has('a'), blocking: has('b') }
    }

    fn decide(messages_from: MessagesFrom, letters: &str) -> Option<ErrorCode> {
        of(true, messages_from, letters)
    }

    fn of(active: bool, messages_from: MessagesFrom, letters: &str) -> Option<ErrorCode> {
        let relation = relation(letters);
        may_write(&Standing { active, messages_from, relation, unanswered: Some(9), stranger_limit: 0 }).err()
    }

    /// R004-I1, R004-I2, R004-I3, R004-I11, R004-I15: privacy × relation × block, all of it.
    #[test]
    fn the_refusal_matrix() {
        use ErrorCode::{FollowersOnly, NotAccepted, NotFollowed};
        use MessagesFrom::{Everyone, Followed, Followers, Nobody};
        let matrix = [
            //        everyone followed           followers            nobody
            ("", [None, Some(NotFollowed), Some(FollowersOnly), Some(NotAccepted)]),
            ("r", [None, None, None, Some(NotAccepted)]),
            ("o", [None, None, Some(FollowersOnly), Some(NotAccepted)]),
            ("a", [None, Some(NotFollowed), None, Some(NotAccepted)]),
            ("ro", [None, None, None, Some(NotAccepted)]),
            ("ra", [None, None, None, Some(NotAccepted)]),
            ("oa", [None, None, None, Some(NotAccepted)]),
            ("roa", [None, None, None, Some(NotAccepted)]),
        ];
        for (letters, expected) in matrix {
            for (setting, expected) in [Everyone, Followed, Followers, Nobody].into_iter().zip(expected) {
                assert_eq!(decide(setting, letters), expected, "{setting:?} with {letters:?}");
                // R004-I11: a block comes before everything, and is told as 不接受 is.
                assert_eq!(decide(setting, &format!("{letters}b")), Some(NotAccepted), "{setting:?}, blocking");
                // R002-01, R003-01: somebody who was deactivated gets nothing, whoever writes.
                assert_eq!(of(false, setting, letters), Some(NotAccepted), "{setting:?}, deactivated");
            }
        }
    }

    /// R004-I11: an invitation is decided as a message is, but for what only strangers' messages must keep to.
    #[test]
    fn the_blocked_invite_nobody() {
        for (messages_from, letters, expected) in [
            (MessagesFrom::Everyone, "", Ok(())),
            (MessagesFrom::Followed, "", Ok(())),
            (MessagesFrom::Followers, "", Ok(())),
            (MessagesFrom::Nobody, "", Err(ErrorCode::NotAccepted)),
            (MessagesFrom::Nobody, "r", Err(ErrorCode::NotAccepted)),
            (MessagesFrom::Everyone, "b", Err(ErrorCode::NotAccepted)),
            (MessagesFrom::Everyone, "rb", Err(ErrorCode::NotAccepted)),
        ] {
            let relation = relation(letters);
            let standing = Standing { active: true, messages_from, relation, unanswered: Some(9), stranger_limit: 3 };
            assert_eq!(may_invite(&standing), expected, "{messages_from:?} {letters}");
        }
    }

    /// R001-04: a stranger writes so many messages before the first answer, and no more; a friend, and whom the receiver
    /// follows, as many as they like.
    #[test]
    fn a_stranger_waits_for_an_answer() {
        let decide = |letters, unanswered, stranger_limit| {
            let standing = Standing {
                active: true,
                messages_from: MessagesFrom::Everyone,
                relation: relation(letters),
                unanswered,
                stranger_limit,
            };
            may_write(&standing).err()
        };
        assert_eq!(decide("", Some(2), 3), None);
        assert_eq!(decide("", Some(3), 3), Some(ErrorCode::AwaitingAnswer));
        assert_eq!(decide("a", Some(3), 3), Some(ErrorCode::AwaitingAnswer));
        assert_eq!(decide("", Some(1_000), 0), None);
        assert_eq!(decide("", None, 3), None);
        for letters in ["r", "o"] {
            assert_eq!(decide(letters, Some(3), 3), None);
        }
        assert_eq!(decide("b", Some(3), 3), Some(ErrorCode::NotAccepted));
    }
}
