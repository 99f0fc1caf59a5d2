//! Unread by the one formula (R004-B1), never counted up and down.

use protocol::{Conversation, Seq};

/// The first seq that is not read yet, whether a message has it or not.
pub(crate) fn first(conversation: &Conversation) -> Seq {
    conversation.own.read.next().max(conversation.vis_from)
}

/// Every message counts, and sending raises one's own read cursor (R000-06), so the messages after that cursor are
/// others' and their number is a difference.
pub(crate) fn count(conversation: &Conversation) -> u64 {
    conversation.head_seq.next().get().saturating_sub(first(conversation).get())
}

#[cfg(test)]
mod tests {
    use crate::sessions::tests::described;

    fn check(head: u64, read: u64, vis_from: u64, unread: u64) {
        let mut conversation = described(1, head);
        conversation.own = protocol::Cursors::at(protocol::Seq::ZERO.plus(read));
        conversation.vis_from = protocol::Seq::ZERO.plus(vis_from);
        assert_eq!(super::count(&conversation), unread, "head {head} read {read} from {vis_from}");
    }

    /// R004-B1: N countable messages are exactly N unread; T4: never less than none.
    #[test]
    fn unread_is_a_difference_of_positions() {
        for n in [0, 1, 99, 100, 1000] {
            check(n, 0, 1, n);
            check(n + 7, 7, 1, n);
        }
        check(3, 5, 1, 0);
    }

    /// R003-07: what lies before a member's first visible message is never unread.
    #[test]
    fn unread_begins_where_a_member_may_see() {
        check(10, 0, 11, 0);
        check(12, 0, 11, 2);
        check(12, 11, 11, 1);
    }
}
