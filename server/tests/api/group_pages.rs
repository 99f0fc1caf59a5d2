//! The pages about groups, as a browser without scripts uses them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, Browser, PASSWORD, Person, TestServer};

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").to_owned()
}

async fn browser(server: &TestServer, person: &Person) -> Browser {
    let mut browser = Browser::new(&server.address);
    assert_eq!(browser.log_in(&person.handle, PASSWORD).await.status, 303);
    browser
}

/// R002-05, R002-17: a group is made, governed, joined by its link and left with plain forms, each of which does what
/// the role permits and nothing else.
#[tokio::test]
async fn groups_need_no_script() {
    let server = TestServer::start();
    let (alice, bob, carol) = (server.person("alice").await, server.person("bob").await, server.person("carol").await);
    let (mut a, mut b) = (browser(&server, &alice).await, browser(&server, &bob).await);
    let mut c = browser(&server, &carol).await;
    let bob_id = bob.id.to_string();
    let found = a.get("/new/group?query=bob").await.text();
    assert!(found.contains(&format!("name=\"with\" value=\"{bob_id}\"")), "{found}");
    assert!(a.get(&format!("/new/group?with={bob_id}")).await.text().contains("bob"));
    let refused = a.post("/new/group", &[("title", "x")]).await;
    assert_eq!(refused.status, 422);
    let chat = location(&a.post("/new/group", &[("with", &bob_id), ("title", "读书会")]).await);
    let page = format!("{chat}/group");

    let announce = [("do", "announce"), ("announcement", "周五 <晚上>")];
    assert_eq!(location(&a.post(&page, &announce).await), page);
    assert!(b.get(&page).await.text().contains("周五 &lt;晚上&gt;"));
    assert!(b.get(&chat).await.text().contains("周五 &lt;晚上&gt;"), "it is shown on entry");
    let html = b.get(&page).await.text();
    assert!(!html.contains("value=\"announce\"") && html.contains("value=\"leave\""), "{html}");
    assert_eq!(b.post(&page, &announce).await.status, 403);

    a.post(&page, &[("do", "rules"), ("joining", "approval"), ("history", "all")]).await;
    a.post(&page, &[("do", "link")]).await;
    let html = a.get(&page).await.text();
    let link = html.split("/join/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let join = format!("/join/{link}");
    assert!(c.get(&join).await.text().contains("读书会"));
    assert_eq!(location(&c.post(&join, &[]).await), join);
    assert_eq!(c.get(&chat).await.status, 404);
    let carol_id = carol.id.to_string();
    assert_eq!(location(&a.post(&page, &[("do", "accept"), ("user", &carol_id)]).await), page);
    assert_eq!(c.get(&chat).await.status, 200);

    c.post(&page, &[("do", "nickname"), ("nickname", "小卡")]).await;
    assert!(a.get(&format!("{page}?query=小卡")).await.text().contains("@carol"));
    assert_eq!(location(&c.post(&page, &[("do", "leave")]).await), "/");
    assert_eq!((c.get(&chat).await.status, c.get(&page).await.status), (404, 404));
    assert_eq!(location(&a.post(&page, &[("do", "dissolve")]).await), "/");
    assert_eq!(b.get(&page).await.status, 404);
}
