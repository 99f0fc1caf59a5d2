//! Coming into a group by its link.

use super::groups::actor;
use super::*;
use protocol::LogChange;
use protocol::group::{ChangeGroup, Joining};

/// R002-01: who was deactivated does not wait to be let in: the description and the log tell as many as are listed.
#[tokio::test]
async fn who_was_deactivated_does_not_wait() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.made(&a, &[&b]).await.id;
    let approval = ChangeGroup { joining: Some(Joining::Approval), ..ChangeGroup::default() };
    fixture.store.change_group(reader(&a), actor(&a, id), approval).await.unwrap();
    fixture.store.set_link(actor(&a, id), Some("link".to_owned())).await.unwrap();
    let ask = async |handle: &'static str, key| {
        let user = fixture.user(handle).await;
        fixture.store.join_by_link(user, "link".to_owned(), ClientId::from_parts(key, [1; 10]), 9).await.unwrap();
    };
    ask("cc", 1).await;
    fixture.sql("update account set active = 0 where handle = 'cc'").await;
    ask("dd", 2).await;
    let listed = fixture.store.group_rules(a.id, id).await.unwrap().waiting.len();
    assert_eq!((listed, fixture.seen(&a, id).await.group.unwrap().waiting), (1, 1));
    let mut told = None;
    while let Ok(committed) = fixture.committed.try_recv() {
        for event in committed.events {
            if let Event::Group { governing: Some(change), .. } = event {
                told = Some(*change);
            }
        }
    }
    assert_eq!(told, Some(LogChange::Waiting { count: 1 }));
}
