//! What a self-hoster says of the OpenID Connect provider.

use crate::config::{AuthMode, read_secret};
use anyhow::{bail, ensure};
use openidconnect::url::{Host, Url};
use openidconnect::{ClientId, ClientSecret, IssuerUrl, Scope};
use protocol::DisplayName;
use std::str::FromStr;
use thiserror::Error;

/// The flags. None but `--oidc-issuer` means anything alone.
#[derive(Clone, Debug, clap::Args)]
pub struct OidcFlags {
    /// An OpenID Connect provider that people can log in with: its issuer, such as https://id.example.org/realms/company
    /// (docs/IDENTITY.md). It must be https, unless it is on this machine.
    #[arg(long = "oidc-issuer", env = "SIXIN_OIDC_ISSUER", value_name = "URL")]
    issuer: Option<Issuer>,

    /// What the provider calls this server.
    #[arg(long = "oidc-client-id", env = "SIXIN_OIDC_CLIENT_ID", value_name = "ID")]
    client_id: Option<String>,

    /// The secret that the provider gave for it, or @ and the path of a file that holds it. Absent for a public client.
    #[arg(
        long = "oidc-client-secret",
        env = "SIXIN_OIDC_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    client_secret: Option<FromProvider>,

    /// What the button to log in calls the provider, at most 64 characters. Absent: the host of its issuer.
    #[arg(long = "oidc-name", env = "SIXIN_OIDC_NAME", value_name = "NAME", value_parser = |text: &str| DisplayName::try_from(text))]
    name: Option<DisplayName>,

    /// What is asked of the provider beside `openid`, with spaces between. Absent: `profile`.
    #[arg(long = "oidc-scopes", env = "SIXIN_OIDC_SCOPES", value_name = "SCOPES")]
    scopes: Option<String>,

    /// The claim that holds a person's id in the company's directory, such as `employee_number`. With it, who logs in is
    /// whom the directory knows by that id. Only for a claim that people cannot change by themselves.
    #[arg(long = "oidc-company-claim", env = "SIXIN_OIDC_COMPANY_CLAIM", value_name = "CLAIM")]
    company_claim: Option<String>,
}

/// A provider that can be asked.
#[derive(Clone, Debug)]
pub struct Settings {
    pub issuer: IssuerUrl,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    pub name: DisplayName,
    pub scopes: Vec<Scope>,
    pub company_claim: Option<String>,
}

impl OidcFlags {
    /// The provider, when there is one. Refuses what is incomplete or does not fit the way in which people log in.
    pub fn settings(&self, mode: AuthMode) -> anyhow::Result<Option<Settings>> {
        let Some(Issuer(issuer)) = &self.issuer else {
            ensure!(mode != AuthMode::Oidc, "--auth-mode oidc needs --oidc-issuer and --oidc-client-id");
            let alone = [
                ("--oidc-client-id", self.client_id.is_some()),
                ("--oidc-client-secret", self.client_secret.is_some()),
                ("--oidc-name", self.name.is_some()),
                ("--oidc-scopes", self.scopes.is_some()),
                ("--oidc-company-claim", self.company_claim.is_some()),
            ];
            if let Some((flag, _)) = alone.into_iter().find(|(_, given)| *given) {
                bail!("{flag} needs --oidc-issuer");
            }
            return Ok(None);
        };
        ensure!(
            mode != AuthMode::Gateway,
            "--auth-mode gateway and --oidc-issuer exclude each other: the gateway says who people are"
        );
        let client_id = self.client_id.clone().filter(|id| !id.is_empty());
        let Some(client_id) = client_id else { bail!("--oidc-issuer needs --oidc-client-id") };
        let host = issuer.url().host_str().unwrap_or_default();
        let host = DisplayName::try_from(host.chars().take(DisplayName::MAX).collect::<String>())?;
        let scopes = self.scopes.as_deref().unwrap_or("profile").split_whitespace();
        Ok(Some(Settings {
            issuer: issuer.clone(),
            client_id: ClientId::new(client_id),
            client_secret: self.client_secret.as_ref().map(|secret| ClientSecret::new(secret.0.clone())),
            name: self.name.clone().unwrap_or(host),
            scopes: scopes.filter(|scope| *scope != "openid").map(|scope| Scope::new(scope.to_owned())).collect(),
            company_claim: self.company_claim.clone().filter(|claim| !claim.is_empty()),
        }))
    }
}

