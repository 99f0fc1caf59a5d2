//! One device's push connection.

use super::{PATIENCE, Person};
use futures::{SinkExt, StreamExt};
use protocol::sync::AccountChange;
use protocol::{ClientFrame, ServerFrame, path};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// What a push connection brought.
pub enum Heard {
    Frame(Box<ServerFrame>),
    Nothing,
    /// It ended; the code, when the server said one.
    End(Option<u16>),
}

pub struct Push {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Push {
    pub async fn connect(person: &Person) -> Self {
        let mut push = Self::try_connect(person, &[]).await.expect("a push connection");
        assert!(matches!(push.frame().await, ServerFrame::Hello { .. }));
        push
    }

    /// Connects with more headers; the status of a refusal.
    pub async fn try_connect(person: &Person, headers: &[(&'static str, String)]) -> Result<Self, u16> {
        Self::try_connect_to(path::PUSH, person, headers).await
    }

    /// The same, to a path with a query.
    pub async fn try_connect_to(path: &str, person: &Person, headers: &[(&'static str, String)]) -> Result<Self, u16> {
        let mut request = format!("ws://{}{path}", person.address).into_client_request().unwrap();
        let bearer = format!("Bearer {}", person.token);
        request.headers_mut().insert("authorization", bearer.parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// The next frame.
    pub async fn frame(&mut self) -> ServerFrame {
        serde_json::from_value(self.next().await).unwrap()
    }

    /// The changes of the next frame of the account's log; frames of conversations are passed over.
    pub async fn changes(&mut self) -> Vec<AccountChange> {
        loop {
            if let ServerFrame::Account { prev, pos, changes } = self.frame().await {
                assert_eq!(prev.plus(changes.len() as u64), pos, "a change a position");
                return changes;
            }
        }
    }

    /// What comes within a time, for those who expect the connection to break.
    pub async fn hear(&mut self, within: Duration) -> Heard {
        loop {
            match timeout(within, self.socket.next()).await {
                Err(_) => return Heard::Nothing,
                Ok(Some(Ok(Message::Text(text)))) => match serde_json::from_str(&text) {
                    Ok(frame) => return Heard::Frame(Box::new(frame)),
                    Err(_) => return Heard::End(None),
                },
                Ok(Some(Ok(Message::Close(frame)))) => return Heard::End(frame.map(|frame| frame.code.into())),
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) => return Heard::End(None),
            }
        }
    }

    /// The next frame as it is written.
    pub async fn next(&mut self) -> serde_json::Value {
        loop {
            match self.message().await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Some(Message::Close(frame)) => panic!("closed: {frame:?}"),
                Some(_) => {}
                None => panic!("the connection broke"),
            }
        }
    }

    /// Reads until the server closes; its code, or `None` when the connection broke.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.message().await {
                Some(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }

    pub async fn ping(&mut self) {
        let text = serde_json::to_string(&ClientFrame::Ping).unwrap();
        self.send(Message::Text(text.into())).await;
    }

    /// Says something, unless the connection is gone.
    pub async fn tell(&mut self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).unwrap();
        let _ = self.socket.send(Message::Text(text.into())).await;
    }

    pub async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    async fn message(&mut self) -> Option<Message> {
        timeout(PATIENCE, self.socket.next()).await.expect("a frame in time")?.ok()
    }
}
