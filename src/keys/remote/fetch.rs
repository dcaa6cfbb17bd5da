//! How a document is got: a small trait, so that any HTTP client will do.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use thiserror::Error;

pub use super::document::{FetchRequest, FetchResponse};

/// Gets one document. Implement it to use an HTTP client of your own, or keys from elsewhere.
///
/// What the caller relies on:
///
/// 1. No redirect is followed: the answer's status is given as it came.
/// 2. [`FetchRequest::headers`] are sent with the request, and the answer's are handed to
///    [`FetchResponse::with_header`]: without them every renewal is a full answer, and its advice is not heard.
/// 3. No more than [`FetchRequest::max_bytes`] of a body are kept; a longer one is [`FetchError::TooLarge`].
/// 4. TLS certificates are verified.
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
///                     Ok(FetchResponse::new(200, br#"{"keys":[]}"#).with_header("cache-control", "max-age=300"))
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
