//! Calls while keys are missing, or on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portcullis::http::Detail;
use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::{Issuer, Verifier};
use tokio::sync::Semaphore;
use tonic::Code;
use tonic_types::StatusExt;

use crate::service::Orders;
use crate::stage::{MINT, serve, token};

/// An authorization server that answers when it is let, or never has anything.
pub(crate) struct Source {
    gate: Semaphore,
    asked: Semaphore,
    fetches: AtomicUsize,
    well: bool,
}

impl Source {
    pub(crate) fn new(well: bool) -> Arc<Self> {
        let (gate, asked) = (Semaphore::new(0), Semaphore::new(0));
        Arc::new(Self { gate, asked, fetches: AtomicUsize::new(0), well })
    }

    pub(crate) fn open(&self) {
        self.gate.add_permits(1_000);
    }

    pub(crate) async fn asked(&self) {
        self.asked.acquire().await.unwrap().forget();
    }
}

impl Fetch for Source {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            self.asked.add_permits(1);
            self.gate.acquire().await.unwrap().forget();
            if self.well { Ok(FetchResponse::new(200, MINT.jwks_json())) } else { Err(FetchError::Connect) }
        })
    }
}

/// Longer than any test takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn verifier(source: &Arc<Source>, patience: Duration) -> Verifier {
    let remote = Remote::jwks_url_with("https://id.example.com/jwks", Arc::clone(source)).unwrap();
    let remote = remote.wait_budget(patience);
    let issuer = Issuer::new(MINT.identifier(), remote).audience(MINT.audience());
    Verifier::builder().issuer(issuer).clock(MINT.clock()).build().unwrap()
}

#[tokio::test]
async fn without_keys_the_client_is_told_to_come_back() {
    let source = Source::new(false);
    source.open();
    for (detail, message, reason) in [
        (
            Detail::Full,
            "the issuer's keys have not been loaded yet (keys_not_loaded)",
            Some("KEYS_NOT_LOADED"),
        ),
        (Detail::Bare, "unavailable", None),
    ] {
        let layer = verifier(&source, Duration::ZERO).layer().grpc_details().detail(detail);
        let client = serve!([layer], Orders::default());
        for method in ["Get", "Watch", "Upload", "Chat"] {
            let status = client.call(method, Some(&token(""))).await.unwrap_err();
            assert_eq!((status.code(), status.message()), (Code::Unavailable, message), "{method}");
            let details = status.check_error_details().unwrap();
            assert_eq!(details.error_info().map(|info| &*info.reason), reason);
            let wait = details.retry_info().unwrap().retry_delay.unwrap();
            assert!(wait.as_secs() >= 1, "{wait:?}");
        }
    }
}

#[tokio::test]
async fn a_call_waits_for_keys_and_one_that_is_cancelled_stops_no_fetch() {
    let source = Source::new(true);
    let client = serve!([verifier(&source, PATIENCE).layer()], Orders::default());
    let call = |method: &'static str| {
        let client = client.clone();
        tokio::spawn(async move { client.call(method, Some(&token(""))).await })
    };
    let cancelled = call("Get");
    source.asked().await;
    cancelled.abort();
    assert!(cancelled.await.unwrap_err().is_cancelled());
    let waiting = call("Upload");
    source.open();
    assert_eq!(waiting.await.unwrap().unwrap(), ["2 of alice"]);
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
}
