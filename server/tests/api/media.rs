//! Pictures in messages: how they come in, who sends them, who sees them, and when they are gone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{
    Admin, Answer, Browser, PASSWORD, PATIENCE, Person, TestServer, fresh_client_id, picture, picture_message,
    text_message,
};
use protocol::{Conversation, ConversationId, Image, MediaId, MessageBody, Seq, path};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// What somebody is answered who asks for a picture and its thumbnail: the same for both.
async fn sees(person: &Person, id: MediaId) -> u16 {
    let (whole, thumb) = (person.get(&path::medium(id)).await, person.get(&path::thumb(id)).await);
    assert_eq!(whole.status, thumb.status);
    whole.status
}

async fn group(owner: &Person, members: &[&Person]) -> ConversationId {
    let members: Vec<_> = members.iter().map(|person| person.id).collect();
    let made: Conversation = owner.post(path::CONVERSATIONS, &json!({"title": "群", "members": members})).await.read();
    made.id
}

/// The files of media in the data folder.
fn files(data: &Path) -> usize {
    let shelves = std::fs::read_dir(data.join("media")).into_iter().flatten();
    shelves.map(|shelf| std::fs::read_dir(shelf.unwrap().path()).unwrap().count()).sum()
}

/// R002-06, R003-14, R003-15: a picture is uploaded, sent and fetched, whole and small; the same upload and the same send
/// again are answered with the original (R001-12), other ones under their keys are mistakes.
#[tokio::test]
async fn a_picture_goes_from_one_to_another() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut push = b.push_values().await;
    let key = fresh_client_id();
    let uploaded = a.upload(key, picture()).await;
    assert_eq!(uploaded.status, 201);
    let image: Image = uploaded.read();
    assert_eq!((image.width.get(), image.height.get()), (40, 20));
    let again = a.upload(key, picture()).await;
    assert_eq!((again.status, again.text()), (200, uploaded.text()));
    let mut other = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(9, 9).write_to(&mut other, image::ImageFormat::Png).unwrap();
    let other = a.upload(key, other.into_inner()).await;
    assert_eq!((other.status, other.code()), (409, "client_id_reused".to_owned()));
    // Somebody else's key is another one.
    let theirs: Image = b.upload(key, picture()).await.read();
    assert_ne!(theirs.media, image.media);

    let sent = a.post(&path::messages(id), &picture_message(key, image)).await;
    assert_eq!(sent.status, 201);
    let replay = a.post(&path::messages(id), &picture_message(key, image)).await;
    assert_eq!((replay.status, replay.text()), (200, sent.text()));
    let mistake = a.post(&path::messages(id), &text_message(key, "x")).await;
    assert_eq!((mistake.status, mistake.code()), (409, "client_id_reused".to_owned()));

    let about = b.conversation(id).await;
    assert_eq!((about.unread, about.last.unwrap().body), (1, MessageBody::Image(image)));
    assert_eq!(b.history(id, Seq::ZERO, 10).await.messages.len(), 1);
    loop {
        let frame = push.next().await;
        if frame["conversation"]["change"]["message"]["message"]["body"]["media"] == json!(image.media) {
            break;
        }
    }
    for person in [&a, &b] {
        let whole = person.get(&path::medium(image.media)).await;
        assert_eq!((whole.status, whole.body.len() as u64), (200, u64::from(image.bytes)));
        let thumb = person.get(&path::thumb(image.media)).await;
        for answer in [&whole, &thumb] {
            assert_eq!(answer.header("content-type"), "image/jpeg");
            assert_eq!(answer.header("cache-control"), "private, no-cache");
            assert_eq!(answer.header("etag"), format!("\"{}\"", image.media));
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
            assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
            let read = image::load_from_memory_with_format(&answer.body, image::ImageFormat::Jpeg).unwrap();
            assert_eq!((read.width(), read.height()), (40, 20));
        }
    }
}

/// R002-06: one sends what one has uploaded oneself, once, and as it is.
#[tokio::test]
async fn one_sends_ones_own_picture_once() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let image: Image = a.upload(fresh_client_id(), picture()).await.read();
    let refused = async |by: &Person| {
        let answer = by.post(&path::messages(id), &picture_message(fresh_client_id(), image)).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (422, &json!("body.media")));
    };
    refused(&b).await;
    // Two at once, and only one of them is carried.
    let post = async || a.post(&path::messages(id), &picture_message(fresh_client_id(), image)).await.status;
    let (one, two, three) = futures::join!(post(), post(), post());
    let mut statuses = [one, two, three];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422, 422]);
    refused(&a).await;
    assert_eq!(a.conversation(id).await.head_seq.get(), 1);
}

