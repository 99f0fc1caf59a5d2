//! A client that costs the generator little: HTTP/1.1 on one connection, and the push connection.

use anyhow::{Context, bail, ensure};
use futures::StreamExt;
use protocol::{ServerFrame, path};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, http::header::AUTHORIZATION};

/// Longer answers are refused.
const BODY_MAX: usize = 1 << 22;

/// One keep-alive connection, one request at a time.
pub struct Http {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    token: String,
    request: Vec<u8>,
    line: Vec<u8>,
    body: Vec<u8>,
    /// The last answer's size: head and body.
    pub answer_bytes: usize,
}

impl Http {
    pub async fn connect(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            address,
            token: token.to_owned(),
            request: Vec::new(),
            line: Vec::new(),
            body: Vec::new(),
            answer_bytes: 0,
        })
    }

    pub async fn get<T: DeserializeOwned>(&mut self, path: &str) -> anyhow::Result<T> {
        let status = self.send("GET", path, None).await?;
        self.read(path, status)
    }

    pub async fn post<T: DeserializeOwned>(&mut self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        let body = serde_json::to_vec(body)?;
        let status = self.send("POST", path, Some(&body)).await?;
        self.read(path, status)
    }

    /// The last answer's body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    fn read<T: DeserializeOwned>(&self, path: &str, status: u16) -> anyhow::Result<T> {
        if !(200..300).contains(&status) {
            bail!("{path} answered {status}: {}", String::from_utf8_lossy(&self.body));
        }
        serde_json::from_slice(&self.body).with_context(|| format!("{path} answered something else"))
    }

    /// Sends a request and takes the answer; its status.
    pub async fn send(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> anyhow::Result<u16> {
        self.request.clear();
        let Self { request, address, token, .. } = self;
        write!(request, "{method} {path} HTTP/1.1\r\nhost: {address}\r\n")?;
        if !token.is_empty() {
            write!(request, "authorization: Bearer {token}\r\n")?;
        }
        if let Some(body) = body {
            write!(request, "content-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len())?;
            request.extend_from_slice(body);
        } else {
            request.extend_from_slice(b"\r\n");
        }
        self.stream.get_mut().write_all(&self.request).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> anyhow::Result<u16> {
        self.next_line().await?;
        let status = std::str::from_utf8(&self.line)?.split(' ').nth(1).context("no status")?.parse()?;
        let mut length = 0;
        let mut head = self.line.len();
        loop {
            self.next_line().await?;
            head += self.line.len();
            let line = std::str::from_utf8(&self.line)?.trim_end();
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
            ensure!(!name.eq_ignore_ascii_case("transfer-encoding"), "the answer has no length");
        }
        ensure!(length <= BODY_MAX, "an answer of {length} bytes");
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await?;
        self.answer_bytes = head + length;
        Ok(status)
    }

    async fn next_line(&mut self) -> anyhow::Result<()> {
        self.line.clear();
        let read = self.stream.read_until(b'\n', &mut self.line).await?;
        ensure!(read > 0, "the server closed the connection");
        Ok(())
    }
}

/// A WebSocket to `ws://ADDRESS/PATH`, from the loopback address 127.0.0.`from`.
pub async fn socket(
    address: SocketAddr,
    path: &str,
    token: &str,
    from: u8,
) -> anyhow::Result<WebSocketStream<TcpStream>> {
    let tcp = TcpSocket::new_v4()?;
    tcp.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, from)), 0))?;
    let stream = tcp.connect(address).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{address}{path}").into_client_request()?;
    if !token.is_empty() {
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
    }
    let config = WebSocketConfig::default().read_buffer_size(4_096).write_buffer_size(0);
    let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
    Ok(socket)
}

/// A device's push connection that has been greeted.
pub async fn push(address: SocketAddr, token: &str, from: u8) -> anyhow::Result<WebSocketStream<TcpStream>> {
    let mut socket = socket(address, path::PUSH, token, from).await?;
    match socket.next().await.context("the push connection ended")?? {
        Message::Text(text) if matches!(serde_json::from_str(&text)?, ServerFrame::Hello { .. }) => Ok(socket),
        other => bail!("the first frame is no greeting but {other:?}"),
    }
}
