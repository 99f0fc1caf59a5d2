//! What people are to each other, and who may write to whom: by what was done, one deed after the other.

use super::Oracle;
use protocol::{
    ConversationId, ErrorCode, FriendRequest, MessageBody, MessagesFrom, Millis, Relation, RequestState, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

const DAY: Millis = 24 * 60 * 60 * 1_000;

#[derive(Clone, Debug, Default)]
pub struct Relations {
    /// What the first has the second as.
    known: BTreeMap<(UserId, UserId), Relation>,
    /// By asker and asked.
    requests: BTreeMap<(UserId, UserId), Request>,
    messages_from: BTreeMap<UserId, MessagesFrom>,
}

/// The last request of one to another: when it was made, and what became of it.
#[derive(Clone, Copy, Debug)]
struct Request {
    at: Millis,
    state: RequestState,
    /// When the one before was refused.
    refused_at: Option<Millis>,
}

impl Request {
    /// Made again within a day of a refusal, it is told to the asked one no more than what the blocked ask.
    fn is_quiet(&self) -> bool {
        self.refused_at.is_some_and(|refused| refused < self.at && self.at < refused + DAY)
    }

    /// The asked one is told of the refusal, whatever came of it since.
    fn is_past(&self) -> bool {
        self.is_quiet() || self.refused_at.is_some() && self.state == RequestState::Refused
    }
}

impl Relations {
    pub fn of(&self, me: UserId, other: UserId) -> Relation {
        self.known.get(&(me, other)).copied().unwrap_or_default()
    }

    fn side(&mut self, me: UserId, other: UserId) -> &mut Relation {
        self.known.entry((me, other)).or_default()
    }

    /// Whether one of the two blocks the other.
    pub fn parted(&self, one: UserId, other: UserId) -> bool {
        self.of(one, other).blocking || self.of(other, one).blocking
    }

    /// R004-I11: whether somebody lets the other bring them into a group.
    pub fn comes(&self, whom: UserId, inviter: UserId) -> bool {
        let nobody = self.messages_from.get(&whom) == Some(&MessagesFrom::Nobody);
        !nobody && !self.of(whom, inviter).blocking
    }

    fn waits(&self, asker: UserId, asked: UserId, now: Millis) -> bool {
        let request = self.requests.get(&(asker, asked));
        request.is_some_and(|it| it.state == RequestState::Waiting && it.at + FriendRequest::LIFETIME > now)
    }

    fn is_quiet(&self, asker: UserId, asked: UserId) -> bool {
        self.requests.get(&(asker, asked)).is_some_and(Request::is_quiet)
    }

    fn close(&mut self, asker: UserId, asked: UserId, state: RequestState, now: Millis) {
        let request = self.requests.get_mut(&(asker, asked)).unwrap();
        request.state = state;
        match state {
            RequestState::Refused => request.refused_at = Some(now),
            RequestState::Accepted => request.refused_at = None,
            _ => {}
        }
    }

    /// Who refused whom counts no more.
    fn reconcile(&mut self, one: UserId, other: UserId) {
        for pair in [(one, other), (other, one)] {
            self.requests.get_mut(&pair).into_iter().for_each(|request| request.refused_at = None);
        }
    }

    /// Everybody whom the account has to do with.
    pub fn contacts(&self, me: UserId) -> BTreeMap<UserId, Relation> {
        let own = self.known.iter().filter(|((account, _), relation)| *account == me && !relation.is_none());
        own.map(|(&(_, other), &relation)| (other, relation)).collect()
    }

    /// Who asks the account, and whom it asks.
    pub fn waiting(&self, me: UserId, now: Millis) -> [BTreeSet<UserId>; 2] {
        let waiting = self.requests.keys().filter(|(asker, asked)| self.waits(*asker, *asked, now));
        let told = |asker| !self.of(me, asker).blocking && !self.is_quiet(asker, me);
        let incoming = waiting.clone().filter(|(asker, asked)| *asked == me && told(*asker));
        let outgoing = waiting.filter(|(asker, _)| *asker == me);
        [incoming.map(|(asker, _)| *asker).collect(), outgoing.map(|(_, asked)| *asked).collect()]
    }
}

/// What somebody does about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approach {
    /// Asks, or accepts what was asked.
    Befriend,
    Refuse,
    Unfriend,
}

impl Oracle {
    /// R003-08: the flags stand beside each other.
    pub(super) fn follow(&mut self, me: UserId, other: UserId, follow: bool) {
        self.relations.side(me, other).follow = follow;
        self.relations.side(other, me).fan = follow;
    }

    /// R003-08c: a block takes nothing else away.
    pub(super) fn block(&mut self, me: UserId, other: UserId, block: bool) {
        self.relations.side(me, other).blocking = block;
        self.count(if block { "blocked" } else { "unblocked" });
    }

    pub fn accept_from(&mut self, me: UserId, from: MessagesFrom) {
        self.count("messages from");
        self.relations.messages_from.insert(me, from);
    }

