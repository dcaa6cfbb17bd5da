//! Subjects in logs, without their names.

use std::fmt;
use std::sync::Arc;

use super::token::VerifiedToken;
use crate::crypto::Backend;
use crate::error::ConfigError;
use crate::jose::Secret;

/// Stands in for the subjects of tokens where they must not be written down: logs, traces, metrics.
///
/// The same subject of the same issuer has the same hash under the same key, and nobody without the key can tell whose it
/// is. The key is what makes it so: subjects are e-mail addresses, account numbers or ids that somebody knows, and a hash
/// without a key is undone by hashing all of them. Keep the key out of the place where the hashes go. Under a new key old
/// entries can no longer be told to belong together, which is a way to forget.
///
/// Whoever has the key can still ask whether an entry is about somebody, so the hashes are pseudonyms and personal data,
/// not anonymous.
///
/// ```
/// # #[cfg(feature = "aws-lc")]
/// # fn key_from_your_secret_store() -> Vec<u8> { vec![7; 32] }
/// # #[cfg(feature = "aws-lc")]
/// # fn handler(token: portcullis::VerifiedToken) -> Result<(), portcullis::ConfigError> {
/// use portcullis::SubjectHasher;
///
/// let hasher = SubjectHasher::new(key_from_your_secret_store())?; // once, when the service starts
/// match hasher.hash(&token) {
///     Some(subject) => println!("seen: {subject}"), // 32 hexadecimal digits
///     None => println!("seen: a token without a subject"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SubjectHasher {
    backend: Backend,
    key: Arc<Secret>,
}

/// A subject's stand-in: 32 hexadecimal digits. Made by [`SubjectHasher::hash`].
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct SubjectHash(u128);

impl SubjectHasher {
    /// Hashes under this key: 32 random bytes or more, the same in every instance whose logs are read together.
    ///
    /// # Errors
    /// [`ConfigError::SizeOutOfBounds`] for less than 32 bytes, or more than 1,024; [`ConfigError::NoBackend`] without
    /// feature `aws-lc` or `ring`.
    pub fn new(key: impl Into<Secret>) -> Result<Self, ConfigError> {
        let key = key.into();
        if key.len() < MIN_KEY_BYTES || key.len() > MAX_KEY_BYTES {
            let (min, max) = (MIN_KEY_BYTES, MAX_KEY_BYTES);
            return Err(ConfigError::SizeOutOfBounds {
                setting: "the subject hash key, in bytes,",
                min,
                max,
            });
        }
        let backend = Backend::available().first().copied().ok_or(ConfigError::NoBackend)?;
        Ok(Self { backend, key: Arc::new(key) })
    }

    /// The stand-in for the token's subject; `None` when the token has none.
    ///
    /// The first 16 bytes of HMAC-SHA-256 over a text that no other use has, the issuer and its length, and the subject:
    /// subjects are unique within their issuer alone.
    #[must_use]
    pub fn hash(&self, token: &VerifiedToken) -> Option<SubjectHash> {
        let (issuer, subject) = (token.issuer(), token.subject()?);
        let length = u64::try_from(issuer.len()).unwrap_or(u64::MAX);
        let message = [PURPOSE, &length.to_be_bytes(), issuer.as_bytes(), subject.as_bytes()].concat();
        let mac = self.backend.authenticate(&self.key, &message);
        let (first, _) = mac.split_first_chunk()?;
        Some(SubjectHash(u128::from_be_bytes(*first)))
    }
}

impl fmt::Display for SubjectHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for SubjectHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectHash({self})")
    }
}

impl fmt::Debug for SubjectHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubjectHasher").field("backend", &self.backend).field("key", &self.key).finish()
    }
}

const PURPOSE: &[u8] = b"portcullis subject hash\0";
/// As long as the hash function's output: RFC 2104, section 3.
const MIN_KEY_BYTES: usize = 32;
/// More is a file that was taken for a key.
const MAX_KEY_BYTES: usize = 1_024;
