//! Groups: who is in them, what each sees of them, and what is told of their changes.

use super::*;
use protocol::group::{ChangeGroup, History, Invited, Joining, Role};
use protocol::sync::Parting;
use protocol::{GroupTitle, Mentions, Notice, Rev};

impl Fixture {
    /// A group that `owner` made.
    pub(super) async fn made(&self, owner: &Arc<User>, others: &[&Arc<User>]) -> Conversation {
        let others = others.iter().map(|user| user.id).collect();
        self.store.create_group(reader(owner), (owner.clone(), key()), None, others, |_| Ok(())).await.unwrap().0
    }

    async fn invite(&self, by: &Arc<User>, id: ConversationId, users: &[&Arc<User>]) -> Result<(), StoreError> {
        let users = users.iter().map(|user| user.id).collect();
        self.store.invite(actor(by, id), users, 10_000, |_| Ok(())).await.map(drop)
    }

    pub(super) async fn remove(&self, by: &Arc<User>, id: ConversationId, who: &User) -> Result<(), StoreError> {
        self.store.remove_member(actor(by, id), who.id).await
    }

    async fn change(
        &self,
        by: &Arc<User>,
        id: ConversationId,
        change: ChangeGroup,
    ) -> Result<Conversation, StoreError> {
        self.store.change_group(reader(by), actor(by, id), change).await
    }

    /// Sends as the domain does, by the roster of now.
    pub(super) async fn say(
        &self,
        to: ConversationId,
        from: &Arc<User>,
        mentions: Mentions,
    ) -> Result<Seq, StoreError> {
        let roster = Arc::new(self.store.roster(to).await?.unwrap());
        if !roster.has(from.id) {
            return Err(StoreError::NotFound);
        }
        let body = MessageBody::Text { text: "x".try_into().unwrap(), mentions };
        let message = NewMessage { roster, body, client_id: key(), ..new(to, from, 0, "x") };
        let outcome = self.store.writer().append(vec![message]).await.unwrap().remove(0);
        Ok(outcome?.message.seq)
    }

    /// The seqs that the account sees; `None` when the conversation is not there for it.
    async fn sees(&self, account: &User, id: ConversationId) -> Option<Vec<u64>> {
        match self.store.history(reader(account), id, Span::Newest, 100).await {
            Ok(page) => Some(seqs(&page.messages)),
            Err(StoreError::NotFound) => None,
            Err(error) => panic!("{error}"),
        }
    }

    async fn synced(&self, account: &User, since: SyncCursor) -> (Vec<AccountChange>, SyncCursor) {
        let moved = self.store.moved(reader(account), since, segment(500)).await.unwrap();
        (moved.changes, moved.cursor)
    }

    /// Everything told since this was last asked.
    pub(super) fn events(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Ok(committed) = self.committed.try_recv() {
            events.extend(committed.events);
        }
        events
    }
}

pub(super) fn actor(user: &Arc<User>, conversation: ConversationId) -> Actor {
    Actor { conversation, user: user.clone(), key: key() }
}

fn key() -> ClientId {
    let mut random = [0; 10];
    getrandom::fill(&mut random).unwrap();
    ClientId::from_parts(1, random)
}

fn title(text: &str) -> ChangeGroup {
    ChangeGroup { title: Some(GroupTitle::try_from(text).unwrap()), ..ChangeGroup::default() }
}

fn naming(users: &[&Arc<User>]) -> Mentions {
    Mentions { users: users.iter().map(|user| user.id).collect(), all: false }
}

