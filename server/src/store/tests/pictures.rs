//! Pictures of groups: who gives one, who is told, and when it is let go of.

use super::avatars::Picture;
use super::groups::actor;
use super::*;
use protocol::{AvatarHash, Notice};

/// A picture that differs from others by its digit.
fn picture(digit: char) -> Picture {
    Picture { hash: hash(digit), small: vec![1], large: vec![2] }
}

fn hash(digit: char) -> AvatarHash {
    digit.to_string().repeat(32).try_into().unwrap()
}

impl Fixture {
    async fn give(
        &self,
        by: &Arc<User>,
        id: ConversationId,
        picture: Option<Picture>,
    ) -> Result<Conversation, StoreError> {
        self.store.change_group_avatar(reader(by), actor(by, id), picture).await
    }

    /// Which of the pictures of these digits are kept.
    async fn kept(&self, digits: &str) -> String {
        let mut kept = String::new();
        for digit in digits.chars() {
            if self.store.avatar(&hash(digit), true).await.unwrap().is_some() {
                kept.push(digit);
            }
        }
        kept
    }
}

/// R002-17: the owner or an admin gives a group its picture and takes it away, each at one position of the log with a notice
/// that counts for nothing; the same picture again is no change.
#[tokio::test]
async fn a_groups_picture_is_one_position_of_its_log() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let group = fixture.made(&a, &[&b]).await;
    let (id, mut rev) = (group.id, group.rev);
    for given in [Some('1'), Some('2'), None] {
        let after = fixture.give(&a, id, given.map(picture)).await.unwrap();
        rev = rev.next();
        let seen = fixture.seen(&b, id).await;
        assert_eq!((after.rev, seen.rev, seen.unread), (rev, rev, 0));
        let MessageBody::Notice { notice } = seen.last.unwrap().body else { panic!() };
        assert_eq!(*notice, Notice::Pictured { avatar: given.map(hash) });
        assert_eq!([after.group, seen.group].map(|group| group.unwrap().avatar), [given, given].map(|it| it.map(hash)));
        assert_eq!(fixture.give(&a, id, given.map(picture)).await.unwrap().rev, rev, "the same again");
    }
    let c = fixture.user("cc").await;
    let direct = fixture.direct(&a, &b).await.id;
    for (by, place) in [(&b, id), (&a, direct)] {
        let refused = fixture.give(by, place, Some(picture('3'))).await;
        assert!(matches!(refused, Err(StoreError::NotAllowed)), "{refused:?}");
    }
    assert!(matches!(fixture.give(&c, id, Some(picture('3'))).await, Err(StoreError::NotFound)));
    assert_eq!(fixture.kept("123").await, "", "what was refused or is not shown is not kept");
}

/// R003-06, R002-17: a picture is kept as long as an account or a group shows it; a group that is dissolved shows none.
#[tokio::test]
async fn a_picture_goes_with_the_last_who_shows_it() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let (one, other) = (fixture.made(&a, &[&b]).await.id, fixture.made(&a, &[&b]).await.id);
    let own = async |picture| fixture.store.change_avatar(b.id, picture).await.map(drop).unwrap();
    own(Some(picture('1'))).await;
    fixture.give(&a, one, Some(picture('1'))).await.unwrap();
    fixture.give(&a, other, Some(picture('1'))).await.unwrap();
    own(None).await;
    assert_eq!(fixture.kept("1").await, "1", "two groups show it");
    fixture.give(&a, one, Some(picture('2'))).await.unwrap();
    own(Some(picture('2'))).await;
    assert_eq!(fixture.kept("12").await, "12");
    fixture.give(&a, one, None).await.unwrap();
    assert_eq!(fixture.kept("12").await, "12", "a person shows the second");
    fixture.store.dissolve(actor(&a, other)).await.unwrap();
    assert_eq!(fixture.kept("12").await, "2");
    own(None).await;
    assert_eq!(fixture.kept("12").await, "");
}
