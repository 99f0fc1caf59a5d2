//! A browser without scripts: cookies, forms, and the origin that it names.

use super::Answer;
use std::collections::BTreeMap;

pub struct Browser {
    pub address: String,
    pub cookies: BTreeMap<String, String>,
    http: reqwest::Client,
}

impl Browser {
    pub fn new(address: &str) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { address: address.to_owned(), cookies: BTreeMap::new(), http }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.http.get(self.url(path));
        self.send(request).await
    }

    /// Sends a form as a page of the server does.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        let origin = self.url("");
        let request = self
            .http
            .post(self.url(path))
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(fields.join("&"));
        self.send(request).await
    }

    /// Sends a form with a file, as a page of the server does.
    pub async fn post_file(&mut self, path: &str, fields: &[(&str, &str)], name: &str, file: &[u8]) -> Answer {
        const END: &str = "the-end-of-a-part";
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--{END}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!("--{END}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(format!("\r\n--{END}--\r\n").as_bytes());
        let (origin, kind) = (self.url(""), format!("multipart/form-data; boundary={END}"));
        let request = self.http.post(self.url(path)).header("origin", origin).header("content-type", kind).body(body);
        self.send(request).await
    }

    pub async fn log_in(&mut self, handle: &str, password: &str) -> Answer {
        self.post("/login", &[("handle", handle), ("password", password)]).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = Answer::of(request.header("cookie", cookies.join("; "))).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let (pair, flags) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if flags.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// A value within a form.
pub fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