    /// R003-02, R003-08a, R003-08b: friends are made on both sides, and unmade on one.
    pub fn approached(&mut self, me: UserId, other: UserId, approach: Approach, done: bool, now: Millis) {
        let relations = &mut self.relations;
        match approach {
            Approach::Refuse => {
                let waits = relations.waits(other, me, now) && !relations.is_quiet(other, me);
                assert_eq!(done, waits, "{me} refuses {other}");
                if waits {
                    relations.close(other, me, RequestState::Refused, now);
                    self.count("refused");
                }
                return;
            }
            Approach::Unfriend => {
                relations.side(me, other).friend = false;
                if relations.waits(me, other, now) {
                    relations.close(me, other, RequestState::Withdrawn, now);
                }
                self.count("unfriended");
            }
            Approach::Befriend => {
                let (mine, theirs) = (relations.of(me, other).friend, relations.of(other, me).friend);
                if mine && theirs {
                    return;
                }
                if theirs || relations.waits(other, me, now) {
                    relations.side(me, other).friend = true;
                    relations.side(other, me).friend = true;
                    relations.reconcile(me, other);
                    for (asker, asked) in [(other, me), (me, other)] {
                        if relations.waits(asker, asked, now) {
                            relations.close(asker, asked, RequestState::Accepted, now);
                        }
                    }
                    self.count("befriended");
                } else {
                    let before = relations.requests.get(&(me, other)).copied();
                    let over =
                        before.is_some_and(|it| it.is_quiet() && it.refused_at.is_some_and(|at| at + DAY <= now));
                    if !relations.waits(me, other, now) || over {
                        let refused_at = before.and_then(|it| it.refused_at);
                        let at = refused_at.map_or(now, |refused| now.max(refused + 1));
                        let request = Request { at, state: RequestState::Waiting, refused_at };
                        relations.requests.insert((me, other), request);
                        self.count(if request.is_quiet() { "asked again" } else { "asked" });
                    }
                }
            }
        }
        assert!(done, "{me} and {other}: {approach:?}");
    }

    /// R004-I: why a message would be refused at a time of the server. What it has already is answered as it was.
    pub fn refusal(&self, me: UserId, id: ConversationId, body: &MessageBody, now: Millis) -> Option<ErrorCode> {
        let why = self.rooms[&id].refuses(me, body, now);
        why.or_else(|| self.closed(me, id)).or_else(|| self.no_medium(me, body))
    }

    /// Why the other side of a direct conversation takes nothing from the account.
    fn closed(&self, me: UserId, id: ConversationId) -> Option<ErrorCode> {
        let room = &self.rooms[&id];
        let peer = room.peer(me)?;
        let Relation { friend, follow, fan, blocking } = self.relations.of(peer, me);
        match self.relations.messages_from.get(&peer).copied().unwrap_or_default() {
            _ if blocking => Some(ErrorCode::NotAccepted),
            MessagesFrom::Nobody => Some(ErrorCode::NotAccepted),
            MessagesFrom::Followed if !friend && !follow => Some(ErrorCode::NotFollowed),
            MessagesFrom::Followers if !friend && !fan => Some(ErrorCode::FollowersOnly),
            // R001-04: whom nobody has answered, of what there is.
            _ if self.stranger_limit > 0
                && !(friend || follow)
                && room.head().get() >= self.stranger_limit
                && !room.wrote(peer) =>
            {
                Some(ErrorCode::AwaitingAnswer)
            }
            _ => None,
        }
    }

    /// Reliability invariants 12 and 13: the server was asked to take a message that it does not have, and did, or said
    /// why not.
    pub fn decided(
        &mut self,
        (me, id): (UserId, ConversationId),
        body: &MessageBody,
        answer: Option<ErrorCode>,
        now: Millis,
    ) {
        let expected = self.refusal(me, id, body, now);
        assert_eq!(answer, expected, "{me} writes {body:?} to {id}");
        let Some(why) = answer else { return };
        self.count(match why {
            ErrorCode::NotAccepted => "not accepted",
            ErrorCode::NotFollowed => "not followed",
            ErrorCode::FollowersOnly => "followers only",
            ErrorCode::Muted => "muted sends",
            ErrorCode::AwaitingAnswer => "strangers that wait",
            _ => "refused sends",
        });
        // R003-08b: whoever was removed as a friend finds out now.
        if let (ErrorCode::NotFollowed | ErrorCode::FollowersOnly, Some(peer)) = (why, self.rooms[&id].peer(me)) {
            self.relations.side(me, peer).friend &= self.relations.of(peer, me).friend;
        }
    }

    /// R003-08: what an account is told of another is what it has them as, and never that it is blocked.
    pub(super) fn is_relation(&self, me: UserId, other: UserId, told: Relation) {
        assert_eq!(told, self.relations.of(me, other), "{me} is told of {other}");
    }

    pub(super) fn is_request(&self, me: UserId, told: &FriendRequest) {
        let other = told.user.id;
        let key = if told.incoming { (other, me) } else { (me, other) };
        assert!(!told.incoming || !self.relations.of(me, other).blocking, "{me} blocks {other}, who asks");
        let request = &self.relations.requests[&key];
        let state = if told.incoming && request.is_past() { RequestState::Refused } else { request.state };
        assert!(told.state == state || told.state == RequestState::Expired, "{told:?}, which is {state:?}");
    }
}
