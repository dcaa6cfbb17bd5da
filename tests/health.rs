//! What an operator and a probe are told of the keys, and when.

#![cfg(all(feature = "axum", feature = "testkit"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::testkit::Mint;
use portcullis::{Health, HealthReport, HealthWatch, Issuer, Verifier, healthz};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

/// An issuer that is up while it has something to say.
#[derive(Clone, Default)]
struct Switch(Arc<Mutex<Option<String>>>);

impl Switch {
    fn up(&self, mint: &Mint) {
        *self.0.lock().unwrap() = Some(mint.jwks_json());
    }

    fn down(&self) {
        *self.0.lock().unwrap() = None;
    }
}

impl Fetch for Switch {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        let keys = self.0.lock().unwrap().clone();
        let answer =
            keys.map(|keys| FetchResponse::new(200, keys).with_header("cache-control", "max-age=600"));
        Box::pin(async move { answer.ok_or(FetchError::Connect) })
    }
}

const KEYS: &str = "https://id.example.com/keys";

fn anchor(mint: &Mint, source: &Switch) -> Issuer {
    Issuer::new(mint.identifier(), Remote::jwks_url_with(KEYS, source.clone()).unwrap())
        .audience(mint.audience())
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The next health, and how long it took to come.
async fn next(watch: &mut HealthWatch) -> (Health, u64) {
    let start = Instant::now();
    let health = watch.changed().await.unwrap();
    assert_eq!(watch.last(), health);
    (health, start.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn every_turn_is_told_when_it_comes_without_any_request() {
    let (mint, source) = (Mint::new("https://id.example.com"), Switch::default());
    let verifier = Verifier::builder().issuer(anchor(&mint, &source)).build().unwrap();
    let mut watch = verifier.watch_health();
    assert_eq!((watch.last(), verifier.health()), (Health::Down, Health::Down));
    assert!(timeout(secs(300), watch.changed()).await.is_err(), "nothing changes while it is down");
    source.up(&mint);
    assert_eq!(next(&mut watch).await.0, Health::Ready);
    assert!(timeout(secs(6_000), watch.changed()).await.is_err(), "renewals are no changes");
    source.down();
    let (health, after) = next(&mut watch).await;
    assert_eq!(health, Health::Degraded);
    assert!(after <= 600, "{after} s after the last renewal at most");
    assert_eq!(next(&mut watch).await, (Health::Down, 3_600), "to the second");
    source.up(&mint);
    let (health, after) = next(&mut watch).await;
    assert_eq!(health, Health::Ready);
    assert!(after <= 60, "the back-off's most: {after} s");
    let other = watch.clone();
    drop(verifier);
    for mut watch in [watch, other] {
        assert_eq!(watch.changed().await, None, "the verifier is gone");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_nobody_waited_for_is_seen_later_and_once() {
    let (mint, source) = (Mint::new("https://id.example.com"), Switch::default());
    source.up(&mint);
    let verifier = Verifier::builder().issuer(anchor(&mint, &source)).build().unwrap();
    let mut watch = verifier.watch_health();
    sleep(secs(1)).await;
    source.down();
    sleep(secs(700)).await;
    assert_eq!(next(&mut watch).await, (Health::Degraded, 0), "Ready in between went by");
    assert!(timeout(secs(3_000), watch.changed()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_state_turns_in_the_middle_of_a_fetch_that_hangs() {
    struct Hangs(Switch);
    impl Fetch for Hangs {
        fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
            if self.0.0.lock().unwrap().is_some() {
                self.0.fetch(request)
            } else {
                Box::pin(std::future::pending())
            }
        }
    }
    let (mint, source) = (Mint::new("https://id.example.com"), Switch::default());
    source.up(&mint);
    let keys = Remote::jwks_url_with(KEYS, Hangs(source.clone())).unwrap().max_stale(secs(1));
    let issuer = Issuer::new(mint.identifier(), keys).audience(mint.audience());
    let verifier = Verifier::builder().issuer(issuer).build().unwrap();
    let mut watch = verifier.watch_health();
    assert_eq!(next(&mut watch).await.0, Health::Ready);
    source.down();
    assert_eq!(next(&mut watch).await, (Health::Degraded, 600));
    assert_eq!(
        next(&mut watch).await,
        (Health::Down, 1),
        "an attempt takes up to 5 s, and nobody waits for its end"
    );
}

#[tokio::test(start_paused = true)]
async fn one_issuer_that_is_down_degrades_and_all_of_them_are_down() {
    let (first, second) = (Mint::new("https://one.example"), Mint::new("https://two.example"));
    let (one, two) = (Switch::default(), Switch::default());
    one.up(&first);
    let verifier =
        Verifier::builder().issuer(anchor(&first, &one)).issuer(anchor(&second, &two)).build().unwrap();
    let mut watch = verifier.watch_health();
    assert_eq!(next(&mut watch).await.0, Health::Degraded);
    two.up(&second);
    assert_eq!(next(&mut watch).await.0, Health::Ready);
    one.down();
    two.down();
    assert_eq!(next(&mut watch).await.0, Health::Degraded);
    assert_eq!(next(&mut watch).await.0, Health::Down);
    let fixed = Issuer::new(first.identifier(), first.jwks()).audience("a");
    let fixed = Verifier::builder().issuer(fixed).build().unwrap();
    assert_eq!((fixed.health(), fixed.watch_health().last()), (Health::Ready, Health::Ready));
}

async fn asked(routes: &Router, path: &str) -> (u16, Option<String>, Value) {
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let response = routes.clone().oneshot(request).await.unwrap();
    let cache = response.headers().get("cache-control").map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(response.headers()["content-type"], "application/json");
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 100_000).await.unwrap();
    (status, cache, serde_json::from_slice(&body).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_probe_gets_a_word_and_an_operator_the_whole_state() {
    let (mint, source) = (Mint::new("https://id.example.com"), Switch::default());
    let verifier = Verifier::builder().issuer(anchor(&mint, &source)).build().unwrap();
    let details = verifier.clone();
    let routes = Router::new()
        .route("/healthz", get(healthz(&verifier)))
        .route("/status", get(async move || HealthReport::detailed(&details)));
    let no_store = Some("no-store".to_owned());
    assert_eq!(asked(&routes, "/healthz").await, (503, no_store.clone(), json!({"health": "down"})));
    sleep(secs(1)).await;
    let (status, cache, down) = asked(&routes, "/status").await;
    assert_eq!((status, &cache, &down["health"]), (503, &no_store, &json!("down")));
    let issuer = &down["issuers"][0];
    assert_eq!((&issuer["issuer"], &issuer["state"]), (&json!(mint.identifier()), &json!("loading")));
    assert_eq!(
        (&issuer["origin"], &issuer["age_seconds"], &issuer["keys"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    assert!(issuer["last_error"].as_str().unwrap().starts_with("fetch_connect"), "{issuer}");
    assert!(issuer["failed_attempts"].as_u64().unwrap() >= 1 && issuer["next_attempt_seconds"].is_u64());
    source.up(&mint);
    verifier.ready(secs(60)).await.unwrap();
    sleep(secs(7)).await;
    assert_eq!(asked(&routes, "/healthz").await, (200, no_store.clone(), json!({"health": "ready"})));
    let (status, _, up) = asked(&routes, "/status").await;
    let issuer = &up["issuers"][0];
    assert_eq!((status, &issuer["state"], &issuer["origin"]), (200, &json!("fresh"), &json!("source")));
    assert_eq!((&issuer["age_seconds"], &issuer["last_success_seconds"]), (&json!(7), &json!(7)));
    assert_eq!((&issuer["failed_attempts"], &issuer["last_error"]), (&json!(0), &Value::Null));
    let key = &issuer["keys"][0];
    assert_eq!((&key["kid"], &key["algorithms"]), (&json!(mint.key_id()), &json!(["ES256"])));
    assert_eq!(key["thumbprint"].as_str().unwrap().len(), 43);
    source.down();
    sleep(secs(600)).await;
    assert_eq!(asked(&routes, "/healthz").await, (200, no_store.clone(), json!({"health": "degraded"})));
    sleep(secs(3_600)).await;
    assert_eq!(asked(&routes, "/healthz").await, (503, no_store, json!({"health": "down"})));
}

#[tokio::test(start_paused = true)]
async fn what_was_skipped_is_told_with_its_reason() {
    let (mint, source) = (Mint::new("https://id.example.com"), Switch::default());
    let odd = mint.jwks_json().replacen(r#"{"keys":["#, r#"{"keys":[{"kty":"new","kid":"odd"},"#, 1);
    *source.0.lock().unwrap() = Some(odd);
    let verifier = Verifier::builder().issuer(anchor(&mint, &source)).build().unwrap();
    verifier.ready(secs(1)).await.unwrap();
    let status = serde_json::to_value(verifier.status()).unwrap();
    assert_eq!(status[0]["skipped"], json!([{"index": 0, "kid": "odd", "code": "key_type_unknown"}]));
}
