//! What the key sources of one verifier share.

use std::fmt;
use std::sync::Arc;
#[cfg(feature = "reqwest")]
use std::sync::OnceLock;

#[cfg(feature = "remote")]
use tokio::sync::watch;
#[cfg(feature = "reqwest")]
use url::Url;

#[cfg(feature = "reqwest")]
use super::remote::HttpFetch;
use crate::crypto::Backend;
#[cfg(feature = "reqwest")]
use crate::error::ConfigError;
#[cfg(feature = "remote")]
use crate::telemetry::KeyCounts;
#[cfg(all(feature = "metrics", feature = "remote"))]
use crate::telemetry::Meter;
use crate::time::Clock;

/// What the key sources of one verifier share, those of issuers that come later included.
pub(crate) struct Means {
    backend: Backend,
    clock: Arc<dyn Clock>,
    /// What the verifier counts.
    #[cfg(all(feature = "metrics", feature = "remote"))]
    meter: Option<Arc<Meter>>,
    /// Beats when the state of any issuer's keys changes.
    #[cfg(feature = "remote")]
    pulse: watch::Sender<()>,
    /// Loading the operating system's roots takes a millisecond and a megabyte or so: once, and only if anyone asks.
    #[cfg(feature = "reqwest")]
    https: OnceLock<Arc<HttpFetch>>,
}

impl Means {
    pub(crate) fn new(backend: Backend, clock: Arc<dyn Clock>) -> Self {
        Self {
            backend,
            clock,
            #[cfg(all(feature = "metrics", feature = "remote"))]
            meter: None,
            #[cfg(feature = "remote")]
            pulse: watch::Sender::new(()),
            #[cfg(feature = "reqwest")]
            https: OnceLock::new(),
        }
    }

    #[cfg(all(feature = "metrics", feature = "remote"))]
    pub(crate) fn counted_by(self, meter: Option<Arc<Meter>>) -> Self {
        Self { meter, ..self }
    }

    /// Where the keys of this issuer are counted.
    #[cfg(feature = "remote")]
    pub(crate) fn key_counts(&self, issuer: &str) -> KeyCounts {
        #[cfg(feature = "metrics")]
        return self.meter.as_ref().map(|meter| meter.keys_of(issuer)).unwrap_or_default();
        #[cfg(not(feature = "metrics"))]
        {
            let _ = issuer;
            KeyCounts::default()
        }
    }

    /// Who prepares keys and checks signatures.
    pub(crate) const fn backend(&self) -> Backend {
        self.backend
    }

    /// The time of day: for tokens, and for keys that outlive a process.
    pub(crate) const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What beats when the state of any issuer's keys changes.
    #[cfg(feature = "remote")]
    pub(crate) const fn pulse(&self) -> &watch::Sender<()> {
        &self.pulse
    }

    /// The one client of all sources that bring none of their own.
    ///
    /// # Errors
    /// Those of [`HttpFetch::new`], unless the address is on the loopback host, which needs no roots.
    #[cfg(feature = "reqwest")]
    pub(crate) fn https(&self, url: &Url) -> Result<Arc<HttpFetch>, ConfigError> {
        if let Some(client) = self.https.get().filter(|client| client.serves(url)) {
            return Ok(Arc::clone(client));
        }
        let made = Arc::new(HttpFetch::for_address(url)?);
        let kept = self.https.get_or_init(|| Arc::clone(&made));
        // What was made first may be of a host without roots, and this address one that needs them.
        Ok(if kept.serves(url) { Arc::clone(kept) } else { made })
    }
}

impl fmt::Debug for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Means").field("backend", &self.backend).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(all(feature = "reqwest", any(feature = "aws-lc", feature = "ring")))]
mod tests {
    use super::*;
    use crate::jose::{Algorithm, AlgorithmSet};
    use crate::keys::remote::Remote;
    use crate::time::SystemClock;

    #[test]
    fn all_sources_share_one_client() {
        let means = Means::new(Backend::available()[0], Arc::new(SystemClock));
        let url = |text| Url::parse(text).unwrap();
        let first = means.https(&url("http://localhost:1/jwks")).unwrap();
        assert!(Arc::ptr_eq(&first, &means.https(&url("http://127.0.0.1:2/")).unwrap()));
        let algorithms = AlgorithmSet::from_iter([Algorithm::EdDSA]);
        let sources: Vec<_> = (0..1_000)
            .map(|n| Remote::discover(format!("http://localhost:1/{n}")).unwrap())
            .zip(0..)
            .map(|(remote, n)| remote.build(&format!("http://localhost:1/{n}"), algorithms, &means).unwrap())
            .collect();
        assert_eq!(Arc::strong_count(&first), 2 + sources.len());
        let given = Remote::discover_with("http://localhost:1", Arc::clone(&first)).unwrap();
        drop(sources);
        let own = Remote::jwks_url_with("http://localhost:1/jwks", HttpFetch::clone(&first)).unwrap();
        let _own = own.build("http://localhost:1", algorithms, &means).unwrap();
        assert_eq!(Arc::strong_count(&first), 3, "a client of its own is used, and no other");
        drop(given);
    }
}
