//! Thin fits for frameworks and for other crates' types: they carry over what was decided, and decide nothing.

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
pub(crate) mod axum;
#[cfg(any(feature = "actix", feature = "axum"))]
pub(crate) mod claims;
#[cfg(any(feature = "actix", feature = "axum"))]
pub(crate) mod extract;
#[cfg(any(feature = "actix", feature = "axum"))]
pub(crate) mod health;
#[cfg(feature = "jsonwebtoken")]
pub mod jsonwebtoken;
#[cfg(feature = "tonic")]
pub mod tonic;