/// The name of a provider, which is where it is asked.
#[derive(Clone, Debug)]
struct Issuer(IssuerUrl);

/// A text is no issuer.
#[derive(Debug, Error)]
#[error("expected the https:// address of a provider, without query or fragment (http:// only on this machine)")]
struct NoIssuer;

impl FromStr for Issuer {
    type Err = NoIssuer;

    fn from_str(text: &str) -> Result<Self, NoIssuer> {
        let url = Url::parse(text).map_err(|_| NoIssuer)?;
        let local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let safe = url.scheme() == "https" || (url.scheme() == "http" && local);
        if !safe || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(NoIssuer);
        }
        // The text as it is: the provider's tokens repeat it to the letter.
        IssuerUrl::new(text.to_owned()).map(Self).map_err(|_| NoIssuer)
    }
}

/// A secret as the provider made it, strong or not.
#[derive(Clone)]
struct FromProvider(String);

impl FromStr for FromProvider {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let secret = read_secret(text)?;
        ensure!(!secret.is_empty(), "the secret is empty");
        Ok(Self(secret))
    }
}

impl std::fmt::Debug for FromProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FromProvider(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        flags: OidcFlags,
    }

    fn flags(flags: &[&str]) -> Result<OidcFlags, clap::Error> {
        CommandLine::try_parse_from([&["sixin"], flags].concat()).map(|line| line.flags)
    }

    const ISSUER: [&str; 2] = ["--oidc-issuer", "https://id.example.org/realms/company"];
    const CLIENT: [&str; 2] = ["--oidc-client-id", "sixin"];

    /// R002-03: what is incomplete, or contradicts itself, ends the start with the flag that is missing.
    #[test]
    fn an_incomplete_provider_is_refused_at_the_start() {
        let check = |given: &[&str], mode, expected: &str| {
            let told = flags(given).unwrap().settings(mode).map(|_| ()).unwrap_err().to_string();
            assert!(told.contains(expected), "{given:?}: {told}");
        };
        check(&[], AuthMode::Oidc, "needs --oidc-issuer");
        check(&ISSUER, AuthMode::Own, "needs --oidc-client-id");
        check(&CLIENT, AuthMode::Own, "--oidc-client-id needs --oidc-issuer");
        check(&["--oidc-client-secret", "x"], AuthMode::Own, "--oidc-client-secret needs --oidc-issuer");
        check(&[ISSUER, CLIENT].concat(), AuthMode::Gateway, "exclude each other");
        assert!(flags(&[]).unwrap().settings(AuthMode::Own).unwrap().is_none());
        let full = flags(&[ISSUER, CLIENT].concat()).unwrap().settings(AuthMode::Oidc).unwrap().unwrap();
        assert_eq!((full.name.as_str(), full.scopes.len()), ("id.example.org", 1));
    }

    #[test]
    fn only_a_safe_issuer_is_one() {
        for text in
            ["", "id.example.org", "http://id.example.org", "https://a/?b=c", "https://a/#b", "https://u@a/", "ftp://a"]
        {
            assert!(flags(&["--oidc-issuer", text]).is_err(), "{text}");
        }
        for text in
            ["https://a", "https://a/", "http://127.0.0.1:8080/realms/x", "http://localhost:1", "http://[::1]:1"]
        {
            assert!(flags(&["--oidc-issuer", text]).is_ok(), "{text}");
        }
    }
}