/// R003-07: a newcomer sees what the group lets newcomers see, and nothing of it is unread; who comes back begins anew.
#[tokio::test]
async fn a_newcomer_sees_what_the_group_allows() {
    let fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let id = fixture.made(&a, &[&b]).await.id;
    for _ in 0..3 {
        fixture.say(id, &a, Mentions::default()).await.unwrap();
    }
    // 1 tells of the making; each coming and going is told by one more.
    for (history, expected) in [
        (History::Nothing, vec![5]),
        (History::Last(2), vec![5, 6, 7]),
        (History::All, vec![1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ] {
        fixture.change(&a, id, ChangeGroup { history: Some(history), ..ChangeGroup::default() }).await.unwrap();
        fixture.invite(&a, id, &[&c]).await.unwrap();
        assert_eq!(fixture.sees(&c, id).await, Some(expected), "{history:?}");
        assert_eq!(fixture.seen(&c, id).await.unread, 0);
        fixture.remove(&a, id, &c).await.unwrap();
        assert_eq!(fixture.sees(&c, id).await, None);
    }
    assert_eq!(fixture.sees(&b, id).await, Some((1..=10).collect()));
}

/// Whoever leaves or is removed has nothing of the group any more: not the conversation, not its history, changes,
/// members or frames. Its devices hear of that once, those that were away too (R004-B7.10).
#[tokio::test]
async fn whoever_is_gone_sees_nothing_more() {
    let mut fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let id = fixture.made(&a, &[&b, &c]).await.id;
    let (_, since) = fixture.synced(&b, SyncCursor::NOTHING).await;
    let old = Arc::new(fixture.store.roster(id).await.unwrap().unwrap());
    fixture.events();
    fixture.remove(&a, id, &b).await.unwrap();
    fixture.remove(&c, id, &c).await.unwrap();
    fixture.say(id, &a, Mentions::default()).await.unwrap();

    let left = |why| AccountChange::Left { conversation: id, why };
    let mut told = 0;
    for event in fixture.events() {
        match event {
            Event::Account { account, changes, .. } => {
                let why = if account == b.id { Parting::Removed } else { Parting::Left };
                assert!(account != a.id && changes == [left(why)]);
                told += 1;
            }
            Event::Message { roster, message, .. } => {
                assert!(!roster.has(b.id) && roster.has(c.id) == (message.seq == seq(2)), "{message:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told, 2);
    for gone in [&b, &c] {
        assert!(matches!(fixture.store.conversation(reader(gone), id).await, Err(StoreError::NotFound)));
        assert!(matches!(fixture.store.changes(reader(gone), id, Rev::ZERO, 9, 9).await, Err(StoreError::NotFound)));
        assert!(matches!(fixture.store.members(gone.id, id, Wanted::default(), 9).await, Err(StoreError::NotFound)));
        assert!(matches!(fixture.store.group_rules(gone.id, id).await, Err(StoreError::NotFound)));
        assert_eq!(fixture.sees(gone, id).await, None);
        assert!(fixture.store.conversations(reader(gone), None, 9).await.unwrap().conversations.is_empty());
        assert!(fixture.invite(gone, id, &[&a]).await.is_err());
    }
    // What was decided by the members of before is refused.
    let late = NewMessage { roster: old, ..new(id, &b, 77, "too late") };
    assert!(matches!(fixture.store.writer().append(vec![late]).await.unwrap()[0], Err(StoreError::Stale)));
    fixture.report(&b, id, 3, 3).await;
    let (changes, since) = fixture.synced(&b, since).await;
    assert_eq!(changes, [left(Parting::Removed)]);
    assert!(fixture.synced(&b, since).await.0.is_empty());

    // Coming back is a new membership, told instead of the old one's end.
    fixture.invite(&a, id, &[&b]).await.unwrap();
    let (changes, _) = fixture.synced(&b, since).await;
    let [AccountChange::Joined { conversation }] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((conversation.vis_from, conversation.unread), (seq(5), 0));
    assert_eq!(fixture.sees(&b, id).await, Some(vec![5]));
    let everything =
        fixture.synced(&b, SyncCursor { version: -1, upd: Some(Upd::ZERO), listing: None, left: 0 }).await.0;
    assert!(!everything.iter().any(|change| matches!(change, AccountChange::Left { .. })));
}

/// R003-07: who has left is told nothing of the messages that they deleted and took back there before; who comes back
/// takes back nothing of before, and begins anew on a device that had deleted the group.
#[tokio::test]
async fn a_membership_that_is_over_brings_nothing_back() {
    let mut f = Fixture::new().await;
    let (a, b) = (f.user("aa").await, f.user("bb").await);
    let id = f.made(&a, &[&b]).await.id;
    let begin = f.synced(&b, SyncCursor::NOTHING).await.1;
    let (kept, shown) =
        (f.say(id, &a, Mentions::default()).await.unwrap(), f.say(id, &a, Mentions::default()).await.unwrap());
    f.store.hide(b.id, id, vec![kept, shown]).await.unwrap();
    f.store.show(b.id, id, vec![shown]).await.unwrap();
    f.remove(&b, id, &b).await.unwrap();
    let told = f.synced(&b, begin).await.0;
    assert!(matches!(told.as_slice(), [AccountChange::Left { .. }]), "{told:?}");
    f.invite(&a, id, &[&b]).await.unwrap();
    f.events();
    f.store.show(b.id, id, vec![kept]).await.unwrap();
    assert!(f.events().is_empty());
}

/// R002-17: every change that members share, and nothing else, is one position of the log with a notice that counts for nothing, and the
/// description says what the notices told.
#[tokio::test]
async fn a_shared_change_is_one_position() {
    let fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let group = fixture.made(&a, &[&b]).await;
    let (id, mut rev) = (group.id, group.rev);
    assert_eq!((group.rev, group.member_count, group.unread), (Rev::ZERO.next(), 2, 0));
    let announce = |text: &str| ChangeGroup { announcement: Some(text.try_into().unwrap()), ..ChangeGroup::default() };
    let mute = |length| ChangeGroup { mute_ms: Some(length), ..ChangeGroup::default() };
    let changes = [title("one"), announce("hello"), mute(60_000), mute(0), announce("")];
    for change in changes {
        let after = fixture.change(&a, id, change.clone()).await.unwrap();
        assert_eq!((after.rev, after.head_seq.get()), (rev.next(), rev.next().get()));
        rev = after.rev;
        if change.mute_ms.is_none() {
            assert_eq!(fixture.change(&a, id, change).await.unwrap().rev, rev, "what stands already is no change");
        }
        let MessageBody::Notice { notice } = &fixture.seen(&b, id).await.last.unwrap().body else { panic!() };
        let told = after.group.unwrap();
        match notice.as_ref() {
            Notice::Renamed { title } => assert_eq!(after.title, Some(title.to_string())),
            Notice::Announced { text } if text.as_str().is_empty() => assert_eq!(told.announcement, None),
            Notice::Announced { text } => assert_eq!(told.announcement.unwrap().text, *text),
            Notice::Muted { person: None, until } => assert_eq!(told.muted_until, *until),
            other => panic!("{other:?}"),
        }
        assert_eq!(fixture.seen(&b, id).await.unread, 0);
    }
    let store = &fixture.store;
    store.change_member(actor(&a, id), b.id, vec![Change::Role(Role::Admin)]).await.unwrap();
    fixture.invite(&b, id, &[&c]).await.unwrap();
    store.change_member(actor(&b, id), c.id, vec![Change::MuteUntil(u64::MAX / 4)]).await.unwrap();
    store.change_member(actor(&a, id), b.id, vec![Change::MuteUntil(u64::MAX / 4)]).await.unwrap();
    assert!(!store.roster(id).await.unwrap().unwrap().may_write(b.id, 1));
    store.change_member(actor(&a, id), b.id, vec![Change::Role(Role::Owner)]).await.unwrap();
    assert_eq!(fixture.seen(&b, id).await.rev, rev.plus(5));
    let group = |about: Conversation| about.group.unwrap();
    let (of_a, of_b, of_c) =
        (group(fixture.seen(&a, id).await), group(fixture.seen(&b, id).await), group(fixture.seen(&c, id).await));
    assert_eq!((of_a.role, of_b.role, of_c.role), (Role::Admin, Role::Owner, Role::Member));
    assert_eq!((of_a.owner, of_c.own_muted_until), (Some(b.id), u64::MAX / 4));
    // Nobody could lift the mute of an owner.
    assert_eq!(of_b.own_muted_until, 0);
    let roster = store.roster(id).await.unwrap().unwrap();
    assert!(!roster.may_write(c.id, 1) && roster.may_write(a.id, 1) && roster.may_write(b.id, 1));
}

/// The role decides in the transaction that does it; nobody's act leaves anything behind that was refused.
#[tokio::test]
async fn a_role_permits_or_nothing_happens() {
    let fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let id = fixture.made(&a, &[&b, &c]).await.id;
    let direct = fixture.direct(&a, &b).await.id;
    let before = fixture.seen(&a, id).await;
    let refused =
        |outcome: Result<(), StoreError>| assert!(matches!(outcome, Err(StoreError::NotAllowed)), "{outcome:?}");
    refused(fixture.change(&b, id, title("mine")).await.map(drop));
    refused(fixture.remove(&b, id, &c).await);
    refused(fixture.remove(&b, id, &a).await);
    refused(fixture.remove(&a, id, &a).await);
    refused(fixture.store.dissolve(actor(&b, id)).await);
    refused(fixture.store.set_link(actor(&b, id), Some("link".to_owned())).await);
    refused(fixture.store.change_member(actor(&b, id), c.id, vec![Change::Role(Role::Admin)]).await);
    refused(fixture.store.change_member(actor(&b, id), c.id, vec![Change::MuteUntil(9)]).await);
    refused(fixture.store.change_member(actor(&b, id), c.id, vec![Change::Nickname(None)]).await);
    refused(fixture.invite(&a, direct, &[&c]).await);
    refused(fixture.remove(&a, direct, &b).await);
    assert_eq!(fixture.seen(&a, id).await, before);
}

/// A link lets in whom the group's rule lets in, until it is taken away; who is let in is told of the group.
#[tokio::test]
async fn a_link_lets_in_by_the_groups_rule() {
    let fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let id = fixture.made(&a, &[&b]).await.id;
    let store = &fixture.store;
    let rule = async |joining| {
        fixture.change(&a, id, ChangeGroup { joining: Some(joining), ..ChangeGroup::default() }).await.unwrap();
    };
    let join = async |max| store.join_by_link(c.clone(), "link".to_owned(), key(), max).await.map(|(_, it)| it.state);
    assert!(matches!(join(9).await, Err(StoreError::NotFound)));
    store.set_link(actor(&a, id), Some("link".to_owned())).await.unwrap();
    rule(Joining::Closed).await;
    assert!(matches!(join(9).await, Err(StoreError::NotAllowed)));
    rule(Joining::Approval).await;
    assert_eq!(join(9).await.unwrap(), Invited::Waiting);
    assert_eq!(fixture.sees(&c, id).await, None);
    assert_eq!(store.group_rules(a.id, id).await.unwrap().waiting.len(), 1);
    let rules = store.group_rules(b.id, id).await.unwrap();
    assert_eq!((rules.waiting.len(), rules.link), (0, None), "a member learns neither");
    assert!(matches!(store.answer_waiting(actor(&b, id), c.id, true, 9).await, Err(StoreError::NotAllowed)));
    store.answer_waiting(actor(&a, id), c.id, true, 9).await.unwrap();
    assert_eq!(store.invitation(c.id, "link".to_owned()).await.unwrap().state, Invited::Member(id));
    assert!(matches!(store.answer_waiting(actor(&a, id), c.id, true, 9).await, Err(StoreError::NotFound)));
    fixture.remove(&c, id, &c).await.unwrap();
    rule(Joining::Free).await;
    assert!(matches!(join(2).await, Err(StoreError::GroupFull)));
    assert_eq!(join(3).await.unwrap(), Invited::Member(id));
    store.set_link(actor(&a, id), None).await.unwrap();
    assert!(matches!(store.invitation(b.id, "link".to_owned()).await, Err(StoreError::NotFound)));
    // Who dissolves it leaves nobody in it.
    store.dissolve(actor(&a, id)).await.unwrap();
    for gone in [&a, &b, &c] {
        assert_eq!(fixture.sees(gone, id).await, None);
    }
}

/// R004-B7.18, R002-23: a mention is told with the conversation until it is read, hidden or recalled, and what makes the badge
/// of a muted conversation is exactly those, newest first.
#[tokio::test]
async fn mentions_stand_until_they_are_read() {
    let fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let id = fixture.made(&a, &[&b, &c]).await.id;
    let everybody = Mentions { users: Vec::new(), all: true };
    for mentions in [naming(&[&b]), naming(&[&b, &c]), Mentions::default(), everybody, naming(&[&b])] {
        fixture.say(id, &a, mentions).await.unwrap();
    }
    let named = async |who: &User| fixture.seen(who, id).await.mentions.iter().map(|seq| seq.get()).collect::<Vec<_>>();
    assert_eq!((named(&a).await, named(&b).await, named(&c).await), (vec![], vec![2, 3, 5, 6], vec![3, 5]));
    let roster = Arc::new(fixture.store.roster(id).await.unwrap().unwrap());
    let recall = Recall { conversation: id, seq: seq(3), by: a.clone(), roster, sent_since: Some(0) };
    fixture.store.recall(recall).await.unwrap();
    fixture.store.hide(b.id, id, vec![seq(5)]).await.unwrap();
    assert_eq!((named(&b).await, named(&c).await), (vec![2, 6], vec![5]));
    let page = fixture.store.naming(reader(&b), id).await.unwrap();
    assert_eq!(page.messages.iter().map(|message| message.seq.get()).collect::<Vec<_>>(), [6, 2]);
    assert_eq!((page.unread, page.more, page.users.len()), (2, false, 1));
    for _ in 0..50 {
        fixture.say(id, &a, naming(&[&b])).await.unwrap();
    }
    let page = fixture.store.naming(reader(&b), id).await.unwrap();
    assert_eq!((page.unread, page.messages[49].seq), (50, seq(7)), "as many as are counted");
    fixture.report(&b, id, 2, 2).await;
    assert_eq!(named(&b).await[..2], [6, 7]);
    let page = fixture.store.history(reader(&b), id, Span::Newest, 2).await.unwrap();
    let bodies: Vec<_> = page.messages.iter().filter_map(|message| message.body.mentions()).collect();
    assert_eq!(bodies, [&naming(&[&b]), &naming(&[&b])], "they come back as they were sent");
}

/// R001-18: the owner and admins take back what lower roles sent, whatever its age; nobody takes back a notice.
#[tokio::test]
async fn a_higher_role_recalls() {
    let fixture = Fixture::new().await;
    let (a, b, c) = (fixture.user("aa").await, fixture.user("bb").await, fixture.user("cc").await);
    let id = fixture.made(&a, &[&b, &c]).await.id;
    fixture.store.change_member(actor(&a, id), b.id, vec![Change::Role(Role::Admin)]).await.unwrap();
    for sender in [&a, &b, &c] {
        fixture.say(id, sender, Mentions::default()).await.unwrap();
    }
    let recall = async |by: &Arc<User>, at| {
        let roster = Arc::new(fixture.store.roster(id).await.unwrap().unwrap());
        let recall = Recall { conversation: id, seq: seq(at), by: by.clone(), roster, sent_since: None };
        fixture.store.recall(recall).await.map(|left| (left.sender, left.body))
    };
    for (by, at) in [(&a, 1), (&b, 3), (&c, 3), (&c, 4)] {
        assert!(matches!(recall(by, at).await, Err(StoreError::NotAllowed)), "{at}");
    }
    assert_eq!(recall(&b, 5).await.unwrap(), (c.id, MessageBody::Recalled { by: Some(b.id) }));
    assert_eq!(recall(&a, 4).await.unwrap(), (b.id, MessageBody::Recalled { by: Some(a.id) }));
}

/// R002-20: to a group of ten thousand, as to one of three, a send writes three rows, and one more a member it names;
/// the group hears of a newcomer by a number, not by one more unread line.
#[tokio::test]
async fn a_send_to_ten_thousand_writes_three_rows() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let people = (0..9_997).map(|number| imports::Person {
        name: format!("p{number}"),
        handle: format!("p{number}").try_into().unwrap(),
        display_name: "somebody".try_into().unwrap(),
    });
    let (ids, _) = fixture.store.import_accounts("test".to_owned(), people.collect(), None).await.unwrap();
    let small = fixture.group("small", &[&a, &b]).await;
    let everybody = [a.id, b.id].into_iter().chain(ids.into_values()).collect();
    let chat = imports::Chat {
        name: "large".to_owned(),
        kind: protocol::ConversationKind::Group,
        created_at: 1,
        members: everybody,
    };
    let (chats, _) = fixture.store.import_conversations("test".to_owned(), vec![chat]).await.unwrap();
    let large = chats["large"];
    let (newcomer, stranger) = (fixture.user("yy").await, fixture.user("zz").await);
    fixture.events();
    fixture.invite(&a, large, &[&newcomer]).await.unwrap();
    let crowd = fixture.seen(&b, large).await;
    assert_eq!((crowd.member_count, crowd.head_seq, crowd.rev), (10_000, seq(0), Rev::ZERO.next()));
    assert!(
        fixture.events().iter().any(|event| matches!(event, Event::Group { roster, .. } if roster.has(newcomer.id)))
    );
    assert!(matches!(fixture.invite(&a, large, &[&stranger]).await, Err(StoreError::GroupFull)));
    let written = async || {
        let count = fixture.store.writer().run(|tx| {
            Box::pin(async move {
                Ok(sqlx::query_scalar::<_, i64>("select total_changes()").fetch_one(&mut *tx.conn).await?)
            })
        });
        count.await.unwrap()
    };
    for (mentions, rows) in [(Mentions::default(), 3), (naming(&[&b]), 4), (Mentions { users: vec![], all: true }, 4)] {
        for id in [small, large] {
            let before = written().await;
            fixture.say(id, &a, mentions.clone()).await.unwrap();
            assert_eq!(written().await - before, rows);
        }
    }
    // Pages by key, whatever the size.
    let page = fixture.store.members(b.id, large, Wanted::default(), 200).await.unwrap();
    let next = fixture.store.members(b.id, large, Wanted { after: page.next, ..Wanted::default() }, 200).await.unwrap();
    assert!(page.members.len() == 200 && next.members[0].user.id > page.members[199].user.id);
    let query = Wanted { query: Some("P777"), ..Wanted::default() };
    assert_eq!(fixture.store.members(b.id, large, query, 200).await.unwrap().members.len(), 11);
}

/// Membership windows by chance: whatever comes and goes, each sees the messages of its own membership and no others,
/// and a sync from any point ends where a fresh look does.
#[tokio::test]
async fn members_see_their_own_time() {
    for run in 0..20_u64 {
        let fixture = Fixture::new().await;
        let mut state = run.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut dice = |sides: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % sides
        };
        let names = ["u0", "u1", "u2", "u3"];
        let mut users = Vec::new();
        for name in names {
            users.push(fixture.user(name).await);
        }
        let id = fixture.made(&users[0], &[&users[1]]).await.id;
        // From which message each sees the group, if it is in it.
        let mut windows = [Some(1), Some(1), None, None];
        let mut head = 1;
        let mut cursors = vec![SyncCursor::NOTHING; 4];
        let mut inside = [false; 4];
        for _ in 0..40 {
            let who = dice(4) as usize;
            let by = &users[who];
            match dice(4) {
                0 if windows[who].is_some() => {
                    let other = dice(4) as usize;
                    fixture.invite(by, id, &[&users[other]]).await.unwrap();
                    if windows[other].is_none() {
                        head += 1;
                        windows[other] = Some(head);
                    }
                }
                1 if who > 0 && windows[who].is_some() => {
                    fixture.remove(by, id, by).await.unwrap();
                    head += 1;
                    windows[who] = None;
                }
                2 if who > 0 && windows[who].is_some() => {
                    fixture.remove(&users[0], id, by).await.unwrap();
                    head += 1;
                    windows[who] = None;
                }
                _ => {
                    let sent = fixture.say(id, by, Mentions::default()).await;
                    if windows[who].is_some() {
                        head += 1;
                        assert_eq!(sent.unwrap(), seq(head));
                    }
                }
            }
            let device = dice(4) as usize;
            for (place, user) in users.iter().enumerate() {
                let expected = windows[place].map(|from| (from..=head).collect::<Vec<u64>>());
                assert_eq!(fixture.sees(user, id).await, expected, "run {run}, {}", user.handle);
            }
            let (changes, cursor) = fixture.synced(&users[device], cursors[device]).await;
            if cursors[device] == SyncCursor::NOTHING {
                inside[device] = windows[device].is_some();
            }
            for change in changes {
                match change {
                    AccountChange::Joined { .. } => inside[device] = true,
                    AccountChange::Left { .. } => inside[device] = false,
                    _ => {}
                }
            }
            cursors[device] = cursor;
            assert_eq!(inside[device], windows[device].is_some(), "run {run}, device {device}");
        }
    }
}
