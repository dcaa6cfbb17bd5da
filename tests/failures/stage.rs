//! One issuer, one verifier of its tokens, and what a user of the service behind it sees.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::{Request, Response};
use portcullis::http::AuthLayer;
use portcullis::keys::remote::Remote;
use portcullis::keys::{IssuerStatus, KeyState};
use portcullis::testkit::{Mint, TestClock};
use portcullis::{Error, Issuer, Verifier};
use tokio::time::{Instant, sleep};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::source::{Play, Source};

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const JWKS: &str = "https://id.example.com/jwks";
pub(crate) const OPENID: &str = "https://id.example.com/.well-known/openid-configuration";
pub(crate) const OAUTH: &str = "https://id.example.com/.well-known/oauth-authorization-server";

/// The least time between two attempts that strangers cause.
pub(crate) const INTERVAL: Duration = Duration::from_secs(10);
/// By which keys without advice are renewed: 90 % of 10 min, and an attempt.
pub(crate) const RENEWED: Duration = Duration::from_secs(545);
/// By which an issuer that is well again has been asked: the longest back-off, and an attempt that hangs before it.
pub(crate) const NOTICED: Duration = Duration::from_secs(66);

/// What a user sees: the status, and the reason of a refusal.
pub(crate) type Seen = (u16, &'static str);

pub(crate) const SERVED: Seen = (200, "ok");
pub(crate) const UNKNOWN: Seen = (401, "key_unknown");
pub(crate) const NOT_LOADED: Seen = (503, "keys_not_loaded");
pub(crate) const EXPIRED: Seen = (503, "keys_expired");

/// An issuer that is played, and a verifier that trusts it.
pub(crate) struct Stage {
    pub(crate) mint: Mint,
    pub(crate) source: Arc<Source>,
    /// The verifier's time of day. It stands still unless a cell moves it, so tokens do not expire while a cell lets hours
    /// pass; the ages of keys go by the runtime's clock.
    pub(crate) clock: TestClock,
    pub(crate) verifier: Verifier,
}

impl Stage {
    /// Keys at one address, of an issuer that is well. Nothing has been asked for yet.
    pub(crate) fn new() -> Self {
        Self::of(Mint::new(ISSUER))
    }

    pub(crate) fn of(mint: Mint) -> Self {
        Self::built(mint, |source| Remote::jwks_url_with(JWKS, source).unwrap())
    }

    /// The same with other settings.
    pub(crate) fn tuned(settings: impl FnOnce(Remote) -> Remote) -> Self {
        let remote = |source| settings(Remote::jwks_url_with(JWKS, source).unwrap());
        Self::built(Mint::new(ISSUER), remote)
    }

    /// Keys that are found by the issuer's metadata.
    pub(crate) fn discovering() -> Self {
        Self::built(Mint::new(ISSUER), |source| Remote::discover_with(ISSUER, source).unwrap())
    }

    fn built(mint: Mint, remote: impl FnOnce(Arc<Source>) -> Remote) -> Self {
        let (source, clock) = (Source::of(&mint), TestClock::new());
        source.at(JWKS, Play::Well);
        source.at(OPENID, metadata(ISSUER, JWKS));
        let issuer = Issuer::new(ISSUER, remote(Arc::clone(&source))).audience(mint.audience());
        let verifier = Verifier::builder().issuer(issuer).clock(clock.clone()).build().unwrap();
        Self { mint, source, clock, verifier }
    }

    /// Has the keys loaded, and a token served.
    pub(crate) async fn opened(self) -> Self {
        self.verifier.ready(Duration::from_secs(60)).await.unwrap();
        assert_eq!(self.asks().await, SERVED);
        self
    }

    /// Lets the key set's address play this from now on.
    pub(crate) fn plays(&self, play: Play) {
        self.source.at(JWKS, play);
    }

    /// A good token by the key that the issuer signs with now.
    pub(crate) fn token(&self) -> String {
        self.mint.token().mint()
    }

    /// The same under a `kid` that nobody has.
    pub(crate) fn invented(&self, number: usize) -> String {
        self.mint.token().header("kid", format!("invented-{number}")).mint()
    }

    /// What the user with this token sees.
    pub(crate) async fn sees(&self, token: &str) -> Seen {
        sent(self.verifier.layer(), token.to_owned()).await
    }

    /// What a user with a token of this moment sees.
    pub(crate) async fn asks(&self) -> Seen {
        self.sees(&self.token()).await
    }

    /// The same, of a user who does not wait.
    pub(crate) fn sees_at_once(&self, token: &str) -> Seen {
        match pin!(self.sees(token)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(seen) => seen,
            Poll::Pending => panic!("it waits"),
        }
    }

    pub(crate) fn status(&self) -> IssuerStatus {
        self.verifier.status().remove(0)
    }

    pub(crate) fn state(&self) -> KeyState {
        self.status().state
    }

    pub(crate) fn generation(&self) -> u64 {
        self.status().generation
    }

    /// The word in front of the last error; empty when the last attempt was good.
    pub(crate) fn last_error(&self) -> String {
        last_error(&self.verifier)
    }

    /// Why entries of the set are not used.
    pub(crate) fn skipped(&self) -> Vec<&'static str> {
        self.status().skipped.iter().map(|skipped| skipped.error.code()).collect()
    }

    pub(crate) fn fetches(&self) -> usize {
        self.source.fetches()
    }

    /// The least time between the starts of two requests.
    pub(crate) fn least_gap(&self) -> Duration {
        let asked = self.source.asked();
        asked.windows(2).map(|pair| pair[1].at - pair[0].at).min().unwrap_or(Duration::MAX)
    }

    /// The accepted twin of every cell: the issuer is well again, and soon everything is as it should be.
    pub(crate) async fn recovers(&self) {
        self.plays(Play::Well);
        pass(NOTICED).await;
        assert_eq!((self.state(), &*self.last_error()), (KeyState::Fresh, ""));
        assert_eq!(self.sees_at_once(&self.token()), SERVED);
    }
}

