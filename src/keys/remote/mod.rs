//! Keys that keep themselves current.
//!
//! A lookup reads one snapshot; readers share no lock with each other or with the task. One detached task for each
//! source does all the fetching.
//!
//! | age of the keys | known `kid` | unknown `kid` |
//! |---|---|---|
//! | under `max_age`: fresh | served | one early attempt, shared by all who wait, within the wait budget |
//! | under `max_age + max_stale`: grace | served, and marked with the age | the same; joins an attempt that is due |
//! | beyond, or never loaded | [`Unavailable`](crate::Unavailable) after the wait budget | the same |
//!
//! 1. *Only a validated answer replaces anything.* Status 200, size, JSON, at least one usable key. Any other answer
//!    changes nothing and is shown in the status. Keys that have nothing in common with those that serve are taken when
//!    they are seen a second time, about a second later, among the last two sets of that kind. Keys confirmed by an equal
//!    answer, or by a 304 to a request that was made on condition, are young again, and keep their generation.
//! 2. *Strangers cannot raise the rate.* One attempt is under way at most. For unknown `kid`s
//!    the next may start an interval after the start of the last, whatever came of that; for a signature that the key of
//!    its `kid` did not make, six intervals after, as forgeries must not spend what new keys need. A wish that comes
//!    too early is one flag, not an entry: when the interval ends, the attempt is made, so a key that is really new is
//!    served within an interval even if nobody asks again. There is no memory of `kid`s that were not found: it would be
//!    one more thing that invented ones fill or evict, it would have to be forgotten with each attempt, and the interval
//!    alone already bounds the rate to what it would allow.
//! 3. *Failures back off*, from 1 s doubling to 60 s, at random below that. Requests that find no keys at all do not
//!    hasten an attempt; those with an unknown `kid` do, up to the one attempt an interval of point 2. `Retry-After` holds
//!    off both, for a minute at most. After a success the next attempt is made at 70 % to 90 % of the maximum age, which
//!    is the answer's `Cache-Control` or `Expires`, from a minute to a day.
//! 4. *One odd entry does not spoil a set*: unknown and malformed keys, private and symmetric ones are skipped, and
//!    listed in the status with the reason.
//! 5. *Waiting is shared and bounded.* Waiters end with the attempt or with their budget, and at most 4,096 wait for one
//!    source. Dropping one cancels nothing.
//! 6. *Dropping the last verifier ends the task*, also in the middle of a fetch.
//! 7. *The task lives on the tokio runtime*, with time enabled, on which the verifier was built or first missed a key. If
//!    that runtime is gone, the next call that misses a key, or finds keys past their maximum age, starts another on its
//!    own. Without any runtime keys are served while they last, and nothing is awaited.
//! 8. *A renewal asks on condition* (`ETag`, else `Last-Modified`). Unknown keys are asked for in full, and so is every
//!    source once a day: a tag that its server forgets to change must not hide a key.
//! 9. *A restart may begin with keys*: those that a [`Snapshot`] kept on disk, as old as they are, or
//!    [embedded](Remote::embedded) ones.
//!
//! Ages are measured with a monotonic clock, from the start of the attempt that brought the keys, so a time of day that
//! jumps changes nothing. Where the operating system stops that clock while the machine sleeps, as Linux does, time
//! asleep does not count.

pub(crate) mod address;
mod attempt;
#[cfg(feature = "reqwest")]
mod bearer;
mod cache_control;
#[cfg(test)]
#[cfg(feature = "settings")]
mod described;
mod discovery;
mod document;
mod embedded;
mod events;
mod fetch;
mod file;
mod holding;
#[cfg(feature = "reqwest")]
mod http;
mod intake;
mod refresh;
mod schedule;
mod serving;
mod snapshot;
pub(crate) mod sync;
mod task;
#[cfg(test)]
mod tests;
mod validators;
mod waiting;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use fetch::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse};
#[cfg(feature = "settings")]
pub(crate) use file::open as open_file;
#[cfg(feature = "reqwest")]
pub use http::HttpFetch;
pub(crate) use refresh::{Current, RemoteKeys};
pub use snapshot::Snapshot;
pub(crate) use waiting::QueuePlace;

