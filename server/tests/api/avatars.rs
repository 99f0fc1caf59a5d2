//! Pictures of people and groups: how they come in, what is kept of them, and who gets them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Answer, Browser, PASSWORD, Person, TestServer};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use protocol::group::{Invitation, Notice};
use protocol::{AvatarHash, Conversation, ConversationId, MessageBody, Seq, path};
use serde_json::json;
use std::io::Cursor;

/// A picture whose left half is red and whose right half is blue.
fn halves() -> Vec<u8> {
    let image = RgbImage::from_fn(400, 100, |x, _| if x < 200 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
    let mut file = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image).write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

async fn upload(person: &Person, query: &str, file: Vec<u8>) -> Answer {
    Answer::of(person.request("PUT", &format!("{}{query}", path::ACCOUNT_AVATAR)).body(file)).await
}

fn hash_of(answer: &Answer) -> AvatarHash {
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_value(answer.json()["avatar"].clone()).unwrap()
}

/// R003-06: a picture is cut where its owner says, kept in two sizes, shown to everybody who is logged in, and gone
/// with the next one.
#[tokio::test]
async fn a_picture_is_kept_in_two_sizes_for_who_is_logged_in() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let hash = hash_of(&upload(&a, "?x=300&y=0&size=100", halves()).await);
    assert_eq!(b.get(&path::user(a.id)).await.json()["avatar"], json!(hash));
    for size in [96, 256] {
        let answer = b.get(&path::avatar(&hash, size)).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "image/jpeg"));
        assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        let picture = image::load_from_memory(&answer.body).unwrap().to_rgb8();
        assert_eq!((picture.width(), picture.height()), (size, size));
        assert!(picture.get_pixel(size / 2, size / 2).0[2] > 200, "the blue half");
    }
    let anonymous = Answer::of(reqwest::Client::new().get(server.url(&path::avatar(&hash, 96)))).await;
    assert_eq!(anonymous.status, 401);
    for absent in [path::avatar(&hash, 97), path::avatar(&"0".repeat(32).try_into().unwrap(), 96)] {
        assert_eq!(b.get(&absent).await.status, 404);
    }

    let other = hash_of(&upload(&a, "?x=0&y=0&size=100", halves()).await);
    assert_ne!(other, hash);
    assert_eq!(b.get(&path::avatar(&hash, 96)).await.status, 404, "nobody shows it any more");
    // Another account with the same picture keeps it.
    assert_eq!(hash_of(&upload(&b, "?x=0&y=0&size=100", halves()).await), other);
    assert_eq!(a.delete(path::ACCOUNT_AVATAR).await.json().get("avatar"), None);
    assert_eq!(b.get(&path::avatar(&other, 96)).await.status, 200);
}

/// What is no picture, or more of one than anybody needs, is refused before it costs anything.
#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let server = TestServer::start();
    let a = server.person("aa").await;
    // A header that promises 65,536 × 65,536 pixels.
    let mut bomb = halves();
    bomb.splice(16..24, [0, 1, 0, 0, 0, 1, 0, 0]);
    let cut_off = halves()[..100].to_vec();
    for file in [Vec::new(), b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), bomb, cut_off] {
        let answer = upload(&a, "", file).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (422, &json!("avatar")));
    }
    assert_eq!(upload(&a, "", vec![0; 5 * 1024 * 1024 + 1]).await.status, 413);
    assert_eq!(upload(&a, "?size=-1", halves()).await.status, 400);
    assert_eq!(a.get(path::ACCOUNT_ME).await.json().get("avatar"), None);
}

