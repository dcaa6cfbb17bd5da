//! Trust anchors, the verifier, and the order of its checks.

mod anchors;
mod builder;
mod issuer;
mod order;
#[cfg(feature = "remote")]
pub mod tenants;
mod token;
mod verifier;

pub use builder::VerifierBuilder;
pub use issuer::Issuer;
pub use token::VerifiedToken;
pub use verifier::Verifier;
