//! The steps of `tests/vectors/jwks/rotation.json`: what the issuer publishes changes, then tokens are presented. On a paused
//! clock, against a source without sockets.

#![cfg(feature = "remote")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::crypto::Backend;
use portcullis::keys::remote::{Fetch, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::{Algorithm, Issuer, Profile, Verifier};
use serde_json::{Value, json};
use support::mint::MintKey;
use support::{standing_at, text, vectors};
use tokio::time::{Instant, advance};

/// What a step is answered: the code of its tokens, what the status says of the last attempt, and how well the keys serve.
type Answer<'a> = (&'a str, Option<&'a str>, &'a str);

const OURS: [(&str, &[Answer<'_>]); 3] = [
    ("unknown-kid-flood", &[("key_unknown", None, "fresh")]),
    ("fetch-error-keeps-old", &[("ok", None, "fresh"), ("ok", Some("fetch_status"), "grace")]),
    ("empty-replaces", &[("ok", None, "fresh"), ("ok", Some("key_set_no_usable_key"), "grace")]),
];

#[test]
fn each_step_is_answered_as_labelled() {
    let file = vectors("jwks/rotation.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), OURS.len(), "cases went missing");
    for backend in Backend::available() {
        for (case, (id, ours)) in cases.iter().zip(OURS) {
            let steps = case["steps"].as_array().unwrap();
            assert_eq!((text(case, "id"), steps.len()), (id, ours.len()));
            paused().block_on(async {
                let published = Arc::new(Published::default());
                let verifier = verifier(&published, *backend);
                for (index, (step, ours)) in steps.iter().zip(ours).enumerate() {
                    let got = taken(&verifier, &published, index, step).await;
                    let name = format!("step {index} of {id} on {}", backend.name());
                    assert_eq!((&*got.0, got.1.as_deref(), got.2), *ours, "{name}");
                    match text(step, "expect") {
                        "accept" => assert_eq!(ours.0, "ok", "{name}"),
                        "reject" => assert_ne!(ours.0, "ok", "{name}"),
                        label => assert_eq!(label, "policy", "{name}"),
                    }
                }
            });
        }
    }
}

fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

async fn taken(
    verifier: &Verifier,
    published: &Published,
    index: usize,
    step: &Value,
) -> (String, Option<String>, &'static str) {
    published.become_as(step);
    if index == 0 {
        verifier.ready(Duration::from_secs(1)).await.unwrap();
    } else {
        // Past the age at which keys are renewed, within that for which they serve.
        advance(Duration::from_secs(660)).await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
    let answer = presented(verifier, published, step).await;
    let status = verifier.status().remove(0);
    let error = status.last_error.map(|error| error.split(':').next().unwrap().to_owned());
    (answer, error, status.state.name())
}

/// The one answer to the tokens of a step.
async fn presented(verifier: &Verifier, published: &Published, step: &Value) -> String {
    let judged = async |token: &str| match verifier.verify(token).await {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.code().to_owned(),
    };
    let Some(kids) = step["tokens_kids"].as_array() else { return judged(text(step, "token")).await };
    let key = MintKey::new(Algorithm::RS256, None);
    let claims = json!({"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 60}).to_string();
    let (start, before) = (Instant::now(), published.fetches());
    let mut answers = Vec::new();
    for kid in kids {
        let token = key.token_of_texts(&json!({"alg": "RS256", "kid": kid}).to_string(), &claims);
        answers.push(judged(&token).await);
    }
    let (intervals, fetches) = (start.elapsed().as_secs() / 10, published.fetches() - before);
    assert!(fetches <= intervals + 1, "{fetches} fetches for {} kids in {intervals} intervals", kids.len());
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

fn verifier(published: &Arc<Published>, backend: Backend) -> Verifier {
    let remote = Remote::jwks_url_with("https://issuer.example/jwks", Arc::clone(published)).unwrap();
    let issuer = Issuer::new(ISSUER, remote).audience(AUDIENCE).profile(Profile::Lenient);
    Verifier::builder().issuer(issuer).backend(backend).clock(standing_at(NOW)).build().unwrap()
}

/// What is published now, and how often it was fetched.
#[derive(Default)]
struct Published(Mutex<(u16, String, u64)>);

impl Published {
    fn become_as(&self, step: &Value) {
        let mut published = self.0.lock().unwrap();
        let status = step["http_status"].as_u64().unwrap_or(200);
        (published.0, published.1) = (status.try_into().unwrap(), step["jwks"].to_string());
    }

    fn fetches(&self) -> u64 {
        self.0.lock().unwrap().2
    }
}

impl Fetch for Published {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        let mut published = self.0.lock().unwrap();
        published.2 += 1;
        let answer = FetchResponse::new(published.0, published.1.clone());
        Box::pin(std::future::ready(Ok(answer)))
    }
}

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "https://api.example";
const NOW: i64 = 1_700_000_000;
