//! One device's push connection as server-sent events.

use super::{Answer, PATIENCE, Person};
use protocol::{ClientFrame, ServerFrame, path};
use serde_json::json;
use tokio::time::timeout;

pub struct Events {
    response: reqwest::Response,
    bytes: Vec<u8>,
    /// As the server named the connection.
    pub connection: u64,
}

impl Events {
    /// Connects, and waits for the greeting.
    pub async fn connect(person: &Person) -> Self {
        let mut events = Self::try_connect(person, &[]).await.expect("a push connection");
        assert!(matches!(events.frame().await, ServerFrame::Hello { .. }));
        events
    }

    /// Connects with more headers; the status of a refusal.
    pub async fn try_connect(person: &Person, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let request = person.request("GET", path::PUSH_EVENTS).header("accept", "text/event-stream");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.unwrap();
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        let mut events = Self { response, bytes: Vec::new(), connection: 0 };
        let (name, data) = events.event().await.expect("the connection's name");
        assert_eq!(name, "connection");
        events.connection = data.parse().unwrap();
        Ok(events)
    }

    /// The value of a header of the answer; "" when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub async fn frame(&mut self) -> ServerFrame {
        serde_json::from_value(self.next().await).unwrap()
    }

    /// The next frame as it is written.
    pub async fn next(&mut self) -> serde_json::Value {
        let (name, data) = self.event().await.expect("a frame");
        assert_eq!(name, "message", "{data}");
        serde_json::from_str(&data).unwrap()
    }

    /// Reads until the stream ends: how many frames came, and the code that the server said at last.
    pub async fn closed(&mut self) -> (usize, Option<u16>) {
        let mut frames = 0;
        while let Some((name, data)) = self.event().await {
            if name == "close" {
                assert_eq!(self.event().await, None, "it is the last");
                return (frames, Some(data.parse().unwrap()));
            }
            frames += 1;
        }
        (frames, None)
    }

    /// Says a frame on this connection.
    pub async fn say(&self, person: &Person, frame: ClientFrame) -> Answer {
        person.post(path::PUSH_FRAMES, &json!({ "connection": self.connection, "frame": frame })).await
    }

    /// Name and data of the next event; `None` when the stream has ended.
    async fn event(&mut self) -> Option<(String, String)> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|pair| pair == b"\n\n") {
                let event = String::from_utf8(self.bytes.drain(..end + 2).collect()).unwrap();
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                return Some((field("event: ").unwrap_or("message".to_owned()), field("data: ").unwrap()));
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("an event in time");
            self.bytes.extend_from_slice(&chunk.ok()??);
        }
    }
}
