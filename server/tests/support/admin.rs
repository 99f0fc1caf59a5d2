//! The program that keeps the directory.

use super::{Answer, Browser, PASSWORD, Person, TestServer};
use protocol::path;
use serde_json::{Value, json};

/// The admin token of servers that have a directory.
pub const ADMIN: &str = "the program that keeps the directory";

pub struct Admin {
    pub address: String,
}

impl Admin {
    pub fn of(server: &TestServer) -> Self {
        Self { address: server.address.clone() }
    }

    /// A server with a directory, and more environment.
    pub fn server(environment: &[(&str, &str)]) -> TestServer {
        let admin = [("SIXIN_ADMIN_TOKEN", ADMIN)];
        TestServer::start_with(&[admin.as_slice(), environment].concat())
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        reqwest::Client::new().request(method.parse().unwrap(), url).bearer_auth(ADMIN)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path)).await
    }

    /// What became of each item.
    pub async fn put(&self, path: &str, body: Value) -> Vec<String> {
        let answer = Answer::of(self.request("PUT", path).json(&body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let results = answer.json()["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["outcome"].as_str().unwrap().to_owned()).collect()
    }

    /// What becomes of one person.
    pub async fn put_person(&self, person: Value) -> String {
        self.put(path::ADMIN_PEOPLE, json!({ "people": [person] })).await.remove(0)
    }

    pub async fn put_departments(&self, departments: Value) {
        let outcomes = self.put(path::ADMIN_DEPARTMENTS, json!({ "departments": departments })).await;
        assert!(outcomes.iter().all(|outcome| outcome == "stored"), "{outcomes:?}");
    }

    pub async fn invite(&self, id: &str) -> Answer {
        Answer::of(self.request("POST", &path::ADMIN_INVITATION.replace("{id}", id)).json(&json!({}))).await
    }

    /// A person lets themselves in, and is logged in.
    pub async fn let_in(&self, id: &str, handle: &str) -> Person {
        let invited = self.invite(id).await;
        assert_eq!(invited.status, 201, "{}", invited.text());
        let page = invited.json()["path"].as_str().unwrap().to_owned();
        let chosen = [("handle", handle), ("password", PASSWORD)];
        let answer = Browser::new(&self.address).post(&page, &chosen).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        Person::log_in(&self.address, handle, PASSWORD).await
    }
}
