//! A source of keys whose answers are written down beforehand, on a clock that stands still.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::keys::IssuerStatus;
use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::{Algorithm, Issuer, Verifier};
use tokio::runtime::{Builder, Runtime};

/// Gives the answers in their order, and notes what was asked for; then there is no connection any more.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    answers: Vec<FetchResponse>,
    asked: Vec<String>,
    conditions: Vec<Option<(String, String)>>,
}

impl Script {
    pub fn new(mut answers: Vec<FetchResponse>) -> Self {
        answers.reverse();
        Self(Arc::new(Mutex::new(Inner { answers, ..Inner::default() })))
    }

    pub fn asked(&self) -> Vec<String> {
        self.0.lock().expect("no other thread").asked.clone()
    }

    /// The condition of each request, as name and value of its field.
    pub fn conditions(&self) -> Vec<Option<(String, String)>> {
        self.0.lock().expect("no other thread").conditions.clone()
    }
}

impl Fetch for Script {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        let mut inner = self.0.lock().expect("no other thread");
        inner.asked.push(request.url().to_owned());
        let mut fields = request.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let condition = fields.next();
        assert_eq!(fields.next(), None, "one condition at most");
        inner.conditions.push(condition);
        let answer = inner.answers.pop().ok_or(FetchError::Connect);
        Box::pin(std::future::ready(answer))
    }
}

/// Builds a verifier over `remote` and hands it over once the first attempt has ended; the clock moves by what the
/// closure asks for and no further.
pub fn with_first_attempt(issuer: &str, remote: Remote, then: impl AsyncFnOnce(&Verifier)) {
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let rules = Issuer::new(issuer, remote).audience("a").algorithms([Algorithm::EdDSA]);
            let verifier = Verifier::builder().issuer(rules).build().expect("the set-up is sound");
            tokio::task::yield_now().await;
            then(&verifier).await;
        });
    });
}

/// The state of the only issuer's keys.
pub fn status(verifier: &Verifier) -> IssuerStatus {
    verifier.status().pop().expect("one issuer")
}

/// Moves the clock.
pub async fn advance(by: Duration) {
    tokio::time::advance(by).await;
}

/// A set of one good key.
pub const KEY_SET: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without sockets");
}
