//! Settings of a verifier, judged before it exists.

#[cfg(feature = "remote")]
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::anchors::Anchors;
use super::cache::TokenCache;
use super::issuer::Issuer;
use super::order::Rules;
#[cfg(feature = "remote")]
use super::tenants::Tenants;
use super::verifier::Verifier;
use crate::crypto::Backend;
use crate::error::ConfigError;
use crate::jose::MAX_TOKEN_BYTES;
use crate::keys::Means;
use crate::revoke::RevocationCheck;
#[cfg(feature = "metrics")]
use crate::telemetry::{Meter, Metrics, Watch};
use crate::time::{Clock, SystemClock};

/// Collects what a [`Verifier`] should trust; made by [`Verifier::builder`].
#[must_use]
pub struct VerifierBuilder {
    issuers: Vec<Issuer>,
    #[cfg(feature = "remote")]
    tenants: Vec<Tenants>,
    backend: Option<Backend>,
    max_token_bytes: usize,
    cached_tokens: usize,
    token_cache_time: Duration,
    revocation: Option<Arc<dyn RevocationCheck>>,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "metrics")]
    metrics: Option<Metrics>,
}

impl VerifierBuilder {
    pub(super) fn new() -> Self {
        Self {
            issuers: Vec::new(),
            #[cfg(feature = "remote")]
            tenants: Vec::new(),
            backend: Backend::available().first().copied(),
            max_token_bytes: MAX_TOKEN_BYTES,
            cached_tokens: DEFAULT_CACHED_TOKENS,
            token_cache_time: DEFAULT_CACHE_TIME,
            revocation: None,
            clock: Arc::new(SystemClock),
            #[cfg(feature = "metrics")]
            metrics: None,
        }
    }

    /// Trusts this issuer, beside those named before. A token's `iss` decides whose rules and keys apply.
    pub fn issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Trusts the tenants that a resolver knows, beside the issuers named here, which come first. Once at most.
    #[cfg(feature = "remote")]
    pub fn tenants(mut self, tenants: Tenants) -> Self {
        self.tenants.push(tenants);
        self
    }

    /// Uses this cryptographic library. Default: the first of [`Backend::available`].
    pub fn backend(self, backend: Backend) -> Self {
        Self { backend: Some(backend), ..self }
    }

    /// Looks at tokens of at most this many bytes. Default: 16 KiB; from 256 B to 1 MiB.
    pub fn max_token_bytes(self, bytes: usize) -> Self {
        Self { max_token_bytes: bytes, ..self }
    }

    /// Remembers so many tokens that were verified, to answer for them without verifying them again. Default: 4,096; up
    /// to 10 million; 0 remembers none.
    ///
    /// It changes no answer: time, revocation, the issuer's keys and its tenants are looked at for every request, and a
    /// token of a key that has been withdrawn is refused at once; one that expires, at the next tick of the clock
    /// ([`Clock::recent`], 10 ms at most). A token is remembered when it is seen a second time, so
    /// tokens that come once push none out. An entry takes about a token's length and half a kilobyte.
    pub fn token_cache(self, tokens: usize) -> Self {
        Self { cached_tokens: tokens, ..self }
    }

    /// For how long a token is remembered at most, before it is verified in full again. Default: 5 min; from 1 s to 1 h.
    pub fn token_cache_time(self, longest: Duration) -> Self {
        Self { token_cache_time: longest, ..self }
    }

    /// Asks `check` about each token that is good by itself, at every request. Default: nobody is asked.
    pub fn revocation(self, check: impl RevocationCheck + 'static) -> Self {
        Self { revocation: Some(Arc::new(check)), ..self }
    }

