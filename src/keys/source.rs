//! Where an issuer's keys come from.

#[cfg(feature = "remote")]
use std::path::Path;
use std::time::Duration;

use super::means::Means;
#[cfg(feature = "remote")]
use super::remote::{self, Remote, RemoteKeys};
use super::set::{KeySet, Origin};
use super::status::{IssuerStatus, KeyInfo, KeyOrigin, KeyState};
use crate::error::{ConfigError, JwkSetError, KeyError, Unavailable};
use crate::jose::{AlgorithmSet, JwkSet};

/// Where an issuer's keys come from: given once, or kept current by themselves.
#[derive(Debug)]
pub struct Keys(Plan);

#[derive(Debug)]
enum Plan {
    Fixed(JwkSet),
    #[cfg(feature = "remote")]
    Remote(Box<Remote>),
}

impl Keys {
    /// Keys that do not change. Rotating them takes a new verifier.
    #[must_use]
    pub fn fixed(keys: impl Into<JwkSet>) -> Self {
        Self(Plan::Fixed(keys.into()))
    }

    /// The same keys, got by `fetch` if they are not fixed.
    #[cfg(feature = "remote")]
    pub(crate) fn fetched_by(self, fetch: impl remote::Fetch) -> Self {
        match self.0 {
            Plan::Fixed(keys) => Self(Plan::Fixed(keys)),
            Plan::Remote(remote) => Self(Plan::Remote(Box::new(remote.fetched_by(fetch)))),
        }
    }

    /// The same keys, kept in another way; fixed ones are not kept at all.
    #[cfg(feature = "settings")]
    pub(crate) fn remote_changed(self, change: impl FnOnce(Remote) -> Remote) -> Self {
        match self.0 {
            Plan::Fixed(keys) => Self(Plan::Fixed(keys)),
            Plan::Remote(remote) => Self(Plan::Remote(Box::new(change(*remote)))),
        }
    }

    /// The fixed keys, or the source of those that are kept.
    #[cfg(test)]
    #[cfg(feature = "settings")]
    pub(crate) fn described(&self) -> Result<&JwkSet, &Remote> {
        match &self.0 {
            Plan::Fixed(keys) => Ok(keys),
            Plan::Remote(remote) => Err(remote),
        }
    }

    /// The file that keeps the keys over a restart.
    #[cfg(feature = "remote")]
    pub(crate) fn snapshot_path(&self) -> Option<&Path> {
        match &self.0 {
            Plan::Fixed(_) => None,
            Plan::Remote(remote) => remote.snapshot_path(),
        }
    }

    pub(crate) const fn are_fixed(&self) -> bool {
        matches!(self.0, Plan::Fixed(_))
    }

    /// The source itself, its fixed keys proven usable or its refresh task ready to start.
    pub(crate) fn build(
        self,
        issuer: &str,
        allowed: AlgorithmSet,
        means: &Means,
    ) -> Result<KeySource, ConfigError> {
        match self.0 {
            Plan::Fixed(jwks) => {
                let jwks = jwks.of_issuer(issuer);
                let set = KeySet::prepare(&jwks, allowed, means.backend(), Origin::SetUp);
                let unsound = set.skipped().iter().find(|skipped| is_unsound(&skipped.error));
                if let Some(skipped) = unsound {
                    return Err(ConfigError::Key { issuer: issuer.to_owned(), error: skipped.error.clone() });
                }
                if set.keys().is_empty() {
                    return Err(match set.skipped() {
                        [only] => ConfigError::Key { issuer: issuer.to_owned(), error: only.error.clone() },
                        _ => {
                            ConfigError::KeySet { issuer: issuer.to_owned(), error: JwkSetError::NoUsableKey }
                        }
                    });
                }
                Ok(KeySource::Fixed(Box::new(set)))
            }
            #[cfg(feature = "remote")]
            Plan::Remote(remote) => remote.build(issuer, allowed, means).map(KeySource::Remote),
        }
    }
}

impl<T: Into<JwkSet>> From<T> for Keys {
    fn from(keys: T) -> Self {
        Self::fixed(keys)
    }
}

#[cfg(feature = "remote")]
impl From<Remote> for Keys {
    fn from(remote: Remote) -> Self {
        Self(Plan::Remote(Box::new(remote)))
    }
}

/// Whether a key in the set-up is a mistake to be told of, rather than one of a set that other tokens need.
const fn is_unsound(error: &KeyError) -> bool {
    matches!(
        error,
        KeyError::Private
            | KeyError::PointInvalid
            | KeyError::Refused
            | KeyError::SecretTooShort { .. }
            | KeyError::Unsupported(_)
    )
}

/// The keys of one issuer, as the verifier asks for them.
#[derive(Debug)]
pub(crate) enum KeySource {
    Fixed(Box<KeySet>),
    #[cfg(feature = "remote")]
    Remote(RemoteKeys),
}

