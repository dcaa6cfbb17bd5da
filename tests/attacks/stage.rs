//! Where the attacks are played: verifiers of one set-up on every backend, and a check that no attack lacks its twin.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::crypto::Backend;
use portcullis::keys::remote::{Fetch, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::tenants::Tenants;
use portcullis::{Algorithm, Clock, Issuer, Verifier};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::support::fixture::{AUDIENCE, ISSUER, NOW, issuer};
use crate::support::mint::MintKey;
use crate::support::{b64, standing_at};

/// The same set-up on every backend. Dropped, it demands that a token was accepted and another refused.
pub(crate) struct Stage {
    verifiers: Vec<(&'static str, Verifier)>,
    runtime: Runtime,
    accepted: Cell<usize>,
    refused: Cell<usize>,
}

impl Stage {
    /// An issuer that has this one key, under the default rules.
    pub(crate) fn trusting(key: &MintKey) -> Self {
        Self::new(&[key.algorithm], || vec![issuer([key.jwk()]).algorithms([key.algorithm])])
    }

    /// These issuers, on the backends that have these algorithms, at [`NOW`].
    pub(crate) fn new(algorithms: &[Algorithm], issuers: impl Fn() -> Vec<Issuer>) -> Self {
        Self::at(algorithms, || standing_at(NOW), issuers)
    }

    /// These issuers, by a clock of their own.
    pub(crate) fn at<C: Clock + 'static>(
        algorithms: &[Algorithm],
        clock: impl Fn() -> C,
        issuers: impl Fn() -> Vec<Issuer>,
    ) -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let serves = |backend: &&Backend| algorithms.iter().all(|algorithm| backend.supports(*algorithm));
        let built = |backend: &Backend| {
            let builder = Verifier::builder().backend(*backend).clock(clock());
            let builder = issuers().into_iter().fold(builder, |builder, issuer| builder.issuer(issuer));
            (backend.name(), builder.build().unwrap())
        };
        let verifiers: Vec<_> = Backend::available().iter().filter(serves).map(built).collect();
        for (backend, verifier) in &verifiers {
            runtime.block_on(verifier.ready(Duration::from_secs(60))).expect(backend);
        }
        Self { verifiers, runtime, accepted: Cell::new(0), refused: Cell::new(0) }
    }

    /// These tenants, on the backends that have these algorithms, at [`NOW`].
    pub(crate) fn of_tenants(algorithms: &[Algorithm], tenants: impl Fn() -> Tenants) -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let serves = |backend: &&Backend| algorithms.iter().all(|algorithm| backend.supports(*algorithm));
        let built = |backend: &Backend| {
            let builder = Verifier::builder().backend(*backend).clock(standing_at(NOW));
            (backend.name(), builder.tenants(tenants()).build().unwrap())
        };
        let verifiers = Backend::available().iter().filter(serves).map(built).collect();
        Self { verifiers, runtime, accepted: Cell::new(0), refused: Cell::new(0) }
    }

    /// Forgets a tenant.
    pub(crate) fn forgets(&self, issuer: &str) {
        self.verifiers.iter().for_each(|(_, verifier)| verifier.forget_tenant(issuer));
    }

    /// An issuer that publishes this set, under rules that allow these algorithms.
    pub(crate) fn published(algorithms: &[Algorithm], keys: &[Value]) -> Self {
        let set = serde_json::json!({ "keys": keys }).to_string();
        Self::new(algorithms, || {
            let remote = Remote::jwks_url_with(JWKS, Library::of([(JWKS, set.as_str())])).unwrap();
            vec![Issuer::new(ISSUER, remote).audience(AUDIENCE).algorithms(algorithms.iter().copied())]
        })
    }

    /// Demands that the token is good, and goes on being so: its twins meet verifiers that have it in their cache.
    pub(crate) fn accepts(&self, name: &str, token: &str) {
        self.accepted.set(self.accepted.get() + 1);
        (0..3).for_each(|_| self.verdict(name, token, "ok"));
    }

    /// Why the token is refused on all backends, or "ok".
    pub(crate) fn code(&self, token: &str) -> &'static str {
        self.refused.set(self.refused.get() + 1);
        let mut codes = self.verifiers.iter().map(|(_, verifier)| {
            let decided = self.runtime.block_on(verifier.verify(token));
            decided.map_or_else(|error| error.code(), |_| "ok")
        });
        let first = codes.next().unwrap();
        assert!(codes.all(|code| code == first), "the backends differ");
        first
    }

    /// Demands that the token is refused for exactly this reason.
    pub(crate) fn refuses(&self, name: &str, token: &str, code: &str) {
        self.refused.set(self.refused.get() + 1);
        self.verdict(name, token, code);
    }

    /// Lets time pass for the schedules.
    pub(crate) fn pass(&self, seconds: u64) {
        self.runtime.block_on(async { tokio::time::sleep(Duration::from_secs(seconds)).await });
    }

    /// Demands that the last attempt to renew the keys failed, for exactly this reason.
    pub(crate) fn fails_to_renew(&self, name: &str, code: &str) {
        self.refused.set(self.refused.get() + 1);
        for (backend, verifier) in &self.verifiers {
            let error = verifier.status().remove(0).last_error.unwrap_or_default();
            assert_eq!(error.split(':').next(), Some(code), "{name} on {backend}");
        }
    }

    /// Demands that an entry of the set is not used, for exactly this reason.
    pub(crate) fn skips(&self, name: &str, kid: &str, code: &str) {
        self.refused.set(self.refused.get() + 1);
        for (backend, verifier) in &self.verifiers {
            let status = verifier.status().remove(0);
            let entry = status.skipped.iter().find(|entry| entry.key_id.as_deref() == Some(kid));
            assert_eq!(entry.map(|entry| entry.error.code()), Some(code), "{name} on {backend}");
        }
    }

    fn verdict(&self, name: &str, token: &str, want: &str) {
        for (backend, verifier) in &self.verifiers {
            let decided = self.runtime.block_on(verifier.verify(token));
            let got = decided.map_or_else(|error| error.code(), |_| "ok");
            assert_eq!(got, want, "{name:?} on {backend}");
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.verifiers.is_empty() {
            assert!(self.accepted.get() > 0, "an attack that is refused proves nothing without its twin");
            assert!(self.refused.get() > 0, "nothing was refused");
        }
    }
}

