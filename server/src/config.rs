//! What a self-hoster can set: every value by a flag or by an environment variable, each with its unit and range.

use crate::auditor::AuditFlags;
use crate::auth::oidc::{OidcFlags, Settings};
use axum::http::Uri;
use clap::builder::RangedU64ValueParser;
use hmac::{Hmac, Mac};
use protocol::group::MEMBERS_MAX;
use protocol::sync::PageSize;
use protocol::{ReadReportPolicy, Rules};
use sha2::Sha256;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use thiserror::Error;

/// The server's settings.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Address and port to listen on. Port 0 takes any free one; the first line of the output names it.
    #[arg(long, env = "SIXIN_LISTEN", default_value = "127.0.0.1:3000", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,

    /// The data folder. It is created when absent, and one process at a time can hold it.
    #[arg(long, env = "SIXIN_DATA", default_value = "data", value_name = "FOLDER")]
    pub data: PathBuf,

    /// How browsers reach the server, such as https://chat.example.org; several with commas. Requests from pages of any
    /// other origin are refused. When absent, a request's Host header is taken as the origin.
    #[arg(long = "public-origin", env = "SIXIN_PUBLIC_ORIGIN", value_delimiter = ',', value_name = "ORIGIN")]
    pub public_origins: Vec<Origin>,

    /// Believe the last entry of X-Forwarded-For, and X-Forwarded-Proto. Only behind a reverse proxy that sets both.
    #[arg(long, env = "SIXIN_TRUST_PROXY")]
    pub trust_proxy: bool,

    /// Whether the login cookie is bound to TLS. `auto`: for the requests that came over TLS, as far as
    /// --public-origin or --trust-proxy tell.
    #[arg(long, env = "SIXIN_COOKIE_SECURE", value_enum, default_value_t = CookieSecure::Auto, value_name = "WHEN")]
    pub cookie_secure: CookieSecure,

    /// How people prove who they are: `own`, by logging in here, or with an OpenID Connect provider where one is set;
    /// `oidc`, with the provider alone; `gateway`, by a header that a gateway before the server signs (docs/IDENTITY.md).
    #[arg(long, env = "SIXIN_AUTH_MODE", value_enum, default_value_t = AuthMode::Own, value_name = "MODE")]
    pub auth_mode: AuthMode,

    /// What the gateway signs with: at least 32 characters, or @ and the path of a file that holds them.
    #[arg(long, env = "SIXIN_GATEWAY_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub gateway_secret: Option<Secret>,

    #[command(flatten)]
    pub oidc: OidcFlags,

    /// What the program that keeps the directory proves itself with, as a bearer: at least 32 characters, or @ and the
    /// path of a file that holds them. Without one there is no admin API.
    #[arg(long, env = "SIXIN_ADMIN_TOKEN", hide_env_values = true, value_name = "SECRET")]
    pub admin_token: Option<Secret>,

    /// Where the directory's source is told what people change of themselves, an address of http or https
    /// (docs/IDENTITY.md). Without one it is not told.
    #[arg(long, env = "SIXIN_DIRECTORY_WEBHOOK", hide_env_values = true, value_name = "URL", value_parser = web_address)]
    pub directory_webhook: Option<Uri>,

    /// What the server signs with what it tells the directory's source: at least 32 characters, or @ and the path of a
    /// file that holds them.
    #[arg(long, env = "SIXIN_DIRECTORY_WEBHOOK_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub directory_webhook_secret: Option<Secret>,

    #[command(flatten)]
    pub audit: AuditFlags,

    /// Open connections at most, 1 to 1000000. More wait until one is closed.
    #[arg(long, env = "SIXIN_MAX_CONNECTIONS", default_value_t = 20_000, value_name = "COUNT",
        value_parser = RangedU64ValueParser::<u32>::new().range(1..=1_000_000))]
    pub max_connections: u32,

    /// When a device reports what was read: `viewport`, as soon as it is on screen; `on-leave`, when the conversation is
    /// left, the page is hidden, or a message is sent in it.
    #[arg(long, env = "SIXIN_READ_REPORT_POLICY", value_enum, default_value_t = ReadReport::Viewport,
        value_name = "POLICY")]
    pub read_report_policy: ReadReport,

    /// How long after sending a message its sender may recall it, in seconds, 0 to 31536000; 0 means never.
    #[arg(long, env = "SIXIN_RECALL_WINDOW", default_value_t = 120, value_name = "SECONDS",
        value_parser = RangedU64ValueParser::<u64>::new().range(0..=31_536_000))]
    pub recall_window: u64,

    /// How many days back a device without data is given what was active, 1 to 36500. What has unread messages it is
    /// given whatever its age.
    #[arg(long, env = "SIXIN_SYNC_FULL_DAYS", default_value_t = 183, value_name = "DAYS",
        value_parser = RangedU64ValueParser::<u64>::new().range(1..=36_500))]
    pub sync_full_days: u64,

    /// Conversations, or changes of an account, in one answer to a sync, 1 to 500. Longer ones come in segments.
    #[arg(long, env = "SIXIN_SYNC_SEGMENT_SIZE", default_value_t = 50, value_name = "COUNT",
        value_parser = RangedU64ValueParser::<u32>::new().range(1..=500))]
    pub sync_segment_size: u32,

    /// Conversations, or changes of an account, that a device takes in one page of a sync, 1 to 500. A page that is
    /// longer than a segment comes in several.
    #[arg(long, env = "SIXIN_SYNC_PAGE_SIZE", default_value_t, value_name = "COUNT")]
    pub sync_page_size: PageSize,

    /// Whom people find who are no contacts: `open`, everybody whose handle or name contains what they look for; `exact`,
    /// only the one whose whole handle they know.
    #[arg(long, env = "SIXIN_PEOPLE_SEARCH", value_enum, default_value_t = PeopleSearch::Open, value_name = "HOW")]
    pub people_search: PeopleSearch,

    /// How many messages somebody may write to one who has neither answered nor follows them, 0 to 1000000; 0 means as
    /// many as they like.
    #[arg(long, env = "SIXIN_STRANGER_MSG_LIMIT", default_value_t = 0, value_name = "COUNT",
        value_parser = RangedU64ValueParser::<u64>::new().range(0..=1_000_000))]
    pub stranger_msg_limit: u64,

    /// For how many days a group's member learns who has read a message of theirs, 1 to 36500; of an older one they learn
    /// how many.
    #[arg(long, env = "SIXIN_READER_DAYS", default_value_t = 30, value_name = "DAYS",
        value_parser = RangedU64ValueParser::<u64>::new().range(1..=36_500))]
    pub reader_days: u64,

    /// Members of a group at most, 3 to 10000.
    #[arg(long, env = "SIXIN_GROUP_MEMBERS", default_value_t = MEMBERS_MAX as u32, value_name = "COUNT",
        value_parser = RangedU64ValueParser::<u32>::new().range(3..=MEMBERS_MAX as u64))]
    pub group_members: u32,

    /// Whether the bodies of requests are sealed for the server beyond TLS: `off`; `offered`, pages whose browser can do seal
    /// them; `required`, the API takes no other from whoever is logged in.
    #[arg(long, env = "SIXIN_SEALED_BODIES", value_enum, default_value_t = SealedBodies::Offered, value_name = "WHETHER")]
    pub sealed_bodies: SealedBodies,

    #[command(flatten)]
    pub rates: Rates,
}

