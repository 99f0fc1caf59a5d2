//! What the directory's source is told of changes in Sixin, and what becomes of changes on both sides.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use crate::support::{Admin, Answer, Listener, Manner, Person, Request, TestServer};
use hmac::{Hmac, Mac};
use protocol::directory::{ConflictsPage, PersonChanged, PersonField};
use protocol::path;
use rustix::process::Signal;
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SECRET: &str = "the server and the source share it";

fn server(listener: &Listener) -> TestServer {
    let url = format!("http://{}/hook?of=sixin", listener.address);
    Admin::server(&[("SIXIN_DIRECTORY_WEBHOOK", &url), ("SIXIN_DIRECTORY_WEBHOOK_SECRET", SECRET)])
}

fn employee(id: &str, version: u64, name: &str) -> Value {
    json!({"external_id": id, "version": version, "display_name": name})
}

async fn rename(person: &Person, name: &str) {
    let answer = person.patch(path::ACCOUNT_ME, &json!({ "display_name": name })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn picture(shade: u8) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_pixel(8, 8, image::Rgb([shade; 3]));
    pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

fn event(request: &Request) -> PersonChanged {
    serde_json::from_str(&request.body).unwrap()
}

fn names(heard: &[Request]) -> Vec<String> {
    heard.iter().map(|request| event(request).display_name.to_string()).collect()
}

/// R002-02: what a person changes of themselves is told to the source, signed over time and body, under an id of its own;
/// what the source tells, and what is nobody's of the directory, is not.
#[tokio::test]
async fn the_source_is_told_what_people_change() {
    let listener = Listener::start(&[]).await;
    let server = server(&listener);
    let admin = Admin::of(&server);
    admin.put_person(employee("e1", 5, "张三")).await;
    let zhang = admin.let_in("e1", "zhangsan").await;
    let outsider = server.person("outsider").await;
    rename(&outsider, "Outsider").await;
    rename(&zhang, "张三").await;
    assert_eq!(zhang.patch(path::ACCOUNT_ME, &json!({"bio": "你好"})).await.status, 200);
    rename(&zhang, "小张").await;

    let heard = listener.hear(1).await;
    let request = &heard[0];
    assert_eq!(request.line, "POST /hook?of=sixin HTTP/1.1");
    assert_eq!(request.header("content-type"), "application/json");
    let fields: Vec<_> = request.header("sixin-signature").split(',').collect();
    let (at, sig) = (fields[0].strip_prefix("t=").unwrap(), fields[1].strip_prefix("sig=").unwrap());
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let mac = mac.chain_update(format!("sixin-webhook-1\n{at}\n{}", request.body)).finalize().into_bytes();
    assert_eq!(sig, mac.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(at.parse().unwrap()) < 60);
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["id"], json!(request.header("sixin-event")));
    assert_eq!(body["id"].as_str().unwrap().len(), 32);
    assert_eq!((&body["external_id"], &body["version"], &body["account"]), (&json!("e1"), &json!(6), &json!(zhang.id)));
    assert_eq!(
        (&body["changed"], &body["display_name"], &body["avatar"]),
        (&json!("display_name"), &json!("小张"), &Value::Null)
    );

    let upload = Answer::of(zhang.request("PUT", path::ACCOUNT_AVATAR).body(picture(0))).await;
    assert_eq!(upload.status, 200);
    let told = event(&listener.hear(2).await[1]);
    assert_eq!((told.version, told.avatar.map(|hash| json!(hash))), (7, Some(upload.json()["avatar"].clone())));
    let avatar = path::ADMIN_PERSON_AVATAR.replace("{id}", "e1");
    let file = admin.get(&avatar).await;
    assert_eq!((file.status, file.header("content-type")), (200, "image/jpeg"));

    // Nothing comes back of what the source tells: the last event is the one that a person makes after it.
    assert_eq!(admin.put_person(employee("e1", 8, "张三丰")).await, "stored");
    let given = admin.request("PUT", &avatar).body(picture(255));
    assert_eq!(Answer::of(given).await.status, 204);
    rename(&zhang, "最后").await;
    let heard = listener.hear(3).await;
    assert_eq!(names(&heard), ["小张", "小张", "最后"]);
    assert_eq!(event(&heard[2]).version, 9);
}

/// R002-02: an event that is refused, led elsewhere or hung up on is told again under the same id, and the later ones of the
/// same person wait for it.
#[tokio::test]
async fn events_of_a_person_stay_in_order() {
    let listener = Listener::start(&[Manner::Answer(500), Manner::Redirect, Manner::HangUp]).await;
    let server = server(&listener);
    let admin = Admin::of(&server);
    admin.put_person(employee("e1", 1, "张三")).await;
    let zhang = admin.let_in("e1", "zhangsan").await;
    for name in ["一", "二", "三", "四"] {
        rename(&zhang, name).await;
    }
    let heard = listener.hear(7).await;
    assert_eq!(names(&heard), ["一", "一", "一", "一", "二", "三", "四"]);
    let ids: Vec<_> = heard.iter().map(|request| request.header("sixin-event")).collect();
    assert!(ids[..4].iter().all(|id| *id == ids[0]), "an event keeps its id");
    assert!(ids[3..].windows(2).all(|two| two[0] != two[1]), "each has its own");
    let versions: Vec<_> = heard.iter().map(|request| event(request).version).collect();
    assert_eq!(versions, [2, 2, 2, 2, 3, 4, 5]);
    assert!(heard.iter().all(|request| !request.line.contains("elsewhere")));
}

/// R002-02: a source that is slow, silent or endless keeps nobody from writing, and one person's events keep nobody else's
/// waiting.
#[tokio::test]
async fn a_bad_source_keeps_nobody_waiting() {
    let listener = Listener::start(&[Manner::Silent, Manner::Endless, Manner::Slow(Duration::from_secs(1))]).await;
    let server = server(&listener);
    let admin = Admin::of(&server);
    for id in ["e1", "e2", "e3"] {
        admin.put_person(employee(id, 1, id)).await;
    }
    let people = [("e1", "zhangsan"), ("e2", "lisi"), ("e3", "wangwu")];
    for (number, (id, handle)) in people.into_iter().enumerate() {
        let person = admin.let_in(id, handle).await;
        rename(&person, "改名").await;
        listener.hear(number + 1).await;
        let own = person.open(&person).await;
        let began = Instant::now();
        for _ in 0..20 {
            person.send(own, "x").await;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{handle}");
    }
    // The endless answer was an answer: only the silent one is asked again, on a slow machine before the third is heard of.
    let heard = listener.hear(4).await;
    let ids: Vec<_> = heard.iter().map(|request| request.header("sixin-event")).collect();
    let times = |id: &str| ids.iter().filter(|other| **other == id).count();
    assert_eq!((times(ids[0]), times(ids[1])), (2, 1), "{ids:?}");
}

/// R002-02, invariant 1: an event outlives a `kill -9` and a stop, and is told under the same id.
#[tokio::test]
async fn events_survive_a_restart() {
    let listener = Listener::start(&[Manner::Answer(503), Manner::Silent]).await;
    let mut server = server(&listener);
    let admin = Admin::of(&server);
    admin.put_person(employee("e1", 1, "张三")).await;
    let zhang = admin.let_in("e1", "zhangsan").await;
    rename(&zhang, "小张").await;
    let first = listener.hear(1).await[0].header("sixin-event").to_owned();
    server.kill();
    server.restart();
    // The second attempt is not answered: a stop does not wait for it.
    listener.hear(2).await;
    let asked = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(server.wait(), Some(0), "it stops cleanly");
    assert!(asked.elapsed() < Duration::from_secs(8));
    server.restart();
    let heard = listener.hear(3).await;
    assert!(heard.iter().all(|request| request.header("sixin-event") == first), "{heard:?}");
    let zhang = zhang.at(&server.address);
    rename(&zhang, "张").await;
    assert_eq!(names(&listener.hear(4).await), ["小张", "小张", "小张", "张"]);
}

/// R002-02: both sides change a person at once. The last writer by the source's version is right, the source at the same
/// one; what gave way is listed; what only the source knows is always taken.
#[tokio::test]
async fn the_later_version_wins_on_both_sides() {
    let listener = Listener::start(&[]).await;
    let server = server(&listener);
    let admin = Admin::of(&server);
    admin.put_person(employee("e1", 5, "张三")).await;
    let zhang = admin.let_in("e1", "zhangsan").await;
    let name = async || zhang.get(path::ACCOUNT_ME).await.json()["display_name"].as_str().unwrap().to_owned();
    for own in ["小张", "老张"] {
        rename(&zhang, own).await;
    }
    // Version 7 was made here; the source made a version 6 of its own.
    let mut titled = employee("e1", 6, "张三丰");
    titled["title"] = json!("教授");
    assert_eq!(admin.put_person(titled.clone()).await, "stored");
    assert_eq!(name().await, "老张");
    let listed = admin.get(&path::ADMIN_PERSON.replace("{id}", "e1")).await.json();
    assert_eq!((&listed["title"], &listed["version"]), (&json!("教授"), &json!(7)));
    assert_eq!(admin.put_person(titled).await, "known", "told again");
    // At the same version the source is right.
    assert_eq!(admin.put_person(employee("e1", 7, "张君宝")).await, "stored");
    assert_eq!(name().await, "张君宝");
    assert_eq!(admin.put_person(employee("e1", 7, "谁")).await, "known");
    // The source takes a change over: that is no conflict.
    rename(&zhang, "三丰").await;
    assert_eq!(admin.put_person(employee("e1", 8, "三丰")).await, "stored");

    let page: ConflictsPage = admin.get(path::ADMIN_CONFLICTS).await.read();
    let told: Vec<_> = page
        .conflicts
        .iter()
        .map(|it| (it.kept.display_name.as_str(), it.kept.version, it.lost.display_name.as_str(), it.lost.version))
        .collect();
    assert_eq!(told, [("老张", 7, "张三丰", 6), ("张君宝", 7, "老张", 7)]);
    let rest = format!("{}?after={}", path::ADMIN_CONFLICTS, page.conflicts[0].id);
    assert_eq!(admin.get(&rest).await.read::<ConflictsPage>().conflicts.len(), 1);
}

/// R002-02: a picture that is changed here never beats a name of the source, on either side.
#[tokio::test]
async fn a_picture_never_beats_a_name() {
    let listener = Listener::start(&[Manner::Answer(503)]).await;
    let server = server(&listener);
    let admin = Admin::of(&server);
    admin.put_person(employee("e1", 5, "张三")).await;
    let zhang = admin.let_in("e1", "zhangsan").await;
    let name = async || zhang.get(path::ACCOUNT_ME).await.json()["display_name"].as_str().unwrap().to_owned();
    let paint = async |shade| {
        assert_eq!(Answer::of(zhang.request("PUT", path::ACCOUNT_AVATAR).body(picture(shade))).await.status, 200);
    };
    for shade in [0, 50] {
        paint(shade).await;
    }
    listener.hear(1).await;
    // Version 7 is a picture; the source made a version 6 of its own, a name.
    assert_eq!(admin.put_person(employee("e1", 6, "张三丰")).await, "stored");
    assert_eq!(name().await, "张三丰");
    let heard = listener.hear(3).await;
    assert_eq!(names(&heard), ["张三", "张三丰", "张三丰"], "what the source is told later brings no old name back");
    let told = |request: &Request| (event(request).version, event(request).changed);
    assert_eq!(told(&heard[2]), (7, PersonField::Avatar));

    // A name of version 8, then a picture: the source is right at version 8, whatever the picture counts.
    rename(&zhang, "小张").await;
    paint(100).await;
    assert_eq!(admin.put_person(employee("e1", 8, "张君宝")).await, "stored");
    assert_eq!(name().await, "张君宝");
    rename(&zhang, "三丰").await;
    assert_eq!(event(&listener.hear(6).await[5]).version, 10, "versions never go back");
    assert_eq!(admin.put_person(employee("e1", 9, "张全一")).await, "stored");
    assert_eq!(name().await, "三丰", "a later name of one's own stays");
}

/// R002-02: without a webhook nothing is kept for it, and the source's word comes after whatever was changed here.
#[tokio::test]
async fn without_a_webhook_the_sources_word_stays() {
    let server = Admin::server(&[]);
    let admin = Admin::of(&server);
    admin.put_person(employee("e1", 5, "张三")).await;
    let zhang = admin.let_in("e1", "zhangsan").await;
    rename(&zhang, "小张").await;
    let path = path::ADMIN_PERSON.replace("{id}", "e1");
    assert_eq!(admin.get(&path).await.json()["version"], json!(5));
    assert_eq!(admin.put_person(employee("e1", 6, "张三")).await, "stored");
    assert_eq!(zhang.get(path::ACCOUNT_ME).await.json()["display_name"], json!("张三"));
}
