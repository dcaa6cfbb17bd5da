//! One attempt: find the key set's address, get it, and read it. Nothing is taken here and nothing is replaced.

use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout;

use super::cache_control;
use super::discovery::{self, DiscoveryError};
use super::fetch::{Fetch, FetchError, FetchRequest, FetchResponse};
use super::validators::Validators;
use crate::crypto::Backend;
use crate::error::JwkSetError;
use crate::jose::MAX_SET_BYTES;

/// Where the key set is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Where the issuer's metadata says.
    Discovered { issuer: String },
    /// At this address, or wherever the source looks that needs none.
    At { url: String },
}

impl Place {
    /// The place as it may be written down and compared: an address may hold a secret in its query.
    pub(super) fn digest(&self, backend: Backend) -> [u8; 32] {
        match self {
            Self::Discovered { issuer } => backend.digest(format!("discovered\n{issuer}").as_bytes()),
            Self::At { url } => backend.digest(format!("at\n{url}").as_bytes()),
        }
    }
}

/// An address that was discovered, and how long ago.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) jwks_uri: String,
    pub(super) found: Duration,
    /// No key set could be got from it last time.
    pub(super) suspect: bool,
}

/// What an attempt brought.
pub(super) struct Attempted {
    pub(super) outcome: Result<Answer, RefreshError>,
    /// What to remember for the next one.
    pub(super) located: Option<Located>,
}

/// A key set, or the word that it is the one that was known.
pub(super) enum Answer {
    /// A document, at this address.
    Document { url: String, response: FetchResponse },
    /// The document that was known, with new advice on how long it holds.
    Unchanged { response: FetchResponse },
}

/// A document that need not be sent again: where it was, and how it is known.
#[derive(Clone, Copy)]
pub(super) struct Known<'d> {
    pub(super) url: &'d str,
    pub(super) validators: &'d Validators,
}

/// Makes one attempt at moment `now`.
pub(super) async fn attempt(
    fetch: &dyn Fetch,
    place: &Place,
    located: Option<Located>,
    known: Option<Known<'_>>,
    now: Duration,
) -> Attempted {
    let issuer = match place {
        Place::At { url } => {
            return Attempted { outcome: key_set(fetch, url, known).await, located: None };
        }
        Place::Discovered { issuer } => issuer,
    };
    let located = match located {
        Some(known) if !known.suspect && now < known.found.saturating_add(LOCATED_FOR) => known,
        known => match (discovery::jwks_uri(fetch, issuer).await, known) {
            (Ok(jwks_uri), _) => Located { jwks_uri, found: now, suspect: false },
            // Metadata that cannot be had does not stop keys that can.
            (Err(_), Some(known)) => known,
            (Err(error), None) => return Attempted { outcome: Err(error), located: None },
        },
    };
    let outcome = key_set(fetch, &located.jwks_uri, known).await;
    Attempted { outcome, located: Some(located) }
}

async fn key_set(fetch: &dyn Fetch, url: &str, known: Option<Known<'_>>) -> Result<Answer, RefreshError> {
    let known = known.filter(|known| known.url == url && !known.validators.are_absent());
    let mut request = FetchRequest::new(url, MAX_SET_BYTES);
    if let Some(known) = known {
        request = request.unless(known.validators.clone());
    }
    let response = get(fetch, &request).await?;
    match response.status() {
        200 => Ok(Answer::Document { url: url.to_owned(), response }),
        // Only who asked whether anything changed can be told that nothing did.
        304 if known.is_some() => Ok(Answer::Unchanged { response }),
        status => Err(RefreshError::Status { status, retry_after: cache_control::retry_after(&response) }),
    }
}

/// One answer, whatever its status. Time and size are enforced whoever implements [`Fetch`].
pub(super) async fn get(fetch: &dyn Fetch, request: &FetchRequest) -> Result<FetchResponse, FetchError> {
    let response = timeout(FETCH_TIMEOUT, fetch.fetch(request)).await.map_err(|_| FetchError::Timeout)??;
    if response.body().len() > request.max_bytes() {
        return Err(FetchError::TooLarge { limit: request.max_bytes() });
    }
    Ok(response)
}

/// Why an attempt brought no keys.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(super) enum RefreshError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the key set was answered with status {status}")]
    Status { status: u16, retry_after: Option<Duration> },
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    #[error(transparent)]
    Set(#[from] JwkSetError),
    #[error("a set that shares no key with the one in use; it is taken when seen again")]
    Unconfirmed,
    #[error("the attempt was broken off with the runtime that made it")]
    BrokenOff,
}

impl RefreshError {
    /// The reason as a stable word.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.code(),
            Self::Status { .. } => "fetch_status",
            Self::Discovery(error) => error.code(),
            Self::Set(error) => error.code(),
            Self::Unconfirmed => "key_set_unconfirmed",
            Self::BrokenOff => "fetch_broken_off",
        }
    }

    /// How long the source wants not to be asked.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. }
            | Self::Discovery(DiscoveryError::Status { retry_after, .. }) => *retry_after,
            _ => None,
        }
    }
}

/// The longest that one document may take, connection and body together.
pub(super) const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// An issuer may move its keys; a day is the longest that a maximum age can be, too.
const LOCATED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