impl Config {
    /// The secret that is shared with the gateway, when it is a gateway that says who people are.
    pub fn gateway(&self) -> anyhow::Result<Option<Secret>> {
        match (self.auth_mode, &self.gateway_secret) {
            (AuthMode::Own | AuthMode::Oidc, _) => Ok(None),
            (AuthMode::Gateway, Some(secret)) => Ok(Some(secret.clone())),
            (AuthMode::Gateway, None) => anyhow::bail!("--auth-mode gateway needs --gateway-secret"),
        }
    }

    /// Where the directory's source listens, and what it is told is signed with.
    pub fn webhook(&self) -> anyhow::Result<Option<(Uri, Secret)>> {
        match (&self.directory_webhook, &self.directory_webhook_secret) {
            (None, _) => Ok(None),
            (Some(url), Some(secret)) => Ok(Some((url.clone(), secret.clone()))),
            (Some(_), None) => anyhow::bail!("--directory-webhook needs --directory-webhook-secret"),
        }
    }

    /// The OpenID Connect provider that people can log in with.
    pub fn provider(&self) -> anyhow::Result<Option<Settings>> {
        self.oidc.settings(self.auth_mode)
    }

    /// What devices must know of the settings.
    pub fn rules(&self) -> Rules {
        let read_report_policy = match self.read_report_policy {
            ReadReport::Viewport => ReadReportPolicy::Viewport,
            ReadReport::OnLeave => ReadReportPolicy::OnLeave,
        };
        Rules { read_report_policy, recall_window_s: self.recall_window, sync_page_size: self.sync_page_size }
    }
}

