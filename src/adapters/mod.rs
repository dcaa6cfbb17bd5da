//! Thin fits for frameworks: they carry what the layer decided, and decide nothing.

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
pub(crate) mod axum;
pub(crate) mod claims;
pub(crate) mod extract;
pub(crate) mod health;