/// R003-06: the profile and the picture are changed by plain forms, and shown on the card.
#[tokio::test]
async fn the_forms_of_a_profile_need_no_script() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let mut browser = Browser::new(&server.address);
    browser.log_in("aa", PASSWORD).await;
    let fields = [
        ("display_name", "张三"),
        ("bio", "第一行\r\n<b>第二行</b>"),
        ("gender", "male"),
        ("birthday", "1999-12-31"),
        ("phone", "+86 138 0013 8000"),
        ("bio_for", "everyone"),
        ("gender_for", "friends"),
        ("birthday_for", "nobody"),
        ("phone_for", "everyone"),
    ];
    let answer = browser.post("/settings/profile", &fields).await;
    assert_eq!((answer.status, answer.header("location")), (303, format!("/u/{}", a.id).as_str()));
    let own = browser.get(&format!("/u/{}", a.id)).await.text();
    assert!(own.contains("1999-12-31") && own.contains("/settings/profile"));

    let mut other = Browser::new(&server.address);
    other.log_in("bb", PASSWORD).await;
    let card = other.get(&format!("/u/{}", a.id)).await.text();
    assert!(card.contains("张三") && card.contains("&lt;b&gt;第二行") && card.contains("+8613800138000"));
    assert!(!card.contains("1999-12-31") && !card.contains("/settings/profile") && !card.contains("<script"));
    assert_eq!(other.get("/u/999").await.status, 404);

    let wrong = fields.map(|(name, value)| if name == "birthday" { (name, "2999-01-01") } else { (name, value) });
    let answer = browser.post("/settings/profile", &wrong).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("value=\"2999-01-01\"") && answer.text().contains("aria-invalid"));

    assert_eq!(submit(&server, &b, "/settings/avatar", "upload", halves()).await.status, 303);
    assert!(b.get(path::ACCOUNT_ME).await.json()["avatar"].is_string());
    let refused = submit(&server, &b, "/settings/avatar", "upload", b"no picture".to_vec()).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("is-wrong"));
}

/// Sends the form with a picture as a browser does.
async fn submit(server: &TestServer, person: &Person, to: &str, act: &str, file: Vec<u8>) -> Answer {
    let mut body = b"--x\r\ncontent-disposition: form-data; name=\"picture\"; filename=\"a.png\"\r\n\r\n".to_vec();
    body.extend(file);
    for (name, value) in [("size", "100"), ("act", act)] {
        let field = format!("\r\n--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}");
        body.extend(field.into_bytes());
    }
    body.extend(b"\r\n--x--\r\n");
    let request = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
        .post(server.url(to))
        .header("origin", server.url(""))
        .header("cookie", format!("sixin_login={}", person.token))
        .header("content-type", "multipart/form-data; boundary=x")
        .body(body);
    Answer::of(request).await
}

async fn upload_of_group(person: &Person, id: ConversationId, query: &str, file: Vec<u8>) -> Answer {
    Answer::of(person.request("PUT", &format!("{}{query}", path::group_avatar(id))).body(file)).await
}

async fn group(owner: &Person, members: &[&Person]) -> ConversationId {
    let members: Vec<_> = members.iter().map(|person| person.id).collect();
    let made: Conversation = owner.post(path::CONVERSATIONS, &json!({"title": "群", "members": members})).await.read();
    made.id
}

/// R002-17, R003-06: a group's picture is cut, kept and shown as a person's is; the members are told of it by the log, whoever
/// has the link sees it, and it is gone with the group.
#[tokio::test]
async fn a_group_has_a_picture() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = group(&a, &[&b]).await;
    let answer = upload_of_group(&a, id, "?x=300&y=0&size=100", halves()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let hash = answer.read::<Conversation>().group.unwrap().avatar.unwrap();
    let shown = b.conversation(id).await;
    assert_eq!((shown.group.unwrap().avatar, shown.unread), (Some(hash.clone()), 0));
    let last = b.history(id, Seq::ZERO, 100).await.messages.pop().unwrap();
    let MessageBody::Notice { notice } = last.body else { panic!("{last:?}") };
    assert_eq!((*notice, last.sender), (Notice::Pictured { avatar: Some(hash.clone()) }, a.id));
    for size in [96, 256] {
        let file = b.get(&path::avatar(&hash, size)).await;
        let picture = image::load_from_memory(&file.body).unwrap().to_rgb8();
        assert_eq!((picture.width(), picture.height()), (size, size));
        assert!(picture.get_pixel(size / 2, size / 2).0[2] > 200, "the blue half");
    }
    let link = a.post(&path::group_link(id), &json!(null)).await.json()["link"].as_str().unwrap().to_owned();
    let invitation: Invitation = c.get(&path::join(&link)).await.read();
    assert_eq!(invitation.avatar, Some(hash.clone()));

    let dropped: Conversation = a.delete(&path::group_avatar(id)).await.read();
    assert_eq!(dropped.group.unwrap().avatar, None);
    assert_eq!(b.get(&path::avatar(&hash, 96)).await.status, 404, "nobody shows it any more");
    assert_eq!(upload_of_group(&a, id, "", halves()).await.status, 200);
    let hash = b.conversation(id).await.group.unwrap().avatar.unwrap();
    assert_eq!(a.delete(&path::group(id)).await.status, 204);
    assert_eq!(b.get(&path::avatar(&hash, 96)).await.status, 404, "the group is gone");
}