use crate::error::ConfigError;
use crate::jose::{AlgorithmSet, JwkSet};
use crate::keys::Means;
use crate::time::UnixTime;
use address::Part;
use attempt::Place;
use cache_control::{MAX_MAX_AGE, MIN_MAX_AGE};
use embedded::Embedded;
use file::FileFetch;
use refresh::Plan;
use schedule::{Renewal, Timing};
use snapshot::{Owner, SEAL_BYTES};
use url::Url;

/// How an issuer's keys are fetched and kept. The contract stands in the [module's documentation](self).
///
/// `Issuer::discover`, `Issuer::jwks_url` and `Issuer::jwks_file` make one with the defaults; make it yourself to change
/// them.
///
/// ```
/// # #[cfg(all(feature = "reqwest", feature = "aws-lc"))]
/// # fn main() -> Result<(), portcullis::ConfigError> {
/// use std::time::Duration;
/// use portcullis::{Issuer, Verifier, keys::remote::Remote};
///
/// let keys = Remote::discover("https://id.example.com")?.max_stale(Duration::from_secs(6 * 60 * 60));
/// let verifier = Verifier::builder()
///     .issuer(Issuer::new("https://id.example.com", keys).audience("https://api.example.com"))
///     .build()?;
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "reqwest", feature = "aws-lc")))] fn main() {}
/// ```
#[must_use]
pub struct Remote {
    place: Place,
    client: Client,
    timing: Timing,
    wait_budget: Duration,
    snapshot: Option<Snapshot>,
    embedded: Option<Embedded>,
}

/// Who fetches.
enum Client {
    /// The one that the verifier has for all who bring none, once it is built.
    #[cfg(feature = "reqwest")]
    Shared {
        /// Where it is sent first.
        url: Url,
    },
    Own(Box<dyn Fetch>),
}

impl Client {
    fn own(fetch: impl Fetch) -> Self {
        Self::Own(Box::new(fetch))
    }

    #[allow(clippy::unnecessary_wraps, reason = "only the shared client can be unusable")]
    fn fetch(self, means: &Means) -> Result<Box<dyn Fetch>, ConfigError> {
        match self {
            #[cfg(feature = "reqwest")]
            Self::Shared { url } => Ok(Box::new(means.https(&url)?)),
            Self::Own(fetch) => {
                let _ = means;
                Ok(fetch)
            }
        }
    }
}

impl Remote {
    /// The keys that the issuer's metadata points to, over HTTPS with the one [`HttpFetch`] of the verifier.
    ///
    /// The metadata is looked for as OpenID Connect Discovery says, then as
    /// [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414#section-3) does, and must name this very issuer, byte for byte.
    ///
    /// # Errors
    /// [`ConfigError::Address`] when the identifier is not an `https` URL (or `http` to the loopback host) without user,
    /// query and fragment. Those of [`HttpFetch::new`] come when the verifier is built.
    #[cfg(feature = "reqwest")]
    pub fn discover(issuer: impl Into<String>) -> Result<Self, ConfigError> {
        let (issuer, url) = checked(issuer.into(), Part::Issuer)?;
        Ok(Self::from_parts(Place::Discovered { issuer }, Client::Shared { url }))
    }

    /// The keys at this address, over HTTPS with the one [`HttpFetch`] of the verifier.
    ///
    /// # Errors
    /// [`ConfigError::Address`] when it is not an `https` URL (or `http` to the loopback host) without user and fragment.
    /// Those of [`HttpFetch::new`] come when the verifier is built.
    #[cfg(feature = "reqwest")]
    pub fn jwks_url(url: impl Into<String>) -> Result<Self, ConfigError> {
        let (text, url) = checked(url.into(), Part::Document)?;
        Ok(Self::from_parts(Place::At { url: text }, Client::Shared { url }))
    }

    /// The keys that the issuer's metadata points to, got by `fetch`.
    ///
    /// # Errors
    /// [`ConfigError::Address`], when the identifier is not an `https` URL (or `http` to the loopback host) without user,
    /// query and fragment.
    pub fn discover_with(issuer: impl Into<String>, fetch: impl Fetch) -> Result<Self, ConfigError> {
        let (issuer, _) = checked(issuer.into(), Part::Issuer)?;
        Ok(Self::from_parts(Place::Discovered { issuer }, Client::own(fetch)))
    }

