//! One attempt: find the key set's address, get it, and read it. Nothing is taken here and nothing is replaced.

use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout;

use super::discovery::{self, DiscoveryError};
use super::fetch::{Fetch, FetchError, FetchRequest, FetchResponse};
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
    pub(super) outcome: Result<FetchResponse, RefreshError>,
    /// What to remember for the next one.
    pub(super) located: Option<Located>,
}

/// Makes one attempt at moment `now`.
pub(super) async fn attempt(
    fetch: &dyn Fetch,
    place: &Place,
    located: Option<Located>,
    now: Duration,
) -> Attempted {
    let issuer = match place {
        Place::At { url } => {
            return Attempted { outcome: key_set(fetch, url).await, located: None };
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
    let outcome = key_set(fetch, &located.jwks_uri).await;
    Attempted { outcome, located: Some(located) }
}

async fn key_set(fetch: &dyn Fetch, url: &str) -> Result<FetchResponse, RefreshError> {
    let response = get(fetch, &FetchRequest::new(url, MAX_SET_BYTES)).await?;
    match response.status() {
        200 => Ok(response),
        status => Err(RefreshError::Status(status)),
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
    #[error("the key set was answered with status {0}")]
    Status(u16),
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
            Self::Status(_) => "fetch_status",
            Self::Discovery(error) => error.code(),
            Self::Set(error) => error.code(),
            Self::Unconfirmed => "key_set_unconfirmed",
            Self::BrokenOff => "fetch_broken_off",
        }
    }
}

/// The longest that one document may take, connection and body together.
pub(super) const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// An issuer may move its keys; a day is the longest that a maximum age can be, too.
const LOCATED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