/// R002-07, R003-13: pictures and texts of one sender stand in the order in which they were sent, each with a place of its
/// own, also when they meet in one transaction.
#[tokio::test]
async fn pictures_and_texts_share_one_order() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut images = Vec::new();
    for _ in 0..6 {
        let key = fresh_client_id();
        images.push((key, a.upload(key, picture()).await.read::<Image>()));
    }
    let pictures = images.iter().map(|(key, image)| picture_message(*key, *image));
    let texts = (0..20).map(|number| text_message(fresh_client_id(), &number.to_string()));
    let bodies: Vec<Value> = pictures.chain(texts).collect();
    let path = path::messages(id);
    let answers = futures::future::join_all(bodies.iter().map(|body| a.post(&path, body))).await;
    let mut seqs: Vec<u64> = answers.iter().map(|answer| answer.read::<protocol::Message>().seq.get()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=26).collect::<Vec<_>>());
    for (_, image) in images {
        assert_eq!(sees(&b, image.media).await, 200);
    }
}

/// R003-14: nobody sees a picture before it is sent, and then who sees the message: no stranger, nobody from whom it is
/// withheld, nobody who came later, left, or was removed.
#[tokio::test]
async fn who_sees_the_message_sees_the_picture() {
    let server = TestServer::start();
    let mut people = Vec::new();
    for name in ["aa", "bb", "cc", "dd", "ee", "stranger"] {
        people.push(server.person(name).await);
    }
    let [a, b, c, d, late, stranger] = people.as_slice() else { panic!() };
    let id = group(a, &[b, c, d]).await;
    let key = fresh_client_id();
    let image: Image = a.upload(key, picture()).await.read();
    for person in &people {
        assert_eq!(sees(person, image.media).await, 404, "it is not sent");
    }
    let mut withheld = picture_message(key, image);
    withheld["invisible_list"] = json!([c.id]);
    assert_eq!(a.post(&path::messages(id), &withheld).await.status, 201);
    a.post(&path::members(id), &json!({"users": [late.id]})).await;
    for (person, status) in [(a, 200), (b, 200), (c, 404), (d, 200), (late, 404), (stranger, 404)] {
        assert_eq!(sees(person, image.media).await, status, "{}", person.handle);
    }
    let anonymous = Answer::of(reqwest::Client::new().get(server.url(&path::medium(image.media)))).await;
    assert_eq!(anonymous.status, 401);
    // What one may not see looks as what does not exist.
    let absent = stranger.get(&path::medium(MediaId::from_bytes([1; 16]))).await;
    let hidden = stranger.get(&path::medium(image.media)).await;
    assert_eq!((absent.status, absent.text()), (hidden.status, hidden.text()));

    b.delete(&path::member(id, b.id)).await;
    a.delete(&path::member(id, d.id)).await;
    for person in [b, d] {
        assert_eq!(sees(person, image.media).await, 404, "{}", person.handle);
    }
    // Whoever comes back sees what newcomers see.
    a.post(&path::members(id), &json!({"users": [d.id]})).await;
    assert_eq!(sees(d, image.media).await, 404);
    assert_eq!(sees(a, image.media).await, 200);
    a.delete(&path::group(id)).await;
    assert_eq!(sees(a, image.media).await, 404, "the group is dissolved");
}

/// R001-17, R004-H6, R001-05: a picture goes with its message: for who deleted or reported it, and on the device where the
/// conversation was deleted.
#[tokio::test]
async fn a_picture_is_out_of_sight_with_its_message() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (message, image) = a.send_picture(id).await;
    for (hidden, status) in [(true, 404), (false, 200)] {
        let hide = json!({"seqs": [message.seq], "hidden": hidden});
        assert_eq!(b.put(&path::hidden(id), &hide).await.status, 204);
        assert_eq!((sees(&a, image.media).await, sees(&b, image.media).await), (200, status));
    }
    let other = Person::log_in(&server.address, "bb", PASSWORD).await;
    assert_eq!(b.delete(&path::conversation_through(id, message.seq, false)).await.status, 204);
    assert_eq!((sees(&b, image.media).await, sees(&other, image.media).await), (404, 200));
    let report = json!({"reason": "indecent", "hide": true});
    assert_eq!(other.post(&path::report(id, message.seq), &report).await.status, 204);
    assert_eq!((sees(&other, image.media).await, sees(&a, image.media).await), (404, 200));
}

