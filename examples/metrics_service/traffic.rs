//! Requests of many kinds, so that every series has something to tell.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use portcullis::keys::remote::Remote;
use portcullis::testkit::{Flaw, TestClock, TestIssuer};
use portcullis::{ConfigError, Issuer, Metrics, Verifier};

/// One issuer that is well, and one that nobody reaches.
pub(crate) struct Issuers {
    pub(crate) well: TestIssuer,
    pub(crate) down: TestIssuer,
}

pub(crate) async fn issuers() -> Issuers {
    let start = || TestIssuer::builder().audience(AUDIENCE).clock(TestClock::system()).start();
    let (well, down) = (start().await, start().await);
    down.go_down().await;
    Issuers { well, down }
}

/// A verifier that tells its numbers.
pub(crate) fn verifier(issuers: &Issuers) -> Result<Verifier, ConfigError> {
    let Issuers { well, down } = issuers;
    // Of two rounds a second apart each has an unknown key that is asked for, and a machine that is busy with other things
    // makes nobody give up; the defaults, 10 s and 2 s, suit production.
    let keys = Remote::discover(well.identifier())?
        .unknown_key_interval(Duration::from_secs(1))
        .wait_budget(Duration::from_secs(10));
    // For an issuer that is down requests wait in vain, and need not wait for long.
    let awaited = Remote::discover(down.identifier())?.wait_budget(Duration::from_millis(100));
    Verifier::builder()
        .issuer(Issuer::new(well.identifier(), keys).audience(AUDIENCE))
        .issuer(Issuer::new(down.identifier(), awaited).audience(AUDIENCE))
        .clock(well.clock())
        .metrics(Metrics::new())
        .build()
}

/// Those who ask the service.
pub(crate) struct Traffic {
    client: Client<HttpConnector, Empty<Bytes>>,
    service: SocketAddr,
    issuers: Issuers,
}

impl Traffic {
    pub(crate) fn to(service: SocketAddr, issuers: Issuers) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), service, issuers }
    }

    /// One request of each kind, and many of the usual one. Fails if one is answered with another status than it must be.
    pub(crate) async fn round(&self) -> Result<(), Box<dyn Error>> {
        let Issuers { well, down } = &self.issuers;
        let token = || well.token().scope("orders:read");
        let good = token().mint();
        for _ in 0..USUAL {
            self.expect("a good token", Some(&bearer(&good)), 200).await?;
        }
        self.expect("no token", None, 401).await?;
        self.expect("another scheme", Some("Basic Zm9vOmJhcg=="), 401).await?;
        for flaw in FLAWS {
            let bad = bearer(&token().flawed(flaw));
            self.expect(flaw.expected_code(), Some(&bad), 401).await?;
        }
        for _ in 0..UNKNOWN_KEYS {
            let unknown = bearer(&token().flawed(Flaw::UnknownKey));
            self.expect("an unknown key", Some(&unknown), 401).await?;
        }
        let no_scope = bearer(&well.token().scope("profile").mint());
        self.expect("a good token without the scope", Some(&no_scope), 403).await?;
        let undecided = bearer(&down.token().scope("orders:read").mint());
        self.expect("a token that nobody can judge", Some(&undecided), 503).await?;
        Ok(())
    }

    async fn expect(&self, what: &str, credential: Option<&str>, want: u16) -> Result<(), Box<dyn Error>> {
        let (status, _) = self.get("/orders", credential).await?;
        if status == want { Ok(()) } else { Err(format!("{what}: {status} instead of {want}").into()) }
    }

    /// What Prometheus would be told now.
    pub(crate) async fn scrape(&self) -> Result<String, Box<dyn Error>> {
        match self.get("/metrics", None).await? {
            (StatusCode::OK, text) => Ok(text),
            (status, _) => Err(format!("/metrics answers {status}").into()),
        }
    }

    async fn get(
        &self,
        path: &str,
        credential: Option<&str>,
    ) -> Result<(StatusCode, String), Box<dyn Error>> {
        let mut request = Request::builder().uri(format!("http://{}{path}", self.service));
        if let Some(credential) = credential {
            request = request.header(AUTHORIZATION, credential);
        }
        let response = self.client.request(request.body(Empty::new())?).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

const AUDIENCE: &str = "https://api.example.com";
/// One in 64 of those that are remembered is timed.
pub(crate) const USUAL: u32 = 200;
/// The first is waited for; for the others no fetch is due.
pub(crate) const UNKNOWN_KEYS: u32 = 5;
pub(crate) const FLAWS: [Flaw; 8] = [
    Flaw::Expired,
    Flaw::NotYetValid,
    Flaw::WrongAudience,
    Flaw::WrongIssuer,
    Flaw::TamperedPayload,
    Flaw::AlgNone,
    Flaw::Garbage,
    Flaw::IdToken,
];
