//! How people come into conversations: a direct one is opened from either side, a group by its link.

use super::World;
use crate::oracle::Deed;
use crate::plan::LATE;
use crate::wire;
use axum::http::{Method, StatusCode};
use protocol::group::{GroupRules, Invitation, Joining, Role};
use protocol::messaging::OpenConversation;
use protocol::{Account, Conversation, ConversationId, ErrorCode, Rev, UserId, path};
use std::collections::BTreeSet;

impl World<'_> {
    /// The first or the third person opens their conversation.
    pub(super) async fn open_late(&mut self, side: usize) {
        let (me, peer) = if side == 0 { (0, 2) } else { (2, 0) };
        let (opener, peer) = (self.programs[me].clone(), self.people[peer].id);
        let me = opener.account.id;
        self.find_nothing(me).await;
        let call = wire::with_body(Method::POST, path::CONVERSATIONS.to_owned(), &OpenConversation::with(peer));
        let (status, body) = self.backend.call(&opener.token, call).await;
        assert!(status.is_success(), "{status}: {body}");
        let id = wire::read::<Conversation>(&body).id;
        self.rooms.insert(LATE, id);
        let new = self.oracle.open_direct(id, me, peer);
        assert_eq!(status == StatusCode::CREATED, new, "{me} opens {id}");
        self.find_nothing(peer).await;
        self.collect();
    }

    /// To whom an empty conversation was opened by the other, it does not exist.
    async fn find_nothing(&mut self, me: UserId) {
        let Some(&id) = self.rooms.get(&LATE).filter(|id| self.oracle.rooms[id].awaits(me)) else { return };
        for path in [path::conversation(id), path::messages(id), path::changes(id, Rev::ZERO), path::unread(id)] {
            assert_eq!(self.act(me, wire::get(path.clone())).await, Err(ErrorCode::NotFound), "{me}: {path}");
        }
        self.oracle.count("found nothing");
    }

    /// Somebody comes by a group's link, or by one that was replaced. Before, its owner may see to it that there is a
    /// link, that everybody who has it comes, or nobody, or has to ask, and that who asked has an answer.
    pub(super) async fn join_by_link(&mut self, id: ConversationId, whom: usize, how: usize) {
        let room = &self.oracle.rooms[&id];
        let me = self.outsider(id, whom).map_or(self.people[whom].id, |account| account.id);
        let owner = room.members.iter().find(|(_, member)| member.role == Role::Owner).map(|(owner, _)| *owner);
        let missing = room.link.is_none();
        let waits = room.waiting.first().filter(|_| how >= 2).map(|account| self.person(*account));
        if let Some(owner) = owner {
            if let Some(waits) = waits {
                let whom = self.people[waits].clone();
                self.do_deed(owner, id, Deed::LetIn(whom, how.is_multiple_of(2))).await;
            }
            match how % 4 {
                0 => self.do_deed(owner, id, Deed::Admit(Joining::Closed)).await,
                1 => self.do_deed(owner, id, Deed::Admit(Joining::Free)).await,
                2 => self.do_deed(owner, id, Deed::Admit(Joining::Approval)).await,
                _ => {}
            }
            if missing && how % 4 != 3 {
                self.do_deed(owner, id, Deed::MakeLink).await;
            }
        }
        let old = self.oracle.old_links.last().filter(|_| how % 4 == 3);
        let Some(link) = old.or(self.oracle.rooms[&id].link.as_ref()).cloned() else { return };
        let answer = self.act(me, wire::with_body(Method::POST, path::join(&link), &())).await;
        self.oracle.came(me, &link, answer.map(|body| wire::read::<Invitation>(&body)));
        self.collect();
    }

    /// Somebody who is no member of the group, if there is anybody: from a number on.
    pub(super) fn outsider(&self, id: ConversationId, from: usize) -> Option<Account> {
        let mut people = self.people.iter().cycle().skip(from).take(self.people.len());
        people.find(|account| !self.oracle.rooms[&id].members.contains_key(&account.id)).cloned()
    }

    /// R002-17: who governs is told the link, and who waits; other members how people come.
    pub(super) async fn compare_rules(&mut self, me: UserId, id: ConversationId) {
        let call = wire::get(path::group(id));
        let told = self.act(me, call).await;
        let room = &self.oracle.rooms[&id];
        let Some(member) = room.members.get(&me) else {
            return assert_eq!(told.err(), Some(ErrorCode::NotFound), "{me} and {id}");
        };
        let governs = member.role != Role::Member;
        let told: GroupRules = wire::read(&told.unwrap());
        assert_eq!((told.joining, told.link), (room.joining, room.link.clone().filter(|_| governs)), "{me} and {id}");
        let waiting = if governs { room.waiting.clone() } else { BTreeSet::new() };
        assert_eq!(told.waiting.iter().map(|user| user.id).collect::<BTreeSet<_>>(), waiting, "{me} and {id}");
    }
}
