//! Subjects in logs, without their names.

use std::fmt;

use crate::crypto::KeyedHash;
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
pub struct SubjectHasher(KeyedHash);

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
        KeyedHash::new("the subject hash key, in bytes,", key.into()).map(Self)
    }

    /// The stand-in for a subject of an issuer.
    pub(crate) fn hash_of(&self, issuer: &str, subject: &str) -> SubjectHash {
        let length = u64::try_from(issuer.len()).unwrap_or(u64::MAX);
        let message = [PURPOSE, &length.to_be_bytes(), issuer.as_bytes(), subject.as_bytes()].concat();
        SubjectHash(self.0.of(&message))
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
        f.debug_tuple("SubjectHasher").field(&self.0).finish()
    }
}

const PURPOSE: &[u8] = b"portcullis subject hash\0";
