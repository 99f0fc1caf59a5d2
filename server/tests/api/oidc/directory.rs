//! Whom the directory knows, and how they come in where there is a provider.

use super::provider::Provider;
use super::{location, log_in, me, server};
use crate::support::{ADMIN, Admin, Answer, Browser, PASSWORD};
use protocol::path;
use serde_json::json;

/// R002-01: whom the directory deactivates is logged out and does not come in by the provider; with a claim that holds the
/// company's id, who logs in is whom the directory knows.
#[tokio::test]
async fn the_directory_decides_who_may_come_in() {
    let provider = Provider::start().await;
    let server = server(&provider, &[("SIXIN_OIDC_COMPANY_CLAIM", "employee_number")]);
    let put = |id: &str, version: u64, active: bool| {
        let person = json!({"external_id": id, "version": version, "display_name": "名册", "active": active});
        let request = reqwest::Client::new().put(server.url(path::ADMIN_PEOPLE)).bearer_auth(ADMIN);
        Answer::of(request.json(&json!({"people": [person]})))
    };
    assert_eq!(put("E-1", 1, true).await.status, 200);
    provider.is(json!({"sub": "1", "name": "张三", "employee_number": "E-1"}));
    let mut browser = Browser::new(&server.address);
    log_in(&mut browser).await;
    assert_eq!(me(&browser).await["display_name"], "名册", "the directory knew them before");

    // Who comes before the directory knows them is found by it.
    provider.is(json!({"sub": "2", "name": "李四", "employee_number": "E-2"}));
    let mut early = Browser::new(&server.address);
    log_in(&mut early).await;
    let id = me(&early).await["id"].clone();
    assert_eq!(put("E-2", 1, true).await.status, 200);
    assert_eq!((&me(&early).await["id"], &me(&early).await["display_name"]), (&id, &json!("名册")));

    assert_eq!(put("E-2", 2, false).await.status, 200);
    assert_eq!(location(&early.get("/").await), "/login", "logged out");
    let answer = log_in(&mut early).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("这个账号已停用"));
    assert_eq!(put("E-2", 3, true).await.status, 200);
    assert_eq!(location(&log_in(&mut early).await), "/");
    assert_eq!(me(&early).await["id"], id);
}

/// R002-01: who has come in by the provider, or has to, is not let in by a link: one from before is dead, and there are no
/// new ones.
#[tokio::test]
async fn a_link_ends_where_the_provider_begins() {
    let provider = Provider::start().await;
    let server = server(&provider, &[("SIXIN_OIDC_COMPANY_CLAIM", "employee_number")]);
    let admin = Admin::of(&server);
    let employee = |id: &str| json!({"external_id": id, "version": 1, "display_name": "张三"});
    for id in ["E-1", "E-2"] {
        assert_eq!(admin.put_person(employee(id)).await, "stored");
    }
    let mut browser = Browser::new(&server.address);
    let mut links = Vec::new();
    for id in ["E-1", "E-2"] {
        links.push(admin.invite(id).await.json()["path"].as_str().unwrap().to_owned());
        assert_eq!(browser.get(&links[links.len() - 1]).await.status, 200);
    }
    provider.is(json!({"sub": "1", "name": "张三", "employee_number": "E-1"}));
    assert_eq!(location(&log_in(&mut Browser::new(&server.address)).await), "/");
    let form = [("handle", "thief"), ("password", PASSWORD)];
    assert_eq!(browser.get(&links[0]).await.status, 404);
    assert_eq!(browser.post(&links[0], &form).await.status, 404);
    assert_eq!(browser.get(&links[1]).await.status, 200, "another's goes on");
    let refused = admin.invite("E-1").await;
    assert_eq!((refused.status, refused.code()), (403, "not_allowed".to_owned()));

    // From now on nobody logs in but by the provider.
    let server = server.restart_with("SIXIN_AUTH_MODE", "oidc");
    let (admin, mut browser) = (Admin::of(&server), Browser::new(&server.address));
    assert_eq!(browser.get(&links[1]).await.status, 404);
    assert_eq!(browser.post(&links[1], &form).await.status, 404);
    let refused = admin.invite("E-2").await;
    assert_eq!((refused.status, refused.code()), (403, "not_allowed".to_owned()));
}