    /// The keys at this address, got by `fetch`.
    ///
    /// # Errors
    /// [`ConfigError::Address`], when it is not an `https` URL (or `http` to the loopback host) without user and fragment.
    pub fn jwks_url_with(url: impl Into<String>, fetch: impl Fetch) -> Result<Self, ConfigError> {
        let (url, _) = checked(url.into(), Part::Document)?;
        Ok(Self::from_parts(Place::At { url }, Client::own(fetch)))
    }

    /// The keys in a JWK Set file, which is looked at every 10 s, and for unknown `kid`s every second.
    ///
    /// The same contract holds: a file that is missing, broken or empty for a while changes nothing. Replace it by
    /// renaming, so that no half of it is ever read.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        // The address is never looked at.
        let place = Place::At { url: "file:".to_owned() };
        let remote = Self::from_parts(place, Client::own(FileFetch::new(path.into())));
        let timing = Timing {
            unknown_key_interval: FILE_UNKNOWN_KEY_INTERVAL,
            renewal: Renewal::Every(FILE_INTERVAL),
            ..remote.timing
        };
        Self { timing, ..remote }
    }

    const fn from_parts(place: Place, client: Client) -> Self {
        let timing = Timing {
            max_stale: DEFAULT_MAX_STALE,
            unknown_key_interval: DEFAULT_UNKNOWN_KEY_INTERVAL,
            default_max_age: DEFAULT_MAX_AGE,
            renewal: Renewal::Ahead,
        };
        Self { place, client, timing, wait_budget: DEFAULT_WAIT_BUDGET, snapshot: None, embedded: None }
    }

    /// Gets the documents by `fetch`, in place of the client of the verifier: another HTTP client, a client with other
    /// root certificates, or a script in a test.
    pub fn fetched_by(self, fetch: impl Fetch) -> Self {
        Self { client: Client::own(fetch), ..self }
    }

    /// How long keys serve past their maximum age when they cannot be renewed. Default: 1 h; from 0 to 7 d.
    ///
    /// It is also how much longer a withdrawn key serves while the issuer is down.
    pub fn max_stale(self, max_stale: Duration) -> Self {
        Self { timing: Timing { max_stale, ..self.timing }, ..self }
    }

    /// The least time between two attempts that unknown `kid`s cause. Default: 10 s, for files 1 s; from 1 s to 10 min.
    pub fn unknown_key_interval(self, interval: Duration) -> Self {
        Self { timing: Timing { unknown_key_interval: interval, ..self.timing }, ..self }
    }

    /// How long one request waits for an attempt that may bring its key. Default: 2 s; from 0 to 30 s.
    pub fn wait_budget(self, wait_budget: Duration) -> Self {
        Self { wait_budget, ..self }
    }

    /// The maximum age of keys whose answer grants none by `Cache-Control`. Default: 10 min; from 1 min to 24 h.
    pub fn default_max_age(self, default_max_age: Duration) -> Self {
        Self { timing: Timing { default_max_age, ..self.timing }, ..self }
    }

    /// Keeps the last known good keys in this file, so that a restart in the middle of an outage still serves.
    /// [`Snapshot`] says when its keys are used and when not. Default: none.
    ///
    /// One file for each issuer.
    pub fn snapshot(self, snapshot: impl Into<Snapshot>) -> Self {
        Self { snapshot: Some(snapshot.into()), ..self }
    }

    pub(crate) fn snapshot_path(&self) -> Option<&Path> {
        self.snapshot.as_ref().map(Snapshot::path)
    }

    /// Has these keys, compiled in, serve from the start until the source has answered for the first time, and no longer
    /// than `until`, by the verifier's clock. Default: none.
    ///
    /// A floor for the start, not a net: once keys have come, from the source or a [`snapshot`](Self::snapshot), these
    /// are forgotten. They count as overdue, so `KeyState::Grace`. Until then a key that its issuer has withdrawn serves
    /// on, so let `until` be soon after the next release.
    pub fn embedded(self, keys: impl Into<JwkSet>, until: UnixTime) -> Self {
        Self { embedded: Some(Embedded { keys: keys.into(), until }), ..self }
    }

    pub(crate) fn build(
        self,
        issuer: &str,
        allowed: AlgorithmSet,
        means: &Means,
    ) -> Result<RemoteKeys, ConfigError> {
        let Self { place, client, timing, wait_budget, snapshot, embedded } = self;
        let Timing { max_stale, unknown_key_interval, default_max_age, renewal: _ } = timing;
        within("max_stale", max_stale, Duration::ZERO, MAX_MAX_STALE)?;
        within(
            "unknown_key_interval",
            unknown_key_interval,
            Duration::from_secs(1),
            MAX_UNKNOWN_KEY_INTERVAL,
        )?;
        within("wait_budget", wait_budget, Duration::ZERO, MAX_WAIT_BUDGET)?;
        within("default_max_age", default_max_age, MIN_MAX_AGE, MAX_MAX_AGE)?;
        // Metadata vouches for the issuer that it names, so no other may use what it points to.
        if let Place::Discovered { issuer: discovered } = &place
            && discovered != issuer
        {
            return Err(ConfigError::Address {
                address: discovered.clone(),
                reason: "keys are discovered from another issuer than the one they are for",
            });
        }
        let fetch = client.fetch(means)?;
        let seal = snapshot.as_ref().and_then(Snapshot::seal_bytes);
        if seal.is_some_and(|bytes| !SEAL_BYTES.contains(&bytes)) {
            let (setting, min, max) = ("snapshot seal", *SEAL_BYTES.start(), *SEAL_BYTES.end());
            return Err(ConfigError::SizeOutOfBounds { setting, min, max });
        }
        let (backend, clock) = (means.backend(), Arc::clone(means.clock()));
        let owner =
            Owner { issuer: issuer.to_owned(), place: place.digest(backend), allowed, backend, max_stale };
        // Judged even where a file will serve: a mistake in the program is to be found at its first start.
        let embedded = embedded.map(|keys| keys.prepare(&owner, &*clock)).transpose()?.flatten();
        let restored = snapshot.as_ref().and_then(|file| {
            let restored = file.restore(&owner, clock.now());
            match &restored {
                Ok(keys) => events::snapshot_used(issuer, keys.term.age_then),
                Err(error) => events::snapshot_refused(issuer, *error),
            }
            restored.ok()
        });
        let plan = Plan {
            owner,
            fetch,
            place,
            timing,
            wait_budget,
            snapshot,
            clock,
            pulse: means.pulse().clone(),
            counts: means.key_counts(issuer),
        };
        Ok(RemoteKeys::start(plan, restored.or(embedded)))
    }
}