/// What a token asks of a source that could not serve it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyWish {
    /// There is no set to be used: never loaded, or too old.
    AnySet,
    /// The set of this generation has no key for the token.
    OtherSet { than: u64 },
    /// The key that this set has under the token's id did not sign it: forged, or the key was replaced under its name.
    Replacement { than: u64 },
}

/// What came of waiting for a source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refreshed {
    /// An attempt has ended; looking again is worth it.
    #[cfg_attr(not(feature = "remote"), expect(dead_code, reason = "fixed keys never change"))]
    LookAgain,
    /// No attempt is due, or none ended within the budget.
    NotNow,
}

/// One snapshot of a source.
pub(crate) enum Snapshot<'s> {
    Fixed(&'s KeySet),
    #[cfg(feature = "remote")]
    Remote(remote::Current),
}

impl Snapshot<'_> {
    pub(crate) fn set(&self) -> &KeySet {
        match self {
            Self::Fixed(set) => set,
            #[cfg(feature = "remote")]
            Self::Remote(current) => current.set(),
        }
    }

    /// Which set of its source this is: a change of keys changes it.
    pub(crate) fn generation(&self) -> u64 {
        match self {
            Self::Fixed(_) => FIXED_GENERATION,
            #[cfg(feature = "remote")]
            Self::Remote(current) => current.generation(),
        }
    }

    /// How old the keys are, when they are older than they should be.
    pub(crate) fn stale_age(&self) -> Option<Duration> {
        match self {
            Self::Fixed(_) => None,
            #[cfg(feature = "remote")]
            Self::Remote(current) => current.stale_age(),
        }
    }
}

impl KeySource {
    /// The present keys, without waiting.
    ///
    /// # Errors
    /// [`Unavailable`] when there are none, or none young enough to be trusted.
    pub(crate) fn current(&self) -> Result<Snapshot<'_>, Unavailable> {
        match self {
            Self::Fixed(set) => Ok(Snapshot::Fixed(set)),
            #[cfg(feature = "remote")]
            Self::Remote(keys) => keys.current().map(Snapshot::Remote),
        }
    }

    /// The generation of the keys that serve at this moment, and their age if they are overdue; `None` if none serve.
    pub(crate) fn serving(&self) -> Option<(u64, Option<Duration>)> {
        match self {
            Self::Fixed(_) => Some((FIXED_GENERATION, None)),
            #[cfg(feature = "remote")]
            Self::Remote(keys) => keys.serving(),
        }
    }

    /// Whether waiting could bring keys that fulfil the wish.
    pub(crate) fn would_wait(&self, wish: KeyWish) -> bool {
        match self {
            Self::Fixed(_) => {
                let _ = wish;
                false
            }
            #[cfg(feature = "remote")]
            Self::Remote(keys) => keys.would_wait(wish),
        }
    }

    /// Waits for the one attempt that may fulfil the wish, up to the budget of one request.
    pub(crate) async fn refreshed(&self, wish: KeyWish) -> Refreshed {
        match self {
            Self::Fixed(_) => {
                let _ = wish;
                Refreshed::NotNow
            }
            #[cfg(feature = "remote")]
            Self::Remote(keys) => keys.refreshed(wish).await,
        }
    }

    /// Waits until there are keys to be used.
    #[cfg(feature = "remote")]
    pub(crate) async fn ready(&self) {
        match self {
            Self::Fixed(_) => {}
            Self::Remote(keys) => keys.ready().await,
        }
    }

    /// The time since the keys were confirmed last; `None` for fixed keys, and where there are none.
    pub(crate) fn age(&self) -> Option<Duration> {
        match self {
            Self::Fixed(_) => None,
            #[cfg(feature = "remote")]
            Self::Remote(keys) => keys.age(),
        }
    }

    pub(crate) fn state(&self) -> KeyState {
        match self {
            Self::Fixed(_) => KeyState::Fixed,
            #[cfg(feature = "remote")]
            Self::Remote(keys) => keys.state(),
        }
    }

    pub(crate) fn status(&self, issuer: &str) -> IssuerStatus {
        match self {
            Self::Fixed(set) => IssuerStatus {
                issuer: issuer.to_owned(),
                state: KeyState::Fixed,
                origin: Some(KeyOrigin::SetUp),
                age: None,
                age_limit: None,
                generation: FIXED_GENERATION,
                keys: key_infos(set),
                skipped: set.skipped().to_vec(),
                last_success: None,
                failed_attempts: 0,
                last_error: None,
                next_attempt: None,
            },
            #[cfg(feature = "remote")]
            Self::Remote(keys) => keys.status(issuer),
        }
    }
}

/// The keys of a set, as they are shown.
pub(crate) fn key_infos(set: &KeySet) -> Vec<KeyInfo> {
    let info = |key: &super::set::Key| KeyInfo {
        key_id: key.id().map(str::to_owned),
        algorithms: key.algorithms(),
        thumbprint: key.shown_thumbprint(),
    };
    set.keys().iter().map(info).collect()
}

/// The one set that a fixed source ever has.
const FIXED_GENERATION: u64 = 1;
