//! Thin fits for frameworks and for other crates' types: they carry over what was decided, and decide nothing.

#[cfg(feature = "axum")]
pub(crate) mod axum;
#[cfg(feature = "jsonwebtoken")]
pub mod jsonwebtoken;
#[cfg(feature = "tonic")]
pub mod tonic;
