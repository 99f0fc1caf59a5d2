//! Asking the operator's auditor whether a text or a picture may be sent (R004-I4, R004-I5): one signed POST each.
//!
//! Invariants: at most [`TEXTS`] and [`PICTURES`] questions are open, and waiting for one's turn is within the time for an
//! answer, so that an auditor which stands still holds a message up for that long and no longer; a picture is in memory
//! during its turn alone. Neither text nor picture nor verdict is kept or logged. The address is the operator's own, so it
//! may well be a private one.
//! Deliberately absent: what is asked about, and when ([`crate::domain::audit`]).

use crate::config::{Secret, web_address};
use crate::outbound::{NoAnswer, Outbound, signature};
use crate::store::{self, StoreError};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, Uri};
use base64ct::{Base64, Encoding};
use clap::builder::RangedU64ValueParser;
use protocol::media::Mime;
use protocol::{ClientId, ConversationId, ConversationKind, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Semaphore;

/// Questions about texts that are open at the same time.
const TEXTS: usize = 100;
/// The same of pictures, of which each is megabytes: no text waits behind them.
const PICTURES: usize = 16;

/// The auditor's settings.
#[derive(Clone, Debug, clap::Args)]
pub struct AuditFlags {
    /// The auditor: where the server asks whether a text or a picture may be sent to others, an address of http or https
    /// (docs/AUDIT.md). Without one nobody is asked.
    #[arg(long, env = "SIXIN_AUDIT_URL", hide_env_values = true, value_name = "URL", value_parser = web_address)]
    audit_url: Option<Uri>,

    /// What the server signs with what it asks the auditor: at least 32 characters, or @ and the path of a file that
    /// holds them.
    #[arg(long, env = "SIXIN_AUDIT_SECRET", hide_env_values = true, value_name = "SECRET")]
    audit_secret: Option<Secret>,

    /// How long the auditor may take for a text, or for a picture whose wait is not limited otherwise, in milliseconds,
    /// 50 to 5000.
    #[arg(long, env = "SIXIN_AUDIT_TIMEOUT_MS", default_value_t = 2_000, value_name = "MILLISECONDS",
        value_parser = RangedU64ValueParser::<u64>::new().range(50..=5_000))]
    audit_timeout_ms: u64,

    /// How long a picture waits for its verdict, in milliseconds, at most 5000: then it is sent, as it is when the auditor
    /// fails before, and taken back from everybody but its sender if the verdict is against it. Without it a picture waits
    /// as a text does.
    #[arg(long, env = "SIXIN_AUDIT_PICTURE_WAIT_MS", value_name = "MILLISECONDS",
        value_parser = RangedU64ValueParser::<u64>::new().range(0..=5_000))]
    audit_picture_wait_ms: Option<u64>,

    /// What becomes of a text, or of a picture whose wait is not limited, about which the auditor says nothing in time, or
    /// nothing that can be read: `refuse`, its device keeps it and tries again by itself; `allow`, it is sent.
    #[arg(long, env = "SIXIN_AUDIT_UNANSWERED", value_enum, default_value_t = Unanswered::Refuse, value_name = "WHAT")]
    audit_unanswered: Unanswered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Unanswered {
    Allow,
    Refuse,
}

/// Who is asked, and how.
pub struct Auditor {
    http: Outbound,
    url: Uri,
    secret: Secret,
    /// How long a text waits for its verdict.
    pub patience: Duration,
    /// How long a picture waits for its verdict before it is sent without one; as long as a text does, when absent.
    pub picture_wait: Option<Duration>,
    texts: Semaphore,
    pictures: Semaphore,
    pub unanswered: Unanswered,
}

/// What somebody wants to send, or has sent, without what it says.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct About {
    pub client_id: ClientId,
    pub conversation: ConversationId,
    pub kind: ConversationKind,
    pub sender: UserId,
}

