//! Whether a token that is good by itself has been revoked since.
//!
//! A verifier asks what is given to [`VerifierBuilder::revocation`](crate::VerifierBuilder::revocation) about every token
//! that passed all other checks, at every request, also if the token was seen before.

use std::time::Duration;

use crate::verify::VerifiedToken;

/// Tells whether a token has been revoked.
///
/// Asked in the middle of a request and on the thread that serves it, so it answers from memory: a deny list that a task
/// of yours keeps current, or the statuses that it fetched. Any `Fn(&VerifiedToken) -> RevocationStatus` is one.
///
/// ```
/// use std::collections::HashSet;
/// use std::sync::{Arc, RwLock};
/// use portcullis::revoke::RevocationStatus;
/// use portcullis::{VerifiedToken, Verifier};
///
/// let denied: Arc<RwLock<HashSet<String>>> = Arc::default();
/// let list = Arc::clone(&denied);
/// let builder = Verifier::builder().revocation(move |token: &VerifiedToken| {
///     let Ok(denied) = list.read() else { return RevocationStatus::unknown() };
///     match token.token_id() {
///         Some(id) if !denied.contains(id) => RevocationStatus::NotRevoked,
///         _ => RevocationStatus::Revoked,
///     }
/// });
/// ```
pub trait RevocationCheck: Send + Sync {
    /// What is known of the token at this moment.
    fn status(&self, token: &VerifiedToken) -> RevocationStatus;
}

impl<F> RevocationCheck for F
where
    F: Fn(&VerifiedToken) -> RevocationStatus + Send + Sync,
{
    fn status(&self, token: &VerifiedToken) -> RevocationStatus {
        self(token)
    }
}

/// What is known of a token's revocation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RevocationStatus {
    /// It has not been revoked.
    NotRevoked,
    /// It has been revoked: [`Rejection::Revoked`](crate::Rejection::Revoked).
    Revoked,
    /// It cannot be told: [`Unavailable::RevocationUnknown`](crate::Unavailable::RevocationUnknown), so the request is
    /// answered with 503 and does not pass.
    Unknown {
        /// When trying again may help.
        retry_after: Duration,
    },
}

impl RevocationStatus {
    /// It cannot be told, and a client may try again in a second.
    #[must_use]
    pub const fn unknown() -> Self {
        Self::Unknown { retry_after: Duration::from_secs(1) }
    }
}
