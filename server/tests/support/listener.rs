//! A program that listens on HTTP, and fails as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What an auditor does not let through.
pub const FORBIDDEN: &str = "敏感";

/// What the listener makes of a request.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// Answers with a status.
    Answer(u16),
    /// Answers 200 with a body.
    Say(&'static str),
    /// Answers as an auditor: yes, unless [`FORBIDDEN`] is in the request.
    Audit,
    /// Hears it, and never answers.
    Silent,
    /// Hears it, and hangs up.
    HangUp,
    /// Answers 204 after a while.
    Slow(Duration),
    /// Answers as an auditor, after a while.
    Late(Duration),
    /// Answers no as an auditor, after a while.
    Refuse(Duration),
    /// Answers no as an auditor to what holds a text, and 500 to everything else.
    Only(&'static str),
    /// Leads to another address.
    Redirect,
    /// Answers 200 with a body that never ends.
    Endless,
}

/// A request, as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }
}

struct State {
    heard: Vec<Request>,
    next: VecDeque<Manner>,
    usual: Manner,
}

pub struct Listener {
    pub address: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Answers 204, but for the first requests.
    pub async fn start(first: &[Manner]) -> Self {
        Self::start_as(Manner::Answer(204), first).await
    }

    /// Answers in one manner, but for the first requests.
    pub async fn start_as(usual: Manner, first: &[Manner]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(State { heard: vec![], next: first.iter().copied().collect(), usual }));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { address, state, task }
    }

    pub fn then(&self, manners: &[Manner]) {
        self.state.lock().unwrap().next.extend(manners);
    }

    pub fn heard(&self) -> Vec<Request> {
        self.state.lock().unwrap().heard.clone()
    }

    /// Waits until so many requests were heard; all of them.
    pub async fn hear(&self, count: usize) -> Vec<Request> {
        let end = Instant::now() + super::PATIENCE;
        loop {
            let heard = self.heard();
            if heard.len() >= count {
                return heard;
            }
            assert!(Instant::now() < end, "{} of {count}: {heard:?}", heard.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    while let Some(request) = read(&mut stream).await {
        let (manner, allow) = {
            let mut state = state.lock().unwrap();
            let allow = !request.body.contains(FORBIDDEN);
            let manner = match state.next.pop_front().unwrap_or(state.usual) {
                Manner::Only(text) if request.body.contains(text) => Manner::Say(r#"{"allow": false}"#),
                Manner::Only(_) => Manner::Answer(500),
                manner => manner,
            };
            state.heard.push(request);
            (manner, allow)
        };
        let answer = match manner {
            Manner::Answer(status) => format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n"),
            Manner::Say(body) => ok(body),
            Manner::Audit => verdict(allow),
            Manner::Late(time) => {
                tokio::time::sleep(time).await;
                verdict(allow)
            }
            Manner::Refuse(time) => {
                tokio::time::sleep(time).await;
                verdict(false)
            }
            Manner::Redirect => "HTTP/1.1 307 x\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".to_owned(),
            Manner::Endless => {
                let _ = stream.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 999999999\r\n\r\n").await;
                while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
                return;
            }
            Manner::Silent | Manner::Only(_) => std::future::pending().await,
            Manner::HangUp => return,
            Manner::Slow(time) => {
                tokio::time::sleep(time).await;
                "HTTP/1.1 204 x\r\n\r\n".to_owned()
            }
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 x\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn verdict(allow: bool) -> String {
    ok(&serde_json::json!({ "allow": allow }).to_string())
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, len)| len.parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(bytes[end..end + length].to_vec()).unwrap();
    Some(Request { line, headers, body })
}
