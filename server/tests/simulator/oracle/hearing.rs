//! What the server says, held against what its hearer may know at that moment.

use super::{Entry, Oracle};
use protocol::sync::AccountChange;
use protocol::{ConversationId, ServerFrame, UserId};

impl Oracle {
    /// A frame for a device of the account: it says nothing that may not be known.
    pub fn hear_frame(&self, me: UserId, said: &str) {
        self.hear(me, said);
        self.check_frame(me, serde_json::from_str(said).unwrap());
    }

    /// Architecture invariant 7: nothing that the server says from now on has a byte of what the reader may not see.
    pub fn hear(&self, me: UserId, said: &str) {
        self.overhear(me, said, |id, entry| self.sees(me, id, entry));
    }

    /// What answers the sender's own post may be hidden by the sender.
    pub fn hear_own(&self, me: UserId, said: &str) {
        self.overhear(me, said, |_, entry| entry.sender == me);
    }

    fn overhear(&self, me: UserId, said: &str, may: impl Fn(ConversationId, &Entry) -> bool) {
        for text in texts_in(said) {
            let Some(&(id, seq)) = self.texts.get(text) else { continue };
            let entry = self.entry(id, seq);
            let gone = entry.body.origin() == protocol::Origin::Server;
            assert!(!gone && may(id, entry), "{me} hears of {id}/{seq}: {said}");
        }
    }

    /// Reliability invariants 12 and 13, checked where a frame is made: members hear of their own time alone, and across
    /// a block nobody hears of anything but messages.
    fn check_frame(&self, me: UserId, frame: ServerFrame) {
        match frame {
            ServerFrame::Account { changes, .. } => changes.iter().for_each(|change| self.check_change(me, change)),
            ServerFrame::Conversation { conversation, .. } => {
                assert!(self.member(me, conversation), "{me} hears of {conversation}");
            }
            ServerFrame::Typing { conversation, user } => {
                let members = self.member(me, conversation) && self.member(user, conversation);
                let (room, relation) = (&self.rooms[&conversation], self.relations.of(me, user));
                // R001-04: a stranger's typing is not told before there was an answer.
                let known = room.peer(me).is_none() || room.wrote(me) || relation.friend || relation.follow;
                let told = members && known && !self.relations.parted(me, user);
                assert!(told, "{me} hears that {user} writes");
            }
            ServerFrame::Presence { user, online, seen_at } => {
                // That there is nothing to know any more may be known.
                let nothing = !online && seen_at == 0;
                assert!(nothing || !self.relations.parted(me, user), "{me} hears that {user} is there");
            }
            _ => {}
        }
    }

    pub(super) fn check_change(&self, me: UserId, change: &AccountChange) {
        match change {
            AccountChange::Receipt(receipt) => self.is_told(me, receipt),
            AccountChange::Relation { user, relation } => self.is_relation(me, user.id, *relation),
            AccountChange::Request(request) => self.is_request(me, request),
            AccountChange::Joined { conversation } => {
                assert!(self.member(me, conversation.id), "{me} joined {}", conversation.id);
            }
            AccountChange::Left { conversation, .. } => {
                assert!(!self.member(me, *conversation), "{me} left {conversation}");
            }
            _ => {}
        }
    }
}

/// The texts of the simulation in a document: `<…>`.
fn texts_in(said: &str) -> impl Iterator<Item = &str> {
    said.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(text, _)| text)
}
