//! Who is in which group, as what, and what its members share: by what was done, one deed after the other.

use super::{Entry, Oracle, Room};
use crate::backend::Login;
use protocol::group::{Crowd, History, Joining, Named, Role};
use protocol::{Account, ConversationId, Cursors, ErrorCode, Message, MessageBody, Millis, Notice, Seq, User, UserId};
use std::collections::BTreeSet;

/// What somebody does in a group.
#[derive(Clone, Debug)]
pub enum Deed {
    Invite(Account),
    /// Of oneself: leaves.
    Remove(Account),
    Appoint(Account, Role),
    /// So many milliseconds; 0: no longer.
    Mute(Account, Millis),
    MuteAll(Millis),
    Rename(String),
    Announce(String),
    Admit(Joining),
    Reveal(History),
    /// Another link, in place of the one there may be.
    MakeLink,
    CloseLink,
    /// Somebody who waits, or not.
    LetIn(Account, bool),
    /// Of this shade, or none.
    Picture(Option<u8>),
    Dissolve,
}

/// A membership.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The first message that the member may see.
    pub vis_from: Seq,
    /// What was sent first once the member had come.
    pub came: Seq,
    pub role: Role,
    pub muted_until: Millis,
}

impl Member {
    pub const FROM_THE_BEGINNING: Self =
        Self { vis_from: Seq::ZERO, came: Seq::ZERO, role: Role::Member, muted_until: 0 };
}

impl Deed {
    /// What it is called in the tally.
    pub fn name(&self, me: UserId) -> &'static str {
        match self {
            Self::Invite(_) => "invited",
            Self::Remove(whom) if whom.id == me => "left",
            Self::Remove(_) => "removed",
            Self::Appoint(..) => "appointed",
            Self::Mute(..) | Self::MuteAll(_) => "muted",
            Self::Rename(_) => "renamed",
            Self::Announce(_) => "announced",
            Self::Admit(_) | Self::Reveal(_) => "ruled",
            Self::MakeLink => "linked",
            Self::CloseLink => "unlinked",
            Self::LetIn(_, true) => "let in",
            Self::LetIn(_, false) => "turned away",
            Self::Picture(_) => "pictured",
            Self::Dissolve => "dissolved",
        }
    }
}

impl Room {
    /// Whether somebody may do it, and why not.
    fn may(&self, me: UserId, deed: &Deed) -> Result<(), ErrorCode> {
        let role = self.members.get(&me).ok_or(ErrorCode::NotFound)?.role;
        let (admin, owner) = (role != Role::Member, role == Role::Owner);
        let target = |whom: &Account| self.members.get(&whom.id).map(|member| member.role).ok_or(ErrorCode::NotFound);
        let allowed = match deed {
            Deed::Invite(_) => admin || self.joining == Joining::Free,
            Deed::Remove(whom) if whom.id == me => !owner,
            Deed::Remove(whom) | Deed::Mute(whom, _) => {
                owner && whom.id != me || admin && target(whom)? == Role::Member
            }
            Deed::Appoint(..) | Deed::Dissolve => owner,
            Deed::MuteAll(_) | Deed::Rename(_) | Deed::Announce(_) | Deed::Admit(_) | Deed::Reveal(_) => admin,
            Deed::MakeLink | Deed::CloseLink | Deed::Picture(_) => admin,
            Deed::LetIn(whom, _) if admin && !self.waiting.contains(&whom.id) => return Err(ErrorCode::NotFound),
            Deed::LetIn(..) => admin,
        };
        if let Deed::Remove(whom) | Deed::Mute(whom, _) | Deed::Appoint(whom, _) = deed {
            target(whom)?;
        }
        if let Deed::Appoint(whom, role) = deed
            && whom.id == me
            && *role != Role::Owner
        {
            return Err(ErrorCode::NotAllowed);
        }
        if allowed { Ok(()) } else { Err(ErrorCode::NotAllowed) }
    }

    pub(super) fn notice(&mut self, sender: UserId, notice: Notice) {
        let (seq, body) = (self.head().next(), MessageBody::Notice { notice: Box::new(notice) });
        self.log.push(Entry { seq, sender, client_id: None, body, withheld: BTreeSet::new() });
    }

