//! How far the checks came.

#[cfg(feature = "remote")]
use std::time::Duration;

use crate::error::Error;
#[cfg(feature = "remote")]
use crate::error::Unavailable;
use crate::keys::KeyWish;
use crate::verify::anchors::Held;
#[cfg(feature = "remote")]
use crate::verify::tenants::Tenant;
use crate::verify::token::VerifiedToken;

/// A token could not be judged, or not be matched with a key, by the keys at hand.
pub(in crate::verify) struct Miss<'r> {
    /// Whose keys.
    pub(in crate::verify) anchor: Held<'r>,
    /// What other keys would have to offer.
    pub(in crate::verify) wish: KeyWish,
    /// The answer, if there will be no other keys.
    pub(in crate::verify) error: Error,
}

/// How far the checks came.
pub(in crate::verify) enum Outcome<'r> {
    Decided(Result<VerifiedToken, Error>),
    Missed(Miss<'r>),
    /// The issuer may be a tenant, and is not here.
    #[cfg(feature = "remote")]
    Absent(Tenant),
}

impl Outcome<'_> {
    /// The answer when nothing more is waited for.
    pub(in crate::verify) fn at_last(self) -> Result<VerifiedToken, Error> {
        match self {
            Self::Decided(decision) => decision,
            Self::Missed(miss) => Err(miss.error),
            // It was here a moment ago, and is gone: nothing is known about it.
            #[cfg(feature = "remote")]
            Self::Absent(_) => {
                Err(Unavailable::TenantUnresolved { retry_after: Duration::from_secs(1) }.into())
            }
        }
    }
}