/// R001-10, R001-18, R004-B7.5: a recalled picture is gone for everybody, its files too, and the send that brought it is
/// answered with what is left; one that an auditor removed comes back with its message.
#[tokio::test]
async fn a_recall_erases_the_picture() {
    let server = Admin::server(&[]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (removed, kept) = a.send_picture(id).await;
    let removal = path::removal(id, removed.seq);
    let admin = Admin::of(&server);
    assert_eq!(Answer::of(admin.request("POST", &removal)).await.status, 200);
    assert_eq!((sees(&a, kept.media).await, sees(&b, kept.media).await), (404, 404));
    assert_eq!(Answer::of(admin.request("DELETE", &removal)).await.status, 204);
    assert_eq!((sees(&a, kept.media).await, sees(&b, kept.media).await), (200, 200));
    assert_eq!(files(server.data()), 2);

    let key = fresh_client_id();
    let image: Image = a.upload(key, picture()).await.read();
    let sent: protocol::Message = a.post(&path::messages(id), &picture_message(key, image)).await.read();
    assert_eq!((files(server.data()), b.conversation(id).await.unread), (4, 2));
    assert_eq!(b.post(&path::recall(id, sent.seq), &Value::Null).await.status, 403);
    assert_eq!(a.post(&path::recall(id, sent.seq), &Value::Null).await.status, 200);
    assert_eq!((sees(&a, image.media).await, sees(&b, image.media).await), (404, 404));
    let about = b.conversation(id).await;
    assert_eq!((about.unread, about.last.unwrap().body), (1, MessageBody::Recalled { by: Some(a.id) }));
    let end = Instant::now() + PATIENCE;
    while files(server.data()) > 2 {
        assert!(Instant::now() < end, "the files stay");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let replay = a.post(&path::messages(id), &picture_message(key, image)).await;
    assert_eq!((replay.status, replay.json()["body"]["type"].as_str()), (200, Some("recalled")));
}

/// R003-12: what an upload was answered is there after `kill -9`, and so is what a send was answered.
#[tokio::test]
async fn an_answered_picture_survives_the_server() {
    let mut server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (_, sent) = a.send_picture(id).await;
    let key = fresh_client_id();
    let image: Image = a.upload(key, picture()).await.read();
    server.kill();
    server.restart();
    let (a, b) = (a.at(&server.address), b.at(&server.address));
    assert_eq!(sees(&b, sent.media).await, 200);
    assert_eq!(a.upload(key, picture()).await.status, 200);
    assert_eq!(a.post(&path::messages(id), &picture_message(key, image)).await.status, 201);
    assert_eq!(sees(&b, image.media).await, 200);
}

/// R004-C3, R001-18: a browser that has a picture asks each time whether it may show it, and is told so without the file, and
/// that there is none as soon as the message is out of sight.
#[tokio::test]
async fn what_a_browser_keeps_it_asks_about() {
    let server = TestServer::start();
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = a.open(&b).await;
    let (message, image) = a.send_picture(id).await;
    let has = async |person: &Person, path: &str, tag: &str| {
        let answer = Answer::of(person.request("GET", path).header("if-none-match", tag)).await;
        (answer.status, answer.body.is_empty(), answer)
    };
    let tag = format!("\"{}\"", image.media);
    for path in [path::medium(image.media), path::thumb(image.media)] {
        for named in [tag.clone(), format!("\"x\", W/{tag}")] {
            let (status, empty, answer) = has(&b, &path, &named).await;
            assert_eq!((status, empty), (304, true));
            assert_eq!((answer.header("etag"), answer.header("cache-control")), (tag.as_str(), "private, no-cache"));
        }
        assert_eq!(has(&b, &path, "\"x\"").await.0, 200);
        assert_eq!(has(&c, &path, &tag).await.0, 404);
    }
    assert_eq!(a.post(&path::recall(id, message.seq), &Value::Null).await.status, 200);
    for person in [&a, &b] {
        assert_eq!(has(person, &path::thumb(image.media), &tag).await.0, 404);
    }
}

/// Whoever uploads many files slowly takes no place from others, and is told to try again soon.
#[tokio::test]
async fn slow_uploads_leave_room_for_others() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let begin = async || {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-length: 9999\r\n\r\nx",
            path::upload(fresh_client_id()),
            a.token
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    let mut slow = Vec::new();
    let end = Instant::now() + PATIENCE;
    let refused = loop {
        // One that comes while a quick one has the last place is refused itself.
        slow.push(begin().await);
        let answer = a.upload(fresh_client_id(), picture()).await;
        if answer.status != 201 {
            break answer;
        }
        assert!(Instant::now() < end, "there is always room");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (429, "rate_limited".to_owned(), "2"));
    assert_eq!(b.upload(fresh_client_id(), picture()).await.status, 201);
    drop(slow);
    let end = Instant::now() + PATIENCE;
    while a.upload(fresh_client_id(), picture()).await.status != 201 {
        assert!(Instant::now() < end, "the places are not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// R002-06, R001-12: the form sends a picture, once however often it is sent; a file that is too large is refused, and so is a
/// form without a key; of whoever is no member nothing is kept.
#[tokio::test]
async fn a_form_sends_a_picture() {
    let server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    server.person("cc").await;
    let id = a.open(&b).await;
    let page = format!("/c/{id}/picture");
    let mut browsers = Vec::new();
    for name in ["aa", "cc"] {
        let mut browser = Browser::new(&server.address);
        browser.log_in(name, PASSWORD).await;
        browsers.push(browser);
    }
    let [browser, stranger] = browsers.as_mut_slice() else { panic!() };
    let key = fresh_client_id().to_string();
    let fields = [("client_id", key.as_str())];
    assert_eq!(stranger.post_file(&page, &fields, "picture", &picture()).await.status, 404);
    assert_eq!(files(server.data()), 0);
    for _ in 0..2 {
        let sent = browser.post_file(&page, &fields, "picture", &picture()).await;
        assert_eq!((sent.status, sent.header("location")), (303, format!("/c/{id}").as_str()));
    }
    assert_eq!((b.conversation(id).await.unread, files(server.data())), (1, 2));
    assert_eq!(browser.post_file(&page, &[], "picture", &picture()).await.status, 400);
    let key = fresh_client_id().to_string();
    let fields = [("client_id", key.as_str())];
    assert_eq!(browser.post_file(&page, &fields, "picture", b"no picture").await.status, 422);
    // The limit is of the form, which is a little larger than the file.
    let large = vec![0; protocol::media::FILE_MAX + 8_192];
    assert_eq!(browser.post_file(&page, &fields, "picture", &large).await.status, 413);
    assert_eq!(b.conversation(id).await.unread, 1);
}

/// R001-18: files that could not be removed at the recall, because the process was killed, are removed at the start.
#[tokio::test]
async fn what_a_recall_leaves_is_removed_at_the_start() {
    let mut server = TestServer::start();
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (message, image) = a.send_picture(id).await;
    let name = image.media.to_string();
    let shelf = server.data().join("media").join(&name[..2]);
    // Something that is no file cannot be removed as one.
    std::fs::create_dir(shelf.join(format!("{name}.new"))).unwrap();
    assert_eq!(a.post(&path::recall(id, message.seq), &Value::Null).await.status, 200);
    let gone = async |left: usize| {
        let end = Instant::now() + PATIENCE;
        while std::fs::read_dir(&shelf).unwrap().count() > left {
            assert!(Instant::now() < end, "the files stay");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    gone(1).await;
    server.kill();
    std::fs::remove_dir(shelf.join(format!("{name}.new"))).unwrap();
    std::fs::write(shelf.join(format!("{name}.thumb.jpg")), [1]).unwrap();
    server.restart();
    gone(0).await;
}

/// R002-06: who has as much waiting to be sent as may be is told so before the picture is read: nobody uploads in vain, and
/// coming again costs little.
#[tokio::test]
async fn nobody_uploads_a_picture_in_vain() {
    let mut server = TestServer::start();
    let mut a = server.person("aa").await;
    let known = fresh_client_id();
    assert_eq!(a.upload(known, picture()).await.status, 201);
    let file = |key| path::upload_file(key, &"x".parse().unwrap());
    for number in 1..200 {
        if number == 100 {
            // So many a minute are let in; a server that was started again has not counted them.
            server.kill();
            server.restart();
            a = a.at(&server.address);
        }
        let kept = Answer::of(a.request("POST", &file(fresh_client_id())).body("x")).await;
        assert_eq!(kept.status, 201, "{number}: {}", kept.text());
    }
    // Once it were read it would be none.
    let refused = a.upload(fresh_client_id(), b"no picture".to_vec()).await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "rate_limited"));
    assert_eq!(a.upload(known, picture()).await.status, 200, "what is there may come again");
}