    /// Reads the time of day from `clock`. Default: the operating system's; a test holds its own.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Tells numbers to the process's recorder of the `metrics` facade. Default: nobody is told.
    ///
    /// ```
    /// # #[cfg(feature = "aws-lc")]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use portcullis::{Issuer, Metrics, Verifier, jose::Jwk};
    ///
    /// # let key = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
    /// // First the recorder, such as that of metrics-exporter-prometheus.
    /// let verifier = Verifier::builder()
    ///     .issuer(Issuer::new("https://id.example.com", key).audience("https://api.example.com"))
    ///     .metrics(Metrics::new())
    ///     .build()?;
    ///
    /// verifier.publish_metrics(); // before a scrape, to be exact; every 5 s it happens by itself
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "aws-lc"))] fn main() {}
    /// ```
    #[cfg(feature = "metrics")]
    pub fn metrics(self, metrics: Metrics) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    /// The verifier. Needs no network: keys are fetched in the background, or at the first token.
    ///
    /// # Errors
    /// [`ConfigError`] for a verifier that could not be safe or could not work.
    pub fn build(self) -> Result<Verifier, ConfigError> {
        self.build_or_point().map_err(|misfit| misfit.error)
    }

    /// The verifier, or what is wrong and with which issuer.
    #[cfg_attr(not(feature = "remote"), allow(unused_mut, reason = "tenants are taken out"))]
    pub(crate) fn build_or_point(mut self) -> Result<Verifier, Misfit> {
        let backend = self.backend.ok_or(ConfigError::NoBackend)?;
        #[cfg(feature = "remote")]
        let tenants = match self.tenants.len() {
            0 => None,
            1 => self.tenants.pop(),
            _ => return Err(ConfigError::TenantsRepeated.into()),
        };
        #[cfg(feature = "remote")]
        let nobody = self.issuers.is_empty() && tenants.is_none();
        #[cfg(not(feature = "remote"))]
        let nobody = self.issuers.is_empty();
        if nobody {
            return Err(ConfigError::NoIssuer.into());
        }
        if !(MIN_TOKEN_LIMIT..=MAX_TOKEN_LIMIT).contains(&self.max_token_bytes) {
            let (min, max) = (MIN_TOKEN_LIMIT, MAX_TOKEN_LIMIT);
            return Err(ConfigError::SizeOutOfBounds { setting: "max_token_bytes", min, max }.into());
        }
        if self.cached_tokens > MAX_CACHED_TOKENS {
            return Err(ConfigError::SizeOutOfBounds {
                setting: "token_cache",
                min: 0,
                max: MAX_CACHED_TOKENS,
            }
            .into());
        }
        if !(MIN_CACHE_TIME..=MAX_CACHE_TIME).contains(&self.token_cache_time) {
            let (min, max) = (MIN_CACHE_TIME, MAX_CACHE_TIME);
            return Err(ConfigError::OutOfBounds { setting: "token_cache_time", min, max }.into());
        }
        #[cfg(feature = "remote")]
        no_snapshot_twice(&self.issuers)?;
        let means = Means::new(backend, self.clock);
        #[cfg(feature = "metrics")]
        let meter = self
            .metrics
            .map(|metrics| Arc::new(Meter::new(metrics, self.issuers.iter().map(Issuer::identifier))));
        #[cfg(all(feature = "metrics", feature = "remote"))]
        let means = means.counted_by(meter.clone());
        let means = Arc::new(means);
        let anchor = |(position, issuer): (usize, Issuer)| {
            issuer.build(&means).map_err(|error| Misfit { issuer: Some(position), error })
        };
        let anchors = self.issuers.into_iter().enumerate().map(anchor).collect::<Result<Vec<_>, _>>()?;
        let anchors = Anchors::new(anchors)?;
        #[cfg(feature = "remote")]
        let anchors = match tenants {
            Some(tenants) => anchors.with_tenants(tenants, Arc::clone(&means))?,
            None => anchors,
        };
        let (tokens, longest) = (self.cached_tokens, self.token_cache_time);
        let rules = Rules {
            anchors,
            max_token_bytes: self.max_token_bytes,
            revocation: self.revocation,
            cache: (tokens > 0).then(|| TokenCache::new(tokens, longest)),
            #[cfg(feature = "metrics")]
            watch: meter.map(|meter| Arc::new(Watch { meter: Some(meter) })),
            #[cfg(not(feature = "metrics"))]
            watch: None,
        };
        let verifier = Verifier::from_parts(rules, means);
        #[cfg(all(feature = "metrics", feature = "remote"))]
        verifier.ensure_publishing();
        Ok(verifier)
    }
}

#[cfg(test)]
#[cfg(feature = "settings")]
impl VerifierBuilder {
    /// All that settings must be able to say. Names every field: a new one does not compile until somebody has decided
    /// whether operators may set it.
    pub(crate) fn described(&self) -> (&[Issuer], Option<Backend>, usize, usize, Duration) {
        let Self {
            issuers,
            backend,
            max_token_bytes,
            cached_tokens,
            token_cache_time,
            // Code, which no settings describe.
            tenants: _,
            revocation: _,
            clock: _,
            metrics: _,
        } = self;
        (issuers, *backend, *max_token_bytes, *cached_tokens, *token_cache_time)
    }
}

/// What is wrong with a set-up, and with which of its issuers, where it is one alone.
pub(crate) struct Misfit {
    #[cfg_attr(
        not(feature = "settings"),
        allow(dead_code, reason = "only settings have places to point to")
    )]
    pub(crate) issuer: Option<usize>,
    pub(crate) error: ConfigError,
}

impl From<ConfigError> for Misfit {
    fn from(error: ConfigError) -> Self {
        Self { issuer: None, error }
    }
}

/// Two issuers would each overwrite what the other has kept, and only the next start would tell.
#[cfg(feature = "remote")]
fn no_snapshot_twice(issuers: &[Issuer]) -> Result<(), ConfigError> {
    let mut paths = HashSet::new();
    let mut named = issuers.iter().filter_map(Issuer::snapshot_path);
    match named.find(|path| !paths.insert(*path)) {
        Some(path) => Err(ConfigError::SnapshotRepeated { path: path.to_owned() }),
        None => Ok(()),
    }
}

impl fmt::Debug for VerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("VerifierBuilder");
        shown.field("issuers", &self.issuers);
        #[cfg(feature = "remote")]
        shown.field("tenants", &self.tenants);
        shown
            .field("backend", &self.backend)
            .field("max_token_bytes", &self.max_token_bytes)
            .field("token_cache", &self.cached_tokens)
            .finish_non_exhaustive()
    }
}

/// Below this no signed token fits.
const MIN_TOKEN_LIMIT: usize = 256;
const DEFAULT_CACHED_TOKENS: usize = 4_096;
const MAX_CACHED_TOKENS: usize = 10_000_000;
const DEFAULT_CACHE_TIME: Duration = Duration::from_secs(5 * 60);
const MIN_CACHE_TIME: Duration = Duration::from_secs(1);
const MAX_CACHE_TIME: Duration = Duration::from_secs(60 * 60);
/// Above this a token is not a credential but an upload.
const MAX_TOKEN_LIMIT: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Verifier;

    #[test]
    fn shown_with_what_was_chosen() {
        let Some(backend) = Backend::available().last() else { return };
        let builder = Verifier::builder().backend(*backend).max_token_bytes(512);
        #[cfg(feature = "remote")]
        let tenants = "tenants: [], ";
        #[cfg(not(feature = "remote"))]
        let tenants = "";
        let want = format!(
            "issuers: [], {tenants}backend: Some({backend:?}), max_token_bytes: 512, token_cache: 4096, .."
        );
        assert_eq!(format!("{builder:?}"), format!("VerifierBuilder {{ {want} }}"));
    }
}
