//! Keys that keep themselves current. (under construction: the contract is in DESIGN 6)

use std::time::Duration;

use super::set::KeySet;
use super::source::{KeyWish, Refreshed};
use super::status::IssuerStatus;
use crate::crypto::Backend;
use crate::error::{ConfigError, Unavailable};
use crate::jose::AlgorithmSet;

/// How an issuer's keys are fetched and kept.
#[derive(Debug)]
pub struct Remote {}

impl Remote {
    pub(crate) fn build(
        self,
        _issuer: &str,
        _allowed: AlgorithmSet,
        _backend: Backend,
    ) -> Result<RemoteKeys, ConfigError> {
        Ok(RemoteKeys {})
    }
}

#[derive(Debug)]
pub(crate) struct RemoteKeys {}

pub(crate) struct Current(std::sync::Arc<KeySet>);

impl Current {
    pub(crate) fn set(&self) -> &KeySet {
        &self.0
    }
    pub(crate) fn stale_age(&self) -> Option<Duration> {
        None
    }
}

impl RemoteKeys {
    pub(crate) fn current(&self) -> Result<Current, Unavailable> {
        Err(Unavailable::KeysNotLoaded { retry_after: Duration::from_secs(1) })
    }
    pub(crate) fn would_wait(&self, _: KeyWish) -> bool {
        false
    }
    pub(crate) async fn refreshed(&self, _: KeyWish) -> Refreshed {
        Refreshed::NotNow
    }
    pub(crate) async fn ready(&self) {}
    pub(crate) fn status(&self, _: &str) -> IssuerStatus {
        std::process::abort()
    }
}
