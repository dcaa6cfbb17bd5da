//! What an issuer's outage, a rotation and a flood of invented `kid`s cost those with good tokens, and the issuer.
//!
//! Over real sockets, except where intervals must pass: that takes a paused clock, and so a source without sockets.

#![cfg(all(feature = "reqwest", feature = "tower", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may"
)]

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::{Request, Response};
use portcullis::http::AuthLayer;
use portcullis::keys::KeyState;
use portcullis::keys::remote::{Fetch, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::testkit::{Answer, Mint, TestIssuer};
use portcullis::{Error, Issuer, Verifier};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, pause, resume, timeout};
use tower::{Layer, ServiceExt, service_fn};

const INTERVAL: Duration = Duration::from_secs(10);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn trusting(mint: &Mint, keys: Remote) -> Verifier {
    let issuer = Issuer::new(mint.identifier(), keys).audience(mint.audience());
    Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap()
}

/// Trusts an issuer found by its metadata. The budget is more than a busy machine needs.
fn discovering(issuer: &TestIssuer) -> Verifier {
    trusting(issuer, Remote::discover(issuer.identifier()).unwrap().wait_budget(secs(30)))
}

async fn loaded(issuer: &TestIssuer) -> Verifier {
    let verifier = discovering(issuer);
    verifier.ready(secs(30)).await.unwrap();
    assert_eq!(issuer.fetches(), 1);
    verifier
}

/// What a guarded service answers: the status, and the reason of a refusal.
async fn sent(layer: AuthLayer, token: String) -> (u16, Option<&'static str>) {
    let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(())));
    let request = Request::builder().header(AUTHORIZATION, format!("Bearer {token}")).body(()).unwrap();
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    let error = response.extensions().get::<Error>();
    if let Some(Error::Unavailable(unavailable)) = error {
        let seconds: u64 = response.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!(seconds >= 1);
        assert_eq!(Duration::from_secs(seconds), unavailable.retry_after());
    }
    (response.status().as_u16(), error.map(Error::code))
}

async fn answered(verifier: &Verifier, token: &str) -> (u16, Option<&'static str>) {
    sent(verifier.layer(), token.to_owned()).await
}

const SERVED: (u16, Option<&str>) = (200, None);
const UNKNOWN: (u16, Option<&str>) = (401, Some("key_unknown"));

/// The output of a future that has nothing to wait for.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn ten_thousand_are_served_at_once(verifier: &Verifier, token: &str) {
    for _ in 0..10_000 {
        assert_eq!(at_once(answered(verifier, token)), SERVED);
    }
    let Poll::Ready(decision) = verifier.verify_cached(token) else { panic!("it waits") };
    decision.unwrap();
}

/// Lets this much time pass for the schedules, without waiting for it.
async fn skip(time: Duration) {
    pause();
    advance(time).await;
    resume();
}

/// Lets everything else run until it is so. Not for a paused clock, on which it would never give up.
async fn until(mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    timeout(secs(60), waiting).await.expect("it comes to that");
}

fn generation(verifier: &Verifier) -> u64 {
    verifier.status()[0].generation
}

fn state(verifier: &Verifier) -> KeyState {
    verifier.status()[0].state
}

#[tokio::test]
async fn with_the_issuer_down_known_kids_see_no_error_and_no_wait() {
    let issuer = TestIssuer::start().await;
    let verifier = loaded(&issuer).await;
    let token = issuer.token().mint();
    issuer.go_down().await;
    skip(secs(660)).await;
    until(|| verifier.status()[0].last_error.is_some()).await;
    assert_eq!(state(&verifier), KeyState::Grace);
    ten_thousand_are_served_at_once(&verifier, &token);
}

#[tokio::test]
async fn with_the_issuer_hanging_known_kids_see_no_error_and_no_wait() {
    let issuer = TestIssuer::start().await;
    let verifier = loaded(&issuer).await;
    let token = issuer.token().mint();
    issuer.answer(Answer::Hang);
    skip(secs(540)).await;
    issuer.fetched(2).await;
    until(|| verifier.status()[0].next_attempt.is_none()).await;
    ten_thousand_are_served_at_once(&verifier, &token);
}

