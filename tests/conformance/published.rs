//! Documents as an issuer publishes them, taken by the source of keys that fetches them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use portcullis::crypto::Backend;
use portcullis::jose::KeyType;
use portcullis::keys::IssuerStatus;
use portcullis::keys::remote::{Fetch, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::{Algorithm, ConfigError, Error, Issuer, Verifier};

use crate::reason;
use crate::setup::Setup;

/// What is at which address: by the end of the address; anything else is not found.
#[derive(Clone)]
pub struct Site(Arc<Vec<(String, Vec<u8>)>>);

impl Site {
    pub fn new<'p>(pages: impl IntoIterator<Item = (&'p str, String)>) -> Self {
        Self(Arc::new(pages.into_iter().map(|(end, text)| (end.to_owned(), text.into_bytes())).collect()))
    }
}

impl Fetch for Site {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        let page = self.0.iter().find(|(end, _)| request.url().ends_with(end));
        let answer =
            page.map_or(FetchResponse::new(404, ""), |(_, body)| FetchResponse::new(200, body.clone()));
        Box::pin(std::future::ready(Ok(answer)))
    }
}

/// What becomes of a key set at an address, for an issuer that may use every algorithm with public keys.
pub fn taken(issuer: &str, document: String, backend: Backend) -> IssuerStatus {
    let site = Site::new([("/jwks", document)]);
    status(issuer, Remote::jwks_url_with("https://issuer.example/jwks", site).unwrap(), backend)
}

/// Our answer to a token by a key set at an address: the code of what refused either. HMAC is not allowed then.
pub fn fetched(setup: &Setup, document: String, token: &str, backend: Backend) -> String {
    let site = Site::new([("/jwks", document)]);
    let keys = Remote::jwks_url_with("https://issuer.example/jwks", site).unwrap();
    let public = |algorithm: &Algorithm| algorithm.key_type() != KeyType::Oct;
    let algorithms = setup.algorithms.iter().copied().filter(public).collect();
    let verifier = Setup { algorithms, ..setup.clone() }.verifier(keys, backend).unwrap();
    paused(async move {
        let _ = verifier.ready(Duration::from_millis(1)).await;
        if let Some(error) = last_error(&verifier.status()[0]) {
            return error.to_owned();
        }
        match verifier.verify(token).await {
            Err(Error::Unavailable(unavailable)) => unavailable.code().to_owned(),
            Err(Error::Rejected(rejection)) => reason::of_verdict::<()>(Err(rejection)),
            Ok(_) => "ok".to_owned(),
            Err(other) => panic!("{other}"),
        }
    })
}

/// What becomes of a discovered issuer.
///
/// # Errors
/// The identifier is not one to discover from.
pub fn discovered(issuer: &str, site: Site, backend: Backend) -> Result<IssuerStatus, ConfigError> {
    Ok(status(issuer, Remote::discover_with(issuer, site)?, backend))
}

fn status(issuer: &str, keys: Remote, backend: Backend) -> IssuerStatus {
    let public = |algorithm: &Algorithm| algorithm.key_type() != KeyType::Oct && backend.supports(*algorithm);
    let algorithms = Algorithm::ALL.iter().copied().filter(public);
    let issuer = Issuer::new(issuer, keys).algorithms(algorithms).dangerous_any_audience();
    paused(async move {
        let verifier = Verifier::builder().issuer(issuer).backend(backend).build().unwrap();
        // Until the first attempt has ended, one way or the other; the clock is ours.
        let _ = verifier.ready(Duration::from_millis(1)).await;
        verifier.status().remove(0)
    })
}

/// The reason word of the last error, if there is one.
pub fn last_error(status: &IssuerStatus) -> Option<&str> {
    status.last_error.as_deref().map(|error| error.split(':').next().unwrap())
}

fn paused<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}
