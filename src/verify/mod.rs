//! Trust anchors, the verifier, and the order of its checks.

mod anchors;
mod builder;
mod cache;
mod health;
mod issuer;
mod order;
mod subject_hash;
#[cfg(feature = "remote")]
pub mod tenants;
mod token;
mod verifier;

pub use builder::VerifierBuilder;
pub use cache::TokenCacheStatus;
pub use health::Health;
#[cfg(feature = "remote")]
pub use health::HealthWatch;
pub use issuer::Issuer;
pub use token::VerifiedToken;
pub use verifier::Verifier;

#[cfg(feature = "settings")]
pub(crate) use builder::Misfit;
