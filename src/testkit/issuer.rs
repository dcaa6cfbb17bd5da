//! A mint with a server around it.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use hyper::header::HeaderValue;
use tokio::sync::watch;

use super::answer::Answer;
use super::clock::TestClock;
use super::mint::{Mint, Settings};
use super::server::{Port, Script, Site};
use crate::jose::Algorithm;

/// A real authorization server on a loopback port, as far as a resource server can see: metadata, keys, tokens.
///
/// Everything of a [`Mint`] is here too: tokens, rotation, clock. It serves its metadata
/// ([OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html) and
/// [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)) and its keys, counts who asks, and fails in whatever way a test
/// asks for. Dropping it closes the port and every connection.
///
/// ```
/// use portcullis::testkit::{Answer, TestIssuer};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// let issuer = TestIssuer::start().await;
/// assert!(issuer.identifier().starts_with("http://127.0.0.1:"));
///
/// let token = issuer.token().scope("orders:read").mint();
/// issuer.rotate();                      // the next set has another key
/// issuer.answer(Answer::EmptySet);      // or none at all
/// issuer.go_down().await;               // or nobody answers
/// issuer.come_back().await;             // on the same port
/// assert_eq!(issuer.fetches(), 0);      // nobody has asked for the keys so far
/// # assert!(!token.is_empty());
/// # });
/// ```
pub struct TestIssuer {
    site: Arc<Site>,
    port: Port,
}

impl TestIssuer {
    /// An issuer that signs with ES256, without a path; see [`TestIssuer::builder`] for other settings.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O, and when no loopback port can be had.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Starts the settings of an issuer.
    pub fn builder() -> TestIssuerBuilder {
        TestIssuerBuilder { path: String::new(), settings: Settings::default() }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The address of its keys, as the metadata names it.
    #[must_use]
    pub fn jwks_url(&self) -> String {
        format!("{}/jwks", self.identifier().trim_end_matches('/'))
    }

    /// Lets the key endpoint answer so from now on. Requests that hang get the new answer.
    pub fn answer(&self, answer: Answer) {
        self.site.script.send_modify(|script| script.keys.answer = answer);
    }

    /// Lets both metadata endpoints answer so from now on. Requests that hang get the new answer.
    pub fn answer_discovery(&self, answer: Answer) {
        self.site.script.send_modify(|script| script.discovery.answer = answer);
    }

    /// Sends this `Cache-Control` with documents, or none. Default: none.
    ///
    /// # Panics
    /// When the text cannot be the value of a header.
    pub fn cache_control(&self, value: Option<&str>) {
        let value = value.map(|value| HeaderValue::from_str(value).expect("the value can stand in a header"));
        self.site.script.send_modify(|script| script.cache_control = value);
    }

    /// How often the keys have been asked for, whatever was answered.
    #[must_use]
    pub fn fetches(&self) -> u64 {
        self.site.script.borrow().keys.requests
    }

    /// How often the metadata has been asked for, whatever was answered.
    #[must_use]
    pub fn discoveries(&self) -> u64 {
        self.site.script.borrow().discovery.requests
    }

    /// Waits until the keys have been asked for `count` times since the start, so that a test need not sleep.
    pub async fn fetched(&self, count: u64) {
        let mut changes = self.site.script.subscribe();
        // The sender lives in `self`, so it cannot go away meanwhile.
        let _ = changes.wait_for(|script| script.keys.requests >= count).await;
    }

    /// Closes the port and every connection: from here on connections are refused. The port stays reserved.
    ///
    /// # Panics
    /// When another program took the port in the moment between.
    pub async fn go_down(&self) {
        self.port.close().await.expect("the port is still ours");
    }

    /// Listens again, on the same port.
    ///
    /// # Panics
    /// When the operating system does not let it.
    pub async fn come_back(&self) {
        self.port.open(&self.site).expect("the port is still ours");
    }
}

/// Tokens, keys and clock.
impl Deref for TestIssuer {
    type Target = Mint;

    fn deref(&self) -> &Mint {
        &self.site.mint
    }
}

impl fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIssuer")
            .field("identifier", &self.identifier())
            .field("fetches", &self.fetches())
            .finish_non_exhaustive()
    }
}

/// Settings of a [`TestIssuer`].
#[derive(Debug)]
#[must_use]
pub struct TestIssuerBuilder {
    path: String,
    settings: Settings,
}

impl TestIssuerBuilder {
    /// Signs with this algorithm. Default: ES256.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.settings.algorithm = algorithm;
        self
    }

    /// Names this audience in tokens that say nothing else. Default: `https://api.example.com`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audience = audience.into();
        self
    }

    /// Dates tokens by this clock. Default: one that stands still, [`TestClock::new`].
    pub fn clock(mut self, clock: TestClock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Ends the identifier with this path, such as `/tenant`; `/` alone makes an identifier that ends in a slash.
    /// Default: no path.
    pub fn path(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// The issuer, listening.
    ///
    /// # Panics
    /// When the path does not start with a slash, outside a tokio runtime with I/O, and when no loopback port can be
    /// had.
    pub async fn start(self) -> TestIssuer {
        let Self { path, settings } = self;
        assert!(path.is_empty() || path.starts_with('/'), "the path of an issuer starts with a slash");
        let port = Port::reserve().expect("a loopback port is free");
        let mint = settings.mint(format!("http://{}{path}", port.address()));
        let base = path.trim_end_matches('/').to_owned();
        let site = Arc::new(Site { mint, base, script: watch::Sender::new(Script::default()) });
        port.open(&site).expect("a reserved port can be opened");
        TestIssuer { site, port }
    }
}
