//! Who fetches, and what was answered.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis::ConfigError;
use portcullis::Verifier;
use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, HttpFetch};

use crate::text::redacted;

/// The library's client, which writes down what it was asked and answered.
#[derive(Clone)]
pub(crate) struct Recorder {
    inner: Arc<dyn Fetch>,
    seen: Arc<Mutex<Vec<Exchange>>>,
}

/// One document that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) url: String,
    pub(crate) answer: Result<FetchResponse, FetchError>,
}

impl Recorder {
    pub(crate) fn new(fetch: impl Fetch) -> Self {
        Self { inner: Arc::new(fetch), seen: Arc::default() }
    }

    /// The issuer that the last metadata names, if any came.
    pub(crate) fn named_issuer(&self) -> Option<String> {
        let answers = self.seen().into_iter().rev().filter_map(|exchange| exchange.answer.ok());
        let mut documents =
            answers.filter_map(|answer| serde_json::from_slice::<serde_json::Value>(answer.body()).ok());
        documents.find_map(|json| Some(json.get("issuer")?.as_str()?.to_owned()))
    }

    /// What was asked so far, in its order.
    pub(crate) fn seen(&self) -> Vec<Exchange> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Fetch for Recorder {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async move {
            let answer = self.inner.fetch(request).await;
            let exchange = Exchange { url: request.url().to_owned(), answer: answer.clone() };
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
            answer
        })
    }
}

/// One document that is at hand.
pub(crate) struct AtHand(pub(crate) Vec<u8>);

impl Fetch for AtHand {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async { Ok(FetchResponse::new(200, self.0.clone())) })
    }
}

/// The client that a verifier would have for this address, or one that trusts these certificates alone.
pub(crate) fn client(url: &str, roots: Option<&Path>) -> Result<HttpFetch, ConfigError> {
    if let Some(path) = roots {
        let pem = std::fs::read(path)
            .map_err(|error| ConfigError::File { path: PathBuf::from(path), kind: error.kind() })?;
        return HttpFetch::with_root_certificates(&pem);
    }
    match HttpFetch::new() {
        Err(ConfigError::HttpClient { .. }) if url.starts_with("http://") => HttpFetch::loopback_only(),
        made => made,
    }
}

/// Waits until every issuer's keys have come, or an attempt to get them has failed.
pub(crate) async fn settled(verifier: &Verifier) {
    let mut left = PATIENCE;
    while verifier.ready(STEP).await.is_err() {
        left = left.saturating_sub(STEP);
        let failed =
            verifier.status().iter().all(|status| status.state.can_verify() || status.last_error.is_some());
        if failed || left.is_zero() {
            return;
        }
    }
}

/// The address without what may be a secret in it.
pub(crate) fn shown_address(url: &str) -> String {
    let address = url.split(['?', '#']).next().unwrap_or_default();
    let hidden = if address.len() < url.len() { "?[…]" } else { "" };
    redacted(&format!("{address}{hidden}"))
}

/// How often it is looked whether an attempt has failed.
const STEP: Duration = Duration::from_millis(25);
/// Two documents, each of which may take the 5 s that the library grants.
const PATIENCE: Duration = Duration::from_secs(12);
