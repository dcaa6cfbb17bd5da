//! Documents over HTTPS, by reqwest and rustls.

use std::error::Error;
use std::fmt;
use std::io;
use std::mem;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap};
use reqwest::{Client, ClientBuilder, Response, redirect, retry};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;
use url::Url;

use super::address::{self, Part};
use super::attempt::FETCH_TIMEOUT;
use super::bearer::BearerFile;
use super::fetch::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse};
use crate::error::ConfigError;

/// Gets documents over HTTPS: the [`Fetch`] of [`Remote::discover`](super::Remote::discover) and
/// [`Remote::jwks_url`](super::Remote::jwks_url).
///
/// Certificates are judged by the operating system's roots, or by
/// [those that you give](HttpFetch::with_root_certificates). The TLS provider is the backend that is compiled in, passed
/// as a value: no process-wide default is installed or consulted. Proxies are taken from the environment, except for
/// the loopback host.
///
/// | | |
/// |---|---|
/// | scheme | `https`; `http` to the loopback host only |
/// | redirects, retries, compression | none, whatever else is turned on in reqwest |
/// | connection, whole answer | 2 s, 5 s |
/// | body | cut off beyond the request's limit, without keeping more |
///
/// A verifier makes one for all its issuers. Clones share their settings.
#[derive(Clone)]
pub struct HttpFetch {
    /// Absent where the operating system has no roots and only the loopback host is asked.
    internet: Option<Client>,
    /// Its own client: what is exempt from TLS must not leave the machine by a proxy or an odd resolver.
    loopback: Client,
    bearer: Option<Arc<BearerFile>>,
}

impl HttpFetch {
    /// A client with the operating system's roots.
    ///
    /// # Errors
    /// [`ConfigError::NoBackend`] without feature `aws-lc` or `ring`; [`ConfigError::HttpClient`] when the operating
    /// system has no root certificates.
    pub fn new() -> Result<Self, ConfigError> {
        Self::with_timeouts(CONNECT_TIMEOUT, FETCH_TIMEOUT)
    }

    /// A client that trusts certificates of these authorities and of no others: one or more, in PEM.
    ///
    /// For issuers with a private certificate authority, such as the API server of a Kubernetes cluster. The roots are read
    /// once, so renewing an authority takes a new client.
    ///
    /// # Errors
    /// [`ConfigError::RootCertificates`] when there is none, or one that cannot be read; [`ConfigError::NoBackend`] without
    /// feature `aws-lc` or `ring`.
    pub fn with_root_certificates(pem: &[u8]) -> Result<Self, ConfigError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate =
                certificate.map_err(|_| ConfigError::RootCertificates { reason: "the PEM is malformed" })?;
            roots.add(certificate).map_err(|_| ConfigError::RootCertificates {
                reason: "one of them is no certificate of an authority",
            })?;
        }
        if roots.is_empty() {
            return Err(ConfigError::RootCertificates { reason: "there is none" });
        }
        let tls = tls()?.with_root_certificates(roots).with_no_client_auth();
        Self::with_tls(tls, CONNECT_TIMEOUT, FETCH_TIMEOUT)
    }

    /// Sends the token in this file as `Authorization: Bearer` to the server of this address, and to no other.
    ///
    /// The file is read at each fetch, as such tokens rotate: at most 16 KiB of it, without the white space at its end. The
    /// server is told by scheme, host and port; the rest of the address does not count. While the file cannot be read,
    /// nothing is sent, and the attempt fails with [`FetchError::File`]. Named again, it replaces the file.
    ///
    /// # Errors
    /// [`ConfigError::Address`] when it is not an `https` address.
    pub fn bearer_token_file(
        self,
        server: impl Into<String>,
        path: impl Into<PathBuf>,
    ) -> Result<Self, ConfigError> {
        Ok(Self { bearer: Some(Arc::new(BearerFile::new(&server.into(), path.into())?)), ..self })
    }

    /// A client for the loopback host alone: it needs no roots, so that development works in a bare container. Every other
    /// address is [`FetchError::Tls`].
    ///
    /// # Errors
    /// [`ConfigError::NoBackend`] without feature `aws-lc` or `ring`.
    pub fn loopback_only() -> Result<Self, ConfigError> {
        let tls = tls()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        let loopback = loopback_client(tls, CONNECT_TIMEOUT, FETCH_TIMEOUT)?;
        Ok(Self { internet: None, loopback, bearer: None })
    }

    /// A client for this address: the loopback host needs no roots, so a bare container can play and test.
    pub(in crate::keys) fn for_address(url: &Url) -> Result<Self, ConfigError> {
        match Self::new() {
            Err(ConfigError::HttpClient { .. }) if address::is_loopback(url) => Self::loopback_only(),
            made => made,
        }
    }

    /// Whether there is a client for this address.
    pub(in crate::keys) fn serves(&self, url: &Url) -> bool {
        self.internet.is_some() || address::is_loopback(url)
    }

    pub(super) fn with_timeouts(connect: Duration, total: Duration) -> Result<Self, ConfigError> {
        let tls = tls()?.with_platform_verifier().map_err(unusable)?.with_no_client_auth();
        Self::with_tls(tls, connect, total)
    }

    fn with_tls(tls: ClientConfig, connect: Duration, total: Duration) -> Result<Self, ConfigError> {
        let internet = client_builder(tls.clone(), connect, total).build().map_err(unusable)?;
        Ok(Self { internet: Some(internet), loopback: loopback_client(tls, connect, total)?, bearer: None })
    }
}

