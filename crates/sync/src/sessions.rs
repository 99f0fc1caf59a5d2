//! The conversations that a device knows of, and the order of the session list (R002-10).

use crate::log::Log;
use crate::timeline::Timeline;
use crate::unread;
use protocol::{Conversation, ConversationId, LogChange, Message, Millis, Rev, Seq};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// One step of a conversation's log.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub pos: Rev,
    pub head_seq: Seq,
    pub change: LogChange,
}

/// A conversation as the device holds it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Through `about.rev`, which a sync may move ahead of the log's cursor while the timeline catches up.
    pub about: Conversation,
    pub log: Log<Rev, Change>,
    pub timeline: Option<Timeline>,
}

impl Held {
    pub fn new(about: Conversation) -> Self {
        Self { log: Log::new(about.rev), about, timeline: None }
    }

    /// Takes over a description, unless the one held is later. Cursors only move forward, whichever is later.
    pub fn describe(&mut self, about: Conversation) {
        let own = self.about.own.max(about.own);
        let peer_cursors = match (self.about.peer_cursors, about.peer_cursors) {
            (Some(held), Some(told)) => Some(held.max(told)),
            (held, told) => held.or(told),
        };
        if about.rev >= self.about.rev {
            self.about = about;
        }
        self.about.own = own;
        self.about.peer_cursors = peer_cursors;
    }

    /// Takes a change of the log into the description, unless that covers it already.
    pub fn follow(&mut self, change: &Change) {
        match &change.change {
            LogChange::Message { message, .. } => self.follow_message(change.pos, change.head_seq, message),
            LogChange::Withheld { .. } if change.pos > self.about.rev => {
                self.about.rev = change.pos;
                self.about.head_seq = self.about.head_seq.max(change.head_seq);
            }
            LogChange::Withheld { .. } => {}
        }
    }

    /// Takes a message as it is at a log position into the description, unless that covers it already.
    pub fn follow_message(&mut self, pos: Rev, head_seq: Seq, message: &Message) {
        if pos <= self.about.rev {
            return;
        }
        self.about.rev = pos;
        self.about.head_seq = self.about.head_seq.max(head_seq).max(message.seq);
        if self.about.last.as_ref().is_none_or(|last| last.seq <= message.seq) {
            self.about.active_at = self.about.active_at.max(message.at);
            self.about.last = Some(message.clone());
        }
    }

    /// Where it stands in the list, smaller first.
    pub fn place(&self) -> Place {
        let unread = unread::count(&self.about) > 0;
        (Reverse(unread), Reverse(self.about.active_at), Reverse(self.about.id))
    }
}

/// Has unread first, then newest activity; ties by id, so that every device agrees.
pub(crate) type Place = (Reverse<bool>, Reverse<Millis>, Reverse<ConversationId>);

/// The list's order. The open conversation stands where it stood when it was opened.
pub(crate) fn order(
    held: &BTreeMap<ConversationId, Held>,
    open: Option<(ConversationId, Place)>,
) -> Vec<ConversationId> {
    let mut places: Vec<Place> = held
        .iter()
        .map(|(&id, held)| match open {
            Some((open, place)) if open == id => place,
            _ => held.place(),
        })
        .collect();
    places.sort_unstable();
    places.into_iter().map(|(_, _, Reverse(id))| id).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use protocol::{ConversationKind, Cursors};

    /// An empty-handed group conversation with `head` messages, none of them read.
    pub(crate) fn described(id: u64, head: u64) -> Conversation {
        Conversation {
            id: id.try_into().unwrap(),
            kind: ConversationKind::Group,
            title: None,
            peer: None,
            member_count: 3,
            rev: Rev::ZERO.plus(head),
            upd: protocol::Upd::ZERO,
            head_seq: Seq::ZERO.plus(head),
            last: None,
            active_at: 0,
            vis_from: Seq::ZERO.next(),
            floor: Seq::ZERO,
            silent: Vec::new(),
            hidden: Vec::new(),
            own: Cursors::default(),
            peer_cursors: None,
            unread: head,
        }
    }

    /// Conversations as `id:unread@time`.
    fn check(conversations: &str, open: Option<(u64, &str)>, expected: &str) {
        let parse = |word: &str| {
            let (id, rest) = word.split_once(':').unwrap();
            let (unread, at) = rest.split_once('@').unwrap();
            let mut about = described(id.parse().unwrap(), unread.parse().unwrap());
            about.active_at = at.parse().unwrap();
            Held::new(about)
        };
        let held = conversations.split_whitespace().map(parse).map(|held| (held.about.id, held)).collect();
        let open = open.map(|(id, when_opened)| (id.try_into().unwrap(), parse(when_opened).place()));
        let order: Vec<String> = order(&held, open).iter().map(ConversationId::to_string).collect();
        assert_eq!(order.join(" "), expected, "{conversations}");
    }

    /// R002-10: has unread first, then last chat time, newest first.
    #[test]
    fn unread_comes_first_then_the_newest() {
        check("1:0@50 2:0@70 3:0@60", None, "2 3 1");
        check("1:1@50 2:0@70 3:9@60", None, "3 1 2");
        check("1:0@50 2:0@50", None, "2 1");
    }

    /// R002-10: the open conversation does not jump, neither when it is read nor when it becomes active.
    #[test]
    fn the_open_conversation_does_not_jump() {
        check("1:0@50 2:0@70 3:0@60", Some((1, "1:4@50")), "1 2 3");
        check("1:0@90 2:0@70 3:0@60", Some((1, "1:0@50")), "2 3 1");
    }

    /// R000-14, T1: an older description changes nothing, and its cursors never move one back.
    #[test]
    fn descriptions_only_move_forward() {
        let mut held = Held::new(described(1, 5));
        held.about.own = Cursors::at(Seq::ZERO.plus(4));
        held.describe(described(1, 3));
        assert_eq!(held.about.head_seq, Seq::ZERO.plus(5));
        held.describe(described(1, 7));
        assert_eq!(held.about.head_seq, Seq::ZERO.plus(7));
        assert_eq!(held.about.own, Cursors::at(Seq::ZERO.plus(4)));
    }

    /// R001-10, T24: a change that the description covers already does not bring an older text back into the list.
    #[test]
    fn a_covered_change_changes_nothing() {
        let mut held = Held::new(described(1, 5));
        let message = |rev: u64, text: &str| Message {
            seq: Seq::ZERO.plus(5),
            rev: Rev::ZERO.plus(rev),
            sender: 2_u64.try_into().unwrap(),
            client_id: protocol::ClientId::from_bytes([0; 16]),
            at: 0,
            body: protocol::MessageBody::Text { text: text.try_into().unwrap() },
        };
        for (rev, text) in [(7, "later"), (6, "earlier")] {
            let pos = Rev::ZERO.plus(rev);
            held.follow_message(pos, Seq::ZERO.plus(5), &message(rev, text));
        }
        assert_eq!(held.about.rev, Rev::ZERO.plus(7));
        assert_eq!(held.about.last, Some(message(7, "later")));
    }
}
