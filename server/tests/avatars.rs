//! Pictures of people: how they come in, what is kept of them, and who gets them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod support;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use protocol::{AvatarHash, path};
use serde_json::json;
use std::io::Cursor;
use support::{Answer, Browser, PASSWORD, Person, TestServer};

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

    let form = |file: Vec<u8>| {
        let mut body = b"--x\r\ncontent-disposition: form-data; name=\"picture\"; filename=\"a.png\"\r\n\r\n".to_vec();
        body.extend(file);
        body.extend(b"\r\n--x\r\ncontent-disposition: form-data; name=\"size\"\r\n\r\n100\r\n--x--\r\n");
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap()
            .post(server.url("/settings/avatar"))
            .header("origin", server.url(""))
            .header("cookie", format!("sixin_login={}", b.token))
            .header("content-type", "multipart/form-data; boundary=x")
            .body(body)
    };
    assert_eq!(Answer::of(form(halves())).await.status, 303);
    assert!(b.get(path::ACCOUNT_ME).await.json()["avatar"].is_string());
    let refused = Answer::of(form(b"no picture".to_vec())).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("is-wrong"));
}
