//! Keys to start with.

use std::time::Duration;

use super::events;
use super::holding::Term;
use super::snapshot::{Owner, Restored};
use crate::error::{ConfigError, JwkSetError};
use crate::jose::JwkSet;
use crate::keys::set::{KeySet, Origin};
use crate::keys::status::KeyOrigin;
use crate::time::{Clock, UnixTime};

/// Keys that are compiled in, and until when they may serve.
pub(super) struct Embedded {
    pub(super) keys: JwkSet,
    pub(super) until: UnixTime,
}

impl Embedded {
    /// The keys, unless their time is over.
    ///
    /// # Errors
    /// [`ConfigError::KeySet`] when none of them can be used.
    pub(super) fn prepare(self, owner: &Owner, clock: &dyn Clock) -> Result<Option<Restored>, ConfigError> {
        let jwks = self.keys.of_issuer(&owner.issuer);
        let set = KeySet::prepare(&jwks, owner.allowed, owner.backend, Origin::Published);
        if set.keys().is_empty() {
            let error = JwkSetError::NoUsableKey;
            return Err(ConfigError::KeySet { issuer: owner.issuer.clone(), error });
        }
        let left = self.until.saturating_since(clock.now());
        if left.is_zero() {
            events::embedded_outdated(&owner.issuer);
            return Ok(None);
        }
        let term = Term {
            origin: KeyOrigin::Embedded,
            since: Duration::ZERO,
            age_then: Duration::ZERO,
            max_age: Duration::ZERO,
            max_stale: left,
        };
        Ok(Some(Restored { set, term }))
    }
}
