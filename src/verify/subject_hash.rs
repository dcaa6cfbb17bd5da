//! Stand-ins for the subjects of verified tokens.

use super::token::VerifiedToken;
use crate::audit::{SubjectHash, SubjectHasher};

impl SubjectHasher {
    /// The stand-in for the token's subject; `None` when the token has none.
    ///
    /// The first 16 bytes of HMAC-SHA-256 over a text that no other use has, the issuer and its length, and the subject:
    /// subjects are unique within their issuer alone.
    #[must_use]
    pub fn hash(&self, token: &VerifiedToken) -> Option<SubjectHash> {
        token.subject().map(|subject| self.hash_of(token.issuer(), subject))
    }
}