/// An address that can be posted to.
pub fn web_address(text: &str) -> Result<Uri, String> {
    let url: Uri = text.parse().map_err(|error: axum::http::uri::InvalidUri| error.to_string())?;
    let web = matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty());
    if web { Ok(url) } else { Err("expected an address such as https://hr.example.org/sixin".to_owned()) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReadReport {
    Viewport,
    OnLeave,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SealedBodies {
    Off,
    Offered,
    Required,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PeopleSearch {
    Open,
    Exact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum AuthMode {
    Own,
    Oidc,
    Gateway,
}

/// What only the server and another program know: at least 32 characters, 10 of them different.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    const MIN: usize = 32;
    const DIFFERENT: usize = 10;

    /// Whether the text is the secret, in a time that does not tell how much of it is right.
    pub fn is(&self, text: &str) -> bool {
        // Two keyed hashes compare in constant time.
        let hash = |text: &[u8]| {
            let mac = Hmac::<Sha256>::new_from_slice(self.bytes()).expect("HMAC takes keys of any length");
            mac.chain_update(text)
        };
        hash(text.as_bytes()).verify(&hash(self.bytes()).finalize().into_bytes()).is_ok()
    }

    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A text is no secret.
#[derive(Debug, Error)]
pub enum NoSecret {
    #[error("expected at least {min} characters, {different} of them different", min = Secret::MIN, different = Secret::DIFFERENT)]
    Weak,
    #[error("cannot read the file: {0}")]
    File(std::io::Error),
}

impl FromStr for Secret {
    type Err = NoSecret;

    fn from_str(text: &str) -> Result<Self, NoSecret> {
        let text = read_secret(text).map_err(NoSecret::File)?;
        let different: std::collections::HashSet<char> = text.chars().collect();
        if text.chars().count() < Self::MIN || different.len() < Self::DIFFERENT {
            return Err(NoSecret::Weak);
        }
        Ok(Self(text))
    }
}

/// A secret as it is given: itself, or @ and the path of a file that holds it.
pub fn read_secret(text: &str) -> std::io::Result<String> {
    match text.strip_prefix('@') {
        Some(path) => Ok(std::fs::read_to_string(path)?.trim().to_owned()),
        None => Ok(text.to_owned()),
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How often somebody may do something. One who was idle for long may do as many at once as a minute's.
#[derive(Clone, Debug, clap::Args)]
pub struct Rates {
    /// Attempts to log in with one handle, a minute, 1 to 1000000.
    #[arg(long, env = "SIXIN_LOGINS_PER_HANDLE", default_value_t = 10, value_name = "PER_MINUTE",
        value_parser = rate())]
    pub logins_per_handle: u32,

    /// Attempts to log in from one address (IPv6: from one /64 network), a minute, 1 to 1000000.
    #[arg(long, env = "SIXIN_LOGINS_PER_ADDRESS", default_value_t = 60, value_name = "PER_MINUTE",
        value_parser = rate())]
    pub logins_per_address: u32,

    /// Accounts registered from one address (IPv6: from one /64 network), a minute, 1 to 1000000.
    #[arg(long, env = "SIXIN_ACCOUNTS_PER_ADDRESS", default_value_t = 10, value_name = "PER_MINUTE",
        value_parser = rate())]
    pub accounts_per_address: u32,

    /// People with whom an account has nothing to do and whom it is shown, and profiles that it looks up, a minute, 1 to
    /// 1000000.
    #[arg(long, env = "SIXIN_LOOK_UPS_PER_ACCOUNT", default_value_t = 120, value_name = "PER_MINUTE",
        value_parser = rate())]
    pub look_ups_per_account: u32,

    /// Messages that one account sends, a second, 1 to 1000000.
    #[arg(long, env = "SIXIN_SENDS_PER_SECOND", default_value_t = 20, value_name = "PER_SECOND",
        value_parser = rate())]
    pub sends_per_second: u32,

    /// Messages that one account may send at once after a pause, 1 to 1000000.
    #[arg(long, env = "SIXIN_SENDS_AT_ONCE", default_value_t = 200, value_name = "COUNT", value_parser = rate())]
    pub sends_at_once: u32,

    /// Searches for people by one account, an hour, 1 to 1000000.
    #[arg(long, env = "SIXIN_SEARCHES_PER_HOUR", default_value_t = 100, value_name = "PER_HOUR", value_parser = rate())]
    pub searches_per_hour: u32,
}