#[derive(Serialize)]
struct Question<'t> {
    #[serde(flatten)]
    about: About,
    #[serde(flatten)]
    content: Content<'t>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Content<'t> {
    Text(&'t str),
    Picture {
        mime: Mime,
        width: u32,
        height: u32,
        /// The file as it is kept, in Base64.
        data: String,
    },
}

#[derive(Deserialize)]
struct Verdict {
    allow: bool,
}

/// Why there is no verdict.
#[derive(Debug, Error)]
pub enum NoVerdict {
    #[error("the auditor took too long")]
    Slow,
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    #[error("the auditor answered {0}")]
    Status(u16),
    #[error("the auditor's answer is no verdict")]
    Unreadable,
    #[error("there is no such picture")]
    NoFile,
    #[error("the picture could not be read: {0}")]
    File(#[from] StoreError),
    #[error("the server is stopping")]
    Stopped,
}

impl Auditor {
    /// `None` when there is nobody to ask.
    pub fn new(flags: &AuditFlags) -> anyhow::Result<Option<Self>> {
        let Some(url) = flags.audit_url.clone() else { return Ok(None) };
        let Some(secret) = flags.audit_secret.clone() else { anyhow::bail!("--audit-url needs --audit-secret") };
        Ok(Some(Self {
            http: Outbound::new()?,
            url,
            secret,
            patience: Duration::from_millis(flags.audit_timeout_ms),
            picture_wait: flags.audit_picture_wait_ms.map(Duration::from_millis),
            texts: Semaphore::new(TEXTS),
            pictures: Semaphore::new(PICTURES),
            unanswered: flags.audit_unanswered,
        }))
    }

    /// Whether a text may be sent.
    pub async fn allows_text(&self, about: About, text: &str) -> Result<bool, NoVerdict> {
        let question = async {
            let question = Question { about, content: Content::Text(text) };
            Ok(request(&self.url, &self.secret, &question))
        };
        self.ask(question, &self.texts, self.patience).await
    }

    /// Whether a picture may be sent, as told within a time; the file is read when the question's turn has come.
    pub async fn allows_picture(
        &self,
        about: About,
        (width, height): (u32, u32),
        file: impl Future<Output = Result<Option<Vec<u8>>, StoreError>>,
        within: Duration,
    ) -> Result<bool, NoVerdict> {
        let question = async {
            let file = file.await?.ok_or(NoVerdict::NoFile)?;
            let (url, secret) = (self.url.clone(), self.secret.clone());
            let written = tokio::task::spawn_blocking(move || {
                let data = Base64::encode_string(&file);
                drop(file);
                let content = Content::Picture { mime: Mime::Jpeg, width, height, data };
                request(&url, &secret, &Question { about, content })
            });
            written.await.map_err(|_| NoVerdict::Stopped)
        };
        self.ask(question, &self.pictures, within).await
    }

    async fn ask(
        &self,
        question: impl Future<Output = Result<Request<Vec<u8>>, NoVerdict>>,
        turns: &Semaphore,
        within: Duration,
    ) -> Result<bool, NoVerdict> {
        let asking = async {
            let _turn = turns.acquire().await.expect("nobody closes it");
            let answer = self.http.ask(question.await?, within).await?;
            match answer.status().as_u16() {
                200 => verdict(answer.body()),
                status => Err(NoVerdict::Status(status)),
            }
        };
        tokio::time::timeout(within, asking).await.unwrap_or(Err(NoVerdict::Slow))
    }
}

fn request(url: &Uri, secret: &Secret, question: &Question<'_>) -> Request<Vec<u8>> {
    let body = serde_json::to_string(question).expect("numbers and texts can be written");
    Request::post(url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header("sixin-signature", signature(secret, "sixin-audit-1", store::now() / 1_000, &body))
        .body(body.into_bytes())
        .expect("the address was read as one, and the headers are plain text")
}

fn verdict(body: &[u8]) -> Result<bool, NoVerdict> {
    serde_json::from_slice(body).map(|Verdict { allow }| allow).map_err(|_| NoVerdict::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};

    fn flags(arguments: &[&str]) -> Result<AuditFlags, clap::Error> {
        let command = AuditFlags::augment_args(clap::Command::new("sixin").no_binary_name(true));
        AuditFlags::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    /// R004-I4: without an address nobody is asked, and without a secret the server does not start.
    #[test]
    fn an_auditor_is_an_address_and_a_secret() {
        let secret = "0123456789abcdef0123456789abcdef";
        assert!(Auditor::new(&flags(&[]).unwrap()).unwrap().is_none());
        assert!(Auditor::new(&flags(&["--audit-secret", secret]).unwrap()).unwrap().is_none());
        assert!(Auditor::new(&flags(&["--audit-url", "http://a/"]).unwrap()).is_err());
        let both = flags(&["--audit-url", "http://a/", "--audit-secret", secret]).unwrap();
        let auditor = Auditor::new(&both).unwrap().unwrap();
        assert_eq!((auditor.patience, auditor.unanswered), (Duration::from_secs(2), Unanswered::Refuse));
        for bad in [
            ["--audit-url", "ftp://a/"],
            ["--audit-timeout-ms", "49"],
            ["--audit-timeout-ms", "5001"],
            ["--audit-picture-wait-ms", "5001"],
            ["--audit-unanswered", "x"],
        ] {
            assert!(flags(&bad).is_err(), "{bad:?}");
        }
    }

    /// R004-I4: a verdict says yes or no; anything else is none, never a yes.
    #[test]
    fn only_a_verdict_is_one() {
        assert!(verdict(br#"{"allow": true}"#).unwrap());
        assert!(!verdict(br#"{"allow": false, "labels": ["x"]}"#).unwrap());
        for other in ["", "true", "{}", r#"{"allow": 1}"#, r#"{"allow": "true"}"#, r#"{"allow": null}"#, "<html>"] {
            assert!(verdict(other.as_bytes()).is_err(), "{other}");
        }
    }
}
