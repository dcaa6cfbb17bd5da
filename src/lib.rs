//! Decides whether the credential on an API request is good.

#[cfg(feature = "axum")]
mod adapters;
pub mod claims;
pub mod crypto;
mod error;
#[cfg(feature = "tower")]
pub mod http;
pub mod jose;
pub mod keys;
pub mod require;
#[cfg(feature = "testkit")]
pub mod testkit;
mod time;
mod verify;

#[cfg(feature = "tower")]
pub use self::http::require;
#[cfg(feature = "axum")]
pub use adapters::axum::{Claims, ExtractorRefusal};
pub use claims::{Profile, Scope};
pub use error::{
    ConfigError, Error, KeyError, MemberFault, Rejection, Segment, Status, TokenFault, Unavailable,
};
pub use jose::Algorithm;
pub use require::{Requirement, scope};
pub use time::{Clock, SystemClock, UnixTime};
pub use verify::{Issuer, VerifiedToken, Verifier, VerifierBuilder};