fn tls() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, ConfigError> {
    ClientConfig::builder_with_provider(Arc::new(provider()?))
        .with_safe_default_protocol_versions()
        .map_err(unusable)
}

fn loopback_client(tls: ClientConfig, connect: Duration, total: Duration) -> Result<Client, ConfigError> {
    // By its name the loopback host is what RFC 6761, section 6.3 says, and not what a resolver answers.
    let here = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
    let builder = client_builder(tls, connect, total).no_proxy().resolve_to_addrs("localhost", &here);
    builder.build().map_err(unusable)
}

fn unusable(error: impl fmt::Display) -> ConfigError {
    ConfigError::HttpClient { reason: error.to_string() }
}
fn client_builder(tls: ClientConfig, connect: Duration, total: Duration) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        // Another crate may turn decompression on in reqwest, and a small answer could then be a large one.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect)
        .timeout(total)
        // Minutes lie between two fetches; an idle connection would only be one that may have died.
        .pool_max_idle_per_host(0)
}

#[cfg(feature = "aws-lc")]
#[allow(clippy::unnecessary_wraps, reason = "fails where no backend is compiled in")]
fn provider() -> Result<CryptoProvider, ConfigError> {
    Ok(rustls::crypto::aws_lc_rs::default_provider())
}

#[cfg(all(feature = "ring", not(feature = "aws-lc")))]
#[allow(clippy::unnecessary_wraps, reason = "fails where no backend is compiled in")]
fn provider() -> Result<CryptoProvider, ConfigError> {
    Ok(rustls::crypto::ring::default_provider())
}

#[cfg(not(any(feature = "aws-lc", feature = "ring")))]
fn provider() -> Result<CryptoProvider, ConfigError> {
    Err(ConfigError::NoBackend)
}

impl Fetch for HttpFetch {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async move {
            // Judged again by whom it concerns: this type may be used without the set-up's checks.
            let url = address::check(request.url(), Part::Document)
                .map_err(|reason| FetchError::Address { reason })?;
            let client =
                if address::is_loopback(&url) { Some(&self.loopback) } else { self.internet.as_ref() };
            let client = client.ok_or(FetchError::Tls)?;
            let bearer = match self.bearer.as_deref().filter(|bearer| bearer.is_for(&url)) {
                Some(bearer) => Some(bearer.read().await?),
                None => None,
            };
            let asked = client.get(url).header(ACCEPT, ACCEPTED);
            let asked = request.headers().fold(asked, |asked, (name, value)| asked.header(name, value));
            let asked = bearer.into_iter().fold(asked, |asked, token| asked.header(AUTHORIZATION, token));
            let response = asked.send().await;
            read(response.map_err(|error| classify(&error))?, request.max_bytes()).await
        })
    }
}

async fn read(mut response: Response, limit: usize) -> Result<FetchResponse, FetchError> {
    let status = response.status().as_u16();
    let headers = mem::take(response.headers_mut());
    let answer = |body| with_headers(FetchResponse::new(status, body), &headers);
    if status != 200 {
        return Ok(answer(Vec::new()));
    }
    let too_large = |bytes: u64| usize::try_from(bytes).map_or(true, |bytes| bytes > limit);
    if response.content_length().is_some_and(too_large) {
        return Err(FetchError::TooLarge { limit });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if chunk.len() > limit.saturating_sub(body.len()) {
            return Err(FetchError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(answer(body))
}

fn with_headers(answer: FetchResponse, headers: &HeaderMap) -> FetchResponse {
    let readable = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    readable.fold(answer, |answer, (name, value)| answer.with_header(name, value))
}

/// The kind of fault, and nothing of the text: that may quote the server.
fn classify(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::Timeout;
    }
    if caused_by_tls(error) {
        return FetchError::Tls;
    }
    if error.is_connect() { FetchError::Connect } else { FetchError::Broken }
}

fn caused_by_tls(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return true;
        }
        // An `io::Error` gives the source of what it wraps, and so hides what it wraps.
        cause = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}

impl fmt::Debug for HttpFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFetch").finish_non_exhaustive()
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// `application/jwk-set+json` is the registered type of a key set; nearly all servers say `application/json`.
const ACCEPTED: &str = "application/json, application/jwk-set+json";

// Two attributes, as clippy knows a test module by `cfg(test)` alone.
#[cfg(test)]
#[cfg(any(feature = "aws-lc", feature = "ring"))]
mod tests {
    use std::future::ready;

    use reqwest::dns::{Name, Resolve, Resolving};

    use super::*;

    /// Asking a real resolver, even for a reserved name, may be a question to somebody else's machine.
    struct NoSuchName;

    impl Resolve for NoSuchName {
        fn resolve(&self, _: Name) -> Resolving {
            Box::pin(ready(Err(io::Error::other("no such name").into())))
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_found_is_no_connection() {
        let mut client = HttpFetch::with_timeouts(CONNECT_TIMEOUT, FETCH_TIMEOUT).unwrap();
        let tls = tls().unwrap().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        let unresolved =
            client_builder(tls, CONNECT_TIMEOUT, FETCH_TIMEOUT).dns_resolver(Arc::new(NoSuchName));
        client.internet = Some(unresolved.build().unwrap());
        let request = FetchRequest::new("https://id.invalid/jwks", 100);
        assert_eq!(client.fetch(&request).await.unwrap_err(), FetchError::Connect);
    }
}