    /// R003-07: whoever comes sees as much of what was before as the group lets newcomers see, and has read all of it.
    pub(super) fn come(&mut self, whom: UserId) {
        self.waiting.remove(&whom);
        let vis_from = match self.history {
            History::All => Seq::ZERO.next(),
            History::Nothing => self.head().next(),
            History::Last(newest) => self.head().minus(u64::from(newest)).next(),
        };
        self.members.insert(whom, Member { vis_from, came: self.head().next(), ..Member::FROM_THE_BEGINNING });
        self.cursors.insert(whom, Cursors::at(self.head()));
    }

    fn go(&mut self, whom: UserId) {
        self.members.remove(&whom);
        self.left.insert(whom);
    }

    /// Why the member may not write, and name these, at a time of the server.
    pub(super) fn refuses(&self, me: UserId, body: &MessageBody, now: Millis) -> Option<ErrorCode> {
        let Some(member) = self.members.get(&me) else { return Some(ErrorCode::NotFound) };
        if member.muted_until > now || self.muted_until > now && member.role == Role::Member {
            return Some(ErrorCode::Muted);
        }
        let mentions = body.mentions()?;
        if self.peer(me).is_some() || !mentions.users.iter().all(|user| self.members.contains_key(user)) {
            return Some(ErrorCode::InvalidField);
        }
        (mentions.all && member.role == Role::Member).then_some(ErrorCode::NotAllowed)
    }
}

impl Oracle {
    /// Somebody made a group of these, whose description this is.
    pub fn founded(&mut self, id: ConversationId, title: &str, founder: &Account, others: &[Account]) {
        let members = std::iter::once(founder).chain(others).map(|account| account.id).collect();
        self.create(id, protocol::ConversationKind::Group, members);
        self.count("founded");
        let people: Vec<User> = others.iter().map(Account::user).collect();
        let room = self.rooms.get_mut(&id).unwrap();
        room.title = Some(title.to_owned());
        room.notice(founder.id, Notice::Created(Crowd::new(&people, people.len() as u64 + 1)));
    }

