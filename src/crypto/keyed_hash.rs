//! Hashes that nobody can undo or make who has not the key.

use std::fmt;
use std::sync::Arc;

use super::Backend;
use crate::error::ConfigError;
use crate::jose::Secret;

/// A key, and the library that hashes under it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct KeyedHash {
    backend: Backend,
    key: Arc<Secret>,
}

impl KeyedHash {
    /// # Errors
    /// [`ConfigError::SizeOutOfBounds`], which names the key as `setting`, for less than 32 bytes, or more than 1,024;
    /// [`ConfigError::NoBackend`] without feature `aws-lc` or `ring`.
    pub(crate) fn new(setting: &'static str, key: Secret) -> Result<Self, ConfigError> {
        let (min, max) = (MIN_KEY_BYTES, MAX_KEY_BYTES);
        if !(min..=max).contains(&key.len()) {
            return Err(ConfigError::SizeOutOfBounds { setting, min, max });
        }
        let backend = Backend::available().first().copied().ok_or(ConfigError::NoBackend)?;
        Ok(Self { backend, key: Arc::new(key) })
    }

    /// The first 16 bytes of HMAC-SHA-256 over `message`, as a number.
    ///
    /// The start of each message says what it is for, so that no two uses of one key have a message in common.
    pub(crate) fn of(&self, message: &[u8]) -> u128 {
        let mac = self.backend.authenticate(&self.key, message);
        mac.first_chunk().map_or(0, |first| u128::from_be_bytes(*first))
    }
}

impl fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedHash").field("backend", &self.backend).field("key", &self.key).finish()
    }
}

/// As long as the hash function's output: RFC 2104, section 3.
const MIN_KEY_BYTES: usize = 32;
/// More is a file that was taken for a key.
const MAX_KEY_BYTES: usize = 1_024;
