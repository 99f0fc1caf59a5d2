//! Who comes into a group by its link, and who waits before it; and what its pictures are called.

use super::{Oracle, Room};
use protocol::group::{Invitation, Invited, Joining};
use protocol::{AvatarHash, ConversationId, ErrorCode, Notice, UserId};

impl Room {
    /// R002-17: whoever comes by the link, or is let in, comes by themselves.
    pub(super) fn join(&mut self, whom: UserId) {
        self.come(whom);
        let members = self.members.len() as u64;
        self.notice(whom, Notice::Joined { members });
    }
}

impl Oracle {
    /// What was the link opens nothing from now on.
    pub(super) fn unlink(&mut self, id: ConversationId) {
        let before = self.rooms.get_mut(&id).unwrap().link.take();
        self.old_links.extend(before);
    }

    /// The server made a link, which no group had before.
    pub fn linked(&mut self, id: ConversationId, link: String) {
        let known = self.rooms.values().filter_map(|room| room.link.as_ref()).chain(&self.old_links);
        assert!(known.into_iter().all(|known| *known != link), "a link is made again");
        self.rooms.get_mut(&id).unwrap().link = Some(link);
    }

    /// What the server calls a picture: always the same, and no two alike.
    pub fn named(&mut self, shade: u8, hash: AvatarHash) {
        let mut others = self.pictures.iter().filter(|(other, _)| **other != shade);
        assert!(others.all(|(_, other)| *other != hash), "two pictures have one name");
        let known = self.pictures.entry(shade).or_insert_with(|| hash.clone());
        assert_eq!(*known, hash, "a picture has two names");
    }

    /// Somebody came by a link, and was answered this.
    pub fn came(&mut self, me: UserId, link: &str, answer: Result<Invitation, ErrorCode>) {
        let Some(room) = self.rooms.values_mut().find(|room| room.link.as_deref() == Some(link)) else {
            assert_eq!(answer, Err(ErrorCode::NotFound), "{me} comes by {link}");
            return self.count("came by a link that is none");
        };
        let what = match room.joining {
            _ if room.members.contains_key(&me) => "came by a link as a member",
            Joining::Closed => {
                assert_eq!(answer, Err(ErrorCode::NotAllowed), "{me} comes to {}", room.id);
                return self.count("came by a link to a closed group");
            }
            Joining::Free => {
                room.join(me);
                "joined by link"
            }
            Joining::Approval => {
                room.waiting.insert(me);
                "asked to be let in"
            }
        };
        let state = match room.members.contains_key(&me) {
            true => Invited::Member(room.id),
            false => Invited::Waiting,
        };
        let (title, member_count, joining) = (room.title.clone(), room.members.len() as u64, room.joining);
        let avatar = room.picture.map(|shade| self.pictures[&shade].clone());
        assert_eq!(answer, Ok(Invitation { title, avatar, member_count, joining, state }), "{me} comes by {link}");
        self.count(what);
    }
}
