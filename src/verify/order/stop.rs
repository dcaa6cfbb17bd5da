//! Why the checks ended early.

use super::Miss;
use crate::error::Rejection;
use crate::verify::anchors::Unknown;
#[cfg(feature = "remote")]
use crate::verify::tenants::Tenant;

/// Why the checks ended early.
pub(super) enum Stop<'r> {
    Rejected(Rejection),
    Missed(Miss<'r>),
    #[cfg(feature = "remote")]
    Absent(Tenant),
}

impl From<Unknown> for Stop<'_> {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Rejected(rejection) => Self::Rejected(rejection),
            #[cfg(feature = "remote")]
            Unknown::Absent(tenant) => Self::Absent(tenant),
        }
    }
}

impl From<Rejection> for Stop<'_> {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}
