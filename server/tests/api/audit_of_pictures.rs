//! The audit of pictures, before they are sent and after.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{
    ADMIN, Admin, Answer, Listener, Manner, PATIENCE, Person, asking, fresh_client_id, picture, picture_message,
};
use protocol::{Contact, Conversation, ConversationId, Image, MediaId, Message, MessageBody, Seq, path};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn auditor() -> Listener {
    Listener::start_as(Manner::Audit, &[]).await
}

async fn group(owner: &Person, members: &[&Person]) -> ConversationId {
    let members: Vec<_> = members.iter().map(|person| person.id).collect();
    let made: Conversation = owner.post(path::CONVERSATIONS, &json!({"title": "群", "members": members})).await.read();
    made.id
}

/// How late a verdict comes that is late.
const LATE: Duration = Duration::from_secs(1);
const NO: Manner = Manner::Say(r#"{"allow": false}"#);

/// Uploads a picture, and the message that would carry it.
async fn uploaded(person: &Person) -> (Value, Image) {
    let key = fresh_client_id();
    let image: Image = person.upload(key, picture()).await.read();
    (picture_message(key, image), image)
}

async fn status(person: &Person, id: MediaId) -> u16 {
    person.get(&path::thumb(id)).await.status
}

/// The message as somebody reads it, once it is no picture any more.
async fn changed(person: &Person, id: ConversationId, seq: Seq) -> Message {
    let end = Instant::now() + PATIENCE;
    loop {
        let page = person.history(id, seq.prev(), 1).await;
        let message = page.messages.into_iter().next().unwrap();
        if !matches!(message.body, MessageBody::Image(_)) {
            return message;
        }
        assert!(Instant::now() < end, "it stays as it was");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// R004-I5, R004-C2: a picture is asked about as the file that is kept, whose it is and where it goes; one that is not let
/// through leaves nothing with anybody, and is asked about again when it is tried again. Nothing of whoever is refused is.
#[tokio::test]
async fn a_picture_is_asked_about_before_it_is_sent() {
    let auditor = Listener::start_as(Manner::Audit, &[NO]).await;
    let server = asking(&auditor.address, &[]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (message, image) = uploaded(&a).await;
    let refused = a.post(&path::messages(id), &message).await;
    assert_eq!((refused.status, refused.code()), (403, "sensitive".to_owned()));
    assert_eq!((b.conversation(id).await.head_seq, status(&b, image.media).await), (Seq::ZERO, 404));
    let asked: Value = serde_json::from_str(&auditor.heard()[0].body).unwrap();
    assert_eq!((&asked["client_id"], &asked["sender"]), (&message["client_id"], &json!(a.id)));
    assert_eq!((&asked["conversation"], &asked["kind"]), (&json!(id), &json!("direct")));
    let told = &asked["picture"];
    assert_eq!((&told["mime"], &told["width"], &told["height"]), (&json!("image/jpeg"), &json!(40), &json!(20)));
    assert!(told["data"].as_str().unwrap().starts_with("/9j/") && asked.get("text").is_none());

    assert_eq!(a.post(&path::messages(id), &message).await.status, 201);
    assert_eq!((auditor.heard().len(), status(&b, image.media).await), (2, 200));
    // Another's picture, and one for whom one may not write to, are nobody's to be asked about.
    let (stolen, _) = uploaded(&b).await;
    assert_eq!(a.post(&path::messages(id), &stolen).await.status, 422);
    let _: Contact = b.put(&path::block(a.id), &json!({})).await.read();
    let (late, _) = uploaded(&a).await;
    assert_eq!(a.post(&path::messages(id), &late).await.code(), "not_accepted");
    assert_eq!(auditor.heard().len(), 2);
}

/// R004-I6, R004-B7.6, R004-C1, R004-C3, X14: a picture whose verdict comes too late is sent, and withdrawn by it, without
/// another question: for others it is a placeholder that counts for nothing, has no file, and can be reported; its sender
/// sees it as before, and may recall it.
#[tokio::test]
async fn a_late_verdict_withdraws_the_picture() {
    let auditor = auditor().await;
    let server = asking(&auditor.address, &[("SIXIN_AUDIT_PICTURE_WAIT_MS", "200")]);
    let (a, b, c) = (server.person("aa").await, server.person("bb").await, server.person("cc").await);
    let id = group(&a, &[&b, &c]).await;
    a.send(id, "before").await;
    let unread = b.conversation(id).await.unread;
    auditor.then(&[Manner::Refuse(LATE)]);
    let heard = auditor.heard().len();
    let mut push = b.push_values().await;
    let (message, image) = uploaded(&a).await;
    let sent: Message = a.post(&path::messages(id), &message).await.read();
    auditor.hear(heard + 1).await;
    let left = changed(&b, id, sent.seq).await;
    assert_eq!(left.body, MessageBody::Withdrawn { image });
    let about = b.conversation(id).await;
    assert_eq!((about.unread, about.last.unwrap().body), (unread, left.body.clone()));
    assert_eq!(
        [status(&b, image.media).await, status(&c, image.media).await, status(&a, image.media).await],
        [404, 404, 200]
    );
    loop {
        let frame = push.next().await;
        if frame["conversation"]["change"]["message"]["message"]["body"]["type"] == "withdrawn" {
            break;
        }
    }
    let replay = a.post(&path::messages(id), &message).await;
    assert_eq!((replay.status, replay.json()["body"]["type"].as_str()), (200, Some("withdrawn")));
    let report = json!({"reason": "indecent", "hide": true});
    assert_eq!(b.post(&path::report(id, sent.seq), &report).await.status, 204);
    assert_eq!(a.post(&path::recall(id, sent.seq), &Value::Null).await.status, 200);
    assert_eq!((status(&a, image.media).await, auditor.heard().len()), (404, heard + 1));
}

/// R004-I6: a verdict about a picture that was sent may take a minute, which is longer than what else the server asks others.
#[tokio::test]
async fn a_verdict_may_take_its_time() {
    let auditor = Listener::start_as(Manner::Silent, &[Manner::Refuse(Duration::from_secs(8))]).await;
    let server = asking(&auditor.address, &[("SIXIN_AUDIT_PICTURE_WAIT_MS", "100")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (message, image) = uploaded(&a).await;
    let sent: Message = a.post(&path::messages(id), &message).await.read();
    assert_eq!(changed(&b, id, sent.seq).await.body, MessageBody::Withdrawn { image });
    assert_eq!(auditor.heard().len(), 1);
}

/// R004-C4: a verdict that comes after a recall changes nothing, and neither does one that lets a picture through.
#[tokio::test]
async fn a_verdict_about_a_recalled_picture_changes_nothing() {
    let auditor = Listener::start_as(Manner::Audit, &[Manner::Refuse(LATE), Manner::Late(LATE)]).await;
    let server = asking(&auditor.address, &[("SIXIN_AUDIT_PICTURE_WAIT_MS", "300")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (message, image) = uploaded(&a).await;
    let sent: Message = a.post(&path::messages(id), &message).await.read();
    auditor.hear(1).await;
    assert_eq!(a.post(&path::recall(id, sent.seq), &Value::Null).await.status, 200);
    let (message, kept) = uploaded(&a).await;
    let second: Message = a.post(&path::messages(id), &message).await.read();
    auditor.hear(2).await;
    tokio::time::sleep(2 * LATE).await;
    assert_eq!(changed(&b, id, sent.seq).await.body, MessageBody::Recalled { by: Some(a.id) });
    assert_eq!((status(&a, image.media).await, status(&b, kept.media).await), (404, 200));
    assert_eq!(b.history(id, sent.seq, 1).await.messages[0].seq, second.seq);
}

/// R004-I6: once the auditor has let a picture through, however late, it is asked no more, after a restart either.
#[tokio::test]
async fn a_late_yes_is_the_last_word() {
    let auditor = Listener::start_as(NO, &[Manner::Late(LATE)]).await;
    let mut server = asking(&auditor.address, &[("SIXIN_AUDIT_PICTURE_WAIT_MS", "100")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (message, image) = uploaded(&a).await;
    assert_eq!(a.post(&path::messages(id), &message).await.status, 201);
    auditor.hear(1).await;
    tokio::time::sleep(3 * LATE).await;
    server.kill();
    server.restart();
    tokio::time::sleep(2 * LATE).await;
    assert_eq!((auditor.heard().len(), status(&b.at(&server.address), image.media).await), (1, 200));
}

/// R004-I6, R004-C4: who owes a verdict, because it was not asked yet, answered with an error, or said nothing, is asked until
/// there is one, by a server that was killed meanwhile too. No picture waits for an auditor that fails.
#[tokio::test]
async fn a_verdict_that_is_owed_is_asked_for_after_a_restart() {
    let auditor = Listener::start_as(NO, &[Manner::Silent, Manner::Answer(500), Manner::Say("{}")]).await;
    let mut server = asking(&auditor.address, &[("SIXIN_AUDIT_PICTURE_WAIT_MS", "500")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        let (message, image) = uploaded(&a).await;
        let message: Message = a.post(&path::messages(id), &message).await.read();
        assert_eq!(status(&b, image.media).await, 200);
        sent.push((message, image));
    }
    auditor.hear(3).await;
    server.kill();
    server.restart();
    let b = b.at(&server.address);
    for (message, image) in sent {
        assert_eq!(changed(&b, id, message.seq).await.body, MessageBody::Withdrawn { image });
        assert_eq!(status(&b, image.media).await, 404);
    }
    assert_eq!(b.conversation(id).await.unread, 0);
}

/// R004-I6: pictures that get no verdict, however many, hold up no other. A picture that waits for nobody is asked about
/// after it was sent.
#[tokio::test]
async fn pictures_without_a_verdict_hold_up_no_other() {
    let auditor = Listener::start_as(Manner::Only(r#""kind":"group""#), &[]).await;
    let server = asking(&auditor.address, &[("SIXIN_AUDIT_PICTURE_WAIT_MS", "0"), ("SIXIN_SENDS_PER_SECOND", "100")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let (id, all) = (a.open(&b).await, group(&a, &[&b]).await);
    let began = Instant::now();
    for _ in 0..20 {
        let (message, _) = uploaded(&a).await;
        assert_eq!(a.post(&path::messages(id), &message).await.status, 201);
    }
    auditor.hear(20).await;
    let (message, image) = uploaded(&a).await;
    let sent: Message = a.post(&path::messages(all), &message).await.read();
    assert_eq!(changed(&b, all, sent.seq).await.body, MessageBody::Withdrawn { image });
    // Those are asked about again after a pause of ten seconds, and not as often as another is sent.
    let rounds = 1 + usize::try_from(began.elapsed().as_secs()).unwrap() / 10;
    assert!(auditor.heard().len() <= rounds * 20 + 1, "{rounds}: {}", auditor.heard().len());
}

/// R004-I6: whoever goes away before they are answered sends no picture that nobody is asked about.
#[tokio::test]
async fn who_hangs_up_sends_nothing_unasked() {
    let auditor = Listener::start_as(NO, &[]).await;
    let server = asking(&auditor.address, &[("SIXIN_AUDIT_PICTURE_WAIT_MS", "0")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    for patience in 0..12 {
        let (message, _) = uploaded(&a).await;
        let posting = Person { http: reqwest::Client::new(), ..a.clone() };
        let sending = async { posting.post(&path::messages(id), &message).await };
        let _ = tokio::time::timeout(Duration::from_millis(patience), sending).await;
    }
    server.settled().await;
    let end = Instant::now() + PATIENCE;
    while b
        .history(id, Seq::ZERO, 50)
        .await
        .messages
        .iter()
        .any(|message| matches!(message.body, MessageBody::Image(_)))
    {
        assert!(Instant::now() < end, "a picture stays that nobody was asked about");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// R004-I6, R001-12: however often a picture is posted while its auditor thinks, and whoever goes away meanwhile, it is one
/// question, whose answer everybody has who still waits.
#[tokio::test]
async fn a_picture_is_one_question() {
    let auditor = Listener::start_as(Manner::Audit, &[Manner::Refuse(LATE)]).await;
    let server = asking(&auditor.address, &[("SIXIN_AUDIT_PICTURE_WAIT_MS", "5000")]);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (message, _) = uploaded(&a).await;
    for patience in [50, 60, 70] {
        let posting = Person { http: reqwest::Client::new(), ..a.clone() };
        let sending = async { posting.post(&path::messages(id), &message).await };
        let _ = tokio::time::timeout(Duration::from_millis(patience), sending).await;
    }
    let path = path::messages(id);
    let (whole, again) = tokio::join!(a.post(&path, &message), a.post(&path, &message));
    assert_eq!((whole.status, again.status), (403, 403));
    assert_eq!(auditor.heard().len(), 1);
}

/// R004-B7.6, R004-C4: a picture that an admin has removed meanwhile is withdrawn by a late verdict all the same, which shows when
/// it is given back.
#[tokio::test]
async fn a_removed_picture_comes_back_withdrawn() {
    let auditor = Listener::start_as(Manner::Audit, &[Manner::Refuse(LATE)]).await;
    let more = [("SIXIN_AUDIT_PICTURE_WAIT_MS", "100"), ("SIXIN_ADMIN_TOKEN", ADMIN)];
    let server = asking(&auditor.address, &more);
    let (a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let (message, image) = uploaded(&a).await;
    let sent: Message = a.post(&path::messages(id), &message).await.read();
    let (admin, removal) = (Admin::of(&server), path::removal(id, sent.seq));
    assert_eq!(Answer::of(admin.request("POST", &removal)).await.status, 200);
    let end = Instant::now() + PATIENCE;
    while admin.get(&removal).await.json()["message"]["body"]["type"] != "withdrawn" {
        assert!(Instant::now() < end, "the verdict changes nothing");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(b.history(id, Seq::ZERO, 1).await.messages[0].body, MessageBody::Removed);
    assert_eq!(Answer::of(admin.request("DELETE", &removal)).await.status, 204);
    assert_eq!(b.history(id, Seq::ZERO, 1).await.messages[0].body, MessageBody::Withdrawn { image });
    assert_eq!((status(&a, image.media).await, status(&b, image.media).await), (200, 404));
}