/// Shows no address: a query may hold a secret.
impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("timing", &self.timing)
            .field("wait_budget", &self.wait_budget)
            .finish_non_exhaustive()
    }
}

fn checked(address: String, part: Part) -> Result<(String, Url), ConfigError> {
    match address::check(&address, part) {
        Ok(url) => Ok((address, url)),
        Err(reason) => Err(ConfigError::Address { address: address::shown(&address), reason }),
    }
}

/// Refuses a setting outside of its bounds.
pub(crate) fn within(
    setting: &'static str,
    value: Duration,
    min: Duration,
    max: Duration,
) -> Result<(), ConfigError> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(ConfigError::OutOfBounds { setting, min, max }) }
}

const DEFAULT_MAX_AGE: Duration = Duration::from_secs(10 * 60);
/// Long enough for most outages to be mended, short enough to bound how long a withdrawn key serves in one.
const DEFAULT_MAX_STALE: Duration = Duration::from_secs(60 * 60);
const MAX_MAX_STALE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const DEFAULT_UNKNOWN_KEY_INTERVAL: Duration = Duration::from_secs(10);
const MAX_UNKNOWN_KEY_INTERVAL: Duration = Duration::from_secs(10 * 60);
const DEFAULT_WAIT_BUDGET: Duration = Duration::from_secs(2);
/// No client waits longer for its request.
const MAX_WAIT_BUDGET: Duration = Duration::from_secs(30);
const FILE_INTERVAL: Duration = Duration::from_secs(10);
const FILE_UNKNOWN_KEY_INTERVAL: Duration = Duration::from_secs(1);
