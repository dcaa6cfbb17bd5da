//! What can go wrong, in three kinds that call for three different reactions.
//!
//! | type | who is at fault | over HTTP | worth trying again? |
//! |---|---|---|---|
//! | [`Rejection`] | the credential | 400, 401 or 403 with a challenge | not with this credential |
//! | [`Unavailable`] | nobody knows: no keys to judge by, or no answer about a tenant or a revocation | 503 with `Retry-After` | yes, later |
//! | [`ConfigError`] | whoever wrote the set-up | never gets that far | after a change |
//!
//! `code()` gives every reason a stable word; header, log and metric use the same one. No value here holds token text,
//! key bytes or any other text that a caller chose.

mod config;
mod fault;
mod key;
mod rejection;
mod status;
mod unavailable;
mod unmet;

use std::fmt;

pub use config::ConfigError;
pub use fault::{MemberFault, Segment, TokenFault};
pub use key::{JwkSetError, KeyError};
pub use rejection::Rejection;
pub use status::Status;
pub use unavailable::Unavailable;
pub use unmet::Unmet;

/// Why a request was not let through.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The credential is at fault; sending it again will fail again.
    Rejected(Rejection),
    /// Nothing could be decided, for want of keys, or of an answer about a tenant or a revocation. Trying later may help.
    Unavailable(Unavailable),
}

impl Error {
    /// The reason as a stable word, for metrics and machines. All of them are listed in `docs/reason-codes.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::Unavailable(unavailable) => unavailable.code(),
        }
    }

    /// The HTTP status to answer with, for services that answer by themselves: 400, 401, 403 or 503.
    ///
    /// A whole answer has a challenge or `Retry-After` as well: the tower layer gives it.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Rejected(rejection) => rejection.status().http(),
            Self::Unavailable(_) => 503,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::Unavailable(unavailable) => unavailable.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Unavailable> for Error {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_kind_of_error_has_its_stable_words() {
        let retry_after = Duration::from_secs(7);
        let unavailable = [
            Unavailable::KeysNotLoaded { retry_after },
            Unavailable::KeysExpired { retry_after },
            Unavailable::TenantUnresolved { retry_after },
            Unavailable::TenantsBusy { retry_after },
            Unavailable::RevocationUnknown { retry_after },
        ];
        assert_eq!(
            unavailable.each_ref().map(Unavailable::code),
            ["keys_not_loaded", "keys_expired", "tenant_unresolved", "tenants_busy", "revocation_unknown"]
        );
        assert_eq!(unavailable.map(|error| error.retry_after()), [retry_after; 5]);
        assert_eq!([KeyError::Private, KeyError::Refused].map(|e| e.code()), ["key_private", "key_refused"]);
        assert_eq!(
            [JwkSetError::Json.code(), JwkSetError::Repeated.code()],
            ["key_set_not_json", "key_set_repeated_member"]
        );
        assert_eq!(Error::from(Unavailable::KeysExpired { retry_after }).http_status(), 503);
        let rejected = [
            Rejection::CredentialsRepeated,
            Rejection::CredentialsMissing,
            Rejection::SignatureInvalid,
            Rejection::ScopeMissing { required: "orders:read".into() },
        ];
        assert_eq!(rejected.map(|error| Error::from(error).http_status()), [400, 401, 401, 403]);
        let segments = [Segment::Header, Segment::Payload, Segment::Signature];
        assert_eq!(segments.map(|segment| segment.to_string()), ["header", "payload", "signature"]);
    }
}
