//! What people do about each other and in groups, by programs of their own: the page does it without the engine.

use super::World;
use crate::oracle::{Approach, Deed};
use crate::plan::CLUB;
use crate::wire;
use axum::http::Method;
use protocol::contacts::{AskFriend, Contacts, FriendRequests};
use protocol::group::{GroupLink, History, Joining, Members, Role};
use protocol::messaging::OpenConversation;
use protocol::profile::ChangeAccount;
use protocol::{
    Account, Conversation, ConversationId, ConversationKind, ErrorAnswer, ErrorCode, MessagesFrom, UserId, path,
};
use std::collections::{BTreeMap, BTreeSet};

/// How long somebody is muted for, in milliseconds: some runs outlast it.
const MUTE: u64 = 30_000;

impl World<'_> {
    /// A person's program makes a call.
    pub(super) async fn act(&mut self, me: UserId, call: wire::Call) -> Result<String, ErrorCode> {
        self.collect();
        let token = self.programs[self.person(me)].token.clone();
        let (status, body) = self.backend.call(&token, call).await;
        if status.is_success() {
            return Ok(body);
        }
        Err(wire::read::<ErrorAnswer>(&body).error.code)
    }

    /// A person asks another to be friends, or what comes after that. Answers whom they refused.
    pub(super) async fn approach(&mut self, me: UserId, whom: usize, approach: Approach) -> Option<UserId> {
        // Who refuses has mostly been asked.
        let [asking, _] = self.oracle.relations().waiting(me, self.time());
        let asking = asking.first().copied().filter(|_| approach == Approach::Refuse);
        let other = asking.unwrap_or(self.people[whom].id);
        if other == me {
            return None;
        }
        let call = match approach {
            Approach::Befriend => wire::with_body(Method::PUT, path::friend(other), &AskFriend::default()),
            Approach::Refuse => wire::with_body(Method::DELETE, path::request(other), &()),
            Approach::Unfriend => wire::with_body(Method::DELETE, path::friend(other), &()),
        };
        let done = self.act(me, call).await;
        assert!(done.is_ok() || approach == Approach::Refuse, "{done:?}");
        self.oracle.approached(me, other, approach, done.is_ok(), self.time());
        self.collect();
        Some(other).filter(|_| approach == Approach::Refuse && done.is_ok())
    }

    /// A person chooses who may write to them.
    pub(super) async fn accept_from(&mut self, me: UserId, from: MessagesFrom) {
        let change = ChangeAccount { messages_from: Some(from), ..ChangeAccount::default() };
        self.act(me, wire::with_body(Method::PATCH, path::ACCOUNT_ME.to_owned(), &change)).await.unwrap();
        self.oracle.accept_from(me, from);
        self.collect();
    }

    /// A person makes a group of some of the others, if there is none that has anybody.
    pub(super) async fn found(&mut self, me: UserId, whom: usize) {
        let stands = self.rooms.get(&CLUB).is_some_and(|id| !self.oracle.rooms[id].members.is_empty());
        let others: Vec<Account> = self.people.iter().filter(|account| account.id != me).cloned().collect();
        // One of them, or both.
        let others: Vec<Account> =
            others.into_iter().enumerate().filter(|(n, _)| *n != whom).map(|(_, it)| it).collect();
        if stands || others.is_empty() {
            return;
        }
        self.written += 1;
        let title = format!("club {}", self.written);
        let members = others.iter().map(|account| account.id).collect();
        let group = OpenConversation { peer: None, title: Some(title.as_str().try_into().unwrap()), members };
        let made = self.act(me, wire::with_body(Method::POST, path::CONVERSATIONS.to_owned(), &group)).await;
        let comes = |account: &Account| self.oracle.relations().comes(account.id, me);
        let others: Vec<Account> = others.into_iter().filter(comes).collect();
        if others.is_empty() {
            assert_eq!(made, Err(ErrorCode::NotAccepted), "{me} makes a group of nobody");
            return;
        }
        let id = wire::read::<Conversation>(&made.unwrap()).id;
        let founder = self.people[self.person(me)].clone();
        self.oracle.founded(id, &title, &founder, &others);
        self.rooms.insert(CLUB, id);
        self.collect();
    }

    /// What a number of a plan means for a person of a group.
    pub(super) fn deed(&mut self, me: UserId, id: ConversationId, whom: usize, which: usize) -> Deed {
        let (own, other) = (self.people[self.person(me)].clone(), self.people[whom].clone());
        self.written += 1;
        match which {
            0..=4 => Deed::Invite(self.outsider(id, whom).unwrap_or(other)),
            5 | 6 => Deed::Remove(other),
            7 | 8 => Deed::Remove(own),
            9 => Deed::Appoint(other, Role::Admin),
            10 => Deed::Appoint(other, Role::Member),
            11 => Deed::Appoint(other, Role::Owner),
            12 => Deed::Mute(other, MUTE),
            13 => Deed::Mute(other, 0),
            14 => Deed::MuteAll(MUTE),
            15 => Deed::MuteAll(0),
            16 => Deed::Rename(format!("title {}", self.written)),
            17 => Deed::Announce(format!("announcement {}", self.written)),
            18 => Deed::Announce(String::new()),
            19 => Deed::Admit(Joining::ALL[self.written as usize % 3]),
            20 => Deed::Reveal([History::Nothing, History::Last(2), History::All][self.written as usize % 3]),
            22 => Deed::MakeLink,
            23 => Deed::CloseLink,
            24..=26 => {
                // Somebody who waits, if anybody does.
                let waiting =
                    self.oracle.rooms[&id].waiting.first().map(|whom| self.people[self.person(*whom)].clone());
                Deed::LetIn(waiting.unwrap_or(other), which < 26)
            }
            27 => Deed::Picture(Some((self.written % 3) as u8 * 100)),
            28 => Deed::Picture(None),
            _ => Deed::Dissolve,
        }
    }

    /// A person does something in a group.
    pub(super) async fn do_deed(&mut self, me: UserId, id: ConversationId, deed: Deed) {
        let before: BTreeSet<UserId> = self.oracle.rooms[&id].members.keys().copied().collect();
        let answer = self.act(me, wire::deed(id, &deed)).await;
        if let (Deed::Picture(Some(shade)), Ok(answer)) = (&deed, &answer) {
            let shown = wire::read::<Conversation>(answer).group.unwrap().avatar;
            self.oracle.named(*shade, shown.unwrap());
        }
        self.oracle.deed(me, id, &deed, answer.as_ref().map(drop).map_err(|why| *why), self.time());
        if let (Deed::MakeLink, Ok(answer)) = (&deed, &answer) {
            self.oracle.linked(id, wire::read::<GroupLink>(answer).link);
        }
        self.collect();
        // What those wrote who are gone may never arrive.
        let gone: Vec<UserId> = before.into_iter().filter(|member| !self.oracle.member(*member, id)).collect();
        for device in self.devices.iter_mut().filter(|device| gone.contains(&device.login.account.id)) {
            device.forgo(|to, _| to == id);
        }
    }

    /// Everything that made somebody refuse messages is over.
    pub(super) async fn lift(&mut self) {
        let people: Vec<UserId> = self.people.iter().map(|account| account.id).collect();
        for &me in &people {
            self.accept_from(me, MessagesFrom::Everyone).await;
            for &other in &people {
                if !self.oracle.relation(me, other).blocking {
                    continue;
                }
                let login = self.programs[self.person(me)].clone();
                let unblock = sync::Request::Act(sync::Action::Block { user: other, block: false });
                self.ask(&login, &unblock).await.unwrap();
            }
        }
        self.answer_strangers().await;
        for id in self.rooms.values().copied().collect::<Vec<_>>() {
            let owner = self.oracle.rooms[&id].members.iter().find(|(_, member)| member.role == Role::Owner);
            let Some(owner) = owner.map(|(owner, _)| *owner) else { continue };
            self.do_deed(owner, id, Deed::MuteAll(0)).await;
            for whom in self.people.clone() {
                if whom.id != owner && self.oracle.member(whom.id, id) {
                    self.do_deed(owner, id, Deed::Mute(whom, 0)).await;
                }
            }
        }
    }

    /// Whoever waits for an answer gets one.
    pub(super) async fn answer_strangers(&mut self) {
        for (room, id) in self.rooms.clone() {
            let known = &self.oracle.rooms[&id];
            let unanswered = known.members.keys().find(|me| !known.log.is_empty() && !known.wrote(**me));
            if let Some(&me) = unanswered.filter(|me| known.peer(**me).is_some()) {
                let person = self.person(me);
                self.post(person, room, false).await;
            }
        }
    }

    /// R003-02, R003-08, R002-17: what the pages of contacts and of members list.
    pub async fn compare_people(&mut self) {
        for me in self.people.iter().map(|account| account.id).collect::<Vec<_>>() {
            let contacts: Contacts = wire::read(&self.act(me, wire::get(path::CONTACTS.to_owned())).await.unwrap());
            let told: BTreeMap<_, _> = contacts.contacts.iter().map(|it| (it.user.id, it.relation)).collect();
            assert_eq!(told, self.oracle.relations().contacts(me), "the contacts of {me}");
            let requests: FriendRequests =
                wire::read(&self.act(me, wire::get(path::REQUESTS.to_owned())).await.unwrap());
            let told = [requests.incoming, requests.outgoing];
            let told = told.map(|all| all.iter().map(|request| request.user.id).collect::<BTreeSet<_>>());
            assert_eq!(told, self.oracle.relations().waiting(me, self.time()), "the requests of {me}");
            for id in self.rooms.values().copied().collect::<Vec<_>>() {
                if self.oracle.rooms[&id].kind == ConversationKind::Group {
                    self.compare_rules(me, id).await;
                }
                let told = self.act(me, wire::get(path::members(id))).await;
                let room = &self.oracle.rooms[&id];
                if !room.members.contains_key(&me) {
                    assert_eq!(told, Err(ErrorCode::NotFound), "{me} and {id}");
                } else if let Ok(told) = told {
                    let told = wire::read::<Members>(&told).members;
                    let told = told.into_iter().map(|member| (member.user.id, (member.role, member.muted_until)));
                    let known = room.members.iter().map(|(&id, member)| (id, (member.role, member.muted_until)));
                    assert!(told.eq(known), "{me} and the members of {id}");
                }
            }
        }
    }
}