fn rate() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(1..=1_000_000)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CookieSecure {
    Auto,
    Always,
    Never,
}

/// A web origin: scheme, host and port, in lower case and without the scheme's own port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    secure: bool,
    host: String,
}

/// A text is no origin.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected an origin such as https://chat.example.org, without a path")]
pub struct NoOrigin;

impl Origin {
    /// Whether pages of this origin are fetched over TLS.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// Whether a Host header names this origin.
    pub fn has_host(&self, host: &str) -> bool {
        self.host == without_port(&host.to_ascii_lowercase(), self.secure)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.host)
    }
}

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let text = text.trim().to_ascii_lowercase();
        let (secure, host) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(host), _) => (true, host),
            (_, Some(host)) => (false, host),
            _ => return Err(NoOrigin),
        };
        if !is_host(host) {
            return Err(NoOrigin);
        }
        Ok(Self { secure, host: without_port(host, secure).to_owned() })
    }
}

fn without_port(host: &str, secure: bool) -> &str {
    host.strip_suffix(if secure { ":443" } else { ":80" }).unwrap_or(host)
}

/// Whether the text can stand as the host, with or without a port, of a URL and of a header.
pub fn is_host(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    !text.is_empty() && text.len() <= 255 && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_compare_without_case_and_default_port() {
        let origin = |text: &str| text.parse::<Origin>().unwrap();
        assert_eq!(origin("https://Chat.Example.org:443"), origin("https://chat.example.org"));
        assert_ne!(origin("http://chat.example.org"), origin("https://chat.example.org"));
        assert_ne!(origin("http://a:8080"), origin("http://a"));
        assert!(origin("https://a").has_host("A:443"));
        assert!(origin("http://[::1]:3000").has_host("[::1]:3000"));
        assert!(!origin("http://a").has_host("a.evil"));
    }

    #[test]
    fn the_webhook_is_a_web_address() {
        assert!(web_address("http://10.0.0.7:8080/hook?a=b").is_ok());
        for text in ["", "hr.example.org", "ftp://hr.example.org/", "file:///etc/passwd", "http://"] {
            assert!(web_address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn weak_secrets_are_refused() {
        for weak in ["", "secret", &"a".repeat(64), &"abcdefghi".repeat(8), "@/no/such/file"] {
            assert!(weak.parse::<Secret>().is_err(), "{weak}");
        }
        assert_eq!(format!("{:?}", "0123456789abcdef0123456789abcdef".parse::<Secret>().unwrap()), "Secret(…)");
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in ["", "null", "a", "https://", "https://a/b", "https://a b", "ftp://a", "https://u@a"] {
            assert_eq!(text.parse::<Origin>(), Err(NoOrigin), "{text}");
        }
    }
}
