//! Trust anchors, the verifier, and the order of its checks.

mod anchors;
mod builder;
mod cache;
pub mod explain;
mod facts;
mod health;
mod issuer;
mod order;
#[cfg(feature = "metrics")]
mod publishing;
mod step;
mod subject_hash;
mod telling;
#[cfg(feature = "remote")]
pub mod tenants;
mod token;
mod verifier;
mod witness;

pub use builder::VerifierBuilder;
pub use cache::TokenCacheStatus;
pub use health::Health;
#[cfg(feature = "remote")]
pub use health::HealthWatch;
pub use issuer::Issuer;
pub use subject_hash::{SubjectHash, SubjectHasher};
pub use token::VerifiedToken;
pub use verifier::Verifier;

#[cfg(feature = "settings")]
pub(crate) use builder::Misfit;
#[cfg(feature = "tower")]
pub(crate) use facts::{Facts, Notes};
#[cfg(feature = "tower")]
pub(crate) use telling::Verdict;
