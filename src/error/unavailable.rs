//! Why nothing could be decided.

use std::time::Duration;

use thiserror::Error;

/// Why nothing could be decided about a credential: over HTTP 503 with `Retry-After`, over gRPC 14.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Unavailable {
    /// The issuer's keys have not been loaded yet.
    #[error("the issuer's keys have not been loaded yet")]
    KeysNotLoaded {
        /// When trying again may help.
        retry_after: Duration,
    },
    /// The issuer's keys are older than the longest time for which they are trusted, and could not be renewed.
    #[error("the issuer's keys are out of date and could not be renewed")]
    KeysExpired {
        /// When trying again may help.
        retry_after: Duration,
    },
    /// The issuer matches the tenants' pattern or list, and it could not be told in time whether it is one.
    #[error("it could not be told whether the issuer is a tenant")]
    TenantUnresolved {
        /// When trying again may help.
        retry_after: Duration,
    },
    /// The issuer matches the tenants' pattern or list, and was not asked about: too many others are.
    #[error("too many unknown issuers are being asked about")]
    TenantsBusy {
        /// When trying again may help.
        retry_after: Duration,
    },
    /// It could not be told whether the token has been revoked.
    #[error("it could not be told whether the token has been revoked")]
    RevocationUnknown {
        /// When trying again may help.
        retry_after: Duration,
    },
}

impl Unavailable {
    /// The reason as a stable word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeysNotLoaded { .. } => "keys_not_loaded",
            Self::KeysExpired { .. } => "keys_expired",
            Self::TenantUnresolved { .. } => "tenant_unresolved",
            Self::TenantsBusy { .. } => "tenants_busy",
            Self::RevocationUnknown { .. } => "revocation_unknown",
        }
    }

    /// When trying again may help.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        match self {
            Self::KeysNotLoaded { retry_after }
            | Self::KeysExpired { retry_after }
            | Self::TenantUnresolved { retry_after }
            | Self::TenantsBusy { retry_after }
            | Self::RevocationUnknown { retry_after } => *retry_after,
        }
    }
    /// The same in whole seconds, rounded up, and never "at once"
    /// ([RFC 9110, section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
    #[cfg(feature = "tower")]
    pub(crate) fn retry_after_seconds(&self) -> u64 {
        let wait = self.retry_after();
        let started = u64::from(wait > Duration::from_secs(wait.as_secs()));
        wait.as_secs().saturating_add(started).max(1)
    }
}