    /// Somebody did something in a group, and was answered this, at a time of the server.
    pub fn deed(&mut self, me: UserId, id: ConversationId, deed: &Deed, answer: Result<(), ErrorCode>, now: Millis) {
        let room = self.rooms.get_mut(&id).unwrap();
        assert_eq!(answer, room.may(me, deed), "{me} in {id}: {deed:?}");
        if answer.is_err() {
            return self.count("not allowed");
        }
        if let Deed::Invite(whom) = deed
            && !room.members.contains_key(&whom.id)
            && !self.relations.comes(whom.id, me)
        {
            return self.count("not brought in");
        }
        self.count(deed.name(me));
        let until = |length: Millis| if length == 0 { 0 } else { now + length };
        let room = self.rooms.get_mut(&id).unwrap();
        match deed.clone() {
            Deed::Invite(whom) if room.members.contains_key(&whom.id) => {}
            Deed::Invite(whom) => {
                let again = room.left.contains(&whom.id);
                room.come(whom.id);
                let members = room.members.len() as u64;
                room.notice(me, Notice::Invited(Crowd::new(&[whom.user()], members)));
                if again {
                    self.count("came back");
                }
            }
            Deed::Remove(whom) => {
                room.go(whom.id);
                let members = room.members.len() as u64;
                let notice = match whom.id == me {
                    true => Notice::Left { members },
                    false => Notice::Removed(Crowd::new(&[whom.user()], members)),
                };
                room.notice(me, notice);
                self.begin_anew(whom.id, id);
            }
            Deed::Appoint(whom, role) => {
                let held = room.members.get_mut(&whom.id).unwrap();
                if held.role == role {
                    return;
                }
                held.role = role;
                let person = Named::from(&whom.user());
                if role == Role::Owner {
                    held.muted_until = 0;
                    room.members.get_mut(&me).unwrap().role = Role::Admin;
                    room.notice(me, Notice::HandedOver { person });
                } else {
                    room.notice(me, Notice::Appointed { person, role });
                }
            }
            Deed::Mute(whom, length) => {
                room.members.get_mut(&whom.id).unwrap().muted_until = until(length);
                let person = Some(Named::from(&whom.user()));
                room.notice(me, Notice::Muted { person, until: until(length) });
            }
            Deed::MuteAll(length) => {
                room.muted_until = until(length);
                room.notice(me, Notice::Muted { person: None, until: until(length) });
            }
            Deed::Rename(title) => {
                room.notice(me, Notice::Renamed { title: title.as_str().try_into().unwrap() });
                room.title = Some(title);
            }
            // R002-17: what stands already is no news.
            Deed::Announce(text) if room.announcement.as_ref().map_or("", |(stands, _)| stands) == text => {}
            Deed::Announce(text) => {
                room.notice(me, Notice::Announced { text: text.as_str().try_into().unwrap() });
                room.announcement = (!text.is_empty()).then_some((text, me));
            }
            Deed::Admit(joining) => room.joining = joining,
            Deed::Reveal(history) => room.history = history,
            Deed::MakeLink | Deed::CloseLink => self.unlink(id),
            Deed::LetIn(whom, accept) => {
                room.waiting.remove(&whom.id);
                if accept {
                    room.join(whom.id);
                }
            }
            Deed::Picture(picture) => {
                let changed = std::mem::replace(&mut room.picture, picture) != picture;
                let avatar = picture.map(|shade| self.pictures[&shade].clone());
                if changed {
                    self.rooms.get_mut(&id).unwrap().notice(me, Notice::Pictured { avatar });
                }
            }
            Deed::Dissolve => {
                self.unlink(id);
                let room = self.rooms.get_mut(&id).unwrap();
                room.waiting.clear();
                room.picture = None;
                let room = &self.rooms[&id];
                for whom in room.members.keys().copied().collect::<Vec<_>>() {
                    self.rooms.get_mut(&id).unwrap().go(whom);
                    self.begin_anew(whom, id);
                }
            }
        }
    }

    /// What the devices of somebody who is gone had deleted is over with the membership.
    fn begin_anew(&mut self, whom: UserId, id: ConversationId) {
        self.member_floors.remove(&(whom, id));
        self.floors.retain(|(_, conversation), (account, _)| (*account, *conversation) != (whom, id));
    }

    /// What a session shows of a group is what its members share, and the reader's own part of it.
    pub fn is_group(&self, login: &Login, session: &sync::Session) {
        let (me, room) = (login.account.id, &self.rooms[&session.id]);
        let Some(group) = &session.group else { return assert!(room.peer(me).is_some() || room.members.len() == 1) };
        let own = room.members[&me];
        assert_eq!(session.member_count, room.members.len() as u64, "{}: members", session.id);
        assert_eq!(session.title, room.title, "{}", session.id);
        assert_eq!((group.role, group.own_muted_until), (own.role, own.muted_until), "{} of {me}", session.id);
        assert_eq!(group.muted_until, room.muted_until, "{}: muted", session.id);
        let owner = room.members.iter().find(|(_, member)| member.role == Role::Owner).map(|(&owner, _)| owner);
        assert_eq!(group.owner, owner, "{}: owner", session.id);
        let picture = room.picture.map(|shade| &self.pictures[&shade]);
        assert_eq!(group.avatar.as_ref(), picture, "{}: the picture", session.id);
        // How many wait is told to those who decide.
        let waiting = if own.role == Role::Member { 0 } else { room.waiting.len() as u64 };
        assert_eq!(group.waiting, waiting, "{}: who waits, for {me}", session.id);
        let told = group.announcement.as_ref().map(|told| (told.text.as_str().to_owned(), told.by));
        assert_eq!(told, room.announcement, "{}: announcement", session.id);
    }

    /// A notice has no key that anybody chose.
    pub(super) fn same_key(entry: &Entry, message: &Message) -> bool {
        entry.client_id.is_none_or(|client_id| client_id == message.client_id)
    }
}
