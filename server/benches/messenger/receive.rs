//! One receiver: a device that listens, and minds order and number.

use anyhow::{Context, bail, ensure};
use futures::{SinkExt, StreamExt};
use protocol::{ClientFrame, ClientId, ConversationId, LogChange, Seq, ServerFrame};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// How long the last messages may take after the last send was acknowledged.
const LATE: Duration = Duration::from_secs(10);

pub struct Received {
    pub seq: Seq,
    pub client_id: ClientId,
    pub at: Instant,
}

pub struct Receiver {
    socket: WebSocketStream<TcpStream>,
    conversation: ConversationId,
    /// The last one received.
    head: Seq,
    heard: watch::Sender<Seq>,
    received: Vec<Received>,
}

impl Receiver {
    /// A receiver of what follows `head`, and where it tells what it has heard last.
    pub fn new(
        socket: WebSocketStream<TcpStream>,
        conversation: ConversationId,
        head: Seq,
    ) -> (Self, watch::Receiver<Seq>) {
        let (heard, hearing) = watch::channel(head);
        (Self { socket, conversation, head, heard, received: Vec::new() }, hearing)
    }

    /// Takes frames until it has as many as `ended` tells in the end, and no more come before a pong.
    pub async fn run(mut self, mut ended: oneshot::Receiver<usize>) -> anyhow::Result<Vec<Received>> {
        let total = loop {
            tokio::select! {
                total = &mut ended => break total.context("the senders failed")?,
                frame = self.socket.next() => {
                    self.take(frame.context("the push connection ended")??)?;
                }
            }
        };
        let rest = async {
            while self.received.len() < total {
                let frame = self.socket.next().await.context("the push connection ended")??;
                self.take(frame)?;
            }
            self.socket.send(Message::text(serde_json::to_string(&ClientFrame::Ping)?)).await?;
            loop {
                let frame = self.socket.next().await.context("the push connection ended")??;
                if self.take(frame)? {
                    return anyhow::Ok(());
                }
            }
        };
        timeout(LATE, rest).await.context("messages were acknowledged and never received")??;
        ensure!(self.received.len() == total, "{total} acknowledged, {} received", self.received.len());
        Ok(self.received)
    }

    /// Whether it is a pong.
    fn take(&mut self, frame: Message) -> anyhow::Result<bool> {
        let at = Instant::now();
        let Message::Text(text) = frame else { bail!("a frame that is no text: {frame:?}") };
        match serde_json::from_str(&text)? {
            ServerFrame::Person { .. } | ServerFrame::Pong { .. } => Ok(true),
            ServerFrame::Conversation {
                conversation, prev, pos, change: LogChange::Message { message, .. }, ..
            } => {
                ensure!(conversation == self.conversation, "a message of conversation {conversation}");
                ensure!(prev.next() == pos && message.rev == pos, "position {pos} follows {prev}");
                ensure!(message.seq == self.head.next(), "seq {} came after {}", message.seq, self.head);
                self.head = message.seq;
                self.received.push(Received { seq: message.seq, client_id: message.client_id, at });
                self.heard.send_replace(message.seq);
                Ok(false)
            }
            _ => Ok(false),
        }
    }
}