/// R002-17: only the owner and admins change a group's picture, and nothing but a picture comes in; nothing is looked at for
/// whom the role does not permit it.
#[tokio::test]
async fn a_groups_picture_is_refused_to_others() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = group(&a, &[&b, &c]).await;
    a.delete(&path::member(id, c.id)).await;
    let before = a.conversation(id).await.rev;
    let direct = a.open(&b).await;
    for (who, place, expected) in [(&b, id, 403), (&c, id, 404), (&a, direct, 403)] {
        for file in [halves(), b"no picture".to_vec()] {
            assert_eq!(upload_of_group(who, place, "", file).await.status, expected);
        }
        assert_eq!(who.delete(&path::group_avatar(place)).await.status, expected);
        let page = submit(&server, who, &format!("/c/{place}/avatar"), "upload", halves()).await;
        assert!([403, 404].contains(&page.status), "{}", page.status);
    }
    for file in [Vec::new(), b"GIF89a".to_vec(), halves()[..100].to_vec()] {
        let answer = upload_of_group(&a, id, "", file).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (422, &json!("avatar")));
    }
    assert_eq!(upload_of_group(&a, id, "", vec![0; 5 * 1024 * 1024 + 1]).await.status, 413);
    assert_eq!(upload_of_group(&a, id, "?size=-1", halves()).await.status, 400);
    let after = a.conversation(id).await;
    assert_eq!((after.rev, after.group.unwrap().avatar), (before, None));
    a.patch(&path::member(id, b.id), &json!({"role": "admin"})).await;
    assert_eq!(upload_of_group(&b, id, "", halves()).await.status, 200);
}

/// R002-17: who governs a group gives it a picture by a plain form; the others see the picture and no form.
#[tokio::test]
async fn the_form_of_a_groups_picture_needs_no_script() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = group(&a, &[&b]).await;
    let (page, form) = (format!("/c/{id}/group"), format!("/c/{id}/avatar"));
    let done = submit(&server, &a, &form, "upload", halves()).await;
    assert_eq!((done.status, done.header("location")), (303, page.as_str()));
    let hash = b.conversation(id).await.group.unwrap().avatar.unwrap();
    let wrong = submit(&server, &a, &form, "upload", b"no picture".to_vec()).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("is-wrong"));
    for (who, governs) in [("aa", true), ("bb", false)] {
        let mut browser = Browser::new(&server.address);
        browser.log_in(who, PASSWORD).await;
        let shown = browser.get(&page).await.text();
        assert!(shown.contains(&path::avatar(&hash, 256)));
        assert_eq!(shown.contains(&form), governs, "{who}");
        assert_eq!(shown.contains("<script"), governs, "{who}");
        for list in ["/", &path::page(id), "/contacts"] {
            assert!(browser.get(list).await.text().contains(&path::avatar(&hash, 96)), "{who} {list}");
        }
    }
    assert_eq!(submit(&server, &a, &form, "remove", Vec::new()).await.status, 303);
    assert_eq!(b.conversation(id).await.group.unwrap().avatar, None);
}
