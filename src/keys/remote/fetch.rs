//! How a document is got: a small trait, so that any HTTP client will do.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::address::shown;

/// Gets one document. Implement it to use an HTTP client of your own, or keys from elsewhere.
///
/// What the caller relies on:
///
/// 1. No redirect is followed: the answer's status is given as it came.
/// 2. No more than [`FetchRequest::max_bytes`] of a body are kept; a longer one is [`FetchError::TooLarge`].
/// 3. TLS certificates are verified.
///
/// Only one call per source is under way at a time. It is dropped when it takes longer than 5 s or when the last
/// verifier is gone.
///
/// ```
/// use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse};
///
/// struct MyClient;
///
/// impl Fetch for MyClient {
///     fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
///         Box::pin(async move {
///             match request.url() {
///                 "https://id.example.com/jwks" => {
///                     Ok(FetchResponse::new(200, br#"{"keys":[]}"#).with_cache_control("max-age=300"))
///                 }
///                 _ => Err(FetchError::Connect),
///             }
///         })
///     }
/// }
/// ```
pub trait Fetch: Send + Sync + 'static {
    /// Gets the document at `request`'s address, with `GET`.
    ///
    /// # Errors
    /// [`FetchError`] when there is no answer. An answer with another status than 200 is not an error here.
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f>;
}

/// What [`Fetch::fetch`] returns.
pub type FetchFuture<'f> = Pin<Box<dyn Future<Output = Result<FetchResponse, FetchError>> + Send + 'f>>;

impl<F: Fetch + ?Sized> Fetch for Arc<F> {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        F::fetch(self, request)
    }
}

/// What is to be got.
#[derive(Clone)]
#[non_exhaustive]
pub struct FetchRequest {
    url: String,
    max_bytes: usize,
}

impl FetchRequest {
    /// The document at `url`, of at most `max_bytes` bytes.
    pub fn new(url: impl Into<String>, max_bytes: usize) -> Self {
        Self { url: url.into(), max_bytes }
    }

    /// The address: `https`, or `http` to the loopback host.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The longest body that is of use.
    #[must_use]
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }
}

/// Shows the address up to its query, which may hold a secret.
impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchRequest")
            .field("url", &shown(&self.url))
            .field("max_bytes", &self.max_bytes)
            .finish()
    }
}

/// What was answered.
#[derive(Clone)]
#[non_exhaustive]
pub struct FetchResponse {
    status: u16,
    body: Vec<u8>,
    cache_control: Option<String>,
    age: Option<Duration>,
}

impl FetchResponse {
    /// An answer without advice on how long it may be kept.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), cache_control: None, age: None }
    }

    /// With the value of `Cache-Control`; several fields are joined by commas.
    #[must_use]
    pub fn with_cache_control(self, value: impl Into<String>) -> Self {
        Self { cache_control: Some(value.into()), ..self }
    }

    /// With the value of `Age`: how long the answer had been in a cache on its way.
    #[must_use]
    pub fn with_age(self, age: Duration) -> Self {
        Self { age: Some(age), ..self }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The body. Only that of status 200 is ever looked at.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The value of `Cache-Control`.
    #[must_use]
    pub fn cache_control(&self) -> Option<&str> {
        self.cache_control.as_deref()
    }

    /// The value of `Age`.
    #[must_use]
    pub const fn age(&self) -> Option<Duration> {
        self.age
    }

    pub(super) fn into_body(self) -> Vec<u8> {
        self.body
    }
}

/// Shows how long the body is, and nothing of it.
impl fmt::Debug for FetchResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum FetchError {
    /// No connection: the name was not found, or the host did not answer.
    #[error("no connection could be made")]
    Connect,
    /// The server's certificate was not accepted, or TLS failed otherwise.
    #[error("the TLS connection failed")]
    Tls,
    /// No complete answer in time.
    #[error("no complete answer in time")]
    Timeout,
    /// The connection broke, or what came was not HTTP.
    #[error("the answer broke off or was not readable")]
    Broken,
    /// More bytes than are kept.
    #[error("an answer over {limit} bytes")]
    TooLarge {
        /// The most that is kept.
        limit: usize,
    },
    /// The address is not one to fetch from; nothing was sent.
    #[error("address refused: {reason}")]
    Address {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    File(io::ErrorKind),
    /// Anything else; for implementations of [`Fetch`].
    #[error("{reason}")]
    Other {
        /// What the implementation says.
        reason: &'static str,
    },
}

impl FetchError {
    /// The reason as a stable word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Connect => "fetch_connect",
            Self::Tls => "fetch_tls",
            Self::Timeout => "fetch_timeout",
            Self::Broken => "fetch_broken",
            Self::TooLarge { .. } => "fetch_too_large",
            Self::Address { .. } => "fetch_address",
            Self::File(_) => "fetch_file",
            Self::Other { .. } => "fetch_other",
        }
    }
}