/// Where the issuers of this book publish their keys.
pub(crate) const JWKS: &str = "https://id.example/jwks";

/// Documents by address, and who asked for what.
pub(crate) struct Library {
    once: Mutex<Vec<String>>,
    documents: Mutex<Vec<(String, String)>>,
    /// What every other address has.
    elsewhere: Option<String>,
    asked: Mutex<Vec<String>>,
}

impl Library {
    pub(crate) fn of<'d>(documents: impl IntoIterator<Item = (&'d str, &'d str)>) -> Arc<Self> {
        let owned = |(url, text): (&str, &str)| (url.to_owned(), text.to_owned());
        let documents = documents.into_iter().map(owned).collect();
        Arc::new(Self {
            once: Mutex::default(),
            documents: Mutex::new(documents),
            elsewhere: None,
            asked: Mutex::default(),
        })
    }

    /// These documents, and this one at every other address.
    pub(crate) fn anywhere<'d>(
        documents: impl IntoIterator<Item = (&'d str, &'d str)>,
        elsewhere: &str,
    ) -> Arc<Self> {
        let mut library = Self::of(documents);
        Arc::get_mut(&mut library).unwrap().elsewhere = Some(elsewhere.to_owned());
        library
    }

    /// Puts another document in the place of all.
    pub(crate) fn now_says(&self, text: &str) {
        for document in self.documents.lock().unwrap().iter_mut() {
            text.clone_into(&mut document.1);
        }
    }

    /// Answers the next requests with these, one after the other.
    pub(crate) fn says_once(&self, texts: impl IntoIterator<Item = String>) {
        self.once.lock().unwrap().extend(texts);
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Fetch for Library {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        self.asked.lock().unwrap().push(request.url().to_owned());
        let mut once = self.once.lock().unwrap();
        let documents = self.documents.lock().unwrap();
        let found = documents.iter().find(|(url, _)| url == request.url()).map(|(_, text)| text.clone());
        let found = found.or_else(|| self.elsewhere.clone());
        let text = if once.is_empty() { found } else { Some(once.remove(0)) };
        let response = match text {
            Some(text) => FetchResponse::new(200, text),
            None => FetchResponse::new(404, ""),
        };
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// A token of exactly these parts.
pub(crate) fn assembled(header: &str, payload: &str, signature: &[u8]) -> String {
    format!("{}.{}.{}", b64(header), b64(payload), b64(signature))
}

/// A token of exactly these segments, signed as they stand.
pub(crate) fn signed_as_written(key: &MintKey, header: &str, payload: &str) -> String {
    let input = format!("{header}.{payload}");
    format!("{input}.{}", b64(key.sign(input.as_bytes())))
}

/// The header of a key with other members in it.
pub(crate) fn header_with(key: &MintKey, members: &Value) -> String {
    let mut header = key.header();
    for (name, value) in members.as_object().unwrap() {
        header[name] = value.clone();
    }
    header.to_string()
}

/// The three segments of a token.
pub(crate) fn segments(token: &str) -> [&str; 3] {
    let segments: Vec<_> = token.split('.').collect();
    segments.try_into().unwrap()
}
