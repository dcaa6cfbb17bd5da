//! A source of keys that answers at once, until it is told to hang.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portcullis::Verifier;
use portcullis::keys::remote::{Fetch, FetchFuture, FetchRequest, FetchResponse, Remote};

pub struct Source {
    document: String,
    hangs: AtomicBool,
}

impl Source {
    pub fn new(document: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { document: document.into(), hangs: AtomicBool::new(false) })
    }

    /// Leaves every request from now on without an answer.
    pub fn hang(&self) {
        self.hangs.store(true, Ordering::Relaxed);
    }

    /// Keys that renew themselves from this source, and may ask for an unknown `kid` every second.
    pub fn keys(self: &Arc<Self>) -> Remote {
        let keys = Remote::jwks_url_with("https://id.example.com/keys", Arc::clone(self)).unwrap();
        keys.unknown_key_interval(Duration::from_secs(1))
    }
}

impl Fetch for Source {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async move {
            if self.hangs.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            Ok(FetchResponse::new(200, self.document.as_str()))
        })
    }
}

/// Whether an attempt to fetch keys is under way.
pub fn is_asking(verifier: &Verifier) -> bool {
    verifier.status().iter().all(|issuer| issuer.next_attempt.is_none())
}
