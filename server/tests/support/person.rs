//! Somebody with a login, over HTTP.

use super::Push;
use protocol::messaging::{ChangesPage, HistoryPage};
use protocol::sync::SyncPage;
use protocol::{ClientId, Conversation, ConversationId, DeviceId, Image, Message, MessageBody, Seq, UserId, path};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// A status and a body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        Self::try_of(request).await.expect("an answer")
    }

    /// `None` when the connection broke: whether the server acted is unknown.
    pub async fn try_of(request: reqwest::RequestBuilder) -> Option<Self> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Some(Self { status, headers, body: response.bytes().await.ok()?.to_vec() })
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn read<T: DeserializeOwned>(&self) -> T {
        assert!((200..300).contains(&self.status), "{} {}", self.status, String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The value of a header; "" when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code of a refusal.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_else(|| panic!("no refusal: {self:?}")).to_owned()
    }
}

#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    pub device: DeviceId,
    pub handle: String,
    pub token: String,
    pub address: String,
    pub http: reqwest::Client,
}

pub const PASSWORD: &str = "correct horse battery";

impl Person {
    pub async fn register(address: &str, handle: &str) -> Self {
        let http = reqwest::Client::new();
        let request = json!({"handle": handle, "display_name": handle, "password": PASSWORD});
        let url = format!("http://{address}{}", path::ACCOUNTS);
        let answer = Answer::of(http.post(url).header("origin", format!("http://{address}")).json(&request)).await;
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        Self::log_in(address, handle, PASSWORD).await
    }

    /// Another device of the account.
    pub async fn log_in(address: &str, handle: &str, password: &str) -> Self {
        let http = reqwest::Client::new();
        let url = format!("http://{address}{}", path::LOGINS);
        let request = json!({"handle": handle, "password": password});
        let answer = Answer::of(http.post(url).header("origin", format!("http://{address}")).json(&request)).await;
        let login: protocol::Login = answer.read();
        Self {
            id: login.account.id,
            device: login.device,
            handle: handle.to_owned(),
            token: login.token,
            address: address.to_owned(),
            http,
        }
    }

    /// The same login, at the address that the server has after a restart.
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), http: reqwest::Client::new(), ..self.clone() }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request("DELETE", path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request("POST", path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request("PATCH", path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request("PUT", path).json(body)).await
    }

    /// Opens the direct conversation of the two from both sides, so that it is there for both.
    pub async fn open(&self, peer: &Person) -> ConversationId {
        let id = self.open_alone(peer).await;
        peer.open_alone(self).await;
        id
    }

    /// Opens the direct conversation, of which the peer hears with the first message.
    pub async fn open_alone(&self, peer: &Person) -> ConversationId {
        let conversation: Conversation = self.post(path::CONVERSATIONS, &json!({"peer": peer.id})).await.read();
        conversation.id
    }

    pub async fn send(&self, to: ConversationId, text: &str) -> Message {
        self.post(&path::messages(to), &text_message(fresh_client_id(), text)).await.read()
    }

    /// Uploads a file for a message, under a key.
    pub async fn upload(&self, key: ClientId, file: Vec<u8>) -> Answer {
        Answer::of(self.request("POST", &path::upload(key)).body(file)).await
    }

    /// Uploads a picture and sends it.
    pub async fn send_picture(&self, to: ConversationId) -> (Message, Image) {
        let key = fresh_client_id();
        let image: Image = self.upload(key, picture()).await.read();
        (self.post(&path::messages(to), &picture_message(key, image)).await.read(), image)
    }

    pub async fn report(&self, conversation: ConversationId, delivered: u64, read: u64) -> Answer {
        let report = json!({"conversation": conversation, "delivered": delivered, "read": read});
        self.put(path::RECEIPTS, &json!({"reports": [report]})).await
    }

    pub async fn conversation(&self, id: ConversationId) -> Conversation {
        self.get(&path::conversation(id)).await.read()
    }

    pub async fn history(&self, id: ConversationId, after: Seq, limit: u64) -> HistoryPage {
        self.get(&path::messages_after(id, after, limit)).await.read()
    }

    pub async fn changes(&self, id: ConversationId, after: protocol::Rev) -> ChangesPage {
        self.get(&path::changes(id, after)).await.read()
    }

    pub async fn sync(&self, since: Option<&str>) -> SyncPage {
        self.get(&since.map_or_else(|| path::SYNC.to_owned(), path::sync)).await.read()
    }

    /// Connects, for tests that look at the frames as they are written.
    pub async fn push_values(&self) -> Push {
        Push::try_connect(self, &[]).await.unwrap()
    }

    /// Connects, and waits for the greeting.
    pub async fn push(&self) -> Push {
        Push::connect(self).await
    }
}

/// A key that no other send of this test run has.
pub fn fresh_client_id() -> ClientId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    ClientId::from_parts(1_700_000_000_000, random)
}

pub fn text_message(client_id: ClientId, text: &str) -> Value {
    json!({"client_id": client_id, "body": {"type": "text", "text": text}})
}

/// A picture of 40 × 20 pixels, as a PNG file.
pub fn picture() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(40, 20).write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

pub fn picture_message(client_id: ClientId, image: Image) -> Value {
    json!({"client_id": client_id, "body": MessageBody::Image(image)})
}