/// An answer that is no good changes nothing. Without keys there are none after it; keys that serve go on serving; and
/// the source is asked again, more and more seldom, until it is well.
pub(crate) async fn is_no_good(play: Play, error: &str) {
    let stage = Stage::new();
    stage.plays(play.clone());
    let start = Instant::now();
    assert_eq!(stage.asks().await, NOT_LOADED, "{error}");
    assert!(start.elapsed() <= secs(2), "the budget of a request");
    pass(secs(5)).await;
    assert_eq!((stage.state(), &*stage.last_error()), (KeyState::Loading, error));
    pass(secs(600)).await;
    assert!((10..80).contains(&stage.fetches()), "{error}: {} fetches", stage.fetches());
    assert_eq!(stage.asks().await, NOT_LOADED, "{error}");
    stage.recovers().await;

    let stage = Stage::new().opened().await;
    stage.plays(play);
    let token = stage.token();
    for _ in 0..59 {
        pass(secs(10)).await;
        assert_eq!(stage.sees_at_once(&token), SERVED, "{error}");
    }
    let status = stage.status();
    assert_eq!((status.state, &*stage.last_error()), (KeyState::Fresh, error));
    assert!(status.failed_attempts > 0 && status.age.unwrap() >= secs(590), "{error}: nothing was confirmed");
    pass(secs(3_600)).await;
    assert_eq!((stage.state(), stage.generation()), (KeyState::Grace, 1), "{error}");
    assert_eq!(stage.sees_at_once(&token), SERVED, "{error}");
    assert_eq!(stage.sees(&stage.invented(0)).await, UNKNOWN, "{error}: it is the token that is asked about");
    assert!((60..250).contains(&stage.fetches()), "{error}: {} fetches", stage.fetches());
    assert_eq!(stage.source.most_in_flight(), 1);
    stage.recovers().await;
    assert_eq!(stage.generation(), 1, "{error}: the same keys");
}

/// What a guarded service answers to a request with this token.
pub(crate) async fn sent(layer: AuthLayer, token: String) -> Seen {
    let inner = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(()))));
    let request = Request::builder().header(AUTHORIZATION, format!("Bearer {token}")).body(()).unwrap();
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    let error = response.extensions().get::<Error>();
    if let Some(Error::Unavailable(_)) = error {
        let seconds: u64 = response.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "Retry-After: {seconds}");
    } else {
        assert!(!response.headers().contains_key(RETRY_AFTER));
    }
    (response.status().as_u16(), error.map_or("ok", Error::code))
}

/// The word in front of the last error; empty when the last attempt was good.
pub(crate) fn last_error(verifier: &Verifier) -> String {
    let error = verifier.status().remove(0).last_error.unwrap_or_default();
    error.split(':').next().unwrap_or_default().to_owned()
}

pub(crate) fn metadata(issuer: &str, jwks_uri: &str) -> Play {
    Play::text(200, format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}"}}"#))
}

/// Lets time pass, and all that is due in it happen.
pub(crate) async fn pass(time: Duration) {
    sleep(time).await;
    settle().await;
}

/// Lets everything happen that is due now.
pub(crate) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const HOUR: Duration = secs(60 * 60);
pub(crate) const DAY: Duration = secs(24 * 60 * 60);