#[tokio::test]
async fn the_first_request_with_a_rotated_key_is_served() {
    let issuer = TestIssuer::start().await;
    let verifier = loaded(&issuer).await;
    skip(INTERVAL).await;
    issuer.rotate_with_overlap();
    assert_eq!(answered(&verifier, &issuer.token().mint()).await, SERVED);
    assert_eq!((issuer.fetches(), issuer.discoveries()), (2, 1));
}

#[tokio::test]
async fn a_thousand_first_requests_with_a_rotated_key_cost_one_fetch() {
    let issuer = TestIssuer::start().await;
    let verifier = loaded(&issuer).await;
    skip(INTERVAL).await;
    issuer.rotate_with_overlap();
    let mut requests = JoinSet::new();
    for _ in 0..1_000 {
        requests.spawn(sent(verifier.layer(), issuer.token().mint()));
    }
    assert_eq!(requests.join_all().await, [SERVED; 1_000]);
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn a_token_of_a_withdrawn_key_is_refused_after_the_renewal() {
    let issuer = TestIssuer::start().await;
    let verifier = loaded(&issuer).await;
    let (first, old) = (issuer.key_id(), issuer.token().mint());
    issuer.rotate_with_overlap();
    skip(secs(540)).await;
    until(|| generation(&verifier) == 2).await;
    assert_eq!(answered(&verifier, &old).await, SERVED, "still published");
    issuer.withdraw(&first);
    skip(secs(540)).await;
    until(|| generation(&verifier) == 3).await;
    assert_eq!(answered(&verifier, &old).await, UNKNOWN);
    assert_eq!(answered(&verifier, &issuer.token().mint()).await, SERVED);
}

#[tokio::test]
async fn down_at_the_start_is_503_and_back_is_served() {
    let issuer = TestIssuer::start().await;
    let token = issuer.token().mint();
    issuer.go_down().await;
    let verifier = discovering(&issuer);
    assert_eq!(answered(&verifier, &token).await, (503, Some("keys_not_loaded")));
    issuer.come_back().await;
    skip(secs(60)).await;
    verifier.ready(secs(30)).await.unwrap();
    assert_eq!(answered(&verifier, &token).await, SERVED);
}

#[test]
fn a_flood_of_invented_kids_costs_one_fetch_an_interval_and_no_memory() {
    let mint = Mint::new(ISSUER);
    let (verifier, source) = published(&mint);
    let good = mint.token().mint();
    let flood = async |requests: usize| {
        for n in 0..requests {
            assert_eq!(answered(&verifier, &invented(&good, n)).await, UNKNOWN);
            if n % 1_000 == 0 {
                advance(secs(1)).await;
                assert_eq!(at_once(answered(&verifier, &good)), SERVED, "a good token never waits");
            }
        }
    };
    let runtime = paused();
    runtime.block_on(async {
        verifier.ready(secs(1)).await.unwrap();
        flood(1_000).await;
    });
    let (start, before) = (runtime.block_on(async { Instant::now() }), source.fetches());
    let memory = allocation_counter::measure(|| runtime.block_on(flood(100_000)));
    let passed = runtime.block_on(async { start.elapsed() });
    let (intervals, fetches) = (passed.as_secs() / INTERVAL.as_secs(), source.fetches() - before);
    assert!(intervals >= 10 && fetches <= intervals + 1, "{fetches} fetches in {intervals} intervals");
    assert!(memory.bytes_current.abs() < 4 * 1_024, "{memory:?}");
    assert!(memory.bytes_max < 64 * 1_024, "{memory:?}");
}

#[test]
fn two_thousand_invented_kids_at_once_wait_for_one_fetch_and_leave_nothing_behind() {
    let mint = Mint::new(ISSUER);
    let (verifier, source) = published(&mint);
    let good = mint.token().mint();
    let wave = async |fetch_takes: Duration| {
        advance(INTERVAL).await;
        source.takes(fetch_takes);
        let (start, before) = (Instant::now(), source.fetches());
        let mut requests = JoinSet::new();
        for n in 0..2_000 {
            requests.spawn(sent(verifier.layer(), invented(&good, n)));
        }
        settle().await;
        assert_eq!(source.fetches(), before + 1, "under way");
        for _ in 0..100 {
            assert_eq!(at_once(answered(&verifier, &good)), SERVED, "a good token never waits");
        }
        assert_eq!(requests.join_all().await, [UNKNOWN; 2_000]);
        assert_eq!(source.fetches(), before + 1);
        start.elapsed()
    };
    let runtime = paused();
    runtime.block_on(verifier.ready(secs(1))).unwrap();
    // The timer and the run queue grow once.
    runtime.block_on(wave(secs(1)));
    let memory = allocation_counter::measure(|| {
        assert_eq!(runtime.block_on(wave(secs(1))), secs(1), "as long as the fetch");
    });
    assert!(memory.bytes_current.abs() < 16 * 1_024, "{memory:?}");
    assert!(memory.bytes_max < 2_000 * 8 * 1_024, "{memory:?}");
    assert_eq!(runtime.block_on(wave(secs(4))), secs(2), "the budget of a request");
}

#[test]
fn a_rotation_without_overlap_is_served_once_it_is_seen_twice() {
    let mint = Mint::new(ISSUER);
    let (verifier, source) = published(&mint);
    paused().block_on(async {
        verifier.ready(secs(1)).await.unwrap();
        advance(INTERVAL).await;
        mint.rotate();
        assert_eq!(answered(&verifier, &mint.token().mint()).await, SERVED);
        assert_eq!(source.fetches(), 3);
    });
}

#[test]
fn without_a_runtime_readiness_is_told_and_not_awaited() {
    let mint = Mint::new(ISSUER);
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let fixed = Verifier::builder().issuer(issuer).build().unwrap();
    assert_eq!(at_once(fixed.ready(secs(5))), Ok(()));
    let (verifier, source) = published(&mint);
    assert_eq!(at_once(verifier.ready(secs(5))).unwrap_err().code(), "keys_not_loaded");
    assert_eq!(source.fetches(), 0);
}

#[test]
fn an_issuer_that_hangs_keeps_no_other_from_being_asked() {
    let (down, up) = (Mint::new("https://down.example.com"), Mint::new("https://up.example.com"));
    let issuer = |mint: &Mint, remote| Issuer::new(mint.identifier(), remote).audience(mint.audience());
    let hanging = Remote::jwks_url_with("https://down.example.com/jwks", Hanging).unwrap();
    let source = Remote::jwks_url_with("https://up.example.com/jwks", Published::by(&up)).unwrap();
    let verifier =
        Verifier::builder().issuer(issuer(&down, hanging)).issuer(issuer(&up, source)).build().unwrap();
    paused().block_on(async {
        assert_eq!(verifier.ready(secs(5)).await.unwrap_err().code(), "keys_not_loaded");
        let states: Vec<_> = verifier.status().iter().map(|issuer| issuer.state).collect();
        assert_eq!(states, [KeyState::Loading, KeyState::Fresh]);
    });
}

const ISSUER: &str = "https://id.example.com";

fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Lets everything run that is due now.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// A verifier of the mint's tokens, built outside any runtime, and its source.
fn published(mint: &Mint) -> (Verifier, Arc<Published>) {
    let source = Published::by(mint);
    let remote = Remote::jwks_url_with("https://id.example.com/jwks", Arc::clone(&source)).unwrap();
    (trusting(mint, remote.unknown_key_interval(INTERVAL)), source)
}

/// The set of a mint, without a socket.
struct Published {
    mint: Mint,
    fetches: AtomicU64,
    delay: Mutex<Duration>,
}

impl Published {
    fn by(mint: &Mint) -> Arc<Self> {
        Arc::new(Self { mint: mint.clone(), fetches: AtomicU64::new(0), delay: Mutex::default() })
    }

    fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::SeqCst)
    }

    fn takes(&self, time: Duration) {
        *self.delay.lock().unwrap() = time;
    }
}

impl Fetch for Published {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async move {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            let delay = *self.delay.lock().unwrap();
            // On the paused clock.
            tokio::time::sleep(delay).await;
            Ok(FetchResponse::new(200, self.mint.jwks_json()))
        })
    }
}

/// Never answers.
struct Hanging;

impl Fetch for Hanging {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(std::future::pending())
    }
}

/// The token under a `kid` that nobody has.
fn invented(token: &str, number: usize) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"invented-{number}"}}"#);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
}
